//! What 2.x tells of each event of a transaction beside what both families tell (TransactionEvent).
//!
//! It is appended to the event's record, which has another kind with it. A record of before has none, and is numbered when it is
//! read.
//!
//! **Numbers** (2.x E01.FR.07 and part 2 §E 1.3.2.1, "Sequence number generation"): a transaction's first event is 0, each following
//! one is one more, given when the event is recorded and never again. An event that was thinned out of a full journal (E04.FR.08)
//! leaves its number open: the numbers are there for the CSMS to see what it lacks, and it does lack that one. Begin, end, the newest
//! event and those that tell who charges are never thinned out. What cannot be recorded at all gets no number.

use alloc::boxed::Box;

#[cfg(all(test, feature = "serde"))]
use serde::{Deserialize, Serialize};

use crate::site::bearer::Holder;
use crate::site::metering::SampleContext;
use crate::station::{ChargingState, ConnectorId, StopReason, TriggerReason};
use crate::store::pack::packed;

/// Why an event of a transaction is told, and what the transaction does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
pub(crate) struct EventFacts {
    /// Its number in the transaction.
    pub seq_no: u32,
    /// The connector of the EVSE; 0 while no vehicle came to one (E01.FR.16).
    pub connector: u16,
    pub trigger: TriggerReason,
    pub state: ChargingState,
    /// Whether it happened while the station was offline (E04.FR.03).
    pub is_offline: bool,
    /// What is known since.
    pub news: Option<Box<News>>,
}

/// What the next event after it became known tells, once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
pub(crate) struct News {
    /// Who was accepted (E01.FR.10, E03.FR.01), unless it is in the record.
    pub authorised: Option<Holder>,
    /// Which order of the CSMS began it (F02.FR.01).
    pub remote_start: Option<i64>,
    /// The reservation that it ends (E01.FR.13), unless it is in the record.
    pub reservation: Option<i64>,
}

packed!(EventFacts { seq_no, connector, trigger, state, is_offline, news });
packed!(News { authorised, remote_start, reservation });

impl EventFacts {
    /// Of an event that is recorded now, at a connector if a vehicle is there.
    pub fn new(
        seq_no: u32,
        connector: ConnectorId,
        trigger: TriggerReason,
        state: ChargingState,
        is_offline: bool,
        news: Option<Box<News>>,
    ) -> Self {
        let connector = if state == ChargingState::Idle { 0 } else { connector.0 };
        EventFacts { seq_no, connector, trigger, state, is_offline, news }
    }

    /// Of an event that was recorded before any of this was. Whether it was offline is not known; it was not told then.
    pub fn unknown(seq_no: u32, trigger: TriggerReason) -> Self {
        EventFacts { seq_no, connector: 1, trigger, state: ChargingState::EvConnected, is_offline: true, news: None }
    }
}

/// Why meter values are told.
pub(crate) fn trigger_of_sample(context: SampleContext) -> TriggerReason {
    match context {
        SampleContext::Clock => TriggerReason::MeterValueClock,
        SampleContext::Periodic | SampleContext::Other => TriggerReason::MeterValuePeriodic,
        SampleContext::Trigger => TriggerReason::Trigger,
        SampleContext::InterruptionEnd => TriggerReason::TxResumed,
    }
}

/// Why an end is told, as far as its reason says.
pub(crate) fn trigger_of_stop(reason: StopReason) -> TriggerReason {
    match reason {
        StopReason::DeAuthorized => TriggerReason::Deauthorized,
        StopReason::EvDisconnected => TriggerReason::EvCommunicationLost,
        StopReason::Local | StopReason::MasterPass => TriggerReason::StopAuthorized,
        StopReason::Remote => TriggerReason::RemoteStop,
        StopReason::HardReset | StopReason::SoftReset | StopReason::ImmediateReset => TriggerReason::ResetCommand,
        StopReason::UnlockCommand => TriggerReason::UnlockCommand,
        StopReason::EnergyLimitReached => TriggerReason::EnergyLimitReached,
        StopReason::LocalOutOfCredit => TriggerReason::CostLimitReached,
        StopReason::SocLimitReached => TriggerReason::SocLimitReached,
        StopReason::TimeLimitReached => TriggerReason::TimeLimitReached,
        StopReason::Timeout => TriggerReason::EvConnectTimeout,
        StopReason::StoppedByEv => TriggerReason::ChargingStateChanged,
        // E17.FR.21, E17.FR.22: also what a restart cut off.
        StopReason::EmergencyStop
        | StopReason::GroundFault
        | StopReason::Other
        | StopReason::OvercurrentFault
        | StopReason::PowerLoss
        | StopReason::PowerQuality
        | StopReason::Reboot
        | StopReason::ReqEnergyTransferRejected => TriggerReason::AbnormalCondition,
    }
}

/// A token that may be missing, where records of before have one: with one, the bytes are the same.
pub(super) mod maybe_token {
    use alloc::vec::Vec;

    use crate::station::IdToken;
    use crate::store::pack::{Pack, Unpacker, put_text};

    /// No token's record is this: one that begins so has a second mark.
    const NONE: &str = "\0";

    pub fn pack(token: &Option<IdToken>, out: &mut Vec<u8>) {
        match token {
            Some(token) => token.pack(out),
            None => put_text(out, NONE),
        }
    }

    pub fn unpack(from: &mut Unpacker<'_>) -> Option<IdToken> {
        Some(IdToken::unpack(from)).filter(|token| token.as_str() != NONE)
    }
}
