//! Every message about a transaction rests on a durable record, and every durable record arrives, once and in order.
//!
//! The journal in the store and the frames on the wire are two lists of the same things. A message is either the next
//! record of the first list, or the one sent last, again.

use std::collections::{BTreeSet, VecDeque};

use chrono::{DateTime, Utc};
use ocpp_core::csms::{Attribution, Fact, MeterValue};
use ocpp_core::store::{Log, StoreOp};
use serde_json::Value;

use super::Violation;
use super::wire::Frame;

/// What a record or a message tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Start,
    Sample,
    Stop,
}

impl Kind {
    /// Of a record, by its framing: the second byte says what it is.
    fn of_record(record: &[u8]) -> Option<Kind> {
        match record.get(1) {
            Some(1) => Some(Kind::Start),
            // Of a transaction, and of none.
            Some(2 | 4) => Some(Kind::Sample),
            Some(3) => Some(Kind::Stop),
            Some(_) | None => None,
        }
    }

    fn of_message(action: &str, payload: &Value) -> Option<Kind> {
        match action {
            "StartTransaction" => Some(Kind::Start),
            "StopTransaction" => Some(Kind::Stop),
            "MeterValues" if !is_triggered_beside(payload) => Some(Kind::Sample),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Message {
    kind: Kind,
    payload: Value,
    /// Whether the database was seen to hold it.
    is_held: bool,
    /// Readings of a clock that was set back may be those of before, word for word: one report for the CSMS.
    is_told_twice: bool,
}

/// The last message as it went out.
#[derive(Clone, Debug, Default)]
struct LastSent {
    /// Its message id.
    id: String,
    /// Whether its answer came in this boot.
    is_answered: bool,
    /// How many operations the store had been given then, as far as that is known.
    given: Option<usize>,
    /// Whether a boot ended with the delivery durable.
    is_delivered: bool,
}

/// Compares the journal with the wire.
#[derive(Clone, Debug, Default)]
pub struct JournalCheck {
    /// How many of the store's operations were looked at.
    looked: usize,
    records: Vec<Kind>,
    last_position: Option<u64>,
    /// How many different messages were sent.
    sent: usize,
    /// Those that the database was not seen to hold, and the last one.
    messages: VecDeque<Message>,
    /// All readings that were sent.
    readings: BTreeSet<String>,
    /// How many of the database's facts were looked at.
    compared: usize,
    last: LastSent,
    /// How often the last message was sent again, over all.
    pub repeats: usize,
}

impl JournalCheck {
    /// Looks at what became durable.
    ///
    /// # Errors
    /// When a position is used again.
    pub fn look(&mut self, durable: &[StoreOp]) -> Result<(), Violation> {
        for op in durable.get(self.looked..).unwrap_or_default() {
            self.looked += 1;
            if let StoreOp::Append { log: Log::Transactions, index, record } = op {
                if let Some(last) = self.last_position.filter(|last| index.0 <= *last) {
                    return Err(Violation::PositionReused(index.0, last));
                }
                self.last_position = Some(index.0);
                self.records.extend(Kind::of_record(record));
            }
        }
        Ok(())
    }

    /// The station sends a frame, and this is durable.
    ///
    /// # Errors
    /// When the frame tells of a transaction and is neither the next record nor the last message again, or is the last
    /// one again although its delivery is durable.
    pub fn sent(&mut self, frame: &Frame, durable: &[StoreOp]) -> Result<(), Violation> {
        let Frame::Call { id, action, payload } = frame else { return Ok(()) };
        let Some(kind) = Kind::of_message(action, payload) else { return Ok(()) };
        self.look(durable)?;
        let is_repeat = self.messages.back().is_some_and(|last| last.kind == kind && last.payload == *payload);
        let last = std::mem::replace(&mut self.last, LastSent { id: id.clone(), ..LastSent::default() });
        if is_repeat {
            self.repeats += 1;
            if last.is_delivered || last.is_answered {
                return Err(Violation::RepeatedThoughDelivered(action.clone(), payload.to_string()));
            }
            return Ok(());
        }
        match self.records.get(self.sent) {
            None => Err(Violation::NotDurable(action.clone(), payload.to_string())),
            Some(next) if *next != kind => {
                Err(Violation::OutOfOrder(action.clone(), format!("{next:?}"), payload.to_string()))
            }
            Some(_) => {
                self.sent += 1;
                let is_told_twice = kind == Kind::Sample && !self.readings.insert(payload.to_string());
                self.messages.push_back(Message { kind, payload: payload.clone(), is_held: false, is_told_twice });
                Ok(())
            }
        }
    }

    /// A frame arrives at the station, whose store was given so many operations; none if others may wait for it.
    pub fn arrived(&mut self, frame: &Frame, given: Option<usize>) {
        let Frame::Result { id, payload } = frame else { return };
        let names_transaction = || payload.get("transactionId").is_some_and(Value::is_i64);
        let is_start = self.messages.back().is_some_and(|message| message.kind == Kind::Start);
        if *id == self.last.id && payload.is_object() && (!is_start || names_transaction()) {
            self.last.is_answered = true;
            self.last.given = given;
        }
    }

    /// The station loses its power, and so much is durable.
    pub fn power_cut(&mut self, durable: usize) {
        // The first operation after the answer records the delivery.
        self.last.is_delivered |= self.last.given.take().is_some_and(|given| durable > given);
        self.last.is_answered = false;
    }

    /// Everything was sent, and the database holds each message once and in order.
    ///
    /// # Errors
    /// When it does not.
    pub fn finish(&mut self, durable: &[StoreOp], facts: &[Fact]) -> Result<(), Violation> {
        self.look(durable)?;
        if let Some(kind) = self.records.get(self.sent) {
            return Err(Violation::NeverSent(format!("{kind:?}")));
        }
        self.compare(facts)?;
        match self.messages.iter().find(|message| !message.is_held && !message.is_told_twice) {
            Some(message) => Err(Violation::NotInDatabase(message.payload.to_string(), "None".to_owned())),
            None => Ok(()),
        }
    }

    /// The database holds these facts by now: each is the next message that was sent.
    ///
    /// # Errors
    /// When one is not.
    pub fn compare(&mut self, facts: &[Fact]) -> Result<(), Violation> {
        for fact in facts.get(self.compared..).unwrap_or_default() {
            self.compared += 1;
            match fact {
                Fact::Sampled(samples)
                    if samples.attribution == Attribution::None && samples.values.iter().all(is_triggered) =>
                {
                    continue;
                }
                Fact::Started(_) | Fact::Sampled(_) | Fact::Stopped(_) => {}
                Fact::StopContradicted { .. } | Fact::StopOrphaned(_) => {}
                Fact::Booted(_)
                | Fact::Status(_)
                | Fact::Authorized { .. }
                | Fact::Progress(_)
                | Fact::SecurityEvent(_) => continue,
            }
            self.forget_held();
            while let Some(first) = self.messages.front_mut()
                && first.is_told_twice
                && !first.is_held
                && !first.is(fact)
            {
                first.is_held = true;
                self.forget_held();
            }
            match self.messages.front_mut().filter(|message| !message.is_held && message.is(fact)) {
                Some(message) => message.is_held = true,
                None => {
                    let next = self.messages.iter().find(|message| !message.is_held);
                    let next = next.map_or_else(|| "(none)".to_owned(), |message| message.payload.to_string());
                    return Err(Violation::NotInDatabase(next, format!("{fact:?}")));
                }
            }
        }
        Ok(())
    }

    /// The last one is kept, to know it if it is sent again.
    fn forget_held(&mut self) {
        if self.messages.len() > 1 && self.messages.front().is_some_and(|message| message.is_held) {
            self.messages.pop_front();
        }
    }
}

impl Message {
    /// Whether the fact says what the message said.
    fn is(&self, fact: &Fact) -> bool {
        let number = |name: &str| self.payload.get(name).and_then(Value::as_i64);
        let text = |name: &str| self.payload.get(name).and_then(Value::as_str);
        match (self.kind, fact) {
            (Kind::Start, Fact::Started(started)) => {
                number("meterStart") == Some(started.meter_start_wh)
                    && number("connectorId") == Some(i64::from(started.connector))
                    && text("idTag") == Some(started.token.as_str())
                    && time(text("timestamp")) == Some(started.at)
            }
            (Kind::Stop, Fact::Stopped(stopped)) => {
                number("meterStop") == Some(stopped.report.meter_stop_wh)
                    && text("reason") == stopped.report.reason.as_deref()
                    && time(text("timestamp")) == Some(stopped.report.at)
            }
            (Kind::Sample, Fact::Sampled(samples)) => {
                let sent = self.payload.get("meterValue").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                let is_same = |(sent, kept): (&Value, &MeterValue)| {
                    let values = sent.get("sampledValue").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                    let texts = values.iter().map(|value| value.get("value").and_then(Value::as_str));
                    time(sent.get("timestamp").and_then(Value::as_str)) == Some(kept.at)
                        && texts.eq(kept.values.iter().map(|value| Some(value.value.as_str())))
                };
                sent.len() == samples.values.len() && sent.iter().zip(&samples.values).all(is_same)
            }
            (Kind::Start | Kind::Sample | Kind::Stop, _) => false,
        }
    }
}

/// Whether values of no transaction are told because the CSMS asked for them: no record is the ground of those.
pub(super) fn is_triggered_beside(payload: &Value) -> bool {
    let context = payload.pointer("/meterValue/0/sampledValue/0/context").and_then(Value::as_str);
    payload.get("transactionId").is_none() && context == Some("Trigger")
}

pub(super) fn is_triggered(value: &MeterValue) -> bool {
    value.values.first().is_some_and(|sample| sample.context.as_deref() == Some("Trigger"))
}

fn time(text: Option<&str>) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text?).ok().map(|time| time.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocpp_core::store::LogIndex;
    use serde_json::json;

    fn append(index: u64, kind: u8) -> StoreOp {
        StoreOp::Append { log: Log::Transactions, index: LogIndex(index), record: vec![1, kind] }
    }

    fn message(id: &str, action: &str, mark: i64) -> Frame {
        let payload = json!({"transactionId": 1, "mark": mark});
        Frame::Call { id: id.to_owned(), action: action.to_owned(), payload }
    }

    #[test]
    fn message_without_its_record_is_seen() {
        let mut check = JournalCheck::default();
        let start = message("a", "StartTransaction", 0);
        assert!(matches!(check.clone().sent(&start, &[]), Err(Violation::NotDurable(..))));
        assert_eq!(check.sent(&start, &[append(1, 1)]), Ok(()));
        assert_eq!(check.sent(&start, &[append(1, 1)]), Ok(()), "again");
        assert_eq!(check.repeats, 1);
        let stop = message("b", "StopTransaction", 0);
        assert!(matches!(check.sent(&stop, &[append(1, 1), append(2, 2)]), Err(Violation::OutOfOrder(..))));
    }

    #[test]
    fn older_message_again_is_seen() {
        let durable = [append(1, 2), append(2, 2), append(3, 3)];
        let mut check = JournalCheck::default();
        assert_eq!(check.sent(&message("a", "MeterValues", 1), &durable), Ok(()));
        assert_eq!(check.sent(&message("b", "MeterValues", 2), &durable), Ok(()));
        assert!(matches!(check.sent(&message("c", "MeterValues", 1), &durable), Err(Violation::OutOfOrder(..))));
    }

    #[test]
    fn repeat_after_a_durable_delivery_is_seen() {
        let durable = [append(1, 1), append(2, 3)];
        let answer = Frame::Result { id: "a".to_owned(), payload: json!({"transactionId": 1}) };
        let start = message("a", "StartTransaction", 0);
        for (survives, allowed) in [(2, true), (3, false)] {
            let mut check = JournalCheck::default();
            check.sent(&start, &durable).unwrap();
            check.arrived(&answer, Some(2));
            check.power_cut(survives);
            check.power_cut(5);
            let repeat = check.sent(&message("b", "StartTransaction", 0), &durable);
            assert_eq!(repeat.is_ok(), allowed, "{survives} operations survive");
        }
    }

    #[test]
    fn repeat_of_what_was_answered_is_seen() {
        let (durable, stop) = ([append(1, 3)], message("a", "StopTransaction", 0));
        let mut check = JournalCheck::default();
        check.sent(&stop, &durable).unwrap();
        check.arrived(&Frame::Result { id: "a".to_owned(), payload: json!({}) }, Some(1));
        assert!(matches!(check.sent(&stop, &durable), Err(Violation::RepeatedThoughDelivered(..))));
    }

    #[test]
    fn record_that_was_not_sent_and_position_used_twice_are_seen() {
        let mut check = JournalCheck::default();
        assert!(matches!(check.finish(&[append(1, 1)], &[]), Err(Violation::NeverSent(_))));
        let reused = [append(4, 1), append(4, 3)];
        assert_eq!(JournalCheck::default().look(&reused), Err(Violation::PositionReused(4, 4)));
    }

    #[test]
    fn message_that_is_not_in_the_database_is_seen() {
        let mut check = JournalCheck::default();
        let durable = [append(1, 1)];
        check.sent(&message("a", "StartTransaction", 0), &durable).unwrap();
        assert!(matches!(check.finish(&durable, &[]), Err(Violation::NotInDatabase(..))));
    }

    #[test]
    fn reading_told_word_for_word_again_may_be_one_report() {
        let durable = [append(1, 2), append(2, 2), append(3, 2)];
        let run = |marks: [i64; 3]| {
            let mut check = JournalCheck::default();
            for mark in marks {
                check.sent(&message("a", "MeterValues", mark), &durable).unwrap();
            }
            check.messages.iter_mut().take(2).for_each(|message| message.is_held = true);
            check.finish(&durable, &[])
        };
        assert_eq!(run([1, 2, 1]), Ok(()));
        assert!(matches!(run([1, 2, 3]), Err(Violation::NotInDatabase(..))));
    }
}
