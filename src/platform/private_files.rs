//! Files that only their owner may read: the state, and the lock beside it. A bucket that hotels
//! share is opened to their group afterwards.
//!
//! A file that root creates in another user's folder is given to the owner of that folder. A
//! command that was run as root once would otherwise leave a state that the runs of cron cannot
//! open.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

use crate::domain::messages::{Message, PlatformMessage};
use crate::platform::regular_file;
use crate::platform::sidecar_path::parent_dir;

/// A file that was opened, and whether it was created for that.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) file: File,
    pub(crate) is_new: bool,
}

/// Opens the file, or creates it for its owner alone.
pub(crate) fn open_or_create_private(path: &Path) -> io::Result<Opened> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    match options.clone().create_new(true).open(path) {
        Ok(file) => {
            give_to_owner_of_folder(&file, path)?;
            Ok(Opened { file, is_new: true })
        }
        // An existing file keeps its owner, and may be a link to another's file.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let file = regular_file::open(path, &options)?;
            Ok(Opened { file, is_new: false })
        }
        Err(error) => Err(error),
    }
}

/// Lets the group read and write a file that it cannot read and write yet, whatever the umask.
/// Another user's file stays as it is.
pub(crate) fn share_with_group(file: &File) -> io::Result<()> {
    const GROUP: u32 = 0o060;
    let mut permissions = file.metadata()?.permissions();
    if permissions.mode() & GROUP == GROUP {
        return Ok(());
    }
    permissions.set_mode(permissions.mode() | GROUP);
    match file.set_permissions(permissions) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        shared => shared,
    }
}

/// What to do about a file that cannot be read.
pub(crate) fn io_hint(error: &io::Error) -> Message {
    match error.kind() {
        ErrorKind::PermissionDenied => PlatformMessage::RunAsOwner.into(),
        _ => PlatformMessage::CheckPath.into(),
    }
}

/// What to do where the process or the machine has run out of descriptors or memory; none for
/// another error.
pub(crate) fn exhausted(error: &io::Error) -> Option<Message> {
    if is_out_of_descriptors(error) {
        Some(PlatformMessage::TooFewDescriptors.into())
    } else if error.kind() == ErrorKind::OutOfMemory {
        Some(PlatformMessage::TooLittleMemory.into())
    } else {
        None
    }
}

/// Whether the file or the connection was not opened for want of a descriptor.
pub(crate) fn is_out_of_descriptors(error: &io::Error) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    matches!(error.raw_os_error(), Some(ENFILE | EMFILE))
}

/// What to do where SQLite cannot open the files that it needs at the same time; none where it can.
pub(crate) fn no_descriptors() -> Option<Message> {
    /// A database, its journal, the folder, and a temporary file.
    const NEEDED: usize = 4;
    let opened: io::Result<Vec<File>> = (0..NEEDED).map(|_| File::open("/dev/null")).collect();
    exhausted(&opened.err()?)
}

/// Whether the file exists and this user may not write it.
pub(crate) fn is_denied(path: &Path) -> bool {
    let opened = regular_file::open(path, OpenOptions::new().read(true).write(true));
    opened.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
}

/// Whether another path leads to the same file. Its content may then be somebody else's.
pub(crate) fn has_several_names(file: &File) -> io::Result<bool> {
    Ok(file.metadata()?.nlink() > 1)
}

pub(super) fn give_to_owner_of_folder(file: &File, path: &Path) -> io::Result<()> {
    let folder = std::fs::metadata(parent_dir(path))?;
    match new_owner(file.metadata()?.uid(), folder.uid()) {
        Some(owner) => fchown(file, Some(owner), Some(folder.gid())),
        None => Ok(()),
    }
}

/// Who gets a new file, by the owner of the file and of its folder; none where it stays with its
/// owner.
fn new_owner(file: u32, folder: u32) -> Option<u32> {
    (file == 0 && folder != 0).then_some(folder)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{chown, symlink};

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
        let made = open_or_create_private(&folder.path().join("state.db"))
            .unwrap()
            .file
            .metadata()
            .unwrap();
        assert_eq!((made.uid(), made.gid(), made.mode() & 0o777), (SOMEBODY, SOMEBODY, 0o600));
    }

    #[test]
    fn what_stood_there_keeps_its_owner_and_a_link_to_it_is_not_followed() {
        let Some(folder) = folder() else { return };
        let [state, link] = ["state.db", "link.db"].map(|name| folder.path().join(name));
        std::fs::write(&state, "").unwrap();
        symlink(&state, &link).unwrap();
        assert_eq!(open_or_create_private(&state).unwrap().file.metadata().unwrap().uid(), 0);
        assert!(regular_file::is_unfit(&open_or_create_private(&link).unwrap_err()));
    }
}
