//! Prices and costs: the white paper "OCPP & California Pricing Requirements", §3.

use super::*;
use crate::station::{AfterPowerLoss, Measurand};

const COSTS: &str = "org.openchargealliance.costmsg";
const DISPLAY: (&str, &str) = ("CustomDisplayCostAndPrice", "true");

impl Bench {
    /// Sends a message of the CSMS and gives the status of its answer.
    fn price(&mut self, message: &str, data: &Value) -> String {
        let answer =
            self.request("DataTransfer", &json!({"vendorId": COSTS, "messageId": message, "data": data.to_string()}));
        answer["status"].as_str().unwrap().to_owned()
    }

    /// The running cost of transaction 77, with further members.
    fn cost(&mut self, more: Value) {
        let mut data = json!({
            "transactionId": 77, "timestamp": "2023-11-14T22:13:20Z", "meterValue": 1000, "cost": 0,
            "state": "Charging", "chargingPrice": {"kWhPrice": 0.123},
        });
        for (name, value) in more.as_object().unwrap() {
            data[name] = value.clone();
        }
        assert_eq!(self.price("RunningCost", &data), "Accepted");
    }

    fn wants(&mut self, triggers: Value) {
        self.cost(json!({"triggerMeterValue": triggers}));
    }

    fn last_event(&self) -> &str {
        self.events.last().map_or("", |event| event)
    }

    /// The readings that were sent, each as the register's value, its context and its transaction.
    fn readings(&mut self) -> Vec<String> {
        self.answer_all("StatusNotification", &json!({}));
        let mut readings = Vec::new();
        while self.sent.first().is_some_and(|call| call[2] == "MeterValues") {
            let request = self.answer("MeterValues", &json!({}));
            let sample = &request["meterValue"][0]["sampledValue"][0];
            assert_eq!(sample["measurand"], "Energy.Active.Import.Register");
            readings.push(format!("{} {} {}", sample["value"], sample["context"], request["transactionId"]));
            self.answer_all("StatusNotification", &json!({}));
        }
        readings
    }

    /// The meter shows so much power, and the station is told.
    fn power(&mut self, watts: i64) {
        let reading = MeterReading::energy_wh(self.energy_wh).with(Measurand::PowerActiveImport, None, watts * 1000);
        self.input(Input::Evse(EVSE, EvseInput::Meter(reading)));
    }
}

fn charging() -> Bench {
    Bench::running(&[DISPLAY, ("MeterValueSampleInterval", "0"), ("HeartbeatInterval", "0")])
}

/// §3.1.4, the complete example.
#[test]
fn running_cost_is_shown_with_every_digit() {
    let mut bench = charging();
    let data = json!({
        "transactionId": 77, "timestamp": "2021-03-19T12:00:00Z", "meterValue": 1234000, "cost": 1.00, "state": "Idle",
        "chargingPrice": {"kWhPrice": 0.123, "hourPrice": 0.1, "flatFee": 0},
        "idlePrice": {"graceMinutes": 30, "hourPrice": 1.50},
        "nextPeriod": {"atTime": "2021-03-19T19:00:00+01:00", "chargingPrice": {"kWhPrice": 0.1}},
        "triggerMeterValue": {
            "atTime": "2021-03-19T23:00:00Z", "atEnergykWh": 50.0, "atPowerkW": 0.1,
            "atCPStatus": ["SuspendedEV", "SuspendedEVSE"],
        },
    });
    // As the CSMS writes it: not every digit would pass through a floating-point number.
    let text = data.to_string().replace("\"cost\":1.0", "\"cost\":123456789012.345600");
    assert!(text.contains("345600"));
    let answer = bench.request("DataTransfer", &json!({"vendorId": COSTS, "messageId": "RunningCost", "data": text}));
    assert_eq!(answer, json!({"status": "Accepted"}));
    let event = bench.events.iter().find(|event| event.contains("RunningCost")).unwrap();
    for part in [
        "meter_wh: 1234000, cost: Amount(123456789012.345600), state: Idle",
        "per_kwh: Some(Amount(0.123)), per_hour: Some(Amount(0.1)), flat_fee: Some(Amount(0))",
        "grace_minutes: Some(30), per_hour: Some(Amount(1.5))",
        "NextPrices { at: 2021-03-19T18:00:00Z",
    ] {
        assert!(event.contains(part), "{part} is not in {event}");
    }
}

