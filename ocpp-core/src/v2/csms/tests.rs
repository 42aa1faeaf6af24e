use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use chrono::{DateTime, Utc};
use ocpp_rpc::{Dialect, Frame, Limits};
use ocpp_types::enumeration::Enumeration;
use ocpp_types::lenient::{Decoded, Quirks};
use ocpp_types::v2_0_1;
use ocpp_types::v2_1::{self, CsmsResponse};

use super::{EDGE_2_0_1, EDGE_2_1};
use crate::csms::edge::{Edge, Unread};
use crate::csms::report::{EventReport, Report, Response};
use crate::csms::{
    Authorization, AuthorizationStatus, DataTransferStatus, IdToken, RegistrationStatus, StationInfo, StationWork,
};

const EDGES: [(Dialect, Edge); 2] = [(Dialect::V2_0_1, EDGE_2_0_1), (Dialect::V2_1, EDGE_2_1)];

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

fn read(dialect: Dialect, edge: &Edge, action: &str, payload: &str) -> Result<Decoded<Report>, Unread> {
    let frame = format!(r#"[2,"1","{action}",{payload}]"#);
    match Frame::open(frame.as_bytes(), dialect, &Limits::STANDARD) {
        Ok(Frame::Call { payload, .. }) => (edge.read)(action, &payload, Quirks::ALL),
        other => panic!("{other:?}"),
    }
}

#[test]
fn boot_is_read_whole() {
    let payload = r#"{"reason":"Watchdog","chargingStation":{"vendorName":"a","model":"b","serialNumber":"c",
        "firmwareVersion":"e","modem":{"iccid":"f","imsi":"g"}}}"#;
    let mut info = StationInfo::new("a", "b");
    info.serial_number = Some("c".into());
    info.firmware_version = Some("e".into());
    info.iccid = Some("f".into());
    info.imsi = Some("g".into());
    info.boot_reason = Some(crate::csms::BootReason::Watchdog);
    for (dialect, edge) in EDGES {
        let Decoded { value, repairs } = read(dialect, &edge, "BootNotification", payload).unwrap();
        assert_eq!((value, repairs.len()), (Report::Boot(info.clone()), 0));
    }
}

#[test]
fn what_was_said_in_the_place_of_a_word_is_kept() {
    let payload = r#"{"eventType":"Started","timestamp":"then","triggerReason":"Magic","seqNo":"7",
        "transactionInfo":{"transactionId":"x","stoppedReason":"plugOut"},"offline":"false","evse":{"id":1},
        "idToken":{"idToken":"ABC","type":"RFID"},"meterValue":{"sampledValue":[{"value":"12.50","measurand":"Heat",
        "unitOfMeasure":{"unit":"kWh"},"signedMeterValue":{"signedMeterData":"abc"}},{"value":"NaN"}]}}"#;
    for (dialect, edge) in EDGES {
        let Decoded { value, repairs } = read(dialect, &edge, "TransactionEvent", payload).unwrap();
        let Report::Event(event) = value else { panic!() };
        let EventReport { seq_no, token, reason, samples, event, .. } = *event;
        assert_eq!((seq_no, event.trigger, event.offline), (7, None, false));
        assert_eq!((token.unwrap().kind(), reason.as_deref()), (Some("RFID"), Some("plugOut")), "{repairs:?}");
        let [value] = &samples[0].values[..] else { panic!("{samples:?}") };
        let words = (value.value.as_str(), value.measurand.as_deref(), value.unit.as_deref(), value.signed_data());
        assert_eq!(words, ("12.50", Some("Heat"), Some("kWh"), Some("abc")));
        let told = |path: &str| repairs.iter().any(|repair| repair.path == path);
        assert!(told("$.timestamp") && told("$.triggerReason") && told("$.seqNo"), "{repairs:?}");
    }
}

#[test]
fn an_event_without_its_number_or_its_name_is_refused() {
    for payload in [
        r#"{"eventType":"Ended","timestamp":"2023-11-14T22:00:00Z","triggerReason":"Trigger","transactionInfo":{"transactionId":"x"}}"#,
        r#"{"eventType":"Ended","timestamp":"2023-11-14T22:00:00Z","triggerReason":"Trigger","seqNo":-1,"transactionInfo":{"transactionId":"x"}}"#,
        r#"{"eventType":"Ended","timestamp":"2023-11-14T22:00:00Z","triggerReason":"Trigger","seqNo":1,"transactionInfo":{"transactionId":""}}"#,
        r#"{"eventType":"Paused","timestamp":"2023-11-14T22:00:00Z","triggerReason":"Trigger","seqNo":1,"transactionInfo":{"transactionId":"x"}}"#,
    ] {
        for (dialect, edge) in EDGES {
            assert!(matches!(
                read(dialect, &edge, "TransactionEvent", payload),
                Err(Unread::Value(_) | Unread::Violation(_))
            ));
        }
    }
}

