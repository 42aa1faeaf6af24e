//! The tables against the structs: accept and refuse the same, mend the same, write the same.

use ocpp_types::{
    Encode, Violation,
    json::Writer,
    lenient::{Decoded, Quirks},
    tables::{Edition, ObjectId, Parsed, v1_6, v2},
    v1_6 as s1_6, v2_0_1 as s2_0_1, v2_1 as s2_1,
};

use crate::Subject;

/// The edition and the object of a payload in the tables.
pub fn table(subject: &Subject) -> (Edition, ObjectId) {
    let action = subject.action.as_str();
    match subject.version.module {
        "v1_6" => {
            let edition = Edition::V1_6;
            let action = v1_6::Action::find(action, edition).unwrap();
            (edition, if subject.response { action.response().unwrap() } else { action.request() })
        }
        module => {
            let edition = if module == "v2_1" { Edition::V2_1 } else { Edition::V2_0_1 };
            let action = v2::Action::find(action, edition).unwrap();
            (edition, if subject.response { action.response().unwrap() } else { action.request() })
        }
    }
}

/// What is said of a payload that was read and written again, in words.
type Verdict = Result<(String, Vec<String>), String>;

fn verdict(written: Result<String, Violation>, repairs: Vec<ocpp_types::lenient::Repair>) -> Verdict {
    let repairs = repairs.iter().map(|repair| format!("{repair:?}")).collect();
    // Where the value that is refused begins depends on what was written before it.
    Ok((written.unwrap_or_else(|violation| format!("not writable: {}: {:?}", violation.path, violation.rule)), repairs))
}

fn refusal(violation: &Violation) -> String {
    format!("{}: {:?} at {}", violation.path, violation.rule, violation.offset)
}

/// What the tables say.
fn by_tables(subject: &Subject, json: &str, quirks: Quirks) -> Verdict {
    let (edition, object) = table(subject);
    let parsed = Parsed::parse_lenient(json, edition, object, quirks).map_err(|violation| refusal(&violation))?;
    let mut writer = Writer::new();
    parsed.value.write(&mut writer);
    verdict(writer.finish(), parsed.repairs)
}

/// What the structs say.
fn by_structs(subject: &Subject, json: &str, quirks: Quirks) -> Verdict {
    let action = subject.action.as_str();
    macro_rules! by_side {
        ($version:ident, $first:ident, $second:ident) => {{
            // The side that does not send it would only pass over it.
            let action: $version::Action = action.parse().unwrap();
            let direction = action.direction();
            let from_station = if subject.response { direction.from_csms() } else { direction.from_station() };
            let (written, repairs) = if from_station {
                let decoded = $version::$first::from_json_lenient(action, json, quirks);
                let Decoded { value, repairs } = decoded.map_err(|violation| refusal(&violation))?.unwrap();
                (value.to_json(), repairs)
            } else {
                let decoded = $version::$second::from_json_lenient(action, json, quirks);
                let Decoded { value, repairs } = decoded.map_err(|violation| refusal(&violation))?.unwrap();
                (value.to_json(), repairs)
            };
            verdict(written, repairs)
        }};
    }
    match (subject.version.module, subject.response) {
        (_, false) if action == "NotifyPeriodicEventStream" => {
            let decoded = ocpp_types::lenient::decode::<s2_1::NotifyPeriodicEventStream>(json, quirks);
            let Decoded { value, repairs } = decoded.map_err(|violation| refusal(&violation))?;
            verdict(value.to_json(), repairs)
        }
        ("v1_6", false) => by_side!(s1_6, StationRequest, CsmsRequest),
        ("v1_6", true) => by_side!(s1_6, StationResponse, CsmsResponse),
        ("v2_0_1", false) => by_side!(s2_0_1, StationRequest, CsmsRequest),
        ("v2_0_1", true) => by_side!(s2_0_1, StationResponse, CsmsResponse),
        ("v2_1", false) => by_side!(s2_1, StationRequest, CsmsRequest),
        ("v2_1", true) => by_side!(s2_1, StationResponse, CsmsResponse),
        (module, _) => panic!("no codec for {module}"),
    }
}

/// Says how tables and structs differ over a payload, if they do: read strictly, with the repairs of the field, and with all. What
/// they say of it otherwise is the answer.
pub fn agree(subject: &Subject, json: &str) -> Result<&'static str, String> {
    let mut said = "refused";
    for (name, quirks) in [("strictly", Quirks::NONE), ("with FIELD", Quirks::FIELD), ("with ALL", Quirks::ALL)] {
        let (tables, structs) = (by_tables(subject, json, quirks), by_structs(subject, json, quirks));
        crate::ensure(tables == structs, || format!("{name}, tables {tables:?}\nand structs {structs:?} of\n{json}"))?;
        said = match (said, tables) {
            (_, Ok((_, repairs))) if repairs.is_empty() => return Ok("read strictly"),
            ("refused", Ok((_, _))) => "mended",
            (said, _) => said,
        };
    }
    Ok(said)
}

/// Words outside their enumeration are let through without any other leniency, as a station reads calls.
pub fn keeps_unknown_words(subject: &Subject, json: &str) -> Result<(), String> {
    use ocpp_types::{json::Reader, lenient::RepairKind};

    let (edition, object) = table(subject);
    let mut parsed = Parsed::new(edition, object);
    let mut reader = Reader::new(json);
    let quirks = Quirks::NONE.with(RepairKind::UnknownValue);
    let read = parsed.read(&mut reader, quirks).and_then(|()| reader.finish());
    let read = read.map_err(|fault| Violation::locate(&fault, json, 0));
    match (read, by_structs(subject, json, quirks)) {
        (Ok(()), Ok((written, _))) => {
            let mut writer = Writer::new();
            parsed.write(&mut writer);
            let ours = verdict(writer.finish(), Vec::new()).unwrap().0;
            crate::ensure(ours == written, || format!("{ours}\nby tables, {written}\nby structs of\n{json}"))
        }
        (Err(violation), Err(structs)) => crate::ensure(refusal(&violation) == structs, || {
            format!("{violation} by tables, {structs} by structs of {json}")
        }),
        (read, structs) => Err(format!("{read:?} by tables, {structs:?} by structs of {json}")),
    }
}
