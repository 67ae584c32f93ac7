//! Real sockets: keep-alive, body forms, faults, hooks, the page.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bitrix24_sandbox::{Fault, Kind, Portal, Server};
use serde_json::json;

const ADD: &str = r#"{"fields":{"TITLE":"A+B"}}"#;

fn server() -> Server {
    Server::start(Portal::new(), 0).unwrap()
}

/// Everything that comes back on a connection of its own.
fn exchange(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    String::from_utf8(answer).unwrap()
}

fn post(server: &Server, method: &str, content_type: &str, body: &str) -> String {
    let length = body.len();
    let request = format!(
        "POST /rest/1/sandbox/{method} HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    exchange(server, &request)
}

fn get(server: &Server, path: &str) -> String {
    exchange(server, &format!("GET {path} HTTP/1.1\r\nConnection: close\r\n\r\n"))
}

fn add(server: &Server) -> String {
    post(server, "crm.deal.add.json", "application/json", ADD)
}

fn deals(server: &Server) -> usize {
    server.portal().count(Kind::Deal)
}

#[test]
fn json_form_and_get_are_the_same_call() {
    let server = server();
    assert!(add(&server).contains("\"result\":1"));
    post(&server, "crm.deal.add", "application/x-www-form-urlencoded", "fields[TITLE]=A%2BB");
    get(&server, "/rest/1/sandbox/crm.deal.add?fields[TITLE]=A%2BB");
    let portal = server.portal();
    let titles: Vec<&str> = portal.records(Kind::Deal).map(|deal| deal.text("TITLE")).collect();
    assert_eq!(titles, ["A+B"; 3]);
}

#[test]
fn a_body_that_is_no_json_is_swallowed() {
    let server = server();
    let answer = post(&server, "crm.deal.add", "application/json; charset=utf-8", "{\"fields\":");
    assert!(answer.contains("\"result\":1"), "{answer}");
    let answer = post(&server, "crm.deal.add", "text/plain", ADD);
    assert!(answer.contains("\"result\":2"), "{answer}");
    assert!(
        server.portal().records(Kind::Deal).all(|deal| deal.text("TITLE").starts_with("Сделка"))
    );
}

#[test]
fn a_connection_serves_several_requests() {
    let server = server();
    let one = "GET /rest/1/sandbox/scope HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_eq!(exchange(&server, &one.repeat(3)).matches("HTTP/1.1 200").count(), 3);
}

#[test]
fn a_chunked_body_is_read() {
    let server = server();
    let header = "POST /rest/1/sandbox/crm.deal.add HTTP/1.1\r\nContent-Type: application/json\r\n\
                  Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    let chunks = "b\r\n{\"fields\":{\r\n2\r\n}}\r\n0\r\n\r\n";
    assert!(exchange(&server, &format!("{header}{chunks}")).contains("\"result\":1"));
}

#[test]
fn a_wrong_secret_and_no_secret_are_unauthorized() {
    let server = server();
    let wrong = get(&server, "/rest/1/wrong/scope");
    assert!(wrong.starts_with("HTTP/1.1 401") && wrong.contains("INVALID_CREDENTIALS"));
    assert!(get(&server, "/rest/scope").contains("NO_AUTH_FOUND"));
    // Double slashes are one.
    assert!(get(&server, "/rest/1/sandbox//profile").contains("\"ADMIN\":true"));
    assert!(get(&server, "/rest/1/wrong/crm.nope").contains("ERROR_METHOD_NOT_FOUND"));
}

#[test]
fn each_fault_is_what_it_says_and_executes_what_it_says() {
    let cases = [
        (Fault::ResetBefore, 0, ""),
        (Fault::ResetAfter, 1, ""),
        (Fault::CutHeader, 1, "HTTP/1.1 200 OK\r\nSer|"),
        (Fault::Garbled, 1, "Warning"),
        (Fault::Empty, 1, "Content-Length: 0"),
        (Fault::Html { status: 502, executed: true }, 1, "502 Bad Gateway</h1>"),
        (Fault::Html { status: 504, executed: false }, 0, "HTTP/1.1 504"),
        (Fault::Silent { executed: true }, 1, ""),
        (Fault::Silent { executed: false }, 0, ""),
        (Fault::status(503, "QUERY_LIMIT_EXCEEDED"), 0, "QUERY_LIMIT_EXCEEDED"),
        (
            Fault::Redirect("https://new.ru".to_owned()),
            0,
            "Location: https://new.ru/rest/1/sandbox/crm.deal.add.json",
        ),
        (Fault::Slow(Duration::from_millis(50)), 1, "\"result\":1"),
    ];
    for (fault, executed, part) in cases {
        let server = server();
        server.queue([Some(fault.clone())]);
        let answer = add(&server);
        let fits = match part.strip_suffix('|') {
            // It ends there.
            Some(whole) => answer == whole,
            None if part.is_empty() => answer.is_empty(),
            None => answer.contains(part),
        };
        assert!(fits, "{fault:?}: {answer}");
        assert_eq!(deals(&server), executed, "{fault:?}");
        assert!(add(&server).contains("\"result\""), "{fault:?}");
    }
}

#[test]
fn a_cut_body_is_shorter_than_it_says() {
    let server = server();
    server.queue([Some(Fault::CutBody)]);
    let answer = add(&server);
    assert!(answer.contains("{\"result\":1") && !answer.ends_with('}'));
}

#[test]
fn part_of_a_batch_is_executed_before_the_fault() {
    let server = server();
    let command = "crm.deal.add?fields[x]=";
    let cmd = json!({ "cmd": { "a": command, "b": command, "c": command } }).to_string();
    server.faults(|exchange| {
        exchange
            .calls("crm.deal.add")
            .then(|| Fault::Html { status: 502, executed: true }.after_commands(2))
    });
    assert!(post(&server, "batch", "application/json", &cmd).contains("502"));
    assert_eq!(deals(&server), 2);
}

#[test]
fn a_late_call_takes_effect_after_the_client_gave_up() {
    let server = server();
    server.queue([Some(Fault::Late { after: Duration::from_secs(50) })]);
    assert_eq!(add(&server), "");
    assert_eq!(deals(&server), 0);
    server.advance(Duration::from_secs(51));
    assert_eq!(deals(&server), 1);
}

#[test]
fn hooks_run_before_and_after_the_execution() {
    let server = server();
    let seen = Arc::new(AtomicU64::new(0));
    let before = Arc::clone(&seen);
    let after = Arc::clone(&seen);
    server.before(move |exchange| {
        assert!(exchange.reply.is_none());
        before.fetch_add(exchange.number, Ordering::SeqCst);
    });
    server.after(move |exchange| {
        assert!(exchange.reply.is_some());
        after.fetch_add(10, Ordering::SeqCst);
    });
    add(&server);
    assert_eq!((seen.load(Ordering::SeqCst), server.requests()), (11, 1));
}

#[test]
fn people_act_between_two_requests() {
    let server = server();
    server.people(|exchange, portal| {
        if exchange.number == 2 {
            portal.delete(Kind::Deal, 1);
        }
    });
    assert!(add(&server).contains("\"result\":1"));
    assert!(post(&server, "crm.deal.list", "application/json", "{}").contains("\"result\":[]"));
}

#[test]
fn the_clock_can_be_set_and_scaled_and_work_can_be_slept() {
    let server = server();
    server.set_time("2020-05-20T00:00:00Z".parse().unwrap());
    assert!(
        exchange(&server, "GET /rest/1/sandbox/server.time HTTP/1.1\r\n\r\n")
            .contains("2020-05-20T03:00:0")
    );
    server.set_scale(1000.0);
    std::thread::sleep(Duration::from_millis(20));
    assert!(
        (server.now() - "2020-05-20T00:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap())
            .num_seconds()
            > 10
    );
    server.portal().settings.cost = 0.1;
    server.set_sleep(1.0);
    let begun = Instant::now();
    add(&server);
    assert!(begun.elapsed() >= Duration::from_millis(100));
}

#[test]
fn dropping_the_server_ends_silent_connections_at_once() {
    let server = server();
    server.queue([Some(Fault::Silent { executed: false })]);
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.write_all(b"GET /rest/1/sandbox/scope HTTP/1.1\r\n\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(50));
    let begun = Instant::now();
    drop(server);
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    assert!(answer.is_empty() && begun.elapsed() < Duration::from_secs(1));
}

#[test]
fn the_page_shows_the_hotel_and_escapes_it() {
    let server = server();
    let body =
        json!({ "fields": { "TITLE": "Заявка <№1>", "STAGE_ID": "WON", "CONTACT_IDS": [1] } })
            .to_string();
    post(&server, "crm.contact.add", "application/json", r#"{"fields":{"LAST_NAME":"Приходько"}}"#);
    post(&server, "crm.deal.add", "application/json", &body);
    assert!(get(&server, "/").contains("Заявка &lt;№1&gt;"));
    let card = get(&server, "/crm/deal/details/1/");
    assert!(
        card.contains("Сделка успешна")
            && card.contains("/crm/contact/details/1/")
            && card.contains("Приходько")
    );
    assert!(get(&server, "/crm/deal/details/9/").starts_with("HTTP/1.1 404"));
}
