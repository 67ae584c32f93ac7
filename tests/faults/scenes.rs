//! Hotels after an initial export in which something happened since.

use bitrix24_sandbox::{Kind, Php};
use chrono::Utc;

use crate::hotel::Hotel;

/// Who comes in [`newcomers`].
pub(crate) const NEWCOMERS: &str = "
    INSERT INTO guests (id, last_name, phone, modified_at) VALUES (43, 'Смирнов', '+79167778899', '2026-05-03 10:00:00');
    INSERT INTO companies (id, name, modified_at) VALUES (8, 'Василёк', '2026-05-03 10:00:00');
    INSERT INTO bookings (id, number, status, arrival, departure, amount, guest_id, company_id, modified_at)
    VALUES (8, '3684', 'checked_out', '2026-04-07 12:00', '2026-04-09 12:00', '900.00', 43, 8, '2026-05-03 10:00:00');";

/// A new guest came with a new company, and has left already: their booking begins in a final
/// stage.
pub(crate) fn newcomers() -> Hotel {
    let hotel = Hotel::running();
    hotel.sql(NEWCOMERS);
    hotel
}

/// A guest married and got another phone, the company moved, and a booking was checked out.
pub(crate) fn changes() -> Hotel {
    let hotel = Hotel::running();
    hotel.sql(
        "UPDATE guests SET last_name = 'Иванова', phone = '+79160000000', modified_at = '2026-05-04 10:00:00' WHERE id = 41;
         UPDATE companies SET city = 'Тверь', modified_at = '2026-05-04 10:00:00' WHERE id = 7;
         UPDATE bookings SET status = 'checked_out', modified_at = '2026-05-04 10:00:00' WHERE id = 5;",
    );
    hotel
}

/// A booking was removed from Ecvi.
pub(crate) fn cancelled_for_good() -> Hotel {
    let hotel = Hotel::running();
    hotel
        .sql("DELETE FROM booking_guests WHERE booking_id = 6; DELETE FROM bookings WHERE id = 6;");
    hotel
}

/// In the CRM guest 41 was merged into a contact that was not ours; then the guest changed in Ecvi.
pub(crate) fn merged_into_a_stranger() -> Hotel {
    let hotel = Hotel::running();
    let phone = Php::list([Php::map([("VALUE", "+79161112233"), ("VALUE_TYPE", "WORK")])]);
    call(
        &hotel,
        "crm.contact.add",
        Php::map([("LAST_NAME", Php::from("Приходько")), ("PHONE", phone)]),
    );
    lose_guest_41(&hotel);
    hotel
}

/// In the CRM guest 41 was merged into guest 42, who then has both phones and goes by the last name
/// of guest 41: a phone alone is no person. Then guest 41 changed in Ecvi.
pub(crate) fn merged_into_one_another() -> Hotel {
    let hotel = Hotel::running();
    let phone = Php::list([Php::map([("VALUE", "+79161112233"), ("VALUE_TYPE", "WORK")])]);
    let survivor = crm_id(&hotel, Kind::Contact, "42");
    let fields = Php::map([("PHONE", phone), ("LAST_NAME", Php::from("Приходько"))]);
    let params = Php::map([("id", Php::from(survivor)), ("fields", fields)]);
    hotel.server.portal().call("crm.contact.update", params, Utc::now());
    lose_guest_41(&hotel);
    hotel
}

/// Guest 41, the company and a deal were deleted in the CRM; then all three changed in Ecvi.
pub(crate) fn deleted_by_hand() -> Hotel {
    let hotel = Hotel::running();
    for (kind, origin) in [(Kind::Contact, "41"), (Kind::Company, "7"), (Kind::Deal, "5")] {
        delete(&hotel, kind, origin);
    }
    hotel.sql(
        "UPDATE guests SET modified_at = '2026-05-05 10:00:00' WHERE id = 41;
         UPDATE companies SET modified_at = '2026-05-05 10:00:00';
         UPDATE bookings SET modified_at = '2026-05-05 10:00:00' WHERE id = 5;",
    );
    hotel
}

/// Somebody wrote over a guest, the company and a booking in the CRM, and deleted a deal.
pub(crate) fn overwritten_by_hand() -> Hotel {
    let hotel = Hotel::running();
    for (kind, origin, field) in [
        (Kind::Contact, "41", "LAST_NAME"),
        (Kind::Company, "7", "TITLE"),
        (Kind::Deal, "5", "TITLE"),
    ] {
        let (id, fields) = (crm_id(&hotel, kind, origin), Php::map([(field, "как попало")]));
        let params = Php::map([("id", Php::from(id)), ("fields", fields)]);
        hotel.server.portal().call(&format!("crm.{}.update", kind.word()), params, Utc::now());
    }
    delete(&hotel, Kind::Deal, "6");
    hotel
}

fn lose_guest_41(hotel: &Hotel) {
    delete(hotel, Kind::Contact, "41");
    hotel.sql(
        "UPDATE guests SET first_name = 'Анна Ивановна', modified_at = '2026-05-05 10:00:00' WHERE id = 41",
    );
}

fn delete(hotel: &Hotel, kind: Kind, origin: &str) {
    let id = crm_id(hotel, kind, origin);
    let method = format!("crm.{}.delete", kind.word());
    hotel.server.portal().call(&method, Php::map([("id", id)]), Utc::now());
}

fn call(hotel: &Hotel, method: &str, fields: Php) {
    hotel.server.portal().call(method, Php::map([("fields", fields)]), Utc::now());
}

/// The id of the one object with this origin.
fn crm_id(hotel: &Hotel, kind: Kind, origin: &str) -> u64 {
    let portal = hotel.server.portal();
    portal.records(kind).find(|record| record.text("ORIGIN_ID") == origin).unwrap().id
}
