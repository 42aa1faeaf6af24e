//! The bill: what the facts in the CSMS's database say of each transaction.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use ocpp_core::csms::{Attribution, Consumption, Fact, MeterValue, Place, Samples, StopReport, TransactionId};
use serde::Serialize;

/// One transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its name.
    pub transaction: TransactionId,
    /// Where.
    pub place: Place,
    /// The token that started it; empty while none was told.
    pub token: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// The register when it began, in Wh.
    pub meter_start_wh: Option<i64>,
    /// The meter values that came while it ran.
    pub samples: Vec<MeterValue>,
    /// How it ended; none while it runs.
    pub end: Option<RowEnd>,
}

/// The end of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowEnd {
    /// When.
    pub at: DateTime<Utc>,
    /// The register then, in Wh.
    pub meter_stop_wh: Option<i64>,
    /// Why.
    pub reason: Option<String>,
    /// What was consumed.
    pub consumption: Consumption,
    /// How many of its events did not arrive, where they are numbered.
    pub missing: u64,
}

impl RowEnd {
    fn new(report: &StopReport, consumption: Consumption) -> Self {
        RowEnd {
            at: report.at,
            meter_stop_wh: report.meter_stop_wh,
            reason: report.reason.as_ref().map(|reason| reason.to_string()),
            consumption,
            missing: 0,
        }
    }
}

/// All transactions of one station, in the order of their facts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bill {
    /// The transactions.
    pub rows: Vec<Row>,
    /// Reported ends that belong to no transaction, and ends that contradict an earlier one.
    pub unmatched_stops: usize,
    /// Meter values that belong to no transaction.
    pub unmatched_samples: usize,
    /// What the station calls a transaction besides, and the name of its row.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<TransactionId, TransactionId>,
}

impl Bill {
    /// Adds the facts up.
    pub fn of<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Self {
        let mut bill = Bill::default();
        let mut place = BTreeMap::new();
        // Numbered ends and values whose begin may still come.
        let mut early: BTreeMap<TransactionId, Early> = BTreeMap::new();
        for fact in facts {
            match fact {
                Fact::Booted(_)
                | Fact::Status(_)
                | Fact::Authorized { .. }
                | Fact::Progress(_)
                | Fact::SecurityEvent(_) => {}
                Fact::Started(started) if place.contains_key(&started.transaction) => {}
                Fact::Started(started) => {
                    place.insert(started.transaction.clone(), bill.rows.len());
                    let before = early.remove(&started.transaction).unwrap_or_default();
                    bill.rows.push(Row {
                        transaction: started.transaction.clone(),
                        place: started.place,
                        token: started.token.as_ref().map(|token| token.as_str().to_owned()).unwrap_or_default(),
                        started_at: started.at,
                        meter_start_wh: started.meter_start_wh,
                        samples: [&started.samples[..], &before.samples].concat(),
                        end: before.end,
                    });
                }
                Fact::Updated(updated) => {
                    let row = place.get(&updated.transaction).and_then(|place| bill.rows.get_mut(*place));
                    let samples = match row {
                        Some(row) => {
                            if row.place.is_station() {
                                row.place = updated.place;
                            }
                            if let Some(token) = updated.token.as_ref().filter(|_| row.token.is_empty()) {
                                row.token = token.as_str().to_owned();
                            }
                            &mut row.samples
                        }
                        None => &mut early.entry(updated.transaction.clone()).or_default().samples,
                    };
                    samples.extend(updated.samples.iter().cloned());
                }
                Fact::Renamed(renamed) => {
                    bill.names.insert(renamed.name.clone(), renamed.transaction.clone());
                }
                Fact::Settled(settled) => {
                    let row = place.get(&settled.transaction).and_then(|place| bill.rows.get_mut(*place));
                    if let Some((row, end)) = row.and_then(|row| Some((&mut row.meter_start_wh, row.end.as_mut()?))) {
                        *row = settled.meter_start_wh;
                        end.meter_stop_wh = settled.meter_stop_wh;
                        end.consumption = settled.consumption;
                        end.missing = settled.missing;
                    }
                }
                Fact::StopOrphaned(orphan) if orphan.report.event.seq_no.is_some() => {
                    let end = RowEnd::new(&orphan.report, Consumption::Unknown);
                    if let Some(named) = &orphan.named {
                        early.entry(named.clone()).or_default().end = Some(end);
                    }
                }
                Fact::Sampled(samples) => {
                    let named = match &samples.attribution {
                        Attribution::Named(transaction) | Attribution::Inferred(transaction) => Some(transaction),
                        _ => None,
                    };
                    let row = named.and_then(|named| place.get(named)).and_then(|place| bill.rows.get_mut(*place));
                    match row {
                        Some(row) => row.samples.extend(samples.values.iter().cloned()),
                        None if is_beside(samples) => {}
                        None => bill.unmatched_samples += 1,
                    }
                }
                Fact::Stopped(stopped) => {
                    let row = place.get(&stopped.transaction).and_then(|place| bill.rows.get_mut(*place));
                    match row.filter(|row| row.end.is_none()) {
                        Some(row) => {
                            row.end = Some(RowEnd::new(&stopped.report, stopped.consumption));
                        }
                        None => bill.unmatched_stops += 1,
                    }
                }
                Fact::StopContradicted { .. } | Fact::StopOrphaned(_) => bill.unmatched_stops += 1,
                // No kind of fact that this bill knows.
                _ => {}
            }
        }
        for early in early.into_values() {
            bill.unmatched_stops += usize::from(early.end.is_some());
            bill.unmatched_samples += usize::from(!early.samples.is_empty());
        }
        bill
    }

