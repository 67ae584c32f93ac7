//! One connection: requests one after another, each with its hooks and its fault.

use std::io::{self, BufReader};
use std::net::TcpStream;
use std::sync::atomic::Ordering;

use chrono::TimeDelta;

use super::delivery::{KeepAlive, deliver_reply, send_bytes};
use super::fault::Fault;
use super::http::{self, Message};
use super::{Exchange, Shared, lock};
use crate::access::Credentials;
use crate::page;
use crate::php::{Php, parse_query};
use crate::portal::Reply;
use crate::request::gateway_page;

/// Answers requests until one side closes.
pub(super) fn serve_connection(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut input = BufReader::new(stream);
    let mut output = stream;
    while let Some(message) = http::read_request(&mut input, &mut output)? {
        let keeps_alive = answer_request(&message, stream, shared)?;
        if !keeps_alive || message.closes() || shared.is_stopping() {
            break;
        }
    }
    Ok(())
}

fn answer_request(message: &Message, stream: &TcpStream, shared: &Shared) -> io::Result<KeepAlive> {
    let Some(target) = Target::from_path(&message.path) else {
        return send_page(&message.path, stream, shared);
    };
    let mut exchange = Exchange {
        number: shared.requests.fetch_add(1, Ordering::SeqCst) + 1,
        method: target.method.clone(),
        params: read_params(message),
        reply: None,
    };
    let fault = (lock(&shared.faults))(&exchange);
    (lock(&shared.before))(&exchange);
    let_people_act(&exchange, shared);
    exchange.reply = execute_call(&exchange, &target, fault.as_ref(), shared);
    (lock(&shared.after))(&exchange);
    if let Some(reply) = &exchange.reply {
        shared.sleep(shared.real_time(reply.seconds));
    }
    let no_reply = gateway_page(502, "Bad Gateway", 0.0);
    let reply = exchange.reply.as_ref().unwrap_or(&no_reply);
    let delivered = deliver_reply(fault.as_ref(), reply, &message.path, stream, shared);
    (lock(&shared.answered))(&exchange);
    delivered
}

/// The browsable page, for addresses outside of the REST interface.
fn send_page(path: &str, stream: &TcpStream, shared: &Shared) -> io::Result<KeepAlive> {
    let (status, html) = match page::find_page(&lock(&shared.portal), path) {
        Some(html) => (200, html),
        None => (404, "<h1>404</h1>".to_owned()),
    };
    send_bytes(stream, &http::write_answer(status, "text/html", None, &html))
}

fn let_people_act(exchange: &Exchange, shared: &Shared) {
    let now = shared.now();
    let mut portal = lock(&shared.portal);
    portal.tick(now);
    (lock(&shared.people))(exchange, &mut portal);
}

/// The parts of `/rest/1/secret/crm.deal.add.json`.
struct Target {
    /// The user's id and the secret, should both be there.
    credentials: Option<(String, String)>,
    /// In lower case, without `.json`.
    method: String,
}

impl Target {
    /// `None` for an address outside of the REST interface.
    fn from_path(path: &str) -> Option<Target> {
        // Double slashes are one (facts, section 14.2).
        let rest = path.strip_prefix("/rest/")?.split('/');
        let parts: Vec<&str> = rest.filter(|part| !part.is_empty()).collect();
        let (method, before) = parts.split_last()?;
        let method = method.to_lowercase();
        let method = method.strip_suffix(".json").unwrap_or(&method).to_owned();
        let credentials = match before {
            [user, secret] => Some(((*user).to_owned(), (*secret).to_owned())),
            _ => None,
        };
        Some(Target { credentials, method })
    }
}

/// The query's parameters, and the body's over them; a body that is not what it says is swallowed.
fn read_params(message: &Message) -> Php {
    let mut params = parse_query(&message.query);
    let body = read_body_params(message);
    if params.entries().is_empty() && body.is_array() {
        return body;
    }
    for (name, value) in body.entries() {
        params.set(name, value.clone());
    }
    params
}

fn read_body_params(message: &Message) -> Php {
    if message.verb != "POST" {
        return Php::empty();
    }
    let text = String::from_utf8_lossy(&message.body);
    if message.content_type() == "application/json" {
        Php::from_json(&text).unwrap_or_default()
    } else {
        parse_query(&text)
    }
}

/// Lets the portal execute what the fault leaves of a call; `None` where that is nothing.
fn execute_call(
    exchange: &Exchange,
    target: &Target,
    fault: Option<&Fault>,
    shared: &Shared,
) -> Option<Reply> {
    let now = shared.now();
    let mut portal = lock(&shared.portal);
    if let Some(Fault::Late { after }) = fault {
        let after = TimeDelta::from_std(*after).unwrap_or(TimeDelta::MAX);
        portal.defer(&exchange.method, exchange.params.clone(), now + after);
        return None;
    }
    let commands = fault.and_then(Fault::executed_commands);
    if commands == Some(0) {
        return None;
    }
    let credentials = match &target.credentials {
        Some((user, secret)) if portal.settings.knows_webhook(user, secret) => Credentials::Right,
        Some(_) => Credentials::Wrong,
        None => Credentials::Missing,
    };
    let reply =
        portal.handle_request(credentials, &exchange.method, &exchange.params, now, commands);
    Some(reply)
}
