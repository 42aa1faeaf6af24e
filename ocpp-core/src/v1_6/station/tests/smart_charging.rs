//! Charging profiles: what is taken, what is kept, and which limits the hardware gets when.

use super::*;
use crate::station::{Supply, Wiring};

/// Seconds of the wall clock after which all tests begin, a whole minute.
const START: i64 = 1_700_000_040;

fn time(seconds: i64) -> String {
    DateTime::from_timestamp(START + seconds, 0).unwrap().to_rfc3339()
}

/// A profile with periods of (start, limit) in amperes, relative to the transaction.
fn profile(id: i32, purpose: &str, periods: &[(u32, f64)]) -> Value {
    let periods: Vec<Value> =
        periods.iter().map(|(start, limit)| json!({"startPeriod": start, "limit": limit})).collect();
    json!({
        "chargingProfileId": id, "stackLevel": 0, "chargingProfilePurpose": purpose, "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": periods},
    })
}

/// The profile from a second of the wall clock on.
fn from(start: i64, mut profile: Value) -> Value {
    profile["chargingProfileKind"] = json!("Absolute");
    profile["chargingSchedule"]["startSchedule"] = json!(time(start));
    profile
}

fn with(mut profile: Value, member: &str, value: Value) -> Value {
    profile[member] = value;
    profile
}

fn set(bench: &mut Bench, connector: u16, profile: &Value) -> Value {
    let answer = bench.request("SetChargingProfile", &json!({"connectorId": connector, "csChargingProfiles": profile}));
    if answer.is_string() { answer } else { answer["status"].clone() }
}

fn clear(bench: &mut Bench, filter: &Value) -> Value {
    bench.request("ClearChargingProfile", filter)["status"].clone()
}

/// The orders since the last look: second, EVSE, milliamperes.
fn limits(bench: &mut Bench) -> Vec<(u64, u16, u32)> {
    let taken = bench.limits.drain(..).map(|(at, evse, limit)| match limit {
        Limit::Ac { milliamps, .. } => (at / 1_000, evse, milliamps),
        Limit::Dc { .. } => panic!("{limit:?}"),
    });
    taken.collect()
}

/// An accepted station whose clock shows a whole minute, with so many connectors.
fn station(connectors: u16, settings: &[(&str, &str)]) -> Bench {
    let mut bench = Bench::with_config(Image::default(), config(settings).with_evses(connectors)).online();
    bench.input(Input::Wall(DateTime::from_timestamp(START, 0).unwrap()));
    bench
}

/// A transaction at a connector that the CSMS knows as 70 and the connector's number.
fn begin(bench: &mut Bench, evse: u16) {
    bench.input(Input::Evse(EvseId(evse), EvseInput::Cable(Cable::Connected)));
    bench.input(Input::Token { evse: Some(EvseId(evse)), token: IdToken::new("TAG") });
    bench.answer_all("StatusNotification", &json!({}));
    bench.answer("Authorize", &json!({"idTagInfo": {"status": "Accepted"}}));
    if evse != EVSE.0 {
        let reading = MeterReading::energy_wh(0);
        bench.input(Input::Evse(EvseId(evse), EvseInput::Meter(reading)));
    }
    bench.answer_all("StatusNotification", &json!({}));
    bench.answer("StartTransaction", &json!({"transactionId": 70 + evse, "idTagInfo": {"status": "Accepted"}}));
    bench.answer_all("StatusNotification", &json!({}));
}

fn end(bench: &mut Bench) {
    bench.cable(Cable::Absent);
    bench.stop_request();
}

#[test]
fn profile_is_answered_when_it_is_durable() {
    let mut bench = station(1, &[]);
    bench.confirms = false;
    let request = json!({"connectorId": 1, "csChargingProfiles": profile(1, "TxDefaultProfile", &[(0, 10.0)])});
    bench.frame(&json!([2, "s", "SetChargingProfile", request]));
    assert_eq!(bench.sent, Vec::<Value>::new());
    bench.confirm();
    bench.drain();
    assert_eq!(bench.sent.remove(0), json!([3, "s", {"status": "Accepted"}]));
    bench.frame(&json!([2, "c", "ClearChargingProfile", {"id": 1}]));
    assert_eq!(bench.sent, Vec::<Value>::new());
    bench.confirm();
    bench.drain();
    assert_eq!(bench.sent.remove(0), json!([3, "c", {"status": "Accepted"}]));
}

