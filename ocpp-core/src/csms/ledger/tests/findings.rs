//! What is odd is found, recorded all the same, and nothing is odd for being late.

use super::*;
use chrono::TimeDelta;

/// What is found of the last fact.
fn found(book: &Book) -> Vec<Finding> {
    book.facts.last().map(Fact::findings).unwrap_or_default()
}

fn ended(book: &mut Book, report: StartReport, end: StopReport) -> i32 {
    let number = book.start(report);
    book.stop(Some(number), end);
    number
}

#[test]
fn good_transactions_have_no_findings_in_whatever_order_they_are_told() {
    let mut book = Book::new();
    let first = book.start(start(1, "A", 100, 0));
    book.sample(1, Some(first), sample("150", 30));
    book.stop(Some(first), stop(200, 60));
    // A later one is told first, and then the one between, with its values behind its end.
    ended(&mut book, start(1, "C", 300, 200), stop(400, 260));
    let late = ended(&mut book, start(1, "B", 200, 100), stop(300, 160));
    book.sample(1, Some(late), sample("250", 130));
    // Beside it, on another connector.
    ended(&mut book, start(2, "D", 10, 100), stop(20, 210));
    // Times that were cut off to seconds.
    let cut = book.start(StartReport { at: at(300) + TimeDelta::milliseconds(700), ..start(1, "E", 400, 0) });
    book.sample(1, Some(cut), sample("400", 300));
    book.stop(Some(cut), stop(400, 301));
    // kWh without digits.
    let coarse = book.start(start(1, "F", 1_999, 400));
    let mut values = sample("1", 410);
    values[0].values[0].unit = Some("kWh".into());
    book.sample(1, Some(coarse), values);
    for fact in &book.facts {
        assert_eq!(fact.findings(), [], "{fact:?}");
    }
}

#[test]
fn times_that_cannot_be_right_are_found() {
    let day = 24 * 3600;
    for (second, finding) in [
        (3600 + 301, Finding::TimeAhead),
        (3650 * day, Finding::TimeAhead),
        (-367 * day, Finding::TimeLongPast),
        (-1_700_000_000, Finding::TimeLongPast),
    ] {
        let mut book = Book::new();
        let number = book.start(start(1, "A", 100, second));
        assert_eq!(found(&book), [finding], "{second}");
        book.sample(1, Some(number), sample("150", second));
        assert_eq!(found(&book), [finding], "{second}");
        book.stop(Some(number), stop(200, second));
        assert_eq!(found(&book), [finding], "{second}");
        book.stop(Some(number + 1), stop(200, second));
        assert_eq!(found(&book), [finding, Finding::StopOrphaned]);
    }
    // Within a day of travel and a few minutes of drift nothing is.
    for second in [3600 + 299, -300 * day] {
        let mut book = Book::new();
        ended(&mut book, start(1, "A", 100, second), stop(200, second + 1));
        assert_eq!(found(&book), [], "{second}");
    }
}

#[test]
fn report_without_a_time_gets_that_of_its_arrival_and_is_known_again() {
    let mut book = Book::new();
    let report = StartReport { at: no_time(), ..start(1, "A", 100, 0) };
    let number = book.start(report.clone());
    assert_eq!(found(&book), [Finding::TimeUnread]);
    assert!(matches!(book.facts.last(), Some(Fact::Started(started)) if started.at == at(3600)));
    book.by.now = at(3700);
    assert_eq!(book.start(report.clone()), number, "repeated");
    let timeless = || vec![MeterValue { at: no_time(), ..sample("150", 0).remove(0) }];
    assert!(book.sample(1, Some(number), timeless()).is_some());
    let end = StopReport { at: no_time(), samples: timeless(), ..stop(200, 0) };
    assert!(matches!(book.stop(Some(number), end.clone()), Some(Fact::Stopped(_))));
    assert_eq!(found(&book), [Finding::TimeUnread]);
    book.by.now = at(3800);
    // Also after a restart.
    let mut again = Book::new();
    book.facts.iter().for_each(|fact| again.record(fact.clone()));
    for book in [&mut book, &mut again] {
        assert_eq!(book.sample(1, Some(number), timeless()), None);
        assert_eq!(book.stop(Some(number), end.clone()), None);
        assert_eq!(book.start(report.clone()), number);
    }
    assert_eq!(book.ledger, again.ledger);
}

#[test]
fn start_on_a_connector_in_use_or_on_none_is_found() {
    let mut book = Book::new();
    book.start(start(1, "A", 100, 0));
    book.start(start(1, "B", 100, 60));
    assert_eq!(found(&book), [Finding::Overlapping]);
    book.start(start(2, "B", 100, 60));
    assert_eq!(found(&book), []);
    book.start(start(0, "A", 100, 60));
    assert_eq!(found(&book), [Finding::NoConnector]);

    // Connector and time of another one.
    let mut book = Book::new();
    book.start(start(1, "A", 100, 0));
    book.start(start(1, "A", 101, 0));
    assert_eq!(found(&book), [Finding::StartContradicted, Finding::Overlapping]);

    // Into one that ended, told late; and the other way round, found at its end.
    let mut book = Book::new();
    ended(&mut book, start(1, "A", 100, 0), stop(200, 100));
    book.start(start(1, "B", 200, 50));
    assert_eq!(found(&book), [Finding::Overlapping]);
    let mut book = Book::new();
    ended(&mut book, start(1, "A", 200, 50), stop(300, 80));
    let around = book.start(start(1, "B", 100, 0));
    assert_eq!(found(&book), []);
    book.stop(Some(around), stop(250, 100));
    assert_eq!(found(&book), [Finding::Overlapping]);

    // The other one's time is out of the question: then the order of arrival counts.
    let mut book = Book::new();
    book.start(start(1, "A", 100, 315_360_000));
    book.start(start(1, "B", 100, 60));
    assert_eq!(found(&book), [Finding::Overlapping]);
}

