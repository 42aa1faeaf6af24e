use alloc::format;
use alloc::string::{String, ToString};
use core::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::Instant;

fn v1_6(text: &str) -> Identity {
    Identity::new(text, &IdentityRules::V1_6).unwrap()
}

fn from_target(target: &str) -> Result<String, IdentityError> {
    Identity::from_target(target, &IdentityRules::V1_6).map(|identity| identity.to_string())
}

/// OCPP-J 1.6 §3.1.1 and Part 4 §3.1.1, both examples of both.
#[test]
fn connection_urls_of_the_specifications() {
    for (endpoint, identity, url) in [
        ("ws://centralsystem.example.com/ocpp", "CP001", "ws://centralsystem.example.com/ocpp/CP001"),
        ("wss://centralsystem.example.com/ocppj", "RDAM 123", "wss://centralsystem.example.com/ocppj/RDAM%20123"),
        ("ws://csms.example.com/ocpp", "CS001", "ws://csms.example.com/ocpp/CS001"),
        ("wss://csms.example.com/ocppj", "RDAM|123", "wss://csms.example.com/ocppj/RDAM%7C123"),
    ] {
        let identity = v1_6(identity);
        assert_eq!(connection_url(endpoint, &identity).unwrap(), url);
        let path = &url[url.find(".com").unwrap() + 4..];
        assert_eq!(Identity::from_target(path, &IdentityRules::V1_6), Ok(identity));
    }
}

#[test]
fn connection_url_takes_any_endpoint_that_is_a_websocket_url() {
    let url = |endpoint: &str| connection_url(endpoint, &v1_6("A"));
    assert_eq!(url("ws://h").unwrap(), "ws://h/A");
    assert_eq!(url("WSS://h:9000//").unwrap(), "WSS://h:9000/A");
    assert_eq!(url("ws://[::1]:80/x?token=a/b").unwrap(), "ws://[::1]:80/x/A?token=a/b");
    assert_eq!(url("http://h"), Err(UrlError::Scheme));
    assert_eq!(url("h/ws://"), Err(UrlError::Scheme));
    assert_eq!(url(""), Err(UrlError::Scheme));
    assert_eq!(url("ws:///x"), Err(UrlError::NoHost));
    assert_eq!(url("ws://?x"), Err(UrlError::NoHost));
    assert_eq!(url("ws://h/#x"), Err(UrlError::Fragment));
    assert_eq!(url("ws://h/a b"), Err(UrlError::Character(' ')));
    assert_eq!(url("ws://h/\r\nHost: x"), Err(UrlError::Character('\r')));
}

/// Part 4 §6.2: the same path towards the CSMS as towards the controller.
#[test]
fn relay_uses_the_path_of_the_station() {
    let url = |csms: &str, target: &str| relay_url(csms, target);
    assert_eq!(url("ws://csms.example.com", "/ocpp/CS03").unwrap(), "ws://csms.example.com/ocpp/CS03");
    assert_eq!(url("wss://csms:8443/any/where?x", "/a%20b?c=/d").unwrap(), "wss://csms:8443/a%20b?c=/d");
    assert_eq!(url("wss://csms", "CS03").unwrap(), "wss://csms/CS03");
    assert_eq!(url("https://csms", "/CS03"), Err(UrlError::Scheme));
    assert_eq!(url("ws://csms", "/CS 03"), Err(UrlError::Character(' ')));
    assert_eq!(url("ws://csms", "/CS03#x"), Err(UrlError::Fragment));
}