#[test]
fn default_profile_limits_each_transaction_from_before_its_first_ampere() {
    let mut bench = station(1, &[("MeterValueSampleInterval", "0")]);
    assert_eq!(set(&mut bench, 0, &profile(1, "TxDefaultProfile", &[(0, 10.0), (100, 16.0), (150, 40.0)])), "Accepted");
    assert_eq!(limits(&mut bench), [], "nothing charges");
    bench.wait(100);
    for _ in 0..2 {
        let from = bench.now / 1_000;
        bench.orders.clear();
        begin(&mut bench, 1);
        let expected = [EvseAction::Limit(Limit::Ac { milliamps: 10_000, phases: 3 }), EvseAction::Power(Power::On)];
        bench.orders.retain(|order| !matches!(order, EvseAction::Lock(_)));
        assert_eq!(bench.orders, expected);
        bench.wait(200);
        // 40 A are more than the wiring allows.
        assert_eq!(limits(&mut bench), [(from, 1, 10_000), (from + 100, 1, 16_000), (from + 150, 1, 32_000)]);
        end(&mut bench);
        bench.sent.clear();
    }
}

/// 1.6 §4.9: no energy because of a charging profile.
#[test]
fn limit_below_what_a_vehicle_can_take_suspends_the_transaction() {
    let mut bench = station(1, &[]);
    set(&mut bench, 1, &profile(1, "TxDefaultProfile", &[(0, 16.0), (60, 5.9), (120, 0.0), (180, 6.0)]));
    begin(&mut bench, 1);
    bench.charge();
    bench.answer_all("StatusNotification", &json!({}));
    bench.orders.clear();
    bench.wait(60);
    let off = [EvseAction::Limit(Limit::Ac { milliamps: 0, phases: 3 }), EvseAction::Power(Power::Off)];
    assert_eq!(bench.orders, off);
    bench.sent.retain(|frame| frame[2] == "StatusNotification");
    assert_eq!(bench.statuses().last().map(String::as_str), Some("1 SuspendedEVSE"));
    bench.orders.clear();
    bench.wait(120);
    let on = [EvseAction::Limit(Limit::Ac { milliamps: 6_000, phases: 3 }), EvseAction::Power(Power::On)];
    assert_eq!(bench.orders, on);
}

/// 1.6 §5.16.2; known to be got wrong: never applied, or never deleted.
#[test]
fn profile_of_a_remote_start_governs_its_transaction_and_goes_with_it() {
    for authorizes in ["false", "true"] {
        let mut bench = station(1, &[("AuthorizeRemoteTxRequests", authorizes)]);
        bench.plug();
        let start = json!({"idTag": "TAG", "connectorId": 1, "chargingProfile": profile(5, "TxProfile", &[(0, 8.0)])});
        assert_eq!(bench.request("RemoteStartTransaction", &start)["status"], "Accepted");
        bench.answer_all("StatusNotification", &json!({}));
        if authorizes == "true" {
            assert_eq!(limits(&mut bench), []);
            bench.answer("Authorize", &json!({"idTagInfo": {"status": "Accepted"}}));
        }
        bench.answer_all("StatusNotification", &json!({}));
        bench.answer("StartTransaction", &json!({"transactionId": 71, "idTagInfo": {"status": "Accepted"}}));
        assert_eq!(limits(&mut bench), [(0, 1, 8_000)]);

        // One of the same level for the transaction takes its place, one of another level comes beside it.
        let higher = with(profile(6, "TxProfile", &[(0, 9.0)]), "stackLevel", json!(1));
        assert_eq!(set(&mut bench, 1, &with(higher, "transactionId", json!(71))), "Accepted");
        let same = with(profile(7, "TxProfile", &[(0, 7.0)]), "transactionId", json!(71));
        assert_eq!(set(&mut bench, 1, &same), "Accepted");
        assert_eq!(clear(&mut bench, &json!({"id": 5})), "Unknown", "it was replaced");
        assert_eq!(clear(&mut bench, &json!({"id": 6})), "Accepted");
        assert_eq!(limits(&mut bench), [(0, 1, 9_000), (0, 1, 7_000)]);

        end(&mut bench);
        assert!(!bench.image.entries.keys().any(|key| key.as_str().starts_with("profile/")), "{:?}", bench.image);
        begin(&mut bench, 1);
        assert_eq!(limits(&mut bench), [(0, 1, 32_000)]);
    }
}

