//! Every message about a transaction rests on a durable record, and every durable record arrives, once and in order.
//!
//! The journal in the store and the frames on the wire are two lists of the same things. A message is either the next
//! record of the first list, or the one sent last, again. Samples that made room for others are in neither.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, Utc};
use ocpp_core::csms::{Attribution, Fact, IdToken, MeterValue, SampledValue, TransactionId};
use ocpp_core::store::{EntryKey, Log, StoreOp};
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
        match record.get(1).map(|kind| kind & !MORE) {
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
            "TransactionEvent" => match payload.get("eventType").and_then(Value::as_str) {
                Some("Started") => Some(Kind::Start),
                Some("Ended") => Some(Kind::Stop),
                Some(_) | None => Some(Kind::Sample),
            },
            _ => None,
        }
    }
}

/// Added to the kind of a record that tells the number of its event too.
const MORE: u8 = 64;

/// The number of an event, which a record of it ends with: before five members of a byte each, while nothing is told once.
fn event_number(record: &[u8]) -> Option<u64> {
    let (last, rest) = record.split_last().filter(|_| record.get(1).is_some_and(|kind| kind & MORE != 0))?;
    let digits = rest.get(..rest.len().checked_sub(4)?).filter(|_| *last == 0)?;
    let begin = digits.iter().rev().skip(1).position(|byte| byte & 0x80 == 0)?;
    varint(digits.get(digits.len().checked_sub(begin + 1)?..)?)
}

/// Whether it can be the record of the event of this number that tells something once, such as the command that began it: the number
/// and four members of a byte each stand before that.
fn tells_once(record: &[u8], number: u64) -> bool {
    let mut digits = Vec::new();
    let mut rest = number;
    while rest > 0x7F {
        digits.push(u8::try_from(rest & 0x7F).unwrap_or_default() | 0x80);
        rest >>= 7;
    }
    digits.push(u8::try_from(rest & 0x7F).unwrap_or_default());
    let body = record.get(2..).unwrap_or_default();
    body.windows(digits.len() + 5).any(|window| window.starts_with(&digits) && window.last() == Some(&1))
}

/// A record of the journal.
#[derive(Clone, Copy, Debug)]
struct Journaled {
    kind: Kind,
    /// What it tells of: the position of the start, or for a reading of no transaction the EVSE.
    series: (bool, u64),
    /// Whether the store says that it was delivered.
    is_delivered: bool,
    /// Whether it says nothing that 1.6 has words for: a sample without readings.
    is_of_2_x_alone: bool,
}

impl Journaled {
    fn of(position: u64, record: &[u8]) -> Option<Journaled> {
        let kind = Kind::of_record(record)?;
        let first = record.get(2..).and_then(varint).unwrap_or_default();
        let is_beside = record.get(1) == Some(&4);
        let series = (is_beside, if kind == Kind::Start { position } else { first });
        let is_of_2_x_alone = kind == Kind::Sample && !is_beside && lacks_readings(record);
        Some(Journaled { kind, series, is_delivered: false, is_of_2_x_alone })
    }
}

/// Whether a sample of a transaction, which names that, its place, its time and its context first, has no readings.
fn lacks_readings(record: &[u8]) -> bool {
    let mut rest = record.get(2..).unwrap_or_default();
    let mut number = || {
        let end = rest.iter().position(|byte| byte & 0x80 == 0)?;
        let number = varint(rest);
        rest = rest.get(end + 1..)?;
        number
    };
    // By the wall clock, since a boot, or that and after something.
    let members = |form| if form == 0 { 1 } else { form + 1 };
    let count = (0..2).try_for_each(|_| number().map(|_| ())).and_then(|()| {
        let form = number()?;
        (0..=members(form)).try_for_each(|_| number().map(|_| ()))?;
        number()
    });
    count == Some(0)
}

/// The number that a body begins with.
fn varint(body: &[u8]) -> Option<u64> {
    let end = body.iter().position(|byte| byte & 0x80 == 0)?;
    let digits = body.get(..=end)?.iter().rev();
    digits
        .map(|byte| u64::from(byte & 0x7F))
        .try_fold(0_u64, |number, digit| number.checked_mul(128)?.checked_add(digit))
}

