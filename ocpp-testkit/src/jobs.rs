//! The host of a simulated station: it fetches, installs and sends files, each in its time, and outlasts a power cut with
//! what it has installed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ocpp_core::station::{Job, JobId, JobUpdate};
use ocpp_core::time::Instant;

/// The local host's discard port (RFC 863), where nothing listens.
const NOWHERE: &str = "://127.0.0.1:9/";
/// The name of a file that is no firmware of the station.
pub const UNFIT: &str = "no-firmware";

/// The jobs of a host.
#[derive(Clone, Debug)]
pub struct HostJobs {
    /// How long each takes.
    pub takes: Duration,
    under_way: BTreeMap<JobId, (Instant, JobUpdate)>,
    /// What fetched a file that cannot be installed.
    unfit: BTreeSet<JobId>,
    installed: BTreeSet<JobId>,
}

impl Default for HostJobs {
    fn default() -> Self {
        HostJobs {
            takes: Duration::from_secs(2),
            under_way: BTreeMap::new(),
            unfit: BTreeSet::new(),
            installed: BTreeSet::new(),
        }
    }
}

impl HostJobs {
    /// Takes an order in. Firmware that is in place already needs no second installation.
    pub fn order(&mut self, now: Instant, id: JobId, job: &Job) {
        let word = match job {
            Job::Download { location } | Job::Upload { location, .. } if location.as_str().contains(NOWHERE) => {
                JobUpdate::Failed
            }
            Job::Download { location } => {
                if location.as_str().ends_with(UNFIT) {
                    self.unfit.insert(id);
                }
                JobUpdate::Done
            }
            Job::Upload { .. } => JobUpdate::Done,
            Job::Install if self.unfit.contains(&id) => JobUpdate::Failed,
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
    fn nothing_is_fetched_where_nobody_listens() {
        let mut jobs = HostJobs::default();
        jobs.order(Instant::ZERO, JobId(1), &Job::Download { location: FileLocation::new("ftp://127.0.0.1:9/x") });
        assert_eq!(jobs.poll_update(Instant::from_millis(2_000)), Some((JobId(1), JobUpdate::Failed)));
    }

    #[test]
    fn what_is_no_firmware_is_fetched_and_not_installed() {
        let mut jobs = HostJobs::default();
        jobs.order(Instant::ZERO, JobId(1), &Job::Download { location: FileLocation::new("ftp://files/no-firmware") });
        assert_eq!(jobs.poll_update(Instant::from_millis(2_000)), Some((JobId(1), JobUpdate::Done)));
        jobs.power_cut();
        jobs.order(Instant::from_millis(3_000), JobId(1), &Job::Install);
        assert_eq!(jobs.poll_update(Instant::from_millis(5_000)), Some((JobId(1), JobUpdate::Failed)));
    }

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
