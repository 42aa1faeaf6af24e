//! Certificates (1.6 security A02, A03, M03, M04, M05): what becomes of each word of the host, and of a host without words.

use alloc::vec;

use super::super::*;
use crate::MisuseError;
use crate::station::{CertificateHash, CertificateUse, Command, HashAlgorithm, InstalledCertificate, JobUpdate};

const PEM: &str = "-----BEGIN CERTIFICATE-----\nY2VydA==\n-----END CERTIFICATE-----\n";
const CSR: &str = "-----BEGIN CERTIFICATE REQUEST-----\nY3Ny\n-----END CERTIFICATE REQUEST-----\n";
const OWNED: &[(&str, &str)] = &[("CpoName", "The CPO"), ("SecurityProfile", "3")];
const DAY: u64 = 24 * 60 * 60;

fn hash() -> CertificateHash {
    CertificateHash {
        algorithm: HashAlgorithm::Sha384,
        issuer_name_hash: "A1".into(),
        issuer_key_hash: "B2".into(),
        serial_number: "FFF".into(),
    }
}

fn hash_data() -> Value {
    json!({"hashAlgorithm": "SHA384", "issuerNameHash": "A1", "issuerKeyHash": "B2", "serialNumber": "FFF"})
}

fn install(usage: CertificateUse, replaces: bool) -> Job {
    Job::InstallCertificate { usage, certificate: PEM.into(), most: 10, replaces }
}

fn station() -> Bench {
    let mut bench = Bench::accepted(OWNED);
    bench.answer("SecurityEventNotification", &json!({}));
    bench.events.clear();
    bench
}

impl Bench {
    /// Sends a call, checks the job that it becomes, and lets the host end it. Gives the answer.
    fn with_host(&mut self, action: &str, payload: &Value, expected: &Job, word: JobUpdate) -> Value {
        let before = self.sent.len();
        self.requests += 1;
        self.frame(&json!([2, format!("r{}", self.requests), action, payload]));
        assert_eq!(self.sent.len(), before, "answered without the host");
        assert_eq!(self.jobs.len(), 1);
        let (id, job) = self.jobs.remove(0);
        assert_eq!(&job, expected);
        self.input(Input::Job(id, word));
        self.take_answer(before)
    }

    /// The security events that the host was told of, with what is said beside them.
    fn raised(&mut self) -> Vec<String> {
        let told = core::mem::take(&mut self.events);
        let name = |event: String| event.strip_prefix("SecurityEvent { kind: ").map(ToOwned::to_owned);
        told.into_iter().filter_map(name).collect()
    }

    fn makes_request(&mut self) -> JobId {
        assert_eq!(self.jobs.len(), 1);
        let (id, job) = self.jobs.remove(0);
        assert_eq!(job, Job::CreateCsr { usage: CertificateUse::Station, organization: "The CPO".into() });
        id
    }

    fn expires(&mut self, days: u64) {
        let at = wall(self.now + days * DAY * 1000);
        self.input(Input::Command(Command::CertificateExpires { usage: CertificateUse::Station, at }));
    }

    fn trigger_request(&mut self) -> Value {
        self.request("ExtendedTriggerMessage", &json!({"requestedMessage": "SignChargePointCertificate"}))["status"]
            .clone()
    }
}

/// A02.FR.02, A02.FR.03, A02.FR.13.
#[test]
fn request_is_made_by_the_host_and_sent_when_the_csms_asks() {
    let mut bench = station();
    assert_eq!(bench.trigger_request(), "Accepted");
    let id = bench.makes_request();
    assert!(bench.sent.is_empty(), "the host needs its time");
    bench.input(Input::Job(id, JobUpdate::Csr(CSR.into())));
    assert_eq!(bench.answer("SignCertificate", &json!({"status": "Accepted"})), json!({"csr": CSR}));
    let signed = json!({"certificateChain": PEM});
    let answer =
        bench.with_host("CertificateSigned", &signed, &install(CertificateUse::Station, false), JobUpdate::Done);
    assert_eq!(answer, json!({"status": "Accepted"}));
    assert_eq!(bench.raised(), ["ReconfigurationOfSecurityParameters, info: Some(\"ChargePointCertificate\") }"]);
}

