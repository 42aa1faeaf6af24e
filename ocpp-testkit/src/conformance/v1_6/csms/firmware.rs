//! Firmware and diagnostics (1.6 §4.4, §4.5, §5.9, §5.19).

use std::time::Duration;

use serde_json::json;

use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Step};

const PLACE: &str = "ftp://files.example/conformance";

pub(super) const CASES: &[Case] = &[
    case("TC_044_2_CSMS", "A firmware that cannot be downloaded", "4.5, 5.19, 7.25", &[], download_fails),
    case("TC_044_3_CSMS", "A firmware that cannot be installed", "4.5, 5.19, 7.25", &[], installation_fails),
    case("TC_045_1_CSMS", "Diagnostics are uploaded", "4.4, 5.9, 7.24", &[], |bench| diagnostics(bench, "Uploaded")),
    case("TC_045_2_CSMS", "Diagnostics that cannot be uploaded", "4.4, 5.9, 7.24", &[], |bench| {
        diagnostics(bench, "UploadFailed")
    }),
];

fn order_update(bench: &mut Bench<'_>) -> Step {
    let request = json!({ "location": PLACE, "retrieveDate": bench.wall_text(Duration::ZERO) });
    bench.order("UpdateFirmware", request, json!({})).map(|_| ())
}

fn download_fails(bench: &mut Bench<'_>) -> Step {
    order_update(bench)?;
    bench.report_job("FirmwareStatusNotification", "Downloading")?;
    bench.report_job("FirmwareStatusNotification", "DownloadFailed")
}

fn installation_fails(bench: &mut Bench<'_>) -> Step {
    order_update(bench)?;
    bench.report_job("FirmwareStatusNotification", "Downloading")?;
    bench.report_job("FirmwareStatusNotification", "Downloaded")?;
    bench.report_all("Unavailable")?;
    bench.report_job("FirmwareStatusNotification", "Installing")?;
    bench.go_offline()?;
    bench.connect()?;
    bench.boot()?;
    bench.report_job("FirmwareStatusNotification", "InstallationFailed")
}

fn diagnostics(bench: &mut Bench<'_>, end: &str) -> Step {
    bench.order("GetDiagnostics", json!({ "location": PLACE }), json!({ "fileName": "diagnostics.txt" }))?;
    bench.report_job("DiagnosticsStatusNotification", "Uploading")?;
    bench.report_job("DiagnosticsStatusNotification", end)
}
