//! Why something brought nothing, as a word that a host matches on.

use super::*;
use crate::station::{CallFailure, Event, FrameRefusal};

#[test]
fn what_the_csms_sends_wrong_has_a_cause_to_match_on() {
    let mut bench = Bench::accepted(&[]);
    bench.swipe("TAG");
    bench.wait(40);
    let late = bench.sent.iter().find(|call| call[2] == "Authorize").unwrap()[1].clone();
    for (frame, cause) in [
        (json!({"no": "array"}), FrameRefusal::Malformed),
        (json!([2, "a", "Reset", {}]), FrameRefusal::Call),
        (json!([3, late, {"idTagInfo": {"status": "Accepted"}}]), FrameRefusal::Late),
        (json!([3, "x", {}]), FrameRefusal::UnknownCall),
        (json!([2, "a", "ClearCache", {}]), FrameRefusal::ReusedId),
    ] {
        bench.events.clear();
        bench.frame(&frame);
        let said = format!("FrameRefused {{ cause: {cause:?}, ");
        assert!(bench.events.iter().any(|event| event.starts_with(&said)), "{frame}: {:?}", bench.events);
    }
}

#[cfg(feature = "lenient")]
#[test]
fn rejected_station_and_unreadable_answers_have_causes_too() {
    let mut bench = Bench::new(Image::default(), &[]);
    bench.open();
    bench.boot("Rejected");
    bench.frame(&json!([2, "a", "ClearCache", {}]));
    assert!(bench.events.iter().any(|event| event.contains("FrameRefused { cause: Rejected")), "{:?}", bench.events);
    let mut bench = Bench::accepted(&[]);
    for (answer, cause) in [
        (json!({"idTagInfo": 5}), CallFailure::Unreadable),
        (json!("NotImplemented"), CallFailure::Unsupported),
        (json!("InternalError"), CallFailure::Error),
    ] {
        bench.events.clear();
        bench.swipe("TAG");
        let (id, _) = bench.call("Authorize");
        let frame = if answer.is_object() { json!([3, id, answer]) } else { json!([4, id, answer, "", {}]) };
        bench.frame(&frame);
        let said = format!("CallFailed {{ action: \"Authorize\", cause: {cause:?}, ");
        assert!(bench.events.iter().any(|event| event.starts_with(&said)), "{answer}: {:?}", bench.events);
    }
}

/// Lines that were recorded when there were texts alone.
#[cfg(all(feature = "serde", feature = "smart_charging", feature = "handling"))]
#[test]
fn events_of_before_are_read_without_a_cause() {
    for (name, line) in [
        ("FrameRefused", r#"{"FrameRefused":{"reason":"x"}}"#),
        ("CallFailed", r#"{"CallFailed":{"action":"Heartbeat","reason":"x"}}"#),
        ("ProfileRefused", r#"{"ProfileRefused":{"reason":"x"}}"#),
        ("CallAnswered", r#"{"CallAnswered":{"action":"Blink","result":{"Err":"x"}}}"#),
    ] {
        let event: Event = serde_json::from_str(line).unwrap();
        assert!(format!("{event:?}").starts_with(name), "{event:?}");
    }
}
