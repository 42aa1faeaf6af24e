use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::Party::{Primary, Secondary, Station};
use super::*;
use crate::Limits;

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn outputs(relay: &mut Relay) -> Vec<Output> {
    core::iter::from_fn(|| relay.poll_output()).collect()
}

fn send(to: Party, text: &str) -> Output {
    Output::Send { to, text: text.to_string() }
}

/// A relay whose connections are all open.
fn relay(config: RelayConfig) -> Relay {
    let mut relay = Relay::new(config, 9);
    relay.station_opened(at(0), Dialect::V2_1);
    relay.upstream_opened(at(0), Primary);
    if relay.config.secondary.is_some() {
        relay.upstream_opened(at(0), Secondary);
    }
    outputs(&mut relay);
    relay
}

fn with_secondary() -> RelayConfig {
    RelayConfig {
        secondary: Some(SecondaryRules {
            sees: ActionFilter::all(Verdict::Pass).but("Authorize", Verdict::Refuse),
            may_call: ActionFilter::all(Verdict::Refuse).but("SetChargingProfile", Verdict::Pass),
        }),
        ..RelayConfig::TRANSPARENT
    }
}

/// What the relay does on one frame.
fn on(relay: &mut Relay, from: Party, frame: &str) -> Vec<Output> {
    relay.receive(relay.now, from, frame.as_bytes());
    outputs(relay)
}

/// The id of the one call that the relay sent to the station.
fn sent_id(outputs: &[Output]) -> MessageId {
    let [Output::Send { to: Station, text }] = outputs else { panic!("{outputs:?}") };
    let Ok(Frame::Call { id, .. }) = Frame::open(text.as_bytes(), Dialect::V2_1, &Limits::STANDARD) else {
        panic!("{text}")
    };
    id
}

