//! Sessions while the station is offline, and events that the CSMS does not take (E04, E08, E11 to E13).

use super::*;

const OFFLINE: (&str, &str) = ("AuthCtrlr.OfflineTxForUnknownIdEnabled", "true");

fn offline_flags(events: &[Value]) -> Vec<bool> {
    events.iter().map(|event| event["offline"] == true).collect()
}

/// E04.FR.01 to E04.FR.03, E12 (A11, A12 of the field list): every event of the outage says so, and those before and after do not.
#[test]
fn events_of_an_outage_are_told_as_such() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[OFFLINE, ("SampledDataCtrlr.TxUpdatedInterval", "60")]);
        bench.start();
        let before = bench.transaction_events();
        assert!(offline_flags(&before).iter().all(|is_offline| !is_offline));
        bench.close();
        bench.energy_wh += 100;
        bench.wait(150);
        bench.connect();
        let during = bench.transaction_events();
        assert_eq!(during.len(), 2);
        assert_eq!(offline_flags(&during), [true, true]);
        bench.swipe("TAG");
        bench.serve();
        let after = bench.transaction_events();
        assert_eq!(offline_flags(&after), [false]);
        story::check(&[before, during, after].concat(), false);
    }
}

/// A whole session offline, and the power goes before the CSMS hears of it.
#[test]
fn offline_session_outlasts_the_power() {
    for version in EDITIONS {
        for cuts in [false, true] {
            let mut bench = Bench::accepted(version, &[OFFLINE, ("SampledDataCtrlr.TxUpdatedInterval", "60")]);
            bench.close();
            bench.start();
            bench.energy_wh += 5000;
            bench.wait(130);
            bench.swipe("TAG");
            bench.unplug();
            if cuts {
                bench = bench.cut();
            }
            bench.connect();
            let events = bench.transaction_events();
            assert_eq!(story::check(&events, false), 1);
            assert!(offline_flags(&events).iter().all(|is_offline| *is_offline));
            assert_eq!(words(&events[0]), "Started Authorized SuspendedEVSE");
            assert_eq!(story::registers(&events[0]), [("Transaction.Begin".to_string(), 1000.0)]);
            let end = events.last().unwrap();
            assert_eq!(story::registers(end), [("Transaction.End".to_string(), 6000.0)]);
        }
    }
}

/// E11.FR.07: what still waits when the connection goes is told as of offline.
#[test]
fn event_that_waits_when_the_link_goes_is_told_as_offline() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[("TxCtrlr.TxStartPoint", "EVConnected")]);
        bench.plug();
        bench.answer("StatusNotification", &json!({}));
        let (_, sent) = bench.call("TransactionEvent");
        assert_eq!(sent.get("offline"), None);
        bench.close();
        bench.connect();
        let events = bench.transaction_events();
        assert_eq!(offline_flags(&events[..1]), [true]);
        assert_eq!(events[0]["seqNo"], sent["seqNo"]);
    }
}

/// E13.FR.02 to E13.FR.04 (A14): the wait grows with each failure of this message, and after the last the next one has its turn.
#[test]
fn event_that_is_not_taken_is_sent_again_with_growing_waits_and_then_given_up() {
    for version in EDITIONS {
        let settings = [
            ("OCPPCommCtrlr.MessageAttempts[TransactionEvent]", "3"),
            ("OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]", "10"),
            ("TxCtrlr.TxStartPoint", "EVConnected"),
        ];
        let mut bench = Bench::accepted(version, &settings);
        bench.plug();
        bench.answer("StatusNotification", &json!({}));
        let mut times = Vec::new();
        for _ in 0..3 {
            while bench.sent.is_empty() {
                bench.wait(1);
            }
            let (id, event) = bench.call("TransactionEvent");
            assert_eq!(event["seqNo"], 0);
            times.push(bench.now);
            bench.frame(&json!([4, id, "InternalError", "", {}]));
        }
        assert_eq!(times, [0, 10_000, 30_000]);
        bench.unplug();
        bench.serve();
        let events = bench.transaction_events();
        assert_eq!(events.iter().map(|event| event["seqNo"].as_u64().unwrap()).collect::<Vec<_>>(), [1]);
        assert_eq!(events[0]["eventType"], "Ended");
    }
}

/// E04.FR.08, E11.FR.05 (A13): a full journal is thinned in the middle; begin, end and who charges are never dropped.
#[test]
fn long_outage_is_thinned_in_the_middle() {
    let mut config = config(&[Dialect::V2_0_1], &[OFFLINE, ("SampledDataCtrlr.TxUpdatedInterval", "60")]);
    config.limits.journal_samples = 10;
    let mut bench = Bench::boot(config, Dialect::V2_0_1, Image::default(), 0);
    bench.connect();
    bench.close();
    bench.start();
    for _ in 0..100 {
        bench.energy_wh += 10;
        bench.wait(60);
    }
    bench.swipe("TAG");
    bench.unplug();
    bench.connect();
    let events = bench.transaction_events();
    assert_eq!(story::check(&events, true), 1);
    assert_eq!((events.len(), words(&events[0])), (12, "Started Authorized SuspendedEVSE".to_string()));
    assert_eq!(events[0]["idToken"]["idToken"], "TAG");
    let numbers: Vec<u64> = events.iter().map(|event| event["seqNo"].as_u64().unwrap()).collect();
    let gaps: Vec<u64> = numbers.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| *gap < 30), "spread over the session: {numbers:?}");
}

/// What the CSMS answers may break its schema: the event was taken by being answered.
#[test]
fn broken_answer_takes_the_event_all_the_same() {
    let mut bench = Bench::accepted(Dialect::V2_0_1, &[("TxCtrlr.TxStartPoint", "EVConnected")]);
    bench.plug();
    bench.answer("StatusNotification", &json!({}));
    let (id, _) = bench.call("TransactionEvent");
    bench.frame(&json!([3, id, {"idTokenInfo": 7, "totalCost": "much"}]));
    bench.unplug();
    bench.serve();
    let events = bench.transaction_events();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["eventType"], "Ended");
}
