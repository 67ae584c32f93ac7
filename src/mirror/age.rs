//! When the mirror was written last: the only sign that the program that fills it has stopped.

use std::fs;
use std::path::Path;

use chrono::{DateTime, Utc};

use crate::platform::sidecar_path::sidecar_path;

/// When the file, or its log, was written last; none where that cannot be seen.
pub fn written_at(mirror: &Path) -> Option<DateTime<Utc>> {
    let file = fs::metadata(mirror).ok()?.modified().ok()?;
    match fs::metadata(sidecar_path(mirror, "-wal")) {
        // A reader may have made an empty log.
        Ok(log) if log.len() > 0 => Some(log.modified().unwrap_or(file).max(file).into()),
        _ => Some(file.into()),
    }
}
