//! Views and builders; the oracle of the generator compares whole messages with the structs.
#![cfg(all(feature = "v1_6", feature = "v2_0_1", feature = "v2_1"))]

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use proptest::prelude::*;

use super::{
    schema::{COMMON, Shape},
    view::Node,
    write::{Object, write},
    *,
};
use crate::{
    Decode, Encode, Rule,
    datetime::UnixMillis,
    decimal::Decimal,
    json::{Kind, Writer},
};

/// Payloads with objects in objects, lists of both kinds, every kind of value and the differences between editions, as structs write
/// them.
fn payloads() -> Vec<(Edition, ObjectId, String)> {
    fn written<T: Decode + Encode>(json: &str) -> String {
        T::from_json(json).unwrap().to_json().unwrap()
    }
    let profile = r#"{"connectorId":1,"csChargingProfiles":{"chargingProfileId":7,"transactionId":9,"stackLevel":2,
        "chargingProfilePurpose":"TxProfile","chargingProfileKind":"Recurring","recurrencyKind":"Daily",
        "validFrom":"2024-02-29T00:00:00Z","chargingSchedule":{"duration":60,"chargingRateUnit":"W","minChargingRate":6.5,
        "chargingSchedulePeriod":[{"startPeriod":0,"limit":6.0},{"startPeriod":30,"limit":1e3,"numberPhases":3}]}}}"#;
    let lists = r#"{"configurationKey":[{"key":"a","readonly":true,"value":"\"quoted\" \u0001"},{"key":"b","readonly":false}],
        "unknownKey":["x","","😀"]}"#;
    let info = r#"{"customData":{"vendorId":"v","x":[1]},"idTokenInfo":{"status":"Accepted","cacheExpiryDateTime":"2024-02-29T12:00:00.5Z",
        "chargingPriority":-9,"language1":"de","evseId":[1,2],"groupIdToken":{"idToken":"g","type":"Central"},"language2":"en",
        "personalMessage":{"format":"UTF8","content":"hello","customData":{"vendorId":"w"}}}}"#;
    let needs = r#"{"evseId":1,"maxScheduleTuples":3,"customData":{"vendorId":"v"},"chargingNeeds":{"requestedEnergyTransfer":"DC",
        "departureTime":"2024-02-29T12:00:00Z","acChargingParameters":{"energyAmount":1,"evMinCurrent":2,"evMaxCurrent":3,
        "evMaxVoltage":4},"dcChargingParameters":{"evMaxCurrent":1,"evMaxVoltage":2,"energyAmount":3,"evMaxPower":4,
        "stateOfCharge":5,"evEnergyCapacity":6,"fullSoC":7,"bulkSoC":8,"customData":{"vendorId":"v"}}}}"#;
    let object = |payload: &str| {
        let action = v2::Action::find(payload.trim_end_matches("Request").trim_end_matches("Response"), Edition::V2_1);
        action
            .map(|action| if payload.ends_with("Request") { action.request() } else { action.response().unwrap() })
            .unwrap()
    };
    Vec::from([
        (
            Edition::V1_6,
            v1_6::SetChargingProfileRequest::OBJECT,
            written::<crate::v1_6::SetChargingProfileRequest>(profile),
        ),
        (
            Edition::V1_6,
            v1_6::GetConfigurationResponse::OBJECT,
            written::<crate::v1_6::GetConfigurationResponse>(lists),
        ),
        (Edition::V2_0_1, object("AuthorizeResponse"), written::<crate::v2_0_1::AuthorizeResponse>(info)),
        (Edition::V2_1, object("AuthorizeResponse"), written::<crate::v2_1::AuthorizeResponse>(info)),
        (
            Edition::V2_0_1,
            object("NotifyEVChargingNeedsRequest"),
            written::<crate::v2_0_1::NotifyEVChargingNeedsRequest>(needs),
        ),
        (
            Edition::V2_1,
            object("NotifyEVChargingNeedsRequest"),
            written::<crate::v2_1::NotifyEVChargingNeedsRequest>(needs),
        ),
    ])
}

