//! `crm.item.import` and `crm.item.batchImport`: no automation, no addresses, a right of their own
//! (facts, section 4.3).

use crate::answer::{Outcome, Refusal, ok};
use crate::data::record::Kind;
use crate::methods::universal::kind_argument;
use crate::php::Php;
use crate::portal::Portal;
use crate::rules::draft::{Change, MethodFamily};
use crate::rules::multifield;
use crate::rules::save::SaveMode;
use crate::values::dates;
use crate::values::legacy_output::ROW_TYPES;

/// Records that one `batchImport` takes.
const MAX_RECORDS: usize = 20;

const MODE: SaveMode = SaveMode { family: MethodFamily::Universal, automation: false };

/// `crm.item.import`: one record.
pub(crate) fn import_one(portal: &mut Portal, params: &Php) -> Outcome {
    let kind = portal.imported_kind(params)?;
    let entry = portal.import_object(kind, params.argument("fields"))?;
    ok(entry)
}

/// `crm.item.batchImport`: each record on its own, under the keys of `data`.
pub(crate) fn import_many(portal: &mut Portal, params: &Php) -> Outcome {
    let kind = portal.imported_kind(params)?;
    let data = params.argument("data").entries();
    if data.len() > MAX_RECORDS {
        let text = format!("Maximum number of items to import is {MAX_RECORDS}");
        return Err(Refusal::new(400, "MAX_IMPORT_BATCH_SIZE_EXCEEDED", text));
    }
    let mut items = Php::empty();
    for (key, fields) in data {
        let entry = portal.import_object(kind, fields).unwrap_or_else(|refusal| refusal.body());
        items.set(key, entry);
    }
    ok(Php::map([("items", items)]))
}

impl Portal {
    /// The kind of a call by a user who may import.
    fn imported_kind(&self, params: &Php) -> Result<Kind, Refusal> {
        let kind = kind_argument(params)?;
        if self.may_import() {
            Ok(kind)
        } else {
            Err(Refusal::new(400, "ACCESS_DENIED", "Доступ запрещён"))
        }
    }

    fn import_object(&mut self, kind: Kind, fields: &Php) -> Result<Php, Refusal> {
        let mut change = self.read_universal_fields(kind, fields, true);
        // `fm` is not used here, the legacy form of rows is.
        change.rows.clear();
        for type_id in ROW_TYPES {
            change.rows.extend(multifield::read_rows(type_id, fields.get(type_id)));
        }
        self.read_system_times(fields, "createdTime", "updatedTime", &mut change);
        let id = self.create_object(kind, change, MODE)?;
        self.counters.writes += 1;
        Ok(Php::map([("item", Php::map([("id", id)]))]))
    }

    /// Times that an administrator may set while importing, under the names of the method's family.
    pub(crate) fn read_system_times(
        &self,
        fields: &Php,
        created: &str,
        changed: &str,
        change: &mut Change,
    ) {
        if !self.settings.user.admin {
            return;
        }
        for (name, legacy) in [(created, "DATE_CREATE"), (changed, "DATE_MODIFY")] {
            if let Some(moment) = dates::read_moment(&fields.get(name).text(), self.zone()) {
                change.set(legacy, moment);
            }
        }
    }
}
