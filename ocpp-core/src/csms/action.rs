//! Everything that a session orders or tells.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use ocpp_rpc::Dialect;
use ocpp_types::SmallString;
use serde::{Deserialize, Serialize};

use super::{
    AskId, CommandId, Fact, Finding, Question, RawFrame, RawPayload, RegistrationStatus, RepairNote, TransactionId,
    VariableResult,
};
use crate::store::Ticket;
use crate::text::Text;
use crate::time::Instant;

/// An order to carry out, or an event to know of. Exhaustive: the host must handle each.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Action {
    /// To the connection.
    Link(LinkAction),
    /// To the database; confirmed by [`Input::Stored`](super::Input::Stored) with the ticket.
    ///
    /// Facts become durable in ticket order, so that a crash leaves a prefix of the history. A ticket is a fact's place
    /// in the station's history for the station's life: after a failure, or out of a restored
    /// [`SessionState`](super::SessionState), the same fact comes again under the same ticket.
    Store {
        /// The place of the fact, from 1, without gaps.
        ticket: Ticket,
        /// The fact.
        fact: Fact,
    },
    /// A question to the application. Without an answer until the deadline, the default is taken.
    Ask {
        /// Names the question in the answer.
        id: AskId,
        /// The deadline.
        until: Instant,
        /// What is asked.
        question: Question,
    },
    /// How a command ended. Each command ends once.
    Answered {
        /// The command.
        id: CommandId,
        /// The station's answer, or why there is none.
        result: Result<CommandAnswer, CommandError>,
    },
    /// Something happened. May be ignored without harm.
    Event(Event),
}

/// An order to the connection.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum LinkAction {
    /// Send a text message.
    Send(#[cfg_attr(feature = "serde", serde(with = "crate::forms::text"))] Vec<u8>),
    /// Send a ping.
    Ping,
    /// Close the connection: it counts as closed now. No `Closed` need follow.
    Close(LinkEnd),
}

impl fmt::Debug for LinkAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkAction::Send(bytes) => write!(f, "Send({})", Text(bytes)),
            LinkAction::Ping => f.write_str("Ping"),
            LinkAction::Close(end) => write!(f, "Close({end:?})"),
        }
    }
}

/// Why the session closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkEnd {
    /// The station gave no sign of life in time.
    Silent,
}

/// What a station answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum CommandAnswer {
    /// To [`Command::RemoteStart`](super::Command::RemoteStart).
    RemoteStart(RemoteAnswer),
    /// To [`Command::RemoteStop`](super::Command::RemoteStop).
    RemoteStop(RemoteAnswer),
    /// To [`Command::GetConfiguration`](super::Command::GetConfiguration).
    Configuration {
        /// The keys that the station knows.
        known: Vec<ConfigurationKey>,
        /// The names that it does not know.
        unknown: Vec<SmallString>,
    },
    /// To [`Command::ChangeConfiguration`](super::Command::ChangeConfiguration).
    ConfigurationChange(ConfigurationStatus),
    /// To [`Command::GetVariables`](super::Command::GetVariables).
    Variables(Vec<VariableResult>),
    /// To [`Command::SetVariables`](super::Command::SetVariables).
    VariableChanges(Vec<VariableResult>),
    /// To a command that is carried out or not: Reset, ChangeAvailability, UnlockConnector, TriggerMessage, ClearCache.
    Status(StatusAnswer),
    /// To [`Command::Call`](super::Command::Call): the payload, JSON text.
    Call(String),
}

/// What a station says to a command, in the words of its version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StatusAnswer {
    /// The status, such as `Accepted`.
    pub status: SmallString,
    /// Why, as a word (2.x `statusInfo.reasonCode`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<SmallString>,
    /// More of it (2.x `statusInfo.additionalInfo`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub info: Option<String>,
}

/// Whether the station will start or stop a transaction, and what it says beside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RemoteAnswer {
    /// Whether it will.
    pub status: RemoteStatus,
    /// The transaction that runs already and is meant (2.x F01.FR.13).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<TransactionId>,
    /// Why not, as a word (2.x `statusInfo.reasonCode`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<SmallString>,
    /// More of it (2.x `statusInfo.additionalInfo`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub info: Option<String>,
}

