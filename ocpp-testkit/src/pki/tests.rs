use base64ct::{Base64, Encoding};
use chrono::{DateTime, TimeDelta, Utc};
use ocpp_core::station::{CertificateHash, CertificateUse, HashAlgorithm, Job, JobUpdate};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, CertifiedIssuer, DistinguishedName, DnType,
    IsCa, Issuer, KeyPair, date_time_ymd,
};

use super::*;

const ROOT: CertificateUse = CertificateUse::CsmsRoot;
const OWN: CertificateUse = CertificateUse::Station;
/// Made with openssl: a root, and two who sign firmware by it, with RSA and on P-256.
const MAKER: &str = include_str!("fixtures/root.pem");
const SIGNERS: [&str; 2] = [include_str!("fixtures/signer-rsa.pem"), include_str!("fixtures/signer-ec.pem")];

fn now() -> DateTime<Utc> {
    "2030-01-01T12:00:00Z".parse().unwrap()
}

fn vault() -> Vault {
    Vault::open(None, "SN1").unwrap()
}

/// A root in its time, with a name.
fn root(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    CertifiedIssuer::self_signed(ca(name), KeyPair::generate().unwrap()).unwrap()
}

fn ca(name: &str) -> CertificateParams {
    let mut params = subject("CPO", name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn subject(organization: &str, name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, organization);
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2029, 1, 1);
    params.not_after = date_time_ymd(2031, 1, 1);
    params
}

fn install_of(usage: CertificateUse, certificate: &str, most: u32, replaces: bool) -> Job {
    Job::InstallCertificate { usage, certificate: certificate.to_owned(), most, replaces }
}

fn install(vault: &mut Vault, usage: CertificateUse, certificate: &str) -> JobUpdate {
    vault.carry_out(now(), &install_of(usage, certificate, 5, false)).unwrap()
}

fn csr(vault: &mut Vault) -> String {
    let job = Job::CreateCsr { usage: OWN, organization: "CPO".into() };
    match vault.carry_out(now(), &job).unwrap() {
        JobUpdate::Csr(csr) => csr,
        other => panic!("no request but {other:?}"),
    }
}

/// What `issuer` makes of a request, after `change`.
fn signed<S: rcgen::SigningKey>(
    issuer: &Issuer<'_, S>,
    csr: &str,
    change: impl FnOnce(&mut CertificateParams),
) -> String {
    let mut request = CertificateSigningRequestParams::from_pem(csr).unwrap();
    request.params.not_before = date_time_ymd(2029, 6, 1);
    request.params.not_after = date_time_ymd(2031, 1, 1);
    change(&mut request.params);
    request.signed_by(issuer).unwrap().pem()
}

fn list(vault: &mut Vault, usage: CertificateUse) -> Vec<CertificateHash> {
    match vault.carry_out(now(), &Job::ListCertificates { uses: vec![usage] }).unwrap() {
        JobUpdate::Certificates(kept) => kept.into_iter().map(|kept| kept.hash).collect(),
        other => panic!("no list but {other:?}"),
    }
}

fn delete(vault: &mut Vault, hash: &CertificateHash) -> JobUpdate {
    vault.carry_out(now(), &Job::DeleteCertificate { hash: hash.clone() }).unwrap()
}

/// 1.6 security §6.1, RFC 6960: the values are those that `openssl ocsp` writes into its requests.
#[test]
fn hashes_of_certificates_are_those_of_openssl() {
    let (root, signer) = (Certificate::of(MAKER).unwrap(), Certificate::of(SIGNERS[0]).unwrap());
    let algorithms = [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512];
    let mut names: Vec<_> = algorithms.map(|algorithm| signer.hash(root.key(), algorithm)).into();
    names.push(root.hash(root.key(), HashAlgorithm::Sha256));
    for (name, line) in names.iter().zip(include_str!("fixtures/hashes.txt").lines()) {
        let made =
            format!("{:?} {} {} {}", name.algorithm, name.issuer_name_hash, name.issuer_key_hash, name.serial_number);
        // OpenSSL writes whole bytes, OCPP no leading zeros.
        assert_eq!(made.to_lowercase(), line.to_lowercase().replace(" 0fff", " fff"));
    }
    assert_eq!(names.len(), 4);
}

