//! Breaking a target on purpose: a case that passes all the same tests nothing.
//!
//! A [`Mutant`] passes everything through but one frame of the target, with which it does as its [`Mutation`] says.
//! [`mutations`] enumerates what can be done to the frames on which a case rested.

use chrono::{DateTime, Utc};
use ocpp_core::station::{ConnectRefusal, ConnectRequest};
use ocpp_core::time::Instant;
use ocpp_rpc::Dialect;
use serde_json::{Value, json};

use super::Report;
use super::bench::{Half, fits};
use super::pattern::member;
use super::target::{Happening, Manual, Target, Trouble};
use crate::checks::wire::Frame;

/// What is done to one frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// It never arrives.
    Drop,
    /// It arrives twice; a call the second time under an id of its own.
    Repeat,
    /// This arrives in its place.
    Replace {
        /// The member that is another now.
        member: &'static str,
        /// The new text.
        text: String,
    },
}

/// What is done to which frame, counted from the first one of the case.
#[derive(Clone, Debug, PartialEq)]
pub struct Mutation {
    /// The place of the frame.
    pub frame: usize,
    /// What is done to it.
    pub change: Change,
}

/// Members that say what happened: with another value of theirs, another thing happened.
fn telling(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::V1_6 => &[
            "status",
            "idTagInfo.status",
            "reason",
            "idTag",
            "connectorId",
            "transactionId",
            "reservationId",
            "errorCode",
            "listVersion",
        ],
        Dialect::V2_0_1 | Dialect::V2_1 => &[
            "status",
            "reason",
            "type",
            "connectorStatus",
            "evseId",
            "connectorId",
            "requestId",
            "versionNumber",
            "eventType",
            "triggerReason",
            "transactionId",
            "transactionInfo.transactionId",
            "transactionInfo.chargingState",
            "transactionInfo.stoppedReason",
            "transactionInfo.remoteStartId",
            "seqNo",
            "evse.id",
            "evse.connectorId",
            "idToken.idToken",
            "idToken.type",
            "certificateType",
            "meterValue.0.sampledValue.0.context",
            "getVariableResult.0.attributeStatus",
            "getVariableResult.0.attributeValue",
            "setVariableResult.0.attributeStatus",
            "setVariableResult.1.attributeStatus",
            "idTokenInfo.status",
            "idTokenInfo.groupIdToken.idToken",
            "operationalStatus",
            "requestedMessage",
            "reportBase",
            "updateType",
            "logType",
            "configurationSlot",
            "remoteStartId",
            "setVariableData.0.attributeValue",
            "getVariableData.0.variable.name",
            "certificateHashData.serialNumber",
            "certificateType.0",
            "firmware.signature",
        ],
    }
}

/// What no case minds to come once more: 1.6 §4.6 and §4.7, and the white paper's A04, say nothing against it, nor do G02, J01 and
/// A04 of 2.x.
const MAY_COME_AGAIN: [&str; 3] = ["\"Heartbeat\"", "\"MeterValues\"", "\"SecurityEventNotification\""];

/// Values that one of the protocol's enumerations has.
const WORDS: [&str; 25] = [
    "Rejected",
    "Accepted",
    "Faulted",
    "Blocked",
    "Invalid",
    "Other",
    "InternalError",
    "NotSupported",
    "UnlockFailed",
    "UnknownVendorId",
    "Failed",
    "Idle",
    "DownloadFailed",
    "UploadFailed",
    "Unavailable",
    "Ended",
    "Updated",
    "TxResumed",
    "Central",
    "Unlocked",
    "UnknownComponent",
    "Transaction.Begin",
    "V2GRootCertificate",
    "Watchdog",
    "PowerUp",
];

/// All mutations of the frames on which a case rested. Every change keeps to the schema.
pub fn mutations(report: &Report) -> Vec<Mutation> {
    let mut all = Vec::new();
    for (frame, seen) in report.seen.iter().enumerate().filter(|(_, seen)| seen.is_used) {
        all.push(Mutation { frame, change: Change::Drop });
        if !MAY_COME_AGAIN.iter().any(|action| seen.text.contains(action)) {
            all.push(Mutation { frame, change: Change::Repeat });
        }
        let asked = asked(report, &seen.text);
        let altered =
            telling(report.dialect).iter().filter_map(|member| alter(report, &seen.text, asked.as_deref(), member));
        all.extend(altered.map(|change| Mutation { frame, change }));
    }
    all
}

