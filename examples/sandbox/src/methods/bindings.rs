//! `crm.deal.contact.*`, `crm.contact.company.*`, `crm.company.contact.*` (facts, section 7.3).

use crate::answer::{Outcome, Refusal, ok};
use crate::data::record::{Kind, Link};
use crate::methods::legacy::id_of;
use crate::php::Php;
use crate::portal::Portal;

/// The handler of a verb of `crm.{owner}.{other}.`, when the two can be bound.
pub(crate) fn find(owner: Kind, rest: &str) -> Option<fn(&mut Portal, Kind, &Php) -> Outcome> {
    let (other, verb) = rest.split_once('.')?;
    if Some(linked(owner)) != Kind::of_word(other) {
        return None;
    }
    Some(match verb {
        "fields" => fields,
        "add" => add,
        "delete" => delete,
        "items.get" => get_items,
        "items.set" => set_items,
        "items.delete" => delete_items,
        _ => return None,
    })
}

/// What an owner is bound to.
fn linked(owner: Kind) -> Kind {
    match owner {
        Kind::Deal | Kind::Company => Kind::Contact,
        Kind::Contact => Kind::Company,
    }
}

fn id_field(owner: Kind) -> String {
    format!("{}_ID", linked(owner).word().to_uppercase())
}

fn fields(_: &mut Portal, owner: Kind, _: &Php) -> Outcome {
    let ours = id_field(owner);
    let about = |name: &str, holds: &str| {
        Php::map([
            ("type", Php::from(holds)),
            ("isRequired", Php::Bool(name == ours)),
            ("isReadOnly", Php::Bool(false)),
            ("isImmutable", Php::Bool(false)),
            ("isMultiple", Php::Bool(false)),
            ("isDynamic", Php::Bool(false)),
        ])
    };
    let entries = [(ours.as_str(), "integer"), ("SORT", "integer"), ("IS_PRIMARY", "char")];
    ok(Php::map(entries.map(|(name, holds)| (name, about(name, holds)))))
}

fn get_items(portal: &mut Portal, owner: Kind, params: &Php) -> Outcome {
    let id = portal.owner_of(owner, params)?;
    let name = id_field(owner);
    let row = |link: &Link| {
        Php::map([
            (name.as_str(), Php::from(link.id)),
            ("SORT", Php::Int(link.sort)),
            ("ROLE_ID", Php::Int(0)),
            ("IS_PRIMARY", Php::from(if link.primary { "Y" } else { "N" })),
        ])
    };
    ok(Php::list(portal.links_of(owner, id).iter().map(row)))
}

fn set_items(portal: &mut Portal, owner: Kind, params: &Php) -> Outcome {
    let id = portal.owner_of(owner, params)?;
    let items = params.argument("items");
    if !items.is_array() {
        return Err(Refusal::legacy("The parameter items must be array."));
    }
    let read = |(item, sort): (&Php, i64)| read_link(owner, item, sort * 10);
    let links = items.values().zip(1..).filter_map(read).collect();
    portal.write_links(owner, id, links)
}

fn delete_items(portal: &mut Portal, owner: Kind, params: &Php) -> Outcome {
    let id = portal.owner_of(owner, params)?;
    portal.write_links(owner, id, Vec::new())
}

/// `false` when it is bound already.
fn add(portal: &mut Portal, owner: Kind, params: &Php) -> Outcome {
    let id = portal.owner_of(owner, params)?;
    let mut links = portal.links_of(owner, id);
    let sort = links.iter().map(|link| link.sort).max().unwrap_or(0) + 10;
    let link = read_link(owner, params.argument("fields"), sort).ok_or_else(|| {
        Refusal::legacy(format!("The field {} is not defined or invalid.", id_field(owner)))
    })?;
    if links.iter().any(|known| known.id == link.id) {
        return ok(false);
    }
    if link.primary {
        for known in &mut links {
            known.primary = false;
        }
    }
    links.push(link);
    portal.write_links(owner, id, links)
}

/// `false` when it was not bound.
fn delete(portal: &mut Portal, owner: Kind, params: &Php) -> Outcome {
    let id = portal.owner_of(owner, params)?;
    let mut links = portal.links_of(owner, id);
    let gone = params.argument("fields").get(&id_field(owner)).int();
    let before = links.len();
    links.retain(|link| link.id.cast_signed() != gone);
    if links.len() == before {
        return ok(false);
    }
    portal.write_links(owner, id, links)
}

fn read_link(owner: Kind, item: &Php, sort: i64) -> Option<Link> {
    let id = u64::try_from(item.get(&id_field(owner)).int()).ok().filter(|id| *id > 0)?;
    let given = item.get("SORT").int();
    let primary = item.get("IS_PRIMARY").text() == "Y";
    Some(Link { id, sort: if given > 0 { given } else { sort }, primary })
}

/// In the order of SORT, with exactly one primary link.
fn settle(mut links: Vec<Link>) -> Vec<Link> {
    links.sort_by_key(|link| link.sort);
    let primary = links.iter().position(|link| link.primary).unwrap_or(0);
    for (index, link) in links.iter_mut().enumerate() {
        link.primary = index == primary;
    }
    links
}

impl Portal {
    fn owner_of(&self, owner: Kind, params: &Php) -> Result<u64, Refusal> {
        let bad_id = |_| Refusal::legacy("The parameter id is invalid or not defined.");
        let id = id_of(params).map_err(bad_id)?;
        let missing = || self.missing(Refusal::legacy("Not found."));
        self.get(owner, id).map(|_| id).ok_or_else(missing)
    }

    /// The links of an object; those of a company are kept by its contacts.
    fn links_of(&self, owner: Kind, id: u64) -> Vec<Link> {
        if owner != Kind::Company {
            return self.get(owner, id).map_or_else(Vec::new, |record| record.links.clone());
        }
        let link = |contact: &crate::data::record::Record| {
            let link = contact.links.iter().find(|link| link.id == id)?;
            Some(Link { id: contact.id, ..*link })
        };
        self.records(Kind::Contact).filter_map(link).collect()
    }

    fn write_links(&mut self, owner: Kind, id: u64, links: Vec<Link>) -> Outcome {
        self.counters.writes += 1;
        if owner == Kind::Company {
            self.write_company_links(id, &links);
        } else if let Some(mut record) = self.get(owner, id).cloned() {
            record.links = settle(links);
            self.store.table_mut(owner).put(record);
        }
        ok(true)
    }

    fn write_company_links(&mut self, company: u64, links: &[Link]) {
        let gone = |contact: &u64| !links.iter().any(|link| link.id == *contact);
        let touched: Vec<u64> =
            self.links_of(Kind::Company, company).iter().map(|link| link.id).filter(gone).collect();
        for contact in touched {
            self.edit_links(contact, |all| all.retain(|link| link.id != company));
        }
        for link in links {
            self.edit_links(link.id, |all| {
                all.retain(|known| known.id != company);
                all.push(Link { id: company, primary: all.is_empty(), ..*link });
            });
        }
    }

    fn edit_links(&mut self, contact: u64, edit: impl FnOnce(&mut Vec<Link>)) {
        if let Some(mut record) = self.get(Kind::Contact, contact).cloned() {
            edit(&mut record.links);
            self.store.table_mut(Kind::Contact).put(record);
        }
    }
}
