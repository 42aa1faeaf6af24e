//! The host of a simulated station: it fetches, installs and sends files, each in its time, and outlasts a power cut with
//! what it has installed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ocpp_core::station::{Job, JobId, JobUpdate};
use ocpp_core::time::Instant;

/// The jobs of a host.
#[derive(Clone, Debug)]
pub struct HostJobs {
    /// How long each takes.
    pub takes: Duration,
    under_way: BTreeMap<JobId, (Instant, JobUpdate)>,
    installed: BTreeSet<JobId>,
}

impl Default for HostJobs {
    fn default() -> Self {
        HostJobs { takes: Duration::from_secs(2), under_way: BTreeMap::new(), installed: BTreeSet::new() }
    }
}

impl HostJobs {
    /// Takes an order in. Firmware that is in place already needs no second installation.
    pub fn order(&mut self, now: Instant, id: JobId, job: &Job) {
        let word = match job {
            Job::Download { .. } | Job::Upload { .. } => JobUpdate::Done,
            Job::Install if self.installed.contains(&id) => JobUpdate::Done,
            Job::Install => JobUpdate::NeedsRestart,
            Job::Cancel => {
                self.under_way.remove(&id);
                return;
            }
        };
        self.under_way.insert(id, (now + self.takes, word));
    }

    /// The next word about a job that is due.
    pub fn poll_update(&mut self, now: Instant) -> Option<(JobId, JobUpdate)> {
        let (id, (_, word)) = self.under_way.iter().find(|(_, (at, _))| *at <= now)?;
        let (id, word) = (*id, *word);
        self.under_way.remove(&id);
        if word == JobUpdate::NeedsRestart {
            self.installed.insert(id);
        }
        Some((id, word))
    }

    /// When the next word is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.under_way.values().map(|(at, _)| *at).min()
    }

    /// The power goes, and with it what was under way.
    pub fn power_cut(&mut self) {
        self.under_way.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocpp_core::station::FileLocation;

    #[test]
    fn installed_firmware_outlasts_the_power_and_a_download_does_not() {
        let at = |seconds: u64| Instant::from_millis(seconds * 1000);
        let mut jobs = HostJobs::default();
        jobs.order(at(0), JobId(1), &Job::Download { location: FileLocation::new("x") });
        jobs.power_cut();
        assert_eq!((jobs.poll_timeout(), jobs.poll_update(at(9))), (None, None));
        jobs.order(at(10), JobId(1), &Job::Install);
        assert_eq!(jobs.poll_update(at(11)), None);
        assert_eq!(jobs.poll_update(at(12)), Some((JobId(1), JobUpdate::NeedsRestart)));
        jobs.power_cut();
        jobs.order(at(20), JobId(1), &Job::Install);
        assert_eq!(jobs.poll_update(at(22)), Some((JobId(1), JobUpdate::Done)));
    }
}
