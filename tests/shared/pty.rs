//! The program on a real terminal of the kernel.
//!
//! Whoever is to obey the Ctrl-C of a terminal must lead a session of its own, which only a process
//! itself can arrange: the test binary is started anew, takes the terminal, and becomes the
//! program.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use std::{env, thread};

use rustix::process::{ioctl_tiocsctty, setsid};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Names the terminal to the process that is to become the program.
const TERMINAL: &str = "ECVI_B24_TEST_TERMINAL";
/// The arguments of the program.
const ARGUMENTS: &str = "ECVI_B24_TEST_ARGUMENTS";
/// Between two arguments.
const SEPARATOR: &str = "\u{1f}";
const PATIENCE: Duration = Duration::from_secs(20);
const CTRL_C: &str = "\u{3}";

pub(crate) struct Terminal {
    program: Child,
    keys: File,
    shows: Receiver<String>,
    pub(crate) shown: String,
    /// So much was waited for already.
    seen: usize,
}

impl Terminal {
    /// The program in this folder, in English, on a terminal with so many columns.
    pub(crate) fn start(folder: &Path, columns: u16, arguments: &[&str]) -> Terminal {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        tcsetwinsize(&master, Winsize { ws_row: 40, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 })
            .unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let (_, module) = module_path!().split_once("::").unwrap();
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", &format!("{module}::becomes_the_program"), "--nocapture"]);
        command.env(TERMINAL, name).env(ARGUMENTS, arguments.join(SEPARATOR));
        command.current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
        let program = command.spawn().unwrap();
        let keys = File::from(master);
        let shows = listen(keys.try_clone().unwrap());
        Terminal { program, keys, shows, shown: String::new(), seen: 0 }
    }

    /// Waits until the terminal has shown this.
    #[allow(dead_code, reason = "questions come one behind the other")]
    pub(crate) fn shows(&mut self, text: &str) {
        self.wait_for(text, 0);
    }

    /// Waits until the terminal has shown this, behind what was waited for before.
    #[allow(dead_code, reason = "a bar shows its parts in no order")]
    pub(crate) fn then_shows(&mut self, text: &str) {
        self.seen = self.wait_for(text, self.seen);
    }

    /// Where the text ends.
    fn wait_for(&mut self, text: &str, from: usize) -> usize {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.shown[from..].find(text) {
                return from + at + text.len();
            }
            let left = end.saturating_duration_since(Instant::now());
            let Ok(more) = self.shows.recv_timeout(left) else {
                panic!("no {text:?} in\n{}\nbehind\n{}", &self.shown[from..], &self.shown[..from])
            };
            self.shown += &more;
        }
    }

    pub(crate) fn presses(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    pub(crate) fn presses_ctrl_c(&mut self) {
        self.presses(CTRL_C);
    }

    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        let code = self.program.wait().unwrap().code();
        while let Ok(more) = self.shows.recv_timeout(Duration::from_secs(1)) {
            self.shown += &more;
        }
        code
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.program.kill().ok();
        self.program.wait().ok();
    }
}

/// What comes from the terminal, without what only moves and colours; it ends with the program.
fn listen(mut terminal: File) -> Receiver<String> {
    let (sender, shows) = channel();
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        let mut rest = Vec::new();
        while let Ok(count @ 1..) = terminal.read(&mut bytes) {
            rest.extend_from_slice(&bytes[..count]);
            let whole = whole_letters(&rest);
            sender.send(plain(&String::from_utf8_lossy(&rest[..whole]))).ok();
            rest.drain(..whole);
        }
    });
    shows
}

/// A letter or an escape sequence may come in two parts.
fn whole_letters(bytes: &[u8]) -> usize {
    let letters = match std::str::from_utf8(bytes) {
        Ok(text) => text.len(),
        Err(error) => error.valid_up_to(),
    };
    match bytes[..letters].iter().rposition(|byte| *byte == 0x1b) {
        Some(escape) if !bytes[escape..letters].iter().any(u8::is_ascii_alphabetic) => escape,
        _ => letters,
    }
}

fn plain(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |told, part| {
        told + part.split_once(char::is_alphabetic).map_or("", |(_, after)| after)
    })
}

/// No test of its own: the process that [`Terminal::start`] starts.
#[test]
fn becomes_the_program() {
    let Ok(terminal) = env::var(TERMINAL) else { return };
    setsid().unwrap();
    let terminal = OpenOptions::new().read(true).write(true).open(terminal).unwrap();
    ioctl_tiocsctty(&terminal).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_ecvi-b24"));
    program.args(env::var(ARGUMENTS).unwrap().split(SEPARATOR));
    program.env_clear().envs([("LANG", "en"), ("TERM", "xterm"), ("TZ", "UTC")]);
    program
        .stdin(terminal.try_clone().unwrap())
        .stdout(terminal.try_clone().unwrap())
        .stderr(terminal);
    panic!("{}", program.exec());
}
