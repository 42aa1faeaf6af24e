//! What the host does for the CSMS: firmware (L01, L02), logs (N01), certificates (A02, M03 to M05); and the local list (D01, D02).

use super::*;
use crate::station::{
    Answer, AskId, CertificateHash, CertificateUse, HashAlgorithm, InstalledCertificate, Job, JobId, JobUpdate,
    UploadAnswer,
};

fn host(version: Dialect) -> Bench {
    let mut config = config(&[version], &[("CpoName", "Org")]);
    config.hardware.has_diagnostics = true;
    config.hardware.has_security_log = true;
    let mut bench = Bench::boot(config, version, Image::default(), 0);
    bench.connect();
    bench.told.clear();
    bench
}

impl Bench {
    fn job(&mut self) -> (JobId, Job) {
        assert_eq!(self.jobs.len(), 1, "{:?}", self.jobs);
        self.jobs.remove(0)
    }

    fn word(&mut self, job: JobId, word: JobUpdate) {
        self.input(Input::Job(job, word));
        self.serve();
    }

    /// The statuses that were told by this message, with the number of the request.
    fn statuses_of(&mut self, action: &str) -> Vec<String> {
        self.serve();
        let told = self.take(action);
        told.iter().map(|told| format!("{} {}", told["status"].as_str().unwrap(), told["requestId"])).collect()
    }
}

fn firmware(signed: bool) -> Value {
    let mut firmware = json!({"location": "https://f/1", "retrieveDateTime": wall(0).to_rfc3339()});
    if signed {
        firmware["signingCertificate"] = json!("PEM");
        firmware["signature"] = json!("c2ln");
    }
    json!({"requestId": 5, "firmware": firmware})
}

/// TC_L_18: who takes signed firmware takes no other, unless its maker says so (L02).
#[test]
fn firmware_that_nobody_signed_is_refused() {
    for version in EDITIONS {
        let mut bench = host(version);
        let refused = json!({"status": "Rejected", "statusInfo": {"reasonCode": "MissingParam"}});
        assert_eq!(bench.request("UpdateFirmware", &firmware(false)), refused);
        assert!(bench.jobs.is_empty(), "{:?}", bench.jobs);
        assert_eq!(bench.statuses_of("FirmwareStatusNotification"), [] as [&str; 0]);
    }
}

/// L02: each step is told with the number of the request, to the end over the restart.
#[test]
fn firmware_is_fetched_installed_and_told() {
    for version in EDITIONS {
        let config = host(version).config.with(|config| config.policy.takes_unsigned_firmware = true);
        let mut bench = Bench::boot(config, version, Image::default(), 0);
        bench.connect();
        bench.told.clear();
        assert_eq!(bench.request("UpdateFirmware", &firmware(false))["status"], "Accepted");
        let (id, job) = bench.job();
        assert!(matches!(job, Job::Download { .. }), "{job:?}");
        assert_eq!(bench.statuses_of("FirmwareStatusNotification"), ["Downloading 5"]);
        bench.word(id, JobUpdate::Done);
        let (id, job) = bench.job();
        assert!(matches!(job, Job::Install), "{job:?}");
        assert_eq!(bench.statuses_of("FirmwareStatusNotification"), ["Downloaded 5", "Installing 5"]);
        // L02.FR.15, L02.FR.18: what is being installed is not called back.
        assert_eq!(bench.request("UpdateFirmware", &firmware(false))["status"], "Rejected");
        bench.word(id, JobUpdate::Done);
        assert_eq!(bench.statuses_of("FirmwareStatusNotification"), ["Installed 5"], "L02.FR.20");
        // L02.FR.16.
        let asked = json!({"requestedMessage": "FirmwareStatusNotification"});
        assert_eq!(bench.request("TriggerMessage", &asked)["status"], "Accepted");
        assert_eq!(bench.statuses_of("FirmwareStatusNotification"), ["Idle null"]);
    }
}

