//! A run with nothing to do: beside one bare reading of the same columns, and beside the least
//! that a process costs.

use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bitrix24_sandbox::{Portal, Server};
use chrono::Utc;
use ecvi_b24::state::State;
use rusqlite::Connection;

use crate::hotel::{Hotel, Size};
use crate::measure::{Cost, Program, run_in_turn};

/// What an idle run reads, read once and no more.
const BARE_QUERY: &str = "
    SELECT count(*), sum(id), sum(length(modified_at)) FROM guests;
    SELECT count(*), sum(id), sum(length(modified_at)) FROM companies;
    SELECT count(*), sum(id), sum(length(modified_at)), sum(length(number)), sum(guest_id),
           sum(company_id), sum(payer_company_id) FROM bookings;
    SELECT count(*), sum(booking_id), sum(guest_id), sum(position) FROM booking_guests;";
/// 100 guests change.
const CHANGE_GUESTS: &str = "
    UPDATE guests SET comment = 'x', modified_at = '2026-11-25 10:00:00'
    WHERE id % (SELECT max(1, count(*) / 100) FROM guests) = 0";
/// Until the last change of a file is old enough to be trusted.
const SETTLED: Duration = Duration::from_secs(6);

/// An idle run over a large hotel: of a mirror that was written to for nothing, and of one that
/// was not written to. Then one in which 100 guests changed.
pub(crate) fn measure_large(bookings: u64) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (_server, hotel) = hotel_with_all_sent(folder.path(), bookings)?;
    let sync = hotel.program(&["sync"])?;
    let first = sync.run()?;
    let bare_query = sqlite3(&hotel, BARE_QUERY);
    let [bare, idle] = run_in_turn(5, &[bare_query, after_touch(&hotel, &sync)])?;
    let requests = requests_of_idle_run(&hotel)?;
    println!("idle run, {bookings} bookings");
    println!("  bare query     {:8.4} s   {:8.3} s of CPU", bare.wall, bare.cpu);
    print_cost("every row read", first, "");
    print_cost("idle run", idle, &format!("   {requests} requests"));
    println!("  ratio          {:8.2}     {:8.2}", idle.wall / bare.wall, idle.cpu / bare.cpu);
    wait_until_settled(&sync)?;
    let [quiet] = run_in_turn(20, &[sync])?;
    requests_of_idle_run(&hotel)?;
    print_cost("not written to", quiet, "");
    Connection::open(&hotel.config.mirror.path)?.execute(CHANGE_GUESTS, [])?;
    let changed = hotel.program(&["sync", "--dry-run"])?.run()?;
    print_cost("100 changed", changed, "   (planned only)");
    Ok(())
}

fn print_cost(name: &str, cost: Cost, remark: &str) {
    let Cost { wall, cpu, megabytes } = cost;
    println!("  {name:14} {wall:8.4} s   {cpu:8.3} s of CPU   {megabytes:5.1} MB{remark}");
}

/// An idle run over a small hotel, as a whole process.
pub(crate) fn measure_small() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (_server, hotel) = hotel_with_all_sent(folder.path(), 10_000)?;
    let sync = hotel.program(&["sync"])?;
    sync.run()?;
    let [idle] = run_in_turn(50, &[after_touch(&hotel, &sync)])?;
    wait_until_settled(&sync)?;
    let nothing = sqlite3(&hotel, "select 1");
    let version = Program::new(&sync.path, &["--version"]);
    let [least, version, quiet] = run_in_turn(50, &[nothing, version, sync])?;
    requests_of_idle_run(&hotel)?;
    println!("idle run, 10000 bookings, whole processes");
    println!("  sqlite3 'select 1' {:7.2} ms", least.wall * 1e3);
    println!("  --version          {:7.2} ms", version.wall * 1e3);
    print_ratio("idle run", idle, least);
    print_ratio("not written to", quiet, least);
    Ok(())
}

fn print_ratio(name: &str, cost: Cost, least: Cost) {
    let ratio = cost.wall / least.wall;
    println!("  {name:18} {:7.2} ms   ratio {ratio:.2}", cost.wall * 1e3);
}

/// SQLite's own program, with a query on the mirror.
fn sqlite3(hotel: &Hotel, query: &str) -> Program {
    let mirror = hotel.config.mirror.path.display().to_string();
    Program::new("sqlite3", &[&mirror, query])
}

/// A run over a mirror that was written to just now, and still holds what it did.
fn after_touch(hotel: &Hotel, program: &Program) -> Program {
    let mirror = hotel.config.mirror.path.display();
    let arguments = program.arguments.join(" ");
    let script = format!("touch {mirror}; exec {} {arguments}", program.path.display());
    Program::new("sh", &["-c", &script])
}

/// Until the mirror's last change is some seconds old, and a run has seen that.
fn wait_until_settled(sync: &Program) -> Result<()> {
    thread::sleep(SETTLED);
    sync.run()?;
    Ok(())
}

fn hotel_with_all_sent(folder: &Path, bookings: u64) -> Result<(Server, Hotel)> {
    let server = Server::start(Portal::unlimited(), 0)?;
    let portal = format!("webhook = '{}'", server.webhook());
    let size = Size { guests: bookings * 6 / 10, companies: bookings / 20, bookings };
    let hotel = Hotel::new(folder, size, &portal)?;
    hotel.all_sent(Utc::now())?;
    Ok((server, hotel))
}

/// Requests of the last run, which must have changed nothing.
fn requests_of_idle_run(hotel: &Hotel) -> Result<u64> {
    let state = State::open(&hotel.config.state)?;
    let run = state.last_run()?.context("no run was made")?;
    ensure!(!run.counts.changed(), "the run was not idle: {:?}", run.counts);
    Ok(run.requests)
}
