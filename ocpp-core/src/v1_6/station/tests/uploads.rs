//! Files that the CSMS wants, where the host has a say (1.6 §5.9, 1.6 security N01).

use super::*;
use crate::station::{Answer, AskId, FileLocation, LogKind, UploadAnswer};
use crate::{MisuseError, Refusal};

fn asking() -> Bench {
    let config = config(&[]).with(|config| config.policy.asks_about_uploads = true);
    Bench::with_config(Image::default(), config).online()
}

impl Bench {
    /// The CSMS wants a file, by one request or the other.
    fn want(&mut self, is_log: bool) {
        self.sent.clear();
        self.requests += 1;
        let (action, payload) = if is_log {
            let place = json!({"remoteLocation": "ftp://host/logs"});
            ("GetLog", json!({"logType": "DiagnosticsLog", "requestId": 7, "log": place}))
        } else {
            ("GetDiagnostics", json!({"location": "ftp://host/logs"}))
        };
        self.frame(&json!([2, format!("r{}", self.requests), action, payload]));
    }

    fn say_of_upload(&mut self, question: u64, answer: UploadAnswer) {
        self.input(Input::Answer(AskId(question), Answer::Upload(answer)));
    }

    fn file_ordered(&self) -> Option<&str> {
        self.jobs.iter().rev().find_map(|(_, job)| match job {
            Job::Upload { file_name, .. } => Some(file_name.as_str()),
            _ => None,
        })
    }
}

#[test]
fn host_names_or_refuses_the_file_that_the_csms_wants() {
    for is_log in [false, true] {
        let member = if is_log { "filename" } else { "fileName" };
        for (decision, name) in [
            (Some(UploadAnswer::Name("of-the-host.zip".into())), Some("of-the-host.zip")),
            (Some(UploadAnswer::Accept), Some("diagnostics-")),
            (None, Some("diagnostics-")),
            (Some(UploadAnswer::Refuse), None),
        ] {
            let mut bench = asking();
            bench.want(is_log);
            assert!(bench.jobs.is_empty() && bench.sent.is_empty(), "nothing is decided");
            let location = FileLocation::new("ftp://host/logs");
            let question = Question::Upload { log: LogKind::Diagnostics, location, from: None, to: None };
            assert_eq!(bench.asked, [question]);
            match decision.clone() {
                Some(decision) => bench.say_of_upload(1, decision),
                None => bench.wait(10),
            }
            let answer = bench.take_answer(0);
            let told = answer[member].as_str();
            assert_eq!(told, bench.file_ordered(), "{decision:?}");
            match name {
                Some(name) => assert!(told.unwrap().starts_with(name), "{answer}"),
                None => assert_eq!(answer, if is_log { json!({"status": "Rejected"}) } else { json!({}) }),
            }
            assert_eq!(bench.sent.is_empty(), name.is_none(), "what was refused is not reported: {:?}", bench.sent);
        }
    }
}

#[test]
fn file_without_a_question_is_named_by_the_station() {
    let mut bench = Bench::accepted(&[]);
    bench.want(false);
    assert!(bench.asked.is_empty());
    assert_eq!(bench.take_answer(0)["fileName"].as_str(), bench.file_ordered());
}

#[test]
fn name_that_cannot_be_told_is_refused_and_the_question_stays_open() {
    let mut bench = asking();
    bench.want(true);
    let now = Instant::from_millis(bench.now);
    for name in [String::new(), "n".repeat(256)] {
        let answer = Answer::Upload(UploadAnswer::Name(name.into()));
        let refused = bench.station.handle(now, Input::Answer(AskId(1), answer));
        assert_eq!(refused, Err(MisuseError::Refused(Refusal::UnfitName)));
    }
    let name = "ß".repeat(255);
    bench.say_of_upload(1, UploadAnswer::Name(name.as_str().into()));
    assert_eq!(bench.take_answer(0)["filename"], name);
}

/// The CSMS has given up its call: nothing was promised.
#[test]
fn file_that_was_asked_about_when_the_link_went_is_not_sent() {
    let mut bench = asking();
    bench.want(false);
    bench.input(Input::Link(LinkInput::Closed));
    let late = Answer::Upload(UploadAnswer::Accept);
    let refused = bench.station.handle(Instant::from_millis(bench.now), Input::Answer(AskId(1), late));
    assert_eq!(refused, Err(MisuseError::UnknownQuestion(1)));
    bench.wait(20);
    assert_eq!(bench.jobs, []);
    assert!(bench.image.entry("upload").is_none());
}

/// What was accepted is told to have failed after a power cut: so it is on record before it is accepted.
#[test]
fn accepted_upload_is_durable_before_it_is_answered() {
    for is_log in [false, true] {
        let mut bench = asking();
        bench.confirms = false;
        bench.want(is_log);
        bench.say_of_upload(1, UploadAnswer::Name("a.log".into()));
        assert!(bench.sent.is_empty(), "{:?}", bench.sent);
        bench.confirm();
        bench.drain();
        assert_eq!(bench.take_answer(0)[if is_log { "filename" } else { "fileName" }], "a.log");
        assert!(bench.image.entry("upload").is_some());
    }
}
