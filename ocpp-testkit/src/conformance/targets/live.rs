//! Live peers over a WebSocket: real time, and somebody who carries out the steps.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use ocpp_core::station::ConnectRequest;
use ocpp_core::time::Instant;
use ocpp_rpc::Dialect;
use ocpp_rpc::handshake::{Identity, IdentityRules, Password};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_rustls::rustls::{ClientConfig, ServerConfig};

use super::Operator;
use crate::conformance::target::{Happening, Manual, Target, Trouble};
use crate::drivers::tokio::{Authenticator, MonotonicClock, Wire, WireListener};

/// The pause between two attempts to connect.
const RETRY: Duration = Duration::from_millis(200);
/// A server may take so long to listen.
const CONNECT_PATIENCE: Duration = Duration::from_secs(20);

/// What both kinds of live peers have.
struct Live {
    runtime: Runtime,
    clock: MonotonicClock,
    wire: Option<Wire>,
    happenings: VecDeque<Happening>,
    operator: Operator,
    station: String,
}

impl Live {
    fn new(runtime: Runtime, operator: Operator, station: &str) -> Self {
        Live {
            runtime,
            clock: MonotonicClock::start(),
            wire: None,
            happenings: VecDeque::new(),
            operator,
            station: station.to_owned(),
        }
    }

    fn send(&mut self, text: &str) -> Result<(), Trouble> {
        let wire = self.wire.as_mut().ok_or(Trouble::NotConnected)?;
        // A connection that just went is noticed by whoever reads it.
        let _ = self.runtime.block_on(wire.send(text));
        Ok(())
    }

    /// What comes meanwhile is kept.
    fn perform(&mut self, step: &Manual) -> Result<(), Trouble> {
        let Live { runtime, wire, happenings, operator, station, .. } = self;
        runtime.block_on(async {
            let done = operator.perform(station, step);
            tokio::pin!(done);
            loop {
                tokio::select! {
                    biased;
                    done = &mut done => return done,
                    happening = next_of(wire) => happenings.push_back(happening),
                }
            }
        })
    }

    fn disconnect(&mut self) {
        if let Some(wire) = self.wire.take() {
            self.runtime.block_on(wire.close());
            self.happenings.push_back(Happening::Closed);
        }
    }
}

fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// What the connection says next; nothing, if there is none.
async fn next_of(wire: &mut Option<Wire>) -> Happening {
    let Some(open) = wire else { return std::future::pending().await };
    match open.next().await {
        Some(text) => Happening::Frame(text),
        None => {
            *wire = None;
            Happening::Closed
        }
    }
}

/// A CSMS under test: the bench connects to it as a station.
pub struct LiveCsms {
    live: Live,
    request: ConnectRequest,
    tls: Arc<ClientConfig>,
}

impl LiveCsms {
    /// A CSMS at this address, which is not connected to yet.
    ///
    /// # Errors
    /// When there is no runtime to be had.
    pub fn new(request: ConnectRequest, tls: Arc<ClientConfig>, station: &str, operator: Operator) -> io::Result<Self> {
        Ok(LiveCsms { live: Live::new(runtime()?, operator, station), request, tls })
    }

    fn connect(&mut self) -> Result<(), Trouble> {
        let until = self.now() + CONNECT_PATIENCE;
        loop {
            match self.live.runtime.block_on(Wire::connect(self.request.clone(), Arc::clone(&self.tls))) {
                Ok((wire, subprotocol)) if self.request.subprotocols.contains(&subprotocol.as_str().into()) => {
                    self.live.wire = Some(wire);
                    self.live.happenings.push_back(Happening::Opened);
                    return Ok(());
                }
                Ok((_, other)) => return Err(Trouble::Lost(format!("the CSMS chose the subprotocol {other:?}"))),
                Err(reason) if self.now() >= until => return Err(Trouble::Lost(reason)),
                Err(_) => self.live.runtime.block_on(async { tokio::time::sleep(RETRY).await }),
            }
        }
    }
}

impl Target for LiveCsms {
    fn now(&self) -> Instant {
        self.live.clock.now()
    }

