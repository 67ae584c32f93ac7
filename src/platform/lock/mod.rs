//! One run at a time: a lock on a file beside the state.
//!
//! The system lets go of it when the process ends, however it ends. The file itself is never deleted: two
//! processes could hold locks on two files of one name. It is not the state's own file, because opening and
//! closing that would drop SQLite's locks. A state that exists is locked as well, on a byte that SQLite does not use:
//! it may have a second name, and beside that lies another lock.
//!
//! What stands in the file is told in [`note`].

pub(crate) mod note;

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use chrono::{DateTime, Utc};

use self::note::{Holder, PassedOver};
use crate::domain::run_error::RunError;
use crate::platform::clock::Clock;
use crate::platform::sidecar_path::sidecar_path;
use crate::platform::{private_files, range_lock, regular_file};
use crate::say;

/// `state.db` -> `state.db.lock`.
pub(crate) const SUFFIX: &str = ".lock";
/// Longer than [`Lock::is_held`] takes.
const PROBE_RETRY: Duration = Duration::from_millis(20);
const PAUSE: Duration = Duration::from_millis(200);
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);

/// Held as long as it lives.
#[derive(Debug)]
pub struct Lock {
    file: File,
    /// The state, kept open for the lock on it; none where it cannot be opened, which opening it will say.
    _state: Option<File>,
}

impl Lock {
    /// Takes the lock of the state at this path; none when somebody else holds it.
    pub fn try_acquire(state: &Path) -> Result<Option<Lock>> {
        refuse_link(state)?;
        let path = sidecar_path(state, SUFFIX);
        let file = open(&path).map_err(|error| unusable(&path, error))?;
        let tried = file.try_lock().or_else(|_| {
            // Somebody's `status` may just be looking.
            std::thread::sleep(PROBE_RETRY);
            file.try_lock()
        });
        match tried {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(unusable(&path, error)),
        }
        let state = private_files::open_or_create_private(state).map(|(file, _)| file).ok();
        if let Some(state) = &state
            && !range_lock::try_lock(state, range_lock::PASS)?
        {
            return Ok(None);
        }
        note::begin(&file).map_err(|error| unusable(&path, error))?;
        Ok(Some(Lock { file, _state: state }))
    }

    /// A call that changes something is made now.
    pub fn record_call(&self, now: DateTime<Utc>) -> io::Result<()> {
        note::write_call(&self.file, now)
    }

    /// When the last one was made; none where there was none yet, or what stands there cannot be read.
    pub fn last_call(&self) -> Option<DateTime<Utc>> {
        note::read(&self.file).ok()?.last_call
    }

    /// Says for those who find the lock held who holds it, and since when.
    pub fn note_holder(&self, command: &str, now: DateTime<Utc>) -> io::Result<()> {
        note::write_holder(&self.file, &Holder { since: now, command: command.to_owned() })
    }

