//! Whole sessions (E02, E03, E07, E09), as the CSMS is told of them.

use super::*;

/// A whole session, each frame a line.
fn day(version: Dialect) -> String {
    let settings = [
        ("SampledDataCtrlr.TxUpdatedInterval", "60"),
        ("SampledDataCtrlr.TxEndedInterval", "60"),
        ("SampledDataCtrlr.TxEndedMeasurands", "Energy.Active.Import.Register"),
        ("AuthCacheCtrlr.Enabled", "true"),
    ];
    let mut bench = Bench::new(version, &settings);
    bench.connect();
    bench.plug();
    bench.serve_for(5);
    bench.swipe("04A2F3");
    bench.serve();
    bench.energy_wh += 250;
    bench.serve_for(60);
    bench.input(Input::Evse(EVSE, EvseInput::Vehicle(Vehicle::Paused)));
    bench.serve_for(20);
    bench.swipe("04A2F3");
    bench.serve_for(10);
    bench.unplug();
    bench.serve();
    let events: Vec<Value> =
        bench.told.iter().filter(|(action, _)| action == "TransactionEvent").map(|(_, p)| p.clone()).collect();
    assert_eq!(story::check(&events, false), 1);
    bench.told.iter().map(|(action, payload)| format!("{action} {payload}\n")).collect()
}

#[test]
fn session_of_2_0_1() {
    insta::assert_snapshot!(day(Dialect::V2_0_1));
}

#[test]
fn session_of_2_1() {
    insta::assert_snapshot!(day(Dialect::V2_1));
}

/// E02 with EVConnected, E07 with EVConnected as the stop point: who charges is told when it is known, once.
#[test]
fn cable_first_with_a_transaction_by_the_cable() {
    for version in EDITIONS {
        let points = [("TxCtrlr.TxStartPoint", "EVConnected"), ("TxCtrlr.TxStopPoint", "EVConnected")];
        let mut bench = Bench::accepted(version, &points);
        bench.plug();
        bench.serve();
        bench.swipe("TAG");
        bench.serve();
        bench.swipe("TAG");
        bench.serve();
        bench.unplug();
        bench.serve();
        let events = bench.transaction_events();
        story::check(&events, false);
        let told: Vec<String> = events.iter().map(words).collect();
        let expected = [
            "Started CablePluggedIn EVConnected",
            "Updated Authorized SuspendedEVSE",
            "Updated ChargingStateChanged Charging",
            "Updated StopAuthorized EVConnected",
            "Ended EVCommunicationLost Idle Local",
        ];
        assert_eq!(told, expected);
        let tokens: Vec<_> = events.iter().map(|event| event.get("idToken").is_some()).collect();
        assert_eq!(tokens, [false, true, false, false, false], "E01.FR.10, E02.FR.20");
        assert_eq!(events[0]["evse"], json!({"id": 1, "connectorId": 1}), "E01.FR.16");
    }
}

/// E03 with Authorized: the transaction begins without a connector, which comes with the vehicle.
#[test]
fn token_first_with_a_transaction_by_the_token() {
    for version in EDITIONS {
        let points = [("TxCtrlr.TxStartPoint", "Authorized"), ("TxCtrlr.TxStopPoint", "Authorized,EVConnected")];
        let mut bench = Bench::accepted(version, &points);
        bench.swipe("TAG");
        bench.serve();
        bench.plug();
        bench.serve();
        let events = bench.transaction_events();
        let told: Vec<String> = events.iter().map(words).collect();
        let first = ["Started Authorized Idle", "Updated CablePluggedIn SuspendedEVSE"];
        assert_eq!(told[..2], first);
        assert_eq!(events[0]["evse"], json!({"id": 1}));
        assert_eq!(events[0]["idToken"], json!({"idToken": "TAG", "type": "ISO14443"}));
        assert_eq!(events[1]["evse"], json!({"id": 1, "connectorId": 1}), "E01.FR.16");
    }
}

