//! TransactionEvent (E01 to E13): what the journal holds, as the events of a transaction.

use alloc::vec::Vec;

use ocpp_types::datetime::UnixMillis;
use ocpp_types::tables::v2::{self, ReadingContext, TransactionEventRequestBuilder};
use ocpp_types::tables::{Edition, View as _};

use super::messages::{is_sayable, meter_value};
use super::{tokens, words};
use crate::face::failure::{Message, Unsendable, message};
use crate::site::Site;
use crate::site::journal::{EventFacts, JournalRecord, Pending};
use crate::site::plugs::Spot;
use crate::site::settings::Setting;
use crate::site::shared::Shared;
use crate::station::{IdToken, Measurand, MeasurandChoice, MeterSample};
use crate::time::Stamp;

/// Readings of a moment of the transaction.
struct Moment<'a> {
    at: UnixMillis,
    context: ReadingContext,
    values: Vec<&'a MeterSample>,
}

/// What the events of all kinds tell.
struct Event<'a> {
    kind: v2::TransactionEvent,
    name: &'a str,
    at: UnixMillis,
    facts: &'a EventFacts,
    is_offline: bool,
    spot: Option<Spot>,
    token: Option<&'a IdToken>,
    reservation: Option<i64>,
    stopped: Option<v2::Reason>,
    moments: Vec<Moment<'a>>,
}

/// Renders what is first in the journal and tells of a transaction.
pub(super) fn render(edition: Edition, site: &Site, shared: &Shared, pending: &Pending) -> Message {
    let (Some(transaction), Some(facts)) = (pending.transaction(), &pending.event) else { return Err(Unsendable) };
    let time = |stamp: Stamp| shared.clock.resolve(stamp).map(|at| UnixMillis(at.timestamp_millis())).ok_or(Unsendable);
    let name = site.name_of(transaction);
    let news = facts.news.as_deref();
    let authorised = news.and_then(|news| news.authorised.as_ref()).map(|holder| &holder.token);
    let at = time(pending.record.at())?;
    let event = Event {
        kind: v2::TransactionEvent::Updated,
        name: &name,
        at,
        facts,
        is_offline: site.journal.is_offline(pending),
        spot: None,
        token: authorised,
        reservation: news.and_then(|news| news.reservation),
        stopped: None,
        moments: Vec::new(),
    };
    match &pending.record {
        JournalRecord::Started(start) => {
            let register = register(start.meter_mwh, &start.first);
            let chosen = choices(site, &[Setting::TxStartedMeasurands]);
            let values = with_register(&register, &start.first, &chosen);
            let moments = Vec::from([Moment { at, context: ReadingContext::TransactionBegin, values }]);
            let token = authorised.or(start.token.as_ref());
            let reservation = event.reservation.or(start.reservation);
            let (kind, spot) = (v2::TransactionEvent::Started, Some(start.spot));
            write(edition, &Event { kind, spot, token, reservation, moments, ..event })
        }
        JournalRecord::Sampled(sample) => {
            let values = sample.values.iter().filter(|sample| is_sayable(sample)).collect();
            let moments = Vec::from([Moment { at, context: words::context(sample.context), values }]);
            write(edition, &Event { spot: Some(sample.spot), moments, ..event })
        }
        JournalRecord::Stopped(stop) => {
            let last = register(stop.meter_mwh, &stop.last);
            let (known, readings) = site.journal.history(transaction);
            let chosen = choices(site, &[Setting::TxEndedMeasurands, Setting::AlignedTxEndedMeasurands]);
            let first = known.map(|known| (known.started, register(known.meter_start_mwh, &known.first), &known.first));
            let mut moments = Vec::new();
            // The register of the begin was told there; here it is one of the series, where there is one (J02).
            if let Some((started, register, values)) = &first
                && !chosen.is_empty()
            {
                let values = with_register(register, values, &chosen);
                moments.push(Moment { at: time(*started)?, context: ReadingContext::TransactionBegin, values });
            }
            for reading in readings {
                let values = reading.values.iter().filter(|sample| is_sayable(sample)).collect();
                moments.push(Moment { at: time(reading.at)?, context: words::context(reading.context), values });
            }
            let values = with_register(&last, &stop.last, &chosen);
            moments.push(Moment { at, context: ReadingContext::TransactionEnd, values });
            let token = stop.token.as_ref().or(authorised);
            let stopped = Some(words::stop_reason(edition, stop.reason));
            let spot = known.map(|known| known.spot);
            write(edition, &Event { kind: v2::TransactionEvent::Ended, spot, token, stopped, moments, ..event })
        }
        JournalRecord::Measured(_) => Err(Unsendable),
    }
}

/// As exact as samples tell it, so that the end is never below one (J02.FR.16).
/// What the meter signed with it is among the values.
fn register(milliwatt_hours: i64, values: &[MeterSample]) -> MeterSample {
    let mut register = MeterSample::new(Measurand::EnergyActiveImportRegister, None, milliwatt_hours);
    let same = values.iter().find(|sample| sample.measurand == register.measurand && sample.phase.is_none());
    register.signed = same.and_then(|sample| sample.signed.clone());
    register
}

fn choices(site: &Site, settings: &[Setting]) -> Vec<MeasurandChoice> {
    settings.iter().flat_map(|setting| site.settings.measurands(*setting)).collect()
}

/// The register, which the bill rests on, whatever the lists say; and of the other values those chosen.
fn with_register<'a>(
    register: &'a MeterSample,
    values: &'a [MeterSample],
    chosen: &[MeasurandChoice],
) -> Vec<&'a MeterSample> {
    let is_register = |sample: &MeterSample| sample.measurand == register.measurand && sample.phase.is_none();
    let others = values.iter().filter(|sample| !is_register(sample) && is_sayable(sample));
    let others = others.filter(|sample| chosen.iter().any(|choice| choice.has(sample)));
    core::iter::once(register).chain(others).collect()
}

fn write(edition: Edition, event: &Event<'_>) -> Message {
    message(v2::TransactionEventRequest::to_json(edition, |mut request| fill(edition, event, &mut request)))
}

fn fill(edition: Edition, event: &Event<'_>, request: &mut TransactionEventRequestBuilder<'_>) {
    request.event_type(event.kind);
    for moment in event.moments.iter().filter(|moment| !moment.values.is_empty()) {
        meter_value(edition, request.add_meter_value(), moment.at, moment.context, moment.values.iter().copied());
    }
    request.timestamp(event.at).trigger_reason(words::trigger(edition, event.facts.trigger));
    request.seq_no(event.facts.seq_no.into());
    // E04.FR.03, E11.FR.02.
    if event.is_offline {
        request.offline(true);
    }
    if let Some(reservation) = event.reservation {
        request.reservation_id(reservation);
    }
    let mut info = request.transaction_info();
    info.transaction_id(event.name).charging_state(words::charging_state(event.facts.state));
    if let Some(reason) = event.stopped {
        info.stopped_reason(reason);
    }
    // F01.FR.25, F02.FR.01.
    if let Some(remote_start) = event.facts.news.as_ref().and_then(|news| news.remote_start) {
        info.remote_start_id(remote_start);
    }
    if let Some(spot) = event.spot {
        let mut evse = request.evse();
        evse.id(spot.evse.0.into());
        // E01.FR.16: no connector before a vehicle is there.
        if event.facts.connector > 0 {
            evse.connector_id(event.facts.connector.into());
        }
    }
    if let Some(token) = event.token {
        tokens::write(request.id_token(), token);
    }
}