    fn wall(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn next(&mut self, until: Instant) -> Result<Option<Happening>, Trouble> {
        let Live { runtime, clock, wire, happenings, operator, .. } = &mut self.live;
        if let Some(happening) = happenings.pop_front() {
            return Ok(Some(happening));
        }
        runtime.block_on(async {
            tokio::select! {
                biased;
                happening = next_of(wire) => Ok(Some(happening)),
                undone = operator.refusal() => Err(undone),
                () = clock.sleep_until(Some(until)) => Ok(None),
            }
        })
    }

    fn send(&mut self, text: &str) -> Result<(), Trouble> {
        self.live.send(text)
    }

    fn set_network(&mut self, up: bool) -> Result<(), Trouble> {
        match up {
            true if self.live.wire.is_none() => self.connect(),
            true => Ok(()),
            false => {
                self.live.disconnect();
                Ok(())
            }
        }
    }

    fn perform(&mut self, step: &Manual) -> Result<(), Trouble> {
        self.live.perform(step)
    }

    fn offer(&mut self, subprotocols: &[&str]) -> Result<Option<String>, Trouble> {
        let mut request = self.request.clone();
        request.subprotocols = subprotocols.iter().map(|name| (*name).into()).collect();
        // A server without a common version refuses, or completes the handshake and names none (OCPP-J §3.2).
        let opened = self.live.runtime.block_on(Wire::connect(request, Arc::clone(&self.tls)));
        let Ok((wire, chosen)) = opened else { return Ok(None) };
        self.live.runtime.block_on(wire.close());
        Ok(Some(chosen).filter(|chosen| !chosen.is_empty()))
    }

    fn knock(&mut self, name: &str, password: &str) -> Result<bool, Trouble> {
        let unusable = |error: String| Trouble::Undone(error);
        let name = Identity::new(name, &IdentityRules::V1_6).map_err(|error| unusable(error.to_string()))?;
        let password = Password::from_bytes(password.as_bytes()).map_err(|error| unusable(error.to_string()))?;
        let mut request = self.request.clone();
        request.authorization = Some(password.authorization(&name).into());
        let opened = self.live.runtime.block_on(Wire::connect(request, Arc::clone(&self.tls)));
        let Ok((wire, _)) = opened else { return Ok(false) };
        self.live.runtime.block_on(wire.close());
        Ok(true)
    }

    fn is_fresh(&self) -> bool {
        false
    }
}

/// A station under test, which connects to the bench.
pub struct LiveStation {
    live: Live,
    listener: WireListener,
    address: SocketAddr,
}

impl LiveStation {
    /// Listens for one station that speaks this version. Who carries out the steps may depend on the address.
    ///
    /// # Errors
    /// When the address cannot be listened on, or the operator is not to be had.
    pub fn listen(
        address: &str,
        authenticator: Authenticator,
        tls: Option<Arc<ServerConfig>>,
        dialect: Dialect,
        station: &str,
        operator: impl FnOnce(SocketAddr) -> io::Result<Operator>,
    ) -> io::Result<Self> {
        let runtime = runtime()?;
        let (listener, address) = runtime.block_on(async {
            let listener = TcpListener::bind(address).await?;
            let address = listener.local_addr()?;
            io::Result::Ok((WireListener::start(listener, authenticator, tls, dialect), address))
        })?;
        let live = Live::new(runtime, operator(address)?, station);
        Ok(LiveStation { live, listener, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Target for LiveStation {
    fn now(&self) -> Instant {
        self.live.clock.now()
    }

    fn wall(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn next(&mut self, until: Instant) -> Result<Option<Happening>, Trouble> {
        let Live { runtime, clock, wire, happenings, operator, .. } = &mut self.live;
        if let Some(happening) = happenings.pop_front() {
            return Ok(Some(happening));
        }
        let newcomer = runtime.block_on(async {
            tokio::select! {
                biased;
                happening = next_of(wire) => Ok(Err(Some(happening))),
                newcomer = self.listener.accept() => Ok(Ok(newcomer)),
                undone = operator.refusal() => Err(undone),
                () = clock.sleep_until(Some(until)) => Ok(Err(None)),
            }
        });
        match newcomer? {
            Err(happening) => Ok(happening),
            Ok(None) => Err(Trouble::Lost("the server is gone".to_owned())),
            // A station that lost its power connects anew, and the old connection never ends by itself.
            Ok(Some((newcomer, _))) => {
                let had_one = wire.replace(newcomer).is_some();
                happenings.extend(had_one.then_some(Happening::Closed));
                happenings.push_back(Happening::Opened);
                Ok(happenings.pop_front())
            }
        }
    }

    fn send(&mut self, text: &str) -> Result<(), Trouble> {
        self.live.send(text)
    }

    fn set_network(&mut self, up: bool) -> Result<(), Trouble> {
        self.listener.set_open(up);
        match up {
            // The connection of the case before goes on.
            true if self.live.wire.is_some() => self.live.happenings.push_back(Happening::StillOpen),
            true => {}
            false => self.live.disconnect(),
        }
        Ok(())
    }

    fn perform(&mut self, step: &Manual) -> Result<(), Trouble> {
        self.live.perform(step)
    }

    fn is_fresh(&self) -> bool {
        false
    }
}