/// A02.FR.08: with profile 3 the connection is made anew by the new certificate, after the answer.
#[test]
fn station_connects_anew_with_its_new_certificate_where_it_proves_itself_by_one() {
    for (profile, reconnects) in [("2", false), ("3", true)] {
        let mut bench = Bench::accepted(&[("CpoName", "The CPO"), ("SecurityProfile", profile)]);
        bench.link.clear();
        let signed = json!({"certificateChain": PEM});
        let job = install(CertificateUse::Station, false);
        assert_eq!(bench.with_host("CertificateSigned", &signed, &job, JobUpdate::Done), json!({"status": "Accepted"}));
        assert_eq!(bench.link.first().is_some_and(|order| order == "Close"), reconnects, "{:?}", bench.link);
        bench.wait(2);
        assert_eq!(bench.link.iter().any(|order| order.contains("Connect")), reconnects, "{:?}", bench.link);
    }
}

/// A05.FR.03: what was installed counts for the profile that needs it.
#[test]
fn installed_root_lets_the_profile_rise() {
    let mut bench = Bench::accepted(&[]);
    let higher = json!({"key": "SecurityProfile", "value": "2"});
    bench.request(
        "ChangeConfiguration",
        &json!({"key": "AuthorizationKey", "value": "00112233445566778899AABBCCDDEEFF"}),
    );
    bench.wait(2);
    bench.open();
    assert_eq!(bench.request("ChangeConfiguration", &higher)["status"], "Rejected");
    let request = json!({"certificateType": "CentralSystemRootCertificate", "certificate": PEM});
    bench.with_host("InstallCertificate", &request, &install(CertificateUse::CsmsRoot, false), JobUpdate::Done);
    assert_eq!(bench.request("ChangeConfiguration", &higher)["status"], "Accepted");
}

/// A02, prerequisite.
#[test]
fn without_the_name_of_its_owner_no_certificate_is_asked_for() {
    let mut bench = Bench::accepted(&[]);
    assert_eq!(bench.trigger_request(), "Rejected");
    bench.input(Input::Command(Command::SignCertificate { usage: CertificateUse::Station }));
    assert!(bench.events.last().is_some_and(|event| event.contains("CpoName")), "{:?}", bench.events.last());
    assert_eq!(bench.jobs, []);
    bench.request("ChangeConfiguration", &json!({"key": "CpoName", "value": "The CPO"}));
    assert_eq!(bench.trigger_request(), "Accepted");
    bench.makes_request();
}

/// 1.6 §4.2, and A00.FR.806: credentials can be changed while the station has to wait.
#[test]
fn request_that_was_asked_for_leaves_before_the_station_is_accepted() {
    let mut bench = Bench::new(Image::default(), OWNED);
    bench.open();
    bench.boot("Pending");
    bench.input(Input::Command(Command::SignCertificate { usage: CertificateUse::Station }));
    let id = bench.makes_request();
    bench.input(Input::Job(id, JobUpdate::Csr("of its own accord".into())));
    assert!(bench.sent.is_empty());
    assert_eq!(bench.trigger_request(), "Accepted");
    let id = bench.makes_request();
    bench.input(Input::Job(id, JobUpdate::Csr(CSR.into())));
    assert_eq!(bench.answer("SignCertificate", &json!({"status": "Accepted"})), json!({"csr": CSR}));
    bench.wait(400);
    bench.boot("Accepted");
    bench.answer_all("StatusNotification", &json!({}));
    assert!(!bench.sent.iter().any(|call| call[2] == "SignCertificate"), "the keys of the first were replaced");
}

