//! What a face and the host ask of the site. Each request goes to its block, with a narrow view of what else it touches.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use chrono::{DateTime, Utc};
use ocpp_rpc::backoff::BackoffSettings;
use ocpp_rpc::engine::ReplyToken;
#[cfg(all(feature = "security", feature = "transaction_events"))]
use ocpp_rpc::handshake::Password;
use ocpp_rpc::liveness::LivenessSettings;
use ocpp_types::SmallString;

use super::bearer::Grant;
#[cfg(feature = "security")]
use super::certificates::{Certificates, Desk};
use super::data_transfer::VendorData;
use super::evse::Evse;
use super::journal::trigger_of_stop;
#[cfg(feature = "plug_and_charge")]
use super::plug_and_charge;
use super::plugs::Spot;
#[cfg(feature = "california_pricing")]
use super::pricing::{self, UserPrice};
use super::profiles::RemoteProfile;
use super::registration::{self, BootAnswer};
#[cfg(feature = "reservation")]
use super::reservation::Reservation;
#[cfg(feature = "reservation")]
use super::reserve;
#[cfg(all(feature = "security", feature = "transaction_events"))]
use super::settings;
use super::settings::{AnySetting, Setting};
use super::shared::Shared;
use super::signal::{AuthorizeRequest, Purpose, Signal};
use super::token::TokenInfo;
#[cfg(feature = "reservation")]
use super::verdict::ReserveVerdict;
use super::verdict::{AvailabilityVerdict, SettingVerdict, Undelivered};
use super::{Site, delivery, index, remote};
use crate::MisuseError;
#[cfg(feature = "plug_and_charge")]
use crate::station::Contract;
use crate::station::{
    BootReason, CertificateUse, ConnectRefusal, ConnectorId, Event, EvseId, EvseInput, IdToken, JobId, JobUpdate,
    RebootKind, RegistrationStatus, StopReason, TokenRefusal, TransactionNo, TriggerReason,
};
use crate::store::{EntryKey, StoreOp, Ticket};
use crate::words::digits;

impl Site {
    /// The CSMS answered a BootNotification (1.6 §4.2, 2.x B01 to B03).
    pub fn on_boot_answer(&mut self, shared: &mut Shared, answer: &BootAnswer) {
        let is_believed = answer.time.is_some_and(|time| shared.sync_clock(time));
        self.heartbeat.synced(shared.now, is_believed);
        let is_first =
            self.registration.answered(shared.now, answer.status, answer.wait(shared.config.network.boot_retry));
        shared.event(Event::Registration(answer.status));
        if is_first {
            shared.store.push(StoreOp::Put { key: EntryKey::new(registration::ENTRY), value: [1].into() });
        }
        if answer.status == RegistrationStatus::Accepted {
            #[cfg(feature = "security")]
            self.certificates.accepted(shared.now);
            if let Some(seconds) = answer.interval_seconds {
                self.settings.set(Setting::HeartbeatInterval, &digits(seconds.into()));
            }
            self.signals.push_back(Signal::Accepted);
        }
    }

    /// The CSMS did not answer a BootNotification.
    pub fn on_boot_undelivered(&mut self, shared: &mut Shared, why: Undelivered) {
        match why {
            Undelivered::LinkLost => self.registration.link_closed(),
            Undelivered::Refused | Undelivered::Unsendable | Undelivered::TimedOut => {
                self.registration.failed(shared.now, shared.config.network.boot_retry);
            }
        }
    }

    /// The CSMS told its time.
    pub fn on_time(&mut self, shared: &mut Shared, time: DateTime<Utc>) {
        let is_believed = shared.sync_clock(time);
        self.heartbeat.synced(shared.now, is_believed);
    }

    /// The CSMS answered about the token that was asked about, or its answer was unusable.
    pub fn on_authorized(&mut self, shared: &mut Shared, verdict: Result<TokenInfo, TokenRefusal>) {
        let (mut ctx, parts) = self.context(shared);
        match verdict {
            Ok(info) => parts.authorize.answered(&mut ctx, info),
            Err(reason) => parts.authorize.failed(&mut ctx, reason),
        }
    }

    /// The CSMS did not answer about the token that was asked about.
    pub fn on_unauthorized(&mut self, shared: &mut Shared, why: Undelivered) {
        let (mut ctx, parts) = self.context(shared);
        match why {
            Undelivered::Refused => parts.authorize.failed(&mut ctx, TokenRefusal::NoAnswer),
            Undelivered::Unsendable => parts.authorize.failed(&mut ctx, TokenRefusal::Unsendable),
            // 1.6 §3.5: a CSMS that does not answer is as good as none.
            Undelivered::TimedOut => parts.authorize.unanswered(&mut ctx),
            Undelivered::LinkLost => parts.authorize.unreachable(&mut ctx),
        }
    }

