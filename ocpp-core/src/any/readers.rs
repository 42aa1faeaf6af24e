//! What can be asked of a station at any time: for displays and web pages, which need not follow its events.

#[cfg(feature = "smart_charging")]
use core::time::Duration;

#[cfg(feature = "smart_charging")]
use ocpp_smartcharging::composite::CompositeSchedule;
#[cfg(feature = "smart_charging")]
use ocpp_smartcharging::model::{EvseId as Place, RateUnit};

use super::Station;
use crate::site::index;
#[cfg(feature = "smart_charging")]
use crate::site::profiles::ScheduleRequest;
use crate::station::{BootReason, EvseId, EvseView, LinkView, ReservationView, SessionView, SettingView};

impl Station {
    /// Why the station booted, as the configuration says, or the station knows since it ordered the restart itself.
    pub fn boot_reason(&self) -> BootReason {
        self.shared.boot_reason
    }

    /// How an EVSE is, and what goes on there.
    pub fn evse(&self, evse: EvseId) -> Option<EvseView<'_>> {
        let evse = self.site.evses.get(index(evse))?;
        let condition = evse.condition();
        let session = evse.begun().map(|open| SessionView {
            transaction: open.transaction.id(),
            name: self.site.known_as(&self.shared, open.transaction),
            csms_id: self.site.journal.csms_id(open.transaction),
            token: evse.token(),
            since: self.site.journal.started(open.transaction).and_then(|at| self.shared.clock.resolve(at)),
            meter_start_mwh: open.meter_start_mwh,
            energy_mwh: open.register.told_mwh().saturating_sub(open.meter_start_mwh),
        });
        Some(EvseView {
            status: condition.status,
            connector: self.shared.plugs.active(evse.id).connector,
            cable: evse.cable(),
            is_operative: self.site.availability.is_operative(evse.id) && self.shared.plugs.has_service(evse.id),
            faults: condition.faults,
            state_of_charge: evse.facts().state_of_charge,
            charging_needs: evse.facts().charging_needs.as_deref(),
            #[cfg(feature = "smart_charging")]
            limit: self.site.smart_charging.present_limit(&self.shared.config, evse),
            session,
        })
    }

    /// What is kept for somebody.
    pub fn reservations(&self) -> impl Iterator<Item = ReservationView<'_>> {
        self.site.reservations.all()
    }

    /// How the station and its CSMS are connected, or why not.
    pub fn link(&self) -> LinkView<'_> {
        let link = &self.shared.link;
        match (&link.target, link.retry_at()) {
            (Some((url, security_profile)), _) if link.is_up() => LinkView::Open {
                url,
                security_profile: *security_profile,
                slot: self.shared.config.network.slot,
                dialect: self.shared.rpc.dialect(),
                is_accepted: self.site.registration.is_accepted(),
            },
            _ if link.is_connecting() => LinkView::Connecting,
            (_, Some(retry_at)) => LinkView::Waiting { retry_at },
            (_, None) => LinkView::Held,
        }
    }

    /// The configuration keys, in the order in which they are reported.
    pub fn settings(&self) -> impl Iterator<Item = SettingView<'_>> {
        self.site.settings.views()
    }

    /// What may be drawn from now on, at an EVSE or (none) the whole station, as far as profiles say; none without the time, or if the
    /// station does not have the unit (1.6 §5.7, 2.x K08).
    #[cfg(feature = "smart_charging")]
    pub fn composite_schedule(
        &self,
        evse: Option<EvseId>,
        duration: Duration,
        unit: Option<RateUnit>,
    ) -> Option<CompositeSchedule> {
        let request = ScheduleRequest {
            evse: Place(evse.map_or(0, |evse| evse.0.into())),
            duration_seconds: u32::try_from(duration.as_secs()).unwrap_or(u32::MAX),
            unit,
        };
        self.site.smart_charging.on_get_composite(&self.shared, &self.site.settings, &request)
    }
}
