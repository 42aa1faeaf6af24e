//! Remote starts (1.6 §5.11) that leave the connector to the station, and tokens at the station's own reader: the vehicle
//! that comes decides. Groups are learnt before anything hangs on them (§5.13).

use super::*;

const ASKS: [(&str, &str); 2] = [("AuthorizeRemoteTxRequests", "true"), ("MeterValueSampleInterval", "0")];

fn bench(evses: u16, settings: &[(&str, &str)]) -> Bench {
    Bench::with_config(Image::default(), config(settings).with_evses(evses)).online()
}

impl Bench {
    fn know(&mut self, tokens: &[(&str, Option<&str>)]) {
        let known = |(token, parent): &(&str, Option<&str>)| {
            let mut info = json!({"status": "Accepted"});
            if let Some(parent) = parent {
                info["parentIdTag"] = json!(parent);
            }
            json!({"idTag": token, "idTagInfo": info})
        };
        let list: Vec<_> = tokens.iter().map(known).collect();
        let list = json!({"listVersion": 1, "updateType": "Full", "localAuthorizationList": list});
        assert_eq!(self.request("SendLocalList", &list)["status"], "Accepted");
    }

    fn shows_token(&mut self, evse: Option<u16>, token: &str) {
        self.input(Input::Token { evse: evse.map(EvseId), token: IdToken::new(token) });
    }

    /// Where a transaction started, and of whom.
    fn started(&mut self) -> Vec<(i64, String)> {
        let started = self.settle();
        let told =
            |start: &Value| (start["connectorId"].as_i64().unwrap(), start["idTag"].as_str().unwrap().to_owned());
        started.iter().map(told).collect()
    }
}

fn at(connector: i64, token: &str) -> Vec<(i64, String)> {
    [(connector, token.to_owned())].into()
}

#[test]
fn remote_start_without_a_connector_serves_the_vehicle_that_comes() {
    for settings in [OFFLINE, ASKS] {
        for connector in [1, 2] {
            let mut bench = bench(2, &settings);
            assert_eq!(bench.remote_start(None, "TAG"), "Accepted");
            if settings == ASKS {
                bench.authorize("Accepted", None);
            }
            bench.wait(100);
            bench.plug_in(connector);
            assert_eq!(bench.started(), at(connector.into(), "TAG"));
            bench.plug_in(3 - connector);
            assert_eq!(bench.started(), [], "one transaction of it");
        }
    }
}

#[test]
fn remote_start_without_a_connector_serves_a_vehicle_that_waits_at_once() {
    let mut bench = bench(3, &ASKS);
    bench.plug_in(2);
    bench.now += 5_000;
    bench.plug_in(1);
    assert_eq!(bench.remote_start(None, "ONE"), "Accepted");
    assert_eq!(bench.remote_start(None, "TWO"), "Accepted");
    assert_eq!(bench.authorize("Blocked", None), "ONE");
    bench.settle();
    assert_eq!(bench.authorize("Accepted", None), "TWO");
    assert_eq!(bench.started(), at(1, "TWO"), "the vehicle that came first was for the other");
    assert_eq!(bench.remote_start(None, "ONE"), "Accepted");
    assert_eq!(bench.authorize("Accepted", None), "ONE");
    assert_eq!(bench.started(), at(2, "ONE"));
}

#[test]
fn remote_starts_at_once_get_a_connector_each_and_no_more() {
    for settings in [OFFLINE, ASKS] {
        let mut bench = bench(2, &settings);
        assert_eq!(bench.remote_start(None, "ONE"), "Accepted");
        assert_eq!(bench.remote_start(None, "TWO"), "Accepted");
        assert_eq!(bench.remote_start(None, "THREE"), "Rejected");
        assert_eq!(bench.remote_start(Some(1), "THREE"), "Rejected");
        assert_eq!(bench.remote_start(None, "ONE"), "Accepted", "the answer may have been lost");
        assert_eq!(bench.reserve(0, 9, "THREE", 600), "Occupied");
        assert_eq!(bench.reserve(2, 9, "THREE", 600), "Occupied");
        if settings == ASKS {
            assert_eq!(bench.authorize("Accepted", None), "ONE");
            bench.settle();
            assert_eq!(bench.authorize("Accepted", None), "TWO");
        }
        bench.plug_in(2);
        assert_eq!(bench.started(), at(2, "ONE"));
        bench.plug_in(1);
        assert_eq!(bench.started(), at(1, "TWO"));
    }
}