/// The action of the call that a frame answers.
fn asked(report: &Report, text: &str) -> Option<String> {
    let id = match Frame::parse(text.as_bytes())? {
        Frame::Result { id, .. } | Frame::Error { id, .. } => id,
        Frame::Call { .. } => return None,
    };
    report.trace.iter().find_map(|line| {
        let frame = line.get("frame")?;
        let is_call = frame.get(0)? == 2 && frame.get(1)? == id.as_str();
        is_call.then(|| frame.get(2).and_then(Value::as_str).map(str::to_owned)).flatten()
    })
}

/// The frame with another value of one member, if it has that member.
fn alter(report: &Report, text: &str, asked: Option<&str>, name: &'static str) -> Option<Change> {
    let frame: Value = serde_json::from_str(text).ok()?;
    let place = frame.as_array()?.len() - 1;
    let old = member(frame.get(place)?, name)?.clone();
    let candidates: Vec<Value> = match &old {
        Value::Number(number) => vec![json!(number.as_i64()? + 1)],
        _ => WORDS.iter().filter(|word| old != **word).map(|word| json!(word)).collect(),
    };
    let pointer = format!("/{place}/{}", name.replace('.', "/"));
    candidates.into_iter().find_map(|candidate| {
        let mut other = frame.clone();
        *other.pointer_mut(&pointer)? = candidate;
        let action = asked.or_else(|| frame.get(2).and_then(Value::as_str))?;
        let half = if asked.is_some() { Half::Response } else { Half::Request };
        let fits = fits(report.dialect, report.case.role(), half, action, other.get(place)?);
        fits.then(|| Change::Replace { member: name, text: other.to_string() })
    })
}

/// A target with one fault.
pub struct Mutant {
    target: Box<dyn Target>,
    mutation: Mutation,
    frames: usize,
    /// What arrives once more.
    again: Option<Happening>,
}

impl Mutant {
    /// This target with this fault.
    pub fn new(target: Box<dyn Target>, mutation: Mutation) -> Self {
        Mutant { target, mutation, frames: 0, again: None }
    }
}

impl Target for Mutant {
    fn next(&mut self, until: Instant) -> Result<Option<Happening>, Trouble> {
        if let Some(again) = self.again.take() {
            return Ok(Some(again));
        }
        loop {
            let text = match self.target.next(until)? {
                Some(Happening::Frame(text)) => text,
                other => return Ok(other),
            };
            self.frames += 1;
            if self.frames != self.mutation.frame + 1 {
                return Ok(Some(Happening::Frame(text)));
            }
            match &self.mutation.change {
                Change::Drop => {}
                Change::Repeat => {
                    self.again = Some(Happening::Frame(with_another_id(&text)));
                    return Ok(Some(Happening::Frame(text)));
                }
                Change::Replace { text, .. } => return Ok(Some(Happening::Frame(text.clone()))),
            }
        }
    }

    fn now(&self) -> Instant {
        self.target.now()
    }

    fn wall(&self) -> DateTime<Utc> {
        self.target.wall()
    }

    fn send(&mut self, text: &str) -> Result<(), Trouble> {
        // The target does not know the repetition, and so no answer to it.
        if text.contains(SECOND) { Ok(()) } else { self.target.send(text) }
    }

    fn set_network(&mut self, up: bool) -> Result<(), Trouble> {
        self.target.set_network(up)
    }

    fn perform(&mut self, step: &Manual) -> Result<(), Trouble> {
        self.target.perform(step)
    }

    fn offer(&mut self, subprotocols: &[&str]) -> Result<Option<String>, Trouble> {
        self.target.offer(subprotocols)
    }

    fn knock(&mut self, name: &str, password: &str) -> Result<bool, Trouble> {
        self.target.knock(name, password)
    }

    fn refuse_once(&mut self, why: ConnectRefusal) -> bool {
        self.target.refuse_once(why)
    }

    fn block(&mut self, endpoint: Option<&str>) -> bool {
        self.target.block(endpoint)
    }

    fn connect_request(&self) -> Option<&ConnectRequest> {
        self.target.connect_request()
    }

    fn is_fresh(&self) -> bool {
        self.target.is_fresh()
    }
}

/// Marks the id of a repeated call.
const SECOND: &str = "again-";

fn with_another_id(text: &str) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(mut frame) if frame.get(0).is_some_and(|kind| kind == 2) => {
            if let Some(id) = frame.get_mut(1) {
                let old = id.as_str().unwrap_or_default().to_owned();
                *id = format!("{SECOND}{}", old.chars().take(30).collect::<String>()).into();
            }
            frame.to_string()
        }
        Ok(_) | Err(_) => text.to_owned(),
    }
}
