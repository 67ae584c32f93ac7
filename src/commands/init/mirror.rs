//! The mirror: the file, its tables and columns, and the codes of the hotel's bookings.

use std::path::Path;

use chrono::Utc;

use super::asker::{Choice, tell, tell_problem, usage};
use super::columns::{Matches, best_table, empty_query, match_columns, query};
use super::meaning::status_of;
use super::questions::{Question, query_flag};
use super::{Interview, reports};
use crate::domain::display::{format_age, status_name};
use crate::domain::messages::{InitMessage, Message, QuestionMessage};
use crate::domain::mirror_table::MirrorTable;
use crate::domain::record::{BookingStatus, Kind};
use crate::domain::run_error::Result;
use crate::domain::visible_text;
use crate::mirror::survey::Survey;
use crate::mirror::{Mirror, written_at};
use crate::msg;

/// More codes than this are no codes: the column is another one.
const MOST_CODES: usize = 30;
/// A code that is left open: its bookings wait until the configuration knows it.
const LATER: &str = "later";

/// Asks for the mirror, and returns what is in it; none where it is not there yet.
pub(super) fn ask(interview: &mut Interview<'_>) -> Result<Option<Survey>> {
    take_given(interview)?;
    let Some(survey) = ask_file(interview)? else { return Ok(None) };
    for table in MirrorTable::ALL {
        ask_table(interview, table, &survey)?;
    }
    let config = interview.config()?;
    let limit = interview.clock.read_limit(None);
    let mirror = Mirror::open_within(&config.mirror, &limit)?;
    tell_rows(interview, &mirror, &config.mirror.path)?;
    ask_statuses(interview, &mirror)?;
    Ok(Some(Survey::read(&config.mirror, &limit)?))
}

/// Queries and codes that options name are taken also where there is no mirror yet.
fn take_given(interview: &mut Interview<'_>) -> Result<()> {
    reports::take_given(interview)?;
    for (table, select) in &interview.options.query {
        interview.draft.set(&["mirror", "queries", table], select.as_str(), "");
    }
    for (code, word) in &interview.options.status {
        if let Some(status) = status_word(code, word)? {
            interview.draft.set(&["mirror", "statuses", code], status.word(), "");
        }
    }
    Ok(())
}

/// The file, until there is one that can be read, or none is wanted yet.
fn ask_file(interview: &mut Interview<'_>) -> Result<Option<Survey>> {
    let mut given = interview.options.mirror.as_deref();
    loop {
        let path = match given.take() {
            Some(path) => interview.as_written(path)?,
            None => named_file(interview)?,
        };
        interview.set_mirror(&path);
        match survey(interview) {
            Ok(survey) => return Ok(Some(survey)),
            Err(reason) => {
                if goes_on_without(interview, &reason)? {
                    return Ok(None);
                }
            }
        }
    }
}

/// The file that a person names; the proposed one is as the configuration has it already.
fn named_file(interview: &Interview<'_>) -> Result<String> {
    let usual = if interview.is_in_etc() { "/var/lib/ecvi/mirror.db" } else { "mirror.db" };
    let known = interview.draft.get_before(&["mirror", "path"]);
    let proposed = known.unwrap_or_else(|| usual.to_owned());
    let question = Question::new(QuestionMessage::Mirror, "--mirror FILE")
        .with_help(QuestionMessage::HelpWithPath);
    let typed = interview.asker.text(&question, Some(&proposed))?;
    if typed == proposed { Ok(typed) } else { interview.as_written(Path::new(&typed)) }
}

fn survey(interview: &Interview<'_>) -> Result<Survey, Message> {
    let config = interview.config().map_err(|error| error.message())?;
    let found = Survey::read(&config.mirror, &interview.clock.read_limit(None));
    let survey = found.map_err(|error| error.message())?;
    if survey.tables.is_empty() {
        let path = config.mirror.path.display().to_string();
        return Err(InitMessage::MirrorHasNoTables { path }.into());
    }
    Ok(survey)
}

/// What to do while there is no mirror.
#[derive(Clone, Copy)]
enum Absence {
    AnotherFile,
    Reports,
    Later,
}

