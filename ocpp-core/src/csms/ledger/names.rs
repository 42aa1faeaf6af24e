//! Transactions with two names: one station, one begin, told in 1.6 and again in 2.x, or the reverse.
//!
//! A begin is told again until it was answered (at least once), and the connection may speak another version by then. In 1.6 the CSMS
//! names a transaction, in 2.x the station does; so the repeat bears a name, or wants one, that is not that of the facts. What tells it
//! is its content: the same place, driver, register and time. In the facts a transaction keeps the name under which it was recorded
//! first, and [`Fact::Renamed`] says what the station calls it besides.

use alloc::vec::Vec;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::judge::SLACK;
use super::sequence::Account;
use super::{Ledger, Running, next_number};
use crate::csms::report::{EventKind, EventReport, StartReport};
use crate::csms::{EventInfo, Fact, IdToken, Limits, Renamed, TransactionId};
use crate::rng::Rng;

/// Another name of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub(super) struct Alias {
    name: TransactionId,
    transaction: TransactionId,
}

impl Ledger {
    /// The name in the facts of what the station calls so.
    pub fn recorded_as(&self, name: &TransactionId) -> TransactionId {
        let alias = self.aliases.iter().find(|alias| alias.name == *name);
        alias.map_or(name, |alias| &alias.transaction).clone()
    }

    /// What the station calls a transaction of the facts, in 1.6 (by a number) or in 2.x.
    pub fn called(&self, transaction: &TransactionId, by_number: bool) -> TransactionId {
        let fits = |alias: &&Alias| alias.transaction == *transaction && alias.name.number().is_some() == by_number;
        self.aliases.iter().rfind(fits).map_or(transaction, |alias| &alias.name).clone()
    }

    /// Whether events of a transaction are numbered: several tokens may come with them.
    pub fn may_have_several_tokens(&self, transaction: &TransactionId) -> bool {
        self.account(transaction).is_some()
    }

    /// The name for a transaction that began in 2.x, and whose begin is told again in 1.6; and the fact, unless it has one already.
    pub(super) fn number_for(
        &self,
        report: &StartReport,
        floor: i32,
        rng: &mut Rng,
    ) -> Option<(TransactionId, Option<Fact>)> {
        let account = self.accounts.iter().find(|account| account.is_begun_by(report))?;
        let transaction = account.name();
        let known = self.called(&transaction, true);
        if known.number().is_some() {
            return Some((known, None));
        }
        let name = TransactionId::from(next_number(self.last_number.max(floor), rng)?);
        let renamed = Renamed { transaction, name: name.clone(), at: report.at, event: EventInfo::default() };
        Some((name, Some(Fact::Renamed(renamed))))
    }

    /// The fact that a transaction, which began in 1.6, has another name: its begin is told again.
    pub(super) fn renamed_by(&self, report: &EventReport) -> Option<Fact> {
        if report.kind != EventKind::Begin || self.account(&report.transaction).is_some() {
            return None;
        }
        let running = self.running.iter().find(|running| running.is_begun_by(report))?;
        Some(Fact::Renamed(Renamed {
            transaction: running.number.into(),
            name: report.transaction.clone(),
            at: report.at,
            event: EventInfo { seq_no: Some(report.seq_no), ..report.event.clone() },
        }))
    }

    /// Takes another name in, which is recorded.
    pub(super) fn rename(&mut self, renamed: &Renamed, limits: &Limits) {
        self.last_number = self.last_number.max(renamed.name.number().unwrap_or_default());
        let most = limits.open_transactions.max(1).saturating_add(limits.closed_transactions);
        if self.aliases.len() >= most {
            self.aliases.remove(0);
        }
        self.aliases.push(Alias { name: renamed.name.clone(), transaction: renamed.transaction.clone() });
        if let Some(seq_no) = renamed.event.seq_no {
            self.hear(&renamed.transaction, seq_no, limits);
        }
    }
}

impl Running {
    /// Whether its begin is told again. Once the station knew its number, it would say that.
    fn is_begun_by(&self, report: &EventReport) -> bool {
        let is_same = |token: &IdToken| token.matches(&self.token);
        !self.named
            && self.connector == report.place.number()
            && (self.at - report.at).abs() <= SLACK
            && report.token.as_ref().is_some_and(is_same)
            && report.register_wh().is_none_or(|wh| wh == self.meter_start_wh)
    }
}

impl Account {
    /// Whether its begin is told again, to a CSMS that has to name it.
    fn is_begun_by(&self, report: &StartReport) -> bool {
        let mut tokens = self.tokens().peekable();
        self.begins_at().is_some_and(|at| (at - report.at).abs() <= SLACK)
            && !self.is_closed()
            && self.place_number() == report.place.number()
            && self.start_wh().is_none_or(|wh| wh == report.meter_start_wh)
            && (tokens.peek().is_none() || tokens.any(|token| token.matches(&report.token)))
    }
}

/// The other names that are kept.
pub(super) type Aliases = Vec<Alias>;
