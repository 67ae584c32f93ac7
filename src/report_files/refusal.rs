//! Why a report as a whole cannot be read, in words: the file, what is wrong with it, and what to
//! do.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::layout::LayoutError;
use crate::domain::column_names::columns_called;
use crate::domain::messages::{LoadMessage, Message};
use crate::domain::mirror_table::MirrorTable;
use crate::domain::run_error::RunError;
use crate::domain::visible_text;
use crate::platform::private_files;

/// More headings than these are not shown.
const MOST_SHOWN: usize = 40;

/// A report that cannot be found, opened or read to its end.
pub fn unreadable_file(path: &Path, error: &io::Error) -> RunError {
    let shown = path.display().to_string();
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            LoadMessage::ReportMissing { path: shown }.into()
        }
        ErrorKind::PermissionDenied => LoadMessage::ReportDenied { path: shown }.into(),
        _ => match private_files::exhausted(error) {
            Some(message) => RunError::Mirror(message),
            None => LoadMessage::ReportUnreadable { path: shown, error: error.to_string().into() }
                .into(),
        },
    }
}

/// Headings that are missing or doubled.
pub(super) fn headings(path: &Path, table: MirrorTable, error: LayoutError) -> LoadMessage {
    let path = path.display().to_string();
    match error {
        LayoutError::Missing { missing, present, line } => LoadMessage::HeadingsMissing {
            path,
            section: table.name().to_owned(),
            missing: quoted(&missing),
            present: quoted(&present),
            line,
        },
        LayoutError::Doubled { heading, columns, line } => LoadMessage::HeadingDoubled {
            path,
            heading: quoted(&[heading]),
            columns: columns.join(", "),
            line,
        },
        LayoutError::None { wanted, present } if present.is_empty() => {
            LoadMessage::NoHeadings { path, wanted: quoted(&wanted) }
        }
        LayoutError::None { wanted, present } => LoadMessage::OtherHeadings {
            path,
            wanted: quoted(&wanted),
            present: quoted(&present),
            draft: Message::Lines(draft(table, &present).lines().map(Message::from).collect())
                .into(),
        },
    }
}

fn quoted(texts: &[String]) -> String {
    let shown = texts.iter().take(MOST_SHOWN);
    let mut quoted: Vec<String> =
        shown.map(|text| format!("«{}»", visible_text::name(text))).collect();
    if texts.len() > MOST_SHOWN {
        quoted.push("…".into());
    }
    quoted.join(", ")
}

/// The section as it might read, for a person to correct.
fn draft(table: MirrorTable, present: &[String]) -> String {
    let mut lines = vec![format!("[load.{}]", table.name())];
    for heading in present.iter().take(MOST_SHOWN) {
        lines.push(match columns_called(heading, table) {
            Some(columns) => format!("{heading:?} = \"{columns}\""),
            None => format!("# {heading:?} = \"…\""),
        });
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_names_the_columns_that_the_table_has() {
        let present = ["Код", "ФИО", "Название", "Прочее"].map(str::to_owned);
        let wanted = "[load.guests]\n\"Код\" = \"id\"\n\"ФИО\" = \"last_name first_name middle_name\"\n# \"Название\" = \"…\"\n# \"Прочее\" = \"…\"";
        assert_eq!(draft(MirrorTable::Guests, &present), wanted);
    }
}
