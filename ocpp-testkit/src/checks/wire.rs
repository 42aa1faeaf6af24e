//! The rules of the wire, checked on every frame with a decoder of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ocpp_core::time::Instant;
use serde_json::Value;

use super::Violation;
use crate::link::End;

/// How long a machine waits for an answer before it may call again. Both have it as their default.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// A frame, as plain JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    /// CALL.
    Call {
        /// The message id.
        id: String,
        /// The action.
        action: String,
        /// The payload.
        payload: Value,
    },
    /// CALLRESULT.
    Result {
        /// The id of the call.
        id: String,
        /// The payload.
        payload: Value,
    },
    /// CALLERROR.
    Error {
        /// The id of the call, `-1` if it could not be read.
        id: String,
        /// The error code.
        code: String,
    },
}

impl Frame {
    /// Reads a frame.
    pub fn parse(bytes: &[u8]) -> Option<Frame> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let frame: Vec<Value> = serde_json::from_slice(bytes).ok()?;
        match frame.as_slice() {
            [kind, id, action, payload] if kind == 2 => {
                Some(Frame::Call { id: text(id)?, action: text(action)?, payload: payload.clone() })
            }
            [kind, id, payload] if kind == 3 => Some(Frame::Result { id: text(id)?, payload: payload.clone() }),
            [kind, id, code, Value::String(_), Value::Object(_)] if kind == 4 => {
                Some(Frame::Error { id: text(id)?, code: text(code)? })
            }
            _ => None,
        }
    }
}

/// Watches both directions.
#[derive(Clone, Debug, Default)]
pub struct WireCheck {
    /// The call of each end that waits for an answer.
    open: BTreeMap<End, OpenCall>,
    /// Calls that each end received and did not answer.
    unanswered: BTreeMap<End, BTreeSet<String>>,
    /// How many broken messages each end received. To each one error is due at most, with the id as far as it could be
    /// read.
    broken: BTreeMap<End, usize>,
    registration: Registration,
    /// What the CSMS asks the station to say, by the id of its call.
    asked: BTreeMap<String, String>,
    /// What the station agreed to say: it may, before it is accepted (1.6 §4.2, 2.x B02.FR.02).
    agreed: BTreeSet<String>,
}

#[derive(Clone, Debug)]
struct OpenCall {
    id: String,
    action: String,
    since: Instant,
}

/// Whether a station was accepted (1.6 §4.2).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Registration {
    /// It did not ask, or has no answer.
    #[default]
    Unknown,
    /// It was told to ask again.
    Waiting {
        /// When.
        until: Instant,
        /// Whether it was rejected, and must be silent until then.
        rejected: bool,
    },
    /// It was accepted.
    Accepted,
}

/// Why a station may not call yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Early {
    /// It was not accepted.
    NotAccepted,
    /// It was asked to wait until then.
    Until(Instant),
}

impl WireCheck {
    /// `sender` sends bytes.
    ///
    /// # Errors
    /// When it may not.
    pub fn sent(&mut self, now: Instant, sender: End, bytes: &[u8]) -> Result<Frame, Violation> {
        let frame = Frame::parse(bytes)
            .ok_or_else(|| Violation::NotAFrame(sender, String::from_utf8_lossy(bytes).into_owned()))?;
        match &frame {
            Frame::Call { id, action, payload } => {
                if let Some(open) = self.open.get(&sender).filter(|open| open.since + CALL_TIMEOUT > now) {
                    let open = open.action.clone();
                    return Err(Violation::TwoCalls { sender, action: action.clone(), open });
                }
                self.open.insert(sender, OpenCall { id: id.clone(), action: action.clone(), since: now });
                if sender == End::Station && !(self.registration.is_pending() && self.agreed.contains(action)) {
                    self.registration.may_call(now, action).map_err(|early| match early {
                        Early::NotAccepted => Violation::BeforeAccepted(action.clone()),
                        Early::Until(until) => Violation::TooEarly(action.clone(), until),
                    })?;
                }
                if let (End::Csms, Some(message)) = (sender, asked_by(action, payload)) {
                    self.asked.insert(id.clone(), message);
                }
            }
            Frame::Result { id, .. } | Frame::Error { id, .. } => {
                let was_asked = self.unanswered.entry(sender).or_default().remove(id);
                if !was_asked && !self.is_due_to_broken(sender, &frame) {
                    return Err(Violation::UnaskedAnswer(sender, id.clone()));
                }
                if sender == End::Station {
                    let answer = self.registration.may_answer(now);
                    answer.map_err(|until| Violation::TooEarly("an answer".to_owned(), until))?;
                    let asked = self.asked.remove(id);
                    self.agreed.extend(asked.filter(|_| is_accepted(&frame)));
                }
            }
        }
        Ok(frame)
    }

