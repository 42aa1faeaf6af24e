//! What the host may want and ask, whatever version is spoken.

use super::*;
use crate::MisuseError;
use crate::station::{BootReason, Command, EvseStatus, LinkView};

fn command(bench: &mut Bench, command: Command) {
    bench.input(Input::Command(command));
}

#[test]
fn host_keeps_the_station_without_a_link_until_it_wants_one() {
    let mut bench = Bench::accepted(&[]);
    assert!(matches!(bench.station.link(), LinkView::Open { is_accepted: true, .. }));
    command(&mut bench, Command::Disconnect);
    assert_eq!(bench.link.last().unwrap(), "Close");
    assert!(bench.events.last().unwrap().contains("retry_at: None"), "{:?}", bench.events.last());
    let attempts = bench.connects.len();
    bench.wait(86_400);
    assert_eq!((bench.connects.len(), bench.station.link()), (attempts, LinkView::Held));
    bench.open();
    assert!(bench.sent.is_empty() && bench.link.last().unwrap() == "Close", "one that came too late is closed");
    command(&mut bench, Command::Reconnect);
    assert_eq!((bench.connects.len(), bench.station.link()), (attempts + 1, LinkView::Connecting));
}

#[test]
fn host_takes_an_evse_out_of_service_as_the_csms_may() {
    let mut bench = Bench::accepted(&[]);
    let change = |evse, is_operative| Command::ChangeAvailability { evse, connector: None, is_operative };
    command(&mut bench, change(Some(EVSE), false));
    assert_eq!(bench.statuses(), ["1 Unavailable"]);
    let mut bench = Bench::new(bench.image.clone(), &[]).online();
    assert!(!bench.station.evse(EVSE).unwrap().is_operative);
    command(&mut bench, change(None, true));
    assert_eq!(bench.statuses(), ["1 Available"]);
    let wrong = bench.station.handle(Instant::ZERO, Input::Command(change(Some(EvseId(9)), true)));
    assert_eq!(wrong, Err(MisuseError::UnknownEvse(EvseId(9))));
}

#[test]
fn restart_that_the_station_ordered_knows_its_reason_once() {
    let mut bench = Bench::accepted(&[]);
    assert_eq!(bench.station.boot_reason(), BootReason::Unknown);
    bench.request("Reset", &json!({"type": "Soft"}));
    bench.wait(60);
    assert_eq!(bench.reboots.len(), 1);
    let configured = config(&[]).with(|config| config.device.boot_reason = Some(BootReason::PowerUp));
    let bench = Bench::with_config(bench.image.clone(), configured.clone());
    assert_eq!(bench.station.boot_reason(), BootReason::RemoteReset);
    let bench = Bench::with_config(bench.image.clone(), configured);
    assert_eq!(bench.station.boot_reason(), BootReason::PowerUp);
}

#[test]
fn display_asks_for_the_session_and_the_settings() {
    let mut bench = Bench::running(&[]);
    bench.energy_wh = 1500;
    bench.input(Input::Evse(EVSE, EvseInput::Meter(MeterReading::energy_wh(1500))));
    bench.wait(61);
    let view = bench.station.evse(EVSE).unwrap();
    assert_eq!((view.status, view.cable), (EvseStatus::Charging, Cable::Connected));
    let session = view.session.unwrap();
    assert_eq!((session.csms_id, session.token.map_or("", IdToken::as_str)), (Some(77), "TAG"));
    assert_eq!((session.meter_start_mwh, session.energy_mwh), (1_000_000, 500_000));
    assert!(session.since.is_some() && !format!("{session:?}").contains("TAG"));
    assert!(bench.station.evse(EvseId(2)).is_none());
    let heartbeat = bench.station.settings().find(|setting| setting.name == "HeartbeatInterval").unwrap();
    assert_eq!(heartbeat.value, Some("300"));
    #[cfg(feature = "security")]
    assert!(bench.station.settings().any(|setting| setting.name == "AuthorizationKey" && setting.value.is_none()));
}

#[cfg(feature = "reservation")]
#[test]
fn display_asks_for_the_reservations() {
    let mut bench = Bench::accepted(&[]);
    let expiry = wall(bench.now + 60_000);
    let reserve = json!({"connectorId": 1, "expiryDate": expiry.to_rfc3339(), "idTag": "Guest", "reservationId": 5});
    assert_eq!(bench.request("ReserveNow", &reserve), json!({"status": "Accepted"}));
    let held = bench.station.reservations().next().unwrap();
    assert_eq!((held.id, held.evse, held.token.as_str(), held.expires), (5, Some(EVSE), "Guest", Some(expiry)));
}

