//! Who may charge: the CSMS's word, its list, the cache of its answers, and none of them (1.6 §3.5, §4.1).

use super::*;

const CACHED: [(&str, &str); 3] =
    [("AuthorizationCacheEnabled", "true"), ("LocalPreAuthorize", "true"), ("MeterValueSampleInterval", "0")];

fn accepted(group: Option<&str>) -> Value {
    let mut info = json!({"status": "Accepted"});
    if let Some(group) = group {
        info["parentIdTag"] = json!(group);
    }
    json!({"idTagInfo": info})
}

impl Bench {
    fn asks_about(&mut self, token: &str) -> bool {
        self.swipe(token);
        self.sent.iter().any(|call| call[2] == "Authorize")
    }

    fn has_power(&self) -> bool {
        self.orders.iter().rev().find(|order| matches!(order, EvseAction::Power(_)))
            == Some(&EvseAction::Power(Power::On))
    }

    /// A session that ends, so that the CSMS's answers are known.
    fn whole_session(&mut self, start: &Value, stop: &Value) {
        self.start();
        self.answer("StartTransaction", &json!({"transactionId": 1, "idTagInfo": start}));
        self.swipe("TAG");
        self.answer_all("StatusNotification", &json!({}));
        self.answer("StopTransaction", &json!({"idTagInfo": stop}));
        self.cable(Cable::Absent);
        self.answer_all("StatusNotification", &json!({}));
    }
}

/// TC_007_1_CS.
#[test]
fn cached_token_starts_without_a_question_where_it_may() {
    for (preauthorize, is_asked) in [("true", false), ("false", true)] {
        let settings = [("AuthorizationCacheEnabled", "true"), ("LocalPreAuthorize", preauthorize)];
        let mut bench = Bench::accepted(&settings);
        bench.whole_session(&json!({"status": "Accepted"}), &json!({"status": "Accepted"}));
        // Also after a restart.
        let mut bench = Bench::new(bench.image.clone(), &settings);
        bench.open();
        bench.boot("Accepted");
        bench.answer_all("StatusNotification", &json!({}));
        bench.plug();
        bench.answer_all("StatusNotification", &json!({}));
        assert_eq!(bench.asks_about("tag"), is_asked, "LocalPreAuthorize = {preauthorize}");
        assert_eq!(bench.has_power(), !is_asked);
    }
}

/// 1.6 §3.5.1: a token that is cached as refused is asked about again.
#[test]
fn every_answer_updates_the_cache() {
    let (yes, no) = (json!({"status": "Accepted"}), json!({"status": "Blocked"}));
    for (start, stop, is_asked) in [(&yes, &yes, false), (&yes, &no, true)] {
        let mut bench = Bench::accepted(&CACHED);
        bench.whole_session(start, stop);
        assert_eq!(bench.asks_about("TAG"), is_asked, "{start} {stop}");
    }
    let mut bench = Bench::accepted(&CACHED);
    bench.start();
    bench.answer("StartTransaction", &json!({"transactionId": 1, "idTagInfo": no}));
    assert_eq!(bench.stop_request()["reason"], "DeAuthorized");
    bench.swipe("TAG");
    bench.cable(Cable::Absent);
    bench.statuses();
    assert!(bench.asks_about("TAG"), "refused by the answer to the start");
}

#[test]
fn cached_acceptance_expires() {
    let mut bench = Bench::accepted(&CACHED);
    let end = wall(600_000).to_rfc3339();
    let info = json!({"status": "Accepted", "expiryDate": end});
    bench.whole_session(&info, &info);
    bench.input(Input::Link(LinkInput::Closed));
    bench.plug();
    bench.wait(500);
    bench.swipe("TAG");
    assert!(bench.has_power());
    bench.swipe("TAG");
    bench.cable(Cable::Absent);
    bench.wait(200);
    bench.plug();
    bench.swipe("TAG");
    assert!(!bench.has_power());
    assert!(bench.events.last().is_some_and(|event| event.contains("Csms(Expired)")), "{:?}", bench.events);
}

/// TC_061_1_CS; the queue of transaction messages is another thing than the cache.
#[test]
fn cleared_cache_knows_nobody_and_transaction_messages_stay_queued() {
    let mut bench = Bench::accepted(&CACHED);
    bench.start();
    bench.call("StartTransaction");
    assert!(bench.image.entries.keys().any(|key| key.as_str().starts_with("cache/")));
    bench.confirms = false;
    bench.frame(&json!([2, "c", "ClearCache", {}]));
    assert_eq!(bench.sent, Vec::<Value>::new(), "answered once it is durable");
    bench.confirm();
    bench.drain();
    bench.confirms = true;
    assert_eq!(bench.take_answer(0)["status"], "Accepted");
    assert!(!bench.image.entries.keys().any(|key| key.as_str().starts_with("cache/")));
    let mut bench = Bench::new(bench.image.clone(), &CACHED);
    bench.open();
    bench.boot("Accepted");
    bench.answer_all("StatusNotification", &json!({}));
    bench.answer("StartTransaction", &json!({"transactionId": 1, "idTagInfo": {"status": "Accepted"}}));
    assert_eq!(bench.stop_request()["reason"], "PowerLoss");
}

