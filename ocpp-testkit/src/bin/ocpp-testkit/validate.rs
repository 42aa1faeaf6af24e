//! `validate`: what is wrong with messages.

use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use ocpp_testkit::trace::conversation::{Conversation, element};
use ocpp_testkit::trace::import::{self, Imported, Order, Unread};
use ocpp_testkit::validate::payload::Part;
use ocpp_testkit::validate::{self, Finding, Kind, Scope, Severity};
use serde::Serialize;
use serde_json::Value;

use crate::lines::Version;
use crate::print;

const AFTER_HELP: &str = r#"Examples:
  ocpp-testkit validate trace.jsonl
  ocpp-testkit validate server.log --ocpp 1.6
  echo '[2,"1","Reset",{"type":"Gentle"}]' | ocpp-testkit validate --ocpp 1.6
  echo '{"status":"Accepted"}' | ocpp-testkit validate --ocpp 2.1 --action ResetResponse --json

All that is wrong with a payload is told, first what no reader can mend, if there is such a thing; in square brackets stands the
error code to answer with. "(lenient: NAME)" says that a lenient reader takes the message all the same, and how: UnknownValue keeps a value
that is in no list as text, TextFromNumber and NumberFromText take a number for its text and the reverse, OverLong keeps a text
that is too long, OddTime reads a time without a zone in UTC, Null takes null for an absent member, ExtraMember passes over an
unknown one. Without it no reader can take the message. Lenient or not, each is an error.

An error is against a SHALL or MUST of the specification, a warning against a SHOULD, or wrong unless something happened that is
not shown (several calls at once: a warning in 1.6, an error from 2.0.1 on). A note is no fault: what could not be checked, and lines of a log
that are no frames, which are told together.

Exit status: 0 without errors (there may be notes and warnings), 1 with errors, 2 if the input cannot be checked."#;

/// Say what is wrong with frames, a payload or a whole trace, and where.
///
/// A trace (JSON lines) or the log of another program is checked in its order too, by its times or else by its lines: what answers
/// what, and what the messages say of transactions. Frames that nothing says the sender or the order of are checked each by itself,
/// and the output says so; so is one payload, of which --action says what it is.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
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
        // A list of lists or objects is a log.
        let is_item = |item: &Value| item.is_array() || item.is_object();
        let frame = serde_json::from_str::<Vec<Value>>(text).ok().filter(|list| !list.first().is_some_and(is_item));
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
        found.extend(unchecked(&imported, messages.len()));
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

/// How many notes about foreign lines are told one by one.
const FOREIGN_NOTES: usize = 20;

/// Lines that were not read. What is foreign in a log is noted, lines that follow each other in one note.
pub fn unread(imported: &Imported) -> Vec<Finding> {
    let shown = |text: &str| text.trim_ascii().chars().take(200).collect::<String>();
    let mut found = Vec::new();
    let mut runs: Vec<Vec<&Unread>> = Vec::new();
    for unread in &imported.unread {
        if !unread.is_foreign {
            let text = format!("{}: {}", unread.reason, shown(&unread.text));
            found.push(Finding::line(unread.line, Severity::Error, Kind::Line, text));
            continue;
        }
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|last| is_next(last, unread)) => run.push(unread),
            Some(_) | None => runs.push(vec![unread]),
        }
    }
    let rest = runs.split_off(runs.len().min(FOREIGN_NOTES));
    for run in runs {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        let text = match run.len() {
            1 => format!("{}: {}", first.reason, shown(&first.text)),
            count => format!("{count} lines up to line {}: {}: {}", last.line, first.reason, shown(&first.text)),
        };
        found.push(Finding::line(first.line, Severity::Note, Kind::Line, text));
    }
    if let Some(first) = rest.first().and_then(|run| run.first()) {
        let count: usize = rest.iter().map(Vec::len).sum();
        let text = format!("{count} more lines from here on that are no frames");
        found.push(Finding::line(first.line, Severity::Note, Kind::Line, text));
    }
    found.sort_by_key(|finding| finding.line);
    found
}

fn is_next(last: &Unread, unread: &Unread) -> bool {
    unread.line <= last.line + 1 && unread.reason == last.reason
}

/// What was not checked, and why.
pub fn unchecked(imported: &Imported, messages: usize) -> Option<Finding> {
    let text = "order and transactions are not checked: no line tells a time or a sender, and no frame answers another";
    let is_unknown = imported.order == Order::Unknown && messages > 1;
    is_unknown.then(|| Finding::line(1, Severity::Note, Kind::Line, text))
}

/// Frames that may be examples are checked each by itself.
pub fn scope(imported: &Imported) -> Scope {
    match imported.order {
        Order::Kept => Scope::Trace,
        Order::Unknown => Scope::Messages,
    }
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
