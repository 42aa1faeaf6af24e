//! Each operation of 1.6 as a trace, a line per frame: every way that the station answers it, what it does then, and what it
//! says by itself. The snapshots are in `snapshots`, one per operation.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

#[path = "../common/mod.rs"]
mod common;

mod asked;
mod scene;
mod secured;
mod told;

use std::fs;
use std::path::Path;

use ocpp_types::v1_6::{Action, StationResponse};

/// Statuses that a response has in its schema, and the simulated station never gives.
const NEVER: [(&str, &str); 6] = [
    // The host of the simulated station knows no vendor.
    ("DataTransfer", "Accepted"),
    ("DataTransfer", "Rejected"),
    ("DataTransfer", "UnknownMessageId"),
    // It can always restart.
    ("Reset", "Rejected"),
    // It has the profile; without it, the call is answered with an error.
    ("SetChargingProfile", "NotSupported"),
    // The simulated host has a better reason.
    ("InstallCertificate", "Failed"),
];

/// All words of the statuses of responses.
const STATUSES: [&str; 21] = [
    "Accepted",
    "AcceptedCanceled",
    "Failed",
    "Faulted",
    "InvalidCertificate",
    "NotFound",
    "NotImplemented",
    "NotSupported",
    "Occupied",
    "RebootRequired",
    "Rejected",
    "RevokedCertificate",
    "Scheduled",
    "Unavailable",
    "Unknown",
    "UnknownMessageId",
    "UnknownVendorId",
    "UnlockFailed",
    "Unlocked",
    "VersionMismatch",
    "NotAWordOfTheProtocol",
];

#[test]
fn every_operation_and_every_status_of_its_answer_is_shown() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/operations_v1_6/snapshots");
    let mut shown = 0;
    for action in Action::ALL {
        let name = action.as_str();
        let text =
            fs::read_to_string(folder.join(format!("{name}.snap"))).unwrap_or_else(|error| panic!("{name}: {error}"));
        for status in STATUSES {
            let answer = format!(r#"{{"status":"{status}"}}"#);
            if !matches!(StationResponse::from_json(*action, &answer), Ok(Some(_))) {
                continue;
            }
            let is_shown = text.contains(&format!(r#"> {{"status":"{status}""#))
                || text.contains(&format!(r#","status":"{status}""#));
            assert_eq!(is_shown, !NEVER.contains(&(name, status)), "{name} {status}");
            shown += usize::from(is_shown);
        }
    }
    assert!(shown > 30, "{shown}");
}
