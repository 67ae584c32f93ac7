//! Every question on a real terminal.

use std::fs;

use crate::env::TestEnv;
use crate::pty::Terminal;

const ENTER: &str = "\r";
const DOWN: &str = "\u{1b}[B";
const ESCAPE: &str = "\u{1b}";
const BACKSPACE: &str = "\u{7f}";
const SPACE: &str = " ";

/// Wide, so that no question is broken into two lines.
fn init(hotel: &TestEnv, options: &str) -> Terminal {
    let mut arguments = vec!["--config", "ecvi-b24.toml", "init"];
    arguments.extend(options.split_whitespace());
    Terminal::start(&hotel.path(""), 240, &arguments)
}

/// Up to the question behind the webhook.
fn past_the_webhook(hotel: &TestEnv, terminal: &mut Terminal) {
    terminal.then_shows("Язык / Language");
    terminal.presses(ENTER);
    terminal.then_shows("Address of the incoming webhook");
    terminal.presses(&hotel.server.webhook());
    terminal.presses(ENTER);
    terminal.then_shows("✓ Webhook: ");
}

/// Takes what is proposed from here to the end.
fn to_the_end(terminal: &mut Terminal) {
    for question in [
        "Are these the stages?",
        "The currency of the deals",
        "Who is responsible for new cards",
        "Write it?",
    ] {
        terminal.then_shows(question);
        terminal.presses(ENTER);
    }
    assert_eq!(terminal.exit_code(), Some(0), "{}", terminal.shown);
}

#[test]
fn a_usual_hotel_presses_enter_and_pastes_the_webhook() {
    let hotel = TestEnv::new();
    let mut terminal = init(&hotel, "");
    past_the_webhook(&hotel, &mut terminal);
    terminal.then_shows("The portal's plan: ru_basic");
    terminal.then_shows("The mirror's file");
    terminal.presses(ENTER);
    terminal.then_shows("✓ The mirror: guests 1, companies 1, bookings 1; written just now");
    to_the_end(&mut terminal);
    assert!(terminal.shown.contains("Next: ecvi-b24 initial-export"), "{}", terminal.shown);
    let secret = hotel.server.webhook();
    let secret = secret.trim_end_matches('/').rsplit('/').next().unwrap();
    let (before, _) = terminal.shown.split_once("The mirror's file").unwrap();
    assert!(!before.contains(&format!("/{secret}")), "{before}");
    let file = hotel.file();
    assert!(file.contains(&format!("webhook = \"{}\"", hotel.server.webhook())), "{file}");
    assert!(!file.contains("[deal"), "{file}");
}

#[test]
fn a_webhook_that_does_not_work_is_asked_for_again_with_the_reason() {
    let hotel = TestEnv::new();
    let mut terminal = init(&hotel, "--yes");
    for (typed, told) in [
        ("hello".to_owned(), "https://"),
        (format!("{}rest/1/wrong/", hotel.server.address()), "The portal refuses us"),
        (String::new(), "https://"),
        ("http://127.0.0.1:9/rest/1/x/".to_owned(), "Check the network"),
    ] {
        terminal.then_shows("Address of the incoming webhook");
        terminal.presses(&typed);
        terminal.presses(ENTER);
        terminal.then_shows(told);
    }
    terminal.then_shows("Address of the incoming webhook");
    terminal.presses(&hotel.server.webhook());
    terminal.presses(ENTER);
    assert_eq!(terminal.exit_code(), Some(0), "{}", terminal.shown);
    assert!(!terminal.shown.contains("/rest/1/"), "{}", terminal.shown);
}

#[test]
fn ctrl_c_leaves_nothing_behind_at_any_question() {
    for questions in 0..6 {
        let hotel = TestEnv::new();
        let mut terminal = init(&hotel, "");
        let asked = [
            "Язык / Language",
            "Address of the incoming",
            "The mirror's file",
            "Are these the stages?",
            "The currency",
            "Who is",
        ];
        for question in &asked[..questions] {
            terminal.then_shows(question);
            if question.starts_with("Address") {
                terminal.presses(&hotel.server.webhook());
            }
            terminal.presses(ENTER);
        }
        terminal.then_shows(asked[questions]);
        terminal.presses_ctrl_c();
        assert_eq!(terminal.exit_code(), Some(5), "{}", terminal.shown);
        assert!(terminal.shown.contains("Interrupted. Nothing was written."), "{}", terminal.shown);
        assert_eq!(hotel.files(), ["mirror.db", "webhook"]);
    }
}

