//! UnlockConnector (1.6 §5.18): ends a transaction, orders the lock open, and waits for the lock's word.

use core::time::Duration;

use alloc::vec::Vec;

use ocpp_rpc::engine::ReplyToken;

use super::evse::Evse;
use super::verdict::UnlockVerdict;
use crate::station::{EvseId, Lock};
use crate::store::Ticket;
use crate::time::Instant;

/// How long a lock may take.
const PATIENCE: Duration = Duration::from_secs(10);

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
    /// Ends what is going on at an EVSE and opens its lock; the lock's word is answered. False where there is none to open. The
    /// engine bounds the calls that can be open.
    pub fn on_request(&mut self, now: Instant, evses: &mut [Evse], token: ReplyToken, id: EvseId) -> bool {
        let Some(evse) = evses.iter_mut().find(|evse| evse.id == id) else { return false };
        evse.unlock();
        self.pending.push(Pending { evse: id, token, until: now + PATIENCE });
        true
    }

    /// The requests that can be answered now, or once this is durable.
    pub fn finished(&mut self, now: Instant, evses: &[Evse]) -> Vec<(ReplyToken, UnlockVerdict, Ticket)> {
        let mut finished = Vec::new();
        self.pending.retain(|pending| {
            let evse = evses.iter().find(|evse| evse.id == pending.evse);
            let is_open = evse.is_none_or(|c| c.transaction().is_none() && c.lock() == Lock::Unlocked);
            let ticket = evse.map_or(Ticket(0), Evse::promise_ticket);
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
