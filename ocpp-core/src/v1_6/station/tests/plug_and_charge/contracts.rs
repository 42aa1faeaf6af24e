//! Contracts of vehicles (§5, §6.1; 2.x C07), and certificates for them (§3.2, §6.4; 2.x M01, M02).

use super::*;

fn plugged(more: &[(&'static str, &'static str)]) -> Bench {
    let mut bench = Bench::accepted(&keys(more));
    bench.plug();
    bench.answer_all("StatusNotification", &json!({}));
    bench
}

fn accepted() -> Value {
    json!({"certificateStatus": "Accepted", "idTokenInfo": {"status": "Accepted"}})
}

/// C07.FR.01, C07.FR.02, and the note of §5: the regular Authorize is not used, and the start tells the eMAID.
#[test]
fn contract_is_authorized_by_its_message_and_starts_with_its_emaid() {
    let mut bench = plugged(&[]);
    bench.present(contract(ContractCheck::Valid));
    let mut hashes = [hash_json("01"), hash_json("02")];
    for hash in &mut hashes {
        hash["responderURL"] = "http://ocsp.example".into();
    }
    let request = bench.answer_message("Authorize", &accepted());
    assert_eq!(request, json!({"idToken": {"idToken": EMAID}, "iso15118CertificateHashData": hashes}));
    bench.answer_all("StatusNotification", &json!({}));
    let (_, start) = bench.call("StartTransaction");
    assert_eq!(start["idTag"], EMAID);
    assert!(!bench.events.iter().any(|event| event.contains(EMAID)), "an eMAID was printed");
}

/// C07.FR.06.
#[test]
fn chain_to_an_unknown_root_goes_to_the_csms_where_that_is_allowed() {
    let mut bench = plugged(&[("CentralContractValidationAllowed", "true")]);
    bench.present(Contract { ocsp: Vec::new(), ..contract(ContractCheck::UnknownRoot) });
    let request = bench.answer_message("Authorize", &accepted());
    assert_eq!(request, json!({"certificate": "PEM", "idToken": {"idToken": EMAID}}));
    assert!(bench.has_event("TransactionStarted"));
}

/// What the tables of §5 say, each case of them.
#[test]
fn every_combination_of_keys_link_and_chain_decides_as_the_note_has_it() {
    let flag = |bits: u32, place: u32| if bits >> place & 1 == 1 { "true" } else { "false" };
    let mut cases = 0;
    for bits in 0..1 << 7 {
        let (is_online, has_ocsp, has_chain) = (bits & 1 == 1, bits & 2 != 0, bits & 4 != 0);
        let (offline_key, central_key, list_key, unknown_key) =
            (flag(bits, 3), flag(bits, 4), flag(bits, 5), flag(bits, 6));
        for check in [ContractCheck::Valid, ContractCheck::UnknownRoot, ContractCheck::Invalid] {
            for listed in [None, Some("Accepted"), Some("Blocked")] {
                cases += 1;
                let mut bench = plugged(&[
                    ("ContractValidationOffline", offline_key),
                    ("CentralContractValidationAllowed", central_key),
                    ("LocalAuthorizeOffline", list_key),
                    ("AllowOfflineTxForUnknownId", unknown_key),
                    ("LocalPreAuthorize", "true"),
                ]);
                if let Some(status) = listed {
                    let entry = json!({"idTag": EMAID, "idTagInfo": {"status": status}});
                    let list = json!({"listVersion": 1, "updateType": "Full", "localAuthorizationList": [entry]});
                    assert_eq!(bench.request("SendLocalList", &list)["status"], "Accepted");
                }
                if !is_online {
                    bench.input(Input::Link(LinkInput::Closed));
                }
                let ocsp = if has_ocsp { [ocsp("01")].into() } else { Vec::new() };
                let certificate = has_chain.then(|| "PEM".into());
                bench.present(Contract { token: IdToken::new(EMAID), check, ocsp, certificate });

                let may_ask = match check {
                    ContractCheck::Valid => has_ocsp,
                    ContractCheck::UnknownRoot => central_key == "true" && has_chain,
                    ContractCheck::Invalid => false,
                };
                let expected = match (is_online, check, listed) {
                    (true, ..) if may_ask => "asked",
                    (true, ..) => "Certificate",
                    (false, ..) if offline_key == "false" => "Offline",
                    (false, ContractCheck::UnknownRoot | ContractCheck::Invalid, _) => "Certificate",
                    (false, ContractCheck::Valid, Some("Blocked")) => "Csms(Blocked)",
                    (false, ContractCheck::Valid, Some("Accepted")) if list_key == "true" => "started",
                    (false, ContractCheck::Valid, _) if unknown_key == "true" => "started",
                    (false, ContractCheck::Valid, _) => "Offline",
                };
                let case = format!("{bits:07b} {check:?} {listed:?}");
                match expected {
                    "asked" => drop(bench.message("Authorize")),
                    "started" => assert!(bench.has_event("TransactionStarted"), "{case}: {:?}", bench.events),
                    reason => {
                        let refusal = format!("TokenRefused {{ evse: Some(EvseId(1)), reason: {reason} }}");
                        assert!(bench.has_event(&refusal), "{case}: {reason} expected, {:?}", bench.events);
                    }
                }
                assert_eq!(bench.has_event("TransactionStarted"), expected == "started", "{case}");
                assert!(!bench.sent.iter().any(|call| call[2] == "Authorize"), "{case}");
            }
        }
    }
    assert_eq!(cases, 1152);
}

