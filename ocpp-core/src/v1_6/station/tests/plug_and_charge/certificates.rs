//! Certificates of the station towards vehicles (§3.1, §4): signing, installing, listing, and their revocation status.

use super::*;
use crate::MisuseError;
use crate::station::{CertificateUse, InstalledCertificate};

fn station(more: &[(&'static str, &'static str)]) -> Bench {
    Bench::accepted(&keys(more))
}

fn csr() -> JobUpdate {
    JobUpdate::Csr("CSR".into())
}

/// The request that the station sends is answered so.
fn sign(bench: &mut Bench, status: &str) {
    let request = bench.answer_message("SignCertificate", &json!({"status": status}));
    assert_eq!(request, json!({"csr": "CSR", "certificateType": "V2GCertificate"}));
}

/// §3.1.1, figure 1.
#[test]
fn certificate_is_signed_when_the_csms_wants_it() {
    let mut bench = station(&[]);
    bench.send_message("TriggerMessage", "{}");
    assert_eq!(bench.taken(), ("Accepted".into(), json!({"status": "Accepted"})));
    let ordered = Job::CreateCsr { usage: CertificateUse::V2g, organization: "Operator".into() };
    assert_eq!(*bench.last_job(), ordered);
    bench.host_says(csr());
    sign(&mut bench, "Accepted");
    bench.send_message("CertificateSigned", r#"{"certificateChain":"CHAIN"}"#);
    let Job::InstallCertificate { usage: CertificateUse::V2g, certificate, replaces: false, .. } = bench.last_job()
    else {
        panic!("{:?}", bench.last_job())
    };
    assert_eq!(certificate, "CHAIN");
    assert!(bench.sent.is_empty(), "answered before the host had checked it");
    bench.host_says(JobUpdate::Done);
    assert_eq!(bench.taken(), ("Accepted".into(), json!({"status": "Accepted"})));
    assert!(!bench.calls_within(24 * 3600), "it was signed, and asked for again");
}

/// §3.1, with the security event of the white paper.
#[test]
fn certificate_that_is_not_valid_is_rejected_and_reported() {
    for (word, is_reported) in
        [(JobUpdate::Invalid, true), (JobUpdate::Revoked, true), (JobUpdate::Failed, false), (JobUpdate::Full, false)]
    {
        let mut bench = station(&[]);
        bench.send_message("CertificateSigned", r#"{"certificateChain":"CHAIN","certificateType":"V2GCertificate"}"#);
        bench.host_says(word);
        assert_eq!(bench.taken(), ("Accepted".into(), json!({"status": "Rejected"})));
        assert_eq!(bench.has_event("InvalidStationCertificate"), is_reported);
    }
    let mut bench = station(&[("CertificateSignedMaxChainSize", "4")]);
    for data in [
        r#"{"certificateChain":"CHAIN"}"#,
        r#"{"certificateChain":"CHA","certificateType":"ChargingStationCertificate"}"#,
    ] {
        bench.send_message("CertificateSigned", data);
        assert_eq!(bench.taken(), ("Accepted".into(), json!({"status": "Rejected"})));
    }
    assert!(bench.jobs.is_empty());
}

/// §9.3, §9.4: 5 minutes, then 10, then 20, then no more.
#[test]
fn request_is_made_again_after_twice_as_long_each_time() {
    let mut bench = station(&[("CertSigningWaitMinimum", "300"), ("CertSigningRepeatTimes", "3")]);
    bench.input(Input::Command(Command::SignCertificate { usage: CertificateUse::V2g }));
    bench.host_says(csr());
    sign(&mut bench, "Accepted");
    for wait in [300, 600, 1200] {
        let (jobs, asked) = (bench.jobs.len(), bench.now);
        assert!(!bench.calls_within(wait - 1) && bench.jobs.len() == jobs, "too early");
        bench.calls_within(1);
        assert_eq!((bench.jobs.len(), bench.now - asked), (jobs + 1, wait * 1000));
        bench.host_says(csr());
        sign(&mut bench, "Accepted");
    }
    let jobs = bench.jobs.len();
    assert!(!bench.calls_within(7 * 24 * 3600) && bench.jobs.len() == jobs);
    // A trigger begins anew.
    bench.send_message("TriggerMessage", "{}");
    bench.taken();
    bench.host_says(csr());
    sign(&mut bench, "Accepted");
    bench.calls_within(300);
    assert_eq!(bench.jobs.len(), jobs + 2);
}

#[test]
fn request_is_not_made_again_where_the_keys_say_so() {
    for keys in [
        [("CertSigningWaitMinimum", "0"), ("CertSigningRepeatTimes", "3")],
        [("CertSigningWaitMinimum", "300"), ("CertSigningRepeatTimes", "0")],
    ] {
        let mut bench = station(&keys);
        bench.input(Input::Command(Command::SignCertificate { usage: CertificateUse::V2g }));
        bench.host_says(csr());
        sign(&mut bench, "Accepted");
        assert!(!bench.calls_within(7 * 24 * 3600) && bench.jobs.len() == 1);
    }
}

/// §2.1: not before the CSMS wants it.
#[test]
fn csms_that_refuses_is_not_asked_again() {
    for answer in [
        json!({"status": "Accepted", "data": r#"{"status":"Rejected"}"#}),
        json!({"status": "Rejected"}),
        json!({"status": "UnknownVendorId"}),
        json!({"status": "UnknownMessageId"}),
    ] {
        let mut bench = station(&[]);
        bench.input(Input::Command(Command::SignCertificate { usage: CertificateUse::V2g }));
        bench.host_says(csr());
        let (id, _) = bench.message("SignCertificate");
        bench.frame(&json!([3, id, answer]));
        assert!(bench.has_event("cause: Refused"));
        assert!(!bench.calls_within(7 * 24 * 3600) && bench.jobs.len() == 1);
    }
}

#[test]
fn request_that_the_link_took_along_is_sent_with_the_next() {
    let mut bench = station(&[]);
    bench.input(Input::Command(Command::SignCertificate { usage: CertificateUse::V2g }));
    bench.host_says(csr());
    bench.message("SignCertificate");
    bench.input(Input::Link(LinkInput::Closed));
    bench.open();
    bench.answer_all("StatusNotification", &json!({}));
    sign(&mut bench, "Accepted");
}

/// A02, prerequisite; and a month before its end (A03.FR.02).
#[test]
fn certificate_is_renewed_a_month_before_its_end_if_its_owner_is_known() {
    const DAY: u64 = 24 * 3600;
    let mut bench = station(&[]);
    let at = wall(40 * DAY * 1000);
    bench.input(Input::Command(Command::CertificateExpires { usage: CertificateUse::V2g, at }));
    assert!(!bench.calls_within(10 * DAY - 1) && bench.jobs.is_empty());
    bench.calls_within(1);
    assert!(matches!(bench.last_job(), Job::CreateCsr { usage: CertificateUse::V2g, .. }));
    bench.host_says(JobUpdate::Failed);
    assert!(bench.has_event("no request was made"));
    let mut bench = station(&[("CpoName", "")]);
    bench.send_message("TriggerMessage", r#"{"requestedMessage":"SignV2GCertificate"}"#);
    assert_eq!(bench.taken(), ("Accepted".into(), json!({"status": "Rejected"})));
    bench.send_message("TriggerMessage", r#"{"requestedMessage":"BootNotification"}"#);
    assert_eq!(bench.taken(), ("Accepted".into(), json!({"status": "NotImplemented"})));
    assert!(bench.jobs.is_empty());
}

/// §4.3, §6.7, §8.11 (M05).
#[test]
fn root_is_installed_as_the_host_says() {
    for (word, status) in [
        (JobUpdate::Done, "Accepted"),
        (JobUpdate::Invalid, "Rejected"),
        (JobUpdate::Revoked, "Rejected"),
        (JobUpdate::Full, "Rejected"),
        (JobUpdate::Failed, "Failed"),
    ] {
        for (name, usage) in
            [("V2GRootCertificate", CertificateUse::V2gRoot), ("MORootCertificate", CertificateUse::MoRoot)]
        {
            let mut bench = station(&[]);
            let data = json!({"certificateType": name, "certificate": "PEM"}).to_string();
            bench.send_message("InstallCertificate", &data);
            let ordered = bench.last_job();
            assert!(matches!(ordered, Job::InstallCertificate { usage: u, replaces: false, .. } if *u == usage));
            bench.host_says(word.clone());
            assert_eq!(bench.taken(), ("Accepted".into(), json!({"status": status})));
        }
    }
}

/// §4.2, §6.3 (M04).
#[test]
fn certificate_is_deleted_as_the_host_says() {
    for (word, status) in
        [(JobUpdate::Done, "Accepted"), (JobUpdate::NotFound, "NotFound"), (JobUpdate::Failed, "Failed")]
    {
        let mut bench = station(&[]);
        bench.send_message("DeleteCertificate", &json!({"certificateHashData": hash_json("01")}).to_string());
        assert_eq!(*bench.last_job(), Job::DeleteCertificate { hash: hash("01") });
        bench.host_says(word);
        assert_eq!(bench.taken(), ("Accepted".into(), json!({"status": status})));
    }
}

/// §4.1, §6.6 (M03.FR.05: those between the station's own and its root are its children).
#[test]
fn installed_certificates_are_listed_with_their_chains() {
    let all = [CertificateUse::V2gRoot, CertificateUse::MoRoot, CertificateUse::V2g];
    for (asked, uses) in [
        (json!({}), &all[..]),
        (json!({"certificateType": []}), &all[..]),
        (json!({"certificateType": ["V2GCertificateChain"]}), &all[2..]),
        (json!({"certificateType": ["V2GRootCertificate", "MORootCertificate"]}), &all[..2]),
    ] {
        let mut bench = station(&[]);
        bench.send_message("GetInstalledCertificateIds", &asked.to_string());
        assert_eq!(*bench.last_job(), Job::ListCertificates { uses: uses.to_vec() });
    }
    let kept = |usage, serial, children: &[&str]| InstalledCertificate {
        usage,
        hash: hash(serial),
        children: children.iter().map(|serial| hash(serial)).collect(),
    };
    let mut bench = station(&[]);
    bench.send_message("GetInstalledCertificateIds", "{}");
    bench.host_says(JobUpdate::Certificates(
        [
            kept(CertificateUse::MoRoot, "01", &[]),
            kept(CertificateUse::CsmsRoot, "02", &[]),
            kept(CertificateUse::V2g, "03", &["04", "05"]),
        ]
        .into(),
    ));
    let chains = json!([
        {"certificateType": "MORootCertificate", "certificateHashData": hash_json("01")},
        {"certificateType": "V2GCertificateChain", "certificateHashData": hash_json("03"),
         "childCertificateHashData": [hash_json("04"), hash_json("05")]},
    ]);
    assert_eq!(bench.taken(), ("Accepted".into(), json!({"status": "Accepted", "certificateHashDataChain": chains})));
    bench.send_message("GetInstalledCertificateIds", "{}");
    bench.host_says(JobUpdate::Certificates(Vec::new()));
    assert_eq!(bench.taken(), ("Accepted".into(), json!({"status": "NotFound"})));
    bench.send_message("GetInstalledCertificateIds", "{}");
    bench.host_says(JobUpdate::Failed);
    assert_eq!(bench.taken(), ("Rejected".into(), Value::Null));
}

#[test]
fn slow_host_blocks_nothing_and_its_late_word_is_ignored() {
    let mut bench = station(&[]);
    for _ in 0..5 {
        bench.send_message("InstallCertificate", r#"{"certificateType":"MORootCertificate","certificate":"PEM"}"#);
    }
    // The fifth is more than the host may have to do at once.
    assert_eq!(bench.taken(), ("Accepted".into(), json!({"status": "Failed"})));
    bench.wait(19);
    assert!(bench.sent.is_empty());
    bench.wait(1);
    for _ in 0..4 {
        assert_eq!(bench.taken(), ("Accepted".into(), json!({"status": "Failed"})));
    }
    bench.host_says(JobUpdate::Done);
    assert!(bench.sent.is_empty());
}

#[test]
fn call_that_is_not_as_the_note_has_it_is_rejected_with_the_reason() {
    let mut bench = station(&[]);
    for (message, data, reason) in [
        ("CertificateSigned", "", "unexpected end"),
        ("CertificateSigned", "{}", "certificateChain"),
        ("InstallCertificate", r#"{"certificateType":"MORootCertificate"}"#, "certificate"),
        ("InstallCertificate", r#"{"certificateType":"CSMSRootCertificate","certificate":"x"}"#, "certificateType"),
        ("InstallCertificate", r#"{"certificateType":"V2GCertificateChain","certificate":"x"}"#, "certificateType"),
        ("DeleteCertificate", r#"{"certificateHashData":{"hashAlgorithm":"MD5"}}"#, "hashAlgorithm"),
        ("GetInstalledCertificateIds", r#"{"certificateType":["CSMSRootCertificate"]}"#, "certificateType"),
        ("TriggerMessage", "5", "expected"),
    ] {
        bench.send_message(message, data);
        let (status, told) = bench.taken();
        assert_eq!(status, "Rejected", "{message} {data}");
        assert!(told.as_str().unwrap().contains(reason), "{message} {data}: {told}");
    }
    bench.send_message("Authorize", "{}");
    assert_eq!(bench.taken(), ("UnknownMessageId".into(), Value::Null));
    assert!(bench.jobs.is_empty());
    // One that is too long is for the host to judge, as in a message of its own.
    bench.send_message(
        "InstallCertificate",
        &format!(r#"{{"certificateType":"MORootCertificate","certificate":"{}"}}"#, "x".repeat(5501)),
    );
    assert_eq!(bench.jobs.len(), 1);
}

fn watch(bench: &mut Bench, certificates: &[(&str, Option<u64>)]) {
    let watched = certificates.iter().map(|(serial, until)| WatchedCertificate {
        request: ocsp(serial),
        fresh_until: until.map(|seconds| wall(seconds * 1000)),
    });
    bench.input(Input::Command(Command::WatchCertificates(watched.collect())));
}

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// M06.FR.06, M06.FR.10, over three weeks.
#[test]
fn status_is_asked_for_at_once_and_once_a_week() {
    let mut bench = station(&[]);
    watch(&mut bench, &[("01", None), ("02", None)]);
    for serial in ["01", "02"] {
        let mut expected = hash_json(serial);
        expected["responderURL"] = "http://ocsp.example".into();
        let request =
            bench.answer_message("GetCertificateStatus", &json!({"status": "Accepted", "ocspResult": "MAA="}));
        assert_eq!(request, json!({"ocspRequestData": expected}));
        assert!(bench.has_event(r#"response: Some("MAA=")"#));
    }
    for _ in 0..3 {
        let before = bench.now;
        assert!(bench.calls_within(7 * DAY), "not asked within a week");
        assert_eq!(bench.now - before, 7 * DAY * 1000);
        for _ in 0..2 {
            bench.answer_message("GetCertificateStatus", &json!({"status": "Accepted", "ocspResult": "MAA="}));
        }
    }
}

/// OCSPRequestInterval, when it is asked for the next time.
#[test]
fn status_is_asked_for_as_often_as_the_csms_wants() {
    let mut bench = station(&[("OCSPRequestInterval", "86400")]);
    watch(&mut bench, &[("01", None)]);
    let answer = json!({"status": "Accepted", "ocspResult": "MAA="});
    bench.answer_message("GetCertificateStatus", &answer);
    assert!(!bench.calls_within(DAY - 1));
    assert!(bench.calls_within(1));
    bench.answer_message("GetCertificateStatus", &answer);
    bench.request("ChangeConfiguration", &json!({"key": "OCSPRequestInterval", "value": "7200"}));
    assert!(!bench.calls_within(2 * HOUR - 1));
    assert!(bench.calls_within(1));
}

#[test]
fn status_is_asked_for_an_hour_before_it_ends() {
    let mut bench = station(&[]);
    watch(&mut bench, &[("01", Some(12 * HOUR))]);
    assert!(!bench.calls_within(11 * HOUR - 1));
    assert!(bench.calls_within(1));
    bench.answer_message("GetCertificateStatus", &json!({"status": "Accepted", "ocspResult": "MAA="}));
    // One that is good for less than an hour is not asked for without end.
    let soon = bench.now / 1000 + 60;
    watch(&mut bench, &[("01", Some(soon))]);
    assert!(!bench.calls_within(15 * 60 - 1));
    assert!(bench.calls_within(1));
}

#[test]
fn status_that_the_csms_has_not_is_asked_for_again() {
    let mut bench = station(&[]);
    watch(&mut bench, &[("01", None)]);
    for answer in [json!({"status": "Failed"}), json!({"status": "Accepted"}), json!({})] {
        bench.events.clear();
        bench.answer_message("GetCertificateStatus", &answer);
        assert!(bench.has_event("response: None"), "{answer}");
        assert!(!bench.calls_within(15 * 60 - 1));
        assert!(bench.calls_within(1));
    }
    let (id, _) = bench.message("GetCertificateStatus");
    bench.frame(&json!([3, id, {"status": "UnknownMessageId"}]));
    assert!(!bench.calls_within(7 * DAY - 1), "a CSMS that does not know the message is asked on");
    assert!(bench.calls_within(1));
}

#[test]
fn status_waits_for_the_link_and_what_is_not_watched_is_not_asked_for() {
    let mut bench = station(&[]);
    watch(&mut bench, &[("01", None)]);
    bench.message("GetCertificateStatus");
    bench.input(Input::Link(LinkInput::Closed));
    bench.wait(DAY);
    bench.open();
    bench.answer_all("StatusNotification", &json!({}));
    bench.answer_all("Heartbeat", &json!({"currentTime": wall(bench.now).to_rfc3339()}));
    let (id, _) = bench.message("GetCertificateStatus");
    watch(&mut bench, &[]);
    bench.frame(&json!([3, id, {"status": "Accepted", "data": r#"{"status":"Failed"}"#}]));
    assert!(!bench.calls_within(8 * DAY));
    let watched = (0..21).map(|n| WatchedCertificate { request: ocsp(&n.to_string()), fresh_until: None }).collect();
    let result =
        bench.station.handle(Instant::from_millis(bench.now), Input::Command(Command::WatchCertificates(watched)));
    assert!(matches!(result, Err(MisuseError::Refused(_))));
}
