//! A configuration that is reached by a link: relative paths are relative to the file behind it, so
//! that every way to one configuration leads to one mirror and one state.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use crate::domain::messages::{ConfigMessage, Message};
use crate::platform::regular_file;

/// A configuration behind a link.
#[derive(Clone, Debug)]
pub struct Link {
    /// The file that was read.
    pub file: PathBuf,
    /// A state that lies beside the link, where a relative path might be thought to lead.
    pub other_state: Option<PathBuf>,
}

/// The file behind the link, where the configuration is one.
pub(super) fn behind(path: &Path, seen: &Metadata) -> io::Result<Option<PathBuf>> {
    if seen.is_symlink() { regular_file::behind_links(path).map(Some) } else { Ok(None) }
}

impl Link {
    pub(super) fn new(link: &Path, file: PathBuf, state: &Path) -> Link {
        let other_state = state_beside_link(link, &file, state);
        Link { file, other_state }
    }

    /// What to do about a state beside the link.
    pub fn unused_state(&self) -> Option<Message> {
        let other_state = self.other_state.as_ref()?;
        Some(ConfigMessage::UnusedState { path: other_state.display().to_string() }.into())
    }
}

/// The file to which the state's path leads from the link's folder; none where there is no other
/// file than the state itself.
fn state_beside_link(link: &Path, file: &Path, state: &Path) -> Option<PathBuf> {
    let relative = state.strip_prefix(file.parent()?).ok()?;
    let beside = link.parent().unwrap_or(Path::new("")).join(relative);
    let is_other = beside.exists() && beside.canonicalize().ok() != state.canonicalize().ok();
    is_other.then_some(beside)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn seen_behind(path: &Path) -> Option<PathBuf> {
        behind(path, &fs::symlink_metadata(path).unwrap()).unwrap()
    }

    #[test]
    fn a_state_beside_the_link_is_told_of_and_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let (real, linked) = (folder.join("real"), folder.join("linked"));
        for folder in [&real, &linked] {
            fs::create_dir(folder).unwrap();
        }
        fs::write(real.join("ecvi-b24.toml"), "").unwrap();
        let link = linked.join("ecvi-b24.toml");
        std::os::unix::fs::symlink(real.join("ecvi-b24.toml"), &link).unwrap();
        let file = seen_behind(&link).unwrap();
        assert_eq!(file, real.join("ecvi-b24.toml"));
        assert!(seen_behind(&file).is_none());
        let state = real.join("state.db");
        assert_eq!(Link::new(&link, file.clone(), &state).other_state, None);
        fs::write(linked.join("state.db"), "").unwrap();
        assert_eq!(
            Link::new(&link, file.clone(), &state).other_state,
            Some(linked.join("state.db"))
        );
        assert_eq!(Link::new(&link, file, Path::new("/var/lib/state.db")).other_state, None);
    }
}
