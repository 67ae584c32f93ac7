//! Files that their owner alone may read: the state, and the lock beside it. The bucket that hotels share is opened
//! to their group afterwards.
//!
//! A file that root creates in another user's folder is given to the folder's owner: a command that was run as root
//! once would otherwise leave a state that the runs of cron cannot open.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::platform::regular_file;
use crate::say;

/// Opens the file, or makes it; and whether it was made.
pub(crate) fn open_or_create_private(path: &Path) -> io::Result<(File, bool)> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.clone().create_new(true).open(path) {
        Ok(made) => {
            leave_to_the_folders_owner(&made, path)?;
            Ok((made, true))
        }
        // Not made here, so its owner stays, and it is no link to another's file.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            regular_file::open(path, &options).map(|file| (file, false))
        }
        Err(error) => Err(error),
    }
}

/// What to do about a file that is another user's.
pub(crate) fn run_as_owner_hint() -> String {
    say!(
        "выполните команду от имени пользователя, от которого идут запуски (после установки из пакета: sudo -u ecvi-b24 ecvi-b24 …)",
        "run the command as the user who runs the passes (installed from the package: sudo -u ecvi-b24 ecvi-b24 …)"
    )
}

/// What to do about a file that cannot be read.
pub(crate) fn io_hint(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => run_as_owner_hint(),
        _ => say!("проверьте путь", "check its path"),
    }
}

/// What to do where the process or the machine has run out of something.
pub(crate) fn exhausted(error: &io::Error) -> Option<String> {
    if is_out_of_descriptors(error) {
        return Some(say!(
            "не хватает файловых дескрипторов: увеличьте предел открытых файлов (ulimit -n, LimitNOFILE)",
            "too few file descriptors: raise the limit of open files (ulimit -n, LimitNOFILE)"
        ));
    }
    (error.kind() == ErrorKind::OutOfMemory).then(no_memory)
}

/// Whether no further file or connection can be opened: none was.
pub(crate) fn is_out_of_descriptors(error: &io::Error) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    matches!(error.raw_os_error(), Some(ENFILE | EMFILE))
}

/// What to do where SQLite cannot open the files that it needs at once; nothing where it can.
pub(crate) fn no_descriptors() -> Option<String> {
    /// A database, its journal, the folder, and a temporary file.
    const NEEDED: usize = 4;
    let opened: io::Result<Vec<File>> = (0..NEEDED).map(|_| File::open("/dev/null")).collect();
    opened.err().and_then(|error| exhausted(&error))
}

pub(crate) fn no_memory() -> String {
    say!(
        "не хватает памяти: освободите её или увеличьте предел (ulimit -v, MemoryMax)",
        "not enough memory: free some, or raise the limit (ulimit -v, MemoryMax)"
    )
}

/// Whether the file is there and another user's.
pub(crate) fn is_denied(path: &Path) -> bool {
    let opened = regular_file::open(path, OpenOptions::new().read(true).write(true));
    opened.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
}

/// Whether another path leads to the same file: what is written into it may be another's.
#[cfg(unix)]
pub(crate) fn has_several_names(file: &File) -> io::Result<bool> {
    Ok(std::os::unix::fs::MetadataExt::nlink(&file.metadata()?) > 1)
}

#[cfg(not(unix))]
pub(crate) fn has_several_names(_: &File) -> io::Result<bool> {
    Ok(false)
}

#[cfg(unix)]
fn leave_to_the_folders_owner(made: &File, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let folder = std::fs::metadata(crate::platform::sidecar_path::parent_dir(path))?;
    match new_owner(made.metadata()?.uid(), folder.uid()) {
        Some(heir) => fchown(made, Some(heir), Some(folder.gid())),
        None => Ok(()),
    }
}

/// Who gets a new file of this owner in a folder of that one, if anybody.
#[cfg(unix)]
fn new_owner(file: u32, folder: u32) -> Option<u32> {
    (file == 0 && folder != 0).then_some(folder)
}

#[cfg(not(unix))]
fn leave_to_the_folders_owner(_: &File, _: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{MetadataExt, chown, symlink};

    use super::*;

    const SOMEBODY: u32 = 65_534;

    /// A folder of somebody's; none where the test does not run as root.
    fn folder() -> Option<tempfile::TempDir> {
        let folder = tempfile::tempdir().ok()?;
        chown(folder.path(), Some(SOMEBODY), Some(SOMEBODY)).ok().map(|()| folder)
    }

    #[test]
    fn root_alone_leaves_its_files_to_others() {
        assert_eq!(new_owner(0, SOMEBODY), Some(SOMEBODY));
        assert_eq!(new_owner(0, 0), None);
        assert_eq!(new_owner(SOMEBODY, SOMEBODY), None);
        assert_eq!(new_owner(SOMEBODY, 0), None);
        assert_eq!(new_owner(SOMEBODY, 1000), None);
    }

    #[test]
    fn what_root_makes_belongs_to_whom_the_folder_belongs() {
        let Some(folder) = folder() else { return };
        let made = open_or_create_private(&folder.path().join("state.db")).unwrap().0.metadata().unwrap();
        assert_eq!((made.uid(), made.gid(), made.mode() & 0o777), (SOMEBODY, SOMEBODY, 0o600));
    }

    #[test]
    fn what_stood_there_keeps_its_owner_and_a_link_to_it_is_not_followed() {
        let Some(folder) = folder() else { return };
        let [state, link] = ["state.db", "link.db"].map(|name| folder.path().join(name));
        std::fs::write(&state, "").unwrap();
        symlink(&state, &link).unwrap();
        assert_eq!(open_or_create_private(&state).unwrap().0.metadata().unwrap().uid(), 0);
        assert!(regular_file::is_unfit(&open_or_create_private(&link).unwrap_err()));
    }
}
