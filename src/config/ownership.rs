//! Root uses no configuration that others can write: it names the files that a command writes, and
//! root may write any file.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::error::{ConfigError, unreadable};
use crate::domain::messages::ConfigMessage;
use crate::platform::system_user::is_root;

/// Refuses a configuration that others than root may write, where root reads it.
pub(super) fn refuse_others_file(path: &Path) -> Result<(), ConfigError> {
    if !is_root() {
        return Ok(());
    }
    // A link is its owner's, whatever it leads to.
    let link = std::fs::symlink_metadata(path).map_err(|error| unreadable(path, &error))?;
    let file = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if may_be_others(link.uid(), 0, 0) || may_be_others(file.uid(), file.gid(), file.mode()) {
        return Err(ConfigMessage::FileOfOthers { path: path.display().to_string() }.into());
    }
    Ok(())
}

fn may_be_others(owner: u32, group: u32, mode: u32) -> bool {
    const GROUP_WRITES: u32 = 0o020;
    const OTHERS_WRITE: u32 = 0o002;
    owner != 0 || mode & OTHERS_WRITE != 0 || (group != 0 && mode & GROUP_WRITES != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_roots_when_nobody_else_may_write_it() {
        for (owner, group, mode, is_others) in [
            (0, 0, 0o600, false),
            (0, 0, 0o664, false),
            (0, 5, 0o640, false),
            (0, 5, 0o660, true),
            (0, 0, 0o646, true),
            (7, 0, 0o600, true),
        ] {
            assert_eq!(may_be_others(owner, group, mode), is_others, "{owner} {group} {mode:o}");
        }
    }
}