/// FIELD "identity percent-encoded, `///id`, a URL inside the path, letter case".
#[test]
fn identity_is_the_last_segment_decoded_once() {
    assert_eq!(from_target("/webServices/ocpp/CP3211").unwrap(), "CP3211");
    assert_eq!(from_target("/CP1").unwrap(), "CP1");
    assert_eq!(from_target("CP1").unwrap(), "CP1");
    assert_eq!(from_target("///CP1").unwrap(), "CP1");
    assert_eq!(from_target("/ocpp/ws://csms.example.com/ocpp/CP1").unwrap(), "CP1");
    assert_eq!(from_target("/ocpp/CP1?version=1.6/x#y").unwrap(), "CP1");
    assert_eq!(from_target("/ocpp/RDAM%20123").unwrap(), "RDAM 123");
    assert_eq!(from_target("/ocpp/a%2520b").unwrap(), "a%20b");
    assert_eq!(from_target("/ocpp/%C3%84%e2%82%ac").unwrap(), "Ä€");
    assert_eq!(from_target("/ocpp/a+b").unwrap(), "a+b");
    for (target, error) in [
        ("", IdentityError::Empty),
        ("/ocpp/", IdentityError::Empty),
        ("/ocpp/?x", IdentityError::Empty),
        ("/ocpp/%", IdentityError::BadEscape),
        ("/ocpp/%4", IdentityError::BadEscape),
        ("/ocpp/%4g", IdentityError::BadEscape),
        ("/ocpp/%+1", IdentityError::BadEscape),
        ("/ocpp/%C3", IdentityError::NotUtf8),
        ("/ocpp/%2e%2e%2fadmin", IdentityError::Character('/')),
        ("/ocpp/a%00", IdentityError::Character('\0')),
        ("/ocpp/a:b", IdentityError::Character(':')),
        ("/ocpp/a%0D%0A", IdentityError::Character('\r')),
    ] {
        assert_eq!(from_target(target), Err(error), "{target}");
    }
    assert_ne!(v1_6("cp1"), v1_6("CP1"));
    assert_eq!(v1_6("cp1").key(), v1_6("CP1").key());
}

#[test]
fn identity_bounds_of_2_x() {
    let check = |text: &str| Identity::new(text, &IdentityRules::V2).map(|_| ());
    assert_eq!(check(&"x".repeat(48)), Ok(()));
    assert_eq!(check(&"x".repeat(49)), Err(IdentityError::TooLong(48)));
    assert_eq!(check("azAZ09*-_=+|@."), Ok(()));
    for ch in [' ', ':', '/', '%', 'ä', '\'', '"'] {
        assert_eq!(check(&ch.to_string()), Err(IdentityError::Character(ch)));
    }
}

#[test]
fn subprotocol_is_the_first_common_one_in_the_servers_order() {
    use Dialect::*;
    let both = [V2_0_1, V1_6];
    assert_eq!(choose(&["ocpp1.6, ocpp2.0.1"], &both, None), Choice::Agreed(V2_0_1));
    assert_eq!(choose(&["ocpp1.6", "ocpp2.1 ,\tocpp1.5"], &both, None), Choice::Agreed(V1_6));
    assert_eq!(choose(&["ocpp2.1,ocpp2.0.1,ocpp1.6"], &[V1_6], None), Choice::Agreed(V1_6));
    assert_eq!(choose(&["ocpp1.5"], &both, Some(V1_6)), Choice::Nothing);
    assert_eq!(choose(&["OCPP1.6", "ocpp1.66"], &both, None), Choice::Nothing);
    for nothing in [&[][..], &[""], &[" , "]] {
        assert_eq!(choose(nothing, &both, None), Choice::Nothing);
        assert_eq!(choose(nothing, &both, Some(V1_6)), Choice::Assumed(V1_6));
    }
    assert_eq!(Choice::Agreed(V2_1).header(), Some("ocpp2.1"));
    assert_eq!((Choice::Assumed(V1_6).header(), Choice::Assumed(V1_6).dialect()), (None, Some(V1_6)));
    assert_eq!((Choice::Nothing.header(), Choice::Nothing.dialect()), (None, None));
}

#[test]
fn station_fails_on_a_version_it_did_not_offer() {
    use Dialect::*;
    assert_eq!(offer(&[V2_1, V2_0_1, V1_6]), "ocpp2.1, ocpp2.0.1, ocpp1.6");
    assert_eq!(agreed(Some("ocpp2.0.1"), &[V2_0_1, V1_6]), Ok(V2_0_1));
    assert_eq!(agreed(Some("ocpp2.1"), &[V2_0_1, V1_6]), Err(SubprotocolError::NotOffered));
    assert_eq!(agreed(Some("ocpp2.0.1, ocpp1.6"), &[V2_0_1, V1_6]), Err(SubprotocolError::NotOffered));
    assert_eq!(agreed(None, &[V1_6]), Err(SubprotocolError::NoneAgreed));
    assert_eq!(agreed(Some(" "), &[V1_6]), Err(SubprotocolError::NoneAgreed));
}

/// OCPP-J 1.6 §6.2.2.
#[test]
fn basic_auth_example_of_the_specification() {
    let identity = v1_6("AL1000");
    let password = Password::from_authorization_key("0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF").unwrap();
    let header = password.authorization(&identity);
    assert_eq!(header, "Basic QUwxMDAwOgABAgMEBQYH////////////////");
    assert!(password.verify(&BasicAuth::parse(&header, &identity).unwrap()));
}

