//! What the CSMS says is read strictly and, where that fails, with the repairs that the configuration allows; each is told.

use ocpp_rpc::Payload;
use ocpp_types::codec::Decode;
#[cfg(any(feature = "california_pricing", feature = "plug_and_charge"))]
use ocpp_types::lenient::decode;
use ocpp_types::lenient::{Absences, Decoded, Quirks, Repair, RepairKind};
use ocpp_types::violation::{Rule, Violation};

use crate::site::shared::Shared;
#[cfg(any(feature = "lenient", feature = "california_pricing", feature = "plug_and_charge"))]
use crate::station::RepairNote;
use crate::station::{Event, RawFrame};

/// Stands for a time that is not there; no clock shows it.
const NO_TIME: &str = "\"0000-01-01T00:00:00Z\"";

/// What a BootNotification.conf can do without: the station is registered by its status.
pub(super) const OF_BOOT: Absences = &[("interval", "0"), ("currentTime", NO_TIME)];
/// What a StartTransaction.conf can do without one at a time: it is delivered by a number, or by a verdict.
pub(super) const OF_START: Absences = &[("transactionId", "-1"), ("idTagInfo", r#"{"status":""}"#)];

/// Reads a call. Nothing of it is taken for absent: half an order is none. A word that the schema does not know is for the block to
/// refuse, with a status of its answer (1.6 §5.17), whatever the quirks.
pub(super) fn call<T: Decode>(shared: &mut Shared, action: &str, payload: &Payload<'_>) -> Result<T, Violation> {
    let quirks = quirks(shared).with(RepairKind::UnknownValue).without(RepairKind::Unreadable);
    Ok(read(shared, action, payload, quirks, &[])?.value)
}

/// Reads what a DataTransfer holds as JSON. A word that is not known there is refused with the rest of it.
#[cfg(any(feature = "california_pricing", feature = "plug_and_charge"))]
pub(super) fn nested<T: Decode>(shared: &mut Shared, message: &str, data: &str) -> Result<T, Violation> {
    let quirks = quirks(shared).without(RepairKind::UnknownValue).without(RepairKind::Unreadable);
    let decoded = decode(data, quirks)?;
    if !decoded.repairs.is_empty() {
        note(shared, message, &decoded.repairs);
    }
    Ok(decoded.value)
}

/// Reads the answer to a call of ours.
pub(super) fn answer<T: Decode>(shared: &mut Shared, action: &str, payload: &Payload<'_>) -> Result<T, Violation> {
    Ok(answer_without(shared, action, payload, &[])?.value)
}

/// Reads the answer to a call of ours, which can do without these members.
pub(super) fn answer_without<T: Decode>(
    shared: &mut Shared,
    action: &str,
    payload: &Payload<'_>,
    absences: Absences,
) -> Result<Decoded<T>, Violation> {
    let quirks = quirks(shared);
    read(shared, action, payload, quirks, absences)
}

/// Whether this member of the message could not be read.
pub(super) fn lacks(repairs: &[Repair], path: &str, name: &'static str) -> bool {
    let mut unreadable = repairs.iter().filter(|repair| repair.kind == RepairKind::Unreadable);
    unreadable.any(|repair| repair.path == path || (repair.path == "$" && repair.rule == Rule::Missing(name)))
}

fn quirks(shared: &Shared) -> Quirks {
    if cfg!(feature = "lenient") { shared.config.policy.quirks } else { Quirks::NONE }
}

#[cfg(feature = "lenient")]
fn read<T: Decode>(
    shared: &mut Shared,
    action: &str,
    payload: &Payload<'_>,
    quirks: Quirks,
    absences: Absences,
) -> Result<Decoded<T>, Violation> {
    let decoded = payload.decode_lenient_with(quirks, absences, T::read)?;
    if !decoded.repairs.is_empty() {
        tell(shared, action, payload, &decoded.repairs);
    }
    Ok(decoded)
}

#[cfg(not(feature = "lenient"))]
fn read<T: Decode>(
    _: &mut Shared,
    _: &str,
    payload: &Payload<'_>,
    quirks: Quirks,
    _: Absences,
) -> Result<Decoded<T>, Violation> {
    payload.decode_lenient(quirks)
}

#[cfg(feature = "lenient")]
fn tell(shared: &mut Shared, action: &str, payload: &Payload<'_>, repairs: &[Repair]) {
    note(shared, action, repairs);
    if repairs.iter().any(|repair| repair.kind == RepairKind::Unreadable) {
        unread(shared, payload);
    }
}

#[cfg(any(feature = "lenient", feature = "california_pricing", feature = "plug_and_charge"))]
fn note(shared: &mut Shared, action: &str, repairs: &[Repair]) {
    let notes = RepairNote::list(repairs);
    shared.event(Event::Repaired { action: action.into(), count: repairs.len(), repairs: notes });
}

/// Tells what came, where it could not be read or only in parts.
pub(super) fn unread(shared: &mut Shared, payload: &Payload<'_>) {
    shared.event(Event::Unread { frame: RawFrame::of(payload) });
}
