use core::fmt::Debug;

use ocpp_types::json::{DEFAULT_DEPTH, Reader};
use ocpp_types::lenient::Quirks;
use ocpp_types::v2_1::NotifyPeriodicEventStream;
use ocpp_types::{Decode, Encode, Fault, Violation, v1_6, v2_0_1, v2_1};

/// A payload of the action that the first line names, in every version that knows the action, as request and response of either
/// side: what is read strictly can be written, and is read again as the same value, apart from fractions of milliseconds. A lenient
/// reader needs no repair for what a strict one takes, and one at least for what else it takes. From 2.0.1 to 2.1 and back nothing is
/// lost. The tables say and write the same as the structs.
pub fn payload(data: &[u8]) {
    let Some((name, json)) = core::str::from_utf8(data).ok().and_then(|text| text.split_once('\n')) else { return };
    macro_rules! in_version {
        ($version:ident: $($side:ident)*) => {
            if let Ok(action) = name.parse() {
                $(
                    let read = |reader: &mut Reader<'_>| $version::$side::read(action, reader);
                    round_trip(json, |json| $version::$side::from_json(action, json), read);
                )*
            }
        };
    }
    macro_rules! there_and_back {
        ($($side:ident)*) => {
            if let Ok(action) = name.parse() {
                $(
                    if let Ok(Some(old)) = v2_0_1::$side::from_json(action, json) {
                        let new = v2_1::$side::from(old.clone());
                        assert_eq!(v2_0_1::$side::try_from(new), Ok(old), "{json:?}");
                    }
                )*
            }
        };
    }
    in_version!(v1_6: StationRequest StationResponse CsmsRequest CsmsResponse);
    in_version!(v2_0_1: StationRequest StationResponse CsmsRequest CsmsResponse);
    in_version!(v2_1: StationRequest StationResponse CsmsRequest CsmsResponse);
    there_and_back!(StationRequest StationResponse CsmsRequest CsmsResponse);
    super::tables::payload(name, json);
    // It is sent without being answered, and so is no request.
    if name == "NotifyPeriodicEventStream" {
        let read = |reader: &mut Reader<'_>| NotifyPeriodicEventStream::read(reader).map(Some);
        round_trip(json, |json| NotifyPeriodicEventStream::from_json(json).map(Some), read);
    }
}

fn round_trip<T: Encode + Debug + PartialEq>(
    json: &str,
    decode: impl Fn(&str) -> Result<Option<T>, Violation>,
    read: impl Fn(&mut Reader<'_>) -> Result<Option<T>, Fault>,
) {
    let strict = decode(json);
    let mut lenient = Reader::lenient(json, DEFAULT_DEPTH, Quirks::ALL);
    let mended = read(&mut lenient).and_then(|value| lenient.finish().map(|()| value));
    let repairs = lenient.take_repairs(0);
    match strict {
        Ok(Some(value)) => {
            let written = value.to_json();
            let Ok(written) = written else { panic!("{json:?} is read and cannot be written: {written:?}") };
            let Ok(Some(again)) = decode(&written) else { panic!("{json:?} was written as {written}") };
            assert_eq!(again.to_json().as_ref(), Ok(&written), "{json:?}");
            assert!(again == value || has_fine_time(&value), "{json:?} was written as {written}");
            assert!(matches!(mended, Ok(Some(_))), "{json:?} is read strictly, but not leniently");
            assert_eq!(repairs, [], "{json:?}");
        }
        Ok(None) => {}
        Err(violation) => {
            assert!(violation.path.starts_with('$') && violation.offset <= json.len(), "{violation}");
            let untouched = matches!(mended, Ok(Some(_))) && repairs.is_empty();
            assert!(!untouched, "{json:?} is read leniently without a repair, but not strictly");
            for repair in repairs {
                assert!(repair.path.starts_with('$'), "{repair:?}");
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
