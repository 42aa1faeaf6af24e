//! Remote control (1.6 §5.12; 2.x F03): transactions that the CSMS stops. Where a remote start leads is found in `place`.
//!
//! An accepted stop is a promise: the answer waits until it is on record.

use super::connector::Connector;
use super::settings::Settings;
use crate::station::{StopReason, TransactionNo};
use crate::store::{StoreQueue, Ticket};

/// Stops a transaction. Gives the ticket that the answer waits for, if any; none if it does not run.
pub(super) fn stop(
    connectors: &mut [Connector],
    store: &mut StoreQueue,
    settings: &Settings,
    transaction: TransactionNo,
) -> Option<Option<Ticket>> {
    let connector = connectors.iter_mut().find(|connector| connector.transaction() == Some(transaction))?;
    connector.stop(StopReason::Remote, None).then(|| connector.keep_promise(store, settings))
}
