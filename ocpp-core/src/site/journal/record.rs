//! What the journal holds: facts about transactions, not frames. Frames are rendered when they are sent.

use alloc::vec::Vec;

#[cfg(all(test, feature = "serde"))]
use serde::{Deserialize, Serialize};

use super::event::{self, EventFacts, maybe_token};
use crate::site::metering::SampleContext;
use crate::site::plugs::Spot;
use crate::station::{ChargingState, IdToken, Measurand, MeterSample, StopReason, TransactionNo, TriggerReason};
use crate::store::framing::{self, FramingError, Record};
use crate::store::pack::{Pack, packed};
use crate::store::{EntryKey, LogIndex};
use crate::time::Stamp;
use crate::words::numbered;

/// A transaction began. Its position in the journal is its [`TransactionNo`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
pub(crate) struct Started {
    pub spot: Spot,
    /// Who charges; none where a transaction may begin before that is known (2.x).
    #[cfg_attr(all(test, feature = "serde"), serde(with = "crate::store::pack::maybe_token"))]
    pub token: Option<IdToken>,
    /// The group of the token, if the CSMS told it.
    pub group: Option<IdToken>,
    pub at: Stamp,
    pub meter_mwh: i64,
    pub reservation: Option<i64>,
    /// Values of the begin that the stop will tell.
    pub first: Vec<MeterSample>,
}

/// Something happened in a transaction: meter values, or an event of 2.x without any.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
pub(crate) struct Sampled {
    pub transaction: TransactionNo,
    pub spot: Spot,
    pub at: Stamp,
    pub context: SampleContext,
    pub values: Vec<MeterSample>,
}

/// Meter values of no transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
pub(crate) struct Measured {
    pub spot: Spot,
    pub at: Stamp,
    pub context: SampleContext,
    pub values: Vec<MeterSample>,
}

/// A transaction ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
pub(crate) struct Stopped {
    pub transaction: TransactionNo,
    pub at: Stamp,
    pub meter_mwh: i64,
    pub reason: StopReason,
    pub token: Option<IdToken>,
    /// Values of the end, beside the register.
    pub last: Vec<MeterSample>,
}

packed!(Started { spot, token as maybe_token, group, at, meter_mwh, reservation, first });
packed!(Sampled { transaction, spot, at, context, values });
packed!(Measured { spot, at, context, values });
packed!(Stopped { transaction, at, meter_mwh, reason, token, last });

impl Record for Started {
    const KIND: u8 = 1;
}

impl Record for Sampled {
    const KIND: u8 = 2;
}

impl Record for Stopped {
    const KIND: u8 = 3;
}

impl Record for Measured {
    const KIND: u8 = 4;
}

/// A record of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JournalRecord {
    Started(Started),
    Sampled(Sampled),
    Stopped(Stopped),
    Measured(Measured),
}

impl JournalRecord {
    pub fn to_bytes(&self, event: Option<&EventFacts>) -> Vec<u8> {
        let mut bytes = match self {
            JournalRecord::Started(record) => record.to_bytes(),
            JournalRecord::Sampled(record) => record.to_bytes(),
            JournalRecord::Stopped(record) => record.to_bytes(),
            JournalRecord::Measured(record) => record.to_bytes(),
        };
        if let Some(event) = event {
            framing::append(&mut bytes, event);
        }
        bytes
    }

    /// Reads a record, and what 2.x tells of its event; none if it was made before that was recorded.
    pub fn from_bytes(bytes: &[u8]) -> Result<(Self, Option<EventFacts>), FramingError> {
        let (kind, mut from) = framing::open(bytes)?;
        let record = match kind & !framing::MORE {
            Started::KIND => JournalRecord::Started(Pack::unpack(&mut from)),
            Sampled::KIND => JournalRecord::Sampled(Pack::unpack(&mut from)),
            Stopped::KIND => JournalRecord::Stopped(Pack::unpack(&mut from)),
            Measured::KIND if kind == Measured::KIND => JournalRecord::Measured(Pack::unpack(&mut from)),
            kind => return Err(FramingError::Kind(kind)),
        };
        let event = framing::more(kind, &mut from);
        framing::end(kind, &from).map(|()| (record, event))
    }

    /// Why it was told, as far as a record of before says.
    pub fn likely_trigger(&self) -> TriggerReason {
        match self {
            JournalRecord::Started(_) => TriggerReason::Authorized,
            JournalRecord::Sampled(sample) => event::trigger_of_sample(sample.context),
            JournalRecord::Stopped(stop) => event::trigger_of_stop(stop.reason),
            JournalRecord::Measured(_) => TriggerReason::MeterValueClock,
        }
    }

    /// When it happened.
    pub fn at(&self) -> Stamp {
        match self {
            JournalRecord::Started(record) => record.at,
            JournalRecord::Sampled(record) => record.at,
            JournalRecord::Stopped(record) => record.at,
            JournalRecord::Measured(record) => record.at,
        }
    }

    /// The transaction it tells of, if any, given its position.
    pub fn transaction(&self, position: TransactionNo) -> Option<TransactionNo> {
        match self {
            JournalRecord::Started(_) => Some(position),
            JournalRecord::Sampled(record) => Some(record.transaction),
            JournalRecord::Stopped(record) => Some(record.transaction),
            JournalRecord::Measured(_) => None,
        }
    }

    /// Whether it is a reading, of which some may be missing.
    pub fn is_sample(&self) -> bool {
        matches!(self, JournalRecord::Sampled(_) | JournalRecord::Measured(_))
    }
}

