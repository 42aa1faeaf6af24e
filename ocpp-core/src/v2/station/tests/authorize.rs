//! Who may charge (C01, C03, C10 to C12, C15), and what a verdict that comes late does (E05).

use super::*;

fn invalid() -> Value {
    json!({"status": "Invalid"})
}

#[test]
fn only_an_accepted_token_charges() {
    use ocpp_types::enumeration::Enumeration as _;
    for version in EDITIONS {
        for status in v2_0_1::AuthorizationStatus::VALUES.iter().map(|status| status.as_str()) {
            let mut bench = Bench::accepted(version, &[]);
            bench.verdict = json!({"status": status});
            bench.start();
            assert_eq!(bench.take("Authorize").len(), 1);
            assert_eq!(bench.power == Power::On, status == "Accepted", "C01.FR.01: {status}");
            assert_eq!(bench.transaction_events().is_empty(), status != "Accepted", "{status}");
        }
    }
}

/// C01.FR.20, C01.FR.21: online, out of the cache, and out of the list after a power cut.
#[test]
fn token_charges_at_the_evses_that_it_is_allowed_at() {
    let known = [("AuthCtrlr.LocalPreAuthorize", "true"), ("AuthCacheCtrlr.Enabled", "true")];
    let listed = [("AuthCtrlr.LocalPreAuthorize", "true"), ("LocalAuthListCtrlr.Enabled", "true")];
    let cases = [(json!([1, 2]), true), (json!([2]), false), (json!([-1]), false), (json!([0]), false)];
    for ((evses, is_allowed), settings) in
        cases.iter().flat_map(|case| [(case, &[][..]), (case, &known[..]), (case, &listed[..])])
    {
        let info = json!({"status": "Accepted", "evseId": evses});
        let mut bench = Bench::accepted(Dialect::V2_0_1, settings);
        bench.verdict = info.clone();
        if settings == listed {
            let entry = json!({"idToken": {"idToken": "TAG", "type": "ISO14443"}, "idTokenInfo": info});
            let list = json!({"versionNumber": 1, "updateType": "Full", "localAuthorizationList": [entry]});
            assert_eq!(bench.request("SendLocalList", &list)["status"], "Accepted");
        } else {
            bench.start();
            assert_eq!(bench.power == Power::On, *is_allowed, "{evses}");
        }
        bench.close();
        let mut bench = bench.cut();
        bench.connect();
        bench.unplug();
        bench.serve();
        bench.take("Authorize");
        bench.start();
        assert_eq!(bench.power == Power::On, *is_allowed, "{evses} {settings:?}");
        assert_eq!(bench.take("Authorize").is_empty(), !settings.is_empty());
        let told = bench.events.iter().any(|event| event.contains("TokenRefused") && event.contains("OtherEvse"));
        assert_eq!(told, !is_allowed, "{:?}", bench.events);
    }
}

/// The same of a token that was presented to the whole station, or at a reader that two of three EVSEs share: its driver comes to one
/// of those that both allow.
#[test]
fn driver_chooses_among_the_evses_of_the_reader_and_of_the_token() {
    let readers: [&[u16]; 4] = [&[], &[1, 2], &[2, 3], &[3]];
    for (reader, allowed) in readers.iter().flat_map(|reader| readers.map(|allowed| (*reader, allowed))) {
        for plugged in 1..=3_u16 {
            let config = config(&[Dialect::V2_0_1], &[]).with_evses(3);
            let mut bench = Bench::boot(config, Dialect::V2_0_1, Image::default(), 0);
            bench.connect();
            bench.verdict = json!({"status": "Accepted"});
            if !allowed.is_empty() {
                bench.verdict["evseId"] = json!(allowed);
            }
            let evses = reader.iter().map(|evse| EvseId(*evse)).collect();
            bench.input(Input::TokenAt { evses, token: IdToken::new("TAG") });
            bench.serve();
            bench.events.clear();
            bench.input(Input::Evse(EvseId(plugged), EvseInput::Cable(Cable::Connected)));
            bench.serve();
            let may = |evses: &[u16]| evses.is_empty() || evses.contains(&plugged);
            let is_accepted = bench.transaction_events().iter().any(|event| event["evse"]["id"] == plugged);
            assert_eq!(is_accepted, may(reader) && may(allowed), "{reader:?} {allowed:?} {plugged}");
        }
    }
}

