//! What is remembered from run to run beside the records.
//!
//! A setting whose type belongs to a folder above this one stands beside its type.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Connection;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::statements::{execute, query_first};
use super::{Result, State, Totals, Writer};
use crate::domain::per_kind::PerKind;
use crate::domain::record::Kind;
use crate::portal::limits::RateLimits;

/// The key of a value, and the type of the value.
pub struct Setting<T> {
    key: &'static str,
    value: PhantomData<T>,
}

impl<T> Setting<T> {
    /// No two settings have one key.
    pub const fn new(key: &'static str) -> Setting<T> {
        Setting { key, value: PhantomData }
    }
}

/// When something was last done or reported.
pub type LastTime = Setting<DateTime<Utc>>;

/// When the initial export was completed.
pub const INITIAL_EXPORT: LastTime = Setting::new("initial_export");

/// A fingerprint of the columns that make content hashes, by kind: hashes of other columns cannot
/// be compared.
pub const CONTENTS: Setting<PerKind<u64>> = Setting::new("contents");

/// Since when a guard holds removals back, by kind; none where no guard does.
pub const HELD_SINCE: Setting<PerKind<Option<DateTime<Utc>>>> = Setting::new("held_since");

/// The inputs of the last run that completed; none where the next run must not be skipped.
pub const INPUTS: Setting<Option<InputFingerprint>> = Setting::new("inputs");

/// A fingerprint of all inputs of a run except the state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InputFingerprint {
    /// The files of the mirror.
    pub mirror: u64,
    /// The configuration, and what of the day it makes count.
    pub config: u64,
}

/// Whether every record is to be sent again, and no run has marked them yet.
pub const FULL: Setting<bool> = Setting::new("full");

/// Whether every record was marked to be sent again, and no run has completed since.
pub const RESENDING: Setting<bool> = Setting::new("resending");

/// The host of the portal that the ids belong to.
pub const PORTAL: Setting<String> = Setting::new("portal");
/// The ORIGINATOR_ID of everything that was sent: by another one no object would be found.
pub const ORIGINATOR: Setting<String> = Setting::new("originator");

/// The cards that the deals of the last batches point at, until the portal was asked whether they
/// still exist.
pub const POINTED_AT: Setting<BTreeSet<(Kind, i64)>> = Setting::new("pointed_at");

/// When the last call was made that changes something; the lock's file has it too.
pub const LAST_CALL: LastTime = Setting::new("last_call");

/// When it was last told that the mapping has changed.
pub const MAPPING_TOLD: LastTime = Setting::new("mapping_told");
/// When it was last told that a secret can be read by others.
pub const EXPOSED_TOLD: LastTime = Setting::new("exposed_told");
/// When it was last told that nobody writes the mirror any more.
pub const MIRROR_AGE_TOLD: LastTime = Setting::new("mirror_age_told");
/// When it was last told that another state is beside the link to the configuration.
pub const LINK_TOLD: LastTime = Setting::new("link_told");
/// When it was last told that the status page cannot be written.
pub const PAGE_TOLD: LastTime = Setting::new("page_told");
/// When it was last told that the metrics file cannot be written.
pub const METRICS_TOLD: LastTime = Setting::new("metrics_told");

/// What all runs did.
pub const TOTALS: Setting<Totals> = Setting::new("totals");

/// When `check` last wrote to the state, the proof that it can.
pub const CHECKED: LastTime = Setting::new("checked_at");

/// What was learned of the portal's limits.
pub const PACE: Setting<RateLimits> = Setting::new("pace");

const DAY: TimeDelta = TimeDelta::days(1);

impl State {
    /// What is remembered; none where nothing is, or where it has another form by now.
    pub fn get<T: DeserializeOwned>(&self, setting: &Setting<T>) -> Result<Option<T>> {
        let sql = "SELECT value FROM meta WHERE key = ?1";
        let text: Option<String> =
            query_first(&self.connection, sql, [setting.key], |row| row.get(0))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Remembers a value. One that is remembered already costs no write.
    pub fn set<T: Serialize>(&self, setting: &Setting<T>, value: &T) -> Result<()> {
        set(&self.connection, setting, value)
    }

    /// Whether a once-a-day notice is due; `told` holds when it was last given.
    pub fn once_a_day(&self, told: &LastTime, now: DateTime<Utc>) -> Result<bool> {
        let is_due = self.get(told)?.is_none_or(|told| (now - told).abs() >= DAY);
        if is_due {
            self.set(told, &now)?;
        }
        Ok(is_due)
    }

    /// When the initial export was completed.
    pub fn initial_export(&self) -> Result<Option<DateTime<Utc>>> {
        self.get(&INITIAL_EXPORT)
    }
}

impl Writer<'_> {
    /// Remembers a value together with all else that is written through this.
    pub fn set<T: Serialize>(&self, setting: &Setting<T>, value: &T) -> Result<()> {
        set(&self.transaction, setting, value)
    }
}

fn set<T: Serialize>(state: &Connection, setting: &Setting<T>, value: &T) -> Result<()> {
    let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT
               DO UPDATE SET value = excluded.value WHERE value IS NOT excluded.value";
    execute(state, sql, (setting.key, serde_json::to_string(value)?))
}
