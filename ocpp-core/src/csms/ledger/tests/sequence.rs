//! Numbered events: each counts once, in whatever order they come, and the bill is the same in the end.

use super::*;
use crate::csms::report::{EventKind, EventReport};
use crate::csms::{EventInfo, Settled, Verdict};
use proptest::prelude::*;

fn event(name: &str, kind: EventKind, seq_no: u64, wh: Option<i64>) -> EventReport {
    let second = i64::try_from(seq_no).unwrap() * 60;
    let samples = wh.map(|wh| sample(&alloc::format!("{wh}"), second)).unwrap_or_default();
    EventReport {
        kind,
        transaction: TransactionId::new(name),
        seq_no,
        at: at(second),
        place: Place::new(Some(1), None),
        token: None,
        reservation: None,
        reason: None,
        samples,
        event: EventInfo::default(),
    }
}

impl Book {
    /// The station tells an event.
    fn event(&mut self, report: EventReport) -> Verdict {
        let (transaction, verdict, fact) = self.ledger.judge_event(report, &self.by);
        let recorded = fact.as_ref().map(|fact| fact.verdict().unwrap());
        assert_eq!(fact.is_none(), verdict == Verdict::Duplicate);
        if let Some(recorded) = recorded {
            assert!(recorded == verdict || recorded == Verdict::Applied, "{recorded:?} {verdict:?}");
        }
        fact.into_iter().for_each(|fact| self.record(fact));
        let settled = self.ledger.settle(&transaction);
        settled.into_iter().for_each(|fact| self.record(fact));
        assert_eq!(self.ledger.settle(&transaction), None, "told once");
        verdict
    }

    /// What the facts say that a transaction comes to, if it ended: what it consumed, and how much is missing.
    fn bill(&self, name: &str) -> Option<(Consumption, u64)> {
        let mut bill = None;
        for fact in self.facts.iter().filter(|fact| fact.transaction().is_some_and(|named| named.as_str() == name)) {
            match fact {
                Fact::Stopped(stopped) => bill = Some((stopped.consumption, 0)),
                Fact::Settled(Settled { consumption, missing, .. }) => bill = Some((*consumption, *missing)),
                _ => {}
            }
        }
        bill
    }
}

use EventKind::{Begin, End, Update};

#[test]
fn events_in_their_turn_are_applied_and_settle_nothing() {
    let mut book = Book::new();
    for (kind, seq_no, wh) in [(Begin, 0, 100), (Update, 1, 130), (End, 2, 160)] {
        assert_eq!(book.event(event("a", kind, seq_no, Some(wh))), Verdict::Applied);
        assert_eq!(book.event(event("a", kind, seq_no, Some(wh))), Verdict::Duplicate);
    }
    assert_eq!(book.facts.len(), 3);
    assert!(book.facts.iter().all(|fact| fact.findings().is_empty()), "{:?}", book.facts);
    let [Fact::Started(started), Fact::Updated(_), Fact::Stopped(stopped)] = &book.facts[..] else { panic!() };
    assert_eq!((started.meter_start_wh, stopped.report.meter_stop_wh), (Some(100), Some(160)));
    assert_eq!(stopped.consumption, Consumption::Wh(60));
}

#[test]
fn missing_events_are_a_gap_and_fill_it_when_they_come() {
    let mut book = Book::new();
    assert_eq!(book.event(event("a", Begin, 5, None)), Verdict::Applied, "numbers need not begin at 0");
    assert_eq!(book.event(event("a", Update, 8, Some(130))), Verdict::Gap);
    assert_eq!(book.facts.last().unwrap().findings(), [Finding::SequenceGap]);
    assert_eq!(book.event(event("a", End, 9, Some(160))), Verdict::Applied);
    assert_eq!(book.bill("a"), Some((Consumption::Wh(30), 2)));
    assert_eq!(book.event(event("a", Update, 7, Some(120))), Verdict::Stale);
    assert_eq!(book.event(event("a", Update, 7, Some(120))), Verdict::Duplicate);
    assert_eq!(book.bill("a"), Some((Consumption::Wh(40), 1)));
    assert_eq!(book.event(event("a", Update, 6, Some(100))), Verdict::Stale);
    assert_eq!(book.bill("a"), Some((Consumption::Wh(60), 0)));
}

#[test]
fn events_before_their_begin_are_orphans_until_it_comes() {
    let mut book = Book::new();
    assert_eq!(book.event(event("a", Update, 1, Some(130))), Verdict::Orphan);
    assert_eq!(book.event(event("a", End, 2, Some(160))), Verdict::Orphan);
    assert!(matches!(book.facts.last(), Some(Fact::StopOrphaned(_))));
    assert_eq!(book.bill("a"), None);
    assert_eq!(book.event(event("a", Begin, 0, Some(100))), Verdict::Stale);
    assert_eq!(book.bill("a"), Some((Consumption::Wh(60), 0)));
}

