//! An end that was answered or shown is an end, whenever the power fails.

use super::*;
use crate::station::{AfterPowerLoss, Command, Lock, StopReason};
use core::time::Duration;

fn resuming(settings: &[(&str, &str)]) -> StationConfig {
    config(settings).with(|config| config.policy.after_power_loss = AfterPowerLoss::Resume(Duration::from_secs(30)))
}

/// A transaction that the CSMS knows as 77, at a contactor that does not open, so that its end takes a while.
fn charging(settings: &[(&str, &str)]) -> Bench {
    let mut bench = Bench::with_config(Image::default(), resuming(settings)).online();
    bench.start();
    bench.answer("StartTransaction", &json!({"transactionId": 77, "idTagInfo": {"status": "Accepted"}}));
    bench.charge();
    bench.answer_all("StatusNotification", &json!({}));
    bench.opens = false;
    bench
}

/// The station after a power cut that leaves what was stored by then; the vehicle is still there.
fn cut(bench: &Bench, settings: &[(&str, &str)]) -> Bench {
    let mut next = Bench::with_config(bench.image.clone(), resuming(settings));
    next.energy_wh = 1100;
    next.plug();
    next.charge();
    next
}

fn end_of(mut bench: Bench) -> Value {
    assert!(!bench.orders.contains(&EvseAction::Power(Power::On)), "energy flows again");
    bench.open();
    bench.boot("Accepted");
    bench.stop_request()["reason"].clone()
}

#[test]
fn end_that_was_accepted_or_shown_outlasts_a_power_cut() {
    type Ends = fn(&mut Bench);
    let causes: [(Ends, &str); 5] = [
        (
            |bench| {
                let answer = bench.request("RemoteStopTransaction", &json!({"transactionId": 77}));
                assert_eq!(answer["status"], "Accepted");
            },
            "Remote",
        ),
        (|bench| bench.swipe("TAG"), "Local"),
        (
            |bench| {
                let reason = StopReason::EmergencyStop;
                bench.input(Input::Command(Command::stop(EVSE, reason)));
            },
            "EmergencyStop",
        ),
        (|bench| bench.cable(Cable::Absent), "EVDisconnected"),
        (
            |bench| {
                let answer = bench.request("Reset", &json!({"type": "Soft"}));
                assert_eq!(answer["status"], "Accepted");
            },
            "SoftReset",
        ),
    ];
    for (ends, reason) in causes {
        let mut bench = charging(&[]);
        ends(&mut bench);
        assert_eq!(end_of(cut(&bench, &[])), reason);
        // Many boots in one outage.
        let mut again = cut(&bench, &[]);
        for _ in 0..5 {
            again = cut(&again, &[]);
        }
        assert_eq!(end_of(again), reason);
    }
}

#[test]
fn end_is_neither_answered_nor_shown_before_it_is_on_record() {
    let mut bench = charging(&[]);
    bench.confirms = false;
    bench.requests += 1;
    bench.frame(&json!([2, "stop", "RemoteStopTransaction", {"transactionId": 77}]));
    assert_eq!(bench.orders.last(), Some(&EvseAction::Power(Power::Off)), "the energy does not wait");
    assert_eq!(bench.sent, Vec::<Value>::new());
    assert!(!bench.events.iter().any(|event| event.contains("Finishing")));
    bench.confirm();
    bench.drain();
    assert_eq!(bench.take_answer(0)["status"], "Accepted");
    assert_eq!(bench.statuses(), ["1 Finishing"]);
}

#[test]
fn unlocked_is_answered_when_the_end_is_on_record() {
    let mut bench = charging(&[]);
    bench.opens = true;
    bench.confirms = false;
    bench.input(Input::Evse(EVSE, EvseInput::Lock(Lock::Locked)));
    bench.frame(&json!([2, "unlock", "UnlockConnector", {"connectorId": 1}]));
    bench.input(Input::Evse(EVSE, EvseInput::Contactor(Contactor::Open)));
    bench.wait(2);
    bench.input(Input::Evse(EVSE, EvseInput::Lock(Lock::Unlocked)));
    assert_eq!(bench.sent, Vec::<Value>::new());
    bench.confirm();
    bench.drain();
    assert_eq!(bench.take_answer(0)["status"], "Unlocked");
    assert_eq!(end_of(cut(&bench, &[])), "UnlockCommand");
}

/// 1.6 §3.5.4: the energy that a refused token may have was used up, and the transaction goes on without.
#[test]
fn energy_that_was_cut_off_does_not_come_back_with_the_power() {
    let settings = [("MaxEnergyOnInvalidId", "50"), ("StopTransactionOnInvalidId", "false")];
    let mut bench = Bench::with_config(Image::default(), resuming(&settings)).online();
    bench.start();
    bench.answer("StartTransaction", &json!({"transactionId": 77, "idTagInfo": {"status": "Blocked"}}));
    bench.charge();
    bench.energy_wh = 1060;
    bench.wait(30);
    assert_eq!(bench.orders.last(), Some(&EvseAction::Power(Power::Off)));
    let mut bench = cut(&bench, &settings);
    bench.wait(30);
    assert!(!bench.orders.contains(&EvseAction::Power(Power::On)));
    // Nothing of it is on record, and the meter has to say.
    let image = {
        let mut bench = Bench::with_config(Image::default(), resuming(&settings)).online();
        bench.start();
        bench.answer("StartTransaction", &json!({"transactionId": 77, "idTagInfo": {"status": "Blocked"}}));
        bench.image.clone()
    };
    for (meter_answers, energy_wh, is_given) in [(true, 1060, false), (false, 1010, false), (true, 1010, true)] {
        let mut bench = Bench::with_config(image.clone(), resuming(&settings));
        (bench.meter_answers, bench.energy_wh) = (meter_answers, energy_wh);
        bench.plug();
        bench.charge();
        bench.wait(8);
        assert_eq!(bench.orders.contains(&EvseAction::Power(Power::On)), is_given, "{energy_wh} Wh, {meter_answers}");
    }
}

