//! The sandbox portal as a program: `cargo run --example sandbox -- --port 8024`.

use std::{io, thread};

use bitrix24_sandbox::{Kind, Portal, Server};
use clap::Parser;

/// A Bitrix24 portal in one process: nothing leaves the machine, nothing is kept
#[derive(Parser)]
#[command(name = "sandbox")]
struct Arguments {
    /// The port to listen at, on this machine alone
    #[arg(long, default_value_t = 8024)]
    port: u16,
    /// Refuse nothing for being asked too much
    #[arg(long)]
    unlimited: bool,
    /// A field that must be filled, e.g. contact.BIRTHDATE; may be given several times
    #[arg(long, value_name = "KIND.FIELD", value_parser = required_field)]
    require: Vec<(Kind, String)>,
}

fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let mut portal = if arguments.unlimited { Portal::unlimited() } else { Portal::new() };
    portal.settings.required.extend(arguments.require);
    let server = Server::start(portal, arguments.port)?;
    println!("webhook = \"{}\"", server.webhook());
    println!("The CRM as a page: {}", server.address());
    println!("Ctrl+C ends it; nothing is kept.");
    loop {
        thread::park();
    }
}

fn required_field(text: &str) -> Result<(Kind, String), String> {
    let (kind, field) =
        text.split_once('.').ok_or("it reads KIND.FIELD, e.g. contact.BIRTHDATE")?;
    let kind =
        Kind::of_word(kind).ok_or_else(|| format!("no kind {kind}: contact, company or deal"))?;
    Ok((kind, field.to_owned()))
}
