//! AuthorizationKey and SecurityProfile (white paper A00, A01, A05): the station always finds a way that the CSMS takes.

use ocpp_rpc::handshake::{BasicAuth, Identity, IdentityRules, Password, SecurityProfile};

use super::super::*;
use crate::station::{Command, ConnectRefusal, InstalledCertificates, SecurityEventKind as Kind};

/// 16 and 20 bytes.
const OLD: &str = "000102030405060708090a0b0c0d0e0f";
const NEW: &str = "A0A1A2A3A4A5A6A7A8A9AAABACADAEAFB0B1B2B3";
const NEWER: &str = "C0C1C2C3C4C5C6C7C8C9CACBCCCDCECFD0D1D2D3";

const REFUSED: LinkInput<'static> = LinkInput::Refused(ConnectRefusal::Credentials);

impl Bench {
    fn change(&mut self, key: &str, value: &str) -> Value {
        self.request("ChangeConfiguration", &json!({"key": key, "value": value}))["status"].clone()
    }

    /// The next attempt to connect, waited for: the keys that it may be by, and the URL's scheme with the profile.
    fn attempt(&mut self) -> (&'static str, String) {
        for _ in 0..600 {
            if !self.connects.is_empty() {
                break;
            }
            self.wait(1);
        }
        let request = self.connects.remove(0);
        let identity = Identity::new("CP1", &IdentityRules::V1_6).unwrap();
        let key = request.authorization.map_or("none", |header| {
            let presented = BasicAuth::parse(&header, &identity).unwrap();
            let is = |hex: &str| Password::from_authorization_key(hex).unwrap().verify(&presented);
            [("old", OLD), ("new", NEW), ("newer", NEWER)]
                .iter()
                .find(|(_, hex)| is(hex))
                .map_or("other", |(name, _)| name)
        });
        let profile = request.security_profile.map_or(0, SecurityProfile::number);
        (key, format!("{} {profile}", request.url.split(':').next().unwrap()))
    }

    fn key_attempt(&mut self) -> &'static str {
        self.attempt().0
    }

    fn refuse(&mut self) {
        self.input(Input::Link(REFUSED));
    }

    fn security_events(&self) -> Vec<&str> {
        let events = self.events.iter().filter_map(|event| event.strip_prefix("SecurityEvent { kind: "));
        events.filter(|event| !event.starts_with("StartupOfTheDevice")).collect()
    }

    fn restart(&self) -> Bench {
        Bench::with_config(self.image.clone(), with_key())
    }
}

/// Profile 1 with the old key, from the factory.
fn with_key() -> StationConfig {
    config(&[("AuthorizationKey", OLD)])
}

/// Online by the old key. Security events of the start are answered.
fn keyed() -> Bench {
    let mut bench = Bench::with_config(Image::default(), with_key());
    assert_eq!(bench.attempt(), ("old", "ws 1".into()));
    let mut bench = bench.online();
    bench.answer("SecurityEventNotification", &json!({}));
    bench
}

/// A01.FR.01, .11, .12, white paper §7.2.
#[test]
fn new_key_is_accepted_once_durable_and_used_from_then_on() {
    let mut bench = keyed();
    bench.confirms = false;
    bench.frame(&json!([2, "k", "ChangeConfiguration", {"key": "authorizationkey", "value": NEW}]));
    bench.wait(5);
    assert_eq!((bench.sent.len(), bench.connects.len()), (0, 0), "not durable");
    bench.confirms = true;
    bench.confirm();
    bench.drain();
    assert_eq!(bench.take_answer(0), json!({"status": "Accepted"}));
    assert_eq!(bench.link.last().unwrap(), "Close");
    assert_eq!(bench.key_attempt(), "new");
    bench.open();
    assert_eq!(bench.security_events(), ["ReconfigurationOfSecurityParameters, info: Some(\"AuthorizationKey\") }"]);
    assert!(bench.events.iter().all(|event| !event.to_uppercase().contains("A0A1A2")));
    assert_eq!(bench.restart().key_attempt(), "new");
}

/// White paper §7.2, OCPP-J 1.6 errata 3.12: hexadecimal digits for 16 to 20 bytes.
#[test]
fn key_that_is_none_is_refused_and_changes_nothing() {
    let mut bench = keyed();
    for value in ["", "00", &NEW[..30], &NEW[..33], "not hexadecimal, but of 40 characters...", &format!("{NEW}B4")] {
        assert_eq!(bench.change("AuthorizationKey", value), "Rejected", "{value}");
    }
    bench.wait(5);
    assert_eq!((bench.connects.len(), bench.restart().key_attempt()), (0, "old"));
}

