//! Recorded traffic between programs that nobody here wrote, through codec, relay and engine.
//!
//! The recordings lie beside the workspace in `../shared/traces`, or where `OCPP_TRACES` says. Without them the tests
//! say so and pass.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs};

use ocpp_rpc::engine::{Config, Engine, Lane, Received, ReplyToken, ReusedId, Sent};
use ocpp_rpc::frame::write;
use ocpp_rpc::proxy::{Output, Party, Relay, RelayConfig};
use ocpp_rpc::{Dialect, Frame, Instant, Limits, MessageId};
use serde_json::Value;

/// One text message.
struct Record {
    conn: u64,
    from_station: bool,
    text: String,
    /// Recorded as text, because it is no JSON or was sent malformed on purpose.
    is_raw: bool,
}

struct Trace {
    name: String,
    dialect: Dialect,
    records: Vec<Record>,
}

fn traces() -> Vec<Trace> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/traces");
    let folder = env::var_os("OCPP_TRACES").map_or(beside, PathBuf::from);
    let Ok(entries) = fs::read_dir(&folder) else {
        println!("SKIPPED: no recordings in {}", folder.display());
        return Vec::new();
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a folder's entry is readable").path()).collect();
    paths.sort();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    paths.into_iter().map(read).collect()
}

fn read(path: PathBuf) -> Trace {
    let name = path.file_stem().and_then(|name| name.to_str()).expect("a plain file name").to_string();
    let dialect =
        Dialect::ALL.into_iter().find(|dialect| name.ends_with(dialect.subprotocol().trim_start_matches("ocpp")));
    let mut records = Vec::new();
    for line in fs::read_to_string(&path).expect("a readable file").lines() {
        let record: Value = serde_json::from_str(line).expect("a JSON line");
        let Some(from) = record.get("from") else { continue };
        // The frame is the record's last member: cut out, its text stays as it was.
        let frame = line.split_once("\"frame\":").and_then(|(_, rest)| rest.strip_suffix('}'));
        let raw = record.get("raw").and_then(Value::as_str);
        let text = raw.or(frame).expect("a record has a frame or raw text").to_string();
        let conn = record["conn"].as_u64().expect("a record has a connection");
        records.push(Record { conn, from_station: from == "station", text, is_raw: raw.is_some() });
    }
    Trace { dialect: dialect.expect("the file name ends with the version"), name, records }
}

#[test]
fn recorded_frames_are_read_and_only_malformed_ones_refused() {
    for trace in traces() {
        let (mut read, mut refused) = (0, 0);
        for Record { text, is_raw, .. } in &trace.records {
            let payload = match Frame::open(text.as_bytes(), trace.dialect, &Limits::STANDARD) {
                Ok(Frame::Call { payload, .. } | Frame::CallResult { payload, .. } | Frame::Send { payload, .. }) => {
                    payload.raw().map(|_| ()).map_err(|violation| violation.to_string())
                }
                Ok(Frame::CallError { error, .. } | Frame::CallResultError { error, .. }) => {
                    assert!(error.description().chars().count() <= 255);
                    Ok(())
                }
                Err(fault) => Err(fault.to_string()),
            };
            match payload {
                Ok(()) => read += 1,
                Err(reason) => {
                    assert!(is_raw, "{}: {text}: {reason}", trace.name);
                    refused += 1;
                }
            }
        }
        println!("{}: {read} frames read, {refused} refused", trace.name);
    }
}

#[test]
fn recorded_connections_pass_a_relay_byte_for_byte() {
    for trace in traces() {
        let mut relays = BTreeMap::new();
        let mut passed = 0;
        for Record { conn, from_station, text, is_raw } in &trace.records {
            let relay = relays.entry(*conn).or_insert_with(|| {
                let mut relay = Relay::new(RelayConfig::TRANSPARENT, *conn);
                relay.station_opened(Instant::ZERO, trace.dialect);
                relay.upstream_opened(Instant::ZERO, Party::Primary);
                while relay.poll_output().is_some() {}
                relay
            });
            let (from, to) =
                if *from_station { (Party::Station, Party::Primary) } else { (Party::Primary, Party::Station) };
            relay.receive(Instant::ZERO, from, text.as_bytes());
            let output = relay.poll_output();
            if output == Some(Output::Send { to, text: text.clone() }) {
                passed += 1;
                assert_eq!(relay.poll_output(), None);
            } else {
                assert!(is_raw, "{}: {text}: {output:?}", trace.name);
                while relay.poll_output().is_some() {}
            }
        }
        println!("{}: {passed} frames passed", trace.name);
    }
}