/// An answer belongs to the request that was sent, not to the one that was made meanwhile.
#[test]
fn request_that_was_made_while_another_was_on_its_way_leaves_next() {
    for is_lost in [false, true] {
        let mut bench = station();
        for csr in ["first", "second"] {
            bench.trigger_request();
            let id = bench.makes_request();
            bench.input(Input::Job(id, JobUpdate::Csr(csr.into())));
        }
        if is_lost {
            assert_eq!(bench.call("SignCertificate").1["csr"], "first");
            bench.input(Input::Link(LinkInput::Closed));
            bench.open();
        } else {
            assert_eq!(bench.answer("SignCertificate", &json!({"status": "Accepted"}))["csr"], "first");
        }
        assert_eq!(bench.answer("SignCertificate", &json!({"status": "Accepted"}))["csr"], "second");
        assert_eq!(bench.sent, Vec::<Value>::new());
    }
}

/// A03.FR.02.
#[test]
fn certificate_is_renewed_once_a_month_before_it_expires() {
    let mut bench = station();
    bench.expires(32);
    bench.wait_with_heartbeats(5);
    assert_eq!(bench.jobs, []);
    let mut bench = station();
    bench.expires(30);
    let id = bench.makes_request();
    bench.input(Input::Job(id, JobUpdate::Csr(CSR.into())));
    bench.answer("SignCertificate", &json!({"status": "Rejected"}));
    assert!(bench.events.last().is_some_and(|event| event.contains("SignCertificate") && event.contains("Rejected")));
    bench.wait_with_heartbeats(600);
    assert_eq!(bench.jobs, [], "nobody is asked again and again");
    bench.expires(20);
    bench.makes_request();
}

#[test]
fn renewal_waits_for_its_day() {
    let mut bench = station();
    let at = wall(bench.now + 60_000 + 30 * DAY * 1000);
    bench.input(Input::Command(Command::CertificateExpires { usage: CertificateUse::Station, at }));
    bench.wait(59);
    assert_eq!(bench.jobs, []);
    bench.wait(1);
    bench.makes_request();
}

/// A request that was lost with the link is sent again; one that the CSMS refused is not.
#[test]
fn request_survives_a_lost_link_and_not_a_refusal() {
    let mut bench = station();
    bench.trigger_request();
    let id = bench.makes_request();
    bench.input(Input::Job(id, JobUpdate::Csr(CSR.into())));
    bench.call("SignCertificate");
    bench.input(Input::Link(LinkInput::Closed));
    bench.open();
    let (call, request) = bench.call("SignCertificate");
    assert_eq!(request, json!({"csr": CSR}));
    bench.frame(&json!([4, call, "NotSupported", "", {}]));
    bench.wait(100);
    assert!(!bench.sent.iter().any(|call| call[2] == "SignCertificate"));
}

/// A second request takes the place of one that the host is slow to make, and a failed one is told.
#[test]
fn later_request_cancels_the_one_that_is_being_made() {
    let mut bench = station();
    bench.trigger_request();
    let first = bench.makes_request();
    bench.trigger_request();
    assert_eq!(bench.jobs.remove(0), (first, Job::Cancel));
    let second = bench.makes_request();
    bench.input(Input::Job(first, JobUpdate::Csr(CSR.into())));
    assert!(bench.sent.is_empty());
    bench.input(Input::Job(second, JobUpdate::Failed));
    assert!(bench.sent.is_empty() && bench.events.last().is_some_and(|event| event.contains("no request was made")));
}

/// TC_077_CS, A02.FR.06, A02.FR.07.
#[test]
fn signed_certificate_that_is_not_valid_is_refused_and_told() {
    for (word, events) in [
        (JobUpdate::Invalid, vec!["InvalidStationCertificate, info: None }"]),
        (JobUpdate::Revoked, vec!["InvalidStationCertificate, info: None }"]),
        (JobUpdate::Failed, vec![]),
    ] {
        let mut bench = station();
        let signed = json!({"certificateChain": PEM});
        let job = install(CertificateUse::Station, false);
        assert_eq!(bench.with_host("CertificateSigned", &signed, &job, word), json!({"status": "Rejected"}));
        assert_eq!(bench.raised(), events);
        let sent: Vec<_> = bench.sent.iter().map(|call| call[3]["type"].clone()).collect();
        assert_eq!(sent, vec![json!("InvalidChargePointCertificate"); events.len()]);
    }
}

