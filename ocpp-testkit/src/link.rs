//! The network between one station and its CSMS: latency each way, connections that are cut, that die in silence, or that
//! cannot be made.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use ocpp_core::station::ConnectRequest;
use ocpp_core::time::Instant;

/// How long a connection attempt lasts when nothing answers.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long TCP sends again what nobody acknowledges, before it gives the connection up: about as common systems do.
const TRANSPORT_GIVES_UP: Duration = Duration::from_secs(924);

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// The station's.
    Station,
    /// The CSMS's.
    Csms,
}

impl End {
    /// The other end.
    #[must_use]
    pub fn peer(self) -> End {
        match self {
            End::Station => End::Csms,
            End::Csms => End::Station,
        }
    }

    /// The name in traces: `station` or `csms`.
    pub fn name(self) -> &'static str {
        match self {
            End::Station => "station",
            End::Csms => "csms",
        }
    }

    /// The end with this name.
    pub fn from_name(name: &str) -> Option<End> {
        [End::Station, End::Csms].into_iter().find(|end| end.name() == name)
    }
}

/// What happens to connection attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// They reach the CSMS.
    #[default]
    Up,
    /// They are refused at once.
    Refusing,
    /// Nothing answers.
    Dead,
}

/// What arrives at an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// At the CSMS: a handshake, to be answered by [`Link::accept`] or [`Link::refuse`].
    Handshake(ConnectRequest),
    /// At the station: the handshake succeeded with this subprotocol.
    Opened(String),
    /// A text message.
    Frame(Vec<u8>),
    /// An answer to a ping.
    Pong,
    /// The connection is gone, or could not be made.
    Closed,
    /// At the station: the CSMS does not take what the station proves itself with.
    Refused,
}

/// The network.
#[derive(Clone, Debug)]
pub struct Link {
    /// What happens to connection attempts.
    pub network: Network,
    /// The same of those whose URL begins so.
    pub endpoints: BTreeMap<&'static str, Network>,
    station: Side,
    csms: Side,
    /// Connections and attempts so far; the last one's number.
    connections: u64,
    /// The station's attempt that is under way.
    attempt: Option<u64>,
    /// A connection that swallows everything.
    silent: Option<u64>,
}

/// One end and the way to it.
#[derive(Clone, Debug)]
struct Side {
    latency: Duration,
    /// The connection that this end believes in. The ends differ while a close is under way, or after a silent death.
    connection: Option<u64>,
    parcels: VecDeque<Parcel>,
    /// The silent connection that this end sent into, and when its transport gives up.
    gives_up: Option<(Instant, u64)>,
}

#[derive(Clone, Debug)]
struct Parcel {
    due: Instant,
    connection: u64,
    arrival: Arrival,
}

impl Side {
    /// Something was sent that nobody acknowledges.
    fn lose(&mut self, now: Instant) {
        if let Some(connection) = self.connection.filter(|_| self.given_up().is_none()) {
            self.gives_up = Some((now + TRANSPORT_GIVES_UP, connection));
        }
    }

    /// When the transport gives the present connection up, if it tries in vain.
    fn given_up(&self) -> Option<Instant> {
        self.gives_up.filter(|(_, connection)| self.connection == Some(*connection)).map(|(at, _)| at)
    }

    /// Messages of one direction never overtake each other.
    fn post(&mut self, sent: Instant, connection: u64, arrival: Arrival) {
        let after = self.parcels.back().map_or(sent, |parcel| parcel.due);
        self.parcels.push_back(Parcel { due: after.max(sent + self.latency), connection, arrival });
    }
}

impl Link {
    /// A network with these latencies towards the CSMS and towards the station.
    pub fn new(up: Duration, down: Duration) -> Self {
        let side = |latency| Side { latency, connection: None, parcels: VecDeque::new(), gives_up: None };
        Link {
            network: Network::Up,
            endpoints: BTreeMap::new(),
            station: side(down),
            csms: side(up),
            connections: 0,
            attempt: None,
            silent: None,
        }
    }

    /// Whether this end believes that it is connected.
    pub fn is_open(&self, end: End) -> bool {
        self.side(end).connection.is_some()
    }

    /// Whether both ends believe in the same connection, and it carries messages.
    pub fn is_alive(&self) -> bool {
        self.living(End::Station).is_some() && self.station.connection == self.csms.connection
    }

