//! The numbers of events: however often the power fails, each is told once, and none is missing but of what was thinned out.

use super::*;
use crate::site::plugs::Spot;
use alloc::collections::BTreeMap;
use proptest::prelude::*;

/// What happens to the journal.
#[derive(Clone, Copy, Debug)]
enum Step {
    Begin(u16),
    Sample(u16),
    Authorise(u16),
    End(u16),
    /// The CSMS takes the first event.
    Deliver,
    /// It takes it, and the power fails before that is known.
    DeliverUnseen,
    /// The power fails, with so many operations of the store not durable.
    Cut(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let evse = 1_u16..3;
    let step = prop_oneof![
        2 => evse.clone().prop_map(Step::Begin),
        6 => evse.clone().prop_map(Step::Sample),
        1 => evse.clone().prop_map(Step::Authorise),
        2 => evse.prop_map(Step::End),
        5 => Just(Step::Deliver),
        1 => Just(Step::DeliverUnseen),
        2 => (0_usize..4).prop_map(Step::Cut),
    ];
    proptest::collection::vec(step, 1..80)
}

/// A journal, its store, and a CSMS that notes what it is told.
struct Bench {
    journal: Journal,
    store: StoreQueue,
    clock: Clock,
    boot: u32,
    durable: Image,
    waiting: Vec<(Ticket, StoreOp)>,
    running: BTreeMap<u16, (TransactionNo, u32)>,
    told: BTreeMap<TransactionNo, Vec<(u32, JournalRecord)>>,
    ended: usize,
    limits: Limits,
}

impl Bench {
    fn new() -> Self {
        let limits = Limits { journal: 24, journal_samples: 5, ..Limits::default() };
        let (mut clock, mut store) = (Clock::new(Boot(1), vec![], vec![]), StoreQueue::default());
        let (journal, _, _) = Journal::restore(&Image::default(), &mut clock, &mut store, Duration::ZERO);
        Bench {
            journal,
            store,
            clock,
            boot: 1,
            durable: Image::default(),
            waiting: vec![],
            running: BTreeMap::new(),
            told: BTreeMap::new(),
            ended: 0,
            limits,
        }
    }

    fn drain(&mut self) {
        while let Some(op) = self.store.poll() {
            self.waiting.push(op);
        }
    }

    /// Makes all but the last `kept` operations durable.
    fn flush(&mut self, kept: usize) {
        self.drain();
        let count = self.waiting.len().saturating_sub(kept);
        let mut last = None;
        for (ticket, op) in self.waiting.drain(..count) {
            self.durable.apply(&op);
            last = Some(ticket);
        }
        if let Some(ticket) = last {
            self.store.stored(ticket);
        }
    }

    fn record(&mut self, evse: u16, values: Vec<MeterSample>, news: Option<News>) {
        let Some((transaction, seq_no)) = self.running.get_mut(&evse) else { return };
        let (clock, store, journal) = (&self.clock, &mut self.store, &mut self.journal);
        if journal.make_room(store, clock, &self.limits, 2) == Room::None {
            return;
        }
        let (transaction, at) = (*transaction, Stamp::Wall(i64::from(self.boot) * 1000));
        let sample =
            Sampled { transaction, spot: Spot::first(EvseId(evse)), at, context: SampleContext::Periodic, values };
        let event = EventFacts { news: news.map(Into::into), ..event(*seq_no) };
        *seq_no += 1;
        journal.append(store, JournalRecord::Sampled(sample), Some(event));
    }

    /// The CSMS is told the first event. A repeat is the same event.
    fn tell(&mut self) -> bool {
        let Some(pending) = self.journal.due(Instant::ZERO, &self.store).cloned() else { return false };
        let (Some(transaction), Some(event)) = (pending.transaction(), pending.event) else { panic!("no event") };
        let told = self.told.entry(transaction).or_default();
        match told.iter().find(|(seq_no, _)| *seq_no == event.seq_no) {
            Some((_, known)) => assert_eq!(*known, pending.record, "number {} told of two events", event.seq_no),
            None => {
                assert!(told.last().is_none_or(|(last, _)| *last < event.seq_no), "{} goes back", event.seq_no);
                told.push((event.seq_no, pending.record));
            }
        }
        true
    }

    fn deliver(&mut self) {
        self.flush(0);
        if self.tell() {
            self.journal.delivered(&mut self.store, &self.clock, StartVerdict::default());
        }
    }

