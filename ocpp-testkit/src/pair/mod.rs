//! One station and its CSMS in virtual time, with everything that can happen between and around them.
//!
//! Time jumps from one thing that is due to the next; things due at the same instant come in a fixed order. Whatever a
//! machine orders is carried out at once, one action at a time, and checked: see [`crate::checks`]. Nothing waits, nothing
//! is drawn but from the seed, and every loop is bounded, so that a run ends, and ends alike each time.

mod actions;
mod arrivals;
mod config;
mod drive;
mod sabotage;
mod script;
mod station;
mod tally;
pub(crate) mod text;

use std::collections::{BTreeMap, VecDeque};

use ocpp_core::store::LogIndex;
use ocpp_core::time::Instant;
use ocpp_core::{csms, station as st};
use ocpp_types::SmallString;

pub use config::{CrashPoint, PairConfig};
pub use sabotage::Sabotage;
pub use script::{Interception, Step};
pub use station::StationEnd;
pub use tally::Tally;

use crate::checks::bill::{self, Meters};
use crate::checks::bounds::{self, BoundsCheck};
use crate::checks::journal::JournalCheck;
use crate::checks::ledger::LedgerCheck;
use crate::checks::promise::PromiseCheck;
use crate::checks::wire::WireCheck;
use crate::checks::{Failure, Violation};
use crate::clock::WallClock;
use crate::csms::MiniCsms;
use crate::hardware::Hardware;
use crate::link::{End, Link};
use crate::trace::record::{Record, What};
use crate::trace::{Actor, Trace};

/// More messages than ever are under way to one end: each has one call open, and answers those of the other.
const MAX_UNDER_WAY: usize = 64;
/// Lines of the trace that a failure shows.
const FAILURE_LINES: usize = 60;

/// An attempt of the station to connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Where.
    pub url: SmallString,
    /// With which security profile; 0 is none.
    pub security_profile: u8,
    /// The number of the connection that came of it, if one did.
    pub connection: u64,
    /// Whether a message of it arrived at the CSMS.
    pub was_heard: bool,
}

/// One station and its CSMS.
pub struct Pair {
    /// The station's end.
    pub station: StationEnd,
    /// The CSMS's end.
    pub csms: MiniCsms,
    /// The network between them.
    pub link: Link,
    /// What happened.
    pub trace: Trace,
    /// The right time, whatever the clocks of the two ends show.
    pub wall: WallClock,
    /// What the station told, with the time.
    pub station_events: Vec<(Instant, st::Event)>,
    /// What the session told, with the time.
    pub csms_events: Vec<(Instant, csms::Event)>,
    /// What the station told of security events, in the order of arrival.
    pub security_events: Vec<String>,
    /// How the station connected, or tried to, in order.
    pub attempts: Vec<Attempt>,
    now: Instant,
    script: BTreeMap<(Instant, u64), Step>,
    scripted: u64,
    power_back: BTreeMap<End, Instant>,
    interceptions: VecDeque<(&'static str, Interception)>,
    wire: WireCheck,
    /// None where the journal is not to be compared with the wire.
    journal: Option<JournalCheck>,
    /// None where the journal is not followed.
    promises: Option<PromiseCheck>,
    /// None where the bill is not to be checked before its end.
    ledger: Option<LedgerCheck>,
    bounds: BoundsCheck,
    sabotage: Option<Sabotage>,
    last_stop: sabotage::LastStop,
    tally: Tally,
    /// The wire, if it is recorded, and the connection that is open in it.
    records: Option<Vec<Record>>,
    recorded: Option<u64>,
    extra_ticks: bool,
    actions: BTreeMap<End, u64>,
    crashes: VecDeque<CrashPoint>,
    /// Transactions that this boot began: where, with which record, and when.
    begun: Vec<(st::EvseId, LogIndex, Instant)>,
    /// Energy in mWh that no record can tell of, because the power went before the start was durable.
    unbillable_mwh: BTreeMap<st::EvseId, i64>,
    /// After each action: whose it was, and how many store operations of that end were not durable.
    survey: Option<Vec<(End, usize)>>,
    /// Whether planned power cuts still come.
    has_fate: bool,
}

impl Pair {
    /// Everything under power at the beginning of time, and nothing done yet.
    ///
    /// # Errors
    /// When a machine cannot be made.
    pub fn new(config: PairConfig) -> Result<Self, Failure> {
        let seed = config.seed;
        let hardware = match config.sabotage {
            Some(Sabotage::WrongMeter) => config.hardware.with_misreading(20),
            Some(_) | None => config.hardware,
        };
        let hardware =
            (1..).take(config.station.hardware.evses.len()).map(|n| (st::EvseId(n), hardware.clone())).collect();
        let mut station = StationEnd::new(
            config.station,
            hardware,
            config.station_clock,
            config.station_store,
            seed.child("station", 0),
        );
        station.sabotage = config.sabotage;
        station.keeps_time = config.station_clock.read(Instant::ZERO).is_some();
        if config.record {
            station.record();
        }
        let mut csms_end =
            MiniCsms::new(config.session, config.policy, config.wall, config.csms_store, seed.child("csms", 0));
        csms_end.thinks = config.csms_thinks;
        csms_end.password = config.password;
        csms_end.versions = config.csms_versions;
        let mut pair = Pair {
            station,
            csms: csms_end,
            link: Link::new(config.latency_up, config.latency_down),
            trace: if config.trace { Trace::kept() } else { Trace::off() },
            wall: config.wall,
            station_events: Vec::new(),
            csms_events: Vec::new(),
            security_events: Vec::new(),
            attempts: Vec::new(),
            now: Instant::ZERO,
            script: BTreeMap::new(),
            scripted: 0,
            power_back: BTreeMap::new(),
            interceptions: VecDeque::new(),
            wire: WireCheck::default(),
            journal: config.journal_check.then(JournalCheck::default),
            promises: config.journal_check.then(PromiseCheck::default),
            ledger: config.ledger_check.then(LedgerCheck::default),
            bounds: BoundsCheck::default(),
            sabotage: config.sabotage,
            last_stop: sabotage::LastStop::default(),
            tally: Tally::default(),
            records: config.record_wire.then(Vec::new),
            recorded: None,
            extra_ticks: config.extra_ticks,
            actions: BTreeMap::new(),
            crashes: config.crashes.into(),
            begun: Vec::new(),
            unbillable_mwh: BTreeMap::new(),
            survey: config.survey.then(Vec::new),
            has_fate: true,
        };
        pair.power_on(End::Csms)?;
        pair.power_on(End::Station)?;
        Ok(pair)
    }