#[test]
fn profile_of_a_remote_start_that_comes_to_nothing_is_dropped() {
    type Failure = fn(&mut Bench);
    let failures: [(&str, Failure); 4] = [
        ("refused", |bench| {
            bench.answer("Authorize", &json!({"idTagInfo": {"status": "Blocked"}}));
        }),
        ("nobody came", |bench| {
            bench.answer("Authorize", &json!({"idTagInfo": {"status": "Accepted"}}));
            bench.wait(121);
        }),
        ("link lost", |bench| {
            bench.input(Input::Link(LinkInput::Closed));
            bench.open();
        }),
        ("taken back", |bench| {
            bench.answer("Authorize", &json!({"idTagInfo": {"status": "Accepted"}}));
            bench.swipe("REMOTE");
        }),
    ];
    for (failure, fail) in failures {
        let mut bench = station(1, &[("MaxChargingProfilesInstalled", "1")]);
        let start =
            json!({"idTag": "REMOTE", "connectorId": 1, "chargingProfile": profile(5, "TxProfile", &[(0, 8.0)])});
        assert_eq!(bench.request("RemoteStartTransaction", &start)["status"], "Accepted");
        let other = profile(1, "TxDefaultProfile", &[(0, 20.0)]);
        assert_eq!(set(&mut bench, 1, &other), "Rejected", "its place is taken");
        fail(&mut bench);
        assert_eq!(set(&mut bench, 1, &other), "Accepted", "{failure}: its place is free");
    }
}

/// The other driver was faster.
#[test]
fn profile_of_a_remote_start_does_not_limit_the_transaction_of_another_token() {
    let mut bench = station(1, &[("AuthorizeRemoteTxRequests", "true"), ("LocalPreAuthorize", "true")]);
    let list = json!([{"idTag": "TAG", "idTagInfo": {"status": "Accepted"}}]);
    bench.request("SendLocalList", &json!({"listVersion": 1, "updateType": "Full", "localAuthorizationList": list}));
    bench.plug();
    bench.answer_all("StatusNotification", &json!({}));
    let start = json!({"idTag": "REMOTE", "connectorId": 1, "chargingProfile": profile(5, "TxProfile", &[(0, 8.0)])});
    assert_eq!(bench.request("RemoteStartTransaction", &start)["status"], "Accepted");
    bench.swipe("TAG");
    bench.answer("Authorize", &json!({"idTagInfo": {"status": "Accepted"}}));
    bench.answer_all("StatusNotification", &json!({}));
    bench.answer("StartTransaction", &json!({"transactionId": 71, "idTagInfo": {"status": "Accepted"}}));
    assert_eq!(limits(&mut bench), []);
}

#[test]
fn remote_start_with_a_profile_that_breaks_a_rule_is_rejected() {
    let mut bench = station(1, &[]);
    let wrong = [
        ("InvalidProfile", profile(5, "TxDefaultProfile", &[(0, 8.0)])),
        ("InvalidProfile", with(profile(5, "TxProfile", &[(0, 8.0)]), "transactionId", json!(4))),
        ("InvalidValue", with(profile(5, "TxProfile", &[(0, 8.0)]), "stackLevel", json!(-1))),
    ];
    for (cause, profile) in wrong {
        let start = json!({"idTag": "TAG", "connectorId": 1, "chargingProfile": profile});
        assert_eq!(bench.request("RemoteStartTransaction", &start)["status"], "Rejected", "{profile}");
        let told = bench.events.pop();
        assert!(
            told.is_some_and(|event| event.starts_with(&format!("ProfileRefused {{ cause: {cause},"))),
            "{profile}"
        );
    }
    bench.wait(10);
    assert_eq!(bench.sent, Vec::<Value>::new(), "nothing is authorized");
}

