//! The transaction of an EVSE, each state of it with what is valid then.

use alloc::boxed::Box;
use core::time::Duration;

use crate::site::context::Context;
use crate::site::journal::{EventFacts, News};
use crate::site::metering::Register;
use crate::site::points::PointSet;
use crate::station::{ChargingState, EvseId, IdToken, StopReason, TransactionNo, TriggerReason};
use crate::time::{Clock, Instant, Stamp};

/// Where a transaction stands.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Transaction {
    #[default]
    None,
    /// Everything is there but the register's value.
    Beginning {
        trigger: TriggerReason,
        /// How often the meter kept silent.
        silent: u8,
    },
    /// The meter keeps silent, and energy flows all the same: the transaction begins with its first word.
    Unmetered {
        trigger: TriggerReason,
    },
    Open(Open),
    /// It ends; the register's last value is missing.
    Closing(Closing),
}

/// An authorisation that ended before its transaction.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lapsed {
    pub reason: StopReason,
    /// The token that may charge in the transaction once more.
    pub token: Option<IdToken>,
}

/// A transaction that began.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Open {
    pub transaction: TransactionNo,
    /// The number of its next event.
    pub next_seq: u32,
    /// What its last event told that it does.
    pub state: ChargingState,
    /// What its next event tells once.
    pub news: Option<Box<News>>,
    /// A change that was not told yet.
    pub change: Option<TriggerReason>,
    /// The points that were met in it.
    pub ever: PointSet,
    /// How the authorisation ended, if the transaction went on without.
    pub over: Option<Box<Lapsed>>,
    /// The power failed, and the hardware has so long to say whether the vehicle is still there.
    pub interrupted: Option<Duration>,
    /// The register at the begin.
    pub meter_start_mwh: i64,
    /// The register as it is told.
    pub register: Register,
    /// Its samples, by the intervals that the policy has for them.
    pub sampled: [Sampling; 2],
    /// When the last thing of it that is on record happened: what follows is told with no earlier time.
    pub last: Stamp,
}

/// Samples of a transaction at one interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sampling {
    /// When the last one was due; at first, the start.
    last: Instant,
}

impl Sampling {
    /// From the start of the transaction on.
    pub fn since(start: Instant) -> Self {
        Sampling { last: start }
    }

    /// When the next sample is due, counted from the start of the transaction (1.6 §9.1.19). At an interval of zero there is none.
    pub fn due(self, interval: Duration) -> Option<Instant> {
        (!interval.is_zero()).then(|| self.last + interval)
    }

    /// The due sample was taken, or could not be. Samples that time ran past are not made up for.
    pub fn taken(&mut self, now: Instant, interval: Duration) {
        let due = self.last + interval;
        self.last = if due + interval > now { due } else { now };
    }
}

impl Open {
    /// The time of something that happens now, and is recorded.
    pub fn stamp(&mut self, clock: &Clock, now: Instant) -> Stamp {
        self.last = clock.stamp_after(now, self.last);
        self.last
    }

    /// What is told of an event that is recorded now.
    pub fn event(
        &mut self,
        ctx: &Context<'_>,
        evse: EvseId,
        trigger: TriggerReason,
        state: ChargingState,
    ) -> EventFacts {
        let seq_no = self.next_seq;
        self.next_seq = seq_no.saturating_add(1);
        self.state = state;
        let connector = ctx.shared.plugs.active(evse).connector;
        EventFacts::new(seq_no, connector, trigger, state, !ctx.is_online, self.news.take())
    }
}

/// A transaction that ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Closing {
    pub open: Open,
    pub reason: StopReason,
    pub trigger: TriggerReason,
    pub token: Option<IdToken>,
    /// Whether the cable is free afterwards, whatever the reason.
    pub is_freed: bool,
    /// How often the meter kept silent.
    pub silent: u8,
    /// When the energy ended, as far as is known: the register is read after it.
    pub since: Option<Instant>,
    /// When the contactor's time to open ends.
    pub until: Option<Instant>,
}

impl Closing {
    pub fn new(open: Open, reason: StopReason, trigger: TriggerReason, token: Option<IdToken>) -> Self {
        Closing { open, reason, trigger, token, is_freed: false, silent: 0, since: None, until: None }
    }
}
