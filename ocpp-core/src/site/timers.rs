//! The timer table: when time changes something, and for whom. Each deadline has one owner.

use super::Site;
#[cfg(feature = "california_pricing")]
use super::pricing;
use super::settings::Setting;
use super::shared::Shared;
use crate::station::Timer;
use crate::time::Instant;

/// The next of all deadlines that lie ahead. What is due already waits for something else than time.
#[derive(Debug)]
pub(crate) struct NextDeadline {
    now: Instant,
    next: Option<(Instant, Timer)>,
}

impl NextDeadline {
    pub fn after(now: Instant) -> Self {
        NextDeadline { now, next: None }
    }

    /// One more.
    pub fn add(&mut self, timer: Timer, at: Option<Instant>) {
        let Some(at) = at.filter(|at| *at > self.now) else { return };
        if self.next.is_none_or(|(next, _)| at < next) {
            self.next = Some((at, timer));
        }
    }

    /// The next one, with its owner.
    pub fn get(self) -> Option<(Instant, Timer)> {
        self.next
    }
}

impl Site {
    /// Adds the deadlines of all blocks.
    pub fn add_deadlines(&self, shared: &Shared, next: &mut NextDeadline) {
        let clock = &shared.clock;
        if shared.link.is_up() {
            next.add(Timer::Registration, self.registration.deadline());
            next.add(Timer::OwedAnswers, self.owed.deadline());
        }
        if self.is_online(shared) {
            next.add(Timer::Status, self.status.deadline(self.settings.seconds(Setting::MinimumStatusDuration)));
            next.add(Timer::Delivery, self.journal.deadline());
            let heartbeat = self.heartbeat.deadline(self.settings.seconds(Setting::HeartbeatInterval));
            next.add(Timer::Heartbeat, Some(heartbeat));
            #[cfg(feature = "security")]
            next.add(Timer::SecurityEvent, shared.security_events.deadline());
        }
        for evse in &self.evses {
            for at in evse.deadlines(&self.settings, &self.policy, clock) {
                next.add(Timer::Evse(evse.id), Some(at));
            }
        }
        next.add(Timer::Authorization, self.authorize.deadline());
        next.add(Timer::Reservation, self.reservations.deadline(clock));
        next.add(Timer::ChargingLimit, self.smart_charging.deadline(clock));
        next.add(Timer::Unlock, self.unlocking.deadline());
        let mut add_all = |timer, all: &[Option<Instant>]| all.iter().for_each(|at| next.add(timer, *at));
        add_all(Timer::Job, &self.firmware.deadlines(clock));
        add_all(Timer::Reset, &self.reset.deadlines());
        #[cfg(feature = "security")]
        add_all(Timer::Certificate, &self.certificates.deadlines(clock));
        #[cfg(feature = "plug_and_charge")]
        add_all(Timer::Certificate, &self.plug_and_charge.deadlines(clock, self.is_online(shared)));
        for at in self.pricing.deadlines(clock) {
            next.add(Timer::Pricing, Some(at));
        }
        #[cfg(feature = "california_pricing")]
        {
            next.add(Timer::Pricing, pricing::transition(&self.settings, shared));
            for at in self.authorize.wait_deadlines() {
                next.add(Timer::Authorization, Some(at));
            }
        }
    }
}