#[test]
fn escape_puts_the_question_once_more() {
    let hotel = TestEnv::new();
    let mut terminal = init(&hotel, "--webhook-file webhook --mirror mirror.db");
    terminal.then_shows("Язык / Language");
    terminal.presses(ESCAPE);
    terminal.then_shows("Язык / Language");
    terminal.then_shows("Язык / Language");
    terminal.presses(ENTER);
    to_the_end(&mut terminal);
}

#[test]
fn the_language_that_is_chosen_is_spoken_from_then_on() {
    let hotel = TestEnv::new();
    let mut terminal = init(&hotel, "--webhook-file webhook");
    terminal.then_shows("Язык / Language");
    terminal.presses("рус");
    terminal.presses(ENTER);
    terminal.then_shows("Файл зеркала (SQLite с данными Ecvi)");
    terminal.presses(ENTER);
    for question in
        ["Стадии назначены верно?", "Валюта сделок", "Ответственный за новые карточки", "Записать?"]
    {
        terminal.then_shows(question);
        terminal.presses(ENTER);
    }
    assert_eq!(terminal.exit_code(), Some(0), "{}", terminal.shown);
    assert!(terminal.shown.contains("Дальше: ecvi-b24 initial-export"), "{}", terminal.shown);
    let file = hotel.file();
    assert!(file.contains("language = \"ru\"") && file.contains("копия данных Ecvi"), "{file}");
}

#[test]
fn a_mirror_that_is_not_there_may_be_another_file_or_come_later() {
    let hotel = TestEnv::new();
    let mut terminal = init(&hotel, "--language en --webhook-file webhook");
    terminal.then_shows("The mirror's file");
    terminal.presses("x");
    terminal.presses(ENTER);
    terminal.then_shows("There is no mirror");
    terminal.then_shows("What to do?");
    terminal.presses(ENTER);
    terminal.then_shows("The mirror's file");
    terminal.presses(ENTER);
    terminal.then_shows("✓ The mirror: guests 1");
    to_the_end(&mut terminal);

    let hotel = TestEnv::without_mirror();
    let mut terminal = init(&hotel, "--language en --webhook-file webhook");
    terminal.then_shows("The mirror's file");
    terminal.presses(ENTER);
    terminal.then_shows("What to do?");
    terminal.presses("another program");
    terminal.presses(ENTER);
    for question in ["Are these the stages?", "The currency", "Who is responsible", "Write it?"] {
        terminal.then_shows(question);
        terminal.presses(ENTER);
    }
    assert_eq!(terminal.exit_code(), Some(3), "{}", terminal.shown);
    assert!(terminal.shown.contains("ecvi-b24 load"), "{}", terminal.shown);
}

#[test]
fn tables_and_columns_of_other_names_are_proposed_and_chosen() {
    let hotel = TestEnv::without_mirror();
    hotel.sql(
        "CREATE TABLE people (\"Код\", \"Фамилия\"); INSERT INTO people VALUES (1, 'Приходько');
         CREATE TABLE \"Заявки\" (\"Код\", \"Номер\", \"Статус\", \"Заезд\", \"До\", \"Гость\");
         INSERT INTO \"Заявки\" VALUES (1, '3682', 'confirmed', '2026-05-20 14:00', '2026-05-29 12:00', 1)",
    );
    let mut terminal = init(&hotel, "--language en --webhook-file webhook --mirror mirror.db");
    terminal.then_shows("There is no table guests");
    terminal.then_shows("Which table of the mirror holds guests?");
    terminal.presses("people");
    terminal.presses(ENTER);
    terminal.then_shows("id ← Код, last_name ← Фамилия");
    terminal.then_shows("Are these the columns?");
    terminal.presses(ENTER);
    terminal.then_shows("Which table of the mirror holds companies?");
    terminal.then_shows("> there is no such table");
    terminal.presses(ENTER);
    terminal.then_shows("Which table of the mirror holds bookings?");
    terminal.then_shows("> Заявки");
    terminal.presses(ENTER);
    terminal.then_shows("Which column is departure?");
    terminal.presses("До");
    terminal.presses(ENTER);
    terminal.then_shows("departure ← До");
    terminal.then_shows("Are these the columns?");
    terminal.presses("no");
    terminal.presses(ENTER);
    terminal.then_shows("The query instead of the table bookings");
    terminal.presses(BACKSPACE);
    terminal.presses(ENTER);
    // The quote that was taken away is missed.
    terminal.then_shows("There is no table bookings, or it cannot be read");
    terminal.then_shows("The query instead of the table bookings");
    terminal.presses("\"");
    terminal.presses(ENTER);
    terminal.then_shows("Which table of the mirror holds");
    terminal.then_shows("> there is no such table");
    terminal.presses(ENTER);
    terminal.then_shows("✓ The mirror: guests 1, companies 0, bookings 1");
    to_the_end(&mut terminal);
    let file = hotel.file();
    assert!(
        file.contains("\\\"До\\\" AS departure") || file.contains("\"До\" AS departure"),
        "{file}"
    );
}

