use super::*;
use ocpp_core::store::LogIndex;
use serde_json::json;

fn append(index: u64, kind: u8) -> StoreOp {
    StoreOp::Append { log: Log::Transactions, index: LogIndex(index), record: vec![1, kind] }
}

fn message(id: &str, action: &str, mark: i64) -> Frame {
    let payload = json!({"transactionId": 1, "mark": mark});
    Frame::Call { id: id.to_owned(), action: action.to_owned(), payload }
}

#[test]
fn message_without_its_record_is_seen() {
    let mut check = JournalCheck::default();
    let start = message("a", "StartTransaction", 0);
    assert!(matches!(check.clone().sent(&start, &[]), Err(Violation::NotDurable(..))));
    assert_eq!(check.sent(&start, &[append(1, 1)]), Ok(()));
    assert_eq!(check.sent(&start, &[append(1, 1)]), Ok(()), "again");
    assert_eq!(check.repeats, 1);
    let stop = message("b", "StopTransaction", 0);
    assert!(matches!(check.sent(&stop, &[append(1, 1), append(2, 2)]), Err(Violation::OutOfOrder(..))));
}

#[test]
fn older_message_again_is_seen() {
    let durable = [append(1, 2), append(2, 2), append(3, 3)];
    let mut check = JournalCheck::default();
    assert_eq!(check.sent(&message("a", "MeterValues", 1), &durable), Ok(()));
    assert_eq!(check.sent(&message("b", "MeterValues", 2), &durable), Ok(()));
    assert!(matches!(check.sent(&message("c", "MeterValues", 1), &durable), Err(Violation::OutOfOrder(..))));
}

#[test]
fn repeat_after_a_durable_delivery_is_seen() {
    let durable = [append(1, 1), append(2, 3)];
    let answer = Frame::Result { id: "a".to_owned(), payload: json!({"transactionId": 1}) };
    let start = message("a", "StartTransaction", 0);
    for (survives, allowed) in [(2, true), (3, false)] {
        let mut check = JournalCheck::default();
        check.sent(&start, &durable).unwrap();
        check.arrived(&answer, Some(2));
        check.power_cut(survives);
        check.power_cut(5);
        let repeat = check.sent(&message("b", "StartTransaction", 0), &durable);
        assert_eq!(repeat.is_ok(), allowed, "{survives} operations survive");
    }
}

fn end(index: u64, transaction: u8) -> StoreOp {
    StoreOp::Append { log: Log::Transactions, index: LogIndex(index), record: vec![1, 3, transaction] }
}

/// Both starts were given up, so both ends say the same.
#[test]
fn ends_of_two_transactions_that_say_the_same_are_two() {
    let (first, second) = (message("a", "StopTransaction", 0), message("b", "StopTransaction", 0));
    let gone = StoreOp::Delete { key: EntryKey::new("tx/1") };
    let durable = [append(1, 1), append(2, 1), end(3, 1), end(4, 2), gone];
    let mut check = JournalCheck::default();
    for start in ["x", "y"] {
        assert_eq!(check.sent(&message(start, "StartTransaction", i64::from(start == "y")), &durable[..4]), Ok(()));
    }
    assert_eq!(check.sent(&first, &durable[..4]), Ok(()));
    assert_eq!((check.sent(&second, &durable[..4]), check.repeats), (Ok(()), 1), "its delivery is not on record");
    assert_eq!((check.sent(&second, &durable), check.repeats), (Ok(()), 1));
    assert_eq!(check.finish(&durable, &[]).map_err(|violation| violation.to_string().contains("not sent")), Err(false));
    assert_eq!((check.sent(&second, &durable), check.repeats), (Ok(()), 2), "again");
}

fn sample(index: u64, transaction: u8) -> StoreOp {
    StoreOp::Put { key: EntryKey::new(&format!("sample/{index}")), value: vec![1, 2, transaction] }
}

#[test]
fn sample_that_makes_room_is_not_waited_for_unless_it_is_the_newest() {
    let gone = |index| StoreOp::Delete { key: EntryKey::new(&format!("sample/{index}")) };
    let mut check = JournalCheck::default();
    let mut durable = vec![sample(2, 1), sample(3, 1), sample(4, 2), gone(2)];
    assert_eq!(check.sent(&message("a", "MeterValues", 3), &durable), Ok(()));
    durable.push(gone(4));
    assert_eq!(check.look(&durable), Err(Violation::NewestDropped(4)));
}

