use alloc::{collections::BTreeSet, format, string::String};

use super::*;
use crate::{
    lenient::{self, Quirks, RepairKind},
    violation::Violation,
};

#[test]
fn limits_count_characters() {
    let twenty = "é".repeat(20);
    assert_eq!(Text::<20>::new(&twenty).unwrap().as_str(), twenty);
    assert_eq!(Text::<20>::new(format!("{twenty}x")), Err(TooLong { max: 20, actual: 21 }));
    assert_eq!(Text::<20>::truncated(&format!("{twenty}x")).as_str(), twenty);
    assert_eq!(Text::<0>::truncated("x").as_str(), "");
}

#[test]
fn twenty_characters_of_two_bytes_are_read_where_twenty_are_allowed() {
    let json = format!("\"{}\"", "é".repeat(20));
    assert_eq!(Text::<20>::from_json(&json).unwrap().to_json().unwrap(), json);
    let violation = Text::<19>::from_json(&json).unwrap_err();
    assert_eq!(violation.rule, Rule::TooLong { max: 19, actual: 20 });
}

#[test]
fn an_escape_sequence_counts_as_one_character() {
    assert_eq!(Text::<2>::from_json(r#""\u0041\ud83d\ude00""#).unwrap(), "A😀");
}

#[test]
fn case_is_ignored_where_the_type_says_so() {
    let (a, b) = (CiText::<9>::new("DeadBeef").unwrap(), CiText::<9>::new("dEADbEEF").unwrap());
    assert_eq!(a, b);
    assert_eq!(BTreeSet::from([a.clone(), b]).len(), 1);
    assert_eq!(a.as_str(), "DeadBeef");
    assert_ne!(Text::<9>::new("a").unwrap(), Text::<9>::new("A").unwrap());
    assert_eq!(TokenText::<9>::new("a").unwrap(), TokenText::<9>::new("A").unwrap());
    assert_ne!(SecretText::<9>::new("a").unwrap(), SecretText::<9>::new("A").unwrap());
}

#[test]
fn tokens_and_secrets_do_not_print() {
    assert_eq!(format!("{:?}", TokenText::<20>::new("04A2B3C4").unwrap()), "\"***\"");
    assert_eq!(format!("{:?}", SecretText::<20>::new("hunter2").unwrap()), "\"***\"");
    let uri = Uri::new("ftp://user:pass@host/file?a@b").unwrap();
    assert_eq!(format!("{uri:?}"), "\"ftp://***@host/file?a@b\"");
    assert_eq!(format!("{:?}", Uri::new("https://host/a@b").unwrap()), "\"https://host/a@b\"");
}

#[test]
fn an_over_long_text_is_kept_leniently_and_never_sent() {
    let decoded = lenient::decode::<Text<3>>("\"abcd\"", Quirks::ALL).unwrap();
    assert!(decoded.value.is_over_long());
    assert_eq!(decoded.repairs.len(), 1);
    assert_eq!(decoded.repairs[0].kind, RepairKind::OverLong);
    let refused = decoded.value.to_json().unwrap_err();
    assert_eq!(refused, Violation { path: String::from("$"), rule: Rule::TooLong { max: 3, actual: 4 }, offset: 0 });
    let without = Quirks::ALL.without(RepairKind::OverLong);
    assert_eq!(lenient::decode::<Text<3>>("\"abcd\"", without).unwrap_err().rule, Rule::TooLong { max: 3, actual: 4 });
}

#[test]
fn numbers_and_objects_are_taken_as_text_only_leniently() {
    for (json, text) in [("2935.600", "2935.600"), ("true", "true"), ("{\"a\": 1}", "{\"a\": 1}")] {
        assert!(matches!(Text::<20>::from_json(json).unwrap_err().rule, Rule::Type { .. }));
        assert_eq!(lenient::decode::<Text<20>>(json, Quirks::ALL).unwrap().value, text);
    }
    assert!(lenient::decode::<Text<20>>("null", Quirks::ALL).is_err());
}

#[test]
fn uris_are_absolute_and_of_plain_characters() {
    for text in ["ftp://a.b/c", "https://[::1]:8080/x?y=%20#z", "urn:a:b", "a+b.c-d:", "mailto:x@y"] {
        assert_eq!(Uri::new(text).unwrap().as_str(), text);
    }
    for text in [
        "",
        "/path",
        "//host",
        "1a:b",
        "http//x",
        "http://a b",
        "http://a/%2",
        "http://a/é",
        "http://a#b#c",
        "http://a/<b>",
        ":x",
    ] {
        assert_eq!(Uri::new(text), Err(NotUri), "{text}");
    }
}
