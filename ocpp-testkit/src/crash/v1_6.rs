//! The scenarios of 1.6.

use super::every::EVERY;
use super::scenario::Scenario;
use super::scenarios::{
    firmware, list_is_whole, local_list, no_profile_is_left, nothing_more, plain, profile, profile_is_in_force,
    readings, remote_profile, reservation, session, setting_changed, setting_is_kept, update_is_reported,
};
use super::security;

/// All scenarios of 1.6.
#[must_use]
pub fn all_of_v1_6() -> Vec<Scenario> {
    EVERY.into_iter().chain(OWN).collect()
}

const OWN: [Scenario; 10] = [
    Scenario { name: "setting changed", config: plain, steps: setting_changed, holds: setting_is_kept },
    Scenario { name: "profile", config: plain, steps: profile, holds: profile_is_in_force },
    Scenario { name: "profile of a remote start", config: plain, steps: remote_profile, holds: no_profile_is_left },
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
];
