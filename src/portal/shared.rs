//! The leaky bucket of several programs on one host: a portal counts requests by the address they come from.
//!
//! The level stands in a small file of its own, and every request takes its place there under a lock.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};

use super::pace::{Bucket, Pace};
use crate::{private, say};

/// Takes a place in the bucket of this file. Returns how long to wait before the request.
///
/// The place is taken before the wait, so that everybody else waits behind it.
pub(super) fn take_place(path: &Path, bucket: Bucket, now: DateTime<Utc>) -> Result<Duration> {
    let shown = path.display();
    let broken = || {
        say!(
            "общий счётчик запросов {shown} не открывается: проверьте [portal] shared_bucket и права",
            "the shared bucket {shown} cannot be used: check [portal] shared_bucket and the permissions"
        )
    };
    let (mut file, is_new) = private::open(path).with_context(broken)?;
    if is_new {
        for_the_group(&file).with_context(broken)?;
    }
    // Held for a moment; the system lets go of it when the file is closed.
    file.lock().with_context(broken)?;
    let mut text = String::new();
    file.read_to_string(&mut text).with_context(broken)?;
    let read: Result<Pace, _> = serde_json::from_str(&text);
    let is_torn = !is_new && read.is_err();
    let mut pace = read.unwrap_or_default();
    if is_torn {
        // Somebody was killed as he wrote: what was sent until then nobody knows.
        pace.full(bucket, now);
    }
    let wait = pace.wait(bucket, now);
    pace.sent(bucket, now);
    write(&mut file, &serde_json::to_string(&pace)?).with_context(broken)?;
    Ok(wait)
}

/// Readable and writable by the group, whatever the umask: the hotels of a chain may run as different users.
#[cfg(unix)]
fn for_the_group(file: &File) -> std::io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o660))
}

#[cfg(not(unix))]
fn for_the_group(_: &File) -> std::io::Result<()> {
    Ok(())
}

fn write(file: &mut File, text: &str) -> std::io::Result<()> {
    file.rewind()?;
    file.set_len(0)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_whose_writer_was_killed_counts_as_full() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bucket");
        let bucket = Bucket { per_second: 2.0, burst: 50 };
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        assert_eq!(take_place(&path, bucket, now).unwrap(), Duration::ZERO);
        for torn in ["", "{\"level\": 4"] {
            std::fs::write(&path, torn).unwrap();
            assert_eq!(take_place(&path, bucket, now).unwrap(), Duration::from_millis(1500));
        }
    }

    #[test]
    fn two_hotels_share_one_bucket() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bucket");
        let bucket = Bucket { per_second: 2.0, burst: 50 };
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let waits: Vec<Duration> = (0..50).map(|_| take_place(&path, bucket, now).unwrap()).collect();
        assert_eq!(waits[47], Duration::ZERO);
        assert_eq!(waits[48], Duration::from_millis(500));
        assert_eq!(waits[49], Duration::from_secs(1));
    }
}
