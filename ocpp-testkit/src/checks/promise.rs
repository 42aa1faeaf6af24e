//! What was promised comes true: an end that was answered or shown is an end, whatever happens to the power.
//!
//! A transaction's end is promised when the CSMS has its call answered by it, or the status or an event shows it. From then
//! on no energy may flow until another transaction begins there, and the end must get to the bill, with its reason. A cable
//! that is held after a deauthorisation stays held for its owner (1.6 §3.5.4, errata 3.5).

use std::collections::{BTreeMap, VecDeque};

use ocpp_core::csms::TransactionId;
use ocpp_core::station::{Cable, Event, EvseId, EvseStatus, IdToken, Lock, StopReason};
use ocpp_core::store::{Log, StoreOp};
use serde_json::Value;

use super::Violation;
use super::wire::Frame;
use crate::csms::Bill;
use crate::hardware::Hardware;
use crate::link::End;

/// Follows what a station promises.
#[derive(Clone, Debug, Default)]
pub struct PromiseCheck {
    /// The transaction of each EVSE, as the station told.
    running: BTreeMap<EvseId, TransactionId>,
    /// How the CSMS names them: by its numbers in 1.6, as the station does in 2.x.
    names: BTreeMap<TransactionId, TransactionId>,
    /// Those of which the CSMS has not been told, in the order in which they began, which is that of their delivery.
    untold: VecDeque<TransactionId>,
    /// Calls of the CSMS, by their ids.
    calls: BTreeMap<String, Call>,
    /// Where a transaction's end was promised and no other one has begun.
    ended: BTreeMap<EvseId, &'static str>,
    promises: Vec<Promise>,
    /// Where a cable is held after a deauthorisation, and for which token, once that is known.
    held: BTreeMap<EvseId, Option<String>>,
}

#[derive(Clone, Debug)]
enum Call {
    RemoteStop(TransactionId),
    Unlock(EvseId),
    Reset,
}

/// The end of a transaction that was promised.
#[derive(Clone, Debug)]
struct Promise {
    transaction: Named,
    /// With which reason, where that was promised too.
    reason: Option<String>,
    /// By what.
    by: &'static str,
}

#[derive(Clone, Debug)]
enum Named {
    ByStation(TransactionId),
    ByCsms(TransactionId),
}

impl PromiseCheck {
    /// The station tells this.
    ///
    /// # Errors
    /// When it begins a transaction at a plug that is held for another driver.
    pub fn told(&mut self, event: &Event) -> Result<(), Violation> {
        match event {
            Event::TransactionStarted { evse, transaction, .. } => {
                self.running.insert(*evse, transaction.clone());
                self.untold.push_back(transaction.clone());
                self.ended.remove(evse);
                if self.held.contains_key(evse) {
                    return Err(broken(*evse, "a transaction begins", "a cable that is held"));
                }
            }
            Event::TransactionKnown { transaction, csms_id: Some(number), .. } => {
                if let Ok(number) = i32::try_from(*number) {
                    self.untold.retain(|untold| untold != transaction);
                    self.names.insert(transaction.clone(), number.into());
                }
            }
            // Where a transaction begins with its energy (2.x `EnergyTransfer`), that flows as soon as somebody may charge.
            Event::TokenAccepted { evse: Some(evse) } => {
                self.ended.remove(evse);
            }
            Event::TransactionEnded { evse, transaction, reason, .. } => {
                self.running.remove(evse);
                self.ended.insert(*evse, "the event of the end");
                let (transaction, reason) = (Named::ByStation(transaction.clone()), Some(format!("{reason:?}")));
                self.promises.push(Promise { transaction, reason, by: "the event of the end" });
            }
            Event::Status { evse, status: EvseStatus::Finishing } => {
                if let Some(transaction) = self.running.get(evse) {
                    self.ended.insert(*evse, "the status Finishing");
                    let transaction = Named::ByStation(transaction.clone());
                    self.promises.push(Promise { transaction, reason: None, by: "the status Finishing" });
                }
            }
            _ => {}
        }
        if let Event::TransactionEnded { evse, reason: StopReason::DeAuthorized, .. } = event {
            self.held.insert(*evse, None);
        }
        Ok(())
    }

