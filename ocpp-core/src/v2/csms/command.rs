//! Commands to stations, and their answers.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Display;

use ocpp_rpc::frame::Payload;
use ocpp_types::SmallString;
use ocpp_types::convert::NotRepresentable;
use ocpp_types::lenient::{Decoded, Quirks, Repair};
use ocpp_types::text::{CiText, SecretText, Text};
use ocpp_types::v2_1::{
    self, AttributeType, ChangeAvailabilityRequest, ClearCacheRequest, Component, CsmsRequest, Evse, GetVariableData,
    GetVariablesRequest, MessageTrigger, OperationalStatus, RequestStartStopStatus, RequestStartTransactionRequest,
    RequestStopTransactionRequest, ResetRequest, ResetType, SetVariableData, SetVariablesRequest, StatusInfo,
    TriggerMessageRequest, UnlockConnectorRequest, Variable,
};
use ocpp_types::{Decode, Message, Violation, v2_0_1};

use super::{Edition, place, token, write};
use crate::csms::edge::{Call, CommandKind, word};
use crate::csms::{
    Command, CommandAnswer, Place, RemoteAnswer, RemoteStatus, ResetKind, StatusAnswer, TransactionId, VariableName,
    VariableResult,
};

/// Writes a command, or says why it cannot be said.
pub(super) fn command(edition: Edition, command: Command) -> Result<Call, SmallString> {
    match command {
        Command::RemoteStart { evse, token, group, remote_start } => {
            let written = |id| token::write(edition, id).ok_or("the token cannot be told in this version");
            let number = remote_start.ok_or("a start has a number")?;
            let mut request = RequestStartTransactionRequest::new(written(&token)?, number);
            request.evse_id = evse.map(i64::from);
            request.group_id_token = group.as_ref().map(written).transpose()?;
            call::<_, v2_0_1::RequestStartTransactionRequest>(edition, request)
        }
        Command::RemoteStop { transaction } => {
            let name = CiText::new(transaction.as_str()).map_err(unsendable)?;
            call::<_, v2_0_1::RequestStopTransactionRequest>(edition, RequestStopTransactionRequest::new(name))
        }
        Command::GetConfiguration { .. } | Command::ChangeConfiguration { .. } => {
            Err("there are variables instead of configuration keys".into())
        }
        Command::GetVariables { variables } => {
            let asked = variables.iter().map(|name| {
                let mut data = GetVariableData::new(component(name)?, variable(name)?);
                data.attribute_type = attribute(name)?;
                Ok(data)
            });
            let request = GetVariablesRequest::new(asked.collect::<Result<_, SmallString>>()?);
            call::<_, v2_0_1::GetVariablesRequest>(edition, request)
        }
        Command::SetVariables { variables } => {
            let wanted = variables.iter().map(|(name, value)| {
                let value = SecretText::new(value).map_err(unsendable)?;
                let mut data = SetVariableData::new(value, component(name)?, variable(name)?);
                data.attribute_type = attribute(name)?;
                Ok(data)
            });
            let request = SetVariablesRequest::new(wanted.collect::<Result<_, SmallString>>()?);
            call::<_, v2_0_1::SetVariablesRequest>(edition, request)
        }
        Command::Reset { kind, evse } => {
            let mut request = ResetRequest::new(match kind {
                ResetKind::Immediate => ResetType::Immediate,
                ResetKind::OnIdle => ResetType::OnIdle,
            });
            request.evse_id = evse.map(i64::from);
            call::<_, v2_0_1::ResetRequest>(edition, request)
        }
        Command::ChangeAvailability { place, is_operative } => {
            let mut request = ChangeAvailabilityRequest::new(match is_operative {
                true => OperationalStatus::Operative,
                false => OperationalStatus::Inoperative,
            });
            request.evse = evse(place);
            call::<_, v2_0_1::ChangeAvailabilityRequest>(edition, request)
        }
        Command::UnlockConnector { place } => {
            let evse = place.evse().ok_or("an EVSE is to be named")?;
            let connector = place.connector().ok_or("a connector is to be named")?;
            let request = UnlockConnectorRequest::new(evse.into(), connector.into());
            call::<_, v2_0_1::UnlockConnectorRequest>(edition, request)
        }
        Command::TriggerMessage { message, place } => {
            let mut request = TriggerMessageRequest::new(message.parse().map_err(unsendable)?);
            request.evse = evse(place);
            call::<_, v2_0_1::TriggerMessageRequest>(edition, request)
        }
        Command::ClearCache => call::<_, v2_0_1::ClearCacheRequest>(edition, ClearCacheRequest::new()),
        Command::Call { action, payload } => raw(edition, action, payload),
        Command::Unchecked { action, payload } => Ok(Call { action, payload }),
    }
}