/// The host learns where a token may charge.
#[test]
fn validation_tells_the_evses() {
    let mut bench = Bench::accepted(Dialect::V2_1, &[]);
    bench.verdict = json!({"status": "Accepted", "evseId": [2, 3]});
    bench.input(Input::Command(crate::station::Command::ValidateToken { token: IdToken::new("GUEST") }));
    bench.serve();
    assert!(bench.events.iter().any(|event| event.contains("evses: [EvseId(2), EvseId(3)]")), "{:?}", bench.events);
}

/// E09.FR.01, C01.FR.23: a transaction that went on without its authorisation charges on for its own token, and no other; over a power
/// cut too.
#[test]
fn same_token_charges_on_in_a_transaction_whose_authorisation_ended() {
    for (version, is_cut) in EDITIONS.into_iter().flat_map(|version| [(version, false), (version, true)]) {
        let mut bench = Bench::accepted(version, &[("TxCtrlr.TxStopPoint", "EVConnected")]);
        bench.config.policy.after_power_loss = AfterPowerLoss::Resume(core::time::Duration::from_secs(60));
        bench.start();
        bench.swipe("TAG");
        bench.serve();
        assert_eq!(bench.power, Power::Off);
        let mut bench = if is_cut { bench.cut() } else { bench };
        if is_cut {
            bench.connect();
        }
        bench.swipe("OTHER");
        bench.serve_for(5);
        assert_eq!(bench.power, Power::Off, "C01.FR.23");
        bench.transaction_events();
        bench.swipe("TAG");
        bench.serve();
        assert_eq!(bench.power, Power::On);
        let events = bench.transaction_events();
        assert_eq!(words(&events[0]), "Updated Authorized SuspendedEVSE");
        assert_eq!(events[0]["idToken"]["idToken"], "TAG");
        let mut bench = if is_cut { bench.cut() } else { bench };
        bench.connect();
        assert_eq!(bench.power, Power::On, "what was promised is taken back on record");
        bench.swipe("TAG");
        bench.serve();
        bench.unplug();
        bench.serve();
        let events = bench.transaction_events();
        assert_eq!(events.last().map(words).as_deref(), Some("Ended EVCommunicationLost Idle Local"));
    }
}

/// C01.FR.02, TC_C_04: a token that is not known here is asked about, also while another one has the EVSE, and changes nothing there. One
/// that is known is not. Before the transaction, in it, and after its authorisation.
#[test]
fn token_that_can_do_nothing_is_asked_about_all_the_same() {
    let points = [("TxCtrlr.TxStopPoint", "EVConnected"), ("TxCtrlr.StopTxOnEVSideDisconnect", "false")];
    let known = [("AuthCtrlr.LocalPreAuthorize", "true"), ("AuthCacheCtrlr.Enabled", "true")];
    for version in EDITIONS {
        for is_known in [false, true] {
            let settings = if is_known { [points, known].concat() } else { points.to_vec() };
            let mut bench = Bench::accepted(version, &settings);
            if is_known {
                bench.swipe("OTHER");
                bench.serve();
                bench.swipe("OTHER");
                bench.serve();
                bench.take("Authorize");
            }
            let asked = |bench: &mut Bench| {
                bench.take("Authorize");
                bench.swipe("OTHER");
                bench.serve();
                let told: Vec<_> =
                    bench.take("Authorize").iter().map(|asked| asked["idToken"]["idToken"].clone()).collect();
                assert_eq!(bench.transaction_events(), [] as [Value; 0]);
                let refused =
                    bench.events.iter().any(|event| event.contains("TokenRefused") && event.contains("Occupied"));
                assert!(refused, "{:?}", bench.events);
                bench.events.clear();
                told
            };
            let wanted: &[&str] = if is_known { &[] } else { &["OTHER"] };
            bench.swipe("TAG");
            bench.serve();
            assert_eq!(asked(&mut bench), wanted, "before");
            bench.plug();
            bench.serve();
            assert_eq!((bench.transaction_events().len(), bench.power), (2, Power::On));
            assert_eq!(asked(&mut bench), wanted, "in it");
            assert_eq!(bench.power, Power::On);
            bench.swipe("TAG");
            bench.serve();
            assert_eq!((bench.transaction_events().len(), bench.power), (1, Power::Off));
            assert_eq!(asked(&mut bench), wanted, "after it, C01.FR.23");
            assert_eq!(bench.power, Power::Off);
        }
    }
}

