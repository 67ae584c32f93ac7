//! What stands in the lock file: three lines, each in a place of its own, so that whoever writes one leaves the others.
//!
//! 1. When the last call was made that changes something. It outlives the state: one that is new, or was put back from
//!    a copy, knows nothing of a call that may still take effect.
//! 2. Since when the lock is held, and by which command.
//! 3. How many runs found it held, and when the first of them did. They write it, not the holder, who may hang.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use chrono::{DateTime, SecondsFormat, Utc};

/// `2026-11-28T21:37:33.250Z`
const TIME: usize = 24;
/// Where the second line begins.
const HOLDER: u64 = TIME as u64 + 1;
/// The longest name of a command, and more.
const COMMAND: usize = 20;
/// Where the third line begins.
const PASSED_OVER: u64 = HOLDER + (TIME + 1 + COMMAND + 1) as u64;
/// More than all three lines have.
const LONGEST: u64 = 256;

/// What the file says.
#[derive(Default, Debug)]
pub(super) struct Note {
    pub(super) last_call: Option<DateTime<Utc>>,
    pub(super) passed_over: Option<PassedOver>,
}

/// Who holds the lock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Holder {
    /// Since when.
    pub since: DateTime<Utc>,
    /// The command.
    pub command: String,
}

/// Runs that found the lock held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PassedOver {
    /// How many.
    pub passes: u32,
    /// When the first of them was.
    pub first_at: DateTime<Utc>,
    /// Who holds the lock, where that is known.
    pub holder: Option<Holder>,
    /// When the holder last made a call that changes something.
    pub last_call: Option<DateTime<Utc>>,
}

impl PassedOver {
    /// Since when the lock is held, as far as that is known.
    pub fn since(&self) -> DateTime<Utc> {
        self.holder.as_ref().map_or(self.first_at, |holder| holder.since.min(self.first_at))
    }
}

/// A new holder: nothing is known of it yet, and nobody was passed over. The time of the last call stays, and anything
/// else that stood there goes.
pub(super) fn begin(file: &File) -> io::Result<()> {
    let last_call = read(file)?.last_call;
    write_at(file, 0, &line(&shown(last_call), TIME))?;
    file.set_len(HOLDER)?;
    clear_holder(file)
}

pub(super) fn write_call(file: &File, now: DateTime<Utc>) -> io::Result<()> {
    write_at(file, 0, &line(&shown(Some(now)), TIME))
}

pub(super) fn write_holder(file: &File, holder: &Holder) -> io::Result<()> {
    let Holder { since, command } = holder;
    write_at(file, HOLDER, &line(&format!("{} {command}", shown(Some(*since))), TIME + 1 + COMMAND))
}

pub(super) fn clear_holder(file: &File) -> io::Result<()> {
    write_at(file, HOLDER, &line("", TIME + 1 + COMMAND))
}

/// Counts one more pass that found the lock held.
pub(super) fn count_passed_over(file: &File, now: DateTime<Utc>) -> io::Result<PassedOver> {
    let text = text(file)?;
    let before = parse(&text);
    let last_call = before.last_call;
    let none_yet = || PassedOver { passes: 0, first_at: now, holder: holder(&text), last_call };
    let mut told = before.passed_over.unwrap_or_else(none_yet);
    told.passes = told.passes.saturating_add(1);
    // A lock that was held before any run of this version wrote its lines.
    if text.len() < PASSED_OVER as usize {
        write_at(file, 0, &line(&shown(told.last_call), TIME))?;
        clear_holder(file)?;
    }
    let first_at = shown(Some(told.first_at));
    write_at(file, PASSED_OVER, &line(&format!("{first_at} {}", told.passes), 0))?;
    Ok(told)
}

pub(super) fn read(file: &File) -> io::Result<Note> {
    text(file).map(|text| parse(&text))
}

/// Whether nothing but what a lock holds stands in the file.
pub(super) fn is_ours(file: &File) -> io::Result<bool> {
    let text = text(file)?;
    Ok(text.trim().is_empty() || parse(&text).last_call.is_some())
}

fn parse(text: &str) -> Note {
    let last_call = text.lines().next().and_then(time);
    let passed_over = text.get(PASSED_OVER as usize..).and_then(|line| {
        let (first_at, passes) = line.trim_end().split_once(' ')?;
        let (first_at, passes) = (time(first_at)?, passes.parse().ok()?);
        Some(PassedOver { passes, first_at, holder: holder(text), last_call })
    });
    Note { last_call, passed_over }
}

fn holder(text: &str) -> Option<Holder> {
    let line = text.get(HOLDER as usize..PASSED_OVER as usize)?;
    let (since, command) = line.trim_end().split_once(' ')?;
    Some(Holder { since: time(since)?, command: command.to_owned() })
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text.trim_end()).ok().map(|time| time.to_utc())
}

fn shown(time: Option<DateTime<Utc>>) -> String {
    time.map(|time| time.to_rfc3339_opts(SecondsFormat::Millis, true)).unwrap_or_default()
}

/// A line of at least this width.
fn line(text: &str, width: usize) -> String {
    format!("{text:<width$}\n")
}

fn text(mut file: &File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(String::from_utf8(bytes).unwrap_or_default())
}

fn write_at(mut file: &File, at: u64, text: &str) -> io::Result<()> {
    file.seek(SeekFrom::Start(at))?;
    file.write_all(text.as_bytes())
}
