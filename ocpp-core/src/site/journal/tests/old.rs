//! Records as they were before events had numbers: their bytes, made by the code of then, are read as they were meant.

use super::*;
use crate::site::plugs::Spot;
use crate::store::framing::{self, FramingError};
use alloc::string::ToString;

const STARTED: &str = "010102063034413246330105464c45455400f6a1abfef9628eda9601019a010100008eda9601";
/// Without group, reservation and values, in a boot that did not know the time.
const PLAIN: &str = "0101020630344132463300010394238eda96010000";
const SAMPLED: &str = "010287808080300200c0c9b2fef96201010000c0d89e01";
const STOPPED: &str = "010387808080300080f3b9fef96282f3aa01020001000082f3aa01";
const LOCAL: &str = "010387808080300080f3b9fef96282f3aa0104010630346132663300";
const MEASURED: &str = "01040100c09cc1fef962000100000a";
const KNOWN: &str = "011002063034413246330105464c4545548eda96010154000100f6a1abfef9620100008eda9601";
const ACCOUNT: &str =
    "011102063034413246330105464c4545548eda96010154000100f6a1abfef9620100008eda9601c0d89e0100c0c9b2fef9628880808030";

const TRANSACTION: TransactionNo = TransactionNo(LogIndex((3 << 32) + 7));

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
}

fn started() -> Started {
    Started {
        spot: Spot::first(EvseId(2)),
        token: Some(IdToken::new("04A2F3")),
        group: Some(IdToken::new("FLEET")),
        at: Stamp::Wall(1_700_000_000_123),
        meter_mwh: 1_234_567,
        reservation: Some(77),
        first: register(1_234_567),
    }
}

