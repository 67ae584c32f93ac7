//! The configuration that is being written: the file with all that people wrote there, and the
//! answers put into it.
//!
//! A key is touched only where the answer differs from the file, so comments, order and all other
//! keys stay as they are. What equals the default is not written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};
use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, Value};

use crate::config::{self, Config, ConfigFile};
use crate::domain::language::Language;
use crate::domain::messages::InitMessage;
use crate::domain::run_error::{Result, RunError, explained};
use crate::domain::visible_text;
use crate::msg;
use crate::platform::sidecar_path::parent_dir;

/// What the package installs where there is no configuration yet.
const PACKAGE_DRAFT: &str = include_str!("../../../packaging/ecvi-b24.toml");

/// A key with its sections: `["deal", "stages", "confirmed"]`.
pub(super) type Key<'a> = &'a [&'a str];

/// A key whose value becomes another one. The webhook is not told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Change {
    pub(super) key: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

/// The configuration that is being written.
pub(super) struct Draft {
    path: PathBuf,
    /// The text of the file; none where there is no file.
    before: Option<String>,
    document: DocumentMut,
    defaults: toml::Table,
}

impl Draft {
    /// Reads the file, where there is one. A blank one, or the one of the package, is replaced.
    ///
    /// # Errors
    /// The file is there and cannot be read, or is no TOML.
    pub(super) fn open(file: &ConfigFile) -> Result<Draft> {
        let before = file.text_to_change()?;
        // A link stays one: the file behind it is written.
        let path = file.path().canonicalize().unwrap_or_else(|_| file.path().to_owned());
        let own_text = before.as_deref().filter(|text| is_written_by_people(text));
        let document = own_text.unwrap_or_default().parse().map_err(|error| no_toml(&error))?;
        Ok(Draft { path, before, document, defaults: config::defaults() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a person wrote into the file before.
    pub(super) fn is_rewritten(&self) -> bool {
        self.before.as_deref().is_some_and(is_written_by_people)
    }

    /// Whether the file is there, with an owner and rights that stay.
    fn is_there(&self) -> bool {
        self.before.is_some()
    }

    /// The value of a key as text; none where it is not in the file.
    pub(super) fn get(&self, key: Key<'_>) -> Option<String> {
        Some(shown(&plain(self.value(key)?)?))
    }

    /// The value of a key as text, or its default.
    pub(super) fn get_or_default(&self, key: Key<'_>) -> Option<String> {
        self.get(key).or_else(|| Some(shown(look_up(&self.defaults, key)?)))
    }

    /// The value that the file had before the first question.
    pub(super) fn get_before(&self, key: Key<'_>) -> Option<String> {
        let before: toml::Table = toml::from_str(self.before.as_deref()?).ok()?;
        Some(shown(look_up(&before, key)?))
    }

    fn value(&self, key: Key<'_>) -> Option<&Value> {
        let mut item = self.document.as_item();
        for part in key {
            item = item.get(part)?;
        }
        item.as_value()
    }

    /// Puts an answer into the file, with a comment behind it.
    pub(super) fn set(&mut self, key: Key<'_>, value: impl Into<Value>, comment: &str) {
        let mut value = value.into();
        let wanted = plain(&value);
        if self.value(key).and_then(plain) == wanted {
            return;
        }
        if look_up(&self.defaults, key) == wanted.as_ref() {
            return self.remove(key);
        }
        if !comment.is_empty() {
            // A stage of the portal may be called by any letters, line breaks among them.
            value.decor_mut().set_suffix(format!("  # {}", visible_text::line(comment)));
        } else if let Some(old) = self.value(key) {
            *value.decor_mut() = old.decor().clone();
        }
        put(self.document.as_table_mut(), key, value, false);
    }

    /// Puts the language above all sections, below what people wrote at the head of the file.
    pub(super) fn set_language(&mut self, language: Language) {
        if !self.is_rewritten()
            && let Ok(begun) = heading(language).parse()
        {
            self.document = begun;
            return;
        }
        let is_new = self.document.get("language").is_none();
        self.set(&["language"], language.code(), "");
        if !is_new {
            return;
        }
        let head = self.take_head().unwrap_or_default();
        if let Some(mut key) = self.document.key_mut("language") {
            key.leaf_decor_mut().set_prefix(head);
        }
    }

    /// The comment before the first section.
    fn take_head(&mut self) -> Option<String> {
        let first = self.document.iter_mut().find_map(|(_, item)| item.as_table_mut())?;
        let head = first.decor().prefix()?.as_str()?.to_owned();
        first.decor_mut().set_prefix("\n");
        Some(head)
    }

    /// Takes a key out of the file.
    pub(super) fn remove(&mut self, key: Key<'_>) {
        let Some((name, sections)) = key.split_last() else { return };
        let mut table: &mut dyn TableLike = self.document.as_table_mut();
        for part in sections {
            let Some(inner) = table.get_mut(part).and_then(Item::as_table_like_mut) else { return };
            table = inner;
        }
        table.remove(name);
    }

    /// The configuration as far as it has got. `webhook` is that of the environment.
    pub(super) fn config(&self, webhook: Option<&str>) -> Result<Config> {
        Ok(config::parse_file(&self.path, &self.document.to_string(), webhook)?)
    }

    /// Refuses a file that has a fault beside its webhook, before anything is asked.
    pub(super) fn refuse_faults(&self) -> Result<()> {
        let mut document = self.document.clone();
        for key in ["webhook", "webhook_file"] {
            document
                .get_mut("portal")
                .and_then(Item::as_table_like_mut)
                .and_then(|portal| portal.remove(key));
        }
        config::parse_file(&self.path, &document.to_string(), Some("http://localhost/rest/1/x/"))?;
        Ok(())
    }

    /// What the file will say otherwise than it does.
    pub(super) fn changes(&self) -> Vec<Change> {
        let before = flat(self.before.as_deref().unwrap_or_default());
        let after = flat(&self.document.to_string());
        let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let mut changes = Vec::new();
        for key in keys {
            let change = Change {
                key: key.clone(),
                before: before.get(key).cloned(),
                after: after.get(key).cloned(),
            };
            if change.before != change.after {
                changes.push(without_secret(change));
            }
        }
        changes
    }

    /// Writes the file, as a whole or not at all: a new one for its owner alone, an old one with
    /// its owner and rights. Returns a new file.
    ///
    /// # Errors
    /// In words: the folder cannot be written, or somebody else wrote the file meanwhile.
    pub(super) fn write(&self) -> Result<Option<File>> {
        let path = self.path.display().to_string();
        if self.before.as_ref() == Some(&self.document.to_string()) {
            return Ok(None);
        }
        if ConfigFile::named(&self.path).text_to_change()? != self.before {
            return Err(InitMessage::FileChangedMeanwhile { path }.into());
        }
        self.replace()
            .map_err(|error| RunError::System(explained(InitMessage::NotWritten { path }, error)))
    }

    fn replace(&self) -> std::io::Result<Option<File>> {
        let made = Builder::new().prefix(".ecvi-b24-").tempfile_in(parent_dir(&self.path));
        let mut file = match made {
            // In /etc an administrator may have made the file for the user of the runs: that user
            // makes no other there.
            Err(error) if self.is_there() && error.kind() == ErrorKind::PermissionDenied => {
                fs::write(&self.path, self.document.to_string())?;
                return Ok(None);
            }
            made => made?,
        };
        file.write_all(self.document.to_string().as_bytes())?;
        if self.is_there() {
            keep_access(&file, &self.path)?;
        }
        file.as_file().sync_all()?;
        if self.is_there() {
            file.persist(&self.path)?;
            return Ok(None);
        }
        Ok(Some(file.persist_noclobber(&self.path)?))
    }
}

/// Whether a person wrote this: it is neither blank nor what the package installs.
fn is_written_by_people(text: &str) -> bool {
    !text.trim().is_empty() && text != PACKAGE_DRAFT
}

/// The new file is as open as the one that it takes the place of.
fn keep_access(file: &NamedTempFile, old: &Path) -> std::io::Result<()> {
    let old = fs::metadata(old)?;
    fchown(file.as_file(), Some(old.uid()), Some(old.gid()))?;
    file.as_file().set_permissions(old.permissions())
}

fn no_toml(error: &toml_edit::TomlError) -> RunError {
    RunError::Config(explained("TOML".to_owned(), error.to_string()))
}

fn heading(language: Language) -> String {
    let code = language.code();
    msg!(
        language,
        "# Конфигурация ecvi-b24. Её записала команда ecvi-b24 init; \
         запущенная снова, она предложит эти ответы.\n\
         # Чего здесь нет, то имеет значение по умолчанию. \
         Все ключи описаны в docs/configuration.md.\n\
         # В файле пароль ко всей CRM: никому его не показывайте.\n\n\
         language = \"{code}\"\n",
        "# The configuration of ecvi-b24, written by ecvi-b24 init; \
         run again, it offers these answers.\n\
         # What is not here has its default. Every key: docs/configuration.md.\n\
         # The file holds a password to the whole CRM: show it to nobody.\n\n\
         language = \"{code}\"\n",
    )
}

/// Puts a value below its sections, which are made where they are missing.
fn put(table: &mut dyn TableLike, key: Key<'_>, value: Value, is_inline: bool) {
    match key {
        [] => {}
        [name] => drop(table.insert(name, Item::Value(value))),
        [section, rest @ ..] => {
            let new =
                if is_inline { InlineTable::new().into() } else { Item::Table(implicit_table()) };
            let item = table.entry(section).or_insert(new);
            let is_inline = item.is_inline_table();
            let mut value = value;
            if is_inline {
                // A comment would hide the brace that ends the table.
                value.decor_mut().clear();
            }
            if let Some(inner) = item.as_table_like_mut() {
                put(inner, rest, value, is_inline);
            }
        }
    }
}

/// A section that shows only where it has a key.
fn implicit_table() -> Table {
    let mut table = Table::new();
    table.set_implicit(true);
    table
}

fn look_up<'t>(table: &'t toml::Table, key: Key<'_>) -> Option<&'t toml::Value> {
    let (name, sections) = key.split_last()?;
    let mut at = table;
    for part in sections {
        at = at.get(*part)?.as_table()?;
    }
    at.get(*name)
}

/// The value without its comment and its spelling.
fn plain(value: &Value) -> Option<toml::Value> {
    let mut table: toml::Table = toml::from_str(&format!("x = {value}")).ok()?;
    table.remove("x")
}

fn shown(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `[deal.stages] confirmed` -> its value
fn flat(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let table = toml::from_str::<toml::Table>(text).unwrap_or_default();
    flatten(&table, "", &mut found);
    found
}

fn flatten(table: &toml::Table, section: &str, found: &mut BTreeMap<String, String>) {
    for (name, value) in table {
        let inner = if section.is_empty() { name.clone() } else { format!("{section}.{name}") };
        match value {
            toml::Value::Table(table) => flatten(table, &inner, found),
            value if section.is_empty() => drop(found.insert(name.clone(), shown(value))),
            value => drop(found.insert(format!("[{section}] {name}"), shown(value))),
        }
    }
}

fn without_secret(mut change: Change) -> Change {
    if ["[portal] webhook", "[monitoring] heartbeat_url"].contains(&change.key.as_str()) {
        for secret in [&mut change.before, &mut change.after].into_iter().flatten() {
            "***".clone_into(secret);
        }
    }
    change
}
