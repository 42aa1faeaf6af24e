//! Numbered events of transactions, from frames: recorded by their verdict, settled, and answered when both are durable.

use super::*;
use crate::csms::{ChargingState, Consumption, Finding, Place, StopReason, TriggerReason, Verdict};
use alloc::format;
use alloc::vec;

pub(super) const EDITIONS: [Dialect; 2] = [Dialect::V2_0_1, Dialect::V2_1];

/// An event of a transaction, at the minute of its number, with the register in Wh.
pub(super) fn event(kind: &str, seq_no: u32, wh: impl Into<Option<i64>>) -> Value {
    let timestamp = format!("2023-11-14T21:{seq_no:02}:00Z");
    let mut event = json!({
        "eventType": kind, "timestamp": timestamp, "triggerReason": "MeterValuePeriodic", "seqNo": seq_no,
        "transactionInfo": {"transactionId": "f1b2"},
    });
    if let Some(wh) = wh.into() {
        event["meterValue"] = json!([{"timestamp": timestamp, "sampledValue": [{"value": wh}]}]);
    }
    event
}

fn with(mut event: Value, more: Value) -> Value {
    let (Value::Object(event_members), Value::Object(more)) = (&mut event, more) else { panic!() };
    event_members.extend(more);
    event
}

impl Bench {
    /// An event, which is answered when it is durable, and what it is to what was known: a repeat is no fact.
    fn event(&mut self, event: &Value) -> Verdict {
        let known = self.facts.len();
        self.call("TransactionEvent", event.clone());
        self.store();
        assert_eq!(self.error(), None);
        match self.facts.get(known).map(|(_, fact)| fact) {
            Some(Fact::Settled(_)) | None => Verdict::Duplicate,
            Some(fact) => fact.verdict().unwrap(),
        }
    }

    /// What the facts say that the transaction comes to: what it consumed, and how many events are missing.
    fn bill(&self) -> Option<(Consumption, u64)> {
        self.facts.iter().rev().find_map(|(_, fact)| match fact {
            Fact::Settled(settled) => Some((settled.consumption, settled.missing)),
            Fact::Stopped(stopped) => Some((stopped.consumption, 0)),
            _ => None,
        })
    }

    /// A server that starts anew knows the same.
    fn check_replay(&self) {
        assert_eq!(SessionState::replay(&SessionConfig::default(), self.facts.clone()), self.session.state());
    }
}

use Verdict::{Applied, Duplicate, Gap, Orphan, Stale};

#[test]
fn events_are_judged_by_their_numbers() {
    let (started, ended) = (event("Started", 0, 100), event("Ended", 3, 190));
    let (one, two) = (event("Updated", 1, 130), event("Updated", 2, 160));
    for (events, verdicts, bill) in [
        // In their turn.
        (vec![&started, &one, &two, &ended], vec![Applied, Applied, Applied, Applied], 0),
        // Each twice.
        (
            vec![&started, &started, &one, &one, &two, &ended, &ended, &one],
            vec![Applied, Duplicate, Applied, Duplicate, Applied, Applied, Duplicate, Duplicate],
            0,
        ),
        // Out of order.
        (vec![&started, &two, &one, &ended], vec![Applied, Gap, Stale, Applied], 0),
        (vec![&ended, &two, &one, &started], vec![Orphan, Orphan, Orphan, Stale], 0),
        // A gap that stays, and one that is filled after the end: nothing revives the transaction.
        (vec![&started, &two, &ended], vec![Applied, Gap, Applied], 1),
        (vec![&started, &ended, &two, &one], vec![Applied, Gap, Stale, Stale], 0),
    ] {
        for dialect in EDITIONS {
            let mut bench = Bench::accepted_in(dialect);
            let judged: Vec<_> = events.iter().map(|event| bench.event(event)).collect();
            assert_eq!(judged, verdicts, "{dialect}: {events:?}");
            assert_eq!(bench.bill(), Some((Consumption::Wh(90), bill)), "{dialect}: {events:?}");
            bench.check_replay();
        }
    }
}