/// 1.6 §3.13.1, §5.16.4, §9.4, errata 3.39; known to be got wrong: a TxProfile without a transaction.
#[test]
fn profiles_that_break_a_rule_are_refused() {
    let mut bench = station(2, &[("MaxChargingProfilesInstalled", "2"), ("ChargeProfileMaxStackLevel", "3")]);
    let tx = profile(1, "TxProfile", &[(0, 8.0)]);
    assert_eq!(set(&mut bench, 1, &tx), "Rejected");
    begin(&mut bench, 1);
    assert_eq!(set(&mut bench, 2, &tx), "Rejected", "it runs elsewhere");
    assert_eq!(set(&mut bench, 0, &tx), "Rejected");
    assert_eq!(set(&mut bench, 1, &with(tx.clone(), "transactionId", json!(72))), "Rejected");
    assert_eq!(set(&mut bench, 3, &tx), "PropertyConstraintViolation");
    assert_eq!(set(&mut bench, 1, &with(tx.clone(), "stackLevel", json!(-1))), "PropertyConstraintViolation");
    assert_eq!(set(&mut bench, 1, &with(tx.clone(), "chargingProfileKind", json!("Odd"))), "Rejected");
    assert_eq!(set(&mut bench, 1, &with(tx.clone(), "stackLevel", json!(4))), "Rejected");
    assert_eq!(set(&mut bench, 1, &profile(1, "ChargePointMaxProfile", &[(0, 8.0)])), "Rejected");
    assert_eq!(set(&mut bench, 1, &profile(1, "TxDefaultProfile", &[(10, 8.0)])), "Rejected");
    assert_eq!(limits(&mut bench), []);
    assert_eq!(set(&mut bench, 1, &with(tx, "transactionId", json!(71))), "Accepted");
    assert_eq!(set(&mut bench, 2, &profile(2, "TxDefaultProfile", &[(0, 8.0)])), "Accepted");
    assert_eq!(set(&mut bench, 0, &profile(3, "ChargePointMaxProfile", &[(0, 8.0)])), "Rejected", "two are installed");

    let mut bench = station(1, &[("ChargingScheduleAllowedChargingRateUnit", "Power")]);
    assert_eq!(set(&mut bench, 1, &profile(1, "TxDefaultProfile", &[(0, 8.0)])), "Rejected");
}

#[test]
fn profiles_that_are_over_make_room() {
    let mut bench = station(1, &[("MaxChargingProfilesInstalled", "1")]);
    let brief = with(profile(1, "TxDefaultProfile", &[(0, 8.0)]), "validTo", json!(time(60)));
    assert_eq!(set(&mut bench, 1, &brief), "Accepted");
    let next = with(profile(2, "TxDefaultProfile", &[(0, 8.0)]), "stackLevel", json!(1));
    assert_eq!(set(&mut bench, 1, &next), "Rejected");
    bench.wait(60);
    assert_eq!(set(&mut bench, 1, &next), "Accepted");
}

/// Errata 3.37; known to be got wrong: defaults of other connectors dropped on a reboot.
#[test]
fn all_but_the_profiles_of_transactions_survive_a_reboot() {
    let mut bench = station(2, &[]);
    set(&mut bench, 0, &profile(1, "ChargePointMaxProfile", &[(0, 60.0)]));
    set(&mut bench, 1, &profile(2, "TxDefaultProfile", &[(0, 10.0)]));
    set(&mut bench, 2, &profile(3, "TxDefaultProfile", &[(0, 20.0)]));
    begin(&mut bench, 1);
    set(&mut bench, 1, &profile(4, "TxProfile", &[(0, 7.0)]));
    assert_eq!(limits(&mut bench).last(), Some(&(0, 1, 7_000)));

    let mut bench = Bench::with_config(bench.image.clone(), config(&[]).with_evses(2)).online();
    bench.stop_request();
    begin(&mut bench, 1);
    begin(&mut bench, 2);
    assert_eq!(limits(&mut bench), [(0, 1, 10_000), (0, 2, 20_000)]);
    assert_eq!(clear(&mut bench, &json!({"id": 4})), "Unknown");
    assert_eq!(clear(&mut bench, &json!({"id": 1})), "Accepted");
}

