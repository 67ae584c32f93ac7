//! Standard output and standard error, with control characters made visible.

use std::io::{BufWriter, ErrorKind, Write};

use anyhow::Result;

use crate::domain::visible_text::Visible;
use crate::output::progress::BarSafeWriter;

/// Prints a text on standard output.
pub fn print(text: &str) -> Result<()> {
    print_with(|out| Ok(out.write_all(text.as_bytes())?))
}

/// Prints what `write` writes while it writes. A reader that went away (`| head`) is no failure.
pub fn print_with(write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let mut out = Visible::new(BufWriter::new(BarSafeWriter(std::io::stdout().lock())));
    let written = write(&mut out).and_then(|()| Ok(out.flush()?));
    match written {
        Err(error) if is_broken_pipe(&error) => Ok(()),
        other => other,
    }
}

/// Prints an error on standard error. Where that fails too, on a full disk, nothing more can be
/// done.
pub fn print_error(text: &str) {
    // Only the first line begins with the program's name, so that no text can imitate another
    // message.
    let text = text.replace('\n', "\n  ");
    drop(writeln!(Visible::new(std::io::stderr()), "ecvi-b24: {text}"));
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
