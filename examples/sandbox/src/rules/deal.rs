//! The rules of deals: stages, dates, money (facts, section 7).

use crate::answer::Refusal;
use crate::data::record::Record;
use crate::methods::products;
use crate::php::Php;
use crate::portal::Portal;
use crate::rules::save::Style;
use crate::values::legacy_input::Change;

/// An update that empties one of these keeps the old value.
const NEVER_EMPTY: [&str; 5] = ["TITLE", "BEGINDATE", "CLOSEDATE", "CURRENCY_ID", "ASSIGNED_BY_ID"];

impl Portal {
    /// Brings what is about to be written to a deal into the form that the portal allows.
    pub(crate) fn prepare_deal(
        &self,
        old: Option<&Record>,
        change: &mut Change,
        style: Style,
    ) -> Result<(), Refusal> {
        change.fields.retain(|(name, value)| {
            !(NEVER_EMPTY.contains(&name.as_str()) && matches!(value.text().as_str(), "" | "0"))
        });
        self.check_currency(change, style)?;
        self.prepare_category(old, change, style)?;
        clamp_probability(change);
        self.prepare_stage(old, change);
        products::recount(old, change);
        Ok(())
    }

    fn check_currency(&self, change: &Change, style: Style) -> Result<(), Refusal> {
        let known = |code: &Php| {
            self.dictionaries.currencies.iter().any(|currency| *currency == code.text())
        };
        if change.get("CURRENCY_ID").is_none_or(known) {
            return Ok(());
        }
        let text = "Значение поля «Валюта» недопустимо.";
        Err(style.field_error("CRM_FIELD_ERROR_VALUE_NOT_VALID", text))
    }

    fn prepare_category(
        &self,
        old: Option<&Record>,
        change: &mut Change,
        style: Style,
    ) -> Result<(), Refusal> {
        let known = |id: i64| self.dictionaries.categories.iter().any(|category| category.id == id);
        match change.get("CATEGORY_ID").map(Php::int) {
            Some(id) if known(id) => {}
            Some(_) if style == Style::Universal => {
                return Err(style.field_error(
                    "CRM_FIELD_ERROR_VALUE_NOT_VALID",
                    "Значение поля «Воронка» недопустимо.",
                ));
            }
            Some(_) => change.drop("CATEGORY_ID"),
            None => {}
        }
        self.check_move(old, change)?;
        if old.is_none() && change.get("CATEGORY_ID").is_none() {
            change.set("CATEGORY_ID", "0");
        }
        Ok(())
    }

    /// A deal stays in its funnel while a business process runs (facts, section 14.4).
    fn check_move(&self, old: Option<&Record>, change: &Change) -> Result<(), Refusal> {
        let Some(deal) = old.filter(|deal| self.settings.running_processes.contains(&deal.id))
        else {
            return Ok(());
        };
        let funnel = change.get("CATEGORY_ID").map(Php::int);
        if funnel.is_none_or(|funnel| funnel == deal.field("CATEGORY_ID").int()) {
            return Ok(());
        }
        let text = "Нельзя изменить воронку: есть незавершённые бизнес-процессы.";
        Err(Refusal::new(400, "CRM_ITEM_HAS_RUNNING_WORKFLOWS", text))
    }

    /// A stage that the funnel does not have is ignored in silence; a final one sets the closing
    /// date.
    fn prepare_stage(&self, old: Option<&Record>, change: &mut Change) {
        let before = old.map_or("", |deal| deal.text("STAGE_ID")).to_owned();
        let funnel =
            change.get("CATEGORY_ID").or_else(|| old.map(|deal| deal.field("CATEGORY_ID")));
        let funnel = funnel.map_or(0, Php::int);
        let wanted = change.get("STAGE_ID").map(Php::text);
        let moved = old.is_some_and(|deal| deal.field("CATEGORY_ID").int() != funnel);
        let fallback = if old.is_none() || moved { None } else { Some(before.clone()) };
        let stage = self.dictionaries.stage(funnel, wanted.as_deref(), fallback.as_deref());
        let semantics = self.dictionaries.semantics(&stage);
        change.set("STAGE_ID", stage.as_str());
        change.set("STAGE_SEMANTIC_ID", semantics);
        change.set("CLOSED", if semantics == "P" { "N" } else { "Y" });
        if before != stage {
            change.set("MOVED_TIME", self.time_now());
            change.set("MOVED_BY_ID", self.settings.user.id.to_string());
        }
        let was = old.map_or("P", |deal| deal.text("STAGE_SEMANTIC_ID"));
        if self.settings.close_date_sync && semantics != "P" && semantics != was {
            change.set("CLOSEDATE", self.today(0));
        }
    }

    /// The server's date, so many days from today.
    pub(crate) fn today(&self, days: i64) -> String {
        let zone = crate::values::dates::zone(self.settings.utc_offset_hours);
        let day = (self.now + chrono::TimeDelta::days(days)).with_timezone(&zone);
        day.format("%Y-%m-%d").to_string()
    }
}

fn clamp_probability(change: &mut Change) {
    if let Some(value) = change.get("PROBABILITY").map(Php::int) {
        change.set("PROBABILITY", value.clamp(0, 100).to_string());
    }
}
