//! Signed firmware and logs (1.6 security N01, L01), over restarts.

use super::super::*;
use crate::station::{FileLocation, FirmwareSignature, JobUpdate, LogKind};

const SIGNER: &str = "-----BEGIN CERTIFICATE-----\nc2lnbmVy\n-----END CERTIFICATE-----\n";
const STATUS: &str = "SignedFirmwareStatusNotification";

fn update(number: i64, extra: &[(&str, Value)]) -> Value {
    let mut firmware = json!({"location": "https://host/new.bin", "retrieveDateTime": wall(0).to_rfc3339(),
        "signingCertificate": SIGNER, "signature": "Zml0"});
    for (name, value) in extra {
        firmware[*name] = value.clone();
    }
    json!({"requestId": number, "retries": 0, "firmware": firmware})
}

fn download() -> Job {
    let signature = FirmwareSignature { certificate: SIGNER.into(), signature: "Zml0".into() };
    Job::Download { location: FileLocation::new("https://host/new.bin"), signature: Some(signature) }
}

impl Bench {
    /// Sends a SignedUpdateFirmware and lets the host judge the signer. Gives the answer.
    fn signed_update(&mut self, request: &Value, word: JobUpdate) -> Value {
        let before = self.sent.len();
        self.requests += 1;
        self.frame(&json!([2, format!("r{}", self.requests), "SignedUpdateFirmware", request]));
        let (id, job) = self.next_job();
        assert_eq!(job, Job::CheckSigner { certificate: SIGNER.into() });
        assert!(self.sent.iter().skip(before).all(|frame| frame[0] == 2), "answered before the signer was checked");
        self.input(Input::Job(id, word));
        self.take_answer(before)["status"].clone()
    }

    fn next_job(&mut self) -> (JobId, Job) {
        assert!(!self.jobs.is_empty(), "nothing was ordered");
        self.jobs.remove(0)
    }

    fn word(&mut self, id: JobId, word: JobUpdate) {
        self.input(Input::Job(id, word));
    }

    /// The statuses with their numbers that were sent in messages of this action, and the security events between them.
    fn told_as(&mut self, action: &str) -> Vec<String> {
        let mut told = Vec::new();
        while let Some(sent) = self.sent.first().and_then(|call| call[2].as_str()).map(ToOwned::to_owned) {
            let answer = if sent == "Heartbeat" { json!({"currentTime": wall(self.now)}) } else { json!({}) };
            let payload = self.answer(&sent, &answer);
            if sent == action {
                let number = payload.get("requestId").map_or(String::new(), |number| format!(" {number}"));
                told.push(format!("{}{number}", payload["status"].as_str().unwrap()));
            } else if sent == "SecurityEventNotification" {
                told.push(payload["type"].as_str().unwrap().to_owned());
            }
        }
        told
    }

    fn extended_trigger(&mut self, message: &str) -> Value {
        self.request("ExtendedTriggerMessage", &json!({"requestedMessage": message}))["status"].clone()
    }
}

const PROFILE: &[(&str, &str)] = &[("SecurityProfile", "1")];

/// A station with a profile in use, that has told its start.
fn secured() -> Bench {
    let mut bench = Bench::accepted(PROFILE);
    assert_eq!(bench.told_as(STATUS), ["StartupOfTheDevice"]);
    bench
}

fn restarted(bench: &Bench) -> Bench {
    let mut bench = Bench::new(bench.image.clone(), PROFILE);
    bench.open();
    bench.boot("Accepted");
    bench
}

