//! Damaged answers: a hotel lives for some runs before a portal whose answers arrive damaged,
//! then all is well again.

use std::path::Path;

use bitrix24_sandbox::Portal as Sandbox;
use ecvi_b24::commands::{check, cli};
use ecvi_b24::config::ConfigFile;
use ecvi_b24::domain::language::Language;
use ecvi_b24::portal::{CallError, Portal, Response};
use ecvi_b24::sync::options::{RunKind, RunOptions};
use serde_json::Value;

use crate::hotel::{Hotel, SECRET, fill, sync, toml};
use crate::invariants;
use crate::rng::Rng;
use crate::wire::Wire;

/// The booking that may be removed.
const GONE: &str = "6";

/// One case: the same history with damage and without it.
pub(crate) fn case(seed: u64, dir: &Path) -> Result<(), String> {
    if seed.is_multiple_of(10) {
        return check_case(seed, dir);
    }
    let calm = history(seed, dir, false)?;
    let harmed = history(seed, dir, true)?;
    let tale = || harmed.wire.tale.join("\n  ");
    if harmed.wire.lied {
        return Ok(());
    }
    let (mut wanted, mut found) =
        (invariants::snapshot(&calm.wire.portal), invariants::snapshot(&harmed.wire.portal));
    if harmed.forgot {
        // What is left of it then: everybody stands there, once. Nobody knows any more of a deal to
        // be deleted.
        wanted.retain(|(_, origin), _| origin != GONE);
        wanted.values_mut().chain(found.values_mut()).for_each(String::clear);
    }
    invariants::same(&wanted, &found).map_err(|wrong| format!("{wrong}\n  {}", tale()))
}

fn history(seed: u64, dir: &Path, harmed: bool) -> Result<Hotel, String> {
    drop(std::fs::remove_file(dir.join("state.db")));
    fill(dir);
    let mut rng = Rng::new(seed);
    let percent = rng.one_of(&[10, 30, 60]);
    let mut hotel = Hotel::new(dir, &mut rng, 0);
    if rng.chance(60) {
        hotel.run(&RunOptions::new(RunKind::InitialExport))?;
    }
    hotel.wire.percent = if harmed { percent } else { 0 };
    let steps = 2 + rng.roll(5);
    let told = live(&mut hotel, steps, &mut rng);
    let told = told.and_then(|()| hotel.rest());
    told.map_err(|wrong| format!("{wrong}\n  {}", hotel.wire.tale.join("\n  ")))?;
    Ok(hotel)
}

fn live(hotel: &mut Hotel, steps: usize, rng: &mut Rng) -> Result<(), String> {
    for _ in 0..steps {
        if rng.chance(60) {
            hotel.event(rng);
        }
        if rng.chance(7) {
            hotel.lose_state();
        }
        let full = rng.chance(20);
        let options = match rng.roll(5) {
            0 => RunOptions::new(RunKind::InitialExport),
            1 => RunOptions { retry_failed: true, ..RunOptions::new(RunKind::Retry) },
            _ => RunOptions { full, ..sync() },
        };
        hotel.run(&options)?;
        hotel.wait(rng.one_of(&[0, 1, 3, 20]));
    }
    Ok(())
}

/// A portal that is not spoken to any more when it is handed over.
struct Owned(Wire);

impl Portal for Owned {
    fn call(&mut self, method: &str, params: &Value) -> Result<Response, CallError> {
        self.0.call(method, params)
    }
}

/// `check`, which asks for more than a run does.
fn check_case(seed: u64, dir: &Path) -> Result<(), String> {
    fill(dir);
    let file = dir.join("ecvi-b24.toml");
    std::fs::write(
        &file,
        toml("[contact]\nassigned_by_id = 1\n[contact.fields]\nUF_CRM_CITY = 'city'"),
    )
    .unwrap();
    let mut rng = Rng::new(seed);
    let hotel = Hotel::new(dir, &mut rng, 0);
    let (clock, webhook, throw) =
        (hotel.clock.clone(), hotel.config.portal.webhook.clone(), rng.next());
    let connect = |_: &_| {
        let (portal, rng) = (Sandbox::unlimited(), Rng::new(throw));
        let wire = Wire::new(portal, clock.clone(), webhook.clone(), rng, 40);
        Ok(Box::new(Owned(wire)) as Box<dyn Portal>)
    };
    let config = ConfigFile::named(&file);
    let start = check::Start { config: &config, webhook: None, language: Language::default() };
    let options = cli::Check { probe: seed.is_multiple_of(20), ..cli::Check::default() };
    let (told, _) = check::run(&start, &options, &connect, &hotel.clock);
    if told.contains(SECRET) { Err(format!("the secret is told: {told}")) } else { Ok(()) }
}
