//! Transactions of 2.x (E01, §1.3.2.1): numbers and sequence given by the station.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Book, Course};
use crate::trace::reading::{integer, samples, text, time};
use crate::validate::{Kind, Severity};

#[derive(Default)]
pub(super) struct Ledger {
    transactions: BTreeMap<String, Transaction>,
}

#[derive(Default)]
struct Transaction {
    course: Course,
    /// The events by their numbers.
    events: BTreeMap<i64, usize>,
    started: Option<usize>,
    /// The number of the last event.
    ended: Option<(i64, usize)>,
}

impl Ledger {
    pub fn event(&mut self, book: &mut Book<'_>, index: usize, payload: Value) {
        let id = payload.get("transactionInfo").and_then(|info| text(info, "transactionId"));
        let (Some(id), Some(number)) = (id, integer(&payload, "seqNo")) else { return };
        let event = text(&payload, "eventType").unwrap_or_default();
        let is_new = !self.transactions.contains_key(id);
        let transaction = self.transactions.entry(id.to_owned()).or_default();
        if let Some(first) = transaction.events.get(&number) {
            let text = format!("event {number} was told in line {}", book.line(*first));
            let severity = if book.repeats(*first, &payload) { Severity::Note } else { Severity::Error };
            return book.add(index, severity, Kind::SequenceRepeated, "$.seqNo", text);
        }
        if is_new && event != "Started" {
            let text = format!("no transaction {id} began in this trace");
            book.add(index, Severity::Warning, Kind::UnknownTransaction, "$.transactionInfo.transactionId", text);
        }
        transaction.apply(book, index, number, event, &payload);
    }

    /// Numbers may come late, so gaps are known at the end.
    pub fn gaps(&self, book: &mut Book<'_>) {
        for (id, transaction) in &self.transactions {
            let numbers = transaction.events.keys();
            for ((&last, &next), &index) in
                numbers.clone().zip(numbers.skip(1)).zip(transaction.events.values().skip(1))
            {
                if next - last > 1 {
                    let text =
                        format!("{next} after {last}: {} events of transaction {id} are missing", next - last - 1);
                    book.add(index, Severity::Warning, Kind::SequenceGap, "$.seqNo", text);
                }
            }
        }
    }
}

impl Transaction {
    fn apply(&mut self, book: &mut Book<'_>, index: usize, number: i64, event: &str, payload: &Value) {
        let at = time(payload, "timestamp");
        match (event, self.started) {
            ("Started", Some(first)) => {
                let text = format!("the transaction began in line {}", book.line(first));
                book.add(index, Severity::Error, Kind::RepeatedStart, "$.eventType", text);
            }
            ("Started", None) => {
                self.started = Some(index);
                self.course.begin = at;
            }
            _ => self.course.time(book, index, "$.timestamp", at),
        }
        if let Some((_, ended)) = self.ended.filter(|(last, _)| number > *last) {
            let text = format!("the transaction ended in line {}", book.line(ended));
            book.add(index, Severity::Error, Kind::AfterEnd, "$.seqNo", text);
        }
        if event == "Ended" {
            self.ended = Some((number, index));
        }
        self.course.place(book, index, "$.evse.id", payload.get("evse").and_then(|evse| integer(evse, "id")));
        self.course.samples(book, index, &samples(payload, "meterValue"));
        self.events.insert(number, index);
    }
}
