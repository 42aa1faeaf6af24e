use super::*;
use crate::csms::{Plausible, SampledValue};
use alloc::vec;

mod findings;
mod sequence;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

fn start(connector: u32, token: &str, wh: i64, second: i64) -> StartReport {
    let (place, token) = (Place::numbered(connector), IdToken::new(token));
    StartReport { place, token, meter_start_wh: wh, at: at(second), reservation: None }
}

fn stop(wh: i64, second: i64) -> StopReport {
    StopReport { meter_stop_wh: Some(wh), ..StopReport::new(at(second)) }
}

fn sample(wh: &str, second: i64) -> Vec<MeterValue> {
    let value = SampledValue::new(wh);
    vec![MeterValue { at: at(second), values: vec![value] }]
}

/// A ledger with its history.
#[derive(Clone)]
struct Book {
    ledger: Ledger,
    limits: Limits,
    rng: Rng,
    by: Yardstick,
    facts: Vec<Fact>,
}

/// The server's clock stands an hour after the first report.
fn by() -> Yardstick {
    Yardstick { now: at(3600), plausible: Plausible::default() }
}

impl Book {
    fn new() -> Self {
        Book { ledger: Ledger::default(), limits: Limits::default(), rng: Rng::new(7), by: by(), facts: vec![] }
    }

    fn record(&mut self, fact: Fact) {
        self.ledger.apply(&fact, &self.limits);
        self.facts.push(fact);
    }

    fn start(&mut self, report: StartReport) -> i32 {
        let start = self.ledger.judge_start(report, 0, &mut self.rng, &self.by).unwrap();
        start.fact.into_iter().for_each(|fact| self.record(fact));
        start.transaction.number().unwrap()
    }

    fn judged(&mut self, fact: Option<Fact>) -> Option<Fact> {
        fact.iter().for_each(|fact| self.record(fact.clone()));
        fact
    }

    fn stop(&mut self, named: Option<i32>, report: StopReport) -> Option<Fact> {
        let fact = self.ledger.judge_stop(named.map(TransactionId::from).as_ref(), report, &self.by);
        self.judged(fact)
    }

    fn sample(&mut self, connector: u32, named: Option<i32>, values: Vec<MeterValue>) -> Option<Fact> {
        let named = named.map(TransactionId::from);
        let fact = self.ledger.judge_samples(Place::numbered(connector), named, false, values, &self.by);
        self.judged(fact)
    }
}

#[test]
fn start_repeated_in_another_letter_case_is_the_same_transaction() {
    let mut book = Book::new();
    let number = book.start(start(1, "abC1", 100, 0));
    assert_eq!(book.start(start(1, "ABc1", 100, 0)), number);
    assert_eq!(book.facts.len(), 1);
    assert!(book.stop(Some(number), stop(150, 9)).is_some());
    assert_eq!(book.start(start(1, "ABC1", 100, 0)), number, "after its end, too");
    for other in
        [start(2, "abC1", 100, 0), start(1, "abC2", 100, 0), start(1, "abC1", 101, 0), start(1, "abC1", 100, 1)]
    {
        assert_ne!(book.start(other), number);
    }
}

#[test]
fn stop_with_other_values_leaves_the_first_one_and_is_recorded_once() {
    let mut book = Book::new();
    let number = book.start(start(1, "A", 100, 0));
    let other = book.start(start(2, "B", 0, 0));
    assert!(matches!(book.stop(Some(number), stop(150, 9)), Some(Fact::Stopped(_))));
    assert_eq!(book.stop(Some(number), stop(150, 9)), None);
    let contradiction = Fact::StopContradicted { transaction: number.into(), report: stop(151, 9) };
    assert_eq!(book.stop(Some(number), stop(151, 9)), Some(contradiction));
    assert_eq!(book.stop(Some(number), stop(151, 9)), None);
    assert!(book.ledger.running.iter().any(|running| running.number == other), "the other one runs on");
}