#[test]
fn the_end_of_a_transaction_whose_start_is_missing_is_kept_for_it() {
    let mut bench = Bench::accepted_in(Dialect::V2_0_1);
    assert_eq!(bench.event(&event("Updated", 4, 130)), Orphan);
    assert_eq!(bench.event(&event("Ended", 5, 160)), Orphan);
    assert_eq!(bench.event(&event("Ended", 5, 160)), Duplicate);
    assert!(matches!(bench.recorded().last(), Some(Fact::StopOrphaned(orphan)) if orphan.named.is_some()));
    assert_eq!(bench.bill(), None);
    bench.check_replay();
}

#[test]
fn a_second_end_contradicts_and_the_first_one_stays() {
    let mut bench = Bench::accepted_in(Dialect::V2_1);
    bench.event(&event("Started", 0, 100));
    bench.event(&event("Ended", 1, 160));
    bench.event(&event("Ended", 2, 990));
    assert!(matches!(bench.recorded().last(), Some(Fact::StopContradicted { .. })));
    assert_eq!(bench.event(&event("Ended", 2, 990)), Duplicate);
    assert_eq!(bench.bill(), Some((Consumption::Wh(60), 0)));
    bench.check_replay();
}

#[test]
fn a_register_that_starts_anew_is_found_and_not_billed() {
    let mut bench = Bench::accepted_in(Dialect::V2_0_1);
    bench.event(&event("Started", 0, 5000));
    bench.event(&event("Updated", 1, 12));
    assert_eq!(bench.facts.last().unwrap().1.findings(), [Finding::NonMonotonic]);
    bench.event(&event("Ended", 2, 700));
    assert_eq!(bench.facts.last().unwrap().1.findings(), [Finding::NonMonotonic]);
    assert_eq!(bench.bill(), Some((Consumption::NonMonotonic, 0)));
}

#[test]
fn registers_count_in_their_units_and_multipliers() {
    for (value, wh) in [
        (json!({"value": 1.25, "unitOfMeasure": {"unit": "kWh"}}), 1250),
        (json!({"value": 12.5, "unitOfMeasure": {"unit": "Wh", "multiplier": 2}}), 1250),
        (json!({"value": 1_250_000, "unitOfMeasure": {"multiplier": -3}}), 1250),
        (json!({"value": 1250.0, "measurand": "Energy.Active.Import.Register", "location": "Outlet"}), 1250),
    ] {
        let mut bench = Bench::accepted_in(Dialect::V2_1);
        bench.event(&event("Started", 0, 0));
        let mut ended = event("Ended", 1, 0);
        ended["meterValue"][0]["sampledValue"] = json!([
            {"value": 7, "measurand": "Power.Active.Import"}, {"value": 3, "phase": "L1"}, value,
        ]);
        bench.event(&ended);
        assert_eq!(bench.bill(), Some((Consumption::Wh(wh), 0)), "{value}");
    }
}

