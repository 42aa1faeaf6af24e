//! The same seed gives the same run, byte for byte; ticks at any time make no difference.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::finished;
use ocpp_testkit::crash::all_of_v1_6;
use ocpp_testkit::pair::PairConfig;

#[test]
fn same_seed_gives_the_same_trace() {
    for scenario in all_of_v1_6() {
        let run = || scenario.run((scenario.config)()).unwrap_or_else(|failure| panic!("{failure}"));
        let (first, second) = (run(), run());
        assert_eq!(first.trace.hash(), second.trace.hash(), "{}", scenario.name);
        assert_eq!(first.trace.lines(), second.trace.lines(), "{}", scenario.name);
    }
}

#[test]
fn another_seed_gives_other_message_ids_and_the_same_bill() {
    let run = |seed| finished(PairConfig::new(seed), common::session());
    let (first, second) = (run(1), run(2));
    assert_ne!(first.trace.hash(), second.trace.hash());
    assert_eq!(first.csms.bill().energy_wh(), second.csms.bill().energy_wh());
}

#[test]
fn ticks_after_every_input_make_no_difference() {
    for scenario in all_of_v1_6() {
        let run = |extra_ticks| {
            let config = PairConfig { extra_ticks, ..(scenario.config)() };
            scenario.run(config).unwrap_or_else(|failure| panic!("{failure}"))
        };
        assert_eq!(run(false).trace.to_string(), run(true).trace.to_string(), "{}", scenario.name);
    }
}