/// L01.FR.02, L01.FR.11: the signer is looked at before anything is fetched.
#[test]
fn signer_of_firmware_is_looked_at_first() {
    for version in EDITIONS {
        let mut bench = host(version);
        bench.frame(&json!([2, "u", "UpdateFirmware", firmware(true)]));
        let (id, job) = bench.job();
        assert_eq!(job, Job::CheckSigner { certificate: "PEM".into() });
        assert!(bench.sent.is_empty(), "answered before the signer is known");
        bench.input(Input::Job(id, JobUpdate::Invalid));
        let answer = bench.sent.iter().find(|frame| frame[1] == "u").unwrap();
        assert_eq!(answer[2]["status"], "InvalidCertificate");
        assert!(bench.jobs.is_empty());
    }
}

/// N01: the name is told at once, the steps with the number, and a log that displaces another says so (N01.FR.12, N01.FR.20).
#[test]
fn log_is_sent_and_told() {
    for version in EDITIONS {
        let mut bench = host(version);
        let log =
            |id: i64, kind: &str| json!({"requestId": id, "logType": kind, "log": {"remoteLocation": "https://l/"}});
        let answer = bench.request("GetLog", &log(1, "DiagnosticsLog"));
        assert_eq!(answer["status"], "Accepted");
        assert!(answer["filename"].as_str().is_some_and(|name| !name.is_empty()), "N01.FR.01");
        let (first, job) = bench.job();
        assert!(matches!(job, Job::Upload { .. }), "{job:?}");
        assert_eq!(bench.statuses_of("LogStatusNotification"), ["Uploading 1"]);
        assert_eq!(bench.request("GetLog", &log(2, "SecurityLog"))["status"], "AcceptedCanceled");
        let jobs: Vec<(JobId, Job)> = core::mem::take(&mut bench.jobs);
        assert!(jobs.contains(&(first, Job::Cancel)), "{jobs:?}");
        assert_eq!(bench.statuses_of("LogStatusNotification"), ["AcceptedCanceled 1", "Uploading 2"]);
        let (second, _) = jobs.into_iter().find(|(id, _)| *id != first).unwrap();
        bench.word(second, JobUpdate::Done);
        assert_eq!(bench.statuses_of("LogStatusNotification"), ["Uploaded 2"]);
        let unknown = log(3, "DataCollectorLog");
        if version == Dialect::V2_1 {
            assert_eq!(bench.request("GetLog", &unknown)["status"], "Rejected", "N01.FR.05");
        }
    }
}

/// N01.FR.01: the name is the host's, where it wants to give one, or there is none.
#[test]
fn host_names_or_refuses_the_log_that_the_csms_wants() {
    let log = json!({"requestId": 1, "logType": "DiagnosticsLog", "log": {"remoteLocation": "https://l/"}});
    for (version, name) in EDITIONS.into_iter().flat_map(|version| [(version, Some("mine.zip")), (version, None)]) {
        let mut bench = host(version);
        let config = bench.config.clone().with(|config| config.policy.asks_about_uploads = true);
        bench = Bench::boot(config, version, bench.image.clone(), 0);
        bench.connect();
        bench.frame(&json!([2, "l", "GetLog", log]));
        assert!(bench.jobs.is_empty(), "nothing is decided");
        let decision = name.map_or(UploadAnswer::Refuse, |name| UploadAnswer::Name(name.into()));
        bench.input(Input::Answer(AskId(1), Answer::Upload(decision)));
        let answer = bench.sent.iter().find(|frame| frame[0] == 3).unwrap()[2].clone();
        assert_eq!(answer["status"], if name.is_some() { "Accepted" } else { "Rejected" });
        assert_eq!((answer["filename"].as_str(), bench.jobs.len()), (name, usize::from(name.is_some())));
    }
}

fn hash(serial: &str) -> CertificateHash {
    CertificateHash {
        algorithm: HashAlgorithm::Sha256,
        issuer_name_hash: "aa".into(),
        issuer_key_hash: "bb".into(),
        serial_number: serial.into(),
    }
}

