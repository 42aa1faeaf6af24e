//! Between OCPP 2.0.1 and 2.1.
//!
//! Every message and type of 2.0.1 exists in 2.1, so `From` leads there:
//!
//! - What 2.1 added stays absent. The one new member that must be there, `eventNotificationType` of `VariableMonitoring`, becomes
//!   `CustomMonitor`.
//! - The enumerations that 2.1 opened (`ChargingLimitSourceEnumType`, `ConnectorEnumType`, `IdTokenEnumType`) become texts; a value
//!   that was not recognised becomes the text [`UNRECOGNIZED`](crate::enumeration::UNRECOGNIZED).
//! - A number below the minimum that only 2.1 has is kept; encoding refuses it.
//!
//! `TryFrom` leads back, and undoes `From`. It fails, with [`NotRepresentable`], for what a peer of 2.0.1 cannot know:
//!
//! - an action, a member or an enumeration value that 2.1 added;
//! - a text longer than 2.0.1 allows;
//! - a number with a fraction where 2.0.1 wants an integer;
//! - an absent member that only 2.0.1 requires: `limit` of `ChargingSchedulePeriod`, `ocppVersion` of `NetworkConnectionProfile`,
//!   `signingMethod` and `publicKey` of `SignedMeterValue`.
//!
//! `eventNotificationType` of `VariableMonitoring` is dropped.

use alloc::vec::Vec;

use crate::{decimal::Decimal, enumeration::Enumeration, text::Text};

/// A value of OCPP 2.1 that OCPP 2.0.1 cannot express.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{of}.{member} cannot be expressed in OCPP 2.0.1")]
pub struct NotRepresentable {
    /// The type of 2.1.
    pub of: &'static str,
    /// The member, enumeration value or action.
    pub member: &'static str,
}

impl NotRepresentable {
    pub(crate) fn new(of: &'static str, member: &'static str) -> Self {
        Self { of, member }
    }
}

/// The value of an enumeration that 2.1 turned into a text.
pub(crate) fn closed<T: Enumeration>(text: &str, fault: NotRepresentable) -> Result<T, NotRepresentable> {
    T::from_text(text).ok_or(fault)
}

/// The text of an enumeration that 2.1 opened.
pub(crate) fn opened<T: Enumeration, const N: usize>(value: T) -> Text<N> {
    Text::truncated(value.as_str())
}

/// A number that 2.0.1 wants without fraction.
pub(crate) fn whole(value: Decimal, fault: NotRepresentable) -> Result<i64, NotRepresentable> {
    value.to_integer().ok_or(fault)
}

/// Refuses a member that 2.1 added.
pub(crate) fn absent<T: Presence>(value: &T, fault: NotRepresentable) -> Result<(), NotRepresentable> {
    if value.is_present() { Err(fault) } else { Ok(()) }
}

/// Whether a member that may be absent is there.
pub(crate) trait Presence {
    fn is_present(&self) -> bool;
}

impl<T> Presence for Option<T> {
    fn is_present(&self) -> bool {
        self.is_some()
    }
}

impl<T> Presence for Vec<T> {
    fn is_present(&self) -> bool {
        !self.is_empty()
    }
}

/// Converts an enumeration both ways, value by value.
macro_rules! convert_enumeration {
    ($name:ident { $($value:ident,)* }) => {
        impl From<crate::v2_0_1::$name> for crate::v2_1::$name {
            fn from(value: crate::v2_0_1::$name) -> Self {
                match value {
                    $(crate::v2_0_1::$name::$value => Self::$value,)*
                    crate::v2_0_1::$name::Unrecognized(text) => Self::Unrecognized(text),
                }
            }
        }

        impl TryFrom<crate::v2_1::$name> for crate::v2_0_1::$name {
            type Error = crate::convert::NotRepresentable;

            fn try_from(value: crate::v2_1::$name) -> Result<Self, Self::Error> {
                #[allow(unreachable_patterns)]
                match value {
                    $(crate::v2_1::$name::$value => Ok(Self::$value),)*
                    crate::v2_1::$name::Unrecognized(text) => Ok(Self::Unrecognized(text)),
                    added => Err(crate::convert::NotRepresentable::new(stringify!($name), added.as_str())),
                }
            }
        }
    };
}

pub(crate) use convert_enumeration;
