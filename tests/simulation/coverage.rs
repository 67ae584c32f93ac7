//! Which rules the histories reach, as the program's own log tells it: the rules that plan, what
//! becomes of unanswered calls and of objects that are gone, and the codes of failures.
//!
//! `SIMULATION_COVERAGE=1` prints how often each was reached.

use std::collections::BTreeMap;
use std::env;
use std::sync::Mutex;

use ecvi_b24::domain::failure_code::FailureCode;

static REACHED: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

/// What becomes of unanswered calls, and of objects that are gone, in the words of the log.
const FATES: &[&str] = &[
    "the unanswered creation made object",
    "the unanswered creation made nothing",
    "the unanswered update is made again",
    "is gone from the CRM; another one carries its mark",
    "is gone from the CRM; another one has its phone or e-mail",
    "is gone from the CRM; it is created anew",
    "is gone from the CRM; its own turn decides",
];

/// Fates that one history in a hundred meets, or less.
const RARE_FATES: &[&str] = &[
    "its unanswered call is dated anew",
    "the unanswered deletion took effect",
    "the unanswered delete is made again",
    "is gone from the CRM; its mark cannot be looked for",
];

/// Rules that so few meet.
const RARE_RULES: &[&str] =
    &["booking waiting-history", "booking close-with-people", "booking deletions-held"];

/// So many histories reach what is common: the tests play those.
const COMMON: u64 = 2_000;
/// So many reach what is rare: the gate plays those beside the tests.
const RARE: u64 = 18_000;

/// What two thousand histories have to reach. Left out: windows of the mirror, which go by the
/// machine's clock.
const RULES: &[&str] = &[
    "guest in-doubt",
    "guest on-hold",
    "guest unreadable",
    "guest new",
    "guest changed",
    "guest as-sent",
    "guest gone",
    "guest known-as-gone",
    "guest may-come-back",
    "company in-doubt",
    "company on-hold",
    "company unreadable",
    "company new",
    "company changed",
    "company as-sent",
    "company gone",
    "company known-as-gone",
    "company may-come-back",
    "booking in-doubt",
    "booking on-hold",
    "booking unreadable",
    "booking new",
    "booking changed",
    "booking close-alone",
    "booking parties-changed",
    "booking as-sent",
    "booking gone-without-deal",
    "booking gone-with-deal",
    "booking may-come-back",
    "booking history",
];

/// Codes that two thousand histories have to meet.
const CODES: &[FailureCode] = &[
    FailureCode::AccessDenied,
    FailureCode::BadAmount,
    FailureCode::BadContactInCrm,
    FailureCode::BadDate,
    FailureCode::CardUnreadable,
    FailureCode::CrmIdTaken,
    FailureCode::DealWithoutBooking,
    FailureCode::DoubtfulMatch,
    FailureCode::EmailLeftOut,
    FailureCode::NoAnswer,
    FailureCode::NoValue,
    FailureCode::NotOurs,
    FailureCode::ObjectMissing,
    FailureCode::OtherFunnel,
    FailureCode::PortalRefused,
    FailureCode::UnknownReference,
    FailureCode::UnknownStatus,
    FailureCode::WithoutCompanion,
];

/// A line of the log.
pub(crate) fn hear(line: &str) {
    if let Some(planned) = line.strip_prefix("planned: ") {
        return hear_plan(planned);
    }
    if let Some(fate) = FATES.iter().chain(RARE_FATES).find(|fate| line.contains(**fate)) {
        reach((*fate).to_owned(), 1);
    }
    let code = line.rsplit_once(": ").and_then(|(_, code)| code.parse::<FailureCode>().ok());
    if let Some(code) = code {
        reach(code.name().to_owned(), 1);
    }
}

/// `booking new=3 as-sent=9`
fn hear_plan(planned: &str) {
    let Some((kind, counts)) = planned.split_once(' ') else { return };
    for (rule, count) in counts.split(' ').filter_map(|count| count.split_once('=')) {
        reach(format!("{kind} {rule}"), count.parse().unwrap_or(0));
    }
}

/// A code in the answer of `status`.
pub(crate) fn meet(code: FailureCode) {
    reach(code.name().to_owned(), 1);
}

fn reach(name: String, times: u64) {
    *REACHED.lock().expect("no thread panics").entry(name).or_default() += times;
}

/// Prints what was reached where that is asked for, and returns what was not and ought to be, by
/// so many histories.
pub(crate) fn missed(histories: u64) -> Vec<&'static str> {
    let reached = REACHED.lock().expect("no thread panics");
    if env::var_os("SIMULATION_COVERAGE").is_some() {
        reached.iter().for_each(|(name, times)| println!("{times:>10}  {name}"));
    }
    let codes = CODES.iter().map(|code| code.name());
    let common = RULES.iter().chain(FATES).copied().chain(codes).filter(|_| histories >= COMMON);
    let rare = RARE_RULES.iter().chain(RARE_FATES).copied().filter(|_| histories >= RARE);
    common.chain(rare).filter(|name| !reached.contains_key(*name)).collect()
}
