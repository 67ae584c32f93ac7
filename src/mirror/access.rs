//! Checks before SQLite opens the mirror: it is a file, this user may read it, and reading it
//! leaves no files behind that stop the program that fills it.
//!
//! In WAL mode SQLite needs the files `-wal` and `-shm`, also for reading, and makes them where
//! they are missing: with the permissions of the database, but owned by the reader. If the owner of
//! the database cannot write them, all its writes fail from then on ("attempt to write a readonly
//! database"). So the mirror is not opened then.

use std::fs::{self, File, FileType};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::owners;
use crate::domain::messages::MirrorMessage;
use crate::domain::run_error::RunError;
use crate::platform::private_files;
use crate::platform::sidecar_path::sidecar_path;

/// Of these bytes of a `SQLite` file the last one is 2 in WAL mode.
const HEADER: usize = 20;
const MAGIC: &[u8] = b"SQLite format 3\0";
/// Between two tries to lock.
const PAUSE: Duration = Duration::from_millis(50);

/// What keeps the files of a mirror in WAL mode as they were found; it must outlive the connection.
#[derive(Debug, Default)]
pub(super) struct Admission {
    /// Under a shared lock: a program that closes the database cannot remove its log between our
    /// check and SQLite's.
    _locked: Option<File>,
}

/// Says why the mirror may not be opened, or that it may.
pub(super) fn admit(path: &Path, timeout: Duration) -> Result<Admission, RunError> {
    let found = fs::metadata(path).map_err(|error| unseen(path, &error))?;
    if !found.is_file() {
        return Err(no_file(path, found.file_type()).into());
    }
    refuse_odd_sidecars(path)?;
    let mut file = File::open(path).map_err(|error| unseen(path, &error))?;
    if !is_wal(&mut file) {
        return Ok(Admission::default());
    }
    admit_log(path, file, timeout)
}

/// Refuses whatever is no regular file where SQLite looks for a journal or a log: it would wait at
/// a pipe for ever, and write through a link into another file.
pub(super) fn refuse_odd_sidecars(path: &Path) -> Result<(), MirrorMessage> {
    for suffix in ["-journal", "-wal", "-shm"] {
        let file = sidecar_path(path, suffix);
        if fs::symlink_metadata(&file).is_ok_and(|found| !found.is_file()) {
            let path = path.display().to_string();
            return Err(MirrorMessage::SidecarNoFile { path, file: file.display().to_string() });
        }
    }
    Ok(())
}

/// Whether the header says that writes go into a log.
fn is_wal(file: &mut File) -> bool {
    let mut header = [0; HEADER];
    let is_read = file.read_exact(&mut header).is_ok();
    is_read && header.starts_with(MAGIC) && header[HEADER - 1] == 2
}

fn admit_log(path: &Path, file: File, timeout: Duration) -> Result<Admission, RunError> {
    lock(path, &file, timeout)?;
    match owners::obstacle(path) {
        None => Ok(Admission { _locked: Some(file) }),
        Some(obstacle) => Err(obstacle.into()),
    }
}

/// Every connection to a database in WAL mode holds such a lock. The last one that closes tries to
/// get an exclusive one.
fn lock(path: &Path, file: &File, timeout: Duration) -> Result<(), MirrorMessage> {
    use rustix::fs::{FlockOperation, fcntl_lock};
    use rustix::io::Errno;
    let began = std::time::Instant::now();
    loop {
        match fcntl_lock(file, FlockOperation::NonBlockingLockShared) {
            Err(Errno::AGAIN | Errno::ACCESS) if began.elapsed() < timeout => {
                std::thread::sleep(PAUSE);
            }
            Err(Errno::AGAIN | Errno::ACCESS) => {
                return Err(MirrorMessage::Busy { path: path.display().to_string() });
            }
            // A file system without locks: SQLite reports that itself.
            Ok(()) | Err(_) => return Ok(()),
        }
    }
}

/// A file that cannot be seen or opened.
fn unseen(file: &Path, error: &std::io::Error) -> RunError {
    let path = file.display().to_string();
    let message = match error.kind() {
        ErrorKind::NotFound if file.is_symlink() => MirrorMessage::DanglingLink { path },
        ErrorKind::NotFound | ErrorKind::NotADirectory => MirrorMessage::NotFound { path },
        ErrorKind::PermissionDenied => match closed_folder(file) {
            Some(folder) => {
                MirrorMessage::FolderDenied { path, folder: folder.display().to_string() }
            }
            None => MirrorMessage::FileDenied { path },
        },
        _ => match private_files::exhausted(error) {
            Some(message) => return RunError::Mirror(message),
            None => MirrorMessage::CannotBeOpened { path, error: error.to_string().into() },
        },
    };
    message.into()
}

/// The first folder on the way to the file that this user may not enter.
fn closed_folder(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    let mut folders: Vec<&Path> = path.ancestors().skip(1).collect();
    folders.reverse();
    for folder in folders {
        if let Err(error) = fs::metadata(folder.join("."))
            && error.kind() == ErrorKind::PermissionDenied
        {
            return Some(folder.to_path_buf());
        }
    }
    None
}

/// Reading a pipe or a device may never end.
pub(super) fn no_file(path: &Path, found: FileType) -> MirrorMessage {
    let path = path.display().to_string();
    if found.is_dir() { MirrorMessage::IsFolder { path } } else { MirrorMessage::IsDevice { path } }
}

/// The log of a mirror and its index, beside the file that a link leads to.
pub(super) fn sidecars(path: &Path) -> [PathBuf; 2] {
    [sidecar_path(path, "-wal"), sidecar_path(path, "-shm")]
}
