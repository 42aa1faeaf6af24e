use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{
    decimal::Decimal,
    violation::{Fault, Rule, Violation},
};

/// Reads `text` into a tree, as `serde_json` would.
fn tree(text: &str) -> Result<Value, Fault> {
    let mut reader = Reader::with_depth(text, 127);
    let value = value(&mut reader)?;
    reader.finish()?;
    Ok(value)
}

fn value(reader: &mut Reader<'_>) -> Result<Value, Fault> {
    Ok(match reader.peek()? {
        Kind::Null => {
            reader.null()?;
            Value::Null
        }
        Kind::Boolean => Value::Bool(reader.boolean()?),
        Kind::Integer | Kind::Number => {
            let digits = reader.number()?;
            serde_json::from_str(digits).unwrap_or_else(|_| Value::String(digits.to_string()))
        }
        Kind::String => Value::String(reader.string()?.into_owned()),
        Kind::Array => {
            let mut items = Vec::new();
            reader.begin_array()?;
            while reader.next_element()? {
                items.push(value(reader)?);
            }
            Value::Array(items)
        }
        Kind::Object => {
            let mut members = serde_json::Map::new();
            reader.begin_object()?;
            while let Some(key) = reader.next_key()? {
                members.insert(key.into_owned(), value(reader)?);
            }
            Value::Object(members)
        }
    })
}

/// Compares with `serde_json`: the same verdict and the same value; skipping gives the same verdict as reading.
fn compare(text: &str) {
    let reference: Result<Value, _> = serde_json::from_str(text);
    let ours = tree(text);
    let mut skipping = Reader::with_depth(text, 127);
    let skipped = skipping.skip_value().and_then(|()| skipping.finish());
    assert_eq!(ours.is_ok(), skipped.is_ok(), "reading and skipping differ for {text:?}");
    match (reference, ours) {
        (Ok(reference), Ok(ours)) => assert_eq!(reference, ours, "{text:?}"),
        (Err(_), Err(fault)) => assert!(fault.offset() <= text.len()),
        // The one exception: a number beyond the range of an f64 is JSON all the same.
        (Err(error), Ok(_)) => assert!(error.to_string().contains("number out of range"), "{text:?}: {error}"),
        (reference, ours) => panic!("{text:?}: serde_json says {reference:?}, we say {ours:?}"),
    }
}

