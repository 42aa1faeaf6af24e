//! The scenarios of 1.6.

use super::every::EVERY;
use super::scenario::Scenario;
use super::scenarios::{
    clock_set_back, connector_is_out, firmware, hour_offline, list_is_whole, local_list, no_profile_is_left,
    nothing_more, plain, profile, profile_is_in_force, readings, remote_profile, reservation, reset, resuming,
    samples_span_the_session, session, set_back, setting_changed, setting_is_kept, taken_out, thinning,
    update_is_reported,
};
use super::{promises, security};

/// All scenarios of 1.6.
#[must_use]
pub fn all_of_v1_6() -> Vec<Scenario> {
    EVERY.into_iter().chain(OWN).collect()
}

const OWN: [Scenario; 26] = [
    Scenario {
        name: "samples thinned offline",
        config: thinning,
        steps: hour_offline,
        holds: samples_span_the_session,
    },
    Scenario { name: "clock set back", config: set_back, steps: clock_set_back, holds: nothing_more },
    Scenario { name: "setting changed", config: plain, steps: setting_changed, holds: setting_is_kept },
    Scenario { name: "connector taken out of service", config: plain, steps: taken_out, holds: connector_is_out },
    Scenario { name: "profile", config: plain, steps: profile, holds: profile_is_in_force },
    Scenario { name: "profile of a remote start", config: plain, steps: remote_profile, holds: no_profile_is_left },
    Scenario { name: "reset", config: plain, steps: reset, holds: nothing_more },
    Scenario {
        name: "session with readings for the stop",
        config: readings,
        steps: || session(1),
        holds: nothing_more,
    },
    Scenario { name: "local list in parts", config: plain, steps: local_list, holds: list_is_whole },
    Scenario { name: "reservation used", config: plain, steps: reservation, holds: nothing_more },
    Scenario { name: "firmware update", config: plain, steps: firmware, holds: update_is_reported },
    Scenario {
        name: "signed firmware",
        config: security::profile,
        steps: security::signed_firmware,
        holds: security::signed_update_is_reported,
    },
    Scenario { name: "root installed", config: plain, steps: security::root, holds: security::root_is_listed },
    Scenario {
        name: "password changed",
        config: security::password,
        steps: security::password_changed,
        holds: security::station_gets_in,
    },
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
