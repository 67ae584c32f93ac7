//! One run at a time: a lock on a file beside the state.
//!
//! The system releases it when the process ends, however it ends. The file is never deleted,
//! because two processes could then hold locks on two files of the same name. It is not the state's
//! own file, because opening and closing that would release SQLite's locks. An existing state is
//! locked as well, on a byte that SQLite does not use: the state may have a second name with
//! another lock beside it.
//!
//! [`note`] says what the file contains.

pub(crate) mod note;
#[cfg(test)]
mod tests;

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};

use self::note::{Holder, Note, PassedOver};
use crate::domain::messages::PlatformMessage;
use crate::domain::run_error::{Result, RunError, explained};
use crate::platform::clock::Clock;
use crate::platform::sidecar_path::sidecar_path;
use crate::platform::{private_files, range_lock, regular_file};

pub(crate) const SUFFIX: &str = ".lock";
/// Longer than [`Lock::is_held`] takes.
const PROBE_RETRY: Duration = Duration::from_millis(20);
const POLL_INTERVAL: Duration = Duration::from_millis(200);
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);

/// The right to work on a state, for as long as the value lives.
#[derive(Debug)]
pub struct Lock {
    file: File,
    /// The state, kept open for the lock on it. None where it cannot be opened: opening the
    /// database reports that.
    _state: Option<File>,
}

impl Lock {
    /// Takes the lock of this state; none when another process holds it. Commands take it by
    /// [`State::try_lock`](crate::state::State::try_lock), which knows whether the file is a state.
    pub fn try_acquire(state: &Path) -> Result<Option<Lock>> {
        refuse_link(state)?;
        let path = sidecar_path(state, SUFFIX);
        let file = open(&path).map_err(|error| unusable(&path, error))?;
        let taken = try_lock(&file, || std::thread::sleep(PROBE_RETRY));
        if !taken.map_err(|error| unusable(&path, error))? {
            return Ok(None);
        }
        let state = private_files::open_or_create_private(state).ok().map(|opened| opened.file);
        if let Some(state) = &state
            && !range_lock::try_lock(state, range_lock::RUN)?
        {
            note::forget_dead_holder(&file).map_err(|error| unusable(&path, error))?;
            return Ok(None);
        }
        note::begin(&file).map_err(|error| unusable(&path, error))?;
        Ok(Some(Lock { file, _state: state }))
    }

    /// Refuses a file in the place of the lock that somebody else wrote. Beside an existing state of
    /// ours it is the lock, whatever became of it.
    pub(crate) fn refuse_foreign(state: &Path) -> Result<()> {
        let path = sidecar_path(state, SUFFIX);
        match regular_file::read(&path).and_then(|file| note::is_foreign(&file)) {
            Ok(true) => Err(unusable(&path, regular_file::unfit(PlatformMessage::NotOurLock))),
            // Whoever opens it to lock it says why it cannot be read.
            Ok(false) | Err(_) => Ok(()),
        }
    }

    /// Waits a minute for the lock, as a person at a terminal would.
    ///
    /// # Errors
    /// [`RunError`]: the run that holds it did not end in time.
    pub fn acquire_or_fail(state: &Path, clock: &Clock) -> Result<Lock> {
        let lock = Lock::wait(state, LOCK_TIMEOUT, clock)?;
        lock.ok_or_else(|| RunError::interrupted(PlatformMessage::AnotherRunHoldsLock))
    }

    /// Waits for the lock; none when the timeout or a signal ended the wait.
    fn wait(state: &Path, timeout: Duration, clock: &Clock) -> Result<Option<Lock>> {
        let end = clock.now() + timeout;
        loop {
            if let Some(lock) = Lock::try_acquire(state)? {
                return Ok(Some(lock));
            }
            if clock.interrupted() || clock.now() >= end {
                return Ok(None);
            }
            clock.sleep(POLL_INTERVAL);
        }
    }

    /// Notes that a call which changes something is made now.
    pub fn record_call(&self, now: DateTime<Utc>) -> io::Result<()> {
        note::write_last_call(&self.file, Some(now))
    }

