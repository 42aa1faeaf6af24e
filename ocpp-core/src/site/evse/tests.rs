//! The session of an EVSE against a small model written from the specification: whatever comes in whatever order, with every start
//! and stop point (2.x E01, E06).
#![cfg(feature = "v1_6")]

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::rng::Rng;
use crate::site::Site;
use crate::site::journal::EventFacts;
use crate::site::link::Address;
use crate::site::policy::{Points, Policy};
use crate::site::session::ConnectorStatus;
use crate::site::shared::Shared;
use crate::station::{
    Action, Bay, Contactor, EvseAction, EvseInput, MeterReading, Power, StationConfig, TransactionNo, TriggerReason,
};
use crate::store::{Image, LogIndex, StoreOp};

/// What happens.
#[derive(Clone, Copy, Debug)]
enum Step {
    Cable(Cable),
    Bay(bool),
    Signed(bool),
    Vehicle(Vehicle),
    Token(u8),
    /// The CSMS stops the transaction.
    Remote,
    /// The emergency stop.
    Emergency,
    /// The power fails.
    Cut,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let cable = prop_oneof![Just(Cable::Absent), Just(Cable::Plugged), Just(Cable::Connected)];
    let vehicle = prop_oneof![Just(Vehicle::Ready), Just(Vehicle::Paused)];
    let step = prop_oneof![
        4 => cable.prop_map(Step::Cable),
        2 => any::<bool>().prop_map(Step::Bay),
        1 => any::<bool>().prop_map(Step::Signed),
        3 => vehicle.prop_map(Step::Vehicle),
        5 => (0_u8..2).prop_map(Step::Token),
        1 => Just(Step::Remote),
        1 => Just(Step::Emergency),
    ];
    proptest::collection::vec(step, 1..40)
}

fn points(start: u8, stop: u8) -> TxPoints {
    let set = |bits: u8| {
        let points = TxPoint::ALL.into_iter().zip(0..).filter(|(_, at)| bits & 1 << at != 0);
        points.fold(PointSet::NONE, |set, (point, _)| set.with(point))
    };
    TxPoints { start: set(start), stop: set(stop) }
}

/// What the CSMS would be told of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Begun,
    Changed,
    Ended(StopReason),
}

struct Bench {
    site: Site,
    shared: Shared,
    now: u64,
    image: Image,
    power: Power,
    contactor: Contactor,
    cable: Cable,
    events: BTreeMap<TransactionNo, Vec<(Told, EventFacts)>>,
    config: StationConfig,
    points: TxPoints,
}

impl Bench {
    fn new(points: TxPoints, leaves_with_cable: bool) -> Self {
        let mut config = StationConfig::new("ws://csms/ocpp", "CP1", "Vendor", "Model")
            .with_setting("AllowOfflineTxForUnknownId", "true")
            .with_setting("ConnectionTimeOut", "100")
            .with_setting("MeterValueSampleInterval", "0")
            .with_setting("UnlockConnectorOnEVSideDisconnect", "true")
            .with_setting("StopTransactionOnEVSideDisconnect", if leaves_with_cable { "true" } else { "false" });
        config.policy.charge_before_accepted = true;
        let (site, shared) = boot(&config, points, &Image::default());
        let mut bench = Bench {
            site,
            shared,
            now: 0,
            image: Image::default(),
            power: Power::Off,
            contactor: Contactor::Open,
            cable: Cable::Absent,
            events: BTreeMap::new(),
            config,
            points,
        };
        bench.fact(EvseInput::Cable(Cable::Absent));
        bench
    }

    fn evse(&mut self) -> &mut Evse {
        &mut self.site.evses[0]
    }

    fn fact(&mut self, fact: EvseInput) {
        self.site.on_fact(&mut self.shared, EvseId(1), fact);
        self.settle();
    }