#[test]
fn remote_start_is_refused_where_another_token_is_asked_about() {
    let mut bench = bench(2, &ASKS);
    assert_eq!(bench.remote_start(Some(1), "ONE"), "Accepted");
    assert_eq!(bench.remote_start(Some(1), "TWO"), "Rejected");
    assert_eq!(bench.reserve(1, 9, "TWO", 600), "Occupied");
    assert_eq!(bench.remote_start(Some(1), "ONE"), "Accepted", "the same once more");
    bench.authorize("Accepted", None);
    assert!(!bench.asks(), "once is enough");
}

#[test]
fn driver_who_does_not_come_is_given_up_and_told() {
    let mut bench = bench(2, &OFFLINE);
    assert_eq!(bench.remote_start(None, "ONE"), "Accepted");
    bench.wait(50);
    assert_eq!(bench.remote_start(None, "TWO"), "Accepted");
    bench.events.clear();
    bench.wait(71);
    assert!(bench.events.iter().any(|event| event.contains("TokenRefused { evse: None, reason: Late }")));
    bench.plug_in(1);
    assert_eq!(bench.started(), at(1, "TWO"));
    bench.plug_in(2);
    assert_eq!(bench.started(), []);
    assert_eq!(bench.remote_start(None, "THREE"), "Accepted", "at the vehicle that waits");
    assert_eq!(bench.started(), at(2, "THREE"));
}

