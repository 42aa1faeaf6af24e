//! The local authorization list (D01, D02): requests in, answers out. The list is in `site/local_list`.

use ocpp_types::tables::v2::{AuthorizationStatus, IdTokenInfo, SendLocalListRequest, SendLocalListStatus, UpdateType};

use super::tokens;
use crate::site::Site;
use crate::site::settings::Setting;
use crate::site::shared::Shared;
use crate::site::verdict::ListRefusal;
use crate::store::Ticket;

/// Carries out a SendLocalList. With the ticket that an acceptance waits for.
pub(super) fn on_send(
    site: &mut Site,
    shared: &mut Shared,
    request: SendLocalListRequest<'_>,
) -> (SendLocalListStatus, Option<Ticket>) {
    let is_full = match request.update_type() {
        UpdateType::Full => true,
        UpdateType::Differential => false,
        UpdateType::Unrecognized => return (SendLocalListStatus::Failed, None),
    };
    // What such an entry allows is not known here: the list is not taken, rather than another one.
    let is_unknown = |info: IdTokenInfo<'_>| info.status() == AuthorizationStatus::Unrecognized;
    if request.local_authorization_list().any(|data| data.id_token_info().is_some_and(is_unknown)) {
        return (SendLocalListStatus::Failed, None);
    }
    let changes = request.local_authorization_list();
    let changes = changes.map(|data| (tokens::read(data.id_token()), data.id_token_info().map(tokens::info))).collect();
    let list = &mut site.authorize.list;
    // D01.FR.19: also where all entries of the list were removed.
    if !is_full && (1..=list.sent_version()).contains(&request.version_number()) {
        return (SendLocalListStatus::VersionMismatch, None);
    }
    match list.on_send(shared, &site.settings, request.version_number(), is_full, changes) {
        Ok(ticket) => (SendLocalListStatus::Accepted, Some(ticket)),
        Err(ListRefusal::Version) => (SendLocalListStatus::VersionMismatch, None),
        Err(ListRefusal::Disabled | ListRefusal::Failed) => (SendLocalListStatus::Failed, None),
    }
}

/// The version to tell: 0 where there is no list (D02.FR.01 to D02.FR.03). An empty one has its own (D01.FR.04, D01.FR.17).
pub(super) fn version(site: &Site) -> i64 {
    if site.settings.is_on(Setting::LocalAuthListEnabled) { site.authorize.list.sent_version() } else { 0 }
}
