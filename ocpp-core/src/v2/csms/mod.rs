//! The CSMS's edge in OCPP 2.0.1 and 2.1: what stations call becomes reports, what the session says becomes messages.
//!
//! Messages of 2.0.1 are read and written as such, and worked on in the types of 2.1, which contain theirs.

mod command;
mod notices;
mod place;
mod read;
mod respond;
mod samples;
#[cfg(test)]
mod tests;
mod token;

use alloc::string::String;

use ocpp_types::Encode;
use ocpp_types::SmallString;
use ocpp_types::convert::NotRepresentable;

use crate::csms::edge::Edge;

/// OCPP 2.0.1.
pub(crate) const EDGE_2_0_1: Edge = Edge {
    knows: |action| action.parse::<ocpp_types::v2_0_1::Action>().is_ok(),
    read: |action, payload, quirks| read::read(Edition::V2_0_1, action, payload, quirks),
    read_unanswered: |_, _, _| Err(crate::csms::edge::Unread::UnknownAction),
    respond: |response, now| respond::respond(Edition::V2_0_1, response, now),
    command: |command| command::command(Edition::V2_0_1, command),
    answer: |kind, payload, quirks| command::answer(Edition::V2_0_1, kind, payload, quirks),
    asks_for: Some(command::asks_for),
};

/// OCPP 2.1.
pub(crate) const EDGE_2_1: Edge = Edge {
    knows: |action| action.parse::<ocpp_types::v2_1::Action>().is_ok(),
    read: |action, payload, quirks| read::read(Edition::V2_1, action, payload, quirks),
    read_unanswered: read::read_unanswered,
    respond: |response, now| respond::respond(Edition::V2_1, response, now),
    command: |command| command::command(Edition::V2_1, command),
    answer: |kind, payload, quirks| command::answer(Edition::V2_1, kind, payload, quirks),
    asks_for: Some(command::asks_for),
};

/// Which of the two is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edition {
    V2_0_1,
    V2_1,
}

/// Writes a message of 2.1, in 2.0.1 as its `Old` form, or says why that cannot be.
fn write<New, Old>(edition: Edition, message: New) -> Result<String, SmallString>
where
    New: Encode,
    Old: Encode + TryFrom<New, Error = NotRepresentable>,
{
    let text = match edition {
        Edition::V2_1 => message.to_json(),
        Edition::V2_0_1 => Old::try_from(message).map_err(|fault| SmallString::display(&fault))?.to_json(),
    };
    text.map_err(|violation| SmallString::display(&violation))
}