    fn is_due_to_broken(&mut self, sender: End, frame: &Frame) -> bool {
        let broken = self.broken.entry(sender).or_default();
        let is_due = matches!(frame, Frame::Error { .. }) && *broken > 0;
        *broken -= usize::from(is_due);
        is_due
    }

    /// Bytes arrive at `receiver`. Gives the frame that they are, if they are one.
    pub fn arrived(&mut self, now: Instant, receiver: End, bytes: &[u8]) -> Option<Frame> {
        let frame = Frame::parse(bytes);
        match &frame {
            // Another id is not one: it is answered as a broken message.
            Some(Frame::Call { id, .. }) if (1..=36).contains(&id.chars().count()) => {
                self.unanswered.entry(receiver).or_default().insert(id.clone());
            }
            Some(Frame::Result { id, payload }) => {
                if let Some(call) = self.open.get(&receiver).filter(|open| open.id == *id) {
                    if receiver == End::Station && call.action == "BootNotification" {
                        self.registration = Registration::of(now, payload).unwrap_or(self.registration);
                    }
                    self.open.remove(&receiver);
                }
            }
            Some(Frame::Error { id, .. }) => {
                if self.open.get(&receiver).is_some_and(|open| open.id == *id) {
                    self.open.remove(&receiver);
                }
            }
            Some(Frame::Call { .. }) | None => *self.broken.entry(receiver).or_default() += 1,
        }
        frame
    }

    /// The end knows that its connection is gone: calls end.
    pub fn closed(&mut self, end: End) {
        self.open.remove(&end);
        self.unanswered.remove(&end);
        self.broken.remove(&end);
    }

    /// Whether the CSMS accepted the station in its present boot.
    pub fn is_accepted(&self) -> bool {
        matches!(self.registration, Registration::Accepted)
    }

    /// The station boots.
    pub fn station_booted(&mut self) {
        self.closed(End::Station);
        self.registration = Registration::Unknown;
        self.asked.clear();
        self.agreed.clear();
    }
}

/// The action of what a call asks the station to say.
fn asked_by(action: &str, payload: &Value) -> Option<String> {
    match action {
        "TriggerMessage" | "ExtendedTriggerMessage" => {
            let message = payload.get("requestedMessage")?.as_str()?;
            let is_request = message.starts_with("Sign") && message.ends_with("Certificate");
            Some(if is_request { "SignCertificate" } else { message }.to_owned())
        }
        "GetBaseReport" | "GetReport" => Some("NotifyReport".to_owned()),
        _ => None,
    }
}

fn is_accepted(frame: &Frame) -> bool {
    matches!(frame, Frame::Result { payload, .. } if payload.get("status").is_some_and(|status| status == "Accepted"))
}

impl Registration {
    /// Whether the station waits for its acceptance, and is not rejected.
    fn is_pending(self) -> bool {
        matches!(self, Registration::Waiting { rejected: false, .. })
    }

    /// Whether the station may call.
    pub(crate) fn may_call(self, now: Instant, action: &str) -> Result<(), Early> {
        match (self, action) {
            (Registration::Accepted, _) | (Registration::Unknown, "BootNotification") => Ok(()),
            (Registration::Waiting { until, .. }, "BootNotification") if now < until => Err(Early::Until(until)),
            (Registration::Waiting { .. }, "BootNotification") => Ok(()),
            (Registration::Unknown | Registration::Waiting { .. }, _) => Err(Early::NotAccepted),
        }
    }

    /// Whether the station may answer; if not, when it may.
    pub(crate) fn may_answer(self, now: Instant) -> Result<(), Instant> {
        match self {
            Registration::Waiting { until, rejected: true } if now < until => Err(until),
            Registration::Unknown | Registration::Waiting { .. } | Registration::Accepted => Ok(()),
        }
    }

    /// What the answer to a BootNotification says.
    pub(crate) fn of(now: Instant, payload: &Value) -> Option<Self> {
        let wait = Duration::from_secs(payload.get("interval")?.as_u64()?);
        match payload.get("status")?.as_str()? {
            "Accepted" => Some(Registration::Accepted),
            status => Some(Registration::Waiting { until: now + wait, rejected: status == "Rejected" }),
        }
    }
}

#[cfg(test)]
mod tests;
