//! Scenarios of the security white paper.

use std::time::Duration;

use ocpp_core::csms::Command;
use ocpp_core::station::{self, SecurityEventKind};
use ocpp_core::store::StoreOp;
use ocpp_rpc::handshake::Password;

use super::scenarios::{cable_pulled, call, plain, session};
use crate::checks::{Failure, Violation};
use crate::link::{End, Network};
use crate::pair::{Interception, Pair, PairConfig, Step};
use crate::store::StoreHabits;

const FIRST: &str = "000102030405060708090a0b0c0d0e0f";
const OTHERS: [&str; 2] = ["a0a1a2a3a4a5a6a7a8a9aaabacadaeaf", "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3"];

/// Longer than any wait between two attempts to connect, several times over.
const SOON: Duration = Duration::from_secs(3600);

/// A CSMS that wants a password.
pub(super) fn password() -> PairConfig {
    let station_store = StoreHabits { lag: Duration::from_millis(60), ..StoreHabits::default() };
    let password = Password::from_authorization_key(FIRST).ok();
    PairConfig { password, station_store, ..plain().with_setting("AuthorizationKey", FIRST) }
}

/// Twice, in a session.
pub(super) fn password_changed() -> Vec<(u64, Step)> {
    let change =
        |value: &str| Step::Csms(Command::ChangeConfiguration { key: "AuthorizationKey".into(), value: value.into() });
    let [second, third] = OTHERS;
    session(1).into_iter().chain([(30, change(second)), (90, change(third))]).collect()
}

/// Whatever the CSMS wants in the end, the station has it, also after another restart.
pub(super) fn station_gets_in(pair: &mut Pair) -> Result<(), Failure> {
    let outage = Duration::from_secs(1);
    let cut = Step::PowerCut { end: End::Station, keep: usize::MAX, in_flight_arrives: true, outage };
    for step in [Step::CUT, cut] {
        pair.drive_until(SOON, "a connection by the password that the CSMS wants", |pair| pair.link.is_alive())?;
        pair.act(step)?;
        pair.drive_until(SOON, "the end of the connection", |pair| !pair.link.is_alive())?;
    }
    pair.drive_until(SOON, "a connection by the password that the CSMS wants", |pair| pair.link.is_alive())
}

/// A profile in use, so that security events are told.
pub(super) fn profile() -> PairConfig {
    let station_store = StoreHabits { lag: Duration::from_millis(60), ..StoreHabits::default() };
    PairConfig { station_store, ..plain().with_setting("SecurityProfile", "1") }
}

const TAMPERED: [&str; 3] = ["lid one", "lid two", "lid three"];

/// Online, two at once, and offline; and those of restarts.
pub(super) fn events() -> Vec<(u64, Step)> {
    let tampered = TAMPERED.map(|info| {
        let kind = SecurityEventKind::TamperDetectionActivated;
        Step::Station(station::Command::SecurityEvent { kind, info: Some(info.into()) })
    });
    let [one, two, three] = tampered;
    let answers =
        (0..60).map(|_| (0, Step::Intercept("SecurityEventNotification", Interception::Payload("{}".into()))));
    let down = [(160, Step::Network(Network::Dead)), (160, Step::CUT)];
    let steps = [(30, one), (30, two), (90, call("Reset", r#"{"type":"Soft"}"#)), (165, three)];
    let up = (200, Step::Network(Network::Up));
    answers.chain(cable_pulled()).chain(steps).chain(down).chain([up]).collect()
}

/// Each event that was on record arrives, and each restart repeats at most one.
pub(super) fn events_arrive(pair: &mut Pair) -> Result<(), Failure> {
    let is_told = |pair: &Pair| {
        let image = pair.station.store().image();
        !image.entries.keys().any(|key| key.as_str().starts_with("security/"))
    };
    pair.drive_until(SOON, "the end of all security events", is_told)?;
    let kept: Vec<&[u8]> = pair.station.store().durable().iter().filter_map(record).collect();
    let restarts = pair.station.boots() + pair.csms.starts() - 2;
    let most = kept.len() + usize::try_from(restarts).unwrap_or(usize::MAX);
    let is_kept =
        |info: &&str| kept.iter().any(|record| record.windows(info.len()).any(|part| part == info.as_bytes()));
    let lost = TAMPERED.iter().filter(|info| is_kept(info)).find(|info| {
        let arrived = |event: &String| event.contains(**info);
        !pair.security_events.iter().any(arrived)
    });
    if lost.is_none() && (kept.len()..=most).contains(&pair.security_events.len()) {
        return Ok(());
    }
    Err(pair.fail(Violation::SettingLost {
        key: "security events".to_owned(),
        expected: format!("{} to {most}, without {lost:?} lost", kept.len()),
        found: Some(pair.security_events.join(" ")),
    }))
}

/// The record of a security event that was kept.
fn record(op: &StoreOp) -> Option<&[u8]> {
    match op {
        StoreOp::Put { key, value } if key.as_str().starts_with("security/") => Some(value),
        StoreOp::Put { .. } | StoreOp::Append { .. } | StoreOp::Trim { .. } | StoreOp::Delete { .. } => None,
    }
}