#[test]
fn costs_of_a_transaction_that_is_not_known_are_rejected() {
    let cost = |id: i64| json!({"transactionId": id, "timestamp": "2021-03-19T12:00:00Z", "meterValue": 1, "cost": 1, "state": "Charging"});
    let total = |id: i64| json!({"transactionId": id, "cost": 1, "priceText": "1"});
    let mut bench = Bench::accepted(&[DISPLAY]);
    assert_eq!(bench.price("RunningCost", &cost(77)), "Rejected");
    let mut bench = charging();
    assert_eq!(bench.price("RunningCost", &cost(78)), "Rejected");
    assert_eq!(bench.price("FinalCost", &total(78)), "Rejected");
    assert!(!bench.events.iter().any(|event| event.contains("Pricing")));
    assert_eq!(bench.price("FinalCost", &total(77)), "Accepted");
}

#[test]
fn message_that_is_not_as_the_paper_has_it_is_rejected_with_the_reason() {
    let mut bench = charging();
    for (message, data, reason) in [
        ("RunningCost", "{", "unexpected end"),
        ("RunningCost", r#"{"transactionId":77}"#, "timestamp"),
        ("RunningCost", r#"{"transactionId":"x"}"#, "transactionId"),
        ("RunningCost", r#"{"transactionId":77,"state":"Paused"}"#, "state"),
        ("RunningCost", r#"{"triggerMeterValue":{"atPowerkW":10000000000000}}"#, "atPowerkW"),
        ("RunningCost", r#"{"triggerMeterValue":{"atCPStatus":["Sleeping"]}}"#, "atCPStatus"),
        ("RunningCost", r#"{"idlePrice":{"graceMinutes":-1}}"#, "graceMinutes"),
        ("FinalCost", r#"{"transactionId":77,"cost":"much","priceText":"x"}"#, "cost"),
        ("FinalCost", r#"{"transactionId":77,"cost":3.31}"#, "priceText"),
        ("SetUserPrice", r#"{"priceText":"x"}"#, "idToken"),
        ("SetUserPrice", r#"{"idToken":"TAG","priceText":["x"]}"#, "priceText"),
    ] {
        let answer = bench.request("DataTransfer", &json!({"vendorId": COSTS, "messageId": message, "data": data}));
        assert_eq!(answer["status"], "Rejected", "{data}");
        let told = answer["data"].as_str().unwrap();
        assert!(told.contains(reason), "{data}: {told}");
    }
    assert_eq!(bench.price("SetPrice", &json!({})), "UnknownMessageId");
    let answer = bench.request("DataTransfer", &json!({"vendorId": COSTS, "messageId": "FinalCost"}));
    assert_eq!(answer["status"], "Rejected");
    assert!(!bench.events.iter().any(|event| event.contains("Pricing")));
}

#[test]
fn without_a_display_the_application_answers() {
    let mut bench = Bench::running(&[]);
    bench.frame(&json!([2, "d", "DataTransfer", {"vendorId": COSTS, "messageId": "FinalCost", "data": "{}"}]));
    assert!(matches!(&bench.asked[..], [Question::DataTransfer { vendor_id, .. }] if vendor_id == COSTS));
}

/// §3.1.4 `atTime`.
#[test]
fn reading_leaves_at_the_time_that_the_csms_wants_it() {
    let mut bench = charging();
    bench.wants(json!({"atTime": wall(60_000).to_rfc3339()}));
    bench.wait(59);
    assert_eq!(bench.readings(), Vec::<String>::new());
    bench.energy_wh = 1500;
    bench.wait(1);
    assert_eq!(bench.readings(), [r#""1500" "Other" 77"#]);
    bench.wait_with_heartbeats(600);
    assert_eq!(bench.readings(), Vec::<String>::new());
    // The answer to the reading may still name the same time.
    bench.wants(json!({"atTime": wall(60_000).to_rfc3339()}));
    bench.wait_with_heartbeats(600);
    assert_eq!(bench.readings(), Vec::<String>::new());
}

/// §3.1.4 `atEnergykWh`: of the transaction, not of the register, which begins at 1 kWh here.
#[test]
fn reading_leaves_when_the_energy_has_flowed() {
    let mut bench = charging();
    bench.wants(json!({"atEnergykWh": 5.0}));
    for (energy_wh, readings) in [(5999, 0), (6000, 1), (9000, 0)] {
        bench.energy_wh = energy_wh;
        bench.wait(11);
        assert_eq!(bench.readings().len(), readings, "at {energy_wh} Wh");
    }
    // What the CSMS knows to have flowed is not told again.
    bench.cost(json!({"meterValue": 6000, "triggerMeterValue": {"atEnergykWh": 5.0}}));
    bench.wait(60);
    assert_eq!(bench.readings(), Vec::<String>::new());
    bench.cost(json!({"meterValue": 6000, "triggerMeterValue": {"atEnergykWh": 5.001}}));
    assert_eq!(bench.readings(), [r#""9000" "Other" 77"#]);
}

/// §3.1.4 `atPowerkW`, up and down, with the hysteresis that the paper recommends.
#[test]
fn reading_leaves_when_the_power_goes_through_its_threshold() {
    let mut bench = charging();
    bench.meter_answers = false;
    bench.power(1000);
    bench.wants(json!({"atPowerkW": 8.0}));
    let answer = MeterReading::energy_wh(bench.energy_wh);
    for (watts, readings) in
        [(7900, 0), (8390, 0), (8400, 1), (8000, 0), (7601, 0), (9000, 0), (7600, 1), (7500, 0), (8100, 0), (8500, 1)]
    {
        bench.now += 1000;
        bench.power(watts);
        bench.input(Input::Evse(EVSE, EvseInput::Meter(answer.clone())));
        assert_eq!(bench.readings().len(), readings, "at {watts} W");
        // The cost that answers a reading names the same threshold, and must not begin anew.
        bench.wants(json!({"atPowerkW": 8.0}));
    }
}

/// §3.1.4 `atCPStatus`, in the transaction and after it.
#[test]
fn reading_leaves_when_the_status_becomes_one_that_is_wanted() {
    let mut bench = charging();
    bench.wants(json!({"atCPStatus": ["SuspendedEV", "Finishing", "Available"]}));
    bench.input(Input::Evse(EVSE, EvseInput::Vehicle(Vehicle::Paused)));
    assert_eq!(bench.readings(), [r#""1000" "Other" 77"#]);
    bench.input(Input::Evse(EVSE, EvseInput::Vehicle(Vehicle::Ready)));
    assert_eq!(bench.readings(), Vec::<String>::new());
    bench.swipe("TAG");
    // Before the stop, while the transaction is ending.
    assert_eq!(bench.readings(), [r#""1000" "Other" 77"#]);
    bench.stop_request();
    bench.cable(Cable::Absent);
    assert_eq!(bench.readings(), [r#""1000" "Other" null"#]);
}

#[test]
fn readings_are_sampled_as_configured_and_tell_the_register_in_any_case() {
    let keys = [DISPLAY, ("MeterValueSampleInterval", "0"), ("MeterValuesSampledData", "Power.Active.Import")];
    let mut bench = Bench::running(&keys);
    bench.shows = |energy_wh| MeterReading::energy_wh(energy_wh).with(Measurand::PowerActiveImport, None, 5_000_000);
    bench.wants(json!({"atTime": wall(1000).to_rfc3339()}));
    bench.wait(2);
    let request = bench.answer("MeterValues", &json!({}));
    let samples = request["meterValue"][0]["sampledValue"].as_array().unwrap();
    let told: Vec<_> = samples.iter().map(|sample| (&sample["measurand"], &sample["value"])).collect();
    assert_eq!(
        told,
        [(&json!("Energy.Active.Import.Register"), &json!("1000")), (&json!("Power.Active.Import"), &json!("5000"))]
    );
}

/// The last RunningCost counts alone.
#[test]
fn wishes_end_with_the_next_running_cost() {
    let mut bench = charging();
    bench.wants(json!({"atTime": wall(60_000).to_rfc3339(), "atEnergykWh": 1, "atCPStatus": ["SuspendedEV"]}));
    bench.cost(json!({}));
    bench.energy_wh = 9000;
    bench.input(Input::Evse(EVSE, EvseInput::Vehicle(Vehicle::Paused)));
    bench.wait(120);
    assert_eq!(bench.readings(), Vec::<String>::new());
}

#[test]
fn silent_meter_is_asked_again_without_a_rush() {
    let mut bench = charging();
    bench.meter_answers = false;
    bench.wants(json!({"atEnergykWh": 1}));
    bench.orders.clear();
    bench.wait(60);
    let asked = bench.orders.iter().filter(|order| **order == EvseAction::ReadMeter).count();
    assert!((20..=31).contains(&asked), "{asked} times in a minute");
    bench.meter_answers = true;
    bench.energy_wh = 2000;
    bench.wait(12);
    assert_eq!(bench.readings(), [r#""2000" "Other" 77"#]);
}

/// §3.1.4 `nextPeriod`.
#[test]
fn next_prices_hold_from_their_time_on() {
    let mut bench = charging();
    bench.cost(json!({"nextPeriod": {"atTime": wall(30_000).to_rfc3339(), "chargingPrice": {"flatFee": 2.50}}}));
    bench.wait(29);
    assert!(!bench.events.iter().any(|event| event.contains("PricesChanged")));
    bench.wait(1);
    assert!(bench.last_event().contains("PricesChanged") && bench.last_event().contains("flat_fee: Some(Amount(2.5))"));
    bench.wait(100);
    assert_eq!(bench.events.iter().filter(|event| event.contains("PricesChanged")).count(), 1);
}

/// §3.1.3: it comes after the stop was delivered, and nothing else is forgotten before the next transaction begins.
#[test]
fn final_cost_is_shown_after_the_stop() {
    let mut bench = charging();
    bench.swipe("TAG");
    bench.stop_request();
    let data = json!({
        "transactionId": 77, "cost": 3.31, "priceText": "$2.81 @ $0.12/kWh",
        "priceTextExtra": [{"format": "UTF8", "language": "nl", "content": "€2,81"}],
        "qrCodeText": "https://www.cpo.com/invoices/13546",
    });
    assert_eq!(bench.price("FinalCost", &data), "Accepted");
    for part in ["cost: Amount(3.31)", "€2,81", "Some(\"nl\")", "invoices/13546"] {
        assert!(bench.last_event().contains(part), "{}", bench.last_event());
    }
    // Idle fees go on after the stop (§3.4.2).
    bench.cost(json!({"state": "Idle", "idlePrice": {"graceMinutes": 30, "hourPrice": 1.00}}));
    assert!(bench.last_event().contains("state: Idle"));
}

/// §3.1.2.
#[test]
fn price_of_a_driver_is_for_his_token_or_for_his_transaction() {
    let price = json!({"idToken": "tag", "priceText": "$0.12/kWh"});
    let mut bench = Bench::accepted(&[DISPLAY]);
    bench.swipe("TAG");
    assert_eq!(bench.price("SetUserPrice", &price), "Accepted");
    let shown = |bench: &Bench| format!("{:?}", bench.displays.last().unwrap());
    assert!(
        shown(&bench).starts_with("Show(")
            && shown(&bench).contains("evse: None")
            && shown(&bench).contains("transaction: None")
    );
    let mut bench = charging();
    assert_eq!(bench.price("SetUserPrice", &price), "Accepted");
    let order = shown(&bench);
    assert!(
        order.contains("$0.12/kWh") && order.contains("evse: Some(EvseId(1))") && order.contains("transaction: Some(")
    );
    assert!(!order.contains("\"tag\""), "a token was printed");
}

/// The price stands until its driver is gone, and another text takes its place.
#[test]
fn price_of_a_driver_is_cleared_when_he_is_gone() {
    use crate::station::{DisplayId, DisplayOrder};

    let price = |text: &str| json!({"idToken": "TAG", "priceText": text});
    let mut bench = charging();
    bench.price("SetUserPrice", &price("a"));
    bench.price("SetUserPrice", &price("b"));
    let ids: Vec<_> = bench
        .displays
        .iter()
        .map(|order| matches!(order, DisplayOrder::Show(message) if message.id == DisplayId(1)))
        .collect();
    assert_eq!(ids, [true, true]);
    bench.swipe("TAG");
    bench.stop_request();
    assert_eq!(bench.displays.last(), Some(&DisplayOrder::Clear(DisplayId(1))));
    // Nobody of this token is here.
    bench.price("SetUserPrice", &json!({"idToken": "OTHER", "priceText": "c"}));
    assert_eq!(bench.displays.last(), Some(&DisplayOrder::Clear(DisplayId(2))));
}

fn waiting() -> Bench {
    let mut bench = Bench::accepted(&[DISPLAY, ("WaitForSetUserPriceTimeout", "5000")]);
    bench.plug();
    bench.swipe("TAG");
    bench.answer_all("StatusNotification", &json!({}));
    bench.answer("Authorize", &json!({"idTagInfo": {"status": "Accepted", "parentIdTag": "GROUP"}}));
    bench.answer_all("StatusNotification", &json!({}));
    assert_eq!(bench.sent, Vec::<Value>::new());
    bench
}

#[test]
fn driver_sees_his_price_before_he_charges() {
    let mut bench = waiting();
    bench.price("SetUserPrice", &json!({"idToken": "OTHER", "priceText": "x"}));
    assert_eq!(bench.sent, Vec::<Value>::new());
    bench.price("SetUserPrice", &json!({"idToken": "TAG", "priceText": "x"}));
    bench.answer_all("StatusNotification", &json!({}));
    bench.call("StartTransaction");
}

#[test]
fn driver_whose_price_does_not_come_charges_all_the_same() {
    let mut bench = waiting();
    bench.wait(4);
    assert_eq!(bench.sent, Vec::<Value>::new());
    bench.wait(1);
    bench.answer_all("StatusNotification", &json!({}));
    bench.call("StartTransaction");

    let mut bench = waiting();
    bench.input(Input::Link(LinkInput::Closed));
    assert!(bench.events.iter().any(|event| event.contains("TransactionStarted")));
}

#[test]
fn refused_driver_does_not_wait_for_a_price() {
    let mut bench = Bench::accepted(&[DISPLAY, ("WaitForSetUserPriceTimeout", "5000")]);
    bench.plug();
    bench.swipe("TAG");
    bench.answer_all("StatusNotification", &json!({}));
    bench.answer("Authorize", &json!({"idTagInfo": {"status": "Blocked"}}));
    assert!(bench.last_event().contains("TokenRefused"));
}

/// Nothing is stored: the reading with which a transaction goes on brings the cost anew.
#[test]
fn after_a_power_cut_a_reading_asks_for_the_cost() {
    let mut bench = charging();
    bench.wants(json!({"atEnergykWh": 1}));
    let mut config = config(&[DISPLAY]);
    config.policy.after_power_loss = AfterPowerLoss::Resume(core::time::Duration::from_secs(60));
    let mut bench = Bench::with_config(bench.image.clone(), config);
    bench.open();
    bench.boot("Accepted");
    bench.plug();
    assert_eq!(bench.readings(), [r#""1000" "Interruption.End" 77"#]);
    bench.wants(json!({"atEnergykWh": 1}));
    bench.energy_wh = 2000;
    bench.wait(11);
    assert_eq!(bench.readings(), [r#""2000" "Other" 77"#]);
}

/// §3.1.1, §3.5.
#[test]
fn default_price_and_its_texts_are_checked_and_kept() {
    let keys = [DISPLAY, ("SupportedLanguages", "en, de,nb_NO"), ("DefaultPriceText,en", r#"{"priceText":"0.15 $"}"#)];
    let mut bench = Bench::accepted(&keys);
    let good = r#"{"priceText":"0.15 $/kWh","priceTextOffline":"free","chargingPrice":{"kWhPrice":0.15,"flatFee":0}}"#;
    for (key, value, status) in [
        ("DefaultPrice", "{}", "Rejected"),
        ("DefaultPrice", r#"{"priceText":5}"#, "Rejected"),
        ("DefaultPrice", good, "Accepted"),
        ("DefaultPriceText,de", "[]", "Rejected"),
        ("defaultpricetext,DE", r#"{"priceText":"0,15 €"}"#, "Accepted"),
        ("DefaultPriceText,nb_NO", r#"{"priceText":"gratis"}"#, "Accepted"),
        ("DefaultPriceText,fr", r#"{"priceText":"0,15 €"}"#, "NotSupported"),
        ("CustomDisplayCostAndPrice", "false", "Rejected"),
        ("Language", "de", "Accepted"),
        ("Language", "fr", "Rejected"),
    ] {
        let answer = bench.request("ChangeConfiguration", &json!({"key": key, "value": value}));
        assert_eq!(answer["status"], status, "{key} {value}");
    }
    let bench = Bench::new(bench.image.clone(), &keys);
    assert!(!bench.events.iter().any(|event| event.contains("RecordSkipped")), "{:?}", bench.events);
    for (key, value) in [
        ("DefaultPrice", good),
        ("DefaultPriceText,en", r#"{"priceText":"0.15 $"}"#),
        ("DefaultPriceText,de", r#"{"priceText":"0,15 €"}"#),
        ("DefaultPriceText,nb_NO", r#"{"priceText":"gratis"}"#),
        ("Language", "de"),
    ] {
        assert_eq!(bench.station.setting(key), Some(value));
    }
    let price = crate::station::DefaultPrice::from_json(good).unwrap();
    assert_eq!((price.text_offline.as_deref(), price.prices.idle), (Some("free"), None));
}

/// §3.3.
#[test]
fn time_offset_changes_at_its_date_and_only_once() {
    let mut bench = Bench::accepted(&[DISPLAY, ("TimeOffset", "-05:00")]);
    for (key, value, status) in [
        ("TimeOffsetNextTransition", "-4", "Rejected"),
        ("TimeOffsetNextTransition", "-04:60", "Rejected"),
        ("TimeOffsetNextTransition", "-04:00", "Accepted"),
        ("NextTimeOffsetTransitionDateTime", "in spring", "Rejected"),
        ("NextTimeOffsetTransitionDateTime", "2023-11-15T01:13:20+02:00", "Accepted"),
    ] {
        let answer = bench.request("ChangeConfiguration", &json!({"key": key, "value": value}));
        assert_eq!(answer["status"], status, "{key} {value}");
    }
    bench.wait_with_heartbeats(3599);
    assert_eq!(bench.station.setting("TimeOffset"), Some("-05:00"));
    bench.wait_with_heartbeats(1);
    assert_eq!(bench.station.setting("TimeOffset"), Some("-04:00"));
    assert_eq!(bench.station.setting("NextTimeOffsetTransitionDateTime"), Some(""));
    bench.request("ChangeConfiguration", &json!({"key": "TimeOffset", "value": "-03:00"}));
    let bench = Bench::new(bench.image.clone(), &[]).online();
    assert_eq!(bench.station.setting("TimeOffset"), Some("-03:00"));
}

/// The data is read with the quirks that everything else is read with, and what was mended is told.
#[test]
fn prices_are_read_leniently_as_everything_else() {
    let data = json!({
        "transactionId": "77", "timestamp": "2023-11-14 22:13:20Z", "meterValue": "1000", "cost": "0.5", "state": "Charging",
        "chargingPrice": {"kWhPrice": 0.123}, "idlePrice": null, "more": 1,
    });
    let mut bench = charging();
    assert_eq!(bench.price("RunningCost", &data), "Accepted");
    let repaired = bench.events.iter().filter(|event| event.contains("Repaired") && event.contains("RunningCost"));
    assert_eq!(repaired.count(), 1, "{:?}", bench.events);

    let mut strict = Bench::with_config(
        Image::default(),
        config(&[DISPLAY]).with(|config| config.policy.quirks = ocpp_types::lenient::Quirks::NONE),
    );
    strict.open();
    strict.boot("Accepted");
    assert_eq!(strict.price("RunningCost", &data), "Rejected");
}
