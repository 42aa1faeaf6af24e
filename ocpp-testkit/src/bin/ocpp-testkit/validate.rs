//! `validate`: what is wrong with messages.

use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use ocpp_testkit::trace::conversation::{Conversation, element};
use ocpp_testkit::trace::import::{self, Imported};
use ocpp_testkit::validate::payload::Part;
use ocpp_testkit::validate::{self, Finding, Kind, Scope, Severity};
use serde::Serialize;
use serde_json::Value;

use crate::lines::Version;
use crate::print;

/// Say what is wrong with frames, a payload or a whole trace, and where.
///
/// A trace (JSON lines) or a log of frames with times is checked in its order too: what answers what, and what the messages say of
/// transactions. Bare frames, one in a line, are checked each by itself; so is one payload, of which --action says what it is.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    ocpp-testkit validate trace.jsonl\n  \
    echo '[2,\"1\",\"Reset\",{\"type\":\"Gentle\"}]' | ocpp-testkit validate --ocpp 1.6\n  \
    echo '{\"status\":\"Accepted\"}' | ocpp-testkit validate --ocpp 2.1 --action ResetResponse --json\n\n\
    Exit status: 0 without errors (there may be notes and warnings), 1 with errors, 2 if the input cannot be checked.")]
pub struct Validate {
    /// The version spoken, where the input does not tell.
    #[arg(long)]
    ocpp: Option<Version>,
    /// The action of a payload, or of an answer without its call: Reset, ResetRequest (Reset.req) or ResetResponse (Reset.conf).
    #[arg(long)]
    action: Option<String>,
    /// Print findings as JSON lines, and a summary as the last one.
    #[arg(long)]
    json: bool,
    /// The input; stdin if there is none.
    file: Option<PathBuf>,
}

/// The last line of `--json`.
#[derive(Serialize)]
struct Summary {
    messages: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
}

impl Validate {
    /// Runs it.
    pub fn run(&self) -> ExitCode {
        let read = text_of(self.file.as_ref()).map_err(|error| error.to_string());
        match read.and_then(|text| self.findings(&text)) {
            Ok((messages, findings)) => self.print(messages, &findings),
            Err(error) => {
                eprintln!("validate: {error}");
                ExitCode::from(2)
            }
        }
    }

    /// The number of messages and what is wrong with them.
    fn findings(&self, text: &str) -> Result<(usize, Vec<Finding>), String> {
        let frame = serde_json::from_str::<Vec<Value>>(text).ok();
        let is_answer = frame.as_ref().is_some_and(|frame| frame.first().is_some_and(|kind| kind == 3));
        if let Some(action) = self.action.as_deref().filter(|_| frame.is_none() || is_answer) {
            return self.payload(action, text.trim(), is_answer).map(|found| (1, found));
        }
        let imported = if frame.is_some() { import::frame(text.trim()) } else { import::read(text) };
        let conversation = Conversation::of(&imported.recording, self.ocpp.map(|version| version.0));
        let messages: Vec<_> = conversation.messages().collect();
        if messages.is_empty() && !imported.is_trace {
            return Err("there is no frame in the input; of a payload, say the action: --action Reset".to_owned());
        }
        if !messages.is_empty() && messages.iter().all(|(_, message)| message.dialect.is_none()) {
            return Err("the input does not tell the version: say --ocpp 1.6, 2.0.1 or 2.1".to_owned());
        }
        let mut found = unread(&imported);
        found.extend(validate::conversation(&conversation, scope(&imported)));
        found.sort_by_key(|finding| finding.line);
        Ok((messages.len(), found))
    }

    /// A payload, or an answer whose call is not there.
    fn payload(&self, named: &str, text: &str, is_answer: bool) -> Result<Vec<Finding>, String> {
        let dialect = self.ocpp.ok_or("of a payload, say the version: --ocpp 1.6, 2.0.1 or 2.1")?.0;
        let (action, part) = part(named);
        Ok(match element(text, 2).filter(|_| is_answer) {
            Some(payload) => validate::payload(dialect, action, Part::Response, payload),
            None => validate::payload(dialect, action, part, text),
        })
    }

    fn print(&self, messages: usize, findings: &[Finding]) -> ExitCode {
        let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        let [errors, warnings, notes] = [Severity::Error, Severity::Warning, Severity::Note].map(count);
        let summary = Summary { messages, errors, warnings, notes };
        if self.json {
            findings.iter().for_each(print_json);
            print_json(&summary);
        } else {
            findings.iter().for_each(|finding| println!("{finding}"));
            println!("{messages} messages: {errors} errors, {warnings} warnings, {notes} notes");
        }
        if errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Lines that were not read: in a trace that is an error, in a log there are other lines than frames.
pub fn unread(imported: &Imported) -> Vec<Finding> {
    let severity = if imported.is_trace { Severity::Error } else { Severity::Note };
    let finding = |import::Unread { line, reason, text }: &import::Unread| {
        let text: String = text.trim_ascii().chars().take(200).collect();
        Finding::line(*line, severity, Kind::Line, format!("{reason}: {text}"))
    };
    imported.unread.iter().map(finding).collect()
}

/// Bare frames are checked each by itself.
pub fn scope(imported: &Imported) -> Scope {
    if imported.is_in_order() { Scope::Trace } else { Scope::Messages }
}

/// The text of a file, or of stdin. What is no UTF-8 in it is replaced.
pub fn text_of(file: Option<&PathBuf>) -> io::Result<String> {
    let bytes = match file {
        Some(path) => {
            let named =
                |error: io::Error| io::Error::new(error.kind(), print::unusable("file", path.display(), &error));
            fs::read(path).map_err(named)?
        }
        None => {
            if io::stdin().is_terminal() {
                eprintln!("waiting for the input on the terminal; Ctrl-D ends it");
            }
            let mut bytes = Vec::new();
            io::stdin().lock().read_to_end(&mut bytes)?;
            bytes
        }
    };
    Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// The action that a payload's name names, and which part of it.
fn part(name: &str) -> (&str, Part) {
    let named = |suffix| name.strip_suffix(suffix);
    if let Some(action) = named("Response").or_else(|| named(".conf")) {
        return (action, Part::Response);
    }
    match named("Request").or_else(|| named(".req")) {
        Some(action) => (action, Part::Request),
        None if name == "NotifyPeriodicEventStream" => (name, Part::Unconfirmed),
        None => (name, Part::Request),
    }
}

fn print_json(value: &impl Serialize) {
    match serde_json::to_string(value) {
        Ok(text) => println!("{text}"),
        Err(error) => eprintln!("a finding cannot be written: {error}"),
    }
}
