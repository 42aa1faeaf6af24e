//! DataTransfer both ways (1.6 §4.3, §5.6): the application knows the vendors.
//!
//! What the CSMS sends becomes a question. What the application sends waits for its turn, and ends with an event. Stores
//! nothing.

use alloc::collections::VecDeque;
use alloc::string::String;

use compact_str::CompactString;
use ocpp_rpc::engine::ReplyToken;
use ocpp_types::text::{AnyText, CiText, Text};
use ocpp_types::v1_6;

use super::Machine;
use super::calls::answer;
use super::messages::{self, Unsendable};
use crate::MisuseError;
use crate::shared::Shared;
use crate::station::{Action, Answer, DataTransferStatus, Event, Question};

/// Data of the application on their way.
#[derive(Debug, Default)]
pub(crate) struct DataTransfers {
    waiting: VecDeque<v1_6::DataTransferRequest>,
    /// The vendor of those on their way.
    asked: Option<CompactString>,
}

impl DataTransfers {
    /// Finds what is wrong with data of the application. At most `limit` wait.
    pub fn check(&self, limit: usize, vendor_id: &str, message_id: Option<&str>) -> Result<(), MisuseError> {
        if self.waiting.len() >= limit {
            return Err(MisuseError::Refused("too much vendor data waits"));
        }
        let fits = CiText::<255>::new(vendor_id).is_ok() && message_id.is_none_or(|id| CiText::<50>::new(id).is_ok());
        if fits { Ok(()) } else { Err(MisuseError::Refused("vendor or message id is too long")) }
    }

    /// Takes data in, which were checked.
    pub fn push(&mut self, vendor_id: &str, message_id: Option<&str>, data: Option<&str>) {
        let mut request = v1_6::DataTransferRequest::new(CiText::truncated(vendor_id));
        request.message_id = message_id.map(CiText::truncated);
        request.data = data.and_then(|data| AnyText::new(data).ok());
        self.waiting.push_back(request);
    }

    /// The message to send now.
    pub fn next(&mut self) -> Option<Result<String, Unsendable>> {
        let request = self.waiting.pop_front()?;
        self.asked = Some(CompactString::new(request.vendor_id.as_str()));
        Some(messages::data_transfer(&request))
    }

    /// The CSMS answered, or (none) there was no usable answer.
    pub fn ended(&mut self, shared: &mut Shared, answer: Option<v1_6::DataTransferResponse>) {
        let Some(vendor_id) = self.asked.take() else { return };
        let status = answer.as_ref().map(|answer| status(&answer.status));
        let data = answer.and_then(|answer| answer.data).map(|data| String::from(data.as_str()));
        shared.event(Event::DataTransferEnded { vendor_id, status, data });
    }
}

fn status(status: &v1_6::DataTransferStatus) -> DataTransferStatus {
    match status {
        v1_6::DataTransferStatus::Accepted => DataTransferStatus::Accepted,
        v1_6::DataTransferStatus::UnknownMessageId => DataTransferStatus::UnknownMessageId,
        v1_6::DataTransferStatus::UnknownVendorId => DataTransferStatus::UnknownVendor,
        v1_6::DataTransferStatus::Rejected | v1_6::DataTransferStatus::Unrecognized(_) => DataTransferStatus::Rejected,
    }
}

impl Machine {
    /// Data of the CSMS.
    pub(super) fn on_data_transfer(
        &mut self,
        shared: &mut Shared,
        token: ReplyToken,
        request: &v1_6::DataTransferRequest,
    ) {
        #[cfg(feature = "california_pricing")]
        if super::pricing::is_ours(&self.settings, request) {
            return self.on_price_message(shared, token, request);
        }
        #[cfg(feature = "plug_and_charge")]
        if super::plug_and_charge::is_ours(&self.settings, request) {
            return self.on_certificate_call(shared, token, request);
        }
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
            None => self.on_answer(shared, token, default),
        }
    }

    /// The application answered a question, or its time is over.
    pub fn on_answer(&mut self, shared: &mut Shared, token: ReplyToken, reply: Answer) {
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
}
