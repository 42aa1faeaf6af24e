//! Firmware and diagnostics (1.6 §4.4, §4.5, §5.9, §5.19).

use std::time::Duration;

use serde_json::json;

use crate::conformance::pattern::{Pattern, answer, request};
use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Need, Step};
use crate::jobs::UNFIT;

/// Nothing listens there (RFC 863's port on the local host).
const NOWHERE: &str = "ftp://127.0.0.1:9/conformance";
const JOBS: &[Need] = &[Need::Profile("FirmwareManagement")];
const FILES: &[Need] = &[Need::Profile("FirmwareManagement"), Need::FileServer];

pub(super) const CASES: &[Case] = &[
    case(
        "TC_044_2_CS",
        "A firmware that cannot be downloaded",
        "4.5, 5.19, 6.55, 7.25, errata 3.47, errata 3.50",
        JOBS,
        download_fails,
    ),
    case(
        "TC_044_3_CS",
        "A firmware that cannot be installed",
        "4.5, 5.19, 7.25, errata 3.47",
        FILES,
        installation_fails,
    ),
    case("TC_045_1_CS", "Diagnostics are uploaded", "4.4, 5.9, 7.24, errata 3.31", FILES, |bench| {
        let folder = files(bench);
        diagnostics(bench, &folder, "Uploaded")
    }),
    case("TC_045_2_CS", "Diagnostics that cannot be uploaded", "4.4, 5.9, 6.25, 7.24, errata 3.31", JOBS, |bench| {
        diagnostics(bench, NOWHERE, "UploadFailed")
    }),
];

fn files(bench: &Bench<'_>) -> String {
    bench.values.files.clone().unwrap_or_default()
}

fn progress(status: &str) -> Pattern {
    request("FirmwareStatusNotification").is("status", status)
}

/// Connectors may be out of service meanwhile.
fn passing(bench: &Bench<'_>) -> Vec<Pattern> {
    let at = |connector| ["Unavailable", "Available"].map(|status| Bench::status(connector, status));
    (0..=bench.connectors()).flat_map(at).collect()
}

fn order(bench: &mut Bench<'_>, location: &str) -> Step {
    let now = bench.wall_text(Duration::ZERO);
    let update = json!({ "location": location, "retries": 0, "retrieveDate": now });
    bench.ask("UpdateFirmware", update, answer()).map(|_| ())
}

fn download_fails(bench: &mut Bench<'_>) -> Step {
    order(bench, NOWHERE)?;
    let mut passing = passing(bench);
    passing.push(progress("Downloading"));
    bench.first_of(bench.values.boot_patience, &[progress("DownloadFailed")], &passing)?;
    over(bench)
}

fn installation_fails(bench: &mut Bench<'_>) -> Step {
    let location = format!("{}/{UNFIT}", files(bench).trim_end_matches('/'));
    order(bench, &location)?;
    let (patience, mut passing) = (bench.values.boot_patience, passing(bench));
    for status in ["Downloading", "Downloaded"] {
        bench.first_of(patience, &[progress(status)], &passing)?;
    }
    passing.extend([progress("Installing"), request("BootNotification")]);
    bench.first_of(patience, &[progress("InstallationFailed")], &passing)?;
    over(bench)
}

/// The old firmware stays: only statuses may follow.
fn over(bench: &mut Bench<'_>) -> Step {
    bench.never(bench.values.settle, &["FirmwareStatusNotification", "BootNotification"])
}

/// That the file is where it belongs is for the keeper of the server to see.
fn diagnostics(bench: &mut Bench<'_>, location: &str, end: &str) -> Step {
    bench.ask("GetDiagnostics", json!({ "location": location, "retries": 0 }), answer().present("fileName"))?;
    for status in ["Uploading", end] {
        bench
            .expect_within(bench.values.boot_patience, request("DiagnosticsStatusNotification").is("status", status))?;
    }
    Ok(())
}
