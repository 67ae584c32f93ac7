//! Opens regular files alone: no link is followed, and nothing is waited for.
//!
//! Others may write into the folder of a state or of a shared bucket. A link in the place of such a file would have
//! its target written over, and a fifo would keep a run waiting for ever.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

use crate::say;

/// Opens a regular file that is there.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`], in words: it is a link, or no regular file.
pub(crate) fn open(path: &Path, options: &OpenOptions) -> io::Result<File> {
    // Asked before it is opened, because opening a device may already do something.
    refuse_unfit(&std::fs::symlink_metadata(path)?)?;
    let file = without_following(options).open(path)?;
    refuse_unfit(&file.metadata()?)?;
    Ok(file)
}

/// Opens a regular file to read it.
///
/// # Errors
/// As [`open`].
pub(crate) fn read(path: &Path) -> io::Result<File> {
    open(path, OpenOptions::new().read(true))
}

/// Whether this error says that a path leads to something else than a regular file.
pub(crate) fn is_unfit(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidInput
}

fn refuse_unfit(found: &Metadata) -> io::Result<()> {
    let what = if found.is_symlink() {
        say!("это ссылка, а не сам файл", "it is a link and not the file itself")
    } else if found.is_file() {
        return Ok(());
    } else {
        say!("это не обычный файл", "it is no regular file")
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, what))
}

#[cfg(unix)]
fn without_following(options: &OpenOptions) -> OpenOptions {
    use nix::fcntl::OFlag;
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = options.clone();
    options.custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits());
    options
}

#[cfg(not(unix))]
fn without_following(options: &OpenOptions) -> OpenOptions {
    options.clone()
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use rustix::fs::{CWD, Mode, mkfifoat};

    use super::*;

    #[test]
    fn only_a_regular_file_is_opened_and_nothing_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), "text").unwrap();
        std::fs::create_dir(at("directory")).unwrap();
        mkfifoat(CWD, at("fifo"), Mode::RWXU).unwrap();
        let _socket = UnixListener::bind(at("socket")).unwrap();
        symlink(at("file"), at("link")).unwrap();
        symlink(at("nothing"), at("dangling")).unwrap();
        symlink("/dev/null", at("void")).unwrap();
        for options in [OpenOptions::new().read(true), OpenOptions::new().read(true).write(true)] {
            assert!(open(&at("file"), options).is_ok());
            for name in ["directory", "fifo", "socket", "link", "dangling", "void", "/dev/null"] {
                assert!(is_unfit(&open(&at(name), options).unwrap_err()), "{name}");
            }
            assert_eq!(open(&at("nothing"), options).unwrap_err().kind(), io::ErrorKind::NotFound);
        }
    }
}