#[test]
fn authorization_key_has_16_to_20_bytes_in_hexadecimal() {
    let length = |actual| Err(PasswordError::Length { unit: "bytes", min: 16, max: 20, actual });
    let check = |hex: &str| Password::from_authorization_key(hex).map(|_| ());
    assert_eq!(check(&"aF".repeat(16)), Ok(()));
    assert_eq!(check(&"00".repeat(20)), Ok(()));
    assert_eq!(check(&"00".repeat(15)), length(15));
    assert_eq!(check(&"00".repeat(21)), length(21));
    assert_eq!(check(""), length(0));
    assert_eq!(check(&"0".repeat(39)), Err(PasswordError::NotHex));
    assert_eq!(check(&"0g".repeat(20)), Err(PasswordError::NotHex));
    assert_eq!(check(&"é".repeat(20)), Err(PasswordError::NotHex));
}

#[test]
fn password_of_2_x_has_at_least_16_characters() {
    let check = |text: &str, dialect| Password::from_text(text, dialect).map(|_| ());
    let length = |actual, max| Err(PasswordError::Length { unit: "characters", min: 16, max, actual });
    assert_eq!(check("azAZ09*-_=:+|@.x", Dialect::V2_0_1), Ok(()));
    assert_eq!(check(&"x".repeat(15), Dialect::V2_0_1), length(15, 40));
    assert_eq!(check(&"x".repeat(41), Dialect::V2_0_1), length(41, 40));
    assert_eq!(check("has a space in it", Dialect::V2_0_1), Err(PasswordError::Character));
    assert_eq!(check("hat ein ä und so", Dialect::V2_1), Ok(()));
    assert_eq!(check(&"🔌".repeat(64), Dialect::V2_1), Ok(()));
    assert_eq!(check(&"x".repeat(65), Dialect::V2_1), length(65, 64));
    assert_eq!(check(&"0".repeat(40), Dialect::V1_6), Ok(()));
}

/// FIELD "hex AuthorizationKey against its bytes".
#[test]
fn password_may_have_colons_and_a_hexadecimal_key_may_be_sent_as_text() {
    let identity = v1_6("CP1");
    let header = |password: &str| Password::from_bytes(password.as_bytes()).unwrap().authorization(&identity);
    let parsed = BasicAuth::parse(&header("a:b::c"), &identity).unwrap();
    assert_eq!(parsed.password(), b"a:b::c");

    let key = Password::from_authorization_key(&"0aFF".repeat(10)).unwrap();
    for text in ["0aff".repeat(10), "0AFF".repeat(10)] {
        let as_text = BasicAuth::parse(&header(&text), &identity).unwrap();
        assert!(!key.verify(&as_text) && key.verify_hex(&as_text));
    }
    let as_bytes = BasicAuth::parse(&key.authorization(&identity), &identity).unwrap();
    assert!(key.verify(&as_bytes) && !key.verify_hex(&as_bytes));
}

#[test]
fn user_must_equal_the_identity_in_the_path() {
    let parse =
        |header: &str, identity: &str| BasicAuth::parse(header, &v1_6(identity)).map(|auth| auth.password().to_vec());
    // "CP1:secret"
    assert_eq!(parse("Basic Q1AxOnNlY3JldA==", "CP1").unwrap(), b"secret");
    assert_eq!(parse("basic  Q1AxOnNlY3JldA", "cp1").unwrap(), b"secret");
    assert_eq!(parse("Basic Q1AxOg==", "CP1").unwrap(), b"");
    for (header, identity, error) in [
        ("Basic Q1AxOnNlY3JldA==", "CP2", AuthorizationError::User),
        ("Basic Q1AxOnNlY3JldA==", "CP", AuthorizationError::User),
        ("Basic Q1AxOnNlY3JldA==", "CP1x", AuthorizationError::User),
        ("Basic Q1Axc2VjcmV0", "CP1", AuthorizationError::Malformed),
        ("Basic Q1Ax!", "CP1", AuthorizationError::Malformed),
        ("Basic ", "CP1", AuthorizationError::Scheme),
        ("Basic", "CP1", AuthorizationError::Scheme),
        ("", "CP1", AuthorizationError::Scheme),
        ("Bearer Q1AxOnNlY3JldA==", "CP1", AuthorizationError::Scheme),
    ] {
        assert_eq!(parse(header, identity), Err(error), "{header}");
    }
    let endless = format!("Basic {}", "Q1Ax".repeat(100_000));
    assert_eq!(parse(&endless, "CP1"), Err(AuthorizationError::Malformed));
}

