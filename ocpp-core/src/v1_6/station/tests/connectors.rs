//! EVSEs with several connectors, of which one is in use at a time.

use super::*;
use crate::MisuseError;
use crate::station::{ConnectorAction, ConnectorId, ConnectorInput, EvseConfig, Lock};

/// EVSE 1 has one connector, EVSE 2 has numbers 2 and 3.
fn station(image: Image) -> Bench {
    let evses = [&["cType2"][..], &["cCCS2", "cG105"]].map(EvseConfig::with_kinds).to_vec();
    Bench::with_config(image, config(&[]).with(|config| config.hardware.evses = evses)).online()
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
    assert_eq!(bench.statuses(), ["2 Unavailable", "3 Unavailable"]);
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