    /// The row of a transaction, by whatever name it has.
    #[must_use]
    pub fn row(&self, name: &TransactionId) -> Option<&Row> {
        let name = self.names.get(name).unwrap_or(name);
        self.rows.iter().find(|row| row.transaction == *name)
    }

    /// The transactions that run.
    pub fn running(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.end.is_none())
    }

    /// All that was consumed, in Wh, as far as it is known.
    pub fn energy_wh(&self) -> u64 {
        let consumed = self.rows.iter().filter_map(|row| row.end.as_ref()).map(|end| match end.consumption {
            Consumption::Wh(energy_wh) => energy_wh,
            _ => 0,
        });
        consumed.sum()
    }
}

/// What was told of a transaction before its begin.
#[derive(Default)]
struct Early {
    samples: Vec<MeterValue>,
    end: Option<RowEnd>,
}

/// Whether values were taken by the clock, or because they were asked for, while no transaction ran.
fn is_beside(samples: &Samples) -> bool {
    let contexts = samples.values.iter().flat_map(|value| &value.values).map(|sample| sample.context.as_deref());
    let mut contexts = contexts.peekable();
    samples.attribution == Attribution::None
        && contexts.peek().is_some()
        && contexts.all(|context| matches!(context, Some("Sample.Clock" | "Trigger")))
}

impl fmt::Display for Bill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
            let register =
                |wh: Option<i64>| wh.map_or_else(|| "an unknown register".to_owned(), |wh| format!("{wh} Wh"));
            write!(f, "transaction {} connector {} token {}", row.transaction, row.place, row.token)?;
            write!(f, ": {} at {}", time(row.started_at), register(row.meter_start_wh))?;
            match &row.end {
                None => writeln!(f, ", running, {} samples", row.samples.len())?,
                Some(end) => {
                    let reason = end.reason.as_deref().unwrap_or("Local");
                    write!(f, " to {} at {} ({reason})", time(end.at), register(end.meter_stop_wh))?;
                    match end.consumption {
                        Consumption::Wh(energy) => writeln!(f, ", {} samples: {energy} Wh", row.samples.len())?,
                        Consumption::NonMonotonic => writeln!(f, ": the register went backwards")?,
                        _ => writeln!(f, ": the energy is not known")?,
                    }
                    if end.missing > 0 {
                        writeln!(f, "{} reports of it are missing", end.missing)?;
                    }
                }
            }
        }
        if self.unmatched_stops > 0 {
            writeln!(f, "{} ends without a transaction", self.unmatched_stops)?;
        }
        if self.unmatched_samples > 0 {
            writeln!(f, "{} meter values without a transaction", self.unmatched_samples)?;
        }
        Ok(())
    }
}