/// §6.1.2: both must be accepted. More members and further statuses are those of 2.0.1.
#[test]
fn answer_decides_by_the_certificate_and_the_emaid() {
    for (answer, outcome) in [
        (json!({"idTokenInfo": {"status": "Accepted"}}), "TransactionStarted"),
        (
            json!({"idTokenInfo": {"status": "Accepted", "groupIdToken": {"idToken": "G", "type": "Central"}}}),
            "TransactionStarted",
        ),
        (
            json!({"idTokenInfo": {"status": "Accepted"}, "certificateStatus": "CertificateRevoked"}),
            "reason: Certificate",
        ),
        (json!({"idTokenInfo": {"status": "Accepted"}, "certificateStatus": "Nonsense"}), "reason: Certificate"),
        (json!({"idTokenInfo": {"status": "Invalid"}, "certificateStatus": "ContractCancelled"}), "Csms(Invalid)"),
        (json!({"idTokenInfo": {"status": "ConcurrentTx"}, "certificateStatus": "Accepted"}), "Csms(ConcurrentTx)"),
        (json!({"idTokenInfo": {"status": "NotAtThisTime"}}), "Csms(Invalid)"),
        (json!({"idTokenInfo": {}}), "NoAnswer"),
        (json!({"status": "Accepted"}), "NoAnswer"),
        (json!([]), "NoAnswer"),
    ] {
        let mut bench = plugged(&[]);
        bench.present(contract(ContractCheck::Valid));
        bench.answer_message("Authorize", &answer);
        assert!(bench.has_event(outcome), "{answer}: {:?}", bench.events);
        assert_eq!(bench.has_event("TransactionStarted"), outcome == "TransactionStarted", "{answer}");
    }
}

#[test]
fn csms_that_does_not_know_the_message_leaves_no_connector_stuck() {
    for answer in [
        json!([3, "", {"status": "UnknownVendorId"}]),
        json!([3, "", {"status": "Rejected", "data": accepted().to_string()}]),
        json!([3, "", {"status": "Accepted"}]),
        json!([3, "", {"state": 1}]),
        json!([4, "", "NotSupported", "", {}]),
    ] {
        let mut bench = plugged(&[]);
        bench.present(contract(ContractCheck::Valid));
        let (id, _) = bench.message("Authorize");
        let mut answer = answer.clone();
        answer[1] = id.into();
        bench.frame(&answer);
        assert!(bench.has_event("NoAnswer"), "{answer}: {:?}", bench.events);
        bench.swipe("TAG");
        bench.answer("Authorize", &json!({"idTagInfo": {"status": "Accepted"}}));
        assert!(bench.has_event("TransactionStarted"));
    }
}

