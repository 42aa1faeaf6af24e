//! A trace as a conversation: which frame is what, and which answers which.
//!
//! Frames come from the wire, or from the boundary of a machine (`in: Link/Frame`, `out: Link/Send`).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use ocpp_core::time::Instant;
use ocpp_rpc::frame::MessageType;
use ocpp_rpc::{Dialect, Frame, Limits};
use ocpp_types::json::Reader;
use serde_json::Value;

use super::record::{Entry, Recording, What, dialect};
use crate::link::End;

/// What happened, in the order of the trace.
#[derive(Clone, Debug, Default)]
pub struct Conversation {
    /// One for each record.
    pub items: Vec<Item>,
}

/// One record, understood.
#[derive(Clone, Debug)]
pub struct Item {
    /// The number of its line, from 1.
    pub line: u64,
    /// When, by the wall clock.
    pub wall: Option<DateTime<Utc>>,
    /// When, in virtual time.
    pub at: Option<Instant>,
    /// The number that the trace gives the connection.
    pub conn: Option<u64>,
    /// The identity of the station.
    pub station: Option<String>,
    /// Numbers connections by their opening: two are never the same, whatever the trace calls them.
    pub link: usize,
    /// What.
    pub seen: Seen,
}

/// What a record says.
#[derive(Clone, Debug)]
pub enum Seen {
    /// A connection was made.
    Connected {
        /// The version, as the trace has it.
        version: Option<String>,
    },
    /// The connection ended.
    Closed,
    /// A text message.
    Message(Message),
    /// A machine was told something that is not about the connection, JSON text.
    Told(End, String),
    /// A machine ordered or told something that is not about the connection, JSON text.
    Ordered(End, String),
    /// A machine was started from a store dump.
    Restored(End),
}

/// A text message.
#[derive(Clone, Debug)]
pub struct Message {
    /// Who sent it.
    pub from: End,
    /// The text.
    pub text: String,
    /// The version of the connection, if it is known.
    pub dialect: Option<Dialect>,
    /// Its type; none if it is no frame.
    pub kind: Option<MessageType>,
    /// Whether its logger left something of it out: what is there cannot be judged.
    pub is_cut: bool,
    /// The message id, if it was readable.
    pub id: Option<String>,
    /// The action: its own, or that of the call it answers.
    pub action: Option<String>,
    /// The item of the call that it answers.
    pub call: Option<usize>,
    /// The item of its first answer.
    pub answer: Option<usize>,
    /// The item of an earlier call by the same end, which waits for its answer still.
    pub waiting: Option<usize>,
}

impl Conversation {
    /// Understands a trace. `default` is the version where the trace tells none.
    pub fn of(recording: &Recording, default: Option<Dialect>) -> Self {
        let told = recording.header.as_ref().and_then(|header| header.ocpp);
        let mut listener = Listener { default: told.or(default), ..Listener::default() };
        recording.entries.iter().for_each(|entry| listener.hear(entry));
        listener.conversation
    }

    /// The message of an item, if it is one.
    pub fn message(&self, item: usize) -> Option<&Message> {
        self.items.get(item).and_then(Item::message)
    }

    /// All messages with the index of their item.
    pub fn messages(&self) -> impl Iterator<Item = (usize, &Message)> {
        self.items.iter().enumerate().filter_map(|(index, item)| Some((index, item.message()?)))
    }

    /// Milliseconds from one item to another, by whichever clock both have.
    pub fn millis_between(&self, from: usize, to: usize) -> Option<i64> {
        self.items.get(to)?.millis_since(self.items.get(from)?)
    }
}

impl Message {
    /// The payload, if it can be read; of an error, nothing.
    pub fn payload(&self) -> Option<Value> {
        serde_json::from_str(self.payload_text()?).ok()
    }

    /// The payload as it was sent.
    pub fn payload_text(&self) -> Option<&str> {
        if self.is_cut {
            return None;
        }
        match self.kind? {
            MessageType::Call | MessageType::Send => element(&self.text, 3),
            MessageType::CallResult => element(&self.text, 2),
            MessageType::CallError | MessageType::CallResultError => None,
        }
    }
}

impl Item {
    /// The message, if it is one.
    pub fn message(&self) -> Option<&Message> {
        match &self.seen {
            Seen::Message(message) => Some(message),
            Seen::Connected { .. } | Seen::Closed | Seen::Told(..) | Seen::Ordered(..) | Seen::Restored(_) => None,
        }
    }

