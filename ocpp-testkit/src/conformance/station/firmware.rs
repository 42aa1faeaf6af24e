//! Firmware and diagnostics (1.6 §4.4, §4.5, §5.9, §5.19).

use serde_json::json;

use crate::conformance::pattern::{answer, request};
use crate::conformance::{Bench, Case, Need, Step, case, unwritten};

/// Nothing listens there (RFC 863's port on the local host).
const NOWHERE: &str = "ftp://127.0.0.1:9/conformance";
const NO_FILES: &str = "needs a file server, which the runner does not have yet";

pub(super) const CASES: &[Case] = &[
    case(
        "TC_044_2_CS",
        "A firmware that cannot be downloaded",
        "4.5, 5.19, 6.55, 7.25, errata 3.47, errata 3.50",
        &[Need::Profile("FirmwareManagement")],
        download_fails,
    ),
    unwritten("TC_044_3_CS", "A firmware that cannot be installed", "4.5, 5.19, 7.25, errata 3.47", NO_FILES),
    unwritten("TC_045_1_CS", "Diagnostics are uploaded", "4.4, 5.9, 7.24, errata 3.31", NO_FILES),
    case(
        "TC_045_2_CS",
        "Diagnostics that cannot be uploaded",
        "4.4, 5.9, 6.25, 7.24, errata 3.31",
        &[Need::Profile("FirmwareManagement")],
        upload_fails,
    ),
];

fn download_fails(bench: &mut Bench<'_>) -> Step {
    let now = bench.wall_text(std::time::Duration::ZERO);
    let update = json!({ "location": NOWHERE, "retries": 0, "retrieveDate": now });
    bench.ask("UpdateFirmware", update, answer())?;
    let mut passing = vec![request("FirmwareStatusNotification").is("status", "Downloading")];
    for connector in 0..=bench.connectors() {
        passing.extend(["Unavailable", "Available"].map(|status| Bench::status(connector, status)));
    }
    bench.gather(&[request("FirmwareStatusNotification").is("status", "DownloadFailed")], &passing).map(|_| ())
}

fn upload_fails(bench: &mut Bench<'_>) -> Step {
    let get = json!({ "location": NOWHERE, "retries": 0 });
    bench.ask("GetDiagnostics", get, answer().present("fileName"))?;
    for status in ["Uploading", "UploadFailed"] {
        bench.expect(request("DiagnosticsStatusNotification").is("status", status))?;
    }
    Ok(())
}
