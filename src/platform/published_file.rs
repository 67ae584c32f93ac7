//! A file of ours that other programs read: a page for a web server, figures for a collector.
//!
//! It is written beside its place and renamed, so that its readers see the old file or the new one,
//! whole. No link is followed, and what is not ours is left as it is: the path may be wrong, or the
//! folder open to others.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::private_files::give_to_owner_of_folder;
use super::regular_file;
use super::sidecar_path::parent_dir;
use crate::domain::messages::PlatformMessage;

/// A web server and a collector run as users of their own. Who may reach the file, its folder says.
const MODE: u32 = 0o644;

pub(crate) struct Published<'a> {
    /// The place of the file.
    pub(crate) path: &'a Path,
    /// How the file begins: by this it is known as ours when it is replaced.
    pub(crate) mark: &'a str,
    /// The whole content of the file.
    pub(crate) text: &'a str,
}

/// Who writes: two at once must not write into one temporary file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Writer {
    /// A run that holds the lock. What a killed one left behind is removed by the next.
    Run,
    /// Any other command.
    Other,
}

/// Writes the file, or leaves the old one as it is.
///
/// # Errors
/// Its place is taken by a link, by something that is no regular file, or by a file that is not
/// ours; or it cannot be written.
pub(crate) fn publish(published: &Published<'_>, writer: Writer) -> io::Result<()> {
    let Published { path, mark, text } = published;
    refuse_foreign(path, mark)?;
    let temporary = temporary_path(path, writer)?;
    let written = write_new(&temporary, text).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        drop(fs::remove_file(&temporary));
    }
    written
}

/// Refuses to replace anything but an empty file or a file of ours.
fn refuse_foreign(path: &Path, mark: &str) -> io::Result<()> {
    let mut file = match regular_file::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    let mut beginning = Vec::new();
    Read::by_ref(&mut file).take(mark.len() as u64).read_to_end(&mut beginning)?;
    if beginning.is_empty() || beginning == mark.as_bytes() {
        return Ok(());
    }
    Err(regular_file::unfit(PlatformMessage::FileOfOtherProgram))
}

/// `status.html` -> `.status.html.tmp`: neither a web server nor a collector takes it for the file.
fn temporary_path(path: &Path, writer: Writer) -> io::Result<PathBuf> {
    let name =
        path.file_name().ok_or_else(|| regular_file::unfit(PlatformMessage::NoRegularFile))?;
    let name = name.to_string_lossy();
    let name = match writer {
        Writer::Run => format!(".{name}.tmp"),
        Writer::Other => format!(".{name}.{}.tmp", std::process::id()),
    };
    Ok(parent_dir(path).join(name))
}

fn write_new(temporary: &Path, text: &str) -> io::Result<()> {
    match fs::remove_file(temporary) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    // A new file: a link that somebody puts there is not followed.
    let mut file = OpenOptions::new().write(true).create_new(true).open(temporary)?;
    file.write_all(text.as_bytes())?;
    open_to_readers(&file)?;
    give_to_owner_of_folder(&file, temporary)?;
    // Otherwise a power cut after the renaming could leave an empty page.
    file.sync_data()
}

/// Whatever the umask of cron or systemd.
fn open_to_readers(file: &File) -> io::Result<()> {
    file.set_permissions(fs::Permissions::from_mode(MODE))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use rustix::fs::{CWD, Mode, mkfifoat};
    use tempfile::{TempDir, tempdir};

    use super::*;

    const MARK: &str = "<!-- ours -->";
    const NEW: &str = "<!-- ours --> new";

    /// Puts something into the page's place; the second path is somebody else's file.
    type Put = fn(&Path, &Path);

    fn publish_in(folder: &TempDir) -> io::Result<()> {
        let path = folder.path().join("page.html");
        publish(&Published { path: &path, mark: MARK, text: NEW }, Writer::Run)
    }

    fn names(folder: &TempDir) -> Vec<String> {
        let entries = fs::read_dir(folder.path()).into_iter().flatten().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_page_is_replaced_as_a_whole_and_everyone_may_read_it() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("page.html");
        for old in [None, Some(""), Some("<!-- ours --> a longer one of yesterday")] {
            if let Some(old) = old {
                fs::write(&path, old).unwrap();
            }
            fs::write(folder.path().join(".page.html.tmp"), "half a pa").unwrap();
            publish_in(&folder).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), NEW);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o644);
            assert_eq!(names(&folder), ["page.html"]);
        }
    }

    #[test]
    fn what_is_not_ours_stays_as_it_is() {
        let folder = tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("theirs"), "theirs").unwrap();
        let places: [(&str, Put); 6] = [
            ("file", |place, _| fs::write(place, "the hotel's own page").unwrap()),
            ("link", |place, theirs| symlink(theirs, place).unwrap()),
            ("dangling", |place, _| symlink("nothing", place).unwrap()),
            ("hard link", |place, theirs| fs::hard_link(theirs, place).unwrap()),
            ("fifo", |place, _| mkfifoat(CWD, place, Mode::RWXU).unwrap()),
            ("folder", |place, _| fs::create_dir(place).unwrap()),
        ];
        for (what, put) in places {
            put(&at("page.html"), &at("theirs"));
            assert!(regular_file::is_unfit(&publish_in(&folder).unwrap_err()), "{what}");
            assert_eq!(fs::read_to_string(at("theirs")).unwrap(), "theirs", "{what}");
            assert_eq!(names(&folder), ["page.html", "theirs"], "{what}");
            fs::remove_file(at("page.html")).or_else(|_| fs::remove_dir(at("page.html"))).unwrap();
        }
    }

    #[test]
    fn a_link_in_the_place_of_the_temporary_file_is_removed_and_not_followed() {
        let folder = tempdir().unwrap();
        let theirs = folder.path().join("theirs");
        fs::write(&theirs, "theirs").unwrap();
        symlink(&theirs, folder.path().join(".page.html.tmp")).unwrap();
        publish_in(&folder).unwrap();
        assert_eq!(fs::read_to_string(&theirs).unwrap(), "theirs");
        assert_eq!(names(&folder), ["page.html", "theirs"]);
    }

    #[test]
    fn a_file_that_cannot_be_written_leaves_the_old_one_and_nothing_beside_it() {
        let folder = tempdir().unwrap();
        fs::write(folder.path().join("page.html"), "<!-- ours --> old").unwrap();
        fs::create_dir(folder.path().join(".page.html.tmp")).unwrap();
        publish_in(&folder).unwrap_err();
        assert_eq!(
            fs::read_to_string(folder.path().join("page.html")).unwrap(),
            "<!-- ours --> old"
        );
    }
}