/// What a station reads of an answer, in both editions.
fn told(action: &str, response: &Response) -> [String; 2] {
    EDGES.map(|(dialect, edge)| {
        let text = (edge.respond)(response, at(5)).unwrap();
        is_answer(dialect, action, &text);
        text
    })
}

fn is_answer(dialect: Dialect, action: &str, text: &str) {
    let is_one = match dialect {
        Dialect::V2_0_1 => v2_0_1::CsmsResponse::from_json(action.parse().unwrap(), text).unwrap().is_some(),
        _ => CsmsResponse::from_json(action.parse().unwrap(), text).unwrap().is_some(),
    };
    assert!(is_one, "{action}: {text}");
}

#[test]
fn every_verdict_is_told_by_its_name() {
    for status in v2_1::AuthorizationStatus::VALUES {
        let word = status.as_str();
        let told_as: AuthorizationStatus = serde_json::from_str(&format!("\"{word}\"")).unwrap();
        let expected = format!(r#"{{"idTokenInfo":{{"status":"{word}"}}}}"#);
        for text in told("Authorize", &Response::Authorize(told_as.into())) {
            assert_eq!(text, expected);
        }
        for text in told("TransactionEvent", &Response::Event(Some(told_as.into()))) {
            assert_eq!(text, expected);
        }
    }
    use RegistrationStatus::*;
    for status in [Accepted, Pending, Rejected] {
        let response = Response::Boot { status, interval: Duration::from_millis(2999) };
        for text in told("BootNotification", &response) {
            let expected = format!(r#"{{"currentTime":"2023-11-14T22:13:25Z","interval":2,"status":"{status:?}"}}"#);
            assert_eq!(text, expected);
        }
    }
    for (status, word) in [
        (DataTransferStatus::Accepted, "Accepted"),
        (DataTransferStatus::Rejected, "Rejected"),
        (DataTransferStatus::UnknownMessageId, "UnknownMessageId"),
        (DataTransferStatus::UnknownVendor, "UnknownVendorId"),
    ] {
        let response = Response::DataTransfer { status, data: Some(String::from(r#"{"a":[1]}"#)) };
        for text in told("DataTransfer", &response) {
            assert!(text.contains(word) && text.contains(r#"{"a":[1]}"#), "{text}");
        }
    }
    for is_accepted in [true, false] {
        told("SignCertificate", &Response::SignCertificate { is_accepted });
    }
    told("Heartbeat", &Response::Heartbeat);
    told("StatusNotification", &Response::Status);
    told("MeterValues", &Response::Samples);
    told("TransactionEvent", &Response::Event(None));
    told("SecurityEventNotification", &Response::SecurityEvent);
    told("FirmwareStatusNotification", &Response::Progress(StationWork::Firmware));
    told("LogStatusNotification", &Response::Progress(StationWork::Log));
}

/// What 2.0.1 cannot say is left out there, and only there.
#[test]
fn groups_and_expiries_are_told() {
    let verdict = |kind: &str| {
        let group = IdToken::new("G1").with_kind(kind);
        Authorization::from(AuthorizationStatus::Accepted).with_group(Some(group)).with_expiry(Some(at(0)))
    };
    for (kind, both) in [("", true), ("ISO14443", true), ("VIN", false)] {
        let [old, new] = told("Authorize", &Response::Authorize(verdict(kind)));
        let kind = if kind.is_empty() { "Central" } else { kind };
        let group = format!(r#""groupIdToken":{{"idToken":"G1","type":"{kind}"}}"#);
        assert_eq!((old.contains(&group), new.contains(&group)), (both, true), "{old} {new}");
        assert!([old, new].iter().all(|text| text.contains(r#""cacheExpiryDateTime":"2023-11-14T22:13:20Z""#)));
    }
}

/// Each call that a station has is read and answered by what its schema wants: the smallest one that there is of each.
#[test]
fn every_call_of_a_station_is_answered_by_its_schema() {
    let hash = r#"{"hashAlgorithm":"SHA256","issuerNameHash":"a","issuerKeyHash":"b","serialNumber":"c"}"#;
    let needs = r#"{"evseId":1,"chargingNeeds":{"requestedEnergyTransfer":"DC"}}"#;
    let schedule = r#"{"timeBase":"2023-11-14T22:00:00Z","evseId":1,"chargingSchedule":{"id":1,"chargingRateUnit":"A",
        "chargingSchedulePeriod":[{"startPeriod":0,"limit":16}]}}"#;
    let ocsp = format!(r#"{{"ocspRequestData":{},"responderURL":"u"}}}}"#, &hash[..hash.len() - 1]);
    let chain =
        format!(r#"{{"certificateStatusRequests":[{{"certificateHashData":{hash},"source":"OCSP","urls":["u"]}}]}}"#);
    let cases: &[(&str, &str, bool)] = &[
        (
            "BatterySwap",
            r#"{"eventType":"BatteryIn","requestId":1,"idToken":{"idToken":"A","type":"Central"},
            "batteryData":[{"evseId":1,"serialNumber":"s","soC":1,"soH":2}]}"#,
            false,
        ),
        ("ClearedChargingLimit", r#"{"chargingLimitSource":"EMS"}"#, true),
        ("ClosePeriodicEventStream", r#"{"id":1}"#, false),
        ("Get15118EVCertificate", r#"{"iso15118SchemaVersion":"v","action":"Install","exiRequest":"x"}"#, true),
        ("GetCertificateChainStatus", &chain, false),
        ("GetCertificateStatus", &ocsp, true),
        ("NotifyChargingLimit", r#"{"chargingLimit":{"chargingLimitSource":"EMS"}}"#, true),
        (
            "NotifyCustomerInformation",
            r#"{"data":"d","seqNo":0,"generatedAt":"2023-11-14T22:00:00Z","requestId":1}"#,
            true,
        ),
        ("NotifyDERAlarm", r#"{"controlType":"HVMustTrip","timestamp":"2023-11-14T22:00:00Z"}"#, false),
        ("NotifyDERStartStop", r#"{"controlId":"c","started":true,"timestamp":"2023-11-14T22:00:00Z"}"#, false),
        ("NotifyDisplayMessages", r#"{"requestId":1}"#, true),
        ("NotifyEVChargingNeeds", needs, true),
        ("NotifyEVChargingSchedule", schedule, true),
        (
            "NotifyEvent",
            r#"{"generatedAt":"2023-11-14T22:00:00Z","seqNo":0,"eventData":[{"eventId":1,
            "timestamp":"2023-11-14T22:00:00Z","trigger":"Delta","actualValue":"1","component":{"name":"c"},
            "eventNotificationType":"CustomMonitor","variable":{"name":"v"}}]}"#,
            true,
        ),
        ("NotifyMonitoringReport", r#"{"requestId":1,"seqNo":0,"generatedAt":"2023-11-14T22:00:00Z"}"#, true),
        ("NotifyPriorityCharging", r#"{"transactionId":"t","activated":true}"#, false),
        ("NotifyReport", r#"{"requestId":1,"seqNo":0,"generatedAt":"2023-11-14T22:00:00Z"}"#, true),
        (
            "NotifySettlement",
            r#"{"pspRef":"p","status":"Settled","settlementAmount":1.5,
            "settlementTime":"2023-11-14T22:00:00Z"}"#,
            false,
        ),
        ("OpenPeriodicEventStream", r#"{"constantStreamData":{"id":1,"variableMonitoringId":2,"params":{}}}"#, false),
        ("PublishFirmwareStatusNotification", r#"{"status":"Published"}"#, true),
        ("PullDynamicScheduleUpdate", r#"{"chargingProfileId":1}"#, false),
        (
            "ReportChargingProfiles",
            r#"{"requestId":1,"chargingLimitSource":"CSO","evseId":1,"chargingProfile":[{"id":1,
            "stackLevel":0,"chargingProfilePurpose":"TxProfile","chargingProfileKind":"Relative","chargingSchedule":[{
            "id":1,"chargingRateUnit":"A","chargingSchedulePeriod":[{"startPeriod":0,"limit":16}]}]}]}"#,
            true,
        ),
        ("ReportDERControl", r#"{"requestId":1}"#, false),
        ("ReservationStatusUpdate", r#"{"reservationId":1,"reservationUpdateStatus":"Expired"}"#, true),
        ("VatNumberValidation", r#"{"vatNumber":"NL1"}"#, false),
    ];
    let mut seen = Vec::new();
    for (action, payload, is_old) in cases {
        seen.push(*action);
        for (dialect, edge) in EDGES.into_iter().skip(usize::from(!is_old)) {
            let Decoded { value, repairs } = read(dialect, &edge, action, payload).unwrap();
            assert!(repairs.is_empty(), "{action}: {repairs:?}");
            let Report::Notice { answer, .. } = value else { panic!("{action}") };
            is_answer(dialect, action, &answer);
        }
    }
    // The others are reports.
    seen.extend([
        "Authorize",
        "BootNotification",
        "DataTransfer",
        "FirmwareStatusNotification",
        "Heartbeat",
        "LogStatusNotification",
        "MeterValues",
        "SecurityEventNotification",
        "SignCertificate",
        "StatusNotification",
        "TransactionEvent",
        "NotifyPeriodicEventStream",
    ]);
    let missing: Vec<_> = v2_1::Action::ALL
        .iter()
        .filter(|action| action.direction().from_station() && !seen.contains(&action.as_str()))
        .map(ToString::to_string)
        .collect();
    assert_eq!(missing, [""; 0]);
}