#[test]
fn register_that_went_backwards_gives_no_energy() {
    let mut book = Book::new();
    let number = book.start(start(1, "A", 100, 0));
    let Some(Fact::Stopped(stopped)) = book.stop(Some(number), stop(99, 9)) else { panic!("not stopped") };
    assert_eq!(stopped.consumption, Consumption::NonMonotonic);
    assert_eq!(Consumption::between(i64::MIN, i64::MAX), Consumption::Wh(u64::MAX));
    assert_eq!(Consumption::between(5, 5), Consumption::Wh(0));
}

#[test]
fn stop_of_an_unknown_transaction_is_an_orphan_once() {
    let mut book = Book::new();
    book.start(start(1, "A", 100, 0));
    let orphan = OrphanStop { named: Some(TransactionId::new("7777777")), report: stop(150, 9) };
    assert_eq!(book.stop(Some(7_777_777), stop(150, 9)), Some(Fact::StopOrphaned(orphan)));
    assert_eq!(book.stop(Some(7_777_777), stop(150, 9)), None);
    assert_eq!(book.ledger.running.len(), 1, "no guessing");
}

#[test]
fn stop_without_number_ends_the_only_transaction_that_fits() {
    let mut book = Book::new();
    let number = book.start(start(1, "A", 100, 10));
    let inferred = |fact: Option<Fact>| matches!(fact, Some(Fact::Stopped(Stopped { inferred: true, .. })));
    let orphan = |fact: Option<Fact>| matches!(fact, Some(Fact::StopOrphaned(OrphanStop { named: None, .. })));

    assert!(orphan(book.clone().stop(None, stop(150, 9))), "before the start");
    assert!(orphan(book.clone().stop(None, stop(99, 20))), "register before the start's");
    let by = |token: &str| StopReport { token: Some(IdToken::new(token)), ..stop(150, 20) };
    assert!(orphan(book.clone().stop(None, by("B"))), "another driver");
    assert!(inferred(book.clone().stop(None, by("a"))));

    let mut two = book.clone();
    two.start(start(2, "B", 100, 10));
    assert!(orphan(two.stop(None, stop(150, 20))), "two fit");

    let mut named = book.clone();
    assert!(named.sample(1, Some(number), sample("120", 15)).is_some());
    assert!(orphan(named.stop(None, stop(150, 20))), "the station knows the number of that one");

    assert!(inferred(book.stop(None, stop(150, 20))));
    assert_eq!(book.stop(None, stop(150, 20)), None, "repeated");
    assert!(orphan(book.stop(None, stop(150, 21))), "nothing left that fits");
}

#[test]
fn samples_without_number_belong_to_the_only_transaction_of_the_connector() {
    let mut book = Book::new();
    let number = book.start(start(1, "A", 100, 10));
    let attribution =
        |book: &mut Book, connector, named, second| match book.sample(connector, named, sample("1", second)) {
            Some(Fact::Sampled(samples)) => samples.attribution,
            other => panic!("{other:?}"),
        };
    assert_eq!(attribution(&mut book, 1, Some(number), 20), Attribution::Named(number.into()));
    assert_eq!(attribution(&mut book, 1, None, 20), Attribution::Inferred(number.into()));
    assert_eq!(attribution(&mut book, 1, None, 9), Attribution::None, "before the start");
    assert_eq!(attribution(&mut book, 0, None, 20), Attribution::None, "the main meter");
    assert_eq!(attribution(&mut book, 2, None, 20), Attribution::None);
    assert_eq!(attribution(&mut book, 1, Some(7_777_777), 20), Attribution::Unknown(7_777_777.into()));
    book.stop(Some(number), stop(150, 30));
    assert_eq!(attribution(&mut book, 1, Some(number), 25), Attribution::Named(number.into()), "late");
}

