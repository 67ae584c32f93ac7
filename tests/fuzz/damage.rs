//! Damage to an answer as it goes over the wire.

use serde_json::Value;

use crate::hotel::SECRET;
use crate::rng::Rng;
use crate::tree;
use crate::values::nested;

/// An answer after the damage.
pub(crate) struct Damaged {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// It says something false that no client could notice.
    pub(crate) lies: bool,
}

/// Damages an answer.
pub(crate) fn damage(status: u16, body: &str, rng: &mut Rng) -> Damaged {
    match rng.roll(10) {
        0..6 => in_the_tree(status, body, rng),
        6..8 => in_the_bytes(status, body.as_bytes().to_vec(), rng),
        8 => replaced(status, rng),
        _ => {
            let status = rng.one_of(&[201, 204, 404, 429, 500, 502, 503]);
            Damaged { status, body: body.as_bytes().to_vec(), lies: false }
        }
    }
}

fn in_the_tree(status: u16, body: &str, rng: &mut Rng) -> Damaged {
    let Ok(mut answer) = serde_json::from_str::<Value>(body) else { return replaced(status, rng) };
    let mut lies = false;
    for _ in 0..=rng.roll(3) {
        lies |= tree::damage(&mut answer, rng);
    }
    Damaged { status, body: answer.to_string().into_bytes(), lies }
}

fn in_the_bytes(status: u16, mut body: Vec<u8>, rng: &mut Rng) -> Damaged {
    let at = rng.roll(body.len());
    match rng.roll(6) {
        0 => body.truncate(at),
        1 => body[at..].iter_mut().take(3).for_each(|byte| *byte ^= 1 << rng.roll(8)),
        2 => drop(body.splice(at..at, *b"\xff\xfe\x00")),
        3 => drop(body.splice(at..at, nested(10_000).into_bytes())),
        4 => {
            let part = body[at..].to_vec();
            body.extend(part);
        }
        _ => drop(body.drain(at..(at + 9).min(body.len()))),
    }
    // What is JSON after that may say anything.
    let lies = serde_json::from_slice::<Value>(&body).is_ok_and(|answer| answer.is_object());
    Damaged { status, body, lies }
}

fn replaced(status: u16, rng: &mut Rng) -> Damaged {
    let body = match rng.roll(12) {
        0 => String::new(),
        1 => "null".into(),
        2 => "[]".into(),
        3 => "{}".into(),
        4 => nested(200_000),
        5 => "{\"result\":1e999}".into(),
        6 => "{\"result\":NaN}".into(),
        7 => format!("<html><title>502 for /rest/1/{SECRET}/batch.json</title>"),
        8 => format!("{{\"error\":\"WRONG\",\"error_description\":\"\\/rest\\/1\\/{SECRET}\\/\"}}"),
        9 => "{\"result\":true,\"result\":{\"result\":{},\"result\":[]}}".into(),
        10 => "{\"result\":{\"result\":{\"c00\":null},\"result_error\":[]}}".into(),
        _ => format!("{{\"result\":{}}}", "9".repeat(400)),
    };
    Damaged { status, body: body.into_bytes(), lies: false }
}
