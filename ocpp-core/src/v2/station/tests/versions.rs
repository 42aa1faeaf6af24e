//! A station that speaks another version from one connection to the next: what was not delivered moves along.

use super::*;

const ALL: [Dialect; 3] = [Dialect::V2_0_1, Dialect::V2_1, Dialect::V1_6];

fn settings() -> Vec<(&'static str, &'static str)> {
    alloc::vec![("AuthCtrlr.OfflineTxForUnknownIdEnabled", "true"), ("SampledDataCtrlr.TxUpdatedInterval", "60")]
}

/// A station that was accepted in this version.
fn bench(version: Dialect) -> Bench {
    let mut bench = Bench::boot(config(&ALL, &settings()), ALL[0], Image::default(), 0);
    bench.open_as(version);
    bench.serve();
    bench.told.clear();
    bench
}

/// A whole session.
fn session(bench: &mut Bench) {
    bench.start();
    bench.energy_wh += 3000;
    bench.wait(130);
    bench.swipe("TAG");
    bench.unplug();
}

/// A session that was recorded under 1.6 is delivered in 2.x, also over a power cut.
#[test]
fn offline_session_of_1_6_is_delivered_in_2_x() {
    for (version, cuts) in EDITIONS.into_iter().flat_map(|version| [(version, false), (version, true)]) {
        let mut bench = bench(Dialect::V1_6);
        bench.close();
        session(&mut bench);
        if cuts {
            bench = bench.cut();
        }
        bench.open_as(version);
        bench.serve();
        let events = bench.transaction_events();
        assert_eq!(story::check(&events, false), 1);
        let told: Vec<String> = events.iter().map(words).collect();
        let expected = [
            "Started Authorized SuspendedEVSE",
            "Updated MeterValuePeriodic Charging",
            "Updated MeterValuePeriodic Charging",
            "Ended StopAuthorized EVConnected Local",
        ];
        assert_eq!(told, expected);
        assert_eq!(events[0]["idToken"], json!({"idToken": "TAG", "type": "ISO14443"}));
        assert!(events.iter().all(|event| event["offline"] == true));
        assert_eq!(story::registers(events.last().unwrap()), [("Transaction.End".to_string(), 4000.0)]);
    }
}

/// And the reverse: what only 2.x tells is left out.
#[test]
fn offline_session_of_2_x_is_delivered_in_1_6() {
    for (version, cuts) in EDITIONS.into_iter().flat_map(|version| [(version, false), (version, true)]) {
        let mut bench = bench(version);
        bench.close();
        session(&mut bench);
        if cuts {
            bench = bench.cut();
        }
        bench.open_as(Dialect::V1_6);
        bench.serve();
        let start = bench.take("StartTransaction");
        assert_eq!(start.len(), 1);
        assert_eq!((&start[0]["idTag"], &start[0]["meterStart"]), (&json!("TAG"), &json!(1000)));
        let stop = bench.take("StopTransaction");
        assert_eq!(stop.len(), 1);
        assert_eq!((&stop[0]["transactionId"], &stop[0]["meterStop"]), (&json!(77), &json!(4000)));
        assert_eq!(stop[0]["reason"], "Local");
        assert_eq!(bench.take("MeterValues").len(), 2);
    }
}

/// Whatever begins a transaction in 2.x: for 1.6 it begins when somebody charges, with the register of its begin.
#[test]
fn session_with_any_start_point_is_one_of_1_6() {
    for start in ["EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer"] {
        let settings = [settings(), alloc::vec![("TxCtrlr.TxStartPoint", start)]].concat();
        let mut bench = Bench::boot(config(&ALL, &settings), ALL[0], Image::default(), 0);
        bench.connect();
        bench.close();
        session(&mut bench);
        bench.open_as(Dialect::V1_6);
        bench.serve();
        let told = (bench.take("StartTransaction"), bench.take("StopTransaction"));
        assert_eq!((told.0.len(), told.1.len()), (1, 1), "{start}");
        assert_eq!((&told.0[0]["idTag"], &told.0[0]["meterStart"]), (&json!("TAG"), &json!(1000)));
        assert_eq!((&told.1[0]["transactionId"], &told.1[0]["meterStop"]), (&json!(77), &json!(4000)));
    }
}

