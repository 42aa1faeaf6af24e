//! The same token again, and another, in each stage of a session: nothing lost, nothing doubled (1.6 §3.4, §4.1).

use super::*;

const QUIET: [(&str, &str); 1] = [("MeterValueSampleInterval", "0")];

fn plugged() -> Bench {
    let mut bench = Bench::accepted(&QUIET);
    bench.plug();
    bench.settle();
    bench
}

impl Bench {
    fn count(&self, action: &str) -> usize {
        self.sent.iter().filter(|call| call[2] == action).count()
    }

    fn refusals(&self) -> Vec<&String> {
        self.events.iter().filter(|event| event.contains("TokenRefused")).collect()
    }

    /// Answers everything, each Authorize with Accepted; gives the actions of transactions and tokens.
    fn everything(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        while !self.sent.is_empty() {
            let action = self.sent[0][2].as_str().unwrap().to_owned();
            let answer = match action.as_str() {
                "Authorize" => json!({"idTagInfo": {"status": "Accepted"}}),
                "StartTransaction" => json!({"transactionId": 5, "idTagInfo": {"status": "Accepted"}}),
                _ => json!({}),
            };
            let request = self.answer(&action, &answer);
            if action != "StatusNotification" {
                told.push(alloc::format!("{action} {}", request["idTag"].as_str().unwrap_or("-")));
            }
        }
        told
    }
}

#[test]
fn second_presentation_while_the_token_is_asked_about_asks_nothing_more() {
    let presentations: [(Option<EvseId>, Option<EvseId>); 4] =
        [(Some(EVSE), Some(EVSE)), (None, None), (None, Some(EVSE)), (Some(EVSE), None)];
    for evses in [1, 2] {
        for (first, second) in presentations {
            for after in [0, 600, 10_000] {
                let mut bench = Bench::with_config(Image::default(), config(&QUIET).with_evses(evses)).online();
                bench.plug();
                bench.settle();
                bench.input(Input::Token { evse: first, token: IdToken::new("TAG") });
                bench.now += after;
                bench.input(Input::Token { evse: second, token: IdToken::new("tag") });
                bench.input(Input::Token { evse: second, token: IdToken::new("TAG") });
                assert_eq!(bench.everything(), ["Authorize TAG", "StartTransaction TAG"], "{first:?} {second:?}");
                assert_eq!(bench.refusals(), Vec::<&String>::new());
            }
        }
    }
}

#[test]
fn second_presentation_at_the_stations_reader_goes_for_one_vehicle() {
    let mut bench = Bench::with_config(Image::default(), config(&QUIET).with_evses(2)).online();
    for _ in 0..2 {
        bench.input(Input::Token { evse: None, token: IdToken::new("TAG") });
    }
    assert_eq!(bench.everything(), ["Authorize TAG"]);
    bench.plug_in(2);
    assert_eq!(bench.everything(), ["StartTransaction TAG"]);
    bench.plug_in(1);
    assert_eq!(bench.everything(), Vec::<String>::new());
}

#[test]
fn second_presentation_of_a_refused_token_asks_again() {
    let mut bench = plugged();
    bench.swipe("TAG");
    bench.swipe("TAG");
    bench.authorize("Blocked", None);
    bench.settle();
    assert!(!bench.asks());
    assert_eq!(bench.refusals().len(), 1);
    bench.swipe("TAG");
    assert_eq!(bench.everything(), ["Authorize TAG", "StartTransaction TAG"]);
}

#[test]
fn second_presentation_is_decided_with_the_first_when_the_link_is_lost() {
    for allows in ["true", "false"] {
        let settings = [("AllowOfflineTxForUnknownId", allows), ("MeterValueSampleInterval", "0")];
        let mut bench = Bench::accepted(&settings);
        bench.plug();
        bench.settle();
        bench.swipe("TAG");
        bench.swipe("TAG");
        bench.input(Input::Link(LinkInput::Closed));
        let on = bench.orders.iter().filter(|order| **order == EvseAction::Power(Power::On)).count();
        assert_eq!((on, bench.refusals().len()), if allows == "true" { (1, 0) } else { (0, 1) });
    }
}

#[test]
fn other_token_while_one_is_asked_about_is_asked_about_too() {
    for is_first_good in [true, false] {
        let mut bench = plugged();
        bench.swipe("ONE");
        bench.swipe("TWO");
        bench.swipe("ONE");
        bench.swipe("TWO");
        assert_eq!(bench.authorize(if is_first_good { "Accepted" } else { "Invalid" }, None), "ONE");
        let told = bench.everything();
        let starts: Vec<_> = told.iter().filter(|told| told.starts_with("Start")).collect();
        assert_eq!(starts, [if is_first_good { "StartTransaction ONE" } else { "StartTransaction TWO" }]);
        assert_eq!(bench.refusals().len(), 1);
        assert_eq!(told.iter().filter(|told| *told == "Authorize TWO").count(), 1);
    }
}