/// Stations of the field begin to number anew in the middle: no begin and no end may be lost for it.
#[test]
fn an_end_under_a_number_that_was_used_is_recorded_all_the_same() {
    let mut book = Book::new();
    book.event(event("a", Begin, 0, Some(100)));
    book.event(event("a", Update, 1, Some(130)));
    let mut end = event("a", End, 1, Some(160));
    end.at = at(120);
    assert_ne!(book.event(end.clone()), Verdict::Duplicate);
    assert!(book.facts.last().unwrap().findings().contains(&Finding::SequenceReused));
    assert_eq!(book.bill("a"), Some((Consumption::Wh(60), 0)));
    assert_eq!(book.event(end), Verdict::Duplicate);
    // Another end: the first one stays.
    let other = event("a", End, 7, Some(990));
    assert_ne!(book.event(other.clone()), Verdict::Duplicate);
    assert!(matches!(book.facts.last(), Some(Fact::StopContradicted { .. })));
    assert_eq!(book.event(other), Verdict::Duplicate);
    assert_eq!(book.bill("a"), Some((Consumption::Wh(60), 0)));
}

#[test]
fn what_is_odd_about_numbered_events_is_found() {
    let found = |book: &Book| book.facts.last().map(Fact::findings).unwrap_or_default();
    let mut book = Book::new();
    book.event(event("a", Begin, 0, Some(100)));
    book.event(event("b", Begin, 1, Some(100)));
    assert_eq!(found(&book), [Finding::Overlapping], "E01.FR.14");
    book.event(event("a", Update, 1, Some(90)));
    assert_eq!(found(&book), [Finding::NonMonotonic]);
    book.event(EventReport { place: Place::new(Some(2), None), ..event("a", Update, 2, None) });
    assert_eq!(found(&book), [Finding::OtherConnector]);
    book.event(event("a", Update, 3, Some(900_000_000)));
    assert_eq!(found(&book), [Finding::TooMuchEnergy]);
    book.event(event("a", End, 4, Some(110)));
    assert_eq!(found(&book), [Finding::NonMonotonic]);
    book.event(event("c", Begin, 6, Some(105)));
    assert!(found(&book).contains(&Finding::RegisterBelowLastStop));
    book.event(event("c", Begin, 7, Some(105)));
    assert!(found(&book).contains(&Finding::StartContradicted));
    book.event(event("d", Update, 7, None));
    assert_eq!(found(&book), [Finding::UnknownTransaction]);
    book.event(event("e", Begin, 100, None));
    assert!(found(&book).contains(&Finding::TimeAhead));
}

#[test]
fn registers_said_to_be_of_begin_and_end_count_before_others() {
    let marked = |mut report: EventReport, context: &str| {
        report.samples[0].values[0].context = Some(context.into());
        report
    };
    let mut book = Book::new();
    book.event(event("a", Begin, 0, None));
    // E01.FR.17: the EVSE was not known at the begin.
    book.event(marked(event("a", Update, 2, Some(100)), "Transaction.Begin"));
    book.event(event("a", Update, 1, Some(90)));
    book.event(marked(event("a", End, 3, Some(160)), "Transaction.End"));
    assert_eq!(book.bill("a"), Some((Consumption::Wh(60), 0)));
    // In kWh by a power of ten.
    let mut scaled = event("b", Begin, 0, Some(2));
    scaled.samples[0].values[0].multiplier = Some(3);
    book.event(scaled);
    book.event(event("b", End, 1, Some(2_500)));
    assert_eq!(book.bill("b"), Some((Consumption::Wh(500), 0)));
    // None at all.
    book.event(event("c", Begin, 0, None));
    book.event(event("c", End, 1, None));
    assert_eq!(book.bill("c"), Some((Consumption::Unknown, 0)));
}