#[test]
fn key_is_never_told() {
    let mut bench = keyed();
    for payload in [json!({}), json!({"key": ["AuthorizationKey"]})] {
        let answer = bench.request("GetConfiguration", &payload);
        let keys = answer["configurationKey"].as_array().unwrap();
        let entry = keys.iter().find(|entry| entry["key"] == "AuthorizationKey").unwrap();
        assert_eq!(*entry, json!({"key": "AuthorizationKey", "readonly": false}));
        assert!(!answer.to_string().contains(OLD));
    }
    assert_eq!(bench.station.setting("AuthorizationKey"), Some(""));
    bench.confirms = false;
    bench.input(Input::Command(Command::Configure { key: "AuthorizationKey".into(), value: NEW.into() }));
    assert!(bench.unconfirmed.iter().any(|(_, op)| format!("{op:?}").contains("access")));
    let bytes = format!("{:?}", Password::from_authorization_key(NEW).unwrap().as_bytes());
    let digits = bytes.trim_matches(['[', ']']);
    for text in [format!("{:?}", bench.station), format!("{:?}", bench.unconfirmed), bench.events.concat()] {
        assert!(!text.contains(digits) && !text.to_uppercase().contains(NEW), "{text}");
    }
}

/// The answer may not have arrived: then the CSMS still wants the old key.
#[test]
fn refused_key_gives_way_to_the_old_one_and_comes_back() {
    let mut bench = keyed();
    assert_eq!(bench.change("AuthorizationKey", NEW), "Accepted");
    assert_eq!(bench.key_attempt(), "new");
    bench.refuse();
    assert_eq!(bench.key_attempt(), "old");
    bench.open();
    // Later the CSMS takes the new key over after all.
    bench.input(Input::Link(LinkInput::Closed));
    assert_eq!(bench.key_attempt(), "old");
    bench.refuse();
    assert_eq!(bench.key_attempt(), "new");
    bench.open();
    bench.input(Input::Link(LinkInput::Closed));
    assert_eq!(bench.key_attempt(), "new");
    // It is proven: the old one is gone for good.
    bench.refuse();
    assert_eq!((bench.key_attempt(), bench.restart().key_attempt()), ("new", "new"));
    assert!(bench.security_events().iter().any(|event| event.starts_with("FailedToAuthenticateAtCsms")));
}

#[test]
fn network_that_fails_does_not_cost_the_new_key() {
    let mut bench = keyed();
    assert_eq!(bench.change("AuthorizationKey", NEW), "Accepted");
    let mut keys = Vec::new();
    for _ in 0..9 {
        keys.push(bench.key_attempt());
        bench.input(Input::Link(LinkInput::Closed));
    }
    assert_eq!(keys, ["new", "new", "new", "old", "old", "old", "new", "new", "new"]);
}

/// A second change goes on from what works.
#[test]
fn change_after_a_fallback_takes_the_place_of_the_one_that_failed() {
    let mut bench = keyed();
    assert_eq!(bench.change("AuthorizationKey", NEW), "Accepted");
    assert_eq!(bench.key_attempt(), "new");
    bench.refuse();
    assert_eq!(bench.key_attempt(), "old");
    bench.open();
    assert_eq!(bench.change("AuthorizationKey", NEWER), "Accepted");
    assert_eq!(bench.key_attempt(), "newer");
    bench.refuse();
    assert_eq!(bench.key_attempt(), "old");
    bench.refuse();
    assert_eq!(bench.key_attempt(), "newer");
}

/// Whatever is durable when the power fails, and whichever key the CSMS then wants, the station gets in.
#[test]
fn power_cut_at_any_point_of_a_key_change_leaves_a_way_in() {
    // Each step that changes the store, with the keys that the CSMS may want after it.
    let mut bench = keyed();
    let mut images = Vec::from([(bench.image.clone(), &["old"][..])]);
    assert_eq!(bench.change("AuthorizationKey", NEW), "Accepted");
    images.push((bench.image.clone(), &["old", "new"]));
    assert_eq!(bench.key_attempt(), "new");
    bench.refuse();
    assert_eq!(bench.key_attempt(), "old");
    bench.open();
    images.push((bench.image.clone(), &["old", "new"]));
    bench.input(Input::Link(LinkInput::Closed));
    assert_eq!(bench.key_attempt(), "old");
    bench.refuse();
    assert_eq!(bench.key_attempt(), "new");
    bench.confirms = false;
    bench.open();
    images.push((bench.image.clone(), &["new"]));
    bench.confirm();
    images.push((bench.image.clone(), &["new"]));
    for (image, wanted) in images {
        for key in wanted {
            let mut bench = Bench::with_config(image.clone(), with_key());
            let tried: Vec<_> = (0..4)
                .map(|_| {
                    let tried = bench.key_attempt();
                    bench.refuse();
                    tried
                })
                .collect();
            assert!(tried.contains(key), "{key} is wanted, tried {tried:?}");
        }
    }
}