/// There is no mirror to look at. False: another file is named.
fn goes_on_without(interview: &mut Interview<'_>, reason: &Message) -> Result<bool> {
    if interview.options.mirror_later || !interview.options.report.is_empty() {
        return Ok(true);
    }
    let language = interview.asker.language;
    if !interview.asker.is_terminal {
        let reason = Box::new(reason.clone());
        return Err(InitMessage::MirrorNotThere { reason }.into());
    }
    tell_problem(reason, language);
    let choices = [
        (Absence::AnotherFile, msg!(language, "указать другой файл", "name another file")),
        (
            Absence::Reports,
            msg!(
                language,
                "наполнить зеркало из отчётов Ecvi (CSV, XLSX)",
                "fill the mirror from reports of Ecvi (CSV, XLSX)"
            ),
        ),
        (
            Absence::Later,
            msg!(
                language,
                "продолжить: его наполнит другая программа",
                "go on: another program fills it later"
            ),
        ),
    ];
    let choices = choices.map(|(value, label)| Choice { value, label });
    let question = Question::new(QuestionMessage::MirrorLater, "--mirror-later");
    match interview.asker.choose(&question, &choices, Some(0))? {
        Absence::AnotherFile => return Ok(false),
        Absence::Reports => reports::ask(interview)?,
        Absence::Later => {}
    }
    Ok(true)
}

/// Asks what is read instead of a table that is missing, or lacks a column that is needed.
fn ask_table(interview: &mut Interview<'_>, table: MirrorTable, survey: &Survey) -> Result<()> {
    let key = ["mirror", "queries", table.name()];
    let missing = survey.missing(table);
    if missing.is_empty() {
        return Ok(());
    }
    if interview.options.query.iter().any(|(name, _)| name == table.name()) {
        return Err(usage(InitMessage::QueryIncomplete { table: table.name().to_owned() }));
    }
    tell_missing(interview, survey, table);
    let proposed = proposed_query(interview, table, survey)?;
    interview.draft.set(&key, proposed.select.as_str(), "");
    if is_readable(interview, table)? && agrees(interview, &proposed)? {
        return Ok(());
    }
    ask_query(interview, table)
}

/// Lets a person write the query until the mirror can be read by it.
fn ask_query(interview: &mut Interview<'_>, table: MirrorTable) -> Result<()> {
    let key = ["mirror", "queries", table.name()];
    let text = QuestionMessage::Query { table: table.name().to_owned() };
    let question = Question::new(text, query_flag(table)).with_help(QuestionMessage::HelpWithQuery);
    loop {
        let written = interview.draft.get(&key);
        let select = interview.asker.text(&question, written.as_deref())?;
        interview.draft.set(&key, select.as_str(), "");
        if is_readable(interview, table)? {
            return Ok(());
        }
        if !interview.asker.is_terminal {
            return Err(usage(InitMessage::QueryIncomplete { table: table.name().to_owned() }));
        }
    }
}

