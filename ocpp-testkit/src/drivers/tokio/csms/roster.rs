//! The sessions of all stations, with their deadlines in order and their facts on the way to the ledger.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ocpp_core::csms::{Action, Fact, Input, Session, SessionConfig, SessionState};
use ocpp_core::store::Ticket;
use ocpp_core::time::Instant;
use thiserror::Error;

use super::UnknownStation;
use crate::drivers::tokio::{NoEntropy, seed};
use crate::stores::{Ledger, LedgerError, Write, Writer};

/// Why a station has no session.
#[derive(Debug, Error)]
pub(super) enum EnterError {
    #[error("no room for station {station:?}: {known} are known already")]
    Full { station: String, known: usize },
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Seed(#[from] NoEntropy),
}

#[derive(Debug)]
pub(super) struct Roster {
    config: SessionConfig,
    max_stations: usize,
    ledger: Ledger,
    writer: Writer<String, Fact>,
    members: BTreeMap<String, Member>,
    /// The deadline of each session that has one.
    deadlines: BTreeSet<(Instant, String)>,
}

#[derive(Debug)]
struct Member {
    session: Session,
    deadline: Option<Instant>,
    /// The number of its connection.
    link: Option<u64>,
    /// Facts on the way to the ledger.
    unconfirmed: VecDeque<(Ticket, Fact)>,
}

impl Roster {
    pub fn new(config: SessionConfig, max_stations: usize, ledger: Ledger, writer: Writer<String, Fact>) -> Self {
        Roster { config, max_stations, ledger, writer, members: BTreeMap::new(), deadlines: BTreeSet::new() }
    }

    /// Sees to it that the station has a session: a new one is rebuilt from the ledger.
    pub fn enter(&mut self, station: &str) -> Result<(), EnterError> {
        if self.members.contains_key(station) {
            return Ok(());
        }
        if self.members.len() >= self.max_stations {
            return Err(EnterError::Full { station: station.to_owned(), known: self.members.len() });
        }
        let state = SessionState::replay(&self.config, self.ledger.facts(station)?);
        let session = Session::restore(self.config.clone(), seed()?, state);
        let member = Member { session, deadline: None, link: None, unconfirmed: VecDeque::new() };
        self.members.insert(station.to_owned(), member);
        Ok(())
    }

    /// Tells a session something, and gives all that it orders.
    pub fn handle(&mut self, now: Instant, station: &str, input: Input<'_>) -> Result<Vec<Action>, UnknownStation> {
        let member = self.members.get_mut(station).ok_or_else(|| UnknownStation::Unknown(station.to_owned()))?;
        member.session.handle(now, input)?;
        let actions = std::iter::from_fn(|| member.session.poll_action()).collect();
        let deadline = member.session.poll_timeout();
        if deadline != member.deadline {
            if let Some(old) = member.deadline {
                self.deadlines.remove(&(old, station.to_owned()));
            }
            if let Some(new) = deadline {
                self.deadlines.insert((new, station.to_owned()));
            }
            member.deadline = deadline;
        }
        Ok(actions)
    }

    /// The earliest deadline.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// The stations whose deadlines have come.
    pub fn due(&self, now: Instant) -> Vec<String> {
        self.deadlines.iter().take_while(|(at, _)| *at <= now).map(|(_, station)| station.clone()).collect()
    }

    /// Sends a fact to the ledger. False if that is not possible any more.
    pub fn store(&mut self, station: &str, ticket: Ticket, fact: Fact) -> bool {
        if let Some(member) = self.members.get_mut(station) {
            // Issued again after a failure: it and all behind it were dropped there.
            while member.unconfirmed.back().is_some_and(|(last, _)| *last >= ticket) {
                member.unconfirmed.pop_back();
            }
            member.unconfirmed.push_back((ticket, fact.clone()));
        }
        self.writer.write(Write { source: station.to_owned(), ticket, op: fact })
    }

    /// The facts that have become durable with this ticket.
    pub fn confirmed(&mut self, station: &str, ticket: Ticket) -> Vec<(Ticket, Fact)> {
        let Some(member) = self.members.get_mut(station) else { return Vec::new() };
        let durable = member.unconfirmed.partition_point(|(place, _)| *place <= ticket);
        member.unconfirmed.drain(..durable).collect()
    }

    /// Makes a connection the station's own, and gives the one that it replaces.
    pub fn link(&mut self, station: &str, connection: u64) -> Option<u64> {
        self.members.get_mut(station)?.link.replace(connection)
    }

    /// The connection of a station.
    pub fn linked(&self, station: &str) -> Option<u64> {
        self.members.get(station)?.link
    }

    /// The station has no connection any more.
    pub fn unlink(&mut self, station: &str) {
        if let Some(member) = self.members.get_mut(station) {
            member.link = None;
        }
    }
}
