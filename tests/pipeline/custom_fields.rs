//! Fields of the hotel's own: each type through the import, which speaks the universal dialect, and
//! through the legacy calls; both have to leave the same in the portal.

use bitrix24_sandbox::{Kind, Record};

use crate::hotel::Hotel;

/// A field's type, whether it holds several values, and what a column holds for it.
const FIELDS: [(&str, bool, &str); 16] = [
    ("string", false, "Стандарт [без завтрака]"),
    ("integer", false, "1 234"),
    ("double", false, "12,50"),
    ("money", false, "1 300,50"),
    ("date", false, "20.05.2026"),
    ("datetime", false, "2026-05-20 14:00"),
    ("boolean", false, "да"),
    ("enumeration", false, "Завтрак, ужин"),
    ("url", false, "https://hotel.example/?a=1&b=2#c"),
    ("address", false, "Омск, ул. Мира, 1"),
    ("employee", false, "1"),
    ("string", true, "21, 22"),
    ("integer", true, "1; 2"),
    ("date", true, "2026-05-20, 2026-05-21"),
    ("boolean", true, "да; нет; да"),
    ("enumeration", true, "Завтрак; Ужин"),
];

fn name(at: usize) -> String {
    format!("UF_CRM_F{at}")
}

/// A hotel with a field and a column of each type, its first booking exported, its second one sent
/// by a run.
fn hotel() -> Hotel {
    let hotel = Hotel::new();
    hotel.configure("[deal.fields]");
    for (at, (kind, multiple, _)) in FIELDS.iter().enumerate() {
        let items = ["Завтрак", "Ужин", "Завтрак, ужин"];
        let items: &[&str] = if *kind == "enumeration" { &items } else { &[] };
        hotel.portal().add_user_field(Kind::Deal, &format!("F{at}"), kind, *multiple, items);
        hotel.configure(&format!("{} = 'f{at}'", name(at)));
        hotel.sql(&format!("ALTER TABLE bookings ADD COLUMN f{at} TEXT"));
    }
    let filled: Vec<String> =
        FIELDS.iter().enumerate().map(|(at, (.., cell))| format!("f{at} = '{cell}'")).collect();
    hotel.booking(1, &filled.join(", "));
    hotel.export();
    hotel.booking(2, &filled.join(", "));
    hotel.sync();
    hotel
}

fn shown(deal: &Record) -> Vec<(&'static str, String)> {
    let kinds = FIELDS.iter().map(|(kind, ..)| *kind);
    kinds.enumerate().map(|(at, kind)| (kind, deal.field(&name(at)).json())).collect()
}

#[test]
fn a_field_of_any_type_arrives_the_same_through_the_import_and_through_a_legacy_call() {
    let hotel = hotel();
    let (imported, added) = (shown(&hotel.deal(1)), shown(&hotel.deal(2)));
    assert_eq!(imported, added);
    assert_eq!(imported[6].1, r#""1""#);
    assert!(
        imported.iter().all(|(_, value)| !matches!(value.as_str(), "null" | "\"\"" | "[]")),
        "{imported:?}"
    );
    assert_eq!(hotel.issues("warnings"), [""; 0]);
    assert_eq!(hotel.says("audit"), hotel.says("audit"));
}

#[test]
fn a_no_is_a_no_in_both() {
    let hotel = hotel();
    for id in [1, 2] {
        hotel.booking(id, "f6 = 'нет'");
    }
    hotel.sync();
    assert_eq!([1, 2].map(|id| hotel.deal(id).text("UF_CRM_F6").to_owned()), ["0", "0"]);
    hotel.says("audit");
}

#[test]
fn an_empty_column_of_any_type_is_empty_in_the_portal_whichever_way_it_went() {
    let hotel = hotel();
    let empty: Vec<String> = (0..FIELDS.len()).map(|at| format!("f{at} = NULL")).collect();
    for id in [1, 2, 3] {
        hotel.booking(id, &empty.join(", "));
    }
    hotel.sync();
    hotel.lose_state();
    hotel.booking(4, &empty.join(", "));
    hotel.export();
    for id in 1..=4 {
        for (at, (kind, value)) in shown(&hotel.deal(id)).into_iter().enumerate() {
            let is_empty = matches!(value.as_str(), "null" | "\"\"" | "[]" | "false" | "\"0\"");
            assert!(is_empty, "booking {id}, field {at} ({kind}): {value}");
        }
    }
    hotel.says("audit");
}
