//! The examples that firmware developers copy, through a session with the real `csms` program.

#[expect(dead_code, reason = "its main reads arguments")]
#[path = "../../examples/blocking_station.rs"]
mod blocking_station;
#[expect(dead_code, reason = "its main reads arguments")]
#[path = "../../examples/tokio_station.rs"]
mod tokio_station;

use std::thread;

use ocpp_core::station::{RebootKind, StationConfig};
use ocpp_testkit::hardware::Hardware;
use ocpp_testkit::stores::StationStore;
use serde_json::json;

use crate::harness::Csms;

/// Waits for the bill of the example's session, restarts the station, and lets it register again out of the same store.
fn check_session(run: impl Fn(StationConfig, StationStore) -> RebootKind + Send + 'static) {
    let directory = tempfile::tempdir().unwrap();
    let mut csms = Csms::start(directory.path(), &["--token", "ABC"]);
    let endpoint = format!("{}/ocpp", csms.url);
    let config = StationConfig::new(&endpoint, "CP001", "Example", "Driver");
    let config = config.with_setting("MeterValueSampleInterval", "1");
    let store = StationStore::in_memory().unwrap();
    let station = thread::spawn(move || [run(config.clone(), store.clone()), run(config, store)]);
    for (reset, transactions) in [("Soft", 1), ("Hard", 2)] {
        csms.wait_stored("Started");
        csms.wait_stored("Sampled");
        csms.wait_stored("Stopped");
        let bills = csms.bills();
        assert_eq!(bills.len(), transactions);
        let bill = bills.last().unwrap();
        assert_eq!((bill.token.as_str(), bill.reason.as_deref()), ("ABC", Some("EVDisconnected")));
        assert!(bill.energy_wh.unwrap() > 0, "{bill:?}");
        assert_eq!(csms.command("CP001", "Reset", json!({"type": reset}))["payload"]["status"], "Accepted");
    }
    assert_eq!(station.join().unwrap(), [RebootKind::Soft, RebootKind::Hard]);
}

#[test]
fn blocking_example_charges_restarts_and_charges_again() {
    check_session(|config, mut store| {
        let mut hardware = Hardware::new(0, 360_000);
        blocking_station::run(config, &mut store, &mut hardware).unwrap()
    });
}

#[test]
fn tokio_example_charges_restarts_and_charges_again() {
    check_session(|config, store| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(tokio_station::run(config, store)).unwrap()
    });
}