    /// An end sends a frame.
    pub fn sent(&mut self, sender: End, frame: &Frame) {
        match (sender, frame) {
            (End::Csms, Frame::Call { id, action, payload }) => self.called(id, action, payload),
            (End::Station, Frame::Call { action, payload, .. }) if action == "TransactionEvent" => {
                let name = payload.pointer("/transactionInfo/transactionId").and_then(Value::as_str);
                if let (Some("Started"), Some(name)) = (payload.get("eventType").and_then(Value::as_str), name) {
                    self.begins(TransactionId::new(name));
                }
            }
            (End::Station, Frame::Result { id, payload }) => {
                let is_promise = matches!(payload.get("status").and_then(Value::as_str), Some("Accepted" | "Unlocked"));
                if let Some(call) = self.calls.remove(id).filter(|_| is_promise) {
                    self.answered(&call);
                }
            }
            (End::Station | End::Csms, _) => {}
        }
    }

    /// The station tells of a begin, under a name of its own (2.x), or does so again.
    fn begins(&mut self, name: TransactionId) {
        if self.names.values().any(|known| *known == name) {
            return;
        }
        if let Some(transaction) = self.untold.pop_front() {
            self.names.insert(transaction, name);
        }
    }

    fn called(&mut self, id: &str, action: &str, payload: &Value) {
        let number = |name: &str| payload.get(name).and_then(Value::as_i64);
        let call = match action {
            "RemoteStopTransaction" => {
                let number = number("transactionId").and_then(|number| i32::try_from(number).ok());
                number.map(TransactionId::from).map(Call::RemoteStop)
            }
            "RequestStopTransaction" => {
                let name = payload.get("transactionId").and_then(Value::as_str);
                name.map(TransactionId::new).map(Call::RemoteStop)
            }
            "UnlockConnector" => {
                let evse = number("evseId").or_else(|| number("connectorId"));
                evse.and_then(|n| u16::try_from(n).ok()).map(EvseId).map(Call::Unlock)
            }
            "Reset" => Some(Call::Reset),
            _ => None,
        };
        // It may open from now on.
        if let Some(Call::Unlock(evse)) = &call {
            self.held.remove(evse);
        }
        if let Some(call) = call {
            self.calls.insert(id.to_owned(), call);
        }
    }

    fn name(&self, transaction: &TransactionId) -> TransactionId {
        self.names.get(transaction).cloned().unwrap_or_else(|| transaction.clone())
    }

    fn answered(&mut self, call: &Call) {
        match call {
            Call::RemoteStop(name) => {
                let at = self.running.iter().find(|(_, running)| self.name(running) == *name);
                if let Some(evse) = at.map(|(evse, _)| *evse) {
                    self.ended.insert(evse, "the answer to a remote stop");
                }
                let reason = Some("Remote".to_owned());
                let by = "the answer to a remote stop";
                self.promises.push(Promise { transaction: Named::ByCsms(name.clone()), reason, by });
            }
            // It may have been ending already, for another reason.
            Call::Unlock(evse) => {
                self.ended.insert(*evse, "the answer to UnlockConnector");
                if let Some(transaction) = self.running.get(evse) {
                    let transaction = Named::ByStation(transaction.clone());
                    self.promises.push(Promise { transaction, reason: None, by: "the answer to UnlockConnector" });
                }
            }
            Call::Reset => {
                for (evse, transaction) in &self.running {
                    self.ended.insert(*evse, "the answer to Reset");
                    let transaction = Named::ByStation(transaction.clone());
                    self.promises.push(Promise { transaction, reason: None, by: "the answer to Reset" });
                }
            }
        }
    }

