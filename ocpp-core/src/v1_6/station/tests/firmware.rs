//! UpdateFirmware and GetDiagnostics (1.6 §4.4, §4.5, §5.9, §5.19), over restarts.

use super::*;
use crate::station::{FileLocation, Job, JobId, JobUpdate, LogKind};
use crate::store::EntryKey;

impl Bench {
    fn update(&mut self, extra: &[(&str, Value)]) {
        let mut request = json!({"location": "https://host/new.bin", "retrieveDate": wall(0).to_rfc3339()});
        for (name, value) in extra {
            request[*name] = value.clone();
        }
        assert_eq!(self.request("UpdateFirmware", &request), json!({}));
    }

    fn diagnostics(&mut self) -> Value {
        let request = json!({"location": "ftp://host/logs", "retries": 1, "retryInterval": 20,
            "startTime": wall(0).to_rfc3339()});
        self.request("GetDiagnostics", &request)
    }

    fn job(&mut self) -> (JobId, Job) {
        assert!(!self.jobs.is_empty(), "nothing was ordered");
        self.jobs.remove(0)
    }

    fn done(&mut self, id: JobId, word: JobUpdate) {
        self.input(Input::Job(id, word));
    }

    /// The statuses of both that were sent; statuses of connectors aside.
    fn progress(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        while let Some(action) = self.sent.first().and_then(|call| call[2].as_str()).map(ToOwned::to_owned) {
            let time = json!({"currentTime": wall(self.now).to_rfc3339()});
            let payload = self.answer(&action, &if action == "Heartbeat" { time } else { json!({}) });
            if action != "StatusNotification" && action != "Heartbeat" {
                told.push(payload["status"].as_str().unwrap_or(&action).to_owned());
            }
        }
        told
    }

    /// The station starts again with what was durable, and is accepted.
    fn restarted(&self) -> Bench {
        let mut bench = Bench::new(self.image.clone(), &[]);
        bench.open();
        bench.boot("Accepted");
        bench
    }
}

/// 1.6 §4.5: with the restart that new firmware needs, after which the order comes again.
#[test]
fn update_is_reported_in_order_and_its_end_after_the_restart() {
    let mut bench = Bench::accepted(&[]);
    bench.update(&[]);
    let (id, job) = bench.job();
    assert_eq!(job, Job::Download { location: FileLocation::new("https://host/new.bin"), signature: None });
    assert_eq!(bench.progress(), ["Downloading"]);
    bench.done(id, JobUpdate::Done);
    assert_eq!(bench.job(), (id, Job::Install));
    assert_eq!(bench.progress(), ["Downloaded", "Installing"]);
    bench.done(id, JobUpdate::NeedsRestart);
    bench.wait(5);
    assert_eq!(bench.reboots, [RebootKind::Hard]);

    let mut bench = bench.restarted();
    assert_eq!(bench.job(), (id, Job::Install), "the same job: the host knows that it is done");
    assert_eq!(bench.progress(), Vec::<String>::new());
    bench.done(id, JobUpdate::Done);
    bench.answer_all("StatusNotification", &json!({}));
    // Not answered: told again after one more restart, and then never again.
    bench.call("FirmwareStatusNotification");
    let mut bench = bench.restarted();
    assert_eq!(bench.progress(), ["Installed"]);
    assert!(bench.image.entry("firmware").is_none());
    assert_eq!(bench.restarted().progress(), Vec::<String>::new());
}

#[test]
fn download_begins_at_its_date_and_is_tried_again() {
    let mut bench = Bench::accepted(&[]);
    let date = wall(100_000).to_rfc3339();
    bench.update(&[("retrieveDate", json!(date)), ("retries", json!(1)), ("retryInterval", json!(30))]);
    bench.wait(99);
    assert_eq!(bench.jobs, []);
    // Also after a restart, which knows the time from the CSMS.
    let mut bench = Bench::new(bench.image.clone(), &[]);
    bench.now = 99_000;
    bench.open();
    bench.boot("Accepted");
    bench.progress();
    assert_eq!(bench.jobs, []);
    bench.wait(1);
    let (id, _) = bench.job();
    bench.done(id, JobUpdate::Failed);
    assert_eq!(bench.progress(), ["Downloading"]);
    bench.wait(29);
    assert_eq!(bench.jobs, []);
    bench.wait(1);
    let (again, job) = bench.job();
    assert!(again == id && matches!(job, Job::Download { .. }));
    bench.done(id, JobUpdate::Failed);
    assert_eq!(bench.progress(), ["DownloadFailed"]);
    bench.wait(600);
    assert_eq!(bench.jobs, [], "given up");
    assert!(bench.image.entry("firmware").is_none());
}

