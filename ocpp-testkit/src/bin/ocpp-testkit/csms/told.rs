//! The lines of stdout.

use std::net::SocketAddr;

use ocpp_core::csms::{Answer, CommandAnswer, CommandError, Event, Fact, Question};
use ocpp_core::store::Ticket;
use ocpp_rpc::Dialect;
use ocpp_testkit::drivers::tokio::Direction;
use serde::Serialize;
use serde_json::Value;

use super::check;
use crate::lines::LineError;

/// What one line tells.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Told<'a> {
    /// Ready; whether stations must prove who they are, and whether tokens are looked up.
    Listening {
        url: &'a str,
        authentication: bool,
        tokens: bool,
    },
    Event {
        station: &'a str,
        event: &'a Event,
    },
    Asked {
        station: &'a str,
        question: &'a Question,
        answer: &'a Answer,
    },
    Stored {
        station: &'a str,
        ticket: Ticket,
        fact: &'a Fact,
    },
    Answer(Box<CommandEnd<'a>>),
    StoreFailed {
        station: &'a str,
        ticket: Ticket,
        reason: &'a str,
    },
    /// The certificate by which a station has connected.
    Certificate {
        station: &'a str,
        serial_number: &'a str,
    },
    LinkClosed {
        station: &'a str,
        reason: &'a str,
    },
    Refused {
        peer: SocketAddr,
        reason: &'a str,
    },
    /// There is no room for another connection.
    Full {
        peer: SocketAddr,
        reason: String,
    },
    Frame {
        station: &'a str,
        direction: Direction,
        text: &'a str,
    },
    Error(&'a LineError),
    Trouble {
        reason: &'a str,
    },
}

/// How a command of stdin ended.
#[derive(Debug, Serialize)]
pub struct CommandEnd<'a> {
    station: &'a str,
    action: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a Value>,
    /// What the station answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Value>,
    /// What is wrong with that answer by the version's schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    violation: Option<String>,
    /// Why there is no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

impl<'a> Told<'a> {
    pub fn answer(
        (station, version): (&'a str, Dialect),
        action: &'a str,
        id: Option<&'a Value>,
        result: &Result<CommandAnswer, CommandError>,
    ) -> Self {
        let (payload, violation, failure) = match result {
            Ok(CommandAnswer::Call(json)) => {
                (serde_json::from_str(json).ok(), check::response(version, action, json), None)
            }
            Ok(typed) => (serde_json::to_value(typed).ok(), None, None),
            Err(error) => (None, None, Some(error.to_string())),
        };
        Told::Answer(Box::new(CommandEnd { station, action, id, payload, violation, failure }))
    }
}
