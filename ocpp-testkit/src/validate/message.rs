//! One message: its frame, its payload, what an error says.

use ocpp_rpc::{CallError, Dialect, ErrorCode, Frame, Payload};
use ocpp_types::json::{Kind as Json, Reader};
use ocpp_types::{Fault, Violation, v1_6, v2_0_1, v2_1};

use super::breaches::{Breach, Schema};
use super::payload::{Part, Verdict, check};
use super::{Finding, Kind, Severity};
use crate::link::End;
use crate::spelling::nearest;
use crate::trace::conversation::{Conversation, LIMITS, Message};

/// How much of a wrong value is shown.
const SHOWN_CHARS: usize = 60;

/// What is wrong with a message by itself. Answers are read by the action of their call.
pub(super) fn findings(conversation: &Conversation, index: usize, message: &Message) -> Vec<Finding> {
    let mut about = Findings { conversation, index, found: Vec::new() };
    match message.dialect {
        Some(_) if message.is_cut => {
            let text = "not checked: the log has a part of it only".to_owned();
            about.add(Kind::Frame, text, |it| Finding { severity: Severity::Note, ..it });
        }
        Some(dialect) => about.of(message, dialect),
        None => about.add(Kind::Version, "the trace does not say which version is spoken".to_owned(), |it| it),
    }
    about.found
}

/// What is wrong with a payload that stands alone.
pub(super) fn payload(dialect: Dialect, action: &str, part: Part, json: &str) -> Vec<Finding> {
    let mut about = Findings { conversation: &Conversation::default(), index: 0, found: Vec::new() };
    about.schema(dialect, action, part, None, json);
    about.found.into_iter().map(|finding| Finding { line: 1, item: None, ..finding }).collect()
}

struct Findings<'a> {
    conversation: &'a Conversation,
    index: usize,
    found: Vec<Finding>,
}

