//! The timer table: when time changes something, and for whom.

use super::Site;
#[cfg(feature = "california_pricing")]
use super::pricing;
use super::settings::Key;
use super::shared::Shared;
use crate::time::Instant;

impl Site {
    /// When time changes something.
    pub fn deadlines<'a>(&'a self, shared: &'a Shared) -> impl Iterator<Item = Instant> + 'a {
        let is_up = shared.link.is_up();
        let is_online = self.is_online(shared);
        let link = [self.registration.deadline(), self.owed.deadline()];
        let link = link.into_iter().filter(move |_| is_up);
        let online = [
            self.status.deadline(self.settings.seconds(Key::MinimumStatusDuration)),
            self.journal.deadline(),
            Some(self.heartbeat.deadline(self.settings.seconds(Key::HeartbeatInterval))),
            #[cfg(feature = "security")]
            shared.security_events.deadline(),
        ];
        let online = online.into_iter().filter(move |_| is_online);
        let connectors = self.connectors.iter().flat_map(|c| c.deadlines(&self.settings, &shared.clock));
        let others = [
            self.authorize.deadline(),
            self.reservations.deadline(&shared.clock),
            self.smart_charging.deadline(&shared.clock),
            self.unlocking.deadline(),
        ];
        let jobs = self.firmware.deadlines(&shared.clock);
        let all = link.chain(online).chain(others).chain(jobs).chain(self.reset.deadlines());
        #[cfg(feature = "security")]
        let all = all.chain(self.certificates.deadlines(&shared.clock));
        #[cfg(feature = "plug_and_charge")]
        let all = all.chain(self.plug_and_charge.deadlines(&shared.clock, is_online));
        let all = all.flatten().chain(connectors).chain(self.pricing.deadlines(&shared.clock));
        #[cfg(feature = "california_pricing")]
        let all = all.chain(self.authorize.wait_deadlines()).chain(pricing::transition(&self.settings, shared));
        all
    }
}