    /// The station orders energy.
    ///
    /// # Errors
    /// When the end of the transaction there was promised.
    pub fn powered(&self, evse: EvseId) -> Result<(), Violation> {
        match self.ended.get(&evse) {
            Some(by) => Err(broken(evse, "energy flows again", by)),
            None => Ok(()),
        }
    }

    /// A driver presents a token.
    pub fn presented(&mut self, token: &IdToken) {
        self.held.retain(|_, owner| owner.as_ref().is_none_or(|owner| IdToken::new(owner) != *token));
    }

    /// The station loses its power: transactions whose begin is not durable have never been.
    pub fn power_cut(&mut self, durable: &[StoreOp]) {
        self.calls.clear();
        let is_durable = |transaction: &TransactionId| {
            durable.iter().any(
                |op| matches!(op, StoreOp::Append { log: Log::Transactions, index, .. } if index.0.to_string() == transaction.as_str()),
            )
        };
        self.running.retain(|_, transaction| is_durable(transaction));
        self.untold.retain(is_durable);
    }

    /// What holds at any time.
    ///
    /// # Errors
    /// When the lock opens of a cable that is held.
    pub fn look(
        &mut self,
        hardware: &BTreeMap<EvseId, Hardware>,
        bill: impl FnOnce() -> Bill,
    ) -> Result<(), Violation> {
        self.held
            .retain(|evse, _| hardware.get(evse).is_some_and(|evse| evse.has_lock() && evse.cable() != Cable::Absent));
        if self.held.values().any(Option::is_none) {
            let bill = bill();
            for (evse, owner) in &mut self.held {
                let last = bill.rows.iter().rfind(|row| row.place.evse() == Some(u32::from(evse.0)));
                *owner = last.map(|row| row.token.clone());
            }
        }
        let open = self.held.keys().find(|evse| hardware.get(evse).is_some_and(|evse| evse.lock() == Lock::Unlocked));
        open.map_or(Ok(()), |evse| Err(broken(*evse, "the lock opens", "a cable that is held")))
    }

    /// Everything was delivered: what was promised is on the bill.
    ///
    /// # Errors
    /// When it is not.
    pub fn finish(&self, bill: &Bill) -> Result<(), Violation> {
        for promise in &self.promises {
            let name = match &promise.transaction {
                Named::ByStation(transaction) if self.names.contains_key(transaction) => self.name(transaction),
                Named::ByStation(_) => continue,
                Named::ByCsms(name) => name.clone(),
            };
            let end = bill.row(&name).and_then(|row| row.end.as_ref());
            let told = end.map(|end| end.reason.clone().unwrap_or_else(|| "Local".to_owned()));
            let is_same = |told: &String| promise.reason.as_ref().is_none_or(|reason| says(told, reason));
            if !told.as_ref().is_some_and(is_same) {
                let expected = promise.reason.clone().unwrap_or_else(|| "any".to_owned());
                return Err(Violation::Promise(format!(
                    "transaction {name} ends {told:?}, promised by {}: {expected}",
                    promise.by
                )));
            }
        }
        Ok(())
    }
}

/// Resets, by the words of either version.
const RESETS: [&str; 3] = ["HardReset", "SoftReset", "ImmediateReset"];
/// Reasons for which one version or the other has no word (1.6 §7.36, 2.x ReasonEnumType).
const OF_ONE_VERSION: [&str; 12] = [
    "EnergyLimitReached",
    "GroundFault",
    "LocalOutOfCredit",
    "MasterPass",
    "OvercurrentFault",
    "PowerQuality",
    "ReqEnergyTransferRejected",
    "SocLimitReached",
    "StoppedByEv",
    "TimeLimitReached",
    "Timeout",
    "UnlockCommand",
];

/// Whether a reason is told so: the event names it as the code does.
fn says(told: &str, reason: &str) -> bool {
    told.eq_ignore_ascii_case(reason)
        || (RESETS.contains(&told) && RESETS.contains(&reason))
        || (told == "Other" && OF_ONE_VERSION.contains(&reason))
}

