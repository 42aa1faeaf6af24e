//! The bill against the physical truth: what the meters counted, whoever was told what.

use std::collections::BTreeMap;

use ocpp_core::csms::SampledValue;
use ocpp_core::station::EvseId;
use ocpp_core::time::Instant;

use super::Violation;
use crate::clock::WallClock;
use crate::csms::Bill;
use crate::hardware::Hardware;

/// How much the bill may differ from the meters at each begin and end of a transaction, in Wh: registers are told in
/// whole Wh.
pub(super) const SLACK_WH: i64 = 1;

/// What the meters know.
#[derive(Clone, Copy, Debug)]
pub struct Meters<'a> {
    /// The EVSEs.
    pub hardware: &'a BTreeMap<EvseId, Hardware>,
    /// From when on energy is to be billed.
    pub since: Instant,
    /// Until when.
    pub now: Instant,
    /// Energy that cannot be on the bill, in mWh.
    pub unbillable_mwh: &'a BTreeMap<EvseId, i64>,
}

/// Checks a finished bill: on each connector the transactions follow each other, and together they cover all energy that
/// flowed.
///
/// # Errors
/// When a transaction is open, overlaps another, or energy was billed that did not flow, or flowed and was not billed.
pub fn covers_the_meters(bill: &Bill, meters: &Meters<'_>) -> Result<(), Violation> {
    if bill.unmatched_stops > 0 || bill.unmatched_samples > 0 {
        return Err(Violation::Bill(format!("reports without a transaction:\n{bill}")));
    }
    for (evse, hardware) in meters.hardware {
        let unbillable_mwh = meters.unbillable_mwh.get(evse).copied().unwrap_or(0);
        let mut billed = Billed::up_to(hardware.meter().register_mwh(meters.since) / 1000);
        for row in bill.rows.iter().filter(|row| row.place.evse() == Some(u32::from(evse.0))) {
            let Some(end) = &row.end else {
                return Err(Violation::Bill(format!("transaction {} has no end", row.transaction)));
            };
            let (Some(start_wh), Some(stop_wh)) = (row.meter_start_wh, end.meter_stop_wh) else {
                return Err(Violation::Bill(format!("transaction {} tells no registers", row.transaction)));
            };
            let goes_on = billed.goes_on(start_wh, unbillable_mwh);
            goes_on.map_err(|gap| Violation::Bill(format!("transaction {} starts at {gap}", row.transaction)))?;
            if stop_wh < start_wh {
                return Err(Violation::Bill(format!("transaction {} ends below its start", row.transaction)));
            }
            let told = row.samples.iter().flat_map(|value| &value.values).filter_map(register_wh).max();
            if let Some(told_wh) = told.filter(|told_wh| *told_wh > stop_wh) {
                let transaction = &row.transaction;
                return Err(Violation::Bill(format!(
                    "transaction {transaction} ends at {stop_wh} Wh, it told {told_wh} Wh"
                )));
            }
            billed.ends(stop_wh);
        }
        let goes_on = billed.goes_on(hardware.meter().register_mwh(meters.now) / 1000, unbillable_mwh);
        goes_on.map_err(|gap| Violation::Bill(format!("meter of connector {} shows {gap}", evse.0)))?;
    }
    Ok(())
}

/// How far the energy of a connector is on the bill.
#[derive(Clone, Debug)]
pub(super) struct Billed {
    register_wh: i64,
    /// What was found missing so far.
    missing_wh: i64,
}

impl Billed {
    /// All before this register value is somebody else's.
    pub fn up_to(register_wh: i64) -> Self {
        Billed { register_wh, missing_wh: 0 }
    }

    /// The next thing on the bill begins at `from_wh`. Of what flowed before, only what is unbillable may be missing.
    pub fn goes_on(&mut self, from_wh: i64, unbillable_mwh: i64) -> Result<(), String> {
        let gap_wh = from_wh - self.register_wh;
        self.missing_wh += (gap_wh - SLACK_WH).max(0);
        // Rounded up: what is missing is told in whole Wh.
        if gap_wh < -SLACK_WH || self.missing_wh > (unbillable_mwh + 999) / 1000 {
            return Err(format!("{from_wh} Wh, the bill before it ended at {} Wh", self.register_wh));
        }
        Ok(())
    }

    /// A transaction ended at this register value.
    pub fn ends(&mut self, register_wh: i64) {
        self.register_wh = register_wh;
    }
}

/// Checks that each transaction has the register values that its meter showed at the times it tells, within two seconds
/// and the slack. Holds where the station's clock was right throughout.
///
/// # Errors
/// When one does not.
pub fn tells_the_time(bill: &Bill, hardware: &BTreeMap<EvseId, Hardware>, wall: &WallClock) -> Result<(), Violation> {
    for row in &bill.rows {
        let evse = u16::try_from(row.place.number()).ok().map(EvseId);
        let Some(hardware) = evse.and_then(|evse| hardware.get(&evse)) else {
            return Err(Violation::Bill(format!("there is no connector {}", row.place)));
        };
        let start = row.meter_start_wh.map(|wh| (row.started_at, wh));
        let end = row.end.as_ref().and_then(|end| Some((end.at, end.meter_stop_wh?)));
        for (at, told_wh) in start.into_iter().chain(end) {
            let instant = wall.instant_of(at).unwrap_or_default();
            let register_wh = |millis| hardware.meter().register_mwh(Instant::from_millis(millis)) / 1000;
            let earliest = register_wh(instant.as_millis().saturating_sub(2_000));
            let latest = register_wh(instant.as_millis() + 2_000);
            if told_wh < earliest - SLACK_WH || told_wh > latest + SLACK_WH {
                return Err(Violation::Bill(format!(
                    "transaction {} says {told_wh} Wh at {at}, the meter showed {earliest} to {latest} Wh",
                    row.transaction
                )));
            }
        }
    }
    Ok(())
}

