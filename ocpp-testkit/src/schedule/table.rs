//! The composite schedule as text.

use chrono::TimeDelta;
use ocpp_smartcharging::composite::{CompositePeriod, CompositeSchedule};
use ocpp_smartcharging::model::OperationMode;
use ocpp_smartcharging::units::Rate;

use super::{number, symbol};

type Column = (&'static str, fn(&CompositePeriod) -> Option<String>);

/// Each is shown where a period has it.
const COLUMNS: [Column; 7] = [
    ("limit", |period| Some(rate(period.limit))),
    ("phases", |period| period.number_phases.map(|phases| phases.to_string())),
    ("phase", |period| period.phase_to_use.map(|phase| format!("L{phase}"))),
    ("discharge", |period| period.discharge_limit.map(rate)),
    ("setpoint", |period| period.setpoint.map(rate)),
    ("reactive", |period| period.setpoint_reactive.map(rate)),
    ("mode", |period| (period.mode != OperationMode::ChargingOnly).then(|| format!("{:?}", period.mode))),
];

/// A line for each period, with the columns that say something.
pub fn table(schedule: &CompositeSchedule) -> String {
    let of = if schedule.evse.is_station() { "the station".to_owned() } else { format!("EVSE {}", schedule.evse.0) };
    let (start, seconds, unit) = (schedule.start, schedule.duration_seconds, symbol(schedule.unit));
    let mut text = format!("{of}: {seconds} s from {}, in {unit}\n", start.format("%Y-%m-%d %H:%M:%S UTC"));

    let says = |(_, cell): &&Column| schedule.periods.iter().any(|period| cell(period).is_some());
    let columns: Vec<_> = COLUMNS.iter().filter(says).collect();
    let head = ["from s", "time"].into_iter().chain(columns.iter().map(|(name, _)| *name));
    let mut rows = vec![head.map(str::to_owned).collect::<Vec<_>>()];
    for period in &schedule.periods {
        let at = start + TimeDelta::seconds(period.start_seconds.into());
        let mut row = vec![period.start_seconds.to_string(), at.format("%m-%d %H:%M:%S").to_string()];
        row.extend(columns.iter().map(|(_, cell)| cell(period).unwrap_or_default()));
        rows.push(row);
    }
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.len() + 2).map(width).collect();
    for row in &rows {
        let cells: Vec<_> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}")).collect();
        text += &format!("  {}\n", cells.join("  "));
    }
    text
}

fn rate(Rate { milli, l2_l3_milli }: Rate) -> String {
    match l2_l3_milli {
        None => number(milli),
        Some([l2, l3]) => format!("{} / {} / {}", number(milli), number(l2), number(l3)),
    }
}