#[test]
fn time_that_goes_back_is_seen() {
    let told = |action: &str, second: u64, data: &[u64]| {
        let data = data.iter().map(|second| json!({"timestamp": format!("2026-01-01T00:00:{second:02}Z")}));
        let payload = json!({"timestamp": format!("2026-01-01T00:00:{second:02}Z"),
            "transactionData": data.collect::<Vec<_>>()});
        Frame::Call { id: "a".to_owned(), action: action.to_owned(), payload }
    };
    let durable = [append(1, 1), end(2, 1)];
    for (start, data, stop, is_fine) in
        [(5, &[5, 6, 7][..], 7, true), (5, &[], 4, false), (5, &[5, 8], 7, false), (5, &[6, 5], 7, false)]
    {
        let mut check = JournalCheck::default();
        assert_eq!(check.sent(&told("StartTransaction", start, &[]), &durable), Ok(()));
        let stopped = check.sent(&told("StopTransaction", stop, data), &durable);
        assert_eq!(stopped.is_ok(), is_fine, "{stopped:?}");
    }
}

#[test]
fn repeat_of_what_was_answered_is_seen() {
    let (durable, stop) = ([append(1, 3)], message("a", "StopTransaction", 0));
    let mut check = JournalCheck::default();
    check.sent(&stop, &durable).unwrap();
    check.arrived(&Frame::Result { id: "a".to_owned(), payload: json!({}) }, Some(1));
    assert!(matches!(check.sent(&stop, &durable), Err(Violation::RepeatedThoughDelivered(..))));
}

#[test]
fn record_that_was_not_sent_and_position_used_twice_are_seen() {
    let mut check = JournalCheck::default();
    assert!(matches!(check.finish(&[append(1, 1)], &[]), Err(Violation::NeverSent(_))));
    let reused = [append(4, 1), append(4, 3)];
    assert_eq!(JournalCheck::default().look(&reused), Err(Violation::PositionReused(4, 4)));
}

/// An event with number, connector, trigger, state, offline, and nothing that is told once.
fn event(index: u64, kind: u8, number: &[u8]) -> StoreOp {
    let start = if kind == 1 { &[][..] } else { &[4] };
    let record = [&[1, kind | MORE], start, &[7], number, &[1, 2, 3, 1, 0]].concat();
    StoreOp::Append { log: Log::Transactions, index: LogIndex(index), record }
}

#[test]
fn event_number_that_is_missing_or_told_twice_is_seen() {
    let wrong = |number, expected| Err(Violation::EventNumber(4, number, expected));
    let begin = event(4, 1, &[0]);
    let look = |ops: &[StoreOp]| JournalCheck::default().look(ops);
    assert_eq!(look(&[begin.clone(), event(5, 2, &[1]), event(6, 3, &[2])]), Ok(()));
    assert_eq!(look(&[begin.clone(), event(5, 2, &[1]), event(6, 3, &[1])]), wrong(1, 2));
    assert_eq!(look(&[begin, event(5, 2, &[0x81, 1])]), wrong(129, 1));
    assert_eq!(look(&[event(4, 1, &[1])]), wrong(1, 0));
}

#[test]
fn message_that_is_not_in_the_database_is_seen() {
    let mut check = JournalCheck::default();
    let durable = [append(1, 1)];
    check.sent(&message("a", "StartTransaction", 0), &durable).unwrap();
    assert!(matches!(check.finish(&durable, &[]), Err(Violation::NotInDatabase(..))));
}

#[test]
fn reading_told_word_for_word_again_may_be_one_report() {
    let durable = [append(1, 2), append(2, 2), append(3, 2)];
    let run = |marks: [i64; 3]| {
        let mut check = JournalCheck::default();
        for mark in marks {
            check.sent(&message("a", "MeterValues", mark), &durable).unwrap();
        }
        check.messages.iter_mut().take(2).for_each(|message| message.is_held = true);
        check.finish(&durable, &[])
    };
    assert_eq!(run([1, 2, 1]), Ok(()));
    assert!(matches!(run([1, 2, 3]), Err(Violation::NotInDatabase(..))));
}

/// A reading of no transaction that was not taken stands behind a transaction then (1.6 §3.7.1): the database need not hold it before.
#[test]
fn reading_that_let_a_transaction_pass_is_told_again() {
    let reading =
        |position: u64| StoreOp::Put { key: EntryKey::new(&format!("sample/{position}")), value: vec![1, 4, 1] };
    let gone = StoreOp::Delete { key: EntryKey::new("sample/1") };
    let answer = Frame::Result { id: "a".to_owned(), payload: json!({}) };
    for (is_answered, is_held_once) in [(false, false), (true, true)] {
        let mut check = JournalCheck::default();
        check.sent(&message("a", "MeterValues", 1), &[reading(1)]).unwrap();
        if is_answered {
            check.arrived(&answer, None);
        }
        check.look(&[reading(1), append(2, 1), reading(3), gone.clone()]).unwrap();
        assert_eq!(check.messages.back().map(|told| !told.is_told_twice), Some(is_held_once));
        assert_eq!(check.given_up, 0);
    }
}
