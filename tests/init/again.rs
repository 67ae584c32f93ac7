//! Run again: the answers of the file are offered, what people wrote stays, and changes are shown
//! before they are made.

use std::fs;

use crate::env::TestEnv;
use crate::hotel::ANSWERS;

const BY_HAND: &str = r#"# Отель «Приморский»
[mirror]
path = "mirror.db"   # пишет filler

[portal]
webhook_file = "webhook"

[sync]
max_deletes = 7      # чаще не бывает

[deal]
currency = "EUR"
title = "Бронь {number}"

[deal.stages]
no_show = "APOLOGY"
"#;

fn with_file(text: &str) -> TestEnv {
    let hotel = TestEnv::new();
    fs::write(hotel.path("ecvi-b24.toml"), text).unwrap();

    hotel
}

#[test]
fn what_stands_in_the_file_is_proposed_and_stays_with_every_comment() {
    let hotel = with_file(BY_HAND);
    let file = hotel.writes("--yes");
    assert_eq!(
        file,
        BY_HAND.replace("# Отель «Приморский»\n", "# Отель «Приморский»\nlanguage = \"en\"\n\n")
    );
    assert_eq!(hotel.writes("--yes"), file, "a second time");
}

#[test]
fn what_would_change_is_told_and_not_made_unasked() {
    let hotel = with_file(BY_HAND);
    let said = hotel.says(2, ANSWERS);
    assert!(said.contains("[deal] currency: EUR → –"), "{said}");
    assert!(said.contains("[deal.stages] no_show: APOLOGY → –"), "{said}");
    assert!(said.contains("--yes"), "{said}");
    assert_eq!(hotel.file(), BY_HAND);
    let file = hotel.writes(&format!("{ANSWERS} --yes"));
    assert!(!file.contains("currency") && !file.contains("no_show"), "{file}");
    assert!(
        file.contains("max_deletes = 7      # чаще не бывает") && file.contains("title = "),
        "{file}"
    );
}

#[test]
fn a_webhook_that_changes_is_not_shown() {
    let own = format!(
        "{}webhook = 'https://hotel.bitrix24.ru/rest/1/s3cr3t/'\n",
        "[mirror]\npath = 'mirror.db'\n[portal]\n"
    );
    let hotel = with_file(&own);
    let mut command = hotel.init();
    let output = command
        .args(["--yes", "--webhook-stdin"])
        .write_stdin(hotel.server.webhook())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("[portal] webhook: *** → ***"), "{said}");
    assert!(!said.contains("s3cr3t") && !said.contains("/rest/1/"), "{said}");
}

#[test]
fn stages_of_several_funnels_stay_as_they_were_written() {
    let stages = "[deal.stages]\nchecked_in = \"C1:NEW\"\nchecked_out = \"C1:WON\"\n";
    let hotel =
        with_file(&format!("mirror.path = 'mirror.db'\nportal.webhook_file = 'webhook'\n{stages}"));
    hotel.server.portal().add_funnel("Проживание");
    assert!(hotel.writes("--yes --funnel 0").contains(stages));
}

#[test]
fn inline_tables_stay_inline() {
    let text =
        "mirror = { path = 'mirror.db' }\nportal = { webhook_file = 'webhook' }\ndeal = { }\n";
    let hotel = with_file(text);
    let file = hotel.writes("--yes --currency EUR --responsible 1");
    assert!(file.contains("deal = { currency = \"EUR\", assigned_by_id = 1"), "{file}");
}

#[test]
fn a_file_that_is_no_configuration_is_left_alone_and_named() {
    for (text, told) in [("[mirror\n", "line 1"), ("mirrow.path = 'x'\n", "mirrow")] {
        let hotel = with_file(text);
        let said = hotel.says(3, &format!("{ANSWERS} --yes"));
        assert!(said.contains(told) && said.contains("ecvi-b24.toml"), "{text}: {said}");
        assert_eq!(hotel.file(), text);
    }
}

