//! The scenarios of 1.6.

use super::every::EVERY;
use super::scenario::Scenario;
use super::scenarios::{
    no_profile_is_left, nothing_more, plain, profile, profile_is_in_force, readings, remote_profile, reservation,
    session,
};

/// All scenarios of 1.6.
#[must_use]
pub fn all_of_v1_6() -> Vec<Scenario> {
    EVERY.into_iter().chain(OWN).collect()
}

const OWN: [Scenario; 4] = [
    Scenario { name: "profile", config: plain, steps: |_| profile(), holds: profile_is_in_force },
    Scenario {
        name: "profile of a remote start",
        config: plain,
        steps: |_| remote_profile(),
        holds: no_profile_is_left,
    },
    Scenario {
        name: "session with readings for the stop",
        config: readings,
        steps: |_| session(1),
        holds: nothing_more,
    },
    Scenario { name: "reservation used", config: plain, steps: |_| reservation(), holds: nothing_more },
];
