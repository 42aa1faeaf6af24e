//! A payload against the schema of its action, by version and sender.

use ocpp_rpc::Dialect;
use ocpp_rpc::signed::plain_action;
use ocpp_types::lenient::{self, Quirks, Repair};
use ocpp_types::{Decode, Violation, v1_6, v2_0_1, v2_1};

use crate::link::End;

/// Whether a payload asks or answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Of a CALL.
    Request,
    /// Of a CALLRESULT.
    Response,
    /// Of a SEND (2.1).
    Unconfirmed,
}

/// What the schema says to a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The version has no such action.
    UnknownAction,
    /// The other end sends such payloads, or none does in this type of message.
    NotItsPart,
    /// It is signed: what is inside cannot be seen from here.
    Signed,
    /// Read, with what had to be mended; nothing if it keeps all rules.
    Read(Vec<Repair>),
    /// It cannot be read, whatever is mended.
    Unreadable(Violation),
}

/// Reads a payload that `from` sends about `action`; either end, if that is not known.
pub fn check(dialect: Dialect, action: &str, part: Part, from: Option<End>, json: &str) -> Verdict {
    let known = |action: &str| match dialect {
        Dialect::V1_6 => action.parse::<v1_6::Action>().is_ok(),
        Dialect::V2_0_1 => action.parse::<v2_0_1::Action>().is_ok(),
        Dialect::V2_1 => action.parse::<v2_1::Action>().is_ok(),
    };
    if plain_action(action).is_some_and(known) {
        return Verdict::Signed;
    }
    if !known(action) {
        return Verdict::UnknownAction;
    }
    let read = ends(from).iter().find_map(|from| read(dialect, action, part, *from, json));
    read.map_or(Verdict::NotItsPart, |read| match read {
        Ok(repairs) => Verdict::Read(repairs),
        Err(violation) => Verdict::Unreadable(violation),
    })
}

fn ends(from: Option<End>) -> &'static [End] {
    match from {
        Some(End::Station) => &[End::Station],
        Some(End::Csms) => &[End::Csms],
        None => &[End::Station, End::Csms],
    }
}

/// None if `from` sends no such payload.
fn read(dialect: Dialect, action: &str, part: Part, from: End, json: &str) -> Option<Result<Vec<Repair>, Violation>> {
    macro_rules! payload {
        ($version:ident, $payload:ident) => {{
            let read = $version::$payload::from_json_lenient(action.parse().ok()?, json, Quirks::ALL);
            read.map(|read| read.map(|read| read.repairs)).transpose()
        }};
    }
    macro_rules! version {
        ($version:ident) => {
            match (from, part) {
                (End::Station, Part::Request) => payload!($version, StationRequest),
                (End::Station, Part::Response) => payload!($version, StationResponse),
                (End::Csms, Part::Request) => payload!($version, CsmsRequest),
                (End::Csms, Part::Response) => payload!($version, CsmsResponse),
                (End::Station | End::Csms, Part::Unconfirmed) => None,
            }
        };
    }
    match dialect {
        Dialect::V1_6 => version!(v1_6),
        Dialect::V2_0_1 => version!(v2_0_1),
        Dialect::V2_1 if part == Part::Unconfirmed => {
            let is_stream = from == End::Station && action == v2_1::Action::NotifyPeriodicEventStream.as_str();
            is_stream.then(|| repairs::<v2_1::NotifyPeriodicEventStream>(json))
        }
        Dialect::V2_1 => version!(v2_1),
    }
}

fn repairs<T: Decode>(json: &str) -> Result<Vec<Repair>, Violation> {
    lenient::decode::<T>(json, Quirks::ALL).map(|read| read.repairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sender_and_part_choose_the_schema() {
        let check = |dialect, action, part, from, json| super::check(dialect, action, part, from, json);
        let read = Verdict::Read(Vec::new());
        let v1_6 = |action, part, from, json| check(Dialect::V1_6, action, part, from, json);
        let status = r#"{"status":"Accepted"}"#;
        assert_eq!(v1_6("Reset", Part::Response, Some(End::Station), status), read);
        assert_eq!(v1_6("Reset", Part::Response, None, status), read);
        assert_eq!(v1_6("Reset", Part::Response, Some(End::Csms), status), Verdict::NotItsPart);
        assert_eq!(v1_6("Heartbeat", Part::Request, Some(End::Csms), "{}"), Verdict::NotItsPart);
        assert_eq!(v1_6("GetReport", Part::Request, None, "{}"), Verdict::UnknownAction);
        assert_eq!(v1_6("Reset-Signed", Part::Request, None, "{}"), Verdict::Signed);
        let stream = r#"{"id":1,"pending":0,"basetime":"2026-01-01T00:00:00Z","data":[{"t":0,"v":"1"}]}"#;
        let send = |part, from| check(Dialect::V2_1, "NotifyPeriodicEventStream", part, Some(from), stream);
        assert_eq!(send(Part::Unconfirmed, End::Station), read);
        assert_eq!(send(Part::Unconfirmed, End::Csms), Verdict::NotItsPart);
        assert_eq!(send(Part::Request, End::Station), Verdict::NotItsPart);
    }

    #[test]
    fn repairs_and_violations_are_told_apart() {
        let check = |json| check(Dialect::V2_0_1, "Reset", Part::Request, None, json);
        let Verdict::Read(repairs) = check(r#"{"type":"immediate","surprise":1}"#) else { panic!() };
        let paths: Vec<_> = repairs.iter().map(|repair| (repair.kind.as_str(), repair.path.as_str())).collect();
        assert_eq!(paths, [("LetterCase", "$.type"), ("ExtraMember", "$")]);
        let Verdict::Unreadable(violation) = check("{}") else { panic!() };
        assert_eq!(violation.to_string(), "$: required member type is missing");
    }
}
