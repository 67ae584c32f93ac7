//! Opens regular files alone: nothing is waited for, and a link is followed only where
//! administrators make links, to files that the program reads.
//!
//! Others may write into the folder of a state or of a shared bucket. Through a link in the place
//! of such a file its target would be overwritten, and a fifo would keep a run waiting for ever.
//! What is read as a whole has a size that it cannot exceed: `/dev/zero` has no end.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

use crate::domain::messages::PlatformMessage;
use crate::domain::run_error::RunError;

/// Opens an existing regular file.
///
/// # Errors
/// An [`unfit`] error: it is a link, or no regular file.
pub(crate) fn open(path: &Path, options: &OpenOptions) -> io::Result<File> {
    // Checked before it is opened too, because opening a device may already do something.
    refuse_unfit(&std::fs::symlink_metadata(path)?)?;
    let file = without_following(options).open(path)?;
    refuse_unfit(&file.metadata()?)?;
    Ok(file)
}

/// Opens an existing regular file to read it, as [`open`] does.
pub(crate) fn read(path: &Path) -> io::Result<File> {
    open(path, OpenOptions::new().read(true))
}

/// The regular file behind the links of a path. A pipe behind `/dev/stdin` is none.
///
/// # Errors
/// An [`unfit`] error: it leads to something else.
pub(crate) fn behind_links(path: &Path) -> io::Result<PathBuf> {
    refuse_unfit(&std::fs::metadata(path)?)?;
    path.canonicalize()
}

/// Opens an existing regular file to read it, also through links.
pub(crate) fn read_behind_links(path: &Path) -> io::Result<File> {
    read(&behind_links(path)?)
}

/// Reads a file of at most so many bytes.
///
/// # Errors
/// An [`unfit`] error: it is larger.
pub(crate) fn read_whole(file: &File, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let most = most / (1024 * 1024);
        return Err(unfit(PlatformMessage::FileTooLarge { most }));
    }
    Ok(bytes)
}

/// Reads a text in UTF-8, as [`read_whole`] does.
pub(crate) fn read_text(file: &File, most: u64) -> io::Result<String> {
    io::read_to_string(read_whole(file, most)?.as_slice())
}

/// The error of a path that leads to something which must not be used as a file of ours.
pub(crate) fn unfit(reason: PlatformMessage) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, RunError::from(reason))
}

pub(crate) fn is_unfit(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidInput
}

fn refuse_unfit(found: &Metadata) -> io::Result<()> {
    if found.is_symlink() {
        Err(unfit(PlatformMessage::FileIsLink))
    } else if found.is_file() {
        Ok(())
    } else {
        Err(unfit(PlatformMessage::NoRegularFile))
    }
}

fn without_following(options: &OpenOptions) -> OpenOptions {
    let mut options = options.clone();
    options.custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits());
    options
}

#[cfg(test)]
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