/// A transaction whose token the CSMS refused has ended; the cable is held for its owner (1.6 §3.5.4, errata 3.5).
fn held() -> Bench {
    let mut bench = Bench::accepted(&[]);
    bench.start();
    bench.answer("StartTransaction", &json!({"transactionId": 77, "idTagInfo": {"status": "Blocked"}}));
    assert_eq!(bench.stop_request()["reason"], "DeAuthorized");
    bench
}

/// What the lock was ordered last.
fn lock(bench: &Bench) -> Option<Lock> {
    bench.orders.iter().rev().find_map(|order| match order {
        EvseAction::Lock(lock) => Some(*lock),
        EvseAction::Power(_)
        | EvseAction::Limit(_)
        | EvseAction::ReadMeter
        | EvseAction::Connector(..)
        | EvseAction::Reset => None,
    })
}

#[test]
fn held_cable_stays_held_over_power_cuts_and_no_stranger_starts_there() {
    let mut bench = held();
    for _ in 0..3 {
        bench = Bench::new(bench.image.clone(), &[("AllowOfflineTxForUnknownId", "true")]);
        bench.wait(5);
        assert!(!bench.orders.contains(&EvseAction::Lock(Lock::Unlocked)));
    }
    bench.plug();
    bench.swipe("OTHER");
    bench.wait(5);
    assert!(!bench.orders.contains(&EvseAction::Power(Power::On)));
    assert_eq!(lock(&bench), Some(Lock::Locked));
    bench.open();
    bench.boot("Accepted");
    assert_eq!(bench.statuses(), ["0 Available", "1 Finishing"]);
    bench.swipe("TAG");
    assert_eq!(lock(&bench), Some(Lock::Unlocked));
    let mut bench = Bench::new(bench.image.clone(), &[]);
    bench.plug();
    assert_eq!(lock(&bench), Some(Lock::Unlocked), "it was freed");
    bench.cable(Cable::Absent);
    assert!(bench.image.entry("end/1").is_none(), "nothing is left of it");
}

#[test]
fn held_cable_is_freed_by_unlock_and_not_by_reset() {
    let mut bench = held();
    assert_eq!(bench.request("Reset", &json!({"type": "Soft"}))["status"], "Accepted");
    bench.wait(5);
    let mut bench = Bench::new(bench.image.clone(), &[]).online();
    bench.plug();
    assert_eq!(lock(&bench), Some(Lock::Locked));
    assert_eq!(bench.request("UnlockConnector", &json!({"connectorId": 1}))["status"], "Unlocked");
    let mut bench = Bench::new(bench.image.clone(), &[]);
    bench.plug();
    assert_eq!(lock(&bench), Some(Lock::Unlocked));
}

/// Errata 3.20: a vehicle that stayed is none that waits for a driver.
#[test]
fn plug_that_stayed_is_finishing_also_after_a_power_cut() {
    let mut bench = Bench::running(&[]);
    bench.swipe("TAG");
    bench.stop_request();
    let mut bench = Bench::new(bench.image.clone(), &[]);
    bench.plug();
    bench.open();
    bench.boot("Accepted");
    assert_eq!(bench.statuses(), ["0 Available", "1 Finishing"]);
    bench.cable(Cable::Absent);
    assert_eq!(bench.statuses(), ["1 Available"]);
}

/// A station whose firmware tells only what changed: nothing at a socket is nothing there.
#[test]
fn plug_of_which_nothing_is_heard_after_a_power_cut_is_gone() {
    let mut bench = Bench::running(&[]);
    bench.swipe("TAG");
    bench.stop_request();
    let mut bench = Bench::new(bench.image.clone(), &[]).online();
    bench.wait(61);
    assert_eq!(bench.statuses(), ["1 Available"]);
}

/// With a reading at hand everything is ordered at once.
#[test]
fn plug_is_held_before_energy_flows() {
    let mut bench = Bench::accepted(&[]);
    bench.plug();
    bench.swipe("TAG");
    bench.answer_all("StatusNotification", &json!({}));
    bench.input(Input::Evse(EVSE, EvseInput::Meter(MeterReading::energy_wh(1000))));
    bench.orders.clear();
    bench.answer("Authorize", &json!({"idTagInfo": {"status": "Accepted"}}));
    assert_eq!(bench.orders, [EvseAction::Lock(Lock::Locked), EvseAction::Power(Power::On)]);
    bench.orders.clear();
    bench.swipe("TAG");
    bench.wait(3);
    assert_eq!(bench.orders, [EvseAction::Power(Power::Off), EvseAction::Lock(Lock::Unlocked)]);
}
