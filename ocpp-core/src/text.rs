//! Text messages as people read them.

use core::fmt;

/// Bytes of a text message, as text. What is no UTF-8, which only a faulty peer or driver hands in, is replaced.
pub(crate) struct Text<'a>(pub &'a [u8]);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_str("\u{FFFD}")?;
            }
        }
        Ok(())
    }
}

#[cfg(all(test, feature = "station", feature = "csms"))]
mod tests {
    use alloc::format;

    use crate::{csms, station};

    /// Bytes in decimal tell a reader nothing.
    #[test]
    fn frames_print_as_text() {
        const FRAME: &[u8] = br#"[2,"1","Heartbeat",{}]"#;
        let cases = [
            (
                format!("{:?}", station::Action::Link(station::LinkAction::Send(FRAME.to_vec()))),
                r#"Link(Send([2,"1","Heartbeat",{}]))"#,
            ),
            (
                format!("{:?}", station::Input::Link(station::LinkInput::Frame(FRAME.into()))),
                r#"Link(Frame([2,"1","Heartbeat",{}]))"#,
            ),
            (
                format!("{:?}", csms::Action::Link(csms::LinkAction::Send(FRAME.to_vec()))),
                r#"Link(Send([2,"1","Heartbeat",{}]))"#,
            ),
            (
                format!("{:?}", csms::Input::Link(csms::LinkInput::Frame(FRAME.into()))),
                r#"Link(Frame([2,"1","Heartbeat",{}]))"#,
            ),
            (format!("{:?}", station::LinkInput::Frame(b"\xFF[\xC3]".into())), "Frame(\u{FFFD}[\u{FFFD}])"),
        ];
        for (printed, expected) in cases {
            assert_eq!(printed, expected);
        }
    }
}