#[test]
fn firmware_signatures_of_openssl_are_checked_over_the_whole_file() {
    let signers = SIGNERS.map(|pem| Certificate::of(pem).unwrap());
    let signature = |text: &str| Base64::decode_vec(text.trim()).unwrap();
    let pss = signature(include_str!("fixtures/rsa-pss.txt"));
    let ecdsa = signature(include_str!("fixtures/ecdsa.txt"));
    assert!(has_signed(&signers[0], b"firmware", &pss));
    assert!(has_signed(&signers[1], b"firmware", &ecdsa));
    assert!(!has_signed(&signers[0], b"firmwarf", &pss));
    assert!(!has_signed(&signers[1], b"firmware ", &ecdsa));
    assert!(!has_signed(&signers[1], b"firmware", &pss));
    assert!(!has_signed(&signers[0], b"firmware", &[]));
    // L01.FR.04 has RSA-PSS, not PKCS #1 v1.5.
    assert!(!has_signed(&signers[0], b"firmware", &signature(include_str!("fixtures/rsa-pkcs1.txt"))));
}

/// 1.6 security L01.FR.23, FR.24.
#[test]
fn signer_of_firmware_is_checked_up_to_the_manufacturers_root() {
    let mut vault = vault();
    let check = |vault: &mut Vault, certificate: &str, at: DateTime<Utc>| {
        vault.carry_out(at, &Job::CheckSigner { certificate: certificate.to_owned() }).unwrap()
    };
    assert_eq!(check(&mut vault, SIGNERS[0], now()), JobUpdate::Invalid, "no root");
    assert_eq!(install(&mut vault, ROOT, MAKER), JobUpdate::Done);
    assert_eq!(check(&mut vault, SIGNERS[0], now()), JobUpdate::Invalid, "a root for something else");
    assert_eq!(install(&mut vault, CertificateUse::ManufacturerRoot, MAKER), JobUpdate::Done);
    for signer in SIGNERS {
        assert_eq!(check(&mut vault, signer, now()), JobUpdate::Done);
        assert_eq!(check(&mut vault, signer, now() - TimeDelta::days(9_000)), JobUpdate::Invalid, "too early");
    }
    assert_eq!(check(&mut vault, "nonsense", now()), JobUpdate::Invalid);
    let other = root("Root");
    let stranger = subject("Maker", "Signer").signed_by(&KeyPair::generate().unwrap(), &other).unwrap().pem();
    assert_eq!(check(&mut vault, &stranger, now()), JobUpdate::Invalid);
}

/// 1.6 security M05.FR.03, FR.06.
#[test]
fn roots_are_installed_if_they_are_roots_in_their_time() {
    let mut vault = vault();
    let good = root("good");
    let mut late = ca("late");
    late.not_before = date_time_ymd(2030, 2, 1);
    let mut expired = ca("expired");
    expired.not_after = date_time_ymd(2029, 12, 1);
    let of = |params: CertificateParams| params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem();
    // One bit of the signature is another.
    let mut forged = good.der().to_vec();
    *forged.last_mut().unwrap() ^= 1;
    let forged =
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", Base64::encode_string(&forged));
    let cut = good.pem().replace("-----END", "====\n-----END");
    let orphan = ca("orphan").signed_by(&KeyPair::generate().unwrap(), &good).unwrap().pem();
    let cases = [
        ("", "nothing"),
        ("-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n", "no certificate"),
        (&good.pem().replace("CERTIFICATE", "PUBLIC KEY"), "another kind"),
        (&cut, "no Base64"),
        (&(good.pem() + &root("second").pem()), "two"),
        (&of(late), "too early"),
        (&of(expired), "too late"),
        (&of(subject("CPO", "leaf")), "no root"),
        (&forged, "forged"),
        (&orphan, "by nobody known"),
    ];
    for (text, what) in cases {
        assert_eq!(install(&mut vault, ROOT, text), JobUpdate::Invalid, "{what}");
        assert!(vault.refusal().is_some(), "{what}");
    }
    assert_eq!(install(&mut vault, ROOT, &good.pem()), JobUpdate::Done);
    assert_eq!(install(&mut vault, ROOT, &good.pem()), JobUpdate::Done, "there already");
    assert_eq!(vault.carry_out(now(), &install_of(ROOT, &root("next").pem(), 1, false)), Some(JobUpdate::Full));
    assert_eq!(install(&mut vault, ROOT, &orphan), JobUpdate::Done, "its issuer is known by now");
    assert_eq!(list(&mut vault, ROOT).len(), 2);
    assert_eq!(list(&mut vault, CertificateUse::ManufacturerRoot), []);
}