    /// The CSMS took the begin of a transaction: see [`delivery`].
    pub fn on_start_delivered(&mut self, shared: &mut Shared, csms_id: Option<i64>, info: Option<TokenInfo>) {
        let (mut ctx, parts) = self.context(shared);
        delivery::on_start_delivered(&mut ctx, parts.authorize, csms_id, info);
    }

    /// The CSMS took a sample or the end of a transaction: see [`delivery`].
    pub fn on_delivered(&mut self, shared: &mut Shared, info: Option<TokenInfo>) {
        let (mut ctx, parts) = self.context(shared);
        delivery::on_delivered(&mut ctx, parts.authorize, info);
    }

    /// The CSMS did not take what is first in the journal, which was sent as `action`.
    pub fn on_undelivered(&mut self, shared: &mut Shared, why: Undelivered, action: &'static str) {
        let (mut ctx, _) = self.context(shared);
        delivery::on_undelivered(&mut ctx, why, action);
    }

    /// Starts a transaction at an EVSE, or wherever the driver comes to (1.6 §5.11, 2.x F01, F02). False if it cannot lead to
    /// anything, and before the CSMS has accepted the station (1.6 §4.2, 2.x B02).
    pub fn on_remote_start(
        &mut self,
        shared: &mut Shared,
        evse: Option<EvseId>,
        grant: Grant,
        profile: Option<RemoteProfile>,
    ) -> bool {
        let is_accepted = self.registration.is_accepted();
        let (mut ctx, mut parts) = self.context(shared);
        let event = Event::RemoteStart { evse, token: grant.token.clone(), remote_start: grant.remote_start };
        let is_taken = is_accepted && parts.on_remote_start(&mut ctx, evse, grant, profile);
        if is_taken {
            shared.event(event);
        }
        is_taken
    }

    /// Stops a transaction. Gives the ticket that the answer waits for, if any; none if it does not run, and before the CSMS has
    /// accepted the station.
    pub fn on_remote_stop(&mut self, shared: &mut Shared, transaction: TransactionNo) -> Option<Option<Ticket>> {
        let is_accepted = self.registration.is_accepted();
        let stop = || remote::stop(&mut self.evses, &mut shared.store, &self.settings, transaction);
        is_accepted.then(stop).flatten()
    }

    /// Takes a connector, an EVSE, or the station, out of service or back.
    pub fn on_change_availability(
        &mut self,
        shared: &mut Shared,
        evse: Option<EvseId>,
        connector: Option<ConnectorId>,
        is_operative: bool,
    ) -> (AvailabilityVerdict, Option<Ticket>) {
        let places = (&shared.config, &shared.plugs, self.evses.as_slice());
        let (verdict, ticket) = self.availability.on_change(&mut shared.store, places, evse, connector, is_operative);
        if ticket.is_some() {
            shared.event(Event::AvailabilityChanged { evse, connector, is_operative });
        }
        (verdict, ticket)
    }

    /// Keeps an EVSE, or one of all (0), for a token.
    #[cfg(feature = "reservation")]
    pub fn on_reserve(
        &mut self,
        shared: &mut Shared,
        evse: EvseId,
        reservation: Reservation,
    ) -> (ReserveVerdict, Option<Ticket>) {
        let wanted = (evse, reservation);
        let reservations = &mut self.reservations;
        reserve::reserve(reservations, shared, &self.settings, &self.evses, &self.authorize, wanted)
    }

    /// Ends everything and restarts the station. Gives the ticket that an acceptance waits for, if any.
    pub fn on_reset(
        &mut self,
        shared: &mut Shared,
        kind: RebootKind,
        reason: StopReason,
        info: &str,
    ) -> Option<Ticket> {
        self.reset.on_request(shared, &mut self.evses, &self.settings, (kind, reason, info))
    }

    /// Ends and restarts the station once no transaction runs; until then none begins (2.x B12.FR.01, B12.FR.03).
    #[cfg(feature = "transaction_events")]
    pub fn on_reset_when_idle(&mut self, shared: &mut Shared, kind: RebootKind, info: &str) {
        self.reset.on_request_when_idle(shared, kind, info);
    }

    /// Ends what goes on at an EVSE, and restarts its hardware (2.x B11.FR.08, B12.FR.08). Gives the ticket that an acceptance waits for.
    #[cfg(feature = "transaction_events")]
    pub fn on_reset_evse(&mut self, shared: &mut Shared, evse: EvseId) -> Option<Ticket> {
        let evse = self.evses.get_mut(index(evse))?;
        evse.give_up(StopReason::ImmediateReset);
        evse.reset_when_idle();
        evse.keep_promise(&mut shared.store, &self.settings)
    }

