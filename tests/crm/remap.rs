//! A changed mapping is noticed, told of once a day, and forgotten with the full run that it calls
//! for.

use bitrix24_sandbox::Kind;

use crate::env::TestEnv;

const NOTICE: &str = "The mapping in the configuration has changed";
const COMMENTS: &str = "[deal]\ncomments = \"{comment} ({number})\"\n";

#[test]
fn a_changed_mapping_is_told_of_once_until_everything_was_sent_again() {
    let hotel = TestEnv::exported("");
    assert_eq!(hotel.complained(0, "sync"), "");
    hotel.configure(COMMENTS);
    assert!(hotel.complained(0, "sync").contains(NOTICE));
    assert_eq!(hotel.complained(0, "sync"), "");
    assert!(hotel.run(0, "status").contains("The mapping in the configuration has changed"));
    let plan = hotel.run(0, "sync --full --dry-run");
    assert!(plan.contains(r#"COMMENTS: "" -> "(3682)""#), "{plan}");
    hotel.run(0, "sync --full");
    assert!(!hotel.run(0, "status").contains("mapping"));
    assert!(hotel.run(0, "sync --full --dry-run").contains("the CRM has it so already"));
}

#[test]
fn what_a_creation_alone_sets_is_no_change() {
    let hotel = TestEnv::exported("");
    hotel.configure("[contact]\nassigned_by_id = 1\nsource_id = \"WEB\"\n");
    assert_eq!(hotel.complained(0, "sync"), "");
}

#[test]
fn nothing_was_sent_by_a_mapping_that_the_portal_refused() {
    let refused = "[deal.stages]\nconfirmed = \"NOPE\"\n";
    let hotel = TestEnv::new(refused);
    hotel.run(3, "initial-export");
    hotel.configure("");
    hotel.run(0, "initial-export");
    assert_eq!(hotel.complained(0, "sync"), "");
    hotel.configure(refused);
    hotel.run(3, "sync --full");
    hotel.configure("");
    hotel.run(0, "sync");
    assert_eq!(hotel.complained(0, "sync"), "");
    assert!(!hotel.run(0, "status").contains("mapping"));
}

#[test]
fn a_mark_under_which_nothing_was_sent_may_be_corrected() {
    let hotel =
        TestEnv::new("originator_id = \"ECVI-SOCI\"\n[deal.stages]\nconfirmed = \"NOPE\"\n");
    hotel.run(3, "initial-export");
    hotel.configure("originator_id = \"ECVI-SOCHI\"\n");
    hotel.run(0, "initial-export");
    assert_eq!(hotel.only(Kind::Deal).text("ORIGINATOR_ID"), "ECVI-SOCHI");
}

#[test]
fn a_mapping_that_changed_while_the_export_was_interrupted_is_told_of() {
    let hotel = TestEnv::new("");
    hotel.server.queue([
        None,
        None,
        None,
        None,
        Some(bitrix24_sandbox::Fault::status(401, "INVALID_CREDENTIALS")),
    ]);
    hotel.run(4, "initial-export");
    hotel.configure(COMMENTS);
    hotel.run(0, "initial-export");
    assert!(hotel.complained(0, "sync").contains(NOTICE));
}
