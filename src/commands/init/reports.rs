//! Reports of Ecvi that fill a mirror which is not there yet: the files, and which heading is which
//! column.

use std::path::Path;

use super::asker::{Choice, tell, tell_problem, usage};
use super::questions::Question;
use super::{Interview, mirror};
use crate::domain::messages::{InitMessage, QuestionMessage};
use crate::domain::mirror_table::MirrorTable;
use crate::domain::run_error::Result;
use crate::msg;
use crate::report_files::Source;
use crate::report_files::survey::{ReportSurvey, survey};

/// Those who stay come from the report of the bookings, where that is one by rooms.
const REPORTS: [MirrorTable; 3] =
    [MirrorTable::Guests, MirrorTable::Companies, MirrorTable::Bookings];

/// Takes the reports that options name.
pub(super) fn take_given(interview: &mut Interview<'_>) -> Result<()> {
    for (name, file) in &interview.options.report {
        let table = MirrorTable::ALL.into_iter().find(|table| table.name() == name);
        if let Some(table) = table {
            take(interview, table, file)?;
        }
    }
    Ok(())
}

/// Asks for the report of each table; a hotel may have none of companies.
pub(super) fn ask(interview: &mut Interview<'_>) -> Result<()> {
    for table in REPORTS {
        let about = russian_about(table).to_owned();
        let text = QuestionMessage::Report { about, records: table.plural_name().into() };
        let question = Question::new(text, format!("--report {}=FILE", table.name()))
            .with_help(QuestionMessage::HelpWithReport);
        loop {
            let known = interview.draft.get(&["load", "files", table.name()]).unwrap_or_default();
            let file = interview.asker.text(&question, Some(&known))?;
            if file.is_empty() {
                break;
            }
            match take(interview, table, &file) {
                Ok(()) => break,
                Err(error) => tell_problem(&error.message(), interview.asker.language),
            }
        }
    }
    Ok(())
}

/// What a report tells of, in the Russian case.
fn russian_about(table: MirrorTable) -> &'static str {
    match table {
        MirrorTable::Guests => "гостях",
        MirrorTable::Companies => "компаниях",
        MirrorTable::Bookings => "заявках",
        MirrorTable::BookingGuests => "проживающих",
    }
}

/// Writes down a report, and the headings that are called as usual.
fn take(interview: &mut Interview<'_>, table: MirrorTable, file: &str) -> Result<()> {
    let source = Source::find(Path::new(file))?;
    let ReportSurvey { headings, statuses, has_several_amounts } = survey(&source, table)?;
    let mut missing = table.required_of_reports().to_vec();
    for (_, columns) in &headings {
        missing.retain(|column| !columns.split(' ').any(|own| own == *column));
    }
    if !missing.is_empty() {
        return Err(usage(InitMessage::ReportIncomplete {
            path: source.shown(),
            table: table.name().to_owned(),
            missing: missing.join(", "),
        }));
    }
    let file = interview.as_written(Path::new(file))?;
    interview.draft.set(&["load", "files", table.name()], file, "");
    let shown: Vec<String> =
        headings.iter().map(|(heading, columns)| format!("{columns} ← {heading}")).collect();
    tell(&format!("  {}", shown.join(", ")));
    for (heading, columns) in headings {
        interview.draft.set(&["load", table.name(), &heading], columns, "");
    }
    for (word, count) in statuses {
        mirror::ask_code(interview, &word, count)?;
    }
    if has_several_amounts { ask_amount_of(interview) } else { Ok(()) }
}

/// Asks what the amounts of a report by rooms belong to: no name tells.
fn ask_amount_of(interview: &mut Interview<'_>) -> Result<()> {
    let key = ["load", "amount_of"];
    let language = interview.asker.language;
    let room = msg!(
        language,
        "к этой комнате: сумма заявки складывается из строк",
        "the room: the booking's is their sum"
    );
    let booking = msg!(
        language,
        "ко всей заявке: в каждой строке она одна и та же",
        "the booking: each row says the same"
    );
    let choices =
        [Choice { value: "room", label: room }, Choice { value: "booking", label: booking }];
    let known = interview.draft.get(&key);
    let proposed = choices.iter().position(|choice| Some(choice.value) == known.as_deref());
    let flag = "--amount-of room, --amount-of booking";
    let question = Question::new(QuestionMessage::AmountOf, flag);
    let chosen = match &interview.options.amount_of {
        Some(given) => given.as_str(),
        None => interview.asker.choose(&question, &choices, proposed)?,
    };
    interview.draft.set(&key, chosen, "");
    Ok(())
}
