//! The portal sends the responsible user a notice of each imported card, unless the webhook is that
//! user's own.

use crate::hotel::Hotel;

fn hotel(contact: u32, company: u32, deal: u32) -> Hotel {
    let hotel = Hotel::new();
    hotel.configure(&format!(
        "contact.assigned_by_id = {contact}\ncompany.assigned_by_id = {company}"
    ));
    hotel.configure(&format!("deal.assigned_by_id = {deal}"));
    hotel.guest(1, "");
    hotel
}

/// The lines of a text that speak of notices.
fn told(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.contains("пришлёт ему уведомление")).collect()
}

#[test]
fn check_and_the_initial_export_warn_of_notices_to_a_user_who_is_not_the_webhooks() {
    let hotel = hotel(7, 1, 7);
    let check = hotel.says("check");
    let lines = told(&check);
    assert_eq!(lines.len(), 1, "{check}");
    assert!(lines[0].contains("([contact] assigned_by_id, [deal] assigned_by_id)"), "{check}");
    let export = hotel.exits(0, "initial-export").err;
    assert_eq!(told(&export).len(), 1, "{export}");
    assert!(export.contains("создайте вебхук от имени пользователя 7"), "{export}");
    assert_eq!(told(&hotel.exits(0, "initial-export").err), [""; 0]);
}

#[test]
fn nobody_is_warned_where_the_webhook_is_the_responsible_users_own() {
    let hotel = hotel(1, 1, 1);
    assert_eq!(told(&hotel.says("check")), [""; 0]);
    assert_eq!(told(&hotel.exits(0, "initial-export").err), [""; 0]);
}
