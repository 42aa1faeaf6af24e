//! GetVariables and SetVariables (B05, B06): variables of the device model (`model`), each for itself.

use alloc::borrow::Cow;
use alloc::vec::Vec;

#[cfg(feature = "security")]
use ocpp_rpc::Dialect;
use ocpp_rpc::ErrorCode;
use ocpp_rpc::engine::ReplyToken;
#[cfg(feature = "security")]
use ocpp_rpc::handshake::Password;
use ocpp_types::tables::v2::{
    self, AttributeType, Component, ComponentBuilder, GetVariableStatus, GetVariablesRequest, Mutability,
    SetVariableStatus, SetVariablesRequest, Variable, VariableBuilder,
};
use ocpp_types::tables::{Edition, View as _};

use super::model::{Found, Model, Source};
use crate::face::answers::{answer, answer_after};
use crate::site::Site;
use crate::site::settings::{AnySetting, Setting, Settings};
use crate::site::shared::Shared;
use crate::site::verdict::SettingVerdict;
use crate::station::MeasurandChoice;
use crate::store::Ticket;

/// Answers a GetVariables.
pub(super) fn on_get(
    edition: Edition,
    site: &Site,
    shared: &mut Shared,
    token: ReplyToken,
    request: GetVariablesRequest<'_>,
) {
    // B06.FR.16.
    if is_too_long(&site.settings, request.get_variable_data().len(), Setting::GetVariablesItems) {
        return refuse_length(shared, token);
    }
    let model = Model::new(site, shared);
    let response = v2::GetVariablesResponse::to_json(edition, |mut response| {
        for wanted in request.get_variable_data() {
            let attribute = wanted.attribute_type();
            let found = model.find(wanted.component(), wanted.variable(), attribute);
            let (status, value) = read(model, &found);
            let mut result = response.add_get_variable_result();
            result.attribute_status(status);
            // B06.FR.03, B06.FR.11.
            if let Some(attribute) = told(attribute) {
                result.attribute_type(attribute);
            }
            if let Some(value) = value {
                result.cut().attribute_value(&value);
            }
            write_component(result.component(), wanted.component());
            write_variable(result.variable(), wanted.variable());
        }
    });
    answer(shared, token, response);
}

/// B06.FR.06 to B06.FR.10, B06.FR.13.
fn read<'s>(model: Model<'s>, found: &Found<'_>) -> (GetVariableStatus, Option<Cow<'s, str>>) {
    match found {
        Found::UnknownComponent => (GetVariableStatus::UnknownComponent, None),
        Found::UnknownVariable => (GetVariableStatus::UnknownVariable, None),
        Found::NotSupportedAttributeType => (GetVariableStatus::NotSupportedAttributeType, None),
        Found::Variable(variable) if model.mutability(variable) == Mutability::WriteOnly => {
            (GetVariableStatus::Rejected, None)
        }
        Found::Variable(variable) => (GetVariableStatus::Accepted, Some(model.value(variable).unwrap_or_default())),
    }
}

/// Answers a SetVariables, once what it accepts is durable. Each element is carried out or refused for itself.
pub(super) fn on_set(
    edition: Edition,
    site: &mut Site,
    shared: &mut Shared,
    token: ReplyToken,
    request: SetVariablesRequest<'_>,
) {
    if is_too_long(&site.settings, request.set_variable_data().len(), Setting::SetVariablesItems) {
        return refuse_length(shared, token);
    }
    let mut last = None;
    let mut statuses = Vec::new();
    for wanted in request.set_variable_data() {
        let found = writable(Model::new(site, shared), wanted);
        let (status, ticket) = match found {
            #[cfg(feature = "security")]
            Ok(AnySetting::Standard(Setting::BasicAuthPassword)) => {
                set_password(edition, site, shared, wanted.attribute_value())
            }
            Ok(setting) => set(site, shared, setting, wanted.attribute_value()),
            Err(status) => (status, None),
        };
        last = last.max(ticket);
        statuses.push(status);
    }
    let response = v2::SetVariablesResponse::to_json(edition, |mut response| {
        for (wanted, status) in request.set_variable_data().zip(statuses) {
            let mut result = response.add_set_variable_result();
            result.attribute_status(status);
            // B05.FR.03, B05.FR.12.
            if let Some(attribute) = told(wanted.attribute_type()) {
                result.attribute_type(attribute);
            }
            write_component(result.component(), wanted.component());
            write_variable(result.variable(), wanted.variable());
        }
    });
    answer_after(shared, last, token, response);
}

