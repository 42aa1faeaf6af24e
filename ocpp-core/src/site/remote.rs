//! Remote control (1.6 §5.11, §5.12; 2.x F01 to F03): transactions that the CSMS starts and stops.
//!
//! An accepted stop is a promise: the answer waits until it is on record. Where a remote start leads is found in `place`.

use super::Site;
use super::profiles::RemoteProfile;
use super::shared::Shared;
use crate::station::{EvseId, IdToken, StopReason, TransactionNo};
use crate::store::Ticket;

impl Site {
    /// Starts a transaction at an EVSE, or wherever the driver comes to. False if it cannot lead to anything, and before the
    /// CSMS has accepted the station (1.6 §4.2, 2.x B02).
    pub fn on_remote_start(
        &mut self,
        shared: &mut Shared,
        evse: Option<EvseId>,
        token: IdToken,
        profile: Option<&RemoteProfile>,
    ) -> bool {
        let is_accepted = self.registration.is_accepted();
        let (mut ctx, mut parts) = self.context(shared);
        is_accepted && parts.on_remote_start(&mut ctx, evse, token, profile)
    }

    /// Stops a transaction. Gives the ticket that the answer waits for, if any; none if it does not run.
    pub fn on_remote_stop(&mut self, shared: &mut Shared, transaction: TransactionNo) -> Option<Option<Ticket>> {
        let is_accepted = self.registration.is_accepted();
        let connector = self.connectors.iter_mut().find(|c| is_accepted && c.transaction() == Some(transaction));
        let stopped = connector.and_then(|connector| connector.stop(StopReason::Remote, None).then_some(connector));
        stopped.map(|connector| connector.keep_promise(&mut shared.store, &self.settings))
    }
}