/// What a token says once it was accepted: before the start it takes back, at the start nothing, then it stops.
#[test]
fn own_token_is_never_asked_about_again() {
    let mut bench = Bench::accepted(&QUIET);
    bench.swipe("TAG");
    bench.authorize("Accepted", None);
    bench.settle();
    bench.swipe("TAG");
    assert_eq!(bench.statuses(), ["1 Available"], "taken back (1.6 §4.9 B1)");

    let mut bench = plugged();
    bench.meter_answers = false;
    bench.swipe("TAG");
    bench.authorize("Accepted", None);
    bench.swipe("TAG");
    bench.swipe("OTHER");
    assert_eq!((bench.count("Authorize"), bench.refusals().len()), (0, 1), "the start is under way");
    bench.meter_answers = true;
    bench.input(Input::Evse(EVSE, EvseInput::Meter(MeterReading::energy_wh(1000))));
    assert_eq!(bench.everything(), ["StartTransaction TAG"]);
    bench.charge();
    bench.everything();

    bench.opens = false;
    bench.swipe("TAG");
    bench.swipe("TAG");
    assert_eq!(bench.count("Authorize"), 0, "it stops");
    bench.input(Input::Evse(EVSE, EvseInput::Contactor(Contactor::Open)));
    assert_eq!(bench.everything(), ["StopTransaction TAG"]);
    assert_eq!(bench.refusals().len(), 2, "who swipes while it ends is told that nothing begins");
}

/// The remote start was faster than the CSMS's word: the token charges already.
#[test]
fn answer_about_a_token_that_charges_by_now_is_no_refusal() {
    let settings = [("AuthorizeRemoteTxRequests", "false"), ("MeterValueSampleInterval", "0")];
    let mut bench = Bench::accepted(&settings);
    bench.plug();
    bench.settle();
    bench.swipe("TAG");
    assert_eq!(bench.remote_start(Some(1), "TAG"), "Accepted");
    assert_eq!(bench.authorize("Accepted", Some("P")), "TAG");
    assert_eq!(bench.everything(), ["StartTransaction TAG"]);
    assert_eq!(bench.refusals(), Vec::<&String>::new());
    bench.swipe("OTHER");
    assert!(bench.asks(), "the group was learnt");
}

/// What waits behind another question need not be asked when the token charges by then.
#[test]
fn question_that_became_moot_does_not_hold_the_start_up() {
    let settings = [("AuthorizeRemoteTxRequests", "false"), ("MeterValueSampleInterval", "0")];
    let mut bench = Bench::with_config(Image::default(), config(&settings).with_evses(2)).online();
    bench.plug();
    bench.settle();
    bench.input(Input::Token { evse: Some(EvseId(2)), token: IdToken::new("OTHER") });
    bench.swipe("TAG");
    assert_eq!(bench.remote_start(Some(1), "TAG"), "Accepted");
    assert_eq!(bench.everything(), ["Authorize OTHER", "StartTransaction TAG"]);
}

#[test]
fn second_presentation_of_a_group_token_asks_nothing_more() {
    let mut bench = plugged();
    bench.swipe("TAG");
    bench.authorize("Accepted", Some("P"));
    bench.everything();
    bench.charge();
    bench.everything();
    bench.swipe("OTHER");
    bench.swipe("OTHER");
    assert_eq!(bench.authorize("Accepted", Some("P")), "OTHER");
    assert_eq!(bench.everything(), ["StopTransaction OTHER"]);
}

/// Presented to the station, then at a connector: it is one driver.
#[test]
fn token_that_waits_for_any_connector_is_for_the_one_where_it_is_presented_next() {
    let mut bench = Bench::with_config(Image::default(), config(&QUIET).with_evses(2)).online();
    bench.input(Input::Token { evse: None, token: IdToken::new("TAG") });
    assert_eq!(bench.everything(), ["Authorize TAG"]);
    bench.input(Input::Token { evse: Some(EvseId(2)), token: IdToken::new("TAG") });
    bench.everything();
    bench.plug_in(1);
    assert_eq!(bench.everything(), Vec::<String>::new());
    bench.plug_in(2);
    assert_eq!(bench.everything(), ["StartTransaction TAG"]);
}

#[test]
fn second_presentation_at_the_stations_reader_leaves_other_vehicles_alone() {
    let mut bench = Bench::with_config(Image::default(), config(&QUIET).with_evses(2)).online();
    bench.plug_in(1);
    bench.plug_in(2);
    bench.settle();
    for _ in 0..2 {
        bench.input(Input::Token { evse: None, token: IdToken::new("TAG") });
    }
    bench.request("RemoteStartTransaction", &json!({"idTag": "TAG"}));
    assert_eq!(bench.everything(), ["Authorize TAG", "StartTransaction TAG"]);
    bench.input(Input::Token { evse: None, token: IdToken::new("OTHER") });
    assert_eq!(bench.everything(), ["Authorize OTHER", "StartTransaction OTHER"]);
}

#[test]
fn vehicle_whose_driver_is_asked_about_is_not_for_another_who_waits() {
    let mut bench = Bench::with_config(Image::default(), config(&QUIET).with_evses(2)).online();
    bench.input(Input::Token { evse: None, token: IdToken::new("FIRST") });
    assert_eq!(bench.everything(), ["Authorize FIRST"]);
    bench.input(Input::Token { evse: Some(EvseId(2)), token: IdToken::new("SECOND") });
    bench.plug_in(2);
    assert_eq!(bench.authorize("Accepted", None), "SECOND");
    assert_eq!(bench.everything(), ["StartTransaction SECOND"]);
    bench.plug_in(1);
    assert_eq!(bench.everything(), ["StartTransaction FIRST"]);
}
