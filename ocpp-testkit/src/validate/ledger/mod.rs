//! Transactions, as far as a trace alone can judge them: known numbers, one begin and one end, registers and times that run
//! forwards, sequences without gaps.

mod reports;
mod v1_6;
mod v2;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use ocpp_rpc::frame::MessageType;
use serde_json::Value;

use super::{Finding, Kind, Severity};
use crate::link::End;
use crate::trace::conversation::Conversation;
use crate::trace::reading::{Quantity, Sample};

/// Registers are told in whole Wh at the ends of a transaction of 1.6, so that each may be off by less than one.
const ROUNDING_MWH: i64 = 1_000;

/// What is wrong with what the messages say.
pub(super) fn findings(conversation: &Conversation) -> Vec<Finding> {
    let mut stations: BTreeMap<Option<&str>, Ledgers> = BTreeMap::new();
    let mut book = Book { conversation, found: Vec::new() };
    for (index, message) in conversation.messages() {
        let (Some(action), Some(kind)) = (message.action.as_deref(), message.kind) else { continue };
        let identity = conversation.items.get(index).and_then(|item| item.station.as_deref());
        let station = stations.entry(identity).or_default();
        let Some(payload) = message.payload() else { continue };
        match (message.from, kind, action) {
            (End::Station, MessageType::Call, "StartTransaction") => station.v1_6.start(&mut book, index, &payload),
            (End::Csms, MessageType::CallResult, "StartTransaction") => {
                let Some(call) = message.call else { continue };
                station.v1_6.started(&mut book, index, call, &payload);
            }
            (End::Station, MessageType::Call, "StopTransaction") => station.v1_6.stop(&mut book, index, payload),
            // That of 2.x names no transaction.
            (End::Station, MessageType::Call, "MeterValues") => station.v1_6.meter_values(&mut book, index, &payload),
            (End::Station, MessageType::Call, "TransactionEvent") => station.v2.event(&mut book, index, payload),
            (End::Station, MessageType::Call, report) => station.reports.part(&mut book, index, report, payload),
            (End::Station | End::Csms, _, _) => {}
        }
    }
    for station in stations.values() {
        station.v2.gaps(&mut book);
    }
    book.found
}

#[derive(Default)]
struct Ledgers {
    v1_6: v1_6::Ledger,
    v2: v2::Ledger,
    reports: reports::Reports,
}

/// Where findings are written.
struct Book<'a> {
    conversation: &'a Conversation,
    found: Vec<Finding>,
}

impl Book<'_> {
    fn add(&mut self, index: usize, severity: Severity, kind: Kind, path: &str, text: impl Into<String>) {
        self.found.push(Finding::item(self.conversation, index, severity, kind, text).at(path));
    }

    fn line(&self, index: usize) -> u64 {
        self.conversation.items.get(index).map_or(0, |item| item.line)
    }

    /// Whether the same was said in an earlier message; that is a repetition, else it is a contradiction.
    fn repeats(&self, earlier: usize, payload: &Value) -> bool {
        self.conversation.message(earlier).and_then(|message| message.payload()).as_ref() == Some(payload)
    }
}

/// What a transaction's messages told so far.
#[derive(Clone, Debug, Default)]
struct Course {
    begin: Option<DateTime<Utc>>,
    /// What the register showed, in mWh, and where it was told, by the time of the reading. An end may bear readings of the whole
    /// transaction, so the order of the messages is not theirs.
    registers: BTreeMap<DateTime<Utc>, (i64, usize)>,
    /// The connector (1.6) or EVSE (2.x).
    place: Option<i64>,
}

impl Course {
    fn time(&self, book: &mut Book<'_>, index: usize, path: &str, at: Option<DateTime<Utc>>) {
        if let (Some(begin), Some(at)) = (self.begin, at)
            && at < begin
        {
            let text = format!("{at} is before {begin}, when the transaction began");
            // A clock may have been set in between.
            book.add(index, Severity::Warning, Kind::TimeBackwards, path, text);
        }
    }

    fn register(&mut self, book: &mut Book<'_>, index: usize, path: &str, at: Option<DateTime<Utc>>, shown: i64) {
        let Some(at) = at else { return };
        let mut tell = |severity, relation: &str, (other, told): (i64, usize)| {
            let line = book.line(told);
            let text = format!("{} {relation} {} in line {line}", Energy(shown), Energy(other));
            book.add(index, severity, Kind::MeterBackwards, path, text);
        };
        if let Some((_, before)) = self.registers.range(..=at).next_back()
            && shown <= before.0 - ROUNDING_MWH
        {
            tell(Severity::Error, "after", *before);
        }
        if let Some((_, after)) = self.registers.range(at..).find(|(time, _)| **time > at)
            && shown >= after.0 + ROUNDING_MWH
        {
            // Told later of an earlier time: a clock may have been set back in between.
            tell(Severity::Warning, "before", *after);
        }
        self.registers.insert(at, (shown, index));
    }

    /// The times of samples are not compared with the begin: the first is taken before the event that bears it.
    fn samples(&mut self, book: &mut Book<'_>, index: usize, samples: &[Sample]) {
        for Sample { path, at, milli, .. } in samples.iter().filter(|sample| sample.quantity == Quantity::Energy) {
            self.register(book, index, path, *at, *milli);
        }
    }

    fn place(&mut self, book: &mut Book<'_>, index: usize, path: &str, place: Option<i64>) {
        let Some(place) = place else { return };
        let known = *self.place.get_or_insert(place);
        if known != place {
            let text = format!("{place}, but the transaction is at {known}");
            book.add(index, Severity::Error, Kind::OtherConnector, path, text);
        }
    }
}

/// An amount of energy in mWh, shown in Wh.
struct Energy(i64);

impl std::fmt::Display for Energy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 % 1_000 {
            0 => write!(f, "{} Wh", self.0 / 1_000),
            rest => write!(f, "{}.{:03} Wh", self.0 / 1_000, rest.abs()),
        }
    }
}
