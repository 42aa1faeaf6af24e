//! The scenarios of 2.0.1 and 2.1: those that every version has, start and stop points, networks, and sessions that begin in one
//! version and end in another.

use ocpp_core::csms::AuthorizationStatus;
use ocpp_core::station::EvseId;
use ocpp_rpc::Dialect;

use super::every::EVERY;
use super::networks;
use super::requests::undisturbed;
use super::scenario::Scenario;
use super::scenarios::{link_down_throughout, nothing_more, offline, plain, resuming, session};
use crate::checks::{Failure, Violation};
use crate::csms::Policy;
use crate::link::Network;
use crate::pair::{Pair, PairConfig, Step};

/// All scenarios of 2.0.1, and of 2.1.
#[must_use]
pub fn all_of_v2() -> Vec<Scenario> {
    EVERY.into_iter().chain(OWN).collect()
}

const OWN: [Scenario; 11] = [
    Scenario { name: "network set", config: networks::other, steps: networks::moved, holds: networks::are_kept },
    Scenario {
        name: "safer network set",
        config: networks::safer,
        steps: networks::moved_up,
        holds: networks::none_is_less_safe,
    },
    Scenario { name: "deauthorised", config: deauthorised, steps: |_| refused_when_online(), holds: nothing_more },
    Scenario {
        name: "from EVConnected",
        config: || from("EVConnected"),
        steps: |_| token_first(),
        holds: nothing_more,
    },
    Scenario { name: "from Authorized", config: || from("Authorized"), steps: |_| token_first(), holds: nothing_more },
    Scenario {
        name: "from PowerPathClosed",
        config: || from("PowerPathClosed"),
        steps: |_| token_first(),
        holds: nothing_more,
    },
    Scenario {
        name: "from EnergyTransfer",
        config: || from("EnergyTransfer"),
        steps: |_| token_first(),
        holds: nothing_more,
    },
    Scenario { name: "to Authorized", config: || to("Authorized"), steps: |_| session(1), holds: nothing_more },
    Scenario {
        name: "to PowerPathClosed",
        config: || to("PowerPathClosed"),
        steps: |_| session(1),
        holds: nothing_more,
    },
    Scenario {
        name: "from EVConnected, offline",
        config: || from("EVConnected").with_setting("AuthCtrlr.OfflineTxForUnknownIdEnabled", "true"),
        steps: |_| link_down_throughout(),
        holds: nothing_more,
    },
    Scenario {
        name: "authorised again",
        config: || resuming().with_setting("TxCtrlr.TxStopPoint", "EVConnected"),
        steps: |_| token_thrice(),
        holds: one_bill,
    },
];

/// The station speaks several versions, and the server another one after an outage.
pub const CHANGES: [Scenario; 6] = [
    Scenario {
        name: "offline in 2.0.1, delivered in 1.6",
        config: || speaking(&[Dialect::V2_0_1, Dialect::V1_6]),
        steps: |_| delivered_in(Dialect::V1_6),
        holds: nothing_more,
    },
    Scenario {
        name: "offline in 1.6, delivered in 2.0.1",
        config: || speaking(&[Dialect::V1_6, Dialect::V2_0_1]),
        steps: |_| delivered_in(Dialect::V2_0_1),
        holds: nothing_more,
    },
    Scenario {
        name: "offline in 1.6, delivered in 2.1",
        config: || speaking(&[Dialect::V1_6, Dialect::V2_1]),
        steps: |_| delivered_in(Dialect::V2_1),
        holds: nothing_more,
    },
    Scenario {
        name: "offline in 2.1, delivered in 2.0.1",
        config: || speaking(&[Dialect::V2_1, Dialect::V2_0_1]),
        steps: |_| delivered_in(Dialect::V2_0_1),
        holds: nothing_more,
    },
    Scenario {
        name: "begun in 1.6, after a crash in 2.0.1",
        config: || speaking(&[Dialect::V1_6, Dialect::V2_0_1]),
        steps: |_| going_on_in(Dialect::V2_0_1),
        holds: nothing_more,
    },
    Scenario {
        name: "begun in 1.6, after a crash in 2.1",
        config: || speaking(&[Dialect::V1_6, Dialect::V2_1]),
        steps: |_| going_on_in(Dialect::V2_1),
        holds: nothing_more,
    },
];

/// A session of 2.x goes on in 1.6 after a crash, whatever is under way then.
pub const RETURNS: [Scenario; 2] = [
    Scenario {
        name: "begun in 2.0.1, after a crash in 1.6",
        config: || speaking(&[Dialect::V2_0_1, Dialect::V1_6]),
        steps: |_| going_on_in(Dialect::V1_6),
        holds: nothing_more,
    },
    Scenario {
        name: "begun in 2.1, after a crash in 1.6",
        config: || speaking(&[Dialect::V2_1, Dialect::V1_6]),
        steps: |_| going_on_in(Dialect::V1_6),
        holds: nothing_more,
    },
];

fn from(point: &str) -> PairConfig {
    plain().with_setting("TxCtrlr.TxStartPoint", point)
}

fn to(point: &str) -> PairConfig {
    plain().with_setting("TxCtrlr.TxStopPoint", point)
}

fn speaking(versions: &[Dialect]) -> PairConfig {
    offline().speaking(versions)
}

/// The token is presented before the cable comes.
fn token_first() -> Vec<(u64, Step)> {
    vec![
        (5, Step::token(1, "TAG")),
        (8, Step::Plug(EvseId(1))),
        (200, Step::token(1, "TAG")),
        (210, Step::Unplug(EvseId(1))),
    ]
}

/// The driver ends his authorisation, which does not end the transaction, and takes it up again (E09.FR.01).
fn token_thrice() -> Vec<(u64, Step)> {
    let tokens = [8, 80, 160].map(|at| (at, Step::token(1, "TAG")));
    [(5, Step::Plug(EvseId(1)))].into_iter().chain(tokens).chain([(240, Step::Unplug(EvseId(1)))]).collect()
}

/// Whatever became of the authorisation, it is one transaction.
fn one_bill(pair: &mut Pair) -> Result<(), Failure> {
    let rows = pair.csms.bill().rows.len();
    if rows > 1 {
        return Err(pair.fail(Violation::Bill(format!("{rows} transactions of one"))));
    }
    undisturbed(pair, rows == 1)
}

/// Whoever comes while the station is offline charges, and the CSMS refuses the token when it hears of it.
fn deauthorised() -> PairConfig {
    offline().with_policy(Policy::default().with_token("TAG", AuthorizationStatus::Blocked))
}

fn refused_when_online() -> Vec<(u64, Step)> {
    let down = [(4, Step::Network(Network::Dead)), (4, Step::CUT)];
    let session = [(5, Step::Plug(EvseId(1))), (8, Step::token(1, "TAG"))];
    let up = [(100, Step::Network(Network::Up)), (400, Step::Unplug(EvseId(1)))];
    down.into_iter().chain(session).chain(up).collect()
}

/// The connection that is open stays; the one after a crash, whatever is under way then, speaks another version.
fn going_on_in(version: Dialect) -> Vec<(u64, Step)> {
    [(4, Step::Versions(vec![version]))].into_iter().chain(session(1)).collect()
}

/// Nothing of the session is delivered in the version in which it began.
fn delivered_in(version: Dialect) -> Vec<(u64, Step)> {
    let change = [(220, Step::Versions(vec![version]))];
    link_down_throughout().into_iter().chain(change).collect()
}