/// M03.FR.02 to M03.FR.05.
#[test]
fn installed_certificates_are_listed_with_their_chains() {
    for version in EDITIONS {
        let mut bench = host(version);
        let all = json!({"certificateType": ["V2GCertificateChain", "CSMSRootCertificate"]});
        bench.frame(&json!([2, "l", "GetInstalledCertificateIds", all]));
        let (id, job) = bench.job();
        assert_eq!(job, Job::ListCertificates { uses: [CertificateUse::CsmsRoot, CertificateUse::V2g].to_vec() });
        let kept = [
            InstalledCertificate { usage: CertificateUse::CsmsRoot, hash: hash("1"), children: Vec::new() },
            InstalledCertificate { usage: CertificateUse::V2g, hash: hash("2"), children: [hash("3")].to_vec() },
        ];
        bench.input(Input::Job(id, JobUpdate::Certificates(kept.to_vec())));
        let answer = bench.sent.iter().find(|frame| frame[1] == "l").unwrap()[2].clone();
        assert_eq!(answer["status"], "Accepted");
        let chains = answer["certificateHashDataChain"].as_array().unwrap();
        assert_eq!(chains[0]["certificateType"], "CSMSRootCertificate");
        assert_eq!(chains[1]["childCertificateHashData"][0]["serialNumber"], "3", "M03.FR.05");
        bench.sent.clear();
        bench.frame(&json!([2, "n", "GetInstalledCertificateIds", {}]));
        let (id, _) = bench.job();
        bench.input(Input::Job(id, JobUpdate::Certificates(Vec::new())));
        assert_eq!(bench.sent[0][2], json!({"status": "NotFound"}), "M03.FR.02");
    }
}

/// M05, M04: as the host's store says.
#[test]
fn certificates_are_installed_and_deleted_by_the_host() {
    let mut bench = host(Dialect::V2_0_1);
    for (word, status) in
        [(JobUpdate::Done, "Accepted"), (JobUpdate::Invalid, "Rejected"), (JobUpdate::Failed, "Failed")]
    {
        let root = json!({"certificateType": "CSMSRootCertificate", "certificate": "PEM"});
        bench.frame(&json!([2, status, "InstallCertificate", root]));
        let (id, job) = bench.job();
        assert!(matches!(&job, Job::InstallCertificate { usage: CertificateUse::CsmsRoot, .. }), "{job:?}");
        bench.input(Input::Job(id, word));
        let place = bench.sent.iter().position(|frame| frame[1] == status).unwrap();
        assert_eq!(bench.sent.remove(place)[2]["status"], status);
        bench.serve();
    }
    let data = json!({"hashAlgorithm": "SHA256", "issuerNameHash": "aa", "issuerKeyHash": "bb", "serialNumber": "1"});
    bench.frame(&json!([2, "d", "DeleteCertificate", {"certificateHashData": data}]));
    let (id, job) = bench.job();
    assert_eq!(job, Job::DeleteCertificate { hash: hash("1") });
    bench.input(Input::Job(id, JobUpdate::Done));
    assert_eq!(bench.sent[0][2]["status"], "Accepted");
}

/// A02.FR.02, A02.FR.03, A02.FR.06, A02.FR.07.
#[test]
fn certificate_of_the_station_is_renewed_when_asked_for() {
    for version in EDITIONS {
        let mut bench = host(version);
        let asked = json!({"requestedMessage": "SignChargingStationCertificate"});
        assert_eq!(bench.request("TriggerMessage", &asked)["status"], "Accepted");
        let (id, job) = bench.job();
        assert!(matches!(&job, Job::CreateCsr { usage: CertificateUse::Station, .. }), "{job:?}");
        bench.input(Input::Job(id, JobUpdate::Csr("CSR".into())));
        let request = bench.answer("SignCertificate", &json!({"status": "Accepted"}));
        assert_eq!(request, json!({"csr": "CSR", "certificateType": "ChargingStationCertificate"}));
        let chain = json!({"certificateChain": "PEM", "certificateType": "ChargingStationCertificate"});
        bench.frame(&json!([2, "s", "CertificateSigned", chain]));
        let (id, job) = bench.job();
        assert!(matches!(&job, Job::InstallCertificate { usage: CertificateUse::Station, .. }), "{job:?}");
        bench.input(Input::Job(id, JobUpdate::Invalid));
        let answer = bench.sent.iter().find(|frame| frame[1] == "s").unwrap().clone();
        assert_eq!(answer[2]["status"], "Rejected");
        bench.serve();
        let events = bench.take("SecurityEventNotification");
        assert!(events.iter().any(|event| event["type"] == "InvalidChargingStationCertificate"), "{events:?}");
        let v2g = json!({"certificateChain": "PEM", "certificateType": "V2GCertificate"});
        assert_eq!(bench.request("CertificateSigned", &v2g)["status"], "Rejected");
    }
}

