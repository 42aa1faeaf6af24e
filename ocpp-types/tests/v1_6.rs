//! OCPP 1.6 messages: what others are known to get wrong, each by name.
#![cfg(feature = "v1_6")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{collections::BTreeSet, mem::size_of, str::FromStr};

use ocpp_types::{
    Decimal, Decode, Direction, Encode, Message, Request, Rule, RuleKind, datetime,
    json::{Kind, Reader, Syntax},
    lenient::{self, Quirks, RepairKind},
    text::{CiText, TokenText},
    v1_6::*,
};

fn rule<T: Decode + std::fmt::Debug>(json: &str) -> (String, Rule) {
    let violation = T::from_json(json).unwrap_err();
    (violation.path, violation.rule)
}

fn start_transaction() -> StartTransactionRequest {
    let at = datetime::parse("2024-02-29T12:00:00Z").unwrap();
    StartTransactionRequest::new(1, TokenText::new("04A2B3C4").unwrap(), 100, at)
}

#[test]
fn a_message_is_written_in_the_order_of_the_schema_without_what_is_absent() {
    let request = start_transaction();
    let json = r#"{"connectorId":1,"idTag":"04A2B3C4","meterStart":100,"timestamp":"2024-02-29T12:00:00Z"}"#;
    assert_eq!(request.to_json().unwrap(), json);
    assert_eq!(StartTransactionRequest::from_json(json).unwrap(), request);
    assert_eq!(request.with_reservation_id(7).to_json().unwrap().matches("\"reservationId\":7").count(), 1);
}

#[test]
fn members_may_come_in_any_order_and_with_escapes() {
    let json = r#" { "timestamp" : "2024-02-29t13:00:00+01:00", "meterStart":1e2, "id\u0054ag":"04A2\u00423C4", "connectorId":1.0 } "#;
    assert_eq!(StartTransactionRequest::from_json(json).unwrap(), start_transaction());
}

#[test]
fn twenty_characters_of_two_bytes_fit_into_twenty() {
    let json = format!(r#"{{"idTag":"{}"}}"#, "ß".repeat(20));
    assert_eq!(AuthorizeRequest::from_json(&json).unwrap().id_tag.as_str(), "ß".repeat(20));
    let json = format!(r#"{{"idTag":"{}"}}"#, "ß".repeat(21));
    assert_eq!(rule::<AuthorizeRequest>(&json), ("$.idTag".into(), Rule::TooLong { max: 20, actual: 21 }));
}

#[test]
fn a_payload_that_is_no_object_is_a_type_violation() {
    assert_eq!(rule::<HeartbeatRequest>("[]"), ("$".into(), Rule::Type { expected: Kind::Object, found: Kind::Array }));
    assert_eq!(
        rule::<HeartbeatRequest>("null"),
        ("$".into(), Rule::Type { expected: Kind::Object, found: Kind::Null })
    );
    assert!(lenient::decode::<HeartbeatRequest>("null", Quirks::ALL).is_ok());
    assert!(lenient::decode::<HeartbeatRequest>("[]", Quirks::ALL).is_err());
}

#[test]
fn extra_members_are_refused_strictly_and_ignored_leniently() {
    let json = r#"{"idTag":"A","x":{"y":[1,2]}}"#;
    assert_eq!(rule::<AuthorizeRequest>(json), ("$".into(), Rule::UnknownMember));
    let decoded = lenient::decode::<AuthorizeRequest>(json, Quirks::ALL).unwrap();
    assert_eq!(decoded.value.id_tag, "a");
    assert_eq!((decoded.repairs[0].kind, &*decoded.repairs[0].text), (RepairKind::ExtraMember, "x"));
    assert_eq!(rule::<HeartbeatRequest>(r#"{"x":1}"#), ("$".into(), Rule::UnknownMember));
}

#[test]
fn null_for_an_optional_member_is_refused_strictly_and_absent_leniently() {
    let json = r#"{"status":"Accepted","parentIdTag":null}"#;
    let expected = Rule::Type { expected: Kind::String, found: Kind::Null };
    assert_eq!(rule::<IdTagInfo>(json), ("$.parentIdTag".into(), expected));
    let decoded = lenient::decode::<IdTagInfo>(json, Quirks::ALL).unwrap();
    assert_eq!(decoded.value, IdTagInfo::new(AuthorizationStatus::Accepted));
    assert_eq!((decoded.repairs[0].kind, decoded.repairs[0].path.as_str()), (RepairKind::Null, "$.parentIdTag"));
    let json = r#"{"status":null}"#;
    assert_eq!(lenient::decode::<IdTagInfo>(json, Quirks::ALL).unwrap_err().rule, Rule::Missing("status"));
}

#[test]
fn unknown_enumeration_values_keep_their_text_leniently() {
    let json = r#"{"connectorId":1,"meterValue":[{"timestamp":"2024-01-01T00:00:00Z","sampledValue":[
        {"value":"1","measurand":"Energy.Foo"},{"value":"2","unit":"Bar","context":"sample.clock"}]}]}"#;
    let (path, broken) = rule::<MeterValuesRequest>(json);
    assert_eq!(path, "$.meterValue[0].sampledValue[0].measurand");
    assert_eq!((broken, broken.kind()), (Rule::NotInEnumeration("Measurand"), RuleKind::Property));
    let decoded = lenient::decode::<MeterValuesRequest>(json, Quirks::ALL).unwrap();
    let values = &decoded.value.meter_value[0].sampled_value;
    let (Some(Measurand::Unrecognized(measurand)), Some(UnitOfMeasure::Unrecognized(unit))) =
        (values[0].measurand, values[1].unit)
    else {
        panic!("{values:?}");
    };
    assert_eq!((decoded.text(measurand), decoded.text(unit)), (Some("Energy.Foo"), Some("Bar")));
    assert_eq!(values[1].context, Some(ReadingContext::SampleClock));
    assert_eq!(decoded.repairs.len(), 3);
    let refused = decoded.value.to_json().unwrap_err();
    assert_eq!((refused.path.as_str(), refused.rule), (path.as_str(), Rule::NotInEnumeration("Measurand")));
}

