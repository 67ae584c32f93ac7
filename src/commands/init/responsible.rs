//! Who is responsible for new cards.

use super::Interview;
use super::asker::{Choice, usage};
use super::crm::label;
use super::questions::Question;
use crate::domain::messages::{InitMessage, QuestionMessage};
use crate::domain::record::Kind;
use crate::domain::run_error::{Result, RunError};
use crate::msg;
use crate::sync::preflight::config_check::PortalOption;

/// Who is responsible: a user, or nobody in particular, which is the webhook's user.
type Responsible = Option<u64>;

/// What a person answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Is(Responsible),
    /// The user is no one of the list.
    ByNumber,
    /// Others for each kind.
    Differs,
}

/// Asks who is responsible for new cards, of each kind where that differs.
pub(super) fn ask(interview: &mut Interview<'_>, users: &[PortalOption]) -> Result<()> {
    if !interview.options.responsible.is_empty() {
        for text in &interview.options.responsible {
            for (kind, user) in read_responsible(text)? {
                set_responsible(interview, kind, user);
            }
        }
        return Ok(());
    }
    let known = Kind::DISPLAY_ORDER.map(|kind| known_responsible(interview, kind));
    let are_alike = known.iter().all(|user| *user == known[0]);
    let mut choices = user_choices(interview, users, &known);
    let differs = msg!(
        interview.asker.language,
        "разные для гостей, компаний и заявок",
        "others for guests, companies and bookings"
    );
    choices.push(Choice { value: Answer::Differs, label: differs });
    let proposed = if are_alike { Answer::Is(known[0]) } else { Answer::Differs };
    let question = Question::new(QuestionMessage::Responsible, "--responsible USER");
    let answer = choose(interview, &question, &choices, proposed)?;
    for (kind, known_user) in Kind::DISPLAY_ORDER.into_iter().zip(known) {
        let user = match answer {
            Answer::Is(user) => user,
            Answer::ByNumber | Answer::Differs => {
                let choices = user_choices(interview, users, &known);
                ask_of_kind(interview, kind, &choices, known_user)?
            }
        };
        set_responsible(interview, kind, user);
    }
    Ok(())
}

/// Asks who is responsible for the cards of one kind.
fn ask_of_kind(
    interview: &Interview<'_>,
    kind: Kind,
    choices: &[Choice<Answer>],
    proposed: Responsible,
) -> Result<Responsible> {
    let records = kind.table().plural_name().into();
    let flag = format!("--responsible {}=USER", kind.crm_entity());
    let question = Question::new(QuestionMessage::ResponsibleOf { records }, flag);
    match choose(interview, &question, choices, Answer::Is(proposed))? {
        Answer::Is(user) => Ok(user),
        Answer::ByNumber | Answer::Differs => Ok(proposed),
    }
}

/// Asks once, and for the number of a user who is not in the list.
fn choose(
    interview: &Interview<'_>,
    question: &Question,
    choices: &[Choice<Answer>],
    proposed: Answer,
) -> Result<Answer> {
    let proposed = choices.iter().position(|choice| choice.value == proposed);
    let answer = interview.asker.choose(question, choices, proposed)?;
    if answer != Answer::ByNumber {
        return Ok(answer);
    }
    let question = Question::new(QuestionMessage::UserNumber, "--responsible USER");
    loop {
        let typed = interview.asker.text(&question, None)?;
        if let Ok(user) = typed.parse() {
            return Ok(Answer::Is(Some(user)));
        }
    }
}

/// The webhook's user, the users of the portal, and those that the file names although the portal
/// does not list them.
fn user_choices(
    interview: &Interview<'_>,
    users: &[PortalOption],
    known: &[Responsible],
) -> Vec<Choice<Answer>> {
    let own = msg!(interview.asker.language, "пользователь вебхука", "the webhook's user");
    let mut choices = vec![Choice { value: Answer::Is(None), label: own }];
    for user in users {
        let id = user.id.parse().ok();
        choices.extend(id.map(|id| Choice { value: Answer::Is(Some(id)), label: label(user) }));
    }
    for user in known.iter().flatten() {
        let value = Answer::Is(Some(*user));
        if !choices.iter().any(|choice| choice.value == value) {
            choices.push(Choice { value, label: user.to_string() });
        }
    }
    let by_number = msg!(
        interview.asker.language,
        "другой, по номеру в портале",
        "another one, by number in the portal"
    );
    choices.push(Choice { value: Answer::ByNumber, label: by_number });
    choices
}

fn known_responsible(interview: &Interview<'_>, kind: Kind) -> Responsible {
    interview.draft.get(&[kind.crm_entity(), "assigned_by_id"])?.parse().ok()
}

fn set_responsible(interview: &mut Interview<'_>, kind: Kind, user: Responsible) {
    let key = [kind.crm_entity(), "assigned_by_id"];
    let comment = msg!(interview.asker.language, "ответственный", "the responsible user");
    match user.and_then(|user| i64::try_from(user).ok()) {
        Some(user) => interview.draft.set(&key, user, &comment),
        None => interview.draft.remove(&key),
    }
}

/// Reads an answer: `12`, `webhook` or `deal=12`.
fn read_responsible(text: &str) -> Result<Vec<(Kind, Responsible)>> {
    let (kinds, user) = match text.split_once('=') {
        None => (Kind::DISPLAY_ORDER.to_vec(), text),
        Some((entity, user)) => match kind_of(entity) {
            Some(kind) => (vec![kind], user),
            None => return Err(no_such_answer(text, "contact=…, company=…, deal=…")),
        },
    };
    let user = match user {
        "webhook" => None,
        number => Some(number.parse().map_err(|_| no_such_answer(text, "12, webhook, deal=12"))?),
    };
    Ok(kinds.into_iter().map(|kind| (kind, user)).collect())
}

fn no_such_answer(text: &str, choices: &str) -> RunError {
    usage(InitMessage::no_such_answer("--responsible", text, choices))
}

pub(super) fn kind_of(entity: &str) -> Option<Kind> {
    Kind::DISPLAY_ORDER.into_iter().find(|kind| kind.crm_entity() == entity)
}