/// A trial that is not durable could be forgotten after the CSMS knows it.
#[test]
fn change_is_not_used_before_it_is_durable() {
    let mut bench = keyed();
    bench.confirms = false;
    bench.frame(&json!([2, "k", "ChangeConfiguration", {"key": "AuthorizationKey", "value": NEW}]));
    bench.input(Input::Link(LinkInput::Closed));
    assert_eq!(bench.key_attempt(), "old");
    bench.open();
    bench.confirm();
    bench.drain();
    assert_eq!(bench.key_attempt(), "new");
}

/// What a connection proves is what it was made by, not what came since.
#[test]
fn change_during_an_attempt_waits_for_a_proof_of_its_own() {
    let mut bench = keyed();
    assert_eq!(bench.change("AuthorizationKey", NEW), "Accepted");
    assert_eq!(bench.key_attempt(), "new");
    bench.confirms = false;
    bench.input(Input::Command(Command::Configure { key: "AuthorizationKey".into(), value: NEWER.into() }));
    bench.open();
    bench.confirms = true;
    bench.confirm();
    bench.drain();
    assert_eq!(bench.key_attempt(), "newer");
    bench.refuse();
    assert_eq!(bench.key_attempt(), "old");
}

#[test]
fn refusal_of_the_old_key_does_not_speak_against_the_new_one() {
    let mut bench = keyed();
    bench.confirms = false;
    bench.frame(&json!([2, "k", "ChangeConfiguration", {"key": "AuthorizationKey", "value": NEW}]));
    bench.input(Input::Link(LinkInput::Closed));
    assert_eq!(bench.key_attempt(), "old", "the new one is not durable");
    bench.refuse();
    bench.confirms = true;
    bench.confirm();
    bench.drain();
    assert_eq!(bench.key_attempt(), "new");
}

fn certified(csms_root: bool, station: bool) -> StationConfig {
    with_key().with(|config| config.network.certificates = InstalledCertificates { csms_root, station })
}

/// A05.FR.01 to A05.FR.05, A00.FR.005: every change from every profile, with everything there is or is not.
#[test]
fn profile_goes_up_only_and_with_what_it_needs() {
    for bits in 0..8 {
        let (has_key, csms_root, station) = (bits & 1 > 0, bits & 2 > 0, bits & 4 > 0);
        for current in 0..=3 {
            for wanted in -1..=4 {
                let mut config = certified(csms_root, station);
                config.policy.settings.retain(|_| has_key);
                let mut bench =
                    Bench::with_config(Image::default(), config.with_setting("SecurityProfile", &current.to_string()));
                bench.open();
                bench.boot("Accepted");
                let met = match wanted {
                    1 => has_key,
                    2 => has_key && csms_root,
                    3 => csms_root && station,
                    _ => false,
                };
                let status = if met && wanted > current { "Accepted" } else { "Rejected" };
                let answer = bench.change("SecurityProfile", &wanted.to_string());
                assert_eq!(answer, status, "{current} to {wanted}, key {has_key}, root {csms_root}, own {station}");
                let profile = if status == "Accepted" { wanted } else { current };
                assert_eq!(bench.station.setting("SecurityProfile"), Some(profile.to_string().as_str()));
                bench.connects.clear();
                bench.wait(5);
                assert_eq!(bench.connects.len(), usize::from(status == "Accepted"), "A05.FR.06");
            }
        }
    }
}

fn at_profile(config: StationConfig) -> Bench {
    let mut bench = Bench::with_config(Image::default(), config);
    bench.attempt();
    bench.open();
    bench.boot("Accepted");
    bench
}

/// A05.FR.06, A05.FR.07: by TLS, with the password or the certificate, and never back.
#[test]
fn higher_profile_is_used_and_kept() {
    let mut bench = at_profile(certified(true, true));
    for (profile, attempt) in [("2", ("old", "wss 2")), ("3", ("none", "wss 3"))] {
        assert_eq!(bench.change("SecurityProfile", profile), "Accepted");
        assert_eq!(bench.attempt(), (attempt.0, attempt.1.into()));
        bench.open();
        for _ in 0..5 {
            bench.input(Input::Link(REFUSED));
            bench.input(Input::Link(LinkInput::Closed));
            assert_eq!(bench.attempt(), (attempt.0, attempt.1.into()));
            bench.input(Input::Link(LinkInput::Refused(ConnectRefusal::CsmsCertificate)));
            assert_eq!(bench.attempt(), (attempt.0, attempt.1.into()));
        }
        bench.open();
        assert_eq!(bench.change("SecurityProfile", "1"), "Rejected");
        let mut later = Bench::with_config(bench.image.clone(), with_key());
        assert_eq!(later.attempt(), (attempt.0, attempt.1.into()), "also after a power cut");
    }
}

