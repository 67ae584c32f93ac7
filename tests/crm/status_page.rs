//! The page for the reception, and the same page written once by `status --html`.

use std::fs;

use bitrix24_sandbox::{Fault, Kind};
use chrono::DateTime;

use ecvi_b24::platform::lock::Lock;
use ecvi_b24::state::settings::PAGE_TOLD;

use crate::env::TestEnv;

const PAGE: &str = "[monitoring]\nstatus_page = \"page.html\"\n";
/// What the mirror of this hotel tells of people.
const PEOPLE: &str = "
    INSERT INTO guests (id, last_name, first_name, middle_name, phone, email, city, comment, modified_at) VALUES
      (7, 'Ромашкина', 'Аглая', 'Тихоновна', '+7 921 555-12-34', 'aglaya@romashka.example', 'Кимры', 'аллергия', '2026'),
      (8, 'Васильков', 'Прохор', 'Кузьмич', '8 (921) 555-99-88', 'prohor@@nowhere', 'Кашин', 'тихий номер', '2026');
    INSERT INTO bookings (id, number, status, arrival, departure, amount, guest_id, comment, modified_at) VALUES
      (77, '3777', 'lost', '2026-05-20 12:00', '2026-05-21 12:00', '1', 7, 'для Аглаи', '2026'),
      (78, '3778', 'confirmed', '2026-05-20 12:00', '2026-05-21 12:00', '+7 921 555-99-88', 8, '', '2026'),
      (79, '3779', 'confirmed', '2026-05-20 12:00', '2026-05-21 12:00', '1', 7, '', '2026');";
const PERSONAL: [&str; 16] = [
    "Ромашкин", "Агла", "Тихоновн", "921", "555", "romashka", "aglaya", "Васильков", "Прохор",
    "Кузьмич", "prohor", "nowhere", "Кимр", "аллерги", "Приходько", "@",
];

fn page(hotel: &TestEnv) -> String {
    fs::read_to_string(hotel.path("page.html")).unwrap()
}

#[test]
fn the_page_is_written_after_good_failed_and_refused_runs() {
    let hotel = TestEnv::new(PAGE);
    hotel.run(3, "sync");
    assert!(page(&hotel).contains("no initial export was completed yet"), "{}", page(&hotel));
    hotel.run(0, "initial-export");
    assert!(page(&hotel).contains("<h1>All is well</h1>"), "{}", page(&hotel));
    hotel.sql("UPDATE bookings SET status = 'lost', modified_at = '2026'");
    hotel.run(1, "sync");
    let failed = page(&hotel);
    assert!(
        failed.contains("<h1>Help is needed</h1>") && failed.contains("UNKNOWN_STATUS"),
        "{failed}"
    );
    assert!(failed.contains("status = &quot;lost&quot;"), "{failed}");
    hotel.server.faults(|_| Some(Fault::status(401, "INVALID_CREDENTIALS")));
    hotel.sql("UPDATE guests SET city = 'Тверь', modified_at = '2026'");
    hotel.run(4, "sync");
    assert!(page(&hotel).contains("the portal refuses us"), "{}", page(&hotel));
    hotel.server.faults(|_| None);
    fs::rename(hotel.path("mirror.db"), hotel.path("away.db")).unwrap();
    hotel.run(3, "sync");
    assert!(page(&hotel).contains("mirror.db"), "{}", page(&hotel));
    fs::write(
        hotel.path("state.db"),
        "no database, and longer than the header of one is".repeat(9),
    )
    .unwrap();
    hotel.run(3, "sync");
    assert!(
        page(&hotel).contains("state.db") && page(&hotel).contains("Help is needed"),
        "{}",
        page(&hotel)
    );
}

#[test]
fn all_is_well_since_the_run_that_mended_it() {
    let hotel = TestEnv::exported(PAGE);
    hotel.sql("UPDATE bookings SET status = 'lost', modified_at = '2026'");
    hotel.run(1, "sync");
    hotel.sql("UPDATE bookings SET status = 'confirmed', modified_at = '2027'");
    hotel.run(0, "sync");
    assert!(
        page(&hotel).contains("<h1>All is well</h1>\n<p class=\"since\">Since "),
        "{}",
        page(&hotel)
    );
    assert!(!page(&hotel).contains("UNKNOWN_STATUS"), "{}", page(&hotel));
}

