//! Damaged configurations: refused in words without the secret, or else a hotel lives with it. A
//! share goes through the program itself, for its exit codes.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ecvi_b24::config::{ConfigFile, load};
use ecvi_b24::sync::options::{RunKind, RunOptions};

use crate::hotel::{Hotel, SECRET, fill};
use crate::rng::Rng;
use crate::values::nested;

/// Every key there is, with a value that works.
const WHOLE: &str = include_str!("whole.toml");

/// Values of all types, in TOML.
const VALUES: &[&str] = &[
    "true",
    "false",
    "0",
    "-1",
    "1",
    "255",
    "256",
    "9223372036854775807",
    "9223372036854775808",
    "1e308",
    "1e-308",
    "-0.0",
    "nan",
    "inf",
    "[]",
    "{}",
    "[[]]",
    "[\"phone\"]",
    "{ M = 1 }",
    "1979-05-27T07:32:00Z",
    "\"\"",
    "\" \"",
    "\"0s\"",
    "\"1ns\"",
    "\"300000years\"",
    "\"584000000000years\"",
    "\"18446744073709551615s\"",
    "\"-1s\"",
    "\"NaN\"",
    "\"{\"",
    "\"{number}{number}\"",
    "\"[[{comment}]]\"",
    "\"[{marks}\"",
    "\"\\u0000\"",
    "\"😀\"",
    "\"en\"",
    "\"../x\"",
    "\"SELECT 1\"",
    "\"SELECT * FROM guests; DROP TABLE guests\"",
    "\"(\"",
    "\"'\"",
    "\"2024-13-01\"",
    "\"http://127.0.0.1:1/\"",
];

/// One case.
pub(crate) fn case(seed: u64, dir: &Path) -> Result<(), String> {
    let mut rng = Rng::new(seed);
    // A path may lead a step up, and no further.
    let dir = &dir.join("hotel");
    fs::create_dir(dir).unwrap();
    fill(dir);
    let mut text = WHOLE.replace("SECRET", SECRET).into_bytes();
    for _ in 0..=rng.roll(4) {
        text = damage(&text, &mut rng);
    }
    let file = dir.join("ecvi-b24.toml");
    fs::write(&file, &text).unwrap();
    let written = String::from_utf8_lossy(&text).into_owned();
    let told = |wrong: String| format!("{wrong}\n{written}");
    if seed.is_multiple_of(8) {
        program(dir, &mut rng).map_err(told)?;
    }
    match load(&file, None) {
        Err(error) => silent(&format!("{error:#} {error:?}")).map_err(told),
        Ok(config) => {
            let shown =
                ConfigFile::named(&file).shown(None).map_err(|error| told(format!("{error:#}")))?;
            silent(&format!("{shown} {config:?}")).map_err(told)?;
            let mut hotel = Hotel::with(config, &mut rng, 0);
            live(&mut hotel, &mut rng).map_err(told)
        }
    }
}

/// Whatever the configuration says, a run ends, and says why.
fn live(hotel: &mut Hotel, rng: &mut Rng) -> Result<(), String> {
    // A call that is lost, so that doubts are settled too.
    hotel.wire.percent = rng.one_of(&[0, 20]);
    for kind in [RunKind::InitialExport, RunKind::Sync, RunKind::Sync] {
        match hotel.try_run(&RunOptions::new(kind)) {
            Ok(ended) => silent(&format!("{ended:?}"))?,
            Err(error) => silent(&format!("{error:#}"))?,
        }
        hotel.event(rng);
        hotel.wait(3);
    }
    Ok(())
}

fn silent(told: &str) -> Result<(), String> {
    if told.contains(SECRET) { Err(format!("the secret is told: {told}")) } else { Ok(()) }
}

/// The program itself, before a portal that nobody can reach.
fn program(dir: &Path, rng: &mut Rng) -> Result<(), String> {
    let arguments = rng.one_of(&[
        "config show", "status --json", "sync", "sync --dry-run", "-vv status", "reset-id guest 41",
    ]);
    let (out, err) = (dir.join("out"), dir.join("err"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_ecvi-b24"));
    command.current_dir(dir).args(arguments.split_whitespace()).env_clear().stdin(Stdio::null());
    command.stdout(fs::File::create(&out).unwrap()).stderr(fs::File::create(&err).unwrap());
    let mut child = command.spawn().unwrap();
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > Duration::from_secs(60) {
            drop(child.kill());
            drop(child.wait());
            return Err(format!("{arguments} hangs"));
        }
        std::thread::sleep(Duration::from_millis(3));
    };
    let told = [out, err]
        .map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned())
        .concat();
    silent(&told)?;
    if status.code().is_some_and(|code| code <= 5) && !told.contains("panicked") {
        return Ok(());
    }
    Err(format!("{arguments}: {status}\n{told}"))
}

fn damage(text: &[u8], rng: &mut Rng) -> Vec<u8> {
    if rng.chance(12) {
        return in_the_bytes(text.to_vec(), rng);
    }
    let text = String::from_utf8_lossy(text).into_owned();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let (at, other) = (rng.roll(lines.len()), rng.roll(lines.len()));
    if lines.is_empty() {
        return Vec::new();
    }
    match rng.roll(12) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(other, lines[at].clone()),
        2 => lines.swap(at, other),
        3 => lines[at] = lines[at].replacen(|c: char| c.is_ascii_lowercase(), "z", 1),
        4 => {
            // The value of another key.
            let value = lines[other].split_once('=').map_or("1", |(_, value)| value).to_owned();
            set(&mut lines[at], &value);
        }
        5 => {
            let value = [nested(300), "\"".repeat(3), format!("\"{}\"", "я".repeat(70_000))];
            set(&mut lines[at], &rng.one_of(&value));
        }
        _ => set(&mut lines[at], rng.one_of(VALUES)),
    }
    lines.join("\n").into_bytes()
}

fn set(line: &mut String, value: &str) {
    if let Some((key, _)) = line.split_once('=') {
        *line = format!("{key}= {value}");
    }
}

fn in_the_bytes(mut text: Vec<u8>, rng: &mut Rng) -> Vec<u8> {
    let at = rng.roll(text.len());
    match rng.roll(3) {
        0 => text.truncate(at),
        1 => drop(text.splice(at..at, *b"\xff\x00")),
        _ => text.iter_mut().skip(at).take(2).for_each(|byte| *byte ^= 1 << rng.roll(7)),
    }
    text
}
