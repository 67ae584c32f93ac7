//! Whatever fills the mirror: this test program once more, as a process of another user.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use rusqlite::Connection;

const MIRROR: &str = "NEIGHBOUR_MIRROR";
const SQL: &str = "NEIGHBOUR_SQL";
const END: &str = "NEIGHBOUR_END";

/// A write that every filler makes.
pub(crate) const WRITE: &str = "UPDATE guests SET modified_at = datetime(modified_at, '+1 day')";

/// A write that does not fit into the cache, so that the file is written before the transaction
/// ends.
pub(crate) const LONG_WRITE: &str = "PRAGMA cache_size = 1; BEGIN;
    WITH RECURSIVE n(i) AS (VALUES (100) UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
    INSERT INTO guests (id, last_name, modified_at) SELECT i, hex(randomblob(90)), '2026' FROM n;";

/// How a filler ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// It closes the mirror.
    Closes,
    /// It keeps it open until it is let go.
    Stays,
    /// It is killed.
    Dies,
}

/// A user and his group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct User {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl User {
    pub(crate) fn command(self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.uid(self.uid).gid(self.gid).env_clear();
        command
    }

    /// Writes as this user; how it went.
    pub(crate) fn writes(self, mirror: &Path, sql: &str, end: End) -> Result<Open, String> {
        let mut command = self.command(std::env::current_exe().unwrap());
        command.args(["--exact", "filler::the_process_of_a_filler", "--nocapture"]);
        command.env(MIRROR, mirror).env(SQL, sql).env(END, format!("{end:?}"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut lines = output.by_ref().lines().map_while(Result::ok);
        let said =
            lines.find_map(|line| line.split_once("filler: ").map(|(_, said)| said.to_owned()));
        let said = said.unwrap_or_else(|| "said nothing".into());
        if end != End::Stays {
            child.wait().unwrap();
        }
        let open = Open { child, input: Some(input), _output: output };
        if said == "done" { Ok(open) } else { Err(said) }
    }
}

/// A filler that may still have the mirror open.
pub(crate) struct Open {
    child: Child,
    input: Option<ChildStdin>,
    /// Kept, so that the process can go on speaking.
    _output: BufReader<ChildStdout>,
}

impl Open {
    /// One more write of the same process, which then closes the mirror.
    pub(crate) fn writes_again(mut self) -> bool {
        self.input.take().unwrap().write_all(b"\n").unwrap();
        self.child.wait().unwrap().success()
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// No test of its own: the process that [`User::writes`] starts.
#[test]
fn the_process_of_a_filler() {
    let (Ok(path), Ok(sql), Ok(end)) =
        (std::env::var(MIRROR), std::env::var(SQL), std::env::var(END))
    else {
        return;
    };
    let mirror = match Connection::open(&path) {
        Ok(mirror) => mirror,
        Err(error) => return println!("filler: {error}"),
    };
    mirror.busy_timeout(Duration::from_secs(5)).unwrap();
    match mirror.execute_batch(&sql) {
        Ok(()) => println!("filler: done"),
        Err(error) => return println!("filler: {error}"),
    }
    if end == "Dies" {
        std::process::abort();
    }
    if end == "Stays" {
        std::io::stdin().lock().lines().next();
        mirror.execute_batch(WRITE).unwrap();
    }
}
