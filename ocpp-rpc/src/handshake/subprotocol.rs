use alloc::string::String;

use crate::Dialect;

/// The version a server chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Both sides speak it; the response names it in `Sec-WebSocket-Protocol`.
    Agreed(Dialect),
    /// The station named no version and the server's rules assume this one; the response names none.
    Assumed(Dialect),
    /// No version in common: complete the handshake without naming one, then close the connection at once.
    Nothing,
}

impl Choice {
    /// The version spoken on the connection, if any.
    pub const fn dialect(self) -> Option<Dialect> {
        match self {
            Self::Agreed(dialect) | Self::Assumed(dialect) => Some(dialect),
            Self::Nothing => None,
        }
    }

    /// The value of the response's `Sec-WebSocket-Protocol` header, if it has one.
    pub const fn header(self) -> Option<&'static str> {
        match self {
            Self::Agreed(dialect) => Some(dialect.subprotocol()),
            Self::Assumed(_) | Self::Nothing => None,
        }
    }
}

/// The server's choice: the first of its versions that the station offers, whatever the station's order.
///
/// `headers` are the values of all `Sec-WebSocket-Protocol` headers, each a list. `assumed` is taken only if the station
/// offers nothing at all, not even something unknown.
pub fn choose(headers: &[&str], dialects: &[Dialect], assumed: Option<Dialect>) -> Choice {
    let offered = || headers.iter().flat_map(|header| header.split(',')).map(str::trim).filter(|name| !name.is_empty());
    match dialects.iter().find(|dialect| offered().any(|name| name == dialect.subprotocol())) {
        Some(dialect) => Choice::Agreed(*dialect),
        None if offered().next().is_none() => assumed.map_or(Choice::Nothing, Choice::Assumed),
        None => Choice::Nothing,
    }
}

/// The value of a station's `Sec-WebSocket-Protocol` header: its versions, the preferred one first.
pub fn offer(dialects: &[Dialect]) -> String {
    let mut header = String::new();
    for dialect in dialects {
        if !header.is_empty() {
            header.push_str(", ");
        }
        header.push_str(dialect.subprotocol());
    }
    header
}

/// Why a station cannot go on with a server's response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubprotocolError {
    /// The server names no version: it speaks none of those offered, and will close.
    #[error("server agreed to none of the offered versions")]
    NoneAgreed,
    /// The server names something that was not offered (RFC 6455 §4.1: the client must fail the connection).
    #[error("server chose a version that was not offered")]
    NotOffered,
}

/// The version a server chose, seen from the station: `header` is the response's `Sec-WebSocket-Protocol`, if any.
pub fn agreed(header: Option<&str>, offered: &[Dialect]) -> Result<Dialect, SubprotocolError> {
    let name = header.map(str::trim).filter(|name| !name.is_empty()).ok_or(SubprotocolError::NoneAgreed)?;
    let dialect = Dialect::from_subprotocol(name).filter(|dialect| offered.contains(dialect));
    dialect.ok_or(SubprotocolError::NotOffered)
}
