//! Scenarios of security: passwords, security events and certificates.

use std::time::Duration;

use ocpp_core::csms::Command;
use ocpp_core::station::{self, CertificateUse, SecurityEventKind};
use ocpp_core::store::StoreOp;
use ocpp_rpc::Dialect;
use ocpp_rpc::handshake::Password;
use ocpp_types::SmallString;
use serde_json::{Value, json};

use super::requests::{Setting, ask, call, is_accepted, lost, possible, undisturbed, was_accepted};
use super::scenarios::{cable_pulled, plain, session};
use crate::checks::{Failure, Violation};
use crate::jobs;
use crate::link::{End, Network};
use crate::pair::{Pair, PairConfig, Step};
use crate::store::StoreHabits;

const PASSWORD: Setting =
    Setting { key: "AuthorizationKey", component: "SecurityCtrlr", variable: "BasicAuthPassword" };

const FIRST: &str = "000102030405060708090a0b0c0d0e0f";

/// Longer than any wait between two attempts to connect, several times over.
pub(super) const SOON: Duration = Duration::from_secs(3600);

/// A CSMS that wants a password.
pub(super) fn password() -> PairConfig {
    let station_store = StoreHabits { lag: Duration::from_millis(60), ..StoreHabits::default() };
    let password = Password::from_authorization_key(FIRST).ok();
    PairConfig { password, station_store, ..plain().with_setting("AuthorizationKey", FIRST) }
}

/// Twice, in a session.
pub(super) fn password_changed(version: Dialect) -> Vec<(u64, Step)> {
    let [second, third] = match version {
        Dialect::V1_6 => ["a0a1a2a3a4a5a6a7a8a9aaabacadaeaf", "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3"],
        Dialect::V2_0_1 | Dialect::V2_1 => ["the-second-password", "the-third-password-of-all"],
    };
    let changes = [(30, PASSWORD.set(version, second)), (90, PASSWORD.set(version, third))];
    session(1).into_iter().chain(changes).collect()
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

const ROOT: &str = "manufacturer";

pub(super) fn root() -> Vec<(u64, Step)> {
    let payload = json!({"certificateType": "ManufacturerRootCertificate", "certificate": jobs::certificate(ROOT)});
    vec![(5, call("InstallCertificate", &payload.to_string()))]
}

/// A root that was accepted is there.
pub(super) fn root_is_listed(pair: &mut Pair) -> Result<(), Failure> {
    if !was_accepted(pair, "InstallCertificate") {
        return undisturbed(pair, false);
    }
    let kind = "ManufacturerRootCertificate";
    let wanted = match pair.csms.spoken {
        Dialect::V1_6 => json!({"certificateType": kind}),
        Dialect::V2_0_1 | Dialect::V2_1 => json!({"certificateType": [kind]}),
    };
    let listed = ask(pair, "GetInstalledCertificateIds", &wanted.to_string())?;
    let expected = jobs::certificate_hash(&jobs::certificate(ROOT)).serial_number;
    if listed.contains(expected.as_str()) {
        return Ok(());
    }
    Err(lost(pair, "root certificate", expected, Some(listed)))
}

/// A station that may ask for certificates.
pub(super) fn owned() -> PairConfig {
    plain().with_setting("CpoName", "CPO")
}

/// The station's own one is asked for and comes, twice.
pub(super) fn own_certificate(version: Dialect) -> Vec<(u64, Step)> {
    let (action, message) = match version {
        Dialect::V1_6 => ("ExtendedTriggerMessage", "SignChargePointCertificate"),
        Dialect::V2_0_1 | Dialect::V2_1 => ("TriggerMessage", "SignChargingStationCertificate"),
    };
    let trigger = || call(action, &json!({"requestedMessage": message}).to_string());
    let signed = |name: &str| call(SIGNED, &json!({"certificateChain": jobs::certificate(name)}).to_string());
    vec![(5, trigger()), (15, signed("own one")), (30, trigger()), (40, signed("own two"))]
}

const SIGNED: &str = "CertificateSigned";

/// The host has the one that was accepted last, or a later one, and no other.
pub(super) fn own_certificate_is_there(pair: &mut Pair) -> Result<(), Failure> {
    let serial_of = |text: &str| {
        let payload: Value = serde_json::from_str(text).unwrap_or_default();
        payload.get("certificateChain")?.as_str().map(|chain| jobs::certificate_hash(chain).serial_number)
    };
    let orders = pair.csms.orders().filter_map(|(command, result)| match command {
        Command::Call { action, payload } if action == SIGNED => Some((serial_of(payload), result)),
        _ => None,
    });
    let possible = possible(None, orders);
    let kept = pair.station.jobs.certificates().iter().filter(|kept| kept.usage == CertificateUse::Station);
    let serials: Vec<&SmallString> = kept.map(|kept| &kept.hash.serial_number).collect();
    if serials.len() > 1 || !possible.contains(&serials.first().map(|serial| (*serial).clone())) {
        return Err(lost(pair, "own certificate", format!("one of {possible:?}"), Some(format!("{serials:?}"))));
    }
    undisturbed(pair, pair.csms.orders().all(|(_, result)| result.is_some_and(is_accepted)))
}