/// Each prefix of the operations leaves the old profile in force or the new one.
#[test]
fn cut_while_a_profile_is_replaced_leaves_one_of_the_two() {
    let default = |id, limit| profile(id, "TxDefaultProfile", &[(0, limit)]);
    let replacements = [
        (default(9, 10.0), default(2, 20.0)),
        (default(2, 10.0), default(9, 20.0)),
        (default(9, 10.0), with(default(9, 20.0), "stackLevel", json!(1))),
    ];
    for (old, new) in replacements {
        let mut bench = station(1, &[]);
        assert_eq!(set(&mut bench, 1, &old), "Accepted");
        bench.confirms = false;
        bench.frame(&json!([2, "x", "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": new}]));
        for survive in 0..=bench.unconfirmed.len() {
            let mut image = bench.image.clone();
            bench.unconfirmed.iter().take(survive).for_each(|(_, op)| image.apply(op));
            let mut after = Bench::new(image, &[]).online();
            begin(&mut after, 1);
            let expected = if survive == 0 { 10_000 } else { 20_000 };
            assert_eq!(limits(&mut after), [(0, 1, expected)], "{survive} operations survive");
            let left = after.image.entries.keys().filter(|key| key.as_str().starts_with("profile/")).count();
            assert_eq!(left, 1, "what was replaced is tidied up");
        }
    }
}

/// 1.6 §3.13.3; known to be got wrong: granted in full to each connector.
#[test]
fn station_maximum_is_shared_by_the_connectors_that_charge() {
    let mut bench = station(3, &[]);
    set(&mut bench, 0, &profile(1, "ChargePointMaxProfile", &[(0, 20.0)]));
    begin(&mut bench, 1);
    assert_eq!(limits(&mut bench), [(0, 1, 20_000)]);
    begin(&mut bench, 2);
    assert_eq!(limits(&mut bench), [(0, 1, 10_000), (0, 2, 10_000)]);
    begin(&mut bench, 3);
    assert_eq!(limits(&mut bench), [(0, 1, 6_666), (0, 2, 6_666), (0, 3, 6_666)]);
    let fault = crate::station::Fault {
        code: crate::station::FaultCode::GroundFailure,
        is_blocking: true,
        info: None,
        vendor_error_code: None,
        vendor_id: None,
    };
    bench.input(Input::Evse(EvseId(3), EvseInput::Fault(fault)));
    assert_eq!(limits(&mut bench), [(0, 1, 10_000), (0, 2, 10_000)], "who cannot charge has no share");
    set(&mut bench, 0, &profile(1, "ChargePointMaxProfile", &[(0, 10.0)]));
    assert_eq!(limits(&mut bench), [(0, 2, 0)], "6 A for each are too much");
    end(&mut bench);
    assert_eq!(limits(&mut bench), [(0, 2, 10_000)]);
}

#[test]
fn limits_follow_a_clock_that_steps() {
    let mut bench = station(1, &[]);
    set(&mut bench, 1, &from(600, profile(1, "TxDefaultProfile", &[(0, 10.0), (600, 20.0)])));
    set(&mut bench, 0, &profile(2, "ChargePointMaxProfile", &[(0, 30.0)]));
    begin(&mut bench, 1);
    assert_eq!(limits(&mut bench), [(0, 1, 30_000)]);
    let step =
        |bench: &mut Bench, seconds| bench.input(Input::Wall(DateTime::from_timestamp(START + seconds, 0).unwrap()));
    step(&mut bench, 590);
    bench.wait(10);
    assert_eq!(limits(&mut bench), [(10, 1, 10_000)], "ten seconds earlier than it was");
    step(&mut bench, 1_300);
    assert_eq!(limits(&mut bench), [(10, 1, 20_000)]);
    step(&mut bench, 0);
    assert_eq!(limits(&mut bench), [(10, 1, 30_000)], "back to before its start");
    bench.wait(600);
    assert_eq!(limits(&mut bench), [(610, 1, 10_000)]);
}

/// What counts from the start of a transaction is not moved by the clock.
#[test]
fn relative_profile_is_not_moved_by_the_clock() {
    let mut bench = station(1, &[]);
    set(&mut bench, 1, &profile(1, "TxDefaultProfile", &[(0, 10.0), (600, 20.0)]));
    begin(&mut bench, 1);
    bench.wait(300);
    bench.input(Input::Wall(DateTime::from_timestamp(START + 90_000, 0).unwrap()));
    bench.wait(400);
    assert_eq!(limits(&mut bench), [(0, 1, 10_000), (600, 1, 20_000)]);
}