    /// Whether nothing is on its way.
    pub fn is_idle(&self) -> bool {
        self.attempt.is_none() && self.station.parcels.is_empty() && self.csms.parcels.is_empty()
    }

    /// The station connects. It gives up a connection that it has. Gives the number of the attempt, and of the connection that comes
    /// of it.
    pub fn connect(&mut self, now: Instant, request: ConnectRequest) -> u64 {
        self.close(now, End::Station);
        self.connections += 1;
        self.attempt = Some(self.connections);
        let endpoint = self.endpoints.iter().find(|(endpoint, _)| request.url.starts_with(**endpoint));
        match endpoint.map_or(self.network, |(_, network)| *network) {
            Network::Up => self.csms.post(now, self.connections, Arrival::Handshake(request)),
            Network::Refusing => self.fail_attempt(now + self.csms.latency),
            Network::Dead => self.fail_attempt(now + CONNECT_TIMEOUT),
        }
        self.connections
    }

    /// The CSMS accepts the handshake that arrived last.
    pub fn accept(&mut self, now: Instant, subprotocol: &str) {
        self.csms.connection = self.attempt;
        if let Some(attempt) = self.attempt {
            self.station.post(now, attempt, Arrival::Opened(subprotocol.to_owned()));
        }
    }

    /// The CSMS refuses the handshake that arrived last.
    pub fn refuse(&mut self, now: Instant) {
        self.fail_attempt(now);
    }

    /// The CSMS refuses the password of the handshake that arrived last.
    pub fn refuse_password(&mut self, now: Instant) {
        if let Some(attempt) = self.attempt {
            self.station.post(now, attempt, Arrival::Refused);
        }
    }

    /// `from` sends a text message. False if it is lost already.
    pub fn send(&mut self, now: Instant, from: End, frame: Vec<u8>) -> bool {
        let connection = self.living(from);
        match connection {
            Some(connection) => self.side_mut(from.peer()).post(now, connection, Arrival::Frame(frame)),
            None => self.side_mut(from).lose(now),
        }
        connection.is_some()
    }

    /// `from` sends a ping, which the other end's WebSocket layer answers by itself if it is there.
    pub fn ping(&mut self, now: Instant, from: End) {
        if let Some(connection) = self.living(from).filter(|_| self.is_open(from.peer())) {
            let there = now + self.side(from.peer()).latency;
            self.side_mut(from).post(there, connection, Arrival::Pong);
        }
    }

    /// `from` closes its connection; what it sent before arrives.
    pub fn close(&mut self, now: Instant, from: End) {
        let living = self.living(from);
        self.side_mut(from).connection = None;
        if let Some(connection) = living {
            self.side_mut(from.peer()).post(now, connection, Arrival::Closed);
        }
        if from == End::Station {
            self.attempt = None;
        }
    }

    /// The connection breaks. Of what is under way, the first `keep_up` messages still reach the CSMS and the first
    /// `keep_down` the station; then both ends notice. Gives what was lost, up and down.
    pub fn cut(&mut self, now: Instant, keep_up: usize, keep_down: usize) -> (usize, usize) {
        let lost = (truncate(&mut self.csms.parcels, keep_up), truncate(&mut self.station.parcels, keep_down));
        self.lose_attempt(now);
        for end in [End::Station, End::Csms] {
            if let Some(connection) = self.living(end) {
                self.side_mut(end).post(now, connection, Arrival::Closed);
            }
        }
        lost
    }

    /// The connection dies in silence: all that is or will be on its way vanishes, and neither end notices.
    pub fn die_silently(&mut self, now: Instant) {
        self.silent = self.station.connection.or(self.csms.connection);
        self.station.parcels.clear();
        self.csms.parcels.clear();
        self.lose_attempt(now);
    }

    /// Somebody else connects to the CSMS under the station's identity: it closes the older connection, and what arrives
    /// on that one counts no more.
    pub fn take_over(&mut self, now: Instant) {
        self.close(now, End::Csms);
        self.connections += 1;
        self.csms.connection = Some(self.connections);
    }

    /// The number of the connection that this end believes in.
    pub fn connection(&self, end: End) -> Option<u64> {
        self.side(end).connection
    }

