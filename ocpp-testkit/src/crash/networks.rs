//! Scenarios of network connection profiles (2.x B09, B10, A05): the CSMS is reached at another place, which comes and goes.

use std::time::Duration;

use ocpp_core::csms::{Command, ResetKind};
use ocpp_core::station::EvseId;
use ocpp_rpc::Dialect;
use serde_json::json;

use super::requests::{Setting, call, is_accepted, lost, order, undisturbed, was_accepted};
use super::scenarios::plain;
use super::security::{self, SOON};
use crate::checks::{Failure, Violation};
use crate::link::{End, Network};
use crate::pair::{Attempt, Pair, PairConfig, Step};
use crate::store::StoreHabits;

const PRIORITY: Setting = Setting { key: "", component: "OCPPCommCtrlr", variable: "NetworkConfigurationPriority" };

/// The slot that is set comes first, and that of the configuration behind it.
const ORDER: &str = "2,1";

/// Where the CSMS is by the configuration, and by the other slot.
const HERE: &str = "ws://csms.example/";
const THERE: &str = "ws://other.example/";
const SAFE: &str = "wss://other.example/";

/// A slow store leaves more of what a crash can lose.
pub(super) fn other() -> PairConfig {
    PairConfig { station_store: StoreHabits { lag: Duration::from_millis(60), ..StoreHabits::default() }, ..plain() }
}

/// A station with what security profile 2 takes, in profile 1.
pub(super) fn safer() -> PairConfig {
    let mut config = security::password().with_setting("SecurityProfile", "1");
    config.station.network.certificates.csms_root = true;
    config
}

/// The slot, its place in the order, and the restart that has it count.
fn set(version: Dialect, url: &str, security_profile: u8) -> Vec<(u64, Step)> {
    let mut data = json!({
        "ocppTransport": "JSON", "ocppCsmsUrl": format!("{url}ocpp"), "messageTimeout": 30,
        "securityProfile": security_profile, "ocppInterface": "Wired0",
    });
    if let (Dialect::V2_0_1, Some(data)) = (version, data.as_object_mut()) {
        data.insert("ocppVersion".to_owned(), "OCPP20".into());
    }
    let payload = json!({"configurationSlot": 2, "connectionData": data}).to_string();
    let reset = Step::Csms(Command::Reset { kind: ResetKind::Immediate, evse: None });
    vec![(3, call(SET, &payload)), (5, PRIORITY.set(version, ORDER)), (7, reset)]
}

const SET: &str = "SetNetworkProfile";

/// A session, in which the other place is lost and comes back.
fn session_over_a_loss(endpoint: &'static str) -> Vec<(u64, Step)> {
    vec![
        (50, Step::Plug(EvseId(1))),
        (52, Step::token(1, "TAG")),
        (90, Step::Endpoint(endpoint, Network::Refusing)),
        (90, Step::CUT),
        (200, Step::token(1, "TAG")),
        (210, Step::Unplug(EvseId(1))),
        (220, Step::Endpoint(endpoint, Network::Up)),
    ]
}

/// The station moves, and is back where it was when there is nobody.
pub(super) fn moved(version: Dialect) -> Vec<(u64, Step)> {
    set(version, THERE, 0).into_iter().chain(session_over_a_loss(THERE)).collect()
}

/// The same with a security profile that is higher; the other place takes one connection, and then none for a while.
pub(super) fn moved_up(version: Dialect) -> Vec<(u64, Step)> {
    let gone = (30, Step::Endpoint(SAFE, Network::Refusing));
    set(version, SAFE, 2).into_iter().chain([gone]).chain(session_over_a_loss(SAFE)).collect()
}

/// What was accepted is there: a slot may be named, and the next boot begins with the order that was set. Whichever of the two places is
/// there alone, the station gets in.
pub(super) fn are_kept(pair: &mut Pair) -> Result<(), Failure> {
    if !was_accepted(pair, SET) {
        return undisturbed(pair, false);
    }
    PRIORITY.is_kept(pair)?;
    let answer = order(pair, PRIORITY.order(pair.csms.spoken, ORDER))?;
    if !is_accepted(&answer) {
        return Err(lost(pair, "slot 2", "a network", Some(format!("{answer:?}"))));
    }
    let before = pair.attempts.len();
    restart(pair)?;
    let first = pair.attempts.get(before).map(|attempt| attempt.url.to_string());
    if !first.as_ref().is_some_and(|url| url.starts_with(THERE)) {
        return Err(lost(pair, "network of the first attempt", THERE, first));
    }
    for (there, gone) in [(HERE, THERE), (THERE, HERE), (HERE, THERE)] {
        pair.act(Step::Endpoint(gone, Network::Refusing))?;
        pair.act(Step::Endpoint(there, Network::Up))?;
        restart(pair)?;
    }
    Ok(())
}

/// The power fails, and the station connects.
fn restart(pair: &mut Pair) -> Result<(), Failure> {
    cut(pair)?;
    connects(pair)
}

fn cut(pair: &mut Pair) -> Result<(), Failure> {
    pair.act(Step::PowerCut {
        end: End::Station,
        keep: usize::MAX,
        in_flight_arrives: true,
        outage: Duration::from_secs(1),
    })
}

fn connects(pair: &mut Pair) -> Result<(), Failure> {
    pair.drive_until(SOON, "a connection by some network", |pair| pair.station.is_up() && pair.is_in_touch())
}

/// Once the CSMS heard the station by a security profile, none below it is tried (A05.FR.06): it waits until the safer place is there again.
pub(super) fn none_is_less_safe(pair: &mut Pair) -> Result<(), Failure> {
    pair.act(Step::Endpoint(SAFE, Network::Refusing))?;
    cut(pair)?;
    pair.run_for(Duration::from_secs(600))?;
    pair.act(Step::Endpoint(SAFE, Network::Up))?;
    connects(pair)?;
    let mut highest = 0;
    for Attempt { url, security_profile, was_heard, .. } in &pair.attempts {
        if *security_profile < highest {
            let text = format!("{url} was tried in security profile {security_profile}, after {highest}");
            return Err(pair.fail(Violation::Promise(text)));
        }
        highest = highest.max(if *was_heard { *security_profile } else { 0 });
    }
    undisturbed(pair, highest == 2)
}
