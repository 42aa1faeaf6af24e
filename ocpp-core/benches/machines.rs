//! What the machines of both ends cost, in nanoseconds and allocations: an idle tick, a transaction, a whole session, a full report.
//!
//! `cargo bench -p ocpp-core`. Store, network and hardware answer at once and cost almost nothing. Each time is the best of
//! several rounds.

#![allow(clippy::expect_used, reason = "a benchmark that cannot be set up may end")]

use std::hint::black_box;
use std::time::{Duration, Instant as Clock};

use chrono::DateTime;
use ocpp_core::csms::{self, Authorization, AuthorizationStatus, RegistrationStatus, Session, SessionConfig};
use ocpp_core::station::{
    Action, Cable, Contactor, Event, EvseAction, EvseId, EvseInput, IdToken, Input, LinkAction, LinkInput,
    MeterReading, Power, StationConfig, Vehicle,
};
use ocpp_core::store::Image;
use ocpp_core::time::Instant;
use ocpp_core::{MisuseError, Station};
use ocpp_rpc::Dialect;

const EVSE: EvseId = EvseId(1);

fn main() {
    // `cargo test --benches` passes no arguments; a few iterations then show that everything still runs.
    let rounds = if std::env::args().any(|arg| arg == "--bench") { 5_000 } else { 5 };
    println!("{:<58} {:>9} {:>7} {:>9}", "", "ns", "allocs", "bytes");

    // A main loop turns many times in a millisecond.
    let mut pair = Pair::booted(Dialect::V1_6);
    measure("idle station: handle(Tick), all polls", rounds * 40, || {
        let done = pair.station.handle(black_box(pair.now), Input::Tick);
        done.is_ok() && pair.station.poll_action().is_none() && pair.station.poll_timeout().is_some()
    });

    for dialect in [Dialect::V1_6, Dialect::V2_0_1] {
        let version = dialect.subprotocol();
        let mut pair = Pair::booted(dialect);
        measure(&format!("{version}: transaction, both ends: token to delivered stop"), rounds, || {
            pair.charge().is_ok()
        });
        assert!(pair.stopped > 0, "transactions end");
        assert_eq!(pair.stopped, pair.ended, "each stop is in the ledger");

        let session = measure(&format!("{version}: session, both ends: power on to delivered stop"), rounds, || {
            let mut pair = Pair::booted(dialect);
            pair.charge().is_ok() && pair.stopped == 1
        });
        println!("sessions per second on one core {:>36}", 1_000_000_000 / session.max(1));
    }

    let mut pair = Pair::booted(Dialect::V2_0_1);
    let mut calls = 0;
    let mut bytes = 0;
    measure("ocpp2.0.1: full report of two EVSEs, both ends", rounds.div_ceil(10), || {
        calls += 1;
        let before = pair.sent;
        let call = format!(r#"[2,"{calls}","GetBaseReport",{{"requestId":{calls},"reportBase":"FullInventory"}}]"#);
        let result = pair.tell(Input::Link(LinkInput::Frame(call.as_bytes().into())));
        bytes = pair.sent - before;
        result.is_ok() && bytes > 10_000
    });
    println!("bytes of that report {bytes:>47}");

    let mut kept = None;
    let heap = allocation_counter::measure(|| {
        let Pair { session, .. } = Pair::booted(Dialect::V1_6);
        kept = Some(session);
    });
    println!("csms_session {}", size_of::<Session>() as i64 + heap.bytes_current);
    drop(kept);
}

/// A station with two connectors and its session at the CSMS.
struct Pair {
    now: Instant,
    station: Station,
    session: Session,
    dialect: Dialect,
    energy_wh: i64,
    /// Bytes of the frames of the station.
    sent: usize,
    /// Transactions that the station ended, and that the ledger has the end of.
    ended: usize,
    stopped: usize,
}

impl Pair {
    /// Under power, connected, and registered; all is quiet.
    fn booted(dialect: Dialect) -> Self {
        let mut config = StationConfig::new("wss://csms.example/ocpp", "CP001", "Vendor", "Model").with_evses(2);
        config.network.versions = vec![dialect];
        let station = Station::new(config, 1, &Image::default()).expect("the configuration is sound");
        let session = Session::new(SessionConfig::default(), 2);
        let mut pair =
            Pair { now: Instant::ZERO, station, session, dialect, energy_wh: 1_000, sent: 0, ended: 0, stopped: 0 };
        let wall = DateTime::from_timestamp(1_767_268_800, 0).expect("a time of 2026");
        pair.session.handle(pair.now, csms::Input::Wall(wall)).expect("a clock may be set");
        pair.tell(Input::Tick).expect("a tick is harmless");
        pair
    }

    /// A vehicle comes, charges for a minute, and leaves.
    fn charge(&mut self) -> Result<(), MisuseError> {
        self.tell(Input::Evse(EVSE, EvseInput::Cable(Cable::Connected)))?;
        self.tell(Input::Evse(EVSE, EvseInput::Vehicle(Vehicle::Ready)))?;
        self.tell(Input::Token { evse: Some(EVSE), token: IdToken::new("04A2F3B1C2D3E4") })?;
        self.now = self.now + Duration::from_secs(59);
        self.energy_wh += 120;
        self.tell(Input::Evse(EVSE, EvseInput::Contactor(Contactor::Open)))?;
        self.tell(Input::Evse(EVSE, EvseInput::Cable(Cable::Absent)))?;
        self.now = self.now + Duration::from_secs(2);
        self.tell(Input::Tick)
    }

    fn tell(&mut self, input: Input<'_>) -> Result<(), MisuseError> {
        self.station.handle(self.now, input)?;
        while let Some(action) = self.station.poll_action() {
            match action {
                Action::Store { ticket, .. } => self.station.handle(self.now, Input::Stored(ticket))?,
                Action::Link(LinkAction::Connect(_)) => {
                    let dialect = self.dialect;
                    self.session.handle(self.now, csms::Input::Link(csms::LinkInput::Opened { dialect }))?;
                    let subprotocol = dialect.subprotocol().into();
                    self.station.handle(self.now, Input::Link(LinkInput::Opened { subprotocol }))?;
                }
                Action::Link(LinkAction::Send(frame)) => {
                    self.sent += frame.len();
                    self.session.handle(self.now, csms::Input::Link(csms::LinkInput::Frame((&frame).into())))?;
                    self.serve()?;
                }
                Action::Link(LinkAction::Ping) => self.station.handle(self.now, Input::Link(LinkInput::Pong))?,
                Action::Evse(evse, EvseAction::Power(Power::On)) => {
                    self.station.handle(self.now, Input::Evse(evse, EvseInput::Contactor(Contactor::Closed)))?;
                }
                Action::Evse(evse, EvseAction::ReadMeter) => {
                    let reading = EvseInput::Meter(MeterReading::energy_wh(self.energy_wh));
                    self.station.handle(self.now, Input::Evse(evse, reading))?;
                }
                Action::Event(Event::TransactionEnded { .. }) => self.ended += 1,
                other => {
                    black_box(other);
                }
            }
        }
        Ok(())
    }

    fn serve(&mut self) -> Result<(), MisuseError> {
        while let Some(action) = self.session.poll_action() {
            match action {
                csms::Action::Store { ticket, fact } => {
                    self.stopped += usize::from(matches!(fact, csms::Fact::Stopped { .. }));
                    self.session.handle(self.now, csms::Input::Stored(ticket))?;
                }
                csms::Action::Ask { id, question, .. } => {
                    let answer = match question {
                        csms::Question::Boot(_) => csms::Answer::Boot {
                            status: RegistrationStatus::Accepted,
                            interval: Duration::from_secs(86_400),
                        },
                        csms::Question::Authorize { .. } => {
                            csms::Answer::Authorize(Authorization::from(AuthorizationStatus::Accepted))
                        }
                        other => unreachable!("{other:?}"),
                    };
                    self.session.handle(self.now, csms::Input::Answer(id, answer))?;
                }
                csms::Action::Link(csms::LinkAction::Send(frame)) => {
                    self.station.handle(self.now, Input::Link(LinkInput::Frame((&frame).into())))?;
                }
                other => {
                    black_box(other);
                }
            }
        }
        Ok(())
    }
}

/// Prints the time of one run of `body`, which must succeed each time, and what it allocates. Gives the nanoseconds.
fn measure(name: &str, rounds: u32, mut body: impl FnMut() -> bool) -> u128 {
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let start = Clock::now();
        for _ in 0..rounds {
            assert!(body(), "{name} fails");
        }
        best = best.min(start.elapsed());
    }
    let allocated = allocation_counter::measure(|| assert!(body(), "{name} fails"));
    let nanos = best.as_nanos() / u128::from(rounds);
    println!("{name:<58} {nanos:>9} {:>7} {:>9}", allocated.count_total, allocated.bytes_total);
    nanos
}
