//! Everything that can be told to a session: facts, with the time of the call.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use chrono::{DateTime, Utc};
use ocpp_rpc::Dialect;
use ocpp_types::SmallString;
use serde::{Deserialize, Serialize};

use super::{Answer, AskId, IdToken, Place, TransactionId, VariableName};
use crate::store::Ticket;
use crate::text::Text;

/// A fact.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Input<'a> {
    /// About the connection with the station.
    Link(LinkInput<'a>),
    /// The fact of this ticket and all before it are durable.
    Stored(Ticket),
    /// The fact of this ticket could not be stored. The host drops it and all later ones; they will be issued again.
    StoreFailed(Ticket),
    /// The wall clock, to be read when the session is made, and again after the server's clock was changed.
    Wall(DateTime<Utc>),
    /// The application answers a question.
    Answer(AskId, Answer),
    /// The application wants something of the station. Always ends in one
    /// [`Action::Answered`](super::Action::Answered) with the same id.
    Command {
        /// Names the command in its answer. Not that of a command still open.
        id: CommandId,
        /// What is wanted.
        command: Command,
    },
    /// Time passed. Due at the deadline of `poll_timeout`, harmless at any time.
    Tick,
}

/// A fact about the connection. The host lets only the newest connection of a station speak: what an older one still
/// brings, its `Closed` among it, is dropped there. What comes while no connection is open is ignored.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum LinkInput<'a> {
    /// The handshake succeeded. If another connection was open, it counts as closed.
    Opened {
        /// The version of the subprotocol that was agreed on.
        dialect: Dialect,
    },
    /// A text message arrived.
    Frame(#[cfg_attr(feature = "serde", serde(with = "crate::forms::text"))] Cow<'a, [u8]>),
    /// A pong arrived.
    Pong,
    /// The connection is gone.
    Closed,
}

impl fmt::Debug for LinkInput<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkInput::Opened { dialect } => write!(f, "Opened({dialect})"),
            LinkInput::Frame(bytes) => write!(f, "Frame({})", Text(bytes)),
            LinkInput::Pong => f.write_str("Pong"),
            LinkInput::Closed => f.write_str("Closed"),
        }
    }
}

/// Names a command; chosen by the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CommandId(pub u64);

/// What the application can want of a station. `Debug` masks values: one may be a password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Start a transaction (1.6 §5.11, 2.x F01, F02).
    RemoteStart {
        /// The EVSE (1.6: connector), from 1; none leaves the choice to the station.
        evse: Option<u32>,
        /// The driver.
        token: IdToken,
        /// The group of the driver's token, for a station that looks for a reservation of it (2.x; 1.6 does not tell it).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<IdToken>,
        /// Names the command in the facts of the transaction that comes of it ([`EventInfo`](super::EventInfo)); 2.x only, where it is the
        /// command's own number if none is said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remote_start: Option<i64>,
    },
    /// Stop a transaction (1.6 §5.12, 2.x F03).
    RemoteStop {
        /// The transaction.
        transaction: TransactionId,
    },
    /// Read configuration keys (1.6 §5.8; 2.x has variables).
    GetConfiguration {
        /// Their names; none asks for all.
        keys: Vec<SmallString>,
    },
    /// Set a configuration key (1.6 §5.3; 2.x has variables).
    ChangeConfiguration {
        /// Its name.
        key: SmallString,
        /// Its value.
        value: SmallString,
    },
    /// Read variables (2.x B06; 1.6 has configuration keys).
    GetVariables {
        /// Which.
        variables: Vec<VariableName>,
    },
    /// Set variables (2.x B05; 1.6 has configuration keys).
    SetVariables {
        /// Which, and their values.
        variables: Vec<(VariableName, SmallString)>,
    },
    /// Restart the station, or an EVSE (1.6 §5.14, 2.x B11, B12).
    Reset {
        /// When.
        kind: ResetKind,
        /// The EVSE (2.x); none is the whole station.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evse: Option<u32>,
    },
    /// Put the station, an EVSE or a connector into service or out of it (1.6 §5.2, 2.x G03, G04).
    ChangeAvailability {
        /// Which.
        #[serde(default, skip_serializing_if = "Place::is_station")]
        place: Place,
        /// Whether into service.
        is_operative: bool,
    },
    /// Unlock a connector (1.6 §5.18, 2.x F05).
    UnlockConnector {
        /// Which.
        place: Place,
    },
    /// Have the station say something (1.6 §5.17, 2.x F06).
    TriggerMessage {
        /// What, as a word of the version.
        message: SmallString,
        /// Of which place, where that matters.
        #[serde(default, skip_serializing_if = "Place::is_station")]
        place: Place,
    },
    /// Empty the station's cache of tokens (1.6 §5.4, 2.x C11).
    ClearCache,
    /// Send any action, also a vendor's. In 2.x the payload of an action of the version obeys its schema; else it is not checked beyond
    /// being one JSON object.
    Call {
        /// The action's name.
        action: SmallString,
        /// The payload, JSON text.
        payload: String,
    },
    /// Send any action with a payload that is not checked beyond being one JSON object, as a peer that is tested may get it.
    Unchecked {
        /// The action's name.
        action: SmallString,
        /// The payload, JSON text.
        payload: String,
    },
}

/// When a station restarts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ResetKind {
    /// At once: transactions end (1.6 `Hard`).
    Immediate,
    /// When no transaction runs any more; in 1.6 `Soft`, which ends them.
    OnIdle,
}

impl Command {
    /// Starts a transaction.
    pub fn remote_start(evse: Option<u32>, token: IdToken) -> Self {
        Command::RemoteStart { evse, token, group: None, remote_start: None }
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Command::RemoteStart { evse, token, .. } => {
                f.debug_struct("RemoteStart").field("evse", evse).field("token", token).finish()
            }
            Command::RemoteStop { transaction } => write!(f, "RemoteStop({transaction})"),
            Command::GetConfiguration { keys } => f.debug_tuple("GetConfiguration").field(keys).finish(),
            Command::ChangeConfiguration { key, .. } => write!(f, "ChangeConfiguration({key}, ***)"),
            Command::GetVariables { variables } => f.debug_tuple("GetVariables").field(variables).finish(),
            Command::SetVariables { variables } => {
                f.write_str("SetVariables(")?;
                f.debug_list().entries(variables.iter().map(|(name, _)| name)).finish()?;
                f.write_str(")")
            }
            Command::Reset { kind, evse } => write!(f, "Reset({kind:?}, {evse:?})"),
            Command::ChangeAvailability { place, is_operative } => {
                write!(f, "ChangeAvailability({place}, {is_operative})")
            }
            Command::UnlockConnector { place } => write!(f, "UnlockConnector({place})"),
            Command::TriggerMessage { message, place } => write!(f, "TriggerMessage({message}, {place})"),
            Command::ClearCache => f.write_str("ClearCache"),
            Command::Call { action, .. } => write!(f, "Call({action}, ***)"),
            Command::Unchecked { action, .. } => write!(f, "Unchecked({action}, ***)"),
        }
    }
}
