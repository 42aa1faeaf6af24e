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
    let change = |evse, is_operative| Command::ChangeAvailability { evse, is_operative };
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
