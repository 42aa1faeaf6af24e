//! Network connection profiles (B09, B10, A05; A07 of the field list).

use super::*;
use crate::station::InstalledCertificates;
use alloc::collections::BTreeSet;
use alloc::vec;

const SECRET: &str = "0123456789abcdef";

/// A request for a slot, with this URL and security profile.
fn profile(version: Dialect, slot: i64, url: &str, security_profile: i64) -> Value {
    let mut data = json!({
        "ocppTransport": "JSON", "ocppCsmsUrl": url, "messageTimeout": 30, "securityProfile": security_profile,
        "ocppInterface": "Wireless0",
        "apn": {"apn": "internet", "apnAuthentication": "AUTO", "apnPassword": "modem"},
    });
    if version == Dialect::V2_0_1 {
        data["ocppVersion"] = json!("OCPP20");
    }
    json!({"configurationSlot": slot, "connectionData": data})
}

fn priority(value: &str) -> Value {
    let names = (json!({"name": "OCPPCommCtrlr"}), json!({"name": "NetworkConfigurationPriority"}));
    json!({"setVariableData": [{"component": names.0, "variable": names.1, "attributeValue": value}]})
}

impl Bench {
    /// Accepted, with this security profile.
    fn with_security(version: Dialect, security_profile: u8, certificates: InstalledCertificates) -> Self {
        let mut config = config(&[version], &[("SecurityProfile", &security_profile.to_string())]);
        config.network.password = Some(crate::station::Secret(SECRET.into()));
        config.network.certificates = certificates;
        config.network.tls_endpoint = Some("wss://csms/ocpp".into());
        let mut bench = Bench::boot(config, version, Image::default(), 0);
        bench.connect();
        bench
    }

    fn set_priority(&mut self, value: &str) -> Value {
        self.request("SetVariables", &priority(value))["setVariableResult"][0]["attributeStatus"].clone()
    }

    fn read(&mut self, component: &str, variable: &str) -> Value {
        let wanted = json!({"getVariableData": [{"component": {"name": component}, "variable": {"name": variable}}]});
        self.request("GetVariables", &wanted)["getVariableResult"][0]["attributeValue"].clone()
    }

    /// The power fails, and the station orders a connection.
    fn reboot(self) -> Self {
        let mut bench = self.cut();
        bench.input(Input::Tick);
        bench
    }

    fn last_connect(&self) -> &ConnectRequest {
        self.connects.last().unwrap()
    }

    /// The connection is lost, and the next attempt made.
    fn lose(&mut self) {
        let before = self.connects.len();
        self.close();
        while self.connects.len() == before {
            self.wait(1);
        }
    }

    /// Where the next attempts go, as each of them fails.
    fn tries(&mut self, count: usize) -> Vec<ConnectRequest> {
        (0..count)
            .map(|_| {
                let request = self.last_connect().clone();
                self.lose();
                request
            })
            .collect()
    }
}

/// B09.FR.02, B09.FR.04, B09.FR.05, with the reason codes of errata 2.11.
#[test]
fn profile_that_cannot_be_used_is_refused_with_its_reason() {
    for version in EDITIONS {
        let certificates = InstalledCertificates { csms_root: true, ..InstalledCertificates::default() };
        let mut bench = Bench::with_security(version, 2, certificates);
        let good = || profile(version, 2, "wss://other/ocpp", 2);
        let with = |member: &str, value: Value| {
            let mut request = good();
            request["connectionData"][member] = value;
            request
        };
        let mut cases = vec![
            (profile(version, 0, "wss://other/ocpp", 2), "InvalidConfSlot"),
            (profile(version, 5, "wss://other/ocpp", 2), "InvalidConfSlot"),
            (profile(version, -1, "wss://other/ocpp", 2), "InvalidConfSlot"),
            (profile(version, 2, "wss://other/ocpp", 1), "NoSecurityDowngrade"),
            (profile(version, 2, "wss://other/ocpp", 0), "NoSecurityDowngrade"),
            (profile(version, 2, "wss://other/ocpp", 4), "InvalidNetworkConf"),
            (profile(version, 2, "ws://other/ocpp", 2), "InvalidNetworkConf"),
            (profile(version, 2, "https://other/ocpp", 2), "InvalidNetworkConf"),
            (profile(version, 2, "", 2), "InvalidNetworkConf"),
            (with("ocppTransport", json!("SOAP")), "InvalidNetworkConf"),
            (with("messageTimeout", json!(0)), "InvalidNetworkConf"),
            (with("messageTimeout", json!(-5)), "InvalidNetworkConf"),
            (with("ocppVersion", json!("OCPP15")), "InvalidNetworkConf"),
            (with("ocppVersion", json!("OCPP16")), "InvalidNetworkConf"),
        ];
        if version == Dialect::V2_1 {
            cases.push((with("basicAuthPassword", json!("short")), "InvalidNetworkConf"));
            cases.push((with("identity", json!("a/b")), "InvalidNetworkConf"));
        }
        for (request, reason) in cases {
            let answer = bench.request("SetNetworkProfile", &request);
            assert_eq!(answer, json!({"status": "Rejected", "statusInfo": {"reasonCode": reason}}), "{request}");
            assert_eq!(bench.set_priority("2"), "Rejected", "B10.FR.02: the slot is empty");
        }
        assert_eq!(bench.request("SetNetworkProfile", &good()), json!({"status": "Accepted"}));
        for value in ["", "0", "5", "2,2", "2,3", "two", "2;1"] {
            assert_eq!(bench.set_priority(value), "Rejected", "{value}");
        }
        assert_eq!(bench.set_priority("2,1"), "RebootRequired", "A07: the slot was set just now");
    }
}

