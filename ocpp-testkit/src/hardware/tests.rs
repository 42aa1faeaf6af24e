use super::*;

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn facts(hardware: &mut Hardware, now: Instant) -> Vec<EvseInput> {
    std::iter::from_fn(|| hardware.poll_fact(now)).collect()
}

/// Plugged at 0, powered at 1 s, closed at 1.08 s.
fn charging() -> Hardware {
    let mut hardware = Hardware::new(5_000_000, 7_200);
    hardware.plug(at(0));
    hardware.order(at(1_000), &EvseAction::Power(Power::On));
    assert_eq!(hardware.poll_timeout(), Some(at(1_080)));
    let seen = facts(&mut hardware, at(1_080));
    assert_eq!(seen.last(), Some(&EvseInput::Contactor(Contactor::Closed)));
    hardware
}

#[test]
fn meter_counts_only_while_the_contactor_conducts() {
    let mut hardware = charging();
    // 7.2 kW are 2 Wh a second.
    assert_eq!(hardware.meter().register_mwh(at(1_080)), 5_000_000);
    assert_eq!(hardware.meter().register_mwh(at(11_080)), 5_020_000);
    hardware.set_vehicle(at(11_000), Vehicle::Paused);
    assert_eq!(facts(&mut hardware, at(11_080)).last(), Some(&EvseInput::Contactor(Contactor::Open)));
    assert_eq!(hardware.meter().register_mwh(at(60_000)), 5_020_000);
    assert_eq!(hardware.meter().register_mwh(at(6_080)), 5_010_000, "the past can be asked");
}

#[test]
fn vehicle_takes_no_more_than_the_limit() {
    let mut hardware = charging();
    // 6 A on three phases are 4.14 kW, or 1.15 Wh a second.
    hardware.order(at(11_080), &EvseAction::Limit(Limit::Ac { milliamps: 6_000, phases: 3 }));
    assert_eq!(hardware.meter().register_mwh(at(21_080)), 5_031_500);
    hardware.order(at(21_080), &EvseAction::Limit(Limit::Dc { milliwatts: 50_000_000 }));
    assert_eq!(hardware.meter().register_mwh(at(31_080)), 5_051_500, "what it wants, if it may");
    hardware.power_cut(at(40_000));
    hardware.power_on(at(50_000));
    hardware.order(at(50_000), &EvseAction::Power(Power::On));
    let _ = facts(&mut hardware, at(50_080));
    let before = hardware.meter().register_mwh(at(50_080));
    assert_eq!(hardware.meter().register_mwh(at(60_080)) - before, 20_000, "a restart forgets the limit");
}

#[test]
fn late_poll_opens_the_contactor_at_its_own_time() {
    let mut hardware = charging();
    hardware.order(at(11_000), &EvseAction::Power(Power::Off));
    let _ = facts(&mut hardware, at(50_000));
    assert_eq!(hardware.meter().register_mwh(at(50_000)), 5_020_000);
}

#[test]
fn unplugging_reports_the_open_contactor_first() {
    let mut hardware = charging();
    hardware.unplug(at(2_000));
    assert_eq!(
        facts(&mut hardware, at(2_000)),
        [EvseInput::Contactor(Contactor::Open), EvseInput::Vehicle(Vehicle::Paused), EvseInput::Cable(Cable::Absent)]
    );
}

#[test]
fn locked_plug_comes_out_when_the_lock_opens() {
    let mut hardware = Hardware::new(0, 1_000).with_lock();
    hardware.plug(at(0));
    hardware.order(at(0), &EvseAction::Lock(Lock::Locked));
    let _ = facts(&mut hardware, at(300));
    hardware.unplug(at(400));
    assert_eq!(facts(&mut hardware, at(400)), []);
    hardware.order(at(500), &EvseAction::Lock(Lock::Unlocked));
    let seen = facts(&mut hardware, at(800));
    assert_eq!(seen.first(), Some(&EvseInput::Lock(Lock::Unlocked)));
    assert_eq!(seen.last(), Some(&EvseInput::Cable(Cable::Absent)));
}

#[test]
fn power_cut_stops_the_flow_and_keeps_what_is_physical() {
    let mut hardware = charging();
    hardware.power_cut(at(6_080));
    assert_eq!(facts(&mut hardware, at(7_000)), [], "nobody to tell");
    hardware.power_on(at(20_000));
    assert_eq!(
        facts(&mut hardware, at(20_000)),
        [EvseInput::Cable(Cable::Connected), EvseInput::Vehicle(Vehicle::Ready), EvseInput::Contactor(Contactor::Open)]
    );
    assert_eq!(hardware.meter().register_mwh(at(20_000)), 5_010_000);
    assert_eq!(hardware.poll_timeout(), None, "the order to give power is forgotten");
}

#[test]
fn fault_opens_the_contactor_at_once() {
    let mut hardware = charging();
    let fault = Fault {
        code: ocpp_core::station::FaultCode::GroundFailure,
        is_blocking: true,
        info: None,
        vendor_error_code: None,
        vendor_id: None,
    };
    hardware.set_fault(at(2_000), Some(fault.clone()));
    assert_eq!(facts(&mut hardware, at(2_000)), [EvseInput::Contactor(Contactor::Open), EvseInput::Fault(fault)]);
    hardware.set_fault(at(3_000), None);
    assert_eq!(
        facts(&mut hardware, at(3_080)),
        [EvseInput::FaultEnded(ocpp_core::station::FaultCode::GroundFailure), EvseInput::Contactor(Contactor::Closed)],
        "the power order stands"
    );
}

#[test]
fn silent_meter_does_not_answer() {
    let mut hardware = charging();
    hardware.set_meter_answers(false);
    hardware.order(at(2_000), &EvseAction::ReadMeter);
    assert_eq!(facts(&mut hardware, at(5_000)), []);
}
