//! A mapping that was changed since everything was sent with it.
//!
//! A plain run sends what changes in Ecvi, so the records that stand in the CRM keep the old
//! mapping until somebody runs a full run. That is told of once a day, and by `status`.

use std::collections::BTreeMap;
use std::hash::Hasher;

use serde::{Deserialize, Serialize};

use crate::config::{Config, DealConfig, MirrorConfig, PartyConfig};
use crate::domain::messages::{Message, SyncMessage};
use crate::domain::record::BookingStatus;
use crate::domain::run_error::Result;
use crate::platform::hash::Fingerprint;
use crate::state::State;
use crate::state::settings::Setting;

/// By which mapping everything was sent; none until a full run has verified its own.
const MAPPING: Setting<Option<SentMapping>> = Setting::new("mapping");

/// The mapping that the records in the CRM are by.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum SentMapping {
    /// As earlier versions noted it: a fingerprint of all.
    Whole(u64),
    /// What each status code of the configuration means stands apart.
    WithCodes { fingerprint: u64, statuses: BTreeMap<String, String> },
}

impl SentMapping {
    fn of(config: &Config) -> SentMapping {
        let statuses = &config.mirror.statuses;
        let statuses =
            statuses.iter().map(|(code, status)| (code.clone(), status.word().to_owned()));
        SentMapping::WithCodes {
            fingerprint: fingerprint(config, std::iter::empty()),
            statuses: statuses.collect(),
        }
    }

    fn is_that_of(&self, config: &Config) -> bool {
        match self {
            SentMapping::Whole(sent) => {
                let statuses = config.mirror.statuses.iter();
                let statuses = statuses.map(|(code, status)| format!("{code} {}", status.word()));
                *sent == fingerprint(config, statuses)
            }
            SentMapping::WithCodes { fingerprint: sent, statuses } => {
                *sent == fingerprint(config, std::iter::empty())
                    && !is_code_changed(statuses, config)
            }
        }
    }
}

/// Whether a code that had a meaning has another one now. A code that had none changes no record in
/// the CRM: bookings with it were not sent, and go as soon as it is known.
fn is_code_changed(sent: &BTreeMap<String, String>, config: &Config) -> bool {
    let statuses = &config.mirror.statuses;
    sent.keys().chain(statuses.keys()).any(|code| {
        let own_word = code.parse::<BookingStatus>().ok().map(BookingStatus::word);
        let before = sent.get(code).map(String::as_str).or(own_word);
        let now = statuses.get(code).map(|status| status.word()).or(own_word);
        before.is_some() && before != now
    })
}

/// All records are marked for resending; the mapping is noted once it is verified.
pub fn clear(state: &State) -> Result<()> {
    Ok(state.set(&MAPPING, &None)?)
}

/// Everything will be by this verified mapping, unless an earlier start of the same export began
/// with another.
pub fn record_current(config: &Config, state: &State) -> Result<()> {
    match sent(state)? {
        Some(_) => Ok(()),
        None => Ok(state.set(&MAPPING, &Some(SentMapping::of(config)))?),
    }
}

/// Whether records in the CRM are by another mapping than the configuration's.
pub fn has_changed(config: &Config, state: &State) -> Result<bool> {
    Ok(sent(state)?.is_some_and(|sent| !sent.is_that_of(config)))
}

fn sent(state: &State) -> Result<Option<SentMapping>> {
    Ok(state.get(&MAPPING)?.flatten())
}

/// What has happened and what to do, for people.
pub fn notice() -> Message {
    SyncMessage::MappingChanged.into()
}

/// What every update sends: not what a creation alone sets. `statuses` are the status codes, where
/// they are part of it.
fn fingerprint(config: &Config, statuses: impl Iterator<Item = String>) -> u64 {
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
        file: _,
        exposed: _,
    } = config;
    let MirrorConfig { sources, encoding, statuses: _, path: _, columns: _, write_back: _ } =
        mirror;
    let DealConfig { currency, title, comments, stages, fields, assigned_by_id: _, source_id: _ } =
        deal;
    let stages = stages.values().map(|(stage, probability)| format!("{stage} {probability}"));
    let texts = [currency, title.source(), comments.source()].map(str::to_owned);
    let queries = sources.values().cloned();
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
        // A change of these is seen by the plan, which fills all contacts anew: nobody has to order
        // it.
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

    fn config(more: &str) -> Config {
        let toml =
            format!("[mirror]\npath = 'm'\n[portal]\nwebhook = 'https://h/rest/1/x/'\n{more}");
        crate::config::parse(&toml, Path::new(""), None).unwrap()
    }

    fn changed(before: &str, now: &str) -> bool {
        !SentMapping::of(&config(before)).is_that_of(&config(now))
    }

    /// Whoever meets an unknown code adds it, and is not told to send everything again.
    #[test]
    fn a_code_that_meant_nothing_changes_no_record_in_the_crm() {
        let codes = |codes: &str| format!("[mirror.statuses]\n{codes}");
        assert!(!changed("", &codes("7 = 'confirmed'")));
        assert!(!changed(&codes("7 = 'confirmed'"), &codes("7 = 'confirmed'\n8 = 'cancelled'")));
        assert!(!changed("", &codes("confirmed = 'confirmed'")));
        assert!(changed(&codes("7 = 'confirmed'"), &codes("7 = 'cancelled'")));
        assert!(changed(&codes("7 = 'confirmed'"), ""));
        assert!(
            changed("", &codes("confirmed = 'cancelled'")),
            "the program's own word had a meaning"
        );
    }

    #[test]
    fn a_mapping_that_an_earlier_version_noted_is_compared_as_a_whole() {
        let with_code = config("[mirror.statuses]\n7 = 'confirmed'");
        let noted = fingerprint(&with_code, ["7 confirmed".to_owned()].into_iter());
        let noted: SentMapping = serde_json::from_str(&noted.to_string()).unwrap();
        assert!(noted.is_that_of(&with_code));
        assert!(!noted.is_that_of(&config("")));
    }

    #[test]
    fn whatever_an_update_sends_is_part_of_the_mapping() {
        let mappings = [
            "",
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
        for (at, before) in mappings.iter().enumerate() {
            for now in &mappings[at + 1..] {
                assert!(changed(before, now), "{before} {now}");
            }
        }
    }

    #[test]
    fn what_a_creation_alone_sets_is_no_part_of_the_mapping() {
        let person =
            "assigned_by_id = 1\nsource_id = 'WEB'\nphone_type = 'HOME'\nmatch_existing = []\n";
        let more = format!(
            "[contact]\n{person}[company]\n{person}[deal]\nassigned_by_id = 1\nsource_id = 'WEB'"
        );
        assert!(!changed("", &more));
    }
}
