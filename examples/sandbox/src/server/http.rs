//! As much HTTP/1.1 as a client needs: keep-alive, `Content-Length` and chunked bodies, `Expect:
//! 100-continue`.

use std::io::{self, BufRead, Read, Write};

use crate::php::split_at_first;

/// A request as it came over the wire.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Message {
    pub(crate) verb: String,
    /// The address without its query.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// A header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> &str {
        match self.headers.iter().find(|(key, _)| key == name) {
            Some((_, value)) => value,
            None => "",
        }
    }

    /// `application/json` of `application/json; charset=utf-8`.
    pub(crate) fn content_type(&self) -> &str {
        let (content_type, _) = split_at_first(self.header("content-type"), ';');
        content_type.trim()
    }

    /// Whether the client wants the connection to end after this request.
    pub(crate) fn closes(&self) -> bool {
        self.header("connection").eq_ignore_ascii_case("close")
    }
}

/// Reads the next request; `None` when the client closed the connection.
pub(crate) fn read_request(
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> io::Result<Option<Message>> {
    let first = read_line(input)?;
    if first.is_empty() {
        return Ok(None);
    }
    let mut words = first.split(' ');
    let verb = words.next().unwrap_or_default();
    let target = words.next().unwrap_or("/");
    let (path, query) = split_at_first(target, '?');
    let mut message = Message {
        verb: verb.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: read_headers(input)?,
        body: Vec::new(),
    };
    if message.header("expect").eq_ignore_ascii_case("100-continue") {
        output.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    message.body = read_body(input, &message)?;
    Ok(Some(message))
}

fn read_headers(input: &mut impl BufRead) -> io::Result<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let line = read_line(input)?;
        if line.is_empty() {
            return Ok(headers);
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
    }
}

fn read_body(input: &mut impl BufRead, message: &Message) -> io::Result<Vec<u8>> {
    if message.header("transfer-encoding").eq_ignore_ascii_case("chunked") {
        return read_chunks(input);
    }
    let length = message.header("content-length").parse().unwrap_or(0);
    let mut body = Vec::new();
    input.take(length).read_to_end(&mut body)?;
    Ok(body)
}

fn read_chunks(input: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = chunk_size(&read_line(input)?);
        if size == 0 {
            read_headers(input)?;
            return Ok(body);
        }
        input.take(size).read_to_end(&mut body)?;
        read_line(input)?;
    }
}

/// The size in the line before a chunk, `1a` or `1a;name=value`; what is none ends the body.
fn chunk_size(line: &str) -> u64 {
    let (size, _) = split_at_first(line, ';');
    u64::from_str_radix(size.trim(), 16).unwrap_or(0)
}

fn read_line(input: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    input.read_until(b'\n', &mut line)?;
    Ok(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
}

/// The bytes of an answer with its header.
pub(crate) fn write_answer(
    status: u16,
    content_type: &str,
    location: Option<&str>,
    body: &str,
) -> Vec<u8> {
    let location = match location {
        Some(address) => format!("Location: {address}\r\n"),
        None => String::new(),
    };
    let reason = reason_phrase(status);
    let length = body.len();
    format!(
        "HTTP/1.1 {status} {reason}\r\nServer: nginx\r\n\
         Content-Type: {content_type}; charset=utf-8\r\n\
         Content-Length: {length}\r\n{location}Connection: keep-alive\r\n\r\n{body}"
    )
    .into_bytes()
}

fn reason_phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        302 => "Moved Temporarily",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Time-out",
        _ => "Status",
    }
}
