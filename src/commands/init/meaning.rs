//! What words of a hotel and of a portal mean: which status a code stands for, and which stage a
//! status belongs on.

use crate::domain::record::BookingStatus;
use crate::sync::preflight::config_check::PortalOption;

/// Parts of words, by the status that they stand for. The first one that is found decides, so
/// «не заехал» comes before «заехал».
const MEANINGS: &[(BookingStatus, &[&str])] = &[
    (
        BookingStatus::NoShow,
        &[
            "незаезд", "не заезд", "не заехал", "неявк", "не явил", "не приехал", "no show",
            "noshow",
        ],
    ),
    (
        BookingStatus::Cancelled,
        &["отмен", "аннулир", "отказ", "снята", "cancel", "declined", "rejected"],
    ),
    (
        BookingStatus::Temporary,
        &[
            "неподтвержд",
            "не подтвержд",
            "временн",
            "предварит",
            "ожида",
            "запрос",
            "unconfirmed",
            "not confirmed",
            "temporary",
            "tentative",
            "pending",
            "optional",
            "on hold",
        ],
    ),
    (
        BookingStatus::CheckedOut,
        &[
            "выехал", "выезд", "выселен", "выписан", "checked out", "check out", "checkout",
            "departed",
        ],
    ),
    (
        BookingStatus::CheckedIn,
        &[
            "прожива", "заехал", "заезд", "заселен", "вселен", "живет", "checked in", "check in",
            "checkin", "in house", "inhouse", "staying",
        ],
    ),
    (
        BookingStatus::Confirmed,
        &["подтвержд", "гарантир", "оплачен", "confirm", "guarantee", "booked"],
    ),
    (BookingStatus::Temporary, &["новая", "новый", "new"]),
];

/// The status that a word of the hotel or the name of a stage stands for.
pub(super) fn status_of(words: &str) -> Option<BookingStatus> {
    let words = words.to_lowercase().replace('ё', "е").replace(['-', '_'], " ");
    for (status, parts) in MEANINGS {
        if parts.iter().any(|part| words.contains(part)) {
            return Some(*status);
        }
    }
    None
}

/// The stage for a status: the one that is called so, else the portal's own for it, else the first
/// that ends a deal as the status does.
pub(super) fn stage_for(status: BookingStatus, stages: &[PortalOption]) -> Option<&PortalOption> {
    let fits: Vec<&PortalOption> = stages.iter().filter(|stage| is_fit(status, stage)).collect();
    let named = fits.iter().find(|stage| status_of(&stage.name) == Some(status));
    let usual = fits.iter().find(|stage| without_funnel(&stage.id) == usual_stage(status));
    named.or(usual).or(fits.first()).copied()
}

/// Whether a deal on this stage is as open, won or lost as the booking.
fn is_fit(status: BookingStatus, stage: &PortalOption) -> bool {
    let ends = stage.semantics.as_deref().unwrap_or("P");
    match status {
        BookingStatus::Temporary | BookingStatus::Confirmed => ends == "P",
        BookingStatus::CheckedIn => ends != "F",
        BookingStatus::CheckedOut => ends == "S",
        BookingStatus::Cancelled | BookingStatus::NoShow => ends == "F",
    }
}

/// The stage that every new funnel has for it.
fn usual_stage(status: BookingStatus) -> &'static str {
    match status {
        BookingStatus::Temporary => "NEW",
        BookingStatus::Confirmed => "EXECUTING",
        BookingStatus::CheckedIn | BookingStatus::CheckedOut => "WON",
        BookingStatus::Cancelled | BookingStatus::NoShow => "LOSE",
    }
}

/// The stage without its funnel: `C5:NEW` -> `NEW`.
pub(super) fn without_funnel(stage: &str) -> &str {
    stage.split_once(':').map_or(stage, |(_, stage)| stage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_means_the_status_that_it_speaks_of() {
        for (words, status) in [
            ("Неподтверждённая", BookingStatus::Temporary),
            ("Новая", BookingStatus::Temporary),
            ("tentative", BookingStatus::Temporary),
            ("Подтверждена", BookingStatus::Confirmed),
            ("GUARANTEED", BookingStatus::Confirmed),
            ("Гость заехал", BookingStatus::CheckedIn),
            ("Заселён", BookingStatus::CheckedIn),
            ("IN_HOUSE", BookingStatus::CheckedIn),
            ("Выехали", BookingStatus::CheckedOut),
            ("check-out", BookingStatus::CheckedOut),
            ("Отменена гостем", BookingStatus::Cancelled),
            ("Canceled", BookingStatus::Cancelled),
            ("Незаезд", BookingStatus::NoShow),
            ("Не заехал", BookingStatus::NoShow),
            ("No-Show", BookingStatus::NoShow),
        ] {
            assert_eq!(status_of(words), Some(status), "{words}");
        }
        for words in ["", "7", "В работе", "Сделка успешна", "X"] {
            assert_eq!(status_of(words), None, "{words}");
        }
    }

    fn stages(list: &[(&str, &str, &str)]) -> Vec<PortalOption> {
        let stage = |(id, name, ends): &(&str, &str, &str)| PortalOption {
            id: (*id).to_owned(),
            name: (*name).to_owned(),
            semantics: (*ends != "P").then(|| (*ends).to_owned()),
        };
        list.iter().map(stage).collect()
    }

    fn proposed(stages: &[PortalOption]) -> Vec<&str> {
        let stage = |status| stage_for(status, stages).map_or("", |stage| stage.id.as_str());
        BookingStatus::ALL.into_iter().map(stage).collect()
    }

    #[test]
    fn a_new_funnel_gets_the_usual_stages() {
        let funnel = stages(&[
            ("C3:NEW", "Новая", "P"),
            ("C3:PREPARATION", "Подготовка документов", "P"),
            ("C3:EXECUTING", "В работе", "P"),
            ("C3:WON", "Сделка успешна", "S"),
            ("C3:LOSE", "Сделка провалена", "F"),
            ("C3:APOLOGY", "Анализ причины провала", "F"),
        ]);
        let usual = ["C3:NEW", "C3:EXECUTING", "C3:WON", "C3:WON", "C3:LOSE", "C3:LOSE"];
        assert_eq!(proposed(&funnel), usual);
    }

    #[test]
    fn a_funnel_of_the_hotel_gets_its_stages_by_their_names_and_by_how_they_end() {
        let funnel = stages(&[
            ("UC_1", "Ожидает предоплаты", "P"),
            ("UC_2", "Бронь подтверждена", "P"),
            ("UC_3", "Гость проживает", "P"),
            ("UC_4", "Отмена под вопросом", "P"),
            ("WON", "Выехал", "S"),
            ("LOSE", "Отменена", "F"),
            ("UC_5", "Незаезд", "F"),
        ]);
        assert_eq!(proposed(&funnel), ["UC_1", "UC_2", "UC_3", "WON", "LOSE", "UC_5"]);
        let bare = stages(&[("A", "Первая", "P"), ("B", "Хорошо", "S"), ("C", "Плохо", "F")]);
        assert_eq!(proposed(&bare), ["A", "A", "A", "B", "C", "C"]);
        assert_eq!(proposed(&[]), [""; 6]);
    }
}
