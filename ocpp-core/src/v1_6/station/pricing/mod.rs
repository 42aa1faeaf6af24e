//! Prices and costs over DataTransfer: the white paper "OCPP & California Pricing Requirements", §3 (OCPP 1.6).
//!
//! Takes SetUserPrice, RunningCost and FinalCost of the CSMS; what they lead to is in `site/pricing`.

mod messages;

use compact_str::ToCompactString;
use ocpp_rpc::engine::ReplyToken;
use ocpp_types::text::AnyText;
use ocpp_types::v1_6::{DataTransferRequest, DataTransferResponse, DataTransferStatus};

use super::answers::answer;
use super::decoding;
use crate::site::Site;
use crate::site::settings::{Setting, Settings};
use crate::site::shared::Shared;
use crate::station::Event;

const VENDOR: &str = "org.openchargealliance.costmsg";

/// Whether a DataTransfer is for this block.
pub(super) fn is_ours(settings: &Settings, request: &DataTransferRequest) -> bool {
    request.vendor_id.as_str().eq_ignore_ascii_case(VENDOR) && settings.is_on(Setting::CustomDisplayCostAndPrice)
}

/// A message of the CSMS. What cannot be read, and what is about a transaction that is not known, is rejected.
pub(super) fn on_message(site: &mut Site, shared: &mut Shared, token: ReplyToken, request: &DataTransferRequest) {
    let data = request.data.as_ref().map_or("", |data| data.as_str());
    let verdict = match request.message_id.as_ref().map(|id| id.as_str()) {
        Some(name @ "SetUserPrice") => decoding::nested(shared, name, data).map(|price| {
            site.on_user_price(shared, price);
            true
        }),
        Some(name @ "RunningCost") => {
            decoding::nested(shared, name, data).map(|cost| site.pricing.on_running_cost(shared, &site.journal, cost))
        }
        Some(name @ "FinalCost") => {
            decoding::nested(shared, name, data).map(|cost| site.pricing.on_final_cost(shared, &site.journal, cost))
        }
        _ => return answer(shared, token, &DataTransferResponse::new(DataTransferStatus::UnknownMessageId)),
    };
    let mut response = DataTransferResponse::new(DataTransferStatus::Rejected);
    match verdict {
        Ok(true) => response.status = DataTransferStatus::Accepted,
        Ok(false) => {}
        Err(violation) => {
            let reason = violation.to_compact_string();
            response.data = AnyText::new(&reason).ok();
            shared.event(Event::FrameRefused { reason });
        }
    }
    answer(shared, token, &response);
}