#[test]
fn codes_are_asked_for_one_by_one_with_their_counts() {
    let hotel = TestEnv::new();
    hotel.sql(
        "INSERT INTO bookings (id, number, status, arrival, departure, modified_at) VALUES
           (1, '1', 'Отмена', '2026-05-20 12:00', '2026-05-21 12:00', ''),
           (2, '2', '7', '2026-05-20 12:00', '2026-05-21 12:00', ''),
           (3, '3', '7', '2026-05-20 12:00', '2026-05-21 12:00', ''),
           (4, '4', 'X', '2026-05-20 12:00', '2026-05-21 12:00', '')",
    );
    let mut terminal = init(&hotel, "--language en --webhook-file webhook --mirror mirror.db");
    terminal.then_shows("The status code \"7\" (bookings: 2) means");
    terminal.then_shows("> decide later");
    terminal.presses(DOWN);
    terminal.presses(DOWN);
    terminal.presses(ENTER);
    terminal.then_shows("The status code \"X\" (bookings: 1) means");
    terminal.presses("later");
    terminal.presses(ENTER);
    terminal.then_shows("The status code \"Отмена\" (bookings: 1) means");
    terminal.then_shows("> cancelled");
    terminal.presses(ENTER);
    to_the_end(&mut terminal);
    let file = hotel.file();
    assert!(file.contains("7 = \"confirmed\"\n\"Отмена\" = \"cancelled\"\n"), "{file}");
}

#[test]
fn funnel_stages_currency_and_responsible_users_are_chosen_by_their_names() {
    let hotel = TestEnv::new();
    {
        let mut portal = hotel.server.portal();
        portal.add_funnel("Проживание");
        portal.settings.scopes.push("user".into());
        let colleagues = [
            (12, ["Борис", "Седов"], true),
            (13, ["Вера", "Ушла"], false),
            (14, ["Глеб", "Яров"], true),
        ];
        for (id, name, is_there) in colleagues {
            portal.settings.colleagues.insert(id, is_there);
            portal.settings.colleague_names.insert(id, name);
        }
    }
    let mut terminal = init(&hotel, "--language en --webhook-file webhook --mirror mirror.db");
    terminal.then_shows("The funnel of the deals");
    terminal.presses("прож");
    terminal.presses(ENTER);
    terminal.then_shows("temporary → Новая (C1:NEW)");
    terminal.then_shows("Are these the stages?");
    terminal.presses(DOWN);
    terminal.presses(ENTER);
    for status in ["temporary", "confirmed", "checked in", "checked out", "cancelled"] {
        terminal.then_shows(&format!("The stage of the status \"{status}\""));
        terminal.presses(ENTER);
    }
    terminal.then_shows("The stage of the status \"no-show\"");
    terminal.presses(DOWN);
    terminal.presses(ENTER);
    terminal.then_shows("The currency of the deals");
    terminal.presses("Евро");
    terminal.presses(ENTER);
    terminal.then_shows("Who is responsible for new cards");
    terminal.presses("others");
    terminal.presses(ENTER);
    terminal.then_shows("Who is responsible, cards: guests");
    terminal.presses("Седов");
    terminal.presses(ENTER);
    terminal.then_shows("Who is responsible, cards: companies");
    terminal.presses(ENTER);
    terminal.then_shows("Who is responsible, cards: bookings");
    terminal.presses("Яров");
    terminal.presses(ENTER);
    terminal.then_shows("Write it?");
    terminal.presses(ENTER);
    assert_eq!(terminal.exit_code(), Some(0), "{}", terminal.shown);
    assert!(!terminal.shown.contains("Ушла"), "{}", terminal.shown);
    let file = hotel.file();
    for part in [
        "category_id = 1  # Проживание",
        "currency = \"EUR\"",
        "assigned_by_id = 14",
        "[contact]\nassigned_by_id = 12",
        "no_show = \"APOLOGY\"",
    ] {
        assert!(file.contains(part), "{part}\n{file}");
    }
    assert!(!file.contains("[company]"), "{file}");
}