/// The entries of running transactions, and of samples, by position.
const TRANSACTION: &str = "tx/";
const SAMPLE: &str = "sample/";

fn numbered(key: &EntryKey, prefix: &str) -> Option<u64> {
    key.as_str().strip_prefix(prefix)?.parse().ok()
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Message {
    kind: Kind,
    payload: Value,
    /// The same in the words of another version, once it was sent so too.
    rephrased: Option<Value>,
    /// Whether the database was seen to hold it.
    is_held: bool,
    /// Readings of a clock that was set back may be those of before, word for word: one report for the CSMS. Or it cannot be told again in the
    /// version that is spoken since.
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
    /// By position: those that were not sent, and the last that was.
    records: BTreeMap<u64, Journaled>,
    last_position: Option<u64>,
    /// The number of the last event of each transaction, by the position of its start.
    numbers: BTreeMap<u64, u64>,
    /// The position that was sent last.
    sent: Option<u64>,
    /// The last time told of each transaction, by the position of its start.
    told: BTreeMap<u64, DateTime<Utc>>,
    /// Those that the database was not seen to hold, and the last one.
    messages: VecDeque<Message>,
    /// All readings that were sent.
    readings: BTreeSet<String>,
    /// How many of the database's facts were looked at.
    compared: usize,
    /// What the station calls a transaction besides, and its name in the facts.
    names: BTreeMap<String, String>,
    last: LastSent,
    /// How often the last message was sent again, over all.
    pub repeats: usize,
    /// Whether the station booted in 1.6 last, which leaves out what it has no words for.
    speaks_1_6: bool,
    /// How many samples made room for others.
    pub given_up: u64,
}

impl JournalCheck {
    /// Looks at what became durable.
    ///
    /// # Errors
    /// When a position is used again.
    pub fn look(&mut self, durable: &[StoreOp]) -> Result<(), Violation> {
        for op in durable.get(self.looked..).unwrap_or_default() {
            self.looked += 1;
            match op {
                StoreOp::Append { log: Log::Transactions, index, record } => self.recorded(index.0, record)?,
                StoreOp::Trim { log: Log::Transactions, through } => {
                    let logged = self.records.range_mut(..=through.0).filter(|(_, record)| record.kind != Kind::Sample);
                    logged.for_each(|(_, record)| record.is_delivered = true);
                }
                StoreOp::Put { key, value } => {
                    if let Some(position) = numbered(key, SAMPLE) {
                        self.recorded(position, value)?;
                    }
                    if let Some(start) = numbered(key, TRANSACTION).and_then(|start| self.records.get_mut(&start)) {
                        start.is_delivered = true;
                    }
                }
                StoreOp::Delete { key } => {
                    if let Some(position) = numbered(key, SAMPLE) {
                        self.removed(position)?;
                    }
                    let ended = numbered(key, TRANSACTION).map(|start| (false, start));
                    let records = self.records.values_mut();
                    let stop = records.filter(|record| record.kind == Kind::Stop && Some(record.series) == ended);
                    stop.for_each(|record| record.is_delivered = true);
                }
                StoreOp::Append { .. } | StoreOp::Trim { .. } => {}
            }
        }
        Ok(())
    }

    fn recorded(&mut self, position: u64, record: &[u8]) -> Result<(), Violation> {
        if let Some(last) = self.last_position.filter(|last| position <= *last) {
            return Err(Violation::PositionReused(position, last));
        }
        self.last_position = Some(position);
        let Some(journaled) = Journaled::of(position, record) else { return Ok(()) };
        self.records.insert(position, journaled);
        let has_number = record.get(1).is_some_and(|kind| kind & MORE != 0);
        let ((false, start), true) = (journaled.series, has_number) else { return Ok(()) };
        let expected = self.numbers.get(&start).map_or(0, |last| last + 1);
        let number = if tells_once(record, expected) { expected } else { event_number(record).unwrap_or(expected) };
        self.numbers.insert(start, number);
        if number == expected { Ok(()) } else { Err(Violation::EventNumber(start, number, expected)) }
    }

    /// A sample is gone: it was delivered, or made room.
    fn removed(&mut self, position: u64) -> Result<(), Violation> {
        let Some(gone) = self.records.get_mut(&position) else { return Ok(()) };
        let (series, is_of_2_x_alone) = (gone.series, gone.is_of_2_x_alone);
        let is_beside = series.0;
        if self.sent.is_some_and(|sent| position <= sent) {
            gone.is_delivered = true;
            // A reading of no transaction that was not taken lets transactions pass: it stands behind them now, and is told again.
            let has_moved = is_beside && self.sent == Some(position) && !self.last.is_answered;
            let told = self.messages.back_mut().filter(|_| has_moved);
            told.into_iter().for_each(|told| told.is_told_twice = true);
            return Ok(());
        }
        self.given_up += u64::from(!is_beside);
        self.records.remove(&position);
        let mut later = self.records.range(position..).filter(|(_, record)| record.series == series);
        let is_left_out = self.speaks_1_6 && is_of_2_x_alone;
        if later.next().is_some() || is_left_out { Ok(()) } else { Err(Violation::NewestDropped(position)) }
    }

    /// The next record to be sent.
    fn next(&self) -> Option<(u64, Journaled)> {
        let mut unsent = self.records.iter().filter(|(position, _)| self.sent.is_none_or(|sent| **position > sent));
        unsent.next().map(|(position, record)| (*position, *record))
    }

    /// The station sends a frame, and this is durable.
    ///
    /// # Errors
    /// When the frame tells of a transaction and is neither the next record nor the last message again, or is the last
    /// one again although its delivery is durable.
    pub fn sent(&mut self, frame: &Frame, durable: &[StoreOp]) -> Result<(), Violation> {
        let Frame::Call { id, action, payload } = frame else { return Ok(()) };
        if action == "BootNotification" {
            self.speaks_1_6 = payload.get("chargePointModel").is_some();
        }
        let Some(kind) = Kind::of_message(action, payload) else { return Ok(()) };
        self.look(durable)?;
        let payload = &whenever(payload);
        let last = self.messages.back_mut().filter(|last| last.kind == kind);
        let is_same = last.is_some_and(|last| last.is_told_again_by(payload));
        let is_delivered = self.last.is_delivered
            || self.last.is_answered
            || self.sent.and_then(|sent| self.records.get(&sent)).is_some_and(|last| last.is_delivered);
        self.last = LastSent { id: id.clone(), ..LastSent::default() };
        let next = self.next();
        // Two records may say the same, as the ends of two transactions whose starts were given up.
        let is_next = is_delivered && next.is_some_and(|(_, next)| next.kind == kind);
        if is_same && !is_next {
            self.repeats += 1;
            if is_delivered {
                return Err(Violation::RepeatedThoughDelivered(action.clone(), payload.to_string()));
            }
            return Ok(());
        }
        match next {
            None => Err(Violation::NotDurable(action.clone(), payload.to_string())),
            Some((_, next)) if next.kind != kind => {
                Err(Violation::OutOfOrder(action.clone(), format!("{:?}", next.kind), payload.to_string()))
            }
            Some((position, record)) => {
                if let Some(sent) = self.sent.replace(position) {
                    self.records.remove(&sent);
                }
                self.times_go_on(record, payload)?;
                let is_told_twice = kind == Kind::Sample && !self.readings.insert(payload.to_string());
                // What only 2.x tells is left out in 1.6, where it was on its way when the version changed too.
                let left_out = self.messages.back_mut().filter(|last| !is_of_2_x(payload) && last.is_of_2_x_alone());
                left_out.into_iter().for_each(|last| last.is_told_twice = true);
                let (payload, is_held) = (payload.clone(), false);
                self.messages.push_back(Message { kind, payload, rephrased: None, is_held, is_told_twice });
                Ok(())
            }
        }
    }

    /// Of one transaction the start, the samples and the stop with what it tells of the time before it are told with times
    /// that never go back.
    fn times_go_on(&mut self, record: Journaled, payload: &Value) -> Result<(), Violation> {
        let (false, transaction) = record.series else { return Ok(()) };
        let values = |name: &str| payload.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let at = |value: &Value| time(value.get("timestamp").and_then(Value::as_str));
        let back = |at, last| Violation::TimeWentBack(at, last, payload.to_string());
        let of_the_whole = if is_event(payload) { "meterValue" } else { "transactionData" };
        if record.kind == Kind::Stop {
            let times = values(of_the_whole).iter().filter_map(at).chain(at(payload));
            let mut last = None;
            for at in times {
                match last.replace(at) {
                    Some(before) if at < before => return Err(back(at, before)),
                    Some(_) | None => {}
                }
            }
        }
        let of_now = if record.kind == Kind::Stop { &[] } else { values("meterValue") };
        for at in of_now.iter().filter_map(at).chain(at(payload)) {
            match self.told.insert(transaction, at) {
                Some(last) if at < last => return Err(back(at, last)),
                Some(_) | None => {}
            }
        }
        if record.kind == Kind::Stop {
            self.told.remove(&transaction);
        }
        Ok(())
    }

    /// A frame arrives at the station, whose store was given so many operations; none if others may wait for it.
    pub fn arrived(&mut self, frame: &Frame, given: Option<usize>) {
        let Frame::Result { id, payload } = frame else { return };
        let names_transaction = || payload.get("transactionId").is_some_and(Value::is_i64);
        // In 2.x the station has named it.
        let is_start = |message: &Message| message.kind == Kind::Start && !is_event(&message.payload);
        let is_start = self.messages.back().is_some_and(is_start);
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
        if let Some((_, record)) = self.next() {
            return Err(Violation::NeverSent(format!("{:?}", record.kind)));
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
                // In 1.6 no message says it, which is found below.
                Fact::Updated(_) => {}
                Fact::Renamed(renamed) => {
                    self.names.insert(renamed.name.to_string(), renamed.transaction.to_string());
                    continue;
                }
                Fact::Booted(_)
                | Fact::Status(_)
                | Fact::Authorized { .. }
                | Fact::Progress(_)
                | Fact::SecurityEvent(_)
                | Fact::Settled(_)
                | _ => continue,
            }
            self.forget_held(fact);
            while let Some(first) = self.messages.front_mut()
                && first.is_told_twice
                && !first.is_held
                && !first.is(fact, &self.names)
            {
                first.is_held = true;
                self.forget_held(fact);
            }
            let names = &self.names;
            // Readings that were told in two versions have a place in the facts of each.
            let is_next =
                |message: &&mut Message| message.is(fact, names) && (!message.is_held || message.is_kept_twice());
            match self.messages.front_mut().filter(is_next) {
                Some(message) => {
                    if message.is_held {
                        message.rephrased = None;
                    }
                    message.is_held = true;
                }
                None => {
                    let next = self.messages.iter().find(|message| !message.is_held);
                    let next = next.map_or_else(|| "(none)".to_owned(), |message| message.payload.to_string());
                    return Err(Violation::NotInDatabase(next, format!("{fact:?}")));
                }
            }
        }
        Ok(())
    }

    /// The last one is kept, to know it if it is sent again; and one that this fact tells of in another version.
    fn forget_held(&mut self, fact: &Fact) {
        let names = &self.names;
        let is_over = |message: &Message| message.is_held && !(message.is_kept_twice() && message.is(fact, names));
        if self.messages.len() > 1 && self.messages.front().is_some_and(is_over) {
            self.messages.pop_front();
        }
    }
}

