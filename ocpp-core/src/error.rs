//! Mistakes of the caller. The peer's faults are answered on the wire and reported as events instead.

use ocpp_types::violation::Violation;
use thiserror::Error;

#[cfg(feature = "station")]
use crate::station::EvseId;
use crate::store::Ticket;

/// An input that the machine could not take. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MisuseError {
    /// The station has no such EVSE.
    #[cfg(feature = "station")]
    #[error("evse {} does not exist", .0.0)]
    UnknownEvse(EvseId),
    /// No store operation with this ticket waits for a confirmation.
    #[error("ticket {} was not issued", .0.0)]
    UnknownTicket(Ticket),
    /// No question with this id is open; a late answer is harmless, the default was taken.
    #[error("question {0} is not open")]
    UnknownQuestion(u64),
    /// The command cannot be carried out now.
    #[error("command refused: {0}")]
    Refused(&'static str),
    /// A payload of the application is not what its place asks for.
    #[error("payload: {0}")]
    Payload(Violation),
    /// A frame or pong came while no link was open.
    #[error("no link is open")]
    NoLink,
    /// The configuration contradicts itself.
    #[error("configuration: {0}")]
    Configuration(&'static str),
}