#[test]
fn boot_notification_tells_all_that_the_configuration_says() {
    let mut config = config(&[]);
    config.device.box_serial_number = Some("B".into());
    (config.device.iccid, config.device.imsi) = (Some("I".repeat(30).into()), Some("M".into()));
    (config.device.meter_type, config.device.meter_serial_number) = (Some("T".into()), Some("S".into()));
    let mut bench = Bench::with_config(Image::default(), config);
    bench.open();
    let (_, request) = bench.call("BootNotification");
    assert_eq!(request["chargeBoxSerialNumber"], "B");
    assert_eq!((&request["iccid"], &request["imsi"]), (&json!("I".repeat(20)), &json!("M")));
    assert_eq!((&request["meterType"], &request["meterSerialNumber"]), (&json!("T"), &json!("S")));
}

#[cfg(feature = "smart_charging")]
#[test]
fn limits_of_the_site_hold_beside_profiles_and_go_again() {
    use crate::station::SiteLimit;

    let mut bench = Bench::running(&[]);
    let mut limited = |evse, limit| {
        bench.input(Input::SiteLimit { evse, limit });
        bench.station.evse(EVSE).unwrap().limit
    };
    let amps = |amps: u32| Limit::Ac { milliamps: amps * 1000, phases: 3 };
    assert_eq!(limited(Some(EVSE), Some(SiteLimit::Milliamps(10_000))), amps(10));
    // 16 A on three phases of 230 V.
    assert_eq!(limited(None, Some(SiteLimit::Milliwatts(11_040_000))), amps(10));
    assert_eq!(limited(Some(EVSE), None), amps(16));
    assert_eq!(limited(None, Some(SiteLimit::Milliamps(3_000))), amps(0), "less than a vehicle can use");
    assert_eq!(limited(None, None), amps(32));
}

impl Bench {
    /// The events since, of which this names the kind.
    fn events_of(&mut self, kind: &str) -> Vec<String> {
        let start = format!("{kind} {{");
        self.events.drain(..).filter(|event| event.starts_with(&start) || event == kind).collect()
    }
}

#[test]
fn host_learns_the_new_value_of_a_setting() {
    let mut bench = Bench::accepted(&[]);
    bench.events.clear();
    bench.request("ChangeConfiguration", &json!({"key": "HeartbeatInterval", "value": "60"}));
    let told = bench.events_of("Configured");
    assert_eq!(told, ["Configured { key: \"HeartbeatInterval\", value: Some(\"60\") }"]);
    #[cfg(feature = "security")]
    {
        bench.request(
            "ChangeConfiguration",
            &json!({"key": "AuthorizationKey", "value": "00112233445566778899AABBCCDDEEFF"}),
        );
        assert_eq!(bench.events_of("Configured"), ["Configured { key: \"AuthorizationKey\", value: None }"]);
    }
}

#[test]
fn host_learns_what_the_csms_takes_out_of_service() {
    let mut bench = Bench::accepted(&[]);
    for _ in 0..2 {
        bench.request("ChangeAvailability", &json!({"connectorId": 1, "type": "Inoperative"}));
    }
    let told = bench.events_of("AvailabilityChanged");
    assert_eq!(
        told,
        ["AvailabilityChanged { evse: Some(EvseId(1)), connector: Some(ConnectorId(1)), is_operative: false }"]
    );
}

#[cfg(feature = "reservation")]
#[test]
fn host_learns_of_reservations_and_their_ends() {
    let mut bench = Bench::accepted(&[]);
    let reserve = |bench: &mut Bench, id, seconds: u64| {
        let expiry = wall(bench.now + seconds * 1000).to_rfc3339();
        let payload =
            json!({"connectorId": 1, "expiryDate": expiry, "idTag": "Guest", "parentIdTag": "P", "reservationId": id});
        bench.request("ReserveNow", &payload)["status"].clone()
    };
    assert_eq!(reserve(&mut bench, 5, 60), "Accepted");
    let told = bench.events_of("Reserved");
    assert!(
        told.len() == 1 && told[0].contains("id: 5, evse: Some(EvseId(1))") && told[0].contains("group: Some"),
        "{told:?}"
    );
    assert_eq!(reserve(&mut bench, 5, 90), "Accepted");
    assert_eq!(bench.events_of("Reserved").len(), 1, "for longer");
    let image = bench.image.clone();
    bench.wait(91);
    assert_eq!(bench.events_of("ReservationEnded"), ["ReservationEnded { id: 5 }"]);
    let mut restarted = Bench::new(image, &[]);
    assert!(restarted.events_of("Reserved").is_empty(), "it was told before");
}

