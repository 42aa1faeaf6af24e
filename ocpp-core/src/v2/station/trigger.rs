//! TriggerMessage (F06): which message is told to go, and whether it can. The blocks send it.
//!
//! While the CSMS has the station wait (B02), these are the only messages that leave. Stores nothing.

use ocpp_types::tables::v2::{Evse, MessageTrigger, TriggerMessageRequest, TriggerMessageStatus};

use super::Face;
use super::place::evse_of;
use super::sender::Awaited;
use crate::site::Site;
#[cfg(feature = "security")]
use crate::site::firmware::JobStatus;
#[cfg(feature = "security")]
use crate::site::reports::Form;
use crate::site::settings::Setting;
use crate::site::shared::Shared;
use crate::station::{ConnectorId, EvseId};

impl Face {
    /// Carries out a TriggerMessage.
    pub(super) fn on_trigger(
        &mut self,
        site: &mut Site,
        shared: &mut Shared,
        request: TriggerMessageRequest<'_>,
    ) -> TriggerMessageStatus {
        let is_sent = match request.requested_message() {
            // F06.FR.17: not while the station is accepted.
            MessageTrigger::BootNotification => site.registration.trigger(),
            MessageTrigger::Heartbeat => {
                site.heartbeat.trigger();
                true
            }
            MessageTrigger::StatusNotification => {
                self.wake(Awaited::StatusNotification);
                trigger_statuses(site, shared, request.evse())
            }
            MessageTrigger::MeterValues => match place(shared, request.evse()) {
                Ok(evse) => site.trigger_readings(shared, evse),
                Err(NoSuchEvse) => false,
            },
            MessageTrigger::TransactionEvent => match place(shared, request.evse()) {
                Ok(evse) => trigger_events(site, shared, evse),
                Err(NoSuchEvse) => false,
            },
            #[cfg(feature = "security")]
            MessageTrigger::FirmwareStatusNotification => trigger_job(self, site, JobStatus::Firmware(Form::Numbered)),
            #[cfg(feature = "security")]
            MessageTrigger::LogStatusNotification => trigger_job(self, site, JobStatus::Upload(Form::Numbered)),
            // A02.FR.02.
            #[cfg(feature = "security")]
            MessageTrigger::SignChargingStationCertificate => {
                let (certificates, mut desk) = site.certificates(shared);
                certificates.make(&mut desk, true)
            }
            #[cfg(not(feature = "security"))]
            MessageTrigger::LogStatusNotification
            | MessageTrigger::FirmwareStatusNotification
            | MessageTrigger::SignChargingStationCertificate => return TriggerMessageStatus::NotImplemented,
            // F06.FR.08.
            MessageTrigger::SignV2GCertificate
            | MessageTrigger::SignCombinedCertificate
            | MessageTrigger::PublishFirmwareStatusNotification
            | MessageTrigger::SignV2G20Certificate
            | MessageTrigger::CustomTrigger
            | MessageTrigger::Unrecognized => return TriggerMessageStatus::NotImplemented,
        };
        if is_sent { TriggerMessageStatus::Accepted } else { TriggerMessageStatus::Rejected }
    }
}

/// The status of a job: that of the last order, or that nothing is under way (L01.FR.25, L01.FR.26, N01).
#[cfg(feature = "security")]
fn trigger_job(face: &mut Face, site: &mut Site, status: JobStatus) -> bool {
    face.wake(Awaited::JobStatus(status));
    site.firmware.trigger(status);
    true
}

/// The request names an EVSE that is not there.
struct NoSuchEvse;

/// The EVSE that is asked about; none means each (F06.FR.11).
fn place(shared: &Shared, evse: Option<Evse<'_>>) -> Result<Option<EvseId>, NoSuchEvse> {
    match evse {
        None => Ok(None),
        Some(named) => evse_of(shared, named.id()).map(Some).ok_or(NoSuchEvse),
    }
}

/// F06.FR.12: of one connector, or of all of an EVSE or the station.
fn trigger_statuses(site: &mut Site, shared: &Shared, wanted: Option<Evse<'_>>) -> bool {
    let Some(wanted) = wanted else { return site.status.trigger(None) };
    let Some(evse) = evse_of(shared, wanted.id()) else { return false };
    let connectors = 1..=shared.config.connectors_of(evse);
    let wanted = connectors.filter(|number| wanted.connector_id().is_none_or(|id| id == i64::from(*number)));
    let mut is_any = false;
    for number in wanted {
        is_any |= site.status.trigger(Some(shared.config.number_of(evse, ConnectorId(number)).into()));
    }
    is_any
}

/// F06.FR.07: an event of each transaction that goes on.
fn trigger_events(site: &mut Site, shared: &Shared, evse: Option<EvseId>) -> bool {
    // Events wait until the station is accepted (B02.FR.02).
    if !site.registration.is_accepted() || site.settings.measurands(Setting::TxUpdatedMeasurands).is_empty() {
        return false;
    }
    let mut is_any = false;
    for evse in site.evses.iter_mut().filter(|one| evse.is_none_or(|wanted| wanted == one.id) && one.is_running()) {
        evse.trigger_reading(shared.now);
        is_any = true;
    }
    is_any
}