/// E07.FR.01, E07.FR.02, C09: another token of the group ends the transaction, and is told.
#[test]
fn token_of_the_same_group_ends_the_transaction() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[]);
        let group = |id: &str| json!({"status": "Accepted", "groupIdToken": {"idToken": id, "type": "Central"}});
        bench.verdict = group("G");
        bench.start();
        bench.verdict = group("OTHER");
        bench.swipe("STRANGER");
        bench.serve();
        assert_eq!(bench.power, Power::On);
        bench.verdict = group("g");
        bench.swipe("FRIEND");
        bench.serve();
        let events = bench.transaction_events();
        story::check(&events, false);
        let end = events.last().unwrap();
        assert_eq!(words(end), "Ended StopAuthorized EVConnected Local");
        assert_eq!(end["idToken"]["idToken"], "FRIEND");
    }
}

/// C10.FR.01, C10.FR.03, C11, C12 (A23 of the field list).
#[test]
fn cache_spares_the_question_only_for_accepted_tokens() {
    for version in EDITIONS {
        let settings = [("AuthCacheCtrlr.Enabled", "true"), ("AuthCtrlr.LocalPreAuthorize", "true")];
        let mut bench = Bench::accepted(version, &settings);
        let visit = |bench: &mut Bench, expected: usize| {
            bench.start();
            assert_eq!(bench.take("Authorize").len(), expected);
            bench.unplug();
            bench.serve();
        };
        visit(&mut bench, 1);
        visit(&mut bench, 0);
        // C10.FR.05: a later word counts.
        bench.verdict = invalid();
        visit(&mut bench, 0);
        visit(&mut bench, 1);
        visit(&mut bench, 1);
        bench.verdict = json!({"status": "Accepted"});
        visit(&mut bench, 1);
        visit(&mut bench, 0);
        assert_eq!(bench.request("ClearCache", &json!({}))["status"], "Accepted");
        visit(&mut bench, 1);
        let off = json!({"component": {"name": "AuthCacheCtrlr"}, "variable": {"name": "Enabled"}, "attributeValue": "false"});
        bench.request("SetVariables", &json!({"setVariableData": [off]}));
        assert_eq!(bench.request("ClearCache", &json!({}))["status"], "Rejected", "C11.FR.04");
    }
}

/// C03.FR.02.
#[test]
fn token_of_the_server_is_not_cached() {
    let settings = [
        ("AuthCacheCtrlr.Enabled", "true"),
        ("AuthCtrlr.LocalPreAuthorize", "true"),
        ("AuthCtrlr.AuthorizeRemoteStart", "true"),
    ];
    let mut bench = Bench::accepted(Dialect::V2_0_1, &settings);
    for _ in 0..2 {
        bench.plug();
        let start = json!({"evseId": 1, "idToken": {"idToken": "APP", "type": "Central"}, "remoteStartId": 5});
        assert_eq!(bench.request("RequestStartTransaction", &start)["status"], "Accepted");
        bench.serve();
        assert_eq!(bench.take("Authorize").len(), 1);
        bench.unplug();
        bench.serve();
    }
}

/// C15.FR.04, E05.FR.10: a token that was let in offline, and is refused when the CSMS hears of it.
#[test]
fn refused_token_of_an_offline_begin_ends_the_transaction() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[("AuthCtrlr.OfflineTxForUnknownIdEnabled", "true")]);
        bench.close();
        bench.start();
        assert_eq!(bench.power, Power::On, "C15.FR.08");
        bench.verdict = invalid();
        bench.connect();
        let events = bench.transaction_events();
        story::check(&events, false);
        assert_eq!(events.last().map(words).as_deref(), Some("Ended Deauthorized EVConnected DeAuthorized"));
        assert_eq!(bench.power, Power::Off);
        assert!(bench.orders.last() != Some(&EvseAction::Lock(crate::station::Lock::Unlocked)), "E05.FR.11");
    }
}

