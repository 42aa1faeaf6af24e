//! The scenarios of the charging session that every version has.

use super::scenario::Scenario;
use super::scenarios::{
    by_the_cache, cable_pulled, cached, held_plug, held_plug_steps, link_down_throughout, link_lost, nothing_more,
    offline, plain, remote, resuming, session, store_in_trouble, time_unknown, two_evses, two_vehicles,
};

/// The scenarios of every version.
pub(super) const EVERY: [Scenario; 11] = [
    Scenario { name: "plain session", config: plain, steps: || session(1), holds: nothing_more },
    Scenario { name: "cable pulled", config: plain, steps: cable_pulled, holds: nothing_more },
    Scenario { name: "held plug", config: held_plug, steps: held_plug_steps, holds: nothing_more },
    Scenario { name: "link down throughout", config: offline, steps: link_down_throughout, holds: nothing_more },
    Scenario { name: "link lost in the session", config: offline, steps: link_lost, holds: nothing_more },
    Scenario { name: "time unknown", config: offline, steps: time_unknown, holds: nothing_more },
    Scenario { name: "remote start and stop", config: plain, steps: remote, holds: nothing_more },
    Scenario { name: "two vehicles", config: two_evses, steps: two_vehicles, holds: nothing_more },
    Scenario { name: "store in trouble", config: plain, steps: store_in_trouble, holds: nothing_more },
    Scenario {
        name: "session goes on after the power cut",
        config: resuming,
        steps: || session(1),
        holds: nothing_more,
    },
    Scenario { name: "offline session by the cache", config: cached, steps: by_the_cache, holds: nothing_more },
];