#[test]
fn without_the_time_relative_profiles_hold_and_the_station_keeps_to_its_lowest_limit() {
    let mut bench = station(1, &[("AllowOfflineTxForUnknownId", "true")]);
    let max = profile(1, "ChargePointMaxProfile", &[(0, 25.0), (7_200, 22.0), (9_000, 30.0)]);
    set(&mut bench, 0, &from(-3_600, max));
    set(&mut bench, 1, &profile(2, "TxDefaultProfile", &[(0, 31.0), (600, 10.0)]));
    set(&mut bench, 1, &with(from(-3_600, profile(3, "TxDefaultProfile", &[(0, 7.0)])), "stackLevel", json!(1)));

    let mut bench = Bench::new(bench.image.clone(), &[("AllowOfflineTxForUnknownId", "true")]);
    bench.plug();
    bench.swipe("TAG");
    bench.wait(700);
    assert_eq!(limits(&mut bench), [(0, 1, 22_000), (600, 1, 10_000)]);
    bench.input(Input::Wall(DateTime::from_timestamp(START, 0).unwrap()));
    assert_eq!(limits(&mut bench), [(700, 1, 7_000)], "now the other one is known to be in force");
}

/// 1.6 §5.7.
#[test]
fn composite_schedule_is_the_lowest_of_the_purposes() {
    let mut bench = station(1, &[]);
    begin(&mut bench, 1);
    set(&mut bench, 0, &from(-10, profile(1, "ChargePointMaxProfile", &[(0, 10.0)])));
    let mut default = from(-10, profile(2, "TxDefaultProfile", &[(0, 6.0)]));
    default["chargingSchedule"]["duration"] = json!(300);
    set(&mut bench, 1, &default);
    let mut own = from(-10, profile(3, "TxProfile", &[(0, 8.0), (60, 12.0), (210, 6.0)]));
    own["chargingSchedule"]["duration"] = json!(260);
    set(&mut bench, 1, &with(own, "transactionId", json!(71)));
    let ask = json!({"connectorId": 1, "duration": 400, "chargingRateUnit": "A"});
    let period = |start, limit| json!({"startPeriod": start, "limit": limit, "numberPhases": 3});
    // The default comes back for the seconds that its own profile leaves out.
    let periods = [period(0, 8), period(50, 10), period(200, 6), period(290, 10)];
    assert_eq!(
        bench.request("GetCompositeSchedule", &ask),
        json!({"status": "Accepted", "connectorId": 1, "scheduleStart": time(0).replace("+00:00", "Z"),
               "chargingSchedule": {"duration": 400, "chargingRateUnit": "A", "chargingSchedulePeriod": periods}})
    );
    let watts =
        bench.request("GetCompositeSchedule", &json!({"connectorId": 0, "duration": 1, "chargingRateUnit": "W"}));
    assert_eq!(watts["chargingSchedule"]["chargingSchedulePeriod"], json!([period(0, 5_520)]));
    let unasked = bench.request("GetCompositeSchedule", &json!({"connectorId": 1, "duration": 0}));
    assert_eq!(unasked["chargingSchedule"]["chargingRateUnit"], "A");
}

#[test]
fn composite_schedule_that_cannot_be_told_is_rejected() {
    let mut bench = station(1, &[("ChargingScheduleAllowedChargingRateUnit", "Power")]);
    let rejected = json!({"status": "Rejected"});
    for (connector, duration, unit) in [(2, 10, "W"), (-1, 10, "W"), (1, -10, "W"), (1, 10, "A")] {
        let ask = json!({"connectorId": connector, "duration": duration, "chargingRateUnit": unit});
        assert_eq!(bench.request("GetCompositeSchedule", &ask), rejected, "{ask}");
    }
    let told = bench.request("GetCompositeSchedule", &json!({"connectorId": 1, "duration": 10}));
    assert_eq!(told["chargingSchedule"]["chargingRateUnit"], "W", "the one that is allowed");

    let mut bench = Bench::with_config(
        Image::default(),
        config(&[]).with(|config| config.policy.clock = crate::time::ClockPolicy::Never),
    );
    bench.open();
    bench.boot("Accepted");
    bench.answer_all("StatusNotification", &json!({}));
    let ask = json!({"connectorId": 1, "duration": 10});
    assert_eq!(bench.request("GetCompositeSchedule", &ask), rejected, "without the time");
}