#[test]
fn the_page_names_no_guest_no_phone_and_no_e_mail() {
    let hotel = TestEnv::exported(PAGE);
    hotel.sql(PEOPLE);
    // A portal that repeats what it was sent.
    hotel.server.portal().settings.required.push((Kind::Deal, "UF_CRM_NONE".to_owned()));
    hotel.run(1, "sync");
    let written = page(&hotel);
    for number in ["3777", "3778", "guest 8", "EMAIL_LEFT_OUT", "BAD_AMOUNT", "PORTAL_REFUSED"] {
        assert!(written.contains(number), "{number}: {written}");
    }
    for language in ["en", "ru"] {
        hotel.configure(&format!("{PAGE}[sync]\nretry_after = \"16m\"\n"));
        let output =
            hotel.command("status --html once.html").env("LANG", language).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let once = fs::read_to_string(hotel.path("once.html")).unwrap();
        for text in [&written, &once] {
            let text = text.split_once("</style>").unwrap().1;
            for personal in PERSONAL {
                assert!(!text.contains(personal), "{personal}: {text}");
            }
        }
    }
}

#[test]
fn what_others_wrote_is_text_on_the_page_and_nothing_else() {
    let hotel = TestEnv::exported(PAGE);
    hotel.sql(
        "INSERT INTO bookings (id, number, status, arrival, departure, modified_at) VALUES
           (5, '<script>alert(1)</script>', 'x\" onmouseover=\"y', '2026-05-20', '2026-05-21', '2026'),
           (6, char(27) || ']0;x' || char(7) || char(8238), 'z', '2026-05-20', '2026-05-21', '2026');",
    );
    hotel.run(1, "sync");
    let written = page(&hotel);
    assert!(written.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{written}");
    assert!(written.contains("]0;x\\u0007\\u202e"), "{written}");
    assert!(!written.contains("<script") && !written.contains("onmouseover=\""), "{written}");
    let hidden = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    assert!(!written.contains(hidden), "{written}");
}

#[test]
fn the_page_is_one_file_without_a_script_and_says_how_its_age_is_seen() {
    let hotel = TestEnv::exported(PAGE);
    let written = page(&hotel);
    assert!(written.starts_with("<!DOCTYPE html>") && written.ends_with("</html>\n"), "{written}");
    for outside in ["<script", "<link", "@import", "url(", "<img", "src="] {
        assert!(!written.contains(outside), "{outside}");
    }
    assert!(written.contains("<meta http-equiv=\"refresh\" content=\"180\">"), "{written}");
    assert!(written.contains("more than 15 minutes behind the clock"), "{written}");
    // The webhook is a password, and stands in no address of a card.
    assert!(!written.contains("/rest/"), "{written}");
    assert_eq!(written.matches("<svg").count(), 6);
    hotel.run(0, "status --html once.html");
    let once = fs::read_to_string(hotel.path("once.html")).unwrap();
    assert!(
        !once.contains("http-equiv=\"refresh\"") && once.contains("not updated by itself"),
        "{once}"
    );
}

#[test]
fn the_page_speaks_the_language_of_the_configuration() {
    let hotel = TestEnv::new(PAGE);
    let text = fs::read_to_string(hotel.path("ecvi-b24.toml")).unwrap();
    fs::write(hotel.path("ecvi-b24.toml"), format!("language = \"ru\"\n{text}")).unwrap();
    hotel.run(0, "initial-export");
    assert!(page(&hotel).contains("<html lang=\"ru\">") && page(&hotel).contains("Всё в порядке"));
}

#[test]
fn a_page_that_cannot_be_written_fails_no_run_and_is_told_once_a_day() {
    let hotel = TestEnv::exported("[monitoring]\nstatus_page = \"missing/page.html\"\n");
    let said = hotel.complained(0, "sync");
    assert_eq!(said, "");
    let state = hotel.state();
    state.set(&PAGE_TOLD, &DateTime::UNIX_EPOCH).unwrap();
    let said = hotel.complained(0, "sync");
    assert!(
        said.contains("[monitoring] status_page") && said.contains("missing/page.html"),
        "{said}"
    );
    let said = hotel.complained(3, "status --html missing/page.html");
    assert!(said.contains("missing/page.html was not written"), "{said}");
}

#[test]
fn the_hotels_own_page_is_not_overwritten() {
    let hotel = TestEnv::new(PAGE);
    fs::write(hotel.path("page.html"), "<h1>Our hotel</h1>").unwrap();
    let said = hotel.complained(0, "initial-export");
    assert!(said.contains("another file is there already"), "{said}");
    assert_eq!(page(&hotel), "<h1>Our hotel</h1>");
    hotel.run(3, "status --html page.html");
    assert_eq!(page(&hotel), "<h1>Our hotel</h1>");
}

#[test]
fn a_web_server_can_read_the_page_whatever_the_umask_and_no_link_is_followed() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let hotel = TestEnv::new(&format!("{PAGE}metrics_file = \"ecvi.prom\"\n"));
    let mut command = std::process::Command::new("sh");
    let program = env!("CARGO_BIN_EXE_ecvi-b24");
    command
        .current_dir(hotel.path(""))
        .args(["-c", &format!("umask 077; {program} initial-export")]);
    assert!(command.env("LANG", "en").output().unwrap().status.success());
    for file in ["page.html", "ecvi.prom"] {
        let mode = fs::metadata(hotel.path(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o644, "{file}");
        fs::remove_file(hotel.path(file)).unwrap();
        let theirs = hotel.path(&format!("their-{file}"));
        fs::write(&theirs, "theirs").unwrap();
        symlink(&theirs, hotel.path(file)).unwrap();
    }
    hotel.run(0, "sync");
    for file in ["their-page.html", "their-ecvi.prom"] {
        assert_eq!(fs::read_to_string(hotel.path(file)).unwrap(), "theirs");
    }
}

#[test]
fn a_page_in_the_place_of_another_file_is_refused() {
    for (file, key) in
        [("mirror.db", "[mirror] path"), ("state.db", "[state] path"), ("state.db.lock", "lock")]
    {
        for own in ["status_page", "metrics_file"] {
            let hotel = TestEnv::new(&format!("[monitoring]\n{own} = \"{file}\"\n"));
            let said = hotel.complained(3, "sync");
            assert!(said.contains(own) && said.contains(key), "{said}");
        }
    }
    let hotel = TestEnv::new("[monitoring]\nstatus_page = \"ecvi-b24.toml\"\n");
    assert!(hotel.complained(3, "sync").contains("is the configuration file"));
}

#[test]
fn a_run_that_finds_another_one_under_way_writes_the_page_too() {
    let hotel = TestEnv::exported(PAGE);
    fs::remove_file(hotel.path("page.html")).unwrap();
    let lock = Lock::try_acquire(&hotel.path("state.db")).unwrap().unwrap();
    lock.note_holder("initial-export", chrono::Utc::now()).unwrap();
    hotel.state().begin_run("initial-export", chrono::Utc::now()).unwrap();
    hotel.run(0, "sync");
    assert!(page(&hotel).contains("<h1>The initial export is under way</h1>"), "{}", page(&hotel));
    lock.note_holder("sync", chrono::Utc::now() - chrono::TimeDelta::hours(1)).unwrap();
    for code in [0, 5, 5] {
        hotel.run(code, "sync");
    }
    assert!(page(&hotel).contains("another run (sync) has not ended since"), "{}", page(&hotel));
}

#[test]
fn nothing_that_a_text_might_become_is_executed() {
    let hotel = TestEnv::exported(PAGE);
    let policy = "content=\"default-src 'none'; style-src 'unsafe-inline'\"";
    assert!(page(&hotel).contains(policy));
}
