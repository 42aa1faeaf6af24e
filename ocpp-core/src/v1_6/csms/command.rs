//! Commands to stations, and their answers.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Display;

use ocpp_rpc::frame::Payload;
use ocpp_types::SmallString;
use ocpp_types::enumeration::Enumeration;
use ocpp_types::lenient::{Decoded, Quirks};
use ocpp_types::text::{CiText, SecretText, TokenText};
use ocpp_types::v1_6::{
    self, AvailabilityType, ChangeAvailabilityRequest, ChangeAvailabilityResponse, ChangeConfigurationRequest,
    ChangeConfigurationResponse, ClearCacheRequest, ClearCacheResponse, GetConfigurationRequest,
    GetConfigurationResponse, KeyValue, RemoteStartStopStatus, RemoteStartTransactionRequest,
    RemoteStartTransactionResponse, RemoteStopTransactionRequest, RemoteStopTransactionResponse, ResetRequest,
    ResetResponse, TriggerMessageRequest, TriggerMessageResponse, UnlockConnectorRequest, UnlockConnectorResponse,
};
use ocpp_types::{Decode, Message, Violation};

use crate::csms::edge::{Call, CommandKind};
use crate::csms::{
    Command, CommandAnswer, ConfigurationKey, ConfigurationStatus, RemoteStatus, ResetKind, StatusAnswer,
};

/// Writes a command, or says why it cannot be said in 1.6.
pub(super) fn command(command: Command) -> Result<Call, SmallString> {
    match command {
        Command::RemoteStart { evse, token, .. } => {
            let mut request = RemoteStartTransactionRequest::new(TokenText::new(token.as_str()).map_err(unsendable)?);
            request.connector_id = evse.map(i64::from);
            call(&request)
        }
        Command::RemoteStop { transaction } => {
            let number = transaction.number().ok_or("transactions have numbers in 1.6")?;
            call(&RemoteStopTransactionRequest::new(i64::from(number)))
        }
        Command::GetConfiguration { keys } => {
            let keys: Result<Vec<_>, _> = keys.iter().map(CiText::new).collect();
            call(&GetConfigurationRequest::new().with_key(keys.map_err(unsendable)?))
        }
        Command::ChangeConfiguration { key, value } => call(&ChangeConfigurationRequest::new(
            CiText::new(key).map_err(unsendable)?,
            SecretText::new(value).map_err(unsendable)?,
        )),
        Command::GetVariables { .. } | Command::SetVariables { .. } => {
            Err("there are configuration keys instead of variables".into())
        }
        Command::Reset { evse: Some(_), .. } => Err("only the whole station can be reset".into()),
        Command::Reset { kind, evse: None } => call(&ResetRequest::new(match kind {
            ResetKind::Immediate => v1_6::ResetType::Hard,
            ResetKind::OnIdle => v1_6::ResetType::Soft,
        })),
        Command::ChangeAvailability { place, is_operative } => {
            let kind = if is_operative { AvailabilityType::Operative } else { AvailabilityType::Inoperative };
            call(&ChangeAvailabilityRequest::new(i64::from(place.number()), kind))
        }
        Command::UnlockConnector { place } => call(&UnlockConnectorRequest::new(i64::from(place.number()))),
        Command::TriggerMessage { message, place } => {
            let mut request = TriggerMessageRequest::new(message.parse().map_err(unsendable)?);
            request.connector_id = place.evse().map(i64::from);
            call(&request)
        }
        Command::ClearCache => call(&ClearCacheRequest::new()),
        Command::Call { action, payload } | Command::Unchecked { action, payload } => Ok(Call { action, payload }),
    }
}

/// Reads the answer to a command.
pub(super) fn answer(
    kind: CommandKind,
    payload: &Payload<'_>,
    quirks: Quirks,
) -> Result<Decoded<CommandAnswer>, Violation> {
    match kind {
        CommandKind::RemoteStart => read(payload, quirks, |response: RemoteStartTransactionResponse| {
            CommandAnswer::RemoteStart(remote_status(response.status).into())
        }),
        CommandKind::RemoteStop => read(payload, quirks, |response: RemoteStopTransactionResponse| {
            CommandAnswer::RemoteStop(remote_status(response.status).into())
        }),
        CommandKind::GetConfiguration => {
            read(payload, quirks, |response: GetConfigurationResponse| CommandAnswer::Configuration {
                known: response.configuration_key.iter().map(configuration_key).collect(),
                unknown: response.unknown_key.iter().map(|key| SmallString::new(key)).collect(),
            })
        }
        CommandKind::ChangeConfiguration => read(payload, quirks, |response: ChangeConfigurationResponse| {
            CommandAnswer::ConfigurationChange(configuration_status(response.status))
        }),
        CommandKind::Reset => read(payload, quirks, |response: ResetResponse| status(response.status)),
        CommandKind::ChangeAvailability => {
            read(payload, quirks, |response: ChangeAvailabilityResponse| status(response.status))
        }
        CommandKind::UnlockConnector => {
            read(payload, quirks, |response: UnlockConnectorResponse| status(response.status))
        }
        CommandKind::TriggerMessage => {
            read(payload, quirks, |response: TriggerMessageResponse| status(response.status))
        }
        CommandKind::ClearCache => read(payload, quirks, |response: ClearCacheResponse| status(response.status)),
        // Variables are of 2.x: such a command is never sent.
        CommandKind::Call | CommandKind::GetVariables | CommandKind::SetVariables => {
            payload.raw().map(|text| Decoded { value: CommandAnswer::Call(String::from(text)), repairs: Vec::new() })
        }
    }
}

fn read<T: Decode>(
    payload: &Payload<'_>,
    quirks: Quirks,
    answer: impl FnOnce(T) -> CommandAnswer,
) -> Result<Decoded<CommandAnswer>, Violation> {
    let Decoded { value, repairs } = payload.decode_lenient_with(quirks, &[], T::read)?;
    Ok(Decoded { value: answer(value), repairs })
}

/// The word, as far as it is one of 1.6.
fn status<E: Enumeration>(status: E) -> CommandAnswer {
    CommandAnswer::Status(StatusAnswer { status: SmallString::new(status.as_str()), ..StatusAnswer::default() })
}

fn call<T: Message>(request: &T) -> Result<Call, SmallString> {
    Ok(Call { action: SmallString::new(T::ACTION), payload: request.to_json().map_err(unsendable)? })
}

fn unsendable(reason: impl Display) -> SmallString {
    SmallString::display(&reason)
}

/// An unrecognised value is no promise.
fn remote_status(status: RemoteStartStopStatus) -> RemoteStatus {
    match status {
        RemoteStartStopStatus::Accepted => RemoteStatus::Accepted,
        RemoteStartStopStatus::Rejected | RemoteStartStopStatus::Unrecognized(_) => RemoteStatus::Rejected,
    }
}

fn configuration_status(status: v1_6::ConfigurationStatus) -> ConfigurationStatus {
    match status {
        v1_6::ConfigurationStatus::Accepted => ConfigurationStatus::Accepted,
        v1_6::ConfigurationStatus::RebootRequired => ConfigurationStatus::RebootRequired,
        v1_6::ConfigurationStatus::NotSupported => ConfigurationStatus::NotSupported,
        v1_6::ConfigurationStatus::Rejected | v1_6::ConfigurationStatus::Unrecognized(_) => {
            ConfigurationStatus::Rejected
        }
    }
}

fn configuration_key(key: &KeyValue) -> ConfigurationKey {
    ConfigurationKey {
        key: SmallString::new(&key.key),
        readonly: key.readonly,
        value: key.value.as_deref().map(SmallString::new),
    }
}
