//! One value of the configuration that the portal does not have or does not accept.

use crate::domain::messages::{Message, PortalWords, SettingMessage};
use crate::sync::preflight::config_check::responses::PortalOption;

/// A longer list would not help to choose.
const CHOICES_SHOWN: usize = 40;

/// What was found for one value of the configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Section and key of the configuration: `[deal.stages] confirmed`.
    pub key: String,
    /// The value in the configuration.
    pub value: String,
    /// The kind of thing that the value means.
    pub what: SettingKind,
    /// What is wrong with the value.
    pub problem: Problem,
    /// The values that the portal has.
    pub choices: Vec<PortalOption>,
}

/// The kinds of things that a configuration names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SettingKind {
    /// The salutation of a contact: обращение.
    Honorific,
    /// The type of a contact: тип контакта.
    ContactType,
    /// The funnel of a deal: воронка.
    Funnel,
    /// The stage of a deal: стадия.
    Stage,
    /// The currency of a deal: валюта.
    Currency,
    /// Where a customer comes from: источник.
    Source,
    /// The responsible user: пользователь.
    User,
    /// A custom field: поле.
    Field,
}

/// What can be wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Problem {
    /// The portal does not have it.
    Absent,
    /// The field cannot be written.
    ReadOnly,
    /// A field of this type cannot be filled from a text.
    Unfillable(String),
    /// What goes into the field is of another type.
    Unfit {
        /// The field's own type.
        is: String,
        /// The types that it could have.
        fit: String,
    },
    /// Warning: the portal refused the question, with this text.
    Unchecked(String),
    /// Warning: the stage of a stay that is over does not end the deal as won.
    NotSuccess,
    /// Warning: the stage of a cancelled stay does not end the deal as lost.
    NotFailure,
    /// Warning: the user is not active any more.
    Dismissed,
}

impl Finding {
    /// Whether nothing may be sent before it is corrected.
    pub fn is_error(&self) -> bool {
        match self.problem {
            // The contact type is no setting, and a portal stores an unknown one too.
            Problem::Absent => self.what != SettingKind::ContactType,
            Problem::ReadOnly | Problem::Unfillable(_) | Problem::Unfit { .. } => true,
            Problem::Unchecked(_)
            | Problem::NotSuccess
            | Problem::NotFailure
            | Problem::Dismissed => false,
        }
    }

    /// Whether the portal refused the question.
    pub fn is_open(&self) -> bool {
        matches!(self.problem, Problem::Unchecked(_))
    }

    /// The values that the portal has, on one line; none where they are not known.
    pub fn alternatives(&self) -> Option<Message> {
        let shown: Vec<String> = self.choices.iter().take(CHOICES_SHOWN).map(option).collect();
        let list = PortalWords(shown.join(", "));
        match self.choices.len().saturating_sub(CHOICES_SHOWN) {
            0 if shown.is_empty() => None,
            0 => Some(SettingMessage::Alternatives { list }.into()),
            more => Some(SettingMessage::AlternativesAndMore { list, more }.into()),
        }
    }

    /// The setting, and what is wrong with it.
    pub fn message(&self) -> Message {
        let key = self.key.clone();
        let value = self.value.clone();
        SettingMessage::Wrong { key, value, problem: self.problem().into() }.into()
    }

    fn problem(&self) -> SettingMessage {
        match &self.problem {
            Problem::Absent => self.what.absent(),
            Problem::ReadOnly => SettingMessage::FilledByPortal,
            Problem::Unfillable(field_type) => {
                SettingMessage::NotFillable { field_type: field_type.clone() }
            }
            Problem::Unfit { is, fit } => {
                SettingMessage::OtherType { field_type: is.clone(), fit: fit.clone() }
            }
            Problem::Unchecked(refusal) if self.what == SettingKind::User => {
                SettingMessage::UserNotChecked { refusal: PortalWords(refusal.clone()) }
            }
            Problem::Unchecked(refusal) => {
                SettingMessage::NotChecked { refusal: PortalWords(refusal.clone()) }
            }
            Problem::NotSuccess => SettingMessage::NoWonStage,
            Problem::NotFailure => SettingMessage::NoLostStage,
            Problem::Dismissed => SettingMessage::UserDismissed,
        }
    }
}

fn option(option: &PortalOption) -> String {
    match option.name.as_str() {
        "" => option.id.clone(),
        name => format!("{} «{name}»", option.id),
    }
}

impl SettingKind {
    fn absent(self) -> SettingMessage {
        match self {
            SettingKind::Honorific => SettingMessage::NoHonorific,
            SettingKind::ContactType => SettingMessage::NoContactType,
            SettingKind::Funnel => SettingMessage::NoFunnel,
            SettingKind::Stage => SettingMessage::NoStage,
            SettingKind::Currency => SettingMessage::NoCurrency,
            SettingKind::Source => SettingMessage::NoSource,
            SettingKind::User => SettingMessage::NoUser,
            SettingKind::Field => SettingMessage::NoField,
        }
    }
}

/// A line for each finding, and after the findings that share their alternatives a line with these.
pub fn describe(findings: &[Finding]) -> Message {
    let mut lines = Vec::new();
    for (at, finding) in findings.iter().enumerate() {
        lines.push(SettingMessage::Item { finding: finding.message().into() }.into());
        let is_shared = findings.get(at + 1).is_some_and(|next| next.choices == finding.choices);
        if let Some(alternatives) = finding.alternatives()
            && !is_shared
        {
            let alternatives = alternatives.into();
            lines.push(SettingMessage::ItemAlternatives { alternatives }.into());
        }
    }
    Message::Lines(lines)
}
