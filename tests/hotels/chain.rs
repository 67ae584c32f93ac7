//! Two hotels of a chain in one portal: each with a mark, a state and a lock of its own, and one
//! count of requests.

use std::{fs, thread};

use bitrix24_sandbox::{Bucket, Kind, Portal};
use ecvi_b24::platform::lock::Lock;

use crate::env::TestEnv;
use crate::hotel::script;

const HOTELS: [&str; 2] = ["north", "south"];

/// The chain, both mirrors with the same hotel: the same ids, names and phones.
fn chain(portal: Portal) -> TestEnv {
    let chain = TestEnv::open_before("chain", portal);
    for name in HOTELS {
        fs::create_dir(chain.path(name)).unwrap();
        chain.sql_of(&format!("{name}/mirror.db"), &script("default", "mirror.sql").unwrap());
    }
    chain
}

fn exported() -> TestEnv {
    let chain = chain(Portal::unlimited());
    for name in HOTELS {
        chain.run(0, &format!("--config {name}.toml initial-export"));
    }
    chain
}

/// The title of a booking's deal.
fn title(chain: &TestEnv, originator: &str, booking: &str) -> Option<String> {
    let portal = chain.server.portal();
    let deals = portal.with_origin(Kind::Deal, originator, booking);
    assert!(deals.len() < 2);
    deals.first().map(|deal| deal.text("TITLE").to_owned())
}

#[test]
fn each_hotel_has_objects_of_its_own_under_its_mark() {
    let chain = exported();
    assert_eq!(chain.counts(), [10, 4, 20]);
    let (north, south) = (title(&chain, "ECVI-NORTH", "101"), title(&chain, "ECVI-SOUTH", "101"));
    assert!(north.unwrap().starts_with("Северная: заявка №3682 (Приходько)"));
    assert!(south.unwrap().starts_with("Южная: заявка №3682 (Приходько)"));
    let portal = chain.server.portal();
    for originator in ["ECVI-NORTH", "ECVI-SOUTH"] {
        let deal = portal.with_origin(Kind::Deal, originator, "101")[0];
        let guest = portal.get(Kind::Contact, deal.primary().unwrap()).unwrap();
        assert_eq!(guest.text("ORIGINATOR_ID"), originator);
    }
}

#[test]
fn what_happens_in_one_hotel_touches_nothing_of_the_other() {
    let chain = exported();
    chain.sql_of(
        "north/mirror.db",
        "DELETE FROM bookings WHERE id = 102;
         UPDATE guests SET last_name = 'Орлова', modified_at = '2026-06-01' WHERE id = 2",
    );
    assert_eq!(
        chain.run(0, "--config north.toml sync"),
        "sync: updated: guests 1, bookings 1; deleted: bookings 1\n"
    );
    assert_eq!(chain.run(0, "--config south.toml sync"), "");
    assert_eq!(title(&chain, "ECVI-NORTH", "102"), None);
    assert!(title(&chain, "ECVI-SOUTH", "102").unwrap().contains("(Орлов)"));
}

#[test]
fn a_lost_state_finds_what_is_its_own_and_nothing_else() {
    let chain = exported();
    chain.lose_state("north/state.db");
    chain.run(0, "--config north.toml initial-export");
    assert_eq!(chain.counts(), [10, 4, 20]);
    assert_eq!(chain.run(0, "--config south.toml sync"), "");
}

#[test]
fn a_run_of_one_hotel_does_not_keep_the_other_waiting() {
    let chain = exported();
    let _run = Lock::try_acquire(&chain.path("north/state.db")).unwrap().unwrap();
    for name in HOTELS {
        let change = "UPDATE bookings SET amount = '1', modified_at = '2026-06-01' WHERE id = 101";
        chain.sql_of(&format!("{name}/mirror.db"), change);
    }
    assert_eq!(chain.run(0, "--config north.toml sync"), "", "another run is under way");
    assert_eq!(chain.run(0, "--config south.toml sync"), "sync: updated: bookings 1\n");
}

