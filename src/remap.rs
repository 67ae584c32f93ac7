//! A mapping that was changed since everything was sent with it.
//!
//! A plain pass sends what changes in Ecvi, so the records that stand in the CRM keep the old mapping until somebody
//! runs a full pass. That is told of once a day, and by `status`.

use std::collections::BTreeMap;
use std::hash::Hasher;

use anyhow::Result;

use crate::config::{Config, PersonConfig};
use crate::fingerprint::Fingerprint;
use crate::say;
use crate::state::State;
use crate::state::memory::MAPPING;

/// Every record is marked to be sent: by which mapping, is said as soon as one was verified.
pub fn forget(state: &State) -> Result<()> {
    state.remember(MAPPING, &None::<u64>)
}

/// Everything will be by this verified mapping, unless an earlier start of the same export began with another.
pub fn begin(config: &Config, state: &State) -> Result<()> {
    match state.recall::<Option<u64>>(MAPPING)?.flatten() {
        Some(_) => Ok(()),
        None => state.remember(MAPPING, &fingerprint(config)),
    }
}

/// Whether records in the CRM are by another mapping than the configuration's.
pub fn is_stale(config: &Config, state: &State) -> Result<bool> {
    Ok(state.recall::<Option<u64>>(MAPPING)?.flatten().is_some_and(|sent| sent != fingerprint(config)))
}

/// What has happened and what to do, for people.
pub fn notice() -> String {
    say!(
        "Соответствие полей в конфигурации изменилось, а переданное раньше осталось прежним. Посмотрите: ecvi-b24 sync --full --dry-run; передать всё заново: ecvi-b24 sync --full",
        "The mapping in the configuration has changed, and what was sent before is as it was. To see what would change: ecvi-b24 sync --full --dry-run; to send all again: ecvi-b24 sync --full"
    )
}

/// What every update sends: not what a creation alone sets.
fn fingerprint(config: &Config) -> u64 {
    let Config { mirror, contact, company, deal, .. } = config;
    let statuses = mirror.statuses.iter().map(|(code, status)| format!("{code} {}", status.word()));
    let stages = deal.stages.iter().map(|(stage, probability)| format!("{stage} {probability}"));
    let texts = [&deal.currency, deal.title.source(), deal.comments.source()].map(str::to_owned);
    let queries = mirror.sources.iter().chain([&mirror.residents]).cloned();
    let all = queries.chain(statuses).chain(person(contact)).chain(person(company));
    let all = all.chain(texts).chain(stages).chain(columns(&deal.fields));
    let mut print = Fingerprint::default();
    for text in all {
        print.text(&text);
    }
    print.finish()
}

fn person(person: &PersonConfig) -> impl Iterator<Item = String> {
    let PersonConfig { honorific, comments, fields, .. } = person;
    honorific.iter().cloned().chain([comments.source().to_owned()]).chain(columns(fields))
}

fn columns(fields: &BTreeMap<String, String>) -> impl Iterator<Item = String> {
    // The end, so that a field of a contact is none of a company.
    fields.iter().map(|(field, column)| format!("{field} {column}")).chain([String::new()])
}
