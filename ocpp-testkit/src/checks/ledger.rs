//! The bill while it grows: each fact in the database against the physical truth at the moment when it got there.

use std::collections::BTreeMap;

use ocpp_core::csms::{Attribution, Fact, Finding, MeterValue, Place, Samples, TransactionId};
use ocpp_core::station::EvseId;

use super::Violation;
use super::bill::{Billed, Meters, SLACK_WH, register_wh};
use super::journal::is_triggered;

/// Follows the database of one station.
#[derive(Clone, Debug, Default)]
pub struct LedgerCheck {
    looked: usize,
    accounts: BTreeMap<EvseId, Account>,
    /// Where each running transaction is.
    running: BTreeMap<TransactionId, EvseId>,
}

/// What the session found odd about a fact of a station that did nothing wrong. Only where its clock is wrong, times may be odd.
pub fn accusation(fact: &Fact, tells_the_time: bool) -> Option<String> {
    let is_of_time = |finding: &Finding| {
        matches!(
            finding,
            Finding::TimeAhead
                | Finding::TimeLongPast
                | Finding::StopBeforeStart
                | Finding::TooMuchEnergy
                | Finding::ZeroLength
                | Finding::ValuesBeforeStart
                | Finding::ValuesAfterStop
        )
    };
    // Samples that made room leave their numbers open: the bill counts how many may be missing.
    let is_room = |finding: &Finding| *finding == Finding::SequenceGap;
    let odd =
        fact.findings().into_iter().filter(|finding| !is_room(finding) && (tells_the_time || !is_of_time(finding)));
    let odd: Vec<_> = odd.collect();
    (!odd.is_empty()).then(|| format!("{odd:?} in {fact:?}"))
}

/// What the database says of one connector.
#[derive(Clone, Debug)]
struct Account {
    billed: Billed,
    running: Option<Running>,
    totals: Totals,
}

#[derive(Clone, Debug)]
struct Running {
    transaction: TransactionId,
    token: String,
    meter_start_wh: i64,
}

/// What was billed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Transactions that ended.
    pub sessions: u64,
    /// Their energy, in Wh.
    pub energy_wh: i64,
}

impl LedgerCheck {
    /// Looks at the facts that are new in the database.
    ///
    /// # Errors
    /// When a fact tells of something that did not happen, or a connector has two transactions at once.
    pub fn look(&mut self, facts: &[Fact], meters: &Meters<'_>) -> Result<(), Violation> {
        for fact in facts.get(self.looked..).unwrap_or_default() {
            self.looked += 1;
            self.enter(fact, meters).map_err(Violation::Bill)?;
        }
        Ok(())
    }

    fn enter(&mut self, fact: &Fact, meters: &Meters<'_>) -> Result<(), String> {
        match fact {
            Fact::Booted(_)
            | Fact::Status(_)
            | Fact::Authorized { .. }
            | Fact::Progress(_)
            | Fact::SecurityEvent(_) => Ok(()),
            Fact::Started(started) => {
                let transaction = &started.transaction;
                let evse = EvseId(u16::try_from(started.place.number()).unwrap_or(0));
                let Some(hardware) = meters.hardware.get(&evse) else {
                    return Err(format!("transaction {transaction} on connector {}", started.place));
                };
                let first_wh = hardware.meter().register_mwh(meters.since) / 1000;
                let Some(start_wh) = started.meter_start_wh else {
                    return Err(format!("transaction {transaction} starts without a register"));
                };
                let account = self.accounts.entry(evse).or_insert_with(|| Account::new(first_wh));
                if let Some(running) = &account.running {
                    return Err(format!("transaction {transaction} starts while {} runs", running.transaction));
                }
                shown(hardware.meter().register_mwh(meters.now), start_wh)
                    .map_err(|shown| format!("transaction {transaction} starts at {shown}"))?;
                let unbillable_mwh = meters.unbillable_mwh.get(&evse).copied().unwrap_or(0);
                let goes_on = account.billed.goes_on(start_wh, unbillable_mwh);
                goes_on.map_err(|gap| format!("transaction {transaction} starts at {gap}"))?;
                account.running = Some(Running {
                    transaction: transaction.clone(),
                    token: started.token.as_ref().map(|token| token.as_str().to_owned()).unwrap_or_default(),
                    meter_start_wh: start_wh,
                });
                self.running.insert(transaction.clone(), evse);
                Ok(())
            }
            Fact::Sampled(samples) => self.sampled(samples, meters),
            Fact::Updated(updated) => {
                let Some(evse) = self.running.get(&updated.transaction) else {
                    return Err(format!("an event of transaction {}, which does not run", updated.transaction));
                };
                let attribution = Attribution::Named(updated.transaction.clone());
                let place = Place::new(Some(u32::from(evse.0)), None);
                self.sampled(&Samples::new(place, attribution, updated.samples.clone()), meters)
            }
            // Told where it differs from what was known before; the bill at the end is checked by it.
            Fact::Settled(_) => Ok(()),
            Fact::Renamed(renamed) if self.running.contains_key(&renamed.transaction) => Ok(()),
            Fact::Renamed(renamed) => Err(format!("another name of {}, which does not run", renamed.transaction)),
            Fact::Stopped(stopped) => {
                let transaction = &stopped.transaction;
                let Some(stop_wh) = stopped.report.meter_stop_wh else {
                    return Err(format!("transaction {transaction} ends without a register"));
                };
                let evse = self.running.remove(transaction);
                let account = evse.and_then(|evse| self.accounts.get_mut(&evse));
                let hardware = evse.and_then(|evse| meters.hardware.get(&evse));
                let running = account.and_then(|account| account.running.take().map(|running| (running, account)));
                let (Some((running, account)), Some(hardware)) = (running, hardware) else {
                    return Err(format!("transaction {transaction} ends, which does not run"));
                };
                shown(hardware.meter().register_mwh(meters.now), stop_wh)
                    .map_err(|shown| format!("transaction {transaction} ends at {shown}"))?;
                if stop_wh < running.meter_start_wh {
                    return Err(format!("transaction {transaction} ends below its start"));
                }
                account.billed.ends(stop_wh);
                account.totals.sessions += 1;
                account.totals.energy_wh += stop_wh - running.meter_start_wh;
                Ok(())
            }
            Fact::StopContradicted { transaction, .. } => Err(format!("transaction {transaction} has two ends")),
            Fact::StopOrphaned(stop) => Err(format!("an end of nothing known at {:?} Wh", stop.report.meter_stop_wh)),
            other => Err(format!("a fact that no station here tells: {other:?}")),
        }
    }

