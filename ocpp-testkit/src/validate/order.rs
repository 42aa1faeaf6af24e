//! Messages in their order: who asked, who answered, and when.

use std::collections::BTreeMap;

use ocpp_core::time::Instant;
use ocpp_rpc::Dialect;
use ocpp_rpc::frame::MessageType;

use super::{Finding, Kind, Severity};
use crate::checks::wire::{Early, Registration};
use crate::link::End;
use crate::trace::conversation::{Conversation, Message, Seen};

/// A call that waits for longer may have been given up by its sender, so that the next one is no fault.
const SURELY_WAITED_MS: i64 = 10_000;

/// A call that the connection outlives for longer should have been answered.
const ANSWER_DUE_MS: i64 = 30_000;

/// Messages that let a station that is not accepted call (1.6 §4.2, B01.FR.10).
const TRIGGERS: [&str; 4] = ["TriggerMessage", "ExtendedTriggerMessage", "GetBaseReport", "GetReport"];

/// What is wrong with the order of the messages.
pub(super) fn findings(conversation: &Conversation) -> Vec<Finding> {
    let mut order = Order { conversation, links: BTreeMap::new(), stations: BTreeMap::new(), found: Vec::new() };
    for (index, item) in conversation.items.iter().enumerate() {
        let link = order.links.entry(item.link).or_default();
        link.last = index;
        match &item.seen {
            Seen::Message(message) => order.message(index, message),
            Seen::Connected { .. } => {
                link.from_its_beginning = true;
                order.station(index).registration = Registration::Unknown;
            }
            Seen::Closed | Seen::Told(..) | Seen::Ordered(..) | Seen::Restored(_) => {}
        }
    }
    order.unanswered();
    order.found
}

struct Order<'a> {
    conversation: &'a Conversation,
    links: BTreeMap<usize, Link>,
    stations: BTreeMap<Option<&'a str>, Station<'a>>,
    found: Vec<Finding>,
}

#[derive(Default)]
struct Link {
    from_its_beginning: bool,
    /// The last item.
    last: usize,
    /// Broken messages of each end that have no answer, by the id as far as it was readable.
    broken: Vec<(End, Option<String>)>,
}

#[derive(Default)]
struct Station<'a> {
    /// Calls and sends of each end by their ids: the latest of each.
    ids: BTreeMap<(End, &'a str), usize>,
    registration: Registration,
    triggered: bool,
}

