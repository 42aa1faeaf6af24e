//! Configuration keys of the station's own, beside those that the versions define.

use alloc::vec::Vec;

use ocpp_types::SmallString;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// Whether the CSMS may change a configuration key, and when a change takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum SettingAccess {
    /// It may not.
    ReadOnly,
    /// At once.
    ReadWrite,
    /// With the next restart, which the CSMS is told (1.6 §7.22 `RebootRequired`).
    AfterReboot,
}

/// What a value must look like.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(deny_unknown_fields))]
pub enum SettingKind {
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// One of these.
    Choice(Vec<SmallString>),
    /// Any number of these, separated by commas, in any order.
    Members(Vec<SmallString>),
    /// A date and time (RFC 3339), or nothing.
    DateTime,
    /// Any text.
    Text {
        /// The most characters, at most 500.
        max: usize,
    },
}

impl SettingKind {
    /// Whether a value is of this kind.
    pub(crate) fn accepts(&self, value: &str) -> bool {
        match self {
            SettingKind::Boolean => ["true", "false"].iter().any(|name| name.eq_ignore_ascii_case(value)),
            SettingKind::Integer { min, max } => value.parse().is_ok_and(|n: i64| (*min..=*max).contains(&n)),
            SettingKind::Choice(choices) => choices.iter().any(|choice| choice == value),
            SettingKind::Members(members) => {
                let mut named = value.split(',').map(str::trim).filter(|member| !member.is_empty());
                named.all(|name| members.iter().any(|member| member == name))
            }
            SettingKind::DateTime => value.is_empty() || ocpp_types::datetime::parse(value).is_some(),
            SettingKind::Text { max } => value.chars().count() <= (*max).min(500),
        }
    }
}

/// A configuration key of the station's own. The CSMS reads and changes it like any other; what it means is the
/// application's business, which learns of a change by [`Event::Configured`](super::Event::Configured).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct CustomSetting {
    /// The name, at most 50 characters, unlike any standard key.
    pub name: SmallString,
    /// What values look like.
    pub kind: SettingKind,
    /// Who may change it.
    pub access: SettingAccess,
    /// The value until it is changed.
    pub default: SmallString,
}

impl CustomSetting {
    /// A key of this name, with what values look like, who may change it, and the value until then.
    pub fn new(name: &str, kind: SettingKind, access: SettingAccess, default: &str) -> Self {
        CustomSetting { name: SmallString::new(name), kind, access, default: SmallString::new(default) }
    }
}
