//! What the CSMS says is read by the tables of its edition: strictly and, where that fails, with the repairs that the configuration
//! allows; each is told. Any message is read here into the same flat form, which its view then tells the members of.

use chrono::{DateTime, Utc};
use ocpp_rpc::Payload;
use ocpp_types::datetime::UnixMillis;
use ocpp_types::lenient::{Absences, Decoded, Quirks, Repair, RepairKind};
use ocpp_types::tables::{Edition, ObjectId, Parsed};
use ocpp_types::violation::{Rule, Violation};

use crate::site::shared::Shared;
#[cfg(feature = "lenient")]
use crate::station::RepairNote;
use crate::station::{Event, RawFrame};

/// Stands for a time that is not there; no clock shows it.
const NO_TIME: &str = "\"0000-01-01T00:00:00Z\"";

/// What the answer to a BootNotification can do without: the station is registered by its status.
pub(crate) const OF_BOOT: Absences = &[("interval", "0"), ("currentTime", NO_TIME)];

/// Reads a call. Nothing of it is taken for absent: half an order is none. A word that the schema does not know is for the block to
/// refuse, with a status of its answer (1.6 §5.17), whatever the quirks.
pub(crate) fn call<'p>(
    shared: &mut Shared,
    edition: Edition,
    action: &str,
    object: ObjectId,
    payload: &Payload<'p>,
) -> Result<Parsed<'p>, Violation> {
    let quirks = quirks(shared).with(RepairKind::UnknownValue).without(RepairKind::Unreadable);
    Ok(read(shared, action, edition, object, payload, quirks, &[])?.value)
}

/// Reads the answer to a call of ours, which can do without these members.
pub(crate) fn answer<'p>(
    shared: &mut Shared,
    edition: Edition,
    action: &str,
    object: ObjectId,
    payload: &Payload<'p>,
    absences: Absences,
) -> Result<Decoded<Parsed<'p>>, Violation> {
    let quirks = quirks(shared);
    read(shared, action, edition, object, payload, quirks, absences)
}

/// Reads what a DataTransfer holds as JSON. A word that is not known there is refused with the rest of it.
#[cfg(feature = "plug_and_charge")]
pub(crate) fn nested<'p>(
    shared: &mut Shared,
    edition: Edition,
    message: &str,
    object: ObjectId,
    data: &'p str,
) -> Result<Parsed<'p>, Violation> {
    let (quirks, limits) = (nested_quirks(shared), shared.config.limits.frame);
    Ok(read(shared, message, edition, object, &Payload::alone(data, &limits), quirks, &[])?.value)
}

/// Like `nested`, for a message that is in no tables.
#[cfg(any(feature = "california_pricing", feature = "plug_and_charge"))]
pub(crate) fn nested_with<T>(
    shared: &mut Shared,
    message: &str,
    data: &str,
    read: fn(&mut ocpp_types::json::Reader<'_>) -> Result<T, ocpp_types::Fault>,
) -> Result<T, Violation> {
    let limits = shared.config.limits.frame;
    let payload = Payload::alone(data, &limits);
    #[cfg(feature = "lenient")]
    {
        let Decoded { value, repairs } = payload.decode_lenient_with(nested_quirks(shared), &[], read)?;
        if !repairs.is_empty() {
            note(shared, message, &repairs);
        }
        Ok(value)
    }
    #[cfg(not(feature = "lenient"))]
    {
        let _ = message;
        payload.decode_with(read)
    }
}

#[cfg(any(feature = "plug_and_charge", all(feature = "california_pricing", feature = "lenient")))]
fn nested_quirks(shared: &Shared) -> Quirks {
    quirks(shared).without(RepairKind::UnknownValue).without(RepairKind::Unreadable)
}

/// Whether this member of the message could not be read.
pub(crate) fn lacks(repairs: &[Repair], path: &str, name: &'static str) -> bool {
    let mut unreadable = repairs.iter().filter(|repair| repair.kind == RepairKind::Unreadable);
    unreadable.any(|repair| repair.path == path || (repair.path == "$" && repair.rule == Rule::Missing(name)))
}

/// A time of a message. What was read has a year that the calendar covers.
pub(crate) fn utc(time: UnixMillis) -> DateTime<Utc> {
    DateTime::try_from(time).unwrap_or_default()
}

fn quirks(shared: &Shared) -> Quirks {
    if cfg!(feature = "lenient") { shared.config.policy.quirks } else { Quirks::NONE }
}

#[cfg(feature = "lenient")]
fn read<'p>(
    shared: &mut Shared,
    action: &str,
    edition: Edition,
    object: ObjectId,
    payload: &Payload<'p>,
    quirks: Quirks,
    absences: Absences,
) -> Result<Decoded<Parsed<'p>>, Violation> {
    let decoded = payload.parse_lenient(edition, object, quirks, absences)?;
    if !decoded.repairs.is_empty() {
        note(shared, action, &decoded.repairs);
        if decoded.repairs.iter().any(|repair| repair.kind == RepairKind::Unreadable) {
            unread(shared, payload);
        }
    }
    Ok(decoded)
}

#[cfg(not(feature = "lenient"))]
fn read<'p>(
    _: &mut Shared,
    _: &str,
    edition: Edition,
    object: ObjectId,
    payload: &Payload<'p>,
    quirks: Quirks,
    _: Absences,
) -> Result<Decoded<Parsed<'p>>, Violation> {
    let value = payload.parse(edition, object, quirks.allows(RepairKind::UnknownValue))?;
    Ok(Decoded { value, repairs: alloc::vec::Vec::new() })
}

#[cfg(feature = "lenient")]
fn note(shared: &mut Shared, action: &str, repairs: &[Repair]) {
    let notes = RepairNote::list(repairs);
    shared.event(Event::Repaired { action: action.into(), count: repairs.len(), repairs: notes });
}

/// Tells what came, where it could not be read or only in parts.
pub(crate) fn unread(shared: &mut Shared, payload: &Payload<'_>) {
    shared.event(Event::Unread { frame: RawFrame::of(payload) });
}

/// How often a file is tried again, where the CSMS leaves that to the station too. Negative numbers mean none.
#[cfg(feature = "firmware_management")]
pub(crate) fn retries(told: Option<i64>) -> u32 {
    bounded(told, 3)
}

/// The wait before each, in seconds.
#[cfg(feature = "firmware_management")]
pub(crate) fn retry_seconds(told: Option<i64>) -> u32 {
    bounded(told, 60)
}

#[cfg(feature = "firmware_management")]
fn bounded(told: Option<i64>, default: u32) -> u32 {
    told.map_or(default, |number| u32::try_from(number.max(0)).unwrap_or(u32::MAX))
}
