//! The sender: what each kind of call says, and when its block wants it to leave.
//!
//! [`KINDS`] lists what the station sends, in order of rank. A block says what it wants to send next ([`Face::wanted`]), and
//! hears how it ended (`frames`). Whose turn it is, and whether any may leave, is in `face/outgoing`.

use alloc::vec::Vec;

use ocpp_types::tables::v1_6::Action;

use super::messages;
#[cfg(feature = "plug_and_charge")]
use super::plug_and_charge;
use super::{Face, data_transfer, firmware};
use crate::face::failure::{Failure, Message, Unsendable};
use crate::site::Site;
use crate::site::firmware::JobStatus;
use crate::site::journal::{JournalRecord, Pending, StartVerdict, Started};
use crate::site::registration::Leave;
#[cfg(feature = "firmware_management")]
use crate::site::reports;
use crate::site::settings::Setting;
use crate::site::shared::Shared;
use crate::site::turns::Rank;
use crate::time::Instant;

/// A kind of message: what the call on its way is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Awaited {
    BootNotification,
    Heartbeat,
    Authorize,
    StatusNotification,
    Transaction,
    MeterValues,
    #[cfg_attr(not(feature = "firmware_management"), allow(dead_code, reason = "there are no jobs to tell of"))]
    JobStatus(JobStatus),
    DataTransfer,
    #[cfg(feature = "plug_and_charge")]
    Contract,
    #[cfg(feature = "plug_and_charge")]
    Certificate,
    #[cfg(feature = "security")]
    SecurityEvent,
    #[cfg(feature = "security")]
    SignCertificate,
    /// A call that the application makes.
    #[cfg(feature = "handling")]
    AppCall,
}

/// All kinds, in order of rank.
pub(super) const KINDS: &[Awaited] = &[
    Awaited::BootNotification,
    Awaited::Authorize,
    #[cfg(feature = "plug_and_charge")]
    Awaited::Contract,
    #[cfg(feature = "plug_and_charge")]
    Awaited::Certificate,
    Awaited::StatusNotification,
    #[cfg(feature = "security")]
    Awaited::SecurityEvent,
    #[cfg(feature = "firmware_management")]
    Awaited::JobStatus(JobStatus::Firmware(reports::Form::Plain)),
    #[cfg(feature = "security")]
    Awaited::JobStatus(JobStatus::Firmware(reports::Form::Numbered)),
    #[cfg(feature = "firmware_management")]
    Awaited::JobStatus(JobStatus::Upload(reports::Form::Plain)),
    #[cfg(feature = "security")]
    Awaited::JobStatus(JobStatus::Upload(reports::Form::Numbered)),
    #[cfg(feature = "security")]
    Awaited::SignCertificate,
    Awaited::MeterValues,
    Awaited::Transaction,
    Awaited::DataTransfer,
    #[cfg(feature = "handling")]
    Awaited::AppCall,
    Awaited::Heartbeat,
];

impl Face {
    /// Whether a call of this rank is the application's own: see [`HostCalls`](crate::site::host_calls::HostCalls).
    #[cfg(feature = "handling")]
    pub fn is_for_host(&self, rank: Rank) -> bool {
        kind_of(rank) == Some(Awaited::AppCall)
    }

    /// What the block of a kind wants to send now: the action's name, and the message.
    pub fn wanted(&mut self, site: &mut Site, shared: &mut Shared, rank: Rank) -> Option<(&'static str, Message)> {
        let (action, message) = self.wanted_of(site, shared, kind_of(rank)?)?;
        Some((action.as_str(), message))
    }