#[test]
fn memory_of_numbered_events_is_bounded() {
    let mut book = Book::new();
    book.limits = Limits { open_transactions: 3, closed_transactions: 2, ..Limits::default() };
    for n in 0..40_u64 {
        let name = alloc::format!("{n}");
        let forgotten = book.ledger.displaced_by(&TransactionId::new(&name), &book.limits);
        assert_eq!(forgotten.is_some(), book.ledger.accounts.iter().filter(|a| !a.is_closed()).count() >= 3);
        book.event(event(&name, if n % 3 == 0 { Update } else { Begin }, 1, Some(1)));
        if n % 4 == 1 {
            book.event(event(&name, End, 2, Some(2)));
        }
        assert!(book.ledger.accounts.len() <= 5);
    }
    // Each second number: no more ranges than are kept.
    for n in 0..600_u64 {
        book.event(event("holes", Update, n * 2, None));
    }
    let text = serde_json::to_string(&book.ledger).unwrap();
    assert!(text.len() < 6_000, "{}", text.len());
    assert_eq!(serde_json::from_str::<Ledger>(&text).unwrap(), book.ledger);
}

/// Whatever is forgotten for want of room, nothing is that was not told.
#[test]
fn a_transaction_is_not_forgotten_before_it_is_settled() {
    let mut book = Book::new();
    book.limits = Limits { closed_transactions: 1, ..Limits::default() };
    book.event(event("holes", Begin, 0, Some(100)));
    book.event(event("holes", End, 5, Some(160)));
    assert_eq!(book.bill("holes"), Some((Consumption::Wh(60), 4)));
    book.event(event("a", End, 1, Some(190)));
    book.event(event("a", Begin, 0, Some(160)));
    assert_eq!(book.bill("a"), Some((Consumption::Wh(30), 0)));
}

/// The events of one boot of a station that counts its transactions from its start, and numbers their events so too.
fn boot(boot: u64, told: usize) -> Vec<EventReport> {
    let begin_wh = 1000 * i64::try_from(boot + 1).unwrap();
    let kinds = [(Begin, 0), (Update, 10), (Update, 20), (End, 30)];
    let events = (0..).zip(kinds).map(|(seq_no, (kind, more))| {
        let second = i64::try_from(boot * 1000 + seq_no * 60).unwrap();
        let samples = sample(&alloc::format!("{}", begin_wh + more), second);
        EventReport { at: at(second), samples, ..event("tx-1", kind, seq_no, None) }
    });
    events.take(told).collect()
}

/// Against E01.FR.08, as stations of the field that forget with their power which names they gave: each boot has its own bill, whether the
/// transaction before ended or was cut off, and whatever is told twice.
#[test]
fn name_that_is_given_again_is_another_transaction() {
    for first in 2..=4 {
        for second in 2..=4 {
            let mut book = Book::new();
            for (n, told) in [(0, first), (1, second), (2, 4)] {
                for report in boot(n, told) {
                    assert_ne!(book.event(report.clone()), Verdict::Duplicate, "{report:?}");
                    let known = book.ledger.clone();
                    assert_eq!(book.event(report.clone()), Verdict::Duplicate, "{report:?}");
                    assert_eq!(book.ledger, known);
                }
                // Of the boot before, late.
                if let Some(last) = n.checked_sub(1).and_then(|n| boot(n, [first, second][n as usize]).pop()) {
                    assert_eq!(book.event(last), Verdict::Duplicate);
                }
            }
            let names = ["tx-1".into(), renamed(1), renamed(2)];
            for (name, told) in names.iter().zip([first, second, 4]) {
                let bill = (told == 4).then_some((Consumption::Wh(30), 0));
                assert_eq!(book.bill(name), bill, "{first} and {second} events: {name}");
                assert_eq!(book.ledger.told_name(&TransactionId::new(name)).as_str(), "tx-1");
            }
            let renamed = book.facts.iter().filter(|fact| fact.findings().contains(&Finding::NameReused));
            assert_eq!(renamed.count(), 2);
        }
    }
}

fn renamed(boot: i64) -> alloc::string::String {
    alloc::format!("tx-1~{}", at(boot * 1000).timestamp())
}

/// Where it cannot be known that it is another one, it is none: a begin that is told with another time before anything followed, and times
/// that cannot be right.
#[test]
fn begin_that_may_be_a_repeated_one_gets_no_name_of_its_own() {
    let mut book = Book::new();
    for report in boot(0, 1).into_iter().chain(boot(1, 1)) {
        book.event(report);
    }
    assert_eq!(book.facts.len(), 1, "{:?}", book.facts);
    for report in boot(0, 4) {
        book.event(report);
    }
    for odd in [at(1_000_000_000), crate::csms::report::no_time()] {
        assert_eq!(book.event(EventReport { at: odd, ..boot(1, 1).remove(0) }), Verdict::Duplicate);
    }
    assert_eq!(book.bill("tx-1"), Some((Consumption::Wh(30), 0)));
}

