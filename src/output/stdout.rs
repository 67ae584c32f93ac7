//! Standard output and standard error, with control characters made visible.

use std::io::{BufWriter, ErrorKind, Write};

use crate::domain::run_error::Result;
use crate::domain::visible_text::Visible;
use crate::output::progress::BarSafeWriter;

/// Prints a text on standard output.
pub fn print(text: &str) -> Result<()> {
    print_with(|out| Ok(out.write_all(text.as_bytes())?))
}

/// Prints what `write` writes while it writes. A reader that went away (`| head`) is no failure.
pub fn print_with(write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let mut reader_left = false;
    let stdout = PipeWriter { inner: std::io::stdout().lock(), reader_left: &mut reader_left };
    let mut out = Visible::new(BufWriter::new(BarSafeWriter(stdout)));
    let written = write(&mut out).and_then(|()| Ok(out.flush()?));
    drop(out);
    if reader_left { Ok(()) } else { written }
}

/// Notes that the reader of a pipe went away.
struct PipeWriter<'n, W> {
    inner: W,
    reader_left: &'n mut bool,
}

impl<W> PipeWriter<'_, W> {
    fn note<T>(&mut self, result: std::io::Result<T>) -> std::io::Result<T> {
        *self.reader_left |=
            result.as_ref().is_err_and(|error| error.kind() == ErrorKind::BrokenPipe);
        result
    }
}

impl<W: Write> Write for PipeWriter<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.inner.write(bytes);
        self.note(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let flushed = self.inner.flush();
        self.note(flushed)
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