fn broken(evse: EvseId, what: &str, by: &str) -> Violation {
    Violation::Promise(format!("{what} at evse {} after {by}", evse.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reason_that_a_version_has_no_word_for_is_another() {
        assert!(says("EVDisconnected", "EvDisconnected") && says("ImmediateReset", "HardReset"));
        assert!(says("Other", "UnlockCommand") && says("Other", "Timeout"));
        assert!(!says("Other", "Remote") && !says("Local", "UnlockCommand") && !says("Remote", "HardReset"));
    }

    const EVSE: EvseId = EvseId(1);

    fn first() -> TransactionId {
        TransactionId::from(1)
    }

    fn started() -> PromiseCheck {
        let mut check = PromiseCheck::default();
        check.told(&Event::TransactionStarted { evse: EVSE, transaction: first(), name: None }).unwrap();
        check
            .told(&Event::TransactionKnown { transaction: first(), csms_id: Some(7), name: None, status: None })
            .unwrap();
        check
    }

    fn call(action: &str, payload: Value) -> Frame {
        Frame::Call { id: "c".to_owned(), action: action.to_owned(), payload }
    }

    fn answer(status: &str) -> Frame {
        Frame::Result { id: "c".to_owned(), payload: json!({"status": status}) }
    }

    #[test]
    fn energy_after_a_promised_end_is_seen_until_another_begins() {
        let mut check = started();
        assert_eq!(check.powered(EVSE), Ok(()));
        check.sent(End::Csms, &call("RemoteStopTransaction", json!({"transactionId": 7})));
        assert_eq!(check.powered(EVSE), Ok(()), "not answered");
        check.sent(End::Station, &answer("Accepted"));
        assert!(matches!(check.powered(EVSE), Err(Violation::Promise(_))));
        check.told(&Event::TransactionStarted { evse: EVSE, transaction: TransactionId::from(2), name: None }).unwrap();
        assert_eq!(check.powered(EVSE), Ok(()));
    }

    #[test]
    fn end_that_does_not_come_is_seen() {
        for (action, payload, status) in [
            ("RemoteStopTransaction", json!({"transactionId": 7}), "Accepted"),
            ("UnlockConnector", json!({"connectorId": 1}), "Unlocked"),
            ("Reset", json!({"type": "Soft"}), "Accepted"),
        ] {
            let mut check = started();
            check.sent(End::Csms, &call(action, payload.clone()));
            check.sent(End::Station, &answer("Rejected"));
            assert_eq!(check.finish(&Bill::default()), Ok(()), "{action}");
            check.sent(End::Csms, &call(action, payload));
            check.sent(End::Station, &answer(status));
            assert!(check.finish(&Bill::default()).is_err(), "{action}");
        }
        let mut check = started();
        check.told(&Event::Status { evse: EVSE, status: EvseStatus::Finishing }).unwrap();
        assert!(check.finish(&Bill::default()).is_err());
    }

    #[test]
    fn start_that_was_not_durable_promises_nothing() {
        let mut check = started();
        check.power_cut(&[]);
        check.told(&Event::Status { evse: EVSE, status: EvseStatus::Finishing }).unwrap();
        assert_eq!(check.finish(&Bill::default()), Ok(()));
    }

    #[test]
    fn cable_that_is_not_held_any_more_is_seen() {
        let mut hardware = Hardware::new(0, 0).with_lock();
        hardware.plug(ocpp_core::time::Instant::ZERO);
        let hardware = BTreeMap::from([(EVSE, hardware)]);
        let mut check = started();
        assert_eq!(check.look(&hardware, Bill::default), Ok(()));
        let reason = StopReason::DeAuthorized;
        check.told(&Event::TransactionEnded { evse: EVSE, transaction: first(), name: None, reason }).unwrap();
        assert!(check.look(&hardware, Bill::default).is_err());
        let next = Event::TransactionStarted { evse: EVSE, transaction: TransactionId::from(2), name: None };
        assert!(check.told(&next).is_err());
    }
}
