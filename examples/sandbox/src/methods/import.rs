//! `crm.item.import` and `crm.item.batchImport`: no automation, no addresses, a right of their own
//! (facts, section 4.3).

use crate::answer::{Outcome, Refusal, ok};
use crate::data::record::Kind;
use crate::methods::universal::kind_of;
use crate::php::Php;
use crate::portal::Portal;
use crate::rules::multifield;
use crate::rules::save::{How, Style};
use crate::values::dates;
use crate::values::legacy_input::Change;
use crate::values::legacy_output::ROW_TYPES;

/// Records in one `batchImport`.
const MAX: usize = 20;
/// `crm.item.import`
pub(crate) fn one(portal: &mut Portal, params: &Php) -> Outcome {
    let kind = portal.importable(params)?;
    let entry = portal.import(kind, params.argument("fields"))?;
    ok(entry)
}

/// `crm.item.batchImport`: each record on its own, under the keys of `data`.
pub(crate) fn many(portal: &mut Portal, params: &Php) -> Outcome {
    let kind = portal.importable(params)?;
    let data = params.argument("data").entries();
    if data.len() > MAX {
        let text = format!("Maximum number of items to import is {MAX}");
        return Err(Refusal::new(400, "MAX_IMPORT_BATCH_SIZE_EXCEEDED", text));
    }
    let mut items = Php::empty();
    for (key, fields) in data {
        let entry = portal.import(kind, fields).unwrap_or_else(|refusal| refusal.body());
        items.set(key, entry);
    }
    ok(Php::map([("items", items)]))
}

impl Portal {
    fn importable(&self, params: &Php) -> Result<Kind, Refusal> {
        let kind = kind_of(params)?;
        if self.may_import() {
            Ok(kind)
        } else {
            Err(Refusal::new(400, "ACCESS_DENIED", "Доступ запрещён"))
        }
    }

    fn import(&mut self, kind: Kind, fields: &Php) -> Result<Php, Refusal> {
        let mut change = self.read_universal(kind, fields, true);
        // `fm` is not used here, the legacy form of rows is.
        change.rows =
            ROW_TYPES.iter().flat_map(|name| multifield::read(name, fields.get(name))).collect();
        self.read_system(fields, "createdTime", "updatedTime", &mut change);
        let id = self.create(kind, change, How { style: Style::Universal, automation: false })?;
        self.counters.writes += 1;
        Ok(Php::map([("item", Php::map([("id", id)]))]))
    }

    /// Times that an administrator may set while importing, under the names of the method's family.
    pub(crate) fn read_system(
        &self,
        fields: &Php,
        created: &str,
        changed: &str,
        change: &mut Change,
    ) {
        let zone = dates::zone(self.settings.utc_offset_hours);
        let names = [(created, "DATE_CREATE"), (changed, "DATE_MODIFY")];
        for (name, legacy) in names.into_iter().filter(|_| self.settings.user.admin) {
            if let Some(stamp) = dates::stamp(&fields.get(name).text(), zone) {
                change.set(legacy, stamp);
            }
        }
    }
}
