//! Between OCPP 2.0.1 and 2.1: what cannot be said in the other version.
#![cfg(all(feature = "v2_0_1", feature = "v2_1"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use ocpp_types::{Decimal, Decode, Encode, v2_0_1, v2_1};

/// The member that keeps a type of 2.1 out of 2.0.1.
fn obstacle<A, B: TryFrom<A, Error = ocpp_types::convert::NotRepresentable>>(value: A) -> String {
    B::try_from(value).err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn what_2_1_requires_gets_its_default_and_loses_it_on_the_way_back() {
    let json = r#"{"id":1,"transaction":false,"value":2.50,"type":"Delta","severity":3}"#;
    let old = v2_0_1::VariableMonitoring::from_json(json).unwrap();
    let mut new = v2_1::VariableMonitoring::from(old.clone());
    assert_eq!(new.event_notification_type, v2_1::EventNotification::CustomMonitor);
    new.event_notification_type = v2_1::EventNotification::HardWiredMonitor;
    assert_eq!(v2_0_1::VariableMonitoring::try_from(new).unwrap().to_json().unwrap(), json);
}

#[test]
fn what_2_0_1_cannot_know_is_named() {
    let period = |limit: Option<&str>| {
        let mut period = v2_1::ChargingSchedulePeriod::new(0);
        period.limit = limit.map(|limit| limit.parse().unwrap());
        period
    };
    type OldPeriod = v2_0_1::ChargingSchedulePeriod;
    assert_eq!(obstacle::<_, OldPeriod>(period(Some("16.0"))), "");
    assert_eq!(
        obstacle::<_, OldPeriod>(period(None)),
        "ChargingSchedulePeriod.limit cannot be expressed in OCPP 2.0.1"
    );
    let with_setpoint = period(Some("16")).with_setpoint(Decimal::from(3));
    assert!(obstacle::<_, OldPeriod>(with_setpoint).starts_with("ChargingSchedulePeriod.setpoint "));

    let token = |kind: &str, id: &str| v2_1::IdToken::new(id.try_into().unwrap(), kind.try_into().unwrap());
    assert_eq!(obstacle::<_, v2_0_1::IdToken>(token("eMAID", "DE8AA1A2B3C4D5")), "");
    assert!(obstacle::<_, v2_0_1::IdToken>(token("VIN", "X")).starts_with("IdToken.type "));
    assert!(obstacle::<_, v2_0_1::IdToken>(token("Local", &"x".repeat(37))).starts_with("IdToken.idToken "));

    let needs = v2_1::ACChargingParameters::new(
        Decimal::from(10_000),
        Decimal::from(6),
        "32.5".parse().unwrap(),
        Decimal::from(230),
    );
    assert!(obstacle::<_, v2_0_1::ACChargingParameters>(needs).starts_with("ACChargingParameters.evMaxCurrent "));
    assert!(obstacle::<_, v2_0_1::Action>(v2_1::Action::NotifySettlement).starts_with("Action.NotifySettlement "));
    let request = v2_1::CsmsRequest::from(v2_1::GetTariffsRequest::new(1));
    assert!(obstacle::<_, v2_0_1::CsmsRequest>(request).starts_with("CsmsRequest.GetTariffs "));
}

#[test]
fn opened_enumerations_become_texts_and_values_again() {
    let json = r#"{"chargingLimitSource":"EMS"}"#;
    let old = v2_0_1::ClearedChargingLimitRequest::from_json(json).unwrap();
    let new = v2_1::ClearedChargingLimitRequest::from(old.clone());
    assert_eq!(new.charging_limit_source, "EMS");
    assert_eq!(v2_0_1::ClearedChargingLimitRequest::try_from(new), Ok(old));
}

#[test]
fn every_action_of_2_0_1_is_one_of_2_1() {
    for action in v2_0_1::Action::ALL {
        let new = v2_1::Action::from(*action);
        assert_eq!((new.as_str(), new.direction()), (action.as_str(), action.direction()));
        assert_eq!(v2_0_1::Action::try_from(new), Ok(*action));
    }
    assert_eq!((v2_0_1::Action::ALL.len(), v2_1::Action::ALL.len()), (64, 91));
}
