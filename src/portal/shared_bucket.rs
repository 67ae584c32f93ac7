//! The leaky bucket of several programs on one host, because a portal counts requests by the
//! address they come from.
//!
//! The level is kept in a small file, in which each request reserves its slot under a lock. Other
//! programs write that file, so its content is checked. Where the file cannot be used, a run goes
//! on at half the rate.

mod content;

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use crate::config::PortalConfig;
use crate::domain::messages::{Message, PortalMessage};
use crate::domain::run_error::{RunError, message_of_io};
use crate::platform::private_files::{self, Opened};
use crate::portal::limits::{Bucket, RateLimits};

/// Each program holds the file for an instant only.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// A file that cannot be used is tried again after this time.
const RETRY_AFTER: TimeDelta = TimeDelta::minutes(1);

pub(super) struct SharedBucket {
    path: PathBuf,
    /// The requests that were sent without the file.
    fallback: RateLimits,
    retry_at: DateTime<Utc>,
    warned: bool,
}

impl SharedBucket {
    pub(super) fn new(path: PathBuf) -> SharedBucket {
        let fallback = RateLimits::default();
        SharedBucket { path, fallback, retry_at: DateTime::default(), warned: false }
    }

    /// How long to wait before the request. The slot is reserved before that wait, so that all
    /// others wait behind it.
    pub(super) fn reserve_slot(&mut self, bucket: Bucket, now: DateTime<Utc>) -> Duration {
        let is_retry_pending = now < self.retry_at && now >= self.retry_at - RETRY_AFTER;
        if is_retry_pending {
            return self.reserve_fallback_slot(bucket, now);
        }
        reserve_slot(&self.path, bucket, now).unwrap_or_else(|error| {
            self.warn(&error);
            self.retry_at = now + RETRY_AFTER;
            self.reserve_fallback_slot(bucket, now)
        })
    }

    /// Half of the rate, and no burst, because the requests of the others are not known.
    fn reserve_fallback_slot(&mut self, bucket: Bucket, now: DateTime<Utc>) -> Duration {
        let careful = Bucket { per_second: bucket.per_second / 2.0, burst: 1 };
        let wait = self.fallback.wait(careful, now);
        self.fallback.record_request(careful, now);
        wait
    }

    fn warn(&mut self, error: &io::Error) {
        if !self.warned {
            self.warned = true;
            let path = self.path.display().to_string();
            let reason = message_of_io(error).into();
            log::warn!("{}", Message::from(PortalMessage::SharedBucketUnusable { path, reason }));
        }
    }
}

/// Why requests cannot be counted in the file; none where they can, or no file is named. It counts
/// one to find out.
pub(crate) fn problem(config: &PortalConfig, now: DateTime<Utc>) -> Option<Message> {
    let path = config.shared_bucket.as_ref()?;
    let error = reserve_slot(path, Bucket::of_portal(config), now).err()?;
    Some(message_of_io(&error))
}

fn reserve_slot(path: &Path, bucket: Bucket, now: DateTime<Utc>) -> io::Result<Duration> {
    let Opened { mut file, is_new } = open(path)?;
    lock(&file)?;
    let saved = read(&mut file, bucket)?;
    // The hotels of a chain may run as different users. The file need not be new for that: a kill
    // or a power cut may have come right after it was made.
    private_files::share_with_group(&file)?;
    let is_lost = saved.is_none() && !is_new;
    let mut limits = saved.unwrap_or_default();
    if is_lost {
        // A writer was killed or the disk broke, so what was sent until now is unknown.
        limits.assume_bucket_full(bucket, now);
    }
    let wait = limits.shared_wait(bucket, now);
    limits.record_request(bucket, now);
    write(&mut file, &serde_json::to_string(&limits)?)?;
    Ok(wait)
}

fn open(path: &Path) -> io::Result<Opened> {
    let opened = private_files::open_or_create_private(path)?;
    if private_files::has_several_names(&opened.file)? { Err(foreign_file()) } else { Ok(opened) }
}

/// The system releases the lock when the file is closed.
fn lock(file: &File) -> io::Result<()> {
    let give_up = Instant::now() + LOCK_TIMEOUT;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() > give_up => {
                let busy = RunError::State(PortalMessage::SharedBucketBusy.into());
                return Err(io::Error::new(ErrorKind::WouldBlock, busy));
            }
            Err(TryLockError::WouldBlock) => sleep(POLL_INTERVAL),
        }
    }
}