    /// Milliseconds since an earlier item, by whichever clock both have.
    pub fn millis_since(&self, earlier: &Item) -> Option<i64> {
        if let (Some(from), Some(to)) = (earlier.at, self.at) {
            return i64::try_from(to.as_millis()).ok()?.checked_sub(i64::try_from(from.as_millis()).ok()?);
        }
        Some((self.wall? - earlier.wall?).num_milliseconds())
    }
}

/// A connection as the trace names it.
type Name = (Option<String>, Option<u64>);

#[derive(Default)]
struct Listener {
    default: Option<Dialect>,
    links: BTreeMap<Name, Link>,
    opened: usize,
    conversation: Conversation,
}

/// What is known of a connection.
#[derive(Clone, Default)]
struct Link {
    number: usize,
    dialect: Option<Dialect>,
    /// The calls of each end by their ids: the latest of each.
    calls: BTreeMap<(End, String), usize>,
    /// The calls of each end that have no answer, oldest first.
    waiting: BTreeMap<End, Vec<usize>>,
}

impl Listener {
    fn hear(&mut self, entry: &Entry) {
        let record = &entry.record;
        let name = (record.station.clone(), record.conn);
        let seen = match &record.what {
            What::Frame { from, text } => self.message(&name, *from, text.clone(), false),
            What::Cut { from, text } => self.message(&name, *from, text.clone(), true),
            What::Connected { version } => self.connected(&name, version.clone()),
            What::Closed => self.closed(&name),
            What::In { role, input } => self.told(&name, *role, input),
            What::Out { role, action } => self.ordered(&name, *role, action),
            What::Restore { role, .. } => {
                self.closed(&name);
                Seen::Restored(*role)
            }
        };
        let link = self.link(&name).number;
        let (wall, at, conn, station) = (record.wall, record.at, record.conn, record.station.clone());
        self.conversation.items.push(Item { line: entry.line, wall, at, conn, station, link, seen });
    }

    fn link(&mut self, name: &Name) -> &mut Link {
        let (opened, default) = (&mut self.opened, self.default);
        self.links.entry(name.clone()).or_insert_with(|| {
            *opened += 1;
            Link { number: *opened, dialect: default, ..Link::default() }
        })
    }

    fn connected(&mut self, name: &Name, version: Option<String>) -> Seen {
        self.links.remove(name);
        let told = version.as_deref().and_then(dialect);
        let link = self.link(name);
        link.dialect = told.or(link.dialect);
        Seen::Connected { version }
    }

    /// What comes later under this name answers nothing from before.
    fn closed(&mut self, name: &Name) -> Seen {
        let link = self.link(name);
        link.calls.clear();
        link.waiting.clear();
        Seen::Closed
    }

    fn told(&mut self, name: &Name, role: End, input: &str) -> Seen {
        let json = serde_json::from_str::<Value>(input).unwrap_or_default();
        let link = json.get("Link");
        if let Some(frame) = link.and_then(|link| link.get("Frame")).and_then(Value::as_str) {
            return self.message(name, role.peer(), frame.to_owned(), false);
        }
        if let Some(opened) = link.and_then(|link| link.get("Opened")) {
            let version = opened.get("subprotocol").or_else(|| opened.get("dialect"));
            return self.connected(name, version.and_then(Value::as_str).map(str::to_owned));
        }
        if link.is_some_and(|link| link == "Closed") {
            return self.closed(name);
        }
        Seen::Told(role, input.to_owned())
    }

    fn ordered(&mut self, name: &Name, role: End, action: &str) -> Seen {
        let json = serde_json::from_str::<Value>(action).unwrap_or_default();
        match json.get("Link").and_then(|link| link.get("Send")).and_then(Value::as_str) {
            Some(frame) => self.message(name, role, frame.to_owned(), false),
            None => Seen::Ordered(role, action.to_owned()),
        }
    }

