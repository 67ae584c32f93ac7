//! The leaky bucket of several programs on one host: a portal counts requests by the address they come from.
//!
//! The level stands in a small file of its own, and every request takes its place there under a lock. Others write that
//! file, so nothing in it is trusted. Where it cannot be had, a run goes on at a careful rate of its own.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::domain::messages::{Message, PortalMessage};
use crate::domain::run_error::{RunError, message_of_io};
use crate::platform::private_files::{self, Opened};
use crate::portal::limits::{Bucket, RateLimits};

/// Whoever uses the file holds it for an instant.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// How long a file that could not be had is not asked for again.
const PAUSE: TimeDelta = TimeDelta::minutes(1);
/// A level has far fewer bytes. What is larger is another's file.
const MAX_BYTES: u64 = 512;

/// The file, and how to go on without it.
pub(super) struct Shared {
    path: PathBuf,
    /// What was sent while it could not be had.
    careful: RateLimits,
    retry_at: DateTime<Utc>,
    warned: bool,
}

impl Shared {
    pub(super) fn new(path: PathBuf) -> Shared {
        Shared { path, careful: RateLimits::default(), retry_at: DateTime::default(), warned: false }
    }

    /// Takes a place in the bucket. Returns how long to wait before the request.
    ///
    /// The place is taken before the wait, so that everybody else waits behind it.
    pub(super) fn reserve_slot(&mut self, bucket: Bucket, now: DateTime<Utc>) -> Duration {
        if now < self.retry_at && now >= self.retry_at - PAUSE {
            return self.take_careful_place(bucket, now);
        }
        match take_place(&self.path, bucket, now) {
            Ok(wait) => wait,
            Err(error) => {
                self.warn(&error);
                self.retry_at = now + PAUSE;
                self.take_careful_place(bucket, now)
            }
        }
    }

    /// Half of the rate, and no burst: the others are not seen.
    fn take_careful_place(&mut self, bucket: Bucket, now: DateTime<Utc>) -> Duration {
        let careful = Bucket { per_second: bucket.per_second / 2.0, burst: 1 };
        let wait = self.careful.wait(careful, now);
        self.careful.sent(careful, now);
        wait
    }

    fn warn(&mut self, error: &io::Error) {
        if !std::mem::replace(&mut self.warned, true) {
            let path = self.path.display().to_string();
            let reason = message_of_io(error).into();
            log::warn!("{}", Message::from(PortalMessage::SharedBucketUnusable { path, reason }));
        }
    }
}

fn take_place(path: &Path, bucket: Bucket, now: DateTime<Utc>) -> io::Result<Duration> {
    let (mut file, is_new) = open(path)?;
    lock(&file)?;
    let mut pace = match read(&mut file, bucket)? {
        Some(pace) => pace,
        None if is_new => RateLimits::default(),
        None => full(bucket, now),
    };
    let wait = pace.wait(bucket, now);
    pace.sent(bucket, now);
    write(&mut file, &serde_json::to_string(&pace)?)?;
    Ok(wait)
}

/// The file, and whether it was made just now.
fn open(path: &Path) -> io::Result<(File, bool)> {
    let Opened { file, is_new } = private_files::open_or_create_private(path)?;
    if is_new {
        set_group_mode(&file)?;
    }
    if private_files::has_several_names(&file)? {
        return Err(strangers());
    }
    Ok((file, is_new))
}

/// Held for a moment; the system lets go of it when the file is closed.
fn lock(file: &File) -> io::Result<()> {
    let give_up = Instant::now() + LOCK_TIMEOUT;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() > give_up => {
                let busy = RunError::failed(PortalMessage::SharedBucketBusy);
                return Err(io::Error::new(ErrorKind::WouldBlock, busy));
            }
            Err(TryLockError::WouldBlock) => sleep(POLL_INTERVAL),
        }
    }
}

/// What stands in the file; none where that is nonsense.
fn read(file: &mut File, bucket: Bucket) -> io::Result<Option<RateLimits>> {
    let mut bytes = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut bytes)?;
    if is_strangers(&bytes) {
        return Err(strangers());
    }
    // JSON of an array would be read as well.
    let text = bytes.starts_with(b"{").then_some(&bytes);
    let pace = text.and_then(|text| serde_json::from_slice::<RateLimits>(text).ok());
    Ok(pace.and_then(|pace| pace.plausible(bucket)))
}

