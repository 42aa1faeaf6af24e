//! DataTransfer both ways (1.6 §4.3, §5.6).

use super::*;
use crate::MisuseError;
use crate::station::{Answer, AskId, Command, DataTransferStatus};

impl Bench {
    fn transfer(&mut self, vendor: &str) -> Result<(), MisuseError> {
        let command =
            Command::DataTransfer { vendor_id: vendor.into(), message_id: Some("m".into()), data: Some("x".into()) };
        let result = self.station.handle(Instant::from_millis(self.now), Input::Command(command));
        self.drain();
        result
    }
}

/// 1.6 §4.3.
#[test]
fn vendor_data_is_answered_as_the_application_says() {
    for (status, text) in [
        (DataTransferStatus::Accepted, "Accepted"),
        (DataTransferStatus::Rejected, "Rejected"),
        (DataTransferStatus::UnknownMessageId, "UnknownMessageId"),
        (DataTransferStatus::UnknownVendor, "UnknownVendorId"),
    ] {
        let mut bench = Bench::accepted(&[]);
        bench.frame(&json!([2, "d", "DataTransfer", {"vendorId": "org.example", "messageId": "m", "data": "{}"}]));
        assert_eq!(
            bench.asked,
            [Question::DataTransfer {
                vendor_id: "org.example".into(),
                message_id: Some("m".into()),
                data: Some("{}".into())
            }]
        );
        bench.input(Input::Answer(AskId(1), Answer::DataTransfer { status, data: Some("x".into()) }));
        let answer = bench.take_answer(0);
        assert_eq!(answer["status"], text);
        assert_eq!(answer.get("data").is_some(), status != DataTransferStatus::UnknownVendor);
    }
}

#[test]
fn data_of_the_application_are_sent_and_their_end_is_told() {
    let mut bench = Bench::accepted(&[]);
    for (answer, told) in [
        (json!({"status": "Accepted", "data": "y"}), r#"status: Some(Accepted), data: Some("y")"#),
        (json!({"status": "UnknownVendorId"}), "status: Some(UnknownVendor), data: None"),
        (json!({"state": 1}), "status: None, data: None"),
    ] {
        assert_eq!(bench.transfer("org.example"), Ok(()));
        let request = bench.answer("DataTransfer", &answer);
        assert_eq!(request, json!({"vendorId": "org.example", "messageId": "m", "data": "x"}));
        let expected = format!(r#"DataTransferEnded {{ vendor_id: "org.example", {told} }}"#);
        assert_eq!(bench.events.last(), Some(&expected));
    }
}

#[test]
fn data_of_the_application_wait_for_the_link_and_are_bounded() {
    let mut bench = Bench::accepted(&[]);
    bench.input(Input::Link(LinkInput::Closed));
    let results: Vec<_> = (0..6).map(|_| bench.transfer("org.example")).collect();
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 4);
    assert!(matches!(bench.transfer(&"v".repeat(256)), Err(MisuseError::Refused(_))));
    bench.open();
    bench.call("DataTransfer");
    bench.input(Input::Link(LinkInput::Closed));
    assert!(bench.events.iter().any(|event| event.contains("DataTransferEnded") && event.contains("status: None")));
    bench.open();
    bench.answer_all("DataTransfer", &json!({"status": "Accepted"}));
    assert_eq!(bench.events.iter().filter(|event| event.contains("DataTransferEnded")).count(), 4);
}
