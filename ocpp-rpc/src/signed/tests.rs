use alloc::format;
use alloc::string::{String, ToString};

use proptest::prelude::*;

use super::*;
use crate::{Dialect, Frame, Limits, MessageId, frame::write};

fn header() -> Header {
    Header {
        algorithm: Algorithm::Es256,
        action: "BootNotification".into(),
        message_type: MessageType::Call,
        certificate: Some([7; 32]),
    }
}

/// A JWS of the given header and payload texts.
fn jws(header: &str, payload: &str) -> String {
    let [header, payload] = [header, payload].map(|text| Base64UrlUnpadded::encode_string(text.as_bytes()));
    format!("{{\"payload\":\"{payload}\",\"protected\":\"{header}\",\"signature\":\"AAAA\"}}")
}

/// Examines a CALL with this action and payload.
fn examine_call(action: &str, payload: &str, policy: SignaturePolicy) -> Result<Option<(Signed, bool)>, SignedError> {
    let id = MessageId::new("1").unwrap();
    let text = write::call(String::new(), &id, action, |writer| writer.raw(payload)).unwrap();
    let Ok(Frame::Call { action, payload, .. }) = Frame::open(text.as_bytes(), Dialect::V2_1, &Limits::STANDARD) else {
        panic!("{text}")
    };
    Ok(match examine(MessageType::Call, &action, &payload, policy)? {
        Examined::Plain => None,
        Examined::Unwrapped { action, message } => {
            assert_eq!(action, "BootNotification");
            Some((message, false))
        }
        Examined::Verify { action, message } => {
            assert_eq!(action, "BootNotification");
            Some((message, true))
        }
    })
}

#[test]
fn wrapping_and_unwrapping_keeps_header_and_payload() {
    let payload = r#"{"reason":"PowerUp", "chargingStation":{"model":"ä"}}"#;
    let unsigned = Unsigned::new(&header(), payload).unwrap();
    let input = unsigned.signing_input().to_vec();
    let json = unsigned.finish(b"signature");
    let members = serde_json::from_str::<serde_json::Value>(&json).unwrap();
    let names: Vec<_> = members.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["payload", "protected", "signature"]);
    let protected = Base64UrlUnpadded::decode_vec(members["protected"].as_str().unwrap()).unwrap();
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(&protected).unwrap(),
        serde_json::json!({
            "alg": "ES256",
            "OCPPAction": "BootNotification",
            "OCPPMessageTypedId": 2,
            "x5t#S256": Base64UrlUnpadded::encode_string(&[7; 32]),
        })
    );
    let signed = Signed::read(&json).unwrap();
    assert_eq!((signed.header(), signed.payload()), (&header(), payload));
    assert_eq!((signed.signing_input(), signed.signature()), (&*input, &b"signature"[..]));
    assert!(Unsigned::new(&header(), "[]").is_err());
}

#[test]
fn actions_are_suffixed() {
    assert_eq!(signed_action("BootNotification"), "BootNotification-Signed");
    assert_eq!(plain_action("BootNotification-Signed"), Some("BootNotification"));
    assert_eq!((plain_action("BootNotification"), plain_action("Boot-signed")), (None, None));
}

#[test]
fn policy_decides_what_is_verified_and_what_is_refused() {
    let signed = Unsigned::new(&header(), "{}").unwrap().finish(b"x");
    for (policy, verify) in [
        (SignaturePolicy::Ignore, false),
        (SignaturePolicy::VerifySigned, true),
        (SignaturePolicy::RequireSigned, true),
    ] {
        let (message, must_verify) = examine_call("BootNotification-Signed", &signed, policy).unwrap().unwrap();
        assert_eq!((message.payload(), must_verify), ("{}", verify));
        let plain = examine_call("BootNotification", "{}", policy);
        if policy == SignaturePolicy::RequireSigned {
            assert_eq!(plain, Err(SignedError::NotSigned));
        } else {
            assert_eq!(plain, Ok(None));
        }
    }
}

