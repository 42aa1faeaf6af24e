//! Identifiers of drivers, and what the CSMS says of them (IdTokenType, IdTokenInfoType).

use ocpp_types::tables::v2;

use super::words;
use crate::site::token::TokenInfo;
use crate::station::{EvseId, IdToken};

/// The type of a token that came without one: what readers at stations read.
const UNTYPED: &str = "ISO14443";

/// Writes a token.
pub(super) fn write(mut builder: v2::IdTokenBuilder<'_>, token: &IdToken) {
    for (kind, text) in token.additional_info() {
        builder.add_additional_info().additional_id_token(text).r#type(kind);
    }
    builder.id_token(token.as_str()).r#type(token.kind().unwrap_or(UNTYPED));
}

/// The token that was written, as far as it fits: what is said beside it beyond the bound is not kept.
pub(super) fn read(view: v2::IdToken<'_>) -> IdToken {
    let plain = IdToken::new(view.id_token()).with_kind(view.r#type());
    view.additional_info().fold(plain, |token, info| {
        let more = token.clone().with_additional_info(info.r#type(), info.additional_id_token());
        more.unwrap_or(token)
    })
}

/// One that no station has stands for one that this station has not.
fn evse(id: i64) -> EvseId {
    EvseId(u16::try_from(id).unwrap_or_default())
}

/// What the CSMS said of a token.
pub(super) fn info(view: v2::IdTokenInfo<'_>) -> TokenInfo {
    TokenInfo {
        status: words::authorization_status(view.status()),
        expiry_ms: view.cache_expiry_date_time().map(|at| at.0),
        group: view.group_id_token().map(read),
        evses: view.evse_id().map(evse).collect(),
    }
}
