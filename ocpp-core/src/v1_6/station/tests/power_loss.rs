//! What becomes of a transaction that ran when the power failed.

use super::*;
use crate::station::AfterPowerLoss;
use core::time::Duration;

fn resuming() -> StationConfig {
    config(&[]).with(|config| config.policy.after_power_loss = AfterPowerLoss::Resume(Duration::from_secs(30)))
}

fn cut(start_answer: &Value) -> Bench {
    let mut bench = Bench::accepted(&[]);
    bench.start();
    bench.answer("StartTransaction", start_answer);
    let mut bench = Bench::with_config(bench.image.clone(), resuming());
    bench.energy_wh = 1100;
    bench
}

fn accepted() -> Value {
    json!({"transactionId": 5, "idTagInfo": {"status": "Accepted"}})
}

#[test]
fn transaction_goes_on_if_the_vehicle_is_still_there() {
    let mut bench = cut(&accepted());
    assert!(!bench.orders.contains(&EvseAction::Power(Power::On)), "not before the vehicle is seen");
    bench.plug();
    bench.charge();
    assert!(bench.orders.contains(&EvseAction::Power(Power::On)));
    bench.wait(5);
    bench.open();
    bench.boot("Accepted");
    bench.answer_all("StatusNotification", &json!({}));
    let values = bench.answer("MeterValues", &json!({}));
    let sample = &values["meterValue"][0]["sampledValue"][0];
    assert_eq!((&values["transactionId"], &sample["context"]), (&json!(5), &json!("Interruption.End")));
    bench.energy_wh = 2000;
    bench.wait(10);
    bench.swipe("TAG");
    let stop = bench.stop_request();
    assert_eq!(
        (&stop["reason"], &stop["transactionId"], &stop["meterStop"]),
        (&json!("Local"), &json!(5), &json!(2000))
    );
}

#[test]
fn transaction_ends_if_the_vehicle_is_gone_or_nothing_is_heard_of_it() {
    type Tells = fn(&mut Bench);
    let causes: [Tells; 3] =
        [|bench| bench.cable(Cable::Absent), |bench| bench.cable(Cable::Plugged), |bench| bench.wait(30)];
    for tells in causes {
        let mut bench = cut(&accepted());
        tells(&mut bench);
        bench.open();
        bench.boot("Accepted");
        assert_eq!(bench.stop_request()["reason"], "PowerLoss");
    }
}

/// A refusal is not forgotten with the power.
#[test]
fn refused_transaction_does_not_go_on() {
    let mut bench = Bench::accepted(&[("StopTransactionOnInvalidId", "false")]);
    bench.start();
    bench.answer("StartTransaction", &json!({"transactionId": 5, "idTagInfo": {"status": "Blocked"}}));
    let mut bench = Bench::with_config(bench.image.clone(), resuming());
    bench.plug();
    bench.charge();
    assert!(!bench.orders.contains(&EvseAction::Power(Power::On)));
}

#[test]
fn interrupted_transaction_can_be_stopped_by_its_token() {
    let mut bench = cut(&accepted());
    bench.swipe("TAG");
    bench.open();
    bench.boot("Accepted");
    assert_eq!(bench.stop_request()["reason"], "Local");
}

/// A profile that counts from the begin of the transaction goes on from there (1.6 §3.13, §7.9). While the time is not known,
/// or it never was when the transaction began, the lowest of its limits holds.
#[cfg(feature = "smart_charging")]
#[test]
fn relative_profile_goes_on_from_the_begin_of_the_transaction() {
    let periods: Vec<Value> = [(0, 16), (600, 8), (1_200, 10)]
        .iter()
        .map(|(start, limit)| json!({"startPeriod": start, "limit": limit}))
        .collect();
    let profile = json!({"connectorId": 1, "csChargingProfiles": {
        "chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": periods},
    }});
    let composite = json!({"connectorId": 1, "duration": 60, "chargingRateUnit": "A"});
    for (knew_the_time, is_delivered) in [(true, true), (true, false), (false, false)] {
        let mut config = resuming();
        config.policy.settings.push(("AllowOfflineTxForUnknownId".into(), "true".into()));
        let mut bench = Bench::with_config(Image::default(), config.clone()).online();
        assert_eq!(bench.request("SetChargingProfile", &profile)["status"], "Accepted");
        if !knew_the_time {
            bench = Bench::with_config(bench.image.clone(), config.clone());
        } else if !is_delivered {
            bench.input(Input::Link(LinkInput::Closed));
        }
        bench.plug();
        bench.swipe("TAG");
        if is_delivered {
            bench.answer_all("StatusNotification", &json!({}));
            bench.answer("Authorize", &json!({"idTagInfo": {"status": "Accepted"}}));
            bench.answer_all("StatusNotification", &json!({}));
            bench.answer("StartTransaction", &accepted());
        }
        bench.charge();
        bench.wait(900);
        let mut bench = Bench::with_config(bench.image.clone(), config);
        let milliamps = |bench: &Bench| match bench.limits.last() {
            Some((_, 1, Limit::Ac { milliamps, .. })) => *milliamps,
            other => panic!("{other:?}"),
        };
        bench.plug();
        bench.charge();
        assert_eq!(milliamps(&bench), 8_000, "the time is not known");
        bench.wait(10);
        bench.input(Input::Wall(wall(0) + chrono::TimeDelta::seconds(1_250)));
        assert_eq!(milliamps(&bench), if knew_the_time { 10_000 } else { 8_000 });
        bench.open();
        bench.boot_at(&(wall(0) + chrono::TimeDelta::seconds(1_250)).to_rfc3339());
        let schedule = bench.request("GetCompositeSchedule", &composite);
        let limit = &schedule["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"];
        assert_eq!(limit.as_f64(), Some(if knew_the_time { 10.0 } else { 8.0 }));
    }
}
