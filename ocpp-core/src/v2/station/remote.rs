//! Remote control (F01 to F04), and what the CSMS asks of a transaction (E14).

use ocpp_types::tables::v2::{self, GetTransactionStatusRequest, RequestStartTransactionRequest};
use ocpp_types::tables::{Edition, View as _};

use super::place::evse_of;
use super::tokens;
use crate::face::answers::Written;
use crate::site::Site;
use crate::site::bearer::Grant;
use crate::site::shared::Shared;
use crate::store::Ticket;

/// Carries out a RequestStartTransaction. A charging profile in it is refused where there is smart charging, which this face does not
/// tell of yet, and ignored where there is none (F01.FR.12, F02.FR.20).
pub(super) fn on_start(
    edition: Edition,
    site: &mut Site,
    shared: &mut Shared,
    request: RequestStartTransactionRequest<'_>,
) -> Written {
    let evse = request.evse_id().map(|number| evse_of(shared, number));
    let is_unknown = evse == Some(None);
    let has_profile = cfg!(feature = "smart_charging") && request.charging_profile().is_some();
    let token = tokens::read(request.id_token());
    let (group, remote_start) = (request.group_id_token().map(tokens::read), Some(request.remote_start_id()));
    let grant = Grant { group, remote_start, ..Grant::of(token) };
    let is_accepted = !is_unknown && !has_profile && site.on_remote_start(shared, evse.flatten(), grant, None);
    // F01.FR.13: a transaction that was created before.
    let created = evse.flatten().filter(|_| is_accepted).and_then(|evse| site.transaction_at(evse));
    v2::RequestStartTransactionResponse::to_json(edition, |mut response| {
        let status =
            if is_accepted { v2::RequestStartStopStatus::Accepted } else { v2::RequestStartStopStatus::Rejected };
        response.status(status);
        if has_profile {
            response.status_info().reason_code("UnsupportedParam");
        }
        if let Some(transaction) = created {
            response.transaction_id(&site.name_of(transaction));
        }
    })
}

/// Carries out a RequestStopTransaction (F03.FR.07, F03.FR.08). With the ticket that an acceptance waits for.
pub(super) fn on_stop(
    site: &mut Site,
    shared: &mut Shared,
    request: v2::RequestStopTransactionRequest<'_>,
) -> (v2::RequestStartStopStatus, Option<Ticket>) {
    let found = site.transaction_named(request.transaction_id());
    match found.and_then(|transaction| site.on_remote_stop(shared, transaction)) {
        Some(ticket) => (v2::RequestStartStopStatus::Accepted, ticket),
        None => (v2::RequestStartStopStatus::Rejected, None),
    }
}

/// E14: whether a transaction goes on, and whether anything of it, or of any, waits.
pub(super) fn transaction_status(edition: Edition, site: &Site, request: GetTransactionStatusRequest<'_>) -> Written {
    let asked = request.transaction_id();
    let transaction = asked.and_then(|name| site.transaction_named(name));
    let is_unknown = asked.is_some() && transaction.is_none();
    v2::GetTransactionStatusResponse::to_json(edition, |mut response| {
        response.messages_in_queue(!is_unknown && site.journal.holds(transaction));
        // E14.FR.06: of no transaction in particular none goes on.
        if asked.is_some() {
            response.ongoing_indicator(transaction.is_some_and(|transaction| site.goes_on(transaction)));
        }
    })
}