    /// Lets the site react, the store confirm, the meter answer, and the contactor follow.
    fn settle(&mut self) {
        loop {
            self.shared.now = Instant::from_millis(self.now);
            self.site.begin(&mut self.shared);
            self.site.advance(&mut self.shared);
            let mut facts = Vec::new();
            let mut last = None;
            while let Some((ticket, op)) = self.shared.store.poll() {
                self.image.apply(&op);
                self.note(&op);
                last = Some(ticket);
            }
            while let Some(action) = self.shared.poll_action() {
                match action {
                    Action::Evse(_, EvseAction::ReadMeter) => {
                        facts.push(EvseInput::Meter(MeterReading::energy_wh(1000)));
                    }
                    Action::Evse(_, EvseAction::Power(power)) => self.power = power,
                    _ => {}
                }
            }
            let closes = self.power == Power::On && self.cable == Cable::Connected;
            let contactor = if closes { Contactor::Closed } else { Contactor::Open };
            if contactor != self.contactor {
                self.contactor = contactor;
                facts.push(EvseInput::Contactor(contactor));
            }
            let is_done = facts.is_empty() && last.is_none();
            if let Some(ticket) = last {
                self.shared.store.stored(ticket);
            }
            for fact in facts {
                self.site.on_fact(&mut self.shared, EvseId(1), fact);
            }
            if is_done {
                return;
            }
        }
    }

    fn note(&mut self, op: &StoreOp) {
        let (position, bytes) = match op {
            StoreOp::Append { index, record, .. } => (*index, record),
            StoreOp::Put { key, value } => match key.as_str().strip_prefix("sample/") {
                Some(position) => (LogIndex(position.parse().unwrap()), value),
                None => return,
            },
            StoreOp::Trim { .. } | StoreOp::Delete { .. } => return,
        };
        let Ok((record, Some(event))) = JournalRecord::from_bytes(bytes) else { return };
        let told = match &record {
            JournalRecord::Started(_) => Told::Begun,
            JournalRecord::Sampled(_) | JournalRecord::Measured(_) => Told::Changed,
            JournalRecord::Stopped(stop) => Told::Ended(stop.reason),
        };
        let transaction = record.transaction(TransactionNo(position)).unwrap();
        self.events.entry(transaction).or_default().push((told, event));
    }

    fn token(&mut self, token: u8) {
        let token = IdToken::new(["A", "B"][usize::from(token)]);
        self.site.on_token(&mut self.shared, Some(EvseId(1)), Vec::new(), token);
        self.settle();
    }

    fn step(&mut self, step: Step) {
        self.now += 1000;
        self.shared.now = Instant::from_millis(self.now);
        match step {
            Step::Cable(cable) => {
                self.cable = cable;
                self.fact(EvseInput::Cable(cable));
            }
            Step::Bay(is_occupied) => {
                let bay = if is_occupied { Bay::Occupied } else { Bay::Free };
                self.fact(EvseInput::Bay(bay));
            }
            Step::Signed(has_signed) => {
                if has_signed {
                    let signed = crate::station::SignedValue::new("data", "OCMF");
                    self.fact(EvseInput::Meter(MeterReading::energy_wh(1000).with_signed(signed)));
                } else {
                    self.evse().has_signed = false;
                    self.settle();
                }
            }
            Step::Vehicle(vehicle) => self.fact(EvseInput::Vehicle(vehicle)),
            Step::Token(token) => self.token(token),
            Step::Remote => {
                self.site.stop(EvseId(1), StopReason::Remote, None);
                self.settle();
            }
            Step::Emergency => {
                self.site.stop(EvseId(1), StopReason::EmergencyStop, None);
                self.settle();
            }
            Step::Cut => {
                let (site, shared) = boot(&self.config, self.points, &self.image);
                (self.site, self.shared, self.now) = (site, shared, 0);
                (self.power, self.contactor) = (Power::Off, Contactor::Open);
                self.fact(EvseInput::Cable(self.cable));
            }
        }
    }

    fn wait(&mut self, seconds: u64) {
        self.now += seconds * 1000;
        self.settle();
    }

    fn open(&self) -> Option<TransactionNo> {
        let is_open = |events: &Vec<(Told, EventFacts)>| !matches!(events.last(), Some((Told::Ended(_), _)));
        self.events.iter().find(|(_, events)| is_open(events)).map(|(transaction, _)| *transaction)
    }

    /// The triggers of the last transaction, with what ended it.
    fn story(&self) -> (Vec<TriggerReason>, Option<StopReason>) {
        let events = self.events.values().last().cloned().unwrap_or_default();
        let reason = if let Some((Told::Ended(reason), _)) = events.last() { Some(*reason) } else { None };
        (events.iter().map(|(_, event)| event.trigger).collect(), reason)
    }
}