#[test]
fn secrets_are_not_shown() {
    let password = Password::from_bytes(b"secret").unwrap();
    let presented = BasicAuth::parse(&password.authorization(&v1_6("A")), &v1_6("A")).unwrap();
    let shown = format!("{password:?} {presented:?} {:?}", Proof::Password(presented.clone()));
    assert!(!shown.contains("secret") && !shown.contains("115"), "{shown}");
}

#[test]
fn security_profile_only_rises_but_for_the_one_downgrade_of_2_x() {
    use SecurityProfile::{BasicAuth as P1, TlsWithBasicAuth as P2, TlsWithClientCertificate as P3};
    let all = Prerequisites { has_password: true, has_server_root: true, has_own_certificate: true };
    let check = |rules: ProfileRules, current, wanted| rules.may_change(current, wanted, all);
    for (current, wanted) in [(Some(P2), P1), (Some(P3), P2), (Some(P3), P1)] {
        // White paper A05.FR.01; A05.FR.10.
        assert_eq!(check(ProfileRules::V1_6, current, wanted), Err(ProfileRefused::Lower));
        assert_eq!(check(ProfileRules::V2 { allow_downgrade: false }, current, wanted), Err(ProfileRefused::Lower));
        // A05.FR.08, A05.FR.09.
        let expected = if wanted == P2 { Ok(()) } else { Err(ProfileRefused::Lower) };
        assert_eq!(check(ProfileRules::V2 { allow_downgrade: true }, current, wanted), expected);
    }
    for profile in [P1, P2, P3] {
        assert_eq!(SecurityProfile::from_number(profile.number().into()), Some(profile));
        assert_eq!(check(ProfileRules::V1_6, None, profile), Ok(()));
        assert_eq!(check(ProfileRules::V1_6, Some(profile), profile), Err(ProfileRefused::Same));
        assert_eq!(check(ProfileRules::V2 { allow_downgrade: false }, Some(profile), profile), Ok(()));
    }
    assert_eq!((SecurityProfile::from_number(0), SecurityProfile::from_number(4)), (None, None));
}

#[test]
fn security_profile_needs_its_keys() {
    use SecurityProfile::{BasicAuth as P1, TlsWithBasicAuth as P2, TlsWithClientCertificate as P3};
    for bits in 0..8u8 {
        let has = Prerequisites {
            has_password: bits & 1 != 0,
            has_server_root: bits & 2 != 0,
            has_own_certificate: bits & 4 != 0,
        };
        // White paper A05.FR.02 to A05.FR.05.
        let accepted = |wanted| ProfileRules::V1_6.may_change(None, wanted, has).is_ok();
        assert_eq!(accepted(P1), has.has_password);
        assert_eq!(accepted(P2), has.has_password && has.has_server_root);
        assert_eq!(accepted(P3), has.has_own_certificate && has.has_server_root);
    }
}

fn request(target: &str) -> OpeningRequest<'_> {
    OpeningRequest {
        target,
        subprotocols: &["ocpp1.6"],
        authorization: None,
        is_tls: false,
        has_client_certificate: false,
    }
}

fn rules(security_profile: Option<SecurityProfile>) -> ServerRules<'static> {
    ServerRules { identity: IdentityRules::V1_6, dialects: &Dialect::ALL, assumed: None, security_profile }
}