#[test]
fn numbers_are_positive_unique_and_never_below_the_floor() {
    for seed in 0..20 {
        let mut rng = Rng::new(seed);
        let mut last = 0;
        for _ in 0..2000 {
            let number = next_number(last, &mut rng).unwrap();
            assert!(number > last);
            last = number;
        }
        assert!(last < i32::MAX / 16);
    }
    let firsts: alloc::collections::BTreeSet<_> =
        (0..1000).filter_map(|seed| next_number(0, &mut Rng::new(seed))).collect();
    assert!(firsts.len() > 950, "numbers can be foretold: {}", firsts.len());
    let mut rng = Rng::new(1);
    assert_eq!(next_number(i32::MAX - 1, &mut rng), Some(i32::MAX));
    assert_eq!(next_number(i32::MAX, &mut rng), None);
    assert!(next_number(-5, &mut rng) >= Some(1));
}

#[test]
fn each_start_gets_a_number_above_all_before() {
    let mut book = Book::new();
    let numbers: Vec<_> = (0..200).map(|n| book.start(start(1, "A", n, n))).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b));

    let mut replayed = Ledger::default();
    book.facts.iter().for_each(|fact| replayed.apply(fact, &book.limits));
    let next = |floor| {
        replayed
            .judge_start(start(2, "B", 0, 0), floor, &mut Rng::new(7), &by())
            .map(|start| start.transaction.number().unwrap())
    };
    assert!(next(0) > numbers.last().copied(), "with the seed of the first run, too");
    assert!(next(1_000_000_000) > Some(1_000_000_000));
    assert_eq!(next(i32::MAX), None);
}

#[test]
fn a_station_has_numbers_for_seven_hundred_thousand_transactions() {
    let mut rng = Rng::new(3);
    let count = core::iter::successors(Some(0), |last| next_number(*last, &mut rng)).count();
    assert!(count > 700_000, "{count}");
}

#[test]
fn memory_is_bounded_whatever_is_reported() {
    let mut book = Book::new();
    book.limits = Limits { open_transactions: 3, closed_transactions: 2, recent_reports: 4, ..Limits::default() };
    for n in 0..50 {
        let number = book.start(start(1, "A", n, n));
        if n % 2 == 0 {
            book.stop(Some(number), stop(n, n));
        }
        book.sample(1, None, sample("1", n));
        book.stop(Some(9), stop(n, n));
        let Ledger { running, ended, recent, .. } = &book.ledger;
        assert!(running.len() <= 3 && ended.len() <= 2 && recent.len() <= 4);
    }
}

/// What a station can report of two transactions, the second without ever learning its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    StartA,
    StartB,
    SampleA,
    SampleB,
    StopA,
    StopAOtherwise,
    StopB,
    StopUnknown,
    Authorize,
}

const SAID: [Said; 9] = {
    use Said::*;
    [StartA, StartB, SampleA, SampleB, StopA, StopAOtherwise, StopB, StopUnknown, Authorize]
};

/// Every sequence of reports up to a length: what is recorded depends on the first occurrence of each report alone, is
/// recorded once, and the ledger is what its facts make it.
#[test]
fn every_interleaving_of_repeated_reports_records_each_once() {
    const DEPTH: usize = 5;
    let mut sequences = 0;
    explore(&Book::new(), None, &mut vec![], DEPTH, &mut sequences);
    assert_eq!(sequences, (1..=DEPTH as u32).map(|n| SAID.len().pow(n)).sum::<usize>());
}

fn explore(book: &Book, a: Option<i32>, said: &mut Vec<Said>, depth: usize, sequences: &mut usize) {
    if depth == 0 {
        return;
    }
    for next in SAID {
        let mut book = book.clone();
        let mut a = a;
        let before = book.facts.len();
        say(&mut book, &mut a, next);
        let repeated = said.contains(&next);
        said.push(next);
        check(&book, a, said, before, repeated);
        explore(&book, a, said, depth - 1, sequences);
        *sequences += 1;
        said.pop();
    }
}

