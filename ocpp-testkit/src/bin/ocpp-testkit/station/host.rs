//! The host of the simulated station: it keeps certificates, fetches, checks and installs firmware, and sends logs, without a
//! hand.

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base64ct::{Base64, Encoding};
use chrono::{DateTime, TimeDelta, Utc};
use ocpp_core::station::{
    CertificateUse, Command, FileLocation, FirmwareSignature, Input, InstalledCertificates, Job, JobId, JobUpdate,
    LogKind,
};
use ocpp_testkit::drivers::tokio::StationDriver;
use ocpp_testkit::drivers::tokio::tls::{StationTls, TlsError};
use ocpp_testkit::pki::{Certificate, Vault, VaultError, has_signed, replace_file};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::place::{Place, Trouble};
use crate::print;

/// Lines of each log that are kept.
const LOG_LINES: usize = 2_000;
/// How long before its end the station renews a certificate (1.6 security A03.FR.02).
const RENEWAL: TimeDelta = TimeDelta::days(30);

/// What the host outlives a restart with, besides certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Memory {
    /// What was fetched last, and how long it is.
    fetched: Option<(JobId, usize)>,
    /// What was installed last.
    installed: Option<JobId>,
    security_log: VecDeque<(DateTime<Utc>, String)>,
}

/// How a job ended, and what there is to say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub id: JobId,
    pub outcome: JobUpdate,
    pub note: Option<String>,
    /// How long the file is that was fetched.
    fetched: Option<usize>,
}

/// What the station is delivered with.
pub struct Delivered<'a> {
    pub serial_number: &'a str,
    /// Roots of the CSMS, PEM.
    pub ca: Option<&'a Path>,
    /// A certificate of the station's own with its chain, and its key.
    pub own: Option<(&'a Path, &'a Path)>,
    /// Whether the CSMS runs on this machine, and so may name its files and servers.
    pub is_local: bool,
}

/// The host of the station.
#[derive(Debug)]
pub struct Host {
    vault: Vault,
    trusts_web: bool,
    is_local: bool,
    memory: Memory,
    file: Option<PathBuf>,
    log: VecDeque<(DateTime<Utc>, String)>,
    under_way: BTreeSet<JobId>,
    /// The ends of the station's own certificates, as it was told them.
    told: [Option<DateTime<Utc>>; 2],
    sender: UnboundedSender<Ended>,
    ends: UnboundedReceiver<Ended>,
}