/// The engine takes the CSMS's place: it answers the station's calls as the CSMS did, makes the calls it made, and gets
/// the station's answers.
#[test]
fn recorded_stations_can_talk_to_the_engine() {
    for trace in traces() {
        let mut ends: BTreeMap<u64, Csms> = BTreeMap::new();
        for record in &trace.records {
            ends.entry(record.conn).or_insert_with(|| Csms::new(trace.dialect)).take(record);
        }
        let served: u32 = ends.values().map(|end| end.served).sum();
        let called: u32 = ends.values().map(|end| end.called).sum();
        println!("{}: {served} calls of the station answered, {called} calls to it answered", trace.name);
        assert!(served > 0 && called > 0, "{}", trace.name);
    }
}

struct Csms {
    engine: Engine,
    dialect: Dialect,
    /// The station's calls to be answered, by their id.
    open: BTreeMap<MessageId, ReplyToken>,
    /// The ids of our calls for those in the recording.
    ids: BTreeMap<MessageId, MessageId>,
    served: u32,
    called: u32,
}

impl Csms {
    fn new(dialect: Dialect) -> Self {
        // One of the programs uses an id twice.
        let config = Config { reused_id: ReusedId::Serve, max_calls: 64, ..Config::STANDARD };
        let mut engine = Engine::new(config, 1);
        engine.opened(Instant::ZERO, dialect);
        Self { engine, dialect, open: BTreeMap::new(), ids: BTreeMap::new(), served: 0, called: 0 }
    }

    fn take(&mut self, record: &Record) {
        let Ok(frame) = Frame::open(record.text.as_bytes(), self.dialect, &Limits::STANDARD) else { return };
        match (frame, record.from_station) {
            (Frame::Call { id, .. }, true) => match self.engine.receive(Instant::ZERO, record.text.as_bytes()) {
                Received::Call { token, .. } => drop(self.open.insert(id, token)),
                other => panic!("{}: {other:?}", record.text),
            },
            (Frame::CallResult { id, payload }, false) => {
                let (Some(token), Ok(payload)) = (self.open.remove(&id), payload.raw()) else { return };
                self.engine.reply(Instant::ZERO, token, payload).expect("the call waits");
                self.sent(&record.text);
            }
            (Frame::CallError { id, error }, false) => {
                let Some(token) = self.open.remove(&id) else { return };
                self.engine.reply_error(Instant::ZERO, token, &error).expect("the call waits");
                assert!(self.engine.poll_transmit().is_some());
                self.served += 1;
            }
            (Frame::Call { id, action, payload }, false) => {
                let Ok(payload) = payload.raw() else { return };
                let timeout = Duration::from_secs(30);
                self.engine.call(Instant::ZERO, Lane::Normal, &action, payload, timeout).expect("there is room");
                self.send_next(id);
            }
            (Frame::CallResult { id, .. } | Frame::CallError { id, .. }, true) => {
                let Some(own) = self.ids.remove(&id) else { return };
                let text = write::replace_id(&record.text, &own).expect("the frame has an id");
                match self.engine.receive(Instant::ZERO, text.as_bytes()) {
                    Received::Result { .. } | Received::Error { .. } => self.called += 1,
                    other => panic!("{text}: {other:?}"),
                }
            }
            (Frame::Send { .. } | Frame::CallResultError { .. }, _) => {}
        }
    }

    /// The answer sent says what the recorded one says.
    fn sent(&mut self, recorded: &str) {
        let frame = self.engine.poll_transmit().expect("an answer is due");
        assert!(matches!(frame.what, Sent::Reply(_)));
        assert_eq!(
            serde_json::from_str::<Value>(&frame.text).expect("JSON"),
            serde_json::from_str::<Value>(recorded).expect("JSON")
        );
        self.served += 1;
    }

    /// Sends the call just made; one that the station never answered makes way for it.
    fn send_next(&mut self, recorded: MessageId) {
        let frame = self.engine.poll_transmit().or_else(|| {
            self.engine.waiting().filter(|call| self.engine.settle(Instant::ZERO, *call))?;
            self.engine.poll_transmit()
        });
        let frame = frame.expect("a call is due").text;
        let Ok(Frame::Call { id, .. }) = Frame::open(frame.as_bytes(), self.dialect, &Limits::STANDARD) else {
            panic!("{frame}")
        };
        self.ids.insert(recorded, id);
    }
}
