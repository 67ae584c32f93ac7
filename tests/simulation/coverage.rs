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
    "its unanswered call is dated anew",
    "is gone from the CRM; another one carries its mark",
    "is gone from the CRM; another one has its phone or e-mail",
    "is gone from the CRM; it is created anew",
    "is gone from the CRM; its own turn decides",
];

/// Fates that one history in thousands meets: counted, and not demanded.
const RARE: &[&str] = &[
    "the unanswered deletion took effect",
    "the unanswered delete is made again",
    "is gone from the CRM; its mark cannot be looked for",
];

/// What two thousand histories have to reach. Left out: what needs a setting that no history has
/// (`bookings_from`), windows of the mirror, which go by the machine's clock, and what one history
/// in thousands reaches.
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
];

/// Codes of failures that two thousand histories have to meet.
const CODES: &[FailureCode] = &[
    FailureCode::BadAmount,
    FailureCode::BadDate,
    FailureCode::CardUnreadable,
    FailureCode::CrmIdTaken,
    FailureCode::NoValue,
    FailureCode::ObjectMissing,
    FailureCode::UnknownStatus,
];

/// A line of the log.
pub(crate) fn hear(line: &str) {
    if let Some(planned) = line.strip_prefix("planned: ") {
        return hear_plan(planned);
    }
    if let Some(fate) = FATES.iter().chain(RARE).find(|fate| line.contains(**fate)) {
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

fn reach(name: String, times: u64) {
    *REACHED.lock().expect("no thread panics").entry(name).or_default() += times;
}

/// Prints what was reached where that is asked for, and returns what was not.
pub(crate) fn missed() -> Vec<&'static str> {
    let reached = REACHED.lock().expect("no thread panics");
    if env::var_os("SIMULATION_COVERAGE").is_some() {
        reached.iter().for_each(|(name, times)| println!("{times:>10}  {name}"));
    }
    let codes = CODES.iter().map(|code| code.name());
    let expected = RULES.iter().chain(FATES).copied().chain(codes);
    expected.filter(|name| !reached.contains_key(*name)).collect()
}