/// TC_080_CS.
#[test]
fn signed_update_is_reported_with_its_number_in_order_and_its_end_after_the_restart() {
    let mut bench = secured();
    assert_eq!(bench.signed_update(&update(7, &[]), JobUpdate::Done), "Accepted");
    let (id, job) = bench.next_job();
    assert_eq!(job, download());
    assert_eq!(bench.told_as(STATUS), ["Downloading 7"]);
    bench.word(id, JobUpdate::Done);
    assert_eq!(bench.next_job(), (id, Job::Install));
    assert_eq!(bench.told_as(STATUS), ["Downloaded 7", "SignatureVerified 7", "Installing 7"]);
    bench.word(id, JobUpdate::NeedsRestart);
    // L01.FR.15: before the restart.
    assert_eq!(bench.reboots, []);
    assert_eq!(bench.told_as(STATUS), ["InstallRebooting 7", "ResetOrReboot"]);
    bench.wait(5);
    assert_eq!(bench.reboots, [RebootKind::Hard]);

    let mut bench = restarted(&bench);
    assert_eq!(bench.next_job(), (id, Job::Install), "the same job: the host knows that it is done");
    assert_eq!(bench.told_as(STATUS), ["StartupOfTheDevice"]);
    bench.word(id, JobUpdate::Done);
    assert_eq!(bench.told_as(STATUS), ["FirmwareUpdated", "Installed 7"]);
    assert!(bench.image.entry("firmware").is_none());
    assert_eq!(restarted(&bench).told_as(STATUS), ["StartupOfTheDevice"]);
}

/// A restart waits for a CSMS that is slow to take what comes before it.
#[test]
fn restart_for_firmware_waits_until_it_was_told() {
    let mut bench = secured();
    bench.signed_update(&update(7, &[]), JobUpdate::Done);
    let (id, _) = bench.next_job();
    bench.word(id, JobUpdate::Done);
    bench.word(id, JobUpdate::NeedsRestart);
    bench.wait(10);
    assert_eq!(bench.reboots, []);
    let told = ["Downloading 7", "ResetOrReboot", "Downloaded 7", "SignatureVerified 7", "Installing 7"];
    assert_eq!(bench.told_as(STATUS), [&told[..], &["InstallRebooting 7"]].concat());
    bench.wait(1);
    assert_eq!(bench.reboots, [RebootKind::Hard]);
}

/// TC_081_CS, L01.FR.03.
#[test]
fn file_that_does_not_fit_its_signature_is_not_installed() {
    let mut bench = secured();
    bench.signed_update(&update(8, &[]), JobUpdate::Done);
    let (id, _) = bench.next_job();
    bench.word(id, JobUpdate::Invalid);
    let told = bench.told_as(STATUS);
    assert_eq!(told, ["Downloading 8", "InvalidFirmwareSignature", "Downloaded 8", "InvalidSignature 8"]);
    bench.wait(600);
    assert_eq!(bench.jobs, []);
    assert!(bench.image.entry("firmware").is_none());
}

/// L01.FR.20: from the first profile on.
#[test]
fn firmware_without_a_signature_is_refused_where_a_profile_is_in_use() {
    let mut bench = secured();
    let request = json!({"location": "https://host/new.bin", "retrieveDate": wall(0)});
    assert_eq!(bench.request("UpdateFirmware", &request), "NotSupported");
    assert_eq!((bench.jobs.len(), bench.image.entry("firmware")), (0, None));
    assert_eq!(bench.request("UpdateFirmware", &json!({"location": 1})), "PropertyConstraintViolation");
}

/// L01.FR.24, L01.FR.25, L01.FR.02.
#[test]
fn signer_that_cannot_be_trusted_is_refused_and_told() {
    let cases = [
        (JobUpdate::Invalid, "InvalidCertificate"),
        (JobUpdate::Revoked, "RevokedCertificate"),
        (JobUpdate::Failed, "InvalidCertificate"),
    ];
    for (word, status) in cases {
        let mut bench = secured();
        assert_eq!(bench.signed_update(&update(9, &[]), word), status);
        assert_eq!(bench.told_as(STATUS), ["InvalidFirmwareSigningCertificate"]);
        assert_eq!((bench.jobs.len(), bench.image.entry("firmware")), (0, None));
    }
}

