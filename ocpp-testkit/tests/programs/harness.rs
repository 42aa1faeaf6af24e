//! Processes of the program under test, waited for by what they print.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use ocpp_testkit::stores::{Bill, Ledger};
use serde_json::{Value, json};

/// Nothing here takes nearly so long; only a failure does.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running program. It is killed when dropped.
pub struct Program {
    name: &'static str,
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<Value>,
    /// All that it printed so far.
    pub seen: Vec<Value>,
}

impl Program {
    pub fn start<S: AsRef<std::ffi::OsStr>>(name: &'static str, arguments: impl IntoIterator<Item = S>) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ocpp-testkit"))
            .arg(name)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                // A killed process may leave half a line, the last one.
                let Ok(line) = serde_json::from_str(&line) else { break };
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Program { name, child, stdin, lines, seen: Vec::new() }
    }

    /// Writes a line to its stdin.
    pub fn say(&mut self, line: &Value) {
        self.say_text(&line.to_string());
    }

    pub fn say_text(&mut self, line: &str) {
        writeln!(self.stdin, "{line}").unwrap();
    }

    /// Waits for a line in which `find` finds something. Lines are looked at once each.
    pub fn wait<T>(&mut self, what: &str, find: impl Fn(&Value) -> Option<T>) -> T {
        let found = self.wait_at_most(PATIENCE, what, find);
        found.unwrap_or_else(|| panic!("{} never printed {what}: {}", self.name, self.transcript()))
    }

    /// The same, for a time; none if nothing is found in it.
    pub fn wait_at_most<T>(&mut self, time: Duration, what: &str, find: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + time;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let found = find(&line);
                    self.seen.push(line);
                    if found.is_some() {
                        return found;
                    }
                }
                Err(RecvTimeoutError::Timeout) => return None,
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("{} ended without printing {what}: {}", self.name, self.transcript())
                }
            }
        }
    }

    /// Waits for an event of this name, and gives its fields.
    pub fn wait_event(&mut self, event: &str) -> Value {
        self.wait(event, |line| find_event(line, event))
    }

    /// kill -9, and all that it printed before.
    pub fn kill(mut self) -> Vec<Value> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let rest: Vec<_> = self.lines.iter().collect();
        self.seen.extend(rest);
        std::mem::take(&mut self.seen)
    }

    /// Waits until it ends by itself; whether it says that it succeeded.
    pub fn succeeds(mut self) -> bool {
        self.child.wait().unwrap().success()
    }

    fn transcript(&self) -> String {
        self.seen.iter().map(|line| format!("\n  {line}")).collect()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn find_event(line: &Value, event: &str) -> Option<Value> {
    line.get("event")?.get(event).cloned()
}

/// A CSMS process with its database.
pub struct Csms {
    pub program: Program,
    /// `ws://127.0.0.1:PORT`.
    pub url: String,
    database: PathBuf,
}

impl Csms {
    /// Starts one on a free port.
    pub fn start(directory: &Path, arguments: &[&str]) -> Self {
        Self::start_on("127.0.0.1:0", &directory.join("ledger.db"), arguments)
    }

    fn start_on(address: &str, database: &Path, arguments: &[&str]) -> Self {
        let mut all = vec!["--listen", address, "--db", database.to_str().unwrap()];
        all.extend(arguments);
        let mut program = Program::start("csms", all);
        let url = program.wait("its address", |line| Some(line.get("listening")?.get("url")?.as_str()?.to_owned()));
        Csms { program, url, database: database.to_owned() }
    }

    /// Starts another one in the place of one that was killed.
    pub fn start_again(url: &str, directory: &Path, arguments: &[&str]) -> Self {
        let (_, address) = url.split_once("://").unwrap();
        Self::start_on(address, &directory.join("ledger.db"), arguments)
    }

    /// Waits until a fact of this kind is in the database, and gives its fields.
    pub fn wait_stored(&mut self, kind: &str) -> Value {
        self.program.wait(kind, |line| line.get("stored")?.get("fact")?.get(kind).cloned())
    }

    /// Sends a command and waits for its answer.
    pub fn command(&mut self, station: &str, action: &str, payload: Value) -> Value {
        self.program.say(&json!({"station": station, "action": action, "payload": payload}));
        self.program.wait(action, |line| line.get("answer").filter(|answer| answer["action"] == action).cloned())
    }

    /// The ledger as any other program reads it.
    pub fn ledger(&self) -> Ledger {
        Ledger::open(&self.database).unwrap()
    }

    pub fn bills(&self) -> Vec<Bill> {
        self.ledger().bills().unwrap()
    }
}

/// A station process with its store.
pub struct Station {
    pub program: Program,
}

impl Station {
    /// 360 kW: 100 Wh a second, so that a session of a second has a bill.
    pub fn start(csms: &str, store: &Path, arguments: &[&str]) -> Self {
        let endpoint = format!("{csms}/ocpp");
        let mut all = vec!["--url", &endpoint, "--id", "CP001", "--store", store.to_str().unwrap(), "--frames"];
        all.extend(["--power", "360000", "--set", "MeterValueSampleInterval=1"]);
        all.extend(arguments);
        Station { program: Program::start("station", all) }
    }

    /// Plugs in and holds a token to the reader.
    pub fn begin_session(&mut self) {
        self.program.say(&json!({"plug": 1}));
        self.program.say(&json!({"token": {"evse": 1, "id": "ABC"}}));
    }

    /// Waits for a frame that it sent.
    pub fn wait_sent(&mut self, action: &str) {
        self.program.wait(action, |line| sent(line).filter(|frame| frame[2] == action));
    }

    /// Waits for the answer to the next message of this action, sent from now on.
    pub fn wait_answered(&mut self, action: &str) -> Value {
        let id = self
            .program
            .wait(action, |line| sent(line).filter(|frame| frame[2] == action).map(|frame| frame[1].clone()));
        self.program
            .wait("its answer", |line| received(line).filter(|frame| frame[1] == id).map(|frame| frame[2].clone()))
    }
}

/// The frame that a line shows as sent.
pub fn sent(line: &Value) -> Option<Value> {
    frame(line, "out")
}

/// The frame that a line shows as received.
pub fn received(line: &Value) -> Option<Value> {
    frame(line, "in")
}

fn frame(line: &Value, direction: &str) -> Option<Value> {
    let frame = line.get("frame").filter(|frame| frame["direction"] == direction)?;
    serde_json::from_str(frame["text"].as_str()?).ok()
}

/// The register that the station's meter shows, in mWh, as it is kept beside the store.
pub fn register_mwh(store: &Path) -> i64 {
    let state: Value = serde_json::from_slice(&std::fs::read(store.join("hardware.json")).unwrap()).unwrap();
    state["1"]["register_mwh"].as_i64().unwrap()
}