impl Host {
    /// A host with what it left in the directory. At its first start it has what it was delivered with.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn open(directory: Option<&Path>, delivered: &Delivered<'_>) -> Result<Self, HostError> {
        let mut vault =
            Vault::open(directory.map(|directory| directory.join("certificates.json")), delivered.serial_number)?;
        if vault.is_new() {
            let text = |option, file| print::read(option, file).map_err(HostError::Delivered);
            let ca = delivered.ca.map(|file| text("--ca", file)).transpose()?;
            let own = delivered.own;
            let own = own.map(|(chain, key)| Ok::<_, HostError>((text("--cert", chain)?, text("--key", key)?)));
            let own = own.transpose()?;
            let own = own.as_ref().map(|(chain, key)| (chain.as_str(), key.as_str()));
            let unfit =
                |error| HostError::Delivered(format!("--ca, --cert or --key: {error}; give files in PEM that fit"));
            vault.provide(ca.as_deref(), own).map_err(unfit)?;
        }
        let file = directory.map(|directory| directory.join("host.json"));
        let memory = match file.as_ref().filter(|file| file.exists()) {
            Some(file) => {
                let failed = |source| HostError::File(file.clone(), source);
                serde_json::from_slice(&fs::read(file).map_err(failed)?).map_err(|error| failed(error.into()))?
            }
            None => Memory::default(),
        };
        let (sender, ends) = unbounded_channel();
        Ok(Host {
            vault,
            trusts_web: delivered.ca.is_none(),
            is_local: delivered.is_local,
            memory,
            file,
            log: VecDeque::new(),
            under_way: BTreeSet::new(),
            told: [None; 2],
            sender,
            ends,
        })
    }

    /// Takes an order in. Its end comes by [`next`](Self::next).
    pub fn order(&mut self, now: DateTime<Utc>, id: JobId, job: &Job) {
        self.under_way.insert(id);
        let end = |outcome, note: Option<&str>| Ended { id, outcome, note: note.map(str::to_owned), fetched: None };
        let ended = match job {
            Job::Cancel => {
                self.under_way.remove(&id);
                return;
            }
            Job::Download { location, signature } => return self.download(id, location, signature.clone()),
            Job::Upload { log, location, file_name, from, to } => {
                let bytes = self.logged(*log, *from, *to);
                let (place, name) = (self.place(location), file_name.clone());
                return self.work(move || match place.send(&name, &bytes) {
                    Ok(()) => Ended { id, outcome: JobUpdate::Done, note: None, fetched: None },
                    Err(trouble) => failed(id, &trouble),
                });
            }
            // Firmware that is in place already needs no second installation.
            Job::Install if self.memory.installed == Some(id) => end(JobUpdate::Done, None),
            Job::Install => match self.memory.fetched.filter(|(fetched, _)| *fetched == id) {
                Some((_, length)) if length > 0 => {
                    let memory = Memory { installed: Some(id), ..self.memory.clone() };
                    let outcome =
                        if self.remember(memory).is_ok() { JobUpdate::NeedsRestart } else { JobUpdate::Failed };
                    end(outcome, None)
                }
                Some(_) | None => end(JobUpdate::Failed, Some("there is no such firmware, or it is empty")),
            },
            Job::CheckSigner { .. }
            | Job::CreateCsr { .. }
            | Job::InstallCertificate { .. }
            | Job::DeleteCertificate { .. }
            | Job::ListCertificates { .. } => {
                let outcome = self.vault.carry_out(now, job).unwrap_or(JobUpdate::Failed);
                end(outcome, self.vault.refusal())
            }
        };
        // The receiver is a field beside.
        let _ = self.sender.send(ended);
    }

    /// The next end of a job. Never, while none is under way.
    pub async fn next(&mut self) -> Ended {
        loop {
            match self.ends.recv().await {
                Some(ended) if self.under_way.remove(&ended.id) => {
                    if let Some(length) = ended.fetched {
                        let memory = Memory { fetched: Some((ended.id, length)), ..self.memory.clone() };
                        if self.remember(memory).is_err() {
                            return Ended { outcome: JobUpdate::Failed, ..ended };
                        }
                    }
                    return ended;
                }
                // Cancelled.
                Some(_) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// The power is cut: what was under way is gone.
    pub fn restart(&mut self) {
        self.under_way.clear();
    }

    /// Tells the station how a job ended, after what the next connection is made by was changed with it.
    ///
    /// # Errors
    /// When the certificates make no TLS configuration.
    pub fn report(&mut self, now: DateTime<Utc>, ended: Ended, driver: &mut StationDriver) -> Result<(), HostError> {
        driver.set_tls(self.tls(now)?);
        driver.handle(Input::Job(ended.id, ended.outcome))?;
        driver.handle(Input::Certificates(self.installed(now)))?;
        let told = self.told;
        // A certificate that is renewed as soon as it is there would be renewed for ever.
        self.tell_ends(now, driver, |place, at| told.get(place) != Some(&Some(at)) && RENEWAL < at - now)
    }

    /// The station started: it is told when its own certificates end.
    ///
    /// # Errors
    /// When the station does not understand it.
    pub fn started(&mut self, now: DateTime<Utc>, driver: &mut StationDriver) -> Result<(), HostError> {
        self.tell_ends(now, driver, |_, _| true)
    }

    fn tell_ends(
        &mut self,
        now: DateTime<Utc>,
        driver: &mut StationDriver,
        is_told: impl Fn(usize, DateTime<Utc>) -> bool,
    ) -> Result<(), HostError> {
        let uses = [CertificateUse::Station, CertificateUse::V2g];
        let ends = uses.map(|usage| self.vault.expires(now, usage));
        for (place, (usage, end)) in uses.into_iter().zip(ends).enumerate() {
            if let Some(at) = end.filter(|at| is_told(place, *at)) {
                driver.handle(Input::Command(Command::CertificateExpires { usage, at }))?;
            }
        }
        self.told = ends;
        Ok(())
    }

    /// A connection was made.
    ///
    /// # Errors
    /// When that cannot be made durable, or the certificates make no TLS configuration.
    pub fn connected(&mut self, now: DateTime<Utc>, driver: &mut StationDriver) -> Result<(), HostError> {
        self.vault.connected(now, driver.csms_certificates().to_vec()).map_err(HostError::Memory)?;
        driver.set_tls(self.tls(now)?);
        Ok(())
    }

    /// Which certificates there are; the public roots of the web count as one, if they are trusted.
    pub fn installed(&self, now: DateTime<Utc>) -> InstalledCertificates {
        let mut installed = self.vault.installed(now);
        installed.csms_root |= self.trusts_web;
        installed
    }

    /// What the next connection is made by.
    ///
    /// # Errors
    /// When the certificates make no TLS configuration.
    pub fn tls(&self, now: DateTime<Utc>) -> Result<StationTls, TlsError> {
        StationTls::new(&self.vault.csms_roots(), self.trusts_web, self.vault.own(now, CertificateUse::Station))
    }

    /// Takes a line into the log, and one of a security event into that of these as well (1.6 security A04.FR.04).
    ///
    /// # Errors
    /// When it cannot be made durable.
    pub fn log(&mut self, now: DateTime<Utc>, line: String, is_security: bool) -> io::Result<()> {
        if is_security {
            let mut memory = self.memory.clone();
            push(&mut memory.security_log, (now, line.clone()));
            self.remember(memory)?;
        }
        push(&mut self.log, (now, line));
        Ok(())
    }

    fn download(&self, id: JobId, location: &FileLocation, signature: Option<FirmwareSignature>) {
        let place = self.place(location);
        let simulated = format!("simulated firmware of {}", location.as_str());
        self.work(move || {
            let (bytes, note) = match place.fetch() {
                Ok(bytes) => (bytes, None),
                // Whoever wants to sign it can: the note says what the bytes are.
                Err(Trouble::NotSupported) => {
                    let note = format!("not fetched, but taken for the {} bytes {simulated:?}", simulated.len());
                    (simulated.into_bytes(), Some(note))
                }
                Err(trouble) => return failed(id, &trouble),
            };
            let is_fit = signature.is_none_or(|signed| is_signed(&signed, &bytes));
            let outcome = if is_fit { JobUpdate::Done } else { JobUpdate::Invalid };
            Ended { id, outcome, note, fetched: is_fit.then_some(bytes.len()) }
        });
    }

    /// A server of elsewhere has no business with the files and servers of this machine.
    fn place(&self, location: &FileLocation) -> Place {
        if self.is_local { Place::of(location.as_str()) } else { Place::Elsewhere }
    }

    fn work(&self, work: impl FnOnce() -> Ended + Send + 'static) {
        let sender = self.sender.clone();
        // The receiver outlives what it waits for, or nobody misses the end.
        tokio::task::spawn_blocking(move || drop(sender.send(work())));
    }

    fn logged(&self, log: LogKind, from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) -> Vec<u8> {
        let lines = match log {
            LogKind::Diagnostics => &self.log,
            LogKind::Security => &self.memory.security_log,
        };
        let is_wanted = |at: &DateTime<Utc>| from.is_none_or(|from| from <= *at) && to.is_none_or(|to| *at <= to);
        let lines = lines.iter().filter(|(at, _)| is_wanted(at));
        lines.flat_map(|(_, line)| [line.as_bytes(), b"\n"]).flatten().copied().collect()
    }

    fn remember(&mut self, memory: Memory) -> io::Result<()> {
        if let Some(file) = &self.file {
            replace_file(file, &serde_json::to_vec(&memory)?)?;
        }
        self.memory = memory;
        Ok(())
    }
}

/// Why the host cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("{0}")]
    Delivered(String),
    #[error("{}: {}", .0.display(), .1)]
    File(PathBuf, io::Error),
    #[error("memory of the host: {0}")]
    Memory(io::Error),
    #[error(transparent)]
    Misuse(#[from] ocpp_core::MisuseError),
}

fn failed(id: JobId, trouble: &Trouble) -> Ended {
    Ended { id, outcome: trouble.into(), note: Some(trouble.to_string()), fetched: None }
}

fn is_signed(signed: &FirmwareSignature, bytes: &[u8]) -> bool {
    let text: String = signed.signature.split_ascii_whitespace().collect();
    let (signer, signature) = (Certificate::of(&signed.certificate), Base64::decode_vec(&text));
    matches!((signer, signature), (Ok(signer), Ok(signature)) if has_signed(&signer, bytes, &signature))
}

fn push(lines: &mut VecDeque<(DateTime<Utc>, String)>, line: (DateTime<Utc>, String)) {
    if lines.len() >= LOG_LINES {
        lines.pop_front();
    }
    lines.push_back(line);
}
