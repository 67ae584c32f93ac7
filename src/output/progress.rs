//! The progress of an initial export: a bar on a terminal, elsewhere one plain line a minute. An
//! audit shows the bar only.
//!
//! An export of hours spends most of them waiting for the portal's time budgets, so the reason of
//! the wait is always shown: the bar is drawn by force, because a drawing too soon after another is
//! left out otherwise. Logs and reports go through [`BarSafeWriter`], which lifts the bar while
//! they write.

use std::cell::Cell;
use std::io::{self, IsTerminal, Write};
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::domain::display;
use crate::domain::language::Language;
use crate::domain::messages::{Localized, OutputMessage};
use crate::domain::per_kind::PerKind;
use crate::domain::record::Kind;
use crate::output::export_stats::ExportStats;
use crate::output::stdout::print;
use crate::platform::clock::Clock;
use crate::portal::client::{Client, WaitCallback, WaitReason};
use crate::sync::push::ProgressObserver;

const BETWEEN_LINES: TimeDelta = TimeDelta::seconds(60);

/// The bar that is on the terminal now.
static ACTIVE_BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// The progress of one export or audit.
pub struct Progress {
    clock: Clock,
    stats: ExportStats,
    output: Rc<ProgressOutput>,
}

struct ProgressOutput {
    language: Language,
    form: Form,
}

enum Form {
    Bar(ProgressBar),
    /// When the last line was printed.
    Lines(Cell<DateTime<Utc>>),
    Nothing,
}

/// When a line is printed.
#[derive(Clone, Copy, PartialEq)]
enum Urgency {
    Now,
    /// Unless the last line is younger than a minute.
    EveryMinute,
}

impl Progress {
    /// A bar or lines on standard output.
    pub fn new(clock: &Clock, language: Language) -> Progress {
        let form = if io::stdout().is_terminal() {
            Form::bar(ProgressDrawTarget::stdout())
        } else {
            Form::Lines(Cell::default())
        };
        Progress::shown_as(form, clock, language)
    }

    /// On standard error, beside a report on standard output.
    pub fn on_stderr(clock: &Clock, language: Language) -> Progress {
        let form = if io::stderr().is_terminal() {
            Form::bar(ProgressDrawTarget::stderr())
        } else {
            Form::Nothing
        };
        Progress::shown_as(form, clock, language)
    }

    fn shown_as(form: Form, clock: &Clock, language: Language) -> Progress {
        let output = Rc::new(ProgressOutput { language, form });
        Progress { clock: clock.clone(), stats: ExportStats::default(), output }
    }
}

impl ProgressObserver for Progress {
    fn on_object_seen(&mut self, kind: Kind) {
        self.stats.seen(kind);
        let text = self.stats.inventory(self.output.language);
        match &self.output.form {
            Form::Bar(bar) => bar.set_message(text),
            Form::Lines(_) | Form::Nothing => {
                self.output.print_line(&text, self.clock.now(), Urgency::EveryMinute);
            }
        }
    }

    fn on_planned(&mut self, records: PerKind<u64>) {
        let now = self.clock.now();
        self.stats.planned(records, now);
        self.output.show(&self.stats, now, Urgency::Now);
    }

    fn on_batch_done(&mut self, kind: Kind, records: u64, client: &Client<'_>) {
        let now = self.clock.now();
        let operating = client.limits().operating(|method| counts_towards(method, kind));
        self.stats.done(kind, records, operating, now);
        self.output.show(&self.stats, now, Urgency::EveryMinute);
    }

    fn wait_callback(&self) -> Option<WaitCallback> {
        let output = Rc::clone(&self.output);
        let clock = self.clock.clone();
        Some(Box::new(move |reason, until| output.show_wait(reason, until, clock.now())))
    }

    fn on_end(&mut self) {
        if let Form::Bar(bar) = &self.output.form {
            bar.finish_and_clear();
            set_active_bar(None);
        }
    }
}

impl Form {
    fn bar(target: ProgressDrawTarget) -> Form {
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let style = ProgressStyle::with_template("{bar:40} {percent:>3}%\n{prefix}\n{msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("##-"));
        set_active_bar(Some(bar.clone()));
        Form::Bar(bar)
    }
}

impl ProgressOutput {
    fn show(&self, stats: &ExportStats, now: DateTime<Utc>, urgency: Urgency) {
        let counts = stats.counts(self.language);
        let rate = stats.rate_and_eta(now).map(|rate| rate.localized(self.language));
        match (&self.form, rate) {
            (Form::Bar(bar), rate) => {
                bar.set_length(stats.total_planned());
                bar.set_prefix(counts);
                bar.set_message(rate.unwrap_or_default());
                bar.set_position(stats.total_done());
                bar.force_draw();
            }
            (Form::Lines(_), Some(rate)) => {
                self.print_line(&format!("{counts}; {rate}"), now, urgency);
            }
            (Form::Lines(_), None) => self.print_line(&counts, now, urgency),
            (Form::Nothing, _) => {}
        }
    }

    fn show_wait(&self, reason: WaitReason<'_>, until: DateTime<Utc>, now: DateTime<Utc>) {
        let text = wait_message(reason, until).localized(self.language);
        match &self.form {
            Form::Bar(bar) => {
                bar.set_message(text);
                bar.force_draw();
            }
            Form::Lines(_) | Form::Nothing => {
                let is_long = until - now >= BETWEEN_LINES;
                let urgency = if is_long { Urgency::Now } else { Urgency::EveryMinute };
                self.print_line(&text, now, urgency);
            }
        }
    }

    fn print_line(&self, text: &str, now: DateTime<Utc>, urgency: Urgency) {
        let Form::Lines(last) = &self.form else { return };
        if urgency == Urgency::Now || now - last.get() >= BETWEEN_LINES {
            last.set(now);
            // A reader that went away does not end an export of hours.
            drop(print(&format!("{text}\n")));
        }
    }
}

fn wait_message(reason: WaitReason<'_>, until: DateTime<Utc>) -> OutputMessage {
    let time = display::format_time_of_day(until);
    match reason {
        WaitReason::Budget(method) => {
            OutputMessage::WaitingForBudget { time, method: method.to_owned() }
        }
        WaitReason::Unreachable(reason) => {
            OutputMessage::WaitingForPortal { time, reason: Box::new(reason.clone()) }
        }
        WaitReason::Doubts => OutputMessage::WaitingForEarlierCalls { time },
    }
}

/// Whether records of this kind wait for this method's time budget.
fn counts_towards(method: &str, kind: Kind) -> bool {
    let parts: Vec<&str> = method.split('.').collect();
    match parts.as_slice() {
        ["batch"] => true,
        ["crm", "item", "import"] => kind == Kind::Booking,
        ["crm", entity, "add" | "update"] => *entity == kind.crm_entity(),
        _ => false,
    }
}

fn set_active_bar(bar: Option<ProgressBar>) {
    *ACTIVE_BAR.lock().unwrap_or_else(PoisonError::into_inner) = bar;
}

/// Writes above the bar, where there is one.
pub struct BarSafeWriter<W>(pub W);

impl<W: Write> Write for BarSafeWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bar = ACTIVE_BAR.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match bar {
            Some(bar) => bar.suspend(|| self.0.write(bytes)),
            None => self.0.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