/// A05.FR.08.
#[test]
fn profile_that_does_not_work_is_given_up_for_the_former_one() {
    let mut bench = at_profile(certified(true, false));
    assert_eq!(bench.change("SecurityProfile", "2"), "Accepted");
    for _ in 0..3 {
        assert_eq!(bench.attempt().1, "wss 2");
        bench.input(Input::Link(LinkInput::Closed));
    }
    assert_eq!(bench.attempt().1, "ws 1");
    let mut cut = Bench::with_config(bench.image.clone(), with_key());
    assert_eq!(cut.attempt().1, "wss 2", "no connection yet decided");
    bench.open();
    assert_eq!(bench.station.setting("SecurityProfile"), Some("1"));
    bench.input(Input::Link(LinkInput::Closed));
    assert_eq!((bench.attempt().1, bench.restart().attempt().1), ("ws 1".into(), "ws 1".into()));
    bench.refuse();
    assert_eq!(bench.attempt().1, "ws 1", "it is gone");
    let given_up = bench.security_events().iter().filter(|event| event.contains("the former one again")).count();
    assert_eq!(given_up, 1);
}

#[test]
fn profiles_with_tls_may_have_an_endpoint_of_their_own() {
    let mut config = certified(true, true);
    config.network.tls_endpoint = Some("wss://secure.example:8443/ocpp".into());
    let mut bench = Bench::with_config(Image::default(), config.clone());
    assert_eq!(bench.connects.remove(0).url, "ws://csms/ocpp/CP1");
    bench.open();
    bench.boot("Accepted");
    assert_eq!(bench.change("SecurityProfile", "3"), "Accepted");
    bench.wait(1);
    assert_eq!(bench.connects.remove(0).url, "wss://secure.example:8443/ocpp/CP1");
    config.network.tls_endpoint = Some("ws://secure.example".into());
    assert!(Station::new(config, 1, &Image::default()).is_err());
}

/// What a password and an endpoint amount to, until something else is said.
#[test]
fn first_profile_follows_from_the_configuration() {
    for (endpoint, password, said, profile) in [
        ("ws://csms", None, None, "0"),
        ("wss://csms", None, None, "0"),
        ("ws://csms", Some("secret"), None, "1"),
        ("WSS://csms", Some("secret"), None, "2"),
        ("wss://csms", None, Some("3"), "3"),
        ("wss://csms", Some("secret"), Some("0"), "0"),
    ] {
        let mut config = StationConfig::new(endpoint, "CP1", "Vendor", "Model");
        config.network.password = password.map(|password| crate::station::Secret(password.into()));
        config.policy.settings.extend(said.map(|said| ("SecurityProfile".into(), said.into())));
        let bench = Bench::with_config(Image::default(), config);
        assert_eq!(bench.station.setting("SecurityProfile"), Some(profile), "{endpoint} {password:?} {said:?}");
    }
}

/// What is installed later counts at once; the operator's own software may also lower the profile.
#[test]
fn host_tells_of_certificates_and_may_lower_the_profile() {
    let mut bench = at_profile(with_key());
    assert_eq!(bench.change("SecurityProfile", "2"), "Rejected");
    bench.input(Input::Certificates(InstalledCertificates { csms_root: true, station: false }));
    assert_eq!(bench.change("SecurityProfile", "2"), "Accepted");
    assert_eq!(bench.attempt().1, "wss 2");
    bench.open();
    bench.input(Input::Command(Command::Configure { key: "SecurityProfile".into(), value: "1".into() }));
    assert_eq!(bench.attempt().1, "ws 1");
}

/// A00.FR.309, .315, .322.
#[test]
fn refusals_at_connecting_raise_their_events() {
    for (refusal, kind) in [
        (ConnectRefusal::Credentials, Kind::FailedToAuthenticateAtCsms),
        (ConnectRefusal::CsmsCertificate, Kind::InvalidCsmsCertificate),
        (ConnectRefusal::TlsVersion, Kind::InvalidTlsVersion),
        (ConnectRefusal::TlsCipherSuite, Kind::InvalidTlsCipherSuite),
    ] {
        let mut bench = Bench::with_config(Image::default(), with_key());
        for _ in 0..3 {
            bench.attempt();
            bench.input(Input::Link(LinkInput::Refused(refusal)));
        }
        assert_eq!(bench.security_events(), [format!("{kind:?}, info: None }}").as_str()].repeat(3));
        bench.attempt();
        let mut bench = bench.online();
        let mut sent = 0;
        while bench.sent.first().is_some_and(|call| call[2] == "SecurityEventNotification") {
            bench.answer("SecurityEventNotification", &json!({}));
            sent += 1;
        }
        assert_eq!(sent, if refusal == ConnectRefusal::Credentials { 1 } else { 2 }, "the start, and one of its kind");
    }
}
