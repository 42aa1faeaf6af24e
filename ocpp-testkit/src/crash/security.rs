//! Scenarios of the security white paper.

use std::time::Duration;

use ocpp_core::csms::{Command, CommandAnswer, Fact};
use ocpp_core::station::{self, SecurityEventKind};
use ocpp_core::store::StoreOp;
use ocpp_rpc::handshake::Password;
use serde_json::json;

use super::scenarios::{ask, cable_pulled, call, installed, plain, session};
use crate::checks::{Failure, Violation};
use crate::csms::CommandResult;
use crate::jobs;
use crate::link::{End, Network};
use crate::pair::{Pair, PairConfig, Step};
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

/// Online, two at once, and offline; and those of the starts.
pub(super) fn events() -> Vec<(u64, Step)> {
    let tampered = TAMPERED.map(|info| {
        let kind = SecurityEventKind::TamperDetectionActivated;
        Step::Station(station::Command::security_event(kind, Some(info.into())))
    });
    let [one, two, three] = tampered;
    let down = [(160, Step::Network(Network::Dead)), (160, Step::CUT)];
    let steps = [(30, one), (30, two), (165, three)];
    let up = (200, Step::Network(Network::Up));
    cable_pulled().into_iter().chain(steps).chain(down).chain([up]).collect()
}

/// Each event that was on record arrives, and each power cut, of either end, repeats at most one.
pub(super) fn events_arrive(pair: &mut Pair) -> Result<(), Failure> {
    let is_told = |pair: &Pair| {
        let image = pair.station.store().image();
        !image.entries.keys().any(|key| key.as_str().starts_with("security/"))
    };
    pair.drive_until(SOON, "the end of all security events", is_told)?;
    let kept: Vec<&[u8]> = pair.station.store().durable().iter().filter_map(record).collect();
    let cuts = pair.station.boots() + pair.csms.starts() - 2;
    let most = kept.len() + usize::try_from(cuts).unwrap_or(usize::MAX);
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

/// The number of the request for signed firmware.
const UPDATE: i64 = 7;

/// Asked for in the session, installed after it, and after its date.
pub(super) fn signed_firmware() -> Vec<(u64, Step)> {
    let firmware = json!({"location": "https://host/new.bin", "retrieveDateTime": "2026-01-01T12:00:30Z",
        "installDateTime": "2026-01-01T12:03:00Z", "signingCertificate": jobs::certificate("signer"),
        "signature": "Zml0"});
    let payload = json!({"requestId": UPDATE, "retries": 1, "firmware": firmware}).to_string();
    cable_pulled().into_iter().chain([(20, call("SignedUpdateFirmware", &payload))]).collect()
}

const ROOT: &str = "manufacturer";

pub(super) fn root() -> Vec<(u64, Step)> {
    let payload = json!({"certificateType": "ManufacturerRootCertificate", "certificate": jobs::certificate(ROOT)});
    vec![(5, call("InstallCertificate", &payload.to_string()))]
}

/// The same of a signed one, under its number; and the CSMS learns of the new firmware by a security event too.
pub(super) fn signed_update_is_reported(pair: &mut Pair) -> Result<(), Failure> {
    let accepted =
        |result: &CommandResult| matches!(result, Ok(CommandAnswer::Call(answer)) if answer.contains(r#""Accepted""#));
    if !pair.csms.results().any(|(_, result)| accepted(result)) {
        return Ok(());
    }
    installed(pair, Some(UPDATE))?;
    let is_told = |pair: &Pair| {
        let mut events = pair.csms.facts().iter();
        events.any(|fact| matches!(fact, Fact::SecurityEvent(event) if event.kind == "FirmwareUpdated"))
    };
    pair.drive_until(Duration::from_secs(300), "the security event of the new firmware", is_told)
}

/// A root that was accepted is there.
pub(super) fn root_is_listed(pair: &mut Pair) -> Result<(), Failure> {
    let accepted =
        |result: &CommandResult| matches!(result, Ok(CommandAnswer::Call(answer)) if answer.contains("Accepted"));
    if !pair.csms.results().any(|(_, result)| accepted(result)) {
        return Ok(());
    }
    let listed = ask(pair, "GetInstalledCertificateIds", r#"{"certificateType":"ManufacturerRootCertificate"}"#)?;
    let expected = jobs::certificate_hash(&jobs::certificate(ROOT)).serial_number;
    if listed.contains(expected.as_str()) {
        return Ok(());
    }
    Err(pair.fail(Violation::SettingLost {
        key: "root certificate".to_owned(),
        expected: expected.to_string(),
        found: Some(listed),
    }))
}