#[test]
fn trailing_zeros_of_limits_and_readings_survive() {
    let json = r#"{"startPeriod":0,"limit":2935.600}"#;
    assert_eq!(ChargingSchedulePeriod::from_json(json).unwrap().to_json().unwrap(), json);
    let json = r#"{"value":"2935.600"}"#;
    let value = SampledValue::from_json(json).unwrap();
    assert_eq!(value.to_json().unwrap(), json);
    assert_eq!(Decimal::from_str(&value.value).unwrap().to_string(), "2935.600");
}

#[test]
fn a_limit_has_one_digit_after_the_point() {
    let period = |limit: &str| format!(r#"{{"startPeriod":0,"limit":{limit}}}"#);
    for limit in ["8.1", "8.10", "-0.0", "81e-1"] {
        assert!(ChargingSchedulePeriod::from_json(&period(limit)).is_ok(), "{limit}");
    }
    assert_eq!(rule::<ChargingSchedulePeriod>(&period("8.15")), ("$.limit".into(), Rule::NotTenths));
    let refused = ChargingSchedulePeriod::new(0, Decimal::from_scaled(815, 2)).to_json().unwrap_err();
    assert_eq!((refused.path.as_str(), refused.rule), ("$.limit", Rule::NotTenths));
}

#[test]
fn integers_beyond_two_to_the_53_are_kept() {
    for id in [9_007_199_254_740_993, i64::MAX, i64::MIN] {
        let json = format!(r#"{{"transactionId":{id}}}"#);
        let request = RemoteStopTransactionRequest::from_json(&json).unwrap();
        assert_eq!((request.transaction_id, request.to_json().unwrap()), (id, json));
    }
    let json = r#"{"transactionId":9223372036854775808}"#;
    assert_eq!(rule::<RemoteStopTransactionRequest>(json), ("$.transactionId".into(), Rule::NumberTooBig));
}

#[test]
fn numbers_as_text_and_back_are_taken_leniently_only() {
    let json = r#"{"connectorId":"1","idTag":12345,"meterStart":100.4,"timestamp":"2024-02-29 12:00:00"}"#;
    assert_eq!(rule::<StartTransactionRequest>(json).1, Rule::Type { expected: Kind::Integer, found: Kind::String });
    let decoded = lenient::decode::<StartTransactionRequest>(json, Quirks::ALL).unwrap();
    assert_eq!((decoded.value.connector_id, decoded.value.meter_start), (1, 100));
    assert_eq!(decoded.value.id_tag, "12345");
    assert_eq!(decoded.value.timestamp, start_transaction().timestamp);
    let kinds: Vec<RepairKind> = decoded.repairs.iter().map(|repair| repair.kind).collect();
    use RepairKind::*;
    assert_eq!(kinds, [NumberFromText, TextFromNumber, FractionRounded, OddTime]);
    let paths: Vec<&str> = decoded.repairs.iter().map(|repair| repair.path.as_str()).collect();
    assert_eq!(paths, ["$.connectorId", "$.idTag", "$.meterStart", "$.timestamp"]);
}

#[test]
fn each_repair_needs_its_quirk() {
    let json =
        r#"{"connectorId":"1","idTag":"A","meterStart":0,"timestamp":"2024-02-29T12:00:00Z","reservationId":null}"#;
    assert!(lenient::decode::<StartTransactionRequest>(json, Quirks::ALL).is_ok());
    let null_only = Quirks::NONE.with(RepairKind::Null);
    let refused = lenient::decode::<StartTransactionRequest>(json, null_only).unwrap_err();
    assert_eq!(refused.path, "$.connectorId");
    let refused = lenient::decode::<StartTransactionRequest>(json, Quirks::ALL.without(RepairKind::Null)).unwrap_err();
    assert_eq!(refused.path, "$.reservationId");
}

#[test]
fn data_of_a_transfer_is_text_and_an_object_leniently() {
    let json = r#"{"vendorId":"v","data":{"a": [1]}}"#;
    assert_eq!(rule::<DataTransferRequest>(json).0, "$.data");
    let decoded = lenient::decode::<DataTransferRequest>(json, Quirks::ALL).unwrap();
    assert_eq!(decoded.value.data.unwrap(), r#"{"a": [1]}"#);
    assert_eq!(decoded.repairs[0].kind, RepairKind::TextFromJson);
}

#[test]
fn a_member_given_twice_is_refused_strictly_and_the_last_counts_leniently() {
    let json = r#"{"idTag":"A","idTag":"B"}"#;
    assert_eq!(rule::<AuthorizeRequest>(json), ("$".into(), Rule::DuplicateMember));
    assert_eq!(lenient::decode::<AuthorizeRequest>(json, Quirks::ALL).unwrap().value.id_tag, "B");
}

#[test]
fn a_missing_member_is_named_with_its_object() {
    let json = r#"{"connectorId":1,"csChargingProfiles":{"chargingProfileId":1}}"#;
    assert_eq!(rule::<SetChargingProfileRequest>(json), ("$.csChargingProfiles".into(), Rule::Missing("stackLevel")));
}

#[test]
fn empty_lists_are_omitted_where_optional_and_checked_where_counted() {
    assert_eq!(GetConfigurationRequest::new().to_json().unwrap(), "{}");
    assert_eq!(GetConfigurationRequest::from_json(r#"{"key":[]}"#).unwrap(), GetConfigurationRequest::default());
    let keys = vec![CiText::new("HeartbeatInterval").unwrap()];
    assert_eq!(GetConfigurationRequest::new().with_key(keys).to_json().unwrap(), r#"{"key":["HeartbeatInterval"]}"#);
    let json = r#"{"status":"Accepted","certificateHashData":[]}"#;
    assert_eq!(
        rule::<GetInstalledCertificateIdsResponse>(json),
        ("$.certificateHashData".into(), Rule::TooFew { min: 1, actual: 0 })
    );
}

#[test]
fn both_spellings_of_celsius_are_values() {
    for text in ["Celsius", "Celcius"] {
        assert_eq!(UnitOfMeasure::from_str(text).unwrap().as_str(), text);
    }
    assert!(UnitOfMeasure::from_str("celsius").is_err());
}

#[test]
fn tokens_and_passwords_do_not_show_in_debug() {
    let request =
        ChangeConfigurationRequest::new(CiText::new("AuthorizationKey").unwrap(), "hunter2".try_into().unwrap());
    let shown = format!("{request:?} {:?}", start_transaction());
    assert!(shown.contains("AuthorizationKey"));
    assert!(!shown.contains("hunter2") && !shown.contains("04A2B3C4"), "{shown}");
}

#[test]
fn hostile_depth_and_garbage_are_refused() {
    let deep = format!(r#"{{"idTag":{}"#, "[".repeat(10_000));
    assert_eq!(rule::<AuthorizeRequest>(&deep).1, Rule::Type { expected: Kind::String, found: Kind::Array });
    let refused = lenient::decode::<AuthorizeRequest>(&deep, Quirks::ALL).unwrap_err();
    assert_eq!(refused.rule, Rule::Syntax(Syntax::TooDeep));
    let unknown = format!(r#"{{"x":{}"#, r#"{"a":"#.repeat(10_000));
    let refused = lenient::decode::<AuthorizeRequest>(&unknown, Quirks::ALL).unwrap_err();
    assert_eq!(refused.rule, Rule::Syntax(Syntax::TooDeep));
    assert_eq!(rule::<AuthorizeRequest>("{\"idTag\":\"A\"").1, Rule::Syntax(Syntax::UnexpectedEnd));
    assert_eq!(rule::<AuthorizeRequest>("{\"idTag\":\"A\"}}").1, Rule::Syntax(Syntax::TrailingText));
}

#[test]
fn repairs_are_bounded() {
    let extra: Vec<String> = (0..2000).map(|number| format!("\"x{number}\":0")).collect();
    let json = format!("{{{}}}", extra.join(","));
    assert_eq!(lenient::decode::<HeartbeatRequest>(&json, Quirks::ALL).unwrap_err().rule, Rule::UnknownMember);
}

#[test]
fn actions_know_their_direction_and_profile() {
    assert_eq!(Action::ALL.len(), 39);
    let names: BTreeSet<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
    assert_eq!(names.len(), 39);
    assert_eq!("DataTransfer".parse(), Ok(Action::DataTransfer));
    assert!("dataTransfer".parse::<Action>().is_err());
    assert_eq!(Action::DataTransfer.direction(), Direction::Both);
    assert_eq!(Action::ReserveNow.profile(), FeatureProfile::Reservation);
    assert_eq!(<StartTransactionRequest as Message>::ACTION, Action::StartTransaction.as_str());
    let answers: fn(<StartTransactionRequest as Request>::Response) -> StartTransactionResponse = |response| response;
    let info = IdTagInfo::new(AuthorizationStatus::Accepted);
    assert_eq!(answers(StartTransactionResponse::new(info, 1)).transaction_id, 1);
}

#[test]
fn payloads_are_read_by_action_and_side() {
    let request = StationRequest::from_json(Action::Heartbeat, "{}").unwrap().unwrap();
    assert_eq!((request.action(), request.to_json().unwrap().as_str()), (Action::Heartbeat, "{}"));
    assert_eq!(StationRequest::from_json(Action::Reset, "{}"), Ok(None));
    assert!(CsmsRequest::from_json(Action::Reset, "{}").is_err());
    let sides = |action: &&Action| {
        let mut reader = Reader::new("0");
        StationRequest::read(**action, &mut reader) != Ok(None)
    };
    assert_eq!(Action::ALL.iter().filter(sides).count(), 14);
    for action in Action::ALL {
        let mut reader = Reader::new("0");
        assert_eq!(StationRequest::read(*action, &mut reader) != Ok(None), action.direction().from_station());
        let mut reader = Reader::new("0");
        assert_eq!(CsmsRequest::read(*action, &mut reader) != Ok(None), action.direction().from_csms());
        let mut reader = Reader::new("0");
        assert_eq!(CsmsResponse::read(*action, &mut reader) != Ok(None), action.direction().from_station());
        let mut reader = Reader::new("0");
        assert_eq!(StationResponse::read(*action, &mut reader) != Ok(None), action.direction().from_csms());
    }
}

#[cfg(feature = "serde")]
#[test]
fn serde_gives_the_same_json() {
    let request = start_transaction().with_reservation_id(3);
    let value = serde_json::to_value(&request).unwrap();
    assert_eq!(value, serde_json::from_str::<serde_json::Value>(&request.to_json().unwrap()).unwrap());
    assert_eq!(serde_json::from_value::<StartTransactionRequest>(value).unwrap(), request);
    let error = serde_json::from_str::<StartTransactionRequest>(r#"{"connectorId":1}"#).unwrap_err();
    assert!(error.to_string().contains("required member idTag is missing"), "{error}");
}
