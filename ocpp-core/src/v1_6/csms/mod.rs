//! The CSMS's edge in OCPP 1.6: what stations call becomes reports, what the session says becomes messages.

mod command;
mod read;
mod respond;
#[cfg(test)]
mod tests;

use crate::csms::edge::Edge;

/// OCPP 1.6.
pub(crate) const EDGE: Edge =
    Edge { read: read::read, respond: respond::respond, command: command::command, answer: command::answer };