/// Errata 3.49.
#[test]
fn installation_waits_until_nobody_charges_and_keeps_others_away() {
    let mut bench = Bench::running(&[("MeterValueSampleInterval", "0")]);
    bench.update(&[]);
    let (id, _) = bench.job();
    bench.done(id, JobUpdate::Done);
    assert_eq!(bench.progress(), ["Downloading", "Downloaded"]);
    assert_eq!(bench.jobs, []);
    bench.swipe("TAG");
    assert_eq!(bench.job(), (id, Job::Install));
    assert_eq!(bench.progress(), ["Installing", "StopTransaction"]);
    bench.cable(Cable::Absent);
    assert_eq!(bench.statuses(), ["1 Unavailable"]);
    bench.swipe("TAG");
    assert!(bench.events.last().is_some_and(|event| event.contains("Unavailable")));
    bench.done(id, JobUpdate::Failed);
    assert_eq!(bench.progress(), ["InstallationFailed"]);
    bench.swipe("TAG");
    bench.call("Authorize");
}

#[test]
fn later_request_takes_the_place_of_a_download_and_not_of_an_installation() {
    let mut bench = Bench::accepted(&[]);
    bench.update(&[]);
    let (first, _) = bench.job();
    bench.update(&[("location", json!("https://host/newer.bin"))]);
    assert_eq!(bench.job(), (first, Job::Cancel));
    let (second, job) = bench.job();
    assert_eq!(job, Job::Download { location: FileLocation::new("https://host/newer.bin"), signature: None });
    bench.done(first, JobUpdate::Done);
    assert_eq!(bench.jobs, [], "a late word about the first");
    bench.done(second, JobUpdate::Done);
    assert_eq!(bench.job(), (second, Job::Install));
    let request = json!({"location": "https://host/x", "retrieveDate": wall(0).to_rfc3339()});
    assert_eq!(bench.request("UpdateFirmware", &request), "InternalError");
}

#[test]
fn update_is_answered_when_it_is_durable_and_begins_then() {
    let mut bench = Bench::accepted(&[]);
    bench.confirms = false;
    bench.frame(&json!([2, "u", "UpdateFirmware", {"location": "a:b", "retrieveDate": wall(0).to_rfc3339()}]));
    assert!(bench.sent.is_empty() && bench.jobs.is_empty());
    bench.confirm();
    bench.drain();
    assert_eq!(bench.take_answer(0), json!({}));
    assert_eq!(bench.jobs.len(), 1);
}

/// Statuses that a lost link kept back arrive, in order; transactions stay queued meanwhile.
#[test]
fn statuses_of_an_offline_update_arrive_in_order() {
    let mut bench = Bench::accepted(&[]);
    bench.update(&[]);
    let (id, _) = bench.job();
    bench.input(Input::Link(LinkInput::Closed));
    bench.sent.clear();
    bench.done(id, JobUpdate::Done);
    bench.done(id, JobUpdate::Done);
    bench.open();
    assert_eq!(bench.progress(), ["Downloading", "Downloaded", "Installing", "Installed"]);
}

/// A firmware update loses no transaction message.
#[test]
fn queued_transaction_messages_survive_an_update() {
    let mut bench = Bench::accepted(&[("MeterValueSampleInterval", "0")]);
    bench.update(&[]);
    let (id, _) = bench.job();
    bench.progress();
    bench.start();
    bench.call("StartTransaction");
    bench.swipe("TAG");
    bench.done(id, JobUpdate::Done);
    bench.done(id, JobUpdate::NeedsRestart);
    bench.wait(40);
    assert_eq!(bench.reboots, [RebootKind::Hard]);
    let mut bench = bench.restarted();
    bench.answer_all("StatusNotification", &json!({}));
    // It was not answered before.
    bench.wait(60);
    bench.answer_all("StatusNotification", &json!({}));
    bench.answer("StartTransaction", &json!({"transactionId": 3, "idTagInfo": {"status": "Accepted"}}));
    bench.answer_all("StatusNotification", &json!({}));
    assert_eq!(bench.answer("StopTransaction", &json!({}))["transactionId"], 3);
}