/// A CSMS that does not answer is as good as none (1.6 §3.5).
#[test]
fn question_without_an_answer_is_decided_offline() {
    for (key, outcome) in [("true", "TransactionStarted"), ("false", "reason: Offline")] {
        for is_lost in [true, false] {
            let mut bench = plugged(&[("ContractValidationOffline", key), ("AllowOfflineTxForUnknownId", "true")]);
            bench.present(contract(ContractCheck::Valid));
            bench.message("Authorize");
            if is_lost {
                bench.input(Input::Link(LinkInput::Closed));
            } else {
                bench.wait(31);
            }
            assert!(bench.has_event(outcome), "{key}: {:?}", bench.events);
        }
    }
}

#[test]
fn what_does_not_fit_into_the_message_is_refused() {
    for contract in [
        Contract { token: IdToken::new("DE8ACC12E46L890123456"), ..contract(ContractCheck::Valid) },
        Contract { certificate: Some("x".repeat(5501)), ..contract(ContractCheck::UnknownRoot) },
        Contract {
            ocsp: [OcspRequest { responder_url: "x".repeat(513).into(), ..ocsp("01") }].into(),
            ..contract(ContractCheck::Valid)
        },
    ] {
        let mut bench = plugged(&[("CentralContractValidationAllowed", "true")]);
        bench.present(contract);
        assert!(bench.has_event("Unsendable") && bench.sent.is_empty(), "{:?}", bench.sent);
    }
    let mut bench = plugged(&[]);
    let five = ["01", "02", "03", "04", "05"].map(ocsp).into();
    bench.present(Contract { ocsp: five, ..contract(ContractCheck::Valid) });
    let (_, request) = bench.message("Authorize");
    assert_eq!(request["iso15118CertificateHashData"].as_array().unwrap().len(), 4);
}

/// §2.1.
#[test]
fn switched_off_there_are_no_contracts() {
    let mut bench = plugged(&[("ISO15118PnCEnabled", "false")]);
    bench.present(contract(ContractCheck::Valid));
    assert!(bench.has_event("reason: Disabled") && bench.sent.is_empty());
    bench.input(Input::Command(install("AAAA")));
    assert!(bench.has_event("EvCertificate { evse: EvseId(1), exi: None }") && bench.sent.is_empty());
    // The application knows other vendors; the default is UnknownVendorId.
    bench.send_message("TriggerMessage", "{}");
    assert!(matches!(&bench.asked[..], [Question::DataTransfer { vendor_id, .. }] if vendor_id == VENDOR));
}

/// Unlike a card: a vehicle presents its contract whenever it resumes.
#[test]
fn contract_that_is_presented_again_ends_nothing() {
    let mut bench = plugged(&[]);
    bench.present(contract(ContractCheck::Valid));
    bench.present(contract(ContractCheck::Valid));
    bench.answer_message("Authorize", &accepted());
    bench.present(contract(ContractCheck::Valid));
    bench.answer_all("StatusNotification", &json!({}));
    bench.answer("StartTransaction", &json!({"transactionId": 77, "idTagInfo": {"status": "Accepted"}}));
    bench.charge();
    bench.present(contract(ContractCheck::Valid));
    bench.present(Contract { token: IdToken::new("DE8OTHER"), ..contract(ContractCheck::Valid) });
    assert!(bench.has_event("reason: Occupied"));
    assert!(bench.sent.is_empty() && !bench.has_event("TransactionEnded"), "{:?}", bench.sent);
    // The driver's card of the same contract does end it.
    bench.swipe(EMAID);
    assert_eq!(bench.stop_request()["reason"], "Local");
}

/// §5: the cache learns of eMAIDs, and serves them offline.
#[test]
fn emaid_that_the_csms_accepted_charges_offline_until_it_expires() {
    for (hours, outcome) in [(1, "TransactionStarted"), (3, "Csms(Expired)")] {
        let mut bench = plugged(&[("ContractValidationOffline", "true"), ("AuthorizationCacheEnabled", "true")]);
        bench.present(contract(ContractCheck::Valid));
        let info = json!({"status": "Accepted", "cacheExpiryDateTime": wall(2 * 3_600_000).to_rfc3339()});
        bench.answer_message("Authorize", &json!({"idTokenInfo": info}));
        bench.answer_all("StatusNotification", &json!({}));
        let info = json!({"status": "Accepted", "expiryDate": wall(2 * 3_600_000).to_rfc3339()});
        bench.answer("StartTransaction", &json!({"transactionId": 7, "idTagInfo": info}));
        bench.cable(Cable::Absent);
        bench.stop_request();
        bench.input(Input::Link(LinkInput::Closed));
        bench.wait(hours * 3600);
        bench.events.clear();
        bench.plug();
        bench.present(contract(ContractCheck::Valid));
        assert!(bench.has_event(outcome), "{:?}", bench.events);
    }
}

