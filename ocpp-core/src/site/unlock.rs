//! UnlockConnector (1.6 §5.18): ends a transaction, orders the lock open, and waits for the lock's word.

use core::time::Duration;

use alloc::vec::Vec;

use ocpp_rpc::engine::ReplyToken;

use super::evse::Evse;
use super::plugs::{Plugs, Spot, lock_of};
use super::shared::Shared;
use super::verdict::UnlockVerdict;
use crate::station::{Action, Lock};
use crate::store::Ticket;
use crate::time::Instant;

/// How long a lock may take.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug)]
struct Pending {
    spot: Spot,
    /// Whether it was the connector in use.
    is_active: bool,
    token: ReplyToken,
    until: Instant,
}

/// Requests that wait for a lock.
#[derive(Debug, Default)]
pub(crate) struct Unlocking {
    pending: Vec<Pending>,
}

impl Unlocking {
    /// Ends what is going on at a connector and opens its lock; the lock's word is answered. False where there is none to open. Where
    /// another connector of the EVSE is in use, that goes on (2.x F05). The engine bounds the calls that can be open.
    pub fn on_request(&mut self, shared: &mut Shared, evses: &mut [Evse], token: ReplyToken, spot: Spot) -> bool {
        let Some(evse) = evses.iter_mut().find(|evse| evse.id == spot.evse) else { return false };
        let is_active = shared.plugs.active(spot.evse) == spot;
        if is_active {
            evse.unlock();
        } else {
            shared.act(Action::Evse(spot.evse, lock_of(spot.connector, Lock::Unlocked)));
        }
        self.pending.push(Pending { spot, is_active, token, until: shared.now + PATIENCE });
        true
    }

    /// The requests that can be answered now, or once this is durable.
    pub fn finished(
        &mut self,
        now: Instant,
        evses: &[Evse],
        plugs: &Plugs,
    ) -> Vec<(ReplyToken, UnlockVerdict, Ticket)> {
        let mut finished = Vec::new();
        self.pending.retain(|pending| {
            let evse = evses.iter().find(|evse| pending.is_active && evse.id == pending.spot.evse);
            let is_beside_open = pending.is_active || plugs.is_unlocked(pending.spot);
            let is_open = evse.is_none_or(|c| c.transaction().is_none() && c.lock() == Lock::Unlocked);
            let ticket = evse.map_or(Ticket(0), Evse::promise_ticket);
            match (is_open && is_beside_open, pending.until <= now) {
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
