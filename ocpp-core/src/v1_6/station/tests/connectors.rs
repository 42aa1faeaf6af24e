//! EVSEs with several connectors, of which one is in use at a time.

use super::*;
use crate::MisuseError;
use crate::station::{ConnectorAction, ConnectorId, ConnectorInput, EvseConfig, Lock};

/// EVSE 1 has one connector, EVSE 2 has numbers 2 and 3.
fn two_evses() -> StationConfig {
    let evses = [&["cType2"][..], &["cCCS2", "cG105"]].map(EvseConfig::with_kinds).to_vec();
    config(&[]).with(|config| config.hardware.evses = evses)
}

fn station(image: Image) -> Bench {
    Bench::with_config(image, two_evses()).online()
}

fn cable(connector: u16, cable: Cable) -> Input<'static> {
    Input::Evse(EvseId(2), EvseInput::Connector(ConnectorId(connector), ConnectorInput::Cable(cable)))
}

#[test]
fn session_at_a_second_connector_is_told_by_its_number_and_the_first_is_out_of_use() {
    let mut bench = station(Image::default());
    bench.input(cable(2, Cable::Connected));
    assert_eq!(bench.statuses(), ["2 Unavailable", "3 Preparing"]);
    bench.input(Input::Token { evse: Some(EvseId(2)), token: IdToken::new("TAG") });
    bench.answer("Authorize", &json!({"idTagInfo": {"status": "Accepted"}}));
    let locked = EvseAction::Connector(ConnectorId(2), ConnectorAction::Lock(Lock::Locked));
    assert!(bench.orders.contains(&locked), "{:?}", bench.orders);
    bench.answer_all("StatusNotification", &json!({}));
    let start = bench.answer("StartTransaction", &json!({"transactionId": 7, "idTagInfo": {"status": "Accepted"}}));
    assert_eq!(start["connectorId"], 3);
    // Somebody else plugs in at the other one, and waits.
    bench.input(cable(1, Cable::Connected));
    assert!(bench.statuses().is_empty());
    assert_eq!(bench.request("RemoteStopTransaction", &json!({"transactionId": 7})), json!({"status": "Accepted"}));
    bench.stop_request();
    bench.input(cable(2, Cable::Absent));
    let told = bench.statuses();
    assert_eq!(told, ["2 Preparing", "3 Unavailable"]);
}

#[test]
fn session_at_a_second_connector_outlives_a_power_cut() {
    let mut bench = station(Image::default());
    bench.input(cable(2, Cable::Connected));
    bench.input(Input::Token { evse: Some(EvseId(2)), token: IdToken::new("TAG") });
    bench.answer_all("StatusNotification", &json!({}));
    bench.answer("Authorize", &json!({"idTagInfo": {"status": "Accepted"}}));
    bench.answer_all("StatusNotification", &json!({}));
    let mut bench = station(bench.image.clone());
    bench.answer_all("StatusNotification", &json!({}));
    let start = bench.answer("StartTransaction", &json!({"transactionId": 7, "idTagInfo": {"status": "Accepted"}}));
    assert_eq!(start["connectorId"], 3);
}

#[test]
fn numbers_of_the_csms_lead_to_the_evse() {
    let mut bench = station(Image::default());
    let change = |number| json!({"connectorId": number, "type": "Inoperative"});
    assert_eq!(bench.request("ChangeAvailability", &change(4)), json!({"status": "Rejected"}));
    assert_eq!(bench.request("ChangeAvailability", &change(3)), json!({"status": "Accepted"}));
    assert_eq!(bench.statuses(), ["3 Unavailable"]);
    let keys = bench.request("GetConfiguration", &json!({"key": ["NumberOfConnectors"]}));
    assert_eq!(keys["configurationKey"][0]["value"], "3");
    let trigger = json!({"requestedMessage": "MeterValues", "connectorId": 3});
    assert_eq!(bench.request("TriggerMessage", &trigger), json!({"status": "Accepted"}));
}

#[test]
fn connector_that_is_not_there_is_the_callers_mistake() {
    let mut bench = station(Image::default());
    let refused = bench.station.handle(Instant::ZERO, cable(3, Cable::Connected));
    assert_eq!(refused, Err(MisuseError::UnknownConnector(EvseId(2), ConnectorId(3))));
}

