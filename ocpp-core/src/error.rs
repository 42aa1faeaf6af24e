//! Mistakes of the caller. The peer's faults are answered on the wire and reported as events instead.

use ocpp_types::SmallString;
use ocpp_types::violation::Violation;
use thiserror::Error;

#[cfg(feature = "station")]
use crate::station::{ConnectorId, EvseId};
use crate::store::Ticket;

/// An input that the machine could not take. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MisuseError {
    /// The station has no such EVSE.
    #[cfg(feature = "station")]
    #[error("evse {} does not exist", .0.0)]
    UnknownEvse(EvseId),
    /// The EVSE has no such connector.
    #[cfg(feature = "station")]
    #[error("evse {} has no connector {}", .0.0, .1.0)]
    UnknownConnector(EvseId, ConnectorId),
    /// No store operation with this ticket waits for a confirmation.
    #[error("ticket {} was not issued", .0.0)]
    UnknownTicket(Ticket),
    /// No question with this id is open; a late answer is harmless, the default was taken.
    #[error("question {0} is not open")]
    UnknownQuestion(u64),
    /// The command cannot be carried out now.
    #[error("command refused: {0}")]
    Refused(Refusal),
    /// A payload of the application is not what its place asks for.
    #[error("payload: {0}")]
    Payload(Violation),
    /// A member of the configuration is impossible.
    #[error("configuration: {member}: {reason}")]
    Configuration {
        /// Its group and name.
        member: &'static str,
        /// What is wrong.
        reason: &'static str,
    },
    /// The configuration names something that is not there, or gives it a value that it cannot have.
    #[error("configuration: {member}: {name} {reason}")]
    Unfit {
        /// The group and name of the member of the configuration.
        member: &'static str,
        /// The name in it, as it was given.
        name: SmallString,
        /// What is wrong.
        reason: &'static str,
    },
}

/// Why a command or an answer was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No transaction runs at the EVSE.
    #[error("no transaction runs there")]
    NoTransaction,
    /// So much waits for the store that nothing can be added.
    #[error("the store does not answer")]
    StoreStuck,
    /// The station has no certificate of its own for this use.
    #[error("the station has no such certificate")]
    NoSuchCertificate,
    /// More certificates than can be watched.
    #[error("too many certificates are watched")]
    TooManyCertificates,
    /// A feature of the crate that is left out.
    #[error("it is not built in")]
    NotBuiltIn,
    /// A name is empty or too long.
    #[error("a name is empty or too long")]
    UnfitName,
    /// A text is longer than can be told.
    #[error("a text is too long")]
    TooLong,
    /// The answer is of another kind than its question.
    #[error("this is no answer to that question")]
    WrongAnswer,
    /// As many calls wait to be sent as may.
    #[error("too many calls wait")]
    TooManyCalls,
    /// There is no setting of this name.
    #[error("no such configuration key")]
    UnknownSetting,
    /// The setting cannot have this value.
    #[error("not a value of this configuration key")]
    UnfitValue,
    /// A command with this id is open.
    #[error("a command with this id is open")]
    CommandOpen,
    /// The session was not told the time.
    #[error("the wall clock was not told")]
    NoWallClock,
    /// The station is restarting.
    #[error("the station restarts")]
    Restarting,
}

impl MisuseError {
    /// A name in this member of the configuration is wrong.
    pub(crate) fn unfit(member: &'static str, name: &str, reason: &'static str) -> Self {
        MisuseError::Unfit { member, name: SmallString::new(name), reason }
    }
}