impl From<RemoteStatus> for RemoteAnswer {
    fn from(status: RemoteStatus) -> Self {
        RemoteAnswer { status, transaction: None, reason: None, info: None }
    }
}

/// Whether the station will do as told (1.6 §7.39, 2.x RequestStartStopStatusEnumType).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RemoteStatus {
    /// It will try.
    Accepted,
    /// It will not.
    Rejected,
}

/// The fate of a changed configuration key (1.6 §7.22).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ConfigurationStatus {
    /// It is in force.
    Accepted,
    /// The value is refused, or the key is read-only.
    Rejected,
    /// It will be in force after a reboot.
    RebootRequired,
    /// The key is not known.
    NotSupported,
}

/// A configuration key of a station (1.6 §7.29).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigurationKey {
    /// Its name.
    pub key: SmallString,
    /// Whether the CSMS may not set it.
    pub readonly: bool,
    /// Its value, if it is known and may be read.
    pub value: Option<SmallString>,
}

/// Why a command has no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The station is not connected. Nothing was sent.
    #[error("the station is not connected")]
    NotConnected,
    /// Too many commands wait. Nothing was sent.
    #[error("too many commands wait")]
    QueueFull,
    /// The station was not accepted, and may not be told this (1.6 §4.2). Nothing was sent.
    #[error("not allowed while the station is {0:?}")]
    NotAllowed(RegistrationStatus),
    /// The command cannot be said in the version spoken. Nothing was sent.
    #[error("cannot be sent: {0}")]
    Unsendable(SmallString),
    /// The station answered with an error.
    #[error("the station answered {code}: {description}")]
    Refused {
        /// The error code, as the station spelled it.
        code: SmallString,
        /// What went wrong, in the station's words.
        description: SmallString,
        /// Details, JSON text.
        details: SmallString,
    },
    /// The answer breaks its schema. The command was received and may have been executed.
    #[error("the answer is malformed: {0}")]
    Malformed(SmallString),
    /// No answer came in time. The command may have been executed.
    #[error("no answer in time")]
    TimedOut,
    /// The connection went away.
    #[error("the connection was lost{}", if *.sent { ", the command may have been executed" } else { "" })]
    LinkLost {
        /// Whether the command was sent, and so may have been executed.
        sent: bool,
    },
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub enum Event {
    /// The station is connected.
    Connected {
        /// The version spoken.
        dialect: Dialect,
    },
    /// The station is not connected any more.
    Disconnected,
    /// The station sent a heartbeat.
    Heartbeat,
    /// The station reported what was recorded before; it was answered again.
    Repeated {
        /// The action's name.
        action: SmallString,
        /// The transaction, where there is one.
        transaction: Option<TransactionId>,
    },
    /// Something is odd about a report that is recorded.
    Found {
        /// The place of the fact.
        ticket: Ticket,
        /// The transaction, where there is one.
        transaction: Option<TransactionId>,
        /// What is odd.
        findings: Vec<Finding>,
    },
    /// More transactions run than are remembered: the end of this one will be recorded as an orphan.
    TransactionForgotten(TransactionId),
    /// The application did not answer in time, and the default was taken.
    Unanswered(AskId),
    /// A message broke its schema in ways that are allowed, and was read all the same.
    Repaired {
        /// The action's name; of an answer that of its call.
        action: SmallString,
        /// How often.
        count: usize,
        /// Where and how, the first of them.
        repairs: Vec<RepairNote>,
    },
    /// What could not be read, or in parts only, as it arrived. What was done of it, the events beside this one tell.
    Unread {
        /// The frame.
        frame: RawFrame,
    },
    /// The station told, or asked for, something that the session neither keeps nor decides: reports, monitored events, certificates and
    /// schedules of vehicles, and more (2.x). It was answered as by a CSMS that has nothing to give; a message of a stream, not at all.
    Notified {
        /// The action's name.
        action: SmallString,
        /// The payload.
        payload: RawPayload,
    },
    /// A message was refused with this error, or dropped where no answer is possible.
    FrameRefused {
        /// The error code, as it stood on the wire.
        code: Option<SmallString>,
        /// What was wrong.
        reason: SmallString,
    },
    /// A fact could not be stored and will be issued again.
    StoreTrouble {
        /// The fact.
        ticket: Ticket,
        /// When it is issued again.
        retry_at: Instant,
    },
}
