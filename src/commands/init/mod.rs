//! `init`: asks for what a configuration needs, looks at the portal and at the mirror, proposes,
//! and writes the file.
//!
//! Nothing is written before the last question is answered, and a file that is there is changed
//! only where an answer differs from it. The end is what `check` says of the new file.

mod asker;
mod columns;
mod crm;
mod draft;
mod fields;
mod matching;
mod meaning;
mod mirror;
mod questions;
mod reports;
mod responsible;
mod runs_user;
mod webhook;

use std::fs::File;
use std::path::{Path, absolute};

use crate::commands::check::{self, Start};
use crate::commands::cli;
use crate::config::{Config, ConfigFile};
use crate::domain::language::Language;
use crate::domain::messages::{InitMessage, Localized, OutputMessage, QuestionMessage};
use crate::domain::mirror_table::MirrorTable;
use crate::domain::record::BookingStatus;
use crate::domain::run_error::{Outcome, Result};
use crate::msg;
use crate::output::stdout;
use crate::platform::clock::Clock;
use crate::platform::sidecar_path::parent_dir;
use asker::{Asker, Choice, tell, tell_lines, usage};
use draft::{Change, Draft};
use questions::Question;
use runs_user::RunsUser;

/// The answers so far, and what is needed to get the next ones.
struct Interview<'a> {
    options: &'a cli::Init,
    asker: Asker,
    draft: Draft,
    clock: &'a Clock,
    /// The value of `$ECVI_B24_WEBHOOK`.
    environment: Option<&'a str>,
}

/// Asks, writes the file, and checks it.
///
/// # Errors
/// In words: a question without an answer, an answer that makes no sense, a file that cannot be
/// written. Nothing was written then.
pub fn run(options: &cli::Init, start: &Start<'_>, clock: &Clock) -> Result<Outcome> {
    refuse_unknown_names(options)?;
    let asker = Asker::new(start.language, options.yes);
    let found = start.config;
    let draft =
        if is_target(found) { Draft::open(found) } else { Draft::open(&ConfigFile::here()) }?;
    let mut interview = Interview { options, asker, draft, clock, environment: start.webhook };
    interview.ask_language()?;
    interview.tell_target();
    interview.place_files()?;
    interview.draft.refuse_faults()?;
    let portal = webhook::ask(&mut interview)?;
    let mirror = mirror::ask(&mut interview)?;
    crm::ask(&mut interview, &portal)?;
    responsible::ask(&mut interview, &portal.users)?;
    fields::ask(&mut interview, &portal, mirror.as_ref())?;
    matching::ask(&mut interview, &portal)?;
    interview.config()?;
    if !interview.agrees_to_write()? {
        stdout::print_error(&OutputMessage::NothingChanged.localized(interview.asker.language));
        return Ok(Outcome::Ok);
    }
    let made = interview.draft.write()?;
    interview.finish(made.as_ref())
}

/// The answer for a misspelt table or status would be lost without a word.
fn refuse_unknown_names(options: &cli::Init) -> Result<()> {
    refuse_unknown("--query", &options.query, &MirrorTable::ALL.map(MirrorTable::name))?;
    refuse_unknown("--report", &options.report, &MirrorTable::ALL.map(MirrorTable::name))?;
    refuse_unknown("--stage", &options.stage, &BookingStatus::ALL.map(BookingStatus::word))
}

fn refuse_unknown(flag: &str, given: &[(String, String)], known: &[&str]) -> Result<()> {
    match given.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        Some((name, _)) => Err(usage(InitMessage::no_such_answer(flag, name, &known.join(", ")))),
        None => Ok(()),
    }
}

/// Whether `init` writes the file that the other commands would find. Who may not write it gets one
/// in the current folder.
fn is_target(found: &ConfigFile) -> bool {
    found.is_named() || found.path().exists() || is_writable(parent_dir(found.path()))
}

fn is_writable(folder: &Path) -> bool {
    // Asked by making a file without a name, which leaves nothing there.
    tempfile::tempfile_in(folder).is_ok()
}

