//! Letting time pass.

use std::time::Duration;

use ocpp_core::store::Log;
use ocpp_core::time::Instant;
use ocpp_core::{MisuseError, csms, station as st};

use super::{Pair, Sabotage, Step};
use crate::checks::{Failure, Violation};
use crate::link::End;
use crate::store::TORN_BYTES;

/// More steps than any run of a scenario has.
const MAX_STEPS: usize = 200_000;
/// How long a scenario may take until all is quiet.
const QUIET_WITHIN: Duration = Duration::from_secs(6 * 60 * 60);
/// Quiet is when nothing is due for so long, and nothing is under way.
const QUIET_FOR: Duration = Duration::from_secs(3);

/// What is due next, in the order in which things of the same instant happen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Script,
    PowerBack(End),
    Link,
    Stores,
    CsmsThought,
    Hardware,
    Tick(End),
}

impl Pair {
    /// Does the next thing that is due, if any ever is, and gives its time.
    ///
    /// # Errors
    /// When a check fails.
    pub fn step(&mut self) -> Result<Option<Instant>, Failure> {
        let Some((at, due)) = self.next_due() else { return Ok(None) };
        self.now = self.now.max(at);
        let now = self.now;
        match due {
            Due::Script => {
                if let Some((_, step)) = self.script.pop_first() {
                    self.perform(step)?;
                }
            }
            Due::PowerBack(end) => {
                self.power_back.remove(&end);
                self.power_on(end)?;
            }
            Due::Link => {
                if let Some((end, arrival)) = self.link.poll_arrival(now) {
                    self.arrive(end, arrival)?;
                }
            }
            Due::Stores => {
                if let Some(reply) = self.station.poll_store(now) {
                    self.tell_stored(End::Station, reply)?;
                } else if let Some(reply) = self.csms.poll_database(now) {
                    self.tell_stored(End::Csms, reply)?;
                }
            }
            Due::CsmsThought => {
                if let Some((id, answer)) = self.csms.poll_answer(now) {
                    self.tell_answer(id, answer)?;
                }
            }
            // The facts that fell due are told with the actions.
            Due::Hardware => {}
            Due::Tick(end) => {
                self.tick(end)?;
                self.check_progress()?;
                return Ok(Some(now));
            }
        }
        self.drain()?;
        self.check_progress()?;
        Ok(Some(now))
    }

    /// When the next thing is due, if any ever is.
    pub fn due_at(&self) -> Option<Instant> {
        self.next_due().map(|(at, _)| at)
    }

    fn next_due(&self) -> Option<(Instant, Due)> {
        let due = |at: Option<Instant>, due| at.map(|at| (at, due));
        let script = due(self.script.keys().next().map(|(at, _)| *at), Due::Script);
        let power = self.power_back.iter().map(|(end, at)| (*at, Due::PowerBack(*end)));
        let rest = [
            due(self.link.poll_timeout(), Due::Link),
            due(self.station.store().poll_timeout(), Due::Stores),
            due(self.csms.database_timeout(), Due::Stores),
            due(self.csms.thought_timeout(), Due::CsmsThought),
            due(self.station.hardware_timeout(), Due::Hardware),
            due(self.station.tick_at().filter(|_| !self.is_sabotaged(Sabotage::LostTimer)), Due::Tick(End::Station)),
            due(self.csms.tick_at(), Due::Tick(End::Csms)),
        ];
        script.into_iter().chain(power).chain(rest.into_iter().flatten()).min()
    }

    /// Ticks a machine at its deadline: the next one must be later.
    fn tick(&mut self, end: End) -> Result<(), Failure> {
        match end {
            End::Station if self.is_sabotaged(Sabotage::StuckTimer) => {}
            End::Station => self.tell_station(st::Input::Tick)?,
            End::Csms => self.tell_csms(csms::Input::Tick)?,
        }
        self.drain()?;
        let next = match end {
            End::Station => self.station.tick_at(),
            End::Csms => self.csms.tick_at(),
        };
        match next.filter(|next| *next <= self.now) {
            Some(next) => Err(self.fail(Violation::StuckDeadline(end, next))),
            None => Ok(()),
        }
    }

    fn tell_answer(&mut self, id: csms::AskId, answer: csms::Answer) -> Result<(), Failure> {
        match self.csms.handle(self.now, csms::Input::Answer(id, answer)) {
            // It thought too long, and the default was taken.
            Ok(()) | Err(MisuseError::UnknownQuestion(_)) => Ok(()),
            Err(misuse) => Err(self.fail(Violation::Misuse(End::Csms, misuse))),
        }
    }

    /// Lets time pass until `until`.
    ///
    /// # Errors
    /// When a check fails.
    pub fn run_until(&mut self, until: Instant) -> Result<(), Failure> {
        for _ in 0..MAX_STEPS {
            if self.next_due().is_none_or(|(at, _)| at > until) {
                self.now = self.now.max(until);
                return Ok(());
            }
            self.step()?;
        }
        Err(self.fail(Violation::NotReached(until, "the end of the steps of that time")))
    }

    /// Lets time pass for `span`.
    ///
    /// # Errors
    /// When a check fails.
    pub fn run_for(&mut self, span: Duration) -> Result<(), Failure> {
        self.run_until(self.now + span)
    }

    /// Lets time pass until something holds, for at most `within`.
    ///
    /// # Errors
    /// When a check fails, or it does not hold in time.
    pub fn drive_until(
        &mut self,
        within: Duration,
        what: &'static str,
        mut holds: impl FnMut(&Pair) -> bool,
    ) -> Result<(), Failure> {
        let until = self.now + within;
        for _ in 0..MAX_STEPS {
            if holds(self) {
                return Ok(());
            }
            if self.next_due().is_none_or(|(at, _)| at > until) {
                break;
            }
            self.step()?;
        }
        Err(self.fail(Violation::NotReached(until, what)))
    }

    /// Lets time pass until the script is done, everything is delivered, and nothing is under way.
    ///
    /// # Errors
    /// When a check fails, or it never gets quiet.
    pub fn drive_quiet(&mut self) -> Result<(), Failure> {
        self.drive_until(QUIET_WITHIN, "quiet", Pair::is_quiet)
    }

    /// Whether the script is done, everything is delivered, and nothing is under way.
    pub fn is_quiet(&self) -> bool {
        let is_connected = self.link.is_open(End::Station) && self.link.is_open(End::Csms) && self.link.is_idle();
        let is_stored = self.station.store().volatile() == 0 && self.csms.volatile() == 0;
        self.script.is_empty()
            && self.power_back.is_empty()
            && is_connected
            && is_stored
            && self.next_due().is_none_or(|(at, _)| at > self.now + QUIET_FOR)
            && self.station.store().image().records(Log::Transactions).all(|(_, record)| record.len() <= TORN_BYTES)
    }

    /// Lets several things happen, each so long after now.
    pub fn script(&mut self, steps: impl IntoIterator<Item = (Duration, Step)>) {
        let now = self.now;
        for (after, step) in steps {
            self.at(now + after, step);
        }
    }
}