    fn message(&mut self, name: &Name, from: End, text: String, is_cut: bool) -> Seen {
        let index = self.conversation.items.len();
        let link = self.link(name);
        // 2.1 has all message types.
        let head = match is_cut {
            true => Head::read_cut(&text),
            false => Head::read(&text, link.dialect.unwrap_or(Dialect::V2_1)),
        };
        let mut message = Message {
            from,
            text,
            dialect: link.dialect,
            kind: head.kind,
            is_cut,
            id: head.id,
            action: head.action,
            call: None,
            answer: None,
            waiting: None,
        };
        match (message.kind, message.id.clone()) {
            (Some(MessageType::Call), Some(id)) => {
                let waiting = link.waiting.entry(from).or_default();
                message.waiting = waiting.last().copied();
                waiting.push(index);
                link.calls.insert((from, id), index);
            }
            (Some(MessageType::CallResult | MessageType::CallError), Some(id)) => {
                message.call = link.calls.get(&(from.peer(), id)).copied();
                link.waiting.entry(from.peer()).or_default().retain(|call| Some(*call) != message.call);
                self.answered(index, &mut message);
            }
            (Some(MessageType::CallResultError), Some(id)) => {
                // It answers an answer, and so bears the id of an own call.
                message.call = link.calls.get(&(from, id)).copied();
                message.action = self.action_of(message.call);
            }
            (Some(_) | None, _) => {}
        }
        Seen::Message(message)
    }

    fn answered(&mut self, index: usize, message: &mut Message) {
        message.action = self.action_of(message.call);
        let call = message.call.and_then(|call| self.conversation.items.get_mut(call));
        if let Some(Item { seen: Seen::Message(call), .. }) = call {
            call.answer.get_or_insert(index);
        }
    }

    fn action_of(&self, call: Option<usize>) -> Option<String> {
        self.conversation.message(call?)?.action.clone()
    }
}

/// What can be read of a message.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    pub kind: Option<MessageType>,
    pub id: Option<String>,
    pub action: Option<String>,
}

impl Head {
    pub fn read(text: &str, dialect: Dialect) -> Self {
        let of = |kind, id: ocpp_rpc::MessageId, action| Head { kind: Some(kind), id: Some(id.into()), action };
        match Frame::open(text.as_bytes(), dialect, &LIMITS) {
            Ok(Frame::Call { id, action, .. }) => of(MessageType::Call, id, Some(action.into_owned())),
            Ok(Frame::Send { id, action, .. }) => of(MessageType::Send, id, Some(action.into_owned())),
            Ok(Frame::CallResult { id, .. }) => of(MessageType::CallResult, id, None),
            Ok(Frame::CallError { id, .. }) => of(MessageType::CallError, id, None),
            Ok(Frame::CallResultError { id, .. }) => of(MessageType::CallResultError, id, None),
            Err(fault) => Head { kind: None, id: fault.id.map(String::from), action: None },
        }
    }

    /// Of a frame whose end is missing: what stands before.
    pub fn read_cut(text: &str) -> Self {
        let mut reader = Reader::with_depth(text, LIMITS.depth);
        let mut head = Head::default();
        let next = |reader: &mut Reader<'_>| reader.next_element().is_ok_and(|more| more);
        if reader.begin_array().is_err() || !next(&mut reader) {
            return head;
        }
        head.kind = reader.integer().ok().and_then(|kind| match kind {
            2 => Some(MessageType::Call),
            3 => Some(MessageType::CallResult),
            4 => Some(MessageType::CallError),
            5 => Some(MessageType::CallResultError),
            6 => Some(MessageType::Send),
            _ => None,
        });
        let whole = |text: String| Some(text).filter(|text| !text.contains("...") && !text.contains('…'));
        let mut string = || next(&mut reader).then(|| reader.string().ok().map(String::from)).flatten().and_then(whole);
        head.id = string();
        if let Some(MessageType::Call | MessageType::Send) = head.kind {
            head.action = string();
        }
        head
    }
}

/// The text of an element of a JSON array.
pub fn element(array: &str, index: usize) -> Option<&str> {
    let mut reader = Reader::with_depth(array, LIMITS.depth);
    reader.begin_array().ok()?;
    for _ in 0..index {
        reader.next_element().ok().filter(|more| *more)?;
        reader.skip_value().ok()?;
    }
    reader.next_element().ok().filter(|more| *more)?;
    reader.raw_value().ok()
}

/// What a frame in a trace may cost: a trace is read once, by choice of its reader.
pub(crate) const LIMITS: Limits =
    Limits { frame_bytes: 64 << 20, depth: 128, items: usize::MAX, action_bytes: 1 << 10 };

#[cfg(test)]
mod tests {
    use super::*;