    /// Readings of a transaction lie between its begin and now. Those of the clock come without one while none runs, and tell
    /// of nothing that is not on the bill; those that the CSMS asked for may come at any time.
    fn sampled(&self, samples: &Samples, meters: &Meters<'_>) -> Result<(), String> {
        let evse = EvseId(u16::try_from(samples.place.number()).unwrap_or(0));
        let Some(hardware) = meters.hardware.get(&evse) else {
            return Err(format!("meter values of connector {}", samples.place));
        };
        let account = self.accounts.get(&evse);
        let running = account.and_then(|account| account.running.as_ref());
        let billed = account.map_or_else(
            || Billed::up_to(hardware.meter().register_mwh(meters.since) / 1000),
            |account| account.billed.clone(),
        );
        let unbillable_mwh = meters.unbillable_mwh.get(&evse).copied().unwrap_or(0);
        for value in &samples.values {
            let registers_wh: Vec<i64> = value.values.iter().filter_map(register_wh).collect();
            for register_wh in &registers_wh {
                shown(hardware.meter().register_mwh(meters.now), *register_wh)
                    .map_err(|shown| format!("connector {} was read at {shown}", evse.0))?;
            }
            let is_right = match (&samples.attribution, running) {
                (Attribution::Named(_) | Attribution::Inferred(_) | Attribution::None, _) if is_triggered(value) => {
                    true
                }
                (Attribution::Named(named), Some(running)) if running.transaction == *named => {
                    registers_wh.iter().all(|register_wh| *register_wh >= running.meter_start_wh - SLACK_WH)
                }
                // One that began in 2.x has no number by which 1.6 could name it.
                (Attribution::Inferred(named), Some(running))
                    if running.transaction == *named && named.number().is_none() =>
                {
                    registers_wh.iter().all(|register_wh| *register_wh >= running.meter_start_wh - SLACK_WH)
                }
                (Attribution::None, None) if is_of_the_clock(value) => {
                    registers_wh.iter().all(|register_wh| billed.clone().goes_on(*register_wh, unbillable_mwh).is_ok())
                }
                _ => false,
            };
            if !is_right {
                let (attribution, running) = (&samples.attribution, running.map(|running| &running.transaction));
                return Err(format!(
                    "connector {} was at {registers_wh:?} Wh for {attribution:?}, while {running:?} ran and {billed:?}",
                    evse.0
                ));
            }
        }
        Ok(())
    }

    /// The tokens of the transactions that run.
    pub fn charging(&self) -> impl Iterator<Item = &str> {
        self.accounts.values().filter_map(|account| account.running.as_ref()).map(|running| running.token.as_str())
    }

    /// What was billed on each connector that ever had a transaction.
    pub fn totals(&self) -> impl Iterator<Item = (EvseId, Totals)> {
        self.accounts.iter().map(|(evse, account)| (*evse, account.totals))
    }
}

impl Account {
    fn new(first_wh: i64) -> Self {
        Account { billed: Billed::up_to(first_wh), running: None, totals: Totals::default() }
    }
}

fn is_of_the_clock(value: &MeterValue) -> bool {
    value.values.iter().all(|sample| sample.context.as_deref() == Some("Sample.Clock"))
}