/// What is kept of a transaction between the delivery of its start and that of its stop.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
pub(crate) struct KnownTransaction {
    pub spot: Spot,
    #[cfg_attr(all(test, feature = "serde"), serde(with = "crate::store::pack::maybe_token"))]
    pub token: Option<IdToken>,
    pub group: Option<IdToken>,
    pub meter_start_mwh: i64,
    /// What the CSMS said to the start.
    pub verdict: StartVerdict,
    /// When it began: known, since its start was sent.
    pub started: Stamp,
    /// Values of the begin that the stop will tell.
    pub first: Vec<MeterSample>,
}

/// What the CSMS says to a start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
pub(crate) struct StartVerdict {
    /// Its number for the transaction; none when the start could not be delivered (1.6 errata 3.18).
    pub csms_id: Option<i64>,
    /// The token's group, where it told one.
    pub group: Option<IdToken>,
    /// It does not accept the token.
    pub is_refused: bool,
}

packed!(KnownTransaction { spot, token as maybe_token, group, meter_start_mwh, verdict, started, first });
packed!(StartVerdict { csms_id, group, is_refused });

impl Record for KnownTransaction {
    const KIND: u8 = 16;
}

/// What the CSMS knows of a transaction: its start, and how far its samples were delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
pub(crate) struct Account {
    pub known: KnownTransaction,
    /// The register last told to the CSMS, in mWh: no later message may tell less.
    pub told_mwh: i64,
    /// The time last told: no later message tells an earlier one.
    pub told_at: Stamp,
    /// Samples up to this position of the journal were delivered.
    pub through: LogIndex,
    /// Appended.
    #[cfg_attr(all(test, feature = "serde"), serde(skip))]
    pub progress: Progress,
}

/// How far a transaction was told in the numbers of 2.x.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
pub(crate) struct Progress {
    /// The number of the event after the last one delivered.
    pub next_seq: u32,
    /// What the transaction did then.
    pub state: ChargingState,
}

packed!(Account { known, told_mwh, told_at, through; progress });
packed!(Progress { next_seq, state });

/// Of a transaction that was told without numbers: its begin was the first, and a vehicle was there.
impl Default for Progress {
    fn default() -> Self {
        Progress { next_seq: 1, state: ChargingState::EvConnected }
    }
}

impl Record for Account {
    const KIND: u8 = 17;
}

impl Account {
    /// Of a transaction whose start was delivered, and nothing else.
    pub fn new(known: KnownTransaction) -> Self {
        let (told_mwh, told_at) = (known.meter_start_mwh, known.started);
        Account { told_mwh, told_at, known, through: LogIndex(0), progress: Progress::default() }
    }

    /// The entry's value.
    pub fn write(&self) -> Vec<u8> {
        let mut bytes = self.to_bytes();
        framing::append(&mut bytes, &self.progress);
        bytes
    }

    /// The CSMS knows of an event.
    pub fn told(&mut self, event: &EventFacts) {
        self.progress = Progress { next_seq: event.seq_no.saturating_add(1), state: event.state };
        if let Some(holder) = event.news.as_ref().and_then(|news| news.authorised.as_ref()) {
            (self.known.token, self.known.group) = (Some(holder.token.clone()), holder.group.clone());
        }
    }

    /// Reads an entry, also one of before samples were counted in it, or events numbered.
    pub fn read(bytes: &[u8]) -> Result<Self, FramingError> {
        match bytes.get(1) {
            Some(&KnownTransaction::KIND) => KnownTransaction::from_bytes(bytes).map(Account::new),
            Some(_) | None => {
                let (account, progress): (Account, _) = framing::read_with(bytes)?;
                Ok(Account { progress: progress.unwrap_or_default(), ..account })
            }
        }
    }
}

/// The highest register among the values of a reading, in mWh.
pub(super) fn register_of(values: &[MeterSample]) -> Option<i64> {
    let is_register = |v: &&MeterSample| v.measurand == Measurand::EnergyActiveImportRegister && v.phase.is_none();
    values.iter().filter(is_register).map(|v| v.milli).max()
}

impl Started {
    /// What is kept of it once its start was delivered, or given up.
    pub fn known(&self, started: Stamp, verdict: StartVerdict) -> KnownTransaction {
        KnownTransaction {
            spot: self.spot,
            token: self.token.clone(),
            group: verdict.group.clone().or_else(|| self.group.clone()),
            meter_start_mwh: self.meter_mwh,
            verdict,
            started,
            first: self.first.clone(),
        }
    }
}

/// A sample is an entry of its own, which can go alone; starts and stops are in the log.
const SAMPLE_PREFIX: &str = "sample/";

/// The entry of the sample at a position of the journal.
pub(super) fn sample_key(position: LogIndex) -> EntryKey {
    EntryKey::new(&numbered(SAMPLE_PREFIX, position.0))
}

/// The position in the journal of an entry's sample.
pub(super) fn sample_position(key: &EntryKey) -> Option<LogIndex> {
    key.as_str().strip_prefix(SAMPLE_PREFIX)?.parse().ok().map(LogIndex)
}

/// How often the CSMS failed to process a message (1.6 §3.7.1): told after a restart too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
pub(super) struct Failures {
    /// Which message.
    pub position: LogIndex,
    pub count: u32,
}

packed!(Failures { position, count });

impl Record for Failures {
    const KIND: u8 = 24;
}

/// The entry that holds it.
pub(super) const FAILURES_ENTRY: &str = "failures";

const PREFIX: &str = "tx/";

impl KnownTransaction {
    /// The entry that holds it.
    pub fn key(transaction: TransactionNo) -> EntryKey {
        EntryKey::new(&numbered(PREFIX, transaction.0.0))
    }

    /// The transaction of an entry's name.
    pub fn transaction_of(key: &EntryKey) -> Option<TransactionNo> {
        let number = key.as_str().strip_prefix(PREFIX)?.parse().ok()?;
        Some(TransactionNo(LogIndex(number)))
    }
}