impl Findings<'_> {
    fn add(&mut self, kind: Kind, text: String, with: impl FnOnce(Finding) -> Finding) {
        self.found.push(with(Finding::item(self.conversation, self.index, Severity::Error, kind, text)));
    }

    fn of(&mut self, message: &Message, dialect: Dialect) {
        let from = Some(message.from);
        match Frame::open(message.text.as_bytes(), dialect, &LIMITS) {
            Err(fault) => {
                self.add(Kind::Frame, fault.to_string(), |it| it.code(fault.code().name_in(dialect)));
            }
            Ok(Frame::Call { action, payload, .. }) => {
                self.payload(dialect, Some(&action), Part::Request, from, payload);
            }
            Ok(Frame::Send { action, payload, .. }) => {
                self.payload(dialect, Some(&action), Part::Unconfirmed, from, payload);
            }
            Ok(Frame::CallResult { payload, .. }) => {
                self.payload(dialect, message.action.as_deref(), Part::Response, from, payload);
            }
            Ok(Frame::CallError { .. } | Frame::CallResultError { .. }) => self.error(dialect, &message.text),
        }
    }

    fn payload(&mut self, dialect: Dialect, action: Option<&str>, part: Part, from: Option<End>, payload: Payload<'_>) {
        match (payload.raw(), action) {
            (Err(Violation { path, rule, .. }), _) => {
                self.breach(dialect, Breach { path, rule, repair: None, meant: None });
            }
            (Ok(json), Some(action)) => self.schema(dialect, action, part, from, json),
            (Ok(_), None) => {
                let text = "not checked: the call that it answers is not known".to_owned();
                self.add(Kind::Schema, text, |it| Finding { severity: Severity::Note, ..it });
            }
        }
    }

    fn schema(&mut self, dialect: Dialect, action: &str, part: Part, from: Option<End>, json: &str) {
        match check(dialect, action, part, from, json) {
            Verdict::Signed => {
                let text = "the message is signed, and its payload is not checked".to_owned();
                self.add(Kind::Schema, text, |it| Finding { severity: Severity::Note, ..it });
            }
            // The call was found at fault already.
            Verdict::UnknownAction | Verdict::NotItsPart if part == Part::Response && from.is_some() => {}
            Verdict::UnknownAction => {
                let actions: Vec<&str> = match dialect {
                    Dialect::V1_6 => v1_6::Action::ALL.iter().map(|action| action.as_str()).collect(),
                    Dialect::V2_0_1 => v2_0_1::Action::ALL.iter().map(|action| action.as_str()).collect(),
                    Dialect::V2_1 => v2_1::Action::ALL.iter().map(|action| action.as_str()).collect(),
                };
                let meant = meant(nearest(action, actions.into_iter()));
                let text = format!("{dialect} has no such action{meant}");
                self.add(Kind::UnknownAction, text, |it| it.code("NotImplemented"));
            }
            Verdict::NotItsPart => {
                let sender = from.map_or("either end", End::name);
                let sends = if part == Part::Unconfirmed { "send" } else { "call" };
                let text = format!("no {sends} of the {sender} in {dialect}");
                self.add(Kind::Direction, text, |it| it.code("NotSupported"));
            }
            Verdict::Read(repairs) if repairs.is_empty() => {}
            Verdict::Unreadable(_) | Verdict::Read(_) => {
                for breach in (Schema { dialect, action, part, from }).breaches(json) {
                    self.breach(dialect, breach);
                }
            }
        }
    }

    /// A broken rule; with its repair, and the text that the repair puts aside.
    fn breach(&mut self, dialect: Dialect, breach: Breach) {
        let Breach { path, rule, repair, meant: name } = breach;
        let violation = Violation { path, rule, offset: 0 };
        let code = CallError::violation(&violation, dialect).code;
        let aside = repair.as_ref().map(|(_, text)| text.as_str()).filter(|text| !text.is_empty());
        let aside = aside
            .map_or_else(String::new, |text| format!(": {:?}", text.chars().take(SHOWN_CHARS).collect::<String>()));
        self.add(Kind::Schema, format!("{rule}{aside}{}", meant(name)), |it| {
            let repair = repair.map(|(kind, _)| kind.as_str());
            Finding { repair, ..it }.at(&violation.path).code(code.name_in(dialect))
        });
    }

    /// Code, description and details of a CALLERROR. The engine forgives what is wrong with them.
    fn error(&mut self, dialect: Dialect, text: &str) {
        let elements = elements(text).unwrap_or_default();
        let place = |place: usize| format!("frame[{place}]");
        match string(elements.get(2)) {
            Err(found) => self.add(Kind::ErrorCode, format!("error code: {found}"), |it| it.at(place(2))),
            Ok(name) => {
                let code = ErrorCode::parse(&name);
                if code.name_in(dialect) != name {
                    let text = match code {
                        ErrorCode::Other(_) | ErrorCode::RpcFrameworkError | ErrorCode::MessageTypeNotSupported => {
                            format!("{name} is no error code of {dialect}")
                        }
                        code => format!("{name} is spelled {} in {dialect}", code.name_in(dialect)),
                    };
                    self.add(Kind::ErrorCode, text, |it| it.at(place(2)));
                }
            }
        }
        let max = CallError::DESCRIPTION_CHARS;
        let description = string(elements.get(3)).map(|text| text.chars().count());
        match description {
            Ok(count) if count <= max => {}
            Ok(count) => {
                let text = format!("{count} characters, at most {max} allowed");
                self.add(Kind::ErrorDescription, text, |it| it.at(place(3)));
            }
            Err(found) => self.add(Kind::ErrorDescription, format!("error description: {found}"), |it| it.at(place(3))),
        }
        if let Err(found) = expect(elements.get(4), Json::Object) {
            self.add(Kind::ErrorDetails, format!("error details: {found}"), |it| it.at(place(4)));
        }
        if elements.len() > 5 {
            self.add(Kind::Frame, "more than 5 elements".to_owned(), |it| it.at(place(5)));
        }
    }
}

/// What was probably meant, as the end of a sentence.
fn meant(name: Option<&str>) -> String {
    name.map_or_else(String::new, |name| format!(", did you mean {name}?"))
}

/// The elements of an array, each with its kind.
fn elements(text: &str) -> Result<Vec<(Json, &str)>, Fault> {
    let mut reader = Reader::with_depth(text, LIMITS.depth);
    let mut elements = Vec::new();
    reader.begin_array()?;
    while reader.next_element()? {
        elements.push((reader.peek()?, reader.raw_value()?));
    }
    Ok(elements)
}

/// The element, if it is of this kind; else what is there.
fn expect<'a>(element: Option<&(Json, &'a str)>, expected: Json) -> Result<&'a str, String> {
    match element {
        Some((found, text)) if *found == expected => Ok(text),
        Some((found, _)) => Err(format!("{expected} expected, {found} found")),
        None => Err("missing".to_owned()),
    }
}

fn string(element: Option<&(Json, &str)>) -> Result<String, String> {
    let text = expect(element, Json::String)?;
    Reader::new(text).string().map(String::from).map_err(|fault| fault.rule().to_string())
}
