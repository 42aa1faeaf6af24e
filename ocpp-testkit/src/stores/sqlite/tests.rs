use super::*;
use chrono::{DateTime, Utc};
use ocpp_core::csms::{
    Attribution, Authorization, AuthorizationStatus, Consumption, EventInfo, Finding, IdToken, MeterValue, OrphanStop,
    Place, SampledValue, Samples, Started, StatusReport, StopReport, Stopped, TransactionId, Updated, Verdict,
};
use ocpp_types::SmallString;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

fn energy(at: DateTime<Utc>, value: &str) -> MeterValue {
    MeterValue { at, values: vec![SampledValue::new(value)] }
}

fn started(transaction: i32, second: i64) -> Fact {
    let mut started = Started::new(TransactionId::from(transaction), Place::numbered(1), at(second));
    started.token = Some(IdToken::new("ABC"));
    started.meter_start_wh = Some(1_000);
    Fact::Started(started)
}

fn report(meter_stop_wh: i64, second: i64) -> StopReport {
    let mut report = StopReport::new(at(second));
    report.meter_stop_wh = Some(meter_stop_wh);
    report.samples = vec![energy(at(second), "1500")];
    report
}

fn status(connector: u32, status: &str) -> Fact {
    let mut report = StatusReport::new(Place::numbered(connector), status);
    report.error_code = Some(SmallString::new("NoError"));
    Fact::Status(report)
}

