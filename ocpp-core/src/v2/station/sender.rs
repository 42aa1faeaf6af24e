//! The sender: which call leaves next. One at a time; the most urgent first, as long as that is fair (`site/turns`).
//!
//! [`KINDS`] lists what the station sends, in order of rank. A block says what it wants to send next ([`Face::wanted`]), and
//! hears how it ended (`frames`). No call leaves while an answer is owed that may have caused it (`site/answers`).

use ocpp_types::datetime::UnixMillis;
use ocpp_types::tables::v2::Action;

use super::model::Model;
use super::{Face, alerts, data_transfer, messages, transaction};
#[cfg(feature = "security")]
use super::{certificates, firmware};
use crate::face::failure::{Failure, Message, Unsendable};
use crate::site::Site;
#[cfg(feature = "security")]
use crate::site::firmware::JobStatus;
use crate::site::journal::{JournalRecord, Pending};
use crate::site::registration::Leave;
#[cfg(feature = "security")]
use crate::site::reports::Form;
use crate::site::settings::Setting;
use crate::site::shared::Shared;
use crate::site::turns::Rank;
use crate::time::Stamp;

/// A kind of message: what the call on its way is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    BootNotification,
    Heartbeat,
    Authorize,
    StatusNotification,
    /// An alert event.
    Alert,
    /// A TransactionEvent, or MeterValues that wait in the journal.
    Journal,
    MeterValues,
    /// A part of a report of the device model.
    NotifyReport,
    /// A part of what is known of a customer.
    NotifyCustomerInformation,
    DataTransfer,
    #[cfg(feature = "security")]
    SecurityEvent,
    /// How an update or an upload goes.
    #[cfg(feature = "security")]
    JobStatus(JobStatus),
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
    Awaited::StatusNotification,
    Awaited::Alert,
    #[cfg(feature = "security")]
    Awaited::SecurityEvent,
    #[cfg(feature = "security")]
    Awaited::JobStatus(JobStatus::Firmware(Form::Numbered)),
    #[cfg(feature = "security")]
    Awaited::JobStatus(JobStatus::Upload(Form::Numbered)),
    // What 1.6 ordered.
    #[cfg(feature = "security")]
    Awaited::JobStatus(JobStatus::Firmware(Form::Plain)),
    #[cfg(feature = "security")]
    Awaited::JobStatus(JobStatus::Upload(Form::Plain)),
    #[cfg(feature = "security")]
    Awaited::SignCertificate,
    Awaited::MeterValues,
    Awaited::Journal,
    Awaited::NotifyReport,
    Awaited::NotifyCustomerInformation,
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
        let (now, edition) = (shared.now, self.edition);
        let leave = site.registration.leave();
        // B01.FR.08, B02.FR.02, B03.FR.02.
        if kind != Awaited::BootNotification && leave == Leave::Nothing {
            return None;
        }
        let is_accepted = leave == Leave::All;
        let time = |shared: &Shared, stamp: Stamp| {
            shared.clock.resolve(stamp).map(|at| UnixMillis(at.timestamp_millis())).ok_or(Unsendable)
        };
        Some(match kind {
            Awaited::BootNotification => {
                if !site.registration.is_due(now) {
                    return None;
                }
                let reason = site.registration.reason(shared.boot_reason);
                site.registration.asked();
                (Action::BootNotification, messages::boot_notification(edition, &shared.config.device, reason))
            }
            Awaited::Authorize => {
                let request = if is_accepted { site.authorize.next(false)? } else { return None };
                (Action::Authorize, messages::authorize(edition, &request.token))
            }
            Awaited::StatusNotification => {
                // A time is required; without one they wait for it.
                if !shared.clock.is_set() {
                    return None;
                }
                let minimum = site.settings.seconds(Setting::MinimumStatusDuration);
                let (line, report, at) = site.status.next(now, minimum, is_accepted)?;
                let place = shared.config.place_of(u16::try_from(line).unwrap_or_default());
                let message = time(shared, at).and_then(|at| messages::status_notification(edition, place, report, at));
                (Action::StatusNotification, message)
            }
            Awaited::Alert => {
                if !is_accepted {
                    return None;
                }
                let wall = UnixMillis(shared.clock.wall(now)?.timestamp_millis());
                let alert = site.alerts.next()?;
                let message = time(shared, alert.at).and_then(|at| alerts::notify_event(edition, alert, at, wall));
                (Action::NotifyEvent, message)
            }
            #[cfg(feature = "security")]
            Awaited::SecurityEvent => {
                let (event, at) = if is_accepted { shared.next_security_event()? } else { return None };
                let at = UnixMillis(at.timestamp_millis());
                (Action::SecurityEventNotification, messages::security_event(edition, event, at))
            }
            #[cfg(feature = "security")]
            Awaited::JobStatus(status) => {
                (firmware::action_of(status), firmware::message(edition, site.firmware.due(status, is_accepted)?))
            }
            #[cfg(feature = "security")]
            Awaited::SignCertificate => {
                let csr = site.certificates.next(is_accepted)?;
                (Action::SignCertificate, certificates::sign_certificate(edition, csr))
            }
            Awaited::MeterValues => {
                let reading = if shared.clock.is_set() { site.readings.next()? } else { return None };
                let message = time(shared, reading.at).and_then(|at| messages::measured(edition, &reading, at));
                (Action::MeterValues, message)
            }
            // What was asked for leaves before acceptance too.
            Awaited::NotifyReport => {
                let at = shared.clock.wall(now)?;
                let model = Model::new(site, shared);
                (Action::NotifyReport, self.reports.next(edition, model, UnixMillis(at.timestamp_millis()))?)
            }
            Awaited::NotifyCustomerInformation => {
                let at = UnixMillis(shared.clock.wall(now)?.timestamp_millis());
                (Action::NotifyCustomerInformation, self.customers.next(edition, at)?)
            }
            Awaited::Journal => {
                if !is_accepted || !shared.is_time_durable() || !site.are_names_durable(shared) {
                    return None;
                }
                site.journal.let_transactions_pass(now, &mut shared.store);
                let pending = site.journal.due(now, &shared.store)?;
                let message = match &pending.record {
                    JournalRecord::Measured(reading) => {
                        time(shared, reading.at).and_then(|at| messages::measured(edition, reading, at))
                    }
                    JournalRecord::Started(_) | JournalRecord::Sampled(_) | JournalRecord::Stopped(_) => {
                        transaction::render(edition, site, shared, pending)
                    }
                };
                (action_of(pending), message)
            }
            Awaited::DataTransfer => {
                let data = if is_accepted { site.transfers.next()? } else { return None };
                (Action::DataTransfer, data_transfer::render(edition, &data))
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
                (Action::Heartbeat, messages::heartbeat(edition))
            }
        })
    }

    /// The CSMS asks for a message of this kind.
    #[cfg(feature = "remote_trigger")]
    pub(super) fn wake(&mut self, kind: Awaited) {
        self.outgoing.wake(rank_of(kind));
    }

    /// How a call ended counts for the turn of its kind. None: it was answered as it should be.
    pub(super) fn settle_turn(&mut self, shared: &Shared, kind: Awaited, failure: Option<&Failure>) {
        self.outgoing.settle_turn(shared.now, rank_of(kind), is_repeated(kind), failure);
    }
}

