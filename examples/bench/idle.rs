//! A run with nothing to do: beside one bare reading of the same columns, and beside the least
//! that a process costs.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bitrix24_sandbox::{Portal, Server};
use chrono::Utc;
use ecvi_b24::state::State;
use rusqlite::Connection;

use crate::hotel::Hotel;
use crate::measure::{in_turn, run};

/// What an idle run reads, read once and no more.
const BARE: &str = "
    SELECT count(*), sum(id), sum(length(modified_at)) FROM guests;
    SELECT count(*), sum(id), sum(length(modified_at)) FROM companies;
    SELECT count(*), sum(id), sum(length(modified_at)), sum(length(number)), sum(guest_id), sum(company_id),
           sum(payer_company_id) FROM bookings;
    SELECT count(*), sum(booking_id), sum(guest_id), sum(position) FROM booking_guests;";

/// An idle run over a large hotel: of a mirror that was written to for nothing, and of one that
/// was not written to. Then one in which 100 guests changed.
pub(crate) fn large(bookings: u64) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (server, hotel) = sent(folder.path(), bookings)?;
    let (program, words) = hotel.program(&["sync"])?;
    let first = run(&program, &words)?;
    let mirror = folder.path().join("mirror.db").display().to_string();
    let bare = (Path::new("sqlite3"), vec![mirror, BARE.to_owned()]);
    let costs = in_turn(5, &[bare, written_to(&hotel, (&program, &words))])?;
    let [bare, idle] = costs[..] else { return Ok(()) };
    let requests = last_requests(&hotel)?;
    println!("idle run, {bookings} bookings");
    println!("  bare query     {:8.3} s   {:8.3} s of CPU", bare.wall, bare.cpu);
    println!(
        "  every row read {:8.3} s   {:8.3} s of CPU   {:5.1} MB",
        first.wall, first.cpu, first.megabytes
    );
    println!(
        "  idle run      {:8.3} s   {:8.3} s of CPU   {:5.1} MB   {requests} requests",
        idle.wall, idle.cpu, idle.megabytes
    );
    println!("  ratio          {:8.2}     {:8.2}", idle.wall / bare.wall, idle.cpu / bare.cpu);
    settle(&program, &words)?;
    let quiet = in_turn(20, &[(&program, words)])?[0];
    last_requests(&hotel)?;
    println!(
        "  not written to {:8.4} s   {:8.3} s of CPU   {:5.1} MB",
        quiet.wall, quiet.cpu, quiet.megabytes
    );
    let mirror = Connection::open(&hotel.config.mirror.path)?;
    mirror.execute(
        "UPDATE guests SET comment = 'x', modified_at = '2026-11-25 10:00:00' WHERE id % (SELECT max(1, count(*) / 100) FROM guests) = 0",
        [],
    )?;
    let words = hotel.program(&["sync", "--dry-run"])?.1;
    let changed = run(&program, &words)?;
    println!(
        "  100 changed    {:8.3} s   {:8.3} s of CPU   (planned only)",
        changed.wall, changed.cpu
    );
    drop(server);
    Ok(())
}

/// An idle run over a small hotel, as a whole process.
pub(crate) fn small() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (_server, hotel) = sent(folder.path(), 10_000)?;
    let (program, words) = hotel.program(&["sync"])?;
    run(&program, &words)?;
    let mirror = folder.path().join("mirror.db").display().to_string();
    let least = (Path::new("sqlite3"), vec![mirror, "select 1".to_owned()]);
    let version = (program.as_path(), vec!["--version".to_owned()]);
    let idle = in_turn(50, &[written_to(&hotel, (&program, &words))])?[0];
    settle(&program, &words)?;
    let costs = in_turn(50, &[least, version, (&program, words)])?;
    let [least, version, quiet] = costs[..] else { return Ok(()) };
    last_requests(&hotel)?;
    println!("idle run, 10000 bookings, whole processes");
    println!("  sqlite3 'select 1' {:7.2} ms", least.wall * 1e3);
    println!("  --version          {:7.2} ms", version.wall * 1e3);
    println!(
        "  idle run          {:7.2} ms   ratio {:.2}",
        idle.wall * 1e3,
        idle.wall / least.wall
    );
    println!(
        "  not written to     {:7.2} ms   ratio {:.2}",
        quiet.wall * 1e3,
        quiet.wall / least.wall
    );
    Ok(())
}

/// A run over a mirror that was written to just now, and still holds what it did.
fn written_to(hotel: &Hotel, (program, words): (&Path, &[String])) -> (&'static Path, Vec<String>) {
    let mirror = hotel.config.mirror.path.display();
    let script = format!("touch {mirror}; exec {} {}", program.display(), words.join(" "));
    (Path::new("sh"), vec!["-c".to_owned(), script])
}

/// Until the mirror's last change is some seconds old, and a run has seen that.
fn settle(program: &Path, words: &[String]) -> Result<()> {
    std::thread::sleep(Duration::from_secs(6));
    run(program, words)?;
    Ok(())
}

fn sent(folder: &Path, bookings: u64) -> Result<(Server, Hotel)> {
    let server = Server::start(Portal::unlimited(), 0)?;
    let portal = format!("webhook = '{}'", server.webhook());
    let hotel = Hotel::new(folder, bookings * 6 / 10, bookings / 20, bookings, &portal)?;
    hotel.all_sent(Utc::now())?;
    Ok((server, hotel))
}

fn last_requests(hotel: &Hotel) -> Result<u64> {
    let state = State::open(&hotel.config.state)?;
    let run = state.last_run()?.context("no run was made")?;
    ensure!(!run.counts.changed(), "the run was not idle: {:?}", run.counts);
    Ok(run.requests)
}