/// E05.FR.09: a stop point that does not end with the authorisation.
#[test]
fn refused_token_ends_the_energy_where_the_transaction_goes_on() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[("TxCtrlr.TxStopPoint", "EVConnected")]);
        bench.plug();
        bench.swipe("TAG");
        bench.answer("StatusNotification", &json!({}));
        bench.answer("Authorize", &json!({"idTokenInfo": {"status": "Accepted"}}));
        bench.verdict = invalid();
        bench.serve();
        assert_eq!(bench.power, Power::Off);
        bench.serve_for(5);
        let events = bench.transaction_events();
        assert_eq!(events.last().map(words).as_deref(), Some("Updated Deauthorized EVConnected"));
        bench.unplug();
        bench.serve();
        let events = [events, bench.transaction_events()].concat();
        story::check(&events, false);
        assert_eq!(events.last().map(words).as_deref(), Some("Ended EVCommunicationLost Idle DeAuthorized"));
    }
}

/// E05.FR.02, E05.FR.03.
#[test]
fn refused_token_may_take_its_energy_and_no_more() {
    let settings = [("TxCtrlr.StopTxOnInvalidId", "false"), ("TxCtrlr.MaxEnergyOnInvalidId", "500")];
    let mut bench = Bench::accepted(Dialect::V2_0_1, &settings);
    bench.plug();
    bench.swipe("TAG");
    bench.answer("StatusNotification", &json!({}));
    bench.answer("Authorize", &json!({"idTokenInfo": {"status": "Accepted"}}));
    bench.verdict = invalid();
    bench.serve();
    assert_eq!(bench.power, Power::On);
    bench.energy_wh += 499;
    bench.serve_for(15);
    assert_eq!(bench.power, Power::On);
    bench.energy_wh += 1;
    bench.serve_for(15);
    assert_eq!(bench.power, Power::Off);
    let events = bench.transaction_events();
    assert_eq!(events.last().map(words).as_deref(), Some("Updated ChargingStateChanged SuspendedEVSE"));
}

/// E06.FR.04: a word on the token in the answer to any event counts.
#[test]
fn token_that_is_refused_in_a_later_answer_ends_the_transaction() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[("SampledDataCtrlr.TxUpdatedInterval", "30")]);
        bench.start();
        bench.transaction_events();
        bench.wait(30);
        let event = bench.answer("TransactionEvent", &json!({"idTokenInfo": {"status": "Blocked"}}));
        assert_eq!(event["triggerReason"], "MeterValuePeriodic");
        bench.serve();
        let end = bench.transaction_events();
        assert_eq!(end.last().map(words).as_deref(), Some("Ended Deauthorized EVConnected DeAuthorized"));
    }
}

/// A token that the edition cannot say is refused, and not sent in a form that breaks the schema.
#[test]
fn token_that_cannot_be_said_does_not_charge() {
    for (version, length, is_sayable) in [
        (Dialect::V2_0_1, 36, true),
        (Dialect::V2_0_1, 37, false),
        (Dialect::V2_1, 255, true),
        (Dialect::V2_1, 256, false),
    ] {
        let mut bench = Bench::accepted(version, &[]);
        bench.plug();
        bench.swipe(&"A".repeat(length));
        bench.serve();
        assert_eq!(bench.power == Power::On, is_sayable, "{length}");
    }
}