/// A vehicle that waits is no transaction of 1.6 until somebody charges, and holds nothing up; one that leaves never was.
#[test]
fn transaction_without_a_driver_begins_in_1_6_when_one_comes() {
    for (comes, cuts) in [(true, false), (true, true), (false, false), (false, true)] {
        let settings = [settings(), alloc::vec![("TxCtrlr.TxStartPoint", "EVConnected")]].concat();
        let mut bench = Bench::boot(resumes(config(&ALL, &settings)), ALL[0], Image::default(), 0);
        bench.connect();
        bench.close();
        bench.plug();
        bench.open_as(Dialect::V1_6);
        bench.serve_for(130);
        if cuts {
            bench = bench.cut();
            bench.open_as(Dialect::V1_6);
            bench.serve();
        }
        let told = |bench: &mut Bench, action| bench.take(action).len();
        assert_eq!((told(&mut bench, "StartTransaction"), told(&mut bench, "MeterValues")), (0, 0));
        if comes {
            bench.swipe("TAG");
            bench.serve();
            let start = bench.take("StartTransaction");
            assert_eq!(start.len(), 1);
            assert_eq!((&start[0]["idTag"], &start[0]["meterStart"]), (&json!("TAG"), &json!(1000)));
            bench.energy_wh += 500;
            bench.serve_for(70);
            let values = bench.take("MeterValues");
            assert!(values.iter().all(|values| values["transactionId"] == 77) && !values.is_empty(), "{values:?}");
        }
        bench.unplug();
        bench.serve();
        let stop = bench.take("StopTransaction");
        assert_eq!(stop.len(), usize::from(comes));
        assert!(stop.iter().all(|stop| stop["transactionId"] == 77 && stop["meterStop"] == 1500), "{stop:?}");
    }
}

/// Another version is another CSMS, as far as the station knows: it registers there first (B01.FR.08).
#[test]
fn other_version_needs_another_acceptance() {
    let mut bench = bench(Dialect::V1_6);
    bench.close();
    bench.open_as(Dialect::V1_6);
    assert!(bench.sent.is_empty(), "an acceptance stays");
    bench.close();
    session(&mut bench);
    bench.open_as(Dialect::V2_0_1);
    let (_, boot) = bench.call("BootNotification");
    assert_eq!(boot["reason"], "Unknown");
    assert!(bench.sent.is_empty());
}

/// The name that the CSMS gave goes on where it gave one: a server that serves both versions knows the transaction by it.
#[test]
fn transaction_that_the_csms_numbered_keeps_its_number() {
    for version in EDITIONS {
        let mut bench = bench(Dialect::V1_6);
        bench.start();
        assert_eq!(bench.take("StartTransaction").len(), 1);
        bench.close();
        bench.open_as(version);
        bench.serve();
        bench.energy_wh += 100;
        bench.serve_for(61);
        let events = bench.transaction_events();
        assert!(events.iter().all(|event| event["transactionInfo"]["transactionId"] == "77"), "{events:?}");
        assert!(events.iter().all(|event| event["seqNo"].as_u64() > Some(0)), "{events:?}");
        assert_eq!(bench.request("RequestStopTransaction", &json!({"transactionId": "77"}))["status"], "Accepted");
        bench.serve();
        let events = bench.transaction_events();
        assert_eq!(events.last().map(words).as_deref(), Some("Ended RemoteStop EVConnected Remote"));
    }
}

/// One whose begin was told in 2.x has no number in 1.6 (errata 3.18).
#[test]
fn transaction_that_began_in_2_x_ends_in_1_6_without_a_number() {
    let mut bench = bench(Dialect::V2_0_1);
    bench.start();
    assert!(!bench.transaction_events().is_empty());
    bench.close();
    bench.open_as(Dialect::V1_6);
    bench.serve();
    bench.swipe("TAG");
    bench.serve();
    let stop = bench.take("StopTransaction");
    assert_eq!((stop.len(), &stop[0]["transactionId"]), (1, &json!(-1)));
    assert!(bench.take("StartTransaction").is_empty());
}

/// A running transaction ends by the points with which it began; the next one follows the version of now.
#[test]
fn running_transaction_keeps_its_points() {
    for version in EDITIONS {
        let mut bench = bench(Dialect::V1_6);
        bench.start();
        bench.close();
        bench.open_as(version);
        bench.serve();
        let stop = json!({"component": {"name": "TxCtrlr"}, "variable": {"name": "TxStopPoint"}, "attributeValue": "EVConnected"});
        bench.request("SetVariables", &json!({"setVariableData": [stop]}));
        bench.transaction_events();
        bench.swipe("TAG");
        bench.serve();
        let events = bench.transaction_events();
        assert_eq!(events.last().map(words).as_deref(), Some("Ended StopAuthorized EVConnected Local"));
        bench.unplug();
        bench.start();
        bench.swipe("TAG");
        bench.serve();
        let events = bench.transaction_events();
        assert_eq!(events.last().map(words).as_deref(), Some("Updated StopAuthorized EVConnected"));
    }
}

