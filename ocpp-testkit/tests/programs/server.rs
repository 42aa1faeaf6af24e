//! The driver of a CSMS in this process, with faults that no program can be told to have.

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

use ocpp_testkit::drivers::tokio::{Authenticator, CsmsConfig, CsmsDriver, CsmsOutput};
use ocpp_testkit::stores::Ledger;
use rusqlite::Connection;
use serde_json::json;
use tokio::net::TcpListener;

use crate::client::Client;
use crate::harness::PATIENCE;

/// A server in a thread that ends with the test. Questions get their defaults.
struct Server {
    url: String,
    outputs: Receiver<CsmsOutput>,
}

impl Server {
    fn start(ledger: Ledger, config: CsmsConfig) -> Self {
        let (address, addresses) = channel();
        let (sender, outputs) = channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                address.send(listener.local_addr().unwrap()).unwrap();
                let mut driver = CsmsDriver::start(listener, config, ledger).unwrap();
                while sender.send(driver.next().await).is_ok() {}
            });
        });
        Server { url: format!("ws://{}", addresses.recv().unwrap()), outputs }
    }

    fn wait<T>(&self, find: impl Fn(CsmsOutput) -> Option<T>) -> T {
        loop {
            if let Some(found) = find(self.outputs.recv_timeout(PATIENCE).unwrap()) {
                return found;
            }
        }
    }
}

fn execute(database: &Path, sql: &str) {
    Connection::open(database).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn answer_waits_until_a_failing_ledger_works_again() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("ledger.db");
    let ledger = Ledger::open(&database).unwrap();
    let server = Server::start(ledger.clone(), CsmsConfig::new(Authenticator::AcceptAll));
    execute(&database, "CREATE TRIGGER full BEFORE INSERT ON facts BEGIN SELECT raise(ABORT, 'disk full'); END");

    let url = server.url.clone();
    let station = std::thread::spawn(move || {
        let status = json!({"connectorId": 1, "errorCode": "NoError", "status": "Available"});
        Client::connect(&url, "CP001").call("StatusNotification", status).unwrap()
    });
    let reason = server.wait(|output| match output {
        CsmsOutput::StoreFailed { reason, .. } => Some(reason),
        _ => None,
    });
    assert!(reason.contains("disk full"), "{reason}");
    assert_eq!(ledger.facts("CP001").unwrap(), []);
    assert!(!station.is_finished(), "an answer would be a lie");
    execute(&database, "DROP TRIGGER full");
    assert_eq!(station.join().unwrap(), json!({}));
    assert_eq!(ledger.facts("CP001").unwrap().len(), 1);
}

#[test]
fn station_beyond_the_limit_is_turned_away_and_the_others_are_served() {
    let mut config = CsmsConfig::new(Authenticator::AcceptAll);
    config.max_stations = 1;
    let server = Server::start(Ledger::in_memory().unwrap(), config);
    let mut first = Client::connect(&server.url, "CP001");
    assert_eq!(Client::connect(&server.url, "CP002").receive(), Err(Some(1013)));
    assert!(first.call("Heartbeat", json!({})).is_some());
    assert!(Client::connect(&server.url, "CP001").call("Heartbeat", json!({})).is_some());
}