/// E03.FR.12, TC_E_10, TC_E_13, TC_E_26: that a vehicle came is told before what it takes of the energy that it is offered.
#[test]
fn vehicle_that_takes_nothing_yet_is_told_after_its_cable() {
    for (version, comes_back) in EDITIONS.into_iter().flat_map(|version| [(version, false), (version, true)]) {
        let points = [("TxCtrlr.TxStartPoint", "Authorized"), ("TxCtrlr.TxStopPoint", "Authorized")];
        let stays = [("TxCtrlr.StopTxOnEVSideDisconnect", "false")];
        let mut bench = Bench::accepted(version, &[&points[..], &stays[..]].concat());
        bench.swipe("TAG");
        bench.serve();
        if comes_back {
            bench.plug();
            bench.input(Input::Evse(EVSE, EvseInput::Vehicle(Vehicle::Paused)));
            bench.unplug();
            bench.serve();
        }
        bench.transaction_events();
        bench.cable(Cable::Connected);
        bench.input(Input::Evse(EVSE, EvseInput::Vehicle(Vehicle::Ready)));
        bench.serve();
        let events = bench.transaction_events();
        let told: Vec<String> = events.iter().map(words).collect();
        let expected = [
            "Updated CablePluggedIn EVConnected",
            "Updated ChargingStateChanged SuspendedEV",
            "Updated ChargingStateChanged Charging",
        ];
        assert_eq!(told, expected, "{version:?}");
        assert_eq!(events[0]["evse"], json!({"id": 1, "connectorId": 1}), "E01.FR.16");
    }
}

/// E10.FR.02, TC_E_27: who left a fixed cable has as long to come back as who has to come; a socket stays locked until its driver comes
/// (E10.FR.01). Where the authorisation is no stop point the transaction goes on without.
#[test]
fn vehicle_that_left_a_fixed_cable_is_waited_for_so_long() {
    let ended = "Ended EVConnectTimeout Idle Timeout";
    let updated = "Updated EVConnectTimeout Idle";
    for version in EDITIONS {
        for (is_fixed, stop, last) in [
            (true, "Authorized", Some(ended)),
            (true, "ParkingBayOccupancy", Some(updated)),
            (false, "Authorized", None),
            (false, "ParkingBayOccupancy", None),
        ] {
            let settings = [
                ("TxCtrlr.TxStartPoint", "Authorized"),
                ("TxCtrlr.TxStopPoint", stop),
                ("TxCtrlr.StopTxOnEVSideDisconnect", "false"),
                ("TxCtrlr.EVConnectionTimeOut", "30"),
                ("SampledDataCtrlr.TxUpdatedInterval", "0"),
            ];
            let mut config = config(&[version], &[]);
            (config.hardware.has_fixed_cables, config.hardware.detects_bay) = (is_fixed, true);
            let config = settings.iter().fold(config, |config, (key, value)| config.with_setting(key, value));
            let mut bench = Bench::boot(config, version, Image::default(), 0);
            bench.connect();
            bench.start();
            bench.serve_for(60);
            bench.unplug();
            bench.serve_for(29);
            assert_eq!(
                bench.transaction_events().last().map(words).as_deref(),
                Some("Updated EVCommunicationLost Idle")
            );
            bench.plug();
            bench.serve_for(5);
            assert_eq!(
                bench.transaction_events().last().map(words).as_deref(),
                Some("Updated ChargingStateChanged Charging")
            );
            bench.unplug();
            bench.serve_for(29);
            assert_eq!(
                bench.transaction_events().last().map(words).as_deref(),
                Some("Updated EVCommunicationLost Idle")
            );
            bench.serve_for(60);
            assert_eq!(
                bench.transaction_events().iter().map(words).collect::<Vec<_>>(),
                Vec::from_iter(last),
                "{is_fixed} {stop}"
            );
            assert_eq!(bench.power == Power::On, last.is_none());
        }
    }
}