    /// A run found the lock held and ends: it is counted, and how many there were until now is returned.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn pass_over(state: &Path, now: DateTime<Utc>) -> io::Result<PassedOver> {
        let path = sidecar_path(state, SUFFIX);
        let file = regular_file::open(&path, File::options().read(true).write(true))?;
        note::count_passed_over(&file, now)
    }

    /// The runs that found the lock held which is held now, if there were any.
    pub fn passed_over(state: &Path) -> Option<PassedOver> {
        if !Lock::is_held(state) {
            return None;
        }
        let file = regular_file::read(&sidecar_path(state, SUFFIX)).ok()?;
        note::read(&file).ok()?.passed_over
    }

    /// Whether a run holds the lock of this state. Only a look: no file is made, and the lock is shared for an instant.
    pub fn is_held(state: &Path) -> bool {
        let file = regular_file::read(&sidecar_path(state, SUFFIX));
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Waits for the lock, as long as a person at a terminal would.
    ///
    /// # Errors
    /// [`RunError`]: the run that holds it did not end in time.
    pub fn acquire_or_fail(state: &Path, clock: &Clock) -> Result<Lock> {
        Lock::wait(state, LOCK_TIMEOUT, clock)?.ok_or_else(|| {
            RunError::interrupted(say!(
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
            if let Some(lock) = Lock::try_acquire(state)? {
                return Ok(Some(lock));
            }
            if clock.interrupted() || clock.now() >= end {
                return Ok(None);
            }
            clock.sleep(PAUSE);
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Nobody is told of a holder that is gone. Where that cannot be written, the next one writes over it.
        drop(note::clear_holder(&self.file));
    }
}

/// Through a link the lock would come to lie beside another file, in another's folder perhaps.
fn refuse_link(state: &Path) -> Result<()> {
    let Some(target) = state.is_symlink().then(|| state.read_link()).transpose()? else { return Ok(()) };
    let (shown, target) = (state.display(), target.display());
    bail!(say!(
        "файл состояния {shown} — ссылка на {target}: назовите в [state] path сам файл",
        "the state {shown} is a link to {target}: name the file itself in [state] path"
    ))
}

/// Opens the lock, or makes it. A file of several names may be another's, unless it holds what a lock holds.
fn open(path: &Path) -> io::Result<File> {
    let (file, _) = private_files::open_or_create_private(path)?;
    if private_files::has_several_names(&file)? && !note::is_ours(&file)? {
        let words = say!("у этого файла есть другое имя", "this file has another name");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, words));
    }
    Ok(file)
}

fn unusable(path: &Path, error: io::Error) -> anyhow::Error {
    let shown = path.display();
    let words = if regular_file::is_unfit(&error) {
        say!(
            "файл блокировки {shown} не годится: уберите его оттуда",
            "the lock file {shown} is unfit: move it away"
        )
    } else if private_files::is_denied(path) {
        let cure = private_files::run_as_owner_hint();
        say!("нет прав на файл блокировки {shown}: {cure}", "no permission for the lock file {shown}: {cure}")
    } else {
        say!(
            "файл блокировки {shown} не открывается: проверьте папку и права",
            "the lock file {shown} cannot be opened: check its folder and permissions"
        )
    };
    anyhow::Error::new(error).context(words)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

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

    #[cfg(unix)]
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

    #[cfg(unix)]
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
    fn passes_that_find_it_held_are_counted_until_it_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.db");
        let [since, first, second] = [0, 180, 360].map(|s| DateTime::from_timestamp(1_700_000_000 + s, 0));
        let held = Lock::try_acquire(&state).unwrap().unwrap();
        held.record_call(since.unwrap()).unwrap();
        held.note_holder("sync", since.unwrap()).unwrap();
        assert!(Lock::passed_over(&state).is_none());
        Lock::pass_over(&state, first.unwrap()).unwrap();
        let told = Lock::pass_over(&state, second.unwrap()).unwrap();
        assert_eq!((told.passes, told.since()), (2, since.unwrap()));
        held.record_call(second.unwrap()).unwrap();
        assert_eq!(Lock::passed_over(&state).unwrap().passes, 2);
        assert_eq!(held.last_call(), second);
        drop(held);
        assert!(Lock::passed_over(&state).is_none());
        let next = Lock::try_acquire(&state).unwrap().unwrap();
        assert_eq!((Lock::passed_over(&state), next.last_call()), (None, second));
    }

    #[test]
    fn the_last_call_is_told_to_the_next_holder() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.db");
        let held = Lock::try_acquire(&state).unwrap().unwrap();
        assert_eq!(held.last_call(), None);
        let calls =
            [1_700_000_000_000, 1_700_000_075_250].map(|ms| DateTime::from_timestamp_millis(ms).unwrap());
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
        assert_eq!(clock.now().timestamp(), 1);
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = Lock::try_acquire(Path::new("/nowhere/state.db")).unwrap_err();
        assert!(error.to_string().contains("/nowhere/state.db.lock"));
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let _held = Lock::try_acquire(&folder.path().join("state.db")).unwrap();
        let mode = std::fs::metadata(folder.path().join("state.db.lock")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
