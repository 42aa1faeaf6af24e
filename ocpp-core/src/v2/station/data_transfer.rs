//! DataTransfer both ways (P01, P02): the application knows the vendors.
//!
//! What the CSMS sends becomes a question. What the host sends waits in `site/data_transfer`. In 2.x the data are JSON of any form: a
//! text of the host that is no JSON travels as a text, and a text of the CSMS is given without its quotes.

use alloc::borrow::Cow;
use alloc::string::String;

use ocpp_rpc::engine::ReplyToken;
use ocpp_types::SmallString;
use ocpp_types::json::{Kind, Reader, Writer};
use ocpp_types::tables::v2::{self, DataTransferRequest, DataTransferResponse};
use ocpp_types::tables::{Edition, View as _};

use super::words;
use crate::face::answers::answer;
use crate::face::failure::{Message, message};
use crate::site::Site;
use crate::site::data_transfer::VendorData;
use crate::site::shared::Shared;
use crate::station::{Action, Answer, DataTransferStatus, Question};

/// The message that vendor data travel in.
pub(super) fn render(edition: Edition, data: &VendorData) -> Message {
    message(v2::DataTransferRequest::to_json(edition, |mut request| {
        request.vendor_id(&data.vendor_id);
        if let Some(id) = &data.message_id {
            request.message_id(id);
        }
        if let Some(data) = &data.data {
            request.data(&as_json(data));
        }
    }))
}

/// The CSMS answered.
pub(super) fn ended(site: &mut Site, shared: &mut Shared, response: DataTransferResponse<'_>) {
    let data = response.data().map(as_text);
    site.transfers.ended(shared, Some(words::data_status(response.status())), data);
}

/// Data of the CSMS.
pub(super) fn on_data_transfer(
    edition: Edition,
    shared: &mut Shared,
    token: ReplyToken,
    request: DataTransferRequest<'_>,
) {
    let default = Answer::DataTransfer { status: DataTransferStatus::UnknownVendor, data: None };
    match shared.questions.open(shared.now, token, default.clone()) {
        Some((id, until)) => {
            let question = Question::DataTransfer {
                vendor_id: SmallString::new(request.vendor_id()),
                message_id: request.message_id().map(SmallString::new),
                data: request.data().map(as_text),
            };
            shared.act(Action::Ask { id, until, question });
        }
        None => on_answer(edition, shared, token, default),
    }
}

/// The application answered a question, or its time is over.
pub(super) fn on_answer(edition: Edition, shared: &mut Shared, token: ReplyToken, reply: Answer) {
    match reply {
        Answer::DataTransfer { status, data } => {
            let response = v2::DataTransferResponse::to_json(edition, |mut response| {
                response.status(words::told_data_status(status));
                // P01.FR.05: of an unknown vendor there is no data.
                if let Some(data) = data.filter(|_| status != DataTransferStatus::UnknownVendor) {
                    response.data(&as_json(&data));
                }
            });
            answer(shared, token, response);
        }
        // Answers to other questions are no answers to this one.
        Answer::Upload(_) | Answer::CustomerInformation { .. } | Answer::Incoming(_) | Answer::Outgoing(_) => {}
    }
}

/// The text, if it is JSON; else as a JSON text.
fn as_json(text: &str) -> Cow<'_, str> {
    let mut reader = Reader::new(text);
    if reader.skip_value().and_then(|()| reader.finish()).is_ok() {
        return Cow::Borrowed(text);
    }
    let mut writer = Writer::new();
    writer.string(text);
    writer.finish().map_or(Cow::Borrowed("null"), Cow::Owned)
}

/// What a JSON text says; other JSON as it is.
fn as_text(json: &str) -> String {
    let mut reader = Reader::new(json);
    let text = reader.peek().ok().filter(|kind| *kind == Kind::String).and_then(|_| reader.string().ok());
    text.map_or_else(|| String::from(json), |text| String::from(&*text))
}
