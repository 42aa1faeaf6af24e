//! Prices and costs over DataTransfer: the white paper "OCPP & California Pricing Requirements", §3 (OCPP 1.6).
//!
//! Takes SetUserPrice, RunningCost and FinalCost of the CSMS; what they lead to is in `site/pricing`.

mod messages;

use ocpp_rpc::engine::ReplyToken;
use ocpp_types::codec::Decode as _;
use ocpp_types::tables::v1_6::{DataTransferRequest, DataTransferStatus};

use super::data_transfer;
use crate::face::answers::answer;
use crate::face::decoding;
use crate::site::Site;
use crate::site::pricing::{FinalCost, RunningCostData, UserPrice};
use crate::site::settings::{Setting, Settings};
use crate::site::shared::Shared;
use crate::station::{Event, FrameRefusal};
use crate::words::Reason;

const VENDOR: &str = "org.openchargealliance.costmsg";

/// Whether a DataTransfer is for this block.
pub(super) fn is_ours(settings: &Settings, request: DataTransferRequest<'_>) -> bool {
    request.vendor_id().eq_ignore_ascii_case(VENDOR) && settings.is_on(Setting::CustomDisplayCostAndPrice)
}

/// A message of the CSMS. What cannot be read, and what is about a transaction that is not known, is rejected.
pub(super) fn on_message(site: &mut Site, shared: &mut Shared, token: ReplyToken, request: DataTransferRequest<'_>) {
    let data = request.data().unwrap_or_default();
    let verdict = match request.message_id() {
        Some(name @ "SetUserPrice") => decoding::nested_with(shared, name, data, UserPrice::read).map(|price| {
            site.on_user_price(shared, price);
            true
        }),
        Some(name @ "RunningCost") => decoding::nested_with(shared, name, data, RunningCostData::read)
            .map(|cost| site.pricing.on_running_cost(shared, &site.journal, cost)),
        Some(name @ "FinalCost") => decoding::nested_with(shared, name, data, FinalCost::read)
            .map(|cost| site.pricing.on_final_cost(shared, &site.journal, cost)),
        _ => return answer(shared, token, data_transfer::response(DataTransferStatus::UnknownMessageId, None)),
    };
    let response = match verdict {
        Ok(true) => data_transfer::response(DataTransferStatus::Accepted, None),
        Ok(false) => data_transfer::response(DataTransferStatus::Rejected, None),
        Err(violation) => {
            let reason = violation.reason();
            let response = data_transfer::response(DataTransferStatus::Rejected, Some(&reason));
            shared.event(Event::FrameRefused { cause: FrameRefusal::Call, reason });
            response
        }
    };
    answer(shared, token, response);
}
