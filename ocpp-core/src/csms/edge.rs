//! What a version of the protocol brings to the session: how its messages are read and written. Which versions there are, `edges` knows.

use alloc::string::String;

use chrono::{DateTime, Utc};
use compact_str::CompactString;
use ocpp_rpc::frame::Payload;
use ocpp_types::Violation;
use ocpp_types::lenient::{Decoded, Quirks};

use super::report::{Report, Response};
use super::{Command, CommandAnswer};

/// The functions of a version.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    /// Reads a call of the station.
    pub read: fn(&str, &Payload<'_>, Quirks) -> Result<Decoded<Report>, Unread>,
    /// Writes the answer to one, at the given time of day.
    pub respond: fn(&Response, DateTime<Utc>) -> Result<String, Violation>,
    /// Writes a command.
    pub command: fn(Command) -> Result<Call, CompactString>,
    /// Reads the answer to one.
    pub answer: fn(CommandKind, &Payload<'_>, Quirks) -> Result<Decoded<CommandAnswer>, Violation>,
}

/// Why a call of the station cannot be served.
#[derive(Clone, Debug)]
pub(crate) enum Unread {
    /// The version has no such action.
    UnknownAction,
    /// The action is not one that is served.
    UnservedAction,
    /// A value has the right form, and makes no sense.
    Value(&'static str),
    /// The payload breaks its schema.
    Violation(Violation),
}

impl From<Violation> for Unread {
    fn from(violation: Violation) -> Self {
        Unread::Violation(violation)
    }
}

/// A command as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub action: CompactString,
    pub payload: String,
}

/// What kind of answer a command gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommandKind {
    RemoteStart,
    RemoteStop,
    GetConfiguration,
    ChangeConfiguration,
    Call,
}

impl CommandKind {
    /// The name of what was called, for events.
    pub fn action(self) -> &'static str {
        match self {
            CommandKind::RemoteStart => "RemoteStart",
            CommandKind::RemoteStop => "RemoteStop",
            CommandKind::GetConfiguration => "GetConfiguration",
            CommandKind::ChangeConfiguration => "ChangeConfiguration",
            CommandKind::Call => "Call",
        }
    }
}

impl From<&Command> for CommandKind {
    fn from(command: &Command) -> Self {
        match command {
            Command::RemoteStart { .. } => CommandKind::RemoteStart,
            Command::RemoteStop { .. } => CommandKind::RemoteStop,
            Command::GetConfiguration { .. } => CommandKind::GetConfiguration,
            Command::ChangeConfiguration { .. } => CommandKind::ChangeConfiguration,
            Command::Call { .. } => CommandKind::Call,
        }
    }
}
