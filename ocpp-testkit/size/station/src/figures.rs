//! What a station with two connectors costs at run time: heap, allocations, and bytes to the flash. One line a figure; those of a
//! station that speaks 2.x alone have `v2` in their names.
//!
//! The bare loop runs in virtual time between a scripted CSMS and a scripted driver, which hardly allocate themselves. Heap
//! counts are of the bytes asked for, with the station itself, wherever it lies; the frame being read and the one being
//! sent are among them.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use bare_loop::{Arrival, Board, Clock, Flash, FlashError, Hardware, Network, run, start};
use chrono::{DateTime, Utc};
use ocpp_core::Station;
use ocpp_core::station::{
    Cable, ConnectRequest, Contactor, EvseAction, EvseId, EvseInput, IdToken, Measurand, MeterReading, Power,
    RebootKind, StationConfig, Vehicle,
};
use ocpp_core::store::{Image, StoreOp};
use ocpp_core::time::Instant;

/// Counts what it passes on.
struct Counting;

static CURRENT: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static COUNT: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Relaxed);
        let current = CURRENT.fetch_add(layout.size(), Relaxed) + layout.size();
        PEAK.fetch_max(current, Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        CURRENT.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static HEAP: Counting = Counting;

const EVSE: EvseId = EvseId(1);
/// Samples of the transaction.
const SAMPLES: usize = 3;
const IS_2X: bool = cfg!(not(feature = "v1_6"));
/// StatusNotifications after the start: of two connectors, and in 1.6 of the station.
const STATUSES: usize = if IS_2X { 2 } else { 3 };
/// Everything that the station tells of itself: the longest answer in 1.6, a report in parts in 2.x (B07).
const INVENTORY: &str = if IS_2X {
    r#"[2,"c1","GetBaseReport",{"requestId":1,"reportBase":"FullInventory"}]"#
} else {
    r#"[2,"c1","GetConfiguration",{}]"#
};
const RESET: &str =
    if IS_2X { r#"[2,"c2","Reset",{"type":"Immediate"}]"# } else { r#"[2,"c2","Reset",{"type":"Soft"}]"# };

/// Prints a figure by its name in 1.6.
fn figure(name: &str, value: usize) {
    match name.split_once('_') {
        Some((kind, what)) if IS_2X => println!("{kind}_v2_{what} {value}"),
        _ => println!("{name} {value}"),
    }
}

/// What happens next, once nothing else does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Boot,
    Idle,
    Charging,
    Unplugged,
    Inventory,
    Reset,
}

/// What was counted up to a moment.
#[derive(Clone, Copy, Default)]
struct Mark {
    allocations: usize,
    writes: usize,
    bytes: usize,
}

/// The board, the driver and the CSMS.
#[derive(Default)]
struct World {
    now: Instant,
    stage: Stage,
    arrivals: Vec<Arrival>,
    facts: Vec<EvseInput>,
    token: Option<IdToken>,
    energy_mwh: i64,
    statuses: usize,
    samples: usize,
    /// Of the frames that tell the inventory.
    told: usize,
    writes: usize,
    bytes: usize,
    /// What was allocated before there was a station.
    heap: usize,
    /// When the transaction began, its start was delivered, and its last sample was.
    marks: [Mark; 3],
}

impl World {
    /// Nothing happens until `until`. Ends the stage, or lets time pass.
    fn quiet(&mut self, until: Option<Instant>) {
        if !self.arrivals.is_empty() || !self.facts.is_empty() || self.token.is_some() {
            return;
        }
        let mark = Mark { allocations: COUNT.load(Relaxed), writes: self.writes, bytes: self.bytes };
        let heap = |count: &AtomicUsize| count.load(Relaxed) - self.heap + size_of::<Station>();
        match self.stage {
            Stage::Boot if self.statuses == STATUSES => {
                figure("heap_idle", heap(&CURRENT));
                self.now = self.now + Duration::from_millis(1);
                self.marks[0] = mark;
                self.stage = Stage::Idle;
            }
            Stage::Idle => {
                figure("allocations_idle", mark.allocations - self.marks[0].allocations);
                PEAK.store(CURRENT.load(Relaxed), Relaxed);
                self.facts.extend([EvseInput::Cable(Cable::Connected), EvseInput::Vehicle(Vehicle::Ready)]);
                self.token = Some(IdToken::new("04A2F3B1C2D3E4"));
                self.marks[0] = mark;
                self.stage = Stage::Charging;
            }
            Stage::Charging if self.samples == SAMPLES => {
                self.facts.extend([EvseInput::Contactor(Contactor::Open), EvseInput::Cable(Cable::Absent)]);
                self.marks[2] = mark;
                self.stage = Stage::Unplugged;
            }
            Stage::Charging if self.samples == 0 => {
                self.marks[1] = mark;
                self.pass(until);
            }
            Stage::Unplugged => {
                let [begun, started, sampled] = self.marks;
                figure("heap_transaction", heap(&PEAK));
                figure("allocations_transaction", mark.allocations - begun.allocations);
                let sampling = [sampled.writes - started.writes, sampled.bytes - started.bytes];
                figure("writes_transaction", mark.writes - begun.writes - sampling[0]);
                figure("bytes_transaction", mark.bytes - begun.bytes - sampling[1]);
                figure("writes_sample", sampling[0] / SAMPLES);
                figure("bytes_sample", sampling[1] / SAMPLES);
                PEAK.store(CURRENT.load(Relaxed), Relaxed);
                self.arrivals.push(Arrival::Text(INVENTORY.into()));
                self.stage = Stage::Inventory;
            }
            Stage::Inventory => {
                figure(if IS_2X { "heap_full_report" } else { "heap_get_configuration" }, heap(&PEAK));
                if IS_2X {
                    figure("bytes_full_report", self.told);
                }
                self.arrivals.push(Arrival::Text(RESET.into()));
                self.stage = Stage::Reset;
            }
            Stage::Boot | Stage::Charging | Stage::Reset => self.pass(until),
        }
    }

    fn pass(&mut self, until: Option<Instant>) {
        self.energy_mwh += 1_000;
        self.now = until.expect("a station that has something to do has a deadline");
    }

    /// Answers a frame of the station as a CSMS does that grants everything.
    fn answer(&mut self, text: &str) {
        if self.stage == Stage::Inventory {
            self.told += text.len();
        }
        let mut parts = text.split('"');
        let (Some("[2,"), Some(id), Some(","), Some(action)) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return;
        };
        let payload = match action {
            "BootNotification" => r#"{"status":"Accepted","currentTime":"2026-01-01T12:00:00Z","interval":86400}"#,
            "Authorize" if IS_2X => r#"{"idTokenInfo":{"status":"Accepted"}}"#,
            "Authorize" => r#"{"idTagInfo":{"status":"Accepted"}}"#,
            "StartTransaction" => r#"{"transactionId":4711,"idTagInfo":{"status":"Accepted"}}"#,
            "Heartbeat" => r#"{"currentTime":"2026-01-01T12:00:00Z"}"#,
            "StatusNotification" => {
                self.statuses += 1;
                "{}"
            }
            "TransactionEvent" if text.contains("idToken") => r#"{"idTokenInfo":{"status":"Accepted"}}"#,
            "TransactionEvent" | "MeterValues" => {
                self.samples += usize::from(!IS_2X || text.contains("MeterValuePeriodic"));
                "{}"
            }
            _ => "{}",
        };
        self.arrivals.push(Arrival::Text(["[3,\"", id, "\",", payload, "]"].concat().into_bytes()));
    }
}

