//! Parts that break their promise in one way, as a machine with a bug would, to prove that the checks see it.

use std::str::FromStr;

use ocpp_core::store::{Image, Log, LogIndex, StoreOp};

use super::Pair;
use crate::checks::Failure;
use crate::checks::wire::Frame;
use crate::link::End;

/// A planted bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// A boot does not find the newest record of the journal.
    LostRecord,
    /// The end of a transaction is told again although it was answered.
    DoubleStop,
    /// The meters tell two hundredths more than flowed.
    WrongMeter,
    /// A tick that is due while the station is offline does not reach it: its deadline does not move.
    StuckTimer,
    /// While the station is offline it has no deadline.
    LostTimer,
    /// The store never deletes an entry.
    Leak,
    /// A boot does not find which transactions were promised to end.
    ForgottenEnd,
    /// A boot does not find what was set.
    ForgottenSetting,
    /// Where 2.x is spoken, one number of the events of each transaction is left out.
    SkippedEvent,
}

impl Sabotage {
    /// All.
    pub const ALL: [Sabotage; 9] = [
        Sabotage::LostRecord,
        Sabotage::DoubleStop,
        Sabotage::WrongMeter,
        Sabotage::StuckTimer,
        Sabotage::LostTimer,
        Sabotage::Leak,
        Sabotage::ForgottenEnd,
        Sabotage::ForgottenSetting,
        Sabotage::SkippedEvent,
    ];

    /// Its name on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Sabotage::LostRecord => "lost-record",
            Sabotage::DoubleStop => "double-stop",
            Sabotage::WrongMeter => "wrong-meter",
            Sabotage::StuckTimer => "stuck-timer",
            Sabotage::LostTimer => "lost-timer",
            Sabotage::Leak => "leak",
            Sabotage::ForgottenEnd => "forgotten-end",
            Sabotage::ForgottenSetting => "forgotten-setting",
            Sabotage::SkippedEvent => "skipped-event",
        }
    }

    /// What a boot reads of the store.
    pub(super) fn read(self, mut image: Image) -> Image {
        if self == Sabotage::LostRecord
            && let Some(records) = image.logs.get_mut(&Log::Transactions)
            && let Some(last) = records.keys().last().copied()
        {
            records.remove(&last);
        }
        let forgotten = match self {
            Sabotage::ForgottenEnd => Some("end/"),
            Sabotage::ForgottenSetting => Some("set/"),
            Sabotage::LostRecord
            | Sabotage::DoubleStop
            | Sabotage::WrongMeter
            | Sabotage::StuckTimer
            | Sabotage::LostTimer
            | Sabotage::Leak
            | Sabotage::SkippedEvent => None,
        };
        if let Some(prefix) = forgotten {
            image.entries.retain(|key, _| !key.as_str().starts_with(prefix));
        }
        image
    }

    /// What the store does instead of an operation.
    pub(super) fn store(self, op: StoreOp) -> StoreOp {
        match op {
            StoreOp::Delete { .. } if self == Sabotage::Leak => {
                StoreOp::Trim { log: Log::Transactions, through: LogIndex(0) }
            }
            StoreOp::Delete { .. } | StoreOp::Append { .. } | StoreOp::Trim { .. } | StoreOp::Put { .. } => op,
        }
    }
}

impl FromStr for Sabotage {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Sabotage::ALL.into_iter().find(|sabotage| sabotage.name() == name);
        found.ok_or_else(|| format!("one of {}", Sabotage::ALL.map(Sabotage::name).join(", ")))
    }
}

/// What a double stop remembers.
#[derive(Debug, Default)]
pub(super) struct LastStop {
    /// The message id and the frame, until the answer comes.
    open: Option<(String, String)>,
}

impl Pair {
    /// Whether the station's timers are kept from it.
    pub(super) fn is_sabotaged(&self, sabotage: Sabotage) -> bool {
        self.sabotage == Some(sabotage) && !self.link.is_open(End::Station)
    }

    /// What an end sends in the place of this.
    pub(super) fn sabotaged(&self, sender: End, bytes: Vec<u8>) -> Vec<u8> {
        if (self.sabotage, sender) != (Some(Sabotage::SkippedEvent), End::Station) {
            return bytes;
        }
        match Frame::parse(&bytes) {
            Some(Frame::Call { id, action, mut payload }) if action == "TransactionEvent" => {
                if let Some(number) = payload.get_mut("seqNo")
                    && let Some(later) = number.as_u64().filter(|number| *number > 0)
                {
                    *number = (later + 1).into();
                }
                format!(r#"[2,"{id}","{action}",{payload}]"#).into_bytes()
            }
            Some(_) | None => bytes,
        }
    }

    /// The station sent this.
    pub(super) fn remember_stop(&mut self, frame: &Frame) {
        if let (Some(Sabotage::DoubleStop), Frame::Call { id, action, payload }) = (self.sabotage, frame)
            && (action == "StopTransaction" || payload.get("eventType").is_some_and(|kind| kind == "Ended"))
        {
            let again = format!(r#"[2,"{id}!","{action}",{payload}]"#);
            self.last_stop.open = Some((id.clone(), again));
        }
    }

    /// This arrived at the station.
    pub(super) fn repeat_stop(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let Some(Frame::Result { id, .. }) = self.last_stop.open.as_ref().and_then(|_| Frame::parse(bytes)) else {
            return Ok(());
        };
        match self.last_stop.open.take_if(|(open, _)| *open == id) {
            Some((_, again)) => self.send(End::Station, again.into_bytes()),
            None => Ok(()),
        }
    }
}