impl<'a> Order<'a> {
    fn station(&mut self, index: usize) -> &mut Station<'a> {
        let identity = self.conversation.items.get(index).and_then(|item| item.station.as_deref());
        self.stations.entry(identity).or_default()
    }

    fn link(&mut self, index: usize) -> &mut Link {
        let link = self.conversation.items.get(index).map_or(0, |item| item.link);
        self.links.entry(link).or_default()
    }

    fn add(&mut self, index: usize, severity: Severity, kind: Kind, text: impl Into<String>) {
        self.found.push(Finding::item(self.conversation, index, severity, kind, text));
    }

    fn message(&mut self, index: usize, message: &'a Message) {
        match message.kind {
            None => self.link(index).broken.push((message.from, message.id.clone())),
            Some(MessageType::Call) => {
                self.several_calls(index, message);
                self.reused_id(index, message);
                self.registration_call(index, message);
            }
            Some(MessageType::Send) => self.reused_id(index, message),
            Some(MessageType::CallResult | MessageType::CallError) => {
                self.answer(index, message);
                self.registration_answer(index, message);
            }
            Some(MessageType::CallResultError) => {
                if message.call.is_none() {
                    self.add(index, Severity::Error, Kind::UnaskedAnswer, "answers no answer");
                }
            }
        }
    }

    fn line(&self, index: usize) -> u64 {
        self.conversation.items.get(index).map_or(0, |item| item.line)
    }

    fn several_calls(&mut self, index: usize, message: &Message) {
        let Some(waiting) = message.waiting else { return };
        let waited = self.conversation.millis_between(waiting, index);
        if waited.is_none_or(|waited| waited < SURELY_WAITED_MS) {
            let action = self.conversation.message(waiting).and_then(|call| call.action.as_deref()).unwrap_or("call");
            let text = format!("called while the {action} of line {} waits for its answer", self.line(waiting));
            // Part 4 of 2.x has a SHALL NOT there, OCPP-J 1.6 a SHOULD NOT (both §4.1.1).
            let severity = match message.dialect {
                Some(Dialect::V1_6) => Severity::Warning,
                Some(Dialect::V2_0_1 | Dialect::V2_1) | None => Severity::Error,
            };
            self.add(index, severity, Kind::SeveralCalls, text);
        }
    }

    fn reused_id(&mut self, index: usize, message: &'a Message) {
        let Some(id) = message.id.as_deref() else { return };
        let Some(before) = self.station(index).ids.insert((message.from, id), index) else { return };
        let Some(first) = self.conversation.message(before) else { return };
        let is_retry = first.text == message.text && first.answer.is_none_or(|answer| answer > index);
        // 2.0.1 forbids it for retries too.
        if is_retry && message.dialect != Some(Dialect::V2_0_1) {
            return;
        }
        let same_link = self.conversation.items.get(before).map(|item| item.link)
            == self.conversation.items.get(index).map(|item| item.link);
        // A counter that begins anew with each connection was allowed in 1.6 before errata 2025-04.
        let severity = if same_link { Severity::Error } else { Severity::Warning };
        let text = format!("message id {id} was used in line {}", self.line(before));
        self.add(index, severity, Kind::ReusedId, text);
    }

    fn answer(&mut self, index: usize, message: &Message) {
        let id = message.id.as_deref().unwrap_or_default();
        if let Some(call) = message.call {
            let first = self.conversation.message(call).and_then(|call| call.answer);
            if let Some(first) = first.filter(|first| *first != index) {
                let text = format!("the call of line {} was answered in line {}", self.line(call), self.line(first));
                self.add(index, Severity::Error, Kind::SecondAnswer, text);
            }
            return;
        }
        let asker = message.from.peer();
        let is_send = |conversation: &Conversation, sent: usize| {
            conversation.message(sent).is_some_and(|sent| sent.kind == Some(MessageType::Send))
        };
        let sent = self.station(index).ids.get(&(asker, id)).copied();
        if let Some(sent) = sent.filter(|sent| is_send(self.conversation, *sent)) {
            let text = format!("answers the send of line {}", self.line(sent));
            return self.add(index, Severity::Error, Kind::AnsweredSend, text);
        }
        let link = self.link(index);
        if message.kind == Some(MessageType::CallError) {
            let answered = link
                .broken
                .iter()
                .position(|(from, broken)| *from == asker && (broken.as_deref() == Some(id) || id == "-1"));
            if let Some(answered) = answered {
                link.broken.remove(answered);
                return;
            }
        }
        match link.from_its_beginning {
            true => self.add(index, Severity::Error, Kind::UnaskedAnswer, format!("no call has the id {id}")),
            false => {
                let text = format!("no call has the id {id}, unless one before the trace began");
                self.add(index, Severity::Warning, Kind::UnaskedAnswer, text);
            }
        }
    }

    fn registration_call(&mut self, index: usize, message: &Message) {
        let action = message.action.as_deref().unwrap_or_default();
        let now = self.now(index);
        let station = self.station(index);
        if message.from == End::Csms {
            station.triggered |= TRIGGERS.contains(&action);
            return;
        }
        let (registration, triggered) = (station.registration, station.triggered);
        if triggered || matches!(registration, Registration::Unknown) {
            return;
        }
        match registration.may_call(now, action) {
            Ok(()) => {}
            Err(Early::NotAccepted) => {
                self.add(index, Severity::Error, Kind::BeforeAccepted, "called before the station was accepted");
            }
            // Without times, how long was waited cannot be seen.
            Err(Early::Until(_)) if !self.has_time(index) => {}
            Err(Early::Until(until)) => {
                let text = format!("called {} ms before the interval is over", until.as_millis() - now.as_millis());
                self.add(index, Severity::Warning, Kind::TooEarly, text);
            }
        }
    }

    fn registration_answer(&mut self, index: usize, message: &Message) {
        let now = self.now(index);
        let station = self.station(index);
        let action = message.action.as_deref();
        if message.from == End::Station {
            let is_early = station.registration.may_answer(now);
            if let Err(until) = is_early
                && self.has_time(index)
            {
                let left = until.as_millis() - now.as_millis();
                let text = format!("answered {left} ms before the interval of the rejected station is over");
                self.add(index, Severity::Error, Kind::TooEarly, text);
            }
        } else if let (Some("BootNotification"), Some(payload)) = (action, message.payload())
            && let Some(registration) = Registration::of(now, &payload)
        {
            (station.registration, station.triggered) = (registration, false);
        }
    }

    fn has_time(&self, index: usize) -> bool {
        self.conversation.items.get(index).is_some_and(|item| item.at.is_some() || item.wall.is_some())
    }

    /// The time of an item, by either clock; only distances count.
    fn now(&self, index: usize) -> Instant {
        let item = self.conversation.items.get(index);
        let wall = || item?.wall.and_then(|wall| u64::try_from(wall.timestamp_millis()).ok());
        item.and_then(|item| item.at).or_else(|| wall().map(Instant::from_millis)).unwrap_or(Instant::ZERO)
    }

    fn unanswered(&mut self) {
        let conversation = self.conversation;
        for (index, message) in conversation.messages() {
            if message.kind != Some(MessageType::Call) || message.answer.is_some() {
                continue;
            }
            let last = self.link(index).last;
            match conversation.millis_between(index, last) {
                Some(left) if left < ANSWER_DUE_MS => {
                    let text = format!("not answered in the {left} ms that the connection is shown after it");
                    self.add(index, Severity::Note, Kind::Unanswered, text);
                }
                Some(_) | None => self.add(index, Severity::Warning, Kind::Unanswered, "not answered"),
            }
        }
    }
}
