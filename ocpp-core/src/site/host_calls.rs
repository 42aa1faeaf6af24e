//! Calls that the host makes itself, of any action: they wait here for their turn, and end with an event. Stores nothing.

use ocpp_rpc::queue::Queue;

use ocpp_types::SmallString;
use ocpp_types::json::{Kind, Reader};
use ocpp_types::violation::Violation;

use super::shared::Shared;
use crate::station::{CallFailure, Event, RawJson};
use crate::{MisuseError, Refusal};

/// Calls of the host.
#[derive(Debug, Default)]
pub(crate) struct HostCalls {
    waiting: Queue<(SmallString, RawJson)>,
    /// The action of the one that is on its way.
    sent: Option<SmallString>,
}

impl HostCalls {
    /// Finds what is wrong with a call.
    pub fn check(&self, shared: &Shared, payload: &RawJson) -> Result<(), MisuseError> {
        if self.waiting.len() >= shared.config.limits.calls {
            return Err(MisuseError::Refused(Refusal::TooManyCalls));
        }
        check_object(&payload.0).map_err(MisuseError::Payload)
    }

    /// Takes a call in, which was checked.
    pub fn push(&mut self, action: SmallString, payload: RawJson) {
        self.waiting.push_back((action, payload));
    }

    /// The call to send now.
    pub fn next(&mut self) -> Option<(SmallString, RawJson)> {
        let (action, payload) = self.waiting.pop_front()?;
        self.sent = Some(action.clone());
        Some((action, payload))
    }

    /// A call ended: with the CSMS's answer, or with the reason why there is none.
    pub fn ended(&mut self, shared: &mut Shared, result: Result<RawJson, (CallFailure, SmallString)>) {
        if let Some(action) = self.sent.take() {
            let cause = result.as_ref().err().map(|(cause, _)| *cause);
            let result = result.map_err(|(_, reason)| reason);
            shared.event(Event::CallAnswered { action, result, cause });
        }
    }
}

/// Finds what is wrong with a payload: it is a JSON object.
pub(crate) fn check_object(text: &str) -> Result<(), Violation> {
    let mut reader = Reader::new(text);
    let is_object = reader.peek().and_then(|kind| match kind {
        Kind::Object => reader.skip_value().and_then(|()| reader.finish()),
        Kind::Null | Kind::Boolean | Kind::Integer | Kind::Number | Kind::String | Kind::Array => {
            Err(reader.mismatch(Kind::Object))
        }
    });
    is_object.map_err(|fault| Violation::locate(&fault, text, 0))
}
