use ocpp_types::json::Writer;
use ocpp_types::lenient::{Decoded, Quirks};
use ocpp_types::tables::{self, Edition, ObjectId, Parsed};
use ocpp_types::{Encode, Violation, v1_6, v2_0_1, v2_1};

/// A payload of an action by its tables and by its structs, in every edition that knows the action, as request and as response: read
/// or refused alike, mended alike, written alike.
pub(super) fn payload(name: &str, json: &str) {
    macro_rules! in_edition {
        ($version:ident, $edition:ident, $tables:ident) => {
            if let Ok(action) = name.parse::<$version::Action>() {
                let edition = Edition::$edition;
                let Some(table) = tables::$tables::Action::find(name, edition) else { panic!("no table for {name}") };
                let direction = action.direction();
                for quirks in [Quirks::NONE, Quirks::FIELD, Quirks::ALL] {
                    if direction.from_station() {
                        let structs = $version::StationRequest::from_json_lenient(action, json, quirks);
                        agree(edition, table.request(), json, quirks, structs);
                    } else {
                        let structs = $version::CsmsRequest::from_json_lenient(action, json, quirks);
                        agree(edition, table.request(), json, quirks, structs);
                    }
                    let Some(response) = table.response() else { continue };
                    if direction.from_csms() {
                        let structs = $version::StationResponse::from_json_lenient(action, json, quirks);
                        agree(edition, response, json, quirks, structs);
                    } else {
                        let structs = $version::CsmsResponse::from_json_lenient(action, json, quirks);
                        agree(edition, response, json, quirks, structs);
                    }
                }
            }
        };
    }
    // It is no request, so the enumerations of payloads do not have it.
    if name == "NotifyPeriodicEventStream" {
        return;
    }
    in_edition!(v1_6, V1_6, v1_6);
    in_edition!(v2_0_1, V2_0_1, v2);
    in_edition!(v2_1, V2_1, v2);
}

fn agree<T: Encode>(
    edition: Edition,
    object: ObjectId,
    json: &str,
    quirks: Quirks,
    structs: Result<Option<Decoded<T>>, Violation>,
) {
    match (Parsed::parse_lenient(json, edition, object, quirks), structs) {
        (Ok(ours), Ok(Some(theirs))) => {
            assert_eq!(ours.repairs, theirs.repairs, "{json:?}");
            let mut writer = Writer::new();
            ours.value.write(&mut writer);
            match (writer.finish(), theirs.value.to_json()) {
                (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs, "{json:?}"),
                (Err(ours), Err(theirs)) => {
                    assert_eq!((ours.path, ours.rule), (theirs.path, theirs.rule), "{json:?}");
                }
                (ours, theirs) => panic!("{ours:?} by tables, {theirs:?} by structs, written again: {json:?}"),
            }
        }
        (Err(ours), Err(theirs)) => assert_eq!(ours, theirs, "{json:?}"),
        (ours, theirs) => panic!("{:?} by tables, {:?} by structs: {json:?}", ours.err(), theirs.err()),
    }
}
