//! The heartbeat: when it is fetched, and that nothing of it matters or shows.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use bitrix24_sandbox::Fault;

use crate::env::TestEnv;

/// Somebody who listens for heartbeats and answers with this status.
fn listener(status: u16) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/ping/t0ken", listener.local_addr().unwrap());
    let (sender, beats) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            sender.send(lines.next().unwrap().unwrap()).ok();
            lines
                .take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty()))
                .for_each(drop);
            write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n").ok();
        }
    });
    (url, beats)
}

fn monitored(url: &str) -> TestEnv {
    TestEnv::new(&format!("[monitoring]\nheartbeat_url = \"{url}\"\n"))
}

#[test]
fn it_beats_after_every_good_run_and_after_no_other() {
    let (url, hears) = listener(200);
    let hotel = monitored(&url);
    let beats = || hears.try_iter().collect::<Vec<_>>();
    hotel.run(3, "sync");
    assert!(beats().is_empty());
    hotel.run(0, "initial-export");
    assert_eq!(beats(), ["GET /ping/t0ken HTTP/1.1"]);
    hotel.run(0, "sync --dry-run");
    assert!(beats().is_empty());
    hotel.run(0, "sync");
    assert_eq!(beats().len(), 1);
    hotel.sql("UPDATE guests SET last_name = 'Иная', modified_at = '2026'");
    hotel.server.faults(|_| Some(Fault::Html { status: 502, executed: false }));
    hotel.run(5, "sync");
    hotel.server.faults(|_| None);
    hotel.sql("UPDATE bookings SET status = 'lost', modified_at = '2026'");
    hotel.run(1, "sync");
    assert!(beats().is_empty());
}

#[test]
fn a_watcher_that_fails_or_is_gone_fails_no_run_and_its_address_never_shows() {
    let (url, hears) = listener(503);
    let hotel = monitored(&url);
    let said = hotel.complained(0, "-v initial-export");
    assert!(said.contains("the heartbeat was not taken: HTTP 503"), "{said}");
    assert!(hears.recv_timeout(Duration::from_secs(1)).is_ok());
    for address in ["http://127.0.0.1:9/t0ken", "http://localhost:x/t0ken"] {
        hotel.configure(&format!("[monitoring]\nheartbeat_url = \"{address}\"\n"));
        let said = hotel.complained(0, "-v sync");
        assert!(said.contains("the heartbeat was not taken") && !said.contains("t0ken"), "{said}");
    }
}

#[test]
fn its_address_must_be_https_and_is_not_quoted() {
    for address in ["http://example.org/t0ken", "http://localhost:x@example.org/t0ken"] {
        let hotel = TestEnv::new(&format!("[monitoring]\nheartbeat_url = \"{address}\"\n"));
        let said = hotel.complained(3, "sync");
        assert!(said.contains("heartbeat_url") && !said.contains("t0ken"), "{said}");
    }
}
