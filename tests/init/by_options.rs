//! Every question is answered by its option, without a terminal; what has the default is not
//! written.

use crate::env::TestEnv;
use crate::hotel::ANSWERS;

#[test]
fn a_usual_hotel_needs_three_lines_and_the_rest_is_the_default() {
    let hotel = TestEnv::new();
    let output = hotel.output(ANSWERS);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let file = hotel.file();
    let keys: Vec<&str> =
        file.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    let expected = [
        "language = \"en\"".to_owned(),
        "[mirror]".to_owned(),
        "path = \"mirror.db\"  # the copy of the data of Ecvi".to_owned(),
        "[portal]".to_owned(),
        "webhook_file = \"webhook\"  # the webhook: a password to the whole CRM".to_owned(),
    ];
    assert_eq!(keys, expected);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(
        shown.contains("✓ Dictionaries: the portal has what the configuration names"),
        "{shown}"
    );
    assert!(shown.ends_with("Next: ecvi-b24 initial-export (with --dry-run first).\n"), "{shown}");
}

#[test]
fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::MetadataExt;
    let hotel = TestEnv::new();
    hotel.writes(ANSWERS);
    let mode = std::fs::metadata(hotel.path("ecvi-b24.toml")).unwrap().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(hotel.files(), ["ecvi-b24.toml", "mirror.db", "webhook"]);
}

#[test]
fn every_question_is_answered_by_its_option() {
    let hotel = TestEnv::new();
    hotel.add_field("deal", "TARIFF", "Тариф");
    hotel.add_contact("Старая");
    hotel.sql(
        "ALTER TABLE bookings ADD COLUMN tariff TEXT;
         UPDATE bookings SET status = '7'; ALTER TABLE companies RENAME TO firms",
    );
    hotel.server.portal().add_funnel("Проживание");
    hotel.server.portal().settings.scopes.push("user".into());
    hotel.server.portal().settings.colleagues.insert(12, true);
    let mut command = hotel.init();
    command
        .args(["--query", "companies=SELECT * FROM firms", "--webhook-stdin"])
        .write_stdin(hotel.server.webhook());
    let options = "--language ru --mirror mirror.db --state ours.db --funnel Проживание --currency EUR \
        --status 7=checked_in --stage temporary=PREPARATION --stage confirmed=EXECUTING \
        --stage checked_in=WON --stage checked_out=WON --stage cancelled=LOSE --stage no_show=APOLOGY \
        --responsible 1 --responsible deal=12 --field deal.UF_CRM_TARIFF=tariff --match phone";
    let output = command.args(options.split_whitespace()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let file = hotel.file();
    let webhook = format!("webhook = \"{}\"", hotel.server.webhook());
    for line in [
        "language = \"ru\"",
        "path = \"ours.db\"",
        webhook.as_str(),
        "companies = \"SELECT * FROM firms\"",
        "7 = \"checked_in\"",
        "category_id = 1  # Проживание",
        "temporary = \"PREPARATION\"  # Подготовка документов",
        "no_show = \"APOLOGY\"  # Анализ причины провала",
        "currency = \"EUR\"",
        "assigned_by_id = 1  # ответственный",
        "assigned_by_id = 12  # ответственный",
        "UF_CRM_TARIFF = \"tariff\"  # Тариф",
        "match_existing = [\"phone\"]",
    ] {
        assert!(
            file.lines().any(|known| known == line || known.starts_with(&format!("{line}  #"))),
            "{line}\n{file}"
        );
    }
    for default in ["confirmed", "checked_in =", "cancelled"] {
        assert!(!file.lines().any(|line| line.starts_with(default)), "{default}\n{file}");
    }
}

#[test]
fn with_yes_the_rest_is_as_proposed() {
    let hotel = TestEnv::new();
    let said = hotel.says(0, "--yes --webhook-file webhook");
    assert!(
        said.contains("✓ The mirror: guests 1, companies 1, bookings 1; written just now"),
        "{said}"
    );
    assert!(said.contains("✓ The webhook's user: 1, an administrator"), "{said}");
    assert!(said.contains("✓ The portal's plan: ru_basic"), "{said}");
    assert!(hotel.has_file());
}

#[test]
fn the_webhook_of_the_environment_stays_there() {
    let hotel = TestEnv::new();
    let mut command = hotel.init();
    let output =
        command.arg("--yes").env("ECVI_B24_WEBHOOK", hotel.server.webhook()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(!hotel.file().contains("webhook"), "{}", hotel.file());
}