/// A call that the application wrote. One of the version obeys its schema; a vendor's is its own matter.
fn raw(edition: Edition, action: SmallString, payload: String) -> Result<Call, SmallString> {
    let read = match edition {
        Edition::V2_0_1 => action
            .parse()
            .map(|action| v2_0_1::CsmsRequest::from_json(action, &payload).map(|request| request.is_some())),
        Edition::V2_1 => {
            action.parse().map(|action| CsmsRequest::from_json(action, &payload).map(|request| request.is_some()))
        }
    };
    match read {
        Ok(Ok(true)) | Err(_) => Ok(Call { action, payload }),
        Ok(Ok(false)) => Err("the action is not one of a CSMS".into()),
        Ok(Err(violation)) => Err(SmallString::display(&violation)),
    }
}

/// Which action of the station a call asks for, if one: it is allowed before the station is accepted (2.x B01.FR.10, B02.FR.09).
pub(super) fn asks_for(call: &Call) -> Option<SmallString> {
    match call.action.as_str() {
        "GetReport" | "GetBaseReport" => Some(SmallString::new("NotifyReport")),
        "TriggerMessage" => {
            let request = TriggerMessageRequest::from_json(&call.payload).ok()?;
            Some(match request.requested_message {
                MessageTrigger::SignChargingStationCertificate
                | MessageTrigger::SignV2GCertificate
                | MessageTrigger::SignV2G20Certificate
                | MessageTrigger::SignCombinedCertificate => SmallString::new("SignCertificate"),
                message => SmallString::new(message.as_str()),
            })
        }
        _ => None,
    }
}

/// Reads the answer to a command.
pub(super) fn answer(
    edition: Edition,
    kind: CommandKind,
    payload: &Payload<'_>,
    quirks: Quirks,
) -> Result<Decoded<CommandAnswer>, Violation> {
    let reading = Reading { edition, payload, quirks };
    match kind {
        CommandKind::RemoteStart => reading
            .read::<v2_1::RequestStartTransactionResponse, v2_0_1::RequestStartTransactionResponse>(|response, _| {
                let transaction = response.transaction_id.as_deref().map(TransactionId::new);
                CommandAnswer::RemoteStart(remote(response.status, transaction, response.status_info.as_ref()))
            }),
        CommandKind::RemoteStop => reading
            .read::<v2_1::RequestStopTransactionResponse, v2_0_1::RequestStopTransactionResponse>(|response, _| {
                CommandAnswer::RemoteStop(remote(response.status, None, response.status_info.as_ref()))
            }),
        CommandKind::GetVariables => {
            reading.read::<v2_1::GetVariablesResponse, v2_0_1::GetVariablesResponse>(|response, repairs| {
                let results = response.get_variable_result.iter().map(|result| VariableResult {
                    value: result.attribute_value.as_deref().map(SmallString::new),
                    ..outcome(
                        (&result.component, &result.variable, result.attribute_type),
                        word(result.attribute_status, repairs),
                        result.attribute_status_info.as_ref(),
                    )
                });
                CommandAnswer::Variables(results.collect())
            })
        }
        CommandKind::SetVariables => {
            reading.read::<v2_1::SetVariablesResponse, v2_0_1::SetVariablesResponse>(|response, repairs| {
                let results = response.set_variable_result.iter().map(|result| {
                    outcome(
                        (&result.component, &result.variable, result.attribute_type),
                        word(result.attribute_status, repairs),
                        result.attribute_status_info.as_ref(),
                    )
                });
                CommandAnswer::VariableChanges(results.collect())
            })
        }
        CommandKind::Reset => reading.read::<v2_1::ResetResponse, v2_0_1::ResetResponse>(|response, repairs| {
            status(word(response.status, repairs), response.status_info.as_ref())
        }),
        CommandKind::ChangeAvailability => reading
            .read::<v2_1::ChangeAvailabilityResponse, v2_0_1::ChangeAvailabilityResponse>(|response, repairs| {
                status(word(response.status, repairs), response.status_info.as_ref())
            }),
        CommandKind::UnlockConnector => {
            reading.read::<v2_1::UnlockConnectorResponse, v2_0_1::UnlockConnectorResponse>(|response, repairs| {
                status(word(response.status, repairs), response.status_info.as_ref())
            })
        }
        CommandKind::TriggerMessage => {
            reading.read::<v2_1::TriggerMessageResponse, v2_0_1::TriggerMessageResponse>(|response, repairs| {
                status(word(response.status, repairs), response.status_info.as_ref())
            })
        }
        CommandKind::ClearCache => {
            reading.read::<v2_1::ClearCacheResponse, v2_0_1::ClearCacheResponse>(|response, repairs| {
                status(word(response.status, repairs), response.status_info.as_ref())
            })
        }
        // Configuration keys are of 1.6: such a command is never sent.
        CommandKind::Call | CommandKind::GetConfiguration | CommandKind::ChangeConfiguration => {
            payload.raw().map(|text| Decoded { value: CommandAnswer::Call(String::from(text)), repairs: Vec::new() })
        }
    }
}

