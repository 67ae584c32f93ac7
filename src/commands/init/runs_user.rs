//! The user of the runs, who has to read the configuration that root writes.
//!
//! It is the owner of the state's folder, or the user that the package makes. A new file stays
//! root's and is opened to that user's own group, so that root's commands go on using it. Where
//! others are in the user's group, they could read the webhook, so the file becomes the user's.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, fchown};
use std::path::Path;

use crate::domain::language::Language;
use crate::domain::shell;
use crate::msg;
use crate::platform::sidecar_path::parent_dir;
use crate::platform::system_user::{SystemUser, is_root};

/// The user that the package makes.
const PACKAGE_USER: &str = "ecvi-b24";

/// The user of the runs, where that is not who runs this command.
pub(super) struct RunsUser(SystemUser);

impl RunsUser {
    /// Nobody where this command has not the rights of root, or the runs are root's as well.
    pub(super) fn find(state: &Path) -> Option<RunsUser> {
        if !is_root() {
            return None;
        }
        let owner = SystemUser::owner_of(parent_dir(state)).filter(|owner| owner.uid != 0);
        owner.or_else(|| SystemUser::named(PACKAGE_USER)).map(RunsUser)
    }

    /// Lets the user read a new file, and nobody else.
    pub(super) fn admit(&self, file: &File) -> io::Result<()> {
        let RunsUser(user) = self;
        if user.has_own_group {
            fchown(file, None, Some(user.gid))?;
            return file.set_permissions(Permissions::from_mode(0o640));
        }
        fchown(file, Some(user.uid), None)
    }

    /// The user under which the next commands have to run.
    pub(super) fn command_line(&self, language: Language) -> String {
        let name = shell::argument(&self.0.name);
        msg!(
            language,
            "Запуски идут от имени пользователя {name}. Выполняйте команды так: sudo -u {name} ecvi-b24 …",
            "The runs are those of the user {name}. Run the commands so: sudo -u {name} ecvi-b24 …"
        )
    }
}

/// Who can read a new file of root's.
pub(super) fn access_line(
    user: Option<&RunsUser>,
    path: &Path,
    language: Language,
) -> Option<String> {
    let path = path.display().to_string();
    let path = shell::argument(&path);
    if let Some(RunsUser(SystemUser { name, .. })) = user {
        return Some(msg!(
            language,
            "Файл {path} доступен только root и пользователю {name}.",
            "{path} can be read by root and by the user {name} alone."
        ));
    }
    is_root().then(|| {
        msg!(
            language,
            "Файл {path} доступен только root. Если запускать программу будет \
             другой пользователь, передайте ему файл: chown ПОЛЬЗОВАТЕЛЬ {path}",
            "{path} can be read by root alone. If another user is to \
             run the program, hand the file over: chown USER {path}"
        )
    })
}