    /// The time.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Lets something happen at a later time.
    pub fn at(&mut self, at: Instant, step: Step) {
        self.scripted += 1;
        self.script.insert((at.max(self.now), self.scripted), step);
    }

    /// Lets something happen now.
    ///
    /// # Errors
    /// When a check fails.
    pub fn act(&mut self, step: Step) -> Result<(), Failure> {
        self.perform(step)?;
        self.drain()
    }

    /// Treats the next call of this action otherwise. Several for one action are used up in order.
    pub fn intercept(&mut self, action: &'static str, interception: Interception) {
        self.interceptions.push_back((action, interception));
    }

    /// Calls that come from now on are treated as usual.
    pub fn stop_intercepting(&mut self) {
        self.interceptions.clear();
    }

    /// How many actions of this end were carried out.
    pub fn action_count(&self, end: End) -> u64 {
        self.actions.get(&end).copied().unwrap_or(0)
    }

    /// From now on no power cut that was planned comes, and the survey is closed.
    pub fn end_fate(&mut self) {
        self.has_fate = false;
    }

    /// After each action, whose it was, and how many store operations of that end were not durable then.
    pub fn survey(&self) -> &[(End, usize)] {
        self.survey.as_deref().unwrap_or_default()
    }

    /// Whether this is the run without power cuts in which they are counted.
    pub fn is_survey(&self) -> bool {
        self.survey.is_some()
    }

    /// How often the station sent a message about a transaction again.
    pub fn repeats(&self) -> usize {
        self.journal.as_ref().map_or(0, |journal| journal.repeats)
    }

    /// Energy in mWh that flowed before the start of its transaction was durable, when the power went. Power is never held
    /// back for the store, so this much is lost.
    pub fn unbillable_mwh(&self) -> i64 {
        self.unbillable_mwh.values().sum()
    }

    /// Everything was delivered: the journal, the wire and the database hold the same, and the hardware is at rest.
    ///
    /// # Errors
    /// When they do not, or it is not.
    pub fn check_delivered(&mut self) -> Result<(), Failure> {
        let facts = self.csms.facts();
        let delivered =
            self.journal.as_mut().map_or(Ok(()), |journal| journal.finish(self.station.store().durable(), facts));
        delivered.map_err(|violation| self.fail(violation))?;
        let kept = self.promises.as_ref().map_or(Ok(()), |promises| promises.finish(&self.csms.bill()));
        kept.map_err(|violation| self.fail(violation))?;
        self.check_hardware_at_rest()
    }

    /// The bill covers what the meters counted since the beginning of time.
    ///
    /// # Errors
    /// When it does not.
    pub fn check_bill(&self) -> Result<(), Failure> {
        let meters = Meters {
            hardware: &self.station.hardware,
            since: Instant::ZERO,
            now: self.now,
            unbillable_mwh: &self.unbillable_mwh,
        };
        let bill = self.csms.bill();
        bill::covers_the_meters(&bill, &meters).map_err(|violation| self.fail(violation))?;
        // Numbers are missing where samples made room (2.x E04.FR.04, E04.FR.08), and nowhere else.
        let missing = bill.rows.iter().filter_map(|row| row.end.as_ref()).map(|end| end.missing).sum::<u64>();
        match self.journal.as_ref().filter(|journal| missing > journal.given_up) {
            Some(journal) => {
                let text = format!("{missing} events are missing, {} made room", journal.given_up);
                Err(self.fail(Violation::Bill(text)))
            }
            None => Ok(()),
        }
    }

