//! Notices that the mapping has changed since everything was sent with it.
//!
//! A run sends what changes in Ecvi, so the other records keep the old mapping in the CRM until a
//! full run. A run warns of that once a day, and `status` shows it.

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
    /// From an earlier version: a fingerprint of everything.
    Whole(u64),
    /// With the meaning of each status code besides the fingerprint.
    WithCodes { fingerprint: u64, statuses: BTreeMap<String, String> },
}

impl SentMapping {
    fn of(config: &Config) -> SentMapping {
        let mut statuses = BTreeMap::new();
        for (code, status) in &config.mirror.statuses {
            statuses.insert(code.clone(), status.word().to_owned());
        }
        SentMapping::WithCodes { fingerprint: fingerprint(config, &[]), statuses }
    }

    fn is_that_of(&self, config: &Config) -> bool {
        match self {
            SentMapping::Whole(sent) => {
                let mut statuses = Vec::new();
                for (code, status) in &config.mirror.statuses {
                    statuses.push(format!("{code} {}", status.word()));
                }
                *sent == fingerprint(config, &statuses)
            }
            SentMapping::WithCodes { fingerprint: sent, statuses } => {
                *sent == fingerprint(config, &[]) && !is_code_changed(statuses, config)
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

/// Stores this verified mapping as the one with which everything is sent, unless an earlier start
/// of the same export began with another one.
pub fn record_current(config: &Config, state: &State) -> Result<()> {
    match sent(state)? {
        Some(_) => Ok(()),
        None => Ok(state.set(&MAPPING, &Some(SentMapping::of(config)))?),
    }
}

/// Whether records in the CRM were sent with another mapping than the configuration's.
pub fn has_changed(config: &Config, state: &State) -> Result<bool> {
    Ok(sent(state)?.is_some_and(|sent| !sent.is_that_of(config)))
}

fn sent(state: &State) -> Result<Option<SentMapping>> {
    Ok(state.get(&MAPPING)?.flatten())
}

/// A message that says what has happened and what to do.
pub fn notice() -> Message {
    SyncMessage::MappingChanged.into()
}

/// A fingerprint of the mapping of updates, without what only a creation sends. `statuses` are the
/// status codes, where they are part of it.
fn fingerprint(config: &Config, statuses: &[String]) -> u64 {
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
    let mut print = Fingerprint::default();
    for query in sources.values() {
        print.text(query);
    }
    for status in statuses {
        print.text(status);
    }
    add_party(&mut print, contact);
    add_party(&mut print, company);
    for text in [currency, title.source(), comments.source()] {
        print.text(text);
    }
    for (stage, probability) in stages.values() {
        print.text(&format!("{stage} {probability}"));
    }
    add_columns(&mut print, fields);
    if let Some(encoding) = encoding {
        print.text(encoding.name());
    }
    print.finish()
}

fn add_party(print: &mut Fingerprint, party: &PartyConfig) {
    let PartyConfig {
        honorific,
        comments,
        fields,
        // The plan sees a change of these and fills all contacts again by itself.
        stays: _,
        assigned_by_id: _,
        source_id: _,
        phone_type: _,
        match_existing: _,
    } = party;
    for text in honorific {
        print.text(text);
    }
    print.text(comments.source());
    add_columns(print, fields);
}

fn add_columns(print: &mut Fingerprint, fields: &BTreeMap<String, String>) {
    for (field, column) in fields {
        print.text(&format!("{field} {column}"));
    }
    // An end, so that a field of a contact is not taken for one of a company.
    print.text("");
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
        let noted = fingerprint(&with_code, &["7 confirmed".to_owned()]);
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
