//! Users of this machine, as its directory of users knows them.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A user of this machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SystemUser {
    pub(crate) name: String,
    pub(crate) uid: u32,
    /// The user's first group.
    pub(crate) gid: u32,
    /// Nobody else is in that group.
    pub(crate) has_own_group: bool,
}

/// The user with whose rights this process opens files.
pub(crate) fn effective_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Whether this process has all rights.
pub(crate) fn is_root() -> bool {
    effective_user() == 0
}

impl SystemUser {
    /// The user of this name.
    pub(crate) fn named(name: &str) -> Option<SystemUser> {
        nix::unistd::User::from_name(name).ok()?.map(SystemUser::from)
    }

    /// The user to whom a file or folder belongs.
    pub(crate) fn owner_of(path: &Path) -> Option<SystemUser> {
        let uid = std::fs::metadata(path).ok()?.uid();
        nix::unistd::User::from_uid(uid.into()).ok()?.map(SystemUser::from)
    }
}

impl From<nix::unistd::User> for SystemUser {
    fn from(user: nix::unistd::User) -> SystemUser {
        let group = nix::unistd::Group::from_gid(user.gid).ok().flatten();
        // Systems that give each user a group call it as the user.
        let has_own_group = group.is_some_and(|group| {
            group.name == user.name && group.mem.iter().all(|member| *member == user.name)
        });
        SystemUser { name: user.name, uid: user.uid.into(), gid: user.gid.into(), has_own_group }
    }
}