    /// Restarts the hardware of an EVSE once nobody is there. False if somebody is (2.x B12.FR.07).
    #[cfg(feature = "transaction_events")]
    pub fn on_reset_evse_when_idle(&mut self, evse: EvseId) -> bool {
        self.evses.get_mut(index(evse)).is_some_and(|evse| {
            evse.reset_when_idle();
            !evse.is_busy()
        })
    }

    /// Whether a transaction runs anywhere.
    #[cfg(feature = "transaction_events")]
    pub fn is_charging(&self) -> bool {
        self.running() > 0
    }

    /// The transaction at an EVSE, until its end is on record.
    #[cfg(feature = "transaction_events")]
    pub fn transaction_at(&self, evse: EvseId) -> Option<TransactionNo> {
        self.evses.get(index(evse)).and_then(Evse::transaction)
    }

    /// Whether a transaction has not ended.
    #[cfg(feature = "transaction_events")]
    pub fn goes_on(&self, transaction: TransactionNo) -> bool {
        self.evses.iter().any(|evse| evse.transaction() == Some(transaction))
    }

    /// Whether a transaction runs at an EVSE whose driver is authorised.
    #[cfg(feature = "transaction_events")]
    pub fn charges_somebody(&self, evse: EvseId) -> bool {
        self.evses.get(index(evse)).is_some_and(|evse| evse.is_running() && evse.token().is_some())
    }

    /// Readings of an EVSE, or of each, are told beside any transaction (2.x F06.FR.06). False if there are none to tell.
    #[cfg(all(feature = "transaction_events", feature = "remote_trigger"))]
    pub fn trigger_readings(&mut self, shared: &Shared, evse: Option<EvseId>) -> bool {
        if self.settings.measurands(Setting::AlignedMeasurands).is_empty() {
            return false;
        }
        for evse in self.evses.iter_mut().filter(|one| evse.is_none_or(|wanted| wanted == one.id)) {
            evse.trigger_reading_beside(shared.now);
        }
        true
    }

    /// Opens the lock of a connector. False where there is none.
    pub fn unlock(&mut self, shared: &mut Shared, token: ReplyToken, spot: Spot) -> bool {
        !self.settings.has_fixed_cables() && self.unlocking.on_request(shared, &mut self.evses, token, spot)
    }

    /// Changes the password for the CSMS. With the ticket that an acceptance waits for.
    #[cfg(all(feature = "security", feature = "transaction_events"))]
    pub fn on_change_password(&self, shared: &mut Shared, password: &Password) -> Ticket {
        settings::security::change_password(&self.settings, shared, password)
    }

    /// Changes a setting for the CSMS.
    pub fn on_change_setting(&mut self, shared: &mut Shared, setting: AnySetting, value: &str) -> SettingVerdict {
        self.settings.on_change(shared, &self.policy, setting, value)
    }

    /// The CSMS says what a driver would pay.
    #[cfg(feature = "california_pricing")]
    pub fn on_user_price(&mut self, shared: &mut Shared, price: UserPrice) {
        let (mut ctx, parts) = self.context(shared);
        pricing::on_user_price(&mut ctx, parts.pricing, parts.evses, parts.authorize, price);
    }

