//! What the CSMS says in a wrong form is taken as it was meant, and told (ocpp-testkit/FIELD.md, Payload).

use super::*;
use ocpp_types::lenient::Quirks;

impl Bench {
    /// What was mended since the last time, as `Kind path`.
    fn mended(&mut self) -> Vec<String> {
        let told = core::mem::take(&mut self.events);
        let repaired = told.iter().filter(|event| event.starts_with("Repaired"));
        let part =
            |text: &str, name: &str| text.split(&format!("{name}: \"")).nth(1)?.split('"').next().map(str::to_owned);
        let notes = |event: &String| -> Vec<String> {
            let notes = event.split("RepairNote {").skip(1);
            notes.map(|note| format!("{} {}", part(note, " kind").unwrap(), part(note, "path").unwrap())).collect()
        };
        repaired.flat_map(notes).collect()
    }

    fn answer_raw(&mut self, action: &str, payload: &str) {
        let (id, _) = self.call(action);
        let frame = format!(r#"[3,"{id}",{payload}]"#);
        self.input(Input::Link(LinkInput::Frame(frame.as_bytes().into())));
    }

    fn is_shown(&self) -> bool {
        self.events.iter().any(|event| event.starts_with("Unread"))
    }
}

#[test]
fn boot_answer_is_taken_by_its_status() {
    for (payload, repairs) in [
        (
            r#"{"status":"Accepted","currentTime":"2026-01-01T12:00:00Z","interval":"300"}"#,
            &["NumberFromText $.interval"][..],
        ),
        (
            r#"{"status":"accepted","currentTime":"2026-01-01T12:00:00","interval":300.0,"more":{}}"#,
            &["LetterCase $.status", "OddTime $.currentTime", "ExtraMember $"],
        ),
        (
            r#"{"status":"Accepted","currentTime":"2026-01-01 12:00:00.123456789+0000","interval":300}"#,
            &["OddTime $.currentTime"],
        ),
        (r#"{"status":"Accepted"}"#, &["Unreadable $", "Unreadable $"]),
        (
            r#"{"status":"Accepted","currentTime":"soon","interval":{}}"#,
            &["Unreadable $.currentTime", "Unreadable $.interval"],
        ),
        (
            r#"{"status":"Accepted","currentTime":null,"interval":99999999999999999999}"#,
            &["Null $.currentTime", "Unreadable $", "Unreadable $.interval"],
        ),
    ] {
        let mut bench = Bench::new(Image::default(), &[]);
        bench.open();
        bench.events.clear();
        bench.answer_raw("BootNotification", payload);
        assert!(bench.events.contains(&"Registration(Accepted)".into()), "{payload}: {:?}", bench.events);
        let is_set = bench.events.iter().any(|event| event.starts_with("ClockSet"));
        assert_eq!(is_set, payload.contains("\"2026"), "{payload}");
        assert_eq!(bench.is_shown(), repairs.iter().any(|repair| repair.starts_with("Unreadable")), "{payload}");
        let mut told = bench.mended();
        told.sort();
        let mut wanted: Vec<_> = repairs.to_vec();
        wanted.sort_unstable();
        assert_eq!(told, wanted, "{payload}");
        // Nothing is left of a boot that failed.
        bench.answer_all("StatusNotification", &json!({}));
        bench.wait(200);
        assert!(!bench.sent.iter().any(|call| call[2] == "BootNotification"), "{payload}");
    }
    for payload in [r#"{"currentTime":"2026-01-01T12:00:00Z","interval":300}"#, "{}", "[]", r#"{"status":null}"#] {
        let mut bench = Bench::new(Image::default(), &[]);
        bench.open();
        bench.answer_raw("BootNotification", payload);
        assert!(bench.is_shown(), "{payload}");
        bench.wait(61);
        bench.call("BootNotification");
    }
}

#[test]
fn verdict_on_a_token_is_taken_by_its_status() {
    for (info, is_accepted) in [
        (r#"{"status":"Accepted","expiryDate":null,"parentIdTag":null}"#, true),
        (r#"{"status":"Accepted","expiryDate":"never","parentIdTag":""}"#, true),
        (r#"{"status":"Accepted","expiryDate":"2099-01-01T00:00:00","parentIdTag":7,"more":1}"#, true),
        (r#"{"status":"ACCEPTED"}"#, true),
        (r#"{"status":"NoCredit"}"#, false),
        (r#"{"status":""}"#, false),
        (r#"{"status":1}"#, false),
        (r#"{"expiryDate":null}"#, false),
        ("null", false),
        (r#""Accepted""#, false),
    ] {
        let mut bench = Bench::accepted(&[]);
        bench.plug();
        bench.answer_all("StatusNotification", &json!({}));
        bench.swipe("TAG");
        bench.answer_raw("Authorize", &format!(r#"{{"idTagInfo":{info}}}"#));
        let has_power = bench.orders.iter().any(|order| matches!(order, EvseAction::Power(Power::On)));
        assert_eq!(has_power, is_accepted, "{info}: {:?}", bench.events);
    }
}

#[test]
fn answered_start_is_delivered_by_its_number_or_its_verdict() {
    for (payload, number, status) in [
        (r#"{"transactionId":"77","idTagInfo":{"status":"Accepted","expiryDate":null}}"#, "Some(77)", "Some(Accepted)"),
        (r#"{"transactionId":77}"#, "Some(77)", "None"),
        (r#"{"transactionId":77,"idTagInfo":null}"#, "Some(77)", "None"),
        (r#"{"transactionId":77,"idTagInfo":{"parentIdTag":"P"}}"#, "Some(77)", "None"),
        (r#"{"transactionId":77,"idTagInfo":{"status":"Late"}}"#, "Some(77)", "Some(Invalid)"),
        (r#"{"transactionId":null,"idTagInfo":{"status":"Accepted"}}"#, "None", "Some(Accepted)"),
        (r#"{"transactionId":9223372036854775808,"idTagInfo":{"status":"Blocked"}}"#, "None", "Some(Blocked)"),
        (
            r#"{"transactionId":9223372036854775807,"idTagInfo":{"status":"Accepted"}}"#,
            "Some(9223372036854775807)",
            "Some(Accepted)",
        ),
    ] {
        let mut bench = Bench::accepted(&[("MeterValueSampleInterval", "0")]);
        bench.start();
        bench.events.clear();
        bench.answer_raw("StartTransaction", payload);
        let known = bench.events.iter().find(|event| event.starts_with("TransactionKnown"));
        let known = known.unwrap_or_else(|| panic!("{payload}: {:?}", bench.events));
        assert!(known.contains(&format!("csms_id: {number}, name: ")), "{payload}: {known}");
        assert!(known.contains(&format!(", status: {status}")), "{payload}: {known}");
    }
    // With neither it was not answered, and is said again.
    for payload in ["{}", r#"{"transactionId":"?","idTagInfo":5}"#] {
        let mut bench =
            Bench::accepted(&[("MeterValueSampleInterval", "0"), ("TransactionMessageRetryInterval", "10")]);
        bench.start();
        bench.events.clear();
        bench.answer_raw("StartTransaction", payload);
        assert!(bench.events.iter().any(|event| event.starts_with("CallFailed")), "{payload}");
        assert!(bench.is_shown());
        bench.answer_all("StatusNotification", &json!({}));
        bench.wait(11);
        assert!(bench.sent.iter().any(|call| call[2] == "StartTransaction"), "{payload}");
    }
}

/// They are taken by being answered at all.
#[test]
fn answered_stop_and_values_are_delivered_whatever_the_answer_says() {
    for payload in
        [r#"{"idTagInfo":null}"#, "null", r#"{"idTagInfo":{"status":"Odd","x":1}}"#, r#"{"idTagInfo":5}"#, "[]"]
    {
        let mut bench = Bench::running(&[("MeterValueSampleInterval", "0")]);
        bench.swipe("TAG");
        bench.answer_all("StatusNotification", &json!({}));
        bench.answer_raw("StopTransaction", payload);
        bench.answer_all("StatusNotification", &json!({}));
        bench.wait(250);
        assert!(!bench.sent.iter().any(|call| call[2] == "StopTransaction"), "{payload}");
    }
}

#[test]
fn calls_are_carried_out_as_they_were_meant() {
    for (action, payload, answer, repairs) in [
        (
            "RemoteStartTransaction",
            json!({"connectorId": null, "idTag": "X", "chargingProfile": null}),
            json!({"status": "Accepted"}),
            &["Null $.connectorId", "Null $.chargingProfile"][..],
        ),
        (
            "RemoteStartTransaction",
            json!({"connectorId": "1", "idTag": 12}),
            json!({"status": "Accepted"}),
            &["NumberFromText $.connectorId", "TextFromNumber $.idTag"],
        ),
        (
            "ChangeConfiguration",
            json!({"key": "HeartbeatInterval", "value": 60}),
            json!({"status": "Accepted"}),
            &["TextFromNumber $.value"],
        ),
        (
            "ChangeConfiguration",
            json!({"key": "LocalPreAuthorize", "value": true}),
            json!({"status": "Accepted"}),
            &["TextFromNumber $.value"],
        ),
        ("Reset", json!({"type": "Soft", "extra": 1}), json!({"status": "Accepted"}), &["ExtraMember $"]),
        ("Reset", json!({"type": "Firm"}), json!({"status": "Rejected"}), &["UnknownValue $.type"]),
        (
            "TriggerMessage",
            json!({"requestedMessage": "Weather"}),
            json!({"status": "NotImplemented"}),
            &["UnknownValue $.requestedMessage"],
        ),
        (
            "ChangeAvailability",
            json!({"connectorId": 1, "type": "Odd"}),
            json!({"status": "Rejected"}),
            &["UnknownValue $.type"],
        ),
        (
            "ReserveNow",
            json!({"connectorId": 1, "expiryDate": "2099-01-01T13:00:00", "idTag": "X", "parentIdTag": null, "reservationId": 3}),
            json!({"status": "Accepted"}),
            &["OddTime $.expiryDate", "Null $.parentIdTag"],
        ),
    ] {
        let mut bench = Bench::accepted(&[]);
        bench.events.clear();
        assert_eq!(bench.request(action, &payload), answer, "{action} {payload}");
        let (mut told, mut wanted) = (bench.mended(), repairs.to_vec());
        told.sort();
        wanted.sort_unstable();
        assert_eq!(told, wanted, "{action} {payload}");
    }
    let mut bench = Bench::accepted(&[]);
    bench.frame(&json!([2, "d", "DataTransfer", {"vendorId": "V", "data": {"a": 1}}]));
    assert!(
        matches!(bench.asked.last(), Some(Question::DataTransfer { data: Some(data), .. }) if data == r#"{"a":1}"#)
    );
    assert_eq!(bench.mended(), ["TextFromJson $.data"]);
    let keys = bench.request("GetConfiguration", &json!({"key": "HeartbeatInterval"}));
    assert_eq!(keys["configurationKey"][0]["key"], "HeartbeatInterval");
    assert_eq!(bench.mended(), ["SingleItem $.key"]);
}

/// Half an order is none: nothing of a call is left out, rounded or chosen from two.
#[test]
fn call_that_is_not_clear_is_refused_and_shown() {
    for (action, payload, code) in [
        (
            "RemoteStartTransaction",
            r#"{"idTag":"X","chargingProfile":{"chargingProfileId":1}}"#,
            "OccurenceConstraintViolation",
        ),
        ("RemoteStartTransaction", r#"{"idTag":"X","connectorId":"first"}"#, "TypeConstraintViolation"),
        ("RemoteStopTransaction", r#"{"transactionId":1.5}"#, "TypeConstraintViolation"),
        ("RemoteStopTransaction", r#"{"transactionId":1,"transactionId":2}"#, "FormationViolation"),
        (
            "ReserveNow",
            r#"{"connectorId":1,"expiryDate":"soon","idTag":"X","reservationId":3}"#,
            "PropertyConstraintViolation",
        ),
    ] {
        let mut bench = Bench::accepted(&[]);
        bench.events.clear();
        let before = bench.sent.len();
        let frame = format!(r#"[2,"odd","{action}",{payload}]"#);
        bench.input(Input::Link(LinkInput::Frame(frame.as_bytes().into())));
        assert_eq!(bench.take_answer(before), code, "{action} {payload}");
        assert!(bench.is_shown());
    }
    let mut bench = Bench::accepted(&[]);
    bench.events.clear();
    bench.input(Input::Link(LinkInput::Frame(br#"[2,"x","Reset",{"type":"Soft"}"#.into())));
    bench.input(Input::Link(LinkInput::Frame(br#"[2,"x","Reset","#.into())));
    assert_eq!(bench.events.iter().filter(|event| event.starts_with("Unread")).count(), 2);
}

#[test]
fn quirks_are_configured() {
    let strict = config(&[]).with(|config| config.policy.quirks = Quirks::NONE);
    let mut bench = Bench::with_config(Image::default(), strict).online();
    for (action, payload, code) in [
        ("ChangeConfiguration", json!({"key": "HeartbeatInterval", "value": 3}), "TypeConstraintViolation"),
        ("ChangeConfiguration", json!({"key": "A", "value": "1", "more": 1}), "FormationViolation"),
        ("RemoteStartTransaction", json!({"idTag": "123456789012345678901"}), "PropertyConstraintViolation"),
        ("RemoteStartTransaction", json!({"idTag": "X", "connectorId": null}), "TypeConstraintViolation"),
    ] {
        assert_eq!(bench.request(action, &payload), code, "{action} {payload}");
    }
    assert_eq!(bench.mended(), [""; 0]);
}