    fn cut(&mut self, lost: usize) {
        self.flush(lost);
        self.waiting.clear();
        self.boot += 1;
        self.clock = Clock::new(Boot(self.boot), vec![], vec![]);
        self.store = StoreQueue::default();
        let restored = Journal::restore(&self.durable, &mut self.clock, &mut self.store, Duration::ZERO);
        let (journal, open, skipped) = restored;
        assert!(skipped.is_empty());
        self.journal = journal;
        self.running = open.iter().map(|open| (open.spot.evse.0, (open.transaction, open.next_seq))).collect();
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Begin(evse) => {
                if self.running.contains_key(&evse) || !self.journal.has_room(&self.limits, self.running.len()) {
                    return;
                }
                let (at, first) = (Stamp::Wall(0), vec![]);
                let (token, group, reservation) = (None, None, None);
                let start =
                    Started { spot: Spot::first(EvseId(evse)), token, group, at, meter_mwh: 1, reservation, first };
                let position = self.journal.append(&mut self.store, JournalRecord::Started(start), Some(event(0)));
                self.running.insert(evse, (TransactionNo(position), 1));
            }
            Step::Sample(evse) => self.record(evse, register(i64::from(self.boot)), None),
            Step::Authorise(evse) => {
                let authorised = Some(Holder { token: IdToken::new("T"), group: None });
                self.record(evse, vec![], Some(News { authorised, ..News::default() }));
            }
            Step::End(evse) => {
                let Some((transaction, seq_no)) = self.running.remove(&evse) else { return };
                let (at, reason, token, last) = (Stamp::Wall(9), StopReason::Local, None, vec![]);
                let stop = Stopped { transaction, at, meter_mwh: 9, reason, token, last };
                self.journal.append(&mut self.store, JournalRecord::Stopped(stop), Some(event(seq_no)));
                self.ended += 1;
            }
            Step::Deliver => self.deliver(),
            Step::DeliverUnseen => {
                self.flush(0);
                self.tell();
                self.cut(0);
            }
            Step::Cut(lost) => self.cut(lost),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn number_of_an_event_is_told_once_and_none_goes_back_whatever_cuts(steps in steps()) {
        let mut bench = Bench::new();
        let mut has_thinned = false;
        for step in steps {
            let before = bench.journal.queue.len();
            bench.step(step);
            has_thinned |= matches!(step, Step::Sample(_) | Step::Authorise(_)) && bench.journal.queue.len() == before;
        }
        for evse in [1, 2] {
            bench.step(Step::End(evse));
        }
        while !bench.journal.is_empty() {
            bench.deliver();
        }
        bench.cut(0);
        prop_assert!(bench.journal.is_empty() && bench.running.is_empty());
        for (transaction, told) in &bench.told {
            let is_begin = |record: &JournalRecord| matches!(record, JournalRecord::Started(_));
            let is_end = |record: &JournalRecord| matches!(record, JournalRecord::Stopped(_));
            prop_assert!(is_begin(&told[0].1) && told[0].0 == 0, "{transaction:?} begins with {:?}", told[0]);
            prop_assert!(told.last().is_some_and(|(_, record)| is_end(record)), "{transaction:?} has no end");
            prop_assert_eq!(told.iter().filter(|(_, record)| is_end(record)).count(), 1);
            let has_gap = told.windows(2).any(|pair| pair[1].0 != pair[0].0 + 1);
            prop_assert!(!has_gap || has_thinned, "{transaction:?} has a gap: {told:?}");
        }
    }

    /// A full journal keeps of each transaction its begin, its end, its newest event, and who charges.
    #[test]
    fn full_journal_keeps_begin_end_newest_and_who_charges(count in 1_usize..60, authorised_at in 0_usize..60) {
        let mut bench = Bench::new();
        bench.step(Step::Begin(1));
        for at in 0..count {
            bench.step(if at == authorised_at { Step::Authorise(1) } else { Step::Sample(1) });
            bench.flush(0);
            let newest = bench.journal.queue.last().and_then(|pending| pending.event.as_ref());
            prop_assert_eq!(newest.map(|event| event.seq_no), u32::try_from(at + 1).ok());
        }
        bench.step(Step::End(1));
        let kept: Vec<u32> = bench.journal.queue.iter().filter_map(|p| Some(p.event.as_ref()?.seq_no)).collect();
        let newest = u32::try_from(count).unwrap();
        prop_assert!(kept.starts_with(&[0]) && kept.ends_with(&[newest, newest + 1]), "{kept:?}");
        prop_assert!(bench.journal.samples <= 5);
        let authorised = u32::try_from(authorised_at + 1).unwrap();
        prop_assert!(authorised_at >= count || kept.contains(&authorised), "{kept:?} lacks {authorised}");
    }
}