/// 1.6 §5.2, 2.x G03: the other connector of the EVSE goes on.
#[test]
fn connector_out_of_service_is_so_alone_and_after_a_restart() {
    let mut bench = station(Image::default());
    let change = |number, kind| json!({"connectorId": number, "type": kind});
    assert_eq!(bench.request("ChangeAvailability", &change(3, "Inoperative")), json!({"status": "Accepted"}));
    assert_eq!(bench.statuses(), ["3 Unavailable"]);
    let mut bench = Bench::with_config(bench.image.clone(), two_evses());
    bench.open();
    bench.boot("Accepted");
    assert_eq!(bench.statuses(), ["0 Available", "1 Available", "2 Available", "3 Unavailable"]);
    assert!(bench.station.evse(EvseId(2)).unwrap().is_operative);
    bench.input(cable(2, Cable::Connected));
    assert!(bench.statuses().is_empty(), "what hangs there is nobody's");
    bench.input(cable(1, Cable::Connected));
    assert_eq!(bench.statuses(), ["2 Preparing"]);
    bench.input(cable(1, Cable::Absent));
    assert_eq!(bench.statuses(), ["2 Available"]);
    assert_eq!(bench.request("ChangeAvailability", &change(3, "Operative")), json!({"status": "Accepted"}));
    assert_eq!(bench.statuses(), ["2 Unavailable", "3 Preparing"], "the vehicle waits there still");
}

#[test]
fn connector_in_use_goes_out_of_service_when_it_becomes_free() {
    let mut bench = station(Image::default());
    let change = |number, kind| json!({"connectorId": number, "type": kind});
    bench.input(cable(2, Cable::Connected));
    bench.statuses();
    assert_eq!(bench.request("ChangeAvailability", &change(2, "Inoperative")), json!({"status": "Accepted"}));
    assert_eq!(bench.request("ChangeAvailability", &change(3, "Inoperative")), json!({"status": "Scheduled"}));
    assert!(bench.statuses().is_empty());
    bench.input(cable(2, Cable::Absent));
    assert_eq!(bench.statuses(), ["3 Unavailable"]);
    assert!(!bench.station.evse(EvseId(2)).unwrap().is_operative, "none of its connectors is");
    // The station as a whole brings all back (1.6 §5.2).
    assert_eq!(bench.request("ChangeAvailability", &change(0, "Operative")), json!({"status": "Accepted"}));
    assert_eq!(bench.statuses(), ["2 Available", "3 Available"]);
}

/// An entry of before there were connectors: one of them comes back alone.
#[test]
fn evse_out_of_service_of_an_old_store_gives_back_one_connector() {
    let mut image = Image::default();
    image.apply(&StoreOp::Put { key: crate::store::EntryKey::new("availability/2"), value: [1].into() });
    let mut bench = station(image);
    assert!(!bench.station.evse(EvseId(2)).unwrap().is_operative);
    let change = json!({"connectorId": 2, "type": "Operative"});
    assert_eq!(bench.request("ChangeAvailability", &change), json!({"status": "Accepted"}));
    assert_eq!(bench.statuses(), ["2 Available"]);
    let entries: Vec<_> =
        bench.image.entries.keys().map(|key| key.as_str()).filter(|key| key.starts_with("avail")).collect();
    assert_eq!(entries, ["availability/2.2"]);
}

/// 2.x F05: the session at another connector of the EVSE goes on.
#[test]
fn unlocking_one_connector_leaves_the_session_at_the_other() {
    let mut bench = station(Image::default());
    bench.input(cable(2, Cable::Connected));
    bench.input(Input::Token { evse: Some(EvseId(2)), token: IdToken::new("TAG") });
    bench.answer_all("StatusNotification", &json!({}));
    bench.answer("Authorize", &json!({"idTagInfo": {"status": "Accepted"}}));
    bench.answer_all("StatusNotification", &json!({}));
    bench.answer("StartTransaction", &json!({"transactionId": 7, "idTagInfo": {"status": "Accepted"}}));
    let locked = |lock| Input::Evse(EvseId(2), EvseInput::Connector(ConnectorId(1), ConnectorInput::Lock(lock)));
    bench.input(locked(Lock::Locked));
    let before = bench.sent.len();
    bench.frame(&json!([2, "u1", "UnlockConnector", {"connectorId": 2}]));
    assert_eq!(bench.orders.last(), Some(&EvseAction::Lock(Lock::Unlocked)));
    bench.input(locked(Lock::Unlocked));
    assert_eq!(bench.take_answer(before), json!({"status": "Unlocked"}));
    assert!(bench.station.evse(EvseId(2)).unwrap().session.is_some());
    // At its own it ends it (1.6 §5.18).
    bench.frame(&json!([2, "u2", "UnlockConnector", {"connectorId": 3}]));
    assert_eq!(bench.take_answer(0), json!({"status": "Unlocked"}));
    assert_eq!(bench.stop_request()["reason"], "UnlockCommand");
}
