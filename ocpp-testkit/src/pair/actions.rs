//! Carrying out what the machines order.

use std::time::Duration;

use ocpp_core::csms;
use ocpp_core::station::{self as st, LinkAction};
use ocpp_core::store::{self, Log, StoreOp};

use super::{Attempt, Pair, text};
use crate::checks::{Failure, Violation};
use crate::link::End;
use crate::trace::record::What;
use crate::trace::{Actor, LOST};

/// More actions than any input can ask for.
const MAX_ACTIONS: usize = 10_000;
/// How long a reboot takes that the station ordered itself.
const REBOOT_TIME: Duration = Duration::from_secs(20);

impl Pair {
    /// Carries out all that both machines order, and tells what the hardware says to it.
    pub(super) fn drain(&mut self) -> Result<(), Failure> {
        for _ in 0..MAX_ACTIONS {
            if let Some(action) = self.station.poll_action() {
                self.carry_out_station(action)?;
                self.after_action(End::Station);
            } else if let Some(action) = self.csms.poll_action() {
                self.carry_out_csms(action)?;
                self.after_action(End::Csms);
            } else if !self.tell_one_fact()? {
                return Ok(());
            }
        }
        let end = if self.station.poll_action().is_some() { End::Station } else { End::Csms };
        Err(self.fail(Violation::EndlessActions(end)))
    }

    /// Tells the station one fact of its hardware, if there is one.
    fn tell_one_fact(&mut self) -> Result<bool, Failure> {
        let now = self.now;
        let mut facts = self.station.hardware.iter_mut();
        let fact = facts.find_map(|(evse, hardware)| hardware.poll_fact(now).map(|fact| (*evse, fact)));
        let Some((evse, fact)) = fact else {
            let Some((id, word)) = self.station.jobs.poll_update(now) else { return Ok(false) };
            self.note(Actor::World, || format!("job {} is {word:?}", id.0));
            self.tell_station(st::Input::Job(id, word))?;
            return Ok(true);
        };
        self.note(Actor::Evse(evse.0), || format!("reports {}", text::fact(&fact)));
        self.tell_station(st::Input::Evse(evse, fact))?;
        Ok(true)
    }

    pub(super) fn tell_station(&mut self, input: st::Input<'_>) -> Result<(), Failure> {
        let told = self.station.handle(self.now, input);
        let ticked = told.and_then(|()| match self.extra_ticks {
            true => self.station.handle(self.now, st::Input::Tick),
            false => Ok(()),
        });
        ticked.map_err(|misuse| self.fail(Violation::Misuse(End::Station, misuse)))
    }

    pub(super) fn tell_csms(&mut self, input: csms::Input<'_>) -> Result<(), Failure> {
        let told = self.csms.handle(self.now, input);
        let ticked = told.and_then(|()| match self.extra_ticks {
            true => self.csms.handle(self.now, csms::Input::Tick),
            false => Ok(()),
        });
        ticked.map_err(|misuse| self.fail(Violation::Misuse(End::Csms, misuse)))
    }

