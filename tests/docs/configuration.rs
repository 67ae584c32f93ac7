//! `docs/configuration.md` and `examples/ecvi-b24.toml` know every key of the configuration, and no
//! other.

use std::collections::BTreeSet;
use std::path::Path;

use ecvi_b24::config;
use ecvi_b24::domain::mirror_table::MirrorTable;
use toml::{Table, Value};

use crate::markdown::{blocks_in, code, rows};
use crate::{language, read};

const SMALLEST: &str = "[mirror]\npath = \"mirror.db\"\n[portal]\nwebhook = \"https://hotel.bitrix24.ru/rest/1/xxxxxxxx/\"\n";

/// The keys of `src/config/file.rs`, in full (`portal.burst`), as `serde` reads them. A table whose
/// keys are the hotel's own counts as one key.
fn keys(source: &str, structure: &str, prefix: &str, found: &mut BTreeSet<String>) {
    let start = format!("struct {structure} {{\n");
    let body = source.split_once(&start).unwrap().1.split_once("\n}").unwrap().0;
    let mut renamed = None;
    for line in body.lines().map(str::trim) {
        if let Some((_, rest)) = line.split_once("rename = \"") {
            renamed = rest.split('"').next();
        }
        let Some(field) = line.strip_prefix("pub(super) ") else { continue };
        let (name, kind) = field.trim_end_matches(',').split_once(": ").unwrap();
        let key = format!("{prefix}{}", renamed.take().unwrap_or(name));
        if source.contains(&format!("struct {kind} {{")) {
            keys(source, kind, &format!("{key}."), found);
        } else if kind.starts_with("BTreeMap<MirrorTable, ") {
            found.extend(MirrorTable::ALL.map(|table| format!("{key}.{}", table.name())));
        } else {
            found.insert(key);
        }
    }
}

fn all() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    keys(&read("src/config/file.rs"), "File", "", &mut found);
    assert!(
        found.contains("contact.honorific.M") && found.contains("deal.stages.no_show"),
        "{found:?}"
    );
    found
}

/// `[mirror.queries]` -> `mirror.queries.`
fn prefix(section: &str) -> String {
    section.strip_prefix('[').map(|name| name.replace(']', ".")).unwrap_or_default()
}

/// The tables whose keys are the hotel's own.
fn free(keys: &BTreeSet<String>) -> BTreeSet<String> {
    let free = |key: &&String| {
        let tables = [
            "load.guests", "load.companies", "load.bookings", "load.booking_guests",
            "contact.stays",
        ];
        key.ends_with(".fields") || key.ends_with(".statuses") || tables.contains(&key.as_str())
    };
    keys.iter().filter(free).cloned().collect()
}

#[test]
fn every_key_is_documented_and_every_documented_key_exists() {
    let document = read("docs/configuration.md");
    let keys = all();
    let rows = rows(&document);
    let described = rows.iter().filter(|(section, _)| *section != "Environment");
    let mut told: BTreeSet<String> =
        described.map(|(section, cells)| prefix(section) + code(cells[0])).collect();
    told.extend(
        free(&keys).into_iter().filter(|key| document.contains(&format!("\n### [{key}]\n"))),
    );
    assert_eq!(told, keys);
}

#[test]
fn the_defaults_are_those_of_the_code() {
    let config = config::shown_text(SMALLEST, Path::new(""), None).unwrap();
    let config: Table = config.parse().unwrap();
    let document = read("docs/configuration.md");
    for (section, cells) in rows(&document).iter().filter(|(section, _)| *section != "Environment")
    {
        let key = prefix(section) + code(cells[0]);
        if ["mirror.path", "portal.webhook"].contains(&key.as_str()) {
            continue;
        }
        let value = key
            .split('.')
            .try_fold(&Value::Table(config.clone()), |at, part| at.get(part))
            .cloned();
        let default = cells[2].trim_matches('`');
        match value {
            None => assert_eq!(default, "–", "{key} has no default"),
            Some(value) => assert!(same(&value, default), "{key}: {value:?} and {default}"),
        }
    }
}

/// Durations are shown in another way than they are written.
fn same(value: &Value, default: &str) -> bool {
    let told: Table = format!("x = {default}").parse().unwrap();
    let duration = |value: &Value| humantime::parse_duration(value.as_str()?).ok();
    *value == told["x"] || duration(value).is_some_and(|time| Some(time) == duration(&told["x"]))
}

/// An example with what it leaves out.
fn completed(example: &str) -> String {
    let mut text = example.to_owned();
    let table: Table = example.parse().unwrap_or_else(|error| panic!("{error}\n{example}"));
    for (section, key, line) in [
        ("mirror", "path", "path = \"mirror.db\""),
        ("portal", "webhook", "webhook = \"https://hotel.bitrix24.ru/rest/1/x/\""),
    ] {
        let known = table.get(section);
        if known
            .is_some_and(|known| known.get(key).is_some() || known.get("webhook_file").is_some())
        {
            continue;
        }
        let heading = format!("[{section}]\n");
        if text.contains(&heading) {
            text = text.replacen(&heading, &format!("{heading}{line}\n"), 1);
        } else {
            text = format!("{text}\n{heading}{line}\n");
        }
    }
    text
}

/// Parses, or fails for want of the webhook's file alone.
pub(crate) fn assert_reads(example: &str) {
    let _language = language();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("webhook"), "https://hotel.bitrix24.ru/rest/1/x/").unwrap();
    let file = |line: &str| line.starts_with("webhook_file");
    let text: Vec<&str> = example
        .lines()
        .map(|line| if file(line) { "webhook_file = \"webhook\"" } else { line })
        .collect();
    let text = completed(&text.join("\n"));
    if let Err(error) = config::parse(&text, folder.path(), None) {
        panic!("{error:#}\n{text}");
    }
}

#[test]
fn every_example_can_be_read() {
    let document = read("docs/configuration.md");
    let examples = blocks_in(&document, "toml");
    assert!(examples.len() > 15);
    examples.into_iter().for_each(assert_reads);
}

#[test]
fn the_example_file_is_the_defaults() {
    let of = |text: &str| config::shown_text(text, Path::new(""), None).unwrap();
    assert_eq!(of(&read("examples/ecvi-b24.toml")), of(SMALLEST));
}

#[test]
fn the_example_file_has_every_key_and_all_that_is_off_can_be_turned_on() {
    let on: Vec<String> = read("examples/ecvi-b24.toml")
        .lines()
        .filter(|line| !line.starts_with("webhook ") && !line.starts_with("write_back"))
        .map(|line| {
            line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line).to_owned()
        })
        .collect();
    let on = on.join("\n");
    assert_reads(&on);
    let mut table: Table = on.parse().unwrap();
    table["portal"].as_table_mut().unwrap().insert("webhook".into(), "".into());
    table["mirror"].as_table_mut().unwrap().insert("write_back".into(), false.into());
    let keys = all();
    let mut found = BTreeSet::new();
    flatten(&Value::Table(table), "", &free(&keys), &mut found);
    assert_eq!(found, keys);
}

fn flatten(value: &Value, key: &str, free: &BTreeSet<String>, found: &mut BTreeSet<String>) {
    match value {
        Value::Table(table) if !free.contains(key) => {
            for (name, value) in table {
                let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                flatten(value, &key, free, found);
            }
        }
        _ => drop(found.insert(key.to_owned())),
    }
}
