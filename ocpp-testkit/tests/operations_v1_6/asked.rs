//! What the CSMS asks of the station.

use std::time::Duration;

use ocpp_core::station::{CustomSetting, Fault, FaultCode, SettingAccess, SettingKind};
use ocpp_testkit::hardware::{Hardware, HardwareDelays};
use ocpp_testkit::pair::Step;
use serde_json::{Value, json};

use crate::common::EVSE;
use crate::scene::{NOW, Scene, scene, show};

fn fault() -> Option<Fault> {
    Some(Fault {
        code: FaultCode::GroundFailure,
        is_blocking: true,
        info: None,
        vendor_error_code: None,
        vendor_id: None,
    })
}

fn reservation(connector: u32) -> Value {
    json!({"connectorId": connector, "expiryDate": "2026-01-01T13:00:00Z", "idTag": "TAG", "reservationId": 4})
}

fn profile(purpose: &str) -> Value {
    json!({"connectorId": 1, "csChargingProfiles": {
        "chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": purpose, "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}]},
    }})
}

#[test]
fn cancel_reservation() {
    let cancel = json!({"reservationId": 4});
    show(
        "CancelReservation",
        [
            scene("Accepted").call_at(10, "ReserveNow", &reservation(1)).call("CancelReservation", &cancel),
            scene("Rejected").call("CancelReservation", &cancel),
        ],
    );
}

#[test]
fn change_availability() {
    let change = |connector, to| json!({"connectorId": connector, "type": to});
    show(
        "ChangeAvailability",
        [
            scene("Accepted").call("ChangeAvailability", &change(1, "Inoperative")),
            scene("Accepted, back in service")
                .call_at(10, "ChangeAvailability", &change(0, "Inoperative"))
                .call("ChangeAvailability", &change(0, "Operative")),
            scene("Scheduled, until the transaction is over")
                .charging()
                .call("ChangeAvailability", &change(1, "Inoperative"))
                .at(NOW + 10, Step::Unplug(EVSE)),
            scene("Rejected").call("ChangeAvailability", &change(9, "Inoperative")),
        ],
    );
}

#[test]
fn change_configuration() {
    let change = |key, value| json!({"key": key, "value": value});
    let fan = CustomSetting::new("FanSpeed", SettingKind::Text { max: 10 }, SettingAccess::AfterReboot, "slow");
    show(
        "ChangeConfiguration",
        [
            scene("Accepted").call("ChangeConfiguration", &change("ConnectionTimeOut", "60")),
            scene("RebootRequired")
                .with(|config| config.station.policy.custom_settings.push(fan))
                .call("ChangeConfiguration", &change("FanSpeed", "fast")),
            scene("Rejected, read-only").call("ChangeConfiguration", &change("NumberOfConnectors", "2")),
            scene("Rejected, no value of the key").call("ChangeConfiguration", &change("ConnectionTimeOut", "soon")),
            scene("NotSupported").call("ChangeConfiguration", &change("Nonsense", "1")),
        ],
    );
}

#[test]
fn clear_cache() {
    show(
        "ClearCache",
        [
            scene("Accepted").call("ClearCache", &json!({})),
            scene("Rejected, without a cache")
                .with(|config| config.station.limits.token_cache = 0)
                .call("ClearCache", &json!({})),
        ],
    );
}

#[test]
fn clear_charging_profile() {
    show(
        "ClearChargingProfile",
        [
            scene("Accepted")
                .call_at(10, "SetChargingProfile", &profile("TxDefaultProfile"))
                .call("ClearChargingProfile", &json!({"id": 1})),
            scene("Unknown").call("ClearChargingProfile", &json!({"id": 1})),
        ],
    );
}

#[test]
fn data_transfer() {
    let data = ocpp_core::station::Command::DataTransfer {
        vendor_id: "org.example".into(),
        message_id: Some("greeting".into()),
        data: Some("hello".to_owned()),
    };
    show(
        "DataTransfer",
        [
            scene("UnknownVendorId, after the time that the application has")
                .call("DataTransfer", &json!({"vendorId": "org.example", "data": "hello"}))
                .lasting(60),
            scene("By the station").at(NOW, Step::Station(data)),
        ],
    );
}