/// The events of one transaction, in the order in which they happened; some tell the register.
fn transaction() -> impl Strategy<Value = Vec<EventReport>> {
    let told = prop::collection::vec((prop::option::of(0..1000_i64), 0..4_u8), 2..40);
    (told, 0..1000_u64).prop_map(|(told, first)| {
        let (last, mut wh) = (told.len() - 1, 5_000);
        let events = told.into_iter().enumerate().map(|(n, (step, context))| {
            let kind = if n == 0 {
                Begin
            } else if n == last {
                End
            } else {
                Update
            };
            wh += step.unwrap_or(0);
            let mut report = event("a", kind, first + n as u64, step.map(|_| wh));
            report.at = at(n as i64 * 60);
            for value in report.samples.iter_mut().flat_map(|moment| &mut moment.values) {
                value.context = match (kind, context) {
                    (Begin, 0 | 1) => Some("Transaction.Begin".into()),
                    (End, 0 | 1) => Some("Transaction.End".into()),
                    (_, 3) => Some("Sample.Clock".into()),
                    _ => None,
                };
            }
            report
        });
        events.collect()
    })
}

/// What a transaction comes to, by all its events, and by nothing else.
fn naive(events: &[EventReport]) -> Consumption {
    let told: Vec<i64> =
        events.iter().filter_map(|event| event.samples.first()?.values.first()?.value.parse().ok()).collect();
    match (told.first(), told.last()) {
        (Some(first), Some(last)) => Consumption::Wh(u64::try_from(last - first).unwrap()),
        _ => Consumption::Unknown,
    }
}

proptest! {
    /// 2.x E §1.3.2: whatever the order, and however often each comes.
    #[test]
    fn any_order_and_repetition_of_the_events_gives_the_same_bill(
        events in transaction(),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..80),
        restart in any::<prop::sample::Index>(),
    ) {
        // Some again and again in any order, then those that did not come yet, in the order of further draws.
        let mut arrivals: Vec<EventReport> = order.iter().map(|draw| draw.get(&events).clone()).collect();
        let mut rest: Vec<EventReport> =
            events.iter().filter(|event| !arrivals.contains(event)).cloned().collect();
        for draw in &order {
            if rest.is_empty() { break }
            arrivals.push(rest.remove(draw.index(rest.len())));
        }
        arrivals.extend(rest);
        let restart = restart.index(arrivals.len());
        let mut book = Book::new();
        let mut seen: Vec<u64> = Vec::new();
        for (place, report) in arrivals.into_iter().enumerate() {
            if place == restart {
                // The server starts anew from its database.
                let mut again = Book::new();
                book.facts.iter().for_each(|fact| again.record(fact.clone()));
                prop_assert_eq!(&again.ledger, &book.ledger);
                let text = serde_json::to_string(&again.ledger).unwrap();
                again.ledger = serde_json::from_str(&text).unwrap();
                book = again;
            }
            let is_known = seen.contains(&report.seq_no);
            let has_begun = seen.contains(&events[0].seq_no) || report.kind == Begin;
            let last = seen.iter().max().copied();
            let expected = match (is_known, has_begun, last) {
                (true, ..) => Verdict::Duplicate,
                (false, false, _) => Verdict::Orphan,
                (false, true, Some(last)) if report.seq_no < last => Verdict::Stale,
                (false, true, Some(last)) if report.seq_no > last + 1 => Verdict::Gap,
                (false, true, _) => Verdict::Applied,
            };
            seen.push(report.seq_no);
            prop_assert_eq!(book.event(report), expected);
            if let Some((_, missing)) = book.bill("a") {
                let absent = events.iter().filter(|event| !seen.contains(&event.seq_no)).count();
                prop_assert_eq!(missing, absent as u64);
            }
        }
        prop_assert_eq!(book.bill("a"), Some((naive(&events), 0)));
        let recorded = book.facts.iter().filter(|fact| !matches!(fact, Fact::Settled(_))).count();
        prop_assert_eq!(recorded, events.len(), "each once");
    }

    #[test]
    fn seen_numbers_are_a_set(numbers in prop::collection::vec(0..200_u64, 0..100), first in 0..200_u64, last in 0..200_u64) {
        let mut seen = sequence_seen();
        let mut set = alloc::collections::BTreeSet::new();
        for number in numbers {
            seen.insert(number);
            set.insert(number);
            prop_assert_eq!(seen.last(), set.last().copied());
        }
        for number in 0..200 {
            prop_assert_eq!(seen.contains(number), set.contains(&number));
        }
        let missing = (first..=last).filter(|number| !set.contains(number)).count();
        prop_assert_eq!(seen.missing(first, last), missing as u64);
    }
}

fn sequence_seen() -> super::super::seen::Seen {
    super::super::seen::Seen::default()
}