/// B09.FR.01: the answer leaves once the profile is durable, and then it is there after a power cut.
#[test]
fn accepted_profile_outlasts_the_power() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[]);
        bench.confirms = false;
        bench.frame(&json!([2, "n", "SetNetworkProfile", profile(version, 2, "ws://other/ocpp", 0)]));
        assert_eq!(bench.sent, [] as [Value; 0]);
        bench.confirm();
        bench.settle();
        assert_eq!(bench.sent.remove(0), json!([3, "n", {"status": "Accepted"}]));
        let mut bench = bench.reboot();
        assert_eq!(bench.last_connect().profile, None, "it is in no list");
        bench.connect();
        assert_eq!(bench.set_priority("2"), "RebootRequired");
        bench.close();
        bench.wait(600);
        assert_eq!(bench.last_connect().profile, None, "before the next boot nothing changes");
    }
}

/// B10.FR.03, B10.FR.04, B10.FR.07 to B10.FR.10.
#[test]
fn station_moves_to_another_csms_with_the_next_boot_and_back_if_that_is_not_there() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[("OCPPCommCtrlr.NetworkProfileConnectionAttempts", "2")]);
        bench.request("SetNetworkProfile", &profile(version, 3, "ws://other/base/", 0));
        assert_eq!(bench.set_priority("3"), "RebootRequired");
        let mut bench = bench.reboot();
        let told = bench.last_connect().clone();
        assert_eq!((&*told.url, told.slot), ("ws://other/base/CP1", None));
        let network = told.profile.unwrap();
        assert_eq!((network.slot, &*network.interface), (3, "Wireless0"));
        let request: Value = serde_json::from_str(&network.request).unwrap();
        assert_eq!(request["connectionData"]["apn"]["apnPassword"], "modem");
        assert!(!format!("{network:?}").contains("modem"));
        let urls: Vec<String> = bench.tries(6).iter().map(|request| request.url.to_string()).collect();
        let (new, old) = ("ws://other/base/CP1", "ws://csms/ocpp/CP1");
        assert_eq!(urls, [new, new, old, old, new, new], "the last connection is behind the list");
        bench.connect();
        assert_eq!(bench.take("BootNotification").len(), 1);
        assert_eq!(bench.read("OCPPCommCtrlr", "NetworkConfigurationPriority"), "3");
        bench.lose();
        assert!(bench.tries(2).iter().all(|request| request.url == old), "where it was connected");
        assert_eq!(bench.last_connect().url, new);
        bench.connect();
        assert_eq!(bench.take("BootNotification").len(), 1, "B10.FR.10");
        bench.lose();
        bench.connect();
        assert_eq!(bench.take("BootNotification").len(), 0, "by the same one");
        let mut bench = bench.reboot();
        let urls: BTreeSet<String> = bench.tries(8).iter().map(|request| request.url.to_string()).collect();
        assert_eq!(urls.into_iter().collect::<Vec<_>>(), [new], "which was the last connection");
    }
}

