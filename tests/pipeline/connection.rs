//! How the portal is reached, and why it cannot be: addresses, proxies, TLS.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};

use crate::hotel::Hotel;

const DEAD_PROXY: &str = "http://user:s3cr3t@127.0.0.1:1";

/// A hotel with something to send, whose webhook was changed in this way.
fn hotel(change: impl Fn(&str) -> String) -> Hotel {
    let hotel = Hotel::running();
    hotel.guest(1, "comment = 'тихий номер'");
    let path = hotel.path("ecvi-b24.toml");
    let webhook = hotel.server().webhook();
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace(&webhook, &change(&webhook))).unwrap();
    hotel
}

/// A server that answers one connection without TLS.
fn plain_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut greeting = [0; 1024];
        let read = stream.read(&mut greeting).unwrap();
        assert!(read > 0);
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").unwrap();
    });
    address
}

#[test]
fn tls_that_was_never_set_up_leaves_no_doubt_and_names_its_cause() {
    let address = plain_server();
    let hotel = hotel(|_| format!("https://{address}/rest/1/abc/"));
    let said = hotel.exits(5, "sync");
    assert!(said.err.contains("не по TLS"), "{}", said.err);
    assert!(!said.err.contains("выяснят"), "{}", said.err);
}

#[test]
fn a_dead_proxy_is_named_without_its_password_and_is_no_dead_portal() {
    let hotel = hotel(|_| "https://hotel.example/rest/1/abc/".into());
    let proxy = [("HTTPS_PROXY", DEAD_PROXY.to_owned())];
    for command in ["sync", "check"] {
        let said = hotel.exits_in(&proxy, 5, command);
        let said = said.out + &said.err;
        assert!(said.contains("прокси http://127.0.0.1:1 (HTTPS_PROXY)"), "{said}");
        assert!(!said.contains("s3cr3t"), "{said}");
    }
    let shown = hotel.exits_in(&proxy, 0, "config show").out;
    assert!(
        shown.contains("# proxy: http://127.0.0.1:1 (HTTPS_PROXY)") && !shown.contains("s3cr3t"),
        "{shown}"
    );
}

#[test]
fn a_portal_on_this_machine_is_never_asked_for_through_a_proxy() {
    let hotel = hotel(str::to_owned);
    let proxies =
        ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"].map(|name| (name, DEAD_PROXY.to_owned()));
    assert_eq!(hotel.exits_in(&proxies, 0, "sync").out, "sync: изменено: гости 1\n");
}

#[test]
fn a_socks_proxy_is_refused_by_name() {
    let hotel = hotel(|_| "https://hotel.example/rest/1/abc/".into());
    let proxy = [("ALL_PROXY", "socks5://127.0.0.1:1080".to_owned())];
    let said = hotel.exits_in(&proxy, 3, "sync");
    assert!(said.err.contains("ALL_PROXY") && said.err.contains("SOCKS"), "{}", said.err);
}

#[test]
fn a_webhook_file_may_begin_with_a_byte_order_mark() {
    let hotel = Hotel::running();
    hotel.guest(1, "comment = 'тихий номер'");
    let webhook = hotel.server().webhook();
    fs::write(hotel.path("webhook"), format!("\u{feff}{webhook}\r\n")).unwrap();
    let path = hotel.path("ecvi-b24.toml");
    let text = fs::read_to_string(&path).unwrap();
    let line = format!("portal.webhook = '{webhook}'");
    fs::write(&path, text.replace(&line, "portal.webhook_file = 'webhook'")).unwrap();
    assert_eq!(hotel.sync(), "sync: изменено: гости 1\n");
}
