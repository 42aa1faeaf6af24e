//! The error codes of each version, compared with the specification's catalogue where it is at hand.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may")]

use std::path::PathBuf;

use ocpp_rpc::{Dialect, ErrorCode};
use serde_json::Value;

#[test]
fn error_codes_are_those_of_the_specification() {
    let folder = std::env::var_os("OCPP_SPEC")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/spec")), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(folder.join("ocpp16-catalogue.json")) else {
        eprintln!("SKIPPED: no specification folder (OCPP_SPEC); the error codes were not compared");
        return;
    };
    let catalogue: Value = serde_json::from_str(&text).unwrap();
    for (dialect, version) in [(Dialect::V1_6, "1.6"), (Dialect::V2_0_1, "2.0.1"), (Dialect::V2_1, "2.1")] {
        let codes = catalogue["rpc_error_codes"][version]["codes"].as_array().unwrap();
        let mut names: Vec<&str> = codes.iter().map(|code| code.as_str().unwrap()).collect();
        let mut ours: Vec<&str> = ErrorCode::DEFINED.iter().map(|code| code.name_in(dialect)).collect();
        names.sort_unstable();
        ours.sort_unstable();
        ours.dedup();
        assert_eq!(ours, names, "{version}");
        println!("{version}: {} error codes", names.len());
    }
}
