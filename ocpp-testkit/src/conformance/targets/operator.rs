//! Who carries out the steps that are no messages, at a live target.

use std::io::{self, BufRead, Write, stderr, stdin};
use std::process::{Child, Command, Stdio};

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
}

/// A program that was started for the run. It is killed when dropped.
pub struct Program(Child);

impl Program {
    /// Starts a command by the shell.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(command: &str) -> io::Result<Self> {
        let mut shell = Command::new("sh");
        // What it prints is none of the run's output.
        let child = shell.args(["-c", &format!("exec {command}")]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
        child.map(Program)
    }

    fn tell(&mut self, line: &str) -> io::Result<()> {
        let Some(stdin) = &mut self.0.stdin else { return Ok(()) };
        writeln!(stdin, "{line}")?;
        stdin.flush()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
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
