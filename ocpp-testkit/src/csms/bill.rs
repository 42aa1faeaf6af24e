//! The bill: what the facts in the CSMS's database say of each transaction.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use ocpp_core::csms::{Attribution, Consumption, Fact, MeterValue, Samples, TransactionId};
use serde::Serialize;

/// One transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The CSMS's name for it.
    pub transaction: TransactionId,
    /// The connector.
    pub connector: u32,
    /// The token that started it.
    pub token: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// The register when it began, in Wh.
    pub meter_start_wh: i64,
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
    pub meter_stop_wh: i64,
    /// Why.
    pub reason: Option<String>,
    /// What was consumed.
    pub consumption: Consumption,
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
}

impl Bill {
    /// Adds the facts up.
    pub fn of<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Self {
        let mut bill = Bill::default();
        let mut place = BTreeMap::new();
        for fact in facts {
            match fact {
                Fact::Booted(_)
                | Fact::Status(_)
                | Fact::Authorized { .. }
                | Fact::Progress(_)
                | Fact::SecurityEvent(_) => {}
                Fact::Started(started) => {
                    place.insert(started.transaction.clone(), bill.rows.len());
                    bill.rows.push(Row {
                        transaction: started.transaction.clone(),
                        connector: started.connector,
                        token: started.token.as_str().to_owned(),
                        started_at: started.at,
                        meter_start_wh: started.meter_start_wh,
                        samples: Vec::new(),
                        end: None,
                    });
                }
                Fact::Sampled(samples) => {
                    let named = match &samples.attribution {
                        Attribution::Named(transaction) | Attribution::Inferred(transaction) => Some(transaction),
                        Attribution::Unknown(_) | Attribution::None => None,
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
                            row.end = Some(RowEnd {
                                at: stopped.report.at,
                                meter_stop_wh: stopped.report.meter_stop_wh,
                                reason: stopped.report.reason.as_ref().map(|reason| reason.to_string()),
                                consumption: stopped.consumption,
                            });
                        }
                        None => bill.unmatched_stops += 1,
                    }
                }
                Fact::StopContradicted { .. } | Fact::StopOrphaned(_) => bill.unmatched_stops += 1,
            }
        }
        bill
    }

    /// The transactions that run.
    pub fn running(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.end.is_none())
    }

    /// All that was consumed, in Wh, as far as it is known.
    pub fn energy_wh(&self) -> u64 {
        let consumed = self.rows.iter().filter_map(|row| row.end.as_ref()).map(|end| match end.consumption {
            Consumption::Wh(energy_wh) => energy_wh,
            Consumption::NonMonotonic => 0,
        });
        consumed.sum()
    }
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
            write!(f, "transaction {} connector {} token {}", row.transaction, row.connector, row.token)?;
            write!(f, ": {} at {} Wh", time(row.started_at), row.meter_start_wh)?;
            match &row.end {
                None => writeln!(f, ", running, {} samples", row.samples.len())?,
                Some(end) => {
                    let reason = end.reason.as_deref().unwrap_or("Local");
                    write!(f, " to {} at {} Wh ({reason})", time(end.at), end.meter_stop_wh)?;
                    match end.consumption {
                        Consumption::Wh(energy) => writeln!(f, ", {} samples: {energy} Wh", row.samples.len())?,
                        Consumption::NonMonotonic => writeln!(f, ": the register went backwards")?,
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
