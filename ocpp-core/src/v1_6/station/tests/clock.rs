//! What the time does to transactions: clocks that are wrong, step, or are not known, over many boots and long outages.

use chrono::TimeDelta;

use super::*;
use crate::station::AfterPowerLoss;
use core::time::Duration;

const OFFLINE: &[(&str, &str)] = &[("AllowOfflineTxForUnknownId", "true"), ("MeterValueSampleInterval", "60")];

impl Bench {
    pub(super) fn boot_at(&mut self, time: &str) {
        let answer = json!({"status": "Accepted", "currentTime": time, "interval": 300});
        self.answer("BootNotification", &answer);
    }

    fn refused_times(&self) -> usize {
        self.events.iter().filter(|event| event.contains("ClockRefused")).count()
    }

    /// Answers everything that is sent; gives it, statuses and heartbeats aside.
    fn deliver(&mut self) -> Vec<(String, Value)> {
        let mut told = Vec::new();
        while let Some(call) = (!self.sent.is_empty()).then(|| self.sent.remove(0)) {
            let action = call[2].as_str().unwrap();
            let payload = match action {
                "Heartbeat" => json!({"currentTime": wall(self.now).to_rfc3339()}),
                "Authorize" => json!({"idTagInfo": {"status": "Accepted"}}),
                "StartTransaction" => accepted(),
                _ => json!({}),
            };
            if !matches!(action, "StatusNotification" | "Heartbeat") {
                told.push((action.to_owned(), call[3].clone()));
            }
            self.frame(&json!([3, call[1], payload]));
        }
        told
    }

    fn samples(&self) -> usize {
        self.image.entries.keys().filter(|key| key.as_str().starts_with("sample/")).count()
    }
}

fn accepted() -> Value {
    json!({"transactionId": 7, "idTagInfo": {"status": "Accepted"}})
}

/// The times of what was told, in order: of samples that of their reading.
fn times(told: &[(String, Value)]) -> Vec<DateTime<Utc>> {
    told.iter().map(|(_, payload)| at(payload.pointer("/meterValue/0").unwrap_or(payload))).collect()
}

fn resuming(config: &StationConfig) -> StationConfig {
    config.clone().with(|config| config.policy.after_power_loss = AfterPowerLoss::Resume(Duration::from_secs(30)))
}

fn at(value: &Value) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(value["timestamp"].as_str().unwrap()).unwrap().to_utc()
}

/// 1.6 §3.7.1: nothing of a transaction is given up for a clock. The time is asked for again though samples are due each
/// minute.
#[test]
fn impossible_time_of_the_csms_is_not_taken_over_and_what_needs_the_time_waits() {
    for time in ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2019-12-31T23:59:59Z", "9999-12-31T23:59:59Z"] {
        let mut bench = Bench::new(Image::default(), OFFLINE);
        bench.open();
        bench.boot_at(time);
        assert_eq!(bench.refused_times(), 1, "{time}");
        bench.answer_all("StatusNotification", &json!({}));
        bench.start();
        bench.charge();
        bench.answer_all("StatusNotification", &json!({}));
        bench.wait(200);
        assert_eq!(bench.sent, Vec::<Value>::new());
        bench.wait(100);
        bench.answer("Heartbeat", &json!({"currentTime": wall(bench.now).to_rfc3339()}));
        let start = bench.answer("StartTransaction", &accepted());
        assert_eq!(at(&start), wall(0), "{time}");
        let samples = bench.deliver();
        assert!(samples.len() >= 4 && samples.iter().all(|(action, _)| action == "MeterValues"), "{samples:?}");
        bench.swipe("TAG");
        assert!(matches!(&bench.deliver()[..], [(stop, _)] if stop == "StopTransaction"));
        assert!(!bench.events.iter().any(|event| event.contains("Dropped")), "{:?}", bench.events);
    }
}

#[test]
fn step_of_years_is_taken_over_when_a_second_answer_agrees() {
    let mut bench = Bench::accepted(&[("HeartbeatInterval", "300")]);
    let shown = |bench: &mut Bench| {
        bench.cable(Cable::Connected);
        let status = bench.answer("StatusNotification", &json!({}));
        bench.cable(Cable::Absent);
        bench.answer_all("StatusNotification", &json!({}));
        at(&status)
    };
    let years = TimeDelta::days(3_000);
    for (after, is_right) in [(years, true), (TimeDelta::zero(), true), (years, true), (years, false)] {
        bench.wait(300);
        let time = wall(bench.now) + after;
        bench.answer("Heartbeat", &json!({"currentTime": time.to_rfc3339()}));
        let expected = if is_right { wall(bench.now) } else { time };
        assert_eq!(shown(&mut bench), expected);
    }
    assert_eq!(bench.refused_times(), 2);
}

