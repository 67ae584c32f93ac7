//! Whose the content of a shared bucket is: this program writes over what it has written itself,
//! also where a crash spoiled it, and over nothing else.

/// A level is much shorter.
pub(super) const MAX_BYTES: u64 = 512;

/// How this program writes a level.
const BEGINNING: &str = "{\"level\":";
const KEYS: [&str; 4] = ["level", "filled_at", "methods", "labels"];
const END: &str = ",\"methods\":{},\"labels\":{}}";

/// Whether somebody else wrote this. Bytes that are no text are what a crash left, if they are few:
/// it leaves no more than was written.
pub(super) fn is_foreign(bytes: &[u8]) -> bool {
    let is_long = bytes.len() as u64 >= MAX_BYTES;
    is_long || std::str::from_utf8(bytes).is_ok_and(|text| !is_ours(text))
}

/// Whether the text is empty or a level, which may be cut short, with zeros around it, or with the
/// rest of a longer one behind it. Blanks alone are the lock file of a state.
fn is_ours(text: &str) -> bool {
    let text = text.trim_matches(|c: char| c.is_control() && !c.is_whitespace());
    if text.is_empty() {
        return true;
    }
    let text: String = text.split_whitespace().collect();
    if !text.starts_with(BEGINNING) {
        return !text.is_empty() && BEGINNING.starts_with(&text);
    }
    let (level, rest) = split_behind_object(&text);
    END.ends_with(rest) && has_our_parts(level)
}

/// The object with which the text begins, and what follows. An object that is cut takes it all.
fn split_behind_object(text: &str) -> (&str, &str) {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if depth == 0 {
            return text.split_at(at + 1);
        }
    }
    (text, "")
}

/// Whether all strings are keys of a level or times, and everything between them is numbers.
fn has_our_parts(level: &str) -> bool {
    let mut is_string = true;
    level.split('"').all(|part| {
        is_string = !is_string;
        if is_string { is_key_or_time(part) } else { is_numbers(part) }
    })
}

/// The last string may be cut.
fn is_key_or_time(text: &str) -> bool {
    let is_time = text.chars().all(|c| c.is_ascii_digit() || "+-:.TZ".contains(c));
    is_time || KEYS.iter().any(|key| key.starts_with(text))
}

fn is_numbers(text: &str) -> bool {
    let text = text.replace("null", "");
    text.chars().all(|c| c.is_ascii_digit() || "+-.eE{}:,".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portal::limits::RateLimits;

    #[test]
    fn what_is_written_is_known_again_wherever_it_was_cut() {
        let written = serde_json::to_string(&RateLimits::default()).unwrap();
        assert!(written.starts_with(BEGINNING) && written.ends_with(END), "{written}");
        assert!((written.len() as u64) < MAX_BYTES / 2);
        for length in 0..=written.len() {
            let (left, lost) = written.split_at(length);
            assert!(!is_foreign(left.as_bytes()), "{left}");
            assert!(!is_foreign(format!("{left}{}", "\0".repeat(lost.len())).as_bytes()), "{left}");
        }
        for length in 0..=END.len() {
            let rest = &END[END.len() - length..];
            assert!(!is_foreign(format!("{written}{rest}").as_bytes()), "{rest}");
        }
    }

    #[test]
    fn a_level_with_anything_else_in_it_is_somebody_elses() {
        for text in [
            "{\"level\":5,\"password\":\"secret\"}",
            "{\"level\":\"debug\"}",
            "{\"level\":5} a note",
            "{\"level\":{\"important\":1}}",
            "{\"level\":[1]}",
            "{\"level\":false}",
            "{\"Level\":5}",
            "{\"level\":5,\"filled_at\":\"yesterday\"}",
            "{\"level\":5}{\"level\":6}",
            "[5]",
            "5",
            " ",
            "\n",
            "{}",
            "level",
        ] {
            assert!(is_foreign(text.as_bytes()), "{text}");
        }
    }
}
