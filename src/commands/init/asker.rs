//! Asking: on a terminal, or where there is none by what is proposed, if that was agreed to
//! beforehand.

use std::io::{IsTerminal, Write};

use inquire::ui::RenderConfig;
use inquire::{InquireError, MultiSelect, Password, PasswordDisplayMode, Select, Text};

use super::questions::Question;
use crate::domain::display;
use crate::domain::language::Language;
use crate::domain::messages::{InitMessage, Localized, Message};
use crate::domain::run_error::{Result, RunError};
use crate::domain::visible_text::{self, Visible};
use crate::msg;

/// So many choices are shown at once.
const PAGE: usize = 12;

/// One thing that can be chosen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Choice<T> {
    pub(super) value: T,
    /// As a person reads it.
    pub(super) label: String,
}

/// Who answers where no option did.
pub(super) struct Asker {
    pub(super) language: Language,
    /// There is a person at a terminal.
    pub(super) is_terminal: bool,
    /// `--yes`: whatever is proposed is the answer.
    pub(super) takes_proposals: bool,
}

impl Asker {
    pub(super) fn new(language: Language, takes_proposals: bool) -> Asker {
        let is_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        Asker { language, is_terminal, takes_proposals }
    }

    /// Whether a person is asked: there is one, and the proposal does not do.
    fn asks(&self, has_proposal: bool) -> bool {
        self.is_terminal && !(self.takes_proposals && has_proposal)
    }

    /// One of several things.
    ///
    /// # Errors
    /// Nobody answers, or the person went away.
    pub(super) fn choose<T: Clone>(
        &self,
        question: &Question,
        choices: &[Choice<T>],
        proposed: Option<usize>,
    ) -> Result<T> {
        if let [only] = choices
            && proposed.is_some()
        {
            return Ok(only.value.clone());
        }
        let label = proposed.map(|at| choices[at].label.as_str());
        if !self.asks(proposed.is_some()) {
            return match proposed {
                Some(at) if self.takes_proposals => Ok(choices[at].value.clone()),
                Some(_) | None => Err(self.unanswered(question, label)),
            };
        }
        let labels = labels(choices);
        let chosen = answer(|| {
            Select::new(&question.text(self.language), labels.clone())
                .with_help_message(&question.help.localized(self.language))
                .with_starting_cursor(proposed.unwrap_or_default())
                .with_page_size(PAGE)
                .with_render_config(look())
                .raw_prompt()
        })?;
        Ok(choices[chosen.index].value.clone())
    }

    /// Any number of several things: all are proposed, or none.
    pub(super) fn choose_several<T: Clone>(
        &self,
        question: &Question,
        choices: &[Choice<T>],
        are_proposed: bool,
    ) -> Result<Vec<T>> {
        let labels = labels(choices);
        let proposed = if are_proposed { choices } else { &[] };
        if !self.asks(true) {
            if self.takes_proposals {
                return Ok(proposed.iter().map(|choice| choice.value.clone()).collect());
            }
            return Err(self.unanswered(question, Some(&labels.join(", "))));
        }
        let ticked: Vec<usize> = (0..proposed.len()).collect();
        let chosen = answer(|| {
            MultiSelect::new(&question.text(self.language), labels.clone())
                .with_help_message(&question.help.localized(self.language))
                .with_default(&ticked)
                .with_page_size(PAGE)
                .with_render_config(look())
                .raw_prompt()
        })?;
        Ok(chosen.iter().map(|chosen| choices[chosen.index].value.clone()).collect())
    }

    /// A text, of which one may be proposed.
    pub(super) fn text(&self, question: &Question, proposed: Option<&str>) -> Result<String> {
        if !self.asks(proposed.is_some()) {
            return match proposed {
                Some(text) if self.takes_proposals => Ok(text.to_owned()),
                Some(_) | None => Err(self.unanswered(question, proposed)),
            };
        }
        let proposed = proposed.unwrap_or_default();
        let shown = visible_text::line(proposed);
        let text = answer(|| {
            Text::new(&question.text(self.language))
                .with_help_message(&question.help.localized(self.language))
                .with_initial_value(&shown)
                .with_render_config(look())
                .prompt()
        })?;
        // Who left the proposal as it was means what it stands for.
        Ok(if text == shown { proposed } else { &text }.trim().to_owned())
    }

    /// A secret: what is typed is not shown.
    pub(super) fn secret(&self, question: &Question) -> Result<String> {
        if !self.is_terminal {
            return Err(self.unanswered(question, None));
        }
        answer(|| {
            Password::new(&question.text(self.language))
                .with_help_message(&question.help.localized(self.language))
                .without_confirmation()
                .with_display_mode(PasswordDisplayMode::Hidden)
                .with_formatter(&|_| String::new())
                .with_render_config(look())
                .prompt()
        })
    }

    /// Yes, which is proposed, or no in these words.
    pub(super) fn agree(&self, question: &Question, no: String) -> Result<bool> {
        let yes = msg!(self.language, "да", "yes");
        let choices = [Choice { value: true, label: yes }, Choice { value: false, label: no }];
        self.choose(question, &choices, Some(0))
    }

    fn unanswered(&self, question: &Question, proposed: Option<&str>) -> RunError {
        let text = question.text(self.language);
        let flag = question.flag.clone();
        usage(match proposed {
            None => InitMessage::AnswerMissing { question: text, flag },
            Some(proposed) => {
                InitMessage::AnswerOrYes { question: text, flag, proposed: proposed.to_owned() }
            }
        })
    }
}

/// A portal and a mirror may hold letters that do something to a terminal.
fn labels<T>(choices: &[Choice<T>]) -> Vec<String> {
    choices.iter().map(|choice| visible_text::line(&choice.label).into_owned()).collect()
}

/// Puts the question until it is answered: Escape puts it once more.
fn answer<T>(ask: impl Fn() -> Result<T, InquireError>) -> Result<T> {
    loop {
        match ask() {
            Ok(answer) => return Ok(answer),
            Err(InquireError::OperationCanceled) => {}
            Err(InquireError::OperationInterrupted) => {
                return Err(RunError::interrupted(InitMessage::Stopped));
            }
            Err(error) => {
                return Err(InitMessage::NotAsked { error: error.to_string().into() }.into());
            }
        }
    }
}

/// Tells a person something between two questions, on one line.
pub(super) fn tell(text: &str) {
    tell_lines(&[text.to_owned()]);
}

/// Tells a person several things, a line each.
pub(super) fn tell_lines(lines: &[String]) {
    tell_text(&visible_text::lines(lines));
}

/// Tells a person what is wrong, before the question that it leads to.
pub(super) fn tell_problem(problem: &Message, language: Language) {
    tell_text(&display::capitalized(&problem.text(language)));
}

/// Tells a person a text whose line breaks are our own.
pub(super) fn tell_text(text: &str) {
    // A terminal that is gone is told of by the next question.
    drop(writeln!(Visible::new(std::io::stderr()), "{text}"));
}

/// An answer of the command line that makes no sense: exit 2.
pub(super) fn usage(message: impl Into<Message>) -> RunError {
    RunError::usage(message)
}

fn look() -> RenderConfig<'static> {
    RenderConfig::default()
}