/// A clock that lost its battery is as good as none.
#[test]
fn impossible_time_of_the_host_is_not_taken_over() {
    let mut bench = Bench::new(Image::default(), OFFLINE);
    for year in ["1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
        bench.input(Input::Wall(year.parse().unwrap()));
    }
    assert_eq!(bench.refused_times(), 2);
    let mut bench = bench.online();
    bench.start();
    assert_eq!(times(&bench.deliver()), [wall(0)]);
    let mut config = config(&[]);
    config.policy.plausible_time.not_after = DateTime::<Utc>::MAX_UTC;
    assert!(Station::new(config, 1, &Image::default()).is_err(), "what follows could not be written");
}

/// The boots of one outage: each asks, each learns another time, none gets an answer to the start.
#[test]
fn start_that_is_sent_again_bears_its_time_whatever_number_of_boots_lies_between() {
    let mut bench = Bench::new(Bench::accepted(OFFLINE).image, OFFLINE);
    bench.plug();
    bench.swipe("TAG");
    bench.wait(30);
    bench.open();
    bench.boot("Accepted");
    bench.answer_all("StatusNotification", &json!({}));
    let (_, first) = bench.call("StartTransaction");
    for boot in 1..20 {
        bench = Bench::new(bench.image.clone(), OFFLINE);
        bench.open();
        bench.boot_at(&(wall(0) + TimeDelta::hours(boot)).to_rfc3339());
        bench.answer_all("StatusNotification", &json!({}));
        assert_eq!(bench.call("StartTransaction").1, first, "boot {boot}");
    }
}

/// 1.6 §3.7: in order, and with times that are.
#[test]
fn times_of_a_transaction_do_not_go_back_with_the_clock() {
    let steps_back = |bench: &mut Bench| bench.input(Input::Wall(wall(0) - TimeDelta::hours(2)));
    let settings = [OFFLINE, &[("StopTxnSampledData", "Energy.Active.Import.Register")]].concat();
    for cuts in [false, true] {
        let mut bench = Bench::accepted(&settings);
        bench.input(Input::Link(LinkInput::Closed));
        bench.start_offline();
        bench.wait(90);
        if cuts {
            bench = Bench::with_config(bench.image.clone(), resuming(&config(&settings)));
            bench.plug();
            bench.charge();
            bench.wait(70);
        }
        steps_back(&mut bench);
        bench.wait(90);
        bench.swipe("TAG");
        bench.open();
        if cuts {
            bench.boot_at(&(wall(0) - TimeDelta::hours(2)).to_rfc3339());
        }
        let told = bench.deliver();
        let (_, stop) = told.last().unwrap();
        let data: Vec<_> = stop["transactionData"].as_array().unwrap().iter().map(at).collect();
        let told = times(&told);
        assert!(told.len() >= 4 && told.is_sorted(), "{told:?}");
        assert!(data.is_sorted() && data.first() == told.first() && data.last() == told.last(), "{data:?}");
    }
}

impl Bench {
    fn start_offline(&mut self) {
        self.plug();
        self.swipe("TAG");
        self.charge();
    }
}

/// 1.6 §3.7.1: three attempts are three, and the wait grows, whatever power cuts come between.
#[test]
fn attempts_and_waits_of_a_message_go_on_over_restarts() {
    let settings = [("TransactionMessageRetryInterval", "10"), ("MeterValueSampleInterval", "0")];
    let mut bench = Bench::accepted(&settings);
    bench.start();
    for attempt in 1..=3 {
        let (id, _) = bench.call("StartTransaction");
        bench.frame(&json!([4, id, "InternalError", "", {}]));
        if attempt < 3 {
            bench = Bench::new(bench.image.clone(), &settings);
            bench.open();
            bench.boot("Accepted");
            bench.wait(10 * attempt - 1);
            bench.answer_all("StatusNotification", &json!({}));
            assert_eq!(bench.sent, Vec::<Value>::new(), "attempt {attempt}");
            bench.wait(1);
        }
    }
    assert!(bench.events.iter().any(|event| event.contains("TransactionMessageDropped")));
    assert_eq!(bench.stop_request()["transactionId"], -1);
    assert!(bench.image.entry("failures").is_none());
}