/// 1.6 §5.5, errata 3.25: all that matches.
#[test]
fn profiles_are_cleared_by_what_the_request_says() {
    let mut bench = station(2, &[]);
    let install = |bench: &mut Bench| {
        set(bench, 0, &profile(1, "ChargePointMaxProfile", &[(0, 30.0)]));
        set(bench, 1, &profile(2, "TxDefaultProfile", &[(0, 10.0)]));
        set(bench, 2, &with(profile(3, "TxDefaultProfile", &[(0, 10.0)]), "stackLevel", json!(2)));
    };
    let filters = [
        (json!({"id": 2}), 1),
        (json!({"connectorId": 2}), 1),
        (json!({"chargingProfilePurpose": "TxDefaultProfile"}), 2),
        (json!({"stackLevel": 0}), 2),
        (json!({"stackLevel": 0, "connectorId": 1}), 1),
        (json!({"id": 2, "connectorId": 2}), 0),
        (json!({"id": 1_i64 << 40}), 0),
        (json!({"connectorId": -1}), 0),
        (json!({}), 3),
    ];
    for (filter, count) in filters {
        install(&mut bench);
        let expected = if count > 0 { "Accepted" } else { "Unknown" };
        assert_eq!(clear(&mut bench, &filter), expected, "{filter}");
        let left = bench.image.entries.keys().filter(|key| key.as_str().starts_with("profile/")).count();
        assert_eq!(left, 3 - count, "{filter}");
    }
    begin(&mut bench, 1);
    set(&mut bench, 1, &profile(2, "TxDefaultProfile", &[(0, 10.0)]));
    clear(&mut bench, &json!({}));
    assert_eq!(limits(&mut bench), [(0, 1, 10_000), (0, 1, 32_000)], "at once");
}

#[test]
fn direct_current_is_limited_in_watts() {
    let supply = Supply::Dc { millivolts: 400_000, max_milliwatts: 50_000_000 };
    let mut config = config(&[]);
    config.hardware.wiring = Wiring { supply, ..Wiring::default() };
    let mut bench = Bench::with_config(Image::default(), config).online();
    let mut watts = profile(1, "TxDefaultProfile", &[(0, 20_000.5)]);
    watts["chargingSchedule"]["chargingRateUnit"] = json!("W");
    assert_eq!(set(&mut bench, 1, &watts), "Accepted");
    begin(&mut bench, 1);
    assert_eq!(bench.limits, [(0, 1, Limit::Dc { milliwatts: 20_000_500 })]);
}

#[test]
fn fewer_phases_are_told_to_the_hardware() {
    let mut bench = station(1, &[]);
    let mut single = profile(1, "TxDefaultProfile", &[(0, 3_680.0)]);
    single["chargingSchedule"]["chargingRateUnit"] = json!("W");
    single["chargingSchedule"]["chargingSchedulePeriod"][0]["numberPhases"] = json!(1);
    set(&mut bench, 1, &single);
    begin(&mut bench, 1);
    assert_eq!(bench.limits, [(0, 1, Limit::Ac { milliamps: 16_000, phases: 1 })]);
}

/// 1.6 §9.4, §3.13.5.
#[test]
fn capabilities_are_told() {
    let mut bench = station(1, &[]);
    let keys = [
        ("ChargeProfileMaxStackLevel", "10"),
        ("ChargingScheduleAllowedChargingRateUnit", "Current,Power"),
        ("ChargingScheduleMaxPeriods", "48"),
        ("ConnectorSwitch3to1PhaseSupported", "false"),
        ("MaxChargingProfilesInstalled", "10"),
    ];
    for (key, value) in keys {
        let told = bench.request("GetConfiguration", &json!({"key": [key]}));
        assert_eq!(told["configurationKey"], json!([{"key": key, "readonly": true, "value": value}]));
        let change = json!({"key": key, "value": value});
        assert_eq!(bench.request("ChangeConfiguration", &change)["status"], "Rejected");
    }
    let told = bench.request("GetConfiguration", &json!({"key": ["SupportedFeatureProfiles"]}));
    assert!(told["configurationKey"][0]["value"].as_str().unwrap().contains("SmartCharging"));
}
