use core::fmt::Debug;

use ocpp_types::json::{DEFAULT_DEPTH, Reader};
use ocpp_types::lenient::Quirks;
use ocpp_types::v1_6::{Action, CsmsRequest, CsmsResponse, StationRequest, StationResponse};
use ocpp_types::{Encode, Fault, Violation};

/// Every payload of 1.6 from the same text: what is read strictly can be written, and is read again as the same value, apart
/// from fractions of milliseconds. A lenient reader takes what a strict one takes, and needs no repair for it.
pub fn payload_v1_6(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else { return };
    for action in Action::ALL {
        round_trip(text, *action, StationRequest::from_json, StationRequest::read);
        round_trip(text, *action, CsmsRequest::from_json, CsmsRequest::read);
        round_trip(text, *action, StationResponse::from_json, StationResponse::read);
        round_trip(text, *action, CsmsResponse::from_json, CsmsResponse::read);
    }
}

fn round_trip<T: Encode + Debug + PartialEq>(
    text: &str,
    action: Action,
    decode: impl Fn(Action, &str) -> Result<Option<T>, Violation>,
    read: impl Fn(Action, &mut Reader<'_>) -> Result<Option<T>, Fault>,
) {
    let strict = decode(action, text);
    let mut lenient = Reader::lenient(text, DEFAULT_DEPTH, Quirks::ALL);
    let mended = read(action, &mut lenient);
    match strict {
        Ok(Some(value)) => {
            let written = value.to_json();
            let Ok(written) = written else { panic!("{action}: {text:?} is read and cannot be written: {written:?}") };
            let Ok(Some(again)) = decode(action, &written) else {
                panic!("{action}: {text:?} was written as {written}")
            };
            assert_eq!(again.to_json().as_ref(), Ok(&written), "{action}: {text:?}");
            assert!(again == value || has_fine_time(&value), "{action}: {text:?} was written as {written}");
            assert!(matches!(mended, Ok(Some(_))), "{action}: {text:?} is read strictly, but not leniently");
            assert_eq!(lenient.take_repairs(0), [], "{action}: {text:?}");
        }
        Ok(None) => {}
        Err(violation) => {
            assert!(violation.path.starts_with('$') && violation.offset <= text.len(), "{action}: {violation}");
            for repair in lenient.take_repairs(0) {
                assert!(repair.path.starts_with('$'), "{action}: {repair:?}");
            }
        }
    }
}

/// Times are written in milliseconds: what is finer is cut off.
fn has_fine_time(value: &impl Debug) -> bool {
    let is_fine = |text: &[u8]| match text {
        [b':', second @ .., b'.', a, b, c, d] => second.iter().chain([a, b, c, d]).all(u8::is_ascii_digit),
        _ => false,
    };
    format!("{value:?}").as_bytes().windows(8).any(is_fine)
}