/// A board's part, which is the whole world.
struct Port<'a>(&'a RefCell<World>);

impl Clock for Port<'_> {
    fn now(&mut self) -> Instant {
        self.0.borrow().now
    }

    fn wall(&mut self) -> Option<DateTime<Utc>> {
        None
    }

    fn set_wall(&mut self, _: DateTime<Utc>) {}

    fn sleep(&mut self, until: Option<Instant>) {
        self.0.borrow_mut().quiet(until);
    }

    fn entropy(&mut self) -> u64 {
        0x5EED
    }
}

impl Flash for Port<'_> {
    fn load(&mut self) -> Image {
        Image::default()
    }

    fn write(&mut self, op: &StoreOp) -> Result<(), FlashError> {
        let mut world = self.0.borrow_mut();
        world.writes += 1;
        // A byte for the kind of operation, and eight for a position.
        world.bytes += match op {
            StoreOp::Append { record, .. } => 9 + record.len(),
            StoreOp::Trim { .. } => 9,
            StoreOp::Put { key, value } => 1 + key.as_str().len() + value.len(),
            StoreOp::Delete { key } => 1 + key.as_str().len(),
        };
        Ok(())
    }
}

impl Network for Port<'_> {
    fn connect(&mut self, request: &ConnectRequest) {
        self.0.borrow_mut().arrivals.push(Arrival::Opened(request.subprotocols[0].clone()));
    }

    fn send(&mut self, text: Vec<u8>) {
        self.0.borrow_mut().answer(std::str::from_utf8(&text).expect("a station writes text"));
    }

    fn ping(&mut self) {
        self.0.borrow_mut().arrivals.push(Arrival::Pong);
    }

    fn close(&mut self) {}

    fn poll(&mut self) -> Option<Arrival> {
        let mut world = self.0.borrow_mut();
        (!world.arrivals.is_empty()).then(|| world.arrivals.remove(0))
    }
}