/// A25: whatever was spoken before, a session's frames are those of its subprotocol.
#[test]
fn calls_of_another_version_are_unknown() {
    let mut bench = bench(Dialect::V1_6);
    bench.close();
    bench.open_as(Dialect::V2_0_1);
    bench.serve();
    assert_eq!(bench.request("RemoteStartTransaction", &json!({"idTag": "A"})), "NotImplemented");
    bench.close();
    bench.open_as(Dialect::V1_6);
    bench.serve();
    assert_eq!(bench.request("RequestStartTransaction", &json!({})), "NotImplemented");
    assert_eq!(bench.request("SetVariables", &json!({})), "NotImplemented");
}

/// E01.FR.13, G01.FR.06, G01.FR.09: a place that was reserved in 1.6 is so in 2.x, and told once when it is used up.
#[cfg(feature = "reservation")]
#[test]
fn reservation_moves_along_and_is_told_once() {
    for (version, token) in EDITIONS.into_iter().flat_map(|version| [(version, "TAG"), (version, "OTHER")]) {
        let mut bench = bench(Dialect::V1_6);
        let expiry = wall(86_400_000).to_rfc3339();
        let reserve = json!({"connectorId": 1, "expiryDate": expiry, "idTag": "TAG", "reservationId": 5});
        assert_eq!(bench.request("ReserveNow", &reserve)["status"], "Accepted");
        bench.serve();
        bench.open_as(version);
        bench.serve();
        bench.told.retain(|(action, told)| action != "StatusNotification" || told.get("evseId").is_some());
        assert_eq!(bench.statuses(), ["1.1 Reserved"]);
        bench.plug();
        bench.serve();
        assert!(bench.statuses().is_empty(), "G01.FR.09");
        bench.swipe(token);
        bench.serve();
        let events = bench.transaction_events();
        if token == "TAG" {
            assert_eq!(bench.statuses(), ["1.1 Occupied"]);
            assert_eq!(events[0]["reservationId"], 5);
            story::check(&events, false);
        } else {
            assert!(bench.statuses().is_empty() && events.is_empty());
        }
    }
}

/// 1.6 knows no setting that is only of 2.x.
#[test]
fn variables_without_a_key_are_none_of_1_6() {
    let mut bench = bench(Dialect::V1_6);
    let all = bench.request("GetConfiguration", &json!({}));
    let keys = all["configurationKey"].as_array().unwrap();
    assert!(keys.len() > 20 && keys.iter().all(|key| !key["key"].as_str().unwrap().contains('.')));
    let one = bench.request("ChangeConfiguration", &json!({"key": "", "value": "Authorized"}));
    assert_eq!(one["status"], "NotSupported");
}

/// What a host sees of a transaction is the name that is on the wire, the same over restarts; none before the CSMS knows one.
#[test]
fn host_knows_a_transaction_by_its_name_on_the_wire() {
    let name = |bench: &Bench| {
        let session = bench.station.evse(EVSE).unwrap().session.unwrap();
        session.name.map(|name| name.as_str().to_string())
    };
    for version in ALL {
        let mut first = Bench::boot(resumes(config(&[version], &settings())), version, Image::default(), 0);
        first.connect();
        first.close();
        first.start();
        let offline = name(&first);
        let mut bench = first.cut();
        assert_eq!(name(&bench), offline, "{version:?}: over a restart, without a link");
        bench.connect();
        bench.serve_for(2);
        let wire = match version {
            Dialect::V1_6 => {
                assert_eq!((offline, bench.take("StartTransaction").len()), (None, 1));
                "77".to_string()
            }
            Dialect::V2_0_1 | Dialect::V2_1 => {
                let event = bench.transaction_events().remove(0);
                let wire = event["transactionInfo"]["transactionId"].as_str().unwrap().to_string();
                assert_eq!(offline, Some(wire.clone()));
                wire
            }
        };
        assert_eq!(name(&bench), Some(wire.clone()));
        let mut bench = bench.cut();
        assert_eq!(name(&bench), Some(wire.clone()), "{version:?}: over a restart");
        bench.connect();
        bench.swipe("TAG");
        bench.serve_for(2);
        bench.unplug();
        bench.serve();
        let told = |kind| bench.events.iter().find(|event| event.starts_with(kind)).cloned().unwrap_or_default();
        assert!(told("TransactionEnded").contains(&alloc::format!("name: Some({wire})")), "{:?}", bench.events);
    }
}

/// A name that a power cut could change is not shown.
#[test]
fn name_is_shown_once_its_salt_is_durable() {
    let mut bench = bench(Dialect::V1_6);
    bench.close();
    bench.start();
    bench.confirms = false;
    bench.open_as(Dialect::V2_1);
    let name = |bench: &Bench| bench.station.evse(EVSE).unwrap().session.unwrap().name;
    assert_eq!(name(&bench), None);
    bench.confirm();
    assert!(name(&bench).is_some());
}
