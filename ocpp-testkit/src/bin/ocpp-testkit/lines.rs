//! JSON lines: commands on stdin, one object each, and what happens on stdout.

use std::io::{self, BufRead, Write};
use std::str::FromStr;

use chrono::{SecondsFormat, Utc};
use ocpp_rpc::Dialect;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// What is wrong with a line of stdin. The program goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineError {
    /// The number of the line, from 1.
    pub line: u64,
    /// The byte in the line, from 1, where reading stopped; 0 if the line was read but cannot be carried out.
    pub column: usize,
    /// What is wrong.
    pub reason: String,
}

/// A line of stdin with its number.
pub struct Line {
    pub number: u64,
    bytes: Vec<u8>,
}

impl Line {
    /// Reads the line's one JSON value.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, LineError> {
        serde_json::from_slice(&self.bytes).map_err(|error| {
            let text = error.to_string();
            // The library's own position counts lines within the value, of which there is one.
            let reason = text.split_once(" at line ").map_or(text.as_str(), |(reason, _)| reason).to_owned();
            LineError { line: self.number, column: error.column(), reason }
        })
    }

    /// The line was understood, but cannot be carried out.
    pub fn refused(&self, reason: impl ToString) -> LineError {
        LineError { line: self.number, column: 0, reason: reason.to_string() }
    }
}

/// The lines of stdin that are not blank, read by a thread of their own. At the end of stdin the program goes on.
pub fn stdin() -> io::Result<UnboundedReceiver<Line>> {
    let (sender, lines) = unbounded_channel();
    std::thread::Builder::new().name("stdin".to_owned()).spawn(move || {
        for (bytes, number) in io::stdin().lock().split(b'\n').map_while(Result::ok).zip(1..) {
            let is_blank = bytes.iter().all(u8::is_ascii_whitespace);
            if !is_blank && sender.send(Line { number, bytes }).is_err() {
                break;
            }
        }
    })?;
    Ok(lines)
}

/// Writes one line: the time and what is told.
pub fn tell(told: &impl Serialize) -> io::Result<()> {
    #[derive(Serialize)]
    struct Timed<'a, T> {
        at: String,
        #[serde(flatten)]
        told: &'a T,
    }
    let at = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
    let mut line = serde_json::to_vec(&Timed { at, told })?;
    line.push(b'\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(&line)?;
    stdout.flush()
}

/// A version as the command line names it: `1.6`, `2.0.1` or `2.1`.
#[derive(Clone, Copy, Debug)]
pub struct Version(pub Dialect);

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Dialect::from_subprotocol(&format!("ocpp{text}")).map(Version).ok_or_else(|| "1.6, 2.0.1 or 2.1".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        Line { number: 3, bytes: text.as_bytes().to_vec() }
    }

    #[test]
    fn error_names_the_line_and_the_column() {
        let error = line(r#"{"plug":x}"#).parse::<serde_json::Value>().unwrap_err();
        assert_eq!(error, LineError { line: 3, column: 9, reason: "expected value".to_owned() });
        assert_eq!(line("{} {}").parse::<serde_json::Value>().unwrap_err().reason, "trailing characters");
        assert_eq!(line("\u{fffd}").parse::<serde_json::Value>().unwrap_err().column, 1);
    }

    #[test]
    fn version_is_named_by_its_number() {
        assert_eq!("2.0.1".parse::<Version>().unwrap().0, Dialect::V2_0_1);
        assert!("ocpp1.6".parse::<Version>().is_err());
        assert!("2.0".parse::<Version>().is_err());
    }
}
