//! What becomes of a transaction that ran when the power failed.

use super::*;
use crate::station::AfterPowerLoss;
use core::time::Duration;

fn resuming() -> StationConfig {
    StationConfig { after_power_loss: AfterPowerLoss::Resume(Duration::from_secs(30)), ..config(&[]) }
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
