//! A mapping that was changed since everything was sent with it.
//!
//! A plain run sends what changes in Ecvi, so the records that stand in the CRM keep the old mapping until somebody
//! runs a full run. That is told of once a day, and by `status`.

use std::collections::BTreeMap;
use std::hash::Hasher;

use anyhow::Result;

use crate::config::{Config, DealConfig, MirrorConfig, PartyConfig};
use crate::domain::messages::{Message, SyncMessage};
use crate::platform::hash::Fingerprint;
use crate::state::State;
use crate::state::settings::MAPPING;

/// All records are marked for resending; the mapping is noted once it is verified.
pub fn clear(state: &State) -> Result<()> {
    Ok(state.set(MAPPING, &None::<u64>)?)
}

/// Everything will be by this verified mapping, unless an earlier start of the same export began with another.
pub fn record_current(config: &Config, state: &State) -> Result<()> {
    match state.get::<Option<u64>>(MAPPING)?.flatten() {
        Some(_) => Ok(()),
        None => Ok(state.set(MAPPING, &fingerprint(config))?),
    }
}

/// Whether records in the CRM are by another mapping than the configuration's.
pub fn has_changed(config: &Config, state: &State) -> Result<bool> {
    Ok(state.get::<Option<u64>>(MAPPING)?.flatten().is_some_and(|sent| sent != fingerprint(config)))
}

/// What has happened and what to do, for people.
pub fn notice() -> Message {
    SyncMessage::MappingChanged.into()
}

/// What every update sends: not what a creation alone sets.
fn fingerprint(config: &Config) -> u64 {
    let Config {
        mirror,
        contact,
        company,
        deal,
        language: _,
        state: _,
        portal: _,
        sync: _,
        export: _,
        load: _,
        monitoring: _,
        link: _,
        exposed: _,
        shown: _,
    } = config;
    let MirrorConfig { sources, residents, statuses, encoding, path: _, columns: _, write_back: _ } = mirror;
    let DealConfig { currency, title, comments, stages, fields, assigned_by_id: _, source_id: _ } = deal;
    let statuses = statuses.iter().map(|(code, status)| format!("{code} {}", status.word()));
    let stages = stages.iter().map(|(stage, probability)| format!("{stage} {probability}"));
    let texts = [currency, title.source(), comments.source()].map(str::to_owned);
    let queries = sources.values().chain([residents]).cloned();
    let all = queries.chain(statuses).chain(person(contact)).chain(person(company));
    let encoding = encoding.map(|encoding| encoding.name().to_owned());
    let all = all.chain(texts).chain(stages).chain(columns(fields)).chain(encoding);
    let mut print = Fingerprint::default();
    for text in all {
        print.text(&text);
    }
    print.finish()
}

fn person(person: &PartyConfig) -> impl Iterator<Item = String> {
    let PartyConfig {
        honorific,
        comments,
        fields,
        // A change of these is seen by the plan, which fills all contacts anew: nobody has to order it.
        stays: _,
        assigned_by_id: _,
        source_id: _,
        phone_type: _,
        match_existing: _,
    } = person;
    honorific.iter().cloned().chain([comments.source().to_owned()]).chain(columns(fields))
}

fn columns(fields: &BTreeMap<String, String>) -> impl Iterator<Item = String> {
    // The end, so that a field of a contact is none of a company.
    fields.iter().map(|(field, column)| format!("{field} {column}")).chain([String::new()])
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn print(more: &str) -> u64 {
        let toml = format!("[mirror]\npath = 'm'\n[portal]\nwebhook = 'https://h/rest/1/x/'\n{more}");
        fingerprint(&crate::config::parse(&toml, Path::new(""), None).unwrap())
    }

    #[test]
    fn whatever_an_update_sends_is_part_of_the_mapping() {
        let mappings = [
            "",
            "[mirror.statuses]\n7 = 'confirmed'",
            "[mirror.statuses]\n7 = 'cancelled'",
            "[mirror.queries]\nguests = 'SELECT * FROM guests'",
            "[mirror.queries]\ncompanies = 'SELECT * FROM companies'",
            "[mirror.queries]\nbookings = 'SELECT * FROM bookings'",
            "[mirror.queries]\nbooking_guests = 'SELECT * FROM booking_guests'",
            "[contact]\ncomments = '{comment}!'",
            "[contact.honorific]\nM = 'HNR_1'",
            "[contact.honorific]\nF = 'HNR_1'",
            "[contact.fields]\nUF_CRM_1 = 'marks'",
            "[company]\ncomments = '{comment}!'",
            "[company.fields]\nUF_CRM_1 = 'marks'",
            "[deal]\ncurrency = 'USD'",
            "[deal]\ntitle = '{number}!'",
            "[deal]\ncomments = '{comment}!'",
            "[deal]\ncategory_id = 5",
            "[deal.stages]\nconfirmed = 'WON'",
            "[deal.probability]\nconfirmed = 99",
            "[deal.fields]\nUF_CRM_1 = 'marks'",
            "[deal.fields]\nUF_CRM_1 = 'number'",
        ];
        let mut prints = mappings.map(print).to_vec();
        prints.sort_unstable();
        prints.dedup();
        assert_eq!(prints.len(), mappings.len());
    }

    #[test]
    fn what_a_creation_alone_sets_is_no_part_of_the_mapping() {
        let person = "assigned_by_id = 1\nsource_id = 'WEB'\nphone_type = 'HOME'\nmatch_existing = []\n";
        let more =
            format!("[contact]\n{person}[company]\n{person}[deal]\nassigned_by_id = 1\nsource_id = 'WEB'");
        assert_eq!(print(&more), print(""));
    }
}
