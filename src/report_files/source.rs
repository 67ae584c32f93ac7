//! Which file a report is, and that it is not written while it is read.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::unreadable_file;
use crate::domain::messages::LoadMessage;
use crate::domain::run_error::{Result, RunError};
use crate::platform::clock::Clock;
use crate::platform::regular_file;
use crate::platform::sidecar_path::parent_dir;

/// A file that was written within this time may be written still.
const REST: Duration = Duration::from_secs(2);

/// No export takes longer to write its file; one that does is read by the next run.
const MOST_WAITS: usize = 15;

/// The report of one table, found and at rest.
#[derive(Debug)]
pub struct Source {
    /// Where the file is.
    pub path: PathBuf,
    seen: Metadata,
}

impl Source {
    /// Finds the file. A name with `*` means the newest file of such a name.
    pub fn find(pattern: &Path) -> Result<Source> {
        let path = newest(pattern)?;
        let seen = fs::metadata(&path).map_err(|error| unreadable_file(&path, &error))?;
        if !seen.is_file() {
            return Err(LoadMessage::ReportNoFile { path: path.display().to_string() }.into());
        }
        Ok(Source { path, seen })
    }

    /// The name alone, for messages.
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned()
    }

    /// The path, for messages.
    pub fn shown(&self) -> String {
        self.path.display().to_string()
    }

    /// When it was written last.
    pub fn written_at(&self) -> Option<SystemTime> {
        self.seen.modified().ok()
    }

    /// Opens it to be read.
    pub fn open(&self) -> Result<File> {
        regular_file::read_behind_links(&self.path).map_err(|error| self.unreadable(&error))
    }

    pub(super) fn unreadable(&self, error: &io::Error) -> RunError {
        unreadable_file(&self.path, error)
    }

    /// Waits until nothing was written into it for a moment, and looks at it anew.
    ///
    /// # Errors
    /// As [`Source::find`]; and [`RunError`] where it is written all the time, or a signal came.
    pub fn at_rest(self, clock: &Clock) -> Result<Source> {
        let mut source = self;
        for _ in 0..MOST_WAITS {
            let Some(left) = source.time_to_rest() else { return Ok(source) };
            clock.sleep(left);
            if clock.interrupted() {
                break;
            }
            source = Source::find(&source.path)?;
        }
        Err(source.changing())
    }

    fn time_to_rest(&self) -> Option<Duration> {
        // A time in the future is another machine's clock, and says nothing.
        let age = SystemTime::now().duration_since(self.written_at()?).ok()?;
        REST.checked_sub(age)
    }

    fn changing(&self) -> RunError {
        RunError::interrupted(LoadMessage::ReportChanging { path: self.shown() })
    }

    /// Whether it still is what it was when it was found.
    ///
    /// # Errors
    /// [`RunError`]: it was written meanwhile, so that what was read may be a part of it.
    pub fn require_unchanged(&self) -> Result<()> {
        let now = fs::metadata(&self.path);
        if now.is_ok_and(|now| is_same(&self.seen, &now)) {
            return Ok(());
        }
        Err(self.changing())
    }
}

fn is_same(seen: &Metadata, now: &Metadata) -> bool {
    is_same_file(seen, now)
        && seen.len() == now.len()
        && seen.modified().ok() == now.modified().ok()
}

fn is_same_file(seen: &Metadata, now: &Metadata) -> bool {
    (seen.dev(), seen.ino()) == (now.dev(), now.ino())
}

/// The newest file of a name with `*`; a name without it is the file.
fn newest(pattern: &Path) -> Result<PathBuf> {
    let name = pattern.file_name().unwrap_or_default().to_string_lossy();
    if !name.contains('*') {
        return Ok(pattern.to_owned());
    }
    let Ok(wanted) = glob::Pattern::new(&name) else { return Ok(pattern.to_owned()) };
    let folder = parent_dir(pattern);
    let entries = fs::read_dir(folder).map_err(|error| unreadable_file(folder, &error))?;
    let mut found: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| unreadable_file(folder, &error))?;
        let path = entry.path();
        let is_wanted = wanted.matches(&entry.file_name().to_string_lossy());
        if is_wanted && path.is_file() {
            let written = fs::metadata(&path).and_then(|file| file.modified());
            found.push((written.unwrap_or(SystemTime::UNIX_EPOCH), path));
        }
    }
    // Of two files of one moment the later name.
    let newest = found.into_iter().max().map(|(_, path)| path);
    newest.ok_or_else(|| unreadable_file(pattern, &io::Error::from(ErrorKind::NotFound)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &Path) -> Source {
        Source::find(pattern).unwrap()
    }

    #[test]
    fn a_file_that_was_written_meanwhile_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("guests.csv");
        fs::write(&path, "1;Белова\n").unwrap();
        let source = found(&path);
        source.require_unchanged().unwrap();
        let changes: [fn(&Path); 3] = [
            |path| fs::write(path, "1;Белова\n2;Зуева\n").unwrap(),
            |path| fs::remove_file(path).unwrap(),
            |path| {
                // Of the same size and time, but another file.
                let time = fs::metadata(path).unwrap().modified().unwrap();
                let other = path.with_extension("new");
                fs::write(&other, "1;Белова\n").unwrap();
                File::options().write(true).open(&other).unwrap().set_modified(time).unwrap();
                fs::rename(other, path).unwrap();
            },
        ];
        for change in changes {
            fs::write(&path, "1;Белова\n").unwrap();
            let source = found(&path);
            change(&path);
            assert!(source.require_unchanged().is_err());
        }
    }

    #[test]
    fn a_star_means_the_newest_file_and_no_other_name() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, seconds| {
            let file = File::create(folder.path().join(name)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
        };
        write("guests-1.csv", 200);
        write("guests-2.csv", 100);
        write("guests-3.csv.new", 300);
        fs::create_dir(folder.path().join("guests-4.csv")).unwrap();
        assert_eq!(found(&folder.path().join("guests-*.csv")).name(), "guests-1.csv");
        assert!(Source::find(&folder.path().join("rooms-*.csv")).is_err());
    }
}