/// E03.FR.05.
#[test]
fn token_without_a_cable_ends_in_time() {
    let points = [("TxCtrlr.TxStartPoint", "Authorized"), ("TxCtrlr.TxStopPoint", "EVConnected")];
    let mut bench = Bench::accepted(Dialect::V2_0_1, &[&points[..], &[("TxCtrlr.EVConnectionTimeOut", "30")]].concat());
    bench.swipe("TAG");
    bench.serve_for(31);
    let events = bench.transaction_events();
    story::check(&events, false);
    assert_eq!(events.last().map(words).as_deref(), Some("Ended EVConnectTimeout Idle Timeout"));
}

/// J01.FR.14, J01.FR.22, J02.FR.11: readings of the clock with and without a transaction, those of the interval with one.
#[test]
fn readings_are_told_in_the_transaction_or_beside_it() {
    for version in EDITIONS {
        let settings = [("AlignedDataCtrlr.Interval", "60"), ("SampledDataCtrlr.TxUpdatedInterval", "50")];
        let mut bench = Bench::accepted(version, &settings);
        bench.serve_for(61);
        let readings = bench.take("MeterValues");
        assert_eq!(readings.len(), 1);
        let sample = json!({
            "value": 1000,
            "measurand": "Energy.Active.Import.Register",
            "context": "Sample.Clock",
            "unitOfMeasure": {"unit": "Wh"},
        });
        assert_eq!(readings[0]["evseId"], 1);
        assert_eq!(readings[0]["meterValue"][0]["sampledValue"], json!([sample]));
        bench.start();
        bench.transaction_events();
        bench.energy_wh = 1500;
        bench.serve_for(60);
        let events = bench.transaction_events();
        let mut contexts: Vec<_> =
            events.iter().map(|event| (event["triggerReason"].as_str().unwrap(), story::registers(event))).collect();
        contexts.sort_by_key(|(trigger, _)| *trigger);
        let value = |context: &str| alloc::vec![(context.to_string(), 1500.0)];
        let expected = [("MeterValueClock", value("Sample.Clock")), ("MeterValuePeriodic", value("Sample.Periodic"))];
        assert_eq!(contexts, expected);
        assert_eq!(bench.take("MeterValues"), [] as [Value; 0]);
    }
}

/// E01.FR.09, E06.FR.11: each kind of event tells the values of its list, and the bill's register whatever the lists say.
#[test]
fn begin_and_end_tell_the_values_of_their_lists() {
    use crate::station::Measurand;
    let names = |event: &Value| -> Vec<String> {
        let values = event["meterValue"].as_array().unwrap();
        let samples = values.iter().flat_map(|value| value["sampledValue"].as_array().unwrap());
        samples
            .map(|sample| format!("{} {}", sample["context"].as_str().unwrap(), sample["measurand"].as_str().unwrap()))
            .collect()
    };
    for version in EDITIONS {
        let settings = [
            ("SampledDataCtrlr.TxStartedMeasurands", "Voltage"),
            ("SampledDataCtrlr.TxUpdatedInterval", "0"),
            ("SampledDataCtrlr.TxEndedMeasurands", "SoC"),
        ];
        let mut bench = Bench::accepted(version, &settings);
        bench.shows = |wh| {
            let reading = MeterReading::energy_wh(wh).with(Measurand::Voltage, None, 230_500);
            reading.with(Measurand::SoC, None, 40_000).with(Measurand::Temperature, None, 20_000)
        };
        bench.start();
        bench.swipe("TAG");
        bench.serve();
        let events = bench.transaction_events();
        story::check(&events, false);
        let begin = ["Transaction.Begin Energy.Active.Import.Register", "Transaction.Begin Voltage"];
        assert_eq!(names(&events[0]), begin);
        assert_eq!(events[0]["meterValue"][0]["sampledValue"][1]["value"].to_string(), "230.5");
        let end = [
            "Transaction.Begin Energy.Active.Import.Register",
            "Transaction.Begin SoC",
            "Transaction.End Energy.Active.Import.Register",
            "Transaction.End SoC",
        ];
        assert_eq!(names(events.last().unwrap()), end);
    }
}

