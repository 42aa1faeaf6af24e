//! A text in two machine words, for what is kept by the hundred.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use core::borrow::Borrow;
use core::convert::Infallible;
use core::fmt;
use core::ops::Deref;
use core::str::FromStr;

/// A text that does not grow: two words, and exactly its bytes on the heap. An empty one takes nothing there.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct SmallString(Box<str>);

impl SmallString {
    /// A copy of `text`.
    pub fn new(text: &str) -> Self {
        SmallString(Box::from(text))
    }

    /// What a value is displayed as.
    pub fn display(value: &dyn fmt::Display) -> Self {
        SmallString(value.to_string().into_boxed_str())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for SmallString {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for SmallString {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for SmallString {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SmallString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for SmallString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl From<&str> for SmallString {
    fn from(text: &str) -> Self {
        SmallString::new(text)
    }
}

impl From<String> for SmallString {
    fn from(text: String) -> Self {
        SmallString(text.into_boxed_str())
    }
}

impl From<SmallString> for String {
    fn from(text: SmallString) -> Self {
        text.0.into_string()
    }
}

impl FromStr for SmallString {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(SmallString::new(text))
    }
}

impl FromIterator<char> for SmallString {
    fn from_iter<I: IntoIterator<Item = char>>(chars: I) -> Self {
        String::from_iter(chars).into()
    }
}

impl PartialEq<str> for SmallString {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other
    }
}

impl PartialEq<&str> for SmallString {
    fn eq(&self, other: &&str) -> bool {
        *self.0 == **other
    }
}

impl PartialEq<String> for SmallString {
    fn eq(&self, other: &String) -> bool {
        *self.0 == **other
    }
}

impl PartialEq<SmallString> for str {
    fn eq(&self, other: &SmallString) -> bool {
        *self == *other.0
    }
}

impl PartialEq<SmallString> for &str {
    fn eq(&self, other: &SmallString) -> bool {
        **self == *other.0
    }
}
