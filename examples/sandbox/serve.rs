//! The sandbox portal as a program: `cargo run --example sandbox -- --port 8024`.

use std::{env, thread};

use bitrix24_sandbox::{Portal, Server};

fn main() -> std::io::Result<()> {
    let server = Server::start(Portal::new(), port())?;
    println!("webhook = \"{}\"", server.webhook());
    println!("The CRM as a page: {}", server.address());
    println!("Ctrl+C ends it; nothing is kept.");
    loop {
        thread::park();
    }
}

/// `--port N`; 8024 without it.
fn port() -> u16 {
    let mut arguments = env::args().skip_while(|argument| argument != "--port").skip(1);
    arguments.next().and_then(|port| port.parse().ok()).unwrap_or(8024)
}
