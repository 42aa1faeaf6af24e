//! Texts for people, and names with numbers, without `core::fmt`: its formatter alone takes 5 KB of flash.

use core::fmt::Display;

use ocpp_rpc::engine::CallRefused;
use ocpp_rpc::frame::FrameFault;
use ocpp_types::SmallString;
use ocpp_types::decimal::digits_of;
use ocpp_types::violation::Violation;

/// What can be told why something was refused.
pub(crate) trait Reason: Display {
    /// In few words.
    fn brief(&self) -> SmallString;

    /// As the feature `texts` has it: in full, or in few words.
    fn reason(&self) -> SmallString {
        if cfg!(feature = "texts") { SmallString::display(&self) } else { self.brief() }
    }
}

impl Reason for Violation {
    fn brief(&self) -> SmallString {
        Violation::brief(self).into()
    }
}

impl Reason for FrameFault {
    fn brief(&self) -> SmallString {
        self.rule.brief().into()
    }
}

impl Reason for CallRefused {
    fn brief(&self) -> SmallString {
        CallRefused::brief(self).into()
    }
}

#[cfg(feature = "smart_charging")]
impl Reason for ocpp_smartcharging::validate::Violation {
    fn brief(&self) -> SmallString {
        SmallString::default()
    }
}

#[cfg(all(feature = "smart_charging", feature = "v1_6"))]
impl Reason for ocpp_smartcharging::convert::ConvertError {
    fn brief(&self) -> SmallString {
        self.field().into()
    }
}

/// One text of several.
pub(crate) fn joined(parts: &[&str]) -> SmallString {
    parts.concat().into()
}

/// A text with a number behind it.
pub(crate) fn numbered(before: &str, number: impl Into<u64>) -> SmallString {
    joined(&[before, digits_of(number.into(), &mut [0; 20])])
}

/// The digits of a number.
pub(crate) fn digits(number: i64) -> SmallString {
    numbered(if number < 0 { "-" } else { "" }, number.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use ocpp_types::violation::Rule;

    #[test]
    fn numbers_are_written_as_ever() {
        for number in [0, 7, -7, 10, i64::MAX, i64::MIN] {
            assert_eq!(digits(number), number.to_string());
        }
        assert_eq!(numbered("tx/", u64::MAX), alloc::format!("tx/{}", u64::MAX));
        assert_eq!(numbered("end/", 65_535_u16), "end/65535");
    }

    /// Without texts the reason is short, and still names the place.
    #[test]
    fn reason_tells_the_place_with_and_without_texts() {
        let violation = Violation { path: "$.idTag".into(), rule: Rule::TooLong { max: 20, actual: 21 }, offset: 9 };
        assert_eq!(Reason::brief(&violation), "$.idTag: too long");
        let full = "$.idTag: 21 characters, at most 20 allowed";
        assert_eq!(violation.reason(), if cfg!(feature = "texts") { full } else { "$.idTag: too long" });
    }
}
