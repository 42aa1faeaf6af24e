//! Who carries out the steps that are no messages, at a live target.

use std::io::{self, BufRead, BufReader, Write, stderr, stdin};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::conformance::target::{Manual, Trouble};

/// Who carries out the steps.
pub enum Operator {
    /// A program, which gets each step as a line of JSON on its standard input.
    Program(Program),
    /// The person at the terminal.
    Person(Person),
}

impl Operator {
    /// Has a step carried out.
    pub(super) async fn perform(&mut self, station: &str, step: &Manual) -> Result<(), Trouble> {
        match self {
            Operator::Program(program) => {
                program.tell(&step.line(station).to_string()).map_err(|error| Trouble::Undone(error.to_string()))
            }
            Operator::Person(person) => person.perform(&step.sentence(station)).await,
        }
    }

    /// Waits for the word that a step which was given on could not be done.
    pub(super) async fn refusal(&mut self) -> Trouble {
        let said = match self {
            Operator::Program(program) => program.refusals.recv().await,
            // A person says so at once.
            Operator::Person(_) => None,
        };
        match said {
            Some(reason) => Trouble::Undone(reason),
            None => std::future::pending().await,
        }
    }
}

/// A program that was started for the run. It is killed when dropped.
pub struct Program {
    child: Child,
    /// What it said that it cannot do.
    refusals: UnboundedReceiver<String>,
}

impl Program {
    /// Starts a command by the shell.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(command: &str) -> io::Result<Self> {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("exec {command}")]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = shell.spawn()?;
        let (sender, refusals) = unbounded_channel();
        if let Some(stdout) = child.stdout.take() {
            // What else it prints is none of the run's output.
            std::thread::Builder::new().name("operator".to_owned()).spawn(move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    if let Some(reason) = refusal_in(&line) {
                        let _ = sender.send(reason);
                    }
                }
            })?;
        }
        Ok(Program { child, refusals })
    }

    fn tell(&mut self, line: &str) -> io::Result<()> {
        // What it said of steps before is settled.
        while self.refusals.try_recv().is_ok() {}
        let Some(stdin) = &mut self.child.stdin else { return Ok(()) };
        writeln!(stdin, "{line}")?;
        stdin.flush()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a line of the program says that it cannot do: `{"cannot":"reason"}`.
fn refusal_in(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    let reason = line.get("cannot")?;
    Some(reason.as_str().map_or_else(|| reason.to_string(), str::to_owned))
}

/// The person at the terminal.
pub struct Person {
    lines: UnboundedReceiver<String>,
}

impl Person {
    /// Reads the terminal from now on.
    ///
    /// # Errors
    /// When no thread can be had.
    pub fn at_the_terminal() -> io::Result<Self> {
        let (sender, lines) = unbounded_channel();
        std::thread::Builder::new().name("terminal".to_owned()).spawn(move || {
            for line in stdin().lock().lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        })?;
        Ok(Person { lines })
    }

    async fn perform(&mut self, sentence: &str) -> Result<(), Trouble> {
        let asked = writeln!(stderr(), "  please {sentence}, then press Enter (n and Enter: it cannot be done)");
        asked.map_err(|error| Trouble::Undone(error.to_string()))?;
        match self.lines.recv().await {
            Some(line) if line.trim().is_empty() => Ok(()),
            Some(_) => Err(Trouble::Undone(sentence.to_owned())),
            None => Err(Trouble::Undone("nobody at the terminal".to_owned())),
        }
    }
}
