//! Values that nobody expects: in JSON, in a cell of the mirror, in a line of the configuration.

use rusqlite::types::Value as Cell;
use serde_json::{Value, json};

use crate::hotel::SECRET;
use crate::rng::Rng;

/// Lists in lists, `depth` of them.
pub(crate) fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

/// A JSON value of any type.
pub(crate) fn json_value(rng: &mut Rng) -> Value {
    match rng.roll(20) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(false),
        3 => json!(i64::MAX),
        4 => json!(u64::MAX),
        5 => json!(i64::MIN),
        6 => json!(1e308),
        7 => json!(-1e-308),
        8 => json!(-1),
        9 => json!(""),
        10 => json!("NaN"),
        11 => json!("0"),
        12 => json!([]),
        13 => json!({}),
        14 => json!([[[null]]]),
        15 => json!({"a": {"b": []}}),
        16 => json!("\u{0}\u{202e}\u{feff}"),
        17 => json!("x".repeat(70_000)),
        18 => json!(format!("https://h/rest/1/{SECRET}/")),
        _ => serde_json::from_str(&nested(100)).unwrap(),
    }
}

/// A cell of any storage class. Text that is no UTF-8 cannot be bound and comes as [`Odd::Bytes`].
pub(crate) enum Odd {
    Cell(Cell),
    /// Bytes under the name of text.
    Bytes(Vec<u8>),
}

/// Texts that have broken programs before, many of them near what the columns hold.
const TEXTS: &[&str] = &[
    "",
    " ",
    "\u{0}",
    "a\u{0}b",
    "NULL",
    "NaN",
    "1e999",
    "-0",
    "41",
    "041",
    "9223372036854775808",
    "13 050,00",
    "99999999999999999999.99",
    "0.005",
    "2026-02-30 12:00",
    "9999-12-31 23:59:59",
    "-0001-01-01 00:00",
    "+262142-12-31 23:59",
    "2026-06-20T12:00:60",
    "2026-06-20 24:00",
    "2026-06-20",
    "1980-02-29T00:00:00+03:00",
    "ночь-утро",
    "$result[r0] $total",
    "[b]&lt;<script>{}%00%",
    "\u{202e}\u{200d}\u{fe0f}😀\u{feff}",
    "'; DROP TABLE guests; --",
    "a@b.ru;;,,; ,b@",
    "@",
    "checked_out",
    "CONFIRMED",
    "\r\n\t",
    "1.0",
    "41 ",
    "{6F9619FF-8B86-D011-B42D-00C04FC964FF}",
    "\\N",
    "ложь",
    "истина",
    "—",
    "1,234",
    "1.234,56",
    "13\u{202f}050,00",
    "\u{2212}5.00",
    "13050 руб.",
    "٣",
    "20.06.2026 14:00",
    "01.02.03",
    "0000-00-00",
    "1979-12-31T21:00:00.000Z",
    "1980-01-01 или 1981",
    "2026-06-20 14:00+03:00",
    "\u{feff}Белова\u{a0}",
    "Бело\u{fffd}а",
    "3682           ",
    "Ж",
];

/// A cell that nobody expects.
pub(crate) fn cell(rng: &mut Rng) -> Odd {
    Odd::Cell(match rng.roll(12) {
        0 => Cell::Null,
        1 => Cell::Integer(rng.one_of(&[0, -1, 1, 41, 5, i64::MAX, i64::MIN, 1 << 53])),
        2 => Cell::Real(rng.one_of(&[
            0.1,
            -0.0,
            41.0,
            1e300,
            f64::INFINITY,
            f64::MIN_POSITIVE,
            1e15,
        ])),
        3 => Cell::Blob(vec![0xff, 0, 0xfe]),
        4 => Cell::Blob(rng.one_of(&[&b"41"[..], b"\x00", b"\x01", &[0x6f; 16]]).to_vec()),
        5 => Cell::Text("я".repeat(rng.one_of(&[51, 300, 40_000]))),
        6 => {
            return Odd::Bytes(
                rng.one_of(&[
                    &b"\xff\xfe"[..],
                    b"\xd0",
                    b"4\x801",
                    b"\xed\xa0\x80",
                    b"\xcf\xf0\xe8\xf5\xee\xe4\xfc\xea\xee",
                ])
                .to_vec(),
            );
        }
        _ => Cell::Text(rng.one_of(TEXTS).to_owned()),
    })
}