/// A whole session, one that runs, and an end that belongs nowhere.
fn history() -> Vec<Fact> {
    let transaction = TransactionId::from(17);
    vec![
        status(1, "Preparing"),
        started(17, 0),
        Fact::authorized(transaction.clone(), Authorization::from(AuthorizationStatus::Accepted)),
        status(1, "Charging"),
        Fact::Sampled(Samples::new(
            Place::numbered(1),
            Attribution::Named(transaction.clone()),
            vec![energy(at(60), "1200"), energy(at(120), "1400")],
        )),
        Fact::Stopped(Stopped::new(transaction, Consumption::between(1_000, 1_500), report(1_500, 180))),
        Fact::StopOrphaned(OrphanStop::new(None, report(7, 190))),
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
        evse: 1,
        token: Some("ABC".to_owned()),
        meter_start_wh: Some(1_000),
        meter_stop_wh: Some(1_500),
        energy_wh: Some(500),
        reason: Some("Local".to_owned()),
        missing_events: 0,
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
    assert_eq!(texts(&ledger, "SELECT evse, status FROM status"), [r#"Integer(1) Text("Charging")"#]);
    assert_eq!(texts(&ledger, "SELECT kind, meter_stop_wh FROM findings"), [r#"Text("StopOrphaned") Integer(7)"#]);
}

#[test]
fn database_of_a_later_program_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ledger.db");
    Ledger::open(&file).unwrap().commit(&writes("CP1", &history())).unwrap();
    assert_eq!(Ledger::open(&file).unwrap().facts("CP1").unwrap().len(), history().len());
    Connection::open(&file).unwrap().pragma_update(None, "user_version", VERSION + 1).unwrap();
    assert!(matches!(Ledger::open(&file), Err(LedgerError::Version(3))));
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
        let mut report = report(100, 60);
        report.findings = findings;
        Fact::Stopped(Stopped::new(TransactionId::from(transaction), consumption, report))
    };
    let mut odd_orphan = OrphanStop::new(None, report(7, 190));
    odd_orphan.report.findings = vec![Finding::TimeUnread];
    let unknown = Attribution::Unknown(TransactionId::from(9));
    let mut odd_samples = Samples::new(Place::numbered(2), unknown, vec![energy(at(60), "1200")]);
    odd_samples.findings = vec![Finding::OtherConnector];
    let facts = [
        started(16, 0),
        odd_start,
        stopped(17, vec![Finding::NonMonotonic, Finding::StopBeforeStart]),
        stopped(16, vec![]),
        Fact::StopOrphaned(odd_orphan),
        Fact::Sampled(odd_samples),
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

/// The tables of version 1 hold connectors by number and tokens as texts; they read, and their views tell the same.
#[test]
fn ledger_of_version_1_is_read_and_shown_as_before() {
    let facts = [
        (
            "Status",
            r#"{"connector":0,"status":"Available","error_code":"NoError","info":null,"vendor_id":null,"vendor_error_code":null,"at":null}"#,
        ),
        (
            "Started",
            r#"{"transaction":"17","connector":2,"token":"ABC","meter_start_wh":1000,"at":"2023-11-14T22:13:20Z","reservation":null}"#,
        ),
        ("Authorized", r#"{"transaction":"17","verdict":{"status":"Accepted","expires":null,"parent":"GROUP"}}"#),
        (
            "Stopped",
            r#"{"transaction":"17","inferred":false,"consumption":{"Wh":500},"report":{"meter_stop_wh":1500,"at":"2023-11-14T22:16:20Z","reason":"Remote","token":null,"samples":[]}}"#,
        ),
    ];
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(SCHEMA).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    for ((kind, body), ticket) in facts.iter().zip(1..) {
        let insert = "INSERT INTO facts (station, ticket, kind, body) VALUES ('A', ?1, ?2, ?3)";
        connection.execute(insert, params![ticket, kind, body]).unwrap();
    }
    let ledger = Ledger::prepare(connection).unwrap();
    let read = ledger.facts("A").unwrap();
    assert!(matches!(&read[1].1, Fact::Started(started) if started.place == Place::numbered(2)));
    let bill = &ledger.bills().unwrap()[0];
    assert_eq!((bill.evse, bill.energy_wh, bill.reason.as_deref()), (2, Some(500), Some("Remote")));
    assert_eq!(texts(&ledger, "SELECT evse, status FROM status"), [r#"Integer(0) Text("Available")"#]);
}

/// In 2.x the end may come before the begin: the last word is what it was settled with.
#[test]
fn transaction_whose_events_came_out_of_order_is_on_the_bill() {
    let name = || TransactionId::new("f1b2");
    let mut end = report(1_500, 180);
    end.event = EventInfo::numbered(2);
    let mut begin = Started::new(name(), Place::new(Some(3), None), at(0));
    begin.event = EventInfo::numbered(0);
    begin.verdict = Verdict::Stale;
    let settled = |wh, missing| -> Fact {
        let body = serde_json::json!({"transaction": "f1b2", "consumption": {"Wh": wh}, "meter_start_wh": 1_500 - wh,
            "meter_stop_wh": 1_500, "missing": missing});
        serde_json::from_value(serde_json::json!({ "Settled": body })).unwrap()
    };
    let mut between = Updated::new(name(), at(60));
    between.event = EventInfo::numbered(1);
    between.samples = vec![energy(at(60), "1200")];
    let facts = [
        Fact::StopOrphaned(OrphanStop::new(Some(name()), end)),
        Fact::Started(begin),
        settled(0, 1),
        Fact::Updated(between),
        settled(300, 0),
    ];
    let mut ledger = Ledger::in_memory().unwrap();
    // A begin that comes again after it was forgotten is not billed twice.
    let again = [&facts[..], &facts[1..2]].concat();
    ledger.commit(&writes("A", &again)).unwrap();
    let [bill] = &ledger.bills().unwrap()[..] else { panic!() };
    assert_eq!((bill.evse, bill.token.as_deref(), bill.meter_start_wh), (3, None, Some(1_200)));
    assert_eq!((bill.meter_stop_wh, bill.energy_wh, bill.missing_events), (Some(1_500), Some(300), 0));
    let values = texts(&ledger, "SELECT transaction_id, evse, value FROM meter_values ORDER BY at");
    assert_eq!(values, ["1200", "1500"].map(|wh| format!(r#"Text("f1b2") Integer(3) Text("{wh}")"#)));
    let told = crate::csms::Bill::of(&facts);
    let end = told.rows[0].end.as_ref().unwrap();
    assert_eq!((told.rows[0].meter_start_wh, end.meter_stop_wh, end.missing), (Some(1_200), Some(1_500), 0));
    assert_eq!((told.unmatched_stops, told.unmatched_samples, told.energy_wh()), (0, 0, 300));
}

/// Every word of 2.x that a fact or an answer may hold is known to the core.
#[test]
fn words_of_2_x_are_the_words_of_the_core() {
    use ocpp_core::csms::{BootReason, ChargingState, StopReason, TriggerReason};
    use ocpp_types::enumeration::Enumeration;
    use ocpp_types::{v2_0_1, v2_1};
    fn all<E: Enumeration>(is_known: impl Fn(&str) -> bool) -> usize {
        E::VALUES.iter().for_each(|word| assert!(is_known(word.as_str()), "{}", word.as_str()));
        E::VALUES.len()
    }
    let is_trigger = |word: &str| TriggerReason::of(word).is_some();
    assert_eq!(all::<v2_0_1::TriggerReason>(is_trigger), 21);
    assert_eq!(all::<v2_1::TriggerReason>(is_trigger), TriggerReason::ALL.len());
    let is_reason = |word: &str| StopReason::of(word).is_some();
    assert_eq!((all::<v2_0_1::Reason>(is_reason), all::<v2_1::Reason>(is_reason)), (19, 20));
    let is_state = |word: &str| ChargingState::of(word).is_some();
    assert_eq!(
        (all::<v2_0_1::ChargingState>(is_state), all::<v2_1::ChargingState>(is_state)),
        (5, ChargingState::ALL.len())
    );
    let is_boot = |word: &str| BootReason::of(word).is_some();
    assert_eq!((all::<v2_0_1::BootReason>(is_boot), all::<v2_1::BootReason>(is_boot)), (9, BootReason::ALL.len()));
    let is_status = |word: &str| serde_json::from_value::<AuthorizationStatus>(word.into()).is_ok();
    assert_eq!((all::<v2_0_1::AuthorizationStatus>(is_status), all::<v2_1::AuthorizationStatus>(is_status)), (10, 10));
}
