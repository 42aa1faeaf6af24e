//! The CSMS's edge in OCPP 1.6: what stations call becomes reports, what the session says becomes messages.

mod command;
mod read;
mod respond;
#[cfg(test)]
mod tests;

use crate::csms::edge::{Edge, Unread};

/// OCPP 1.6.
pub(crate) const EDGE: Edge = Edge {
    knows: |action| action.parse::<ocpp_types::v1_6::Action>().is_ok(),
    read: read::read,
    read_unanswered: |_, _, _| Err(Unread::UnknownAction),
    respond: respond::respond,
    command: command::command,
    answer: command::answer,
    asks_for: None,
};