/// Sets members in an order of its own.
fn set_shuffled(out: &mut Object<'_>, object: u16, node: Node<'_>, choices: &mut impl Iterator<Item = usize>) {
    let tables = out.edition().tables;
    let mut rows: Vec<u8> = (0..tables.members(object).len() as u8).chain([COMMON]).collect();
    while !rows.is_empty() {
        let row = rows.remove(choices.next().unwrap_or_default() % rows.len());
        let (Some(found), Some(member)) = (node.find_row(row), tables.member(object, row)) else { continue };
        let (rows, shape) = (u16::from_le_bytes([row, row]), tables.shape(member));
        match (member.bounds() == 0, shape) {
            (true, Shape::Object(inner)) => set_shuffled(&mut out.object(rows), inner, found.node(), choices),
            (true, shape) => out.set(rows, super::write::scalar(shape, found)),
            (false, shape) => {
                let mut items = found.node();
                while let Some(item) = items.next() {
                    match shape {
                        Shape::Object(inner) => set_shuffled(&mut out.add_object(rows), inner, item.node(), choices),
                        shape => out.add(rows, super::write::scalar(shape, item)),
                    }
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn members_set_in_any_order_are_written_in_that_of_the_schema(choices in proptest::collection::vec(any::<usize>(), 0..60)) {
        for (edition, object, json) in payloads() {
            let parsed = Parsed::parse(&json, edition, object).unwrap();
            let mut choices = choices.iter().copied();
            // A frame comes before the payload.
            let mut writer = Writer::append(String::from("[3,\"id\","));
            write(&mut writer, edition, object, &mut |mut out| {
                set_shuffled(&mut out, object.0, parsed.root(), &mut choices);
            });
            prop_assert_eq!(writer.finish().unwrap(), format!("[3,\"id\",{json}"));
        }
    }
}

#[test]
fn a_view_has_an_accessor_for_each_member() {
    let all = payloads();
    let message: Message<v1_6::SetChargingProfileRequest> = Message::parse(&all[0].2, Edition::V1_6).unwrap();
    let request = message.view();
    let profile = request.cs_charging_profiles();
    assert_eq!((request.connector_id(), profile.transaction_id()), (1, Some(9)));
    assert_eq!(profile.charging_profile_purpose(), v1_6::ChargingProfilePurpose::TxProfile);
    assert_eq!(profile.recurrency_kind(), Some(v1_6::RecurrencyKind::Daily));
    assert_eq!((profile.valid_from(), profile.valid_to()), (Some(UnixMillis(1_709_164_800_000)), None));
    let schedule = profile.charging_schedule();
    assert_eq!(schedule.min_charging_rate(), Some(Decimal::from_scaled(65, 1)));
    let periods: Vec<_> =
        schedule.charging_schedule_period().map(|period| (period.limit(), period.number_phases())).collect();
    assert_eq!(periods, [(Decimal::from(6), None), (Decimal::from(1000), Some(3))]);

    let message: Message<v1_6::GetConfigurationResponse> = Message::parse(&all[1].2, Edition::V1_6).unwrap();
    let keys: Vec<_> = message.view().configuration_key().map(|key| (key.key(), key.readonly(), key.value())).collect();
    assert_eq!(keys, [("a", true, Some("\"quoted\" \u{1}")), ("b", false, None)]);
    assert_eq!(message.view().unknown_key().collect::<Vec<_>>(), ["x", "", "😀"]);
    assert_eq!((message.view().unknown_key().len(), message.view().unknown_key().is_empty()), (3, false));
}

#[test]
fn a_message_can_outlive_its_text() {
    for (edition, object, json) in payloads() {
        let parsed = Parsed::parse(&json, edition, object).unwrap().into_owned().into_owned();
        let mut writer = Writer::new();
        parsed.write(&mut writer);
        assert_eq!(writer.finish().as_ref(), Ok(&json));
        drop(json);
        assert_eq!((parsed.edition(), parsed.object), (edition, object));
    }
}

#[test]
fn one_view_serves_both_editions() {
    for (edition, _, json) in payloads().get(2..4).unwrap() {
        let message: Message<v2::AuthorizeResponse> = Message::parse(json, *edition).unwrap();
        let response = message.view();
        assert_eq!(response.edition(), *edition);
        assert_eq!(response.custom_data(), Some(r#"{"vendorId":"v","x":[1]}"#));
        assert!(response.tariff().is_none() && response.allowed_energy_transfer().is_empty());
        let info = response.id_token_info();
        assert_eq!((info.status(), info.language1()), (v2::AuthorizationStatus::Accepted, Some("de")));
        assert_eq!(info.evse_id().collect::<Vec<_>>(), [1, 2]);
        // An enumeration of 2.0.1, a text of 2.1.
        assert_eq!(info.group_id_token().map(|token| token.r#type()), Some("Central"));
    }
    for (edition, _, json) in payloads().get(4..).unwrap() {
        let message: Message<v2::NotifyEVChargingNeedsRequest> = Message::parse(json, *edition).unwrap();
        let request = message.view();
        assert_eq!((request.evse_id(), request.max_schedule_tuples(), request.timestamp()), (1, Some(3), None));
        // Integers of 2.0.1, decimals of 2.1.
        let parameters = request.charging_needs().dc_charging_parameters().unwrap();
        assert_eq!(
            (parameters.ev_max_current(), parameters.energy_amount()),
            (Decimal::from(1), Some(Decimal::from(3)))
        );
    }
}

#[test]
fn what_an_edition_lacks_is_neither_read_nor_written() {
    let json = r#"{"certificateChain":"x","requestId":5}"#;
    let refused = Message::<v2::CertificateSignedRequest>::parse(json, Edition::V2_0_1).unwrap_err();
    assert_eq!((refused.path.as_str(), refused.rule), ("$", Rule::UnknownMember));
    assert!(Message::<v2::CertificateSignedRequest>::parse(json, Edition::V2_1).is_ok());
    let fill = |mut request: v2::CertificateSignedRequestBuilder<'_>| {
        request.certificate_chain("x").request_id(5);
    };
    assert_eq!(v2::CertificateSignedRequest::to_json(Edition::V2_1, fill).unwrap(), json);
    let refused = v2::CertificateSignedRequest::to_json(Edition::V2_0_1, fill).unwrap_err();
    assert_eq!((refused.path.as_str(), refused.rule), ("$", Rule::UnknownMember));

    // A value, a limit, a type and an action that only one edition has.
    let json = r#"{"type":"ImmediateAndResume"}"#;
    assert_eq!(
        Message::<v2::ResetRequest>::parse(json, Edition::V2_1).unwrap().view().r#type(),
        v2::ResetType::ImmediateAndResume
    );
    assert_eq!(
        Message::<v2::ResetRequest>::parse(json, Edition::V2_0_1).unwrap_err().rule,
        Rule::NotInEnumeration("ResetType")
    );
    let reset = |mut request: v2::ResetRequestBuilder<'_>| {
        request.r#type(v2::ResetType::ImmediateAndResume);
    };
    assert_eq!(
        v2::ResetRequest::to_json(Edition::V2_0_1, reset).unwrap_err().rule,
        Rule::NotInEnumeration("ResetType")
    );
    let token = |mut request: v2::AuthorizeRequestBuilder<'_>| {
        request.id_token().id_token(&"x".repeat(40)).r#type("Cash");
    };
    assert!(v2::AuthorizeRequest::to_json(Edition::V2_1, token).is_ok());
    let refused = v2::AuthorizeRequest::to_json(Edition::V2_0_1, token).unwrap_err();
    assert_eq!(refused.to_string(), "$.idToken.idToken: 40 characters, at most 36 allowed");
    let current = |mut parameters: v2::ACChargingParametersBuilder<'_>| {
        let half = Decimal::from_scaled(5, 1);
        parameters.energy_amount(1.into()).ev_min_current(half).ev_max_current(2.into()).ev_max_voltage(3.into());
    };
    assert!(v2::ACChargingParameters::to_json(Edition::V2_1, current).unwrap().contains("\"evMinCurrent\":0.5"));
    let refused = v2::ACChargingParameters::to_json(Edition::V2_0_1, current).unwrap_err();
    assert_eq!(
        (refused.path.as_str(), refused.rule),
        ("$.evMinCurrent", Rule::Type { expected: Kind::Integer, found: Kind::Number })
    );
    assert_eq!(v2::Action::find("BatterySwap", Edition::V2_0_1), None);
    assert_eq!(v2::Action::find("BatterySwap", Edition::V2_1), Some(v2::Action::BatterySwap));
    assert_eq!(v2::Action::BatterySwap.as_str(), "BatterySwap");
}

#[test]
fn a_message_that_breaks_a_rule_is_refused_when_it_is_finished() {
    type Fill = fn(v1_6::MeterValuesRequestBuilder<'_>);
    let cases: [(Fill, &str); 7] = [
        (|_| {}, "$: required member connectorId is missing"),
        (
            |mut request| {
                request.connector_id(1).connector_id(2);
            },
            "$: member given twice",
        ),
        (
            |mut request| {
                request.connector_id(1).add_meter_value();
            },
            "$.meterValue[0]: required member timestamp is missing",
        ),
        (
            |mut request| {
                let mut value = request.add_meter_value();
                value.timestamp(UnixMillis(0)).add_sampled_value().unit(v1_6::UnitOfMeasure::Unrecognized);
                request.connector_id(1);
            },
            "$.meterValue[0].sampledValue[0]: required member value is missing",
        ),
        (
            |mut request| {
                let mut value = request.add_meter_value();
                value.add_sampled_value().value("1").unit(v1_6::UnitOfMeasure::Unrecognized);
                value.timestamp(UnixMillis(0));
                request.connector_id(1);
            },
            "$.meterValue[0].sampledValue[0].unit: not a value of UnitOfMeasure",
        ),
        (
            |mut request| {
                request.connector_id(1).add_meter_value().timestamp(UnixMillis(i64::MAX));
            },
            "$.meterValue[0].timestamp: not an RFC 3339 date and time",
        ),
        (
            // Not one list twice: something else came between.
            |mut request| {
                request.add_meter_value().timestamp(UnixMillis(0));
                request.connector_id(1).add_meter_value().timestamp(UnixMillis(0));
            },
            "$: member given twice",
        ),
    ];
    for (fill, expected) in cases {
        assert_eq!(v1_6::MeterValuesRequest::to_json(Edition::V1_6, fill).unwrap_err().to_string(), expected);
    }
}

#[test]
fn a_text_is_cut_where_that_is_asked_for_and_nowhere_else() {
    let long = "ä".repeat(30);
    let written = v1_6::BootNotificationRequest::to_json(Edition::V1_6, |mut request| {
        request.charge_point_vendor("v").cut().charge_point_model(&long).cut().iccid("short");
    });
    let model = "ä".repeat(20);
    let expected = format!(r#"{{"chargePointVendor":"v","chargePointModel":"{model}","iccid":"short"}}"#);
    assert_eq!(written.unwrap(), expected);
    let refused = v1_6::BootNotificationRequest::to_json(Edition::V1_6, |mut request| {
        request.cut().charge_point_model(&long).charge_point_vendor(&long);
    });
    assert_eq!(refused.unwrap_err().to_string(), "$.chargePointVendor: 30 characters, at most 20 allowed");
}

#[test]
fn an_untyped_message_is_viewed_by_its_own_object_only() {
    let object = Edition::V1_6.request("Authorize").unwrap();
    let parsed = Parsed::parse(r#"{"idTag":"a"}"#, Edition::V1_6, object).unwrap();
    assert_eq!(parsed.view::<v1_6::AuthorizeRequest>().id_tag(), "a");
    assert_eq!(parsed.view::<v1_6::RemoteStartTransactionRequest>().id_tag(), "");
}

#[cfg(feature = "lenient")]
#[test]
fn an_enumeration_is_read_by_itself_as_in_a_message() {
    use crate::{json::Reader, lenient::Quirks};

    let strict = |json| v1_6::ResetType::read(&mut Reader::new(json), Edition::V1_6);
    assert_eq!(strict("\"Hard\""), Ok(v1_6::ResetType::Hard));
    assert_eq!(strict("\"hard\"").unwrap_err().rule(), Rule::NotInEnumeration("ResetType"));
    let mut reader = Reader::lenient("\"hard\" \"Gentle\"", 8, Quirks::FIELD);
    assert_eq!(v1_6::ResetType::read(&mut reader, Edition::V1_6), Ok(v1_6::ResetType::Hard));
    assert_eq!(v1_6::ResetType::read(&mut reader, Edition::V1_6), Ok(v1_6::ResetType::Unrecognized));
    let told: Vec<_> = reader.take_repairs(0).iter().map(|repair| repair.kind.as_str()).collect();
    assert_eq!(told, ["LetterCase", "UnknownValue"]);
}

#[test]
fn the_payloads_of_an_action_are_known_by_its_name() {
    for (name, request, response) in [
        ("Reset", v1_6::ResetRequest::OBJECT, v1_6::ResetResponse::OBJECT),
        ("Heartbeat", v1_6::HeartbeatRequest::OBJECT, v1_6::HeartbeatResponse::OBJECT),
    ] {
        assert_eq!((Edition::V1_6.request(name), Edition::V1_6.response(name)), (Some(request), Some(response)));
    }
    assert_eq!((Edition::V1_6.request("reset"), Edition::V1_6.response("TransactionEvent")), (None, None));
    // A SEND is not answered; it is of 2.1 only.
    let stream = "NotifyPeriodicEventStream";
    assert!(Edition::V2_1.request(stream).is_some() && Edition::V2_1.response(stream).is_none());
    assert_eq!(Edition::V2_0_1.request(stream), None);
}

#[test]
fn a_text_is_appended_to() {
    let text = String::from("[3,\"id\",");
    let written = v1_6::ClearCacheResponse::append_json(text, Edition::V1_6, |mut response| {
        response.status(v1_6::ClearCacheStatus::Accepted);
    });
    assert_eq!(written.unwrap(), r#"[3,"id",{"status":"Accepted"}"#);
}

#[test]
fn lists_that_must_be_there_are_written_without_items_too() {
    let empty = v1_6::MeterValuesRequest::to_json(Edition::V1_6, |mut request| {
        request.connector_id(1);
    });
    assert_eq!(empty.unwrap(), r#"{"connectorId":1,"meterValue":[]}"#);
    let none = v2::GetVariablesRequest::to_json(Edition::V2_1, |_| {}).unwrap_err();
    assert_eq!((none.path.as_str(), none.rule), ("$.getVariableData", Rule::TooFew { min: 1, actual: 0 }));
}

#[test]
fn json_of_vendors_is_checked_before_it_is_written() {
    let with = |json: &str| {
        v2::HeartbeatRequest::to_json(Edition::V2_1, |mut request| {
            request.custom_data(json);
        })
    };
    assert_eq!(with(r#" {"vendorId":"v"} "#).unwrap(), r#"{"customData":{"vendorId":"v"}}"#);
    for (json, rule) in
        [("{}", Rule::Missing("vendorId")), ("[]", Rule::Type { expected: Kind::Object, found: Kind::Array })]
    {
        let refused = with(json).unwrap_err();
        assert_eq!((refused.path.as_str(), refused.rule), ("$.customData", rule));
    }
    assert!(with("{\"vendorId\":\"v\"},\"more\":{}").is_err());
}

#[test]
fn nothing_of_a_message_is_shown_by_debug() {
    let json = r#"{"idTag":"SECRET"}"#;
    let message: Message<v1_6::AuthorizeRequest> = Message::parse(json, Edition::V1_6).unwrap();
    assert!(!format!("{message:?} {:?}", message.view()).contains("SECRET"));
    let written = v1_6::AuthorizeRequest::to_json(Edition::V1_6, |mut request| {
        request.id_tag("SECRET");
        assert!(!format!("{request:?}").contains("SECRET"));
    });
    assert_eq!(written.unwrap(), json);
}
