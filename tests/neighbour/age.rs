//! A mirror that nobody writes any more is noticed; one that was replaced beside its old log, and a
//! configuration behind a link, are told of.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::filler::{End, WRITE};
use crate::folders::{FILLER, Place, is_root, open_to};

fn was_written(path: &Path, hours_ago: u64) {
    let time = SystemTime::now() - Duration::from_secs(hours_ago * 3600);
    File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

fn place(journal: &str) -> Option<Place> {
    let place = is_root().then(Place::open)?;
    place.is_made_by(FILLER, journal, 0o666);
    Some(place)
}

#[test]
fn status_tells_when_the_mirror_was_written() {
    let Some(place) = place("DELETE") else { return };
    was_written(&place.mirror(), 5);
    let said = place.says("status");
    said.has("Mirror written ");
    said.has("(5 h ago)");
    let document: serde_json::Value =
        serde_json::from_str(&place.says("status --json").text).unwrap();
    assert!(document["mirror"]["written_at"].as_str().unwrap().ends_with('Z'));
    fs::remove_file(place.mirror()).unwrap();
    assert!(!place.says("status").text.contains("Mirror written"));
}

#[test]
fn monitoring_hears_of_a_mirror_that_nobody_writes() {
    let Some(place) = place("DELETE") else { return };
    was_written(&place.mirror(), 5);
    let check = "status --check --max-age 100d";
    assert!(!place.says(check).text.contains("mirror"));
    for (limit, words) in [("6h", "mirror written 5 h ago"), ("4h", "mirror written 5 h ago")] {
        place.says(&format!("{check} --max-mirror-age {limit}")).has(words);
    }
    place.configure("monitoring.max_mirror_age = '1h'");
    place.says(check).has("mirror written 5 h ago");
    place.says("check").has("! Mirror");
    place.says("sync").has("was not written since");
    assert!(!place.says("sync").text.contains("was not written since"), "told once a day");
    fs::remove_file(place.mirror()).unwrap();
    place.says(check).has("when the mirror was written is unknown");
}

#[test]
fn what_stands_in_the_log_alone_was_written_too() {
    let Some(place) = place("WAL") else { return };
    let _open = FILLER.writes(&place.mirror(), WRITE, End::Stays).unwrap();
    was_written(&place.mirror(), 5);
    place.says("status").has("(just now)");
}

#[test]
fn a_mirror_that_was_replaced_beside_its_old_log_is_warned_of() {
    let Some(place) = place("WAL") else { return };
    let other = place.folder().join("new.db");
    fs::copy(place.mirror(), &other).unwrap();
    open_to(&other, 0o666, FILLER);
    FILLER.writes(&place.mirror(), WRITE, End::Dies).map(drop).unwrap();
    assert!(!place.says("check").text.contains("does not fit it"));
    std::thread::sleep(Duration::from_millis(50));
    fs::remove_file(place.mirror()).unwrap();
    fs::copy(&other, place.mirror()).unwrap();
    open_to(&place.mirror(), 0o666, FILLER);
    place.says("check").has("does not fit it");
}

#[test]
fn a_configuration_behind_a_link_means_the_files_beside_itself() {
    let Some(place) = place("DELETE") else { return };
    let linked = place.folder().join("ecvi-b24.toml");
    symlink(place.own("ecvi-b24.toml"), &linked).unwrap();
    let arguments = format!("--config {} check", linked.display());
    let said = place.says(&arguments);
    said.has("✓ The configuration is a link to");
    said.has(&format!(
        "State: {}",
        place.own("state.db").canonicalize().unwrap_or(place.own("state.db")).display()
    ));
    fs::write(place.folder().join("state.db"), "").unwrap();
    place.says(&arguments).has("beside the link is not used");
    assert_eq!(fs::read(place.folder().join("state.db")).unwrap(), b"");
}
