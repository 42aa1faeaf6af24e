use ocpp_rpc::Dialect;
use ocpp_rpc::handshake::{
    BasicAuth, Choice, Identity, IdentityRules, OpeningRequest, Password, Proof, SecurityProfile, ServerRules, agreed,
    choose, connection_url, offer, open,
};

/// The rules of the handshake on four lines: the target, the subprotocols, the credentials, a password.
///
/// What a server takes apart, a station can have put together.
pub fn handshake(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else { return };
    let mut lines = text.split('\n');
    let mut line = || lines.next().unwrap_or_default();
    let (target, subprotocols, authorization, password) = (line(), line(), line(), line());

    let headers: Vec<&str> = subprotocols.split(';').collect();
    check_subprotocols(&headers);
    for rules in [IdentityRules::V1_6, IdentityRules::V2] {
        check_opening(target, &headers, authorization, rules);
        if let Ok(identity) = Identity::from_target(target, &rules) {
            check_identity(&identity, &rules);
            check_password(&identity, password);
            if let Ok(presented) = BasicAuth::parse(authorization, &identity) {
                check_presented(&identity, &presented);
            }
        }
    }
}

fn check_opening(target: &str, subprotocols: &[&str], authorization: &str, identity: IdentityRules) {
    let profiles =
        [SecurityProfile::BasicAuth, SecurityProfile::TlsWithBasicAuth, SecurityProfile::TlsWithClientCertificate];
    for needed in [None].into_iter().chain(profiles.map(Some)) {
        for (is_tls, has_client_certificate) in [(false, false), (false, true), (true, false), (true, true)] {
            let authorization = Some(authorization).filter(|header| !header.is_empty());
            let request = OpeningRequest { target, subprotocols, authorization, is_tls, has_client_certificate };
            let rules = ServerRules {
                identity,
                dialects: &Dialect::ALL,
                assumed: Some(Dialect::V1_6),
                security_profile: needed,
            };
            match open(&request, &rules) {
                Ok(opening) => {
                    let is_enough = match opening.proof {
                        Proof::Nothing => needed.is_none(),
                        Proof::Password(_) => needed != Some(SecurityProfile::TlsWithClientCertificate),
                        Proof::Certificate => is_tls && has_client_certificate,
                    };
                    assert!(is_enough, "{request:?} satisfies {needed:?} with {:?}", opening.proof);
                    assert!(is_tls || needed.is_none_or(|needed| !needed.needs_tls()), "{request:?} is not inside TLS");
                    assert_eq!(Identity::from_target(target, &identity).as_ref(), Ok(&opening.identity));
                }
                Err(refusal) => assert!((400..600).contains(&refusal.status()), "{refusal}"),
            }
        }
    }
}

fn check_subprotocols(headers: &[&str]) {
    match choose(headers, &Dialect::ALL, None) {
        Choice::Agreed(dialect) => {
            assert!(headers.iter().any(|header| header.contains(dialect.subprotocol())), "{headers:?}");
            assert_eq!(agreed(Some(dialect.subprotocol()), &Dialect::ALL), Ok(dialect));
            assert_eq!(choose(&[&offer(&[dialect])], &Dialect::ALL, None), Choice::Agreed(dialect));
        }
        Choice::Assumed(dialect) => panic!("{dialect} was assumed against the rules"),
        Choice::Nothing => {}
    }
    for header in headers {
        if let Ok(dialect) = agreed(Some(header), &Dialect::ALL) {
            assert_eq!(header.trim(), dialect.subprotocol());
        }
    }
}

fn check_identity(identity: &Identity, rules: &IdentityRules) {
    let url = connection_url("wss://csms.example/ocpp/?a=b", identity);
    let Ok(url) = url else { panic!("no URL for {identity:?}: {url:?}") };
    assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "{url:?}");
    let target = url.strip_prefix("wss://csms.example").unwrap_or_default();
    assert_eq!(Identity::from_target(target, rules).as_ref(), Ok(identity), "{url:?}");
}

fn check_password(identity: &Identity, text: &str) {
    let passwords = [
        Password::from_bytes(text.as_bytes()),
        Password::from_authorization_key(text),
        Password::from_text(text, Dialect::V2_0_1),
        Password::from_text(text, Dialect::V2_1),
    ];
    for password in passwords.into_iter().flatten() {
        let header = password.authorization(identity);
        match BasicAuth::parse(&header, identity) {
            Ok(presented) => assert!(password.verify(&presented), "{header:?}"),
            Err(error) => panic!("{header:?} of {identity:?}: {error}"),
        }
    }
}

/// Whatever was presented, only this very password is it.
fn check_presented(identity: &Identity, presented: &BasicAuth) {
    if let Ok(password) = Password::from_bytes(presented.password()) {
        assert!(password.verify(presented));
        let longer = Password::from_bytes(&[presented.password(), b"x"].concat());
        assert!(longer.map_or(true, |longer| !longer.verify(presented)));
        check_password(identity, &String::from_utf8_lossy(presented.password()));
    }
}
