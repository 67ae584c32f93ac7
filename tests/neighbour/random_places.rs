//! Any journal mode, any owner, any permissions, any folder: drawn at random, the filler always
//! goes on.

use crate::filler::{End, User, WRITE};
use crate::folders::{FILLER, Place, READER, ROOT, SHARED, is_root, open_to};
use crate::rng::Rng;

/// Cases in an ordinary run; `NEIGHBOUR_CASES=1000` tries more.
const CASES: u64 = 12;

#[test]
fn whatever_owns_the_mirror_and_however_it_writes_goes_on_after_every_command() {
    if !is_root() {
        return;
    }
    let cases = std::env::var("NEIGHBOUR_CASES").ok().and_then(|cases| cases.parse().ok());
    for case in 0..cases.unwrap_or(CASES) {
        let mut rng = Rng::new(case);
        let filler = rng.one_of(&[FILLER, User { gid: SHARED, ..FILLER }, ROOT]);
        let others = [READER, User { gid: SHARED, ..READER }, ROOT];
        let reader = if rng.chance(20) { filler } else { rng.one_of(&others) };
        let folder = rng.one_of(&[0o777, 0o1777, 0o2777, 0o3777, 0o2775, 0o755]);
        let mode = rng.one_of(&[0o600, 0o640, 0o644, 0o660, 0o664, 0o666]);
        let journal = rng.weighted(&[(3, "WAL"), (1, "DELETE"), (1, "TRUNCATE"), (1, "PERSIST")]);
        let end = rng.one_of(&[End::Closes, End::Stays, End::Dies]);
        let command = rng.one_of(&["check", "status", "sync", "initial-export --dry-run"]);
        let told = format!(
            "case {case}: {filler:?} {reader:?} {folder:o} {mode:o} {journal} {end:?} {command}"
        );
        let place = Place::new(reader, folder, SHARED);
        open_to(&place.folder(), folder, User { gid: SHARED, ..filler });
        place.is_made_by(filler, journal, mode);
        let open = filler.writes(&place.mirror(), WRITE, end).unwrap();
        let said = place.says(command);
        assert!(!said.text.contains("panicked"), "{told}: {}", said.text);
        if end == End::Stays {
            assert!(open.writes_again(), "{told}: {}", said.text);
        }
        if let Err(refused) = filler.writes(&place.mirror(), WRITE, End::Closes) {
            panic!("{told}: {refused}, after: {}", said.text);
        }
    }
}