/// The setting that is meant, or why it cannot be set (B05.FR.04 to B05.FR.06, B05.FR.09).
fn writable(model: Model<'_>, wanted: v2::SetVariableData<'_>) -> Result<AnySetting, SetVariableStatus> {
    let variable = match model.find(wanted.component(), wanted.variable(), wanted.attribute_type()) {
        Found::UnknownComponent => return Err(SetVariableStatus::UnknownComponent),
        Found::UnknownVariable => return Err(SetVariableStatus::UnknownVariable),
        Found::NotSupportedAttributeType => return Err(SetVariableStatus::NotSupportedAttributeType),
        Found::Variable(variable) => variable,
    };
    match variable.source {
        Source::Setting(setting) if model.mutability(&variable) != Mutability::ReadOnly => Ok(setting),
        Source::Setting(_) | Source::Fact(_) => Err(SetVariableStatus::Rejected),
    }
}

/// B05.FR.07, B05.FR.08, B05.FR.10.
fn set(site: &mut Site, shared: &mut Shared, setting: AnySetting, value: &str) -> (SetVariableStatus, Option<Ticket>) {
    if let AnySetting::Standard(setting) = setting
        && !may_be(setting, value)
    {
        return (SetVariableStatus::Rejected, None);
    }
    match site.on_change_setting(shared, setting, value) {
        SettingVerdict::Accepted(ticket) => (SetVariableStatus::Accepted, Some(ticket)),
        SettingVerdict::AfterReboot(ticket) => (SetVariableStatus::RebootRequired, Some(ticket)),
        SettingVerdict::Rejected => (SetVariableStatus::Rejected, None),
    }
}

/// The longest password that the station takes, in characters: what both editions allow.
#[cfg(feature = "security")]
const MAX_PASSWORD: usize = 40;

/// A01: a text, where 1.6 has bytes in hexadecimal digits.
#[cfg(feature = "security")]
fn set_password(
    edition: Edition,
    site: &Site,
    shared: &mut Shared,
    value: &str,
) -> (SetVariableStatus, Option<Ticket>) {
    let dialect = if edition.is_2_1() { Dialect::V2_1 } else { Dialect::V2_0_1 };
    match Password::from_text(value, dialect) {
        Ok(password) if value.chars().count() <= MAX_PASSWORD => {
            (SetVariableStatus::Accepted, Some(site.on_change_password(shared, &password)))
        }
        Ok(_) | Err(_) => (SetVariableStatus::Rejected, None),
    }
}

/// What 2.x forbids beside the setting's own rules.
fn may_be(setting: Setting, value: &str) -> bool {
    match setting {
        // At least 1 (part 2 §2.1.6).
        Setting::HeartbeatInterval => value != "0",
        Setting::AlignedMeasurands
        | Setting::AlignedTxEndedMeasurands
        | Setting::TxStartedMeasurands
        | Setting::TxUpdatedMeasurands
        | Setting::TxEndedMeasurands => {
            let has_word = |choice: &MeasurandChoice| v2::Measurand::from_text(choice.measurand.as_str()).is_some();
            MeasurandChoice::parse_list(value).is_some_and(|list| list.iter().all(has_word))
        }
        _ => true,
    }
}

/// Whether a message has more items than its ItemsPerMessage says.
pub(super) fn is_too_long(settings: &Settings, items: usize, most: Setting) -> bool {
    items > usize::try_from(settings.number(most)).unwrap_or(usize::MAX)
}

fn refuse_length(shared: &mut Shared, token: ReplyToken) {
    shared.reply_error(token, ErrorCode::OccurrenceConstraintViolation, "more than ItemsPerMessage");
}

/// The attribute as it is told; one that is not known cannot be.
fn told(attribute: Option<AttributeType>) -> Option<AttributeType> {
    match attribute {
        None => Some(AttributeType::Actual),
        Some(AttributeType::Unrecognized) => None,
        Some(known) => Some(known),
    }
}

fn write_component(mut builder: ComponentBuilder<'_>, component: Component<'_>) {
    if let Some(place) = component.evse() {
        let mut evse = builder.evse();
        evse.id(place.id());
        if let Some(connector) = place.connector_id() {
            evse.connector_id(connector);
        }
    }
    builder.name(component.name());
    if let Some(instance) = component.instance() {
        builder.instance(instance);
    }
}

fn write_variable(mut builder: VariableBuilder<'_>, variable: Variable<'_>) {
    builder.name(variable.name());
    if let Some(instance) = variable.instance() {
        builder.instance(instance);
    }
}
