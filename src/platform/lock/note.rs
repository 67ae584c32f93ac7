//! The content of the lock file: three lines at fixed positions, so that writing one leaves the
//! others as they are.
//!
//! 1. When the last call was made that changes something. The lock file outlives the state, because
//!    a state that is new or was restored knows nothing of a call that may still take effect.
//! 2. Since when the lock is held, and by which command.
//! 3. How many runs found it held, and when the first of them did. They write it themselves,
//!    because the holder may hang.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use chrono::{DateTime, SecondsFormat, Utc};

/// The width of a time such as `2026-11-28T21:37:33.250Z`.
const TIME: usize = 24;
/// The longest name of a command, and more.
const COMMAND: usize = 20;
/// Where the second line begins, and its width.
const HOLDER: u64 = TIME as u64 + 1;
const HOLDER_WIDTH: usize = TIME + 1 + COMMAND;
/// Where the third line begins.
const PASSED_OVER: u64 = HOLDER + HOLDER_WIDTH as u64 + 1;
/// More than all three lines have.
const MAX_BYTES: u64 = 256;

#[derive(Default, Debug)]
pub(super) struct Note {
    pub(super) last_call: Option<DateTime<Utc>>,
    pub(super) holder: Option<Holder>,
    pub(super) passed_over: Option<PassedOver>,
}

/// Who holds the lock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Holder {
    /// When the lock was taken.
    pub since: DateTime<Utc>,
    /// The name of the command.
    pub command: String,
}

/// The runs that found the lock held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PassedOver {
    /// How many runs that are.
    pub runs: u32,
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

/// Begins the note of a new holder. Of what the file contained, only the time of the last call
/// stays.
pub(super) fn begin(file: &File) -> io::Result<()> {
    let last_call = read(file)?.last_call;
    write_last_call(file, last_call)?;
    end(file)
}

/// Ends the note of a holder: nobody holds the lock, and nobody found it held.
pub(super) fn end(file: &File) -> io::Result<()> {
    file.set_len(HOLDER)?;
    clear_holder(file)
}

/// Ends the note of a holder that was killed. The lock file is free, but another run works on the
/// state, and what is noted here is not of that run.
pub(super) fn forget_dead_holder(file: &File) -> io::Result<()> {
    match read(file)?.holder {
        Some(_) => end(file),
        None => Ok(()),
    }
}

pub(super) fn write_last_call(file: &File, at: Option<DateTime<Utc>>) -> io::Result<()> {
    write_line(file, 0, &last_call_line(at))
}

pub(super) fn write_holder(file: &File, holder: &Holder) -> io::Result<()> {
    write_line(file, HOLDER, &holder_line(Some(holder)))
}

fn clear_holder(file: &File) -> io::Result<()> {
    write_line(file, HOLDER, &holder_line(None))
}

/// Counts one more run that found the lock held.
pub(super) fn count_passed_over(file: &File, now: DateTime<Utc>) -> io::Result<PassedOver> {
    let text = read_text(file)?;
    let Note { last_call, holder, passed_over } = parse(&text);
    let mut counted = match passed_over {
        Some(earlier) => earlier,
        None => PassedOver { runs: 0, first_at: now, holder, last_call },
    };
    counted.runs = counted.runs.saturating_add(1);
    // An older version of the program holds the lock, which writes the first line only.
    if text.len() < PASSED_OVER as usize {
        write_last_call(file, last_call)?;
        clear_holder(file)?;
    }
    write_line(file, PASSED_OVER, &passed_over_line(&counted))?;
    Ok(counted)
}

pub(super) fn read(file: &File) -> io::Result<Note> {
    Ok(parse(&read_text(file)?))
}

/// Whether the file has exactly the lines of a note. A time alone is too little: another program's
/// file may begin with one.
pub(super) fn is_ours(file: &File) -> io::Result<bool> {
    let text = read_text(file)?;
    Ok(text == rendered(&text))
}

/// Whether somebody else wrote the file. Blanks are nobody's, a crash leaves zeros or other bytes
/// that are no text, and an older version of the program wrote the first line only.
pub(super) fn is_foreign(file: &File) -> io::Result<bool> {
    let text = read_text(file)?;
    let is_nobodys = text.trim().is_empty() || text.contains('\0');
    let is_first_line = text == last_call_line(parse(&text).last_call);
    Ok(!is_nobodys && !is_first_line && text != rendered(&text))
}