#[test]
fn opening_request_is_accepted_with_the_proof_its_profile_asks_for() {
    let header = Password::from_bytes(b"secret").unwrap().authorization(&v1_6("CP1"));
    let plain = OpeningRequest { authorization: Some(&header), ..request("/ocpp/CP1") };
    let tls = OpeningRequest { is_tls: true, ..plain };
    let certificate = OpeningRequest { has_client_certificate: true, authorization: None, ..tls };
    let opened = |request: &OpeningRequest<'_>, profile| open(request, &rules(SecurityProfile::from_number(profile)));

    let opening = opened(&plain, 1).unwrap();
    assert_eq!((opening.identity.as_str(), opening.choice), ("CP1", Choice::Agreed(Dialect::V1_6)));
    assert!(matches!(opening.proof, Proof::Password(auth) if auth.password() == b"secret"));
    assert!(matches!(opened(&tls, 2).unwrap().proof, Proof::Password(_)));
    assert!(matches!(opened(&certificate, 3).unwrap().proof, Proof::Certificate));
    assert!(matches!(opened(&certificate, 1).unwrap().proof, Proof::Certificate));
    assert!(matches!(opened(&request("/CP1"), 0).unwrap().proof, Proof::Nothing));
    assert!(matches!(opened(&plain, 0).unwrap().proof, Proof::Password(_)));

    for (request, profile, status) in [
        (&request("/CP1"), 1, 401),
        (&OpeningRequest { authorization: Some("Bearer x"), ..request("/CP1") }, 1, 401),
        (&OpeningRequest { target: "/CP2", ..plain }, 1, 401),
        (&OpeningRequest { target: "/CP2", ..plain }, 0, 401),
        (&plain, 2, 403),
        (&tls, 3, 403),
        (&OpeningRequest { has_client_certificate: true, ..plain }, 3, 403),
        (&request("/ocpp/"), 0, 404),
        (&request("/a:b"), 0, 404),
        (&request("/%zz"), 0, 400),
    ] {
        assert_eq!(
            opened(request, profile).map_err(|refusal| refusal.status()).map(|_| ()),
            Err(status),
            "{request:?}"
        );
    }
}

#[test]
fn every_refusal_has_the_status_http_gives_it() {
    for (refusal, status) in [
        (Refusal::Identity(IdentityError::BadEscape), 400),
        (Refusal::Identity(IdentityError::NotUtf8), 400),
        (Refusal::Identity(IdentityError::Empty), 404),
        (Refusal::UnknownStation, 404),
        (Refusal::Authorization(AuthorizationError::Missing), 401),
        (Refusal::WrongPassword, 401),
        (Refusal::TlsRequired, 403),
        (Refusal::CertificateRequired, 403),
        (Refusal::WrongCertificate, 403),
        (Refusal::AlreadyConnected, 409),
        (Refusal::Busy, 503),
    ] {
        assert_eq!(refusal.status(), status, "{refusal}");
    }
}

#[test]
fn no_common_version_is_no_http_error() {
    let opening = open(&OpeningRequest { subprotocols: &["ocpp1.5"], ..request("/CP1") }, &rules(None)).unwrap();
    assert_eq!((opening.choice, opening.choice.header()), (Choice::Nothing, None));
}

/// FIELD "a second connection under one identity".
#[test]
fn second_connection_is_decided_by_policy() {
    let decide = |policy, heard, now| takeover(policy, Instant::from_millis(heard), Instant::from_millis(now));
    let probe = TakeoverPolicy::RefuseIfAlive(Duration::from_secs(60));
    assert_eq!(decide(TakeoverPolicy::NewestWins, 0, 1), Takeover::Replace);
    assert_eq!(decide(TakeoverPolicy::Refuse, 0, u64::MAX), Takeover::Refuse);
    assert_eq!(decide(probe, 1_000, 61_000), Takeover::Refuse);
    assert_eq!(decide(probe, 1_000, 61_001), Takeover::Replace);
}

proptest! {
    #[test]
    fn urls_lead_back_to_the_identity(text in "[^\\p{Cc}/:]{1,60}") {
        let identity = v1_6(&text);
        let url = connection_url("wss://csms.example.com:8443/ocpp", &identity).unwrap();
        prop_assert!(url.bytes().all(|byte| byte.is_ascii_graphic()));
        prop_assert_eq!(Identity::from_target(&url, &IdentityRules::V1_6), Ok(identity));
    }

    #[test]
    fn credentials_lead_back_to_the_password(user in "[^\\p{Cc}/:]{1,60}", bytes in prop::collection::vec(any::<u8>(), 1..80)) {
        let identity = v1_6(&user);
        let password = Password::from_bytes(&bytes).unwrap();
        let presented = BasicAuth::parse(&password.authorization(&identity), &identity).unwrap();
        prop_assert_eq!(presented.password(), &*bytes);
        prop_assert!(password.verify(&presented));
        let other = Password::from_bytes(&[&bytes[..], b"x"].concat()).unwrap();
        prop_assert!(!other.verify(&presented));
    }

    #[test]
    fn no_request_makes_the_server_panic(target in any::<String>(), header in any::<String>(), protocol in any::<String>()) {
        let request = OpeningRequest {
            authorization: Some(&header),
            subprotocols: &[&protocol],
            ..request(&target)
        };
        if let Err(refusal) = open(&request, &rules(SecurityProfile::from_number(1))) {
            prop_assert!((400..500).contains(&refusal.status()));
        }
    }
}