fn boot(config: &StationConfig, points: TxPoints, image: &Image) -> (Site, Shared) {
    let mut config = config.clone();
    let address = Address::of(&mut config, &crate::v1_6::station::POLICY.identity).unwrap();
    let settings = Settings::new(&config).unwrap();
    let mut shared = Shared::restore(config, address, Rng::new(1).next_u64(), image);
    let policy = Policy { points: Points::Fixed(points), tells_changes: true, ..crate::v1_6::station::POLICY };
    let site = Site::restore(settings, policy, &mut shared, image);
    shared.has_booted = true;
    (site, shared)
}

/// What the specification says, in few words.
#[derive(Clone, Debug)]
struct Model {
    points: TxPoints,
    leaves_with_cable: bool,
    cable: Cable,
    bay: bool,
    signed: bool,
    ready: bool,
    /// Who was accepted.
    driver: Option<u8>,
    /// The contactor follows the power.
    closed: bool,
    /// The points that were met in the transaction that is open.
    open: Option<PointSet>,
    /// Whose authorisation in it has ended.
    over: Option<u8>,
    spent: PointSet,
    begun: usize,
    ended: usize,
}

impl Model {
    fn is_connected(&self) -> bool {
        self.cable == Cable::Connected
    }

    fn met(&self) -> PointSet {
        let flows = self.closed && self.ready && self.is_connected();
        let is_authorised = self.driver.is_some();
        let mut met = PointSet::NONE;
        for (is_met, point) in [
            (self.bay, TxPoint::ParkingBayOccupancy),
            (self.is_connected(), TxPoint::EvConnected),
            (is_authorised, TxPoint::Authorized),
            (self.signed && self.is_connected(), TxPoint::DataSigned),
            (is_authorised && self.is_connected(), TxPoint::PowerPathClosed),
            (flows, TxPoint::EnergyTransfer),
        ] {
            met = if is_met { met.with(point) } else { met };
        }
        met
    }

    /// C01.FR.01: energy only for somebody who was accepted, and in a transaction, or to begin one.
    fn may_charge(&self) -> bool {
        let begins = self.points.start.has(TxPoint::EnergyTransfer) && self.is_connected();
        self.driver.is_some() && (self.open.is_some() || begins)
    }

    fn end(&mut self) {
        (self.open, self.driver, self.over) = (None, None, None);
        self.ended += 1;
        self.closed = false;
        self.spent = self.met();
    }

    fn end_authorisation(&mut self) {
        let stop = self.points.stop;
        let points = [TxPoint::Authorized, TxPoint::PowerPathClosed, TxPoint::EnergyTransfer];
        if points.into_iter().any(|point| stop.has(point)) {
            return self.end();
        }
        self.over = self.over.or(self.driver.take());
    }

    fn settle(&mut self) {
        for _ in 0..20 {
            self.settle_once();
            let closed = self.may_charge() && self.is_connected();
            if closed == self.closed {
                return;
            }
            self.closed = closed;
        }
        panic!("never settles: {self:?}");
    }