/// The station uses the number of A where it has one, else one that is not known.
fn say(book: &mut Book, a: &mut Option<i32>, said: Said) {
    let number = a.unwrap_or(i32::MAX);
    match said {
        Said::StartA => *a = Some(book.start(start(1, "A", 100, 0))),
        Said::StartB => drop(book.start(start(2, "B", 500, 0))),
        Said::SampleA => drop(book.sample(1, Some(number), sample("120", 5))),
        Said::SampleB => drop(book.sample(2, None, sample("520", 5))),
        Said::StopA => drop(book.stop(Some(number), stop(150, 9))),
        Said::StopAOtherwise => drop(book.stop(Some(number), stop(151, 9))),
        Said::StopB => drop(book.stop(None, StopReport { token: Some(IdToken::new("B")), ..stop(550, 9) })),
        Said::StopUnknown => drop(book.stop(Some(i32::MAX - 1), stop(150, 9))),
        Said::Authorize => {
            if let Some(number) =
                a.filter(|number| book.ledger.verdict(&TransactionId::from(*number), &IdToken::new("A")).is_none())
            {
                let verdict = AuthorizationStatus::Blocked.into();
                book.record(Fact::Authorized { transaction: number.into(), token: None, verdict });
            }
        }
    }
}

fn check(book: &Book, a: Option<i32>, said: &[Said], before: usize, repeated: bool) {
    let Book { facts, .. } = book;
    let heard = |report: Said| said.contains(&report);
    // The number of A changes the meaning of what was said of it before it began: two things can then be recorded.
    let renamed = said.iter().position(|report| *report == Said::StartA).is_some_and(|start| {
        said[..start].iter().any(|report| matches!(report, Said::SampleA | Said::StopA | Said::StopAOtherwise))
    });
    if repeated && !renamed {
        let last = said[said.len() - 1];
        let verdict_due = last == Said::Authorize;
        assert!(facts.len() == before || verdict_due, "{said:?}");
    }
    let count = |test: &dyn Fn(&Fact) -> bool| facts.iter().filter(|fact| test(fact)).count();
    let starts = usize::from(heard(Said::StartA)) + usize::from(heard(Said::StartB));
    assert_eq!(count(&|fact| matches!(fact, Fact::Started(_))), starts, "{said:?}");
    assert!(count(&|fact| matches!(fact, Fact::Authorized { .. })) <= 1, "{said:?}");
    let samples = usize::from(heard(Said::SampleB)) + usize::from(heard(Said::SampleA));
    assert!((samples..=samples + usize::from(renamed)).contains(&count(&|fact| matches!(fact, Fact::Sampled(_)))));

    if let Some(number) = a {
        let of_a =
            |fact: &&Fact| matches!(fact, Fact::Stopped(stopped) if stopped.transaction.number() == Some(number));
        let ends: Vec<_> = facts.iter().filter(of_a).collect();
        let start = said.iter().position(|report| *report == Said::StartA).unwrap();
        let first = said[start..].iter().find(|report| matches!(report, Said::StopA | Said::StopAOtherwise));
        assert_eq!(ends.len(), usize::from(first.is_some()), "{said:?}");
        if let (Some(first), Some(Fact::Stopped(end))) = (first, ends.first()) {
            let wh = if *first == Said::StopA { 50 } else { 51 };
            assert_eq!((end.consumption, end.inferred), (Consumption::Wh(wh), false), "{said:?}");
        }
    }
    let mut replayed = Ledger::default();
    facts.iter().for_each(|fact| replayed.apply(fact, &book.limits));
    assert_eq!(replayed, book.ledger, "{said:?}");
    // Nothing of the transactions that were not named was touched.
    let b_ended = facts.iter().any(|fact| matches!(fact, Fact::Stopped(stopped) if stopped.inferred));
    assert!(!b_ended || heard(Said::StopB) && heard(Said::StartB), "{said:?}");
}