/// J01, J02, E06.FR.11: what the end tells has intervals of its own, and none at zero.
#[test]
fn end_tells_readings_of_its_own_intervals() {
    const REGISTER: &str = "Energy.Active.Import.Register";
    for version in EDITIONS {
        for (sampled, aligned, expected) in [
            ("0", "0", "Transaction.Begin 0, Transaction.End 130"),
            ("60", "0", "Transaction.Begin 0, Sample.Periodic 60, Sample.Periodic 120, Transaction.End 130"),
            ("0", "90", "Transaction.Begin 0, Sample.Clock 10, Sample.Clock 100, Transaction.End 130"),
            (
                "60",
                "90",
                "Transaction.Begin 0, Sample.Clock 10, Sample.Periodic 60, Sample.Clock 100, Sample.Periodic 120, Transaction.End 130",
            ),
        ] {
            let settings = [
                ("SampledDataCtrlr.TxUpdatedInterval", "40"),
                ("SampledDataCtrlr.TxEndedInterval", sampled),
                ("SampledDataCtrlr.TxEndedMeasurands", REGISTER),
                ("AlignedDataCtrlr.TxEndedInterval", aligned),
                ("AlignedDataCtrlr.TxEndedMeasurands", REGISTER),
            ];
            let mut bench = Bench::accepted(version, &settings);
            bench.start();
            bench.serve_for(130);
            bench.swipe("TAG");
            bench.serve();
            let events = bench.transaction_events();
            story::check(&events, false);
            let updates = events.iter().filter(|event| event["triggerReason"] == "MeterValuePeriodic").count();
            let of_clock = events.iter().filter(|event| event["triggerReason"] == "MeterValueClock").count();
            assert_eq!((updates, of_clock), (3, 0), "what is told on the way has its own");
            let second = |value: &Value| {
                let at = chrono::DateTime::parse_from_rfc3339(value["timestamp"].as_str().unwrap()).unwrap();
                (at.timestamp_millis() - wall(0).timestamp_millis()) / 1000
            };
            let told = events.last().unwrap()["meterValue"].as_array().unwrap();
            let told: Vec<String> = told
                .iter()
                .map(|value| format!("{} {}", value["sampledValue"][0]["context"].as_str().unwrap(), second(value)))
                .collect();
            assert_eq!(told.join(", "), expected, "{sampled} {aligned}");
        }
    }
}

/// What the CSMS answers beside the token's verdict does no harm (I03, O).
#[test]
fn costs_and_messages_in_answers_are_taken() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[]);
        bench.start();
        bench.swipe("TAG");
        let message = json!({"format": "UTF8", "content": "Bye", "language": "en"});
        let answer = json!({
            "totalCost": 12.5, "chargingPriority": 3, "updatedPersonalMessage": message,
            "idTokenInfo": {"status": "Accepted", "personalMessage": message, "groupIdToken": {"idToken": "G", "type": "Central"}},
        });
        while bench.sent.first().is_some_and(|call| call[2] == "TransactionEvent") {
            bench.answer("TransactionEvent", &answer);
        }
        let events: Vec<_> = bench.events.iter().filter(|event| event.contains("CallFailed")).collect();
        assert!(events.is_empty(), "{events:?}");
    }
}

/// E09.FR.01 to E09.FR.03 with a stop point that does not end the transaction.
#[test]
fn energy_after_a_reconnected_cable_needs_another_authorisation() {
    let points = [("TxCtrlr.TxStopPoint", "Authorized"), ("TxCtrlr.StopTxOnEVSideDisconnect", "true")];
    let mut bench = Bench::accepted(Dialect::V2_0_1, &points);
    bench.start();
    bench.unplug();
    bench.serve();
    let events = bench.transaction_events();
    assert_eq!(events.last().map(words).as_deref(), Some("Ended EVCommunicationLost Idle EVDisconnected"));
    bench.plug();
    bench.serve_for(5);
    assert_eq!(bench.power, Power::Off);
    assert!(bench.transaction_events().is_empty());
}

