//! Is this OCPP? Frames, payloads and whole traces against the schemas, the RPC framework and the arithmetic of charging.
//!
//! What a single message must keep is checked strictly; what a lenient reader would mend is told with the finding. Of a whole trace
//! the order is checked too, and what it says of transactions.

mod breaches;
mod finding;
mod ledger;
mod members;
mod message;
mod order;
pub mod payload;

use ocpp_rpc::Dialect;

pub use self::finding::{Finding, Kind, Severity};
use self::payload::Part;
use crate::trace::conversation::Conversation;

/// Whether messages stand in the order in which they were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A trace: calls and answers must match.
    Trace,
    /// Messages out of their context: each is checked by itself.
    Messages,
}

/// All that is wrong with a conversation, in the order of its lines.
pub fn conversation(conversation: &Conversation, scope: Scope) -> Vec<Finding> {
    let mut found: Vec<Finding> =
        conversation.messages().flat_map(|(index, message)| message::findings(conversation, index, message)).collect();
    if scope == Scope::Trace {
        found.extend(order::findings(conversation));
        found.extend(ledger::findings(conversation));
    }
    found.sort_by_key(|finding| finding.line);
    found
}

/// All that is wrong with a payload that stands alone, whichever end sent it.
pub fn payload(dialect: Dialect, action: &str, part: Part, json: &str) -> Vec<Finding> {
    message::payload(dialect, action, part, json)
}

#[cfg(test)]
mod tests;