/// What is read instead of a table.
struct ProposedQuery {
    table: MirrorTable,
    select: String,
    /// Column of the mirror, column of the hotel's table; nothing where the hotel has no such
    /// table.
    columns: Vec<(&'static str, String)>,
}

/// The columns are shown by their names, and the query only to who wants to change it.
fn agrees(interview: &Interview<'_>, proposed: &ProposedQuery) -> Result<bool> {
    if proposed.columns.is_empty() {
        return Ok(true);
    }
    let columns: Vec<String> =
        proposed.columns.iter().map(|(wanted, own)| format!("{wanted} ← {own}")).collect();
    tell(&format!("  {}", columns.join(", ")));
    let no = msg!(interview.asker.language, "нет, исправить запрос", "no, correct the query");
    let question = Question::new(QuestionMessage::Columns, query_flag(proposed.table));
    interview.asker.agree(&question, no)
}

/// Whether the mirror can be read so; a person is told why not.
fn is_readable(interview: &Interview<'_>, table: MirrorTable) -> Result<bool> {
    let config = interview.config()?;
    let survey = Survey::read(&config.mirror, &interview.clock.read_limit(None))?;
    if survey.missing(table).is_empty() {
        return Ok(true);
    }
    tell_missing(interview, &survey, table);
    Ok(false)
}

fn tell_missing(interview: &Interview<'_>, survey: &Survey, table: MirrorTable) {
    let language = interview.asker.language;
    let name = table.name();
    let missing = survey.missing(table).join(", ");
    tell(&if survey.columns.contains_key(&table) {
        msg!(
            language,
            "В таблице {name} нет столбцов: {missing}",
            "The table {name} has no columns {missing}"
        )
    } else {
        msg!(
            language,
            "Таблица {name} не читается или её нет",
            "There is no table {name}, or it cannot be read"
        )
    });
}

/// The query over the table that a person chooses; the one with the best names is proposed.
fn proposed_query(
    interview: &Interview<'_>,
    table: MirrorTable,
    survey: &Survey,
) -> Result<ProposedQuery> {
    let own = survey.tables.iter().position(|found| found.name.eq_ignore_ascii_case(table.name()));
    let best = own.or_else(|| best_table(table, &survey.tables));
    let is_optional = matches!(table, MirrorTable::Companies | MirrorTable::BookingGuests);
    let mut choices: Vec<Choice<Option<usize>>> = Vec::new();
    for (at, found) in survey.tables.iter().enumerate() {
        choices.push(Choice { value: Some(at), label: found.name.clone() });
    }
    if is_optional {
        let none = msg!(interview.asker.language, "такой таблицы нет", "there is no such table");
        choices.push(Choice { value: None, label: none });
    }
    let proposed = best.or_else(|| is_optional.then_some(choices.len() - 1));
    let text = QuestionMessage::Table { records: table.plural_name().into() };
    let question = Question::new(text, query_flag(table));
    let Some(chosen) = interview.asker.choose(&question, &choices, proposed)? else {
        return Ok(ProposedQuery { table, select: empty_query(table), columns: Vec::new() });
    };
    let found = &survey.tables[chosen];
    let Matches { mut columns, missing } = match_columns(table, found);
    for column in missing {
        let choices =
            found.columns.iter().map(|name| Choice { value: name.clone(), label: name.clone() });
        let choices: Vec<Choice<String>> = choices.collect();
        let text = QuestionMessage::Column { column: column.to_owned() };
        let question = Question::new(text, "--query TABLE=\"SELECT …\"");
        columns.push((column, interview.asker.choose(&question, &choices, None)?));
    }
    Ok(ProposedQuery { table, select: query(found, &columns), columns })
}

/// How many rows there are, how many of them name cards already, and how old all is.
fn tell_rows(interview: &Interview<'_>, mirror: &Mirror, path: &Path) -> Result<()> {
    let language = interview.asker.language;
    let counts = mirror.rows_and_crm_ids()?;
    let [guests, companies, bookings] = Kind::DISPLAY_ORDER.map(|kind| counts[kind].0);
    let age =
        written_at(path).map(|at| format_age(Utc::now() - at).text(language)).unwrap_or_default();
    tell(&msg!(
        language,
        "✓ Зеркало: гости {guests}, компании {companies}, заявки {bookings}; обновлено {age}",
        "✓ The mirror: guests {guests}, companies {companies}, bookings {bookings}; written {age}"
    ));
    let [guests, companies, bookings] = Kind::DISPLAY_ORDER.map(|kind| counts[kind].1);
    if guests + companies + bookings > 0 {
        tell(&msg!(
            language,
            "✓ Номера карточек CRM (crm_id) уже известны: гости {guests}, компании \
             {companies}, заявки {bookings}. Эти карточки будут обновлены, новых не появится",
            "✓ Cards of the CRM (crm_id) are known already: guests {guests}, companies \
             {companies}, bookings {bookings}. These cards are updated, no new ones are made"
        ));
    }
    Ok(())
}

/// Asks what each code means that the program does not know.
fn ask_statuses(interview: &mut Interview<'_>, mirror: &Mirror) -> Result<()> {
    for (code, count) in mirror.unknown_statuses()?.into_iter().take(MOST_CODES) {
        ask_code(interview, &code, count)?;
    }
    Ok(())
}

/// Asks what a code means, unless that is known.
pub(super) fn ask_code(interview: &mut Interview<'_>, code: &str, count: u64) -> Result<()> {
    let is_given = interview.options.status.iter().any(|(given, _)| given == code);
    let key = ["mirror", "statuses", code];
    if is_given || code.parse::<BookingStatus>().is_ok() || interview.draft.get(&key).is_some() {
        return Ok(());
    }
    if let Some(status) = ask_status(interview, code, count)? {
        interview.draft.set(&key, status.word(), "");
    }
    Ok(())
}

fn status_word(code: &str, word: &str) -> Result<Option<BookingStatus>> {
    let known = BookingStatus::ALL.into_iter().find(|status| status.word() == word);
    if known.is_none() && word != LATER {
        let flag = format!("--status {code}=…");
        let choices = [&BookingStatus::ALL.map(BookingStatus::word)[..], &[LATER]].concat();
        return Err(usage(InitMessage::no_such_answer(&flag, word, &choices.join(", "))));
    }
    Ok(known)
}

fn ask_status(interview: &Interview<'_>, code: &str, count: u64) -> Result<Option<BookingStatus>> {
    let language = interview.asker.language;
    let mut choices: Vec<Choice<Option<BookingStatus>>> = Vec::new();
    for status in BookingStatus::ALL {
        choices.push(Choice { value: Some(status), label: status_name(status).text(language) });
    }
    let later =
        msg!(language, "решить позже: такие заявки подождут", "decide later: these bookings wait");
    let later = Choice { value: None, label: later };
    let proposed = status_of(code).map(|status| status as usize);
    // Nothing is guessed by who only presses Enter.
    let place = if proposed.is_some() { choices.len() } else { 0 };
    choices.insert(place, later);
    let text = QuestionMessage::Status { code: visible_text::line(code).into_owned(), count };
    let question = Question::new(text, format!("--status \"{code}=confirmed\""));
    interview.asker.choose(&question, &choices, proposed)
}
