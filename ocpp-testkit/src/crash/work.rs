//! What the CSMS has the station's host do: firmware and logs.

use std::time::Duration;

use ocpp_core::csms::{CommandAnswer, Fact, StationWork};
use ocpp_rpc::Dialect;
use serde_json::json;

use super::requests::{call, undisturbed, was_accepted};
use super::scenarios::{cable_pulled, session};
use crate::checks::{Failure, Violation};
use crate::jobs;
use crate::pair::{Pair, Step};

/// Long enough for what takes the host seconds, with every restart in between.
const SOON: Duration = Duration::from_secs(300);

/// The numbers of the requests.
const UPDATE: i64 = 7;
const LOG: i64 = 5;

/// Asked for in the session, installed after it, with the restart that it needs.
pub(super) fn firmware(version: Dialect) -> Vec<(u64, Step)> {
    let (place, at) = ("https://host/new.bin", "2026-01-01T12:00:30Z");
    let payload = match version {
        Dialect::V1_6 => json!({"location": place, "retrieveDate": at, "retries": 1}),
        Dialect::V2_0_1 | Dialect::V2_1 => {
            json!({"requestId": UPDATE, "retries": 1, "firmware": {"location": place, "retrieveDateTime": at}})
        }
    };
    cable_pulled().into_iter().chain([(20, call("UpdateFirmware", &payload.to_string()))]).collect()
}

/// Asked for in the session, installed after it, and after its date.
pub(super) fn signed_firmware(version: Dialect) -> Vec<(u64, Step)> {
    let firmware = json!({"location": "https://host/new.bin", "retrieveDateTime": "2026-01-01T12:00:30Z",
        "installDateTime": "2026-01-01T12:03:00Z", "signingCertificate": jobs::certificate("signer"),
        "signature": "Zml0"});
    let payload = json!({"requestId": UPDATE, "retries": 1, "firmware": firmware}).to_string();
    cable_pulled().into_iter().chain([(20, call(signed_update(version), &payload))]).collect()
}

fn signed_update(version: Dialect) -> &'static str {
    match version {
        Dialect::V1_6 => "SignedUpdateFirmware",
        Dialect::V2_0_1 | Dialect::V2_1 => "UpdateFirmware",
    }
}

/// All that is told of an update, in its order.
const PROGRESS: [&str; 8] = [
    "DownloadScheduled",
    "Downloading",
    "Downloaded",
    "SignatureVerified",
    "InstallScheduled",
    "Installing",
    "InstallRebooting",
    "Installed",
];

/// An update that was answered ends with the report that it is installed, however often the power failed.
pub(super) fn update_is_reported(pair: &mut Pair) -> Result<(), Failure> {
    // In 1.6 the answer has no status.
    let was_taken = pair.csms.results().any(|(_, result)| matches!(result, Ok(CommandAnswer::Call(_))));
    if !was_taken {
        return undisturbed(pair, false);
    }
    match pair.csms.spoken {
        Dialect::V1_6 => installed(pair, None, &["Downloading", "Downloaded", "Installing", "Installed"]),
        Dialect::V2_0_1 | Dialect::V2_1 => {
            let told: Vec<_> =
                PROGRESS.into_iter().filter(|word| !["SignatureVerified", "InstallScheduled"].contains(word)).collect();
            installed(pair, Some(UPDATE), &told)
        }
    }
}

/// The same of a signed one; and the CSMS learns of the new firmware by a security event too.
pub(super) fn signed_update_is_reported(pair: &mut Pair) -> Result<(), Failure> {
    if !was_accepted(pair, signed_update(pair.csms.spoken)) {
        return undisturbed(pair, false);
    }
    installed(pair, Some(UPDATE), &PROGRESS)?;
    let is_told = |pair: &Pair| {
        let mut events = pair.csms.facts().iter();
        events.any(|fact| matches!(fact, Fact::SecurityEvent(event) if event.kind == "FirmwareUpdated"))
    };
    pair.drive_until(SOON, "the security event of the new firmware", is_told)
}

/// It was told, by reports of this number, that the firmware is in place: without power cuts by all of these, and with them no step is
/// told after a later one, but once for each restart.
fn installed(pair: &mut Pair, number: Option<i64>, told: &[&str]) -> Result<(), Failure> {
    let is_installed = |pair: &Pair| {
        statuses(pair, StationWork::Firmware, number).last().is_some_and(|status| status == "Installed")
            && pair.station.store().image().entry("firmware").is_none()
    };
    pair.drive_until(SOON, "the report of the installation", is_installed)?;
    let found = statuses(pair, StationWork::Firmware, number);
    let ranks: Vec<_> = found.iter().map(|status| told.iter().position(|word| word == status)).collect();
    let steps_back = ranks.windows(2).filter(|pair| pair.first() > pair.last()).count() as u64;
    if ranks.contains(&None) || steps_back >= pair.station.boots() || (pair.is_survey() && found != told) {
        return Err(pair.fail(Violation::Promise(format!("an update was told by {found:?}"))));
    }
    Ok(())
}

/// What was told of work, by reports of this number.
fn statuses(pair: &Pair, work: StationWork, number: Option<i64>) -> Vec<String> {
    let reports = pair.csms.facts().iter().filter_map(|fact| match fact {
        Fact::Progress(report) if report.work == work && report.request == number => Some(report.status.to_string()),
        _ => None,
    });
    reports.collect()
}

pub(super) fn log() -> Vec<(u64, Step)> {
    let payload = json!({"logType": "DiagnosticsLog", "requestId": LOG, "retries": 1,
        "log": {"remoteLocation": "https://host/logs/"}});
    session(1).into_iter().chain([(60, call("GetLog", &payload.to_string()))]).collect()
}

/// An upload that was accepted has an end, and that is told.
pub(super) fn upload_is_reported(pair: &mut Pair) -> Result<(), Failure> {
    if !was_accepted(pair, "GetLog") {
        return undisturbed(pair, false);
    }
    let is_told = |pair: &Pair| {
        let last = statuses(pair, StationWork::Log, Some(LOG)).pop();
        last.is_some_and(|status| status == "Uploaded" || status == "UploadFailure")
            && pair.station.store().image().entry("upload").is_none()
    };
    pair.drive_until(SOON, "the end of the upload", is_told)?;
    undisturbed(pair, statuses(pair, StationWork::Log, Some(LOG)) == ["Uploading", "Uploaded"])
}
