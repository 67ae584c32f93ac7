//! People who already stand in the CRM, and how guests and companies are recognised among them.

use anyhow::Result;
use toml_edit::{Array, Value};

use super::Interview;
use super::asker::{Choice, tell, usage};
use super::questions::Question;
use crate::domain::messages::InitMessage;
use crate::msg;
use crate::sync::preflight::config_check::PortalOptions;

/// People are recognised by what their cards and the mirror have in common.
const MATCHES: [&str; 4] = ["phone,email", "phone", "email", "none"];

/// Asks how people are recognised who stand in the CRM already, where there are any.
pub(super) fn ask(interview: &mut Interview<'_>, portal: &PortalOptions) -> Result<()> {
    let strangers: usize = portal.strangers.sum();
    let known = interview.draft.get(&["contact", "match_existing"]);
    let chosen = match &interview.options.r#match {
        Some(given) => read_match(given)?,
        // Nobody stands there whom a guest could be.
        None if strangers == 0 && known.is_none() => return Ok(()),
        None => ask_how_to_match(interview, known.as_deref())?,
    };
    let mut by = Array::new();
    by.extend(chosen.split(',').filter(|by| *by != "none"));
    for entity in ["contact", "company"] {
        interview.draft.set(&[entity, "match_existing"], Value::from(by.clone()), "");
    }
    Ok(())
}

fn read_match(given: &str) -> Result<&'static str> {
    let given = if given == "email,phone" { "phone,email" } else { given };
    let found = MATCHES.into_iter().find(|by| *by == given);
    found.ok_or_else(|| usage(InitMessage::no_such_answer("--match", given, &MATCHES.join("; "))))
}

fn ask_how_to_match(interview: &Interview<'_>, known: Option<&str>) -> Result<&'static str> {
    let language = interview.asker.language;
    tell(&msg!(
        language,
        "В CRM уже есть карточки не из Ecvi. Карточка с тем же телефоном или адресом и той же фамилией (названием) может стать карточкой гостя; её поля получат данные из Ecvi. Где совпадение сомнительно, появится новая",
        "The CRM already has cards that are not from Ecvi. One with the same phone or e-mail and the same last name (or name) can become the guest's card; its fields then get the data of Ecvi. Where a match is doubtful, a new card is made"
    ));
    let labels = [
        msg!(language, "по телефону и эл. почте", "by phone and e-mail"),
        msg!(language, "только по телефону", "by phone alone"),
        msg!(language, "только по эл. почте", "by e-mail alone"),
        msg!(language, "никак: завести новые карточки", "not at all: make new cards"),
    ];
    let choices: Vec<Choice<&'static str>> =
        MATCHES.into_iter().zip(labels).map(|(value, label)| Choice { value, label }).collect();
    let is_known = |by: &&str| {
        let words: Vec<&str> = by.split(',').filter(|by| *by != "none").collect();
        known.is_some_and(|known| {
            words.iter().all(|word| known.contains(word)) && known.matches('"').count() == words.len() * 2
        })
    };
    let proposed = MATCHES.iter().position(is_known).unwrap_or_default();
    interview.asker.choose(&Question::Match, &choices, Some(proposed))
}
