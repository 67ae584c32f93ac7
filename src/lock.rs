//! One pass at a time: a lock on a file beside the state.
//!
//! The system lets go of it when the process ends, however it ends. The file itself is never deleted: two
//! processes could hold locks on two files of one name. It is not the state's own file, because opening and
//! closing that would drop SQLite's locks.
//!
//! In the file stands when the last call was made that changes something. It outlives the state: one that is new, or
//! was put back from a copy, knows nothing of a call that may still take effect.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::{DateTime, SecondsFormat, Utc};

use crate::beside::beside;
use crate::clock::Clock;
use crate::stop::Stop;
use crate::{private, say};

/// `state.db` -> `state.db.lock`.
pub(crate) const SUFFIX: &str = ".lock";
/// Longer than [`Lock::is_held`] takes.
const GLANCE: Duration = Duration::from_millis(20);
/// Bytes of a time, and more.
const LONGEST: u64 = 64;
const PAUSE: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(60);

/// Held as long as it lives.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock of the state at this path; none when somebody else holds it.
    pub fn take(state: &Path) -> Result<Option<Lock>> {
        let path = beside(state, SUFFIX);
        let shown = path.display();
        let broken = || {
            if private::is_denied(&path) {
                let cure = private::as_its_user();
                return say!(
                    "нет прав на файл блокировки {shown}: {cure}",
                    "no permission for the lock file {shown}: {cure}"
                );
            }
            say!(
                "файл блокировки {shown} не открывается: проверьте папку и права",
                "the lock file {shown} cannot be opened: check its folder and permissions"
            )
        };
        let (file, _) = private::open(&path).with_context(broken)?;
        let tried = file.try_lock().or_else(|_| {
            // Somebody's `status` may just be looking.
            std::thread::sleep(GLANCE);
            file.try_lock()
        });
        match tried {
            Ok(()) => Ok(Some(Lock { file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error).with_context(broken),
        }
    }

    /// A call that changes something is made now.
    pub fn note_call(&self, now: DateTime<Utc>) -> io::Result<()> {
        let text = format!("{}\n", now.to_rfc3339_opts(SecondsFormat::Millis, true));
        let mut file = &self.file;
        file.rewind()?;
        file.write_all(text.as_bytes())?;
        // Cut afterwards: at no moment does no time stand there.
        file.set_len(text.len() as u64)
    }

    /// When the last one was made; none where there was none yet, or what stands there cannot be read.
    pub fn last_call(&self) -> Option<DateTime<Utc>> {
        let mut text = String::new();
        let mut file = &self.file;
        file.rewind().and_then(|()| file.take(LONGEST).read_to_string(&mut text)).ok()?;
        DateTime::parse_from_rfc3339(text.trim_end()).ok().map(|time| time.to_utc())
    }

    /// Whether a pass holds the lock of this state. Only a look: no file is made, and the lock is shared for an instant.
    pub fn is_held(state: &Path) -> bool {
        let file = File::open(beside(state, SUFFIX));
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Waits for the lock, as long as a person at a terminal would.
    ///
    /// # Errors
    /// [`Stop`]: the pass that holds it did not end in time.
    pub fn insist(state: &Path, clock: &Clock) -> Result<Lock> {
        Lock::wait(state, PATIENCE, clock)?.ok_or_else(|| {
            Stop::interrupted(say!(
                "идёт другой запуск, за минуту он не закончился; ничего не изменено, повторите позже",
                "another pass is under way and did not end within a minute; nothing was changed, try again later"
            ))
            .into()
        })
    }

    /// Waits for the lock; none when `patience` or a signal ended the wait.
    fn wait(state: &Path, patience: Duration, clock: &Clock) -> Result<Option<Lock>> {
        let end = clock.now() + patience;
        loop {
            if let Some(lock) = Lock::take(state)? {
                return Ok(Some(lock));
            }
            if clock.stopped() || clock.now() >= end {
                return Ok(None);
            }
            clock.sleep(PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn one_holder_at_a_time_and_the_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.db");
        let held = Lock::take(&state).unwrap();
        assert!(held.is_some() && Lock::is_held(&state));
        assert!(Lock::take(&state).unwrap().is_none());
        drop(held);
        assert!(!Lock::is_held(&state));
        assert!(folder.path().join("state.db.lock").exists());
        assert!(Lock::take(&state).unwrap().is_some());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_the_state_has_the_states_lock() {
        let folder = tempfile::tempdir().unwrap();
        let (state, link) = (folder.path().join("state.db"), folder.path().join("other.db"));
        File::create(&state).unwrap();
        std::os::unix::fs::symlink(&state, &link).unwrap();
        let _held = Lock::take(&state).unwrap();
        assert!(Lock::take(&link).unwrap().is_none());
    }

    #[test]
    fn the_last_call_is_told_to_the_next_holder() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.db");
        let held = Lock::take(&state).unwrap().unwrap();
        assert_eq!(held.last_call(), None);
        let calls =
            [1_700_000_000_000, 1_700_000_075_250].map(|ms| DateTime::from_timestamp_millis(ms).unwrap());
        for call in calls {
            held.note_call(call).unwrap();
            assert_eq!(held.last_call(), Some(call));
        }
        drop(held);
        assert_eq!(Lock::take(&state).unwrap().unwrap().last_call(), Some(calls[1]));
    }

    #[test]
    fn whatever_else_stood_there_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.db");
        std::fs::write(folder.path().join("state.db.lock"), "something else ".repeat(9)).unwrap();
        let held = Lock::take(&state).unwrap().unwrap();
        assert_eq!(held.last_call(), None);
        let call = DateTime::from_timestamp_millis(1_700_000_000_000).unwrap();
        held.note_call(call).unwrap();
        assert_eq!(held.last_call(), Some(call));
    }

    #[test]
    fn a_wait_ends_when_its_patience_does() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.db");
        let _held = Lock::take(&state).unwrap();
        let clock = Clock::virtual_at(DateTime::default());
        assert!(Lock::wait(&state, Duration::from_secs(1), &clock).unwrap().is_none());
        assert_eq!(clock.now().timestamp(), 1);
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = Lock::take(Path::new("/nowhere/state.db")).unwrap_err();
        assert!(error.to_string().contains("/nowhere/state.db.lock"));
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let _held = Lock::take(&folder.path().join("state.db")).unwrap();
        let mode = std::fs::metadata(folder.path().join("state.db.lock")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
