//! What cannot go on says so by the name of the option, and leaves nothing behind.

use crate::env::TestEnv;
use crate::hotel::ANSWERS;

/// The answers without one option.
fn without(option: &str) -> String {
    let words: Vec<&str> = ANSWERS.split_whitespace().collect();
    let pairs = words.chunks(2).filter(|pair| pair[0] != option);
    pairs.map(|pair| pair.join(" ")).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_question_without_an_answer_names_its_option_and_nothing_is_written() {
    for (option, told) in [
        ("--language", "--language ru"),
        ("--webhook-file", "--webhook-file FILE, --webhook-stdin"),
        ("--mirror", "--mirror FILE"),
        ("--currency", "--currency RUB"),
        ("--stage", "--stage STATUS=STAGE"),
        ("--responsible", "--responsible USER"),
    ] {
        let hotel = TestEnv::new();
        let said = hotel.says(2, &without(option));
        assert!(said.contains(told), "{option}: {said}");
        assert_eq!(hotel.files(), ["mirror.db", "webhook"]);
    }
}

#[test]
fn a_question_that_a_hotel_has_beside_the_usual_ones_names_its_option_too() {
    let hotel = TestEnv::new();
    hotel.sql("UPDATE bookings SET status = '7'");
    assert!(hotel.says(2, ANSWERS).contains("--status \"7=confirmed\""));
    assert!(hotel.says(2, &format!("{ANSWERS} --yes")).contains("--status \"7=confirmed\""));
    hotel.sql("UPDATE bookings SET status = 'confirmed'; ALTER TABLE companies RENAME TO x");
    assert!(hotel.says(2, ANSWERS).contains("--query companies=\"SELECT …\""));
    hotel.sql("ALTER TABLE x RENAME TO companies; ALTER TABLE guests ADD COLUMN card TEXT");
    hotel.add_field("contact", "CARD", "Карта");
    assert!(hotel.says(2, ANSWERS).contains("--field FIELD=COLUMN"));
    hotel.add_contact("Старая");
    let said = hotel.says(2, &format!("{ANSWERS} --field none"));
    assert!(said.contains("--match phone,email"), "{said}");
    hotel.server.portal().add_funnel("Проживание");
    assert!(hotel.says(2, &format!("{ANSWERS} --field none --match none")).contains("--funnel 0"));
    assert!(!hotel.has_file());
}

#[test]
fn an_answer_that_makes_no_sense_names_what_would() {
    let hotel = TestEnv::new();
    hotel.sql("UPDATE bookings SET status = '7'");
    for (options, told) in [
        ("--currency XXX", "\"XXX\" is none of these: Российский рубль (RUB)"),
        ("--stage no_show=LOST", "\"LOST\" is none of these: Новая (NEW), "),
        ("--stage late=LOSE", "--stage: \"late\" is none of these: temporary, confirmed"),
        ("--funnel 9", "\"9\" is none of these: Общая (0)"),
        ("--status 7=gone", "--status 7=…: \"gone\" is none of these: temporary, confirmed"),
        ("--responsible she", "--responsible: \"she\" is none of these: 12, webhook, deal=12"),
        ("--responsible lead=1", "\"lead=1\" is none of these: contact=…"),
        ("--field UF_X=a", "--field: \"UF_X=a\" is none of these: deal.UF_CRM_TARIFF=tariff"),
        ("--match sms", "--match: \"sms\" is none of these: phone,email; phone"),
        ("--query rooms=SELECT", "--query: \"rooms\" is none of these: guests"),
        ("--query guests=SELEC", "--query guests"),
        ("--status 7", "NAME=VALUE is wanted"),
    ] {
        let said =
            hotel.says(2, &format!("--yes --webhook-file webhook --status 7=later {options}"));
        assert!(said.contains(told), "{options}: {said}");
        assert!(!hotel.has_file(), "{options}");
    }
}

#[test]
fn a_webhook_that_does_not_work_says_why_and_is_not_quoted() {
    let hotel = TestEnv::new();
    let secret = "s3cr3t";
    for (address, code, told) in [
        ("hello".to_owned(), 3, "https://"),
        (format!("{}rest/1/{secret}/", hotel.server.address()), 4, "the portal refuses us"),
        (format!("http://127.0.0.1:9/rest/1/{secret}/"), 5, "The portal does not answer"),
    ] {
        std::fs::write(hotel.path("webhook"), &address).unwrap();
        let said = hotel.says(code, ANSWERS);
        assert!(said.contains(told) && !said.contains(secret), "{address}: {said}");
        assert!(!hotel.has_file());
    }
    let mut command = hotel.init();
    let output =
        command.args(["--yes", "--webhook-stdin"]).write_stdin("s3cr3t\n").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(!String::from_utf8(output.stderr).unwrap().contains(secret));
}

#[test]
fn a_webhook_without_the_right_to_the_crm_says_what_to_tick() {
    let hotel = TestEnv::new();
    hotel.server.portal().settings.scopes = vec!["im".into()];
    let said = hotel.says(4, ANSWERS);
    assert!(said.contains("Tick CRM (crm)"), "{said}");
    assert!(!hotel.has_file());
}
