//! The scenarios of what every version has: charging sessions, what is promised in them, and what the CSMS
//! has the station keep and do.

use super::scenario::Scenario;
use super::scenarios::{
    by_the_cache, cable_pulled, cached, clock_set_back, held_plug, held_plug_steps, hour_offline, link_down_throughout,
    link_lost, nothing_more, offline, plain, remote, resuming, samples_span_the_session, session, set_back,
    store_in_trouble, thinning, time_unknown, two_evses, two_vehicles,
};
use super::{kept, promises, security, work};

/// The scenarios of every version.
pub(super) const EVERY: [Scenario; 36] = [
    Scenario { name: "plain session", config: plain, steps: |_| session(1), holds: nothing_more },
    Scenario { name: "cable pulled", config: plain, steps: |_| cable_pulled(), holds: nothing_more },
    Scenario { name: "held plug", config: held_plug, steps: |_| held_plug_steps(), holds: nothing_more },
    Scenario { name: "link down throughout", config: offline, steps: |_| link_down_throughout(), holds: nothing_more },
    Scenario { name: "link lost in the session", config: offline, steps: |_| link_lost(), holds: nothing_more },
    Scenario { name: "time unknown", config: offline, steps: |_| time_unknown(), holds: nothing_more },
    Scenario { name: "remote start and stop", config: plain, steps: |_| remote(), holds: nothing_more },
    Scenario { name: "two vehicles", config: two_evses, steps: |_| two_vehicles(), holds: nothing_more },
    Scenario { name: "store in trouble", config: plain, steps: |_| store_in_trouble(), holds: nothing_more },
    Scenario {
        name: "session goes on after the power cut",
        config: resuming,
        steps: |_| session(1),
        holds: nothing_more,
    },
    Scenario { name: "offline session by the cache", config: cached, steps: |_| by_the_cache(), holds: nothing_more },
    Scenario {
        name: "samples thinned offline",
        config: thinning,
        steps: |_| hour_offline(),
        holds: samples_span_the_session,
    },
    Scenario { name: "clock set back", config: set_back, steps: |_| clock_set_back(), holds: nothing_more },
    Scenario {
        name: "connector taken out of service",
        config: plain,
        steps: |_| kept::taken_out(),
        holds: kept::service_is_as_accepted,
    },
    Scenario {
        name: "EVSE and connectors taken out of service",
        config: kept::three_connectors,
        steps: kept::parts_taken_out,
        holds: kept::service_is_as_accepted,
    },
    Scenario { name: "reset", config: plain, steps: |_| kept::reset(), holds: kept::resets_came_about },
    Scenario { name: "setting changed", config: plain, steps: kept::setting_changed, holds: kept::setting_is_kept },
    Scenario { name: "local list in parts", config: plain, steps: kept::local_list, holds: kept::list_is_whole },
    Scenario { name: "firmware update", config: plain, steps: work::firmware, holds: work::update_is_reported },
    Scenario {
        name: "signed firmware",
        config: security::profile,
        steps: work::signed_firmware,
        holds: work::signed_update_is_reported,
    },
    Scenario { name: "log uploaded", config: plain, steps: |_| work::log(), holds: work::upload_is_reported },
    Scenario { name: "root installed", config: plain, steps: |_| security::root(), holds: security::root_is_listed },
    Scenario {
        name: "own certificate",
        config: security::owned,
        steps: security::own_certificate,
        holds: security::own_certificate_is_there,
    },
    Scenario {
        name: "password changed",
        config: security::password,
        steps: security::password_changed,
        holds: security::station_gets_in,
    },
    Scenario {
        name: "security events",
        config: security::profile,
        steps: |_| security::events(),
        holds: security::events_arrive,
    },
    Scenario {
        name: "stopped by the token, resuming",
        config: promises::resuming_socket,
        steps: |_| promises::own_token(),
        holds: nothing_more,
    },
    Scenario {
        name: "stopped by the token, ending",
        config: promises::ending_socket,
        steps: |_| promises::own_token(),
        holds: nothing_more,
    },
    Scenario {
        name: "stopped by the CSMS, resuming",
        config: promises::resuming_socket,
        steps: |_| promises::remote_stop(),
        holds: nothing_more,
    },
    Scenario {
        name: "stopped by the CSMS, ending",
        config: promises::ending_socket,
        steps: |_| promises::remote_stop(),
        holds: nothing_more,
    },
    Scenario {
        name: "stopped by the host, resuming",
        config: promises::resuming_socket,
        steps: |_| promises::host_stop(),
        holds: nothing_more,
    },
    Scenario {
        name: "unlocked, resuming",
        config: promises::resuming_socket,
        steps: |_| promises::unlock(),
        holds: nothing_more,
    },
    Scenario {
        name: "reset, resuming",
        config: promises::resuming_socket,
        steps: |_| promises::reset(),
        holds: nothing_more,
    },
    Scenario {
        name: "cable pulled and back, resuming",
        config: resuming,
        steps: |_| promises::cable_pulled_and_back(),
        holds: nothing_more,
    },
    Scenario {
        name: "stranger at a held plug, resuming",
        config: promises::refused_driver,
        steps: |_| promises::stranger_at_a_held_plug(),
        holds: nothing_more,
    },
    Scenario {
        name: "allowance used up, resuming",
        config: promises::refused_driver_with_allowance,
        steps: |_| promises::allowance_used_up(),
        holds: promises::allowance_is_kept,
    },
    Scenario {
        name: "stranger at a held plug, ending",
        config: promises::refused_driver_ending,
        steps: |_| promises::stranger_at_a_held_plug(),
        holds: nothing_more,
    },
];
