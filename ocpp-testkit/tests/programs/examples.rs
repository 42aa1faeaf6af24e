//! The examples that firmware developers copy, through a session with the real `csms` program.

#[expect(dead_code, reason = "its main reads arguments")]
#[path = "../../examples/blocking_server.rs"]
mod blocking_server;
#[expect(dead_code, reason = "its main reads arguments")]
#[path = "../../examples/blocking_station.rs"]
mod blocking_station;
#[expect(dead_code, reason = "its main reads arguments")]
#[path = "../../examples/tokio_station.rs"]
mod tokio_station;

use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use ocpp_core::station::{RebootKind, StationConfig};
use ocpp_testkit::hardware::Hardware;
use ocpp_testkit::stores::StationStore;
use serde_json::json;

use crate::harness::{Csms, PATIENCE};

/// Waits for the bill of the example's session, restarts the station, and lets it register again out of the same store.
fn check_session(run: impl Fn(StationConfig) -> RebootKind + Send + 'static) {
    let directory = tempfile::tempdir().unwrap();
    let mut csms = Csms::start(directory.path(), &["--token", "ABC"]);
    let endpoint = format!("{}/ocpp", csms.url);
    let config = StationConfig::new(&endpoint, "CP001", "Example", "Driver");
    let config = config.with_setting("MeterValueSampleInterval", "1");
    let station = thread::spawn(move || [run(config.clone()), run(config)]);
    for (reset, transactions) in [("Soft", 1), ("Hard", 2)] {
        csms.wait_stored("Started");
        csms.wait_stored("Sampled");
        csms.wait_stored("Stopped");
        let bills = csms.bills();
        assert_eq!(bills.len(), transactions);
        let bill = bills.last().unwrap();
        assert_eq!((bill.token.as_deref(), bill.reason.as_deref()), (Some("ABC"), Some("EVDisconnected")));
        assert!(bill.energy_wh.unwrap() > 0, "{bill:?}");
        assert_eq!(csms.command("CP001", "Reset", json!({"type": reset}))["payload"]["status"], "Accepted");
    }
    assert_eq!(station.join().unwrap(), [RebootKind::Soft, RebootKind::Hard]);
}

#[test]
fn blocking_example_charges_restarts_and_charges_again() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("station.store");
    check_session(move |config| {
        let mut hardware = Hardware::new(0, 360_000);
        blocking_station::run(config, &store, &mut hardware, Instant::now()).unwrap()
    });
}

#[test]
fn tokio_example_charges_restarts_and_charges_again() {
    let store = StationStore::in_memory().unwrap();
    check_session(move |config| {
        let store = store.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(tokio_station::run(config, store)).unwrap()
    });
}

#[test]
fn blocking_server_takes_a_session_and_goes_on_from_its_ledger() {
    let directory = tempfile::tempdir().unwrap();
    let mut left = String::new();
    for round in ["first", "second"] {
        let directory = directory.path().join(round);
        std::fs::create_dir(&directory).unwrap();
        let ledger = directory.join("CP001.jsonl");
        std::fs::write(&ledger, &left).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("ws://{}/ocpp", listener.local_addr().unwrap());
        let server = blocking_server::Server::new(&directory);
        // It serves until the process ends.
        thread::spawn(move || drop(server.serve(&listener)));
        let config = StationConfig::new(&url, "CP001", "Example", "Driver");
        thread::spawn(move || {
            let mut hardware = Hardware::new(0, 360_000);
            drop(blocking_station::run(config, &directory.join("station"), &mut hardware, Instant::now()));
        });
        let stops = left.matches("\"Stopped\"").count();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text = std::fs::read_to_string(&ledger).unwrap();
            // What a crash may leave behind whole lines.
            let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
            if whole.matches("\"Stopped\"").count() > stops {
                left = format!("{whole}\n[99,{{\"Sto");
                break;
            }
            assert!(Instant::now() < deadline, "no stop in the {round} round: {text}");
            thread::sleep(Duration::from_millis(50));
        }
    }
    let tickets = left.lines().filter_map(|line| serde_json::from_str::<(u64, serde_json::Value)>(line).ok());
    let tickets: Vec<u64> = tickets.map(|(ticket, _)| ticket).collect();
    assert_eq!(tickets, (1..=tickets.len() as u64).collect::<Vec<_>>());
}
