//! What a CALLERROR or CALLRESULTERROR says.

use alloc::{borrow::Cow, boxed::Box};
use core::fmt;

use ocpp_types::json::{Kind, Reader};
use ocpp_types::{Fault, Violation};

use crate::frame::kind_code;
use crate::{Dialect, ErrorCode};

/// The content of a CALLERROR or CALLRESULTERROR (OCPP-J 1.6 §4.2.3, Part 4 §4.2.3).
#[derive(Clone, Debug)]
pub struct CallError {
    /// What kind of error it is.
    pub code: ErrorCode,
    description: Cow<'static, str>,
    details: Option<Box<str>>,
    /// The received name, where it is not that of 2.x.
    spelled: Option<&'static str>,
}

/// The spelling is no part of what the error is.
impl PartialEq for CallError {
    fn eq(&self, other: &Self) -> bool {
        (&self.code, &self.description, &self.details) == (&other.code, &other.description, &other.details)
    }
}

impl Eq for CallError {}

impl CallError {
    /// Most characters of a description.
    pub const DESCRIPTION_CHARS: usize = 255;

    /// An error without details. A longer description is cut.
    pub fn new(code: ErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        Self { code, description: cut_chars(description.into()), details: None, spelled: None }
    }

    /// The error to answer a payload with that breaks its schema.
    pub fn violation(violation: &Violation, dialect: Dialect) -> Self {
        let text = if cfg!(feature = "texts") { alloc::format!("{violation}") } else { violation.brief() };
        Self::new(kind_code(violation, dialect), text)
    }

    /// Adds details: the text of one JSON object.
    pub fn with_details(self, json: &str) -> Result<Self, Violation> {
        check_object(json).map_err(|fault| Violation::locate(&fault, json, 0))?;
        Ok(Self { details: Some(json.into()), ..self })
    }

    /// The code's name as it was received; of an error made here, as 2.x spells it. For logs.
    pub fn received_code(&self) -> &str {
        self.spelled.unwrap_or(self.code.as_str())
    }

    /// What went wrong, for people. At most 255 characters, may be empty.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Further details as JSON text. What we send is always an object, `{}` if there is nothing to say; a peer may have
    /// sent something else.
    pub fn details(&self) -> &str {
        self.details.as_deref().unwrap_or("{}")
    }

    /// Reads code, description and details from where the reader stands, up to the end of the array.
    ///
    /// What follows the message id only explains: an answer that lacks some of it, or has it in another type, still ends
    /// its call. So all that is JSON is accepted.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let mut error = Self::new(ErrorCode::GenericError, "");
        if !reader.next_element()? {
            return Ok(error);
        }
        if reader.peek()? == Kind::String {
            let name = reader.string()?;
            error.code = ErrorCode::parse(&name);
            error.spelled = ErrorCode::SPELLED_IN_1_6.into_iter().find(|spelled| *spelled == name);
        } else {
            reader.skip_value()?;
        }
        if !reader.next_element()? {
            return Ok(error);
        }
        if reader.peek()? == Kind::String {
            error.description = cut_chars(Cow::Owned(reader.string()?.into_owned()));
        } else {
            reader.skip_value()?;
        }
        let mut first = true;
        while reader.next_element()? {
            let details = reader.raw_value()?;
            if core::mem::take(&mut first) && details != "null" && details != "{}" {
                error.details = Some(details.into());
            }
        }
        Ok(error)
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.description.is_empty() {
            write!(f, "{}", self.code)
        } else {
            write!(f, "{}: {}", self.code, self.description)
        }
    }
}

impl core::error::Error for CallError {}

/// Checks that `json` is one object and nothing else.
pub(crate) fn check_object(json: &str) -> Result<(), Fault> {
    let mut reader = Reader::new(json);
    if reader.peek()? != Kind::Object {
        return Err(reader.mismatch(Kind::Object));
    }
    reader.skip_value()?;
    reader.finish()
}

fn cut_chars(text: Cow<'static, str>) -> Cow<'static, str> {
    match text.char_indices().nth(CallError::DESCRIPTION_CHARS) {
        None => text,
        Some((end, _)) => match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.get(..end).unwrap_or_default()),
            Cow::Owned(mut text) => {
                text.truncate(end);
                Cow::Owned(text)
            }
        },
    }
}