/// Somebody was killed as he wrote, or something else did: what was sent until then nobody knows.
fn full(bucket: Bucket, now: DateTime<Utc>) -> RateLimits {
    let mut pace = RateLimits::default();
    pace.assume_bucket_full(bucket, now);
    pace
}

/// Readable text in lines, JSON of another sort, or more than a level has, was put there by somebody for something. What
/// a killed writer or a broken disk leaves is none of these.
fn is_strangers(bytes: &[u8]) -> bool {
    let is_other_json = match serde_json::from_slice(bytes) {
        Ok(Value::Object(found)) => !found.is_empty() && !found.contains_key("level"),
        _ => false,
    };
    let has_lines = std::str::from_utf8(bytes).is_ok_and(|text| text.trim().contains('\n'));
    bytes.len() as u64 >= MAX_BYTES || is_other_json || has_lines
}

fn strangers() -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, RunError::failed(PortalMessage::SharedBucketForeign))
}

/// Readable and writable by the group, whatever the umask: the hotels of a chain may run as different users.
#[cfg(unix)]
fn set_group_mode(file: &File) -> std::io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o660))
}

#[cfg(not(unix))]
fn set_group_mode(_: &File) -> std::io::Result<()> {
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

    const BUCKET: Bucket = Bucket { per_second: 2.0, burst: 50 };

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
    }

    #[test]
    fn a_bucket_whose_writer_was_killed_counts_as_full_and_so_does_nonsense() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bucket");
        assert_eq!(take_place(&path, BUCKET, at(0)).unwrap(), Duration::ZERO);
        let nonsense: [&[u8]; 9] = [
            b"",
            b"{\"level\": 4",
            b"{\"level\":1e9}",
            b"{\"level\":-1e300}",
            b"{\"level\":null}",
            b"{\"level\":1e999}",
            b"[]",
            b"\xff\xfe{}",
            b"\0\0\0\0",
        ];
        for bytes in nonsense {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(take_place(&path, BUCKET, at(0)).unwrap(), Duration::from_millis(1500), "{bytes:?}");
            assert_eq!(take_place(&path, BUCKET, at(0)).unwrap(), Duration::from_secs(2), "{bytes:?}");
        }
    }

    #[test]
    fn a_bucket_that_was_filled_in_the_future_is_waited_for_no_longer_than_a_full_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bucket");
        std::fs::write(&path, "{\"level\":50,\"filled_at\":\"9999-01-01T00:00:00Z\"}").unwrap();
        assert_eq!(take_place(&path, BUCKET, at(0)).unwrap(), Duration::from_millis(1500));
        assert_eq!(take_place(&path, BUCKET, at(10)).unwrap(), Duration::ZERO);
    }

    #[test]
    fn another_programs_file_keeps_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bucket");
        let long = "x".repeat(600);
        for text in ["[portal]\nwebhook = 'x'", "{\"name\": \"theirs\"}", long.as_str()] {
            std::fs::write(&path, text).unwrap();
            assert!(take_place(&path, BUCKET, at(0)).is_err(), "{text}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn without_the_file_a_pass_goes_on_at_half_the_rate_and_asks_for_it_again_later() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bucket");
        std::fs::create_dir(&path).unwrap();
        let mut shared = Shared::new(path.clone());
        let waits = [(); 3].map(|()| shared.reserve_slot(BUCKET, at(0)));
        assert_eq!(waits, [0, 1, 2].map(Duration::from_secs));
        std::fs::remove_dir(&path).unwrap();
        shared.reserve_slot(BUCKET, at(30));
        assert!(!path.exists());
        assert_eq!(shared.reserve_slot(BUCKET, at(60)), Duration::ZERO);
        assert!(path.exists());
    }

    #[test]
    fn two_hotels_share_one_bucket() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bucket");
        let waits: Vec<Duration> = (0..50).map(|_| take_place(&path, BUCKET, at(0)).unwrap()).collect();
        assert_eq!(waits[47], Duration::ZERO);
        assert_eq!(waits[48], Duration::from_millis(500));
        assert_eq!(waits[49], Duration::from_secs(1));
    }
}