    /// When the last such call was made; none where there was none yet, or the note cannot be read.
    pub fn last_call(&self) -> Option<DateTime<Utc>> {
        note::read(&self.file).ok()?.last_call
    }

    /// Notes who holds the lock and since when, for the runs that find it held.
    pub fn note_holder(&self, command: &str, now: DateTime<Utc>) -> io::Result<()> {
        note::write_holder(&self.file, &Holder { since: now, command: command.to_owned() })
    }

    /// Counts a run that found the lock held and therefore ends. Returns all that did until now.
    pub fn pass_over(state: &Path, now: DateTime<Utc>) -> io::Result<PassedOver> {
        let path = sidecar_path(state, SUFFIX);
        let file = regular_file::open(&path, File::options().read(true).write(true))?;
        note::count_passed_over(&file, now)
    }

    /// The runs that found the lock held by its present holder; none where there were none.
    pub fn passed_over(state: &Path) -> Option<PassedOver> {
        note_of_run(state)?.passed_over
    }

    /// The command that works on this state, and since when; none where it did not say so.
    pub fn holder(state: &Path) -> Option<Holder> {
        note_of_run(state)?.holder
    }

    /// Whether a run works on this state, under whatever name.
    pub fn is_held(state: &Path) -> bool {
        Lock::held_file(state).is_some()
    }

    /// The file that the run holds which works on this state; none where there is no such run. It
    /// is the lock, or the state itself where the run knows the state by another name, or where its
    /// lock was removed. Creates no file, and shares the lock for an instant only.
    pub fn held_file(state: &Path) -> Option<PathBuf> {
        let lock = sidecar_path(state, SUFFIX);
        if is_lock_held(&lock) {
            return Some(lock);
        }
        // SQLite's locks of this process end when the file is closed. It has none between two
        // transactions.
        let file = regular_file::read(state).ok()?;
        range_lock::is_held(&file, range_lock::RUN).then(|| sidecar_path(state, ""))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Somebody may hold the lock next who writes no note: `flock` in a shell. Where this cannot
        // be written, the next run overwrites it.
        drop(note::end(&self.file));
    }
}

fn is_lock_held(lock: &Path) -> bool {
    regular_file::read(lock)
        .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// What the lock file says of the run that works on this state; none where there is no such run.
fn note_of_run(state: &Path) -> Option<Note> {
    let held = Lock::held_file(state)?;
    let lock = sidecar_path(state, SUFFIX);
    let note = regular_file::read(&lock).and_then(|file| note::read(&file)).unwrap_or_default();
    let is_of_dead_holder = held != lock && note.holder.is_some();
    Some(if is_of_dead_holder { Note::default() } else { note })
}

/// False when another process holds the lock. It is tried again after a `pause`, because `status`
/// may be probing it just now.
fn try_lock(file: &File, pause: impl FnOnce()) -> io::Result<bool> {
    let mut tried = file.try_lock();
    if tried.is_err() {
        pause();
        tried = file.try_lock();
    }
    match tried {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Through a link, the lock would be created beside another file, perhaps in another user's folder.
fn refuse_link(state: &Path) -> Result<()> {
    if !state.is_symlink() {
        return Ok(());
    }
    let target = state.read_link()?.display().to_string();
    Err(PlatformMessage::StateIsLink { path: state.display().to_string(), target }.into())
}

/// Opens the lock file, or creates it. A file with several names is another's, unless it contains
/// what a lock contains.
fn open(path: &Path) -> io::Result<File> {
    let file = private_files::open_or_create_private(path)?.file;
    if private_files::has_several_names(&file)? && !note::is_ours(&file)? {
        return Err(regular_file::unfit(PlatformMessage::FileHasAnotherName));
    }
    Ok(file)
}

fn unusable(path: &Path, error: io::Error) -> RunError {
    let shown = path.display().to_string();
    let message = if regular_file::is_unfit(&error) {
        PlatformMessage::LockFileUnfit { path: shown }
    } else if private_files::is_denied(path) {
        PlatformMessage::LockFileDenied { path: shown, hint: PlatformMessage::RunAsOwner.into() }
    } else {
        PlatformMessage::LockFileUnusable { path: shown }
    };
    RunError::State(explained(message, error))
}
