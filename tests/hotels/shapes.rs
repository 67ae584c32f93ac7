//! One hotel, three shapes of its mirror: the portal shows the same, after the export and after
//! another day.

use bitrix24_sandbox::Kind;

use crate::env::TestEnv;
use crate::hotel::script;
use crate::portal_snapshot::{Snapshot, snapshot};

/// What the mirror `views` has no columns for.
const LACKING: [&str; 10] = [
    "contact.HONORIFIC",
    "contact.COMMENTS",
    "contact.ADDRESS_CITY",
    "contact.ADDRESS_COUNTRY",
    "contact.ADDRESS_PROVINCE",
    "company.ADDRESS",
    "company.ADDRESS_CITY",
    "company.ADDRESS_COUNTRY",
    "company.ADDRESS_POSTAL_CODE",
    "company.COMMENTS",
];

fn seen(hotel: &TestEnv, without: &[&str]) -> Snapshot {
    snapshot(&hotel.server.portal(), without)
}

fn a_day_passes(hotel: &TestEnv, example: &str) {
    hotel.sql(&script(example, "later.sql").unwrap());
    let said = hotel.run(0, "sync");
    assert!(said.contains('1'), "{said}");
    hotel.runs_idle();
}

/// Both hotels show the same after their export, and after another day.
fn compare(other: &str, without: &[&str]) {
    let (hotel, twin) = (TestEnv::exported("default"), TestEnv::exported(other));
    hotel.runs_idle();
    twin.runs_idle();
    assert_eq!(hotel.counts(), [5, 2, 10]);
    assert_eq!(seen(&twin, without), seen(&hotel, without));
    a_day_passes(&hotel, "default");
    a_day_passes(&twin, other);
    assert_eq!(hotel.counts(), [6, 2, 9]);
    assert_eq!(seen(&twin, without), seen(&hotel, without));
    for hotel in [hotel, twin] {
        assert_eq!((hotel.issues("failures"), hotel.issues("warnings")), (vec![], vec![]));
    }
}

#[test]
fn a_mirror_in_russian_with_uuids_reads_as_the_default_one() {
    compare("russian", &[]);
}

#[test]
fn a_mirror_of_views_with_half_the_columns_reads_as_the_default_one_but_for_what_it_lacks() {
    compare("views", &LACKING);
}

#[test]
fn the_departure_stands_in_a_deal_that_is_closed_later() {
    let hotel = TestEnv::exported("default");
    hotel.sql(
        "UPDATE bookings SET status = 'cancelled', modified_at = '2026-05-06' WHERE id IN (101, 107, 108)",
    );
    hotel.run(0, "sync");
    for (booking, departure) in
        [("101", "2026-05-29"), ("107", "2026-07-08"), ("108", "2026-07-11")]
    {
        let deal = hotel.deal(booking);
        assert_eq!([deal.text("STAGE_ID"), deal.text("CLOSEDATE")], ["LOSE", departure]);
    }
    hotel.runs_idle();
}

#[test]
fn what_the_default_hotel_shows_is_what_the_hotel_means() {
    let hotel = TestEnv::exported("default");
    let guest = hotel.contact("3");
    assert_eq!(guest.text("COMMENTS"), "Zimmer ‹12› (Balkon)");
    assert_eq!(hotel.contact("1").text("COMMENTS"), "{ VIP } Просит тихий номер");
    assert_eq!(hotel.contact("4").text("COMMENTS"), "{ ЧЕРНЫЙ СПИСОК } Не заплатила в 2024");
    assert_eq!(hotel.contact("2").values("PHONE"), ["8 (900) 765-43-21", "+7 900 765-43-22"]);
    assert_eq!(hotel.contact("2").text("ADDRESS_PROVINCE"), "Тверская область");
    let deal = hotel.deal("101");
    assert_eq!(deal.text("TITLE"), "Заявка №3682 (Приходько) 20.05.2026 12:00 - 29.05.2026 12:00");
    assert_eq!([deal.text("BEGINDATE"), deal.text("CLOSEDATE")], ["2026-05-20", "2026-05-29"]);
    let stay = hotel.deal("103");
    assert_eq!([stay.text("STAGE_ID"), stay.text("CLOSEDATE")], ["WON", "2026-05-12"]);
    assert_eq!(hotel.people("107"), ["Приходько", "Орлов", "Müller", "Зуева"]);
    let portal = hotel.server.portal();
    let firm = portal.with_origin(Kind::Company, "ECVI", "1")[0].id.to_string();
    assert_eq!(deal.text("COMPANY_ID"), firm, "the payer where there is no company");
}
