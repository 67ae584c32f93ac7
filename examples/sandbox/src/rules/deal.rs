//! The rules of deals: stages, dates, money (facts, section 7).

use crate::answer::Refusal;
use crate::methods::products;
use crate::php::Php;
use crate::portal::Portal;
use crate::rules::draft::{Change, Draft, MethodFamily};

/// An update that empties one of these keeps the old value.
const NEVER_EMPTY: [&str; 5] = ["TITLE", "BEGINDATE", "CLOSEDATE", "CURRENCY_ID", "ASSIGNED_BY_ID"];

impl Portal {
    /// Brings what is about to be written to a deal into the form that the portal allows.
    pub(crate) fn check_deal(&self, draft: &mut Draft) -> Result<(), Refusal> {
        drop_emptied(&mut draft.change);
        self.check_currency(draft)?;
        self.check_funnel(draft)?;
        self.check_running_process(draft)?;
        if draft.is_new() && draft.change.get("CATEGORY_ID").is_none() {
            draft.change.set("CATEGORY_ID", "0");
        }
        clamp_probability(&mut draft.change);
        self.set_stage(draft);
        set_sum_of_products(draft);
        Ok(())
    }

    fn check_currency(&self, draft: &Draft) -> Result<(), Refusal> {
        let Some(currency) = draft.change.get("CURRENCY_ID") else { return Ok(()) };
        if self.dictionaries.currencies.contains(&currency.text()) {
            return Ok(());
        }
        let text = "Значение поля «Валюта» недопустимо.";
        Err(draft.field_error("CRM_FIELD_ERROR_VALUE_NOT_VALID", text))
    }

    /// An unknown funnel: the legacy methods ignore it, the universal ones refuse it.
    fn check_funnel(&self, draft: &mut Draft) -> Result<(), Refusal> {
        let Some(funnel) = draft.change.get("CATEGORY_ID") else { return Ok(()) };
        if self.dictionaries.has_funnel(funnel.int()) {
            return Ok(());
        }
        match draft.family {
            MethodFamily::Legacy => draft.change.remove("CATEGORY_ID"),
            MethodFamily::Universal => {
                let text = "Значение поля «Воронка» недопустимо.";
                return Err(draft.field_error("CRM_FIELD_ERROR_VALUE_NOT_VALID", text));
            }
        }
        Ok(())
    }

    /// A deal stays in its funnel while a business process runs (facts, section 14.4).
    fn check_running_process(&self, draft: &Draft) -> Result<(), Refusal> {
        let Some(deal) = draft.old else { return Ok(()) };
        let has_process = self.settings.running_processes.contains(&deal.id);
        if !has_process || funnel_of(draft) == deal.field("CATEGORY_ID").int() {
            return Ok(());
        }
        let text = "Нельзя изменить воронку: есть незавершённые бизнес-процессы.";
        Err(Refusal::new(400, "CRM_ITEM_HAS_RUNNING_WORKFLOWS", text))
    }

    /// The stage, and what follows from it. A stage that the funnel does not have is ignored in
    /// silence. CLOSED follows the stage, whatever was sent.
    fn set_stage(&self, draft: &mut Draft) {
        let old_stage = draft.old.map_or("", |deal| deal.text("STAGE_ID"));
        let stage = self.choose_stage(draft, old_stage);
        let semantics = self.dictionaries.stage_semantics(&stage);
        let is_open = semantics == "P";
        draft.change.set("STAGE_ID", stage.as_str());
        draft.change.set("STAGE_SEMANTIC_ID", semantics);
        draft.change.set("CLOSED", Php::yes_no(!is_open));
        if old_stage != stage {
            draft.change.set("MOVED_TIME", self.time_now());
            draft.change.set("MOVED_BY_ID", self.settings.user.id.to_string());
        }
        if !is_open {
            self.set_closing_date(draft, semantics);
        }
    }

    /// The stage that was sent, if the deal's funnel has it.
    fn choose_stage(&self, draft: &Draft, old_stage: &str) -> String {
        let funnel = funnel_of(draft);
        let stays_in_funnel =
            draft.old.is_some_and(|deal| deal.field("CATEGORY_ID").int() == funnel);
        let fallback = if stays_in_funnel { Some(old_stage) } else { None };
        let wanted = draft.change.get("STAGE_ID").map(Php::text).unwrap_or_default();
        self.dictionaries.choose_stage(funnel, &wanted, fallback)
    }

    /// A deal that reaches a final stage is closed today, over a date that was sent. Within final
    /// stages of the same semantics the date stays (facts, section 7.1).
    fn set_closing_date(&self, draft: &mut Draft, semantics: &str) {
        let old_semantics = draft.old.map_or("P", |deal| deal.text("STAGE_SEMANTIC_ID"));
        if self.settings.close_date_sync && semantics != old_semantics {
            draft.change.set("CLOSEDATE", self.date_in_days(0));
        }
    }
}

fn drop_emptied(change: &mut Change) {
    change.fields.retain(|(name, value)| {
        let is_emptied = matches!(value.text().as_str(), "" | "0");
        !(is_emptied && NEVER_EMPTY.contains(&name.as_str()))
    });
}

/// The funnel that the deal will be in.
fn funnel_of(draft: &Draft) -> i64 {
    draft.value("CATEGORY_ID").map_or(0, Php::int)
}

fn clamp_probability(change: &mut Change) {
    if let Some(value) = change.get("PROBABILITY") {
        let probability = value.int().clamp(0, 100).to_string();
        change.set("PROBABILITY", probability);
    }
}

fn set_sum_of_products(draft: &mut Draft) {
    let Some(deal) = draft.old else { return };
    let is_by_hand = draft.value("IS_MANUAL_OPPORTUNITY").is_some_and(Php::is_yes);
    if !is_by_hand && let Some(sum) = products::sum_of_products(deal) {
        draft.change.set("OPPORTUNITY", sum);
    }
}