fn records() -> [(&'static str, JournalRecord); 6] {
    let at = Stamp::Unset { boot: Boot(3), millis: 4500 };
    let plain = Started { group: None, reservation: None, first: vec![], at, ..started() };
    let (evse, context) = (EvseId(2), SampleContext::Periodic);
    let at = Stamp::Wall(1_700_000_060_000);
    let sampled =
        Sampled { transaction: TRANSACTION, spot: Spot::first(evse), at, context, values: register(1_300_000) };
    let stopped = Stopped {
        transaction: TRANSACTION,
        at: Stamp::Wall(1_700_000_120_000),
        meter_mwh: 1_400_001,
        reason: StopReason::EvDisconnected,
        token: None,
        last: register(1_400_001),
    };
    let token = Some(IdToken::new("04a2f3"));
    let local = Stopped { reason: StopReason::Local, token, last: vec![], ..stopped.clone() };
    let at = Stamp::Wall(1_700_000_180_000);
    let measured = Measured { spot: Spot::first(EvseId(1)), at, context: SampleContext::Clock, values: register(5) };
    [
        (STARTED, JournalRecord::Started(started())),
        (PLAIN, JournalRecord::Started(plain)),
        (SAMPLED, JournalRecord::Sampled(sampled)),
        (STOPPED, JournalRecord::Stopped(stopped)),
        (LOCAL, JournalRecord::Stopped(local)),
        (MEASURED, JournalRecord::Measured(measured)),
    ]
}

#[test]
fn records_of_before_events_had_numbers_are_read() {
    for (hex, record) in records() {
        assert_eq!(JournalRecord::from_bytes(&bytes(hex)), Ok((record, None)), "{hex}");
    }
    let known = Account::read(&bytes(KNOWN)).unwrap();
    assert_eq!((known.known.token, known.known.verdict.csms_id), (Some(IdToken::new("04A2F3")), Some(42)));
    assert_eq!((known.told_mwh, known.progress), (1_234_567, Progress::default()));
    let account = Account::read(&bytes(ACCOUNT)).unwrap();
    assert_eq!((account.told_mwh, account.through.0, account.progress.next_seq), (1_300_000, (3 << 32) + 8, 1));
}

#[test]
fn records_of_now_are_those_of_before_and_more_behind_them() {
    for (hex, record) in records() {
        let old = bytes(hex);
        assert_eq!(record.to_bytes(None), old);
        let event = event(9);
        let new = record.to_bytes(Some(&event));
        assert_eq!((new[0], new[1], &new[2..old.len()]), (old[0], old[1] | framing::MORE, &old[2..]));
        if let JournalRecord::Measured(_) = record {
            continue;
        }
        assert_eq!(JournalRecord::from_bytes(&new), Ok((record, Some(event))));
        for cut in 2..new.len() {
            assert_eq!(JournalRecord::from_bytes(&new[..cut]), Err(FramingError::Body(new[1])), "torn after {cut}");
        }
    }
}

#[test]
fn begin_without_a_token_is_read_as_one() {
    let start = Started { token: None, ..started() };
    let record = JournalRecord::Started(start.clone());
    assert_eq!(JournalRecord::from_bytes(&record.to_bytes(None)), Ok((record, None)));
    let mut account = Account::new(start.known(start.at, StartVerdict::default()));
    let news = News { authorised: Some(Holder { token: IdToken::new("T"), group: None }), ..News::default() };
    assert_eq!(Account::read(&account.write()).as_ref(), Ok(&account));
    account.told(&EventFacts { news: Some(news.into()), ..event(4) });
    assert_eq!(Account::read(&account.write()).as_ref(), Ok(&account));
    assert_eq!((account.known.token, account.progress.next_seq), (Some(IdToken::new("T")), 5));
}

/// A store of before: what it holds is numbered from what was delivered, each time alike.
#[test]
fn events_of_before_are_numbered_when_they_are_read() {
    let mut image = Image::default();
    let put = |image: &mut Image, position: u64, hex: &str| {
        let key = EntryKey::new(&["sample/", &position.to_string()].concat());
        image.apply(&StoreOp::Put { key, value: bytes(hex) });
    };
    let append = |image: &mut Image, position: u64, hex: &str| {
        let index = LogIndex(position);
        image.apply(&StoreOp::Append { log: Log::Transactions, index, record: bytes(hex) });
    };
    let first = TRANSACTION.0.0;
    append(&mut image, first, STARTED);
    put(&mut image, first + 1, SAMPLED);
    put(&mut image, first + 2, SAMPLED);
    for _ in 0..2 {
        let (mut clock, mut store) = (Clock::new(Boot(4), vec![], vec![]), StoreQueue::default());
        let (journal, open, skipped) = Journal::restore(&image, &mut clock, &mut store, Duration::ZERO);
        assert!(skipped.is_empty());
        let told: Vec<_> = journal.queue.iter().filter_map(|pending| pending.event.as_ref()).collect();
        let told: Vec<_> = told.into_iter().map(|event| (event.seq_no, event.trigger)).collect();
        let sample = TriggerReason::MeterValuePeriodic;
        assert_eq!(told, [(0, TriggerReason::Authorized), (1, sample), (2, sample)]);
        assert_eq!((open[0].next_seq, open[0].token.clone()), (3, Some(IdToken::new("04A2F3"))));
    }
    image.apply(&StoreOp::Put { key: KnownTransaction::key(TRANSACTION), value: bytes(ACCOUNT) });
    append(&mut image, first + 3, STOPPED);
    let (mut clock, mut store) = (Clock::new(Boot(4), vec![], vec![]), StoreQueue::default());
    let (journal, open, _) = Journal::restore(&image, &mut clock, &mut store, Duration::ZERO);
    let told: Vec<_> = journal.queue.iter().filter_map(|pending| pending.event.as_ref()).collect();
    let told: Vec<_> = told.into_iter().map(|event| (event.seq_no, event.trigger)).collect();
    let expected = [(1, TriggerReason::MeterValuePeriodic), (2, TriggerReason::EvCommunicationLost)];
    assert_eq!((told.as_slice(), open.len()), (expected.as_slice(), 0), "the first sample was delivered");
}

#[cfg(feature = "serde")]
#[test]
fn records_have_the_bytes_of_postcard() {
    use crate::store::pack::agrees_with_postcard;
    agrees_with_postcard::<Started>();
    agrees_with_postcard::<Sampled>();
    agrees_with_postcard::<Stopped>();
    agrees_with_postcard::<Measured>();
    agrees_with_postcard::<KnownTransaction>();
    agrees_with_postcard::<Account>();
    agrees_with_postcard::<(Account, Progress)>();
    agrees_with_postcard::<(Started, EventFacts)>();
    agrees_with_postcard::<Failures>();
}