/// TC_045_1_CS.
#[test]
fn diagnostics_are_sent_with_their_name_and_range_and_retries() {
    let mut bench = Bench::accepted(&[]);
    let name = bench.diagnostics()["fileName"].as_str().unwrap().to_owned();
    let (id, job) = bench.job();
    let expected = Job::Upload {
        log: LogKind::Diagnostics,
        location: FileLocation::new("ftp://host/logs"),
        file_name: name.as_str().into(),
        from: Some(wall(0)),
        to: None,
    };
    assert_eq!(job, expected);
    assert_eq!(bench.progress(), ["Uploading"]);
    bench.done(id, JobUpdate::Failed);
    bench.wait(20);
    assert_eq!(bench.job(), (id, expected));
    bench.request("TriggerMessage", &json!({"requestedMessage": "DiagnosticsStatusNotification"}));
    assert_eq!(bench.progress(), ["Uploading"]);
    bench.done(id, JobUpdate::Done);
    assert_eq!(bench.progress(), ["Uploaded"]);
    assert!(bench.image.entry("upload").is_none());

    bench.diagnostics();
    let (id, _) = bench.job();
    bench.done(id, JobUpdate::Failed);
    bench.wait(20);
    bench.done(id, JobUpdate::Failed);
    assert_eq!(bench.progress(), ["Uploading", "UploadFailed"]);
}

/// 1.6 §4.4, §5.9: of the upload that gives way the end is told, also while it waits for a retry.
#[test]
fn displaced_upload_is_reported_as_failed() {
    for waits in [false, true] {
        let mut bench = Bench::accepted(&[]);
        bench.diagnostics();
        let (first, _) = bench.job();
        assert_eq!(bench.progress(), ["Uploading"]);
        if waits {
            bench.done(first, JobUpdate::Failed);
        }
        bench.diagnostics();
        if !waits {
            assert_eq!(bench.job(), (first, Job::Cancel));
        }
        assert_eq!(bench.progress(), ["UploadFailed", "Uploading"]);
        let (second, _) = bench.job();
        bench.done(second, JobUpdate::Done);
        assert_eq!(bench.progress(), ["Uploaded"]);
    }
}

/// The end of an upload that gave way is told also after a power cut, and one that arrived is not told to have failed.
#[test]
fn ends_of_uploads_are_told_after_a_power_cut() {
    let mut bench = Bench::accepted(&[]);
    bench.diagnostics();
    let (first, _) = bench.job();
    assert_eq!(bench.progress(), ["Uploading"]);
    bench.done(first, JobUpdate::Done);
    // The link hangs: that it arrived is not answered, and two more are ordered.
    bench.diagnostics();
    bench.diagnostics();
    let restarted = |image: Image| {
        let mut bench = Bench::new(image, &[]);
        bench.open();
        bench.boot("Accepted");
        bench.answer_all("StatusNotification", &json!({}));
        bench
    };
    let mut bench = restarted(bench.image.clone());
    assert_eq!(bench.progress(), ["Uploaded", "UploadFailed", "UploadFailed"]);
    assert!(restarted(bench.image.clone()).progress().is_empty(), "each is told once");
    // As it was stored before: of one upload, which had no number.
    let former =
        Image { entries: [(EntryKey::new("upload"), Vec::from([1, 40, 0]))].into_iter().collect(), ..Image::default() };
    assert_eq!(restarted(former).progress(), ["UploadFailed"]);
}

/// What may not have arrived is told anew; of steps that are past, only the end must be.
#[test]
fn last_state_of_a_job_is_told_until_it_arrives() {
    for is_link_lost in [false, true] {
        let mut bench = Bench::accepted(&[]);
        bench.diagnostics();
        let (id, _) = bench.job();
        bench.call("DiagnosticsStatusNotification");
        bench.done(id, JobUpdate::Done);
        for wait in [30 + 30, 30 + 60] {
            if is_link_lost {
                bench.input(Input::Link(LinkInput::Closed));
                bench.wait(5);
                bench.open();
            } else {
                bench.wait(wait);
            }
            let (_, request) = bench.call("DiagnosticsStatusNotification");
            assert_eq!(request["status"], "Uploaded");
        }
        bench.input(Input::Link(LinkInput::Closed));
        bench.wait(5);
        bench.open();
        assert_eq!(bench.progress(), ["Uploaded"]);
        assert!(bench.image.entry("upload").is_none());
    }
}

#[test]
fn upload_that_a_restart_ended_is_reported_as_failed_once() {
    let mut bench = Bench::accepted(&[]);
    bench.diagnostics();
    bench.progress();
    let mut bench = bench.restarted();
    assert_eq!(bench.progress(), ["UploadFailed"]);
    assert_eq!(bench.restarted().progress(), Vec::<String>::new());
}

#[test]
fn station_without_diagnostics_names_no_file() {
    let mut bench =
        Bench::with_config(Image::default(), config(&[]).with(|config| config.hardware.has_diagnostics = false));
    bench.open();
    bench.boot("Accepted");
    bench.answer_all("StatusNotification", &json!({}));
    assert_eq!(bench.diagnostics(), json!({}));
    assert!(bench.jobs.is_empty() && bench.sent.is_empty());
}
