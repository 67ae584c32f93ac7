//! Custom fields of the portal that columns of the mirror fill.

use super::Interview;
use super::asker::{Choice, usage};
use super::columns::column_for;
use super::crm::label;
use super::questions::Question;
use super::responsible::kind_of;
use crate::domain::messages::{InitMessage, QuestionMessage};
use crate::domain::record::Kind;
use crate::domain::run_error::Result;
use crate::mirror::survey::Survey;
use crate::sync::preflight::config_check::PortalOptions;

/// A custom field and the column that fills it.
#[derive(Clone)]
struct Field {
    kind: Kind,
    name: String,
    column: String,
}

/// Asks which custom fields the columns of the mirror fill.
pub(super) fn ask(
    interview: &mut Interview<'_>,
    portal: &PortalOptions,
    mirror: Option<&Survey>,
) -> Result<()> {
    let fields = if !interview.options.field.is_empty() {
        read_fields(&interview.options.field)?
    } else if let Some(mirror) = mirror {
        choose_fields(interview, &proposed_fields(interview, portal, mirror))?
    } else {
        Vec::new()
    };
    for Field { kind, name, column } in fields {
        let key = [kind.crm_entity(), "fields", &name];
        let option = portal.custom_fields[kind].iter().find(|option| option.id == name);
        let label = option.map_or("", |option| &option.name);
        interview.draft.set(&key, column, label);
    }
    Ok(())
}

fn choose_fields(interview: &Interview<'_>, proposed: &[Choice<Field>]) -> Result<Vec<Field>> {
    if proposed.is_empty() {
        return Ok(Vec::new());
    }
    let question = Question::new(QuestionMessage::Fields, "--field FIELD=COLUMN")
        .with_help(QuestionMessage::HelpToTick);
    interview.asker.choose_several(&question, proposed, !interview.was_set_up())
}

/// The fields that no column fills yet, and that one fits.
fn proposed_fields(
    interview: &Interview<'_>,
    portal: &PortalOptions,
    mirror: &Survey,
) -> Vec<Choice<Field>> {
    let mut proposed = Vec::new();
    for kind in Kind::DISPLAY_ORDER {
        let Some(columns) = mirror.columns.get(&kind.table()) else { continue };
        for field in &portal.custom_fields[kind] {
            let tables = ["fields", "stays"];
            let is_filled = tables
                .into_iter()
                .any(|table| interview.draft.get(&[kind.crm_entity(), table, &field.id]).is_some());
            if is_filled {
                continue;
            }
            let Some(column) = column_for(field, columns) else { continue };
            let label = format!("{} = {column}", label(field));
            let value = Field { kind, name: field.id.clone(), column: column.clone() };
            proposed.push(Choice { value, label });
        }
    }
    proposed
}

/// Reads `deal.UF_CRM_TARIFF=tariff`, once for each field.
fn read_fields(given: &[String]) -> Result<Vec<Field>> {
    let mut fields = Vec::new();
    for text in given.iter().filter(|text| *text != "none") {
        let Some(field) = read_field(text) else {
            let choices = "deal.UF_CRM_TARIFF=tariff, none";
            return Err(usage(InitMessage::no_such_answer("--field", text, choices)));
        };
        fields.push(field);
    }
    Ok(fields)
}

fn read_field(text: &str) -> Option<Field> {
    let (field, column) = text.split_once('=')?;
    let (entity, name) = field.split_once('.')?;
    Some(Field { kind: kind_of(entity)?, name: name.to_owned(), column: column.to_owned() })
}
