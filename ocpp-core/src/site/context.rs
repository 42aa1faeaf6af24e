//! What a block sees beside itself.

use ocpp_rpc::queue::Queue;

#[cfg(feature = "transaction_events")]
use super::naming::Naming;
use super::points::TxPoints;
use super::policy::Policy;
use super::readings::Readings;
use super::reservation::Reservations;
use super::settings::Settings;
use super::signal::Signal;
use crate::site::journal::Journal;
use crate::site::shared::Shared;
use crate::station::{Event, EvseAction, EvseId, TransactionId, TransactionNo};
use crate::time::{Instant, Stamp};

/// The surroundings of a block while it reacts.
pub(crate) struct Context<'a> {
    pub shared: &'a mut Shared,
    pub settings: &'a Settings,
    pub policy: &'a Policy,
    /// When transactions that begin now begin and end.
    pub points: TxPoints,
    pub journal: &'a mut Journal,
    #[cfg(feature = "transaction_events")]
    pub naming: &'a Naming,
    pub reservations: &'a mut Reservations,
    pub readings: &'a mut Readings,
    pub signals: &'a mut Queue<Signal>,
    /// Whether the CSMS can be asked: the link is open and the station accepted.
    pub is_online: bool,
    /// Whether a CSMS ever accepted the station.
    pub once_accepted: bool,
    /// Transactions that run; each will need room for its stop.
    pub running: usize,
}

impl Context<'_> {
    pub fn now(&self) -> Instant {
        self.shared.now
    }

    pub fn stamp(&self) -> Stamp {
        self.shared.clock.stamp(self.shared.now)
    }

    /// The name by which the CSMS knows a transaction, if it has one.
    pub fn known_as(&self, transaction: TransactionNo) -> Option<TransactionId> {
        #[cfg(feature = "transaction_events")]
        if self.policy.names_transactions {
            return self.naming.told(self.journal, &self.shared.store, transaction);
        }
        self.journal.number_of(transaction)
    }

    pub fn event(&mut self, event: Event) {
        self.shared.event(event);
    }

    pub fn order(&mut self, evse: EvseId, action: EvseAction) {
        self.shared.order(evse, action);
    }
}
