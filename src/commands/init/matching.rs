//! People who are in the CRM already, and how guests and companies are recognised among them.

use toml_edit::{Array, Value};

use super::Interview;
use super::asker::{Choice, tell, usage};
use super::questions::Question;
use crate::domain::messages::{InitMessage, QuestionMessage};
use crate::domain::run_error::Result;
use crate::msg;
use crate::sync::preflight::config_check::PortalOptions;

/// What the cards and the mirror may have in common.
const MATCHES: [&str; 4] = ["phone,email", "phone", "email", "none"];

/// Asks how people are recognised who are in the CRM already, where there are any.
pub(super) fn ask(interview: &mut Interview<'_>, portal: &PortalOptions) -> Result<()> {
    let strangers: usize = portal.strangers.sum();
    let known = known(interview);
    let chosen = match &interview.options.r#match {
        Some(given) => read_match(given)?,
        // The CRM has no card that could be a guest's.
        None if strangers == 0 && matches!(known, None | Some("none")) => return Ok(()),
        None => ask_how(interview, known)?,
    };
    if known == Some(chosen) {
        return Ok(());
    }
    let mut by = Array::new();
    by.extend(chosen.split(',').filter(|by| *by != "none"));
    for entity in ["contact", "company"] {
        interview.draft.set(&[entity, "match_existing"], Value::from(by.clone()), "");
    }
    Ok(())
}

/// How the file says that guests are recognised; none where that was not decided yet.
fn known(interview: &Interview<'_>) -> Option<&'static str> {
    let written = interview.draft.get(&["contact", "match_existing"]);
    let Some(written) = written else { return interview.was_set_up().then_some("none") };
    Some(match (written.contains("\"phone\""), written.contains("\"email\"")) {
        (true, true) => "phone,email",
        (true, false) => "phone",
        (false, true) => "email",
        (false, false) => "none",
    })
}

fn read_match(given: &str) -> Result<&'static str> {
    let given = if given == "email,phone" { "phone,email" } else { given };
    let found = MATCHES.into_iter().find(|by| *by == given);
    found.ok_or_else(|| usage(InitMessage::no_such_answer("--match", given, &MATCHES.join("; "))))
}

fn ask_how(interview: &Interview<'_>, known: Option<&str>) -> Result<&'static str> {
    let language = interview.asker.language;
    tell(&msg!(
        language,
        "В CRM уже есть карточки не из Ecvi. Карточка с тем же телефоном или \
         адресом и той же фамилией (названием) может стать карточкой гостя; её \
         поля получат данные из Ecvi. Где совпадение сомнительно, появится новая",
        "The CRM already has cards that are not from Ecvi. One with the same phone or \
         e-mail and the same last name (or name) can become the guest's card; its \
         fields then get the data of Ecvi. Where a match is doubtful, a new card is made"
    ));
    let labels = [
        msg!(language, "по телефону и эл. почте", "by phone and e-mail"),
        msg!(language, "только по телефону", "by phone alone"),
        msg!(language, "только по эл. почте", "by e-mail alone"),
        msg!(language, "никак: завести новые карточки", "not at all: make new cards"),
    ];
    let choices: Vec<Choice<&'static str>> =
        MATCHES.into_iter().zip(labels).map(|(value, label)| Choice { value, label }).collect();
    let proposed = MATCHES.iter().position(|by| Some(*by) == known).unwrap_or_default();
    let question = Question::new(QuestionMessage::Match, "--match phone,email");
    interview.asker.choose(&question, &choices, Some(proposed))
}
