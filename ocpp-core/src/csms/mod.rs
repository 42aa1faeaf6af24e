//! The boundary of a CSMS's session with one station: facts in, orders out, whatever version is spoken.
//!
//! A [`Session`] belongs to a station identity and outlives its connections. What a station reports becomes a [`Fact`]
//! that the application's database commits ([`Action::Store`]); the answer to the station leaves only after that commit
//! was confirmed, so "answered" means "in the database". What the application decides is a [`Question`] with a deadline
//! and a default. What it wants of the station is a [`Command`] with a typed answer.

mod action;
mod config;
pub(crate) mod edge;
mod fact;
mod fingerprint;
mod input;
pub(crate) mod ledger;
mod question;
pub(crate) mod report;
mod session;
mod state;

pub use action::{
    Action, CommandAnswer, CommandError, ConfigurationKey, ConfigurationStatus, Event, LinkAction, LinkEnd,
    RemoteStatus,
};
pub use config::{Limits, SessionConfig};
pub use fact::{
    Attribution, Booted, Consumption, Fact, MeterValue, OrphanStop, SampledValue, Samples, Started, StationInfo,
    StatusReport, StopReport, Stopped, TransactionId,
};
pub use input::{Command, CommandId, Input, LinkInput};
pub use question::{Answer, Authorization, Question};
pub use session::Session;
pub use state::SessionState;

pub use crate::station::{AskId, AuthorizationStatus, DataTransferStatus, IdToken, RegistrationStatus};
