//! What a version of the protocol brings to the session: how its messages are read and written. Which versions there are, `edges` knows.

use alloc::string::String;
use alloc::vec::Vec;

use chrono::{DateTime, Utc};
use ocpp_rpc::frame::Payload;
use ocpp_types::SmallString;
use ocpp_types::Violation;
use ocpp_types::enumeration::Enumeration;
use ocpp_types::lenient::{Decoded, Quirks, Repair};

use super::report::{Report, Response};
use super::{Command, CommandAnswer};

/// The functions of a version.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    /// Whether the version has such an action.
    pub knows: fn(&str) -> bool,
    /// Reads a call of the station.
    pub read: fn(&str, &Payload<'_>, Quirks) -> Result<Decoded<Report>, Unread>,
    /// Reads a message that is not answered, of which only the repairs matter: the application takes it as it came.
    pub read_unanswered: fn(&str, &Payload<'_>, Quirks) -> Result<Vec<Repair>, Unread>,
    /// Writes the answer to one, at the given time of day.
    pub respond: fn(&Response, DateTime<Utc>) -> Result<String, SmallString>,
    /// Writes a command.
    pub command: fn(Command) -> Result<Call, SmallString>,
    /// Reads the answer to one.
    pub answer: fn(CommandKind, &Payload<'_>, Quirks) -> Result<Decoded<CommandAnswer>, Violation>,
    /// What a call of ours asks the station to say: a pending one says nothing else. None if it may (1.6).
    pub asks_for: Option<fn(&Call) -> Option<SmallString>>,
}

/// Stands for a time that is not there: the ledger puts the server's clock in its place.
pub(crate) const NO_TIME: &str = "\"0000-01-01T00:00:00Z\"";

/// A word of an enumeration, or the text that stood in its place.
pub(crate) fn word<E: Enumeration>(value: E, repairs: &[Repair]) -> SmallString {
    let odd = value.as_unrecognized().and_then(|odd| repairs.get(odd.index()));
    SmallString::new(odd.map_or(value.as_str(), |repair| &repair.text))
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
    pub action: SmallString,
    pub payload: String,
}

/// What kind of answer a command gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommandKind {
    RemoteStart,
    RemoteStop,
    GetConfiguration,
    ChangeConfiguration,
    GetVariables,
    SetVariables,
    Reset,
    ChangeAvailability,
    UnlockConnector,
    TriggerMessage,
    ClearCache,
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
            CommandKind::GetVariables => "GetVariables",
            CommandKind::SetVariables => "SetVariables",
            CommandKind::Reset => "Reset",
            CommandKind::ChangeAvailability => "ChangeAvailability",
            CommandKind::UnlockConnector => "UnlockConnector",
            CommandKind::TriggerMessage => "TriggerMessage",
            CommandKind::ClearCache => "ClearCache",
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
            Command::GetVariables { .. } => CommandKind::GetVariables,
            Command::SetVariables { .. } => CommandKind::SetVariables,
            Command::Reset { .. } => CommandKind::Reset,
            Command::ChangeAvailability { .. } => CommandKind::ChangeAvailability,
            Command::UnlockConnector { .. } => CommandKind::UnlockConnector,
            Command::TriggerMessage { .. } => CommandKind::TriggerMessage,
            Command::ClearCache => CommandKind::ClearCache,
            Command::Call { .. } | Command::Unchecked { .. } => CommandKind::Call,
        }
    }
}
