//! One connection: requests one after another, each with its hooks and its fault.

use std::io::{self, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::TimeDelta;

use crate::page;
use crate::php::{Php, parse_query};
use crate::portal::Reply;
use crate::request::gateway;
use crate::server::fault::Fault;
use crate::server::http::{self, Message};
use crate::server::{Exchange, Shared, lock};

/// Whether the connection goes on after an answer.
type KeepAlive = bool;

/// Answers requests until one side closes.
pub(crate) fn serve(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut input = BufReader::new(stream);
    let mut output = stream;
    while let Some(message) = http::read(&mut input, &mut output)? {
        let goes_on = respond(&message, stream, shared)?;
        if !goes_on || message.closes() || shared.stopping() {
            break;
        }
    }
    Ok(())
}

fn respond(message: &Message, stream: &TcpStream, shared: &Shared) -> io::Result<KeepAlive> {
    let Some(target) = target(&message.path) else {
        let found = page::page(&lock(&shared.portal), &message.path);
        let (status, html) = found.map_or((404, "<h1>404</h1>".to_owned()), |html| (200, html));
        return send(stream, &http::answer(status, "text/html", None, &html));
    };
    let number = shared.requests.fetch_add(1, Ordering::SeqCst) + 1;
    let params = params(message);
    let mut exchange = Exchange { number, method: target.method.clone(), params, reply: None };
    let fault = (lock(&shared.faults))(&exchange);
    (lock(&shared.before))(&exchange);
    let_people_act(&exchange, shared);
    exchange.reply = execute(&exchange, &target, fault.as_ref(), shared);
    (lock(&shared.after))(&exchange);
    shared.sleep(shared.pause(exchange.reply.as_ref().map_or(0.0, |reply| reply.seconds)));
    let delivered = deliver(fault, exchange.reply.clone(), message, stream, shared);
    (lock(&shared.answered))(&exchange);
    delivered
}

fn let_people_act(exchange: &Exchange, shared: &Shared) {
    let now = shared.now();
    let mut portal = lock(&shared.portal);
    portal.tick(now);
    (lock(&shared.people))(exchange, &mut portal);
}

/// The parts of `/rest/1/secret/crm.deal.add.json`.
struct Target {
    credentials: Option<(String, String)>,
    method: String,
}

fn target(path: &str) -> Option<Target> {
    // Double slashes are one (facts, section 14.2).
    let parts: Vec<&str> =
        path.strip_prefix("/rest/")?.split('/').filter(|part| !part.is_empty()).collect();
    let (method, before) = parts.split_last()?;
    let method = method.to_lowercase();
    let method = method.strip_suffix(".json").unwrap_or(&method).to_owned();
    let credentials = match before {
        [user, secret] => Some(((*user).to_owned(), (*secret).to_owned())),
        _ => None,
    };
    Some(Target { credentials, method })
}

/// The query's parameters, and the body's over them; a body that is not what it says is swallowed.
fn params(message: &Message) -> Php {
    let mut params = parse_query(&message.query);
    let text = String::from_utf8_lossy(&message.body);
    let kind = message.header("content-type").split(';').next().unwrap_or_default().trim();
    let body = if message.verb != "POST" {
        Php::empty()
    } else if kind == "application/json" {
        Php::from_json(&text).unwrap_or_default()
    } else {
        parse_query(&text)
    };
    if params.entries().is_empty() && body.is_array() {
        return body;
    }
    for (name, value) in body.entries() {
        params.set(name, value.clone());
    }
    params
}

/// Lets the portal execute what the fault leaves of a call.
fn execute(
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
    let commands = fault.and_then(Fault::commands);
    if commands == Some(0) {
        return None;
    }
    let known = target.credentials.as_ref().map(|(user, secret)| {
        *user == portal.settings.user.id.to_string() && *secret == portal.settings.secret
    });
    Some(portal.receive(known, &exchange.method, &exchange.params, now, commands))
}

/// Sends the answer, or what the fault makes of it.
fn deliver(
    fault: Option<Fault>,
    reply: Option<Reply>,
    message: &Message,
    stream: &TcpStream,
    shared: &Shared,
) -> io::Result<KeepAlive> {
    let reply = reply.unwrap_or_else(|| gateway(502, "Bad Gateway", 0.0));
    match fault {
        None => send(stream, &bytes(&reply, message)),
        Some(Fault::ResetBefore | Fault::ResetAfter) => Ok(false),
        Some(Fault::CutHeader) => cut(stream, &bytes(&reply, message), 20),
        Some(Fault::CutBody) => {
            let whole = bytes(&reply, message);
            cut(stream, &whole, whole.len() - reply.body.len() / 2 - 1)
        }
        Some(Fault::Garbled) => send(stream, &json(200, "{\"result\":<b>Warning</b>: ")),
        Some(Fault::Empty) => send(stream, &json(200, "")),
        Some(Fault::Html { status, .. }) => {
            send(stream, &bytes(&gateway(status, "Bad Gateway", 0.0), message))
        }
        Some(Fault::Silent { .. } | Fault::Late { .. }) => stay_silent(stream, shared),
        Some(Fault::Partial { then, .. }) => {
            deliver(Some(*then), Some(reply), message, stream, shared)
        }
        Some(Fault::Status { status, code }) => {
            let body = Php::map([("error", code.as_str()), ("error_description", "")]).json();
            send(stream, &json(status, &body))
        }
        Some(Fault::Redirect(host)) => send(
            stream,
            &bytes(
                &Reply { location: Some(host), ..gateway(302, "Moved Temporarily", 0.0) },
                message,
            ),
        ),
        Some(Fault::Answer { status, body }) => send(stream, &json(status, &body)),
        Some(Fault::Close) => {
            let answer = String::from_utf8_lossy(&bytes(&reply, message)).into_owned();
            send(
                stream,
                answer.replacen("Connection: keep-alive", "Connection: close", 1).as_bytes(),
            )?;
            Ok(false)
        }
        Some(Fault::Slow(time)) => {
            shared.sleep(time);
            send(stream, &bytes(&reply, message))
        }
    }
}

fn bytes(reply: &Reply, message: &Message) -> Vec<u8> {
    let html = reply.body.starts_with('<');
    let location = reply
        .location
        .as_ref()
        .map(|host| format!("{}{}", host.trim_end_matches('/'), message.path));
    let kind = if html { "text/html" } else { "application/json" };
    http::answer(reply.status, kind, location.as_deref(), &reply.body)
}

fn json(status: u16, body: &str) -> Vec<u8> {
    http::answer(status, "application/json", None, body)
}

fn send(mut stream: &TcpStream, bytes: &[u8]) -> io::Result<KeepAlive> {
    stream.write_all(bytes)?;
    Ok(true)
}

fn cut(stream: &TcpStream, bytes: &[u8], at: usize) -> io::Result<KeepAlive> {
    send(stream, &bytes[..at.min(bytes.len())])?;
    Ok(false)
}

/// Waits until the client gives up or the server ends.
fn stay_silent(mut stream: &TcpStream, shared: &Shared) -> io::Result<KeepAlive> {
    stream.set_read_timeout(Some(Duration::from_millis(20)))?;
    let mut byte = [0];
    while !shared.stopping() {
        match stream.read(&mut byte) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error)
                if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
    }
    Ok(false)
}
