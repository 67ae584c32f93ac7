//! The file of a configuration, opened once: whose it is and what it says are read from the same
//! open file, so that nobody can put another one in its place in between.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::error::{self, ConfigError};
use super::{Config, Link, folder_of, link, ownership, parse, paths, shown_text, without_secret};
use crate::domain::language::Language;
use crate::domain::messages::ConfigMessage;
use crate::platform::regular_file;

/// The configuration of a machine, which the package makes.
pub const SYSTEM_CONFIG: &str = "/etc/ecvi-b24.toml";

/// The name of a configuration in the current folder.
const USUAL_NAME: &str = "ecvi-b24.toml";

/// A configuration is never that large; `/dev/zero` and a database are.
const MOST_BYTES: u64 = 1024 * 1024;

/// How a configuration was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Origin {
    /// Somebody named it.
    Named,
    /// It lay in the current folder, which may be anybody's.
    CurrentFolder,
    /// It is the machine's.
    System,
}

/// A configuration as it was when it was opened.
#[derive(Debug)]
pub struct ConfigFile {
    path: PathBuf,
    origin: Origin,
    /// None where there is no file.
    content: Result<Option<Content>, ConfigError>,
}

/// What stood in the file.
#[derive(Debug)]
struct Content {
    text: String,
    /// The file behind the link, where the path is one.
    linked: Option<PathBuf>,
    /// Everyone on this machine can read it.
    is_world_readable: bool,
}

impl ConfigFile {
    /// Reads the file to use: `--config`, else `$ECVI_B24_CONFIG`, else `ecvi-b24.toml` here, else
    /// the one in `/etc`.
    pub fn find(option: Option<&Path>) -> ConfigFile {
        let here = Path::new(USUAL_NAME);
        match option {
            Some(path) if !path.as_os_str().is_empty() => ConfigFile::named(path),
            _ if here.exists() => ConfigFile::read(here, Origin::CurrentFolder),
            _ => ConfigFile::read(Path::new(SYSTEM_CONFIG), Origin::System),
        }
    }

    /// Reads a file that somebody named.
    pub fn named(path: &Path) -> ConfigFile {
        ConfigFile::read(path, Origin::Named)
    }

    /// The file in the current folder, for who has none anywhere.
    pub fn here() -> ConfigFile {
        ConfigFile::read(Path::new(USUAL_NAME), Origin::CurrentFolder)
    }

    fn read(path: &Path, origin: Origin) -> ConfigFile {
        ConfigFile { path: path.to_owned(), origin, content: read(path, origin) }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether somebody named it.
    pub fn is_named(&self) -> bool {
        self.origin == Origin::Named
    }

    /// The language that it names, also where the rest of it is wrong.
    pub fn language(&self) -> Option<Language> {
        let content = self.content.as_ref().ok()?.as_ref()?;
        let mut table: toml::Table = toml::from_str(&content.text).ok()?;
        table.remove("language")?.try_into().ok()
    }

    /// Checks what stands in it.
    ///
    /// `webhook` is the value of `$ECVI_B24_WEBHOOK`; the file's own `webhook` wins over it.
    pub fn load(&self, webhook: Option<&str>) -> Result<Config, ConfigError> {
        let content = self.content()?;
        let mut config = parse(&content.text, self.folder(content), webhook)
            .map_err(|error| error.in_file(&self.path))?;
        paths::refuse_own(&config, &self.path)?;
        self.path.clone_into(&mut config.file);
        config.exposed = super::exposed_files(&config, &self.path, content.is_world_readable);
        let linked = content.linked.as_ref();
        config.link = linked.map(|file| Link::new(&self.path, file.clone(), &config.state));
        Ok(config)
    }

    /// All keys in effect as TOML: fit for a ticket, because secrets are hidden.
    pub fn shown(&self, webhook: Option<&str>) -> Result<String, ConfigError> {
        let content = self.content()?;
        shown_text(&content.text, self.folder(content), webhook)
            .map_err(|error| error.in_file(&self.path))
    }

    /// The text, which is to be changed; none where there is no file.
    pub fn text_to_change(&self) -> Result<Option<String>, ConfigError> {
        let Some(Content { text, .. }) = self.content.as_ref().map_err(Clone::clone)? else {
            return Ok(None);
        };
        match toml::from_str::<toml::Table>(text) {
            Ok(_) => Ok(Some(text.clone())),
            Err(error) => Err(without_secret(text, &error).in_file(&self.path)),
        }
    }

    fn content(&self) -> Result<&Content, ConfigError> {
        let content = self.content.as_ref().map_err(Clone::clone)?;
        content.as_ref().ok_or_else(|| {
            let path = self.path.display().to_string();
            ConfigError::Unreadable(ConfigMessage::FileMissing { path }.into())
        })
    }

    /// The folder from which relative paths lead on.
    fn folder<'a>(&'a self, content: &'a Content) -> &'a Path {
        folder_of(content.linked.as_deref().unwrap_or(&self.path))
    }
}

/// An open configuration, and what tells whose it is.
struct Opened {
    file: fs::File,
    metadata: Metadata,
    /// Who made the link, where the path is one: it is its owner's, whatever it leads to.
    owner_of_name: u32,
    linked: Option<PathBuf>,
}

fn read(path: &Path, origin: Origin) -> Result<Option<Content>, ConfigError> {
    let opened = match open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| error::unreadable(path, &error))?,
    };
    let names = [opened.owner_of_name, opened.metadata.uid()];
    ownership::refuse_others_file(path, names, opened.metadata.mode(), origin)?;
    let text = regular_file::read_text(&opened.file, MOST_BYTES)
        .map_err(|error| error::unreadable(path, &error))?;
    let is_world_readable = super::is_readable_by_others(&opened.metadata);
    Ok(Some(Content { text, linked: opened.linked, is_world_readable }))
}

fn open(path: &Path) -> io::Result<Opened> {
    let name = fs::symlink_metadata(path)?;
    let linked = link::behind(path, &name)?;
    let file = regular_file::read(linked.as_deref().unwrap_or(path))?;
    let metadata = file.metadata()?;
    Ok(Opened { file, metadata, owner_of_name: name.uid(), linked })
}
