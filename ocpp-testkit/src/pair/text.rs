//! How things read in a trace.

use std::fmt::Write;

use chrono::{DateTime, SecondsFormat, Utc};
use ocpp_core::csms::{Command, CommandAnswer, Fact, Question, VariableName};
use ocpp_core::station::EvseInput;
use ocpp_core::store::StoreOp;

use super::Step;
use crate::csms::CommandResult;
use crate::link::End;
use crate::trace::{INJECTED_DOWN, INJECTED_UP};

/// A wall time.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A fact of an EVSE.
pub(super) fn fact(fact: &EvseInput) -> String {
    match fact {
        EvseInput::Meter(reading) => {
            let mut text = format!("Meter({} mWh", reading.energy_mwh);
            for value in &reading.values {
                // Writing to a string does not fail.
                let _ = write!(text, ", {} {}", value.measurand.as_str(), value.milli);
            }
            text + ")"
        }
        other => format!("{other:?}"),
    }
}

/// An operation on the station's store. The bytes of records are its own business.
pub(super) fn store_op(op: &StoreOp) -> String {
    match op {
        StoreOp::Append { log, index, record } => {
            format!("append {} {} ({} bytes)", log.as_str(), position(index.0), record.len())
        }
        StoreOp::Trim { log, through } => format!("trim {} through {}", log.as_str(), position(through.0)),
        StoreOp::Put { key, value } => format!("put {key} ({} bytes)", value.len()),
        StoreOp::Delete { key } => format!("delete {key}"),
    }
}

/// Positions carry the boot in their upper half.
fn position(index: u64) -> String {
    format!("{}.{}", index >> 32, index & 0xFFFF_FFFF)
}

/// A fact for the CSMS's database.
pub(super) fn database_fact(fact: &Fact) -> String {
    match fact {
        Fact::Booted(booted) => format!("boot, {:?}", booted.status),
        Fact::Status(report) => {
            let error_code = report.error_code.as_deref().unwrap_or_default();
            format!("status of {}: {} {error_code}", report.place, report.status)
        }
        Fact::Started(start) => {
            let (transaction, wh) = (&start.transaction, register(start.meter_start_wh));
            format!("start of {transaction} on {} at {wh}, {}", start.place, time(start.at))
        }
        Fact::Authorized { transaction, verdict, .. } => format!("verdict on {transaction}: {:?}", verdict.status),
        Fact::Sampled(samples) => format!("{} meter values, {:?}", samples.values.len(), samples.attribution),
        Fact::Stopped(stop) => {
            let (transaction, wh) = (&stop.transaction, register(stop.report.meter_stop_wh));
            let inferred = if stop.inferred { " (inferred)" } else { "" };
            format!("stop of {transaction}{inferred} at {wh}, {}", time(stop.report.at))
        }
        Fact::StopContradicted { transaction, report } => {
            format!("contradicting stop of {transaction} at {}", register(report.meter_stop_wh))
        }
        Fact::StopOrphaned(stop) => format!("stop of nothing known at {}", register(stop.report.meter_stop_wh)),
        Fact::Progress(report) => {
            let number = report.request.map(|number| format!(" of request {number}")).unwrap_or_default();
            format!("{:?}{number}: {}", report.work, report.status)
        }
        Fact::SecurityEvent(event) => format!("security event {}, {}", event.kind, time(event.at)),
        Fact::Updated(update) => {
            let values = update.samples.len();
            format!("event of {}, {values} meter values, {}", update.transaction, time(update.at))
        }
        Fact::Settled(settled) => {
            let (transaction, missing) = (&settled.transaction, settled.missing);
            format!("{transaction} comes to {:?}, {missing} events are missing", settled.consumption)
        }
        Fact::Renamed(renamed) => format!("{} is called {} too", renamed.transaction, renamed.name),
        other => format!("{other:?}"),
    }
}

fn register(wh: Option<i64>) -> String {
    wh.map_or_else(|| "an unknown register".to_owned(), |wh| format!("{wh} Wh"))
}

