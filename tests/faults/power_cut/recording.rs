//! A run whose files and requests are written down.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use bitrix24_sandbox::{Php, Portal};
use chrono::{DateTime, TimeDelta, Utc};

use crate::hotel::Hotel;
use crate::portal_snapshot::snapshot;
use crate::power_cut::disk::{Disk, files_below};
use crate::power_cut::drive::Drive;
use crate::power_cut::events::{Event, parse};
use crate::program::library;
use crate::scene::ever_made;

pub(crate) struct Recording {
    /// Its folder and its portal, as the run left them.
    pub(crate) hotel: Hotel,
    /// The folder before the run.
    pub(crate) before: Disk,
    /// The folder behind it.
    pub(crate) after: Disk,
    numbers: BTreeMap<PathBuf, u64>,
    /// What the program did to the folder.
    pub(crate) events: Vec<Event>,
    requests: Vec<Request>,
    /// The portal before each request, and behind the last one.
    portals: Vec<Portal>,
    /// What each of them shows.
    shown: Vec<(Vec<String>, [u64; 3])>,
}

/// A request to the portal.
struct Request {
    /// How much had happened when it was made: first the bytes of the log, then events.
    position: usize,
    at: DateTime<Utc>,
    method: String,
    params: Php,
}

/// How the portal stands when the power goes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Stand {
    /// So many requests have taken effect.
    requests: usize,
    /// The one under way takes effect later, although nobody waits for it any more.
    is_late: bool,
}

/// How long after it was made.
const LATE: TimeDelta = TimeDelta::seconds(20);

impl Recording {
    /// Runs the command.
    pub(crate) fn of(hotel: Hotel, command: &str) -> Recording {
        let folder = hotel.path("").canonicalize().unwrap();
        let logs = tempfile::tempdir().unwrap();
        let log = logs.path().join("log");
        let (before, numbers) = (Disk::read(&folder), numbers(&folder));
        let arrivals: Arc<Mutex<Vec<(Request, Portal)>>> = Arc::default();
        note_arrivals(&hotel, &log, &arrivals);
        let environment = [
            ("LD_PRELOAD", recorder().to_str().unwrap()),
            ("RECORDER_FOLDER", folder.to_str().unwrap()),
            ("RECORDER_LOG", log.to_str().unwrap()),
        ];
        hotel.run_with(&environment, command).expect(0);
        hotel.server.people(|_, _| ());
        let (ends, events): (Vec<usize>, Vec<Event>) =
            parse(&fs::read(&log).unwrap(), &folder).into_iter().unzip();
        let arrivals = std::mem::take(&mut *arrivals.lock().unwrap());
        let (mut requests, mut portals): (Vec<Request>, Vec<Portal>) = arrivals.into_iter().unzip();
        portals.push(hotel.server.portal().clone());
        for request in &mut requests {
            request.position = ends.iter().filter(|end| **end <= request.position).count();
        }
        let after = Disk::read(&folder);
        let shown = portals.iter().map(|portal| (snapshot(portal), ever_made(portal))).collect();
        let recording =
            Recording { hotel, before, after, numbers, events, requests, portals, shown };
        recording.check_that_nothing_escaped();
        recording
    }

    /// The events lead from the folder as it was to the folder as it is.
    fn check_that_nothing_escaped(&self) {
        let mut drive = self.drive();
        for event in &self.events {
            drive.apply(event);
        }
        let differences = drive.intact().differences(&self.after);
        assert!(differences.is_empty(), "written past the recorder: {differences:#?}");
    }

    /// The drive before the run.
    pub(crate) fn drive(&self) -> Drive {
        Drive::before(&self.before, &self.numbers, &self.events)
    }

    /// How the portal may stand after so many events. Whether a request that is under way takes
    /// effect, nobody knows.
    pub(crate) fn stands_at(&self, position: usize) -> Vec<Stand> {
        let answered = self.requests.iter().filter(|request| request.position < position).count();
        let made = self.requests.iter().filter(|request| request.position <= position).count();
        let mut requests: Vec<usize> = (answered..=made).collect();
        requests.dedup_by(|one, other| self.shows(*one) == self.shows(*other));
        let late = made
            .checked_sub(1)
            .filter(|before| *before >= answered && self.shows(*before) != self.shows(made));
        let stand = |is_late| move |requests| Stand { requests, is_late };
        requests.into_iter().map(stand(false)).chain(late.map(stand(true))).collect()
    }

    fn shows(&self, requests: usize) -> &(Vec<String>, [u64; 3]) {
        &self.shown[requests]
    }

    /// The portal, and when the program begins to go on.
    pub(crate) fn portal(&self, stand: Stand) -> (Portal, DateTime<Utc>) {
        let mut portal = self.portals[stand.requests].clone();
        if !stand.is_late {
            return (portal, Utc::now() + TimeDelta::minutes(3));
        }
        let Request { at, method, params, .. } = &self.requests[stand.requests];
        portal.defer(method, params.clone(), *at + LATE);
        (portal, *at + TimeDelta::seconds(1))
    }
}

fn note_arrivals(hotel: &Hotel, log: &Path, arrivals: &Arc<Mutex<Vec<(Request, Portal)>>>) {
    let (log, arrivals) = (log.to_owned(), Arc::clone(arrivals));
    hotel.server.people(move |exchange, portal| {
        let request = Request {
            position: fs::metadata(&log).map_or(0, |log| log.len() as usize),
            at: Utc::now(),
            method: exchange.method.clone(),
            params: exchange.params.clone(),
        };
        arrivals.lock().unwrap().push((request, portal.clone()));
    });
}

fn numbers(folder: &Path) -> BTreeMap<PathBuf, u64> {
    let number = |path: PathBuf| {
        let inode = fs::metadata(folder.join(&path)).unwrap().ino();
        (path, inode)
    };
    files_below(folder).into_iter().map(number).collect()
}

/// The library of `recorder.c`, built once.
fn recorder() -> &'static Path {
    static RECORDER: OnceLock<PathBuf> = OnceLock::new();
    RECORDER.get_or_init(|| library("power_cut/recorder.c", "recorder"))
}
