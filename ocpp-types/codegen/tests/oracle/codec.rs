//! Decoding by version, action and side.

use ocpp_codegen::Version;
use ocpp_types::{Decode, Encode, Violation, v1_6, v2_0_1, v2_1};

/// A payload that was decoded and encoded again.
pub struct Reencoded {
    pub json: String,
    /// Whether decoding that gives the same value once more.
    pub equal: bool,
}

fn again<T: Decode + Encode + PartialEq>(json: &str) -> Result<Reencoded, Violation> {
    let value = T::from_json(json)?;
    let json = value.to_json()?;
    let equal = T::from_json(&json)? == value;
    Ok(Reencoded { json, equal })
}

macro_rules! by_side {
    ($version:ident, $action:expr, $json:expr, $first:ident, $second:ident) => {{
        let action = $action.parse().unwrap();
        let read = |json: &str| -> Result<(String, Result<bool, Violation>), Violation> {
            if let Some(value) = $version::$first::from_json(action, json)? {
                let written = value.to_json()?;
                let equal = $version::$first::from_json(action, &written).map(|other| other.as_ref() == Some(&value));
                return Ok((written, equal));
            }
            let value = $version::$second::from_json(action, json)?.unwrap();
            let written = value.to_json()?;
            let equal = $version::$second::from_json(action, &written).map(|other| other.as_ref() == Some(&value));
            Ok((written, equal))
        };
        let (json, equal) = read($json)?;
        Ok(Reencoded { json, equal: equal? })
    }};
}

/// Decodes the payload of `action`, encodes it and decodes that.
pub fn decode(version: Version, action: &str, response: bool, json: &str) -> Result<Reencoded, Violation> {
    match (version.module, response) {
        (_, false) if action == "NotifyPeriodicEventStream" => again::<v2_1::NotifyPeriodicEventStream>(json),
        ("v1_6", false) => by_side!(v1_6, action, json, StationRequest, CsmsRequest),
        ("v1_6", true) => by_side!(v1_6, action, json, StationResponse, CsmsResponse),
        ("v2_0_1", false) => by_side!(v2_0_1, action, json, StationRequest, CsmsRequest),
        ("v2_0_1", true) => by_side!(v2_0_1, action, json, StationResponse, CsmsResponse),
        ("v2_1", false) => by_side!(v2_1, action, json, StationRequest, CsmsRequest),
        ("v2_1", true) => by_side!(v2_1, action, json, StationResponse, CsmsResponse),
        (module, _) => panic!("no codec for {module}"),
    }
}

/// Takes a payload of 2.0.1 to 2.1 and back and says whether it is the same, and whether 2.1 can write it.
pub fn there_and_back(action: &str, response: bool, json: &str) -> (bool, Result<String, Violation>) {
    macro_rules! by_side {
        ($first:ident, $second:ident) => {{
            let action = action.parse().unwrap();
            match v2_0_1::$first::from_json(action, json).unwrap() {
                Some(old) => {
                    let new = v2_1::$first::from(old.clone());
                    let written = new.to_json();
                    (v2_0_1::$first::try_from(new) == Ok(old), written)
                }
                None => {
                    let old = v2_0_1::$second::from_json(action, json).unwrap().unwrap();
                    let new = v2_1::$second::from(old.clone());
                    let written = new.to_json();
                    (v2_0_1::$second::try_from(new) == Ok(old), written)
                }
            }
        }};
    }
    if response { by_side!(StationResponse, CsmsResponse) } else { by_side!(StationRequest, CsmsRequest) }
}