/// 1.6 §5.16.2.
#[cfg(feature = "smart_charging")]
#[test]
fn profile_goes_to_wherever_the_remote_start_leads() {
    let schedule = json!({"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8.0}]});
    let profile = |id| {
        json!({"chargingProfileId": id, "stackLevel": 0, "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Relative", "chargingSchedule": schedule})
    };
    for settings in [OFFLINE, ASKS] {
        let mut bench = bench(3, &settings);
        for (token, id) in [("ONE", 1), ("TWO", 2)] {
            let start = json!({"idTag": token, "chargingProfile": profile(id)});
            assert_eq!(bench.request("RemoteStartTransaction", &start)["status"], "Accepted");
            if settings == ASKS {
                bench.authorize("Accepted", None);
            }
        }
        assert_eq!(bench.remote_start(None, "THREE"), "Accepted");
        if settings == ASKS {
            bench.authorize("Accepted", None);
        }
        for connector in [3, 1, 2] {
            bench.plug_in(connector);
            bench.settle();
        }
        let limited: Vec<_> = bench.limits.iter().map(|(_, evse, limit)| (*evse, limit.total())).collect();
        assert_eq!(limited, [(3, 24_000), (1, 24_000)]);
        // One that comes to nothing leaves no profile.
        bench.request("RemoteStartTransaction", &json!({"idTag": "FOUR", "chargingProfile": profile(4)}));
        assert_eq!(bench.image.entries.keys().filter(|key| key.as_str().starts_with("profile/")).count(), 2);
    }
}

#[test]
fn group_of_a_reservation_is_learnt_before_a_remote_start() {
    for (parent, starts) in [(Some("P"), true), (Some("Q"), false), (None, false)] {
        for connector in [None, Some(1)] {
            let mut bench = bench(1, &OFFLINE);
            assert_eq!(bench.reserve_with(1, 9, "HEAD", Some("P")), "Accepted");
            bench.settle();
            assert_eq!(bench.remote_start(connector, "MEMBER"), "Accepted");
            bench.plug_in(1);
            assert_eq!(bench.settle(), Vec::<Value>::new());
            assert_eq!(bench.authorize("Accepted", parent), "MEMBER");
            let started = bench.settle();
            assert_eq!(started.iter().map(|start| &start["reservationId"]).eq([&json!(9)]), starts, "{parent:?}");
            assert_eq!(bench.image.entry("reservation/1").is_none(), starts);
        }
    }
}

/// Also from the local list, which without a parent decides nothing.
#[test]
fn group_of_a_reservation_is_known_from_the_local_list() {
    let locally =
        [("AuthorizeRemoteTxRequests", "false"), ("LocalPreAuthorize", "true"), ("MeterValueSampleInterval", "0")];
    for place in [0, 1] {
        for (parent, expected) in [(Some("P"), Some(true)), (Some("Q"), Some(false)), (None, None)] {
            for is_remote in [true, false] {
                let mut bench = bench(1, &locally);
                bench.know(&[("MEMBER", parent)]);
                assert_eq!(bench.reserve_with(place, 9, "HEAD", Some("P")), "Accepted");
                bench.plug_in(1);
                bench.settle();
                if is_remote {
                    let word = if expected == Some(false) { "Rejected" } else { "Accepted" };
                    assert_eq!(bench.remote_start(Some(1), "MEMBER"), word, "{parent:?}");
                } else {
                    bench.shows_token(Some(1), "MEMBER");
                }
                assert_eq!(bench.asks(), expected.is_none(), "{parent:?}");
                if expected.is_none() {
                    bench.authorize("Accepted", Some("P"));
                }
                assert_eq!(bench.started().len(), usize::from(expected != Some(false)));
            }
        }
    }
}

/// The vehicle may stand where it was reserved for its group, or the driver may come to another place.
#[test]
fn token_of_an_unknown_group_finds_its_reserved_connector() {
    for (parent, connector) in [(Some("P"), Some(1)), (None, None)] {
        for is_remote in [true, false] {
            let mut bench = bench(2, &OFFLINE);
            assert_eq!(bench.reserve_with(1, 9, "HEAD", Some("P")), "Accepted");
            bench.plug_in(1);
            bench.settle();
            if is_remote {
                assert_eq!(bench.remote_start(None, "MEMBER"), "Accepted");
            } else {
                bench.shows_token(None, "MEMBER");
            }
            bench.authorize("Accepted", parent);
            assert_eq!(bench.started(), connector.map_or(Vec::new(), |connector| at(connector, "MEMBER")));
            bench.plug_in(2);
            assert_eq!(bench.started(), if parent.is_some() { Vec::new() } else { at(2, "MEMBER") });
        }
    }
}

/// 1.6 §3.10: by the answer to the start, and by what list and cache know of either.
#[test]
fn group_of_who_charges_is_learnt_after_a_start_that_nobody_asked_about() {
    for (known, answered) in [(None, Some("P")), (Some("P"), None), (None, None)] {
        let mut bench = bench(1, &OFFLINE);
        assert_eq!(bench.remote_start(Some(1), "TAG"), "Accepted");
        bench.plug_in(1);
        let mut info = json!({"status": "Accepted"});
        if let Some(parent) = answered {
            info["parentIdTag"] = json!(parent);
        }
        bench.answer("StartTransaction", &json!({"transactionId": 7, "idTagInfo": info}));
        bench.charge();
        bench.settle();
        bench.know(&[("TAG", known)]);
        bench.shows_token(Some(1), "OTHER");
        let is_known = known.or(answered).is_some();
        assert_eq!(bench.asks(), is_known);
        if is_known {
            bench.authorize("Accepted", Some("P"));
            assert_eq!(bench.stop_request()["idTag"], "OTHER");
        }
    }
}

/// 1.6 §5.13 (2): at whichever connector; over a restart; and by nobody else.
#[test]
fn reservation_of_the_station_outlives_a_restart_and_is_used_once() {
    let mut bench = bench(2, &OFFLINE);
    assert_eq!(bench.reserve_with(0, 9, "HEAD", Some("P")), "Accepted");
    bench.settle();
    let mut bench = Bench::with_config(bench.image.clone(), config(&OFFLINE).with_evses(2)).online();
    assert_eq!(bench.remote_start(Some(2), "STRANGER"), "Accepted");
    bench.plug_in(2);
    assert_eq!(bench.settle()[0]["reservationId"], Value::Null);
    assert_eq!(bench.remote_start(Some(1), "STRANGER"), "Accepted", "asked about, for it may be of the group");
    bench.authorize("Accepted", None);
    bench.plug_in(1);
    assert_eq!(bench.settle(), Vec::<Value>::new());
    assert_eq!(bench.remote_start(Some(1), "HEAD"), "Accepted");
    assert_eq!(bench.settle()[0]["reservationId"], 9);
    assert!(bench.image.entry("reservation/0").is_none());
}

#[test]
fn reservation_that_ends_while_its_token_is_asked_about_leaves_the_connector_to_it() {
    let ends: [fn(&mut Bench); 2] = [
        |bench| bench.wait(15),
        |bench| {
            bench.request("CancelReservation", &json!({"reservationId": 9}));
        },
    ];
    for end in ends {
        for place in [0, 1] {
            let mut bench = bench(1, &ASKS);
            assert_eq!(bench.reserve(place, 9, "TAG", 20), "Accepted");
            bench.settle();
            assert_eq!(bench.remote_start(Some(1), "TAG"), "Accepted");
            bench.now += 10_000;
            end(&mut bench);
            bench.settle();
            assert_eq!(bench.reserve(1, 10, "OTHER", 600), "Occupied", "it is about to be used");
            if bench.asks() {
                bench.authorize("Accepted", None);
                bench.plug_in(1);
                assert_eq!(bench.settle()[0]["reservationId"], Value::Null);
            }
        }
    }
}

/// All that waits for the CSMS is decided at once when it cannot be asked.
#[test]
fn tokens_that_are_decided_together_leave_a_place_for_the_reservation() {
    let settings = [("AllowOfflineTxForUnknownId", "true"), ("MeterValueSampleInterval", "0")];
    let mut bench = bench(2, &settings);
    assert_eq!(bench.reserve(0, 9, "HEAD", 600), "Accepted");
    bench.plug_in(1);
    bench.shows_token(Some(1), "ONE");
    bench.shows_token(Some(2), "TWO");
    bench.shows_token(None, "THREE");
    bench.input(Input::Link(LinkInput::Closed));
    bench.plug_in(2);
    let on = bench.orders.iter().filter(|order| **order == EvseAction::Power(Power::On)).count();
    assert_eq!(on, 1, "{:?}", bench.events);
}

/// A fault of the station ends what is reserved of it, and of each connector (1.6 §5.13 (3)).
#[test]
fn fault_of_the_station_ends_every_reservation() {
    use crate::station::{Fault, FaultCode};
    let mut bench = bench(3, &OFFLINE);
    assert_eq!(bench.reserve(0, 9, "ONE", 600), "Accepted");
    assert_eq!(bench.reserve(1, 10, "TWO", 600), "Accepted");
    let fault =
        Fault { code: FaultCode::OtherError, is_blocking: true, info: None, vendor_error_code: None, vendor_id: None };
    bench.input(Input::Fault(Some(fault)));
    assert!(!bench.image.entries.keys().any(|key| key.as_str().starts_with("reservation/")));
}

/// Replacing keeps the id, wherever the reservation goes; a refusal keeps what was there.
#[test]
fn reservation_is_replaced_by_its_id() {
    let mut bench = bench(2, &OFFLINE);
    assert_eq!(bench.reserve(0, 9, "ONE", 600), "Accepted");
    assert_eq!(bench.reserve(2, 10, "TWO", 600), "Accepted");
    assert_eq!(bench.reserve(1, 10, "TWO", 600), "Accepted", "the other connector is free then");
    assert_eq!(bench.reserve(1, 9, "ONE", 600), "Occupied", "it is another's");
    assert_eq!(bench.reserve(2, 9, "ONE", 600), "Accepted", "the station's may have the last one");
    assert_eq!(bench.reserve(0, 9, "ONE", 600), "Accepted", "and goes back");
    assert_eq!(bench.reserve(0, 10, "TWO", 600), "Occupied");
    assert_eq!(bench.reserve(3, 9, "ONE", 600), "Rejected");
    assert!(bench.image.entry("reservation/0").is_some() && bench.image.entry("reservation/1").is_some());
    bench.settle();
    bench.fail(2);
    bench.settle();
    assert_eq!(bench.reserve(2, 11, "ONE", 600), "Faulted");
    assert_eq!(bench.reserve(2, 9, "ONE", 600), "Faulted");
    assert_eq!(bench.reserve(0, 9, "SIX", 600), "Occupied", "nothing is left for it");
}

/// Two of the group, of whom one uses the reservation.
#[test]
fn reservation_of_the_station_is_room_for_one_of_its_group() {
    let locally = [("AuthorizeRemoteTxRequests", "false"), ("MeterValueSampleInterval", "0")];
    for evses in [2, 3] {
        let mut bench = bench(evses, &locally);
        bench.know(&[("ONE", Some("P")), ("TWO", Some("P")), ("STRANGER", Some("Q"))]);
        assert_eq!(bench.remote_start(Some(1), "X"), "Accepted");
        assert_eq!(bench.reserve_with(0, 9, "HEAD", Some("P")), "Accepted");
        bench.settle();
        assert_eq!(bench.remote_start(None, "ONE"), "Accepted");
        assert_eq!(bench.remote_start(None, "TWO"), if evses == 2 { "Rejected" } else { "Accepted" });
        assert_eq!(bench.remote_start(None, "STRANGER"), "Rejected");
        assert_eq!(bench.remote_start(Some(2), "STRANGER"), "Rejected");
        for connector in (2..=evses).rev() {
            bench.plug_in(connector);
        }
        let started = bench.settle();
        assert_eq!(started.iter().filter(|start| start["reservationId"] == 9).count(), 1);
        assert_eq!(started.len(), usize::from(evses) - 1);
    }
}

#[test]
fn stranger_who_plugs_in_at_a_reserved_connector_does_not_get_it() {
    let mut bench = bench(2, &OFFLINE);
    assert_eq!(bench.reserve(1, 9, "TAG", 600), "Accepted");
    bench.plug_in(1);
    bench.settle();
    assert_eq!(bench.remote_start(Some(1), "STRANGER"), "Rejected");
    bench.shows_token(Some(1), "STRANGER");
    assert!(!bench.asks());
    assert_eq!(bench.remote_start(None, "STRANGER"), "Accepted");
    bench.plug_in(2);
    assert_eq!(bench.started(), at(2, "STRANGER"));
    assert_eq!(bench.remote_start(None, "TAG"), "Accepted");
    assert_eq!(bench.settle()[0]["reservationId"], 9);
}
