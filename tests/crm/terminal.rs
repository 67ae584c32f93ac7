//! An initial export on a terminal: the bar, what it waits for, and Ctrl-C.
//!
//! The terminal is a real one of the kernel. Whoever is to obey its Ctrl-C must lead a session of its own, which only
//! a process itself can arrange: this test binary is started anew, takes the terminal, and becomes the program.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use std::{env, thread};

use rustix::process::{ioctl_tiocsctty, setsid};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::hotel::Hotel;

/// Names the terminal to the process that is to become the program.
const TERMINAL: &str = "ECVI_B24_TEST_TERMINAL";
const PATIENCE: Duration = Duration::from_secs(20);
const CTRL_C: u8 = 3;

struct Terminal {
    program: Child,
    keys: File,
    shows: Receiver<String>,
    shown: String,
}

impl Terminal {
    /// An initial export of this hotel, on a terminal of the usual eighty columns.
    fn export(hotel: &Hotel) -> Terminal {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        tcsetwinsize(&master, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", "terminal::becomes_the_program", "--nocapture"]).env(TERMINAL, name);
        command.current_dir(hotel.path("")).stdout(Stdio::null()).stderr(Stdio::null());
        let program = command.spawn().unwrap();
        let keys = File::from(master);
        let shows = listen(keys.try_clone().unwrap());
        Terminal { program, keys, shows, shown: String::new() }
    }

    /// Waits until the terminal has shown this.
    fn shows(&mut self, text: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.shown.contains(text) {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(more) = self.shows.recv_timeout(left) else { panic!("no {text:?} in {:?}", self.shown) };
            self.shown += &more;
        }
    }

    fn presses(&mut self, key: u8) {
        self.keys.write_all(&[key]).unwrap();
    }

    fn exit_code(&mut self) -> Option<i32> {
        self.program.wait().unwrap().code()
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
        while let Ok(count @ 1..) = terminal.read(&mut bytes) {
            sender.send(plain(&String::from_utf8_lossy(&bytes[..count]))).ok();
        }
    });
    shows
}

fn plain(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |told, part| told + part.split_once(char::is_alphabetic).map_or("", |(_, after)| after))
}

/// No test of its own: the process that [`Terminal::export`] starts.
#[test]
fn becomes_the_program() {
    let Ok(terminal) = env::var(TERMINAL) else { return };
    setsid().unwrap();
    let terminal = OpenOptions::new().read(true).write(true).open(terminal).unwrap();
    ioctl_tiocsctty(&terminal).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_ecvi-b24"));
    program.arg("initial-export").env_clear().envs([("LANG", "en"), ("TERM", "xterm"), ("TZ", "UTC")]);
    program.stdin(terminal.try_clone().unwrap()).stdout(terminal.try_clone().unwrap()).stderr(terminal);
    panic!("{}", program.exec());
}

/// Twenty guests, of whom ten use up the portal's ten minutes.
fn limited() -> Hotel {
    let hotel = Hotel::new("");
    hotel.sql(
        "INSERT INTO guests (id, last_name, modified_at) SELECT value, 'Гость', '2020' FROM json_each(
           '[2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]')",
    );
    {
        let settings = &mut hotel.server.portal().settings;
        settings.operating = Some(480.0);
        settings.costs.insert("crm.contact.add".into(), 40.0);
        settings.max_request_seconds = 1000.0;
    }
    hotel
}

#[test]
fn the_bar_tells_each_kind_the_rate_the_time_left_and_what_is_waited_for_and_ctrl_c_how_to_go_on() {
    let hotel = limited();
    let mut terminal = Terminal::export(&hotel);
    terminal.shows("guests 0 of 20, companies 0 of 1, bookings 0 of 1");
    terminal.shows("guests 10 of 20, companies 1 of 1, bookings 1 of 1");
    terminal.shows(" 55%");
    terminal.shows(" a minute, about ");
    terminal.shows(": the portal limits the working time of crm.contact.add");
    let (before, _) = terminal.shown.rsplit_once(": the portal limits").unwrap();
    let until = before.rsplit_once("waiting until ").unwrap().1;
    assert!(chrono::NaiveTime::parse_from_str(until, "%H:%M:%S").is_ok(), "{until:?}");
    terminal.presses(CTRL_C);
    terminal.shows("Interrupted. What was done is saved; to go on: ecvi-b24 initial-export");
    assert_eq!(terminal.exit_code(), Some(5));
}

#[test]
fn a_portal_that_cannot_be_reached_is_told_of_with_the_time_of_the_next_attempt() {
    let hotel = Hotel::new("");
    let webhook = hotel.server.webhook();
    let text = fs::read_to_string(hotel.path("ecvi-b24.toml")).unwrap();
    fs::write(hotel.path("ecvi-b24.toml"), text.replace(&webhook, "http://127.0.0.1:9/rest/1/x/")).unwrap();
    let mut terminal = Terminal::export(&hotel);
    terminal.shows("the portal cannot be reached, next attempt at ");
    terminal.presses(CTRL_C);
    terminal.shows("to go on: ecvi-b24 initial-export");
    assert_eq!(terminal.exit_code(), Some(5));
}
