//! Printing, and how a program ends.
//!
//! The macros of the standard library panic when nobody reads any more, as after `| head -1`. These stand in their place in the
//! whole program: a reader that has gone ends it quietly, and what else fails ends it with a sentence.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use ocpp_testkit::drivers::tokio::tls::TlsError;
use ocpp_testkit::stores::advice;

macro_rules! print {
    ($($text:tt)*) => { $crate::print::out(format_args!($($text)*)) };
}

macro_rules! println {
    ($($text:tt)*) => { $crate::print::line(format_args!($($text)*)) };
}

macro_rules! eprintln {
    ($($text:tt)*) => { $crate::print::note(format_args!($($text)*)) };
}

/// The exit status of a program that could not start, or not go on.
pub const COULD_NOT: u8 = 2;

/// Prints to stdout.
pub fn out(text: fmt::Arguments<'_>) {
    written(io::stdout().lock().write_fmt(text));
}

/// Prints a line to stdout.
pub fn line(text: fmt::Arguments<'_>) {
    out(format_args!("{text}\n"));
}

/// Prints a line to stderr. Whether anybody reads it is nobody's business.
pub fn note(text: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Sees to it that what was printed arrives.
pub fn finish() {
    written(io::stdout().lock().flush());
}

fn written(outcome: io::Result<()>) {
    match outcome {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => {
            eprintln!("stdout: {error}; {}", advice(error.kind()));
            std::process::exit(i32::from(COULD_NOT));
        }
    }
}

/// Tells why a program could not start or go on. That nobody reads its output is no failure.
pub fn give_up(program: &str, error: &(dyn Error + 'static)) -> ExitCode {
    let is_unread = |error: &io::Error| error.kind() == ErrorKind::BrokenPipe;
    if error.downcast_ref::<io::Error>().is_some_and(is_unread) {
        return ExitCode::SUCCESS;
    }
    eprintln!("{program}: {error}");
    ExitCode::from(COULD_NOT)
}

/// One sentence about a file or an address that an option names: what is wrong, and what to do.
pub fn unusable(option: &str, what: impl fmt::Display, error: &io::Error) -> String {
    format!("{option} {what}: {error}; {}", advice(error.kind()))
}

/// Reads the file of an option.
pub fn read(option: &str, file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| unusable(option, file.display(), &error))
}

/// One sentence about a file of certificates or keys, with the option that names it.
pub fn unusable_tls(error: &TlsError, options: &[(&str, Option<&Path>)]) -> String {
    let named = |(_, file): &&(&str, Option<&Path>)| error.file().is_some() && *file == error.file();
    let option = options.iter().find(named).map_or("certificate and key", |(option, _)| option);
    format!("{option} {error}; give a file in PEM that fits")
}