/// The same with a stop point that does not end the transaction: its own token is what it waits for.
#[test]
fn reconnected_cable_charges_on_in_the_same_transaction_once_authorised() {
    for (version, unlocks) in EDITIONS.into_iter().flat_map(|version| [(version, "true"), (version, "false")]) {
        let mut config = config(
            &[version],
            &[
                ("TxCtrlr.TxStopPoint", "ParkingBayOccupancy"),
                ("TxCtrlr.StopTxOnEVSideDisconnect", "true"),
                ("OCPPCommCtrlr.UnlockOnEVSideDisconnect", unlocks),
            ],
        );
        config.hardware.detects_bay = true;
        let mut bench = Bench::boot(config, version, Image::default(), 0);
        bench.connect();
        bench.input(Input::Evse(EVSE, EvseInput::Bay(crate::station::Bay::Occupied)));
        bench.start();
        let id = bench.transaction_events()[0]["transactionInfo"]["transactionId"].clone();
        bench.cable(Cable::Plugged);
        bench.serve();
        bench.cable(Cable::Connected);
        bench.serve_for(5);
        assert_eq!(bench.power, Power::Off);
        bench.transaction_events();
        bench.swipe("TAG");
        bench.serve();
        assert_eq!(bench.power, Power::On, "{unlocks}");
        let events = bench.transaction_events();
        assert!(events.iter().all(|event| event["transactionInfo"]["transactionId"] == id), "{events:?}");
        assert_eq!(words(&events[0]), "Updated Authorized SuspendedEVSE");
    }
}

/// 2.x part 2 §2.4 of the chapter on meter values, E01 with DataSigned: the signed value begins the transaction, and goes with the
/// register of begin, samples and end.
#[test]
fn signed_values_begin_a_transaction_and_are_told_with_the_register() {
    for version in EDITIONS {
        let settings = [
            ("TxCtrlr.TxStartPoint", "DataSigned"),
            ("SampledDataCtrlr.TxUpdatedInterval", "60"),
            ("SampledDataCtrlr.TxUpdatedMeasurands", "Energy.Active.Import.Register"),
        ];
        let mut config = config(&[version], &[]);
        config.hardware.signs_readings = true;
        let config = settings.iter().fold(config, |config, (key, value)| config.with_setting(key, value));
        let mut bench = Bench::boot(config, version, Image::default(), 0);
        bench.connect();
        bench.plug();
        bench.serve();
        bench.swipe("TAG");
        bench.serve();
        bench.energy_wh = 1500;
        bench.serve_for(60);
        bench.swipe("TAG");
        bench.serve();
        bench.unplug();
        bench.serve();
        let events = bench.transaction_events();
        assert_eq!(events[0]["triggerReason"], "SignedDataReceived");
        let told = |event: &Value| {
            let value = &event["meterValue"][0]["sampledValue"][0];
            (value["value"].clone(), value["signedMeterValue"].clone())
        };
        let signed = |energy: u64| {
            let data = format!("c2lnbmVk{energy}");
            let signed =
                json!({"signedMeterData": data, "signingMethod": "", "encodingMethod": "OCMF", "publicKey": ""});
            (json!(energy), signed)
        };
        assert_eq!(told(&events[0]), signed(1000));
        let values: Vec<_> = events[1..].iter().filter(|event| event.get("meterValue").is_some()).map(told).collect();
        assert!(values.len() >= 2 && values.iter().all(|value| *value == signed(1500)), "{values:?}");
    }
}

/// C02.FR.01: nobody is asked, and the transaction tells that it needs no authorisation.
#[test]
fn start_button_begins_a_transaction_without_an_identifier() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[("AuthCacheCtrlr.Enabled", "true")]);
        bench.plug();
        bench.serve();
        bench.input(Input::Token { evse: Some(EVSE), token: IdToken::start_button() });
        bench.serve();
        assert!(bench.take("Authorize").is_empty());
        let events = bench.transaction_events();
        let told = events.iter().find(|event| event.get("idToken").is_some()).unwrap();
        assert_eq!(told["idToken"], json!({"idToken": "", "type": "NoAuthorization"}));
        assert!(!bench.image.entries.keys().any(|key| key.as_str().starts_with("cache")), "C02.FR.03");
    }
}
