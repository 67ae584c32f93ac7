//! The folder for SQLite's temporary files: the system's, or that of the state where the system's
//! cannot be written.

use std::path::Path;

use rusqlite::Connection;

use crate::platform::sidecar_path::parent_dir;

/// Where SQLite looks by itself, after the variables of the environment.
const USUAL: [&str; 3] = ["/var/tmp", "/usr/tmp", "/tmp"];

/// Gives SQLite the state's folder, where no usual folder can be written. A failure shows when a
/// temporary file is needed.
pub(crate) fn choose_folder(state: &Path) {
    let of_environment = ["SQLITE_TMPDIR", "TMPDIR"].map(std::env::var_os);
    let mut named = of_environment.iter().flatten().map(Path::new);
    if named.any(is_writable) || USUAL.iter().any(|usual| is_writable(Path::new(usual))) {
        return;
    }
    let own = parent_dir(state);
    if is_writable(own)
        && let Some(own) = own.to_str()
    {
        let chosen = Connection::open_in_memory()
            .and_then(|database| database.pragma_update(None, "temp_store_directory", own));
        log::info!("temporary files go into {own}: {chosen:?}");
    }
}

fn is_writable(folder: &Path) -> bool {
    use rustix::fs::{Access, access};
    folder.is_dir() && access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}
