//! DataTransfer both ways (1.6 §4.3, §5.6): the application knows the vendors.
//!
//! What the CSMS sends becomes a question. What the host sends waits in `site/data_transfer`.

use alloc::string::String;

use compact_str::CompactString;
use ocpp_rpc::engine::ReplyToken;
use ocpp_types::text::{AnyText, CiText, Text};
use ocpp_types::v1_6;

use super::answers::answer;
use super::messages::{self, Unsendable};
use crate::site::Site;
use crate::site::data_transfer::VendorData;
use crate::site::shared::Shared;
use crate::station::{Action, Answer, DataTransferStatus, Question};

/// The message that vendor data travel in.
pub(super) fn message(data: VendorData) -> Result<String, Unsendable> {
    let mut request = v1_6::DataTransferRequest::new(CiText::truncated(&data.vendor_id));
    request.message_id = data.message_id.map(|id| CiText::truncated(&id));
    request.data = data.data.and_then(|data| AnyText::new(&data).ok());
    messages::data_transfer(&request)
}

/// The CSMS answered.
pub(super) fn ended(site: &mut Site, shared: &mut Shared, answer: v1_6::DataTransferResponse) {
    let data = answer.data.map(|data| String::from(data.as_str()));
    site.transfers.ended(shared, Some(status(&answer.status)), data);
}

fn status(status: &v1_6::DataTransferStatus) -> DataTransferStatus {
    match status {
        v1_6::DataTransferStatus::Accepted => DataTransferStatus::Accepted,
        v1_6::DataTransferStatus::UnknownMessageId => DataTransferStatus::UnknownMessageId,
        v1_6::DataTransferStatus::UnknownVendorId => DataTransferStatus::UnknownVendor,
        v1_6::DataTransferStatus::Rejected | v1_6::DataTransferStatus::Unrecognized(_) => DataTransferStatus::Rejected,
    }
}

/// Data of the CSMS.
pub(super) fn on_data_transfer(shared: &mut Shared, token: ReplyToken, request: &v1_6::DataTransferRequest) {
    let default = Answer::DataTransfer { status: DataTransferStatus::UnknownVendor, data: None };
    match shared.questions.open(shared.now, token, default.clone()) {
        Some((id, until)) => {
            let question = Question::DataTransfer {
                vendor_id: CompactString::new(request.vendor_id.as_str()),
                message_id: request.message_id.as_ref().map(|id| CompactString::new(id.as_str())),
                data: request.data.as_ref().map(|data| data.as_str().into()),
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
            let mut response = v1_6::DataTransferResponse::new(status);
            response.data = data.map(|data| Text::truncated(&data));
            answer(shared, token, &response);
        }
        // Answers to other questions are no answers to this one.
        Answer::Incoming(_) | Answer::Outgoing(_) => {}
    }
}