    /// Without a running transaction no contactor conducts, and no plug is held but that of a refused token, which waits
    /// for its owner (1.6 §3.5.4).
    fn check_hardware_at_rest(&self) -> Result<(), Failure> {
        let bill = self.csms.bill();
        for (evse, hardware) in &self.station.hardware {
            let last = bill.rows.iter().rfind(|row| row.place.evse() == Some(u32::from(evse.0)));
            let end = last.map(|row| row.end.as_ref());
            let (contactor, lock) = (hardware.contactor(), hardware.lock());
            let waits_for_owner = end.flatten().is_some_and(|end| end.reason.as_deref() == Some("DeAuthorized"));
            let is_at_rest = contactor == st::Contactor::Open && (lock == st::Lock::Unlocked || waits_for_owner);
            if end != Some(None) && !is_at_rest {
                let text = format!("evse {}: contactor {contactor:?}, plug {lock:?}, no transaction", evse.0);
                return Err(self.fail(Violation::Hardware(text)));
            }
        }
        Ok(())
    }

    /// What holds at any time, as far as anything changed.
    fn check_progress(&mut self) -> Result<(), Failure> {
        let store = self.station.store();
        let bounded = self.bounds.look(store.durable(), store.volatile(), self.station.limits());
        let ends = [End::Station, End::Csms];
        let under_way = ends.map(|end| bounds::within("messages under way", self.link.under_way(end), MAX_UNDER_WAY));
        let journal = self.journal.as_mut().filter(|_| self.ledger.is_some());
        let compared = journal.map_or(Ok(()), |journal| journal.compare(self.csms.facts()));
        let meters = Meters {
            hardware: &self.station.hardware,
            since: Instant::ZERO,
            now: self.now,
            unbillable_mwh: &self.unbillable_mwh,
        };
        let billed = self.ledger.as_mut().map_or(Ok(()), |ledger| ledger.look(self.csms.facts(), &meters));
        let held = self.promises.as_mut();
        let held = held.map_or(Ok(()), |check| check.look(&self.station.hardware, || self.csms.bill()));
        let all = under_way.into_iter().chain([bounded, compared, billed, held]);
        all.collect::<Result<(), Violation>>().map_err(|violation| self.fail(violation))
    }

    /// Nothing runs, nothing is under way: each command ended, the store holds nothing of a transaction, and the machines
    /// are no bigger than ones made of the same records.
    ///
    /// # Errors
    /// When it is not so.
    pub fn check_at_rest(&self) -> Result<(), Failure> {
        let check = || {
            if let Some(id) = self.csms.open_commands().next() {
                return Err(Violation::CommandOpen(id.0));
            }
            self.bounds.at_rest()?;
            let fresh = self.station.restored().map_err(Violation::NoStart)?;
            if let Some(station) = self.station.machine() {
                bounds::is_no_bigger("characters of the station's state", station, &fresh)?;
            }
            let fresh = self.csms.restored();
            let session = self.csms.session();
            session.map_or(Ok(()), |old| bounds::is_no_bigger("characters of the session's state", old, &fresh))
        };
        check().map_err(|violation| self.fail(violation))
    }

    /// What the database says of each connector, as far as it is followed.
    pub fn ledger(&self) -> Option<&LedgerCheck> {
        self.ledger.as_ref()
    }

    /// Whether the two ends can talk of anything: they believe in the same living connection, and the station is accepted.
    pub fn is_in_touch(&self) -> bool {
        self.link.is_alive() && self.wire.is_accepted()
    }

    /// How much happened.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// What was seen on the wire, if it was recorded.
    pub fn records(&self) -> &[Record] {
        self.records.as_deref().unwrap_or_default()
    }

    fn record(&mut self, conn: Option<u64>, what: What) {
        if let Some(records) = &mut self.records {
            records.push(Record { conn, ..Record::at(self.now, what) });
        }
    }

    /// The server took a connection.
    fn record_connected(&mut self, version: &str) {
        self.record_closed();
        self.recorded = self.link.connection(End::Csms);
        self.record(self.recorded, What::Connected { version: Some(version.to_owned()) });
    }

    /// The connection ended, for whoever noticed first.
    fn record_closed(&mut self) {
        if let Some(conn) = self.recorded.take() {
            self.record(Some(conn), What::Closed);
        }
    }

    /// An end's connection is over, as far as that end knows.
    fn forget_connection(&mut self, end: End) {
        self.record_closed();
        self.wire.closed(end);
    }

    /// The hardware of an EVSE.
    pub fn hardware(&self, evse: st::EvseId) -> Option<&Hardware> {
        self.station.hardware.get(&evse)
    }

    pub(crate) fn fail(&self, violation: Violation) -> Failure {
        Failure { at: self.now, violation, trace: self.trace.tail(FAILURE_LINES) }
    }

    fn note(&mut self, actor: Actor, text: impl FnOnce() -> String) {
        self.trace.note(self.now, actor, text);
    }
}
