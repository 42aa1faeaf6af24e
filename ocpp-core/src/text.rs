//! Text messages as people read them, without what must not be read.

use core::fmt::{self, Write};

/// Bytes of a text message, as text. What is no UTF-8, which only a faulty peer or host hands in, is replaced. The values of
/// members that name a driver or let somebody in are masked, in whatever else is wrong with the message.
pub(crate) struct Text<'a>(pub &'a [u8]);

/// Members with such values. Places of files may hold a password.
const SECRET: [&str; 10] = [
    "idTag",
    "parentIdTag",
    "idToken",
    "additionalIdToken",
    "password",
    "basicAuthPassword",
    "apnPassword",
    "simPin",
    "location",
    "remoteLocation",
];
/// The key of 1.6 and the variable of 2.x whose value is one (1.6 security A00.FR.205, 1.6 §5.3, 2.x B05).
const SECRET_KEYS: [&str; 2] = ["AuthorizationKey", "BasicAuthPassword"];
/// The member with that value, in 1.6 and in 2.x.
const VALUES: [&str; 2] = ["value", "attributeValue"];

/// Where a virtual private network is set up (2.x B09), this is its pre-shared secret; elsewhere it is a name.
const VPN: &str = "\"vpn\"";
const VPN_SECRET: [&str; 1] = ["key"];

/// Where in a message the masking is.
#[derive(Clone, Copy)]
enum Place {
    /// Nothing of it is secret.
    Plain,
    /// Behind the name of a secret member.
    Named,
    /// Behind its colon.
    Value,
    /// In a text: its quote, and whether that is escaped, as in JSON within a text.
    Quoted(char, bool),
    /// In another value.
    Bare,
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |key: &str| self.0.windows(key.len()).any(|part| part.eq_ignore_ascii_case(key.as_bytes()));
        let further = match () {
            () if SECRET_KEYS.into_iter().any(names) => &VALUES[..],
            () if names(VPN) => &VPN_SECRET[..],
            () => &[],
        };
        let mut place = Place::Plain;
        for chunk in self.0.utf8_chunks() {
            place = mask(f, chunk.valid(), place, further)?;
            if !chunk.invalid().is_empty() && matches!(place, Place::Plain | Place::Named | Place::Value) {
                f.write_char(char::REPLACEMENT_CHARACTER)?;
            }
        }
        Ok(())
    }
}

/// Writes a part of a message that begins at `place`, and says where it ends.
fn mask(f: &mut fmt::Formatter<'_>, text: &str, mut place: Place, further: &[&str]) -> Result<Place, fmt::Error> {
    let (mut word, mut is_escaped) = (None, false);
    for (at, c) in text.char_indices() {
        let was_escaped = is_escaped;
        is_escaped = c == '\\' && !was_escaped;
        if c.is_ascii_alphanumeric() && matches!(place, Place::Plain | Place::Named) {
            word.get_or_insert(at);
            place = Place::Plain;
        } else if let Some(name) = word.take().and_then(|begin| text.get(begin..at))
            && SECRET.iter().chain(further).any(|secret| secret.eq_ignore_ascii_case(name))
        {
            place = Place::Named;
        }
        place = match (place, c) {
            (Place::Named, ':' | '=') => Place::Value,
            (Place::Named, '"' | '\'' | '\\' | ' ') => Place::Named,
            (Place::Named, _) | (Place::Value, '{' | '[') => Place::Plain,
            (Place::Value, ' ' | '\\') => Place::Value,
            (Place::Value, '"' | '\'') => {
                write!(f, "{c}***")?;
                place = Place::Quoted(c, was_escaped);
                continue;
            }
            (Place::Value, _) => {
                f.write_str("***")?;
                Place::Bare
            }
            (Place::Quoted(quote, escaped), _) if c == quote && escaped == was_escaped => {
                if escaped {
                    f.write_char('\\')?;
                }
                Place::Plain
            }
            (Place::Bare, ',' | '}' | ']') => Place::Plain,
            (other, _) => other,
        };
        match place {
            Place::Plain | Place::Named | Place::Value => f.write_char(c)?,
            Place::Quoted(..) | Place::Bare => {}
        }
    }
    Ok(place)
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

    /// However a message is spelt or broken, what is secret in it does not print, and the rest does.
    #[test]
    fn secrets_in_frames_are_masked() {
        let frames = [
            r#"[2,"1","Authorize",{"idTag":"S3CRET"}]"#,
            r#"[2,"1","Authorize",{"idTag" : "S3CRET\"S3CRET","a":1}]"#,
            r#"[2,"1","Authorize",{"IDTAG":S3CRET}]"#,
            r#"[2,"1","Authorize",{'idTag':'S3CRET'}]"#,
            r#"[2,"1","Authorize",{"idTag":"S3CRET"#,
            r#"[3,"1",{"idTagInfo":{"status":"Accepted","parentIdTag":"S3CRET"}}]"#,
            r#"[2,"1","DataTransfer",{"vendorId":"v","data":"{\"idToken\":{\"idToken\":\"S3CRET\",\"a\":1}}"}]"#,
            r#"[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"S3CRET"}]"#,
            r#"[2,"1","ChangeConfiguration",{"value":"S3CRET","key":"authorizationkey"}]"#,
            r#"[2,"1","SetVariables",{"setVariableData":[{"attributeValue":"S3CRET","variable":{"name":"BasicAuthPassword"}}]}]"#,
            r#"[2,"1","SetNetworkProfile",{"connectionData":{"basicAuthPassword":"S3CRET"}}]"#,
            r#"[2,"1","SetNetworkProfile",{"connectionData":{"apn":{"apnPassword":"S3CRET"}}}]"#,
            r#"[2,"1","SetNetworkProfile",{"connectionData":{"apn":{"simPin":5S3CRET}}}]"#,
            r#"[2,"1","SetNetworkProfile",{"connectionData":{"vpn":{"server":"s","key":"S3CRET"}}}]"#,
            r#"[2,"1","Authorize",{"idToken":{"additionalInfo":[{"additionalIdToken":"S3CRET","type":"PIN"}]}}]"#,
            r#"[2,"1","GetDiagnostics",{"location":"ftp://user:S3CRET@host/","retries":1}]"#,
            r#"[2,"1","Authorize",{"idTag":5S3CRET,"a":1}]"#,
        ];
        for frame in frames {
            let printed = format!("{:?}", station::LinkInput::Frame(frame.as_bytes().into()));
            assert!(!printed.contains("S3CRET") && printed.contains("***"), "{printed}");
            let masked = frame.replace("S3CRET\\\"S3CRET", "***").replace("5S3CRET", "***");
            let masked = masked.replace("ftp://user:S3CRET@host/", "***").replace("S3CRET", "***");
            assert_eq!(printed, format!("Frame({masked})"));
            assert_eq!(format!("{:?}", csms::RawFrame(frame.into())), format!("RawFrame({masked})"));
            // Also where bytes in the middle are none of UTF-8.
            let mut broken = frame.as_bytes().to_vec();
            broken.insert(frame.find("3CRET").unwrap(), 0xFF);
            let printed = format!("{:?}", station::LinkInput::Frame(broken.into()));
            assert!(!printed.contains("3CRET"), "{printed}");
        }
        let open = r#"[2,"1","ChangeConfiguration",{"key":"HeartbeatInterval","value":"300"}]"#;
        assert_eq!(format!("{:?}", csms::RawFrame(open.into())), format!("RawFrame({open})"));
    }
}