impl Hardware for Port<'_> {
    fn order(&mut self, evse: EvseId, order: EvseAction) {
        let mut world = self.0.borrow_mut();
        match order {
            EvseAction::Power(Power::On) if evse == EVSE => world.facts.push(EvseInput::Contactor(Contactor::Closed)),
            EvseAction::ReadMeter => {
                let reading = MeterReading::energy_wh(world.energy_mwh / 1_000);
                let reading = reading.with(Measurand::PowerActiveImport, None, 7_200_000);
                world.facts.push(EvseInput::Meter(reading));
            }
            _ => {}
        }
    }

    fn poll(&mut self) -> Option<(EvseId, EvseInput)> {
        let mut world = self.0.borrow_mut();
        (!world.facts.is_empty()).then(|| (EVSE, world.facts.remove(0)))
    }

    fn poll_token(&mut self) -> Option<(Option<EvseId>, IdToken)> {
        self.0.borrow_mut().token.take().map(|token| (Some(EVSE), token))
    }
}

/// The size of the CSMS's session with a station that booted and is idle.
#[cfg(feature = "csms")]
fn session() -> usize {
    use ocpp_core::csms::{self, RegistrationStatus, Session, SessionConfig};
    use ocpp_rpc::Dialect;

    let before = CURRENT.load(Relaxed);
    let mut session = Session::new(SessionConfig::default(), 1);
    let mut tell = |input| {
        session.handle(Instant::ZERO, input).expect("the input is sound");
        while let Some(action) = session.poll_action() {
            let next = match action {
                csms::Action::Store { ticket, .. } => csms::Input::Stored(ticket),
                csms::Action::Ask { id, question: csms::Question::Boot(_), .. } => {
                    let (status, interval) = (RegistrationStatus::Accepted, Duration::from_secs(300));
                    csms::Input::Answer(id, csms::Answer::Boot { status, interval })
                }
                _ => continue,
            };
            session.handle(Instant::ZERO, next).expect("the input is sound");
        }
    };
    tell(csms::Input::Wall(DateTime::UNIX_EPOCH));
    tell(csms::Input::Link(csms::LinkInput::Opened { dialect: Dialect::V1_6 }));
    for frame in [
        r#"[2,"1","BootNotification",{"chargePointVendor":"Vendor","chargePointModel":"Model"}]"#,
        r#"[2,"2","StatusNotification",{"connectorId":0,"errorCode":"NoError","status":"Available"}]"#,
        r#"[2,"3","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Available"}]"#,
        r#"[2,"4","StatusNotification",{"connectorId":2,"errorCode":"NoError","status":"Available"}]"#,
    ] {
        tell(csms::Input::Link(csms::LinkInput::Frame(frame.as_bytes().into())));
    }
    CURRENT.load(Relaxed) - before + size_of::<Session>()
}

fn main() {
    let world = RefCell::new(World { energy_mwh: 1_000_000, ..World::default() });
    world.borrow_mut().arrivals.reserve(8);
    world.borrow_mut().facts.reserve(8);
    let (mut clock, mut flash, mut network, mut hardware) = (Port(&world), Port(&world), Port(&world), Port(&world));
    let mut board = Board { clock: &mut clock, flash: &mut flash, network: &mut network, hardware: &mut hardware };
    // The buffer of stdout is not the station's.
    print!("");
    world.borrow_mut().heap = CURRENT.load(Relaxed);
    let config = StationConfig::new("wss://csms.example/ocpp", "CP001", "Vendor", "Model").with_evses(2);
    let kind = start(config, &mut board).and_then(|mut station| run(&mut station, &mut board));
    let ordered = if IS_2X { RebootKind::Hard } else { RebootKind::Soft };
    assert_eq!(kind, Ok(ordered), "{:?}", world.borrow().stage);
    #[cfg(feature = "csms")]
    println!("csms_session {}", session());
}