/// No meter showed more than it does now.
fn shown(register_mwh: i64, told_wh: i64) -> Result<(), String> {
    let register_wh = register_mwh / 1000;
    if told_wh > register_wh + SLACK_WH {
        return Err(format!("{told_wh} Wh, the meter shows {register_wh} Wh"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::Hardware;
    use chrono::DateTime;
    use ocpp_core::csms::{Consumption, IdToken, SampledValue, Started, StopReport, Stopped};
    use ocpp_core::time::Instant;

    fn started(number: i32, meter_start_wh: i64) -> Fact {
        let mut started = Started::new(TransactionId::from(number), Place::numbered(1), DateTime::UNIX_EPOCH);
        started.token = Some(IdToken::new("TAG"));
        started.meter_start_wh = Some(meter_start_wh);
        Fact::Started(started)
    }

    fn stopped(number: i32, meter_stop_wh: i64) -> Fact {
        let mut report = StopReport::new(DateTime::UNIX_EPOCH);
        report.meter_stop_wh = Some(meter_stop_wh);
        Fact::Stopped(Stopped::new(TransactionId::from(number), Consumption::NonMonotonic, report))
    }

    /// On a meter that showed 1000 Wh at the beginning and shows 1100 Wh now.
    fn look(facts: &[Fact]) -> Result<(i64, usize), Violation> {
        let mut hardware = Hardware::new(1_000_000, 0);
        hardware.plug(Instant::ZERO);
        hardware.order(Instant::ZERO, &ocpp_core::station::EvseAction::Power(ocpp_core::station::Power::On));
        let _ = hardware.poll_fact(Instant::from_millis(80));
        hardware.set_draw(Instant::from_millis(80), 360_000);
        let hardware = BTreeMap::from([(EvseId(1), hardware)]);
        let now = Instant::from_millis(1_080);
        let meters = Meters { hardware: &hardware, since: Instant::ZERO, now, unbillable_mwh: &BTreeMap::new() };
        let mut check = LedgerCheck::default();
        check.look(facts, &meters)?;
        Ok((check.totals().map(|(_, totals)| totals.energy_wh).sum(), check.charging().count()))
    }

    fn sampled(attribution: Attribution, context: &str, value: &str) -> Fact {
        let mut sample = SampledValue::new(value);
        sample.context = Some(context.into());
        let values = vec![MeterValue { at: DateTime::UNIX_EPOCH, values: vec![sample] }];
        Fact::Sampled(Samples::new(Place::numbered(1), attribution, values))
    }

    #[test]
    fn readings_of_the_clock_tell_what_is_on_the_bill_while_nothing_runs() {
        let first = || Attribution::Named(TransactionId::from(1));
        let clock = |attribution, value| sampled(attribution, "Sample.Clock", value);
        let session = |between| look(&[started(1, 1000), stopped(1, 1060), between, started(2, 1060)]).is_ok();
        assert!(session(clock(Attribution::None, "1060.512")));
        assert!(!session(clock(Attribution::None, "1070.0")), "energy that nobody pays");
        assert!(!session(clock(Attribution::None, "1010.0")), "backwards");
        assert!(!session(clock(first(), "1060.0")), "of a transaction that has ended");
        assert!(!session(sampled(Attribution::None, "Sample.Periodic", "1060.0")), "of no transaction");
        assert!(session(sampled(Attribution::None, "Trigger", "1090.0")));
        assert!(!session(sampled(Attribution::None, "Trigger", "1190.0")), "more than the meter shows");
        let during = |reading| look(&[started(1, 1000), reading]).is_ok();
        assert!(during(clock(first(), "1050.0")));
        assert!(!during(clock(first(), "950.0")), "below the start");
        assert!(!during(clock(Attribution::None, "1000.0")), "a transaction runs");
        assert!(!during(clock(Attribution::Unknown(TransactionId::from(9)), "1000.0")));
    }

    #[test]
    fn what_flowed_is_counted_and_what_runs_is_known() {
        assert_eq!(look(&[started(1, 1000), stopped(1, 1060), started(2, 1060)]), Ok((60, 1)));
        assert_eq!(look(&[started(1, 1000), stopped(1, 1060), started(2, 1061), stopped(2, 1100)]), Ok((99, 0)));
    }

    #[test]
    fn each_wrong_fact_is_seen_when_it_comes() {
        for (wrong, why) in [
            (vec![started(1, 1000), stopped(1, 1102)], "more than the meter shows"),
            (vec![started(1, 1102)], "from a register never shown"),
            (vec![started(1, 1010)], "energy before it is missing"),
            (vec![started(1, 1000), stopped(1, 1060), started(2, 1050)], "billed twice"),
            (vec![started(1, 1060), stopped(1, 1050)], "backwards"),
            (vec![started(1, 1000), started(2, 1000)], "two at once"),
            (vec![stopped(1, 1000)], "never started"),
            (vec![started(1, 1000), stopped(1, 1060), stopped(1, 1060)], "ended twice"),
        ] {
            assert!(matches!(look(&wrong), Err(Violation::Bill(_))), "{why}");
        }
    }
}
