//! The driver of one station.

use std::collections::VecDeque;
use std::io;

use chrono::{DateTime, Utc};
use ocpp_core::station::{
    Action, AskId, ConnectRequest, DisplayOrder, Event, EvseAction, EvseId, Input, Job, JobId, LinkAction, LinkInput,
    Question, RebootKind, StationConfig,
};
use ocpp_core::store::{StoreOp, Ticket};
use ocpp_core::{MisuseError, Station};
use ocpp_types::SmallString;
use thiserror::Error;
use tokio::sync::mpsc::{Receiver, UnboundedReceiver, channel, unbounded_channel};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::connect::{Connected, connect};
use super::socket::{Failed, Socket, SocketEvent};
use super::tls::StationTls;
use super::{Direction, MonotonicClock};
use crate::stores::{Outcome, Report, StationStore, StationStoreError, Write, Writer};

/// Events of the socket that may wait to be read.
const SOCKET_QUEUE: usize = 16;

/// Why a station did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StationStoreError),
    /// The machine refused its configuration.
    #[error(transparent)]
    Machine(#[from] MisuseError),
    /// The store's thread cannot be started.
    #[error("store thread: {0}")]
    Thread(#[from] io::Error),
}

/// What the driver leaves to the application, in the machine's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StationOutput {
    /// An order to the hardware of an EVSE.
    Evse(EvseId, EvseAction),
    /// Work that takes long. What became of it goes in as [`Input::Job`].
    Job(JobId, Job),
    /// A text for drivers is to be shown, or cleared.
    Display(DisplayOrder),
    /// The station's clock was set to this.
    SetClock(DateTime<Utc>),
    /// Restart: drop this driver, and start a new one on the same store.
    Reboot(RebootKind),
    /// A question. The answer goes in as [`Input::Answer`]; without one the default is taken.
    Ask(AskId, Question),
    /// Something happened.
    Event(Event),
    /// A connection ended or did not come about.
    LinkClosed {
        /// Why.
        reason: String,
    },
    /// The store failed; the machine knows and will try again.
    StoreFailed {
        /// The operation.
        ticket: Ticket,
        /// Why.
        reason: String,
    },
    /// A frame, if they are watched.
    Frame(Direction, String),
    /// The machine refused what this driver told it, which is a bug of the driver.
    Refused(MisuseError),
}

/// One station on a WebSocket and a store.
///
/// Call [`next`](Self::next) for ever; put facts of hardware, drivers and application in with [`handle`](Self::handle)
/// between the calls. `next` may be dropped at any time and called again, so it fits a branch of `tokio::select!`.
pub struct StationDriver {
    station: Station,
    clock: MonotonicClock,
    tls: StationTls,
    /// The certificates that the CSMS showed last.
    shown: Vec<CertificateDer<'static>>,
    frame_bytes: usize,
    is_watching: bool,
    writer: Writer<(), StoreOp>,
    reports: UnboundedReceiver<Report<()>>,
    link: Option<Link>,
    outputs: VecDeque<StationOutput>,
}

/// The current connection, or the attempt at one. Its events end with it, so none comes late.
#[derive(Debug)]
struct Link {
    socket: Socket,
    events: Receiver<((), SocketEvent<Connected>)>,
}

impl StationDriver {
    /// Starts a station out of what its store holds.
    ///
    /// The seed is new for each start: see [`seed`](super::seed). To be called within a tokio runtime.
    ///
    /// # Errors
    /// When the store cannot be read, the configuration contradicts itself, or no thread can be had.
    pub fn start(
        config: StationConfig,
        seed: u64,
        store: StationStore,
        tls: impl Into<StationTls>,
    ) -> Result<Self, StartError> {
        let image = store.load()?;
        let frame_bytes = config.limits.frame.frame_bytes;
        let station = Station::new(config, seed, &image)?;
        let (reporter, reports) = unbounded_channel();
        // A report after the driver is gone has no reader, and needs none.
        let writer = Writer::spawn(store, move |report| drop(reporter.send(report)))?;
        Ok(StationDriver {
            station,
            clock: MonotonicClock::start(),
            tls: tls.into(),
            shown: Vec::new(),
            frame_bytes,
            is_watching: false,
            writer,
            reports,
            link: None,
            outputs: VecDeque::new(),
        })
    }

    /// Gives every frame out as [`StationOutput::Frame`] from now on.
    pub fn watch_frames(&mut self) {
        self.is_watching = true;
    }

    /// Connects so from now on; the connection of now stays.
    pub fn set_tls(&mut self, tls: StationTls) {
        self.tls = tls;
    }

    /// The certificates that the CSMS showed in the last connection, leaf first.
    pub fn csms_certificates(&self) -> &[CertificateDer<'static>] {
        &self.shown
    }

