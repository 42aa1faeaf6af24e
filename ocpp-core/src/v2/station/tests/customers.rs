//! What is known of a customer, told and forgotten (N09, N10).

use super::*;
use crate::station::{Answer, AskId, Customer};

/// What is asked, of whom.
fn request(is_report: bool, is_clear: bool, name: (&str, Value)) -> Value {
    let mut request = json!({"requestId": 7, "report": is_report, "clear": is_clear});
    request[name.0] = name.1;
    request
}

fn tag() -> (&'static str, Value) {
    ("idToken", json!({"idToken": "TAG", "type": "ISO14443"}))
}

impl Bench {
    /// The parts that were told, with what else is in them.
    fn parts(&mut self) -> Vec<String> {
        self.serve();
        let told = self.take("NotifyCustomerInformation");
        for (part, told) in (0..).zip(&told) {
            assert_eq!((&told["requestId"], &told["seqNo"]), (&json!(7), &json!(part)));
        }
        for (place, told_part) in told.iter().enumerate() {
            assert_eq!(told_part["tbc"], json!(place + 1 < told.len()), "{told:?}");
        }
        told.iter().map(|told| told["data"].as_str().unwrap().to_owned()).collect()
    }

    /// The token is in the cache and in the list.
    fn knows_tag(version: Dialect) -> Self {
        let settings = [("AuthCacheCtrlr.Enabled", "true"), ("AuthCtrlr.LocalPreAuthorize", "true")];
        let mut bench = Bench::accepted(version, &settings);
        bench.verdict = json!({"status": "Accepted", "groupIdToken": {"idToken": "FLEET", "type": "Central"}});
        bench.start();
        bench.swipe("TAG");
        bench.serve();
        bench.unplug();
        bench.serve();
        let info = json!({"status": "Blocked", "cacheExpiryDateTime": "2030-01-01T00:00:00Z"});
        let entry = json!({"idToken": tag().1, "idTokenInfo": info});
        let list = json!({"versionNumber": 1, "updateType": "Full", "localAuthorizationList": [entry]});
        assert_eq!(bench.request("SendLocalList", &list)["status"], "Accepted");
        bench
    }
}

/// N09.FR.02, N09.FR.05, N10.FR.03, N10.FR.06: the cache forgets, once that is durable, and for good; the list is the CSMS's.
#[test]
fn what_is_known_of_a_token_is_told_and_forgotten() {
    let listed = "LocalAuthList: Blocked, until 2030-01-01T00:00:00Z";
    let all = format!("AuthCache: Accepted, group FLEET\n{listed}");
    for version in EDITIONS {
        let mut bench = Bench::knows_tag(version);
        for (id, is_clear, told) in [("a", false, &*all), ("b", true, &*all), ("c", true, listed)] {
            bench.confirms = false;
            bench.frame(&json!([2, id, "CustomerInformation", request(true, is_clear, tag())]));
            let waits = told == all && is_clear;
            assert_eq!(bench.sent.is_empty(), waits, "the answer waits for what was forgotten");
            bench.confirms = true;
            bench.confirm();
            bench.settle();
            assert_eq!(bench.sent.remove(0), json!([3, id, {"status": "Accepted"}]));
            assert_eq!(bench.parts(), [told]);
        }
        let mut bench = bench.cut();
        bench.connect();
        assert_eq!(bench.request("CustomerInformation", &request(true, false, tag())), json!({"status": "Accepted"}));
        assert_eq!(bench.parts(), [listed], "after a power cut");
        assert_eq!(bench.request("CustomerInformation", &request(false, true, tag())), json!({"status": "Accepted"}));
        assert_eq!(bench.parts(), [""], "N10.FR.06: not what");
        let nobody = ("idToken", json!({"idToken": "NOBODY", "type": "Central"}));
        assert_eq!(bench.request("CustomerInformation", &request(true, true, nobody)), json!({"status": "Accepted"}));
        assert_eq!(bench.parts(), [""], "N09.FR.06, N10.FR.04");
    }
}

