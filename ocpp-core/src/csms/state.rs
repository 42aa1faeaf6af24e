//! What a session knows, as plain data.

use alloc::vec::Vec;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::fingerprint::Fingerprint;
use super::ledger::Ledger;
use super::{
    CommandId, Fact, Limits, Place, Progress, RegistrationStatus, SecurityEvent, SessionConfig, StationWork,
    StatusReport,
};
use crate::store::Ticket;

/// What a session knows beyond its connection. To be rebuilt from the facts in the database, or taken out of one process
/// and into another: in a form that names its members, such as JSON. States that earlier versions wrote so are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct SessionState {
    /// How many facts there are.
    pub(super) facts: u64,
    pub(super) station: StationRecord,
    /// The last facts, as far as they are not known to be durable.
    pub(super) unconfirmed: Vec<Fact>,
    /// Commands without answer, and whether they were sent.
    pub(super) commands: Vec<(CommandId, bool)>,
}

impl SessionState {
    /// Rebuilds the state from all facts of a station, in the order of their tickets.
    pub fn replay(config: &SessionConfig, facts: impl IntoIterator<Item = (Ticket, Fact)>) -> Self {
        let mut state = SessionState::default();
        for (ticket, fact) in facts {
            state.apply(config, ticket, &fact);
        }
        state
    }

    /// Brings the state up to date with the next fact. One that it knows already changes nothing.
    pub fn apply(&mut self, config: &SessionConfig, ticket: Ticket, fact: &Fact) {
        if ticket.0 > self.facts {
            self.facts = ticket.0;
            self.station.apply(fact, &config.limits);
        }
    }
}

/// What the facts say of the station. It changes by facts alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub(super) struct StationRecord {
    /// What the station was told when it booted last.
    pub registration: Option<RegistrationStatus>,
    /// The last report of each connector, by place.
    statuses: Vec<(Place, Fingerprint)>,
    /// The last report of each kind of work.
    progress: Vec<(StationWork, Fingerprint)>,
    /// The last security event: a station sends one at a time, so it alone can come again.
    security_event: Option<Fingerprint>,
    pub ledger: Ledger,
}

impl StationRecord {
    pub fn apply(&mut self, fact: &Fact, limits: &Limits) {
        match fact {
            Fact::Booted(booted) => self.registration = Some(booted.status),
            Fact::Status(report) => {
                let print = status_key(report);
                match self.statuses.binary_search_by_key(&report.place, |status| status.0) {
                    Ok(place) => {
                        if let Some(status) = self.statuses.get_mut(place) {
                            status.1 = print;
                        }
                    }
                    Err(place) if self.statuses.len() < limits.connectors => {
                        self.statuses.insert(place, (report.place, print));
                    }
                    Err(_) => {}
                }
            }
            Fact::Progress(report) => {
                self.progress.retain(|(work, _)| *work != report.work);
                self.progress.push((report.work, progress_key(report)));
            }
            Fact::SecurityEvent(event) => self.security_event = Some(event_key(event)),
            Fact::Started(_)
            | Fact::Authorized { .. }
            | Fact::Updated(_)
            | Fact::Settled(_)
            | Fact::Renamed(_)
            | Fact::Sampled(_)
            | Fact::Stopped(_)
            | Fact::StopContradicted { .. }
            | Fact::StopOrphaned(_) => self.ledger.apply(fact, limits),
        }
    }

    /// Whether the report is the last one of its connector again.
    pub fn knows_status(&self, report: &StatusReport) -> bool {
        self.statuses.contains(&(report.place, status_key(report)))
    }

    /// Whether the report is the last one of its work again.
    pub fn knows_progress(&self, report: &Progress) -> bool {
        self.progress.contains(&(report.work, progress_key(report)))
    }

    /// Whether the event is the last one again.
    pub fn knows_security_event(&self, event: &SecurityEvent) -> bool {
        self.security_event == Some(event_key(event))
    }
}

fn progress_key(report: &Progress) -> Fingerprint {
    Fingerprint::new(b'p').option(report.request, Fingerprint::number).text(&report.status)
}

fn event_key(event: &SecurityEvent) -> Fingerprint {
    Fingerprint::new(b'e').text(&event.kind).time(event.at).option(event.info.as_deref(), Fingerprint::text)
}

fn status_key(report: &StatusReport) -> Fingerprint {
    let texts = [&report.info, &report.vendor_id, &report.vendor_error_code];
    let print = Fingerprint::new(b'c').text(&report.status);
    let print = print.text(report.error_code.as_deref().unwrap_or("NoError"));
    let print = texts.into_iter().fold(print, |print, text| print.option(text.as_deref(), Fingerprint::text));
    print.option(report.at, Fingerprint::time)
}