#[test]
fn get_composite_schedule() {
    let ask = |connector| json!({"connectorId": connector, "duration": 600, "chargingRateUnit": "A"});
    show(
        "GetCompositeSchedule",
        [
            scene("Accepted")
                .charging()
                .call_at(50, "SetChargingProfile", &profile("TxDefaultProfile"))
                .call("GetCompositeSchedule", &ask(1)),
            scene("Accepted, nothing is limited").call("GetCompositeSchedule", &ask(1)),
            scene("Rejected").call("GetCompositeSchedule", &ask(9)),
        ],
    );
}

#[test]
fn get_configuration() {
    show(
        "GetConfiguration",
        [
            scene("Keys")
                .call("GetConfiguration", &json!({"key": ["heartbeatinterval", "NumberOfConnectors", "Nonsense"]})),
            scene("More keys than may be")
                .set("GetConfigurationMaxKeys", "1")
                .call("GetConfiguration", &json!({"key": ["HeartbeatInterval", "NumberOfConnectors"]})),
        ],
    );
}

#[test]
fn get_diagnostics() {
    let ask = |location| json!({"location": location, "retries": 0});
    show(
        "GetDiagnostics",
        [
            scene("Uploaded").call("GetDiagnostics", &ask("ftp://files.example/logs")),
            scene("Cannot be uploaded").call("GetDiagnostics", &ask("ftp://127.0.0.1:9/logs")),
        ],
    );
}

fn list(kind: &str, version: i64, tokens: &[&str]) -> Value {
    let entries: Vec<Value> =
        tokens.iter().map(|token| json!({"idTag": token, "idTagInfo": {"status": "Accepted"}})).collect();
    json!({"listVersion": version, "updateType": kind, "localAuthorizationList": entries})
}

#[test]
fn get_local_list_version() {
    let ask = |scene: Scene| scene.call("GetLocalListVersion", &json!({}));
    show(
        "GetLocalListVersion",
        [
            ask(scene("A list").call_at(10, "SendLocalList", &list("Full", 5, &["TAG"]))),
            ask(scene("No list")),
            ask(scene("Lists are switched off").set("LocalAuthListEnabled", "false")),
        ],
    );
}

#[test]
fn remote_start_transaction() {
    let start = json!({"connectorId": 1, "idTag": "TAG"});
    let with_profile =
        json!({"connectorId": 1, "idTag": "TAG", "chargingProfile": profile("TxProfile")["csChargingProfiles"]});
    show(
        "RemoteStartTransaction",
        [
            scene("Accepted").plugged().call("RemoteStartTransaction", &start),
            scene("Accepted, without asking about the token")
                .set("AuthorizeRemoteTxRequests", "false")
                .plugged()
                .call("RemoteStartTransaction", &start),
            scene("Accepted, with a profile").plugged().call("RemoteStartTransaction", &with_profile),
            scene("Accepted, and no cable comes").set("ConnectionTimeOut", "20").call("RemoteStartTransaction", &start),
            scene("Accepted, and the token is refused")
                .plugged()
                .call("RemoteStartTransaction", &json!({"connectorId": 1, "idTag": "STRANGER"})),
            scene("Rejected, in use").charging().call("RemoteStartTransaction", &start),
        ],
    );
}

#[test]
fn remote_stop_transaction() {
    show(
        "RemoteStopTransaction",
        [
            scene("Accepted").charging().at(NOW, Step::RemoteStopRunning),
            scene("Rejected").charging().call("RemoteStopTransaction", &json!({"transactionId": 1})),
        ],
    );
}

#[test]
fn reserve_now() {
    let ask = |scene: Scene| scene.call("ReserveNow", &reservation(1));
    let soon = json!({"connectorId": 1, "expiryDate": "2026-01-01T12:02:00Z", "idTag": "TAG", "reservationId": 4});
    show(
        "ReserveNow",
        [
            ask(scene("Accepted, and used")).at(NOW + 5, Step::token(1, "TAG")).at(NOW + 10, Step::Plug(EVSE)),
            scene("Accepted, and expired").call("ReserveNow", &soon),
            ask(scene("Faulted").at(10, Step::Fault(EVSE, fault()))),
            ask(scene("Occupied").plugged()),
            ask(scene("Unavailable").call_at(
                10,
                "ChangeAvailability",
                &json!({"connectorId": 1, "type": "Inoperative"}),
            )),
            scene("Rejected").call("ReserveNow", &reservation(9)),
        ],
    );
}