impl Interview<'_> {
    /// Whether the file was in use before: what it leaves out then has its default by decision.
    fn was_set_up(&self) -> bool {
        ["webhook", "webhook_file"]
            .iter()
            .any(|key| self.draft.get_before(&["portal", key]).is_some())
    }

    fn config(&self) -> Result<Config> {
        self.draft.config(self.environment)
    }

    /// Whether the file is the one of the machine.
    fn is_in_etc(&self) -> bool {
        self.draft.path().starts_with("/etc")
    }

    /// A path as the file says it: from the file's own folder on.
    fn as_written(&self, path: &Path) -> Result<String> {
        let folder = parent_dir(self.draft.path()).canonicalize().ok();
        let is_here = folder.is_some() && folder == std::env::current_dir().ok();
        let path = if is_here { path.to_owned() } else { absolute(path)? };
        Ok(path.display().to_string())
    }

    fn ask_language(&mut self) -> Result<()> {
        let choices = [("русский", Language::Ru), ("English", Language::En)];
        let choices = choices.map(|(label, value)| Choice { value, label: label.to_owned() });
        let proposed = choices.iter().position(|choice| choice.value == self.asker.language);
        let question = Question::new(QuestionMessage::Language, "--language ru");
        let language = match self.options.language {
            Some(language) => language,
            None => self.asker.choose(&question, &choices, proposed)?,
        };
        self.draft.set_language(language);
        self.asker.language = language;
        Ok(())
    }

    fn tell_target(&self) {
        let path = self.draft.path().display().to_string();
        let language = self.asker.language;
        tell(&if self.draft.is_rewritten() {
            msg!(
                language,
                "Конфигурация: {path}. Предлагаются ответы из этого \
                 файла; всё, о чём вопросов нет, останется как есть.",
                "The configuration: {path}. The answers in this file \
                 are offered; what no question is about stays as it is."
            )
        } else {
            msg!(
                language,
                "Конфигурация: {path}. До последнего ответа ничего не записывается, Ctrl-C прерывает.",
                "The configuration: {path}. Nothing is written before the last answer; Ctrl-C interrupts."
            )
        });
    }

    /// The state of a machine's own configuration lies where states do, not in `/etc`.
    fn place_files(&mut self) -> Result<()> {
        if self.draft.get(&["mirror", "path"]).is_none() {
            // The next questions are about the portal, and every configuration has a mirror.
            self.set_mirror("mirror.db");
        }
        if let Some(path) = &self.options.ca_file {
            let path = self.as_written(path)?;
            self.draft.set(&["portal", "ca_file"], path, "");
        }
        let is_placed = self.draft.get(&["state", "path"]).is_some();
        let state = match &self.options.state {
            Some(path) => self.as_written(path)?,
            None if self.is_in_etc() && !is_placed => "/var/lib/ecvi-b24/state.db".to_owned(),
            None => return Ok(()),
        };
        let comment =
            msg!(self.asker.language, "программа создаст его сама", "the program makes it itself");
        self.draft.set(&["state", "path"], state, &comment);
        Ok(())
    }

    /// What `check` says of the file, and what comes next. A file that root made is left to the
    /// user of the runs.
    fn finish(&self, made: Option<&File>) -> Result<Outcome> {
        let user = RunsUser::find(&self.config()?.state);
        let language = self.asker.language;
        if let Some(line) =
            made.and_then(|_| runs_user::access_line(user.as_ref(), self.draft.path(), language))
        {
            tell(&line);
        }
        // Before the file is another user's: root obeys no file of others.
        let checked = self.check();
        if let (Some(file), Some(user)) = (made, &user) {
            user.admit(file)?;
        }
        if let Some(user) = user {
            tell(&user.command_line(language));
        }
        checked
    }

    /// What `check` says of the file.
    fn check(&self) -> Result<Outcome> {
        let path = self.draft.path().display().to_string();
        let language = self.asker.language;
        tell(&msg!(language, "Проверка {path}:", "Checking {path}:"));
        let written = ConfigFile::named(self.draft.path());
        let start = Start { config: &written, webhook: self.environment, language };
        let options = cli::Check::default();
        let (shown, outcome) = check::run(&start, &options, &check::over_http, self.clock);
        stdout::print(&shown)?;
        self.tell_next();
        Ok(outcome)
    }

    /// What comes before anything else where reports have to fill the mirror first.
    fn tell_next(&self) {
        let has_reports = MirrorTable::ALL
            .into_iter()
            .any(|table| self.draft.get(&["load", "files", table.name()]).is_some());
        let is_filled = self.config().is_ok_and(|config| config.mirror.path.exists());
        if has_reports && !is_filled {
            tell(&msg!(
                self.asker.language,
                "Дальше: ecvi-b24 load наполнит зеркало из отчётов, \
                 затем ecvi-b24 check проверит всё ещё раз.",
                "Next: ecvi-b24 load fills the mirror from the reports, \
                 then ecvi-b24 check looks at everything again."
            ));
        }
    }

    fn set_mirror(&mut self, path: &str) {
        let comment =
            msg!(self.asker.language, "копия данных Ecvi", "the copy of the data of Ecvi");
        self.draft.set(&["mirror", "path"], path, &comment);
    }

    /// Shows what would change in a file that is there, and asks. A new file overwrites nothing.
    fn agrees_to_write(&self) -> Result<bool> {
        let language = self.asker.language;
        let changes = self.draft.changes();
        if changes.is_empty() && self.draft.is_rewritten() {
            tell(&msg!(
                language,
                "Конфигурация не изменилась.",
                "The configuration stays as it is."
            ));
            return Ok(true);
        }
        if !self.draft.is_rewritten() && !self.asker.is_terminal {
            return Ok(true);
        }
        if self.draft.is_rewritten() {
            let mut lines = vec![msg!(language, "Изменится:", "This changes:")];
            lines.extend(changes.iter().map(change_line));
            tell_lines(&lines);
        }
        let question = Question::new(QuestionMessage::Write, "--yes");
        self.asker.agree(&question, msg!(language, "нет", "no"))
    }
}

/// `  [deal] currency: RUB → EUR`
fn change_line(change: &Change) -> String {
    let before = change.before.as_deref().unwrap_or("–");
    let after = change.after.as_deref().unwrap_or("–");
    format!("  {}: {before} → {after}", change.key)
}
