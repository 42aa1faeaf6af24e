//! The scenarios of what every version has: charging sessions, what is promised in them, and restarts.

use super::scenario::Scenario;
use super::scenarios::{
    by_the_cache, cable_pulled, cached, clock_set_back, connector_is_out, held_plug, held_plug_steps, hour_offline,
    link_down_throughout, link_lost, nothing_more, offline, plain, remote, reset, resuming, samples_span_the_session,
    session, set_back, store_in_trouble, taken_out, thinning, time_unknown, two_evses, two_vehicles,
};
use super::{promises, security};

/// The scenarios of every version.
pub(super) const EVERY: [Scenario; 27] = [
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
    Scenario {
        name: "samples thinned offline",
        config: thinning,
        steps: hour_offline,
        holds: samples_span_the_session,
    },
    Scenario { name: "clock set back", config: set_back, steps: clock_set_back, holds: nothing_more },
    Scenario { name: "connector taken out of service", config: plain, steps: taken_out, holds: connector_is_out },
    Scenario { name: "reset", config: plain, steps: reset, holds: nothing_more },
    Scenario {
        name: "security events",
        config: security::profile,
        steps: security::events,
        holds: security::events_arrive,
    },
    Scenario {
        name: "stopped by the token, resuming",
        config: promises::resuming_socket,
        steps: promises::own_token,
        holds: nothing_more,
    },
    Scenario {
        name: "stopped by the token, ending",
        config: promises::ending_socket,
        steps: promises::own_token,
        holds: nothing_more,
    },
    Scenario {
        name: "stopped by the CSMS, resuming",
        config: promises::resuming_socket,
        steps: promises::remote_stop,
        holds: nothing_more,
    },
    Scenario {
        name: "stopped by the CSMS, ending",
        config: promises::ending_socket,
        steps: promises::remote_stop,
        holds: nothing_more,
    },
    Scenario {
        name: "stopped by the host, resuming",
        config: promises::resuming_socket,
        steps: promises::host_stop,
        holds: nothing_more,
    },
    Scenario {
        name: "unlocked, resuming",
        config: promises::resuming_socket,
        steps: promises::unlock,
        holds: nothing_more,
    },
    Scenario {
        name: "reset, resuming",
        config: promises::resuming_socket,
        steps: promises::reset,
        holds: nothing_more,
    },
    Scenario {
        name: "cable pulled and back, resuming",
        config: resuming,
        steps: promises::cable_pulled_and_back,
        holds: nothing_more,
    },
    Scenario {
        name: "stranger at a held plug, resuming",
        config: promises::refused_driver,
        steps: promises::stranger_at_a_held_plug,
        holds: nothing_more,
    },
    Scenario {
        name: "allowance used up, resuming",
        config: promises::refused_driver_with_allowance,
        steps: promises::allowance_used_up,
        holds: promises::allowance_is_kept,
    },
    Scenario {
        name: "stranger at a held plug, ending",
        config: promises::refused_driver_ending,
        steps: promises::stranger_at_a_held_plug,
        holds: nothing_more,
    },
];