impl Message {
    /// Whether this says the same, perhaps in the words of another version, which is kept then.
    fn is_told_again_by(&mut self, payload: &Value) -> bool {
        if self.payload == *payload || self.rephrased.as_ref() == Some(payload) {
            return true;
        }
        let is_rephrased = is_of_2_x(&self.payload) != is_of_2_x(payload) && moment(&self.payload) == moment(payload);
        if is_rephrased {
            self.rephrased = Some(payload.clone());
        }
        is_rephrased
    }

    /// Whether it is an event between begin and end without readings.
    fn is_of_2_x_alone(&self) -> bool {
        self.kind == Kind::Sample && is_event(&self.payload) && self.payload.get("meterValue").is_none()
    }

    fn is_kept_twice(&self) -> bool {
        self.kind == Kind::Sample && self.rephrased.is_some()
    }

    /// Whether the fact says what the message said.
    fn is(&self, fact: &Fact, names: &BTreeMap<String, String>) -> bool {
        let mut payloads = [Some(&self.payload), self.rephrased.as_ref()].into_iter().flatten();
        payloads.any(|payload| says(self.kind, payload, fact, names))
    }
}

/// Whether the fact says what a message of this kind says.
fn says(kind: Kind, payload: &Value, fact: &Fact, names: &BTreeMap<String, String>) -> bool {
    if is_event(payload) {
        return is_event_of(kind, payload, fact, names);
    }
    let number = |name: &str| payload.get(name).and_then(Value::as_i64);
    let text = |name: &str| payload.get(name).and_then(Value::as_str);
    match (kind, fact) {
        (Kind::Start, Fact::Started(started)) => {
            number("meterStart") == started.meter_start_wh
                && number("connectorId") == Some(i64::from(started.place.number()))
                && text("idTag") == started.token.as_ref().map(IdToken::as_str)
                && time(text("timestamp")) == Some(started.at)
        }
        (Kind::Stop, Fact::Stopped(stopped)) => {
            number("meterStop") == stopped.report.meter_stop_wh
                && text("reason") == stopped.report.reason.as_deref()
                && time(text("timestamp")) == Some(stopped.report.at)
        }
        (Kind::Sample, Fact::Sampled(samples)) => {
            let sent = payload.get("meterValue").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            are_same(sent, &samples.values)
        }
        (Kind::Start | Kind::Sample | Kind::Stop, _) => false,
    }
}