    fn carry_out_station(&mut self, action: st::Action) -> Result<(), Failure> {
        let now = self.now;
        match action {
            st::Action::Link(LinkAction::Connect(request)) => {
                self.note(Actor::Station, || format!("connects {} {:?}", request.url, request.subprotocols));
                self.forget_connection(End::Station);
                let url = request.url.clone();
                let security_profile = request.security_profile.map_or(0, |profile| profile.number());
                let connection = self.link.connect(now, request);
                self.attempts.push(Attempt { url, security_profile, connection, was_heard: false });
            }
            st::Action::Link(LinkAction::Send(bytes)) => self.send(End::Station, bytes)?,
            st::Action::Link(LinkAction::Ping) => {
                self.note(Actor::Station, || "pings".to_owned());
                self.link.ping(now, End::Station);
            }
            st::Action::Link(LinkAction::Close) => {
                self.note(Actor::Station, || "closes".to_owned());
                self.forget_connection(End::Station);
                self.link.close(now, End::Station);
            }
            st::Action::Store { ticket, op } => {
                self.note(Actor::Station, || format!("stores #{} {}", ticket.0, text::store_op(&op)));
                let taken = self.station.store_op(now, ticket, op);
                taken.map_err(|error| self.fail(Violation::OutOfTurn(End::Station, error)))?;
            }
            st::Action::Evse(evse, order) => {
                self.note(Actor::Station, || format!("orders evse {} {order:?}", evse.0));
                if let (Some(promises), st::EvseAction::Power(st::Power::On)) = (&self.promises, &order) {
                    promises.powered(evse).map_err(|violation| self.fail(violation))?;
                }
                if let Some(hardware) = self.station.hardware.get_mut(&evse) {
                    hardware.order(now, &order);
                }
            }
            st::Action::Job(id, job) => {
                self.note(Actor::Station, || format!("orders job {} {job:?}", id.0));
                self.station.jobs.order(now, id, &job);
            }
            st::Action::Display(order) => self.note(Actor::Station, || format!("displays {order:?}")),
            st::Action::SetClock(wall) => {
                self.note(Actor::Station, || format!("sets its clock to {}", text::time(wall)));
                self.station.clock.set(now, wall);
            }
            st::Action::Reboot(kind) => {
                self.note(Actor::Station, || format!("reboots {kind:?}"));
                self.station.count_restart();
                self.power_cut(End::Station, 0, true, REBOOT_TIME);
            }
            // An application that knows no vendor, and lets every message pass.
            st::Action::Ask { id, question, .. } => {
                self.note(Actor::Station, || format!("asks #{} {question:?}", id.0));
                let answer = match question {
                    st::Question::DataTransfer { .. } | st::Question::CustomerInformation { .. } => return Ok(()),
                    st::Question::Upload { .. } => st::Answer::Upload(st::UploadAnswer::Accept),
                    st::Question::Incoming { .. } => st::Answer::Incoming(st::IncomingAnswer::Proceed),
                    st::Question::Outgoing { .. } => st::Answer::Outgoing(st::OutgoingAnswer::Send),
                };
                self.tell_station(st::Input::Answer(id, answer))?;
            }
            st::Action::Event(event) => {
                self.note(Actor::Station, || format!("tells {event:?}"));
                if let st::Event::TransactionStarted { evse, transaction, .. } = &event {
                    let index = ocpp_core::store::LogIndex(transaction.as_str().parse().unwrap_or_default());
                    self.begun.push((*evse, index, now));
                }
                let told = self.promises.as_mut().map_or(Ok(()), |promises| promises.told(&event));
                told.map_err(|violation| self.fail(violation))?;
                self.station_events.push((now, event));
            }
        }
        Ok(())
    }

    fn carry_out_csms(&mut self, action: csms::Action) -> Result<(), Failure> {
        let now = self.now;
        match action {
            csms::Action::Link(csms::LinkAction::Send(bytes)) => self.send(End::Csms, bytes)?,
            csms::Action::Link(csms::LinkAction::Ping) => {
                self.note(Actor::Csms, || "pings".to_owned());
                self.link.ping(now, End::Csms);
            }
            csms::Action::Link(csms::LinkAction::Close(end)) => {
                self.note(Actor::Csms, || format!("closes {end:?}"));
                self.forget_connection(End::Csms);
                self.link.close(now, End::Csms);
            }
            csms::Action::Store { ticket, fact } => {
                self.note(Actor::Csms, || format!("stores #{} {}", ticket.0, text::database_fact(&fact)));
                let taken = self.csms.store(now, ticket, fact);
                taken.map_err(|error| self.fail(Violation::OutOfTurn(End::Csms, error)))?;
            }
            csms::Action::Ask { id, question, .. } => {
                self.note(Actor::Csms, || format!("asks #{} {}", id.0, text::question(&question)));
                self.csms.ask(now, id, &question);
            }
            csms::Action::Answered { id, result } => {
                self.note(Actor::Csms, || format!("ends command {}: {}", id.0, text::result(&result)));
                self.csms.keep_result(id, result);
            }
            csms::Action::Event(event) => {
                self.note(Actor::Csms, || format!("tells {event:?}"));
                self.csms_events.push((now, event));
            }
        }
        Ok(())
    }

    pub(super) fn send(&mut self, sender: End, bytes: Vec<u8>) -> Result<(), Failure> {
        let bytes = self.sabotaged(sender, bytes);
        let actor = match sender {
            End::Station => Actor::Station,
            End::Csms => Actor::Csms,
        };
        self.tally.messages += 1;
        self.trace.digest(self.now, &bytes);
        if self.records.is_some() {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            self.record(self.link.connection(sender), What::Frame { from: sender, text });
        }
        let frame = match self.wire.sent(self.now, sender, &bytes) {
            Ok(frame) => frame,
            Err(violation) => {
                self.note(actor, || format!("sends {}", String::from_utf8_lossy(&bytes)));
                return Err(self.fail(violation));
            }
        };
        if let (End::Station, Some(journal)) = (sender, &mut self.journal)
            && let Err(violation) = journal.sent(&frame, self.station.store().durable())
        {
            return Err(self.fail(violation));
        }
        if let Some(promises) = &mut self.promises {
            promises.sent(sender, &frame);
        }
        self.remember_stop(&frame);
        let text = self.trace.is_kept().then(|| String::from_utf8_lossy(&bytes).into_owned());
        let arrives = self.link.send(self.now, sender, bytes);
        self.note(actor, || format!("sends {}{}", text.unwrap_or_default(), if arrives { "" } else { LOST }));
        Ok(())
    }

