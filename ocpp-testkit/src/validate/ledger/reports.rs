//! Reports of 2.x that come in parts, numbered from 0 (B07.FR.10, B08.FR.14, N02.FR.09).

use std::collections::BTreeMap;

use serde_json::Value;

use super::Book;
use crate::trace::reading::integer;
use crate::validate::{Kind, Severity};

const REPORTS: [&str; 3] = ["NotifyReport", "NotifyMonitoringReport", "NotifyCustomerInformation"];

#[derive(Default)]
pub(super) struct Reports {
    /// The last part of each report that is not complete.
    open: BTreeMap<(String, i64), (i64, usize)>,
}

impl Reports {
    pub fn part(&mut self, book: &mut Book<'_>, index: usize, action: &str, payload: Value) {
        let (Some(request), Some(number)) = (integer(&payload, "requestId"), integer(&payload, "seqNo")) else {
            return;
        };
        if !REPORTS.contains(&action) {
            return;
        }
        let report = (action.to_owned(), request);
        let last = self.open.get(&report).copied();
        // A part that was refused, or not answered, may be sent again.
        if last.is_some_and(|(last, told)| last == number && book.repeats(told, &payload)) {
            return;
        }
        let expected = last.map_or(0, |(last, _)| last + 1);
        if number != expected {
            let text = format!("{number} where part {expected} of report {request} is due");
            book.add(index, Severity::Error, Kind::SequenceGap, "$.seqNo", text);
        }
        if payload.get("tbc").and_then(Value::as_bool).unwrap_or_default() {
            self.open.insert(report, (number, index));
        } else {
            self.open.remove(&report);
        }
    }
}