    fn wanted_of(&mut self, site: &mut Site, shared: &mut Shared, kind: Awaited) -> Option<(Action, Message)> {
        let now = shared.now;
        let leave = site.registration.leave();
        if kind != Awaited::BootNotification && leave == Leave::Nothing {
            return None;
        }
        let is_accepted = leave == Leave::All;
        Some(match kind {
            Awaited::BootNotification => {
                if !site.registration.is_due(now) {
                    return None;
                }
                site.registration.asked();
                (Action::BootNotification, messages::boot_notification(&shared.config))
            }
            Awaited::Authorize => {
                let request = if is_accepted { site.authorize.next(false)? } else { return None };
                (Action::Authorize, messages::authorize(&request.token))
            }
            #[cfg(feature = "plug_and_charge")]
            Awaited::Contract => {
                let request = if is_accepted { site.authorize.next(true)? } else { return None };
                (Action::DataTransfer, plug_and_charge::authorize(request.contract.as_ref()?))
            }
            #[cfg(feature = "plug_and_charge")]
            Awaited::Certificate => {
                if !is_accepted || !site.settings.is_on(Setting::PncEnabled) {
                    return None;
                }
                let call = site.plug_and_charge.next(now, &shared.clock)?;
                (Action::DataTransfer, plug_and_charge::certificate_call(&call))
            }
            Awaited::StatusNotification => {
                let minimum = site.settings.seconds(Setting::MinimumStatusDuration);
                let (connector, report, at) = site.status.next(now, minimum, is_accepted)?;
                let message = messages::status_notification(connector, report, shared.clock.resolve_unix(at));
                (Action::StatusNotification, message)
            }
            #[cfg(feature = "security")]
            Awaited::SecurityEvent => {
                let (event, at) = if is_accepted { shared.next_security_event()? } else { return None };
                (Action::SecurityEventNotification, messages::security_event(event, at.into()))
            }
            Awaited::JobStatus(status) => {
                (firmware::action_of(status), firmware::message(site.firmware.due(status, is_accepted)?))
            }
            #[cfg(feature = "security")]
            Awaited::SignCertificate => {
                (Action::SignCertificate, messages::sign_certificate(site.certificates.next(is_accepted)?))
            }
            Awaited::MeterValues => {
                // Without the time they wait for it.
                let reading = if shared.clock.is_set() { site.readings.next()? } else { return None };
                let at = shared.clock.resolve_unix(reading.at).ok_or(Unsendable);
                (Action::MeterValues, at.and_then(|at| messages::measured(&shared.config, &reading, at)))
            }
            Awaited::Transaction => {
                if !is_accepted || !shared.is_time_durable() {
                    return None;
                }
                site.journal.let_transactions_pass(now, &mut shared.store);
                while site.journal.due(now, &shared.store).is_some_and(|pending| is_untold(site, pending)) {
                    site.journal.delivered(&mut shared.store, &shared.clock, StartVerdict::default());
                }
                let pending = site.journal.due(now, &shared.store)?;
                (action_of(site, pending), render(site, shared, pending))
            }
            Awaited::DataTransfer => {
                let data = if is_accepted { site.transfers.next()? } else { return None };
                (Action::DataTransfer, data_transfer::message(&data))
            }
            // Its action is not ours to know.
            #[cfg(feature = "handling")]
            Awaited::AppCall => return None,
            Awaited::Heartbeat => {
                let interval = site.settings.seconds(Setting::HeartbeatInterval);
                let is_due = is_accepted && site.heartbeat.deadline(interval) <= now;
                if !is_due && !site.heartbeat.is_wanted() {
                    return None;
                }
                site.heartbeat.asked(now);
                (Action::Heartbeat, messages::heartbeat())
            }
        })
    }

    /// The CSMS asks for a message of this kind.
    #[cfg(feature = "remote_trigger")]
    pub(super) fn wake(&mut self, kind: Awaited) {
        self.outgoing.wake(rank_of(kind));
    }

    /// How a call ended counts for the turn of its kind. None: it was answered as it should be.
    pub(super) fn settle_turn(&mut self, now: Instant, kind: Awaited, failure: Option<&Failure>) {
        self.outgoing.settle_turn(now, rank_of(kind), is_repeated(kind), failure);
    }
}

