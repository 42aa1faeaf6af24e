//! What is wrong with a document: the rule that was broken and where.
//!
//! While a document is read or written a broken rule travels as a [`Fault`], which knows only a byte offset. The JSON path is
//! looked up from that offset afterwards ([`Violation::locate`]), so correct messages never pay for paths.

use alloc::{boxed::Box, string::String};
use core::fmt;

use crate::json::{Kind, Syntax, path};

/// A broken rule of a schema, or of JSON itself.
///
/// It never carries a value of the document, so it may be logged and sent to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// The text is not JSON, or exceeds a limit of the reader.
    Syntax(Syntax),
    /// A value has another JSON type than its schema demands.
    Type {
        /// The type the schema demands.
        expected: Kind,
        /// The type that was found.
        found: Kind,
    },
    /// A value, of whatever type, is `null` instead.
    Null,
    /// A required member is absent from the object at the path.
    Missing(&'static str),
    /// The object at the path has a member its schema does not know.
    UnknownMember,
    /// The object at the path has the same member twice.
    DuplicateMember,
    /// A string is too long; lengths count characters, not bytes.
    TooLong {
        /// The longest length allowed.
        max: usize,
        /// The length found.
        actual: usize,
    },
    /// A list has too few items.
    TooFew {
        /// The smallest number of items allowed.
        min: usize,
        /// The number of items found.
        actual: usize,
    },
    /// A list has too many items. Reading stops at the first item that is too many.
    TooMany {
        /// The greatest number of items allowed.
        max: usize,
    },
    /// A number is below the smallest value allowed.
    BelowMinimum(i64),
    /// A number is above the greatest value allowed.
    AboveMaximum(i64),
    /// A number is no multiple of one tenth.
    NotTenths,
    /// A number has more digits than can be kept exactly.
    NumberTooBig,
    /// A text is no value of the enumeration named.
    NotInEnumeration(&'static str),
    /// A text is no RFC 3339 date and time, or lies outside the years 0 to 9999.
    DateTime,
    /// A text is no absolute URI (RFC 3986).
    Uri,
}

/// The class of a broken rule; each OCPP dialect has an RPC error code for each class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleKind {
    /// Not JSON, or not the structure of the message (`FormationViolation`, from 2.0.1 on `FormatViolation`).
    Format,
    /// A member is missing or a list has a wrong number of items (`OccurrenceConstraintViolation`, in 1.6 spelt with one r).
    Occurrence,
    /// A value has the wrong type (`TypeConstraintViolation`).
    Type,
    /// A value has the right type but is not allowed (`PropertyConstraintViolation`).
    Property,
}

impl Rule {
    /// The class of this rule.
    pub fn kind(&self) -> RuleKind {
        match self {
            Self::Syntax(_) | Self::UnknownMember | Self::DuplicateMember => RuleKind::Format,
            Self::Missing(_) | Self::TooFew { .. } | Self::TooMany { .. } => RuleKind::Occurrence,
            Self::Type { .. } | Self::Null => RuleKind::Type,
            Self::TooLong { .. }
            | Self::BelowMinimum(_)
            | Self::AboveMaximum(_)
            | Self::NotTenths
            | Self::NumberTooBig
            | Self::NotInEnumeration(_)
            | Self::DateTime
            | Self::Uri => RuleKind::Property,
        }
    }
}

impl Rule {
    /// What is wrong in few words, without the numbers and names that `Display` tells: for devices that have no room for those.
    pub fn brief(&self) -> &'static str {
        match self {
            Self::Syntax(_) => "malformed JSON",
            Self::Type { .. } | Self::Null => "wrong type",
            Self::Missing(member) => member,
            Self::UnknownMember => "unknown member",
            Self::DuplicateMember => "member given twice",
            Self::TooLong { .. } => "too long",
            Self::TooFew { .. } => "too few",
            Self::TooMany { .. } => "too many",
            Self::BelowMinimum(_) => "too low",
            Self::AboveMaximum(_) => "too high",
            Self::NotTenths => "no multiple of 0.1",
            Self::NumberTooBig => "too many digits",
            Self::NotInEnumeration(_) => "unknown value",
            Self::DateTime => "no date and time",
            Self::Uri => "no URI",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(syntax) => write!(f, "{syntax}"),
            Self::Type { expected, found } => write!(f, "{expected} expected, {found} found"),
            Self::Null => f.write_str("null where a value belongs"),
            Self::Missing(member) => write!(f, "required member {member} is missing"),
            Self::UnknownMember => f.write_str("unknown member"),
            Self::DuplicateMember => f.write_str("member given twice"),
            Self::TooLong { max, actual } => write!(f, "{actual} characters, at most {max} allowed"),
            Self::TooFew { min, actual } => write!(f, "{actual} items, at least {min} required"),
            Self::TooMany { max } => write!(f, "more than {max} items"),
            Self::BelowMinimum(min) => write!(f, "below the minimum of {min}"),
            Self::AboveMaximum(max) => write!(f, "above the maximum of {max}"),
            Self::NotTenths => f.write_str("not a multiple of 0.1"),
            Self::NumberTooBig => f.write_str("number with too many digits"),
            Self::NotInEnumeration(name) => write!(f, "not a value of {name}"),
            Self::DateTime => f.write_str("not an RFC 3339 date and time"),
            Self::Uri => f.write_str("not an absolute URI"),
        }
    }
}

/// A broken rule at a byte offset of the document being read or written.
///
/// It is one pointer wide, so that the many `Result`s of a decoder stay small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(Box<(Rule, usize)>);

impl Fault {
    /// The rule `rule` was broken by the value, member or character at byte `offset`.
    #[cold]
    pub fn new(rule: Rule, offset: usize) -> Self {
        Self(Box::new((rule, offset)))
    }

    /// The broken rule.
    pub fn rule(&self) -> Rule {
        self.0.0
    }

    /// The byte offset, counted from the beginning of the reader's text.
    pub fn offset(&self) -> usize {
        self.0.1
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.rule(), self.offset())
    }
}

impl core::error::Error for Fault {}

/// A broken rule and the JSON path of the value that broke it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {rule}")]
pub struct Violation {
    /// The path from the root `$` of the payload, such as `$.meterValue[0].sampledValue[2].unit`. For a missing, unknown or
    /// repeated member it is the path of the object.
    pub path: String,
    /// The broken rule.
    pub rule: Rule,
    /// Where it was broken, as a byte offset of the text.
    pub offset: usize,
}

impl Violation {
    /// Finds the path of `fault` in `text`, the very text that was read. `root` is the offset at which the payload begins: 0,
    /// unless the payload is part of a larger text.
    #[cold]
    pub fn locate(fault: &Fault, text: &str, root: usize) -> Self {
        Self { path: path::at(text, root, fault.offset()), rule: fault.rule(), offset: fault.offset() }
    }

    /// The path and, in few words, the rule ([`Rule::brief`]).
    pub fn brief(&self) -> String {
        let mut text = self.path.clone();
        text.push_str(": ");
        text.push_str(self.rule.brief());
        text
    }
}
