//! Room for samples: of more than there is room for, those that are spread over the time stay (2.x E04.FR.07, E04.FR.08).
//!
//! Each new sample has one go that is in the middle of its series: where its neighbours are closest in time. So a long time
//! offline is thinned evenly, the longer the more. Never a start, a stop, the newest of a series, or the first in the queue,
//! which may have been sent already.

use super::{Journal, JournalRecord, record};
use crate::station::{EvseId, Limits, TransactionNo};
use crate::store::{StoreOp, StoreQueue};
use crate::table::Table;
use crate::time::{Boot, Clock, Stamp};

/// What there is for one more sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// Room.
    Free,
    /// One of a transaction, or of none, went for it.
    Made(Option<TransactionNo>),
    /// None.
    None,
}

/// Samples that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Series {
    Of(TransactionNo),
    Beside(EvseId),
}

/// How far a series was looked at: the last one's place and time, and the milliseconds from the one before it.
struct Seen {
    place: usize,
    at: Moment,
    since_before: Option<u64>,
}

/// A store that does not answer must not be given ever more.
fn is_stuck(store: &StoreQueue, limits: &Limits) -> bool {
    store.len() > limits.unconfirmed
}

impl Journal {
    /// Finds or makes room for a sample of a transaction.
    pub fn make_room(&mut self, store: &mut StoreQueue, clock: &Clock, limits: &Limits, running: usize) -> Room {
        if is_stuck(store, limits) {
            return Room::None;
        }
        if self.has_room_for_sample(limits, running) {
            return Room::Free;
        }
        self.thin(store, clock, false)
    }

    /// Finds or makes room for a reading of no transaction: half of the samples' room is for those of transactions.
    pub fn make_room_beside(&mut self, store: &mut StoreQueue, clock: &Clock, limits: &Limits, running: usize) -> Room {
        if is_stuck(store, limits) {
            return Room::None;
        }
        if self.samples < limits.journal_samples / 2 && self.has_room_for_sample(limits, running) {
            return Room::Free;
        }
        self.thin(store, clock, true)
    }

    fn thin(&mut self, store: &mut StoreQueue, clock: &Clock, is_beside: bool) -> Room {
        let Some(place) = self.most_crowded(clock, is_beside) else { return Room::None };
        let Some(gone) = self.queue.remove(place) else { return Room::None };
        self.samples -= 1;
        store.push(StoreOp::Delete { key: record::sample_key(gone.position) });
        Room::Made(gone.transaction())
    }

    /// The sample whose neighbours in its series are closest in time, the oldest of such.
    fn most_crowded(&self, clock: &Clock, is_beside: bool) -> Option<usize> {
        let mut series: Table<Series, Seen> = Table::default();
        let mut best: Option<(u64, usize)> = None;
        for (place, pending) in self.queue.iter().enumerate() {
            let of = match &pending.record {
                JournalRecord::Measured(reading) => Series::Beside(reading.spot.evse),
                JournalRecord::Started(_) => Series::Of(TransactionNo(pending.position)),
                JournalRecord::Sampled(sample) => Series::Of(sample.transaction),
                JournalRecord::Stopped(stop) => Series::Of(stop.transaction),
            };
            let at = Moment::of(clock, pending.record.at());
            let Some(seen) = series.get_mut(&of) else {
                series.insert(of, Seen { place, at, since_before: None });
                continue;
            };
            let since = at.since(seen.at);
            let may_go = self.queue.get(seen.place).is_some_and(|last| {
                let is_kind = !is_beside || matches!(last.record, JournalRecord::Measured(_));
                // Nor one that tells who charges.
                seen.place > 0 && !last.is_logged && !last.tells_news() && is_kind
            });
            if let Some(span) = seen.since_before.map(|before| before.saturating_add(since)).filter(|_| may_go)
                && best.is_none_or(|(least, _)| span < least)
            {
                best = Some((span, seen.place));
            }
            *seen = Seen { place, at, since_before: Some(since) };
        }
        best.map(|(_, place)| place)
    }
}

/// Where a record lies in time: by the wall clock, or in a boot that did not know the time.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Moment {
    unset_in: Option<Boot>,
    millis: i64,
}

impl Moment {
    fn of(clock: &Clock, at: Stamp) -> Self {
        match (clock.resolve(at), at) {
            (Some(wall), _) => Moment { unset_in: None, millis: wall.timestamp_millis() },
            (None, Stamp::Wall(millis)) => Moment { unset_in: None, millis },
            (None, Stamp::Unset { boot, millis } | Stamp::UnsetAfter { boot, millis, .. }) => {
                Moment { unset_in: Some(boot), millis: i64::try_from(millis).unwrap_or(i64::MAX) }
            }
        }
    }

    /// The milliseconds between two moments, as far as is known: from one boot into another that does not know the time, at
    /// least what has passed of the later one.
    fn since(self, earlier: Moment) -> u64 {
        let from =
            if self.unset_in == earlier.unset_in { earlier.millis } else { self.unset_in.map_or(self.millis, |_| 0) };
        self.millis.abs_diff(from)
    }
}