struct Reading<'a, 'b> {
    edition: Edition,
    payload: &'a Payload<'b>,
    quirks: Quirks,
}

impl Reading<'_, '_> {
    fn read<New: Decode, Old: Decode + Into<New>>(
        &self,
        answer: impl FnOnce(New, &[Repair]) -> CommandAnswer,
    ) -> Result<Decoded<CommandAnswer>, Violation> {
        let Decoded { value, repairs } = match self.edition {
            Edition::V2_1 => self.payload.decode_lenient_with(self.quirks, &[], New::read)?,
            Edition::V2_0_1 => {
                let Decoded { value, repairs } = self.payload.decode_lenient_with(self.quirks, &[], Old::read)?;
                Decoded { value: value.into(), repairs }
            }
        };
        Ok(Decoded { value: answer(value, &repairs), repairs })
    }
}

fn call<New: Message, Old>(edition: Edition, request: New) -> Result<Call, SmallString>
where
    Old: Message + TryFrom<New, Error = NotRepresentable>,
{
    let action = SmallString::new(New::ACTION);
    write::<New, Old>(edition, request).map(|payload| Call { action, payload })
}

fn unsendable(reason: impl Display) -> SmallString {
    SmallString::display(&reason)
}

fn evse(place: Place) -> Option<Evse> {
    let mut evse = Evse::new(i64::from(place.evse()?));
    evse.connector_id = place.connector().map(i64::from);
    Some(evse)
}

fn component(name: &VariableName) -> Result<Component, SmallString> {
    let mut component = Component::new(CiText::new(&name.component).map_err(unsendable)?);
    component.instance = name.component_instance.as_ref().map(CiText::new).transpose().map_err(unsendable)?;
    component.evse = evse(name.place);
    Ok(component)
}

fn variable(name: &VariableName) -> Result<Variable, SmallString> {
    let mut variable = Variable::new(CiText::new(&name.variable).map_err(unsendable)?);
    variable.instance = name.variable_instance.as_ref().map(CiText::new).transpose().map_err(unsendable)?;
    Ok(variable)
}

fn attribute(name: &VariableName) -> Result<Option<AttributeType>, SmallString> {
    name.attribute.as_ref().map(|attribute| attribute.parse()).transpose().map_err(unsendable)
}

fn outcome(
    (component, variable, attribute): (&Component, &Variable, Option<AttributeType>),
    status: SmallString,
    info: Option<&StatusInfo>,
) -> VariableResult {
    let name = VariableName {
        component: SmallString::new(&component.name),
        component_instance: component.instance.as_deref().map(SmallString::new),
        place: component.evse.as_ref().map_or(Place::STATION, place::place),
        variable: SmallString::new(&variable.name),
        variable_instance: variable.instance.as_deref().map(SmallString::new),
        attribute: attribute.map(|attribute| SmallString::new(attribute.as_str())),
    };
    VariableResult { name, status: said(status, info), value: None }
}

fn status(status: SmallString, info: Option<&StatusInfo>) -> CommandAnswer {
    CommandAnswer::Status(said(status, info))
}

fn said(status: SmallString, info: Option<&StatusInfo>) -> StatusAnswer {
    StatusAnswer { status, reason: reason(info), info: more(info) }
}

/// An unrecognised value is no promise.
fn remote(
    status: RequestStartStopStatus,
    transaction: Option<TransactionId>,
    info: Option<&StatusInfo>,
) -> RemoteAnswer {
    let status = match status {
        RequestStartStopStatus::Accepted => RemoteStatus::Accepted,
        RequestStartStopStatus::Rejected | RequestStartStopStatus::Unrecognized(_) => RemoteStatus::Rejected,
    };
    RemoteAnswer { status, transaction, reason: reason(info), info: more(info) }
}

fn reason(info: Option<&StatusInfo>) -> Option<SmallString> {
    info.map(|info| SmallString::new(&info.reason_code))
}

fn more(info: Option<&StatusInfo>) -> Option<String> {
    info?.additional_info.as_ref().map(Text::as_str).map(String::from)
}
