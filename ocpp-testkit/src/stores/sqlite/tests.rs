use super::*;
use chrono::{DateTime, Utc};
use compact_str::CompactString;
use ocpp_core::csms::{
    Attribution, Authorization, AuthorizationStatus, Consumption, Finding, IdToken, MeterValue, OrphanStop,
    SampledValue, Samples, Started, StatusReport, StopReport, Stopped, TransactionId,
};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

fn energy(at: DateTime<Utc>, value: &str) -> MeterValue {
    let value = SampledValue {
        value: value.to_owned(),
        context: None,
        format: None,
        measurand: None,
        phase: None,
        location: None,
        unit: None,
    };
    MeterValue { at, values: vec![value] }
}

fn started(transaction: i32, second: i64) -> Fact {
    Fact::Started(Started {
        transaction: TransactionId::from(transaction),
        connector: 1,
        token: IdToken::new("ABC"),
        meter_start_wh: 1_000,
        at: at(second),
        reservation: None,
        findings: vec![],
    })
}

fn report(meter_stop_wh: i64, second: i64) -> StopReport {
    StopReport {
        meter_stop_wh,
        at: at(second),
        reason: None,
        token: None,
        samples: vec![energy(at(second), "1500")],
        findings: vec![],
    }
}

fn status(connector: u32, status: &str) -> Fact {
    Fact::Status(StatusReport {
        connector,
        status: CompactString::new(status),
        error_code: CompactString::new("NoError"),
        info: None,
        vendor_id: None,
        vendor_error_code: None,
        at: None,
    })
}

/// A whole session, one that runs, and an end that belongs nowhere.
fn history() -> Vec<Fact> {
    let transaction = TransactionId::from(17);
    vec![
        status(1, "Preparing"),
        started(17, 0),
        Fact::Authorized {
            transaction: transaction.clone(),
            verdict: Authorization::from(AuthorizationStatus::Accepted),
        },
        status(1, "Charging"),
        Fact::Sampled(Samples {
            connector: 1,
            attribution: Attribution::Named(transaction.clone()),
            values: vec![energy(at(60), "1200"), energy(at(120), "1400")],
            findings: vec![],
        }),
        Fact::Stopped(Stopped {
            transaction,
            inferred: false,
            consumption: Consumption::between(1_000, 1_500),
            report: report(1_500, 180),
        }),
        Fact::StopOrphaned(OrphanStop { named: None, report: report(7, 190) }),
        started(18, 200),
    ]
}

fn writes(station: &str, facts: &[Fact]) -> Vec<Write<String, Fact>> {
    let write = |(fact, n): (&Fact, u64)| Write { source: station.to_owned(), ticket: Ticket(n), op: fact.clone() };
    facts.iter().zip(1..).map(write).collect()
}

