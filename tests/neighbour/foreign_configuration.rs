//! Whose configuration is obeyed: none of others' that lies in the current folder, and by root none
//! that others can change.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::fs::{CWD, RenameFlags, XattrFlags, renameat_with, setxattr};

use crate::folders::{FILLER, Place, READER, ROOT, Said, is_root, open_to};

const NAME: &str = "ecvi-b24.toml";

/// A configuration in a folder into which anybody may write, with names for countries.
fn lure(place: &Place) -> std::path::PathBuf {
    let path = place.folder().join(NAME);
    let text = format!(
        "language = 'en'\nmirror.path = '{}'\nstate.path = '{}'\n
         portal.webhook = 'http://127.0.0.1:9/rest/1/theirs/'\nportal.originator_id = 'EVIL'\n",
        place.mirror().display(),
        place.own("state.db").display(),
    );
    fs::write(&path, text).unwrap();
    path
}

fn place() -> Option<Place> {
    let place = is_root().then(Place::open)?;
    place.is_made_by(FILLER, "DELETE", 0o644);
    Some(place)
}

/// What the program says in the folder of the mirror.
fn says_there(place: &Place, language: &str, arguments: &str) -> Said {
    let mut command = place.command();
    command.current_dir(place.folder()).env("LANG", language);
    Said::from(command.args(arguments.split_whitespace()).output().unwrap())
}

#[test]
fn a_configuration_of_others_in_the_current_folder_is_not_used() {
    let Some(place) = place() else { return };
    open_to(&lure(&place), 0o644, FILLER);
    for command in
        ["status guest 1", "status --check", "sync", "check", "config show", "load", "init --yes"]
    {
        let said = says_there(&place, "en", command);
        assert_eq!(said.code, Some(3), "{command}: {}", said.text);
        said.has("the configuration file ecvi-b24.toml in the current folder may be changed by");
        said.has("uid 3001");
        said.has("--config");
    }
    let said = says_there(&place, "ru", "status guest 1");
    said.has("файл конфигурации ecvi-b24.toml в текущей папке может изменить не только тот");
    said.has("uid 3001");
    said.has("--config");
    assert!(!place.own("state.db").exists() && !place.own("state.db.lock").exists());
}

#[test]
fn a_configuration_of_others_is_used_where_somebody_names_it() {
    let Some(place) = place() else { return };
    open_to(&lure(&place), 0o644, FILLER);
    says_there(&place, "en", "--config ecvi-b24.toml config show").has("EVIL");
    let mut command = place.command();
    command.current_dir(place.folder()).env("ECVI_B24_CONFIG", NAME).args(["config", "show"]);
    Said::from(command.output().unwrap()).has("EVIL");
}

#[test]
fn in_the_current_folder_a_file_is_used_that_nobody_else_may_write() {
    let Some(place) = place() else { return };
    let path = lure(&place);
    for (owner, mode, is_used) in [
        (READER, 0o600, true),
        (READER, 0o644, true),
        (ROOT, 0o644, true),
        (READER, 0o664, true),
        (READER, 0o666, false),
        (READER, 0o646, false),
        (ROOT, 0o664, false),
        (FILLER, 0o644, false),
    ] {
        open_to(&path, mode, owner);
        let said = says_there(&place, "en", "config show");
        assert_eq!(said.text.contains("EVIL"), is_used, "{owner:?} {mode:o}: {}", said.text);
    }
}

/// Whoever makes a link in a folder chooses the file.
#[test]
fn a_link_of_others_in_the_current_folder_is_not_followed() {
    let Some(place) = place() else { return };
    symlink(place.own(NAME), place.folder().join(NAME)).unwrap();
    let link = place.folder().join(NAME);
    says_there(&place, "en", "config show").has("[mirror]");
    std::os::unix::fs::lchown(&link, Some(FILLER.uid), Some(FILLER.gid)).unwrap();
    let said = says_there(&place, "en", "config show");
    said.has("uid 3001");
    assert_eq!(said.code, Some(3), "{}", said.text);
    says_there(&place, "en", &format!("--config {NAME} config show")).has("[mirror]");
}

fn root_says(place: &Place, arguments: &str) -> Said {
    let mut command = ROOT.command(env!("CARGO_BIN_EXE_ecvi-b24"));
    command.current_dir(place.folder()).env("LANG", "en");
    Said::from(command.args(arguments.split_whitespace()).output().unwrap())
}

#[test]
fn root_uses_no_configuration_that_others_can_write() {
    let Some(place) = place() else { return };
    let path = lure(&place);
    for (owner, mode) in [(FILLER, 0o600), (ROOT, 0o660), (ROOT, 0o664), (ROOT, 0o602)] {
        open_to(&path, mode, owner);
        for arguments in ["config show", "--config ./ecvi-b24.toml sync", "init --yes"] {
            let said = root_says(&place, arguments);
            said.has("others than root may change the configuration file");
            assert_eq!(said.code, Some(3), "{owner:?} {mode:o}: {}", said.text);
        }
    }
    open_to(&path, 0o644, ROOT);
    root_says(&place, "config show").has("EVIL");
}

#[test]
fn root_sees_the_rights_that_another_user_has_by_an_acl() {
    let Some(place) = place() else { return };
    let path = lure(&place);
    open_to(&path, 0o600, ROOT);
    if grant(&path, FILLER.uid).is_err() {
        // A file system without ACLs.
        return;
    }
    let said = root_says(&place, "config show");
    said.has("others than root may change the configuration file");
}

/// `setfacl -m u:USER:rw`
fn grant(path: &Path, user: u32) -> rustix::io::Result<()> {
    const NOBODY_NAMED: u32 = u32::MAX;
    let mut acl = 2_u32.to_le_bytes().to_vec();
    let entries: [(u16, u16, u32); 5] = [
        (0x01, 6, NOBODY_NAMED),
        (0x02, 6, user),
        (0x04, 0, NOBODY_NAMED),
        (0x10, 6, NOBODY_NAMED),
        (0x20, 0, NOBODY_NAMED),
    ];
    for (tag, rights, whom) in entries {
        acl.extend(tag.to_le_bytes());
        acl.extend(rights.to_le_bytes());
        acl.extend(whom.to_le_bytes());
    }
    setxattr(path, "system.posix_acl_access", &acl, XattrFlags::empty())
}

/// A file of root's and one of another user change places all the time.
#[test]
fn root_reads_the_very_file_whose_owner_it_looked_at() {
    let Some(place) = place() else { return };
    let path = lure(&place);
    open_to(&path, 0o644, FILLER);
    let good = place.folder().join("good.toml");
    fs::write(&good, fs::read_to_string(&path).unwrap().replace("EVIL", "GOOD")).unwrap();
    open_to(&good, 0o644, ROOT);
    let is_over = AtomicBool::new(false);
    thread::scope(|threads| {
        threads.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                renameat_with(CWD, &path, CWD, &good, RenameFlags::EXCHANGE).unwrap();
            }
        });
        let obeyed = (0..60).filter(|_| root_says(&place, "config show").text.contains("EVIL"));
        let obeyed = obeyed.count();
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(obeyed, 0);
    });
}
