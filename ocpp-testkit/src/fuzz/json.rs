use ocpp_types::json::{Kind, Reader, Writer};
use ocpp_types::{Decimal, Fault, Violation};
use serde_json::Value;

/// As deep as `serde_json` goes.
const DEPTH: u8 = 127;

/// The pull parser against `serde_json`: it accepts the same texts, refuses the same, and reads the same values. What it
/// reads, the writer writes.
///
/// One exception: numbers beyond the range of an f64 are JSON here, and are refused there.
pub fn json(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else { return };
    let reference = serde_json::from_str::<Value>(text);
    match (copy(text), reference) {
        (Ok(copied), Ok(reference)) => {
            let copied_value = serde_json::from_str::<Value>(&copied);
            assert_eq!(copied_value.ok(), Some(reference), "{text:?} was read as {copied:?}");
            same_again(&copied);
        }
        (Ok(copied), Err(error)) => {
            assert!(error.to_string().contains("number out of range"), "{text:?}: serde_json says {error}");
            same_again(&copied);
        }
        (Err(fault), Err(_)) => {
            let violation = Violation::locate(&fault, text, 0);
            assert!(fault.offset() <= text.len(), "{text:?}: {fault}");
            assert!(violation.path.starts_with('$'), "{text:?}: {violation}");
        }
        (Err(fault), Ok(_)) => panic!("{text:?} is refused: {fault}"),
    }
}

/// A text without needless white space and escapes is copied as it stands.
fn same_again(text: &str) {
    assert_eq!(copy(text).as_deref(), Ok(text));
}

/// Reads the text piece by piece and writes each piece again.
fn copy(text: &str) -> Result<String, Fault> {
    let mut writer = Writer::new();
    let mut reader = Reader::with_depth(text, DEPTH);
    let copied = copy_value(&mut reader, &mut writer).and_then(|()| reader.finish());

    let mut skipping = Reader::with_depth(text, DEPTH);
    let skipped = skipping.raw_value().and_then(|raw| skipping.finish().map(|()| raw));
    match skipped {
        Ok(raw) => assert_eq!(raw, text.trim_matches([' ', '\t', '\r', '\n']), "{text:?}"),
        Err(fault) => assert_eq!(Err(&fault), copied.as_ref(), "{text:?}: reading and skipping differ"),
    }
    copied.map(|()| writer.text().to_owned())
}

fn copy_value(reader: &mut Reader<'_>, writer: &mut Writer) -> Result<(), Fault> {
    match reader.peek()? {
        Kind::Null => {
            reader.null()?;
            writer.null();
        }
        Kind::Boolean => writer.boolean(reader.boolean()?),
        Kind::Integer | Kind::Number => {
            let digits = reader.number()?;
            check_number(digits);
            writer.raw(digits);
        }
        Kind::String => writer.string(&reader.string()?),
        Kind::Array => {
            writer.begin_array();
            reader.begin_array()?;
            while reader.next_element()? {
                copy_value(reader, writer)?;
            }
            writer.end_array();
        }
        Kind::Object => {
            writer.begin_object();
            reader.begin_object()?;
            while let Some(key) = reader.next_key()? {
                writer.key(&key);
                copy_value(reader, writer)?;
            }
            writer.end_object();
        }
    }
    Ok(())
}

/// Integers and decimals are the numbers that the digits say.
fn check_number(digits: &str) {
    let integer = Reader::new(digits).integer();
    let decimal = digits.parse::<Decimal>();
    match (digits.parse::<i64>(), &integer) {
        (Ok(expected), found) => assert_eq!(found, &Ok(expected), "{digits}"),
        (Err(_), Ok(found)) => assert_eq!(decimal, Ok(Decimal::from(*found)), "{digits}"),
        (Err(_), Err(_)) => {}
    }
    if let Ok(decimal) = decimal {
        let written = decimal.to_string();
        assert_eq!(written.parse::<Decimal>(), Ok(decimal), "{digits} was written as {written}");
    }
}