#[test]
fn everything_that_an_event_tells_is_recorded() {
    for dialect in EDITIONS {
        let mut bench = Bench::accepted_in(dialect);
        let signed = json!({"signedMeterData": "T0NNRg==", "signingMethod": "ECDSA", "encodingMethod": "OCMF",
            "publicKey": "oca:base64:asn1:abcd"});
        bench.call(
            "TransactionEvent",
            with(
                event("Started", 3, None),
                json!({
                    "triggerReason": "RemoteStart", "offline": true, "reservationId": 9,
                    "evse": {"id": 2, "connectorId": 1},
                    "idToken": {"idToken": "AB12", "type": "ISO14443",
                        "additionalInfo": [{"additionalIdToken": "bay 7", "type": "place"}]},
                    "transactionInfo": {"transactionId": "f1b2", "chargingState": "Charging", "remoteStartId": 77},
                    "meterValue": [{"timestamp": "2023-11-14T21:03:00+00:00", "sampledValue": [{
                        "value": 1.0e3, "context": "Transaction.Begin", "signedMeterValue": signed}]}],
                }),
            ),
        );
        let Some((_, Question::Authorize { token, transaction })) = bench.asked.last() else { panic!() };
        assert_eq!((token.as_str(), token.kind()), ("AB12", Some("ISO14443")));
        assert_eq!(token.additional_info().collect::<Vec<_>>(), [("place", "bay 7")]);
        assert_eq!(transaction.as_ref().unwrap().as_str(), "f1b2");
        let Some(Fact::Started(started)) = bench.recorded().last().copied() else { panic!() };
        assert_eq!((started.place, started.meter_start_wh), (Place::new(Some(2), Some(1)), Some(1000)));
        assert_eq!((started.reservation, started.token.as_ref().unwrap().as_str()), (Some(9), "AB12"));
        let told = &started.event;
        assert_eq!((told.seq_no, told.offline, told.remote_start), (Some(3), true, Some(77)));
        assert_eq!(
            (told.trigger, told.charging_state),
            (Some(TriggerReason::RemoteStart), Some(ChargingState::Charging))
        );
        let signed = started.samples[0].values[0].signed.as_ref().unwrap();
        assert_eq!((&*signed.data, signed.encoding_method.as_deref()), ("T0NNRg==", Some("OCMF")));
        bench.authorize(AuthorizationStatus::Accepted);
        bench.store();
        let ended = with(
            event("Ended", 4, 1100),
            json!({"transactionInfo": {"transactionId": "f1b2", "stoppedReason": "EVDisconnected"}}),
        );
        assert_eq!(bench.event(&ended), Applied);
        let Some(Fact::Stopped(stopped)) = bench.recorded().last().copied() else { panic!() };
        assert_eq!(stopped.report.stop_reason(), Some(StopReason::EvDisconnected));
        assert_eq!(bench.bill(), Some((Consumption::Wh(100), 0)));
        bench.check_replay();
    }
}

/// E03, E05, C01: who may stop it need not be who began it, and each is answered.
#[test]
fn every_token_of_a_transaction_has_its_verdict() {
    let token = |text: &str| json!({"idToken": {"idToken": text, "type": "ISO14443"}});
    let verdict = |bench: &Bench| bench.last()[2]["idTokenInfo"]["status"].clone();
    for dialect in EDITIONS {
        let mut bench = Bench::accepted_in(dialect);
        let (begin, end) = (with(event("Started", 0, 1), token("A")), with(event("Ended", 2, 5), token("B")));
        bench.call("TransactionEvent", begin.clone());
        bench.authorize(AuthorizationStatus::Accepted);
        bench.store();
        assert_eq!(verdict(&bench), "Accepted");
        bench.call("TransactionEvent", end.clone());
        bench.authorize(AuthorizationStatus::NoCredit);
        bench.store();
        assert_eq!(verdict(&bench), "NoCredit");
        // Both again, on another connection: the verdicts stay, and nobody is asked twice.
        let (asked, facts) = (bench.asked.len(), bench.facts.len());
        bench.close();
        bench.open_in(dialect);
        bench.call("TransactionEvent", begin);
        assert_eq!(verdict(&bench), "Accepted");
        bench.call("TransactionEvent", end);
        assert_eq!(verdict(&bench), "NoCredit");
        assert_eq!((bench.asked.len(), bench.facts.len()), (asked, facts));
        // Nobody need be asked about a start button (C02.FR.02).
        let mut button = with(event("Started", 0, 1), json!({"idToken": {"idToken": "", "type": "NoAuthorization"}}));
        button["transactionInfo"]["transactionId"] = json!("other");
        bench.call("TransactionEvent", button);
        bench.store();
        assert_eq!((verdict(&bench), bench.asked.len()), (json!("Accepted"), asked));
    }
}