/// 1.6 security M05.FR.09 to FR.12.
#[test]
fn root_that_replaces_is_signed_by_the_old_one_which_helps_until_a_connection() {
    let mut vault = vault();
    let replace = |vault: &mut Vault, pem: &str| vault.carry_out(now(), &install_of(ROOT, pem, 1, true)).unwrap();
    let old = root("old");
    assert_eq!(replace(&mut vault, &old.pem()), JobUpdate::Done, "the first");
    assert_eq!(replace(&mut vault, &root("stranger").pem()), JobUpdate::Invalid);
    let new = CertifiedIssuer::signed_by(ca("new"), KeyPair::generate().unwrap(), &old).unwrap();
    assert_eq!(replace(&mut vault, &new.pem()), JobUpdate::Done);
    assert_eq!(vault.csms_roots().len(), 2);
    let server = |issuer| {
        let mut params = subject("CPO", "csms");
        params.subject_alt_names = vec![rcgen::SanType::DnsName("csms".try_into().unwrap())];
        vec![params.signed_by(&KeyPair::generate().unwrap(), issuer).unwrap().der().clone()]
    };
    vault.connected(now(), server(&old)).unwrap();
    assert_eq!(vault.csms_roots().len(), 2, "by the old one still");
    vault.connected(now(), server(&new)).unwrap();
    assert_eq!(vault.csms_roots(), [new.der().clone()]);
}

/// 1.6 security M04.
#[test]
fn root_is_deleted_by_any_hash_unless_the_connection_rests_on_it() {
    let mut vault = vault();
    let (used, idle) = (root("used"), root("idle"));
    for root in [&used, &idle] {
        assert_eq!(install(&mut vault, ROOT, &root.pem()), JobUpdate::Done);
    }
    let server = subject("CPO", "csms").signed_by(&KeyPair::generate().unwrap(), &used).unwrap().der().clone();
    vault.connected(now(), vec![server]).unwrap();
    let name = |pem: &str| {
        let root = Certificate::of(pem).unwrap();
        root.hash(root.key(), HashAlgorithm::Sha512)
    };
    assert_eq!(delete(&mut vault, &name(&used.pem())), JobUpdate::Failed, "M04.FR.06");
    let hash = name(&idle.pem());
    let odd = CertificateHash { issuer_key_hash: hash.issuer_name_hash.clone(), ..hash.clone() };
    assert_eq!(delete(&mut vault, &odd), JobUpdate::NotFound);
    let other_case = CertificateHash {
        issuer_key_hash: hash.issuer_key_hash.to_lowercase().into(),
        serial_number: format!("00{}", hash.serial_number).into(),
        ..hash.clone()
    };
    assert_eq!(delete(&mut vault, &other_case), JobUpdate::Done);
    assert_eq!(delete(&mut vault, &hash), JobUpdate::NotFound);
    vault.connected(now(), Vec::new()).unwrap();
    assert_eq!(delete(&mut vault, &name(&used.pem())), JobUpdate::Done);
}

/// 1.6 security A02.FR.02, FR.03, FR.06, FR.13.
#[test]
fn own_certificate_is_for_the_key_the_subject_and_the_operator_asked_for() {
    let mut vault = vault();
    let operator = root("operator");
    let first = csr(&mut vault);
    assert_eq!(install(&mut vault, OWN, &signed(&operator, &first, |_| {})), JobUpdate::Invalid, "by nobody known");
    assert_eq!(install(&mut vault, ROOT, &operator.pem()), JobUpdate::Done);
    let request = csr(&mut vault);
    assert_ne!(first, request);
    let name = |organization: &str, name: &str| subject(organization, name).distinguished_name;
    let not_for_clients = |params: &mut CertificateParams| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    };
    let cases = [
        (signed(&operator, &first, |_| {}), "for a key that was given up"),
        (signed(&operator, &request, |params| params.distinguished_name = name("CPO", "SN2")), "another station"),
        (signed(&operator, &request, |params| params.distinguished_name = name("CP", "SN1")), "another operator"),
        (signed(&operator, &request, |params| params.not_after = date_time_ymd(2029, 12, 1)), "expired"),
        (signed(&operator, &request, not_for_clients), "for servers"),
        (signed(&root("operator"), &request, |_| {}), "of another root with that name"),
        ("no certificate".to_owned(), "nothing"),
    ];
    for (chain, what) in &cases {
        assert_eq!(install(&mut vault, OWN, chain), JobUpdate::Invalid, "{what}");
    }
    assert!(vault.own(now(), OWN).is_none() && !vault.installed(now()).station);
    let between = CertifiedIssuer::signed_by(ca("between"), KeyPair::generate().unwrap(), &operator).unwrap();
    let chain = signed(&between, &request, |_| {}) + &between.pem();
    assert_eq!(install(&mut vault, OWN, &chain), JobUpdate::Done);
    assert_eq!(install(&mut vault, OWN, &chain), JobUpdate::Done, "the same again");
    assert_eq!(vault.own(now(), OWN).unwrap().0.len(), 2);
    assert!(vault.installed(now()).station);
    let names = list(&mut vault, OWN);
    assert_eq!(names.len(), 1);
    assert_eq!(delete(&mut vault, &names[0]), JobUpdate::Failed, "M04.FR.05");
}

