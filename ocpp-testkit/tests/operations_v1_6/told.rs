//! What the station tells the CSMS by itself.

use std::time::Duration;

use ocpp_core::csms::{AuthorizationStatus, RegistrationStatus};
use ocpp_core::station::{Command, Fault, FaultCode, StopReason, Vehicle};
use ocpp_testkit::csms::Policy;
use ocpp_testkit::link::{End, Network};
use ocpp_testkit::pair::Step;
use serde_json::json;

use crate::common::EVSE;
use crate::scene::{NOW, scene, show};

/// The power goes for a moment, so that the station boots.
fn restart() -> Step {
    Step::PowerCut { end: End::Station, keep: 0, in_flight_arrives: true, outage: Duration::from_secs(1) }
}

#[test]
fn boot_notification() {
    let boot = |title, status| {
        let accepted = (RegistrationStatus::Accepted, Duration::from_secs(300));
        let boots = [accepted, (status, Duration::from_secs(10))];
        scene(title)
            .with(|config| config.policy = config.policy.clone().with_boots(boots))
            .at(NOW, restart())
            // While it waits, and while it is refused.
            .call_at(NOW + 5, "GetConfiguration", &json!({"key": ["HeartbeatInterval"]}))
            .lasting(15)
    };
    show(
        "BootNotification",
        [
            boot("Accepted", RegistrationStatus::Accepted),
            boot("Pending", RegistrationStatus::Pending),
            boot("Rejected", RegistrationStatus::Rejected),
        ],
    );
}

#[test]
fn authorize() {
    let present = |title, status: AuthorizationStatus| {
        let policy = Policy::default().with_token("CARD", status);
        scene(title).with(|config| config.policy = policy).at(NOW, Step::token(1, "CARD"))
    };
    show(
        "Authorize",
        [
            present("Accepted", AuthorizationStatus::Accepted),
            present("Invalid", AuthorizationStatus::Invalid),
            present("Blocked", AuthorizationStatus::Blocked),
            present("Expired", AuthorizationStatus::Expired),
            present("ConcurrentTx", AuthorizationStatus::ConcurrentTx),
        ],
    );
}

#[test]
fn start_transaction() {
    // Offline it may charge; then the CSMS says otherwise.
    let offline = || {
        scene("Blocked: the transaction ends")
            .set("AllowOfflineTxForUnknownId", "true")
            .with(|config| config.policy = Policy::default().with_token("TAG", AuthorizationStatus::Blocked))
            .at(20, Step::Network(Network::Dead))
            .at(20, Step::CUT)
            .at(NOW, Step::Network(Network::Up))
            .at(30, Step::Plug(EVSE))
            .at(31, Step::token(1, "TAG"))
            .lasting(60)
    };
    let suspended = offline().titled("Blocked: the energy ends").set("StopTransactionOnInvalidId", "false");
    show("StartTransaction", [scene("Accepted").plugged().at(NOW, Step::token(1, "TAG")), offline(), suspended]);
}

#[test]
fn stop_transaction() {
    let command = |reason| Step::Station(Command::stop(EVSE, reason));
    show(
        "StopTransaction",
        [
            scene("Local").charging().at(NOW, Step::token(1, "TAG")),
            scene("EVDisconnected").charging().at(NOW, Step::Unplug(EVSE)),
            scene("EmergencyStop").charging().at(NOW, command(StopReason::EmergencyStop)),
            scene("PowerLoss").charging().at(NOW, restart()),
            scene("With what lies between begin and end")
                .set("StopTxnSampledData", "Energy.Active.Import.Register")
                .set("MeterValueSampleInterval", "40")
                .set("MeterValuesSampledData", "")
                .charging()
                .at(NOW, Step::token(1, "TAG")),
        ],
    );
}

#[test]
fn meter_values() {
    show(
        "MeterValues",
        [
            scene("Sampled")
                .set("MeterValueSampleInterval", "60")
                .set("MeterValuesSampledData", "Energy.Active.Import.Register,Power.Active.Import")
                .charging()
                .lasting(60),
            scene("Clock-aligned, without a transaction").set("ClockAlignedDataInterval", "60").lasting(60),
        ],
    );
}

#[test]
fn heartbeat() {
    show(
        "Heartbeat",
        [scene("After silence").with(|config| config.policy.heartbeat = Duration::from_secs(40)).lasting(80)],
    );
}

#[test]
fn status_notification() {
    let fault = |is_blocking| {
        let fault = Fault {
            code: FaultCode::GroundFailure,
            is_blocking,
            info: Some("leak".into()),
            vendor_error_code: Some("G7".into()),
            vendor_id: None,
        };
        Step::Fault(EVSE, Some(fault))
    };
    show(
        "StatusNotification",
        [
            scene("Through a session")
                .at(NOW, Step::Plug(EVSE))
                .at(NOW + 5, Step::token(1, "TAG"))
                .at(NOW + 15, Step::Vehicle(EVSE, Vehicle::Paused))
                .at(NOW + 20, Step::Vehicle(EVSE, Vehicle::Ready))
                .at(NOW + 30, Step::token(1, "TAG"))
                .at(NOW + 35, Step::Unplug(EVSE))
                .lasting(45),
            scene("A fault, and its end").at(NOW, fault(true)).at(NOW + 10, Step::Fault(EVSE, None)),
            scene("A warning, and its end").at(NOW, fault(false)).at(NOW + 10, Step::Fault(EVSE, None)),
        ],
    );
}

#[test]
fn firmware_status_notification() {
    let ask = |location| json!({"location": location, "retrieveDate": "2026-01-01T12:00:00Z", "retries": 0});
    let trigger = json!({"requestedMessage": "FirmwareStatusNotification"});
    show(
        "FirmwareStatusNotification",
        [
            scene("Idle").call("TriggerMessage", &trigger),
            scene("DownloadFailed").call("UpdateFirmware", &ask("ftp://127.0.0.1:9/new")),
            scene("InstallationFailed").call("UpdateFirmware", &ask("ftp://files.example/no-firmware")),
        ],
    );
}

#[test]
fn diagnostics_status_notification() {
    let ask = json!({"location": "ftp://127.0.0.1:9/logs", "retries": 1, "retryInterval": 5});
    let trigger = json!({"requestedMessage": "DiagnosticsStatusNotification"});
    show(
        "DiagnosticsStatusNotification",
        [
            scene("Idle").call("TriggerMessage", &trigger),
            scene("UploadFailed, after another try").call("GetDiagnostics", &ask),
            scene("UploadFailed, for the power went").call_at(NOW - 1, "GetDiagnostics", &ask).at(NOW, restart()),
        ],
    );
}
