use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use chrono::{DateTime, Utc};
use ocpp_rpc::{Dialect, Frame, Limits};
use ocpp_types::enumeration::Enumeration;
use ocpp_types::lenient::{Decoded, Quirks};
use ocpp_types::v1_6::{AuthorizeResponse, BootNotificationResponse, DataTransferResponse, StartTransactionResponse};
use ocpp_types::{Decode, v1_6};

use super::EDGE;
use crate::csms::edge::Unread;
use crate::csms::report::{Report, Response};
use crate::csms::{
    AuthorizationStatus, DataTransferStatus, IdToken, MeterValue, RegistrationStatus, SampledValue, StationInfo,
    StopReport,
};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

fn read(action: &str, payload: &str) -> Result<Report, Unread> {
    read_leniently(action, payload).map(|read| read.value)
}

fn read_leniently(action: &str, payload: &str) -> Result<Decoded<Report>, Unread> {
    let frame = format!(r#"[2,"1","{action}",{payload}]"#);
    match Frame::open(frame.as_bytes(), Dialect::V1_6, &Limits::STANDARD) {
        Ok(Frame::Call { payload, .. }) => (EDGE.read)(action, &payload, Quirks::ALL),
        other => panic!("{other:?}"),
    }
}

#[test]
fn boot_is_read_whole() {
    let payload = r#"{"chargePointVendor":"a","chargePointModel":"b","chargePointSerialNumber":"c",
        "chargeBoxSerialNumber":"d","firmwareVersion":"e","iccid":"f","imsi":"g","meterType":"h",
        "meterSerialNumber":"i"}"#;
    let info = StationInfo {
        vendor: "a".into(),
        model: "b".into(),
        serial_number: Some("c".into()),
        box_serial_number: Some("d".into()),
        firmware_version: Some("e".into()),
        iccid: Some("f".into()),
        imsi: Some("g".into()),
        meter_type: Some("h".into()),
        meter_serial_number: Some("i".into()),
        boot_reason: None,
    };
    assert_eq!(read("BootNotification", payload).unwrap(), Report::Boot(info));
}

#[test]
fn stop_is_read_whole_and_values_stay_as_sent() {
    let payload = r#"{"transactionId":7,"idTag":"ABC","meterStop":1234,"timestamp":"2023-11-14T23:13:20+01:00",
        "reason":"EVDisconnected","transactionData":[{"timestamp":"2023-11-14T22:13:21Z","sampledValue":[
        {"value":" 0042.50","context":"Transaction.End","format":"Raw","measurand":"Power.Active.Import",
        "phase":"L1-N","location":"Outlet","unit":"kW"},{"value":"7"},{"value":""}]}]}"#;
    let full = SampledValue {
        value: String::from(" 0042.50"),
        context: Some("Transaction.End".into()),
        format: Some("Raw".into()),
        measurand: Some("Power.Active.Import".into()),
        phase: Some("L1-N".into()),
        location: Some("Outlet".into()),
        unit: Some("kW".into()),
        multiplier: None,
        signed: None,
    };
    let bare = SampledValue::new("7");
    let report = StopReport {
        meter_stop_wh: Some(1234),
        reason: Some("EVDisconnected".into()),
        token: Some(IdToken::new("abc")),
        samples: vec![MeterValue { at: at(1), values: vec![full, bare] }],
        ..StopReport::new(at(0))
    };
    let Decoded { value, repairs } = read_leniently("StopTransaction", payload).unwrap();
    assert_eq!(value, Report::Stop(Some(7.into()), report));
    // A reading without a number is left out, and told.
    let [left_out] = &repairs[..] else { panic!("{repairs:?}") };
    assert_eq!(left_out.path, "$.transactionData[0].sampledValue[2].value");
}

/// What a station reads of an answer.
fn told<T: Decode>(response: Response) -> T {
    T::from_json(&(EDGE.respond)(&response, at(5)).unwrap()).unwrap()
}

#[test]
fn every_verdict_is_told_by_its_name() {
    use AuthorizationStatus::*;
    for (status, name) in
        [Accepted, Blocked, Expired, Invalid, ConcurrentTx].into_iter().zip(v1_6::AuthorizationStatus::VALUES)
    {
        assert_eq!(format!("{status:?}"), name.as_str());
        let response: AuthorizeResponse = told(Response::Authorize(status.into()));
        assert_eq!(response.id_tag_info.status, *name);
        let response: StartTransactionResponse =
            told(Response::Start { transaction: 7.into(), verdict: status.into() });
        assert_eq!((response.id_tag_info.status, response.transaction_id), (*name, 7));
    }
    // What 1.6 cannot say in so many words.
    for (status, name) in [
        (Unknown, v1_6::AuthorizationStatus::Invalid),
        (NoCredit, v1_6::AuthorizationStatus::Blocked),
        (NotAllowedTypeEvse, v1_6::AuthorizationStatus::Blocked),
        (NotAtThisLocation, v1_6::AuthorizationStatus::Blocked),
        (NotAtThisTime, v1_6::AuthorizationStatus::Blocked),
    ] {
        let response: AuthorizeResponse = told(Response::Authorize(status.into()));
        assert_eq!(response.id_tag_info.status, name);
    }
    use RegistrationStatus as Registration;
    let statuses = [Registration::Accepted, Registration::Pending, Registration::Rejected];
    for (status, name) in statuses.into_iter().zip(v1_6::RegistrationStatus::VALUES) {
        let response: BootNotificationResponse = told(Response::Boot { status, interval: Duration::from_millis(2999) });
        assert_eq!((response.status, response.interval, response.current_time), (*name, 2, at(5)));
    }
    use DataTransferStatus as Data;
    let statuses = [Data::Accepted, Data::Rejected, Data::UnknownMessageId, Data::UnknownVendor];
    for (status, name) in statuses.into_iter().zip(v1_6::DataTransferStatus::VALUES) {
        let response: DataTransferResponse = told(Response::DataTransfer { status, data: None });
        assert_eq!(response.status, *name);
    }
}

#[test]
fn signed_data_of_1_6_stay_byte_for_byte() {
    let data = "OCMF|{\"FV\":\"1.0\"}|{\"SD\":\"3046\"} ";
    let payload = serde_json::json!({"connectorId": 1, "meterValue": [{"timestamp": "2023-11-14T22:13:21Z",
        "sampledValue": [{"value": data, "format": "SignedData"}, {"value": "7"}]}]});
    let Report::Samples { values, .. } = read("MeterValues", &payload.to_string()).unwrap() else { panic!() };
    let signed: Vec<_> = values[0].values.iter().map(SampledValue::signed_data).collect();
    assert_eq!(signed, [Some(data), None]);
}

#[test]
fn parent_that_1_6_cannot_say_is_left_out() {
    let group = Some(IdToken::new("123456789012345678901"));
    let verdict = crate::csms::Authorization::from(AuthorizationStatus::Accepted).with_group(group);
    let response: AuthorizeResponse = told(Response::Authorize(verdict));
    assert_eq!(response.id_tag_info.parent_id_tag, None);
}
