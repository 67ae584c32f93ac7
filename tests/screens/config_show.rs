//! `config show`, and what a configuration that cannot be used looks like.

use insta::assert_snapshot;

use crate::env::TestEnv;

const EN: &str = "en_US.UTF-8";

#[test]
fn the_secret_is_hidden_and_defaults_are_shown() {
    assert_snapshot!(TestEnv::new().said(0, EN, "config show"), @r#"
    # ecvi-b24.toml
    [mirror]
    path = "mirror.db"
    write_back = false

    [state]
    path = "state.db"

    [portal]
    webhook = "https://hotel.bitrix24.ru/rest/***"
    originator_id = "ECVI"
    requests_per_second = 2.0
    burst = 50
    batch_size = 50
    request_target = "20s"
    request_timeout = "75s"
    settle_time = "75s"

    [sync]
    time_limit = "150s"
    max_deletes = 25
    delete_after = "2m"
    retry_after = "15m"
    on_missing = "relink"

    [export]
    method = "import"

    [contact]
    phone_type = "WORK"
    match_existing = []
    comments = "[{marks} ]{comment}"

    [contact.honorific]
    M = "HNR_RU_1"
    F = "HNR_RU_2"

    [company]
    phone_type = "WORK"
    match_existing = []
    comments = "{comment}"

    [deal]
    category_id = 0
    currency = "RUB"
    title = "Заявка №{number}[ ({last_name})] {arrival} - {departure}"
    comments = "{comment}"

    [deal.stages]
    temporary = "NEW"
    confirmed = "EXECUTING"
    checked_in = "WON"
    checked_out = "WON"
    cancelled = "LOSE"
    no_show = "LOSE"

    [deal.probability]
    temporary = 30
    confirmed = 60
    checked_in = 100
    checked_out = 100
    cancelled = 0
    no_show = 0
    "#);
}

#[test]
fn the_configuration_is_found_by_option_and_by_variable() {
    let hotel = TestEnv::new();
    std::fs::rename(hotel.path("ecvi-b24.toml"), hotel.path("other.toml")).unwrap();
    // On a machine where the package is installed there is one.
    if !std::path::Path::new("/etc/ecvi-b24.toml").exists() {
        assert_snapshot!(hotel.complains(3, EN, "config show"), @"ecvi-b24: there is no configuration file /etc/ecvi-b24.toml: write it with ecvi-b24 init, or name another one with --config");
    }
    hotel.said(0, EN, "config show --config other.toml");
    hotel.said(0, EN, "--config other.toml config show");
    hotel.said_with(0, &[("ECVI_B24_CONFIG", "other.toml")], "config show");
}

#[test]
fn the_webhook_may_come_from_the_environment() {
    let hotel = TestEnv::new();
    std::fs::write(
        hotel.path("ecvi-b24.toml"),
        "language = \"en\"\n[mirror]\npath = \"mirror.db\"\n",
    )
    .unwrap();
    assert_snapshot!(hotel.complains(3, "ru_RU.UTF-8", "config show"), @"ecvi-b24: the configuration file ecvi-b24.toml is wrong: no webhook: give [portal] webhook, webhook_file or the variable ECVI_B24_WEBHOOK");
    let webhook = ("ECVI_B24_WEBHOOK", "https://other.bitrix24.ru/rest/1/s3cr3t/");
    let shown = hotel.said_with(0, &[webhook], "config show");
    assert!(shown.contains("webhook = \"https://other.bitrix24.ru/rest/***\""), "{shown}");
}

#[test]
fn one_file_under_two_keys_is_refused_before_anything_is_written() {
    let hotel = TestEnv::new();
    let mirror = std::fs::read(hotel.path("mirror.db")).unwrap();
    std::fs::create_dir(hotel.path("data")).unwrap();
    std::os::unix::fs::symlink("mirror.db", hotel.path("link.db")).unwrap();
    let clashes = [
        ("state.path = 'mirror.db'", "[mirror] path and [state] path"),
        ("state.path = 'data/../mirror.db'", "[mirror] path and [state] path"),
        ("portal.shared_bucket = './mirror.db'", "[mirror] path and [portal] shared_bucket"),
        ("portal.shared_bucket = 'data/../state.db'", "[state] path and [portal] shared_bucket"),
        (
            "portal.shared_bucket = 'state.db.lock'",
            "[state] path + .lock and [portal] shared_bucket",
        ),
        ("state.path = 'link.db'", "[mirror] path and [state] path"),
    ];
    for (line, keys) in clashes {
        let text = format!(
            "mirror.path = 'mirror.db'\nportal.webhook = 'https://hotel.bitrix24.ru/rest/1/s3cr3t/'\n{line}\n"
        );
        std::fs::write(hotel.path("ecvi-b24.toml"), text).unwrap();
        for command in ["initial-export", "sync", "status", "config show"] {
            let said = hotel.complains(3, EN, command);
            assert!(
                said.contains(keys) && said.contains("give each one of its own"),
                "{line}: {said}"
            );
        }
        assert!(hotel.said(3, EN, "check").contains(keys), "{line}");
    }
    assert_eq!(std::fs::read(hotel.path("mirror.db")).unwrap(), mirror);
    assert!(!hotel.path("state.db").exists() && !hotel.path("state.db.lock").exists());
}

/// SQLite takes it for its own: it is removed, or written over, or spoils the database.
#[test]
fn what_lies_beside_a_database_is_no_other_file() {
    let hotel = TestEnv::new();
    let clashes = [
        ("portal.shared_bucket = 'mirror.db-journal'", "[mirror] path + -journal"),
        ("portal.shared_bucket = './mirror.db-wal'", "[mirror] path + -wal"),
        ("portal.webhook_file = 'mirror.db-shm'", "[mirror] path + -shm"),
        ("portal.shared_bucket = 'state.db-journal'", "[state] path + -journal"),
        ("monitoring.status_page = 'state.db-wal'", "[state] path + -wal"),
        ("portal.ca_file = 'state.db-shm'", "[state] path + -shm"),
        ("monitoring.status_page = 'state.db.lock'", "[state] path + .lock"),
        ("state.path = 'mirror.db-journal'", "[mirror] path + -journal and [state] path"),
    ];
    for (line, key) in clashes {
        let text = format!(
            "mirror.path = 'mirror.db'\nportal.webhook = 'https://hotel.bitrix24.ru/rest/1/s3cr3t/'\n{line}\n"
        );
        std::fs::write(hotel.path("ecvi-b24.toml"), text).unwrap();
        for command in ["sync", "status"] {
            let said = hotel.complains(3, EN, command);
            assert!(said.contains(key) && said.contains("give each one of its own"), "{said}");
        }
    }
    let own =
        "mirror.path = 'mirror.db'\nportal.webhook = 'https://hotel.bitrix24.ru/rest/1/s3cr3t/'\n";
    for (name, key) in [
        ("state.db.lock", "[state] path + .lock"),
        ("state.db-journal", "[state] path + -journal"),
        ("mirror.db-wal", "[mirror] path + -wal"),
        ("mirror.db", "[mirror] path"),
    ] {
        std::fs::write(hotel.path(name), own).unwrap();
        let said = hotel.complains(3, EN, &format!("--config {name} sync"));
        assert!(said.contains(&format!("{key} is the configuration file")), "{said}");
        std::fs::remove_file(hotel.path(name)).unwrap();
    }
}

#[test]
fn files_that_share_a_name_in_two_folders_are_two() {
    let hotel = TestEnv::new();
    std::fs::create_dir(hotel.path("data")).unwrap();
    let text = "mirror.path = 'mirror.db'\nstate.path = 'data/mirror.db'
                portal.webhook = 'https://hotel.bitrix24.ru/rest/1/s3cr3t/'\nportal.shared_bucket = 'data/requests'\n";
    std::fs::write(hotel.path("ecvi-b24.toml"), text).unwrap();
    hotel.said(0, EN, "config show");
}

#[test]
fn a_configuration_of_another_user_is_said_to_be_that() {
    use std::os::unix::fs::PermissionsExt;
    let hotel = TestEnv::new();
    let config = hotel.path("ecvi-b24.toml");
    std::fs::set_permissions(&config, std::fs::Permissions::from_mode(0o000)).unwrap();
    // Root may read everything.
    if std::fs::read(&config).is_err() {
        let said = hotel.said(3, EN, "check");
        assert!(said.contains("run the command as the user of the scheduled runs"), "{said}");
        assert!(!said.contains("Correct the file"), "{said}");
    }
}