/// N09.FR.03, N09.FR.07, N09.FR.09, N10.FR.05, N10.FR.07.
#[test]
fn request_that_names_nobody_or_wants_nothing_is_refused() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[]);
        let none = json!({"requestId": 7, "report": true, "clear": false});
        let mut both = request(true, false, tag());
        both["customerIdentifier"] = json!("C-1");
        for (request, status) in [(none, "Invalid"), (both, "Invalid"), (request(false, false, tag()), "Rejected")] {
            assert_eq!(bench.request("CustomerInformation", &request), json!({"status": status}));
        }
        let accepted = (0..6).filter(|_| {
            let answer = bench.request("CustomerInformation", &request(true, false, tag()));
            answer["status"] == "Accepted"
        });
        assert_eq!(accepted.count(), 4, "not without end");
        bench.serve();
        assert_eq!(bench.take("NotifyCustomerInformation").len(), 4);
    }
}

/// The host is asked of every kind of customer, and what it says leaves in parts; without an answer it knows nothing.
#[test]
fn host_tells_what_it_knows_in_parts() {
    let hash = json!({"hashAlgorithm": "SHA256", "issuerNameHash": "A1", "issuerKeyHash": "B2", "serialNumber": "FF"});
    let names = [tag(), ("customerIdentifier", json!("C-1")), ("customerCertificate", hash)];
    for (version, name) in EDITIONS.into_iter().flat_map(|version| names.clone().map(|name| (version, name))) {
        let config = config(&[version], &[]).with(|config| config.policy.asks_about_customers = true);
        let mut bench = Bench::boot(config, version, Image::default(), 0);
        bench.connect();
        bench.told.clear();
        bench.frame(&json!([2, "c", "CustomerInformation", request(true, true, name.clone())]));
        assert!(bench.sent.is_empty(), "nothing is decided");
        let question = bench.asked.remove(0);
        let Question::CustomerInformation { customer, is_report: true, is_clear: true } = question else {
            panic!("{question:?}")
        };
        match (name.0, customer) {
            ("idToken", Customer::IdToken(token)) => assert_eq!(token.as_str(), "TAG"),
            ("customerIdentifier", Customer::Identifier(id)) => assert_eq!(id, "C-1"),
            ("customerCertificate", Customer::Certificate(hash)) => assert_eq!(hash.serial_number, "FF"),
            other => panic!("{other:?}"),
        }
        let long = "\u{e9}".repeat(1200);
        let too_long = Answer::CustomerInformation { data: Some("x".repeat(16_385)) };
        let now = Instant::from_millis(bench.now);
        assert!(bench.station.handle(now, Input::Answer(AskId(1), too_long)).is_err());
        bench.input(Input::Answer(AskId(1), Answer::CustomerInformation { data: Some(long.clone()) }));
        assert_eq!(bench.sent.remove(0), json!([3, "c", {"status": "Accepted"}]));
        let parts = bench.parts();
        assert_eq!(parts.iter().map(|part| part.chars().count()).collect::<Vec<_>>(), [512, 512, 176]);
        assert_eq!(parts.concat(), long);
        bench.frame(&json!([2, "d", "CustomerInformation", request(true, true, name)]));
        bench.wait(11);
        assert_eq!(bench.sent.remove(0), json!([3, "d", {"status": "Accepted"}]), "at the deadline");
        assert_eq!(bench.parts(), [""]);
    }
}

/// A part that is not answered leaves again; what was asked for on a connection that is gone still comes.
#[test]
fn part_that_is_lost_is_told_again() {
    let mut bench = Bench::knows_tag(Dialect::V2_0_1);
    bench.request("CustomerInformation", &request(true, false, tag()));
    bench.call("NotifyCustomerInformation");
    bench.close();
    bench.connect();
    bench.serve_for(60);
    assert_eq!(bench.take("NotifyCustomerInformation").len(), 1);
}