pub(super) fn action_of(pending: &Pending) -> Action {
    match &pending.record {
        JournalRecord::Started(_) | JournalRecord::Sampled(_) | JournalRecord::Stopped(_) => Action::TransactionEvent,
        JournalRecord::Measured(_) => Action::MeterValues,
    }
}

/// Whether a message of this kind that was not answered is sent again by itself, with nothing else to space that.
fn is_repeated(kind: Awaited) -> bool {
    match kind {
        Awaited::StatusNotification | Awaited::Alert | Awaited::NotifyReport | Awaited::NotifyCustomerInformation => {
            true
        }
        #[cfg(feature = "security")]
        Awaited::SecurityEvent | Awaited::JobStatus(_) => true,
        #[cfg(feature = "security")]
        Awaited::SignCertificate => false,
        // These have waits of their own.
        Awaited::BootNotification | Awaited::Heartbeat | Awaited::Journal => false,
        // These are sent once: somebody waits for them, or asks again.
        Awaited::Authorize | Awaited::MeterValues | Awaited::DataTransfer => false,
        #[cfg(feature = "handling")]
        Awaited::AppCall => false,
    }
}

pub(super) fn kind_of(rank: Rank) -> Option<Awaited> {
    KINDS.get(usize::from(rank)).copied()
}

fn rank_of(kind: Awaited) -> Rank {
    let place = KINDS.iter().position(|other| *other == kind);
    place.and_then(|place| Rank::try_from(place).ok()).unwrap_or(Rank::MAX)
}