    /// Counts, and lets fate strike where it was planned.
    fn after_action(&mut self, end: End) {
        let count = self.actions.entry(end).or_default();
        *count += 1;
        let count = *count;
        if !self.has_fate {
            return;
        }
        let volatile = match end {
            End::Station => self.station.store().volatile(),
            End::Csms => self.csms.volatile(),
        };
        if let Some(survey) = &mut self.survey {
            survey.push((end, volatile));
        }
        if let Some(point) = self.crashes.front().copied().filter(|point| point.end == end && point.after == count) {
            self.crashes.pop_front();
            self.power_cut(end, point.keep, point.in_flight_arrives, point.outage);
        }
    }

    /// An end loses its power, and has it back after the outage.
    pub(super) fn power_cut(&mut self, end: End, keep: usize, in_flight_arrives: bool, outage: Duration) {
        let now = self.now;
        match end {
            End::Station => {
                self.tally.reboots += 1;
                self.station.power_cut(now, keep);
                self.forget_begun();
                if let Some(journal) = &mut self.journal {
                    journal.power_cut(self.station.store().durable().len());
                }
                if let Some(promises) = &mut self.promises {
                    promises.power_cut(self.station.store().durable());
                }
            }
            End::Csms => {
                self.tally.restarts += 1;
                self.csms.crash(keep);
            }
        }
        self.link.power_cut(now, end, in_flight_arrives);
        self.forget_connection(end);
        self.power_back.insert(end, now + outage);
        self.note(Actor::World, || format!("cuts the power of {end:?}, {keep} operations survive"));
    }

    /// What flowed in a transaction whose start did not become durable, nobody can bill.
    fn forget_begun(&mut self) {
        for (evse, index, since) in std::mem::take(&mut self.begun) {
            let is_durable = self.station.store().durable().iter().any(|op| {
                matches!(op, StoreOp::Append { log: Log::Transactions, index: position, .. } if *position == index)
            });
            if let Some(hardware) = self.station.hardware.get(&evse).filter(|_| !is_durable) {
                let flowed = hardware.meter().register_mwh(self.now) - hardware.meter().register_mwh(since);
                *self.unbillable_mwh.entry(evse).or_default() += flowed;
            }
        }
    }

    /// An end has its power back.
    pub(super) fn power_on(&mut self, end: End) -> Result<(), Failure> {
        self.note(Actor::World, || format!("powers {end:?}"));
        let started = match end {
            End::Station => {
                self.wire.station_booted();
                self.check_restore()?;
                self.station.power_on(self.now)
            }
            End::Csms => self.csms.start(self.now),
        };
        started.map_err(|misuse| self.fail(Violation::NoStart(misuse)))?;
        self.drain()
    }

    /// Two machines made of the same records begin alike.
    fn check_restore(&self) -> Result<(), Failure> {
        let begin = || {
            let mut machine = self.station.restored()?;
            let actions: Vec<st::Action> = std::iter::from_fn(|| machine.poll_action()).collect();
            Ok((actions, machine.poll_timeout()))
        };
        let twins = begin().and_then(|first| Ok((first, begin()?)));
        let (first, second) = twins.map_err(|misuse| self.fail(Violation::NoStart(misuse)))?;
        if first == second {
            return Ok(());
        }
        Err(self.fail(Violation::RestoreDiffers(format!("{first:?}, {second:?}"))))
    }

    /// A store's answer.
    pub(super) fn tell_stored(&mut self, end: End, reply: crate::store::StoreReply) -> Result<(), Failure> {
        use crate::store::StoreReply::{Failed, Stored};
        let actor = match end {
            End::Station => Actor::Station,
            End::Csms => Actor::Csms,
        };
        let store::Ticket(number) = match reply {
            Stored(ticket) | Failed(ticket) => ticket,
        };
        match reply {
            Stored(_) => self.tally.stored += 1,
            Failed(_) => self.tally.store_failures += 1,
        }
        self.trace.digest(self.now, &number.to_le_bytes());
        let verb = if matches!(reply, Stored(_)) { "has stored" } else { "could not store" };
        self.note(actor, || format!("{verb} #{number}"));
        match (end, reply) {
            (End::Station, Stored(ticket)) => self.tell_station(st::Input::Stored(ticket)),
            (End::Station, Failed(ticket)) => self.tell_station(st::Input::StoreFailed(ticket)),
            (End::Csms, Stored(ticket)) => self.tell_csms(csms::Input::Stored(ticket)),
            (End::Csms, Failed(ticket)) => self.tell_csms(csms::Input::StoreFailed(ticket)),
        }
    }
}