/// A host that says nothing does not hold the station up, and its late word changes nothing.
#[test]
fn signer_that_nobody_judges_is_refused_in_time() {
    let mut bench = secured();
    bench.frame(&json!([2, "u", "SignedUpdateFirmware", update(9, &[])]));
    let (id, _) = bench.next_job();
    assert_eq!(
        bench.request("GetLocalListVersion", &json!({})),
        json!({"listVersion": 0}),
        "others are served meanwhile"
    );
    bench.wait(20);
    let (cancelled, job) = bench.next_job();
    assert!(cancelled == id && job == Job::Cancel);
    assert_eq!(bench.take_answer(0), json!({"status": "InvalidCertificate"}));
    bench.word(id, JobUpdate::Done);
    assert_eq!(bench.jobs, []);
}

/// L01.FR.13, L01.FR.16, L01.FR.17.
#[test]
fn dates_of_a_signed_update_are_kept_also_over_a_restart() {
    let mut bench = secured();
    let dates = [("retrieveDateTime", json!(wall(50_000))), ("installDateTime", json!(wall(200_000)))];
    assert_eq!(bench.signed_update(&update(3, &dates), JobUpdate::Done), "Accepted");
    assert_eq!(bench.told_as(STATUS), ["DownloadScheduled 3"]);
    bench.wait(49);
    assert_eq!(bench.jobs, []);
    bench.wait(1);
    let (id, job) = bench.next_job();
    assert_eq!(job, download());
    bench.word(id, JobUpdate::Done);
    assert_eq!(bench.told_as(STATUS), ["Downloading 3", "Downloaded 3", "SignatureVerified 3", "InstallScheduled 3"]);
    bench.plug();
    assert_eq!(bench.statuses(), ["1 Preparing"], "nobody is kept away before the date");
    bench.cable(Cable::Absent);

    let mut bench = Bench::new(bench.image.clone(), PROFILE);
    bench.now = 150_000;
    bench.open();
    bench.boot("Accepted");
    bench.told_as(STATUS);
    bench.wait(49);
    assert_eq!(bench.jobs, []);
    bench.wait(1);
    assert_eq!(bench.next_job(), (id, Job::Install));
    assert_eq!(bench.told_as(STATUS), ["Installing 3"]);
    bench.word(id, JobUpdate::Invalid);
    assert_eq!(bench.told_as(STATUS), ["InstallVerificationFailed 3"]);
}

/// L01.FR.26, L01.FR.27.
#[test]
fn later_request_cancels_an_update_that_is_not_being_installed() {
    let mut bench = secured();
    bench.signed_update(&update(1, &[]), JobUpdate::Done);
    let (first, _) = bench.next_job();
    assert_eq!(bench.signed_update(&update(2, &[]), JobUpdate::Done), "AcceptedCanceled");
    assert_eq!(bench.next_job(), (first, Job::Cancel));
    let (second, job) = bench.next_job();
    assert_eq!(job, download());
    assert_eq!(bench.told_as(STATUS), ["Downloading 1", "Downloading 2"]);
    bench.word(second, JobUpdate::Done);
    assert_eq!(bench.next_job(), (second, Job::Install));
    let request = update(3, &[]);
    assert_eq!(bench.request("SignedUpdateFirmware", &request)["status"], "Rejected");
    bench.told_as(STATUS);
    bench.word(second, JobUpdate::Failed);
    assert_eq!(bench.told_as(STATUS), ["InstallationFailed 2"]);
    // What came to its end is not cancelled.
    assert_eq!(bench.signed_update(&update(4, &[]), JobUpdate::Done), "Accepted");
}

/// The certificate and the signature are kept until they were used: a download that a power cut ended needs them again.
#[test]
fn signature_survives_a_power_cut_during_the_download() {
    let mut bench = secured();
    bench.signed_update(&update(5, &[]), JobUpdate::Done);
    let ordered = bench.next_job();
    assert_eq!(restarted(&bench).next_job(), ordered);
    let before = bench.image.entry("firmware").unwrap().len();
    bench.word(ordered.0, JobUpdate::Done);
    let after = bench.image.entry("firmware").unwrap().len();
    assert!(after + SIGNER.len() < before, "what was verified is not carried on: {before}, {after}");
}