    fn settle_once(&mut self) {
        loop {
            let met = self.met();
            let Some(ever) = &mut self.open else {
                self.spent = self.spent.and(met);
                let (start, spent) = (self.points.start, self.spent);
                if !TxPoint::ALL.into_iter().any(|p| start.has(p) && met.has(p) && !spent.has(p)) {
                    return;
                }
                self.open = Some(met);
                self.begun += 1;
                continue;
            };
            *ever = ever.or(met);
            let was = *ever;
            let lost = |point| was.has(point) && !met.has(point);
            // E09: the driver is gone with his cable.
            if self.leaves_with_cable && self.driver.is_some() && lost(TxPoint::EvConnected) {
                self.end_authorisation();
                continue;
            }
            let stop = self.points.stop;
            // E06.FR.01 to E06.FR.07, without E06.FR.05.
            let ends = (stop.has(TxPoint::ParkingBayOccupancy) && lost(TxPoint::ParkingBayOccupancy))
                || (stop.has(TxPoint::EvConnected) && lost(TxPoint::EvConnected))
                || (stop.has(TxPoint::Authorized) && lost(TxPoint::Authorized))
                || (stop.has(TxPoint::PowerPathClosed) && (lost(TxPoint::EvConnected) || lost(TxPoint::Authorized)))
                || (stop.has(TxPoint::EnergyTransfer) && lost(TxPoint::EnergyTransfer));
            if !ends {
                return;
            }
            self.end();
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Cable(cable) => {
                self.signed &= self.cable == cable;
                self.cable = cable;
            }
            Step::Bay(bay) => self.bay = bay,
            Step::Signed(signed) => self.signed = signed,
            Step::Vehicle(vehicle) => self.ready = vehicle == Vehicle::Ready,
            Step::Token(token) => match self.driver {
                Some(driver) if driver == token && self.open.is_some() => self.end_authorisation(),
                Some(driver) if driver == token => self.driver = None,
                Some(_) => {}
                // C01.FR.23, E09.FR.01: the same token alone charges on.
                None if self.over.is_some_and(|own| own != token) => {}
                None => (self.driver, self.over) = (Some(token), None),
            },
            Step::Remote if self.open.is_some() => self.end_authorisation(),
            Step::Emergency if self.open.is_some() => self.end(),
            Step::Remote | Step::Emergency | Step::Cut => {}
        }
        self.settle();
    }

    fn charging_state(&self) -> ChargingState {
        match (self.is_connected(), self.driver) {
            (false, _) => ChargingState::Idle,
            (true, None) => ChargingState::EvConnected,
            (true, Some(_)) if !self.closed => ChargingState::SuspendedEvse,
            (true, Some(_)) if self.ready => ChargingState::Charging,
            (true, Some(_)) => ChargingState::SuspendedEv,
        }
    }
}

fn check(start: u8, stop: u8, leaves_with_cable: bool, steps: &[Step]) -> Result<(), TestCaseError> {
    let points = points(start, stop);
    let mut bench = Bench::new(points, leaves_with_cable);
    let mut model = Model {
        points,
        leaves_with_cable,
        cable: Cable::Absent,
        bay: false,
        signed: false,
        ready: false,
        driver: None,
        closed: false,
        open: None,
        over: None,
        spent: PointSet::NONE,
        begun: 0,
        ended: 0,
    };
    for (at, step) in steps.iter().enumerate() {
        bench.step(*step);
        model.step(*step);
        let place = alloc::format!("step {at}: {step:?} with {points:?}: {model:?}\n{:?}", bench.evse());
        prop_assert_eq!(bench.open().is_some(), model.open.is_some(), "open: {}", place);
        prop_assert_eq!(bench.events.len(), model.begun, "begins: {}", place);
        prop_assert_eq!(bench.power == Power::On, model.may_charge(), "power: {}", place);
        prop_assert_eq!(bench.evse().moment().is_authorised, model.driver.is_some(), "driver: {}", place);
        prop_assert_eq!(bench.evse().moment().charging_state(), model.charging_state(), "state: {}", place);
        let is_free = model.cable == Cable::Absent;
        let status = if is_free { ConnectorStatus::Available } else { ConnectorStatus::Occupied };
        prop_assert_eq!(bench.evse().connector_status(), status, "status: {}", place);
        if let Some((_, event)) = bench.open().and_then(|open| bench.events[&open].last()) {
            prop_assert_eq!(event.state, model.charging_state(), "told: {}", place);
        }
    }
    for events in bench.events.values() {
        prop_assert!(matches!(events[0].0, Told::Begun), "{events:?}");
        let ends = events.iter().filter(|(told, _)| matches!(told, Told::Ended(_))).count();
        let is_last = matches!(events.last(), Some((Told::Ended(_), _)));
        prop_assert!(ends == usize::from(is_last), "{events:?}");
        let numbers: Vec<_> = events.iter().map(|(_, event)| event.seq_no).collect();
        prop_assert_eq!(&numbers, &(0..).take(events.len()).collect::<Vec<u32>>());
    }
    let ended = bench.events.values().filter(|events| matches!(events.last(), Some((Told::Ended(_), _)))).count();
    prop_assert_eq!(ended, model.ended);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn session_is_what_the_specification_says_with_any_points(
        start in 1_u8..64, stop in 1_u8..64, leaves_with_cable: bool, steps in steps()
    ) {
        check(start, stop, leaves_with_cable, &steps)?;
    }
}

