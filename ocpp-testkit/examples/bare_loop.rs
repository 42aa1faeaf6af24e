//! Firmware without an operating system: one loop over a clock, a flash, a modem and the power stage.
//!
//! Nothing here waits but `Clock::sleep`, so the power stage is served whatever the network does. To port it, write the
//! four traits for your board and call [`start`] and [`run`] from `main` after you set up an allocator. It is built for
//! `thumbv7em-none-eabihf` as part of the size figures (`ocpp-testkit/size`), and run there against a scripted CSMS.

#![no_std]

extern crate alloc;

use alloc::vec::Vec;

use chrono::{DateTime, Utc};
use ocpp_core::SmallString;
use ocpp_core::station::{
    Action, AskId, ConnectRequest, EvseAction, EvseId, EvseInput, IdToken, Input, JobUpdate, LinkAction, LinkInput,
    Question, RebootKind, StationConfig,
};
use ocpp_core::store::{Image, StoreOp, Ticket};
use ocpp_core::time::Instant;
use ocpp_core::{MisuseError, Station};

/// The clocks, and the entropy.
pub trait Clock {
    /// The time since the start: it never goes back, and runs while the processor sleeps.
    fn now(&mut self) -> Instant;
    /// The battery-backed clock; none if there is none, or if it was never set.
    fn wall(&mut self) -> Option<DateTime<Utc>>;
    /// Sets the battery-backed clock.
    fn set_wall(&mut self, wall: DateTime<Utc>);
    /// Sleeps until an interrupt, or until this moment. To return early is harmless.
    fn sleep(&mut self, until: Option<Instant>);
    /// A number that differs between stations and starts, from a hardware generator or noise.
    fn entropy(&mut self) -> u64;
}

/// A write failed: the flash is worn out, or full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlashError;

/// The store, for example a log with a checksum for each operation, compacted when a sector is full.
pub trait Flash {
    /// All operations that were written whole, applied in order ([`Image::apply`]).
    fn load(&mut self) -> Image;
    /// Writes an operation and returns when it is durable. A power cut leaves it whole, or absent.
    ///
    /// # Errors
    /// When it could not be written; then it is absent.
    fn write(&mut self, op: &StoreOp) -> Result<(), FlashError>;
}

/// What the modem reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The WebSocket is open, with this subprotocol.
    Opened(SmallString),
    /// A text message.
    Text(Vec<u8>),
    /// A pong.
    Pong,
    /// The WebSocket is gone, or could not be opened.
    Closed,
}

/// A modem with WebSockets. Orders return at once; what comes of them is reported.
pub trait Network {
    /// Gives up what there is, and opens a WebSocket with this URL, these subprotocols and this `Authorization`.
    fn connect(&mut self, request: &ConnectRequest);
    /// Sends a text message.
    fn send(&mut self, text: Vec<u8>);
    /// Sends a ping.
    fn ping(&mut self);
    /// Closes the WebSocket. Nothing more is reported of it.
    fn close(&mut self);
    /// The next report.
    fn poll(&mut self) -> Option<Arrival>;
}

/// The power stage and the people in front of it. It opens a contactor on its own when it must, and reports that.
pub trait Hardware {
    /// Carries out an order: power, lock, meter.
    fn order(&mut self, evse: EvseId, order: EvseAction);
    /// The next fact: after the start each that is known, then each that changed.
    fn poll(&mut self) -> Option<(EvseId, EvseInput)>;
    /// A token that was presented, and the EVSE that the reader belongs to.
    fn poll_token(&mut self) -> Option<(Option<EvseId>, IdToken)>;
    /// A vendor's own message, to be answered by [`Input::Answer`], now or later. Without an answer the default is taken.
    fn ask(&mut self, _id: AskId, _question: Question) -> Option<Input<'static>> {
        None
    }
}

/// A board.
pub struct Board<'a> {
    /// Its clock.
    pub clock: &'a mut dyn Clock,
    /// Its store.
    pub flash: &'a mut dyn Flash,
    /// Its way to the CSMS.
    pub network: &'a mut dyn Network,
    /// Its power stage.
    pub hardware: &'a mut dyn Hardware,
}

/// The station as the flash has it: what is not delivered yet, and what may still charge.
///
/// # Errors
/// When the configuration contradicts itself.
pub fn start(config: StationConfig, board: &mut Board<'_>) -> Result<Station, MisuseError> {
    let image = board.flash.load();
    Station::new(config, board.clock.entropy(), &image)
}

/// Runs a new station until it is to restart: reset the processor then, or for a soft restart begin anew.
///
/// # Errors
/// When this loop tells the station nonsense.
pub fn run(station: &mut Station, board: &mut Board<'_>) -> Result<RebootKind, MisuseError> {
    // Instants count from the start of the station, which need not be that of the processor.
    let start = board.clock.now();
    let mut next_ticket = Ticket(1);
    if let Some(wall) = board.clock.wall() {
        station.handle(Instant::ZERO, Input::Wall(wall))?;
    }
    loop {
        let now = Instant::ZERO + board.clock.now().saturating_since(start);
        while let Some((evse, fact)) = board.hardware.poll() {
            station.handle(now, Input::Evse(evse, fact))?;
        }
        while let Some((evse, token)) = board.hardware.poll_token() {
            station.handle(now, Input::Token { evse, token })?;
        }
        while let Some(arrival) = board.network.poll() {
            station.handle(
                now,
                Input::Link(match &arrival {
                    Arrival::Opened(subprotocol) => LinkInput::Opened { subprotocol: subprotocol.clone() },
                    Arrival::Text(text) => LinkInput::Frame(text.into()),
                    Arrival::Pong => LinkInput::Pong,
                    Arrival::Closed => LinkInput::Closed,
                }),
            )?;
        }
        station.handle(now, Input::Tick)?;
        while let Some(action) = station.poll_action() {
            match action {
                Action::Link(LinkAction::Connect(request)) => board.network.connect(&request),
                Action::Link(LinkAction::Send(text)) => board.network.send(text),
                Action::Link(LinkAction::Ping) => board.network.ping(),
                Action::Link(LinkAction::Close) => board.network.close(),
                // Behind an operation that failed all others are skipped: they come again, in order, after it.
                Action::Store { ticket, .. } if ticket != next_ticket => {}
                Action::Store { ticket, op } => {
                    let outcome = match board.flash.write(&op) {
                        Ok(()) => {
                            next_ticket.0 += 1;
                            Input::Stored(ticket)
                        }
                        Err(FlashError) => Input::StoreFailed(ticket),
                    };
                    station.handle(now, outcome)?;
                }
                Action::Evse(evse, order) => board.hardware.order(evse, order),
                // This board fetches and sends no files.
                Action::Job(job, _) => station.handle(now, Input::Job(job, JobUpdate::Failed))?,
                Action::SetClock(wall) => board.clock.set_wall(wall),
                Action::Reboot(kind) => return Ok(kind),
                Action::Ask { id, question, .. } => {
                    if let Some(answer) = board.hardware.ask(id, question) {
                        station.handle(now, answer)?;
                    }
                }
                // This board has no display, and keeps no log.
                Action::Display(_) | Action::Event(_) => {}
            }
        }
        let until = station.poll_timeout().map(|at| start + at.saturating_since(Instant::ZERO));
        board.clock.sleep(until);
    }
}
