//! Runs of the program, from its lines to its lines.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Output, Stdio};

use serde_json::{Value, json};

fn spawn(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_ocpp-testkit"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The program with these arguments, told all of this at once.
pub fn run(arguments: &[&str], stdin: &str) -> Output {
    let mut child = spawn(arguments);
    let mut pipe = child.stdin.take().unwrap();
    let text = stdin.to_owned();
    // By a thread of its own: what it answers must be read meanwhile. A program that refuses its arguments reads nothing.
    let writer = std::thread::spawn(move || drop(pipe.write_all(text.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// The lines that it printed.
pub fn lines(output: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A pipe that is told line by line.
pub struct Talk {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Talk {
    /// Starts it, and gives its first block.
    pub fn start(arguments: &[&str]) -> (Self, Vec<Value>) {
        let mut child = spawn(arguments);
        let (stdin, stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut talk = Talk { child, stdin, stdout };
        let block = talk.block();
        (talk, block)
    }

    /// Tells it a line, and gives what it says to that. No line may be wrong.
    pub fn tell(&mut self, line: &Value) -> Vec<Value> {
        writeln!(self.stdin, "{line}").unwrap();
        let block = self.block();
        assert!(block.iter().all(|said| said.get("error").is_none()), "{line}: {block:?}");
        block
    }

    /// Tells it that a frame arrived.
    pub fn frame(&mut self, at: u64, frame: &Value) -> Vec<Value> {
        self.tell(&json!({"at": at, "in": {"Link": {"Frame": frame.to_string()}}}))
    }

    /// What it says up to the line with the next deadline, that one included.
    fn block(&mut self) -> Vec<Value> {
        let mut block: Vec<Value> = Vec::new();
        while block.last().is_none_or(|said| said.get("timeout").is_none()) {
            let mut line = String::new();
            assert_ne!(self.stdout.read_line(&mut line).unwrap(), 0, "the program ended after {block:?}");
            block.push(serde_json::from_str(&line).unwrap());
        }
        block
    }

    /// Ends its stdin.
    pub fn end(mut self) -> ExitStatus {
        drop(self.stdin);
        self.child.wait().unwrap()
    }
}

/// The values at this place of the lines.
pub fn at_place(said: &[Value], place: &str) -> Vec<Value> {
    said.iter().filter_map(|line| line.pointer(place)).cloned().collect()
}

/// The frames that were sent.
pub fn sent(said: &[Value]) -> Vec<Value> {
    at_place(said, "/out/Link/Send").iter().map(|text| serde_json::from_str(text.as_str().unwrap()).unwrap()).collect()
}
