//! The names of transactions.

use core::fmt;

use ocpp_types::SmallString;
use ocpp_types::decimal::digits_of;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// Names a transaction. Kept as written.
///
/// What a CSMS is told, and what a station's events and readers call its `name`: in 1.6 the number that the CSMS gave the transaction, in
/// digits; in 2.x the text that the station gave it, a UUID mostly. What the station's events call the `transaction`: the journal position
/// of its begin, in digits, unique for the station's life, and known before the CSMS knows it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct TransactionId(SmallString);

impl TransactionId {
    /// The transaction of this name.
    pub fn new(text: &str) -> Self {
        TransactionId(SmallString::new(text))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number that is the name in 1.6.
    pub fn number(&self) -> Option<i32> {
        self.0.parse().ok().filter(|number| TransactionId::from(*number) == *self)
    }
}

impl From<i32> for TransactionId {
    fn from(number: i32) -> Self {
        let mut buffer = [0; 20];
        let digits = digits_of(number.unsigned_abs().into(), &mut buffer);
        TransactionId(if number < 0 { ["-", digits].concat().into() } else { digits.into() })
    }
}

impl fmt::Debug for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
