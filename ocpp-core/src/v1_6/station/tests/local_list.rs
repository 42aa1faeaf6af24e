//! SendLocalList and GetLocalListVersion (1.6 §5.10, §5.15).

use super::*;

fn tokens(range: core::ops::Range<u32>) -> Vec<Value> {
    range.map(|n| json!({"idTag": format!("T{n}"), "idTagInfo": {"status": "Accepted"}})).collect()
}

fn update(kind: &str, version: i64, list: &[Value]) -> Value {
    json!({"listVersion": version, "updateType": kind, "localAuthorizationList": list})
}

impl Bench {
    fn send_list(&mut self, kind: &str, version: i64, list: &[Value]) -> String {
        self.request("SendLocalList", &update(kind, version, list))["status"].as_str().unwrap().to_owned()
    }

    fn version(&mut self) -> i64 {
        self.request("GetLocalListVersion", &json!({}))["listVersion"].as_i64().unwrap()
    }
}

/// TC_043_2_CS and the bounds.
#[test]
fn list_is_replaced_changed_or_refused_by_its_rules() {
    let mut bench = Bench::accepted(&[("LocalAuthListMaxLength", "60"), ("SendLocalListMaxLength", "50")]);
    assert_eq!(bench.version(), 0);
    let removal = [json!({"idTag": "T0"})];
    let twice = [tokens(0..1), tokens(0..1)].concat();
    let steps: [(&str, i64, &[Value], &str, i64); 14] = [
        ("Full", 2, &tokens(0..40), "Accepted", 2),
        ("Differential", 5, &tokens(40..50), "Accepted", 5),
        ("Differential", 4, &tokens(0..1), "VersionMismatch", 5),
        ("Differential", 5, &tokens(0..1), "VersionMismatch", 5),
        ("Differential", 6, &tokens(50..61), "Failed", 5),
        ("Full", 6, &tokens(0..51), "Failed", 5),
        ("Full", 6, &removal, "Failed", 5),
        ("Full", 6, &twice, "Failed", 5),
        ("Full", 0, &tokens(0..1), "Failed", 5),
        ("Full", -1, &tokens(0..1), "Failed", 5),
        ("Differential", 6, &[], "Accepted", 6),
        ("Differential", 7, &removal, "Accepted", 7),
        ("Full", 3, &tokens(0..1), "Accepted", 3),
        ("Full", 9, &[], "Accepted", 0),
    ];
    for (kind, version, list, status, after) in steps {
        assert_eq!(bench.send_list(kind, version, list), status, "{kind} {version} of {}", list.len());
        assert_eq!(bench.version(), after, "{kind} {version}");
        let mut again = Bench::new(bench.image.clone(), &[]);
        again.open();
        again.boot("Accepted");
        assert_eq!(again.version(), after, "after a restart, {kind} {version}");
    }
}

/// A status that 1.6 does not have (§7.2) says nothing of what is allowed: the update is refused as a whole, and the list stays.
#[test]
fn list_with_an_unknown_status_is_refused() {
    let mut bench = Bench::accepted(&[]);
    assert_eq!(bench.send_list("Full", 2, &tokens(0..2)), "Accepted");
    let strange = json!({"idTag": "T9", "idTagInfo": {"status": "NoCredit"}});
    for kind in ["Full", "Differential"] {
        assert_eq!(bench.send_list(kind, 3, &[&tokens(0..1)[..], core::slice::from_ref(&strange)].concat()), "Failed");
        assert_eq!(bench.version(), 2);
    }
}

/// TC_042_1_CS.
#[test]
fn list_that_is_switched_off_has_no_version_and_no_say() {
    let mut bench = Bench::accepted(&[("LocalPreAuthorize", "true")]);
    assert_eq!(bench.send_list("Full", 3, &tokens(0..1)), "Accepted");
    bench.request("ChangeConfiguration", &json!({"key": "LocalAuthListEnabled", "value": "false"}));
    assert_eq!(bench.version(), -1);
    assert_eq!(bench.send_list("Full", 4, &tokens(0..2)), "NotSupported");
    bench.swipe("T0");
    bench.call("Authorize");
    bench.request("ChangeConfiguration", &json!({"key": "LocalAuthListEnabled", "value": "true"}));
    assert_eq!(bench.version(), 3);
}

#[test]
fn list_is_answered_when_all_its_parts_are_durable() {
    let mut bench = Bench::accepted(&[]);
    bench.confirms = false;
    bench.frame(&json!([2, "l", "SendLocalList", update("Full", 1, &tokens(0..100))]));
    let parts = bench.unconfirmed.len();
    assert!(parts > 2, "a hundred tokens are no single record");
    let ops = core::mem::take(&mut bench.unconfirmed);
    for (ticket, op) in ops {
        assert_eq!(bench.sent, Vec::<Value>::new());
        if let StoreOp::Put { value, .. } = &op {
            assert!(value.len() < 1_500, "a record of {} bytes", value.len());
        }
        bench.image.apply(&op);
        bench.input(Input::Stored(ticket));
    }
    assert_eq!(bench.take_answer(0)["status"], "Accepted");
}
