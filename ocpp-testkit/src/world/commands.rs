//! What an operator may want of a station: a table with one line for each kind of command.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use ocpp_core::csms::{Command, IdToken, Place, TransactionId};
use serde_json::json;

use super::dice::Dice;
use super::tokens;
use crate::jobs;
use crate::pair::Step;

/// What a command depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Desk {
    /// The station's connectors.
    pub connectors: u16,
    /// The right time when the command is given.
    pub wall: Option<DateTime<Utc>>,
}

/// The highest number of a reservation.
pub(super) const RESERVATIONS: u64 = 6;

/// The greatest ConnectionTimeOut that is set, in seconds.
pub(super) const LONGEST_CONNECTION_TIMEOUT: u64 = 300;

/// How often, and what.
type Draw = fn(&mut Dice, Desk) -> Step;

const COMMANDS: &[(u64, Draw)] = &[
    (4, remote_start),
    (3, |_, _| Step::RemoteStopRunning),
    (1, stop_of_nothing),
    (3, reserve),
    (2, |dice, _| call("CancelReservation", &format!(r#"{{"reservationId":{}}}"#, reservation(dice)))),
    (3, change_availability),
    (4, change_configuration),
    (3, configure_metering),
    (2, get_configuration),
    (1, |dice, _| call("Reset", &format!(r#"{{"type":"{}"}}"#, dice.one_of(["Soft", "Hard"])))),
    (2, |dice, desk| call("UnlockConnector", &format!(r#"{{"connectorId":{}}}"#, connector(dice, desk, 1)))),
    (1, |_, _| call("ClearCache", "{}")),
    (2, trigger),
    (1, |_, _| call("GetLocalListVersion", "{}")),
    (2, local_list),
    (1, |dice, desk| call("GetCompositeSchedule", &schedule_request(dice, desk))),
    (3, set_profile),
    (1, remote_start_with_profile),
    (1, |dice, desk| update_firmware(dice.one_of(FILES), &soon(dice, desk))),
    (1, |dice, _| call("GetDiagnostics", &format!(r#"{{"location":"{}"}}"#, dice.one_of(FILES)))),
    (1, |dice, _| call("ClearChargingProfile", &format!(r#"{{"id":{}}}"#, dice.between(1, 3)))),
    (2, extended_trigger),
    (1, |dice, _| get_log(dice.one_of(["DiagnosticsLog", "SecurityLog"]), dice.between(1, 9), dice.one_of(FILES))),
    (1, signed_firmware),
    (1, install_certificate),
    (1, |_, _| call("GetInstalledCertificateIds", r#"{"certificateType":"ManufacturerRootCertificate"}"#)),
    (1, |_, _| call("DataTransfer", r#"{"vendorId":"nobody","data":"anything"}"#)),
    (1, |_, _| call("Nonsense", r#"{"a":[1,2,3]}"#)),
    (1, |_, _| call("ChangeAvailability", r#"{"connectorId":-1,"type":"Sideways"}"#)),
];

/// What can be configured without giving up what the checks rest on.
const SETTINGS: &[(u64, (&str, &[&str]))] = &[
    (1, ("HeartbeatInterval", &["0", "60", "600", "86400"])),
    (1, ("ConnectionTimeOut", &["5", "60", "300"])),
    (1, ("MinimumStatusDuration", &["0", "1", "20"])),
    (1, ("StopTransactionOnEVSideDisconnect", &["true", "false"])),
    (1, ("UnlockConnectorOnEVSideDisconnect", &["true", "false"])),
    (1, ("StopTransactionOnInvalidId", &["true", "false"])),
    (1, ("AuthorizeRemoteTxRequests", &["true", "false"])),
    (1, ("LocalPreAuthorize", &["true", "false"])),
    (1, ("LocalAuthorizeOffline", &["true", "false"])),
    (1, ("AllowOfflineTxForUnknownId", &["true", "false"])),
    (1, ("WebSocketPingInterval", &["30", "120"])),
    (1, ("AuthorizationCacheEnabled", &["true", "false"])),
    (1, ("LocalAuthListEnabled", &["true", "false"])),
    (1, ("NoSuchKey", &["1"])),
    (1, ("HeartbeatInterval", &["soon", "-1", ""])),
];

/// What is measured, when, and what stops tell of it.
const METERING: &[(u64, (&str, &[&str]))] = &[
    (2, ("MeterValueSampleInterval", &["0", "10", "30", "60", "300", "900"])),
    (3, ("ClockAlignedDataInterval", &["0", "60", "300", "900", "86400"])),
    (1, ("MeterValuesSampledData", &["Energy.Active.Import.Register,Voltage", "Energy.Active.Import.Register"])),
    (1, ("MeterValuesAlignedData", &["Energy.Active.Import.Register,Voltage", "Energy.Active.Import.Register", ""])),
    (2, ("StopTxnSampledData", &["Energy.Active.Import.Register,Voltage", "Energy.Active.Import.Register", ""])),
    (2, ("StopTxnAlignedData", &["Energy.Active.Import.Register,Voltage", "Energy.Active.Import.Register", ""])),
];

/// Where a file is to be fetched or sent; nobody listens at the second.
pub(super) const FILES: [&str; 2] = ["ftp://files.example/1", NOBODY];

pub(super) const NOBODY: &str = "ftp://127.0.0.1:9/1";

/// How long firmware has to wait, in seconds: less than until the last drivers come.
const LONGEST_FIRMWARE_DELAY: u64 = LONGEST_CONNECTION_TIMEOUT;

/// Something that an operator wants.
pub(super) fn draw(dice: &mut Dice, desk: Desk) -> Step {
    dice.weighted(COMMANDS).map_or(Step::RemoteStopRunning, |draw| draw(dice, desk))
}

/// The operator takes back what keeps drivers away, and firmware that would come between.
pub(super) fn make_free() -> Vec<Step> {
    let cancel = |id| call("CancelReservation", &format!(r#"{{"reservationId":{id}}}"#));
    let operative = call("ChangeAvailability", r#"{"connectorId":0,"type":"Operative"}"#);
    let no_firmware = update_firmware(NOBODY, "2020-01-01T00:00:00Z");
    [operative, no_firmware].into_iter().chain((1..=RESERVATIONS).map(cancel)).collect()
}

/// The operator ends what runs, and lets go of every plug.
pub(super) fn end_all(connectors: u16) -> Vec<Step> {
    let unlock = |evse: u16| Step::Csms(Command::UnlockConnector { place: Place::new(Some(u32::from(evse)), Some(1)) });
    std::iter::once(Step::RemoteStopRunning).chain((1..=connectors).map(unlock)).collect()
}

fn call(action: &str, payload: &str) -> Step {
    Step::Csms(Command::Call { action: action.into(), payload: payload.to_owned() })
}

/// Mostly one that exists.
pub(super) fn connector(dice: &mut Dice, desk: Desk, lowest: u16) -> u16 {
    if dice.chance(90) { dice.small(lowest, desk.connectors) } else { desk.connectors + 1 }
}

fn reservation(dice: &mut Dice) -> u64 {
    dice.between(1, RESERVATIONS)
}

fn time(desk: Desk, after: Duration) -> String {
    let wall = desk.wall.unwrap_or_default() + TimeDelta::from_std(after).unwrap_or_default();
    wall.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A time at which firmware may be fetched.
pub(super) fn soon(dice: &mut Dice, desk: Desk) -> String {
    time(desk, dice.seconds(0, LONGEST_FIRMWARE_DELAY))
}

fn remote_start(dice: &mut Dice, desk: Desk) -> Step {
    let evse = dice.chance(70).then(|| connector(dice, desk, 1).into());
    Step::Csms(Command::remote_start(evse, IdToken::new(&tokens::any(dice))))
}

/// Of a transaction that the station does not know.
fn stop_of_nothing(dice: &mut Dice, _: Desk) -> Step {
    let transaction = i32::try_from(dice.between(1, 1 << 30)).unwrap_or(1);
    Step::Csms(Command::RemoteStop { transaction: TransactionId::from(transaction) })
}

fn reserve(dice: &mut Dice, desk: Desk) -> Step {
    let (id, connector, token) = (reservation(dice), connector(dice, desk, 0), tokens::any(dice));
    let expiry = time(desk, dice.seconds(1, 3600));
    let rest = format!(r#""expiryDate":"{expiry}","idTag":"{token}","reservationId":{id}"#);
    call("ReserveNow", &format!(r#"{{"connectorId":{connector},{rest}}}"#))
}

fn change_availability(dice: &mut Dice, desk: Desk) -> Step {
    // Mostly back to service, so that connectors are not idle for most of the day.
    let kind = if dice.chance(30) { "Inoperative" } else { "Operative" };
    call("ChangeAvailability", &format!(r#"{{"connectorId":{},"type":"{kind}"}}"#, connector(dice, desk, 0)))
}

fn change_configuration(dice: &mut Dice, _: Desk) -> Step {
    change_one_of(dice, SETTINGS)
}

fn configure_metering(dice: &mut Dice, _: Desk) -> Step {
    change_one_of(dice, METERING)
}

fn change_one_of(dice: &mut Dice, settings: &[(u64, (&str, &[&str]))]) -> Step {
    let (key, values) = dice.weighted(settings).copied().unwrap_or(("NoSuchKey", &["1"]));
    let place = dice.below(values.len() as u64);
    let value = (0..).zip(values).find(|(n, _)| *n == place).map_or("", |(_, value)| *value);
    Step::Csms(Command::ChangeConfiguration { key: key.into(), value: value.into() })
}

fn get_configuration(dice: &mut Dice, _: Desk) -> Step {
    let keys = if dice.chance(50) { vec![] } else { vec!["HeartbeatInterval".into(), "NoSuchKey".into()] };
    Step::Csms(Command::GetConfiguration { keys })
}

fn trigger(dice: &mut Dice, desk: Desk) -> Step {
    let message = dice.one_of(["BootNotification", "Heartbeat", "MeterValues", "StatusNotification"]);
    let connector = connector(dice, desk, 1);
    call("TriggerMessage", &format!(r#"{{"requestedMessage":"{message}","connectorId":{connector}}}"#))
}

fn extended_trigger(dice: &mut Dice, desk: Desk) -> Step {
    let message = dice.one_of([
        "FirmwareStatusNotification",
        "Heartbeat",
        "LogStatusNotification",
        "MeterValues",
        "SignChargePointCertificate",
        "StatusNotification",
    ]);
    let connector = connector(dice, desk, 1);
    call("ExtendedTriggerMessage", &format!(r#"{{"requestedMessage":"{message}","connectorId":{connector}}}"#))
}

fn get_log(kind: &str, number: u64, location: &str) -> Step {
    let log = format!(r#"{{"remoteLocation":"{location}"}}"#);
    call("GetLog", &format!(r#"{{"logType":"{kind}","requestId":{number},"retries":1,"log":{log}}}"#))
}

/// By a signer that is trusted, or is not; with a signature that fits, or does not.
fn signed_firmware(dice: &mut Dice, desk: Desk) -> Step {
    let signer = if dice.chance(70) { jobs::certificate("signer") } else { jobs::revoked("signer") };
    let signature = dice.one_of(["Zml0", jobs::UNFIT_SIGNATURE]);
    let firmware = json!({
        "location": dice.one_of(FILES), "signingCertificate": signer, "signature": signature,
        "retrieveDateTime": soon(dice, desk),
    });
    let request = json!({"requestId": dice.between(1, 9), "retries": 1, "firmware": firmware});
    call("SignedUpdateFirmware", &request.to_string())
}

fn install_certificate(dice: &mut Dice, _: Desk) -> Step {
    let kind = dice.one_of(["CentralSystemRootCertificate", "ManufacturerRootCertificate"]);
    let certificate = jobs::certificate(dice.one_of(["one", "two"]));
    let request = json!({"certificateType": kind, "certificate": certificate});
    call("InstallCertificate", &request.to_string())
}

fn local_list(dice: &mut Dice, _: Desk) -> Step {
    let (version, kind) = (dice.between(1, 5), dice.one_of(["Full", "Differential"]));
    let entry = |dice: &mut Dice| {
        let token = tokens::known(dice);
        // A differential update without a verdict takes the token out.
        match dice.one_of(["Accepted", "Accepted", "Blocked", ""]) {
            "" => format!(r#"{{"idTag":"{token}"}}"#),
            status => format!(r#"{{"idTag":"{token}","idTagInfo":{{"status":"{status}"}}}}"#),
        }
    };
    let entries: Vec<String> = (0..dice.below(4)).map(|_| entry(dice)).collect();
    let rest = format!(r#""updateType":"{kind}","localAuthorizationList":[{}]"#, entries.join(","));
    call("SendLocalList", &format!(r#"{{"listVersion":{version},{rest}}}"#))
}

fn update_firmware(location: &str, from: &str) -> Step {
    call("UpdateFirmware", &format!(r#"{{"location":"{location}","retries":1,"retrieveDate":"{from}"}}"#))
}

fn schedule_request(dice: &mut Dice, desk: Desk) -> String {
    format!(r#"{{"connectorId":{},"duration":{}}}"#, connector(dice, desk, 0), dice.between(60, 86_400))
}

fn set_profile(dice: &mut Dice, desk: Desk) -> Step {
    let connector = connector(dice, desk, 0);
    let purpose = match connector {
        0 => dice.one_of(["ChargePointMaxProfile", "TxDefaultProfile"]),
        _ => dice.one_of(["TxDefaultProfile", "TxProfile"]),
    };
    let profile = profile(dice, desk, purpose);
    call("SetChargingProfile", &format!(r#"{{"connectorId":{connector},"csChargingProfiles":{profile}}}"#))
}

fn remote_start_with_profile(dice: &mut Dice, desk: Desk) -> Step {
    let (connector, token) = (connector(dice, desk, 1), tokens::known(dice));
    let profile = profile(dice, desk, "TxProfile");
    let rest = format!(r#""idTag":"{token}","chargingProfile":{profile}"#);
    call("RemoteStartTransaction", &format!(r#"{{"connectorId":{connector},{rest}}}"#))
}

/// Limits that change after a while, counted from the charging, a time, or each midnight.
fn profile(dice: &mut Dice, desk: Desk, purpose: &str) -> String {
    let (id, level, limit) = (dice.between(1, 3), dice.below(3), dice.between(0, 32));
    let periods = format!(
        r#"[{{"startPeriod":0,"limit":{limit}.0}},{{"startPeriod":{},"limit":{}.5}}]"#,
        dice.between(60, 3_600),
        dice.between(6, 31)
    );
    let start = format!(r#""startSchedule":"{}","#, time(desk, Duration::ZERO));
    let (kind, start) = match dice.below(3) {
        0 if purpose != "ChargePointMaxProfile" => (r#""Relative""#, ""),
        1 => (r#""Recurring","recurrencyKind":"Daily""#, start.as_str()),
        _ => (r#""Absolute""#, start.as_str()),
    };
    let unit = dice.one_of(["A", "W"]);
    let schedule = format!(r#"{{{start}"chargingRateUnit":"{unit}","chargingSchedulePeriod":{periods}}}"#);
    let what = format!(r#""chargingProfilePurpose":"{purpose}","chargingProfileKind":{kind}"#);
    format!(r#"{{"chargingProfileId":{id},"stackLevel":{level},{what},"chargingSchedule":{schedule}}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_waits_longer_than_the_last_drivers() {
        let timeouts = SETTINGS.iter().filter(|(_, (key, _))| *key == "ConnectionTimeOut");
        let longest = timeouts.flat_map(|(_, (_, values))| *values).filter_map(|value| value.parse().ok()).max();
        assert_eq!(longest, Some(LONGEST_CONNECTION_TIMEOUT));
    }

    #[test]
    fn every_payload_is_an_object() {
        let mut dice = Dice::new(crate::seed::Seed(1));
        let desk = Desk { connectors: 2, wall: None };
        for (_, draw) in COMMANDS {
            for _ in 0..50 {
                if let Step::Csms(Command::Call { payload, .. }) = draw(&mut dice, desk) {
                    assert!(
                        serde_json::from_str::<serde_json::Value>(&payload).is_ok_and(|json| json.is_object()),
                        "{payload}"
                    );
                }
            }
        }
    }
}
