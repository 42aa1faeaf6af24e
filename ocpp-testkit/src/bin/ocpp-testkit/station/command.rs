//! The lines of stdin.

use std::io;

use ocpp_core::station::{
    Answer, AskId, Bay, Command as StationCommand, DataTransferStatus, EvseAction, EvseId, EvseInput, Fault, FaultCode,
    IdToken, Input, JobId, JobUpdate, RawJson, SecurityEventKind, StopReason, Vehicle,
};
use ocpp_core::time::Instant;
use ocpp_core::{MisuseError, Refusal};
use ocpp_testkit::drivers::tokio::StationDriver;
use ocpp_types::SmallString;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::site::Site;

/// What one line wants.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    Plug(EvseId),
    Unplug(EvseId),
    UnplugVehicle(EvseId),
    Bay {
        evse: EvseId,
        state: Bay,
    },
    LockStuck {
        evse: EvseId,
        stuck: bool,
    },
    PowerCycle {},
    Token {
        evse: Option<EvseId>,
        id: String,
    },
    Vehicle {
        evse: EvseId,
        state: Vehicle,
    },
    Meter {
        evse: EvseId,
        watts: Option<u32>,
    },
    Fault {
        evse: EvseId,
        code: FaultCode,
        #[serde(default = "yes")]
        blocking: bool,
        info: Option<SmallString>,
    },
    FaultCleared(EvseId),
    Stop(Stop),
    Configure {
        key: SmallString,
        value: SmallString,
    },
    Answer {
        id: AskId,
        status: DataTransferStatus,
        data: Option<String>,
    },
    Decide {
        id: AskId,
        answer: Answer,
    },
    Call {
        action: SmallString,
        payload: Map<String, Value>,
    },
    Job {
        id: JobId,
        outcome: JobUpdate,
    },
    SecurityEvent {
        kind: SecurityEventKind,
        info: Option<SmallString>,
    },
    Reconnect {},
}

/// The stop button of an EVSE, or a stop for another reason.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Stop {
    Button(EvseId),
    For { evse: EvseId, reason: StopReason },
}

fn yes() -> bool {
    true
}

impl Command {
    /// The EVSE that must be there.
    pub fn evse(&self) -> Option<EvseId> {
        match self {
            Command::Plug(evse)
            | Command::Unplug(evse)
            | Command::UnplugVehicle(evse)
            | Command::Bay { evse, .. }
            | Command::LockStuck { evse, .. }
            | Command::Vehicle { evse, .. }
            | Command::Meter { evse, .. }
            | Command::Stop(Stop::Button(evse) | Stop::For { evse, .. }) => Some(*evse),
            Command::Token { evse, .. } => *evse,
            // 0 is the station itself.
            Command::Fault { evse, .. } | Command::FaultCleared(evse) => (evse.0 != 0).then_some(*evse),
            Command::PowerCycle {} => None,
            Command::Configure { .. }
            | Command::Answer { .. }
            | Command::Decide { .. }
            | Command::Call { .. }
            | Command::Job { .. }
            | Command::SecurityEvent { .. }
            | Command::Reconnect {} => None,
        }
    }

    /// Does to the hardware what people would do, and tells the station what no hardware tells; none while it restarts.
    pub fn carry_out(
        self,
        driver: Option<&mut StationDriver>,
        site: &mut Site,
        now: Instant,
    ) -> io::Result<Result<(), MisuseError>> {
        let input = match self {
            Command::Plug(evse) => return site.plug(now, evse).map(Ok),
            Command::Unplug(evse) => return site.unplug(now, evse).map(Ok),
            Command::UnplugVehicle(evse) => return site.unplug_vehicle(now, evse).map(Ok),
            Command::Bay { evse, state } => Input::Evse(evse, EvseInput::Bay(state)),
            Command::LockStuck { evse, stuck } => {
                site.set_lock_stuck(now, evse, stuck);
                return Ok(Ok(()));
            }
            // The program's own loop has the power switch.
            Command::PowerCycle {} => return Ok(Ok(())),
            Command::Vehicle { evse, state } => return site.set_vehicle(now, evse, state).map(Ok),
            Command::Meter { evse, watts } => {
                if let Some(watts) = watts {
                    site.set_draw(now, evse, watts);
                }
                site.order(now, evse, &EvseAction::ReadMeter);
                return Ok(Ok(()));
            }
            Command::Fault { evse, code, blocking, info } => {
                let fault = Fault { code, is_blocking: blocking, info, vendor_error_code: None, vendor_id: None };
                if evse.0 == 0 {
                    Input::Fault(Some(fault))
                } else {
                    return site.set_fault(now, evse, Some(fault)).map(Ok);
                }
            }
            Command::FaultCleared(EvseId(0)) => Input::Fault(None),
            Command::FaultCleared(evse) => return site.set_fault(now, evse, None).map(Ok),
            Command::Token { evse, id } => Input::Token { evse, token: IdToken::new(&id) },
            Command::Stop(Stop::Button(evse)) => Input::Command(StationCommand::stop(evse, StopReason::Local)),
            Command::Stop(Stop::For { evse, reason }) => Input::Command(StationCommand::stop(evse, reason)),
            Command::Configure { key, value } => Input::Command(StationCommand::Configure { key, value }),
            Command::Answer { id, status, data } => Input::Answer(id, Answer::DataTransfer { status, data }),
            Command::Decide { id, answer } => Input::Answer(id, answer),
            Command::Call { action, payload } => {
                let payload = RawJson(Value::Object(payload).to_string());
                Input::Command(StationCommand::Call { action, payload })
            }
            Command::Job { id, outcome } => Input::Job(id, outcome),
            Command::SecurityEvent { kind, info } => Input::Command(StationCommand::security_event(kind, info)),
            Command::Reconnect {} => Input::Command(StationCommand::Reconnect),
        };
        Ok(driver.map_or(Err(MisuseError::Refused(Refusal::Restarting)), |driver| driver.handle(input)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_help_is_understood() {
        let lines = super::super::AFTER_HELP.lines().map(str::trim).filter(|line| line.starts_with("{\""));
        let read = |line: &str| {
            let first = serde_json::Deserializer::from_str(line).into_iter::<serde_json::Value>().next();
            serde_json::from_value::<Command>(first.unwrap().unwrap()).map(|_| ())
        };
        let outcomes: Vec<_> =
            lines.filter(|line| !line.starts_with("{\"error\"")).map(|line| (line, read(line))).collect();
        assert_eq!(outcomes.len(), 19);
        for (line, outcome) in outcomes {
            assert!(outcome.is_ok(), "{line}: {outcome:?}");
        }
    }

    #[test]
    fn unknown_members_are_refused() {
        assert!(serde_json::from_str::<Command>(r#"{"meter":{"evse":1,"power":5}}"#).is_err());
        assert!(serde_json::from_str::<Command>(r#"{"plugg":1}"#).is_err());
        assert!(serde_json::from_str::<Command>(r#"{"plug":1,"unplug":2}"#).is_err());
    }
}