    /// How much is on its way to this end.
    pub fn under_way(&self, end: End) -> usize {
        self.side(end).parcels.len()
    }

    /// An end loses its power. What it sent is lost, or arrives if `in_flight_arrives`; what comes to it is lost. A CSMS
    /// does not notice the station's loss before it connects again; the station notices the CSMS's.
    pub fn power_cut(&mut self, now: Instant, end: End, in_flight_arrives: bool) {
        self.side_mut(end).parcels.clear();
        let going = &mut self.side_mut(end.peer()).parcels;
        if in_flight_arrives {
            going.retain(|parcel| !matches!(parcel.arrival, Arrival::Handshake(_) | Arrival::Opened(_)));
        } else {
            going.clear();
        }
        match end {
            End::Station => {
                self.station.connection = None;
                self.attempt = None;
            }
            End::Csms => {
                self.close(now, End::Csms);
                self.lose_attempt(now);
            }
        }
    }

    /// The next thing that arrives at `now` or before, and where.
    pub fn poll_arrival(&mut self, now: Instant) -> Option<(End, Arrival)> {
        loop {
            let (_, end) = self.next().filter(|(due, _)| *due <= now)?;
            let side = self.side_mut(end);
            if side.given_up().is_some_and(|at| at <= now) {
                side.connection = None;
                return Some((end, Arrival::Closed));
            }
            let parcel = side.parcels.pop_front()?;
            if let Some(arrival) = self.deliver(end, parcel) {
                return Some((end, arrival));
            }
        }
    }

    /// When the next thing arrives.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.next().map(|(due, _)| due)
    }

    fn next(&self) -> Option<(Instant, End)> {
        let due = |end| {
            let side = self.side(end);
            let parcel = side.parcels.front().map(|parcel| parcel.due);
            parcel.into_iter().chain(side.given_up()).min().map(|at| (at, end))
        };
        due(End::Station).into_iter().chain(due(End::Csms)).min()
    }

    /// Only what belongs to the end's present connection or attempt reaches it.
    fn deliver(&mut self, end: End, parcel: Parcel) -> Option<Arrival> {
        let is_attempt = self.attempt == Some(parcel.connection);
        let is_current = self.side(end).connection == Some(parcel.connection);
        let arrives = match &parcel.arrival {
            Arrival::Handshake(_) => is_attempt,
            Arrival::Opened(_) => {
                if is_attempt {
                    self.attempt = None;
                    self.station.connection = Some(parcel.connection);
                }
                is_attempt
            }
            Arrival::Frame(_) | Arrival::Pong => is_current,
            Arrival::Closed | Arrival::Refused => {
                let ends_attempt = is_attempt && end == End::Station;
                if ends_attempt {
                    self.attempt = None;
                }
                if is_current {
                    self.side_mut(end).connection = None;
                }
                is_current || ends_attempt
            }
        };
        arrives.then_some(parcel.arrival)
    }

    /// The connection of an end, if what it sends has a chance.
    fn living(&self, end: End) -> Option<u64> {
        self.side(end).connection.filter(|connection| self.silent != Some(*connection))
    }

    /// An attempt whose messages are lost fails after its time.
    fn lose_attempt(&mut self, now: Instant) {
        if let Some(attempt) = self.attempt {
            let is_attempt = |parcel: &Parcel| parcel.connection == attempt;
            self.csms.parcels.retain(|parcel| !is_attempt(parcel));
            self.station.parcels.retain(|parcel| !is_attempt(parcel));
            self.fail_attempt(now + CONNECT_TIMEOUT);
        }
    }

    fn fail_attempt(&mut self, at: Instant) {
        if let Some(attempt) = self.attempt {
            self.station.post(at, attempt, Arrival::Closed);
        }
    }

    fn side(&self, end: End) -> &Side {
        match end {
            End::Station => &self.station,
            End::Csms => &self.csms,
        }
    }

    fn side_mut(&mut self, end: End) -> &mut Side {
        match end {
            End::Station => &mut self.station,
            End::Csms => &mut self.csms,
        }
    }
}

fn truncate(queue: &mut VecDeque<Parcel>, keep: usize) -> usize {
    let lost = queue.len().saturating_sub(keep);
    queue.truncate(keep);
    lost
}

#[cfg(test)]
mod tests;
