//! Stores of earlier releases stay readable.

use super::*;
use crate::station::AfterPowerLoss;
use core::time::Duration;

/// What a station had stored before tokens had types and transactions names: a session at EVSE 1 that the CSMS knows, one of the
/// time without a link at EVSE 2 that ended, a reservation of EVSE 3, a list and a cache.
const PLAIN_TOKENS: &str = r#"{
    "entries": {
        "boot": "012001",
        "cache/0": "0124063034413246330000010547524f555001",
        "clock": "013301016480d8ee96ef6600",
        "end/2": "01148180808010010401064c697374656400",
        "list": "0125030101",
        "list/1/0": "012602064c6973746564010000010547726f75700342616401040000",
        "registered": "01",
        "reservation/3": "01230a054775657374010647524f55503280e897918367",
        "tx/4294967296": "01110106303441324633010547524f5550f8b7e204010e010547524f5550000094e2ee96ef6600f8b7e2040094e2ee96ef6600"
    },
    "logs": {
        "Transactions": {
            "4294967297": "010102064c6973746564010547726f757000e0eaee96ef66c4c0e2040000",
            "4294967298": "0103818080801000f0edee96ef66d4c3e2040401064c697374656400"
        }
    }
}"#;

fn restored(image: &str) -> Bench {
    let image: Image = serde_json::from_str(image).unwrap();
    let settings = [("LocalAuthListEnabled", "true"), ("AuthorizationCacheEnabled", "true")];
    let after_power_loss = AfterPowerLoss::Resume(Duration::from_secs(30));
    Bench::with_config(
        image,
        config(&settings).with(|config| config.policy.after_power_loss = after_power_loss).with_evses(3),
    )
}

#[test]
fn store_of_plain_tokens_is_read() {
    let mut bench = restored(PLAIN_TOKENS);
    assert!(!bench.events.iter().any(|event| event.contains("RecordSkipped")), "{:?}", bench.events);
    bench.energy_wh = 5100;
    bench.plug();
    bench.charge();
    bench.open();
    bench.boot("Accepted");
    bench.answer_all("StatusNotification", &json!({}));
    let start = bench.answer("StartTransaction", &json!({"transactionId": 8, "idTagInfo": {"status": "Accepted"}}));
    assert_eq!(
        (&start["connectorId"], &start["idTag"], &start["meterStart"]),
        (&json!(2), &json!("Listed"), &json!(5001))
    );
    bench.wait(3);
    bench.answer_all("StatusNotification", &json!({}));
    bench.answer_all("MeterValues", &json!({}));
    let stop = bench.answer("StopTransaction", &json!({}));
    assert_eq!(
        (&stop["transactionId"], &stop["idTag"], &stop["reason"]),
        (&json!(8), &json!("Listed"), &json!("Local"))
    );
    assert_eq!(bench.request("GetLocalListVersion", &json!({})), json!({"listVersion": 3}));
    bench.answer_all("MeterValues", &json!({}));
    bench.answer_all("StatusNotification", &json!({}));
    let presents = |evse, text| Input::Token { evse: Some(EvseId(evse)), token: IdToken::new(text) };
    bench.input(presents(3, "listed"));
    assert!(bench.sent.is_empty(), "kept for Guest of GROUP2: {:?}", bench.sent);
    assert_eq!(bench.request("CancelReservation", &json!({"reservationId": 5})), json!({"status": "Accepted"}));
    bench.answer_all("StatusNotification", &json!({}));
    bench.input(presents(1, "04a2f3"));
    let stop = bench.stop_request();
    assert_eq!((&stop["transactionId"], &stop["reason"]), (&json!(7), &json!("Local")));
}
