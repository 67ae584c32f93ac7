//! Who is responsible for new cards.

use anyhow::Result;

use super::Interview;
use super::asker::{Choice, usage};
use super::crm::label;
use super::questions::Question;
use crate::domain::messages::InitMessage;
use crate::domain::record::Kind;
use crate::msg;
use crate::sync::preflight::config_check::PortalOption;

/// Who is responsible: a user, or nobody in particular, which is the webhook's user.
type Responsible = Option<u64>;

/// Asks who is responsible for new cards, of each kind where that differs.
pub(super) fn ask(interview: &mut Interview<'_>, users: &[PortalOption]) -> Result<()> {
    let mut given: Vec<(Kind, Responsible)> = Vec::new();
    for text in &interview.options.responsible {
        given.extend(read_responsible(text)?);
    }
    for kind in Kind::DISPLAY_ORDER {
        let named = given.iter().rev().find(|(of, _)| *of == kind).map(|(_, user)| *user);
        if let Some(user) = named {
            set_responsible(interview, kind, user);
        }
    }
    if !given.is_empty() {
        return Ok(());
    }
    let known = Kind::DISPLAY_ORDER.map(|kind| known_responsible(interview, kind));
    let are_alike = known.iter().all(|user| *user == known[0]);
    let language = interview.asker.language;
    let mut choices = user_choices(interview, users, &known);
    let each =
        msg!(language, "разные для гостей, компаний и заявок", "others for guests, companies and bookings");
    choices.push(Choice { value: None, label: each });
    let proposed = choices.iter().position(|choice| choice.value == are_alike.then_some(known[0]));
    match interview.asker.choose(&Question::Responsible, &choices, proposed)? {
        Some(user) => Kind::DISPLAY_ORDER.into_iter().for_each(|kind| set_responsible(interview, kind, user)),
        None => ask_of_each(interview, users, known)?,
    }
    Ok(())
}

fn ask_of_each(interview: &mut Interview<'_>, users: &[PortalOption], known: [Responsible; 3]) -> Result<()> {
    for (kind, known_user) in Kind::DISPLAY_ORDER.into_iter().zip(known) {
        let choices = user_choices(interview, users, &known);
        let proposed = choices.iter().position(|choice| choice.value == Some(known_user));
        let user = interview.asker.choose(&Question::ResponsibleOf(kind), &choices, proposed)?;
        set_responsible(interview, kind, user.flatten());
    }
    Ok(())
}

/// The webhook's user, the users of the portal, and those that the file names although the portal does not list them.
fn user_choices(
    interview: &Interview<'_>,
    users: &[PortalOption],
    known: &[Responsible],
) -> Vec<Choice<Option<Responsible>>> {
    let own = msg!(interview.asker.language, "пользователь вебхука", "the webhook's user");
    let mut choices = vec![Choice { value: Some(None), label: own }];
    for user in users {
        let id = user.id.parse().ok();
        choices.extend(id.map(|id| Choice { value: Some(Some(id)), label: label(user) }));
    }
    for user in known.iter().flatten() {
        if !choices.iter().any(|choice| choice.value == Some(Some(*user))) {
            choices.push(Choice { value: Some(Some(*user)), label: user.to_string() });
        }
    }
    choices
}

fn known_responsible(interview: &Interview<'_>, kind: Kind) -> Responsible {
    interview.draft.get(&[kind.crm_entity(), "assigned_by_id"])?.parse().ok()
}

fn set_responsible(interview: &mut Interview<'_>, kind: Kind, user: Responsible) {
    let key = [kind.crm_entity(), "assigned_by_id"];
    let comment = interview.words("ответственный", "the responsible user");
    match user.and_then(|user| i64::try_from(user).ok()) {
        Some(user) => interview.draft.set(&key, user, &comment),
        None => interview.draft.remove(&key),
    }
}

/// `12`, `webhook`, `deal=12`
fn read_responsible(text: &str) -> Result<Vec<(Kind, Responsible)>> {
    let wrong = |choices: &str| usage(InitMessage::no_such_answer("--responsible", text, choices));
    let (kinds, user) = match text.split_once('=') {
        None => (Kind::DISPLAY_ORDER.to_vec(), text),
        Some((entity, user)) => {
            (vec![kind_of(entity).ok_or_else(|| wrong("contact=…, company=…, deal=…"))?], user)
        }
    };
    let user = match user {
        "webhook" => None,
        number => Some(number.parse().map_err(|_| wrong("12, webhook, deal=12"))?),
    };
    Ok(kinds.into_iter().map(|kind| (kind, user)).collect())
}

pub(super) fn kind_of(entity: &str) -> Option<Kind> {
    Kind::DISPLAY_ORDER.into_iter().find(|kind| kind.crm_entity() == entity)
}