/// Each pair of single points, through the days of a driver who does everything in each order.
#[test]
fn every_pair_of_points_begins_and_ends_as_the_specification_says() {
    let day = [
        Step::Bay(true),
        Step::Cable(Cable::Connected),
        Step::Signed(true),
        Step::Token(0),
        Step::Vehicle(Vehicle::Ready),
        Step::Vehicle(Vehicle::Paused),
        Step::Vehicle(Vehicle::Ready),
        Step::Token(0),
        Step::Token(1),
        Step::Cable(Cable::Absent),
        Step::Bay(false),
        Step::Token(0),
        Step::Cable(Cable::Connected),
        Step::Cable(Cable::Absent),
        Step::Token(0),
    ];
    for (start, stop) in (0..6).flat_map(|start| (0..6).map(move |stop| (1 << start, 1 << stop))) {
        for leaves_with_cable in [false, true] {
            for from in 0..day.len() {
                let turned = [&day[from..], &day[..from]].concat();
                check(start, stop, leaves_with_cable, &[turned.as_slice(), &day].concat()).unwrap();
            }
        }
    }
}

const EV_CONNECTED: u8 = 1 << 1;
const AUTHORIZED: u8 = 1 << 2;

/// E07, with EVConnected as the stop point: the authorisation ends first, and what ended it is told at the end.
#[test]
fn transaction_goes_on_without_its_driver_until_the_cable_is_taken_also_over_a_power_cut() {
    for cuts in [false, true] {
        let mut bench = Bench::new(points(EV_CONNECTED, EV_CONNECTED), true);
        bench.step(Step::Cable(Cable::Connected));
        bench.step(Step::Token(0));
        bench.step(Step::Vehicle(Vehicle::Ready));
        assert_eq!(bench.power, Power::On);
        bench.step(Step::Token(0));
        assert_eq!((bench.power, bench.open().is_some()), (Power::Off, true));
        if cuts {
            bench.config.policy.after_power_loss = crate::station::AfterPowerLoss::Resume(Duration::from_secs(60));
            bench.step(Step::Cut);
            assert_eq!((bench.power, bench.open().is_some()), (Power::Off, true));
        }
        bench.step(Step::Cable(Cable::Absent));
        let (mut triggers, reason) = bench.story();
        assert_eq!(reason, Some(StopReason::Local));
        triggers.retain(|trigger| *trigger != TriggerReason::TxResumed);
        let expected = vec![
            TriggerReason::CablePluggedIn,
            TriggerReason::Authorized,
            TriggerReason::ChargingStateChanged,
            TriggerReason::StopAuthorized,
            TriggerReason::EvCommunicationLost,
        ];
        triggers.dedup();
        assert_eq!(triggers, expected, "cut: {cuts}");
    }
}

/// The first event after a driver was accepted tells who he is, once.
#[test]
fn event_after_the_authorisation_tells_the_token() {
    let mut bench = Bench::new(points(EV_CONNECTED, EV_CONNECTED), true);
    bench.step(Step::Cable(Cable::Connected));
    bench.step(Step::Token(0));
    bench.step(Step::Vehicle(Vehicle::Ready));
    let events = bench.events.values().next().unwrap();
    let news: Vec<_> = events.iter().map(|(_, event)| event.news.as_ref().and_then(|n| n.authorised.clone())).collect();
    assert_eq!(news.iter().flatten().map(|holder| &holder.token).collect::<Vec<_>>(), [&IdToken::new("A")]);
    assert!(news[1].is_some(), "{events:?}");
}

/// E03.FR.05: a driver who was accepted, and brings no vehicle.
#[test]
fn transaction_without_a_vehicle_ends_in_time() {
    let mut bench = Bench::new(points(AUTHORIZED, EV_CONNECTED), true);
    bench.step(Step::Token(0));
    assert!(bench.open().is_some());
    bench.wait(99);
    assert!(bench.open().is_some());
    bench.wait(1);
    let (triggers, reason) = bench.story();
    assert_eq!((triggers.last(), reason), (Some(&TriggerReason::EvConnectTimeout), Some(StopReason::Timeout)));
    assert_eq!(bench.power, Power::Off);
}
