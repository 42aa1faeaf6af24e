use core::fmt;

/// The types of JSON values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// A number without fraction. Schemas ask for it; a value found is called [`Number`](Self::Number) whatever it is.
    Integer,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl Kind {
    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is not JSON (RFC 8259), or which limit of the reader it exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Syntax {
    /// The text ends within a value.
    UnexpectedEnd,
    /// A character stands where the grammar does not allow it.
    UnexpectedCharacter,
    /// A control character stands unescaped in a string.
    ControlCharacter,
    /// An unknown escape sequence, or half of a surrogate pair.
    BadEscape,
    /// Arrays and objects are nested deeper than allowed.
    TooDeep,
    /// More text follows the value.
    TrailingText,
}

impl Syntax {
    /// What is wrong, in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnexpectedEnd => "malformed JSON: unexpected end",
            Self::UnexpectedCharacter => "malformed JSON: unexpected character",
            Self::ControlCharacter => "malformed JSON: control character in a string",
            Self::BadEscape => "malformed JSON: bad escape sequence",
            Self::TooDeep => "nested too deeply",
            Self::TrailingText => "malformed JSON: text after the value",
        }
    }
}

impl fmt::Display for Syntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
