//! What the program needs of the machine: clock, locks, files and hashes. Nothing here knows of
//! hotels or portals.

pub mod clock;
pub mod hash;
pub mod lock;
pub mod private_files;
pub(crate) mod published_file;
pub mod range_lock;
pub mod regular_file;
pub mod sidecar_path;
pub mod sqlite_temp_store;
pub(crate) mod system_user;
pub(crate) mod write_ahead_log;