    /// The work with certificates, and what it touches.
    #[cfg(feature = "security")]
    pub fn certificates<'a>(&'a mut self, shared: &'a mut Shared) -> (&'a mut Certificates, Desk<'a>) {
        let desk = Desk {
            shared,
            settings: &self.settings,
            firmware: &mut self.firmware,
            replies: &mut self.replies,
            #[cfg(feature = "plug_and_charge")]
            plug_and_charge: &mut self.plug_and_charge,
        };
        (&mut self.certificates, desk)
    }

    /// A fact about an EVSE.
    pub fn on_fact(&mut self, shared: &mut Shared, id: EvseId, fact: EvseInput) {
        if let Some(evse) = self.evses.get_mut(index(id))
            && let Some(fact) = shared.plugs.on_fact(id, fact, evse.may_change_plugs())
        {
            evse.on_fact(shared.now, fact);
        }
    }

    /// Finds what is wrong with vendor data of the application.
    pub fn check_transfer(
        &self,
        shared: &Shared,
        vendor_id: &str,
        message_id: Option<&str>,
    ) -> Result<(), MisuseError> {
        self.transfers.check(shared.config.limits.questions, vendor_id, message_id)
    }

    /// Sends vendor data, which were checked.
    pub fn transfer(&mut self, vendor_id: &str, message_id: Option<&str>, data: Option<&str>) {
        self.transfers.push(VendorData {
            vendor_id: vendor_id.into(),
            message_id: message_id.map(SmallString::new),
            data: data.map(String::from),
        });
    }

    /// The host's word about a job.
    pub fn on_job(&mut self, shared: &mut Shared, id: JobId, word: &JobUpdate) {
        #[cfg(feature = "security")]
        if !word.is_progress() {
            let (certificates, mut desk) = self.certificates(shared);
            certificates.on_job(&mut desk, id, word);
            #[cfg(feature = "plug_and_charge")]
            self.plug_and_charge.on_job(shared, id, word);
        }
        if self.firmware.on_job(shared, id, word) {
            let reasons = (StopReason::Reboot, BootReason::FirmwareUpdate, "firmware");
            self.reset.order(shared, &mut self.evses, RebootKind::Hard, reasons);
        }
    }

    /// Whether the station has a certificate of its own of this use that the core knows to renew.
    pub fn has_certificate(&self, usage: CertificateUse) -> bool {
        match usage {
            CertificateUse::Station => cfg!(feature = "security"),
            CertificateUse::V2g => cfg!(feature = "plug_and_charge"),
            CertificateUse::CsmsRoot
            | CertificateUse::ManufacturerRoot
            | CertificateUse::V2gRoot
            | CertificateUse::MoRoot => false,
        }
    }

    /// A token was presented: at an EVSE, or at a reader that serves these, of which none is all.
    pub fn on_token(&mut self, shared: &mut Shared, evse: Option<EvseId>, evses: Vec<EvseId>, token: IdToken) {
        let (mut ctx, mut parts) = self.context(shared);
        parts.on_token(&mut ctx, evse, evses, token);
    }

    /// Whether a transaction runs at an EVSE.
    pub fn runs_transaction(&self, evse: EvseId) -> bool {
        self.evses.get(index(evse)).is_some_and(Evse::is_running)
    }

    /// Stops the transaction at an EVSE.
    pub fn stop(&mut self, evse: EvseId, reason: StopReason, trigger: Option<TriggerReason>) {
        if let Some(evse) = self.evses.get_mut(index(evse)) {
            evse.stop_for(reason, trigger.unwrap_or_else(|| trigger_of_stop(reason)), None);
        }
    }

    /// Whether a token is good, as the host asks.
    pub fn validate(&mut self, shared: &mut Shared, token: IdToken) {
        let (mut ctx, mut parts) = self.context(shared);
        parts.on_request(&mut ctx, AuthorizeRequest::new(None, token, Purpose::Validation));
    }

    /// The connection did not come about. After so many attempts another network is tried (2.x B10.FR.03), once the credentials that
    /// are known were.
    pub fn on_connect_failed(&mut self, shared: &mut Shared, refusal: Option<ConnectRefusal>) {
        #[cfg(all(feature = "security", feature = "transaction_events"))]
        {
            let attempts = self.settings.number(Setting::NetworkProfileConnectionAttempts);
            shared.networks.failed(attempts.max(shared.access.attempts()));
        }
        shared.on_connect_failed(refusal);
    }

    /// How long an answer of the CSMS is waited for.
    pub fn message_timeout(&self, shared: &Shared) -> Duration {
        #[cfg(all(feature = "security", feature = "transaction_events"))]
        if let Some((_, network)) = shared.networks.present() {
            return Duration::from_secs(network.message_timeout_seconds.into());
        }
        let _ = shared;
        self.settings.seconds(Setting::MessageTimeout)
    }

    /// The value of a setting.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.find(name).map(|key| self.settings.value(key))
    }

    /// A vehicle presented its contract at an EVSE.
    #[cfg(feature = "plug_and_charge")]
    pub fn on_contract(&mut self, shared: &mut Shared, evse: EvseId, contract: Contract) {
        let (mut ctx, parts) = self.context(shared);
        plug_and_charge::on_contract(&mut ctx, parts.evses, parts.authorize, evse, contract);
    }

    /// How long the station waits before it connects again.
    pub fn backoff(&self) -> BackoffSettings {
        #[cfg(feature = "transaction_events")]
        return BackoffSettings {
            wait_minimum: self.settings.seconds(Setting::RetryBackOffWaitMinimum),
            random_range: self.settings.seconds(Setting::RetryBackOffRandomRange),
            repeat_times: self.settings.number(Setting::RetryBackOffRepeatTimes),
            // The first wait may be as long as both can be.
            ceiling: Duration::from_secs(2 * 60 * 60),
        };
        #[cfg(not(feature = "transaction_events"))]
        BackoffSettings::default()
    }

    /// How the link is kept alive.
    pub fn liveness(&self) -> LivenessSettings {
        LivenessSettings {
            ping_interval: self.settings.seconds(Setting::WebSocketPingInterval),
            ..LivenessSettings::default()
        }
    }
}
