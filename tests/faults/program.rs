//! The program as a child process that may be killed from outside.

use std::fs::File;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// No run of these tests takes longer; what does hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a run ended.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Ended {
    /// None when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn was_killed(&self) -> bool {
        self.code.is_none()
    }

    /// Everything that it said.
    pub(crate) fn output(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// It ended with this exit code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Ended {
        assert_eq!(self.code, Some(code), "{}", self.output());
        self
    }
}

/// A run that others may kill, from the moment before it begins.
#[derive(Clone, Default)]
pub(crate) struct Victim {
    child: Arc<Mutex<Option<Child>>>,
    user: Option<u32>,
}

impl Victim {
    /// A run without the rights of root, who may write into files that are read-only. The folder
    /// becomes its own.
    pub(crate) fn of_nobody(folder: &Path) -> Victim {
        const NOBODY: u32 = 65534;
        if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
            return Victim::default();
        }
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        for path in files.chain([folder.to_owned()]) {
            chown(path, Some(NOBODY), None).unwrap();
        }
        Victim { user: Some(NOBODY), ..Victim::default() }
    }

    /// SIGKILL; returns when the process is gone.
    pub(crate) fn kill(&self) {
        if let Some(child) = self.child().as_mut() {
            drop(child.kill());
            drop(child.wait());
        }
    }

    /// SIGTERM: it saves what it has done, and ends.
    pub(crate) fn ask_to_end(&self) {
        if let Some(child) = self.child().as_mut()
            && let Ok(None) = child.try_wait()
        {
            kill_process(Pid::from_child(child), Signal::TERM).unwrap();
        }
    }

    /// The process, while it runs.
    pub(crate) fn id(&self) -> u32 {
        self.child().as_ref().map_or(0, Child::id)
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap()
    }

    fn ended(&self) -> Option<ExitStatus> {
        self.child().as_mut().and_then(|child| child.try_wait().unwrap())
    }

    /// Runs the program in a folder, with no environment but this one.
    pub(crate) fn run(
        &self,
        folder: &Path,
        environment: &[(&str, &str)],
        arguments: &str,
    ) -> Ended {
        let (out, err) = (folder.join("stdout"), folder.join("stderr"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_ecvi-b24"));
        command.current_dir(folder).args(arguments.split_whitespace());
        command
            .env_clear()
            .env("LANG", "en")
            .env("LD_PRELOAD", shim())
            .envs(environment.iter().copied());
        if let Some(user) = self.user {
            command.uid(user);
        }
        command.stdin(File::open("/dev/null").unwrap());
        command.stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
        {
            // Whoever wants to kill it waits until it runs.
            let mut child = self.child();
            *child = Some(command.spawn().unwrap());
        }
        let status = self.wait(arguments);
        let text =
            |path: &Path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        assert!(matches!(status.signal(), None | Some(9)), "{arguments}: {status}\n{}", text(&err));
        Ended { code: status.code(), stdout: text(&out), stderr: text(&err) }
    }

    fn wait(&self, arguments: &str) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.ended() {
                return status;
            }
            if Instant::now() > end {
                self.kill();
                panic!("{arguments} hangs");
            }
            thread::sleep(Duration::from_millis(3));
        }
    }
}

/// The library of `shim.c`, built once.
fn shim() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| library("shim.c", "shim"))
}

/// Builds a library that stands between the program and the system.
pub(crate) fn library(source: &str, name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults").join(source);
    let built = folder.join(format!("{name}-{}.so", std::process::id()));
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
        .arg(&built)
        .arg(source)
        .arg("-ldl");
    assert!(cc.status().expect("a C compiler, cc, is needed").success());
    // Under one name, so that they do not pile up.
    let library = folder.join(format!("{name}.so"));
    std::fs::rename(&built, &library).unwrap();
    library
}
