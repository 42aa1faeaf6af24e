//! What an operator may want of a station of 2.x, as far as one carries it out.

use ocpp_core::csms::{Command, IdToken, Place, ResetKind, TransactionId, VariableName};
use serde_json::{Value, json};

use super::commands::{self, Desk, connector};
use super::dice::Dice;
use super::tokens;
use crate::jobs;
use crate::pair::Step;

/// How often, and what.
type Draw = fn(&mut Dice, Desk) -> Command;

/// Beside what stops all that runs.
const COMMANDS: &[(u64, Draw)] = &[
    (4, remote_start),
    (1, |_, _| Command::RemoteStop { transaction: TransactionId::new("of nobody") }),
    (3, change_availability),
    (4, |dice, _| set_one_of(dice, SETTINGS)),
    (3, |dice, _| set_one_of(dice, METERING)),
    (2, |dice, _| set_one_of(dice, POINTS)),
    (2, |_, _| Command::GetVariables { variables: vec![name("OCPPCommCtrlr.HeartbeatInterval"), name("No.Such")] }),
    (2, reset),
    (2, |dice, desk| Command::UnlockConnector { place: Place::new(Some(evse(dice, desk)), Some(1)) }),
    (1, |_, _| Command::ClearCache),
    (4, trigger),
    (1, |_, _| call("DataTransfer", json!({ "vendorId": "nobody", "data": { "any": "thing" } }))),
    (1, |_, _| call("GetTransactionStatus", json!({}))),
    (1, |dice, _| call("GetBaseReport", base_report(dice))),
    (1, |_, _| call("GetReport", json!({ "requestId": 3, "componentCriteria": ["Available"] }))),
    (1, |_, _| call("GetLocalListVersion", json!({}))),
    (2, |dice, _| call("SendLocalList", local_list(dice))),
    (2, |dice, desk| call("UpdateFirmware", firmware(dice, desk))),
    (2, |dice, _| call("GetLog", log(dice))),
    (1, |dice, _| call("InstallCertificate", certificate(dice))),
    (1, |_, _| call("GetInstalledCertificateIds", json!({}))),
    (1, |dice, _| call("DeleteCertificate", json!({ "certificateHashData": hash(dice) }))),
    (1, |_, _| call("SetNetworkProfile", network())),
    (1, |dice, _| set(PRIORITY, dice.one_of(["2,1", "1,2", "1"]))),
    (1, |_, _| Command::Unchecked { action: "Nonsense".into(), payload: r#"{"a":[1,2,3]}"#.to_owned() }),
    (1, |_, _| Command::Unchecked { action: "Reset".into(), payload: r#"{"type":"Sideways"}"#.to_owned() }),
];

/// How often all that runs is stopped, beside the others.
const STOPS: u64 = 3;

/// What can be set without giving up what the checks rest on.
const SETTINGS: &[(u64, (&str, &[&str]))] = &[
    (1, ("OCPPCommCtrlr.HeartbeatInterval", &["60", "600", "86400"])),
    (1, ("OCPPCommCtrlr.OfflineThreshold", &["0", "60", "3600"])),
    (1, ("OCPPCommCtrlr.WebSocketPingInterval", &["30", "120"])),
    (1, ("OCPPCommCtrlr.UnlockOnEVSideDisconnect", &["true", "false"])),
    (1, ("TxCtrlr.EVConnectionTimeOut", &["5", "60", "300"])),
    (1, ("TxCtrlr.StopTxOnEVSideDisconnect", &["true", "false"])),
    (1, ("TxCtrlr.StopTxOnInvalidId", &["true", "false"])),
    (1, ("TxCtrlr.MaxEnergyOnInvalidId", &["0", "500"])),
    (1, ("AuthCtrlr.AuthorizeRemoteStart", &["true", "false"])),
    (1, ("AuthCtrlr.LocalPreAuthorize", &["true", "false"])),
    (1, ("AuthCtrlr.LocalAuthorizeOffline", &["true", "false"])),
    (1, ("AuthCtrlr.OfflineTxForUnknownIdEnabled", &["true", "false"])),
    (1, ("AuthCacheCtrlr.Enabled", &["true", "false"])),
    (1, ("AuthCacheCtrlr.LifeTime", &["60", "3600", "0"])),
    (1, ("LocalAuthListCtrlr.Enabled", &["true", "false"])),
    (1, (NOT_THERE, &["1"])),
    (1, ("OCPPCommCtrlr.HeartbeatInterval", &[NO_NUMBER, "-1"])),
];

const NOT_THERE: &str = "No.Such";
const NO_NUMBER: &str = "soon";

/// What is measured, and when.
const METERING: &[(u64, (&str, &[&str]))] = &[
    (2, ("SampledDataCtrlr.TxUpdatedInterval", &["0", "10", "30", "60", "300", "900"])),
    (1, ("SampledDataCtrlr.TxEndedInterval", &["0", "60", "300"])),
    (2, ("AlignedDataCtrlr.Interval", &["0", "60", "300", "900", "86400"])),
    (1, ("AlignedDataCtrlr.TxEndedInterval", &["0", "60", "900"])),
    (1, ("SampledDataCtrlr.TxStartedMeasurands", &["Voltage", "Energy.Active.Import.Register"])),
    (1, ("SampledDataCtrlr.TxUpdatedMeasurands", &["Energy.Active.Import.Register,Voltage", ""])),
    (1, ("SampledDataCtrlr.TxEndedMeasurands", &["Energy.Active.Import.Register,Voltage", ""])),
    (1, ("AlignedDataCtrlr.Measurands", &["Energy.Active.Import.Register,Voltage", ""])),
    (1, ("AlignedDataCtrlr.TxEndedMeasurands", &["Energy.Active.Import.Register", ""])),
];

/// When a transaction begins and ends.
const POINTS: &[(u64, (&str, &[&str]))] = &[
    (1, ("TxCtrlr.TxStartPoint", &["PowerPathClosed", "EVConnected", "Authorized", "EnergyTransfer"])),
    (1, ("TxCtrlr.TxStopPoint", &["EVConnected,Authorized", "EVConnected", "Authorized", "PowerPathClosed"])),
];

const PRIORITY: &str = "OCPPCommCtrlr.NetworkConfigurationPriority";

/// The place of the CSMS that [`network`] names, beside that of the configuration.
pub(super) const OTHER_PLACE: &str = "ws://other.example/";

/// Something that an operator wants.
pub(super) fn draw(dice: &mut Dice, desk: Desk) -> Step {
    let kinds: u64 = COMMANDS.iter().map(|(often, _)| often).sum();
    if dice.below(kinds + STOPS) < STOPS {
        return Step::RemoteStopRunning;
    }
    dice.weighted(COMMANDS).map_or(Step::RemoteStopRunning, |draw| Step::Csms(draw(dice, desk)))
}

/// The operator takes back what keeps drivers away, and firmware that would come between.
pub(super) fn make_free() -> Vec<Step> {
    let no_firmware = json!({ "requestId": 99, "retries": 0, "firmware":
        { "location": commands::NOBODY, "retrieveDateTime": "2020-01-01T00:00:00Z" } });
    let operative = Command::ChangeAvailability { place: Place::STATION, is_operative: true };
    [operative, call("UpdateFirmware", no_firmware)].map(Step::Csms).into()
}

fn call(action: &str, payload: Value) -> Command {
    Command::Call { action: action.into(), payload: payload.to_string() }
}

fn evse(dice: &mut Dice, desk: Desk) -> u32 {
    connector(dice, desk, 1).into()
}

fn name(text: &str) -> VariableName {
    let (component, variable) = text.split_once('.').unwrap_or((text, ""));
    VariableName::new(component, variable)
}

fn remote_start(dice: &mut Dice, desk: Desk) -> Command {
    let evse = dice.chance(70).then(|| evse(dice, desk));
    Command::remote_start(evse, IdToken::new(&tokens::any(dice)))
}

fn change_availability(dice: &mut Dice, desk: Desk) -> Command {
    // Mostly back to service, so that connectors are not idle for most of the day.
    let is_operative = !dice.chance(30);
    let connector = dice.chance(30).then_some(1);
    let place = if dice.chance(30) { Place::STATION } else { Place::new(Some(evse(dice, desk)), connector) };
    Command::ChangeAvailability { place, is_operative }
}

fn reset(dice: &mut Dice, desk: Desk) -> Command {
    let kind = dice.one_of([ResetKind::Immediate, ResetKind::OnIdle]);
    Command::Reset { kind, evse: dice.chance(40).then(|| evse(dice, desk)) }
}

fn set(variable: &str, value: &str) -> Command {
    Command::SetVariables { variables: vec![(name(variable), value.into())] }
}

fn set_one_of(dice: &mut Dice, settings: &[(u64, (&str, &[&str]))]) -> Command {
    let (variable, values) = dice.weighted(settings).copied().unwrap_or((NOT_THERE, &["1"]));
    let place = dice.below(values.len() as u64);
    let value = (0..).zip(values).find(|(n, _)| *n == place).map_or("", |(_, value)| *value);
    set(variable, value)
}

fn trigger(dice: &mut Dice, desk: Desk) -> Command {
    let message = dice.one_of([
        "BootNotification",
        "FirmwareStatusNotification",
        "Heartbeat",
        "LogStatusNotification",
        "MeterValues",
        "SignChargingStationCertificate",
        "StatusNotification",
        "TransactionEvent",
    ]);
    Command::TriggerMessage { message: message.into(), place: Place::new(Some(evse(dice, desk)), Some(1)) }
}

fn base_report(dice: &mut Dice) -> Value {
    let kind = dice.one_of(["ConfigurationInventory", "FullInventory", "SummaryInventory"]);
    json!({ "requestId": dice.between(1, 9), "reportBase": kind })
}

fn local_list(dice: &mut Dice) -> Value {
    let kind = dice.one_of(["Full", "Differential"]);
    let entry = |dice: &mut Dice| {
        let token = json!({ "idToken": tokens::known(dice), "type": "Central" });
        // A differential update without a verdict takes the token out.
        match dice.one_of(["Accepted", "Accepted", "Blocked", ""]) {
            "" if kind == "Differential" => json!({ "idToken": token }),
            "" => json!({ "idToken": token, "idTokenInfo": { "status": "Accepted" } }),
            status => json!({ "idToken": token, "idTokenInfo": { "status": status } }),
        }
    };
    let mut entries: Vec<Value> = (0..dice.between(1, 4)).map(|_| entry(dice)).collect();
    entries.sort_by_key(|entry| entry.pointer("/idToken/idToken").map(Value::to_string));
    entries.dedup_by_key(|entry| entry.pointer("/idToken/idToken").map(Value::to_string));
    json!({ "versionNumber": dice.between(1, 5), "updateType": kind, "localAuthorizationList": entries })
}

/// Signed by one who is trusted, or is not, with a signature that fits, or does not; or not signed at all.
fn firmware(dice: &mut Dice, desk: Desk) -> Value {
    let mut firmware =
        json!({ "location": dice.one_of(commands::FILES), "retrieveDateTime": commands::soon(dice, desk) });
    if let (true, Some(firmware)) = (dice.chance(60), firmware.as_object_mut()) {
        let signer = if dice.chance(70) { jobs::certificate("signer") } else { jobs::revoked("signer") };
        firmware.insert("signingCertificate".to_owned(), signer.into());
        firmware.insert("signature".to_owned(), dice.one_of(["Zml0", jobs::UNFIT_SIGNATURE]).into());
    }
    json!({ "requestId": dice.between(1, 9), "retries": 1, "firmware": firmware })
}

fn log(dice: &mut Dice) -> Value {
    let kind = dice.one_of(["DiagnosticsLog", "SecurityLog"]);
    let log = json!({ "remoteLocation": dice.one_of(commands::FILES) });
    json!({ "logType": kind, "requestId": dice.between(1, 9), "retries": 1, "log": log })
}

/// The names of certificates that come and go.
const CERTIFICATES: [&str; 2] = ["one", "two"];

fn certificate(dice: &mut Dice) -> Value {
    let kind = dice.one_of(["CSMSRootCertificate", "ManufacturerRootCertificate"]);
    json!({ "certificateType": kind, "certificate": jobs::certificate(dice.one_of(CERTIFICATES)) })
}

fn hash(dice: &mut Dice) -> Value {
    let hash = jobs::certificate_hash(&jobs::certificate(dice.one_of(CERTIFICATES)));
    json!({ "hashAlgorithm": "SHA256", "issuerNameHash": hash.issuer_name_hash,
        "issuerKeyHash": hash.issuer_key_hash, "serialNumber": hash.serial_number })
}

/// The same CSMS under another name.
fn network() -> Value {
    json!({ "configurationSlot": 2, "connectionData": {
        "ocppVersion": "OCPP20", "ocppTransport": "JSON", "ocppCsmsUrl": format!("{OTHER_PLACE}ocpp"),
        "messageTimeout": 30, "securityProfile": 0, "ocppInterface": "Wired0",
    } })
}

#[cfg(test)]
mod tests {
    use ocpp_core::csms::CommandError;
    use ocpp_rpc::Dialect;

    use super::*;
    use crate::pair::{Pair, PairConfig};
    use crate::seed::Seed;

    /// What has come of a command that a station at rest is given, once all is quiet.
    fn outcome(command: Command, edition: Dialect) -> Option<crate::csms::CommandResult> {
        let mut pair = Pair::new(PairConfig::new(1).speaking(&[edition])).unwrap();
        pair.drive_quiet().unwrap();
        pair.act(Step::Csms(command)).unwrap();
        pair.drive_quiet().unwrap();
        pair.csms.results().last().map(|(_, result)| result.clone())
    }

    #[test]
    fn every_command_can_be_said() {
        let mut dice = Dice::new(Seed(1));
        let desk = Desk { connectors: 1, wall: None };
        for (_, draw) in COMMANDS {
            for edition in [Dialect::V2_0_1, Dialect::V2_1] {
                let command = draw(&mut dice, desk);
                let outcome = outcome(command.clone(), edition);
                assert!(!matches!(outcome, Some(Err(CommandError::Unsendable(_)))), "{command:?}: {outcome:?}");
            }
        }
    }

    #[test]
    fn every_setting_is_one_and_takes_its_values() {
        for (variable, values) in [SETTINGS, METERING, POINTS].into_iter().flatten().map(|(_, row)| row) {
            for value in *values {
                let outcome = outcome(set(variable, value), Dialect::V2_0_1);
                let is_right = *variable != NOT_THERE && ![NO_NUMBER, "-1"].contains(value);
                let is_taken = format!("{outcome:?}").contains("\"Accepted\"");
                assert_eq!(is_taken, is_right, "{variable} {value}: {outcome:?}");
            }
        }
    }
}