#[test]
fn signed_update_is_accepted_when_it_is_durable() {
    let mut bench = secured();
    bench.confirms = false;
    bench.frame(&json!([2, "u", "SignedUpdateFirmware", update(6, &[])]));
    let (id, _) = bench.next_job();
    bench.word(id, JobUpdate::Done);
    assert!(bench.sent.is_empty() && bench.jobs.is_empty());
    bench.confirm();
    bench.drain();
    assert_eq!(bench.take_answer(0), json!({"status": "Accepted"}));
    assert_eq!(bench.jobs.len(), 1);
}

/// L01.FR.28, L01.FR.29, L01.FR.21.
#[test]
fn triggered_status_is_the_last_that_was_told_and_idle_after_success() {
    let mut bench = secured();
    assert_eq!(bench.extended_trigger("FirmwareStatusNotification"), "Accepted");
    assert_eq!(bench.told_as(STATUS), ["Idle"]);
    bench.signed_update(&update(5, &[]), JobUpdate::Done);
    let (id, _) = bench.next_job();
    bench.told_as(STATUS);
    bench.extended_trigger("FirmwareStatusNotification");
    assert_eq!(bench.told_as(STATUS), ["Downloading 5"]);
    // The plain form tells of the same update.
    bench.request("TriggerMessage", &json!({"requestedMessage": "FirmwareStatusNotification"}));
    assert_eq!(bench.told_as("FirmwareStatusNotification"), ["Downloading"]);
    bench.word(id, JobUpdate::Failed);
    bench.told_as(STATUS);
    bench.extended_trigger("FirmwareStatusNotification");
    assert_eq!(bench.told_as(STATUS), ["DownloadFailed 5"]);
    bench.signed_update(&update(6, &[]), JobUpdate::Done);
    let (id, _) = bench.next_job();
    bench.word(id, JobUpdate::Done);
    bench.word(id, JobUpdate::Done);
    bench.told_as(STATUS);
    bench.extended_trigger("FirmwareStatusNotification");
    assert_eq!(bench.told_as(STATUS), ["Idle"]);
}

fn log(number: i64, kind: &str) -> Value {
    json!({"logType": kind, "requestId": number, "retries": 1, "retryInterval": 20,
        "log": {"remoteLocation": "ftp://host/logs", "latestTimestamp": wall(0)}})
}

/// TC_079_CS, N01.FR.01 to FR.09.
#[test]
fn logs_are_sent_with_their_number_and_kind() {
    for (name, kind) in [("SecurityLog", LogKind::Security), ("DiagnosticsLog", LogKind::Diagnostics)] {
        let mut bench = secured();
        let answer = bench.request("GetLog", &log(11, name));
        assert_eq!(answer["status"], "Accepted");
        let (id, job) = bench.next_job();
        let expected = Job::Upload {
            log: kind,
            location: FileLocation::new("ftp://host/logs"),
            file_name: answer["filename"].as_str().unwrap().into(),
            from: None,
            to: Some(wall(0)),
        };
        assert_eq!(job, expected);
        assert_eq!(bench.told_as("LogStatusNotification"), ["Uploading 11"]);
        bench.word(id, JobUpdate::Failed);
        bench.wait(20);
        assert_eq!(bench.next_job(), (id, expected));
        assert_eq!(bench.told_as("LogStatusNotification"), Vec::<String>::new());
        bench.word(id, JobUpdate::Done);
        assert_eq!(bench.told_as("LogStatusNotification"), ["Uploaded 11"]);
        assert!(bench.image.entry("upload").is_none());
    }
}

/// N01.FR.10.
#[test]
fn log_that_cannot_be_sent_says_why() {
    let cases = [
        (JobUpdate::BadMessage, "BadMessage 1"),
        (JobUpdate::PermissionDenied, "PermissionDenied 1"),
        (JobUpdate::NotSupported, "NotSupportedOperation 1"),
        (JobUpdate::Failed, "UploadFailure 1"),
    ];
    for (word, status) in cases {
        let mut bench = secured();
        let mut request = log(1, "SecurityLog");
        request["retries"] = json!(0);
        bench.request("GetLog", &request);
        let (id, _) = bench.next_job();
        bench.word(id, word);
        assert_eq!(bench.told_as("LogStatusNotification"), ["Uploading 1", status]);
    }
}