/// A05.FR.02 to A05.FR.06, A05.FR.10: only upwards, with what it takes, and then no way back.
#[test]
fn safer_profile_takes_its_certificates_and_ends_the_others() {
    for version in EDITIONS {
        let mut bench = Bench::with_security(version, 1, InstalledCertificates::default());
        for (slot, url, security) in [(2, "ws://other", 1), (3, "wss://other", 2), (4, "wss://other", 3)] {
            let answer = bench.request("SetNetworkProfile", &profile(version, slot, url, security));
            assert_eq!(answer, json!({"status": "Accepted"}));
        }
        for value in ["3,1", "4,1", "1,4"] {
            assert_eq!(bench.set_priority(value), "Rejected", "{value}: no root of the CSMS");
        }
        bench.config.network.certificates.csms_root = true;
        let mut bench = bench.cut();
        bench.connect();
        assert_eq!(bench.set_priority("4"), "Rejected", "no certificate of its own");
        assert_eq!(bench.set_priority("3,2,1"), "RebootRequired");
        let mut bench = bench.reboot();
        assert_eq!(bench.last_connect().security_profile.map(|profile| profile.number()), Some(2));
        bench.connect();
        assert_eq!(bench.read("SecurityCtrlr", "SecurityProfile"), "2");
        assert_eq!(bench.read("OCPPCommCtrlr", "NetworkConfigurationPriority"), "3", "TC_A_19");
        for value in ["2", "1", "3,1"] {
            assert_eq!(bench.set_priority(value), "Rejected", "{value}: it is gone");
        }
        let answer = bench.request("SetNetworkProfile", &profile(version, 2, "ws://other", 1));
        assert_eq!(answer["statusInfo"]["reasonCode"], "NoSecurityDowngrade");
        let mut bench = bench.reboot();
        let tried = bench.tries(12);
        assert!(tried.iter().all(|request| request.url == "wss://other/CP1"), "{tried:?}");
        bench.connect();
        let answer = bench.request("SetNetworkProfile", &profile(version, 1, "wss://third", 2));
        assert_eq!((answer, bench.set_priority("1,3")), (json!({"status": "Accepted"}), json!("RebootRequired")));
        assert_eq!(bench.reboot().last_connect().url, "wss://third/CP1", "the slot is the CSMS's");
    }
}

/// Whatever of it is durable when the power fails as a safer connection comes about, none below it is tried after that was told.
#[test]
fn no_power_cut_leads_back_below_a_security_profile_that_was_told() {
    for lost in 0..8 {
        let certificates = InstalledCertificates { csms_root: true, ..InstalledCertificates::default() };
        let mut bench = Bench::with_security(Dialect::V2_0_1, 1, certificates);
        bench.request("SetNetworkProfile", &profile(Dialect::V2_0_1, 2, "ws://other", 1));
        bench.request("SetNetworkProfile", &profile(Dialect::V2_0_1, 3, "wss://other", 2));
        assert_eq!(bench.set_priority("3,2,1"), "RebootRequired");
        let mut bench = bench.reboot();
        bench.confirms = false;
        bench.open();
        let kept = bench.unconfirmed.len().saturating_sub(lost);
        bench.unconfirmed.truncate(kept);
        bench.confirm();
        let mut bench = bench.reboot();
        assert_eq!(bench.last_connect().url, "wss://other/CP1", "{lost}");
        bench.connect();
        assert_eq!(bench.read("SecurityCtrlr", "SecurityProfile"), "2");
        assert_eq!(bench.read("OCPPCommCtrlr", "NetworkConfigurationPriority"), "3");
    }
}

/// A05.FR.06: the CSMS hears nothing by a safer network before it is on record that there is no way back.
#[test]
fn safer_connection_is_on_record_before_anything_is_said_on_it() {
    let certificates = InstalledCertificates { csms_root: true, ..InstalledCertificates::default() };
    let mut bench = Bench::with_security(Dialect::V2_0_1, 1, certificates);
    bench.request("SetNetworkProfile", &profile(Dialect::V2_0_1, 2, "wss://other", 2));
    assert_eq!(bench.set_priority("2,1"), "RebootRequired");
    let mut bench = bench.reboot();
    bench.confirms = false;
    bench.open();
    assert_eq!(bench.sent, [] as [Value; 0]);
    bench.confirm();
    bench.settle();
    bench.call("BootNotification");
}

