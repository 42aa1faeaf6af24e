//! Reset of an EVSE (B11, B12). That of the station is in `calls`.

use super::*;

fn resetting(version: Dialect, resets: bool) -> Bench {
    let mut config = config(&[version], &[]).with_evses(2);
    config.hardware.resets_evses = resets;
    let mut bench = Bench::boot(config, version, Image::default(), 0);
    bench.connect();
    bench.told.clear();
    bench.orders.clear();
    bench
}

fn reset(kind: &str, evse: i64) -> Value {
    json!({"type": kind, "evseId": evse})
}

impl Bench {
    fn resets(&self) -> usize {
        self.orders.iter().filter(|order| **order == EvseAction::Reset).count()
    }
}

/// B11.FR.08, B11.FR.10: with orders anew, and without a restart of the station.
#[test]
fn idle_evse_is_reset_alone() {
    for (version, kind) in EDITIONS.into_iter().flat_map(|version| [(version, "Immediate"), (version, "OnIdle")]) {
        let mut bench = resetting(version, true);
        assert_eq!(bench.request("Reset", &reset(kind, 1))["status"], "Accepted");
        let (open, off) = (EvseAction::Lock(crate::station::Lock::Unlocked), EvseAction::Power(Power::Off));
        assert_eq!(bench.orders[0], EvseAction::Reset);
        assert!(bench.orders[1..].contains(&open) && bench.orders[1..].contains(&off), "{:?}", bench.orders);
        bench.start();
        assert_eq!(bench.power, Power::On, "it is of use afterwards");
        bench.wait(120);
        assert_eq!((bench.resets(), bench.reboots.len()), (1, 0));
    }
}

/// B11.FR.09, B12.FR.09.
#[test]
fn evse_that_cannot_be_reset_alone_is_not() {
    for version in EDITIONS {
        for (resets, evse) in [(false, 1), (true, 3), (true, 0)] {
            let mut bench = resetting(version, resets);
            for kind in ["Immediate", "OnIdle"] {
                assert_eq!(bench.request("Reset", &reset(kind, evse))["status"], "Rejected", "{evse}");
            }
            let allow = json!({"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "AllowReset"}});
            let read = bench.request("GetVariables", &json!({"getVariableData": [allow]}));
            assert_eq!(read["getVariableResult"][0]["attributeValue"], resets.to_string());
            bench.wait(120);
            assert_eq!((bench.resets(), bench.reboots.len()), (0, 0));
        }
    }
}

/// B12.FR.08: the transaction ends, on record, before the answer and the reset.
#[test]
fn immediate_reset_of_an_evse_ends_its_transaction_first() {
    for version in EDITIONS {
        let mut bench = resetting(version, true);
        bench.start();
        bench.transaction_events();
        bench.confirms = false;
        bench.frame(&json!([2, "r", "Reset", reset("Immediate", 1)]));
        assert_eq!((bench.power, bench.resets(), bench.sent.len()), (Power::Off, 0, 0), "nothing is on record");
        bench.confirms = true;
        bench.confirm();
        bench.settle();
        assert_eq!(bench.sent.remove(0), json!([3, "r", {"status": "Accepted"}]));
        bench.serve();
        let events = bench.transaction_events();
        assert_eq!(events.last().map(words).as_deref(), Some("Ended ResetCommand EVConnected ImmediateReset"));
        assert_eq!((bench.resets(), bench.reboots.len()), (1, 0));
    }
}

/// B12.FR.01, B12.FR.07.
#[test]
fn reset_of_an_evse_on_idle_waits_for_its_driver() {
    for version in EDITIONS {
        let mut bench = resetting(version, true);
        assert_eq!(bench.request("Reset", &reset("OnIdle", 2))["status"], "Accepted");
        bench.start();
        assert_eq!(bench.request("Reset", &reset("OnIdle", 1))["status"], "Scheduled");
        bench.serve_for(300);
        assert_eq!((bench.power, bench.resets()), (Power::On, 1));
        bench.swipe("TAG");
        bench.serve();
        let events = bench.transaction_events();
        assert_eq!(events.last().map(words).as_deref(), Some("Ended StopAuthorized EVConnected"));
        assert_eq!((bench.resets(), bench.reboots.len()), (2, 0));
    }
}