/// The same of an event of 2.x: its number, its time and its values.
fn is_event_of(kind: Kind, payload: &Value, fact: &Fact, names: &BTreeMap<String, String>) -> bool {
    let (at, event, samples) = match (kind, fact) {
        (Kind::Start, Fact::Started(started)) => (started.at, &started.event, &started.samples),
        (Kind::Sample, Fact::Updated(updated)) => (updated.at, &updated.event, &updated.samples),
        (Kind::Stop, Fact::Stopped(stopped)) => (stopped.report.at, &stopped.report.event, &stopped.report.samples),
        (Kind::Start | Kind::Sample | Kind::Stop, _) => return false,
    };
    let name = fact.transaction().map(TransactionId::as_str);
    let sent = payload.get("meterValue").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let named = payload.pointer("/transactionInfo/transactionId").and_then(Value::as_str);
    (named == name || named.and_then(|named| names.get(named)).map(String::as_str) == name)
        && payload.get("seqNo").and_then(Value::as_u64) == event.seq_no
        && time(payload.get("timestamp").and_then(Value::as_str)) == Some(at)
        && are_same(sent, samples)
}

/// Whether it is worded as 2.x does: an event, or readings of an EVSE.
fn is_of_2_x(payload: &Value) -> bool {
    is_event(payload) || payload.get("evseId").is_some()
}

