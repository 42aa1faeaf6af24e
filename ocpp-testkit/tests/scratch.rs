use ocpp_testkit::crash::ALL;
use ocpp_testkit::pair::*;
use std::time::Duration;

fn hollow(pair: &mut Pair) {
    pair.intercept("BootNotification", Interception::Payload(r#"{"status":"Accepted","interval":300,"currentTime":"2026-01-01T12:00:00Z"}"#.into()));
    for _ in 0..60 {
        for a in ["StatusNotification", "MeterValues"] {
            pair.intercept(a, Interception::Payload("{}".into()));
        }
        pair.intercept("Heartbeat", Interception::Payload(r#"{"currentTime":"2026-01-01T12:05:00Z"}"#.into()));
        pair.intercept("Authorize", Interception::Payload(r#"{"idTagInfo":{"status":"Accepted"}}"#.into()));
        pair.intercept("StartTransaction", Interception::Payload(r#"{"transactionId":77,"idTagInfo":{"status":"Accepted"}}"#.into()));
        pair.intercept("StopTransaction", Interception::Payload(r#"{}"#.into()));
    }
}

#[test]
fn scratch() {
    for n in std::env::var("SCN").unwrap_or("0".into()).split(',') {
    let s = &ALL[n.parse::<usize>().unwrap()];
    let mut pair = Pair::new((s.config)()).unwrap();
    hollow(&mut pair);
    pair.script((s.steps)().into_iter().map(|(x, y)| (Duration::from_secs(x), y)));
    let r = pair.run_for(Duration::from_secs(900));
    println!("=== {}\n{}", s.name, pair.trace);
    if let Err(e) = r { println!("FAIL {} {}", e.at, e.violation); }
    }
}
