//! The lines of stdout.

use chrono::{DateTime, Utc};
use ocpp_core::station::{AskId, DisplayOrder, Event, EvseAction, EvseId, Job, JobId, JobUpdate, Question, RebootKind};
use ocpp_core::store::Ticket;
use ocpp_testkit::drivers::tokio::{Direction, StationOutput};
use serde::Serialize;

use crate::lines::LineError;

/// What one line tells.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Told<'a> {
    Started {
        id: &'a str,
        url: &'a str,
    },
    Event(&'a Event),
    Order {
        evse: EvseId,
        action: &'a EvseAction,
    },
    Ask {
        id: AskId,
        question: &'a Question,
    },
    Job {
        id: JobId,
        order: &'a Job,
    },
    /// How a job ended that the program did by itself.
    JobDone {
        id: JobId,
        outcome: &'a JobUpdate,
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<&'a str>,
    },
    Display(&'a DisplayOrder),
    SetClock(DateTime<Utc>),
    Reboot(RebootKind),
    LinkClosed {
        reason: &'a str,
    },
    StoreFailed {
        ticket: Ticket,
        reason: &'a str,
    },
    Frame {
        direction: Direction,
        text: &'a str,
    },
    Error(&'a LineError),
    Trouble {
        reason: String,
    },
}

impl<'a> From<&'a StationOutput> for Told<'a> {
    fn from(output: &'a StationOutput) -> Self {
        match output {
            StationOutput::Evse(evse, action) => Told::Order { evse: *evse, action },
            StationOutput::Job(id, order) => Told::Job { id: *id, order },
            StationOutput::Display(order) => Told::Display(order),
            StationOutput::SetClock(wall) => Told::SetClock(*wall),
            StationOutput::Reboot(kind) => Told::Reboot(*kind),
            StationOutput::Ask(id, question) => Told::Ask { id: *id, question },
            StationOutput::Event(event) => Told::Event(event),
            StationOutput::LinkClosed { reason } => Told::LinkClosed { reason },
            StationOutput::StoreFailed { ticket, reason } => Told::StoreFailed { ticket: *ticket, reason },
            StationOutput::Frame(direction, text) => Told::Frame { direction: *direction, text },
            StationOutput::Refused(error) => Told::Trouble { reason: error.to_string() },
        }
    }
}