/// §7.3: counted in characters.
#[test]
fn chain_that_is_longer_than_the_station_takes_is_refused_at_once() {
    let mut bench = Bench::accepted(&[("CertificateSignedMaxChainSize", "100")]);
    let chain = "ü".repeat(100);
    bench.frame(&json!([2, "c", "CertificateSigned", {"certificateChain": chain}]));
    assert_eq!(bench.jobs.len(), 1);
    bench.jobs.clear();
    let chain = "ü".repeat(101);
    assert_eq!(bench.request("CertificateSigned", &json!({"certificateChain": chain})), json!({"status": "Rejected"}));
    assert_eq!(bench.jobs, []);
}

/// The longest chain that the schema allows fits into a frame that the station takes.
#[test]
fn longest_chain_is_taken() {
    let mut bench = station();
    let chain = "MIIB\n".repeat(2000);
    bench.frame(&json!([2, "c", "CertificateSigned", {"certificateChain": chain}]));
    assert!(
        matches!(bench.jobs.as_slice(), [(_, Job::InstallCertificate { certificate, .. })] if *certificate == chain)
    );
}

/// TC_075_1_CS, TC_075_2_CS, TC_078_CS; M05.FR.01 to FR.06.
#[test]
fn root_is_installed_as_the_host_says() {
    let cases = [
        (JobUpdate::Done, "Accepted"),
        (JobUpdate::Invalid, "Rejected"),
        (JobUpdate::Revoked, "Rejected"),
        (JobUpdate::Full, "Rejected"),
        (JobUpdate::Failed, "Failed"),
        (JobUpdate::NotFound, "Failed"),
    ];
    for (name, usage) in [
        ("CentralSystemRootCertificate", CertificateUse::CsmsRoot),
        ("ManufacturerRootCertificate", CertificateUse::ManufacturerRoot),
    ] {
        for (word, status) in cases.clone() {
            let mut bench = station();
            let request = json!({"certificateType": name, "certificate": PEM});
            let answer = bench.with_host("InstallCertificate", &request, &install(usage, false), word.clone());
            assert_eq!(answer, json!({"status": status}), "{word:?}");
            let is_bad = matches!(word, JobUpdate::Invalid | JobUpdate::Revoked) && usage == CertificateUse::CsmsRoot;
            let expected = match word {
                JobUpdate::Done => vec![format!("ReconfigurationOfSecurityParameters, info: Some({name:?}) }}")],
                _ if is_bad => vec!["InvalidCsmsCertificate, info: None }".to_owned()],
                _ => vec![],
            };
            assert_eq!(bench.raised(), expected, "{name} {word:?}");
        }
    }
}

/// M05.FR.03, M05.FR.09: the host knows what there is, the station what may be.
#[test]
fn host_is_told_how_many_roots_may_be_and_whether_one_replaces() {
    let settings = [("CertificateStoreMaxLength", "3"), ("AdditionalRootCertificateCheck", "true")];
    for (name, usage, replaces) in [
        ("CentralSystemRootCertificate", CertificateUse::CsmsRoot, true),
        ("ManufacturerRootCertificate", CertificateUse::ManufacturerRoot, false),
    ] {
        let mut bench = Bench::accepted(&settings);
        let request = json!({"certificateType": name, "certificate": PEM});
        let job = Job::InstallCertificate { usage, certificate: PEM.into(), most: 3, replaces };
        bench.with_host("InstallCertificate", &request, &job, JobUpdate::Done);
    }
}

