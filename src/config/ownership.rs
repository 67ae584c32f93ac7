//! A configuration names the files that a command writes and the rows that it prints, so it is not
//! taken from others.
//!
//! Root obeys no file that others can write, because root may write any file. Everybody else obeys
//! whatever file is named, but none of others' that merely lies in the current folder: `sudo` stays
//! in the folder in which it was typed.

use std::path::Path;

use super::config_file::Origin;
use super::error::ConfigError;
use crate::domain::messages::ConfigMessage;
use crate::platform::system_user;

const ROOT: u32 = 0;
const OTHERS_WRITE: u32 = 0o002;
const GROUP_AND_OTHERS_WRITE: u32 = 0o022;

/// Refuses a configuration that others may write, where this user must not obey them. `owners` are
/// those of the name, which may be a link, and of the file.
pub(super) fn refuse_others_file(
    path: &Path,
    owners: [u32; 2],
    mode: u32,
    origin: Origin,
) -> Result<(), ConfigError> {
    let user = system_user::effective_user();
    if user != ROOT && origin != Origin::CurrentFolder {
        return Ok(());
    }
    let Some(owner) = owner_where_others_write(owners, mode, user) else { return Ok(()) };
    let path = path.display().to_string();
    let refusal = if user == ROOT {
        ConfigMessage::FileOfOthers { path }
    } else {
        ConfigMessage::FoundFileOfOthers { path, owner }
    };
    Err(refusal.into())
}

/// The owner of a file that others than this user may write; none where nobody else may. Root does
/// not count, who may write every file anyway.
///
/// In root's files the group counts whatever it is: where other users have rights of their own (an
/// ACL), its bits show the most that any of them has. In a user's own file it does not, because
/// many systems let a user's group write what the user makes.
fn owner_where_others_write(owners: [u32; 2], mode: u32, user: u32) -> Option<u32> {
    let other = owners.into_iter().find(|owner| ![user, ROOT].contains(owner));
    let others_write = if owners[1] == ROOT { GROUP_AND_OTHERS_WRITE } else { OTHERS_WRITE };
    let is_open = mode & others_write != 0;
    other.or_else(|| is_open.then_some(owners[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_roots_when_nobody_else_may_write_it() {
        for (owner, mode, is_others) in [
            (0, 0o600, false),
            (0, 0o644, false),
            (0, 0o640, false),
            (0, 0o660, true),
            (0, 0o664, true),
            (0, 0o646, true),
            (7, 0o600, true),
        ] {
            let owner_told = owner_where_others_write([0, owner], mode, ROOT);
            assert_eq!(owner_told, is_others.then_some(owner), "{owner} {mode:o}");
        }
    }

    #[test]
    fn a_file_in_the_current_folder_is_the_users_own_or_roots() {
        const USER: u32 = 7;
        for (owners, mode, owner_told) in [
            ([USER, USER], 0o600, None),
            ([USER, USER], 0o644, None),
            ([0, 0], 0o644, None),
            ([USER, 0], 0o640, None),
            ([USER, USER], 0o664, None),
            ([USER, USER], 0o666, Some(USER)),
            ([0, 0], 0o664, Some(0)),
            ([USER, USER], 0o602, Some(USER)),
            ([0, 0], 0o620, Some(0)),
            ([8, 8], 0o600, Some(8)),
            ([USER, 8], 0o600, Some(8)),
            ([8, USER], 0o600, Some(8)),
        ] {
            let told = owner_where_others_write(owners, mode, USER);
            assert_eq!(told, owner_told, "{owners:?} {mode:o}");
        }
    }
}
