//! Does the portal say what the mirror says? Judged from the specification alone, on the mirror's
//! tables and the portal's stored objects, by nothing that the program itself uses.

use std::collections::BTreeMap;

use bitrix24_sandbox::{Kind, Portal, Record};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::hotel::Hotel;
use crate::texts::shown;

/// A row by its columns, everything as text; NULL is empty.
type Row = BTreeMap<String, String>;

struct Check<'a> {
    portal: &'a Portal,
    mirror: Connection,
    faults: Vec<String>,
}

/// What of the portal differs from the mirror, field by field.
pub(crate) fn differences(hotel: &Hotel) -> Vec<String> {
    let mut check = Check { portal: &hotel.portal(), mirror: hotel.mirror(), faults: Vec::new() };
    for guest in check.rows("SELECT * FROM guests ORDER BY id") {
        check.guest(&guest);
    }
    for company in check.rows("SELECT * FROM companies ORDER BY id") {
        check.company(&company);
    }
    let bookings = check.rows("SELECT * FROM bookings ORDER BY id");
    check.equal("deals", &check.portal.count(Kind::Deal).to_string(), &bookings.len().to_string());
    for booking in bookings {
        check.booking(&booking);
    }
    check.faults
}

impl Check<'_> {
    fn rows(&self, sql: &str) -> Vec<Row> {
        let mut statement = self.mirror.prepare(sql).unwrap();
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let cells = |row: &rusqlite::Row<'_>| {
            let cell = |at: usize| row.get_ref(at).map(|cell| text(cell).trim().to_owned());
            names.iter().enumerate().map(|(at, name)| Ok((name.clone(), cell(at)?))).collect()
        };
        statement.query_map([], cells).unwrap().map(Result::unwrap).collect()
    }

    fn row(&self, table: &str, id: &str) -> Option<Row> {
        self.rows(&format!("SELECT * FROM {table} WHERE id = '{id}'")).pop()
    }

    fn equal(&mut self, what: &str, is: &str, should: &str) {
        if is != should {
            self.faults.push(format!("{what}: {is:?}, not {should:?}"));
        }
    }

    /// A line break in a field of one line became a space.
    fn field(&mut self, object: &Record, name: &str, should: &str) {
        let is = object.text(name).replace('\u{2060}', "");
        self.equal(
            &format!("{} {name}", object.text("ORIGIN_ID")),
            &is,
            &should.replace('\n', " "),
        );
    }

    /// The one object of a record.
    fn object(&mut self, kind: Kind, id: &str) -> Option<Record> {
        let found = self.portal.with_origin(kind, "ECVI", id);
        let (count, first) = (found.len(), found.first().map(|object| (*object).clone()));
        self.equal(&format!("{kind:?} {id}"), &count.to_string(), "1");
        first
    }

    fn guest(&mut self, guest: &Row) {
        let Some(contact) = self.object(Kind::Contact, &guest["id"]) else { return };
        let nameless =
            guest["last_name"].trim().is_empty() && guest["first_name"].trim().is_empty();
        let last_name = if nameless {
            format!("Гость №{}", guest["id"])
        } else {
            guest["last_name"].clone()
        };
        self.field(&contact, "LAST_NAME", &first(50, &last_name));
        self.field(&contact, "NAME", &first(50, &guest["first_name"]));
        self.field(&contact, "SECOND_NAME", &first(50, &guest["middle_name"]));
        self.field(&contact, "BIRTHDATE", &guest["birth_date"]);
        let honorific = BTreeMap::from([("M", "HNR_RU_1"), ("F", "HNR_RU_2")]);
        self.field(&contact, "HONORIFIC", honorific.get(guest["sex"].as_str()).unwrap_or(&""));
        self.field(&contact, "TYPE_ID", "CLIENT");
        let marks = [("is_vip", "{ VIP } "), ("is_blacklisted", "{ ЧЕРНЫЙ СПИСОК } ")];
        let marks: String =
            marks.iter().filter(|(flag, _)| guest[*flag] == "1").map(|(_, mark)| *mark).collect();
        self.comment(&contact, &(marks + &guest["comment"]));
        let parts = [
            ("ADDRESS_COUNTRY", "country"),
            ("ADDRESS_PROVINCE", "region"),
            ("ADDRESS_CITY", "city"),
        ];
        self.address(&contact, guest, &parts);
        self.reach(&contact, guest);
    }

    fn company(&mut self, row: &Row) {
        let Some(company) = self.object(Kind::Company, &row["id"]) else { return };
        let nameless = format!("Компания №{}", row["id"]);
        let name = if row["name"].trim().is_empty() { &nameless } else { &row["name"] };
        self.field(&company, "TITLE", &first(255, name));
        self.comment(&company, &row["comment"]);
        let parts = [
            ("ADDRESS", "address"),
            ("ADDRESS_CITY", "city"),
            ("ADDRESS_COUNTRY", "country"),
            ("ADDRESS_POSTAL_CODE", "postal_code"),
        ];
        self.address(&company, row, &parts);
        self.reach(&company, row);
    }

    fn booking(&mut self, booking: &Row) {
        let Some(deal) = self.object(Kind::Deal, &booking["id"]) else { return };
        let guest = self.row("guests", &booking["guest_id"]);
        let name =
            guest.as_ref().map(|guest| guest["last_name"].trim()).filter(|name| !name.is_empty());
        let name = name.map(|name| format!(" ({name})")).unwrap_or_default();
        let (arrival, departure) = (moment(&booking["arrival"]), moment(&booking["departure"]));
        let title = format!("Заявка №{}{name} {arrival} - {departure}", booking["number"]);
        self.field(&deal, "TITLE", &first(255, &title));
        self.field(&deal, "BEGINDATE", &booking["arrival"][..10]);
        self.field(&deal, "CLOSEDATE", &booking["departure"][..10]);
        let amount = if booking["amount"].is_empty() { "0.00" } else { &booking["amount"] };
        self.field(&deal, "OPPORTUNITY", amount);
        self.field(&deal, "CURRENCY_ID", "RUB");
        self.field(&deal, "IS_MANUAL_OPPORTUNITY", "Y");
        let (stage, probability, closed) = match booking["status"].as_str() {
            "temporary" => ("NEW", "30", "N"),
            "confirmed" => ("EXECUTING", "60", "N"),
            "checked_in" | "checked_out" => ("WON", "100", "Y"),
            _ => ("LOSE", "0", "Y"),
        };
        self.field(&deal, "STAGE_ID", stage);
        self.field(&deal, "PROBABILITY", probability);
        self.field(&deal, "CLOSED", closed);
        self.comment(&deal, &booking["comment"]);
        self.people(&deal, booking);
    }

    fn people(&mut self, deal: &Record, booking: &Row) {
        let stay = format!(
            "SELECT guest_id FROM booking_guests WHERE booking_id = {} ORDER BY position, guest_id",
            booking["id"]
        );
        let stay = self.rows(&stay).into_iter().map(|row| row["guest_id"].clone());
        let mut contacts: Vec<u64> = Vec::new();
        for guest in [booking["guest_id"].clone()].into_iter().chain(stay) {
            if self.row("guests", &guest).is_some()
                && let Some(contact) = self.object(Kind::Contact, &guest)
                && !contacts.contains(&contact.id)
            {
                contacts.push(contact.id);
            }
        }
        self.equal(
            &format!("{} contacts", booking["id"]),
            &format!("{:?}", deal.link_ids()),
            &format!("{contacts:?}"),
        );
        let companies = [&booking["company_id"], &booking["payer_company_id"]];
        let company = companies.into_iter().find(|id| self.row("companies", id).is_some());
        let company = company
            .and_then(|id| self.object(Kind::Company, id))
            .map(|company| company.id.to_string());
        let is = deal.text("COMPANY_ID").replace('0', if company.is_none() { "" } else { "0" });
        self.equal(&format!("{} company", booking["id"]), &is, &company.unwrap_or_default());
    }

    /// Brackets as `(` `)`, angle brackets as `‹` `›`; a portal trims, and makes one space of
    /// several.
    fn comment(&mut self, object: &Record, should: &str) {
        let should = should.replace('[', "(").replace(']', ")").replace('<', "‹").replace('>', "›");
        let mut should = should.trim().to_owned();
        while should.contains("  ") {
            should = should.replace("  ", " ");
        }
        self.equal(&format!("{} COMMENTS", object.text("ORIGIN_ID")), &shown(object), &should);
    }

    /// An address that lost every part stays as it was.
    fn address(&mut self, object: &Record, row: &Row, parts: &[(&str, &str)]) {
        if parts.iter().any(|(_, column)| !row[*column].trim().is_empty()) {
            for (name, column) in parts {
                self.field(object, name, &row[*column]);
            }
        }
    }

    /// Nobody but us writes phones and e-mails here, so exactly these stand there, in any order.
    fn reach(&mut self, object: &Record, row: &Row) {
        for (type_id, column) in [("PHONE", "phone"), ("EMAIL", "email")] {
            let values =
                row[column].split([',', ';']).map(str::trim).filter(|value| !value.is_empty());
            let usable = |value: &&str| type_id == "PHONE" || value.contains('@');
            let mut should: Vec<&str> = values.filter(usable).collect();
            should.sort_unstable();
            should.dedup();
            let mut is = object.values(type_id);
            is.sort_unstable();
            let what = format!("{} {type_id}", object.text("ORIGIN_ID"));
            self.equal(&what, &is.join(" "), &should.join(" "));
        }
    }
}

fn text(cell: ValueRef<'_>) -> String {
    match cell {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) | ValueRef::Blob(text) => String::from_utf8(text.to_vec()).unwrap(),
    }
}

fn first(count: usize, text: &str) -> String {
    text.chars().take(count).collect()
}

/// `2020-05-20 12:00` as `20.05.2020 12:00`.
fn moment(text: &str) -> String {
    format!("{}.{}.{} {}", &text[8..10], &text[5..7], &text[..4], &text[11..16])
}