/// A password on trial and networks that are down hide each other from nobody: every way is tried with every password.
#[test]
fn password_on_trial_is_tried_in_every_network() {
    for attempts in ["1", "2", "3", "5"] {
        let settings = [("OCPPCommCtrlr.NetworkProfileConnectionAttempts", attempts)];
        let mut bench = Bench::with_security(Dialect::V2_0_1, 1, InstalledCertificates::default());
        bench.config = settings.iter().fold(bench.config, |config, (key, value)| config.with_setting(key, value));
        bench.request("SetNetworkProfile", &profile(Dialect::V2_0_1, 2, "ws://other", 1));
        assert_eq!(bench.set_priority("1,2"), "RebootRequired");
        let password = json!({"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}, "attributeValue": "another-password-0"});
        bench.request("SetVariables", &json!({"setVariableData": [password]}));
        let mut bench = bench.reboot();
        let ways: BTreeSet<_> =
            bench.tries(24).into_iter().map(|request| (request.url, request.authorization)).collect();
        assert_eq!(ways.len(), 4, "{attempts}: {ways:?}");
    }
}

/// 2.1: identity and password of the profile's own; the time-out is that of the profile in both.
#[test]
fn connection_has_the_credentials_and_the_time_out_of_its_profile() {
    let mut bench = Bench::with_security(Dialect::V2_1, 1, InstalledCertificates::default());
    let mut request = profile(Dialect::V2_1, 2, "ws://other/x?y=1", 1);
    request["connectionData"]["identity"] = json!("CP-NEW");
    request["connectionData"]["basicAuthPassword"] = json!("password-of-its-own");
    request["connectionData"]["messageTimeout"] = json!(7);
    assert_eq!(bench.request("SetNetworkProfile", &request), json!({"status": "Accepted"}));
    assert_eq!(bench.set_priority("2,1"), "RebootRequired");
    let mut bench = bench.reboot();
    let told = bench.last_connect().clone();
    assert_eq!(told.url, "ws://other/x/CP-NEW?y=1");
    let identity = ocpp_rpc::handshake::Identity::new("CP-NEW", &ocpp_rpc::handshake::IdentityRules::V2).unwrap();
    let password = ocpp_rpc::handshake::Password::from_text("password-of-its-own", Dialect::V2_1).unwrap();
    assert_eq!(told.authorization.as_deref(), Some(&*password.authorization(&identity)));
    bench.open();
    bench.call("BootNotification");
    bench.events.clear();
    bench.wait(6);
    assert!(!bench.events.iter().any(|event| event.contains("CallFailed")));
    bench.wait(2);
    assert!(bench.events.iter().any(|event| event.contains("CallFailed")), "{:?}", bench.events);
}

/// Part 4 of 2.0.1 §5.3, TC_B_57: the wait before each attempt, by its settings, also after a power cut; how often it doubles.
#[test]
fn station_connects_again_after_the_wait_that_the_csms_set() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[]);
        for (name, value, status) in [
            ("RetryBackOffWaitMinimum", "0", "Rejected"),
            ("RetryBackOffWaitMinimum", "3601", "Rejected"),
            ("RetryBackOffWaitMinimum", "4", "Accepted"),
            ("RetryBackOffRandomRange", "0", "Accepted"),
            ("RetryBackOffRepeatTimes", "2", "Accepted"),
        ] {
            let names = (json!({"name": "OCPPCommCtrlr"}), json!({"name": name}));
            let data = json!([{"component": names.0, "variable": names.1, "attributeValue": value}]);
            let answer = bench.request("SetVariables", &json!({"setVariableData": data}));
            assert_eq!(answer["setVariableResult"][0]["attributeStatus"], status, "{name} {value}");
        }
        let mut bench = bench.reboot();
        for _ in 0..2 {
            bench.connect();
            let waits: Vec<u64> = (0..5)
                .map(|_| {
                    let (before, connects) = (bench.now, bench.connects.len());
                    bench.close();
                    while bench.connects.len() == connects {
                        bench.wait(1);
                    }
                    (bench.now - before) / 1000
                })
                .collect();
            assert_eq!(waits, [4, 8, 16, 16, 16], "{version:?}");
        }
    }
}
