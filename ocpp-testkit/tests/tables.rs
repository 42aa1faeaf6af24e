//! A handler over the tables, from frame to frame: how a station's code reads with views and builders.
#![allow(clippy::unwrap_used, clippy::panic)]

use ocpp_rpc::frame::{Frame, write};
use ocpp_rpc::{Dialect, Limits, MessageId, Payload};
use ocpp_types::Violation;
use ocpp_types::json::Writer;
use ocpp_types::lenient::{Quirks, RepairKind};
use ocpp_types::tables::v1_6::{
    Action, AvailabilityStatus, AvailabilityType, ChangeAvailabilityRequest, ChangeAvailabilityResponse, ResetRequest,
    ResetResponse, ResetStatus, ResetType,
};
use ocpp_types::tables::{Edition, Message, View};

/// As much of a station as the handlers need.
struct Station {
    inoperative: [bool; 2],
    in_use: [bool; 2],
}

/// Reads a call: strictly, but a word that the schema does not know is for the handler to refuse, with a status of its answer (1.6
/// §5.17).
fn call<'a, V: View>(payload: &Payload<'a>) -> Result<Message<'a, V>, Violation> {
    let quirks = Quirks::NONE.with(RepairKind::UnknownValue);
    payload.decode_with(|reader| Message::read(reader, Edition::V1_6, quirks))
}

impl Station {
    /// 1.6 §5.2.
    fn on_change(&mut self, request: ChangeAvailabilityRequest<'_>) -> AvailabilityStatus {
        let number = usize::try_from(request.connector_id()).ok().filter(|number| *number <= self.in_use.len());
        let (number, is_operative) = match (number, request.r#type()) {
            (Some(number), AvailabilityType::Operative) => (number, true),
            (Some(number), AvailabilityType::Inoperative) => (number, false),
            (None, _) | (_, AvailabilityType::Unrecognized) => return AvailabilityStatus::Rejected,
        };
        let mut is_scheduled = false;
        for (connector, (inoperative, in_use)) in (1..).zip(self.inoperative.iter_mut().zip(self.in_use)) {
            if number == 0 || number == connector {
                *inoperative = !is_operative;
                is_scheduled |= !is_operative && in_use;
            }
        }
        if is_scheduled { AvailabilityStatus::Scheduled } else { AvailabilityStatus::Accepted }
    }

    fn react(&mut self, action: Action, payload: &Payload<'_>, answer: &mut Writer) -> Result<(), Violation> {
        match action {
            Action::ChangeAvailability => {
                let message = call::<ChangeAvailabilityRequest>(payload)?;
                let status = self.on_change(message.view());
                ChangeAvailabilityResponse::write(answer, Edition::V1_6, |mut response| {
                    response.status(status);
                });
            }
            Action::Reset => {
                let status = match call::<ResetRequest>(payload)?.view().r#type() {
                    ResetType::Hard | ResetType::Soft => ResetStatus::Accepted,
                    ResetType::Unrecognized => ResetStatus::Rejected,
                };
                ResetResponse::write(answer, Edition::V1_6, |mut response| {
                    response.status(status);
                });
            }
            other => panic!("not asked for in this test: {}", other.as_str()),
        }
        Ok(())
    }

    /// The frame that answers a frame, or what is wrong with its payload.
    fn answer(&mut self, frame: &str) -> Result<String, Violation> {
        let frame = Frame::open(frame.as_bytes(), Dialect::V1_6, &Limits::default());
        let Ok(Frame::Call { id, action, payload }) = frame else { panic!("no call") };
        let action = Action::find(&action, Edition::V1_6).unwrap();
        let mut refused = Ok(());
        let written = write::call_result(String::new(), &id, |writer| {
            refused = self.react(action, &payload, writer);
        });
        refused.and(written)
    }
}

#[test]
fn a_handler_reads_views_and_writes_builders() {
    let mut station = Station { inoperative: [false; 2], in_use: [true, false] };
    let mut change = |connector: i64, to: &str| {
        let json = format!(r#"[2,"7","ChangeAvailability",{{"connectorId":{connector},"type":{to}}}]"#);
        station.answer(&json)
    };
    let answers = |status: &str| Ok(format!(r#"[3,"7",{{"status":"{status}"}}]"#));
    assert_eq!(change(2, r#""Inoperative""#), answers("Accepted"));
    assert_eq!(change(0, r#""\u0049noperative""#), answers("Scheduled"));
    assert_eq!(change(0, r#""Operative""#), answers("Accepted"));
    assert_eq!(change(9, r#""Operative""#), answers("Rejected"));
    // A word that the schema does not know; anything else wrong is refused with its path.
    assert_eq!(change(1, r#""Closed""#), answers("Rejected"));
    let refused = change(1, "5").unwrap_err();
    assert_eq!(refused.to_string(), "$.type: string expected, number found");
    assert_eq!(station.inoperative, [false, false]);
    assert_eq!(station.answer(r#"[2,"8","Reset",{"type":"Soft"}]"#), Ok(r#"[3,"8",{"status":"Accepted"}]"#.to_owned()));
    // `null` counts as an empty object, whose member is missing.
    assert_eq!(
        station.answer(r#"[2,"8","Reset",null]"#).unwrap_err().to_string(),
        "$: required member type is missing"
    );
}

#[test]
fn what_is_sent_has_the_text_of_the_structs() {
    use ocpp_types::datetime::{self, UnixMillis};
    use ocpp_types::text::TokenText;
    use ocpp_types::{Encode, tables, v1_6};

    let at = datetime::parse("2024-02-29T12:34:56.789Z").unwrap();
    let start =
        v1_6::StartTransactionRequest::new(1, TokenText::new("04A2\"B3").unwrap(), 1500, at).with_reservation_id(7);
    let id = MessageId::new("1").unwrap();
    let theirs = write::call(String::new(), &id, "StartTransaction", |writer| start.write(writer));
    let ours = write::call(String::new(), &id, "StartTransaction", |writer| {
        tables::v1_6::StartTransactionRequest::write(writer, Edition::V1_6, |mut request| {
            request
                .reservation_id(7)
                .connector_id(1)
                .timestamp(UnixMillis::from(at))
                .id_tag("04A2\"B3")
                .meter_start(1500);
        });
    });
    assert_eq!(ours, theirs);
}