    fn conversation(lines: &str) -> Conversation {
        Conversation::of(&lines.parse().unwrap(), None)
    }

    fn message(conversation: &Conversation, item: usize) -> &Message {
        conversation.message(item).unwrap()
    }

    #[test]
    fn answers_find_their_calls_in_either_direction() {
        let heard = conversation(
            r#"{"at":1,"event":"connected","version":"1.6"}
            {"at":2,"from":"station","frame":[2,"1","Heartbeat",{}]}
            {"at":3,"from":"csms","frame":[2,"1","Reset",{"type":"Soft"}]}
            {"at":5,"from":"station","frame":[3,"1",{"status":"Accepted"}]}
            {"at":9,"from":"csms","frame":[3,"1",{}]}
            {"at":9,"from":"csms","frame":[4,"1","InternalError","",{}]}"#,
        );
        let (reset, heartbeat) = (message(&heard, 3), message(&heard, 4));
        assert_eq!((reset.call, reset.action.as_deref()), (Some(2), Some("Reset")));
        assert_eq!((heartbeat.call, heartbeat.action.as_deref()), (Some(1), Some("Heartbeat")));
        assert_eq!(message(&heard, 1).answer, Some(4), "the first answer");
        assert_eq!(message(&heard, 5).call, Some(1), "the second finds its call too");
        assert_eq!(heard.millis_between(1, 4), Some(7));
        assert_eq!(message(&heard, 1).dialect, Some(Dialect::V1_6));
    }

    #[test]
    fn another_connection_has_other_calls() {
        let heard = conversation(
            r#"{"at":1,"conn":1,"from":"station","frame":[2,"1","Heartbeat",{}]}
            {"at":2,"conn":2,"from":"csms","frame":[3,"1",{}]}
            {"at":3,"conn":1,"event":"connected"}
            {"at":4,"conn":1,"from":"csms","frame":[3,"1",{}]}"#,
        );
        assert_eq!((message(&heard, 1).call, message(&heard, 3).call), (None, None));
        let links: Vec<_> = heard.items.iter().map(|item| item.link).collect();
        assert_eq!(links, [1, 2, 3, 3]);
    }

    #[test]
    fn calls_that_wait_are_told() {
        let heard = conversation(
            r#"{"at":1,"from":"station","frame":[2,"1","Heartbeat",{}]}
            {"at":2,"from":"station","frame":[2,"2","Heartbeat",{}]}
            {"at":3,"from":"csms","frame":[3,"1",{}]}
            {"at":3,"from":"csms","frame":[3,"2",{}]}
            {"at":4,"from":"station","frame":[2,"3","Heartbeat",{}]}"#,
        );
        assert_eq!(message(&heard, 1).waiting, Some(0));
        assert_eq!(message(&heard, 4).waiting, None);
    }

    #[test]
    fn boundary_of_a_machine_gives_frames() {
        let heard = conversation(
            r#"{"ocpp_trace":1,"role":"station","ocpp":"2.0.1"}
            {"at":1,"in":{"Link":{"Opened":{"subprotocol":"ocpp1.6"}}}}
            {"at":1,"out":{"Link":{"Send":"[2,\"1\",\"Heartbeat\",{}]"}}}
            {"at":2,"in":{"Link":{"Frame":"[3,\"1\",{}]"}}}
            {"at":3,"in":"Tick"}
            {"at":3,"out":{"Evse":[1,{"Power":"On"}]}}
            {"at":4,"in":{"Link":"Closed"}}"#,
        );
        let (call, answer) = (message(&heard, 1), message(&heard, 2));
        assert_eq!((call.from, answer.from, answer.call), (End::Station, End::Csms, Some(1)));
        assert_eq!(call.dialect, Some(Dialect::V1_6), "what was agreed on outranks the header");
        assert!(matches!(&heard.items[3].seen, Seen::Told(End::Station, tick) if tick == "\"Tick\""));
        assert!(matches!(&heard.items[4].seen, Seen::Ordered(End::Station, _)));
        assert!(matches!(&heard.items[5].seen, Seen::Closed));
    }

    #[test]
    fn broken_messages_keep_their_id() {
        let heard = conversation(r#"{"at":1,"from":"station","raw":"[2,\"7\",\"Heartbeat\""}"#);
        assert_eq!((message(&heard, 0).kind, message(&heard, 0).id.as_deref()), (None, Some("7")));
    }
}