/// 1.6 §3.5.4, with each combination of what is known and what is allowed.
#[test]
fn offline_decision_follows_list_cache_and_keys() {
    let known: [(&str, &[Value]); 3] = [
        ("unknown", &[]),
        ("accepted", &[json!({"idTag": "TAG", "idTagInfo": {"status": "Accepted"}})]),
        ("blocked", &[json!({"idTag": "TAG", "idTagInfo": {"status": "Blocked"}})]),
    ];
    for (name, list) in known {
        for local in ["true", "false"] {
            for unknown in ["true", "false"] {
                let settings = [("LocalAuthorizeOffline", local), ("AllowOfflineTxForUnknownId", unknown)];
                let mut bench = Bench::accepted(&settings);
                let update = json!({"listVersion": 1, "updateType": "Full", "localAuthorizationList": list});
                assert_eq!(bench.request("SendLocalList", &update)["status"], "Accepted");
                bench.input(Input::Link(LinkInput::Closed));
                bench.plug();
                bench.swipe("TAG");
                let may_charge = match name {
                    "accepted" => local == "true" || unknown == "true",
                    "unknown" => unknown == "true",
                    _ => false,
                };
                assert_eq!(bench.has_power(), may_charge, "{name}, local {local}, unknown {unknown}");
            }
        }
    }
}

/// 1.6 §3.5.3.
#[test]
fn list_comes_before_the_cache_and_keeps_its_tokens_out_of_it() {
    let mut bench = Bench::accepted(&CACHED);
    bench.whole_session(&json!({"status": "Accepted"}), &json!({"status": "Accepted"}));
    let list = json!([{"idTag": "tag", "idTagInfo": {"status": "Blocked"}}]);
    let update = json!({"listVersion": 1, "updateType": "Full", "localAuthorizationList": list});
    assert_eq!(bench.request("SendLocalList", &update)["status"], "Accepted");
    assert!(bench.asks_about("TAG"), "the list says otherwise");

    let mut bench = Bench::accepted(&CACHED);
    assert_eq!(bench.request("SendLocalList", &update)["status"], "Accepted");
    bench.start();
    assert!(!bench.image.entries.keys().any(|key| key.as_str().starts_with("cache/")));
}

/// 1.6 §3.10: a token of the group stops the transaction; online by the CSMS's word, offline by the list's.
#[test]
fn token_of_the_group_stops_the_transaction() {
    for (group, is_online, stops) in
        [("FAMILY", true, true), ("FAMILY", false, true), ("OTHERS", true, false), ("OTHERS", false, false)]
    {
        let mut bench = Bench::accepted(&[]);
        let list = json!([{"idTag": "TWO", "idTagInfo": {"status": "Accepted", "parentIdTag": group}}]);
        let update = json!({"listVersion": 1, "updateType": "Full", "localAuthorizationList": list});
        assert_eq!(bench.request("SendLocalList", &update)["status"], "Accepted");
        bench.plug();
        bench.swipe("TAG");
        bench.answer_all("StatusNotification", &json!({}));
        bench.answer("Authorize", &accepted(Some("FAMILY")));
        bench.answer_all("StatusNotification", &json!({}));
        let start = json!({"transactionId": 5, "idTagInfo": {"status": "Accepted", "parentIdTag": "FAMILY"}});
        bench.answer("StartTransaction", &start);
        assert!(bench.has_power());
        if is_online {
            bench.swipe("TWO");
            bench.answer("Authorize", &accepted(Some(group)));
        } else {
            bench.input(Input::Link(LinkInput::Closed));
            bench.swipe("TWO");
        }
        assert_eq!(bench.has_power(), !stops, "{group}, online {is_online}");
    }
}

/// TC_007_2_CS, TC_008_2_CS.
#[test]
fn remote_start_of_a_known_token_needs_no_question() {
    let mut bench = Bench::accepted(&CACHED);
    let list = json!([{"idTag": "TAG", "idTagInfo": {"status": "Accepted"}}]);
    bench.request("SendLocalList", &json!({"listVersion": 1, "updateType": "Full", "localAuthorizationList": list}));
    bench.plug();
    bench.answer_all("StatusNotification", &json!({}));
    let answer = bench.request("RemoteStartTransaction", &json!({"idTag": "TAG", "connectorId": 1}));
    assert_eq!(answer["status"], "Accepted");
    assert!(bench.has_power());
    assert!(bench.sent.iter().all(|call| call[2] != "Authorize"));
}

/// 1.6 §3.5.2.
#[test]
fn conflict_between_list_and_answer_is_reported_until_a_new_list_comes() {
    let mut bench = Bench::accepted(&[("LocalPreAuthorize", "true"), ("MeterValueSampleInterval", "0")]);
    let update = |version| {
        let list = json!([{"idTag": "TAG", "idTagInfo": {"status": "Accepted"}}]);
        json!({"listVersion": version, "updateType": "Full", "localAuthorizationList": list})
    };
    bench.request("SendLocalList", &update(1));
    bench.plug();
    bench.swipe("TAG");
    bench.answer_all("StatusNotification", &json!({}));
    bench.answer("StartTransaction", &json!({"transactionId": 1, "idTagInfo": {"status": "Invalid"}}));
    let mut reports = core::iter::from_fn(|| {
        let is_status = bench.sent.first().is_some_and(|call| call[2] == "StatusNotification");
        is_status.then(|| bench.answer("StatusNotification", &json!({})))
    });
    let station = reports.find(|report| report["connectorId"] == 0).expect("a conflict is reported");
    assert_eq!((&station["errorCode"], &station["status"]), (&json!("LocalListConflict"), &json!("Available")));
    bench.stop_request();
    bench.request("SendLocalList", &update(2));
    let cleared = bench.answer("StatusNotification", &json!({}));
    assert_eq!((&cleared["connectorId"], &cleared["errorCode"]), (&json!(0), &json!("NoError")));
}