#[test]
fn reset() {
    show(
        "Reset",
        [
            scene("Accepted, soft, in a transaction").charging().call("Reset", &json!({"type": "Soft"})),
            scene("Accepted, hard").call("Reset", &json!({"type": "Hard"})),
        ],
    );
}

#[test]
fn send_local_list() {
    show(
        "SendLocalList",
        [
            scene("Accepted").call("SendLocalList", &list("Full", 1, &["TAG", "OTHER"])),
            scene("Accepted, and what it says holds offline and online")
                .set("LocalPreAuthorize", "true")
                .plugged()
                .call("SendLocalList", &list("Full", 1, &["TAG"]))
                .at(NOW + 5, Step::token(1, "TAG")),
            scene("Failed, too long")
                .set("SendLocalListMaxLength", "1")
                .call("SendLocalList", &list("Full", 1, &["TAG", "OTHER"])),
            scene("VersionMismatch")
                .call_at(10, "SendLocalList", &list("Full", 5, &["TAG"]))
                .call("SendLocalList", &list("Differential", 4, &["OTHER"])),
            scene("NotSupported")
                .set("LocalAuthListEnabled", "false")
                .call("SendLocalList", &list("Full", 1, &["TAG"])),
        ],
    );
}

#[test]
fn set_charging_profile() {
    show(
        "SetChargingProfile",
        [
            scene("Accepted").charging().call("SetChargingProfile", &profile("TxDefaultProfile")),
            scene("Rejected").call("SetChargingProfile", &profile("TxProfile")),
        ],
    );
}

#[test]
fn trigger_message() {
    let ask = |title, message, connector: Option<u32>| {
        let mut request = json!({"requestedMessage": message});
        if let Some(connector) = connector {
            request["connectorId"] = connector.into();
        }
        scene(title).charging().call("TriggerMessage", &request)
    };
    show(
        "TriggerMessage",
        [
            ask("Accepted: DiagnosticsStatusNotification", "DiagnosticsStatusNotification", None),
            ask("Accepted: FirmwareStatusNotification", "FirmwareStatusNotification", None),
            ask("Accepted: Heartbeat", "Heartbeat", None),
            ask("Accepted: MeterValues", "MeterValues", Some(1)),
            ask("Accepted: StatusNotification of all", "StatusNotification", None),
            ask("Accepted: StatusNotification of one", "StatusNotification", Some(1)),
            ask("Rejected: no such connector", "MeterValues", Some(9)),
            ask("Rejected: an accepted station boots no more", "BootNotification", None),
            ask("NotImplemented: a message of another version", "TransactionEvent", None),
        ],
    );
}

#[test]
fn unlock_connector() {
    let ask = |scene: Scene| scene.call("UnlockConnector", &json!({"connectorId": 1}));
    let slow = HardwareDelays { lock: Duration::from_secs(15), ..HardwareDelays::default() };
    show(
        "UnlockConnector",
        [
            ask(scene("Unlocked").locked().charging()),
            ask(scene("UnlockFailed").charging())
                .with(|config| config.hardware = Hardware::new(1_000_000, 7_200).with_lock().with_delays(slow)),
            ask(scene("NotSupported").with(|config| config.station.hardware.has_fixed_cables = true)),
        ],
    );
}

#[test]
fn update_firmware() {
    let ask = |location| json!({"location": location, "retrieveDate": "2026-01-01T12:00:00Z", "retries": 0});
    show(
        "UpdateFirmware",
        [
            scene("Installed").call("UpdateFirmware", &ask("ftp://files.example/new")),
            scene("Installed when nobody charges")
                .charging()
                .call("UpdateFirmware", &ask("ftp://files.example/new"))
                .at(NOW + 10, Step::Unplug(EVSE)),
        ],
    );
}