#[test]
fn contract_session_that_a_power_cut_ended_is_stopped_and_nothing_hangs() {
    let mut bench = plugged(&[]);
    bench.present(contract(ContractCheck::Valid));
    bench.message("Authorize");
    let mut cut = Bench::new(bench.image.clone(), &keys(&[])).online();
    assert!(!cut.has_event("TransactionEnded"));
    cut.plug();
    cut.present(contract(ContractCheck::Valid));
    cut.answer_message("Authorize", &accepted());
    cut.answer_all("StatusNotification", &json!({}));
    cut.answer("StartTransaction", &json!({"transactionId": 77, "idTagInfo": {"status": "Accepted"}}));
    let mut cut = Bench::new(cut.image.clone(), &keys(&[])).online();
    let stop = cut.stop_request();
    assert_eq!((&stop["transactionId"], &stop["reason"]), (&json!(77), &json!("PowerLoss")));
}

fn install(exi: &str) -> Command {
    Command::EvCertificate {
        evse: EVSE,
        action: EvCertificateAction::Install,
        schema_version: "urn:iso:15118:2:2013:MsgDef".into(),
        exi: exi.into(),
    }
}

/// M01.FR.01.
#[test]
fn request_of_a_vehicle_passes_through_and_its_answer_comes_back() {
    let mut bench = plugged(&[]);
    bench.input(Input::Command(install("AAEC")));
    let request = bench.answer_message("Get15118EVCertificate", &json!({"status": "Accepted", "exiResponse": "AwQF"}));
    let schema = "urn:iso:15118:2:2013:MsgDef";
    assert_eq!(request, json!({"iso15118SchemaVersion": schema, "action": "Install", "exiRequest": "AAEC"}));
    assert!(bench.has_event(r#"EvCertificate { evse: EvseId(1), exi: Some("AwQF") }"#));
}

#[test]
fn vehicle_is_told_at_once_that_there_is_no_certificate() {
    let none = "EvCertificate { evse: EvseId(1), exi: None }";
    for answer in [
        json!({"status": "Failed"}),
        json!({"status": "Failed", "exiResponse": ""}),
        json!({"status": "Accepted"}),
        json!({"status": "Accepted", "exiResponse": "x".repeat(5601)}),
        json!("nonsense"),
    ] {
        let mut bench = plugged(&[]);
        bench.input(Input::Command(install("AAEC")));
        bench.answer_message("Get15118EVCertificate", &answer);
        assert!(bench.has_event(none), "{:?}", bench.events);
    }
    let mut bench = plugged(&[]);
    bench.input(Input::Command(install(&"x".repeat(5601))));
    assert!(bench.has_event(none) && bench.sent.is_empty());

    let mut bench = plugged(&[]);
    bench.input(Input::Command(install("AAEC")));
    bench.input(Input::Link(LinkInput::Closed));
    assert!(bench.has_event(none));
    bench.events.clear();
    bench.input(Input::Command(install("AAEC")));
    assert!(bench.has_event(none));
}

/// What the CSMS says in its messages is read with the quirks that everything else is read with.
#[test]
fn certificate_messages_are_read_leniently_as_everything_else() {
    let mut bench = plugged(&[]);
    bench.present(contract(ContractCheck::Valid));
    let lenient = json!({
        "certificateStatus": null,
        "idTokenInfo": {"status": "Accepted", "cacheExpiryDateTime": "2033-11-14 22:13:20Z", "groupIdToken": null},
    });
    bench.answer_message("Authorize", &lenient);
    assert!(bench.has_event("TransactionStarted"), "{:?}", bench.events);
    assert!(bench.has_event("OddTime"), "{:?}", bench.events);

    let root = json!({"certificateType": "MORootCertificate", "certificate": "PEM", "customData": null});
    bench.send_message("InstallCertificate", &root.to_string());
    assert!(matches!(bench.last_job(), Job::InstallCertificate { .. }), "{:?}", bench.last_job());
}