#[test]
fn host_learns_of_a_remote_start_and_has_a_token_validated() {
    let mut bench = Bench::accepted(&[]);
    bench.request("RemoteStartTransaction", &json!({"idTag": "APP", "connectorId": 1}));
    let told = bench.events_of("RemoteStart");
    assert_eq!(told, ["RemoteStart { evse: Some(EvseId(1)), token: IdToken(***3), remote_start: None }"]);
    bench.answer("Authorize", &json!({"idTagInfo": {"status": "Blocked"}}));

    let validate = || Command::ValidateToken { token: IdToken::new("GUEST") };
    command(&mut bench, validate());
    let info = json!({"status": "Accepted", "parentIdTag": "FLEET", "expiryDate": "2030-01-01T00:00:00Z"});
    assert_eq!(bench.answer("Authorize", &json!({"idTagInfo": info}))["idTag"], "GUEST");
    let told = bench.events_of("TokenValidated");
    let all = "refusal: None, group: Some(IdToken(***5)), expires: Some(2030-01-01T00:00:00Z)";
    assert!(told.len() == 1 && told[0].contains(all), "{told:?}");
    assert!(bench.station.evse(EVSE).unwrap().status == EvseStatus::Available, "nothing begins");
    command(&mut bench, validate());
    bench.answer("Authorize", &json!({"idTagInfo": {"status": "Expired"}}));
    assert!(bench.events_of("TokenValidated")[0].contains("refusal: Some(Csms(Expired))"));
    bench.input(Input::Link(LinkInput::Closed));
    command(&mut bench, validate());
    assert!(bench.events_of("TokenValidated")[0].contains("refusal: Some(Offline)"));
}

#[cfg(feature = "smart_charging")]
#[test]
fn host_learns_when_schedules_change() {
    use crate::station::SiteLimit;

    let mut bench = Bench::accepted(&[]);
    assert!(bench.events_of("SchedulesChanged").is_empty());
    let limit = |limit| Input::SiteLimit { evse: None, limit };
    bench.input(limit(Some(SiteLimit::Milliamps(10_000))));
    assert_eq!(bench.events_of("SchedulesChanged").len(), 1);
    bench.wait(60);
    assert!(bench.events_of("SchedulesChanged").is_empty());
    bench.input(limit(None));
    assert_eq!(bench.events_of("SchedulesChanged").len(), 1);
}

#[test]
fn connection_names_the_network_of_the_host() {
    let config = config(&[]).with(|config| config.network.slot = Some(3));
    let bench = Bench::with_config(Image::default(), config).online();
    assert_eq!(bench.connects[0].slot, Some(3));
    assert!(matches!(bench.station.link(), LinkView::Open { slot: Some(3), .. }));
}

#[test]
fn reading_is_completed_by_what_the_station_knows() {
    let keys = [("MeterValuesSampledData", "Current.Offered,Power.Offered,SoC"), ("StopTxnSampledData", "SoC")];
    let mut bench = Bench::running(&keys);
    bench.input(Input::Evse(EVSE, EvseInput::StateOfCharge(55)));
    let values = |bench: &mut Bench| -> Vec<String> {
        bench.wait(60);
        let values = bench.answer("MeterValues", &json!({}));
        let samples = values["meterValue"][0]["sampledValue"].as_array().unwrap();
        samples
            .iter()
            .map(|sample| format!("{} {}", sample["measurand"].as_str().unwrap(), sample["value"].as_str().unwrap()))
            .collect()
    };
    #[cfg(feature = "smart_charging")]
    {
        // Three phases of 32 A and 230 V.
        assert_eq!(values(&mut bench), ["Current.Offered 32", "Power.Offered 22080", "SoC 55"]);
        bench.input(Input::SiteLimit { evse: None, limit: Some(crate::station::SiteLimit::Milliamps(1_000)) });
        bench.answer_all("StatusNotification", &json!({}));
        assert_eq!(values(&mut bench), ["Current.Offered 0", "Power.Offered 0", "SoC 55"]);
    }
    // What the meter shows itself counts.
    bench.shows = |energy| MeterReading::energy_wh(energy).with(crate::station::Measurand::SoC, None, 60_000);
    let told = values(&mut bench);
    assert!(told.iter().any(|value| value == "SoC 60") && !told.iter().any(|value| value == "SoC 55"), "{told:?}");
}