/// A02.FR.17 to A02.FR.19 (A22 of the field list): each time after twice as long, and then no more.
#[test]
fn certificate_that_does_not_come_is_asked_for_again_with_growing_waits() {
    for (wait, expected) in [("10", &[10_u64, 20, 40][..]), ("0", &[])] {
        let settings = [
            ("CpoName", "Org"),
            ("SecurityCtrlr.CertSigningWaitMinimum", wait),
            ("SecurityCtrlr.CertSigningRepeatTimes", "3"),
        ];
        let mut bench = Bench::accepted(Dialect::V2_0_1, &settings);
        bench.request("TriggerMessage", &json!({"requestedMessage": "SignChargingStationCertificate"}));
        let mut asked = Vec::new();
        for _ in 0..300 {
            while let Some((id, _)) = bench.jobs.pop() {
                bench.input(Input::Job(id, JobUpdate::Csr("CSR".into())));
            }
            if bench.sent.iter().any(|frame| frame[2] == "SignCertificate") {
                bench.answer("SignCertificate", &json!({"status": "Accepted"}));
                asked.push(bench.now / 1000);
            }
            bench.serve();
            bench.wait(1);
        }
        let waits: Vec<u64> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(waits, expected);
    }
}

/// D01.FR.04, D01.FR.15 to D01.FR.19, D02.FR.01 to D02.FR.03.
#[test]
fn local_list_is_replaced_changed_and_told_by_its_version() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[]);
        let told = |bench: &mut Bench| bench.request("GetLocalListVersion", &json!({}))["versionNumber"].clone();
        let entry = |token: &str, status: &str| json!({"idToken": {"idToken": token, "type": "ISO14443"}, "idTokenInfo": {"status": status}});
        let send = |bench: &mut Bench, kind: &str, number: i64, list: &Value| {
            let mut request = json!({"updateType": kind, "versionNumber": number});
            if list != &json!([]) {
                request["localAuthorizationList"] = list.clone();
            }
            bench.request("SendLocalList", &request)["status"].as_str().unwrap().to_owned()
        };
        let entries = |bench: &mut Bench| {
            let wanted = json!({"component": {"name": "LocalAuthListCtrlr"}, "variable": {"name": "Entries"}});
            let answer = bench.request("GetVariables", &json!({"getVariableData": [wanted]}));
            answer["getVariableResult"][0]["attributeValue"].as_str().unwrap().to_owned()
        };
        assert_eq!(told(&mut bench), 0, "D02.FR.02");
        let list = json!([entry("A", "Accepted"), entry("B", "Blocked")]);
        assert_eq!(send(&mut bench, "Full", 3, &list), "Accepted");
        assert_eq!((told(&mut bench), entries(&mut bench)), (json!(3), "2".into()));
        assert_eq!(send(&mut bench, "Differential", 3, &json!([entry("C", "Accepted")])), "VersionMismatch");
        let removal = json!([{"idToken": {"idToken": "A", "type": "ISO14443"}}, entry("C", "Accepted")]);
        assert_eq!(send(&mut bench, "Differential", 4, &removal), "Accepted");
        assert_eq!((told(&mut bench), entries(&mut bench)), (json!(4), "2".into()), "D01.FR.16, D01.FR.17");
        let mut bench = bench.cut();
        bench.connect();
        assert_eq!(told(&mut bench), 4, "D01.FR.10");
        assert_eq!(send(&mut bench, "Full", 5, &json!([])), "Accepted");
        assert_eq!((told(&mut bench), entries(&mut bench)), (json!(5), "0".into()), "D01.FR.04 (TC_D_04_CS)");
        assert_eq!(send(&mut bench, "Differential", 5, &list), "VersionMismatch", "D01.FR.19");
        assert_eq!(send(&mut bench, "Differential", 6, &json!([entry("A", "Accepted")])), "Accepted");
        let removal = json!([{"idToken": {"idToken": "A", "type": "ISO14443"}}]);
        assert_eq!(send(&mut bench, "Differential", 7, &removal), "Accepted");
        assert_eq!((told(&mut bench), entries(&mut bench)), (json!(7), "0".into()), "D01.FR.17 (TC_D_03_CS)");
        let mut bench = bench.cut();
        bench.connect();
        assert_eq!(told(&mut bench), 7, "D01.FR.10");
    }
}
