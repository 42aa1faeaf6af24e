//! `trace`: a recorded trace as text, diagram or page.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use ocpp_testkit::trace::conversation::Conversation;
use ocpp_testkit::trace::{html, import, mermaid, text};
use ocpp_testkit::validate;

use crate::lines::Version;
use crate::print;
use crate::validate::{scope, text_of, unchecked, unread};

/// Show a trace, or the log of another program, with what is wrong in it.
///
/// Frames are read wherever they stand: over several lines, within strings of JSON or CSV, as Python prints lists. Who sent them is told by
/// words (sent, recv, from charger), arrows and names of both ends; else by what only one end sends. Each station of a log has a
/// conversation of its own.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    ocpp-testkit trace session.jsonl\n  \
    ocpp-testkit trace server.log --ocpp 1.6 --html -o session.html")]
pub struct Trace {
    /// The trace; stdin if there is none.
    file: Option<PathBuf>,
    /// As text (the default).
    #[arg(long, group = "form")]
    text: bool,
    /// As a Mermaid sequence diagram.
    #[arg(long, group = "form")]
    mermaid: bool,
    /// As one page for a browser, which needs nothing else.
    #[arg(long, group = "form")]
    html: bool,
    /// The version spoken, where the trace does not tell.
    #[arg(long)]
    ocpp: Option<Version>,
    /// Where to write; stdout if there is none.
    #[arg(short)]
    output: Option<PathBuf>,
}

impl Trace {
    /// Runs it. Exit status 0 when it could be shown, whatever is wrong in it.
    pub fn run(&self) -> ExitCode {
        match self.show() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => print::give_up("trace", &error),
        }
    }

    fn show(&self) -> io::Result<()> {
        let imported = import::read(&text_of(self.file.as_ref())?);
        if imported.recording.entries.is_empty() && !imported.unread.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "there is no frame in the input"));
        }
        let conversation = Conversation::of(&imported.recording, self.ocpp.map(|version| version.0));
        let mut findings = unread(&imported);
        if conversation.messages().any(|(_, message)| message.dialect.is_some()) {
            findings.extend(unchecked(&imported, conversation.messages().count()));
            findings.extend(validate::conversation(&conversation, scope(&imported)));
        }
        let shown = if self.html {
            let name = self.file.as_ref().and_then(|file| file.file_name());
            html::render(&name.map_or("trace".into(), |name| name.to_string_lossy()), &conversation, &findings)?
        } else if self.mermaid {
            mermaid::render(&conversation, &findings)
        } else {
            text::render(&conversation, &findings)
        };
        match &self.output {
            Some(path) => fs::write(path, shown)
                .map_err(|error| io::Error::new(error.kind(), print::unusable("-o", path.display(), &error))),
            None => io::stdout().lock().write_all(shown.as_bytes()),
        }
    }
}
