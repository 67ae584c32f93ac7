//! One thing that is wrong with the configuration, and its words for the administrator.

use std::fmt;

use crate::say;
use crate::sync::preflight::config_check::responses::PortalOption;

/// More would not help to choose.
const CHOICES_SHOWN: usize = 40;

/// What was found for one value of the configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Where it stands in the configuration: `[deal.stages] confirmed`.
    pub key: String,
    /// What stands there.
    pub value: String,
    /// What kind of thing it names.
    pub what: SettingKind,
    /// What is wrong with it.
    pub problem: Problem,
    /// What exists instead.
    pub choices: Vec<PortalOption>,
}

/// The kinds of things that a configuration names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SettingKind {
    /// обращение
    Honorific,
    /// тип контакта
    ContactType,
    /// воронка
    Funnel,
    /// стадия
    Stage,
    /// валюта
    Currency,
    /// источник
    Source,
    /// пользователь
    User,
    /// поле
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
    /// Warning: the portal would not say; its words.
    Unchecked(String),
    /// Warning: the stage of a stay that is over does not end the deal as won.
    NotSuccess,
    /// Warning: the stage of a cancelled stay does not end the deal as lost.
    NotFailure,
    /// Warning: the user is not active any more.
    Dismissed,
}

impl Finding {
    /// Whether nothing may be sent before it is mended.
    pub fn is_error(&self) -> bool {
        match self.problem {
            // The program's own word and no setting; a portal stores it all the same.
            Problem::Absent => self.what != SettingKind::ContactType,
            Problem::ReadOnly | Problem::Unfillable(_) => true,
            Problem::Unchecked(_) | Problem::NotSuccess | Problem::NotFailure | Problem::Dismissed => false,
        }
    }

    /// Whether the portal would not say.
    pub fn is_open(&self) -> bool {
        matches!(self.problem, Problem::Unchecked(_))
    }

    /// What exists instead, on one line; empty where nothing is known.
    pub fn alternatives(&self) -> String {
        let shown = self.choices.iter().take(CHOICES_SHOWN).map(|choice| match choice.name.as_str() {
            "" => choice.id.clone(),
            name => format!("{} «{name}»", choice.id),
        });
        let shown = shown.collect::<Vec<_>>().join(", ");
        match self.choices.len().saturating_sub(CHOICES_SHOWN) {
            0 => shown,
            more => say!("{shown} и ещё {more}", "{shown} and {more} more"),
        }
    }

    fn problem(&self) -> String {
        match &self.problem {
            Problem::Absent => self.what.absent(),
            Problem::ReadOnly => say!("это поле заполняет сам портал", "the portal fills this field itself"),
            Problem::Unfillable(kind) => say!(
                "поле типа {kind} нельзя заполнить текстом",
                "a field of the type {kind} cannot be filled with a text"
            ),
            Problem::Unchecked(words) if self.what == SettingKind::User => say!(
                "проверить не удалось, для этого вебхуку нужно право user ({words}); сверьте номер сами",
                "could not be checked, the webhook would need the right user ({words}); see to the number yourself"
            ),
            Problem::Unchecked(words) => {
                say!("проверить не удалось: {words}", "could not be checked: {words}")
            }
            Problem::NotSuccess => {
                say!(
                    "это не успешная стадия, а гость уже уехал",
                    "not a won stage, although the guest has left"
                )
            }
            Problem::NotFailure => {
                say!(
                    "это не стадия провала, а заезда не будет",
                    "not a lost stage, although nobody will come"
                )
            }
            Problem::Dismissed => say!("этот сотрудник уволен", "this user is not active any more"),
        }
    }
}

impl SettingKind {
    fn absent(self) -> String {
        match self {
            SettingKind::Honorific => {
                say!("такого обращения в портале нет", "the portal has no such honorific")
            }
            SettingKind::ContactType => say!(
                "такого типа контакта в портале нет; контакты будут без типа",
                "the portal has no such contact type; contacts will show none"
            ),
            SettingKind::Funnel => say!("такой воронки в портале нет", "the portal has no such funnel"),
            SettingKind::Stage => say!("такой стадии в воронке нет", "the funnel has no such stage"),
            SettingKind::Currency => say!("такой валюты в портале нет", "the portal has no such currency"),
            SettingKind::Source => say!("такого источника в портале нет", "the portal has no such source"),
            SettingKind::User => say!("такого пользователя в портале нет", "the portal has no such user"),
            SettingKind::Field => say!("такого поля в портале нет", "the portal has no such field"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { key, value, .. } = self;
        write!(f, "{key} = {value}: {}", self.problem())
    }
}

/// The findings a line each, and after those that share their alternatives the line with these.
pub fn describe(findings: &[Finding]) -> String {
    let mut lines = Vec::new();
    for (at, finding) in findings.iter().enumerate() {
        lines.push(format!("- {finding}"));
        let shared = findings.get(at + 1).is_some_and(|next| next.choices == finding.choices);
        if !shared && !finding.choices.is_empty() {
            let choices = finding.alternatives();
            lines.push(say!("  Есть: {choices}", "  There are: {choices}"));
        }
    }
    lines.join("\n")
}
