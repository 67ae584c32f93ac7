//! The lock of a state. The files are recognised before: beside another program's file, the lock
//! file is another program's too.

use std::io::ErrorKind;
use std::path::Path;

use super::error::OpenError;
use super::{State, file_header};
use crate::domain::run_error::Result;
use crate::platform::clock::Clock;
use crate::platform::lock::Lock;
use crate::platform::regular_file;

impl State {
    /// Takes the lock of this state; none when another process holds it.
    ///
    /// # Errors
    /// The file is no state, or the lock file cannot be used.
    pub fn try_lock(path: &Path) -> Result<Option<Lock>> {
        recognise(path)?;
        Lock::try_acquire(path)
    }

    /// Waits for the lock as [`Lock::acquire_or_fail`] does.
    ///
    /// # Errors
    /// As [`State::try_lock`], or the run that holds it did not end in time.
    pub fn lock_or_fail(path: &Path, clock: &Clock) -> Result<Lock> {
        recognise(path)?;
        Lock::acquire_or_fail(path, clock)
    }
}

/// Refuses what is no state, and where there is none yet, what is no lock. Whoever opens the state
/// checks it again, because it may be exchanged until then. A link is refused by
/// [`Lock::try_acquire`].
fn recognise(path: &Path) -> Result<()> {
    if path.is_symlink() {
        return Ok(());
    }
    match regular_file::read(path) {
        Ok(file) => {
            file_header::refuse_strangers(path, &file).map_err(|error| error.with_path(path))?;
            if file.metadata()?.len() > 0 { Ok(()) } else { Lock::refuse_foreign(path) }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Lock::refuse_foreign(path),
        Err(error) => Err(OpenError::Io(error).with_path(path).into()),
    }
}
