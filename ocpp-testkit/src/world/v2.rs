//! What an operator may want of a station of 2.x, as far as one carries it out.

use ocpp_core::csms::{Command, IdToken, Place, ResetKind, TransactionId, VariableName};
use ocpp_types::SmallString;

use super::commands::{Desk, connector};
use super::dice::Dice;
use super::tokens;
use crate::pair::Step;

/// How often, and what.
type Draw = fn(&mut Dice, Desk) -> Command;

const COMMANDS: &[(u64, Draw)] = &[
    (4, remote_start),
    (1, |_, _| Command::RemoteStop { transaction: TransactionId::new("of nobody") }),
    (3, change_availability),
    (4, |dice, _| set_one_of(dice, SETTINGS)),
    (3, |dice, _| set_one_of(dice, METERING)),
    (2, |_, _| Command::GetVariables { variables: vec![name("OCPPCommCtrlr.HeartbeatInterval"), name("No.Such")] }),
    (1, |dice, _| Command::Reset { kind: dice.one_of([ResetKind::Immediate, ResetKind::OnIdle]), evse: None }),
    (2, |dice, desk| Command::UnlockConnector { place: Place::new(Some(evse(dice, desk)), Some(1)) }),
    (1, |_, _| Command::ClearCache),
    (2, trigger),
    (1, |_, _| call("DataTransfer", r#"{"vendorId":"nobody","data":{"any":"thing"}}"#)),
    (1, |_, _| call("GetTransactionStatus", "{}")),
    (1, |_, _| Command::Unchecked { action: "Nonsense".into(), payload: r#"{"a":[1,2,3]}"#.to_owned() }),
    (1, |_, _| Command::Unchecked { action: "Reset".into(), payload: r#"{"type":"Sideways"}"#.to_owned() }),
];

/// What can be set without giving up what the checks rest on.
const SETTINGS: &[(u64, (&str, &[&str]))] = &[
    (1, ("OCPPCommCtrlr.HeartbeatInterval", &["60", "600", "86400"])),
    (1, ("TxCtrlr.EVConnectionTimeOut", &["5", "60", "300"])),
    (1, ("TxCtrlr.StopTxOnEVSideDisconnect", &["true", "false"])),
    (1, ("TxCtrlr.StopTxOnInvalidId", &["true", "false"])),
    (1, ("AuthCtrlr.AuthorizeRemoteStart", &["true", "false"])),
    (1, ("AuthCtrlr.LocalPreAuthorization", &["true", "false"])),
    (1, ("AuthCtrlr.LocalAuthorizationOffline", &["true", "false"])),
    (1, ("AuthCtrlr.OfflineTxForUnknownIdEnabled", &["true", "false"])),
    (1, ("AuthCacheCtrlr.Enabled", &["true", "false"])),
    (1, ("No.Such", &["1"])),
    (1, ("OCPPCommCtrlr.HeartbeatInterval", &["soon", "-1"])),
];

/// What is measured, and when.
const METERING: &[(u64, (&str, &[&str]))] = &[
    (2, ("SampledDataCtrlr.TxUpdatedInterval", &["0", "10", "30", "60", "300", "900"])),
    (1, ("AlignedDataCtrlr.Interval", &["0", "60", "300", "900", "86400"])),
    (1, ("SampledDataCtrlr.TxUpdatedMeasurands", &["Energy.Active.Import.Register,Voltage"])),
];

/// Something that an operator wants.
pub(super) fn draw(dice: &mut Dice, desk: Desk) -> Step {
    dice.weighted(COMMANDS).map_or(Step::RemoteStopRunning, |draw| Step::Csms(draw(dice, desk)))
}

/// The operator takes back what keeps drivers away.
pub(super) fn make_free() -> Vec<Step> {
    vec![Step::Csms(Command::ChangeAvailability { place: Place::STATION, is_operative: true })]
}

/// The operator ends what runs, and lets go of every plug.
pub(super) fn end_all(connectors: u16) -> Vec<Step> {
    let unlock = |evse: u16| Step::Csms(Command::UnlockConnector { place: Place::new(Some(u32::from(evse)), Some(1)) });
    std::iter::once(Step::RemoteStopRunning).chain((1..=connectors).map(unlock)).collect()
}

fn call(action: &str, payload: &str) -> Command {
    Command::Call { action: action.into(), payload: payload.to_owned() }
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
    let place = if dice.chance(30) { Place::STATION } else { Place::new(Some(evse(dice, desk)), None) };
    Command::ChangeAvailability { place, is_operative }
}

fn set_one_of(dice: &mut Dice, settings: &[(u64, (&str, &[&str]))]) -> Command {
    let (key, values) = dice.weighted(settings).copied().unwrap_or(("No.Such", &["1"]));
    let place = dice.below(values.len() as u64);
    let value = (0..).zip(values).find(|(n, _)| *n == place).map_or("", |(_, value)| *value);
    Command::SetVariables { variables: vec![(name(key), SmallString::new(value))] }
}

fn trigger(dice: &mut Dice, desk: Desk) -> Command {
    let message =
        dice.one_of(["BootNotification", "Heartbeat", "MeterValues", "StatusNotification", "TransactionEvent"]);
    Command::TriggerMessage { message: message.into(), place: Place::new(Some(evse(dice, desk)), Some(1)) }
}
