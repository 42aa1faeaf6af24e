//! JSON lines as they are read: with their numbers, bounded, and with the place of what is wrong.

use std::io::{self, BufRead, Read};

use serde::{Deserialize, Serialize};

/// The longest line in bytes, without its end: room for a frame of a mebibyte with every byte escaped.
pub const MAX_LINE: usize = 8 << 20;

/// What is wrong with a line. The reader goes on with the next one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineError {
    /// The number of the line, from 1.
    pub line: u64,
    /// The byte in the line, from 1, where reading stopped; 0 if the line was read but cannot be carried out.
    pub column: usize,
    /// What is wrong.
    pub reason: String,
}

/// A line with its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    number: u64,
    /// None if there are too many.
    bytes: Option<Vec<u8>>,
}

impl Line {
    /// The line with this number, from 1.
    pub fn new(number: u64, text: &str) -> Self {
        Line { number, bytes: Some(text.as_bytes().to_vec()) }
    }

    /// Whether nothing is on it.
    pub fn is_blank(&self) -> bool {
        self.bytes.as_ref().is_some_and(|bytes| bytes.iter().all(u8::is_ascii_whitespace))
    }

    /// Reads the line's one JSON value.
    ///
    /// # Errors
    /// When it is not one, or not of this type, or the line is too long.
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T, LineError> {
        let Some(bytes) = &self.bytes else {
            let reason = format!("longer than {MAX_LINE} bytes");
            return Err(LineError { line: self.number, column: MAX_LINE + 1, reason });
        };
        serde_json::from_slice(bytes).map_err(|error| {
            let text = error.to_string();
            // The library's own position counts lines within the value, of which there is one.
            let reason = text.split_once(" at line ").map_or(text.as_str(), |(reason, _)| reason).to_owned();
            LineError { line: self.number, column: error.column(), reason }
        })
    }

    /// Reads the line's one JSON object.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and when it is something else: a list would be read as members in order.
    pub fn parse_object<'a, T: Deserialize<'a>>(&'a self) -> Result<T, LineError> {
        let first = self.bytes.iter().flatten().position(|byte| !byte.is_ascii_whitespace());
        match first.and_then(|place| Some((place, self.bytes.as_ref()?.get(place)?))) {
            Some((place, b'[')) => {
                Err(LineError { line: self.number, column: place + 1, reason: "expected an object".to_owned() })
            }
            Some(_) | None => self.parse(),
        }
    }

    /// The line was understood, but cannot be carried out.
    pub fn refused(&self, reason: impl ToString) -> LineError {
        LineError { line: self.number, column: 0, reason: reason.to_string() }
    }
}

/// The lines of a reader.
#[derive(Debug)]
pub struct Lines<R> {
    reader: R,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// The lines from here on; the first one has the number 1.
    pub fn of(reader: R) -> Self {
        Lines { reader, number: 0 }
    }

    fn read(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        let mut bounded = self.reader.by_ref().take(MAX_LINE as u64 + 1);
        if bounded.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        self.number += 1;
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        } else if bytes.len() > MAX_LINE {
            self.reader.skip_until(b'\n')?;
            return Ok(Some(Line { number: self.number, bytes: None }));
        }
        Ok(Some(Line { number: self.number, bytes: Some(bytes) }))
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_names_the_line_and_the_column() {
        let parse = |text: &str| Line::new(3, text).parse::<serde_json::Value>();
        let error = parse(r#"{"plug":x}"#).unwrap_err();
        assert_eq!(error, LineError { line: 3, column: 9, reason: "expected value".to_owned() });
        assert_eq!(parse("{} {}").unwrap_err().reason, "trailing characters");
        assert_eq!(parse("\u{fffd}").unwrap_err().column, 1);
        let error = Line::new(1, " [5]").parse_object::<(u64,)>().unwrap_err();
        assert_eq!((error.column, error.reason.as_str()), (2, "expected an object"));
    }

    #[test]
    fn longest_line_is_read_and_a_longer_one_is_skipped() {
        let longest = format!("\"{}\"", "x".repeat(MAX_LINE - 2));
        let text = format!("1\n\n{longest}\n{longest} \n2");
        let lines: Vec<Line> = Lines::of(text.as_bytes()).map(Result::unwrap).collect();
        let [one, blank, long, longer, two] = &lines[..] else { panic!("{} lines", lines.len()) };
        assert_eq!(one.parse(), Ok(1));
        assert!(blank.is_blank() && !longer.is_blank());
        assert_eq!(long.parse::<String>().unwrap().len(), MAX_LINE - 2);
        let error = longer.parse::<String>().unwrap_err();
        assert_eq!((error.line, error.column), (4, MAX_LINE + 1));
        assert_eq!(two.parse(), Ok(2), "the last line needs no end");
    }
}