#[test]
fn fields_are_ticked_and_people_who_stand_in_the_crm_are_asked_about() {
    let hotel = TestEnv::new();
    hotel.sql("ALTER TABLE bookings ADD COLUMN tariff; ALTER TABLE guests ADD COLUMN loyalty_card");
    hotel.add_field("deal", "TARIFF", "Тариф");
    hotel.add_field("contact", "LOYALTY_CARD", "Карта гостя");
    hotel.add_contact("Старая");
    let mut terminal = init(&hotel, "--language en --webhook-file webhook --mirror mirror.db");
    for question in ["Are these the stages?", "The currency", "Who is responsible for"] {
        terminal.then_shows(question);
        terminal.presses(ENTER);
    }
    terminal.then_shows("Which fields of the CRM to fill?");
    terminal.then_shows("Карта гостя (UF_CRM_LOYALTY_CARD) = loyalty_card");
    terminal.then_shows("Тариф (UF_CRM_TARIFF) = tariff");
    terminal.presses(SPACE);
    terminal.presses(ENTER);
    terminal.then_shows("The CRM already has cards that are not from Ecvi");
    terminal.then_shows("How to recognise guests and companies");
    terminal.presses("by e-mail alone");
    terminal.presses(ENTER);
    terminal.then_shows("Write it?");
    terminal.presses(ENTER);
    assert_eq!(terminal.exit_code(), Some(0), "{}", terminal.shown);
    let file = hotel.file();
    assert!(file.contains("UF_CRM_TARIFF = \"tariff\"") && !file.contains("LOYALTY"), "{file}");
    assert!(file.contains("match_existing = [\"email\"]"), "{file}");
}

#[test]
fn run_again_it_offers_what_stands_in_the_file_and_shows_what_would_change() {
    let hotel = TestEnv::new();
    hotel.writes("--yes --webhook-file webhook --currency EUR");
    let before = hotel.file();
    let mut terminal = init(&hotel, "");
    terminal.then_shows("Язык / Language");
    terminal.presses(ENTER);
    terminal.then_shows("The answers in this file are offered");
    terminal.then_shows("Address of the incoming webhook (Enter: keep that of 127.0.0.1");
    terminal.presses(ENTER);
    terminal.then_shows("The mirror's file");
    terminal.presses(ENTER);
    terminal.then_shows("Are these the stages?");
    terminal.presses(ENTER);
    terminal.then_shows("> Евро (EUR)");
    terminal.presses("RUB");
    terminal.presses(ENTER);
    terminal.then_shows("Who is responsible");
    terminal.presses(ENTER);
    terminal.then_shows("[deal] currency: EUR → –");
    terminal.then_shows("Write it?");
    terminal.presses("no");
    terminal.presses(ENTER);
    terminal.then_shows("Nothing was changed.");
    assert_eq!(terminal.exit_code(), Some(0), "{}", terminal.shown);
    assert_eq!(hotel.file(), before);
    assert_eq!(fs::read_dir(hotel.path("")).unwrap().count(), 3);
}

