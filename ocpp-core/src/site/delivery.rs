//! At-least-once delivery of the journal, in order: what the CSMS answered to a transaction message, and what becomes of
//! one that it did not answer (1.6 §3.7.1, 2.x E13).

use super::authorize::Authorize;
use super::context::Context;
use super::journal::{AfterFailure, JournalRecord, Pending, StartVerdict};
use super::settings::Setting;
use super::signal::Signal;
use super::token::TokenInfo;
use super::verdict::Undelivered;
use crate::station::{AuthorizationStatus, Event};

/// The CSMS took the begin of the transaction that is first in the journal, or that somebody charges in it, under its number if it told one, and said
/// something of the token, or nothing. A CSMS that says nothing of the token does not refuse it.
pub(super) fn on_start_delivered(
    ctx: &mut Context<'_>,
    authorize: &mut Authorize,
    csms_id: Option<i64>,
    info: Option<TokenInfo>,
) {
    let Some(transaction) = ctx.journal.first().and_then(Pending::transaction) else { return };
    if let (Some(token), Some(info)) = (ctx.journal.bearer(transaction).cloned(), &info) {
        authorize.learn(ctx.shared, ctx.settings, &token, info.clone());
    }
    let status = info.as_ref().map(|info| info.status);
    let group = info.and_then(|info| info.group);
    let is_refused = status.is_some_and(|status| status != AuthorizationStatus::Accepted);
    let verdict = StartVerdict { csms_id, group: group.clone(), is_refused };
    ctx.journal.delivered(&mut ctx.shared.store, &ctx.shared.clock, verdict);
    let name = ctx.known_as(transaction);
    ctx.event(Event::TransactionKnown { transaction: transaction.id(), csms_id, name, status });
    ctx.signals.push_back(Signal::StartAnswered { transaction, status, group });
}

/// The CSMS took what is first in the journal: what happened in a transaction, or its end. It may have said something of the token,
/// which counts for the transaction as if it had answered the begin (2.x E05.FR.01, E06.FR.04).
pub(super) fn on_delivered(ctx: &mut Context<'_>, authorize: &mut Authorize, info: Option<TokenInfo>) {
    let Some(first) = ctx.journal.first() else { return };
    let goes_on = matches!(first.record, JournalRecord::Sampled(_));
    let transaction = first.transaction();
    let token = match &first.record {
        JournalRecord::Stopped(stop) => stop.token.clone(),
        JournalRecord::Sampled(sample) => ctx.journal.bearer(sample.transaction).cloned(),
        JournalRecord::Started(_) | JournalRecord::Measured(_) => None,
    };
    if let (Some(token), Some(info)) = (&token, &info) {
        authorize.learn(ctx.shared, ctx.settings, token, info.clone());
    }
    let status = info.as_ref().map(|info| info.status);
    let is_refused = status.is_some_and(|status| status != AuthorizationStatus::Accepted);
    let group = info.and_then(|info| info.group);
    let verdict = StartVerdict { csms_id: None, group: group.clone(), is_refused };
    ctx.journal.delivered(&mut ctx.shared.store, &ctx.shared.clock, verdict);
    if let Some(transaction) = transaction.filter(|_| goes_on && status.is_some()) {
        ctx.signals.push_back(Signal::StartAnswered { transaction, status, group });
    }
}

/// The CSMS did not take what is first in the journal, which was sent as `action`.
pub(super) fn on_undelivered(ctx: &mut Context<'_>, why: Undelivered, action: &'static str) {
    let attempts = match why {
        Undelivered::LinkLost => return,
        Undelivered::Unsendable => 1,
        Undelivered::Refused | Undelivered::TimedOut => ctx.settings.number(Setting::TransactionMessageAttempts),
    };
    let interval = ctx.settings.seconds(Setting::TransactionMessageRetryInterval);
    match ctx.journal.failed(ctx.shared.now, &mut ctx.shared.store, &ctx.shared.clock, attempts, interval) {
        Some(AfterFailure::Dropped(pending)) => on_dropped(ctx, &pending, action),
        Some(AfterFailure::RetryAt(_)) | None => {}
    }
}

fn on_dropped(ctx: &mut Context<'_>, pending: &Pending, action: &'static str) {
    let Some(transaction) = pending.transaction() else { return };
    ctx.event(Event::TransactionMessageDropped { transaction: transaction.id(), action: action.into() });
    if matches!(pending.record, JournalRecord::Started(_)) {
        let name = ctx.known_as(transaction);
        ctx.event(Event::TransactionKnown { transaction: transaction.id(), csms_id: None, name, status: None });
        ctx.signals.push_back(Signal::StartAnswered { transaction, status: None, group: None });
    }
}
