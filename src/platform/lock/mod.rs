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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use chrono::DateTime;

    use super::*;
    use crate::domain::language::Language;

    #[test]
    fn one_holder_at_a_time_and_the_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.db");
        let held = Lock::try_acquire(&state).unwrap();
        assert!(held.is_some() && Lock::is_held(&state));
        assert!(Lock::try_acquire(&state).unwrap().is_none());
        drop(held);
        assert!(!Lock::is_held(&state));
        assert!(folder.path().join("state.db.lock").exists());
        assert!(Lock::try_acquire(&state).unwrap().is_some());
    }

    #[test]
    fn a_link_to_a_state_is_refused_and_nothing_is_made_beside_its_target() {
        let [here, there] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let (state, link) = (there.path().join("state.db"), here.path().join("state.db"));
        File::create(&state).unwrap();
        std::os::unix::fs::symlink(&state, &link).unwrap();
        assert!(Lock::try_acquire(&link).is_err());
        assert!(!there.path().join("state.db.lock").exists());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_state_of_two_names_has_one_lock() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = ["one.db", "two.db"].map(|name| folder.path().join(name));
        File::create(&one).unwrap();
        std::fs::hard_link(&one, &two).unwrap();
        let held = Lock::try_acquire(&one).unwrap();
        assert!(held.is_some() && Lock::try_acquire(&two).unwrap().is_none());
        drop(held);
        assert!(Lock::try_acquire(&two).unwrap().is_some());
    }

    #[test]
    fn a_file_that_is_not_the_locks_own_keeps_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let [state, lock, theirs] =
            ["state.db", "state.db.lock", "theirs"].map(|name| folder.path().join(name));
        std::fs::write(&theirs, "theirs").unwrap();
        for link in [std::fs::hard_link, std::os::unix::fs::symlink] as [fn(_, _) -> _; 2] {
            link(theirs.as_path(), lock.as_path()).unwrap();
            let error = format!("{:#}", Lock::try_acquire(&state).unwrap_err());
            assert!(error.contains("state.db.lock") && !Lock::is_held(&state), "{error}");
            assert_eq!(std::fs::read_to_string(&theirs).unwrap(), "theirs");
            std::fs::remove_file(&lock).unwrap();
        }
    }

    #[test]
    fn runs_that_find_it_held_are_counted_until_it_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.db");
        let [since, first, second] =
            [0, 180, 360].map(|s| DateTime::from_timestamp(1_700_000_000 + s, 0));
        let held = Lock::try_acquire(&state).unwrap().unwrap();
        held.record_call(since.unwrap()).unwrap();
        held.note_holder("sync", since.unwrap()).unwrap();
        assert!(Lock::passed_over(&state).is_none());
        Lock::pass_over(&state, first.unwrap()).unwrap();
        let told = Lock::pass_over(&state, second.unwrap()).unwrap();
        assert_eq!((told.runs, told.since()), (2, since.unwrap()));
        let holder = Holder { since: since.unwrap(), command: "sync".to_owned() };
        assert_eq!(Lock::passed_over(&state).unwrap().holder, Some(holder));
        held.record_call(second.unwrap()).unwrap();
        assert_eq!(Lock::passed_over(&state).unwrap().runs, 2);
        assert_eq!(held.last_call(), second);
        let lock = folder.path().join("state.db.lock");
        let note = std::fs::read(&lock).unwrap();
        drop(held);
        // A holder that is killed leaves its note.
        std::fs::write(&lock, note).unwrap();
        assert!(Lock::passed_over(&state).is_none());
        let next = Lock::try_acquire(&state).unwrap().unwrap();
        assert_eq!((Lock::passed_over(&state), next.last_call()), (None, second));
    }

    #[test]
    fn who_takes_the_lock_in_a_shell_is_not_taken_for_the_holder_before() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.db");
        let [since, now] = [0, 9000].map(|s| DateTime::from_timestamp(1_700_000_000 + s, 0));
        let held = Lock::try_acquire(&state).unwrap().unwrap();
        held.record_call(since.unwrap()).unwrap();
        held.note_holder("sync", since.unwrap()).unwrap();
        Lock::pass_over(&state, since.unwrap()).unwrap();
        drop(held);
        let shell = File::open(folder.path().join("state.db.lock")).unwrap();
        shell.lock().unwrap();
        assert_eq!(Lock::passed_over(&state), None);
        let told = Lock::pass_over(&state, now.unwrap()).unwrap();
        assert_eq!((told.runs, told.holder.clone(), told.since()), (1, None, now.unwrap()));
        assert_eq!(told.last_call, since);
    }

    #[test]
    fn the_last_call_is_told_to_the_next_holder() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.db");
        let held = Lock::try_acquire(&state).unwrap().unwrap();
        assert_eq!(held.last_call(), None);
        let calls = [1_700_000_000_000, 1_700_000_075_250]
            .map(|ms| DateTime::from_timestamp_millis(ms).unwrap());
        for call in calls {
            held.record_call(call).unwrap();
            assert_eq!(held.last_call(), Some(call));
        }
        drop(held);
        assert_eq!(Lock::try_acquire(&state).unwrap().unwrap().last_call(), Some(calls[1]));
    }

    #[test]
    fn whatever_else_stood_there_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.db");
        std::fs::write(folder.path().join("state.db.lock"), "something else ".repeat(9)).unwrap();
        let held = Lock::try_acquire(&state).unwrap().unwrap();
        assert_eq!(held.last_call(), None);
        let call = DateTime::from_timestamp_millis(1_700_000_000_000).unwrap();
        held.record_call(call).unwrap();
        assert_eq!(held.last_call(), Some(call));
    }

    #[test]
    fn a_wait_ends_when_its_patience_does() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.db");
        let _held = Lock::try_acquire(&state).unwrap();
        let clock = Clock::virtual_at(DateTime::default());
        assert!(Lock::wait(&state, Duration::from_secs(1), &clock).unwrap().is_none());
        assert_eq!(clock.now().timestamp_millis(), 1_000);
        assert!(Lock::acquire_or_fail(&state, &clock).is_err());
        assert_eq!(clock.now().timestamp_millis(), 61_000);
    }

    #[test]
    fn a_signal_ends_the_wait_and_a_free_lock_needs_none() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.db");
        let clock = Clock::system(Arc::new(AtomicBool::new(true)));
        let held = Lock::wait(&state, LOCK_TIMEOUT, &clock).unwrap();
        assert!(held.is_some());
        assert!(Lock::acquire_or_fail(&state, &clock).is_err());
    }

    #[test]
    fn a_state_that_cannot_be_opened_has_one_lock_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.db");
        std::fs::create_dir(&state).unwrap();
        let held = Lock::try_acquire(&state).unwrap();
        assert!(held.is_some() && Lock::try_acquire(&state).unwrap().is_none());
    }

    #[test]
    fn whoever_probes_the_lock_for_a_moment_keeps_no_run_from_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db.lock");
        let [ours, probe] = [(); 2].map(|()| open(&path).unwrap());
        probe.try_lock_shared().unwrap();
        assert!(try_lock(&ours, || probe.unlock().unwrap()).unwrap());
        assert!(!try_lock(&probe, || ()).unwrap());
        ours.unlock().unwrap();
        assert!(try_lock(&probe, || panic!("a free lock needs no second try")).unwrap());
    }

    #[test]
    fn a_lock_file_that_has_a_second_name_is_a_lock_file_still() {
        let folder = tempfile::tempdir().unwrap();
        let [state, lock, copy] =
            ["state.db", "state.db.lock", "copy"].map(|name| folder.path().join(name));
        drop(Lock::try_acquire(&state).unwrap());
        std::fs::hard_link(&lock, &copy).unwrap();
        let held = Lock::try_acquire(&state).unwrap().unwrap();
        held.record_call(DateTime::default()).unwrap();
        drop(held);
        assert!(Lock::try_acquire(&state).unwrap().is_some());
    }

    #[test]
    fn a_lock_file_that_cannot_be_used_is_named_with_what_to_do_about_it() {
        let said =
            |state: &Path| Lock::try_acquire(state).unwrap_err().message().text(Language::En);
        let unusable = said(Path::new("/nowhere/state.db"));
        assert!(unusable.contains("/nowhere/state.db.lock cannot be opened"), "{unusable}");
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("state.db.lock")).unwrap();
        let unfit = said(&folder.path().join("state.db"));
        assert!(unfit.contains("state.db.lock is unfit: move it away"), "{unfit}");
    }

    #[test]
    fn the_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let _held = Lock::try_acquire(&folder.path().join("state.db")).unwrap();
        let mode =
            std::fs::metadata(folder.path().join("state.db.lock")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