#[test]
fn verdicts_and_values_are_those_of_serde_json() {
    let texts = [
        "",
        " ",
        "null",
        "nul",
        "nulll",
        "true",
        "false",
        "tru",
        "falsee",
        "True",
        "0",
        "-0",
        "-",
        "01",
        "-01",
        "1.",
        ".1",
        "1.0",
        "1e",
        "1e1",
        "1E+1",
        "1e-1",
        "1e+",
        "1.5e3",
        "123456789012345678901234567890",
        "1e999",
        "-1e-999",
        "+1",
        "0x1",
        "NaN",
        "Infinity",
        "-Infinity",
        "9223372036854775807",
        "18446744073709551616",
        "9007199254740993",
        "\"\"",
        "\"a\"",
        "\"",
        "\"a",
        "\"\\\"\"",
        "\"\\",
        "\"\\u",
        "\"\\u00\"",
        "\"\\u0041\"",
        "\"\\u00e9\\u00E9\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud83d\"",
        "\"\\ud83d\\u0041\"",
        "\"\\ude00\"",
        "\"\\ud83dx\"",
        "\"\\ud83d\\n\"",
        "\"\\ud800\\ud800\"",
        "\"\\x41\"",
        "\"\\b\\f\\n\\r\\t\\/\\\\\"",
        "\"\u{7f}\u{80}\u{2028}\u{10ffff}\"",
        "\"\u{1}\"",
        "\"\n\"",
        "\"\\u0000\"",
        "'a'",
        "[]",
        "[",
        "]",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1,2]",
        " [ 1 , 2 ] ",
        "[[],[]]",
        "[}",
        "{}",
        "{",
        "}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1",
        "{\"a\":1,}",
        "{,\"a\":1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1,\"b\":[{}]}",
        "{a:1}",
        "{1:1}",
        "{\"a\" :\t1\r\n}",
        "{\"a\":1}}",
        "1 2",
        "[1]]",
        "{\"\\u0061\":1}",
        "{\"a\":1,\"a\":2}",
        "\u{feff}1",
        "\u{a0}1",
        "\u{b}1",
        "[1,\u{c}2]",
        "/* */1",
        "1//",
        "[\"\\uD834\\uDD1E\"]",
        "{\"a\":nul}",
        "[tru]",
        "[-]",
        "[1.e1]",
        "[\"\t\"]",
        "{\"a\":{\"b\":{}}}",
        "nullnull",
        "\"a\"\"b\"",
    ];
    for text in texts {
        compare(text);
    }
    for depth in [1, 100, 127, 128, 200] {
        compare(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        compare(&format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth)));
    }
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn valid_texts_are_read_alike(value in json(), pretty in any::<bool>()) {
        compare(&if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() });
    }

    #[test]
    fn damaged_texts_are_judged_alike(
        value in json(), at in any::<prop::sample::Index>(), with in prop::sample::select(b"\"\\{}[],:0-+.eEun tf\n\x01x".to_vec()),
        cut in any::<bool>(),
    ) {
        let mut text = value.to_string();
        let at = at.index(text.len());
        if text.is_char_boundary(at) {
            if cut { text.truncate(at) } else { text.insert(at, char::from(with)) }
        }
        compare(&text);
    }

    #[test]
    fn noise_is_judged_alike(text in "[\\[\\]{}\",:0-9eE+.\\\\u \\-nultrefasd]{0,24}") {
        compare(&text);
    }

    #[test]
    fn written_texts_are_read_by_serde_json(value in json()) {
        let mut writer = Writer::new();
        write(&mut writer, &value);
        prop_assert_eq!(writer.finish().unwrap(), value.to_string());
    }

    #[test]
    fn integers_are_those_of_the_standard_library(value in any::<i64>()) {
        let mut writer = Writer::new();
        writer.integer(value);
        let text = writer.finish().unwrap();
        prop_assert_eq!(&text, &value.to_string());
        prop_assert_eq!(Reader::new(&text).integer().unwrap(), value);
    }

    #[test]
    fn raw_values_are_returned_as_they_stand(value in json()) {
        let inner = serde_json::to_string_pretty(&value).unwrap();
        let text = format!("[1, {inner} ,2]");
        let mut reader = Reader::new(&text);
        reader.begin_array().unwrap();
        reader.next_element().unwrap();
        reader.skip_value().unwrap();
        reader.next_element().unwrap();
        prop_assert_eq!(reader.raw_value().unwrap(), inner);
    }
}

fn write(writer: &mut Writer, value: &Value) {
    match value {
        Value::Null => writer.null(),
        Value::Bool(value) => writer.boolean(*value),
        Value::Number(number) => writer.raw(&number.to_string()),
        Value::String(text) => writer.string(text),
        Value::Array(items) => {
            writer.begin_array();
            items.iter().for_each(|item| write(writer, item));
            writer.end_array();
        }
        Value::Object(members) => {
            writer.begin_object();
            for (key, value) in members {
                writer.key(key);
                write(writer, value);
            }
            writer.end_object();
        }
    }
}

#[test]
fn integers_may_be_written_with_point_or_exponent() {
    for (text, value) in [("1.0", 1), ("1e2", 100), ("-0", 0), ("12.50e1", 125), ("9223372036854775807", i64::MAX)] {
        assert_eq!(Reader::new(text).integer().unwrap(), value, "{text}");
    }
    assert_eq!(
        Reader::new("1.5").integer().unwrap_err().rule(),
        Rule::Type { expected: Kind::Integer, found: Kind::Number }
    );
    for text in ["9223372036854775808", "1e30", "-1e400"] {
        assert_eq!(Reader::new(text).integer().unwrap_err().rule(), Rule::NumberTooBig, "{text}");
    }
}