#[test]
fn both_hotels_at_once_stay_within_the_portals_rate_by_the_file_that_they_share() {
    // As the portal's usual limit, but quicker and much tighter.
    let mut portal = Portal::new();
    portal.settings.bucket = Some(Bucket { per_second: 20.0, burst: 6.0 });
    let chain = chain(portal);
    for name in HOTELS {
        let file = format!("{name}.toml");
        chain.replace(&file, "requests_per_second = 2 ", "requests_per_second = 20 ");
        chain.replace(&file, "burst = 50", "burst = 6");
    }
    thread::scope(|scope| {
        for name in HOTELS {
            let commands = ["initial-export", "sync --full", "sync --full"];
            let commands =
                commands.map(|command| chain.command(&format!("--config {name}.toml {command}")));
            scope.spawn(move || commands.map(|mut command| drop(command.assert().success())));
        }
    });
    assert_eq!(chain.counts(), [10, 4, 20]);
    assert_eq!(chain.server.portal().counters.refused, 0);
}

#[test]
fn the_shared_file_can_be_written_by_the_group_whatever_the_umask() {
    use std::os::unix::fs::PermissionsExt;
    let chain = chain(Portal::unlimited());
    let program = env!("CARGO_BIN_EXE_ecvi-b24");
    let script = format!(
        "umask 077; cd '{}'; {program} --config north.toml initial-export",
        chain.path("").display()
    );
    assert!(
        std::process::Command::new("sh").args(["-c", &script]).output().unwrap().status.success()
    );
    let mode = fs::metadata(chain.path("requests")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    let mode = fs::metadata(chain.path("north/state.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn the_crontab_names_commands_and_files_that_there_are() {
    let (chain, crontab) = (exported(), script("chain", "crontab").unwrap());
    for name in HOTELS {
        let line = format!("ecvi-b24 --config /etc/ecvi-b24/{name}.toml sync");
        assert!(crontab.contains(&line), "{line}");
        assert!(
            crontab
                .contains("ecvi-b24 --config /etc/ecvi-b24/$h.toml status --check --max-age 30m")
        );
        chain.run(0, &format!("--config {name}.toml sync"));
        chain.run(0, &format!("--config {name}.toml status --check --max-age 30m"));
    }
}

/// The numbers of docs/hotels.md: what a run asks of the bucket that all hotels of a host share.
#[test]
fn a_run_makes_few_requests_and_an_idle_one_none() {
    let hotel = TestEnv::exported("default");
    let mut requests = |sql: &str| {
        let before = hotel.server.requests();
        hotel.sql(sql);
        hotel.run(0, "sync");
        hotel.server.requests() - before
    };
    let changed = "UPDATE bookings SET status = 'cancelled', modified_at = '2026-06-01' WHERE id IN (101, 107)";
    let new = "INSERT INTO guests (id, last_name, modified_at) VALUES (6, 'Новиков', '2026-06-02');
         INSERT INTO bookings (id, number, status, arrival, departure, guest_id, modified_at)
           VALUES (111, '3692', 'confirmed', '2026-09-01 14:00', '2026-09-02 12:00', 6, '2026-06-02')";
    let everything = "UPDATE companies SET name = name || '!', modified_at = '2026-06-03' WHERE id = 1;
         UPDATE guests SET last_name = last_name || 'а', modified_at = '2026-06-03' WHERE id = 1;
         INSERT INTO guests (id, last_name, modified_at) VALUES (7, 'Белов', '2026-06-03');
         INSERT INTO bookings (id, number, status, arrival, departure, guest_id, modified_at)
           VALUES (112, '3693', 'confirmed', '2026-09-01 14:00', '2026-09-02 12:00', 7, '2026-06-03');
         DELETE FROM bookings WHERE id = 102";
    let costs = ["SELECT 1", changed, new, everything].map(&mut requests);
    // One that asks for everything, one for each kind that changes, one for deletions, and one that
    // looks once more at the cards that deals were pointed at: people may have merged them
    // meanwhile.
    assert_eq!(costs, [0, 3, 4, 6]);
}
