//! When the mirror was written last: a filler that died says nothing else.

use std::fs;
use std::path::Path;

use chrono::{DateTime, Utc};

use crate::platform::sidecar_path::sidecar_path;

/// When the file, or its log, was written last; none where that cannot be seen.
pub fn written_at(mirror: &Path) -> Option<DateTime<Utc>> {
    let file = fs::metadata(mirror).ok()?.modified().ok()?;
    // An empty log may have been made by who only reads.
    let log = fs::metadata(sidecar_path(mirror, "-wal")).ok().filter(|log| log.len() > 0);
    let log = log.and_then(|log| log.modified().ok());
    Some(log.map_or(file, |log| log.max(file)).into())
}