#[test]
fn register_that_goes_back_is_found() {
    let mut book = Book::new();
    ended(&mut book, start(1, "A", 100, 0), stop(1_100, 600));
    book.start(start(1, "B", 500, 700));
    assert_eq!(found(&book), [Finding::RegisterBelowLastStop]);
    book.start(start(2, "B", 500, 700));
    assert_eq!(found(&book), [], "another meter");

    let mut book = Book::new();
    let number = book.start(start(1, "A", 5_000, 0));
    book.sample(1, Some(number), sample("4000", 10));
    assert_eq!(found(&book), [Finding::NonMonotonic]);
    book.stop(Some(number), stop(100, 60));
    assert_eq!(found(&book), [Finding::NonMonotonic]);
    assert!(matches!(book.facts.last(), Some(Fact::Stopped(s)) if s.consumption == Consumption::NonMonotonic));

    // Below what was told on the way, or with the stop.
    let mut book = Book::new();
    let number = book.start(start(1, "A", 100, 0));
    book.sample(1, Some(number), sample("900", 30));
    book.stop(Some(number), stop(800, 60));
    assert_eq!(found(&book), [Finding::NonMonotonic]);
    let number = book.start(start(2, "A", 100, 0));
    book.stop(Some(number), StopReport { samples: sample("900", 30), ..stop(800, 60) });
    assert_eq!(found(&book), [Finding::NonMonotonic]);
}

#[test]
fn stop_before_its_start_or_at_once_and_energy_out_of_nothing_are_found() {
    let mut book = Book::new();
    ended(&mut book, start(1, "A", 100, 1000), stop(200, 400));
    assert_eq!(found(&book), [Finding::StopBeforeStart]);
    ended(&mut book, start(8, "A", 100, 1000), stop(200, -1_700_000_000));
    assert_eq!(found(&book), [Finding::TimeLongPast, Finding::StopBeforeStart]);
    ended(&mut book, start(2, "A", 100, 1000), stop(100, 1000));
    assert_eq!(found(&book), [Finding::ZeroLength]);
    ended(&mut book, start(3, "A", 0, 0), stop(1_016_000, 3600));
    assert_eq!(found(&book), [], "a megawatt for an hour");
    ended(&mut book, start(4, "A", 0, 0), stop(1_017_000, 3600));
    assert_eq!(found(&book), [Finding::TooMuchEnergy]);
    let number = book.start(start(5, "A", 0, 0));
    book.sample(5, Some(number), sample("2000000", 3600));
    assert_eq!(found(&book), [Finding::TooMuchEnergy]);
    book.by.plausible.connector_watts = 11_000;
    ended(&mut book, start(6, "A", 0, 0), stop(22_000, 3600));
    assert_eq!(found(&book), [Finding::TooMuchEnergy]);
    ended(&mut book, start(7, "A", i64::MIN, 0), stop(i64::MAX, 3600));
    assert_eq!(found(&book), [Finding::TooMuchEnergy]);
}

#[test]
fn values_outside_their_transaction_are_found() {
    let mut book = Book::new();
    let number = book.start(start(1, "A", 100, 100));
    book.sample(1, Some(number), sample("100", 50));
    assert_eq!(found(&book), [Finding::ValuesBeforeStart]);
    book.sample(2, Some(number), sample("110", 150));
    assert_eq!(found(&book), [Finding::OtherConnector]);
    let data = [sample("100", 50), sample("150", 300)].concat();
    book.stop(Some(number), StopReport { samples: data, ..stop(200, 200) });
    assert_eq!(found(&book), [Finding::ValuesBeforeStart, Finding::ValuesAfterStop]);
    book.sample(1, Some(number), sample("150", 150));
    assert_eq!(found(&book), [], "late");
    book.sample(1, Some(number), sample("150", 250));
    assert_eq!(found(&book), [Finding::ValuesAfterStop]);
    book.sample(2, Some(number), sample("150", 150));
    assert_eq!(found(&book), [Finding::OtherConnector]);
    book.sample(1, Some(number), sample("150", 9_000));
    assert_eq!(found(&book), [Finding::TimeAhead, Finding::ValuesAfterStop]);
    book.sample(1, Some(number + 1), sample("150", 150));
    assert_eq!(found(&book), [Finding::UnknownTransaction]);
    book.stop(Some(number), stop(300, 200));
    assert_eq!(found(&book), [Finding::StopContradicted]);
}
