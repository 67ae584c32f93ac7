//! The sandbox portal as a program: `cargo run --example sandbox -- [--port N] [--unlimited]`.

use std::{env, thread};

use bitrix24_sandbox::{Portal, Server};

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = env::args().collect();
    let server = Server::start(portal(&arguments), port(&arguments))?;
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

/// `--port N`; 8024 without it.
fn port(arguments: &[String]) -> u16 {
    let mut after = arguments.iter().skip_while(|argument| *argument != "--port").skip(1);
    after.next().and_then(|port| port.parse().ok()).unwrap_or(8024)
}
