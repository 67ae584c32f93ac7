//! What `load` says: what changed, what would change, and which rows cannot be read.

use std::io::IsTerminal;

use super::table::{Findings, Loaded};
use crate::domain::language::Language;
use crate::domain::messages::{LoadMessage, Localized, Message, NameMessage};
use crate::domain::mirror_table::MirrorTable;
use crate::domain::run_error::Result;
use crate::domain::visible_text;
use crate::mirror::fill::{Change, Changes, Filling};

/// More flaws of one report are only counted.
const MOST_FLAWS: usize = 20;
/// More changed rows of one kind are not listed.
const MOST_CHANGES: u32 = 20;

/// The rows that cannot be read.
pub(super) fn complaints(tables: &[Loaded]) -> Vec<LoadMessage> {
    let mut complaints = Vec::new();
    for Loaded { file, findings, .. } in tables {
        let Findings { flaws, more_flaws, hidden, unreadable: _ } = findings;
        complaints.extend(flaws.iter().take(MOST_FLAWS).map(|flaw| flaw.message(file)));
        let count = more_flaws + flaws.len().saturating_sub(MOST_FLAWS) as u64;
        if count > 0 {
            complaints.push(LoadMessage::MoreFlaws { file: file.clone(), count });
        }
        if *hidden > 0 {
            complaints.push(LoadMessage::HiddenRows { file: file.clone(), count: *hidden });
        }
    }
    complaints
}

/// `load: новых: гости 3; изменено: заявки 1`; none where nothing changed and no person is at a
/// terminal.
pub(super) fn line(tables: &[Loaded], language: Language) -> Option<String> {
    let new = counted(tables, |table| table.changes.new, language);
    let changed = counted(tables, |table| table.changes.changed, language);
    let gone = counted(tables, |table| table.changes.gone, language);
    let unreadable = counted(tables, |table| table.findings.unreadable, language);
    let messages = [
        new.map(|tables| LoadMessage::New { tables }),
        changed.map(|tables| LoadMessage::Changed { tables }),
        gone.map(|tables| LoadMessage::Gone { tables }),
        unreadable.map(|tables| LoadMessage::Unreadable { tables }),
    ];
    let messages = messages.into_iter().flatten();
    let mut parts: Vec<String> = messages.map(|message| message.localized(language)).collect();
    if parts.is_empty() && std::io::stdout().is_terminal() {
        let tables = counted(tables, |table| table.rows, language);
        let tables = tables.unwrap_or_else(|| "0".to_owned());
        parts.push(LoadMessage::NothingChanged { tables }.localized(language));
    }
    (!parts.is_empty()).then(|| format!("load: {}\n", parts.join("; ")))
}

/// `гости 2, заявки 1`; none where all are zero.
fn counted(tables: &[Loaded], count: fn(&Loaded) -> u64, language: Language) -> Option<String> {
    let mut parts = Vec::new();
    for table in tables.iter().filter(|table| count(table) > 0) {
        let name = table.scope.table.plural_name().text(language);
        parts.push(format!("{name} {}", count(table)));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// What would change, with the first rows of each kind.
pub(super) fn plan(filling: &Filling, tables: &[Loaded], language: Language) -> Result<String> {
    let mut lines = Vec::new();
    for table in tables {
        let Changes { new, changed, gone, before: _ } = table.changes;
        let plan = LoadMessage::TablePlan {
            table: Box::new(table.scope.table.plural_name()),
            file: table.file.clone(),
            new,
            changed,
            gone,
            unreadable: table.findings.unreadable,
        };
        lines.push(plan.localized(language));
        let changes = filling.changes(&table.scope, MOST_CHANGES)?;
        let more = (new + changed + gone).saturating_sub(changes.len() as u64);
        lines.extend(changes.iter().map(|change| change_line(table.scope.table, change, language)));
        if more > 0 {
            let more = LoadMessage::MoreChanges { count: more };
            lines.push(format!("  {}", more.localized(language)));
        }
    }
    lines.push(LoadMessage::NothingWritten.localized(language));
    Ok(lines.join("\n") + "\n")
}

fn change_line(table: MirrorTable, change: &Change, language: Language) -> String {
    let (Change::New(row) | Change::Changed(row, _) | Change::Gone(row)) = change;
    let name = record_name(table, row).text(language);
    match change {
        Change::New(_) => format!("  + {name}"),
        Change::Changed(_, columns) => format!("  ~ {name}: {}", columns.join(", ")),
        Change::Gone(_) => format!("  - {name}"),
    }
}

fn record_name(table: MirrorTable, name: &str) -> Message {
    let name = visible_text::name(name);
    match table {
        MirrorTable::Guests => NameMessage::Guest { id: name }.into(),
        MirrorTable::Companies => NameMessage::Company { id: name }.into(),
        MirrorTable::Bookings => LoadMessage::BookingNumber { number: name }.into(),
        MirrorTable::BookingGuests => {
            let (booking, guest) = name.split_once(' ').unwrap_or((&name, ""));
            LoadMessage::GuestOfBooking { guest: guest.to_owned(), booking: booking.to_owned() }
                .into()
        }
    }
}
