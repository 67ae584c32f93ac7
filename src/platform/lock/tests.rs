//! One run at a time works on a state, whatever is in the place of the lock file.

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
    let said = |state: &Path| Lock::try_acquire(state).unwrap_err().message().text(Language::En);
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
    let mode = std::fs::metadata(folder.path().join("state.db.lock")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
