//! `docs/codes.md` is the catalogue of `Code`, in both languages.

use std::fmt::Write;

use ecvi_b24::domain::failure_code::FailureCode;
use ecvi_b24::domain::language::Language;

use crate::{assert_current, read};

const BEGIN: &str =
    "<!-- from here on this file is written by `UPDATE_DOCS=1 cargo test --test docs` -->\n";

/// Where the cause of a failure lies, and with it who can mend it; in the order of the document.
#[derive(Clone, Copy, PartialEq)]
enum Group {
    /// In Ecvi or in the mirror: the hotel mends its data.
    Data,
    /// In another record, which is not in the CRM yet.
    Waiting,
    /// In Bitrix24: it refused the record, or somebody has to look at its cards.
    Refused,
    /// In the way to the portal: the call was never answered.
    Unavailable,
}

fn group(code: FailureCode) -> Group {
    match code {
        FailureCode::BadId
        | FailureCode::DuplicateId
        | FailureCode::TooManyGuests
        | FailureCode::NoValue
        | FailureCode::UnknownStatus
        | FailureCode::BadDate
        | FailureCode::BadAmount
        | FailureCode::BadText
        | FailureCode::CrmIdTaken
        | FailureCode::EmailLeftOut
        | FailureCode::PhoneLeftOut
        | FailureCode::FieldLeftOut
        | FailureCode::UnknownFlag
        | FailureCode::UnknownSex
        | FailureCode::UnknownReference => Group::Data,
        FailureCode::GuestWaiting | FailureCode::WithoutCompanion => Group::Waiting,
        FailureCode::PortalRefused
        | FailureCode::BadContactInCrm
        | FailureCode::AccessDenied
        | FailureCode::ObjectMissing
        | FailureCode::NotOurs
        | FailureCode::CardUnreadable
        | FailureCode::SeveralInCrm
        | FailureCode::DoubtfulMatch
        | FailureCode::OtherFunnel
        | FailureCode::DealWithoutBooking => Group::Refused,
        FailureCode::NoAnswer => Group::Unavailable,
    }
}

fn heading(group: Group) -> (&'static str, &'static str) {
    match group {
        Group::Data => (
            "Data in Ecvi",
            "The hotel mends its data (or the mirror, or the configuration); the record goes with the next run after that.",
        ),
        Group::Waiting => {
            ("Waiting for another record", "Settled by itself when the other record is in the CRM.")
        }
        Group::Refused => (
            "Refused by Bitrix24, or to be looked at there",
            "Somebody looks at the card in the CRM, at the rights of the webhook's user, or at the portal's rules.",
        ),
        Group::Unavailable => (
            "Portal unavailable",
            "One record's calls are never answered. When the whole portal cannot be reached, no record fails: the run ends with exit 5, and the next one goes on.",
        ),
    }
}

fn catalogue() -> String {
    let mut text = String::new();
    for part in [Group::Data, Group::Waiting, Group::Refused, Group::Unavailable] {
        let (title, note) = heading(part);
        write!(text, "\n## {title}\n\n{note}\n").unwrap();
        for code in FailureCode::ALL.iter().copied().filter(|code| group(*code) == part) {
            let (name, english, russian) =
                (code.name(), code.remedy(Language::En), code.remedy(Language::Ru));
            write!(text, "\n### `{name}`\n\n{english}\n\n{russian}\n").unwrap();
        }
    }
    text
}

#[test]
fn the_catalogue_is_complete_and_says_what_the_program_says() {
    let document = read("docs/codes.md");
    let (before, _) = document.split_once(BEGIN).unwrap();
    assert_current("docs/codes.md", &format!("{before}{BEGIN}{}", catalogue()));
    for word in before
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
    {
        assert!(word.parse::<FailureCode>().is_ok(), "{word}");
    }
}