#[test]
fn payload_moved_to_another_message_is_refused() {
    let examine = |header: Header| {
        let signed = Unsigned::new(&header, "{}").unwrap().finish(b"x");
        examine_call("BootNotification-Signed", &signed, SignaturePolicy::Ignore).map(|_| ())
    };
    assert_eq!(examine(header()), Ok(()));
    assert_eq!(examine(Header { action: "Reset".into(), ..header() }), Err(SignedError::OtherAction));
    let answer = Header { message_type: MessageType::CallResult, ..header() };
    assert_eq!(examine(answer), Err(SignedError::OtherMessageType));
}

#[test]
fn answer_to_a_signed_call_is_signed() {
    let header = Header { message_type: MessageType::CallResult, ..header() };
    let signed = Unsigned::new(&header, r#"{"status":"Accepted"}"#).unwrap().finish(b"x");
    let id = MessageId::new("1").unwrap();
    let examine = |json: &str, was_signed, policy| {
        let text = write::call_result(String::new(), &id, |writer| writer.raw(json)).unwrap();
        let Ok(Frame::CallResult { payload, .. }) = Frame::open(text.as_bytes(), Dialect::V2_1, &Limits::STANDARD)
        else {
            panic!("{text}")
        };
        examine_result("BootNotification", was_signed, &payload, policy).map(|examined| examined != Examined::Plain)
    };
    assert_eq!(examine(&signed, true, SignaturePolicy::Ignore), Ok(true));
    assert_eq!(examine(&signed, false, SignaturePolicy::Ignore), Ok(false), "nobody asked for a signature");
    assert_eq!(examine("{}", true, SignaturePolicy::VerifySigned), Ok(false));
    assert_eq!(examine("{}", true, SignaturePolicy::RequireSigned), Err(SignedError::NotSigned));
    assert!(matches!(examine("[]", true, SignaturePolicy::Ignore), Err(SignedError::Violation(_))));
}

#[test]
fn header_must_be_whole_and_unambiguous() {
    let read = |header: &str| Signed::read(&jws(header, "{}")).map(|signed| signed.header);
    let good = r#"{"alg":"RS384","OCPPAction":"A","OCPPMessageTypedId":3}"#;
    assert_eq!(
        read(good).unwrap(),
        Header {
            algorithm: Algorithm::Rs384,
            action: "A".into(),
            message_type: MessageType::CallResult,
            certificate: None
        }
    );
    for number in [r#""OCPPMessageTypeId":3"#, r#""OCPPMessageTypedId":"3""#] {
        assert_eq!(read(&good.replace(r#""OCPPMessageTypedId":3"#, number)), read(good));
    }
    for (from, to, error) in [
        ("RS384", "none", SignedError::Algorithm),
        ("RS384", "HS256", SignedError::Algorithm),
        ("\"RS384\"", "1", SignedError::Member("alg")),
        ("\"alg\":\"RS384\",", "", SignedError::Member("alg")),
        ("\"alg\"", "\"alg\":\"RS384\",\"alg\"", SignedError::Member("alg")),
        ("\"OCPPAction\":\"A\",", "", SignedError::Member("OCPPAction")),
        ("3}", "99}", SignedError::Member("OCPPMessageTypedId")),
        ("3}", "null}", SignedError::Member("OCPPMessageTypedId")),
        ("3}", "3,\"OCPPMessageTypeId\":3}", SignedError::Member("OCPPMessageTypedId")),
        ("3}", "3,\"x5t#S256\":\"AAAA\"}", SignedError::Member("x5t#S256")),
        ("3}", "3,\"b64\":false,\"crit\":[\"b64\"]}", SignedError::Critical),
    ] {
        assert_eq!(read(&good.replace(from, to)), Err(error), "{to}");
    }
    for broken in ["", "[]", "{", "{} x"] {
        assert!(matches!(read(broken), Err(SignedError::Json(_))), "{broken}");
    }
}

#[test]
fn envelope_must_be_whole() {
    let good = jws(r#"{"alg":"ES256","OCPPAction":"A","OCPPMessageTypedId":2}"#, "{}");
    assert!(Signed::read(&good).is_ok());
    assert!(Signed::read(&good.replace('}', ",\"header\":{\"kid\":\"1\"}}")).is_ok());
    for name in ["payload", "protected", "signature"] {
        let without = good.replace(name, "other");
        assert_eq!(Signed::read(&without).unwrap_err().to_string(), SignedError::Member(name).to_string());
        let twice = good.replacen('{', &format!("{{\"{name}\":\"\","), 1);
        assert_eq!(Signed::read(&twice), Err(SignedError::Member(name)));
        let number = good.replacen(&format!("\"{name}\":\""), &format!("\"{name}\":7,\"x\":\""), 1);
        assert_eq!(Signed::read(&number), Err(SignedError::Member(name)));
    }
    assert_eq!(Signed::read(&good.replace("AAAA", "AA=A")), Err(SignedError::Member("signature")));
}

#[cfg(feature = "es256")]
mod es256 {
    use super::super::es256::{NotAKey, PrivateKey, PublicKey};
    use super::*;

    fn key() -> PrivateKey {
        PrivateKey::from_bytes(&[0x42; 32]).unwrap()
    }

    /// RFC 7515 appendix A.3: a signature that was not made here.
    #[test]
    fn signature_of_the_rfc_verifies() {
        let [x, y] = ["f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"]
            .map(|number| Base64UrlUnpadded::decode_vec(number).unwrap());
        let key = PublicKey::from_sec1(&[&[4][..], &x, &y].concat()).unwrap();
        let input = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = Base64UrlUnpadded::decode_vec(
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        );
        assert!(key.verify_bytes(input.as_bytes(), &signature.unwrap()));
    }

    #[test]
    fn any_change_breaks_the_signature() {
        let unsigned = Unsigned::new(&header(), r#"{"reason":"PowerUp"}"#).unwrap();
        let signature = key().sign(&unsigned);
        let signed = Signed::read(&unsigned.finish(&signature)).unwrap();
        assert!(key().public_key().verify(&signed));
        let other = PrivateKey::from_bytes(&[0x43; 32]).unwrap();
        assert!(!other.public_key().verify(&signed));

        let changed = Unsigned::new(&header(), r#"{"reason":"Remote!"}"#).unwrap().finish(&signature);
        assert!(!key().public_key().verify(&Signed::read(&changed).unwrap()));
        let claimed = Unsigned::new(&Header { algorithm: Algorithm::Rs256, ..header() }, "{}").unwrap();
        let signature = key().sign(&claimed);
        assert!(!key().public_key().verify(&Signed::read(&claimed.finish(&signature)).unwrap()));
        for bad in [&signature[..63], &[][..], &[0; 64], &[0xff; 64]] {
            let message = Unsigned::new(&header(), "{}").unwrap().finish(bad);
            assert!(!key().public_key().verify(&Signed::read(&message).unwrap()));
        }
    }

    #[test]
    fn keys_are_checked_and_not_shown() {
        assert!(matches!(PrivateKey::from_bytes(&[0; 32]), Err(NotAKey)));
        assert!(matches!(PrivateKey::from_bytes(&[0xff; 32]), Err(NotAKey)));
        assert!(matches!(PublicKey::from_sec1(&[4; 65]), Err(NotAKey)));
        assert_eq!(format!("{:?}", key()), "PrivateKey(***)");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(header in "\\PC{0,60}", payload in any::<String>(), raw in any::<String>()) {
        let _ = Signed::read(&raw);
        let _ = Signed::read(&jws(&header, &payload));
    }
}
