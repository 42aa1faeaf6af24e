//! A station on tokio: the driver of the testkit for link and store, a task for simulated hardware, and one loop.
//!
//! `cargo run -p ocpp-testkit --example tokio_station -- ws://127.0.0.1:9000/ocpp CP001 station.redb`
//!
//! A vehicle comes after each start, charges for a while and leaves.

use std::error::Error;
use std::future::pending;
use std::time::Duration;

use ocpp_core::station::{
    Event, EvseAction, EvseId, EvseInput, IdToken, Input, JobUpdate, RebootKind, RegistrationStatus, StationConfig,
};
use ocpp_testkit::drivers::tokio::{MonotonicClock, StationDriver, StationOutput, seed, tls};
use ocpp_testkit::hardware::Hardware;
use ocpp_testkit::stores::StationStore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep_until};

type Failure = Box<dyn Error + Send + Sync>;

const EVSE: EvseId = EvseId(1);
const CHARGING: Duration = Duration::from_secs(3);

/// What the power stage is told.
enum Order {
    Station(EvseAction),
    /// The simulated driver plugs in.
    Plug,
    /// The simulated driver leaves.
    Unplug,
}

/// The power stage runs in a task of its own, as a driver of real hardware would, and is never waited for.
async fn power_stage(mut orders: UnboundedReceiver<Order>, facts: UnboundedSender<EvseInput>) {
    let clock = MonotonicClock::start();
    let mut hardware = Hardware::new(0, 360_000);
    hardware.power_on(clock.now());
    loop {
        while let Some(fact) = hardware.poll_fact(clock.now()) {
            if facts.send(fact).is_err() {
                return;
            }
        }
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Station(order)) => hardware.order(clock.now(), &order),
                Some(Order::Plug) => hardware.plug(clock.now()),
                Some(Order::Unplug) => hardware.unplug(clock.now()),
                None => return,
            },
            () = clock.sleep_until(hardware.poll_timeout()) => {}
        }
    }
}

/// Runs a station until it is to restart. What the CSMS has not taken yet, and what may still charge, is in the store.
///
/// # Errors
/// When the store cannot be read, the configuration contradicts itself, or the power stage is gone.
pub async fn run(config: StationConfig, store: StationStore) -> Result<RebootKind, Failure> {
    // The driver connects, reconnects, keeps deadlines, and writes the store in a thread of its own.
    let mut driver = StationDriver::start(config, seed()?, store, tls::client(None)?)?;
    driver.handle(Input::Wall(chrono::Utc::now()))?;

    let (orders, order_queue) = unbounded_channel();
    let (fact_sender, mut facts) = unbounded_channel();
    tokio::spawn(power_stage(order_queue, fact_sender));
    let mut is_expected = true;
    let mut leaves_at = None;
    loop {
        tokio::select! {
            output = driver.next() => match output {
                StationOutput::Evse(_, order) => orders.send(Order::Station(order))?,
                // The power stage ends with its queue: outputs fall.
                StationOutput::Reboot(kind) => return Ok(kind),
                StationOutput::Event(event) => {
                    println!("{event:?}");
                    match event {
                        Event::Registration(RegistrationStatus::Accepted) if is_expected => {
                            is_expected = false;
                            orders.send(Order::Plug)?;
                            driver.handle(Input::Token { evse: Some(EVSE), token: IdToken::new("ABC") })?;
                        }
                        Event::TransactionStarted { .. } => leaves_at = Some(Instant::now() + CHARGING),
                        _ => {}
                    }
                }
                StationOutput::LinkClosed { reason } => println!("no connection: {reason}"),
                StationOutput::StoreFailed { reason, .. } => println!("store: {reason}"),
                StationOutput::Refused(misuse) => return Err(misuse.into()),
                // Nothing is fetched or sent here.
                StationOutput::Job(job, _) => driver.handle(Input::Job(job, JobUpdate::Failed))?,
                // The operating system keeps the clock, there is no display, questions have defaults, and frames are not watched.
                StationOutput::Display(_)
                | StationOutput::SetClock(_)
                | StationOutput::Ask(..)
                | StationOutput::Frame(..) => {}
            },
            Some(fact) = facts.recv() => driver.handle(Input::Evse(EVSE, fact))?,
            () = until(leaves_at) => {
                leaves_at = None;
                orders.send(Order::Unplug)?;
            }
        }
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, identity, file] = arguments.as_slice() else { return Err("give a URL, an identity and a file".into()) };
    let config = StationConfig::new(url, identity, "Example", "Tokio").with_setting("MeterValueSampleInterval", "1");
    let store = StationStore::open(file.as_ref())?;
    loop {
        let kind = run(config.clone(), store.clone()).await?;
        println!("restart: {kind:?}");
    }
}