#[test]
fn vehicle_is_known_until_it_leaves() {
    use crate::station::{Bay, ChargingNeeds};

    let mut bench = Bench::accepted(&[]);
    bench.plug();
    bench.input(Input::Evse(EVSE, EvseInput::Bay(Bay::Occupied)));
    bench.input(Input::Evse(EVSE, EvseInput::ChargingNeeds(ChargingNeeds::new("DC").into())));
    bench.input(Input::Evse(EVSE, EvseInput::StateOfCharge(130)));
    let view = bench.station.evse(EVSE).unwrap();
    assert_eq!((view.state_of_charge, view.charging_needs), (Some(100), Some(&ChargingNeeds::new("DC"))));
    bench.cable(Cable::Absent);
    let view = bench.station.evse(EVSE).unwrap();
    assert_eq!((view.state_of_charge, view.charging_needs), (None, None));
    assert_eq!(bench.statuses(), ["1 Preparing", "1 Available"], "1.6 knows nothing of bays");
}

/// C02, C04: 1.6 has no transaction without an identifier; a code that was typed in is one.
#[test]
fn start_button_needs_a_later_version_and_a_code_does_not() {
    let mut bench = Bench::accepted(&[]);
    bench.plug();
    bench.answer_all("StatusNotification", &json!({}));
    bench.input(Input::Token { evse: Some(EVSE), token: IdToken::start_button() });
    assert_eq!(bench.events_of("TokenRefused"), ["TokenRefused { evse: Some(EvseId(1)), reason: Unsendable }"]);
    bench.input(Input::Token { evse: Some(EVSE), token: IdToken::new("1234").with_kind("KeyCode") });
    assert_eq!(bench.answer("Authorize", &json!({"idTagInfo": {"status": "Accepted"}})), json!({"idTag": "1234"}));
    bench.answer_all("StatusNotification", &json!({}));
    assert_eq!(bench.call("StartTransaction").1["idTag"], "1234");
}

#[cfg(feature = "security")]
#[test]
fn host_says_whether_a_security_event_is_critical_and_when_it_was() {
    use crate::station::SecurityEventKind as Kind;

    let mut bench = Bench::accepted(&[("SecurityProfile", "1")]);
    bench.answer("SecurityEventNotification", &json!({}));
    let raise = |kind, is_critical, at| Command::SecurityEvent { kind, info: None, is_critical, at };
    let at = wall(0) - chrono::TimeDelta::hours(1);
    command(&mut bench, raise(Kind::InvalidMessages, Some(true), Some(at)));
    let entries =
        |bench: &Bench| bench.image.entries.keys().filter(|key| key.as_str().starts_with("security/")).count();
    assert_eq!(entries(&bench), 1);
    let told = bench.answer("SecurityEventNotification", &json!({}));
    assert_eq!(
        (&told["type"], &told["timestamp"]),
        (&json!("InvalidMessages"), &json!(at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)))
    );
    command(&mut bench, raise(Kind::InvalidMessages, None, None));
    assert!(bench.sent.is_empty(), "as 1.6 ranks it, it is for the log");
    command(&mut bench, raise(Kind::TamperDetectionActivated, Some(false), None));
    assert_eq!((entries(&bench), bench.sent.len()), (0, 1), "told, and not kept");
}

/// As certificates are looked after by stations of the field: a minute after the first acceptance, and twice a day.
#[cfg(feature = "security")]
#[test]
fn host_is_reminded_of_the_certificates_that_are_in_use() {
    let mut config = config(&[("SecurityProfile", "3")]);
    config.network.certificates = crate::station::InstalledCertificates::new(true, true);
    config.network.endpoint = "wss://csms/ocpp".into();
    let mut bench = Bench::with_config(Image::default(), config).online();
    bench.answer_all("SecurityEventNotification", &json!({}));
    let reminded = |bench: &mut Bench, seconds| {
        bench.wait_with_heartbeats(seconds);
        bench.events_of("CheckCertificate").len()
    };
    assert_eq!(reminded(&mut bench, 59), 0);
    assert_eq!(reminded(&mut bench, 1), 1);
    assert_eq!(reminded(&mut bench, 12 * 3600 - 1), 0);
    assert_eq!(reminded(&mut bench, 1), 1);
    let mut bench = Bench::accepted(&[]);
    assert_eq!(reminded(&mut bench, 3600), 0, "without one in use nobody wakes up for it");
}
