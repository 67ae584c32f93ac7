//! As much HTTP/1.1 as a client needs: keep-alive, `Content-Length` and chunked bodies, `Expect:
//! 100-continue`.

use std::io::{self, BufRead, Read, Write};

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Message {
    pub(crate) verb: String,
    /// Without the query.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// A header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// Whether the client wants the connection to end after this request.
    pub(crate) fn closes(&self) -> bool {
        self.header("connection").eq_ignore_ascii_case("close")
    }
}

/// Reads the next request; `None` when the client closed the connection.
pub(crate) fn read(
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> io::Result<Option<Message>> {
    let first = line(input)?;
    if first.is_empty() {
        return Ok(None);
    }
    let mut words = first.split(' ');
    let verb = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or("/");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers = read_headers(input)?;
    let mut message =
        Message { verb, path: path.to_owned(), query: query.to_owned(), headers, body: Vec::new() };
    if message.header("expect").eq_ignore_ascii_case("100-continue") {
        output.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    message.body = read_body(input, &message)?;
    Ok(Some(message))
}

fn read_headers(input: &mut impl BufRead) -> io::Result<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let line = line(input)?;
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
        let head = line(input)?;
        let size = head
            .split(';')
            .next()
            .and_then(|size| u64::from_str_radix(size.trim(), 16).ok())
            .unwrap_or(0);
        if size == 0 {
            read_headers(input)?;
            return Ok(body);
        }
        input.take(size).read_to_end(&mut body)?;
        line(input)?;
    }
}

fn line(input: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    input.read_until(b'\n', &mut line)?;
    Ok(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
}

/// An answer as bytes.
pub(crate) fn answer(status: u16, kind: &str, location: Option<&str>, body: &str) -> Vec<u8> {
    let location = location.map_or_else(String::new, |to| format!("Location: {to}\r\n"));
    let reason = reason(status);
    let length = body.len();
    format!(
        "HTTP/1.1 {status} {reason}\r\nServer: nginx\r\nContent-Type: {kind}; charset=utf-8\r\n\
         Content-Length: {length}\r\n{location}Connection: keep-alive\r\n\r\n{body}"
    )
    .into_bytes()
}

fn reason(status: u16) -> &'static str {
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
