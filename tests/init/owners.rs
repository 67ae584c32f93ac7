//! The user of the runs can read the configuration that root writes, and nobody else can.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

use nix::unistd::User;

use crate::env::TestEnv;
use crate::hotel::ANSWERS;

/// Whose group is their own, on every system.
const HAS_OWN_GROUP: &str = "daemon";
/// Whose group is called otherwise, so that others may be in it.
const SHARES_GROUP: &str = "nobody";

/// Owner, group and rights of the configuration that root writes where the state's folder is the
/// user's, and what is said of it; none where this is not run as root.
fn written_for(name: &str) -> Option<(u32, u32, u32, String)> {
    let hotel = TestEnv::new();
    let runs = hotel.path("runs");
    fs::create_dir(&runs).unwrap();
    let user = User::from_name(name).unwrap()?;
    chown(&runs, Some(user.uid.into()), Some(0)).ok()?;
    let said = hotel.says(0, &format!("{ANSWERS} --state runs/state.db"));
    let file = fs::metadata(hotel.path("ecvi-b24.toml")).unwrap();
    Some((file.uid(), file.gid(), file.mode() & 0o777, said))
}

#[test]
fn it_stays_roots_and_is_opened_to_the_users_own_group() {
    let Some((owner, group, mode, said)) = written_for(HAS_OWN_GROUP) else { return };
    let user = User::from_name(HAS_OWN_GROUP).unwrap().unwrap();
    assert_eq!((owner, group, mode), (0, user.gid.into(), 0o640));
    assert!(said.contains("can be read by root and by the user daemon alone"), "{said}");
    assert!(said.ends_with("Run the commands so: sudo -u daemon ecvi-b24 …\n"), "{said}");
}

#[test]
fn it_becomes_the_users_where_others_are_in_the_users_group() {
    let Some((owner, _, mode, said)) = written_for(SHARES_GROUP) else { return };
    let user = User::from_name(SHARES_GROUP).unwrap().unwrap();
    assert_eq!((owner, mode), (user.uid.into(), 0o600));
    assert!(said.contains("can be read by root and by the user nobody alone"), "{said}");
}

#[test]
fn a_file_that_is_there_keeps_its_owner_and_its_rights() {
    let hotel = TestEnv::new();
    let runs = hotel.path("runs");
    fs::create_dir(&runs).unwrap();
    let Some(user) = User::from_name(HAS_OWN_GROUP).unwrap() else { return };
    if chown(&runs, Some(user.uid.into()), Some(0)).is_err() {
        return;
    }
    let path = hotel.path("ecvi-b24.toml");
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    hotel.says(0, &format!("{ANSWERS} --state runs/state.db --yes"));
    let file = fs::metadata(&path).unwrap();
    assert_eq!((file.uid(), file.gid(), file.mode() & 0o777), (0, 0, 0o600));
}

#[test]
fn root_alone_reads_it_where_no_other_user_runs_the_program() {
    let hotel = TestEnv::new();
    let said = hotel.says(0, ANSWERS);
    let file = fs::metadata(hotel.path("ecvi-b24.toml")).unwrap();
    assert_eq!(file.mode() & 0o777, 0o600);
    let is_told = said.contains("can be read by root alone");
    assert_eq!(is_told, file.uid() == 0 && User::from_name("ecvi-b24").unwrap().is_none());
}
