//! A small hotel and an empty CRM, carried over before your eyes: no account, no network, no
//! configuration.
//!
//! `cargo run --release --example demo`, with `-- --stay` to look at the CRM in a browser
//! afterwards. The hotel stands in `fixtures/`, the CRM is the sandbox portal in this process;
//! everything between them is what the program `ecvi-b24` itself does.

use std::fmt::Write;
use std::fs::File;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use bitrix24_sandbox::{Kind, Portal, Record, Server};
use chrono::{DateTime, NaiveDate, Utc};
use ecvi_b24::commands::status::Status;
use ecvi_b24::config::{self, Config};
use ecvi_b24::output::run_summary;
use ecvi_b24::platform::clock::Clock;
use ecvi_b24::platform::lock::Lock;
use ecvi_b24::portal::http::Http;
use ecvi_b24::state::State;
use ecvi_b24::sync::options::{RunKind, RunOptions};
use ecvi_b24::sync::run::run_locked;
use rusqlite::Connection;
use serde_json::{Value, json};

/// Bookings whose deals are shown: a cancelled one, a guest who left, and a group of ten rooms.
const SHOWN: [&str; 3] = ["101", "107", "106"];

/// Contacts of a deal that are shown by their names.
const SHOWN_CONTACTS: usize = 4;

/// Between the export and the first run of cron.
const HOUR: Duration = Duration::from_secs(3600);

/// Between two runs of cron.
const CRON: Duration = Duration::from_secs(180);

/// The port of the CRM as a page, as in the sandbox.
const PORT: u16 = 8024;

fn main() -> Result<()> {
    let stays_open = std::env::args().any(|argument| argument == "--stay");
    let server = Server::start(Portal::new(), if stays_open { PORT } else { 0 })?;
    print!("{}", story(&server, Utc::now())?);
    if stays_open {
        println!("\nCRM в браузере: {}\nЗавершить: Ctrl+C.", server.address());
        loop {
            thread::park();
        }
    }
    Ok(())
}

/// The whole story, as it is printed.
pub(crate) fn story(server: &Server, now: DateTime<Utc>) -> Result<String> {
    let folder = tempfile::tempdir()?;
    server.set_time(now);
    let config = make_config(folder.path(), server)?;
    let clock = Clock::virtual_at(now);
    let mut told = String::new();

    let hotel =
        concat!(include_str!("../fixtures/schema.sql"), include_str!("../fixtures/hotel.sql"));
    write_mirror(&config, hotel, &clock)?;
    writeln!(told, "Гостиница из fixtures/ и пустой Битрикс24.\n")?;
    told += &run_and_tell(&config, RunKind::InitialExport, &clock)?;
    writeln!(
        told,
        "\nПрошёл час: смена фамилии, исправленный e-mail, выезд, новая заявка, удалённая заявка.\n"
    )?;
    let_time_pass(HOUR, server, &clock);
    write_mirror(&config, include_str!("../fixtures/changes.sql"), &clock)?;
    told += &run_and_tell(&config, RunKind::Sync, &clock)?;
    writeln!(told, "\nПрошло три минуты: удалённой заявки в Ecvi по-прежнему нет.\n")?;
    let_time_pass(CRON, server, &clock);
    told += &run_and_tell(&config, RunKind::Sync, &clock)?;
    writeln!(told, "\n$ ecvi-b24 status")?;
    let state = State::open_readonly(&config.state)?;
    told +=
        &Status::collect(&config, &state, None, clock.now())?.render(&config, false, clock.now());
    writeln!(told, "\nТак это выглядит в CRM:")?;
    for origin in SHOWN {
        told += &deal_card(&mut server.portal(), origin, clock.now())?;
    }
    Ok(told)
}

fn make_config(folder: &Path, server: &Server) -> Result<Config> {
    let text =
        format!("[mirror]\npath = \"mirror.db\"\n[portal]\nwebhook = \"{}\"\n", server.webhook());
    Ok(config::parse(&text, folder, None)?)
}

/// Time passes in the hotel and in the CRM.
fn let_time_pass(time: Duration, server: &Server, clock: &Clock) {
    clock.sleep(time);
    server.set_time(clock.now());
}