#[test]
fn reports_fill_a_mirror_that_is_not_there() {
    let hotel = TestEnv::without_mirror();
    fs::write(hotel.path("guests.csv"), "Гости;;\nКод;ФИО;E-mail\n1;Приходько Анна;a@example.ru\n")
        .unwrap();
    fs::write(hotel.path("rooms.csv"), "Номер заявки;Статус;Дата заезда;Выезд;Код гостя\n")
        .unwrap();
    let mut terminal = init(&hotel, "--language en --webhook-file webhook --mirror mirror.db");
    terminal.then_shows("What to do?");
    terminal.presses("reports");
    terminal.presses(ENTER);
    terminal.then_shows("The report of guests");
    terminal.presses("gone.csv");
    terminal.presses(ENTER);
    terminal.then_shows("There is no report gone.csv");
    terminal.then_shows("The report of guests");
    terminal.presses("guests.csv");
    terminal.presses(ENTER);
    terminal.then_shows("id ← Код, last_name first_name middle_name ← ФИО, email ← E-mail");
    terminal.then_shows("The report of companies");
    terminal.presses(ENTER);
    terminal.then_shows("The report of bookings");
    terminal.presses("rooms.csv");
    terminal.presses(ENTER);
    for question in ["Are these the stages?", "The currency", "Who is responsible", "Write it?"] {
        terminal.then_shows(question);
        terminal.presses(ENTER);
    }
    assert_eq!(terminal.exit_code(), Some(3), "{}", terminal.shown);
    assert!(terminal.shown.contains("Next: ecvi-b24 load fills the mirror"), "{}", terminal.shown);
    let file = hotel.file();
    assert!(
        file.contains("[load.files]\nguests = \"guests.csv\"\nbookings = \"rooms.csv\"\n"),
        "{file}"
    );
    assert!(file.contains("\"Номер заявки\" = \"number\""), "{file}");
}

#[test]
fn a_file_with_another_fault_than_its_webhook_is_named_before_anything_is_asked() {
    let hotel = TestEnv::new();
    fs::write(hotel.path("ecvi-b24.toml"), "[portal]\nwebhok = 'x'\n").unwrap();
    let mut terminal = init(&hotel, "--language en");
    assert_eq!(terminal.exit_code(), Some(3), "{}", terminal.shown);
    assert!(terminal.shown.contains("webhok"), "{}", terminal.shown);
    assert!(!terminal.shown.contains("Address of the incoming"), "{}", terminal.shown);
}

#[test]
fn a_responsible_user_whom_the_portal_does_not_list_is_named_by_number() {
    let hotel = TestEnv::new();
    let mut terminal = init(&hotel, "--language en --webhook-file webhook --mirror mirror.db");
    for question in ["Are these the stages?", "The currency of the deals"] {
        terminal.then_shows(question);
        terminal.presses(ENTER);
    }
    terminal.then_shows("Who is responsible for new cards");
    terminal.presses("by number");
    terminal.presses(ENTER);
    terminal.then_shows("The number of the user");
    terminal.presses("Седов");
    terminal.presses(ENTER);
    terminal.then_shows("The number of the user");
    terminal.then_shows("The number of the user");
    terminal.presses("1");
    terminal.presses(ENTER);
    terminal.then_shows("Write it?");
    terminal.presses(ENTER);
    assert_eq!(terminal.exit_code(), Some(0), "{}", terminal.shown);
    assert_eq!(hotel.file().matches("assigned_by_id = 1  #").count(), 3, "{}", hotel.file());
}

#[test]
fn what_a_file_proposes_is_shown_visibly_and_taken_as_it_is() {
    let hotel = TestEnv::new();
    let path = "m\u{1b}]0;OWNED\u{7}\u{202e}.db";
    fs::rename(hotel.path("mirror.db"), hotel.path(path)).unwrap();
    let written = "[mirror]\npath = \"m\\u001b]0;OWNED\\u0007\\u202e.db\"\n[portal]\nwebhook_file = \"webhook\"\n";
    hotel.write("ecvi-b24.toml", written);
    let mut terminal = init(&hotel, "--language en --webhook-file webhook");
    terminal.then_shows("The mirror's file");
    terminal.then_shows("m\\u001b]0;OWNED\\u0007\\u202e.db");
    terminal.presses(ENTER);
    terminal.then_shows("✓ The mirror: guests 1");
    terminal.then_shows("Are these the stages?");
    terminal.presses_ctrl_c();
    assert_eq!(terminal.exit_code(), Some(5), "{}", terminal.shown);
    assert!(!terminal.shown.contains('\u{202e}'), "{}", terminal.shown);
}