/// 1.6 security A02.FR.08 to FR.10.
#[test]
fn newest_certificate_whose_time_has_come_is_used_and_one_older_is_kept() {
    let mut vault = vault();
    let operator = root("operator");
    assert_eq!(install(&mut vault, ROOT, &operator.pem()), JobUpdate::Done);
    let mut add = |month| {
        let csr = csr(&mut vault);
        let change = |params: &mut CertificateParams| params.not_before = date_time_ymd(2030, month, 1);
        let chain = signed(&operator, &csr, change);
        assert_eq!(install(&mut vault, OWN, &chain), JobUpdate::Done, "{month}");
        Certificate::of(&chain).unwrap()
    };
    let (january, march) = (add(1), add(3));
    let leaf = |vault: &Vault, at| vault.own(at, OWN).map(|(chain, _)| chain[0].clone());
    assert_eq!(leaf(&vault, now()).as_ref(), Some(january.der()));
    assert_eq!(leaf(&vault, now() + TimeDelta::days(80)).as_ref(), Some(march.der()));
    assert_eq!(vault.expires(now(), OWN), Some(january.validity.1));
    assert_eq!(leaf(&vault, now() + TimeDelta::days(800)), None);
}

#[test]
fn certificates_and_keys_outlast_the_program_and_nobody_else_reads_them() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("certificates.json");
    let open = || Vault::open(Some(file.clone()), "SN1").unwrap();
    let operator = root("operator");
    let mut vault = open();
    assert!(vault.is_new());
    assert_eq!(install(&mut vault, ROOT, &operator.pem()), JobUpdate::Done);
    let request = csr(&mut vault);
    let mut vault = open();
    assert!(!vault.is_new());
    assert_eq!(install(&mut vault, OWN, &signed(&operator, &request, |_| {})), JobUpdate::Done);
    assert!(open().installed(now()).station && open().installed(now()).csms_root);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    std::fs::write(&file, "{").unwrap();
    assert!(Vault::open(Some(file), "SN1").is_err());
}

#[test]
fn what_cannot_be_made_durable_is_not_installed() {
    let directory = tempfile::tempdir().unwrap();
    let mut vault = Vault::open(Some(directory.path().join("gone").join("certificates.json")), "SN1").unwrap();
    assert_eq!(install(&mut vault, ROOT, &root("a").pem()), JobUpdate::Failed);
    assert_eq!(list(&mut vault, ROOT), []);
}

#[test]
fn authority_signs_what_a_station_asks_for_and_outlasts_the_program() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::open(directory.path(), now()).unwrap();
    let mut vault = vault();
    assert_eq!(install(&mut vault, ROOT, authority.root()), JobUpdate::Done);
    let request = csr(&mut vault);
    let again = Authority::open(directory.path(), now()).unwrap();
    assert_eq!(again.root(), authority.root());
    let chain = again.sign("CP001", &request, now()).unwrap();
    assert_eq!(install(&mut vault, OWN, &chain), JobUpdate::Done);
    let leaf = Certificate::of(&chain).unwrap();
    assert_eq!((leaf.identity.as_deref(), leaf.common_name.as_deref()), (Some("CP001"), Some("SN1")));
    assert!(authority.sign("CP001", "nonsense", now()).is_err());
    let nameless = CertificateParams::default().serialize_request(&KeyPair::generate().unwrap()).unwrap();
    assert!(authority.sign("CP001", &nameless.pem().unwrap(), now()).is_err());
}