/// What the program that fills the mirror does; the file gets the time of the story.
fn write_mirror(config: &Config, sql: &str, clock: &Clock) -> Result<()> {
    Connection::open(&config.mirror.path)?.execute_batch(sql)?;
    let mirror = File::options().write(true).open(&config.mirror.path)?;
    Ok(mirror.set_modified(clock.now().into())?)
}

/// One run, as cron would see it.
fn run_and_tell(config: &Config, kind: RunKind, clock: &Clock) -> Result<String> {
    let mut portal = Http::new(&config.portal)?;
    let lock = Lock::try_acquire(&config.state)?.context("another run is under way")?;
    let ended = run_locked(&lock, config, &RunOptions::new(kind), &mut portal, clock, &mut ())?;
    let line =
        run_summary::summary_line(kind.name(), &ended.counts, config.language).unwrap_or_default();
    let outcome = ended.message.map(|message| message.text(config.language)).unwrap_or_default();
    Ok(format!("$ ecvi-b24 {}\n{line}{outcome}\n", kind.name()))
}

/// A deal as its card shows it.
fn deal_card(portal: &mut Portal, origin: &str, now: DateTime<Utc>) -> Result<String> {
    let stages = list_stages(portal, now)?;
    let deals = portal.with_origin(Kind::Deal, "ECVI", origin);
    let deal = deals.first().context("the deal is not there")?;
    let stage = stage_name(&stages, deal.text("STAGE_ID"));
    let probability = deal.text("PROBABILITY");
    let sum = rubles(deal.text("OPPORTUNITY"));
    let currency = deal.text("CURRENCY_ID");
    let begin = russian_day(deal.text("BEGINDATE"));
    let close = russian_day(deal.text("CLOSEDATE"));
    let mut card = format!("\n  {}\n", deal.text("TITLE"));
    writeln!(card, "  {stage} ({probability} %) · {sum} {currency} · {begin} - {close}")?;
    writeln!(card, "  Контакты: {}", first_contacts(portal, deal))?;
    if let Ok(id) = deal.text("COMPANY_ID").parse()
        && let Some(company) = portal.get(Kind::Company, id)
    {
        writeln!(card, "  Компания: {}", company.text("TITLE"))?;
    }
    if !deal.text("COMMENTS").is_empty() {
        writeln!(card, "  Комментарий: {}", deal.text("COMMENTS"))?;
    }
    Ok(card)
}

fn list_stages(portal: &mut Portal, now: DateTime<Utc>) -> Result<Vec<Value>> {
    let params = json!({"filter": {"ENTITY_ID": "DEAL_STAGE"}});
    let reply = portal.call("crm.status.list", params, now);
    let answer: Value = serde_json::from_str(&reply.body)?;
    Ok(answer["result"].as_array().cloned().unwrap_or_default())
}

fn stage_name<'a>(stages: &'a [Value], id: &str) -> &'a str {
    for stage in stages {
        if stage["STATUS_ID"] == id {
            return stage["NAME"].as_str().unwrap_or_default();
        }
    }
    ""
}

/// The first ones by their full names, the others counted.
fn first_contacts(portal: &Portal, deal: &Record) -> String {
    let ids = deal.link_ids();
    let mut names = Vec::new();
    for id in ids.iter().take(SHOWN_CONTACTS) {
        if let Some(contact) = portal.get(Kind::Contact, *id) {
            names.push(full_name(contact));
        }
    }
    let shown = names.join(", ");
    let more = ids.len() - names.len();
    if more == 0 { shown } else { format!("{shown} и ещё {more}") }
}

fn full_name(contact: &Record) -> String {
    let mut parts = ["LAST_NAME", "NAME", "SECOND_NAME"].map(|field| contact.text(field)).to_vec();
    parts.retain(|part| !part.is_empty());
    parts.join(" ")
}

/// `13050.00` as `13 050`; kopecks only where there are any.
fn rubles(amount: &str) -> String {
    let (whole, kopecks) = amount.split_once('.').unwrap_or((amount, "00"));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    if kopecks.trim_matches('0').is_empty() { grouped } else { format!("{grouped},{kopecks}") }
}

/// `2020-05-29T03:00:00+03:00` as `29.05.2020`; what is no date stays as it is.
fn russian_day(date: &str) -> String {
    match date.get(..10).unwrap_or_default().parse::<NaiveDate>() {
        Ok(day) => day.format("%d.%m.%Y").to_string(),
        Err(_) => date.to_owned(),
    }
}