/// The lines of a note that says the same as this text.
fn rendered(text: &str) -> String {
    let Note { last_call, holder, passed_over } = parse(text);
    let mut lines = last_call_line(last_call) + &holder_line(holder.as_ref());
    if let Some(passed_over) = passed_over {
        lines += &passed_over_line(&passed_over);
    }
    lines
}

fn parse(text: &str) -> Note {
    let last_call = text.lines().next().and_then(parse_time);
    let holder = parse_holder(text);
    let passed_over = parse_passed_over(text, holder.clone(), last_call);
    Note { last_call, holder, passed_over }
}

fn parse_passed_over(
    text: &str,
    holder: Option<Holder>,
    last_call: Option<DateTime<Utc>>,
) -> Option<PassedOver> {
    let line = text.get(PASSED_OVER as usize..)?;
    let (first_at, runs) = line.trim_end().split_once(' ')?;
    Some(PassedOver {
        runs: runs.parse().ok()?,
        first_at: parse_time(first_at)?,
        holder,
        last_call,
    })
}

fn parse_holder(text: &str) -> Option<Holder> {
    let line = text.get(HOLDER as usize..PASSED_OVER as usize)?;
    let (since, command) = line.trim_end().split_once(' ')?;
    Some(Holder { since: parse_time(since)?, command: command.to_owned() })
}

fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text.trim_end()).ok().map(|time| time.to_utc())
}

fn to_text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn last_call_line(at: Option<DateTime<Utc>>) -> String {
    let time = at.map(to_text).unwrap_or_default();
    format!("{time:<TIME$}\n")
}

fn holder_line(holder: Option<&Holder>) -> String {
    let text = match holder {
        Some(Holder { since, command }) => format!("{} {command}", to_text(*since)),
        None => String::new(),
    };
    format!("{text:<HOLDER_WIDTH$}\n")
}

fn passed_over_line(passed_over: &PassedOver) -> String {
    let PassedOver { runs, first_at, holder: _, last_call: _ } = passed_over;
    format!("{} {runs}\n", to_text(*first_at))
}

fn read_text(mut file: &File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8(bytes).unwrap_or_default())
}

fn write_line(mut file: &File, at: u64, line: &str) -> io::Result<()> {
    file.seek(SeekFrom::Start(at))?;
    file.write_all(line.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLANK: &str = "                                             ";
    const CALL: &str = "2023-11-14T22:13:20.000Z";
    const HELD: &str = "2023-11-14T22:13:20.000Z sync                ";

    type Step = fn(&File, DateTime<Utc>) -> io::Result<()>;

    /// What is in the file, which had these bytes, after each of the steps.
    fn lines_after(bytes: &str, steps: &[Step]) -> Vec<String> {
        let file = tempfile::tempfile().unwrap();
        (&file).write_all(bytes.as_bytes()).unwrap();
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let after = |step: &Step| {
            step(&file, now).unwrap();
            read_text(&file).unwrap()
        };
        steps.iter().map(after).collect()
    }

    #[test]
    fn the_three_lines_stand_at_their_places_whatever_stood_there() {
        let hold =
            |file: &File, since| write_holder(file, &Holder { since, command: "sync".to_owned() });
        let call = |file: &File, now| write_last_call(file, Some(now));
        let pass = |file: &File, now| count_passed_over(file, now).map(|_| ());
        for bytes in ["", "something else", &"of somebody else ".repeat(12)] {
            let lines =
                lines_after(bytes, &[|file, _| begin(file), call, hold, pass, |file, _| end(file)]);
            let no_call = " ".repeat(TIME);
            let expected = [
                format!("{no_call}\n{BLANK}\n"),
                format!("{CALL}\n{BLANK}\n"),
                format!("{CALL}\n{HELD}\n"),
                format!("{CALL}\n{HELD}\n{CALL} 1\n"),
                format!("{CALL}\n{BLANK}\n"),
            ];
            assert_eq!(lines, expected, "{bytes:?}");
        }
    }

    #[test]
    fn a_holder_of_an_older_version_wrote_one_line_and_the_others_are_added() {
        let pass = |file: &File, now| count_passed_over(file, now).map(|_| ());
        for first in [String::new(), " ".repeat(TIME) + "\n", format!("{CALL}\n")] {
            let call = if first.trim().is_empty() { " ".repeat(TIME) } else { CALL.to_owned() };
            let expected = format!("{call}\n{BLANK}\n{CALL} 1\n");
            assert_eq!(lines_after(&first, &[pass]), [expected], "{first:?}");
        }
    }
}
