//! The backup as docs/operations.md tells it, made after a run was killed.

use std::fs;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;

use crate::hotel::Hotel;
use crate::parallel_runs::each;
use crate::scene::Scene;
use crate::scenes;

/// The commands that copy the state, in this document.
fn documented(document: &str) -> Vec<String> {
    let blocks = document.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.filter_map(|block| block.find("flock ").map(|at| copying(&block[at..]))).collect()
}

/// The command from here on, with the words that it quotes.
fn copying(block: &str) -> String {
    let quoted = block.split_inclusive('\'').take(2).collect::<String>();
    assert!(quoted.contains("cp "), "{quoted}");
    quoted
}

/// The command for this hotel.
fn of_hotel(command: &str, hotel: &Hotel, copy: &Path) -> String {
    let program = format!("{} --config ecvi-b24.toml", env!("CARGO_BIN_EXE_ecvi-b24"));
    let target = command.split("/var/backups/").nth(1).unwrap().trim_end_matches('\'');
    command
        .replace("ecvi-b24 status", &format!("{program} status"))
        .replace("/var/lib/ecvi-b24", &hotel.folder().display().to_string())
        .replace(&format!("/var/backups/{target}"), &copy.display().to_string())
}

#[test]
fn the_documented_backup_is_whole_also_where_the_last_run_was_killed() {
    let english = documented(include_str!("../../docs/operations.md"));
    let russian = documented(include_str!("../../docs/operations.ru.md"));
    assert_eq!((english.len(), &english), (2, &russian));
    let scene = Scene::new(scenes::newcomers(), "sync");
    let writes: Vec<u64> = (2..=100).step_by(2).collect();
    each(&writes, |write| {
        let hotel = scene.hotel();
        let killed = hotel.run_with(&[("FAULTS_KILL", &format!("write:{write}"))], "sync");
        assert!(killed.was_killed(), "{write}: {}", killed.output());
        let copy = hotel.path("copy.db");
        for command in &english {
            let command = of_hotel(command, &hotel, &copy);
            let mut shell = Command::new("sh");
            shell.current_dir(hotel.folder()).args(["-c", &command]);
            assert!(shell.status().unwrap().success(), "{command}");
            let connection = Connection::open(&copy).unwrap();
            let sound: String =
                connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(sound, "ok", "{write}: {command}");
        }
        hotel.run("sync").expect(0);
        fs::copy(&copy, hotel.path("state.db")).unwrap();
        scene.recovers(&hotel, &format!("killed at write {write}, and a copy put back"));
    });
}