/// A question to the operator.
pub(super) fn question(question: &Question) -> String {
    match question {
        Question::Boot(station) => format!("may {} {} serve?", station.vendor, station.model),
        Question::Authorize { token, transaction, .. } => match transaction {
            Some(transaction) => format!("may {} charge in {transaction}?", token.as_str()),
            None => format!("may {} charge?", token.as_str()),
        },
        Question::DataTransfer { vendor_id, .. } => format!("data of {vendor_id}"),
        Question::SignCertificate { csr, .. } => format!("is this to be signed, {} bytes?", csr.len()),
        other => format!("{other:?}"),
    }
}

/// How a command ended.
pub(super) fn result(result: &CommandResult) -> String {
    match result {
        Ok(CommandAnswer::Configuration { known, unknown }) => {
            format!("{} keys known, {} unknown", known.len(), unknown.len())
        }
        Ok(answer) => format!("{answer:?}"),
        Err(error) => error.to_string(),
    }
}

/// What the operator wants. A world has no secrets.
fn command(command: &Command) -> String {
    match command {
        Command::RemoteStart { evse: Some(evse), token, .. } => {
            format!("starts remotely on {evse} with {}", token.as_str())
        }
        Command::RemoteStart { evse: None, token, .. } => format!("starts remotely with {}", token.as_str()),
        Command::RemoteStop { transaction } => format!("stops {transaction} remotely"),
        Command::GetConfiguration { keys } => format!("asks for the configuration {keys:?}"),
        Command::ChangeConfiguration { key, value } => format!("sets {key} to {value:?}"),
        Command::GetVariables { variables } => {
            format!("asks for {}", variables.iter().map(variable).collect::<Vec<_>>().join(", "))
        }
        Command::SetVariables { variables } => {
            let set = variables.iter().map(|(name, value)| format!("{} to {value:?}", variable(name)));
            format!("sets {}", set.collect::<Vec<_>>().join(", "))
        }
        Command::Reset { kind, evse: None } => format!("resets the station, {kind:?}"),
        Command::Reset { kind, evse: Some(evse) } => format!("resets {evse}, {kind:?}"),
        Command::ChangeAvailability { place, is_operative: true } => format!("puts {place} into service"),
        Command::ChangeAvailability { place, is_operative: false } => format!("puts {place} out of service"),
        Command::UnlockConnector { place } => format!("unlocks {place}"),
        Command::TriggerMessage { message, place } => format!("asks for {message} of {place}"),
        Command::ClearCache => "clears the cache".to_owned(),
        Command::Call { action, payload } | Command::Unchecked { action, payload } => {
            format!("calls {action} {payload}")
        }
    }
}

fn variable(name: &VariableName) -> String {
    format!("{}.{}", name.component, name.variable)
}

/// An act of the world.
pub(crate) fn step(step: &Step) -> String {
    match step {
        Step::Plug(evse) => format!("plugs in at evse {}", evse.0),
        Step::Unplug(evse) => format!("pulls the plug of evse {}", evse.0),
        Step::Token(Some(evse), token) => format!("presents {} at evse {}", token.as_str(), evse.0),
        Step::Token(None, token) => format!("presents {}", token.as_str()),
        Step::Inject { to, bytes } => {
            let verb = match to {
                End::Station => INJECTED_DOWN,
                End::Csms => INJECTED_UP,
            };
            let text = String::from_utf8_lossy(bytes);
            match text.split_at_checked(200) {
                Some((head, _)) => format!("{verb}{head}… ({} bytes)", bytes.len()),
                None => format!("{verb}{text}"),
            }
        }
        Step::RemoteStopRunning => "stops all that runs, by remote".to_owned(),
        Step::Csms(command) => self::command(command),
        Step::Cut { .. } => "cuts the connection".to_owned(),
        Step::DieSilently => "lets the connection die in silence".to_owned(),
        Step::Intercept(action, how) => format!("makes the server answer {action} with {how:?}"),
        Step::TakeOver => "connects under the station's identity".to_owned(),
        Step::Network(network) => format!("makes the network {network:?}"),
        Step::Endpoint(endpoint, network) => format!("makes the network of {endpoint} {network:?}"),
        Step::Versions(versions) => format!("makes the server speak {versions:?}"),
        Step::Vehicle(..)
        | Step::Fault(..)
        | Step::MeterAnswers(..)
        | Step::Station(_)
        | Step::FailStore(..)
        | Step::PowerCut { .. }
        | Step::StepStationClock(_)
        | Step::StepCsmsClock(_) => format!("{step:?}"),
    }
}
