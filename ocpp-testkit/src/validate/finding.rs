//! What can be wrong with a trace.

use std::fmt;

use serde::Serialize;

use crate::trace::conversation::{Conversation, Message};

/// Something that is wrong, or odd.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The line of the input, from 1.
    pub line: u64,
    /// The index of the item in the conversation, for views.
    #[serde(skip)]
    pub item: Option<usize>,
    /// The number of the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conn: Option<u64>,
    /// The identity of the station.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub station: Option<String>,
    /// Who sent the message: `station` or `csms`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<&'static str>,
    /// The action of the message, or of the call that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// Which rule was broken.
    pub kind: Kind,
    /// Where in the message: `$` is the payload, `frame[n]` an element of the frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The RPC error code that such a message is to be answered with, as its version spells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What is wrong.
    pub text: String,
    /// How a lenient reader mends it: the name of a `RepairKind`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repair: Option<&'static str>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Allowed, but worth knowing.
    Note,
    /// Not as it should be, or wrong unless something happened that the trace does not show.
    Warning,
    /// Against the specification.
    Error,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)*) => {
        /// The rules that are checked.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        pub enum Kind {
            $($(#[$doc])* #[serde(rename = $name)] $kind,)*
        }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The name, as it is printed.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// A line of the input cannot be read.
    Line = "line",
    /// The version is not known, so that the message cannot be checked.
    Version = "version",
    /// The message is no frame (OCPP-J 1.6 §4.1, Part 4 §4.1).
    Frame = "frame",
    /// The version has no such action.
    UnknownAction = "unknown-action",
    /// The action is not one that this end sends, or not in this type of message.
    Direction = "direction",
    /// The payload breaks its schema.
    Schema = "schema",
    /// The error code is not in the table of the version (OCPP-J 1.6 §4.2.3, Part 4 §4.3).
    ErrorCode = "error-code",
    /// The error description is no text of at most 255 characters.
    ErrorDescription = "error-description",
    /// The error details are no object.
    ErrorDetails = "error-details",
    /// An answer to a call that was not made.
    UnaskedAnswer = "unasked-answer",
    /// A second answer to one call.
    SecondAnswer = "second-answer",
    /// An answer to a SEND (Part 4 of 2.1, §4.2.4).
    AnsweredSend = "answered-send",
    /// A call without answer.
    Unanswered = "unanswered",
    /// A call while another one waits for its answer (OCPP-J 1.6 §4.1.1, Part 4 §4.1.1).
    SeveralCalls = "several-calls",
    /// A message id that was used before (OCPP-J 1.6 §4.1.4, Part 4 §4.1.4).
    ReusedId = "reused-id",
    /// A call before the station was accepted (1.6 §4.2, B01.FR.08, B02.FR.02, B03.FR.03).
    BeforeAccepted = "before-accepted",
    /// A message before the time until which a rejected station is to be silent (1.6 §4.2), or a BootNotification before the interval
    /// is over.
    TooEarly = "too-early",
    /// A message about a transaction that the trace does not know.
    UnknownTransaction = "unknown-transaction",
    /// A transaction number that another one has, or had.
    ReusedTransaction = "reused-transaction",
    /// A start that was reported before.
    RepeatedStart = "repeated-start",
    /// A start while another transaction runs there.
    OverlappingStart = "overlapping-start",
    /// An end that was reported before.
    RepeatedStop = "repeated-stop",
    /// A second end with other values.
    ContradictingStop = "contradicting-stop",
    /// A register that runs backwards.
    MeterBackwards = "meter-backwards",
    /// A time before the one of the begin of the transaction.
    TimeBackwards = "time-backwards",
    /// A message about a transaction at another connector than it began at.
    OtherConnector = "other-connector",
    /// A number is left out in the sequence of a transaction or of a report.
    SequenceGap = "sequence-gap",
    /// A number of the sequence was used before.
    SequenceRepeated = "sequence-repeated",
    /// An event of a transaction after its end.
    AfterEnd = "after-end",
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

impl Finding {
    /// About a whole line.
    pub fn line(line: u64, severity: Severity, kind: Kind, text: impl Into<String>) -> Self {
        Finding {
            line,
            item: None,
            conn: None,
            station: None,
            from: None,
            action: None,
            severity,
            kind,
            path: None,
            code: None,
            text: text.into(),
            repair: None,
        }
    }

    /// About an item of a conversation.
    pub fn item(
        conversation: &Conversation,
        index: usize,
        severity: Severity,
        kind: Kind,
        text: impl Into<String>,
    ) -> Self {
        let item = conversation.items.get(index);
        let message = conversation.message(index);
        Finding {
            item: Some(index),
            conn: item.and_then(|item| item.conn),
            station: item.and_then(|item| item.station.clone()),
            from: message.map(|message| message.from.name()),
            action: message.and_then(|message: &Message| message.action.clone()),
            ..Finding::line(item.map_or(0, |item| item.line), severity, kind, text)
        }
    }

    /// With the place in the message.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// With the error code to answer with.
    #[must_use]
    pub fn code(mut self, code: &str) -> Self {
        self.code = Some(code.to_owned());
        self
    }
}

/// One line of text.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}: {}: ", self.line, self.severity, self.kind)?;
        for part in [self.from, self.action.as_deref(), self.path.as_deref()].into_iter().flatten() {
            write!(f, "{part} ")?;
        }
        f.write_str(&self.text)?;
        if let Some(code) = &self.code {
            write!(f, " [{code}]")?;
        }
        if let Some(repair) = self.repair {
            write!(f, " (lenient: {repair})")?;
        }
        Ok(())
    }
}
