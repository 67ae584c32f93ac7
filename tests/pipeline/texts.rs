//! Texts arrive readable, whatever a portal and its batches do to them.

use bitrix24_sandbox::Record;

use crate::hotel::Hotel;

/// A comment as the card shows it: the portal stores it escaped for HTML.
pub(crate) fn shown(object: &Record) -> String {
    let text = object.text("COMMENTS").replace('\u{2060}', "");
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn comment(text: &str) -> String {
    let hotel = Hotel::new();
    hotel.guest(1, &format!("comment = '{text}'"));
    hotel.booking(1, &format!("guest_id = 1, comment = '{text}'"));
    hotel.company(1, &format!("comment = '{text}'"));
    hotel.export();
    let guest = shown(&hotel.contact(1));
    assert_eq!(
        [shown(&hotel.deal(1)), shown(&hotel.crm_company(1))],
        [guest.clone(), guest.clone()]
    );
    guest
}

#[test]
fn brackets_and_angle_brackets_keep_their_words() {
    assert_eq!(comment("[VIP] пишет с <a@b.c>, цена <100"), "(VIP) пишет с ‹a@b.c›, цена ‹100");
}

#[test]
fn a_reference_of_a_batch_stays_what_a_person_wrote() {
    assert_eq!(comment("код $result[0] и $TOTAL[x]"), "код $result(0) и $TOTAL(x)");
}

#[test]
fn signs_line_breaks_and_emoji_stay() {
    let text = "+7 & #1 100% 50$ \"да\"\nвторая строка 🎄👨‍👩‍👧";
    assert_eq!(comment(text), text);
}

#[test]
fn marks_and_a_lone_zero_are_not_turned_into_something_else() {
    assert_eq!(comment("Отель (c) [C] (tm)"), "Отель (c) (C) (tm)");
    assert_eq!(comment("0"), "0");
}

#[test]
fn an_entity_that_a_person_wrote_is_no_tag() {
    assert_eq!(comment("&lt;b&gt; AT&T &amp;"), "&lt;b&gt; AT&T &amp;");
}

#[test]
fn a_comment_is_cut_at_60000_bytes_between_characters() {
    assert_eq!(comment(&format!("x{}", "я".repeat(40_000))), format!("x{}", "я".repeat(29_999)));
}

#[test]
fn names_titles_and_addresses_arrive_as_they_were_written() {
    let hotel = Hotel::new();
    let name = "[Дом] <b> & $result[0] 0 + % # 🎄";
    hotel.guest(1, &format!("last_name = '{name}', city = '{name}', phone = '+7 (1) & $next[2]'"));
    hotel.company(1, &format!("name = '{name}', address = '{name}'"));
    hotel.booking(1, &format!("number = '{name}', guest_id = 1"));
    hotel.export();
    let plain = |text: &str| text.replace('\u{2060}', "");
    assert_eq!(plain(hotel.contact(1).text("LAST_NAME")), name);
    assert_eq!(plain(hotel.contact(1).text("ADDRESS_CITY")), name);
    assert_eq!(plain(hotel.contact(1).values("PHONE")[0]), "+7 (1) & $next[2]");
    assert_eq!(plain(hotel.crm_company(1).text("TITLE")), name);
    assert_eq!(plain(hotel.crm_company(1).text("ADDRESS")), name);
    assert!(
        plain(hotel.deal(1).text("TITLE"))
            .starts_with(&format!("Заявка №{name} ({name}) 01.12.2026"))
    );
}

#[test]
fn a_line_break_in_a_name_separates_its_words() {
    let hotel = Hotel::new();
    hotel.company(1, "name = 'Ромашка\nОмск', address = 'ул. Ленина, 1\r\nкв. 2'");
    hotel.export();
    assert_eq!(hotel.crm_company(1).text("TITLE"), "Ромашка Омск");
    assert_eq!(hotel.crm_company(1).text("ADDRESS"), "ул. Ленина, 1 кв. 2");
}

#[test]
fn a_name_that_is_a_lone_zero_is_no_empty_name() {
    let hotel = Hotel::new();
    hotel.company(1, "name = '0', city = '0'");
    hotel.guest(1, "last_name = '0'");
    hotel.export();
    assert_eq!(
        [hotel.crm_company(1).text("TITLE"), hotel.crm_company(1).text("ADDRESS_CITY")],
        ["0\u{2060}"; 2]
    );
    assert_eq!(hotel.contact(1).text("LAST_NAME"), "0\u{2060}");
}

#[test]
fn titles_are_cut_at_255_characters() {
    let hotel = Hotel::new();
    hotel.company(1, &format!("name = '{}'", "я".repeat(300)));
    hotel.booking(1, &format!("number = '{}'", "7".repeat(300)));
    hotel.export();
    assert_eq!(hotel.crm_company(1).text("TITLE"), "я".repeat(255));
    assert_eq!(hotel.deal(1).text("TITLE").chars().count(), 255);
}