/// The saved level; none where the file does not contain a plausible one.
fn read(file: &mut File, bucket: Bucket) -> io::Result<Option<RateLimits>> {
    let mut bytes = Vec::new();
    file.take(content::MAX_BYTES).read_to_end(&mut bytes)?;
    if content::is_foreign(&bytes) {
        return Err(foreign_file());
    }
    // A JSON array would be read as well.
    if !bytes.starts_with(b"{") {
        return Ok(None);
    }
    let limits: Option<RateLimits> = serde_json::from_slice(&bytes).ok();
    Ok(limits.and_then(|limits| limits.plausible(bucket)))
}

fn foreign_file() -> io::Error {
    io::Error::new(
        ErrorKind::InvalidInput,
        RunError::State(PortalMessage::SharedBucketForeign.into()),
    )
}

fn write(file: &mut File, text: &str) -> io::Result<()> {
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
        assert_eq!(reserve_slot(&path, BUCKET, at(0)).unwrap(), Duration::ZERO);
        let nonsense: [&[u8]; 8] = [
            b"", b"{\"level\": 4", b"{\"level\":1e9}", b"{\"level\":-1e300}", b"{\"level\":null}",
            b"{\"level\":1e999}", b"\xff\xfe{}", b"\0\0\0\0",
        ];
        for bytes in nonsense {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(
                reserve_slot(&path, BUCKET, at(0)).unwrap(),
                Duration::from_millis(1500),
                "{bytes:?}"
            );
            assert_eq!(
                reserve_slot(&path, BUCKET, at(0)).unwrap(),
                Duration::from_secs(2),
                "{bytes:?}"
            );
        }
    }

    #[test]
    fn a_bucket_that_was_filled_in_the_future_is_waited_for_no_longer_than_a_full_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bucket");
        std::fs::write(&path, "{\"level\":50,\"filled_at\":\"9999-01-01T00:00:00Z\"}").unwrap();
        assert_eq!(reserve_slot(&path, BUCKET, at(0)).unwrap(), Duration::from_millis(1500));
        assert_eq!(reserve_slot(&path, BUCKET, at(10)).unwrap(), Duration::ZERO);
    }

    #[test]
    fn a_bucket_is_shared_with_its_group_also_when_its_maker_did_not_come_to_that() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bucket");
        let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        let set_mode =
            |mode| std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        reserve_slot(&path, BUCKET, at(0)).unwrap();
        assert_eq!(mode(), 0o660);
        for (before, after) in [(0o600, 0o660), (0o640, 0o660), (0o666, 0o666)] {
            set_mode(before);
            reserve_slot(&path, BUCKET, at(0)).unwrap();
            assert_eq!(mode(), after);
        }
        std::fs::write(&path, "{\"name\": \"theirs\"}").unwrap();
        set_mode(0o600);
        assert!(reserve_slot(&path, BUCKET, at(0)).is_err());
        assert_eq!(mode(), 0o600);
    }

    #[test]
    fn another_programs_file_keeps_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bucket");
        let long = "x".repeat(600);
        for text in ["[portal]\nwebhook = 'x'", "{\"name\": \"theirs\"}", long.as_str()] {
            std::fs::write(&path, text).unwrap();
            assert!(reserve_slot(&path, BUCKET, at(0)).is_err(), "{text}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn without_the_file_a_run_goes_on_at_half_the_rate_and_asks_for_it_again_later() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bucket");
        std::fs::create_dir(&path).unwrap();
        let mut shared = SharedBucket::new(path.clone());
        let waits = [(); 3].map(|()| shared.reserve_slot(BUCKET, at(0)));
        assert_eq!(waits, [0, 1, 2].map(Duration::from_secs));
        std::fs::remove_dir(&path).unwrap();
        shared.reserve_slot(BUCKET, at(30));
        assert!(!path.exists());
        assert_eq!(shared.reserve_slot(BUCKET, at(60)), Duration::ZERO);
        assert!(path.exists());
    }

    #[test]
    fn a_hotel_with_smaller_limits_leaves_the_count_of_one_with_larger_ones() {
        const LARGEST: Bucket = Bucket { per_second: 5.0, burst: 250 };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bucket");
        for _ in 0..248 {
            assert_eq!(reserve_slot(&path, LARGEST, at(0)).unwrap(), Duration::ZERO);
        }
        // It waits as for a bucket that is full by its own limits.
        assert_eq!(reserve_slot(&path, BUCKET, at(0)).unwrap(), Duration::from_millis(1500));
        assert_eq!(reserve_slot(&path, LARGEST, at(0)).unwrap(), Duration::from_millis(400));
    }

    #[test]
    fn two_hotels_share_one_bucket() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bucket");
        let waits: Vec<Duration> =
            (0..50).map(|_| reserve_slot(&path, BUCKET, at(0)).unwrap()).collect();
        assert_eq!(waits[47], Duration::ZERO);
        assert_eq!(waits[48], Duration::from_millis(500));
        assert_eq!(waits[49], Duration::from_secs(1));
    }
}
