//! Where an initial export stands: a bar on a terminal, elsewhere one plain line a minute. An audit has the bar alone.
//!
//! An export of hours spends most of them waiting for the portal's time budgets, so what it waits for is always
//! shown: the bar is drawn by force, because what comes too quickly after another drawing is left out otherwise. Logs
//! and reports go through [`BarSafeWriter`], which lifts the bar for as long as they write.

use std::cell::Cell;
use std::io::{self, IsTerminal, Write};
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::domain::display;
use crate::domain::per_kind::PerKind;
use crate::domain::record::Kind;
use crate::output::export_stats::ExportStats;
use crate::output::stdout::print;
use crate::platform::clock::Clock;
use crate::portal::client::{Client, WaitCallback, WaitReason};
use crate::say;
use crate::sync::push::ProgressObserver;

const BETWEEN_LINES: TimeDelta = TimeDelta::seconds(60);

/// The bar that stands on the terminal now.
static ACTIVE_BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// The progress of one export or audit.
pub struct Progress {
    clock: Clock,
    board: ExportStats,
    screen: Rc<ProgressOutput>,
}

enum ProgressOutput {
    Bar(ProgressBar),
    /// When the last line was printed.
    Lines(Cell<DateTime<Utc>>),
    Nothing,
}

impl Progress {
    /// On standard output.
    pub fn new(clock: &Clock) -> Progress {
        let on_terminal = io::stdout().is_terminal();
        let bar = || ProgressOutput::bar(ProgressDrawTarget::stdout());
        Progress::on(clock, if on_terminal { bar() } else { ProgressOutput::Lines(Cell::default()) })
    }

    /// Beside a report on standard output.
    pub fn on_stderr(clock: &Clock) -> Progress {
        let on_terminal = io::stderr().is_terminal();
        let bar = || ProgressOutput::bar(ProgressDrawTarget::stderr());
        Progress::on(clock, if on_terminal { bar() } else { ProgressOutput::Nothing })
    }

    fn on(clock: &Clock, screen: ProgressOutput) -> Progress {
        Progress { clock: clock.clone(), board: ExportStats::default(), screen: Rc::new(screen) }
    }
}

impl ProgressObserver for Progress {
    fn seen(&mut self, kind: Kind) {
        self.board.seen(kind);
        let text = self.board.inventory();
        match &*self.screen {
            ProgressOutput::Bar(bar) => bar.set_message(text),
            ProgressOutput::Lines(_) | ProgressOutput::Nothing => {
                self.screen.line(&text, self.clock.now(), false);
            }
        }
    }

    fn planned(&mut self, records: PerKind<u64>) {
        let now = self.clock.now();
        self.board.planned(records, now);
        self.screen.show(&self.board, now, true);
    }

    fn done(&mut self, kind: Kind, records: u64, gate: &Client<'_>) {
        let now = self.clock.now();
        let operating = gate.pace().operating(|method| counts_towards(method, kind));
        self.board.done(kind, records, operating, now);
        self.screen.show(&self.board, now, false);
    }

    fn teller(&self) -> Option<WaitCallback> {
        let (screen, clock) = (Rc::clone(&self.screen), self.clock.clone());
        Some(Box::new(move |cause, until| screen.wait(cause, until, clock.now())))
    }

    fn over(&mut self) {
        if let ProgressOutput::Bar(bar) = &*self.screen {
            bar.finish_and_clear();
            set_active_bar(None);
        }
    }
}

impl ProgressOutput {
    fn bar(target: ProgressDrawTarget) -> ProgressOutput {
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let style = ProgressStyle::with_template("{bar:40} {percent:>3}%\n{prefix}\n{msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("##-"));
        set_active_bar(Some(bar.clone()));
        ProgressOutput::Bar(bar)
    }

    fn show(&self, board: &ExportStats, now: DateTime<Utc>, at_once: bool) {
        let (counts, outlook) = (board.counts(), board.rate_and_eta(now));
        match self {
            ProgressOutput::Bar(bar) => {
                let (done, planned) = board.total();
                bar.set_length(planned);
                bar.set_prefix(counts);
                bar.set_message(outlook);
                bar.set_position(done);
                bar.force_draw();
            }
            ProgressOutput::Lines(_) if outlook.is_empty() => self.line(&counts, now, at_once),
            ProgressOutput::Lines(_) => self.line(&format!("{counts}; {outlook}"), now, at_once),
            ProgressOutput::Nothing => {}
        }
    }

    fn wait(&self, cause: WaitReason<'_>, until: DateTime<Utc>, now: DateTime<Utc>) {
        let text = waiting(cause, until);
        match self {
            ProgressOutput::Bar(bar) => {
                bar.set_message(text);
                bar.force_draw();
            }
            ProgressOutput::Lines(_) | ProgressOutput::Nothing => {
                self.line(&text, now, until - now >= BETWEEN_LINES);
            }
        }
    }

    /// Prints a line, unless the last one is younger than a minute.
    fn line(&self, text: &str, now: DateTime<Utc>, at_once: bool) {
        let ProgressOutput::Lines(last) = self else { return };
        if at_once || now - last.get() >= BETWEEN_LINES {
            last.set(now);
            // A reader that went away does not end an export of hours.
            drop(print(&format!("{text}\n")));
        }
    }
}

fn waiting(cause: WaitReason<'_>, until: DateTime<Utc>) -> String {
    let until = display::format_time_of_day(until);
    match cause {
        WaitReason::Budget(method) => say!(
            "ждём до {until}: портал ограничивает время работы {method}",
            "waiting until {until}: the portal limits the working time of {method}"
        ),
        WaitReason::Unreachable(reason) => say!(
            "портал недоступен, следующая попытка в {until}: {reason}",
            "the portal cannot be reached, next attempt at {until}: {reason}"
        ),
        WaitReason::Doubts => say!(
            "ждём до {until}: прежние вызовы ещё могут выполниться",
            "waiting until {until}: earlier calls may still take effect"
        ),
    }
}

/// Whether a method's time budget is what records of this kind wait for.
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

/// A way out that keeps above the bar, where one stands.
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
