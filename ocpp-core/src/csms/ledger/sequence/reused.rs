//! Names that a station gives a second time, though it must not (2.x E01.FR.08): one that counts its transactions from its start, and
//! forgets the count with its power. What it tells under the name then is another transaction, and is recorded under another name.

use alloc::format;
use alloc::vec::Vec;

use chrono::{DateTime, Utc};

use super::{Account, Ledger};
use crate::csms::TransactionId;
use crate::csms::ledger::judge::Yardstick;
use crate::csms::report::{EventKind, EventReport};

/// Between the name that the station gave and the time of the begin, in seconds.
const MARK: char = '~';

impl Ledger {
    /// The name under which an event is recorded, and whether it is given to it now.
    ///
    /// A begin that is later than all that was told under its name, and more than the begin was, is another transaction: what is
    /// repeated bears the time of what it repeats. It needs a time that can be right.
    pub(super) fn name_of(&self, report: &EventReport, by: &Yardstick) -> (TransactionId, bool) {
        let told = &report.transaction;
        let known = || self.accounts.iter().filter(|account| account.told_as() == told);
        let began = known().filter(|account| account.begin.is_some_and(|begin| begin.at <= report.at));
        let Some(account) = began.max_by_key(|account| account.begin.map(|begin| begin.at)).or_else(|| known().next())
        else {
            return (told.clone(), false);
        };
        let (mut at, mut odd) = (report.at, Vec::new());
        by.time(&mut at, &mut odd);
        if report.kind == EventKind::Begin && odd.is_empty() && account.is_over_by(at) {
            (TransactionId::new(&format!("{told}{MARK}{}", at.timestamp())), true)
        } else {
            (account.transaction.clone(), false)
        }
    }

    /// What the station calls a transaction.
    pub fn told_name(&self, transaction: &TransactionId) -> TransactionId {
        self.account(transaction).map_or(transaction, Account::told_as).clone()
    }
}

impl Account {
    fn told_as(&self) -> &TransactionId {
        self.told_as.as_ref().unwrap_or(&self.transaction)
    }

    /// Whether all that was told of it, which is more than its begin, lies before this time.
    fn is_over_by(&self, at: DateTime<Utc>) -> bool {
        let Some(begin) = self.begin else { return false };
        let went_on = self.end.is_some() || self.seen.last() > Some(begin.seq_no);
        went_on && self.last_at.or(self.end.map(|end| end.at)).is_some_and(|last| last < at)
    }
}

/// What the station calls a transaction that was given this name here.
pub(super) fn told_by(transaction: &TransactionId) -> Option<TransactionId> {
    transaction.as_str().rsplit_once(MARK).map(|(told, _)| TransactionId::new(told))
}
