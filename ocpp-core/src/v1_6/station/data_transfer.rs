//! DataTransfer both ways (1.6 §4.3, §5.6): the application knows the vendors.
//!
//! What the CSMS sends becomes a question. What the host sends waits in `site/data_transfer`.

use alloc::string::String;

use ocpp_rpc::engine::ReplyToken;
use ocpp_types::SmallString;
use ocpp_types::tables::View as _;
use ocpp_types::tables::v1_6;

use super::EDITION;
use crate::face::answers::{Written, answer};
use crate::face::failure::{self, Message};
use crate::site::Site;
use crate::site::data_transfer::VendorData;
use crate::site::shared::Shared;
use crate::station::{Action, Answer, DataTransferStatus, Question};

/// The message that vendor data travel in.
pub(super) fn message(data: &VendorData) -> Message {
    request(&data.vendor_id, data.message_id.as_deref(), data.data.as_deref())
}

/// A DataTransfer of a vendor.
pub(super) fn request(vendor_id: &str, message_id: Option<&str>, data: Option<&str>) -> Message {
    failure::message(v1_6::DataTransferRequest::to_json(EDITION, |mut request| {
        request.cut().vendor_id(vendor_id);
        if let Some(id) = message_id {
            request.cut().message_id(id);
        }
        if let Some(data) = data {
            request.data(data);
        }
    }))
}

/// An answer to a DataTransfer.
pub(super) fn response(status: v1_6::DataTransferStatus, data: Option<&str>) -> Written {
    v1_6::DataTransferResponse::to_json(EDITION, |mut response| {
        response.status(status);
        if let Some(data) = data {
            response.data(data);
        }
    })
}

/// The CSMS answered.
pub(super) fn ended(site: &mut Site, shared: &mut Shared, answer: v1_6::DataTransferResponse<'_>) {
    site.transfers.ended(shared, Some(status(answer.status())), answer.data().map(String::from));
}

fn status(status: v1_6::DataTransferStatus) -> DataTransferStatus {
    match status {
        v1_6::DataTransferStatus::Accepted => DataTransferStatus::Accepted,
        v1_6::DataTransferStatus::UnknownMessageId => DataTransferStatus::UnknownMessageId,
        v1_6::DataTransferStatus::UnknownVendorId => DataTransferStatus::UnknownVendor,
        v1_6::DataTransferStatus::Rejected | v1_6::DataTransferStatus::Unrecognized => DataTransferStatus::Rejected,
    }
}

/// Data of the CSMS.
pub(super) fn on_data_transfer(shared: &mut Shared, token: ReplyToken, request: v1_6::DataTransferRequest<'_>) {
    let default = Answer::DataTransfer { status: DataTransferStatus::UnknownVendor, data: None };
    match shared.questions.open(shared.now, token, default.clone()) {
        Some((id, until)) => {
            let question = Question::DataTransfer {
                vendor_id: SmallString::new(request.vendor_id()),
                message_id: request.message_id().map(SmallString::new),
                data: request.data().map(String::from),
            };
            shared.act(Action::Ask { id, until, question });
        }
        None => on_answer(shared, token, default),
    }
}

/// The application answered a question, or its time is over.
pub(super) fn on_answer(shared: &mut Shared, token: ReplyToken, reply: Answer) {
    match reply {
        Answer::DataTransfer { status, data } => {
            let status = match status {
                DataTransferStatus::Accepted => v1_6::DataTransferStatus::Accepted,
                DataTransferStatus::Rejected => v1_6::DataTransferStatus::Rejected,
                DataTransferStatus::UnknownMessageId => v1_6::DataTransferStatus::UnknownMessageId,
                DataTransferStatus::UnknownVendor => v1_6::DataTransferStatus::UnknownVendorId,
            };
            // 1.6 §4.3: of an unknown vendor there is no data.
            let data = data.filter(|_| status != v1_6::DataTransferStatus::UnknownVendorId);
            answer(shared, token, response(status, data.as_deref()));
        }
        // Answers to other questions are no answers to this one.
        Answer::Upload(_) | Answer::CustomerInformation { .. } | Answer::Incoming(_) | Answer::Outgoing(_) => {}
    }
}
