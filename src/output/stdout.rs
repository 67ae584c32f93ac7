//! What is told of a run: a plan before it (`--dry-run`), the progress of a long one, and one
//! line after a run.

use std::io::{BufWriter, ErrorKind, Write};

use anyhow::Result;

use crate::domain::visible_text::Visible;

/// Prints a finished text.
pub fn print(text: &str) -> Result<()> {
    print_with(|out| Ok(out.write_all(text.as_bytes())?))
}

/// Prints what `write` writes, as it is written. A reader that went away (`| head`) is no failure.
pub fn print_with(write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let mut out =
        Visible::new(BufWriter::new(crate::output::progress::BarSafeWriter(std::io::stdout().lock())));
    let written = write(&mut out).and_then(|()| Ok(out.flush()?));
    match written {
        Err(error) if is_broken_pipe(&error) => Ok(()),
        other => other,
    }
}

/// Tells what went wrong, on standard error. That nobody can be told, on a full disk, is no further fault.
pub fn print_error(text: &str) {
    // A line that is not the first one is none of the program's own.
    let text = text.replace('\n', "\n  ");
    drop(writeln!(Visible::new(std::io::stderr()), "ecvi-b24: {text}"));
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
