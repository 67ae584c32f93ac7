//! The sandbox portal as a program: `cargo run --example sandbox -- [--port N] [--unlimited] [--require KIND.FIELD]`.

use std::{env, io, thread};

use bitrix24_sandbox::{Kind, Portal, Server};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().collect();
    let mut portal = portal(&arguments);
    for word in after(&arguments, "--require") {
        let field =
            required(word).ok_or_else(|| io::Error::other(format!("--require {word}: no KIND.FIELD")))?;
        portal.settings.required.push(field);
    }
    let server = Server::start(portal, port(&arguments))?;
    println!("webhook = \"{}\"", server.webhook());
    println!("The CRM as a page: {}", server.address());
    println!("Ctrl+C ends it; nothing is kept.");
    loop {
        thread::park();
    }
}

/// With `--unlimited` the portal refuses nothing for being asked too much.
fn portal(arguments: &[String]) -> Portal {
    if arguments.iter().any(|argument| argument == "--unlimited") {
        Portal::unlimited()
    } else {
        Portal::new()
    }
}

/// `contact.BIRTHDATE`: who has none is refused, as where an administrator made the field mandatory.
fn required(word: &str) -> Option<(Kind, String)> {
    let (kind, field) = word.split_once('.')?;
    Some((Kind::of_word(kind)?, field.to_owned()))
}

/// `--port N`; 8024 without it.
fn port(arguments: &[String]) -> u16 {
    after(arguments, "--port").next().and_then(|port| port.parse().ok()).unwrap_or(8024)
}

/// What follows an option, each time that it is given.
fn after<'a>(arguments: &'a [String], option: &'a str) -> impl Iterator<Item = &'a String> {
    arguments.windows(2).filter(move |pair| pair[0] == option).map(|pair| &pair[1])
}