/// N01.FR.11; a file of either request is one upload. What was told to have begun ends under its own number (N01.FR.07, N01.FR.10).
#[test]
fn later_log_cancels_the_one_on_its_way() {
    let mut bench = secured();
    bench.request("GetLog", &log(1, "SecurityLog"));
    let (first, _) = bench.next_job();
    let answer = bench.request("GetLog", &log(2, "DiagnosticsLog"));
    assert_eq!(answer["status"], "AcceptedCanceled");
    assert_eq!(bench.next_job(), (first, Job::Cancel));
    let (second, _) = bench.next_job();
    bench.word(second, JobUpdate::Done);
    assert_eq!(bench.told_as("LogStatusNotification"), ["Uploading 1", "UploadFailure 1", "Uploading 2", "Uploaded 2"]);
    assert_eq!(bench.request("GetLog", &log(3, "SecurityLog"))["status"], "Accepted");
}

/// N01.FR.12.
#[test]
fn triggered_log_status_is_idle_without_a_number_when_no_log_is_on_its_way() {
    let mut bench = secured();
    assert_eq!(bench.extended_trigger("LogStatusNotification"), "Accepted");
    assert_eq!(bench.told_as("LogStatusNotification"), ["Idle"]);
    bench.request("GetLog", &log(4, "SecurityLog"));
    let (id, _) = bench.next_job();
    bench.told_as("LogStatusNotification");
    bench.extended_trigger("LogStatusNotification");
    assert_eq!(bench.told_as("LogStatusNotification"), ["Uploading 4"]);
    bench.word(id, JobUpdate::Done);
    bench.told_as("LogStatusNotification");
    // A file without number is not told of in this form.
    bench.request("GetDiagnostics", &json!({"location": "ftp://host/logs"}));
    bench.told_as("LogStatusNotification");
    bench.extended_trigger("LogStatusNotification");
    assert_eq!(bench.told_as("LogStatusNotification"), ["Idle"]);
}

#[test]
fn log_that_a_restart_ended_is_reported_as_failed_with_its_number() {
    let mut bench = secured();
    bench.request("GetLog", &log(12, "SecurityLog"));
    let mut bench = restarted(&bench);
    assert_eq!(bench.told_as("LogStatusNotification"), ["StartupOfTheDevice", "UploadFailure 12"]);
    assert_eq!(restarted(&bench).told_as("LogStatusNotification"), ["StartupOfTheDevice"]);
}

#[test]
fn log_that_the_host_does_not_keep_is_refused() {
    let mut config = config(PROFILE);
    config.hardware.has_security_log = false;
    config.hardware.has_diagnostics = false;
    let mut bench = Bench::with_config(Image::default(), config).online();
    for kind in ["SecurityLog", "DiagnosticsLog"] {
        assert_eq!(bench.request("GetLog", &log(1, kind)), json!({"status": "Rejected"}));
    }
    assert_eq!(bench.jobs, []);
}

/// What the host tells of the way is told at once (1.6 security L01): the pause, and that the firmware is here before it is checked.
#[test]
fn progress_of_a_download_is_told_as_the_host_reports_it() {
    let mut bench = secured();
    bench.signed_update(&update(7, &[]), JobUpdate::Done);
    let (id, _) = bench.next_job();
    assert_eq!(bench.told_as(STATUS), ["Downloading 7"]);
    for word in [JobUpdate::Resumed, JobUpdate::Paused, JobUpdate::Paused, JobUpdate::Resumed] {
        bench.word(id, word);
    }
    assert_eq!(bench.told_as(STATUS), ["DownloadPaused 7", "Downloading 7"]);
    bench.word(id, JobUpdate::Fetched);
    assert_eq!(bench.told_as(STATUS), ["Downloaded 7"]);
    bench.word(id, JobUpdate::Fetched);
    bench.word(id, JobUpdate::Done);
    assert_eq!(bench.told_as(STATUS), ["SignatureVerified 7", "Installing 7"]);
}