    /// Tells the station a fact, now.
    ///
    /// # Errors
    /// When the fact makes no sense to the machine; it changed nothing.
    pub fn handle(&mut self, input: Input<'_>) -> Result<(), MisuseError> {
        self.station.handle(self.clock.now(), input)
    }

    /// Runs the station until there is something for the application to do or to know.
    pub async fn next(&mut self) -> StationOutput {
        loop {
            if let Some(output) = self.carry_out() {
                return output;
            }
            tokio::select! {
                event = next_event(&mut self.link) => self.on_socket(event),
                Some(report) = self.reports.recv() => self.on_store(report.outcome),
                () = self.clock.sleep_until(self.station.poll_timeout()) => self.tell(Input::Tick),
            }
        }
    }

    /// Carries out orders for link and store, up to the first that is the application's.
    fn carry_out(&mut self) -> Option<StationOutput> {
        loop {
            if let Some(output) = self.outputs.pop_front() {
                return Some(output);
            }
            match self.station.poll_action()? {
                Action::Link(action) => self.on_link_action(action),
                Action::Store { ticket, op } => {
                    if !self.writer.write(Write { source: (), ticket, op }) {
                        self.on_store(Outcome::Failed { ticket, reason: "the store's thread is gone".to_owned() });
                    }
                }
                Action::Evse(evse, action) => return Some(StationOutput::Evse(evse, action)),
                Action::Job(id, job) => return Some(StationOutput::Job(id, job)),
                Action::Display(order) => return Some(StationOutput::Display(order)),
                Action::SetClock(wall) => return Some(StationOutput::SetClock(wall)),
                Action::Reboot(kind) => return Some(StationOutput::Reboot(kind)),
                // The machine keeps the deadline itself.
                Action::Ask { id, until: _, question } => return Some(StationOutput::Ask(id, question)),
                Action::Event(event) => return Some(StationOutput::Event(event)),
            }
        }
    }

    fn on_link_action(&mut self, action: LinkAction) {
        match action {
            LinkAction::Connect(request) => self.link = Some(self.open(request)),
            LinkAction::Send(bytes) => {
                self.watch(Direction::Out, &bytes);
                if let Some(link) = &self.link {
                    link.socket.send(bytes);
                }
            }
            LinkAction::Ping => {
                if let Some(link) = &self.link {
                    link.socket.ping();
                }
            }
            LinkAction::Close => {
                if let Some(link) = self.link.take() {
                    link.socket.close(CloseCode::Normal, "");
                }
            }
        }
    }

    fn open(&self, request: ConnectRequest) -> Link {
        let (sender, events) = channel(SOCKET_QUEUE);
        let tls = self.tls.of(request.security_profile);
        let opening = connect(request, tls, self.frame_bytes);
        Link { socket: Socket::spawn((), opening, sender), events }
    }

    fn on_socket(&mut self, event: SocketEvent<Connected>) {
        match event {
            SocketEvent::Opened(Connected { subprotocol, shown }) => {
                self.shown = shown;
                let subprotocol = SmallString::from(subprotocol);
                self.tell(Input::Link(LinkInput::Opened { subprotocol }));
            }
            SocketEvent::Frame(text) => {
                self.watch(Direction::In, text.as_bytes());
                self.tell(Input::Link(LinkInput::Frame(text.as_bytes().into())));
            }
            SocketEvent::Pong => self.tell(Input::Link(LinkInput::Pong)),
            SocketEvent::Closed(Failed { reason, refusal }) => {
                self.link = None;
                self.outputs.push_back(StationOutput::LinkClosed { reason });
                self.tell(Input::Link(refusal.map_or(LinkInput::Closed, LinkInput::Refused)));
            }
        }
    }

    fn on_store(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Stored(ticket) => self.tell(Input::Stored(ticket)),
            Outcome::Failed { ticket, reason } => {
                self.outputs.push_back(StationOutput::StoreFailed { ticket, reason });
                self.tell(Input::StoreFailed(ticket));
            }
        }
    }

    fn tell(&mut self, input: Input<'_>) {
        if let Err(error) = self.handle(input) {
            self.outputs.push_back(StationOutput::Refused(error));
        }
    }

    fn watch(&mut self, direction: Direction, bytes: &[u8]) {
        if self.is_watching {
            self.outputs.push_back(StationOutput::Frame(direction, String::from_utf8_lossy(bytes).into_owned()));
        }
    }
}

/// The next event of the link; never, if there is none.
async fn next_event(link: &mut Option<Link>) -> SocketEvent<Connected> {
    match link {
        Some(link) => match link.events.recv().await {
            Some(((), event)) => event,
            None => SocketEvent::Closed("the socket's task is gone".to_owned().into()),
        },
        None => std::future::pending().await,
    }
}
