//! `crm.deal.contact.*`, `crm.contact.company.*`, `crm.company.contact.*` (facts, section 7.3).

use crate::answer::{Outcome, Refusal, ok};
use crate::data::record::{Kind, Link};
use crate::methods::KindMethod;
use crate::methods::legacy::id_argument;
use crate::php::Php;
use crate::portal::Portal;

/// The handler of `crm.{owner}.{other}.{verb}`, when the two can be bound; given the part behind
/// the owner.
pub(crate) fn find_binding_method(owner: Kind, rest: &str) -> Option<KindMethod> {
    let (other, verb) = rest.split_once('.')?;
    if other != linked_kind(owner).word() {
        return None;
    }
    Some(match verb {
        "fields" => describe_fields,
        "add" => add_link,
        "delete" => delete_link,
        "items.get" => get_links,
        "items.set" => set_links,
        "items.delete" => delete_all_links,
        _ => return None,
    })
}

/// What an owner is bound to.
fn linked_kind(owner: Kind) -> Kind {
    match owner {
        Kind::Deal | Kind::Company => Kind::Contact,
        Kind::Contact => Kind::Company,
    }
}

/// `CONTACT_ID` or `COMPANY_ID`.
fn id_field(owner: Kind) -> String {
    format!("{}_ID", linked_kind(owner).word().to_uppercase())
}

fn describe_fields(_: &mut Portal, owner: Kind, _: &Php) -> Outcome {
    let id = id_field(owner);
    ok(Php::map([
        (id.as_str(), describe_field("integer", true)),
        ("SORT", describe_field("integer", false)),
        ("IS_PRIMARY", describe_field("char", false)),
    ]))
}

fn describe_field(type_name: &str, is_required: bool) -> Php {
    Php::map([
        ("type", Php::from(type_name)),
        ("isRequired", Php::Bool(is_required)),
        ("isReadOnly", Php::Bool(false)),
        ("isImmutable", Php::Bool(false)),
        ("isMultiple", Php::Bool(false)),
        ("isDynamic", Php::Bool(false)),
    ])
}

fn get_links(portal: &mut Portal, owner: Kind, params: &Php) -> Outcome {
    let id = portal.owner_id(owner, params)?;
    let name = id_field(owner);
    let mut rows = Vec::new();
    for link in portal.links_of(owner, id) {
        rows.push(Php::map([
            (name.as_str(), Php::from(link.id)),
            ("SORT", Php::Int(link.sort)),
            ("ROLE_ID", Php::Int(0)),
            ("IS_PRIMARY", Php::yes_no(link.primary)),
        ]));
    }
    ok(Php::list(rows))
}

fn set_links(portal: &mut Portal, owner: Kind, params: &Php) -> Outcome {
    let id = portal.owner_id(owner, params)?;
    let items = params.argument("items");
    if !items.is_array() {
        return Err(Refusal::without_code("The parameter items must be array."));
    }
    let mut links = Vec::new();
    let mut sort = 0;
    for item in items.values() {
        sort += 10;
        links.extend(read_link(owner, item, sort));
    }
    portal.write_links(owner, id, links)
}

fn delete_all_links(portal: &mut Portal, owner: Kind, params: &Php) -> Outcome {
    let id = portal.owner_id(owner, params)?;
    portal.write_links(owner, id, Vec::new())
}

/// `false` when it is bound already.
fn add_link(portal: &mut Portal, owner: Kind, params: &Php) -> Outcome {
    let id = portal.owner_id(owner, params)?;
    let mut links = portal.links_of(owner, id);
    let last_sort = links.iter().map(|link| link.sort).max().unwrap_or(0);
    let Some(new) = read_link(owner, params.argument("fields"), last_sort + 10) else {
        let text = format!("The field {} is not defined or invalid.", id_field(owner));
        return Err(Refusal::without_code(text));
    };
    if links.iter().any(|link| link.id == new.id) {
        return ok(false);
    }
    if new.primary {
        for link in &mut links {
            link.primary = false;
        }
    }
    links.push(new);
    portal.write_links(owner, id, links)
}

/// `false` when it was not bound.
fn delete_link(portal: &mut Portal, owner: Kind, params: &Php) -> Outcome {
    let id = portal.owner_id(owner, params)?;
    let mut links = portal.links_of(owner, id);
    let removed = params.argument("fields").get(&id_field(owner)).int();
    let count = links.len();
    links.retain(|link| link.id.cast_signed() != removed);
    if links.len() == count {
        return ok(false);
    }
    portal.write_links(owner, id, links)
}

/// A link as it was sent; `default_sort` is its place when none was.
fn read_link(owner: Kind, item: &Php, default_sort: i64) -> Option<Link> {
    let id = item.get(&id_field(owner)).positive_id()?;
    let sent_sort = item.get("SORT").int();
    let sort = if sent_sort > 0 { sent_sort } else { default_sort };
    Some(Link { id, sort, primary: item.get("IS_PRIMARY").is_yes() })
}

/// In the order of SORT, with exactly one primary link: the first that is marked, or the first.
fn in_order(mut links: Vec<Link>) -> Vec<Link> {
    links.sort_by_key(|link| link.sort);
    let primary = links.iter().position(|link| link.primary).unwrap_or(0);
    for (index, link) in links.iter_mut().enumerate() {
        link.primary = index == primary;
    }
    links
}

impl Portal {
    /// The `id` of a call about links, of an object that exists.
    fn owner_id(&self, owner: Kind, params: &Php) -> Result<u64, Refusal> {
        let Ok(id) = id_argument(params) else {
            let text = "The parameter id is invalid or not defined.";
            return Err(Refusal::without_code(text));
        };
        if self.get(owner, id).is_none() {
            return Err(self.missing_object(Refusal::without_code("Not found.")));
        }
        Ok(id)
    }

    /// The links of an object; those of a company are kept by its contacts.
    fn links_of(&self, owner: Kind, id: u64) -> Vec<Link> {
        if owner == Kind::Company {
            return self.links_of_company(id);
        }
        match self.get(owner, id) {
            Some(record) => record.links.clone(),
            None => Vec::new(),
        }
    }

    fn links_of_company(&self, company: u64) -> Vec<Link> {
        let mut links = Vec::new();
        for contact in self.records(Kind::Contact) {
            if let Some(link) = contact.links.iter().find(|link| link.id == company) {
                links.push(Link { id: contact.id, ..*link });
            }
        }
        links
    }

    fn write_links(&mut self, owner: Kind, id: u64, links: Vec<Link>) -> Outcome {
        self.counters.writes += 1;
        match owner {
            Kind::Company => self.write_links_of_company(id, &links),
            Kind::Contact | Kind::Deal => {
                self.edit_stored(owner, id, |record| record.links = in_order(links));
            }
        }
        ok(true)
    }

    fn write_links_of_company(&mut self, company: u64, links: &[Link]) {
        for old in self.links_of_company(company) {
            if !links.iter().any(|link| link.id == old.id) {
                self.edit_stored(Kind::Contact, old.id, |contact| {
                    contact.links.retain(|link| link.id != company);
                });
            }
        }
        for link in links {
            self.edit_stored(Kind::Contact, link.id, |contact| {
                contact.links.retain(|known| known.id != company);
                let primary = contact.links.is_empty();
                contact.links.push(Link { id: company, primary, ..*link });
            });
        }
    }
}