/// The energy register in Wh, rounded down, if it is that.
pub(super) fn register_wh(sample: &SampledValue) -> Option<i64> {
    let is_register = sample.measurand.as_deref().is_none_or(|name| name == "Energy.Active.Import.Register");
    let whole = sample.value.split_once('.').map_or(sample.value.as_str(), |(whole, _)| whole);
    whole.parse().ok().filter(|_| is_register && sample.unit.as_deref().is_none_or(|unit| unit == "Wh"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csms::{Row, RowEnd};
    use chrono::{DateTime, TimeDelta, Utc};
    use ocpp_core::csms::{Consumption, Place, TransactionId};
    use ocpp_core::station::{EvseAction, Power};

    const EVSE: EvseId = EvseId(1);

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1000)
    }

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_268_800, 0).unwrap()
    }

    /// 200 Wh from 10 s to 110 s, on top of 1000 Wh.
    fn charged() -> BTreeMap<EvseId, Hardware> {
        let mut hardware = Hardware::new(1_000_000, 7_200);
        hardware.plug(at(0));
        hardware.order(at(10), &EvseAction::Power(Power::On));
        hardware.order(at(110), &EvseAction::Power(Power::Off));
        let _ = hardware.poll_fact(at(200));
        BTreeMap::from([(EVSE, hardware)])
    }

    fn row(from: (u64, i64), to: (u64, i64)) -> Row {
        let time = |seconds: u64| noon() + TimeDelta::seconds(seconds as i64);
        Row {
            transaction: TransactionId::from(7),
            place: Place::numbered(1),
            token: "TAG".to_owned(),
            started_at: time(from.0),
            meter_start_wh: Some(from.1),
            samples: Vec::new(),
            end: Some(RowEnd {
                at: time(to.0),
                meter_stop_wh: Some(to.1),
                reason: None,
                consumption: Consumption::between(from.1, to.1),
                missing: 0,
            }),
        }
    }

    fn covers(rows: Vec<Row>, unbillable_mwh: i64) -> bool {
        let bill = Bill { rows, ..Bill::default() };
        let unbillable_mwh = BTreeMap::from([(EVSE, unbillable_mwh)]);
        let meters = Meters { hardware: &charged(), since: at(0), now: at(200), unbillable_mwh: &unbillable_mwh };
        covers_the_meters(&bill, &meters).is_ok()
    }

    #[test]
    fn bill_of_what_flowed_is_accepted() {
        assert!(covers(vec![row((10, 1000), (110, 1200))], 0));
        assert!(covers(vec![row((10, 1000), (50, 1080)), row((51, 1081), (110, 1199))], 0));
    }

    #[test]
    fn missing_doubled_and_invented_energy_is_seen() {
        assert!(!covers(vec![], 0), "nothing billed");
        assert!(!covers(vec![row((10, 1000), (110, 1190))], 0), "too little");
        assert!(!covers(vec![row((10, 1000), (110, 1210))], 0), "too much");
        assert!(!covers(vec![row((10, 1010), (110, 1200))], 0), "begun too late");
        assert!(!covers(vec![row((10, 1000), (110, 1200)), row((10, 1000), (110, 1200))], 0), "twice");
        assert!(!covers(vec![row((10, 1000), (50, 1080)), row((51, 1090), (110, 1200))], 0), "a hole");
        let open = Row { end: None, ..row((10, 1000), (110, 1200)) };
        assert!(!covers(vec![open], 0), "no end");
    }

    #[test]
    fn end_below_what_was_told_is_seen() {
        let sample = SampledValue::new("1200.5");
        let samples = vec![ocpp_core::csms::MeterValue { at: noon(), values: vec![sample] }];
        assert!(covers(vec![Row { samples: samples.clone(), ..row((10, 1000), (110, 1200)) }], 0));
        assert!(!covers(vec![Row { samples, ..row((10, 1000), (110, 1199)) }], 0));
    }

    #[test]
    fn energy_that_cannot_be_billed_may_be_missing_once() {
        assert!(covers(vec![row((15, 1010), (110, 1200))], 10_000));
        assert!(!covers(vec![row((15, 1010), (50, 1080)), row((60, 1090), (110, 1200))], 10_000));
    }

    #[test]
    fn register_at_another_time_is_seen() {
        let tells = |row| {
            let bill = Bill { rows: vec![row], ..Bill::default() };
            tells_the_time(&bill, &charged(), &WallClock::starting_at(noon())).is_ok()
        };
        assert!(tells(row((10, 1000), (110, 1200))));
        assert!(!tells(row((40, 1000), (110, 1200))));
        assert!(!tells(row((10, 1000), (90, 1200))));
    }
}
