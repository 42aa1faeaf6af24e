//! Updates of the firmware (L01).

use chrono::TimeDelta;
use serde_json::json;

use super::reset::reboots;
use super::status;
use crate::conformance::v2::{Bench, case};
use crate::conformance::{Case, Step};
use crate::jobs;

/// Where files come from.
const PLACE: &str = "ftp://files.example/conformance";

pub(super) const CASES: &[Case] = &[
    case("TC_L_03_CSMS", "An update for later", "L01.FR.01, L01.FR.11, L01.FR.15", &[], |bench| {
        order(bench, 1, "Accepted")?;
        tell(bench, 1, &["DownloadScheduled", "Downloading", "Downloaded", "SignatureVerified"])?;
        install(bench, 1)
    }),
    case("TC_L_04_CSMS", "The signer's certificate was revoked", "L01.FR.01", &[], |bench| {
        order(bench, 1, "RevokedCertificate")
    }),
    case("TC_L_05_CSMS", "The signer's certificate is invalid", "L01.FR.01", &[], |bench| {
        order(bench, 1, "InvalidCertificate")?;
        bench.report_security_event("InvalidFirmwareSigningCertificate")
    }),
    case("TC_L_06_CSMS", "A signature that does not fit", "L01.FR.01, L01.FR.11", &[], |bench| {
        order(bench, 1, "Accepted")?;
        tell(bench, 1, &["Downloading", "Downloaded", "InvalidSignature"])?;
        bench.report_security_event("InvalidFirmwareSignature")
    }),
    case("TC_L_07_CSMS", "A file that cannot be had", "L01.FR.01, L01.FR.11", &[], |bench| {
        order(bench, 1, "Accepted")?;
        tell(bench, 1, &["Downloading", "DownloadFailed"])
    }),
    case("TC_L_08_CSMS", "A file that is found wrong", "L01.FR.01, L01.FR.11", &[], |bench| {
        order(bench, 1, "Accepted")?;
        tell(bench, 1, &["Downloading", "Downloaded", "SignatureVerified", "Installing", "InstallVerificationFailed"])
    }),
    case("TC_L_09_CSMS", "An installation that fails", "L01.FR.01, L01.FR.11", &[], |bench| {
        order(bench, 1, "Accepted")?;
        tell(bench, 1, &["Downloading", "Downloaded", "SignatureVerified", "Installing", "InstallRebooting"])?;
        reboots(bench, "FirmwareUpdate")?;
        tell(bench, 1, &["InstallationFailed"])
    }),
    case("TC_L_10_CSMS", "An update in the place of another", "L01.FR.01, L01.FR.11, L01.FR.24", &[], |bench| {
        order(bench, 1, "Accepted")?;
        tell(bench, 1, &["Downloading"])?;
        order(bench, 2, "AcceptedCanceled")?;
        tell(bench, 2, &["Downloading", "Downloaded", "SignatureVerified"])?;
        install(bench, 2)
    }),
    case("TC_L_13_CSMS", "An update that waits for a transaction", "L01.FR.01, L01.FR.11", &[], |bench| {
        let transaction = bench.told_charging()?;
        order(bench, 1, "Accepted")?;
        tell(bench, 1, &["DownloadScheduled"])?;
        for evse in (1..=bench.values.connectors).filter(|evse| *evse != bench.values.connector) {
            bench.shows_at(evse, "Unavailable")?;
        }
        bench.told_stopped(&transaction)?;
        bench.told_disconnected(&transaction)?;
        tell(bench, 1, &["Downloading", "Downloaded", "SignatureVerified"])?;
        install(bench, 1)
    }),
];

fn order(bench: &mut Bench<'_>, number: i64, verdict: &str) -> Step {
    let request = json!({ "requestId": number, "firmware": {
        "location": PLACE,
        "retrieveDateTime": bench.wall_text(TimeDelta::minutes(1)),
        "signingCertificate": jobs::certificate("conformance signer"),
        "signature": "c2lnbmF0dXJl",
    }});
    bench.order("UpdateFirmware", request, status(verdict)).map(|_| ())
}

fn tell(bench: &mut Bench<'_>, number: i64, statuses: &[&str]) -> Step {
    bench.report_progress("FirmwareStatusNotification", number, statuses)
}

fn install(bench: &mut Bench<'_>, number: i64) -> Step {
    tell(bench, number, &["Installing", "InstallRebooting"])?;
    reboots(bench, "FirmwareUpdate")?;
    tell(bench, number, &["Installed"])
}