/// C16.FR.02, C16.FR.03: without and with a display, online and out of the cache, at whatever reader.
#[test]
fn master_pass_ends_transactions_and_begins_none() {
    let of_group = |group: &str| json!({"status": "Accepted", "groupIdToken": {"idToken": group, "type": "Central"}});
    for (version, is_shown, at) in EDITIONS.into_iter().flat_map(|version| {
        [(version, false, Some(EVSE)), (version, false, None), (version, true, Some(EVSE)), (version, true, None)]
    }) {
        let mut config =
            config(&[version], &[("AuthCtrlr.MasterPassGroupId", "Master"), ("AuthCacheCtrlr.Enabled", "true")]);
        config.policy.shows_master_pass = is_shown;
        let mut bench = Bench::boot(config, version, Image::default(), 0);
        bench.connect();
        bench.plug();
        let present = |bench: &mut Bench, token: &str, group: &str| {
            bench.verdict = of_group(group);
            bench.input(Input::Token { evse: at, token: IdToken::new(token) });
            bench.serve();
        };
        present(&mut bench, "PASS", "master");
        assert_eq!(bench.power, Power::Off, "C16.FR.03");
        assert!(bench.events.iter().any(|event| event.contains("MasterPass")));
        present(&mut bench, "TAG", "Drivers");
        assert_eq!(bench.power, Power::On);
        present(&mut bench, "OTHER", "Others");
        assert_eq!(bench.power, Power::On, "it is no master pass");
        bench.events.clear();
        present(&mut bench, "PASS", "MASTER");
        assert!(bench.events.iter().any(|event| event.starts_with("MasterPass")), "{:?}", bench.events);
        assert_eq!(bench.power == Power::On, is_shown);
        if is_shown {
            let (reason, trigger) = (crate::station::StopReason::MasterPass, None);
            bench.input(Input::Command(crate::station::Command::Stop { evse: EVSE, reason, trigger }));
            bench.serve();
        }
        let events = bench.transaction_events();
        story::check(&events, false);
        assert_eq!(words(events.last().unwrap()), "Ended StopAuthorized EVConnected MasterPass");
        bench.unplug();
        bench.serve();
        let start = json!({"idToken": {"idToken": "PASS", "type": "ISO14443"}, "remoteStartId": 1, "evseId": 1});
        assert_eq!(bench.request("RequestStartTransaction", &start)["status"], "Rejected", "it is in the cache");
    }
}

/// C10.FR.08, C10.FR.10, C10.FR.13: a token is known for so long since its last use, or as long as the CSMS says; over a power cut too.
#[test]
fn cached_token_is_forgotten_after_its_lifetime() {
    let settings = [
        ("AuthCacheCtrlr.Enabled", "true"),
        ("AuthCacheCtrlr.LifeTime", "7200"),
        ("AuthCtrlr.LocalPreAuthorize", "true"),
    ];
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &settings);
        let visit = |bench: &mut Bench| {
            bench.start();
            bench.unplug();
            bench.serve_for(2);
            bench.take("Authorize").len()
        };
        assert_eq!(visit(&mut bench), 1);
        for _ in 0..3 {
            bench.serve_for(5400);
            assert_eq!(visit(&mut bench), 0, "each use counts anew");
        }
        bench.serve_for(7300);
        assert_eq!(visit(&mut bench), 1, "C10.FR.10");
        bench.close();
        for _ in 0..3 {
            bench.wait(5400);
            bench.start();
            assert_eq!(bench.power, Power::On, "offline too");
            bench.unplug();
        }
        bench.connect();
        bench.verdict["cacheExpiryDateTime"] =
            json!((wall(bench.now) + core::time::Duration::from_secs(30_000)).to_rfc3339());
        bench.serve_for(7300);
        assert_eq!(visit(&mut bench), 1);
        bench.serve_for(10_000);
        assert_eq!(visit(&mut bench), 0, "C10.FR.13: what the CSMS says is what counts");
        // The clock shows another day.
        let mut bench = bench.cut();
        bench.start();
        assert_eq!(bench.power, Power::Off, "it is over after a restart too");
    }
}

/// The group that the CSMS names in its order acts as if it had been told of the token.
#[test]
fn group_of_a_remote_start_ends_it() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[("AuthCtrlr.AuthorizeRemoteStart", "false")]);
        bench.plug();
        bench.serve();
        let start = json!({
            "idToken": {"idToken": "APP", "type": "Central"}, "remoteStartId": 1, "evseId": 1,
            "groupIdToken": {"idToken": "FLEET", "type": "Central"},
        });
        assert_eq!(bench.request("RequestStartTransaction", &start)["status"], "Accepted");
        // What the answers to its events say has no group.
        bench.serve();
        assert_eq!(bench.power, Power::On);
        bench.verdict = json!({"status": "Accepted", "groupIdToken": {"idToken": "FLEET", "type": "Central"}});
        bench.swipe("CARD");
        bench.serve();
        assert_eq!(bench.power, Power::Off);
    }
}
