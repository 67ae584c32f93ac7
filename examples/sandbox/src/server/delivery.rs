//! The answer on its way to the client: here a fault loses, cuts, garbles or delays it.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::Shared;
use super::fault::Fault;
use super::http;
use crate::php::Php;
use crate::portal::Reply;
use crate::request::{gateway_page, redirect_to};

/// Whether the connection goes on after an answer.
pub(super) type KeepAlive = bool;

/// Bytes of the header that arrive of an answer that breaks off there.
const CUT_HEADER: usize = 20;

/// Sends the answer, or what the fault makes of it.
pub(super) fn deliver_reply(
    fault: Option<&Fault>,
    reply: &Reply,
    path: &str,
    stream: &TcpStream,
    shared: &Shared,
) -> io::Result<KeepAlive> {
    let bytes = encode_reply(reply, path);
    let Some(fault) = fault else { return send_bytes(stream, &bytes) };
    match fault {
        Fault::ResetBefore | Fault::ResetAfter => Ok(false),
        Fault::Silent { .. } | Fault::Late { .. } => stay_silent(stream, shared),
        Fault::CutHeader => send_part(stream, &bytes, CUT_HEADER),
        Fault::CutBody => send_part(stream, &bytes, bytes.len() - reply.body.len() / 2 - 1),
        Fault::Garbled => send_json(stream, 200, "{\"result\":<b>Warning</b>: "),
        Fault::Empty => send_json(stream, 200, ""),
        Fault::Html { status, .. } => {
            let page = gateway_page(*status, "Bad Gateway", 0.0);
            send_bytes(stream, &encode_reply(&page, path))
        }
        Fault::Status { status, code } => {
            let body = Php::map([("error", code.as_str()), ("error_description", "")]);
            send_json(stream, *status, &body.json())
        }
        Fault::Redirect(host) => send_bytes(stream, &encode_reply(&redirect_to(host), path)),
        Fault::Answer { status, body } => send_json(stream, *status, body),
        Fault::Partial { then, .. } => deliver_reply(Some(then), reply, path, stream, shared),
        Fault::Close => send_and_close(stream, &bytes),
        Fault::Slow(time) => {
            shared.sleep(*time);
            send_bytes(stream, &bytes)
        }
    }
}

fn encode_reply(reply: &Reply, path: &str) -> Vec<u8> {
    let is_html = reply.body.starts_with('<');
    let content_type = if is_html { "text/html" } else { "application/json" };
    let location = reply.location.as_ref();
    let location = location.map(|host| format!("{}{path}", host.trim_end_matches('/')));
    http::write_answer(reply.status, content_type, location.as_deref(), &reply.body)
}

pub(super) fn send_bytes(mut stream: &TcpStream, bytes: &[u8]) -> io::Result<KeepAlive> {
    stream.write_all(bytes)?;
    Ok(true)
}

fn send_json(stream: &TcpStream, status: u16, body: &str) -> io::Result<KeepAlive> {
    send_bytes(stream, &http::write_answer(status, "application/json", None, body))
}

/// Sends the first bytes, and the connection ends.
fn send_part(stream: &TcpStream, bytes: &[u8], length: usize) -> io::Result<KeepAlive> {
    send_bytes(stream, &bytes[..length.min(bytes.len())])?;
    Ok(false)
}

/// A proper answer that says that the connection ends, and then it does.
fn send_and_close(stream: &TcpStream, bytes: &[u8]) -> io::Result<KeepAlive> {
    let answer = String::from_utf8_lossy(bytes);
    let closing = answer.replacen("Connection: keep-alive", "Connection: close", 1);
    send_bytes(stream, closing.as_bytes())?;
    Ok(false)
}

/// Waits until the client gives up or the server ends.
fn stay_silent(mut stream: &TcpStream, shared: &Shared) -> io::Result<KeepAlive> {
    stream.set_read_timeout(Some(Duration::from_millis(20)))?;
    let mut byte = [0];
    while !shared.is_stopping() {
        match stream.read(&mut byte) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if is_timeout(&error) => {}
            Err(_) => break,
        }
    }
    Ok(false)
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
