//! What an audit finds, in the reader's language.

use std::collections::BTreeMap;

use super::Counts;
use super::drift::{Drift, Problem, Subject};
use crate::config::Webhook;
use crate::crm::diff::Difference;
use crate::domain::display;
use crate::domain::language::Language;
use crate::domain::per_kind::PerKind;
use crate::domain::record::Kind;
use crate::msg;

/// What differs, then the cards to look at.
pub(super) fn drift_lines(drift: &Drift, webhook: &Webhook, language: Language) -> Vec<String> {
    let mut lines = vec![drift_line(drift, language)];
    // A card that is missing cannot be looked at.
    if drift.problem != Problem::Missing {
        let entity = drift.kind().crm_entity();
        for crm_id in &drift.crm_ids {
            lines.push(format!("    {}", webhook.card(entity, *crm_id)));
        }
    }
    lines
}

fn drift_line(drift: &Drift, language: Language) -> String {
    let Drift { subject, crm_ids, problem } = drift;
    let kind = drift.kind();
    let cards: Vec<String> =
        crm_ids.iter().map(|crm_id| display::object_name(kind, *crm_id).text(language)).collect();
    let problem = problem_text(problem, &cards.join(", "), language);
    match subject {
        Subject::Record { key, display_name } => {
            format!("{}: {problem}", display::record_name(key, display_name).text(language))
        }
        Subject::Card(_) => problem,
    }
}

fn problem_text(problem: &Problem, card: &str, language: Language) -> String {
    match problem {
        Problem::Missing => {
            msg!(language, "в CRM больше нет: {card}", "missing in the CRM: {card}")
        }
        Problem::Hidden => msg!(
            language,
            "{card}: пользователь вебхука эту карточку не видит (ACCESS_DENIED)",
            "{card}: the webhook's user may not see this card (ACCESS_DENIED)"
        ),
        Problem::OthersCard { origin } => msg!(
            language,
            "своей карточки в CRM нет: {card} принадлежит другой записи (ORIGIN_ID {origin})",
            "no card of its own in the CRM: {card} is another record's (ORIGIN_ID {origin})"
        ),
        Problem::NotOurs => msg!(
            language,
            "{card}: карточка больше не помечена как наша \
             (NOT_OURS); посмотрите её, затем выполните reset-id",
            "{card} does not carry our origin any more (NOT_OURS); look at the card, then run reset-id"
        ),
        Problem::Unreadable { reason } => {
            let reason = reason.text(language);
            msg!(
                language,
                "{card}: портал не может показать карточку (CARD_UNREADABLE): {reason}",
                "{card}: the portal cannot show the card (CARD_UNREADABLE): {reason}"
            )
        }
        Problem::Different { fields } => {
            let fields: Vec<_> = fields.iter().map(|field| field_text(field, language)).collect();
            let fields = fields.join(", ");
            msg!(language, "отличается {card}: {fields}", "{card} differs: {fields}")
        }
        Problem::Duplicates => msg!(
            language,
            "в CRM несколько карточек: {card}; объедините их в CRM",
            "several cards in the CRM: {card}; merge them in the CRM"
        ),
        Problem::Orphan { origin } => msg!(
            language,
            "{card}: карточка помечена как наша (ORIGIN_ID {origin}), но \
             такой записи нет; проверьте и удалите вручную, если это лишнее",
            "{card} carries our origin (ORIGIN_ID {origin}), but there is no \
             such record; look at it and delete it by hand if it is not needed"
        ),
    }
}

/// `STAGE_ID «NEW» вместо «WON»`; of a value that may tell something about a person only the
/// field's name.
fn field_text(difference: &Difference, language: Language) -> String {
    let Difference { field, ours, theirs, coming: _ } = difference;
    if difference.is_personal() {
        return field.clone();
    }
    msg!(
        language,
        "{field} «{theirs}» вместо «{ours}»",
        "{field} \"{theirs}\" instead of \"{ours}\""
    )
}

/// The last lines of the report.
pub(super) fn summary(
    counts: &Counts,
    unread: &BTreeMap<(Kind, String), u64>,
    language: Language,
) -> Vec<String> {
    let compared = per_kind(&counts.compared, language);
    let found = counts.drifts();
    let first = match found {
        0 if !unread.is_empty() => msg!(
            language,
            "Сверено: {compared}. В том, что портал показал, расхождений нет.",
            "Compared: {compared}. Nothing differs in what the portal showed."
        ),
        0 => msg!(
            language,
            "Сверено: {compared}. Расхождений нет.",
            "Compared: {compared}. Nothing differs."
        ),
        _ => msg!(
            language,
            "Сверено: {compared}. Расхождений: {found}.",
            "Compared: {compared}. Differences: {found}."
        ),
    };
    let mut lines = vec![first];
    if counts.pending.sum() > 0 {
        let pending = per_kind(&counts.pending, language);
        lines.push(msg!(
            language,
            "Не сверялось, потому что ещё не передано или не удалось передать: {pending}.",
            "Not compared, because it is still to be sent or failed: {pending}."
        ));
    }
    for ((kind, field), cards) in unread {
        let kind = display::plural_name(*kind).text(language);
        lines.push(msg!(
            language,
            "Не сверялось, потому что портал этого не показывает: {kind}, поле {field}, карточек: {cards}.",
            "Not compared, because the portal does not show it: {kind}, field {field}, cards: {cards}."
        ));
    }
    lines
}

fn per_kind(counts: &PerKind<u64>, language: Language) -> String {
    let mut parts = Vec::new();
    for (kind, count) in counts.iter() {
        parts.push(format!("{} {count}", display::plural_name(kind).text(language)));
    }
    parts.join(", ")
}

/// How to repair what sending again can repair.
pub(super) fn remedy(language: Language) -> String {
    msg!(
        language,
        "Исправить: ecvi-b24 audit --repair. Пропавшее создаётся заново; если карточки объединили \
         в CRM, сначала привяжите запись к оставшейся: ecvi-b24 reset-id guest ID --crm-id НОМЕР\n",
        "To repair it: ecvi-b24 audit --repair. What is missing is created \
         anew; if cards were merged in the CRM, first link the record to \
         the one that is left: ecvi-b24 reset-id guest ID --crm-id NUMBER\n"
    )
}