#[test]
fn a_file_keeps_its_rights_and_a_link_stays_one() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    let hotel = with_file(BY_HAND);
    fs::create_dir(hotel.path("real")).unwrap();
    fs::rename(hotel.path("ecvi-b24.toml"), hotel.path("real/hotel.toml")).unwrap();
    fs::rename(hotel.path("mirror.db"), hotel.path("real/mirror.db")).unwrap();
    fs::rename(hotel.path("webhook"), hotel.path("real/webhook")).unwrap();
    fs::set_permissions(hotel.path("real/hotel.toml"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink(hotel.path("real/hotel.toml"), hotel.path("ecvi-b24.toml")).unwrap();
    let file = hotel.writes("--yes --currency USD");
    assert!(file.contains("currency = \"USD\""), "{file}");
    assert!(fs::symlink_metadata(hotel.path("ecvi-b24.toml")).unwrap().is_symlink());
    assert_eq!(fs::metadata(hotel.path("real/hotel.toml")).unwrap().mode() & 0o777, 0o640);
    assert_eq!(fs::read_dir(hotel.path("real")).unwrap().count(), 3, "nothing else is left there");
}

#[test]
fn an_empty_file_that_was_made_for_the_user_of_the_runs_is_filled_like_a_new_one() {
    let hotel = with_file("");
    let file = hotel.writes(&format!("{ANSWERS} --yes"));
    assert!(
        file.starts_with("# The configuration of ecvi-b24, written by ecvi-b24 init"),
        "{file}"
    );
    let own = TestEnv::new();
    assert_eq!(file, own.writes(ANSWERS));
}

#[test]
fn a_file_that_stays_as_it_is_is_not_written() {
    let hotel = with_file(BY_HAND);
    hotel.writes("--yes --language ru");
    let written = || fs::metadata(hotel.path("ecvi-b24.toml")).unwrap().modified().unwrap();
    let before = written();
    let said = hotel.says(0, "--yes");
    assert!(said.contains("Конфигурация не изменилась."), "{said}");
    assert_eq!(written(), before);
}

#[test]
fn what_was_decided_against_is_not_taken_later_because_nobody_says_no() {
    let hotel = with_file(&format!("language = \"en\"\n{BY_HAND}"));
    let before = hotel.file();
    hotel.server.portal().add_status("DEAL_STAGE", "UC_A", "Бронь подтверждена");
    hotel.sql("ALTER TABLE bookings ADD COLUMN tariff");
    hotel.add_field("deal", "TARIFF", "Тариф");
    hotel.add_contact("Старая");
    assert_eq!(hotel.writes("--yes"), before);
    let file = hotel
        .writes("--yes --match phone --field deal.UF_CRM_TARIFF=tariff --stage confirmed=UC_A");
    assert!(file.contains("UF_CRM_TARIFF") && file.contains("UC_A"), "{file}");
    assert_eq!(hotel.writes("--yes"), file);
    let own = file.replace(
        "[company]\nmatch_existing = [\"phone\"]",
        "[company]\nmatch_existing = [\"email\"]",
    );
    assert_ne!(own, file);
    fs::write(hotel.path("ecvi-b24.toml"), &own).unwrap();
    assert_eq!(hotel.writes("--yes"), own, "guests and companies may differ");
}

const PACKAGE_DRAFT: &str = include_str!("../../packaging/ecvi-b24.toml");

#[test]
fn the_draft_of_the_package_is_written_anew_in_the_readers_language() {
    let hotel = with_file(PACKAGE_DRAFT);
    let options = "--yes --language ru --webhook-file webhook --mirror mirror.db --state state.db";
    let said = hotel.says(0, options);
    assert!(!said.contains("Изменится"), "{said}");
    let file = hotel.file();
    assert!(file.starts_with("# Конфигурация ecvi-b24."), "{file}");
    let draft: Vec<&str> = PACKAGE_DRAFT.lines().filter(|line| line.starts_with('#')).collect();
    assert!(!file.lines().any(|line| draft.contains(&line)), "{file}");
}

#[test]
fn a_draft_of_the_package_in_which_somebody_wrote_keeps_its_comments() {
    let draft = format!("{PACKAGE_DRAFT}# the night shift calls 12\n");
    let hotel = with_file(&draft);
    let file = hotel.writes("--yes --webhook-file webhook --mirror mirror.db --state state.db");
    for line in draft.lines().filter(|line| line.starts_with('#')) {
        assert!(file.lines().any(|kept| kept == line), "{line}\n{file}");
    }
    assert!(file.contains("webhook_file = \"webhook\""), "{file}");
}
