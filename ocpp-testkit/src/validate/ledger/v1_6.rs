//! Transactions of 1.6 (§4.7, §4.8, §4.10): numbers given by the CSMS.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Book, Course};
use crate::trace::reading::{integer, samples, text, time};
use crate::validate::{Kind, Severity};

#[derive(Default)]
pub(super) struct Ledger {
    /// By what a station repeats when it has no answer (§3.7.1).
    starts: BTreeMap<Start, usize>,
    transactions: BTreeMap<i64, Transaction>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Start {
    connector: i64,
    token: String,
    meter_wh: i64,
    at: Option<DateTime<Utc>>,
}

struct Transaction {
    start: Start,
    course: Course,
    stop: Option<usize>,
}

impl Start {
    fn of(payload: &Value) -> Option<Self> {
        Some(Start {
            connector: integer(payload, "connectorId")?,
            token: text(payload, "idTag")?.to_lowercase(),
            meter_wh: integer(payload, "meterStart")?,
            at: time(payload, "timestamp"),
        })
    }
}

impl Ledger {
    pub fn start(&mut self, book: &mut Book<'_>, index: usize, payload: &Value) {
        let Some(start) = Start::of(payload) else { return };
        if let Some(first) = self.starts.get(&start) {
            let text = format!("the start of line {} again", book.line(*first));
            return book.add(index, Severity::Note, Kind::RepeatedStart, "$", text);
        }
        let running =
            |(_, other): &(&i64, &Transaction)| other.stop.is_none() && other.start.connector == start.connector;
        if let Some((number, _)) = self.transactions.iter().find(running) {
            let text = format!("connector {}, where transaction {number} runs", start.connector);
            book.add(index, Severity::Warning, Kind::OverlappingStart, "$.connectorId", text);
        }
        self.starts.insert(start, index);
    }

    /// The CSMS answers the start of the item `call`.
    pub fn started(&mut self, book: &mut Book<'_>, index: usize, call: usize, payload: &Value) {
        let asked = book.conversation.message(call).and_then(|call| call.payload());
        let (Some(start), Some(number)) = (asked.as_ref().and_then(Start::of), integer(payload, "transactionId"))
        else {
            return;
        };
        let is_accepted = payload.get("idTagInfo").and_then(|info| text(info, "status")) == Some("Accepted");
        if let Some(known) = self.transactions.get(&number) {
            if known.start == start {
                return;
            }
            // Some servers have one number for all that they refuse.
            let severity = if is_accepted { Severity::Error } else { Severity::Warning };
            let text = format!("{number} is the number of another transaction");
            book.add(index, severity, Kind::ReusedTransaction, "$.transactionId", text);
        }
        let meter = start.meter_wh.checked_mul(1_000).map(|meter| (meter, call));
        let registers = start.at.zip(meter).into_iter().collect();
        let course = Course { begin: start.at, registers, place: Some(start.connector) };
        self.transactions.insert(number, Transaction { start, course, stop: None });
    }

    pub fn stop(&mut self, book: &mut Book<'_>, index: usize, payload: Value) {
        let Some(number) = integer(&payload, "transactionId") else { return };
        let path = "$.transactionId";
        let Some(transaction) = self.transactions.get_mut(&number) else {
            let text = format!("no transaction {number} began in this trace");
            return book.add(index, Severity::Warning, Kind::UnknownTransaction, path, text);
        };
        if let Some(first) = transaction.stop {
            let line = book.line(first);
            return match book.repeats(first, &payload) {
                true => {
                    book.add(index, Severity::Note, Kind::RepeatedStop, path, format!("the stop of line {line} again"))
                }
                false => {
                    let text = format!("transaction {number} ended in line {line} with other values");
                    book.add(index, Severity::Error, Kind::ContradictingStop, path, text);
                }
            };
        }
        transaction.stop = Some(index);
        let course = &mut transaction.course;
        let at = time(&payload, "timestamp");
        course.samples(book, index, &samples(&payload, "transactionData"));
        course.time(book, index, "$.timestamp", at);
        if let Some(meter) = integer(&payload, "meterStop").and_then(|meter| meter.checked_mul(1_000)) {
            course.register(book, index, "$.meterStop", at, meter);
        }
    }

    pub fn meter_values(&mut self, book: &mut Book<'_>, index: usize, payload: &Value) {
        let Some(number) = integer(payload, "transactionId") else { return };
        let Some(transaction) = self.transactions.get_mut(&number) else {
            let text = format!("no transaction {number} began in this trace");
            return book.add(index, Severity::Warning, Kind::UnknownTransaction, "$.transactionId", text);
        };
        transaction.course.place(book, index, "$.connectorId", integer(payload, "connectorId"));
        if let Some(stop) = transaction.stop {
            let text = format!("transaction {number} ended in line {}", book.line(stop));
            book.add(index, Severity::Warning, Kind::AfterEnd, "$.transactionId", text);
        }
        transaction.course.samples(book, index, &samples(payload, "meterValue"));
    }
}