/// What is sent again is the same, also if the operator wants fewer readings since.
#[test]
fn stop_that_is_sent_again_tells_the_same_readings() {
    let settings = [
        ("StopTxnSampledData", "Energy.Active.Import.Register"),
        ("MeterValuesSampledData", ""),
        ("StopTransactionMaxMeterValues", "12"),
    ];
    let fewer = [settings[0], settings[1], ("StopTransactionMaxMeterValues", "5")];
    let mut bench = Bench::running(&settings);
    bench.wait(60 * 25);
    bench.deliver();
    let mut bench = Bench::with_config(bench.image.clone(), resuming(&config(&fewer)));
    bench.plug();
    bench.charge();
    let mut bench = bench.online();
    bench.swipe("TAG");
    bench.answer_all("StatusNotification", &json!({}));
    let (_, first) = bench.call("StopTransaction");
    let told = first["transactionData"].as_array().unwrap().len();
    assert!((3..=5).contains(&told), "{first}");
    for settings in [settings, fewer, [settings[0], settings[1], ("StopTransactionMaxMeterValues", "3")]] {
        let mut bench = Bench::new(bench.image.clone(), &settings).online();
        assert_eq!(bench.call("StopTransaction").1, first);
    }
}

/// 2.x E04.FR.07, E04.FR.08; so does 1.6 need it.
#[test]
fn ten_hours_offline_are_thinned_over_the_whole_time() {
    let settings = [OFFLINE, &[("MeterValuesSampledData", "Energy.Active.Import.Register")]].concat();
    let mut limited = config(&settings);
    limited.limits.journal_samples = 40;
    let mut bench = Bench::with_config(Image::default(), limited.clone()).online();
    bench.input(Input::Link(LinkInput::Closed));
    bench.start_offline();
    let began = bench.now;
    for minute in 1..=600 {
        bench.energy_wh += 100;
        bench.wait(60);
        assert!(bench.samples() <= 40);
        // The power fails now and then.
        if minute % 97 == 0 {
            let (now, energy_wh) = (bench.now, bench.energy_wh);
            // Its instants go on, so the patience must last for all of them.
            let resume = AfterPowerLoss::Resume(Duration::from_secs(1_000_000));
            let mut config = limited.clone();
            config.policy.after_power_loss = resume;
            bench = Bench::with_config(bench.image.clone(), config);
            (bench.now, bench.energy_wh) = (now, energy_wh);
            bench.input(Input::Wall(wall(now)));
            bench.plug();
            bench.charge();
        }
    }
    bench.swipe("TAG");
    bench.open();
    if bench.sent.first().is_some_and(|call| call[2] == "BootNotification") {
        bench.boot("Accepted");
    }
    let told = times(&bench.deliver());
    assert!(told.len() >= 30 && told.is_sorted(), "{}", told.len());
    assert_eq!(told.first().copied(), Some(wall(began)));
    assert!(told.last().copied() >= Some(wall(began) + TimeDelta::hours(10)));
    let widest = told.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
    assert!(widest <= TimeDelta::minutes(45), "{widest}");
    assert_eq!(bench.samples(), 0);
}

/// The newest of each transaction, and what may have been sent already, never make room.
#[test]
fn full_journal_without_a_sample_in_the_middle_takes_no_more() {
    let mut limited = config(OFFLINE);
    limited.limits.journal_samples = 2;
    let mut bench = Bench::with_config(Image::default(), limited).online();
    bench.start();
    bench.charge();
    bench.answer("StartTransaction", &accepted());
    bench.answer_all("StatusNotification", &json!({}));
    bench.wait(60);
    let (_, first) = bench.call("MeterValues");
    bench.input(Input::Link(LinkInput::Closed));
    bench.wait(600);
    assert_eq!(bench.samples(), 2);
    bench.open();
    bench.answer_all("Heartbeat", &json!({"currentTime": wall(bench.now).to_rfc3339()}));
    assert_eq!(bench.deliver()[0].1, first);
}