#[test]
fn offline_events_are_recorded_as_such_and_fill_gaps_only() {
    let offline = |event| with(event, json!({"offline": true}));
    let mut bench = Bench::accepted_in(Dialect::V2_0_1);
    bench.event(&event("Started", 0, 100));
    // The station was offline, came back, and tells what is new before what is old.
    assert_eq!(bench.event(&event("Updated", 3, 190)), Gap);
    assert_eq!(bench.event(&event("Ended", 4, 200)), Applied);
    assert_eq!(bench.event(&offline(event("Updated", 1, 130))), Stale);
    assert_eq!(bench.event(&offline(event("Updated", 2, 160))), Stale);
    let Some(Fact::Updated(updated)) = bench.recorded().into_iter().rev().find(|fact| matches!(fact, Fact::Updated(_)))
    else {
        panic!()
    };
    assert!(updated.event.offline);
    assert_eq!(bench.bill(), Some((Consumption::Wh(100), 0)));
    // The same transaction as a whole after an outage, under the same numbers: nothing of it is new.
    for again in [event("Started", 0, 100), offline(event("Updated", 1, 130)), event("Ended", 4, 200)] {
        assert_eq!(bench.event(&again), Duplicate);
    }
    bench.check_replay();
}

#[test]
fn events_are_answered_when_they_and_what_they_settle_are_durable() {
    for dialect in EDITIONS {
        let mut bench = Bench::accepted_in(dialect);
        // The end comes first, and its driver is known by it.
        let token = json!({"idToken": {"idToken": "ABC", "type": "ISO14443"}});
        bench.call("TransactionEvent", with(event("Ended", 2, 160), token));
        bench.authorize(AuthorizationStatus::NoCredit);
        assert!(bench.sent.is_empty(), "not durable yet");
        bench.store();
        assert_eq!(bench.last()[2], json!({"idTokenInfo": {"status": "NoCredit"}}));
        // The begin settles it, with one event missing.
        bench.call("TransactionEvent", event("Started", 0, 100));
        let Some(Fact::Settled(settled)) = bench.recorded().last().copied() else { panic!("not settled") };
        assert_eq!((settled.consumption, settled.missing), (Consumption::Wh(60), 1));
        let sent = bench.sent.len();
        assert_eq!(bench.sent.len(), sent, "not durable yet");
        bench.store();
        assert_eq!(bench.last()[2], json!({}));
        bench.check_replay();
    }
}

/// The crash lies between the two: then the repeat of the event brings what it settles.
#[test]
fn what_is_settled_is_recorded_after_a_crash_between_it_and_its_event() {
    let mut bench = Bench::accepted_in(Dialect::V2_1);
    bench.event(&event("Ended", 1, 160));
    bench.call("TransactionEvent", event("Started", 0, 100));
    assert!(matches!(bench.recorded().last(), Some(Fact::Settled(_))));
    let durable = bench.facts[..bench.facts.len() - 1].to_vec();
    let state = SessionState::replay(&SessionConfig::default(), durable);
    let mut bench = Bench::on(Session::restore(SessionConfig::default(), 3, state));
    bench.open_in(Dialect::V2_1);
    bench.call("TransactionEvent", event("Started", 0, 100));
    assert!(matches!(bench.recorded()[..], [Fact::Settled(_)]));
    assert!(bench.sent.is_empty(), "not durable yet");
    bench.store();
    assert_eq!(bench.last()[2], json!({}));
}

/// The connection speaks another version in the middle of a transaction: it is one transaction still.
#[test]
fn a_transaction_that_began_in_1_6_ends_in_2_x() {
    for dialect in EDITIONS {
        let mut bench = Bench::accepted();
        bench.call("StartTransaction", start());
        bench.authorize(AuthorizationStatus::Accepted);
        bench.store();
        let number = bench.last()[2]["transactionId"].to_string();
        bench.close();
        bench.open_in(dialect);
        let named = |mut event: Value| {
            event["transactionInfo"]["transactionId"] = json!(number);
            event["timestamp"] = json!("2023-11-14T22:05:00Z");
            event
        };
        let token = json!({"idToken": {"idToken": "ABC", "type": "ISO14443"}});
        assert_eq!(bench.event(&named(event("Updated", 3, 130))), Applied);
        assert_eq!(bench.event(&named(event("Updated", 3, 130))), Duplicate);
        bench.call("TransactionEvent", with(named(event("Ended", 4, 160)), token.clone()));
        if bench.asked.len() > 2 {
            bench.authorize(AuthorizationStatus::Accepted);
        }
        bench.store();
        assert_eq!(bench.bill(), Some((Consumption::Wh(60), 0)));
        assert_eq!(bench.event(&named(event("Ended", 4, 160))), Duplicate);
        bench.check_replay();
    }
    // It ended in 1.6, and the answer was lost.
    let mut bench = Bench::accepted();
    bench.call("StartTransaction", start());
    bench.authorize(AuthorizationStatus::Accepted);
    bench.store();
    let number = bench.last()[2]["transactionId"].clone();
    let stop = json!({"transactionId": number, "meterStop": 150, "timestamp": "2023-11-14T22:10:00Z"});
    bench.call("StopTransaction", stop);
    bench.store();
    bench.close();
    bench.open_in(Dialect::V2_0_1);
    let mut ended = event("Ended", 4, 150);
    ended["transactionInfo"]["transactionId"] = json!(number.to_string());
    ended["timestamp"] = json!("2023-11-14T22:10:00Z");
    assert_eq!(bench.event(&ended), Duplicate);
}

