//! UnlockConnector (1.6 §5.18): ends a transaction, orders the lock open, and waits for the lock's word.

use core::time::Duration;

use alloc::vec::Vec;

use ocpp_rpc::engine::ReplyToken;

use super::Site;
use super::connector::Connector;
use super::replies::LateReply;
use super::shared::Shared;
use crate::station::{EvseId, Lock};
use crate::store::Ticket;
use crate::time::Instant;

/// How long a lock may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How an unlocking went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnlockVerdict {
    Unlocked,
    /// The lock did not open in time.
    Failed,
    /// There is no such EVSE, or its cable is fixed.
    Unknown,
}

#[derive(Debug)]
struct Pending {
    evse: EvseId,
    token: ReplyToken,
    until: Instant,
}

/// Requests that wait for a lock.
#[derive(Debug, Default)]
pub(crate) struct Unlocking {
    pending: Vec<Pending>,
}

impl Unlocking {
    /// Waits for a lock. The engine bounds the calls that can be open.
    pub fn wait(&mut self, now: Instant, evse: EvseId, token: ReplyToken) {
        self.pending.push(Pending { evse, token, until: now + PATIENCE });
    }

    /// The requests that can be answered now, or once this is durable.
    pub fn finished(&mut self, now: Instant, connectors: &[Connector]) -> Vec<(ReplyToken, UnlockVerdict, Ticket)> {
        let mut finished = Vec::new();
        self.pending.retain(|pending| {
            let connector = connectors.iter().find(|connector| connector.evse == pending.evse);
            let is_open = connector.is_none_or(|c| c.transaction().is_none() && c.lock() == Lock::Unlocked);
            let ticket = connector.map_or(Ticket(0), Connector::promise_ticket);
            match (is_open, pending.until <= now) {
                (true, _) => finished.push((pending.token, UnlockVerdict::Unlocked, ticket)),
                (false, true) => finished.push((pending.token, UnlockVerdict::Failed, ticket)),
                (false, false) => return true,
            }
            false
        });
        finished
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.pending.iter().map(|pending| pending.until).min()
    }
}

impl Site {
    /// Ends the transaction at an EVSE and opens its lock; the lock's word is answered. False where there is none to open.
    pub fn unlock(&mut self, now: Instant, token: ReplyToken, evse: EvseId) -> bool {
        let connector = self.connectors.iter_mut().find(|connector| connector.evse == evse);
        let Some(connector) = connector.filter(|_| !self.settings.has_fixed_cables()) else { return false };
        connector.unlock();
        self.unlocking.wait(now, evse, token);
        true
    }

    /// Answers what the locks have answered, and finds whether other answers are owed.
    pub(super) fn settle_unlocks(&mut self, shared: &Shared) {
        for (token, verdict, ticket) in self.unlocking.finished(shared.now, &self.connectors) {
            self.replies.push(token, Some(ticket), LateReply::Unlocked(verdict));
        }
    }
}