fn texts(ledger: &Ledger, query: &str) -> Vec<String> {
    let connection = ledger.connection();
    let mut select = connection.prepare(query).unwrap();
    let columns = select.column_count();
    let rows = select.query_map([], |row| {
        let cells = (0..columns).map(|column| row.get::<_, rusqlite::types::Value>(column));
        let cells: Result<Vec<_>, _> = cells.collect();
        Ok(cells?.iter().map(|cell| format!("{cell:?}")).collect::<Vec<_>>().join(" "))
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn facts_of_each_station_read_back_in_ticket_order() {
    let mut ledger = Ledger::in_memory().unwrap();
    let history = history();
    let mut batch = writes("CP1", &history);
    batch.extend(writes("CP2", &history[..2]));
    ledger.commit(&batch).unwrap();
    let expected: Vec<_> = history.into_iter().zip(1..).map(|(fact, n)| (Ticket(n), fact)).collect();
    assert_eq!(ledger.facts("CP1").unwrap(), expected);
    assert_eq!(ledger.facts("CP2").unwrap(), expected[..2]);
    assert_eq!(ledger.facts("CP3").unwrap(), []);
}

#[test]
fn same_fact_again_is_no_change_and_another_in_its_place_is_refused_with_its_batch() {
    let mut ledger = Ledger::in_memory().unwrap();
    let batch = writes("CP1", &history()[..2]);
    ledger.commit(&batch).unwrap();
    ledger.commit(&batch).unwrap();
    let other = Write { source: "CP1".to_owned(), ticket: Ticket(2), op: started(99, 0) };
    let next = Write { source: "CP1".to_owned(), ticket: Ticket(3), op: started(19, 0) };
    assert!(matches!(ledger.commit(&[next, other]), Err(LedgerError::Taken { ticket: 2, .. })));
    assert_eq!(ledger.facts("CP1").unwrap().len(), 2, "nothing of the batch");
}

#[test]
fn bill_meter_values_status_and_findings_can_be_read_by_people() {
    let mut ledger = Ledger::in_memory().unwrap();
    ledger.commit(&writes("CP1", &history())).unwrap();
    let bill = Bill {
        station: "CP1".to_owned(),
        transaction: "17".to_owned(),
        connector: 1,
        token: "ABC".to_owned(),
        meter_start_wh: 1_000,
        meter_stop_wh: Some(1_500),
        energy_wh: Some(500),
        reason: Some("Local".to_owned()),
    };
    let running =
        Bill { transaction: "18".to_owned(), meter_stop_wh: None, energy_wh: None, reason: None, ..bill.clone() };
    assert_eq!(ledger.bills().unwrap(), [bill, running]);
    assert_eq!(texts(&ledger, "SELECT verdict FROM transactions ORDER BY started_at"), ["Text(\"Accepted\")", "Null"]);
    assert_eq!(
        texts(&ledger, "SELECT transaction_id, value, unit, measurand FROM meter_values ORDER BY at"),
        ["1200", "1400", "1500"]
            .map(|wh| format!(r#"Text("17") Text("{wh}") Text("Wh") Text("Energy.Active.Import.Register")"#))
    );
    assert_eq!(texts(&ledger, "SELECT connector, status FROM status"), [r#"Integer(1) Text("Charging")"#]);
    assert_eq!(texts(&ledger, "SELECT kind, meter_stop_wh FROM findings"), [r#"Text("StopOrphaned") Integer(7)"#]);
}

#[test]
fn database_of_a_later_program_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ledger.db");
    Ledger::open(&file).unwrap().commit(&writes("CP1", &history())).unwrap();
    assert_eq!(Ledger::open(&file).unwrap().facts("CP1").unwrap().len(), history().len());
    Connection::open(&file).unwrap().pragma_update(None, "user_version", VERSION + 1).unwrap();
    assert!(matches!(Ledger::open(&file), Err(LedgerError::Version(2))));
}

/// Every kind of finding has its row, also those of facts that were written before there were kinds.
#[test]
fn findings_are_listed_each_with_its_kind() {
    let mut ledger = Ledger::in_memory().unwrap();
    let mut odd_start = started(17, 0);
    if let Fact::Started(started) = &mut odd_start {
        started.findings = vec![Finding::TimeAhead, Finding::Overlapping];
    }
    let stopped = |transaction: i32, findings: Vec<Finding>| {
        let consumption = Consumption::between(5_000, 100);
        let report = StopReport { findings, ..report(100, 60) };
        Fact::Stopped(Stopped { transaction: TransactionId::from(transaction), inferred: false, consumption, report })
    };
    let odd_orphan =
        OrphanStop { named: None, report: StopReport { findings: vec![Finding::TimeUnread], ..report(7, 190) } };
    let facts = [
        started(16, 0),
        odd_start,
        stopped(17, vec![Finding::NonMonotonic, Finding::StopBeforeStart]),
        stopped(16, vec![]),
        Fact::StopOrphaned(odd_orphan),
        Fact::Sampled(Samples {
            connector: 2,
            attribution: Attribution::Unknown(TransactionId::from(9)),
            values: vec![energy(at(60), "1200")],
            findings: vec![Finding::OtherConnector],
        }),
    ];
    ledger.commit(&writes("A", &facts)).unwrap();
    assert_eq!(
        texts(&ledger, "SELECT ticket, kind, transaction_id FROM findings ORDER BY ticket, kind"),
        [
            r#"Integer(2) Text("Overlapping") Text("17")"#,
            r#"Integer(2) Text("TimeAhead") Text("17")"#,
            r#"Integer(3) Text("NonMonotonic") Text("17")"#,
            r#"Integer(3) Text("StopBeforeStart") Text("17")"#,
            r#"Integer(4) Text("NonMonotonic") Text("16")"#,
            r#"Integer(5) Text("StopOrphaned") Null"#,
            r#"Integer(5) Text("TimeUnread") Null"#,
            r#"Integer(6) Text("OtherConnector") Text("9")"#,
            r#"Integer(6) Text("UnknownTransaction") Text("9")"#,
        ]
    );
    assert_eq!(ledger.facts("A").unwrap().into_iter().map(|(_, fact)| fact).collect::<Vec<_>>(), facts);
}

/// A file of before has a view that knows orphans only.
#[test]
fn view_of_an_earlier_file_is_made_anew() {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(SCHEMA).unwrap();
    connection.execute_batch("DROP VIEW findings; CREATE VIEW findings AS SELECT 1 AS kind").unwrap();
    let mut ledger = Ledger::prepare(connection).unwrap();
    ledger.commit(&writes("A", &history())).unwrap();
    assert_eq!(texts(&ledger, "SELECT kind FROM findings"), [r#"Text("StopOrphaned")"#]);
}