/// The time of what a message tells: that of its first readings where it has none of its own.
fn moment(payload: &Value) -> Option<DateTime<Utc>> {
    let own = payload.get("timestamp").or_else(|| payload.pointer("/meterValue/0/timestamp"));
    time(own.and_then(Value::as_str))
}

/// An event without what depends on when it was sent: one that waits while the station goes offline is told as offline from then on
/// (2.x E11.FR.07).
fn whenever(payload: &Value) -> Value {
    let mut payload = payload.clone();
    if let Some(members) = payload.as_object_mut().filter(|members| members.contains_key("eventType")) {
        members.remove("offline");
    }
    payload
}

/// Whether it is an event of 2.x.
fn is_event(payload: &Value) -> bool {
    payload.get("eventType").is_some()
}

/// Whether these values were sent and kept: texts in 1.6, numbers in 2.x.
fn are_same(sent: &[Value], kept: &[MeterValue]) -> bool {
    let is_value = |(sent, kept): (&Value, &SampledValue)| match sent.get("value") {
        Some(Value::String(text)) => *text == kept.value,
        Some(number) => kept.value.parse().ok().is_some_and(|kept: f64| Some(kept) == number.as_f64()),
        None => false,
    };
    let is_same = |(sent, kept): (&Value, &MeterValue)| {
        let values = sent.get("sampledValue").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        time(sent.get("timestamp").and_then(Value::as_str)) == Some(kept.at)
            && values.len() == kept.values.len()
            && values.iter().zip(&kept.values).all(is_value)
    };
    sent.len() == kept.len() && sent.iter().zip(kept).all(is_same)
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
mod tests;