fn render(site: &Site, shared: &Shared, pending: &Pending) -> Message {
    let at = |stamp| shared.clock.resolve_unix(stamp).ok_or(Unsendable);
    let csms_id = pending.transaction().and_then(|transaction| site.journal.csms_id(transaction));
    match &pending.record {
        JournalRecord::Started(start) => {
            let token = pending.transaction().and_then(|transaction| site.journal.token(transaction));
            messages::start_transaction(&shared.config, start, token, at(start.at)?)
        }
        JournalRecord::Sampled(sample) if begins(site, pending) => {
            let (known, _) = site.journal.history(sample.transaction);
            let token = site.journal.token(sample.transaction);
            let start = Started {
                spot: sample.spot,
                token: None,
                group: None,
                at: sample.at,
                // No energy flowed before.
                meter_mwh: known.ok_or(Unsendable)?.meter_start_mwh,
                reservation: pending.event.as_ref().and_then(|event| event.news.as_ref()?.reservation),
                first: Vec::new(),
            };
            messages::start_transaction(&shared.config, &start, token, at(sample.at)?)
        }
        JournalRecord::Sampled(sample) => messages::meter_values(&shared.config, sample, csms_id, at(sample.at)?),
        JournalRecord::Stopped(stop) => {
            let (known, readings) = site.journal.history(stop.transaction);
            messages::stop_transaction(stop, csms_id, &shared.clock, known, readings)
        }
        JournalRecord::Measured(reading) => messages::measured(&shared.config, reading, at(reading.at)?),
    }
}

/// Whether an event is where the transaction begins for 1.6, which knows none without a token: of 2.x, that somebody was accepted in
/// one that nobody was told of.
pub(super) fn begins(site: &Site, pending: &Pending) -> bool {
    let is_unknown = pending.transaction().is_some_and(|transaction| site.journal.csms_id(transaction).is_none());
    match &pending.record {
        JournalRecord::Started(_) => true,
        JournalRecord::Sampled(_) => is_unknown && pending.authorised().is_some(),
        JournalRecord::Stopped(_) | JournalRecord::Measured(_) => false,
    }
}

/// Whether 1.6 has no message for what is of 2.x: an event without values, and one of a transaction in which nobody charges.
fn is_untold(site: &Site, pending: &Pending) -> bool {
    let Some(transaction) = pending.transaction() else { return false };
    let is_nobodys = site.journal.bearer(transaction).is_none() && site.journal.csms_id(transaction).is_none();
    is_nobodys || (pending.is_wordless() && !begins(site, pending))
}

pub(super) fn action_of(site: &Site, pending: &Pending) -> Action {
    match &pending.record {
        JournalRecord::Sampled(_) if begins(site, pending) => Action::StartTransaction,
        JournalRecord::Started(_) => Action::StartTransaction,
        JournalRecord::Sampled(_) | JournalRecord::Measured(_) => Action::MeterValues,
        JournalRecord::Stopped(_) => Action::StopTransaction,
    }
}

/// Whether a message of this kind that was not answered is sent again by itself, with nothing else to space that.
fn is_repeated(kind: Awaited) -> bool {
    match kind {
        Awaited::StatusNotification | Awaited::JobStatus(_) => true,
        #[cfg(feature = "security")]
        Awaited::SecurityEvent => true,
        // These have waits of their own.
        Awaited::BootNotification | Awaited::Heartbeat | Awaited::Transaction => false,
        // These are sent once: somebody waits for them, or asks again.
        Awaited::Authorize | Awaited::MeterValues | Awaited::DataTransfer => false,
        #[cfg(feature = "plug_and_charge")]
        Awaited::Contract | Awaited::Certificate => false,
        #[cfg(feature = "security")]
        Awaited::SignCertificate => false,
        #[cfg(feature = "handling")]
        Awaited::AppCall => false,
    }
}

/// The kind of this rank.
pub(super) fn kind_of(rank: Rank) -> Option<Awaited> {
    KINDS.get(usize::from(rank)).copied()
}

fn rank_of(kind: Awaited) -> Rank {
    let place = KINDS.iter().position(|other| *other == kind);
    place.and_then(|place| Rank::try_from(place).ok()).unwrap_or(Rank::MAX)
}
