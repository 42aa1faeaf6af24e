//! What holds for the events of every transaction, whatever happened (E01 to E13).

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::Value;

/// The register of a meter value, in Wh.
pub(super) fn registers(event: &Value) -> Vec<(String, f64)> {
    let mut all = Vec::new();
    for value in event["meterValue"].as_array().into_iter().flatten() {
        for sample in value["sampledValue"].as_array().into_iter().flatten() {
            if sample["measurand"] == "Energy.Active.Import.Register" {
                all.push((
                    sample["context"].as_str().unwrap_or_default().to_string(),
                    sample["value"].as_f64().unwrap(),
                ));
            }
        }
    }
    all
}

/// Checks all events that were told, in the order in which they were, and gives how many transactions there were. `is_thinned`: some
/// may be missing in the middle.
pub(super) fn check(events: &[Value], is_thinned: bool) -> usize {
    let mut stories: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for event in events {
        let name = event["transactionInfo"]["transactionId"].as_str().unwrap().to_string();
        stories.entry(name).or_default().push(event);
    }
    for (name, story) in &stories {
        let said = || story.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert_eq!(story[0]["eventType"], "Started", "{name}: {}", said());
        assert_eq!(story[0]["seqNo"], 0, "{name}: {}", said());
        let begins = story.iter().filter(|event| event["eventType"] == "Started").count();
        let ends = story.iter().filter(|event| event["eventType"] == "Ended").count();
        let is_over = story.last().is_some_and(|event| event["eventType"] == "Ended");
        assert!(begins == 1 && ends == usize::from(is_over), "{name}: {}", said());
        let numbers: Vec<u64> = story.iter().map(|event| event["seqNo"].as_u64().unwrap()).collect();
        if is_thinned {
            assert!(numbers.is_sorted_by(|one, next| one < next), "{name}: {numbers:?}");
        } else {
            assert_eq!(numbers, (0..).take(numbers.len()).collect::<Vec<_>>(), "{name}: {}", said());
        }
        // E03.FR.12: what the vehicle takes is another event.
        let is_early = |event: &&&Value| {
            event["triggerReason"] == "CablePluggedIn" && event["transactionInfo"]["chargingState"] == "SuspendedEV"
        };
        assert_eq!(story.iter().find(is_early), None, "{name}: {}", said());
        let reserved = story.iter().filter(|event| event.get("reservationId").is_some()).count();
        assert!(reserved <= 1, "{name}: {}", said());
        // Who charges is told once, and again only after his authorisation ended and he came back; who ended, at the end.
        let lapses = ["StopAuthorized", "RemoteStop", "Deauthorized", "EVCommunicationLost", "EVConnectTimeout"];
        let (mut driver, mut may_begin) = (None, true);
        for event in story.iter().filter(|event| event["eventType"] != "Ended") {
            may_begin |= lapses.iter().any(|lapse| event["triggerReason"] == *lapse);
            if let Some(token) = event.get("idToken") {
                assert!(may_begin && *driver.get_or_insert(token) == token, "{name}: {}", said());
                may_begin = false;
            } else {
                assert!(event["transactionInfo"].get("remoteStartId").is_none(), "{name}: {}", said());
            }
        }
        // J02.FR.16: also over the times in one message.
        let mut last = (String::new(), f64::MIN);
        for event in story.iter().filter(|event| event["eventType"] != "Ended") {
            for (_, register) in registers(event) {
                assert!(register >= last.1, "{name}: {}", said());
                last.1 = register;
            }
        }
        for event in story.iter().filter(|event| event["eventType"] == "Ended") {
            let end = registers(event);
            assert!(end.iter().filter(|(context, _)| context == "Transaction.End").count() == 1, "{name}: {}", said());
            assert!(end.last().is_some_and(|(_, register)| *register >= last.1), "{name}: {}", said());
            assert!(event["transactionInfo"].get("stoppedReason").is_some(), "{name}: {}", said());
        }
        let times: Vec<&str> = story.iter().map(|event| event["timestamp"].as_str().unwrap()).collect();
        let times: Vec<_> = times.iter().map(|time| chrono::DateTime::parse_from_rfc3339(time).unwrap()).collect();
        assert!(times.is_sorted(), "{name}: {times:?}");
    }
    stories.len()
}