#[test]
fn a_transaction_that_began_in_2_x_ends_in_1_6() {
    let mut bench = Bench::accepted_in(Dialect::V2_0_1);
    bench.event(&with(event("Started", 0, 100), json!({"evse": {"id": 1, "connectorId": 1}})));
    bench.close();
    bench.open();
    let values = json!([{"timestamp": "2023-11-14T22:01:00Z", "sampledValue": [{"value": "130"}]}]);
    bench.call("MeterValues", json!({"connectorId": 1, "transactionId": -1, "meterValue": values}));
    let Some(Fact::Sampled(samples)) = bench.recorded().last().copied() else { panic!() };
    assert!(matches!(&samples.attribution, crate::csms::Attribution::Inferred(name) if name.as_str() == "f1b2"));
    let stop = json!({"transactionId": -1, "meterStop": 160, "timestamp": "2023-11-14T22:10:00Z", "reason": "Local"});
    for _ in 0..2 {
        bench.call("StopTransaction", stop.clone());
        bench.store();
        assert_eq!(bench.error(), None);
    }
    assert_eq!(bench.bill(), Some((Consumption::Wh(60), 0)));
    let stops = bench.recorded().into_iter().filter(|fact| matches!(fact, Fact::Stopped(_) | Fact::StopOrphaned(_)));
    assert_eq!(stops.count(), 1);
    bench.check_replay();
}

/// A station that forgot its count over a restart gives a name again (against E01.FR.08): nothing of it is lost, and it is told the name that
/// it knows.
#[test]
fn a_transaction_under_a_used_name_is_billed_and_stopped_for_itself() {
    for dialect in EDITIONS {
        let mut bench = Bench::accepted_in(dialect);
        for (kind, seq_no, wh) in [("Started", 0, 100), ("Ended", 1, 160)] {
            assert_eq!(bench.event(&event(kind, seq_no, wh)), Applied);
        }
        let later = |kind: &str, seq_no: u32, wh: i64| {
            let mut event = event(kind, seq_no, wh);
            event["timestamp"] = json!(format!("2023-11-14T22:{seq_no:02}:00Z"));
            event
        };
        let begin = later("Started", 0, 500);
        assert_eq!((bench.event(&begin), bench.event(&begin)), (Applied, Duplicate));
        let Some((_, Fact::Started(started))) = bench.facts.iter().rev().find(|(_, fact)| fact.transaction().is_some())
        else {
            panic!("{:?}", bench.facts)
        };
        assert_eq!(started.findings, [Finding::NameReused]);
        let transaction = started.transaction.clone();
        assert_eq!(transaction.as_str(), "f1b2~1699999200");
        let command = crate::csms::Command::RemoteStop { transaction };
        bench.ok(Input::Command { id: CommandId(1), command });
        let call = bench.last();
        assert_eq!(call[3], json!({"transactionId": "f1b2"}));
        bench.frame(&json!([3, call[1], {"status": "Accepted"}]).to_string());
        bench.event(&later("Ended", 1, 520));
        assert_eq!(bench.bill(), Some((Consumption::Wh(20), 0)));
        bench.check_replay();
    }
}