/// TC_076_CS; M04.FR.01 to FR.06.
#[test]
fn certificate_is_deleted_as_the_host_says() {
    for (word, status) in
        [(JobUpdate::Done, "Accepted"), (JobUpdate::NotFound, "NotFound"), (JobUpdate::Failed, "Failed")]
    {
        let mut bench = station();
        let request = json!({"certificateHashData": hash_data()});
        let job = Job::DeleteCertificate { hash: hash() };
        assert_eq!(bench.with_host("DeleteCertificate", &request, &job, word), json!({"status": status}));
        assert_eq!(bench.raised().len(), usize::from(status == "Accepted"));
    }
}

/// M03.FR.01 to FR.04.
#[test]
fn certificates_are_listed_with_their_hashes() {
    let kept = |hash| InstalledCertificate { usage: CertificateUse::CsmsRoot, hash, children: Vec::new() };
    let unfit = CertificateHash { serial_number: "F".repeat(41).as_str().into(), ..hash() };
    let job = Job::ListCertificates { uses: vec![CertificateUse::CsmsRoot] };
    let request = json!({"certificateType": "CentralSystemRootCertificate"});
    for (list, expected) in [
        (vec![], json!({"status": "NotFound"})),
        (vec![kept(hash())], json!({"status": "Accepted", "certificateHashData": [hash_data()]})),
        (vec![kept(unfit), kept(hash())], json!({"status": "Accepted", "certificateHashData": [hash_data()]})),
    ] {
        let word = JobUpdate::Certificates(list);
        assert_eq!(station().with_host("GetInstalledCertificateIds", &request, &job, word), expected);
    }
    let answer = station().with_host("GetInstalledCertificateIds", &request, &job, JobUpdate::Failed);
    assert_eq!(answer, "InternalError", "not the same as none");
}

/// A host that says nothing: every call is answered, and the station goes on.
#[test]
fn silent_host_holds_nothing_up() {
    let install = json!({"certificateType": "ManufacturerRootCertificate", "certificate": PEM});
    let calls = [
        ("CertificateSigned", json!({"certificateChain": PEM}), json!({"status": "Rejected"})),
        ("InstallCertificate", install, json!({"status": "Failed"})),
        ("DeleteCertificate", json!({"certificateHashData": hash_data()}), json!({"status": "Failed"})),
        (
            "GetInstalledCertificateIds",
            json!({"certificateType": "ManufacturerRootCertificate"}),
            json!("InternalError"),
        ),
    ];
    for (action, request, expected) in calls {
        let mut bench = station();
        bench.frame(&json!([2, "c", action, request]));
        let (id, _) = bench.jobs.remove(0);
        bench.wait(19);
        assert!(bench.sent.is_empty(), "{action}");
        bench.wait(1);
        assert_eq!(bench.take_answer(0), expected, "{action}");
        assert_eq!(bench.jobs.remove(0), (id, Job::Cancel));
        bench.input(Input::Job(id, JobUpdate::Done));
        assert!(bench.sent.is_empty() && bench.raised().is_empty(), "{action}: a late word changed something");
    }
}

/// What waits for the host is bounded.
#[test]
fn too_much_work_for_the_host_fails_at_once() {
    let mut bench = station();
    let request = json!({"certificateType": "ManufacturerRootCertificate", "certificate": PEM});
    for n in 0..4 {
        bench.frame(&json!([2, format!("c{n}"), "InstallCertificate", request]));
    }
    assert_eq!((bench.jobs.len(), bench.sent.len()), (4, 0));
    assert_eq!(bench.request("InstallCertificate", &request), json!({"status": "Failed"}));
}

/// Its own name is for no other certificate.
#[test]
fn other_certificates_of_its_own_are_not_the_cores_to_renew() {
    let mut bench = station();
    let command = Command::SignCertificate { usage: CertificateUse::CsmsRoot };
    let result = bench.station.handle(Instant::from_millis(bench.now), Input::Command(command));
    assert!(matches!(result, Err(MisuseError::Refused(_))), "{result:?}");
    assert_eq!(bench.jobs, []);
}