/// Part 4 §6.1, §6.4: any message is relayed, and no end can tell.
#[test]
fn frames_pass_both_ways_byte_for_byte() {
    let mut relay = relay(RelayConfig::TRANSPARENT);
    for text in [
        r#" [ 2 , "1", "BootNotification" , {"a" : 1.50, "b":"\u00e9"} ] "#,
        r#"[4,"p","InternalError","x",{"detail":[]}]"#,
        r#"[5,"p","FormatViolation","",{}]"#,
        r#"[6,"2","NotifyPeriodicEventStream",{}]"#,
        r#"[7,"3",{"from":"the future"}]"#,
    ] {
        assert_eq!(on(&mut relay, Station, text), [send(Primary, text)]);
    }
    for text in [r#"[3,"1",{"status" :"Accepted"}]"#, r#"[2,"x","Reset",{ }]"#, r#"[6,"y","Z",{}]"#, r#"[8,"z"]"#] {
        assert_eq!(on(&mut relay, Primary, text), [send(Station, text)]);
    }
    assert_eq!(on(&mut relay, Station, r#"[3,"x",{}]"#), [send(Primary, r#"[3,"x",{}]"#)]);
}

/// Part 4 §6.2: one connection to the CSMS for each station, opened once the station is connected.
#[test]
fn station_connection_opens_the_others_and_frames_wait_for_them() {
    let mut relay = Relay::new(RelayConfig { max_held: 2, ..with_secondary() }, 1);
    relay.station_opened(at(0), Dialect::V1_6);
    assert_eq!(
        outputs(&mut relay),
        [Output::Connect(Primary, Dialect::V1_6), Output::Connect(Secondary, Dialect::V1_6)]
    );
    let frames = [r#"[2,"1","A",{}]"#, r#"[2,"2","B",{}]"#, r#"[2,"3","C",{}]"#];
    assert_eq!(on(&mut relay, Station, frames[0]), []);
    assert_eq!(on(&mut relay, Station, frames[1]), []);
    let dropped = Output::Dropped { from: Station };
    assert_eq!(on(&mut relay, Station, frames[2]), [dropped.clone(), dropped]);
    relay.upstream_opened(at(1), Primary);
    assert_eq!(outputs(&mut relay), [send(Primary, frames[0]), send(Primary, frames[1])]);
    relay.upstream_opened(at(1), Secondary);
    assert_eq!(outputs(&mut relay), [send(Secondary, frames[0])]);
}

/// Part 4 §6.3.
#[test]
fn losing_one_side_closes_the_other() {
    let mut relay = relay(with_secondary());
    relay.closed(at(1), Secondary);
    assert_eq!(outputs(&mut relay), [], "the secondary is not missed");
    relay.closed(at(1), Primary);
    assert_eq!(outputs(&mut relay), [Output::Close(Station)]);
    relay.closed(at(2), Station);
    assert_eq!(outputs(&mut relay), []);

    relay.station_opened(at(3), Dialect::V2_0_1);
    relay.upstream_opened(at(3), Primary);
    outputs(&mut relay);
    relay.closed(at(4), Station);
    assert_eq!(outputs(&mut relay), [Output::Close(Primary), Output::Close(Secondary)]);
    relay.upstream_opened(at(5), Secondary);
    assert_eq!(outputs(&mut relay), [Output::Close(Secondary)], "it opened too late");
    assert_eq!(on(&mut relay, Primary, r#"[2,"1","A",{}]"#), []);
}

/// Errata of 2.0.1 §4.13 and of 2.1 §4.2.
#[test]
fn controller_may_keep_the_station_and_answer_itself() {
    let mut relay = relay(RelayConfig { keep_station: true, ..RelayConfig::TRANSPARENT });
    relay.closed(at(1), Primary);
    assert_eq!(outputs(&mut relay), []);
    let call = r#"[2,"1","Heartbeat",{}]"#;
    assert_eq!(on(&mut relay, Station, call), [Output::Handle { from: Station, text: call.to_string() }]);
    relay.send(at(2), Station, r#"[3,"1",{}]"#.to_string());
    assert_eq!(outputs(&mut relay), [send(Station, r#"[3,"1",{}]"#)]);
    relay.reconnect(at(3), Primary);
    assert_eq!(outputs(&mut relay), [Output::Connect(Primary, Dialect::V2_1)]);
    assert_eq!(on(&mut relay, Station, call), []);
    relay.closed(at(4), Primary);
    assert_eq!(outputs(&mut relay), [Output::Handle { from: Station, text: call.to_string() }], "it failed again");
    relay.reconnect(at(5), Primary);
    relay.upstream_opened(at(5), Primary);
    assert_eq!(on(&mut relay, Station, call).last(), Some(&send(Primary, call)));
}

#[test]
fn calls_and_answers_of_a_lost_server_are_nobodys() {
    let mut relay = relay(RelayConfig { keep_station: true, ..with_secondary() });
    on(&mut relay, Primary, r#"[2,"p","A",{}]"#);
    let own = relay.call(at(0), "B", "{}").unwrap();
    on(&mut relay, Secondary, r#"[2,"s","SetChargingProfile",{}]"#);
    relay.closed(at(1), Secondary);
    relay.closed(at(1), Primary);
    assert_eq!(sent_id(&on(&mut relay, Station, r#"[3,"p",{}]"#)), own, "the answer is not the application's");
    assert_eq!(on(&mut relay, Station, &format!("[3,\"{own}\",{{}}]")).len(), 1, "the secondary's call is not sent");
}

/// Part 4 §6.4.
#[test]
fn own_calls_have_own_ids_and_their_answers_stay() {
    let mut relay = relay(RelayConfig::TRANSPARENT);
    let own = relay.call(at(0), "SetChargingProfile", r#"{"a":1}"#).unwrap();
    assert_eq!(sent_id(&outputs(&mut relay)), own);
    let answer = format!("[3,\"{own}\",{{}}]");
    assert_eq!(on(&mut relay, Station, &answer), [Output::Answer { id: own.clone(), text: answer.clone() }]);
    assert_eq!(on(&mut relay, Station, &answer), [], "not even a repeated one reaches the CSMS");
    let rejected = format!("[5,\"{own}\",\"GenericError\",\"\",{{}}]");
    assert_eq!(on(&mut relay, Station, &rejected), []);

    let late = relay.call(at(0), "A", "{}").unwrap();
    outputs(&mut relay);
    assert_eq!(relay.poll_timeout(), Some(at(60_000)));
    relay.handle_timeout(at(60_000));
    assert_eq!((outputs(&mut relay), relay.poll_timeout()), (alloc::vec![Output::NoAnswer(late.clone())], None));
    assert_eq!(on(&mut relay, Station, &format!("[3,\"{late}\",{{}}]")), []);

    let lost = relay.call(at(60_000), "A", "{}").unwrap();
    let waiting = relay.call(at(60_000), "B", "{}").unwrap();
    outputs(&mut relay);
    relay.closed(at(60_001), Station);
    assert_eq!(outputs(&mut relay), [Output::NoAnswer(lost), Output::NoAnswer(waiting), Output::Close(Primary)]);
    assert_eq!(relay.call(at(60_002), "A", "{}"), Err(RelayRefused::Closed));
    assert!(matches!(relay.call(at(60_002), "A", "[]"), Err(RelayRefused::Payload(_))));
}

#[test]
fn station_gets_one_call_at_a_time_whoever_calls() {
    let mut relay = relay(with_secondary());
    let own = relay.call(at(0), "A", "{}").unwrap();
    outputs(&mut relay);
    assert_eq!(on(&mut relay, Secondary, r#"[2,"s","SetChargingProfile",{"a":1}]"#), []);
    assert_eq!(on(&mut relay, Primary, r#"[2,"p","Reset",{}]"#), []);
    let next = on(&mut relay, Station, &format!("[3,\"{own}\",{{}}]"));
    let mapped = sent_id(&next[1..]);
    assert!(mapped != own && mapped.as_str() != "s");
    let next = on(&mut relay, Station, &format!("[3, \"{mapped}\" ,{{\"status\":\"Accepted\"}}]"));
    assert_eq!(next, [send(Secondary, r#"[3, "s" ,{"status":"Accepted"}]"#), send(Station, r#"[2,"p","Reset",{}]"#)]);
    // The primary times out earlier than the relay does, and goes on.
    assert_eq!(on(&mut relay, Primary, r#"[2,"q","Reset",{}]"#), [send(Station, r#"[2,"q","Reset",{}]"#)]);
    assert_eq!(on(&mut relay, Station, r#"[3,"p",{}]"#), [send(Primary, r#"[3,"p",{}]"#)], "late, but the primary's");
    assert_eq!(on(&mut relay, Station, r#"[3,"q",{}]"#), [send(Primary, r#"[3,"q",{}]"#)]);
    assert_eq!(relay.poll_timeout(), None);
}

/// A call of the relay's own once slipped in between: giving up the primary's call let the next one in line go.
#[test]
fn only_the_primary_may_pass_its_own_unanswered_call() {
    let mut relay = relay(RelayConfig::TRANSPARENT);
    on(&mut relay, Primary, r#"[2,"1","A",{}]"#);
    let own = relay.call(at(0), "B", "{}").unwrap();
    assert_eq!(on(&mut relay, Primary, r#"[2,"2","A",{}]"#), [send(Station, r#"[2,"2","A",{}]"#)]);
    let next = on(&mut relay, Station, r#"[3,"2",{}]"#);
    assert_eq!((&next[0], sent_id(&next[1..])), (&send(Primary, r#"[3,"2",{}]"#), own));
}

#[test]
fn same_id_from_both_servers_is_no_clash() {
    let mut relay = relay(with_secondary());
    assert_eq!(on(&mut relay, Primary, r#"[2,"1","Reset",{}]"#), [send(Station, r#"[2,"1","Reset",{}]"#)]);
    assert_eq!(on(&mut relay, Secondary, r#"[2,"1","SetChargingProfile",{}]"#), []);
    let next = on(&mut relay, Station, r#"[3,"1",{"n":1}]"#);
    assert_eq!(next[0], send(Primary, r#"[3,"1",{"n":1}]"#));
    let mapped = sent_id(&next[1..]);
    let error = format!("[4,\"{mapped}\",\"NotSupported\",\"\",{{}}]");
    assert_eq!(on(&mut relay, Station, &error), [send(Secondary, r#"[4,"1","NotSupported","",{}]"#)]);
}

#[test]
fn secondary_listens_at_its_own_pace_and_its_answers_go_nowhere() {
    let mut relay = relay(with_secondary());
    let (first, second) = (r#"[2,"1","MeterValues",{}]"#, r#"[2,"2","MeterValues",{}]"#);
    assert_eq!(on(&mut relay, Station, first), [send(Secondary, first), send(Primary, first)]);
    assert_eq!(on(&mut relay, Station, second), [send(Primary, second)]);
    assert_eq!(on(&mut relay, Station, r#"[2,"3","Authorize",{}]"#), [send(Primary, r#"[2,"3","Authorize",{}]"#)]);
    assert_eq!(on(&mut relay, Secondary, r#"[3,"1",{}]"#), [send(Secondary, second)]);
    let deadline = relay.poll_timeout().unwrap();
    relay.handle_timeout(deadline);
    assert_eq!((outputs(&mut relay), relay.poll_timeout()), (alloc::vec![], None));
    assert_eq!(on(&mut relay, Secondary, r#"[3,"2",{}]"#), []);
    let stream = r#"[6,"4","NotifyPeriodicEventStream",{}]"#;
    assert_eq!(on(&mut relay, Station, stream), [send(Secondary, stream), send(Primary, stream)]);
    assert_eq!(on(&mut relay, Secondary, r#"[6,"5","X",{}]"#), []);
}

#[test]
fn filters_refuse_or_hand_over_by_action() {
    let config = RelayConfig {
        from_station: ActionFilter::all(Verdict::Pass).but("SecurityEventNotification", Verdict::Handle),
        from_primary: ActionFilter::all(Verdict::Pass).but("UpdateFirmware", Verdict::Refuse),
        ..with_secondary()
    };
    let mut relay = relay(config);
    let refused = |to, id: &str| send(to, &format!("[4,\"{id}\",\"NotSupported\",\"not supported here\",{{}}]"));
    assert_eq!(on(&mut relay, Primary, r#"[2,"1","UpdateFirmware",{}]"#), [refused(Primary, "1")]);
    assert_eq!(on(&mut relay, Secondary, r#"[2,"2","Reset",{}]"#), [refused(Secondary, "2")]);
    let event = r#"[2,"3","SecurityEventNotification",{}]"#;
    assert_eq!(on(&mut relay, Station, event), [Output::Handle { from: Station, text: event.to_string() }]);
}

#[test]
fn faulty_frames_are_answered_and_not_passed_on() {
    let mut relay = relay(with_secondary());
    for from in [Station, Primary, Secondary] {
        let outputs = on(&mut relay, from, "garbage");
        let [Output::Send { to, text }, Output::Malformed { from: sender, .. }] = &outputs[..] else {
            panic!("{outputs:?}")
        };
        assert_eq!((*to, *sender), (from, from));
        assert!(text.starts_with(r#"[4,"-1","RpcFrameworkError""#));
        assert!(matches!(on(&mut relay, from, r#"[3,"1"]"#)[..], [Output::Malformed { .. }]));
    }
}

#[test]
fn waiting_calls_are_bounded() {
    let mut relay = relay(RelayConfig { max_held: 2, ..with_secondary() });
    for _ in 0..3 {
        relay.call(at(0), "A", "{}").unwrap();
    }
    assert_eq!(relay.call(at(0), "A", "{}"), Err(RelayRefused::Full));
    outputs(&mut relay);
    for (from, action) in [(Primary, "Reset"), (Secondary, "SetChargingProfile")] {
        let refusal = send(from, r#"[4,"1","GenericError","too many calls at once",{}]"#);
        let frame = format!("[2,\"1\",\"{action}\",{{}}]");
        assert_eq!(on(&mut relay, from, &frame), [refusal, Output::Dropped { from }]);
    }
}

/// One thing that can happen to a relay.
#[derive(Clone, Debug)]
enum Op {
    Receive(Party, String),
    /// The station answers the call it has.
    Answer,
    Call,
    Tick,
    Opened(Party),
    Closed(Party),
    StationOpens,
}

fn any_op() -> impl Strategy<Value = Op> {
    let party = prop::sample::select(&[Station, Primary, Secondary][..]);
    let frame = prop::sample::select(
        &[
            r#"[2,"1","SetChargingProfile",{}]"#,
            r#"[2,"2","SetChargingProfile",{}]"#,
            r#"[3,"1",{}]"#,
            r#"[4,"2","GenericError","",{}]"#,
            r#"[6,"3","X",{}]"#,
            r#"[5,"1","GenericError","",{}]"#,
            r#"[9,"1"]"#,
            "garbage",
        ][..],
    );
    prop_oneof![
        8 => (party.clone(), frame).prop_map(|(from, text)| Op::Receive(from, text.to_string())),
        4 => Just(Op::Answer),
        4 => Just(Op::Call),
        2 => Just(Op::Tick),
        2 => party.clone().prop_map(Op::Opened),
        1 => party.prop_map(Op::Closed),
        1 => Just(Op::StationOpens),
    ]
}

proptest! {
    /// Whatever happens: each own call ends once, a server's id reaches only its owner, and the station has no second
    /// call before it answered, or the relay gave up, the first one - but for a primary that gives up on its own.
    #[test]
    fn own_calls_end_and_the_station_is_never_crowded(ops in prop::collection::vec(any_op(), 0..100)) {
        let mut relay = relay(with_secondary());
        let mut own = BTreeSet::new();
        let mut at_station: Option<MessageId> = None;
        for op in ops {
            match op {
                Op::Receive(from, text) => {
                    relay.receive(relay.now, from, text.as_bytes());
                    let answers = |id: &mut MessageId| {
                        from == Station && ["[3", "[4"].iter().any(|start| text.starts_with(&format!("{start},\"{id}\"")))
                    };
                    at_station.take_if(answers);
                }
                Op::Answer => {
                    if let Some(id) = at_station.take() {
                        relay.receive(relay.now, Station, format!("[3,\"{id}\",{{}}]").as_bytes());
                    }
                }
                Op::Call => own.extend(relay.call(relay.now, "A", "{}").ok()),
                Op::Tick => {
                    if let Some(deadline) = relay.poll_timeout() {
                        prop_assert!(deadline > relay.now);
                        let gives_up = relay.to_station.deadline() == Some(deadline);
                        relay.handle_timeout(deadline);
                        at_station.take_if(|_| gives_up);
                        prop_assert!(relay.poll_timeout().is_none_or(|next| next > deadline));
                    }
                }
                Op::Opened(party) => relay.upstream_opened(relay.now, party),
                Op::Closed(party) => relay.closed(relay.now, party),
                Op::StationOpens => {
                    relay.station_opened(relay.now, Dialect::V2_1);
                    at_station = None;
                }
            }
            if relay.dialect.is_none() {
                at_station = None;
            }
            for output in outputs(&mut relay) {
                match output {
                    Output::Send { to, text } => match Frame::open(text.as_bytes(), Dialect::V2_1, &Limits::STANDARD) {
                        Ok(Frame::Call { id, .. }) if to == Station => {
                            let mine = MessageIds::new(9).is_own(&id);
                            prop_assert!(at_station.replace(id).is_none() || !mine, "the station has a call already");
                        }
                        Ok(Frame::CallResult { id, .. }) if to != Station => {
                            prop_assert!(!MessageIds::new(9).is_own(&id), "an own id leaked: {text}");
                        }
                        _ => {}
                    },
                    Output::Answer { id, .. } | Output::NoAnswer(id) => prop_assert!(own.remove(&id), "{id} ended twice"),
                    Output::Close(Station) => at_station = None,
                    _ => {}
                }
            }
            prop_assert!(relay.held.len() <= 16 && relay.to_station.len() <= 16 && relay.to_secondary.len() <= 16);
        }
        relay.closed(relay.now, Station);
        for output in outputs(&mut relay) {
            if let Output::NoAnswer(id) = output {
                prop_assert!(own.remove(&id), "{id} ended twice");
            }
        }
        prop_assert!(own.is_empty(), "never ended: {own:?}");
    }
}