#[test]
fn ten_thousand_levels_are_refused_at_the_limit() {
    let text = "[".repeat(10_000);
    let fault = Reader::new(&text).skip_value().unwrap_err();
    assert_eq!(fault, Fault::new(Rule::Syntax(Syntax::TooDeep), usize::from(DEFAULT_DEPTH)));
    assert_eq!(Reader::with_depth("[]", 0).skip_value().unwrap_err().rule(), Rule::Syntax(Syntax::TooDeep));
}

#[test]
fn the_depth_of_closed_values_does_not_count() {
    let text = format!("[{}[]]", "[[]],".repeat(100));
    Reader::with_depth(&text, 3).skip_value().unwrap();
    assert!(Reader::with_depth(&text, 2).skip_value().is_err());
}

#[test]
fn paths_lead_to_the_value_at_the_offset() {
    let text = r#"[3,"id",{"a":[{"b":1},{"c d":{"é":true,"x":"y"}}]}]"#;
    let payload = text.find('{').unwrap();
    for (needle, expected) in [
        ("{\"a\"", "$"),
        ("\"a\"", "$"),
        ("[{\"b\"", "$.a"),
        ("1}", "$.a[0].b"),
        ("true", r#"$.a[1]["c d"]["é"]"#),
        ("\"x\"", r#"$.a[1]["c d"]"#),
        ("y", r#"$.a[1]["c d"].x"#),
    ] {
        let fault = Fault::new(Rule::UnknownMember, text.find(needle).unwrap());
        assert_eq!(Violation::locate(&fault, text, payload).path, expected, "{needle}");
    }
}

#[test]
fn paths_of_malformed_texts_end_where_reading_stopped() {
    let text = r#"{"a":[1,{"b":tru}]}"#;
    let fault = Reader::new(text).skip_value().unwrap_err();
    let violation = Violation::locate(&fault, text, 0);
    assert_eq!(violation.path, "$.a[1].b");
    assert_eq!(violation.offset, text.find('}').unwrap());
}

#[test]
fn a_refused_value_is_found_by_its_path() {
    let mut writer = Writer::append(String::from("[2,"));
    writer.begin_object();
    writer.key("list");
    writer.begin_array();
    writer.integer(1);
    writer.refuse(Rule::AboveMaximum(1));
    writer.integer(2);
    writer.refuse(Rule::AboveMaximum(2));
    writer.integer(3);
    writer.end_array();
    writer.end_object();
    let violation = writer.finish().unwrap_err();
    assert_eq!((violation.path.as_str(), violation.rule), ("$.list[1]", Rule::AboveMaximum(1)));
}

#[test]
fn members_are_found_in_any_order_and_spelling() {
    let text = r#"{"b":1, "\u0061":2 , "c" : 3}"#;
    let mut reader = Reader::new(text);
    let mut members = reader.members(&["a", "b", "c"]).unwrap();
    let mut found = Vec::new();
    while let Some(index) = members.next(&mut reader).unwrap() {
        found.push((index, reader.integer().unwrap()));
    }
    assert_eq!(found, [(1, 1), (0, 2), (2, 3)]);
    reader.finish().unwrap();
}

#[test]
fn unknown_repeated_and_missing_members_are_refused() {
    let names = &["a", "ab"];
    let refused = |text: &str| {
        let mut reader = Reader::new(text);
        let mut members = reader.members(names)?;
        let mut last = None;
        while let Some(index) = members.next(&mut reader)? {
            reader.skip_value()?;
            last = (index == 1).then_some(());
        }
        members.required(1, last)
    };
    assert_eq!(refused(r#"{"a":1,"abc":2}"#).unwrap_err(), Fault::new(Rule::UnknownMember, 7));
    assert_eq!(refused(r#"{"a":1,"a":2}"#).unwrap_err(), Fault::new(Rule::DuplicateMember, 7));
    assert_eq!(refused(r#" {"a":1}"#).unwrap_err(), Fault::new(Rule::Missing("ab"), 1));
    assert_eq!(refused(r#"{"a":1,"ab":1}"#), Ok(()));
}

#[test]
fn decimals_are_read_from_the_digits() {
    let mut reader = Reader::new("2935.600");
    assert_eq!(reader.number().unwrap().parse::<Decimal>().unwrap().to_string(), "2935.600");
}
