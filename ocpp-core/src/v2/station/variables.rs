//! GetVariables and SetVariables (B05, B06): the settings under their names of 2.x. What they read and change is in `site/settings`.

use alloc::vec::Vec;

use ocpp_rpc::ErrorCode;
use ocpp_rpc::engine::ReplyToken;
use ocpp_types::tables::v2::{
    self, AttributeType, Component, ComponentBuilder, GetVariableStatus, GetVariablesRequest, SetVariableStatus,
    SetVariablesRequest, Variable, VariableBuilder,
};
use ocpp_types::tables::{Edition, View as _};

use crate::face::answers::{answer, answer_after};
use crate::site::Site;
use crate::site::settings::{AnySetting, Setting, Settings};
use crate::site::shared::Shared;
use crate::site::verdict::SettingVerdict;
use crate::station::MeasurandChoice;
use crate::store::Ticket;

/// What a pair of component and variable, with an attribute, leads to.
enum Found {
    UnknownComponent,
    UnknownVariable,
    /// All variables have the actual value alone.
    NotSupportedAttributeType,
    Setting(AnySetting),
}

/// Finds a variable. Names are compared without regard to case; an instance that is empty is none (B06.FR.15).
fn find(
    settings: &Settings,
    component: Component<'_>,
    variable: Variable<'_>,
    attribute: Option<AttributeType>,
) -> Found {
    let is_whole = component.evse().is_none() && component.instance().is_none_or(str::is_empty);
    let instance = variable.instance().filter(|instance| !instance.is_empty());
    let mut is_component = false;
    for setting in settings.all() {
        let Some(path) = settings.variable(setting) else { continue };
        let Some((name, rest)) = path.split_once('.') else { continue };
        if !is_whole || !name.eq_ignore_ascii_case(component.name()) {
            continue;
        }
        is_component = true;
        let (known, known_instance) = match rest.strip_suffix(']').and_then(|rest| rest.split_once('[')) {
            Some((name, instance)) => (name, Some(instance)),
            None => (rest, None),
        };
        let is_instance = match (known_instance, instance) {
            (Some(known), Some(wanted)) => known.eq_ignore_ascii_case(wanted),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if is_instance && known.eq_ignore_ascii_case(variable.name()) {
            return match attribute {
                None | Some(AttributeType::Actual) => Found::Setting(setting),
                Some(_) => Found::NotSupportedAttributeType,
            };
        }
    }
    if is_component { Found::UnknownVariable } else { Found::UnknownComponent }
}

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
    let response = v2::GetVariablesResponse::to_json(edition, |mut response| {
        for wanted in request.get_variable_data() {
            let attribute = wanted.attribute_type();
            let found = find(&site.settings, wanted.component(), wanted.variable(), attribute);
            let (status, value) = read(&site.settings, &found);
            let mut result = response.add_get_variable_result();
            result.attribute_status(status);
            // B06.FR.03, B06.FR.11.
            if let Some(attribute) = told(attribute) {
                result.attribute_type(attribute);
            }
            if let Some(value) = value {
                result.cut().attribute_value(value);
            }
            write_component(result.component(), wanted.component());
            write_variable(result.variable(), wanted.variable());
        }
    });
    answer(shared, token, response);
}

/// B06.FR.06 to B06.FR.10.
fn read<'s>(settings: &'s Settings, found: &Found) -> (GetVariableStatus, Option<&'s str>) {
    match found {
        Found::UnknownComponent => (GetVariableStatus::UnknownComponent, None),
        Found::UnknownVariable => (GetVariableStatus::UnknownVariable, None),
        Found::NotSupportedAttributeType => (GetVariableStatus::NotSupportedAttributeType, None),
        Found::Setting(setting) if settings.is_secret(*setting) => (GetVariableStatus::Rejected, None),
        Found::Setting(setting) => (GetVariableStatus::Accepted, Some(settings.value(*setting))),
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
        let found = find(&site.settings, wanted.component(), wanted.variable(), wanted.attribute_type());
        let (status, ticket) = set(site, shared, &found, wanted.attribute_value());
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

/// B05.FR.04 to B05.FR.10.
fn set(site: &mut Site, shared: &mut Shared, found: &Found, value: &str) -> (SetVariableStatus, Option<Ticket>) {
    match found {
        Found::UnknownComponent => (SetVariableStatus::UnknownComponent, None),
        Found::UnknownVariable => (SetVariableStatus::UnknownVariable, None),
        Found::NotSupportedAttributeType => (SetVariableStatus::NotSupportedAttributeType, None),
        Found::Setting(AnySetting::Standard(setting)) if !may_be(*setting, value) => {
            (SetVariableStatus::Rejected, None)
        }
        Found::Setting(setting) => match site.on_change_setting(shared, *setting, value) {
            SettingVerdict::Accepted(ticket) => (SetVariableStatus::Accepted, Some(ticket)),
            SettingVerdict::AfterReboot(ticket) => (SetVariableStatus::RebootRequired, Some(ticket)),
            SettingVerdict::Rejected => (SetVariableStatus::Rejected, None),
        },
    }
}

/// What 2.x forbids beside the setting's own rules.
fn may_be(setting: Setting, value: &str) -> bool {
    match setting {
        // Read-only in 2.x (part 2 §2.1.4); the profile comes with a network connection profile (A05, B09).
        Setting::MessageTimeout => false,
        #[cfg(feature = "security")]
        Setting::SecurityProfile => false,
        // The password of 2.x has another form (A01), which is not taken yet.
        #[cfg(feature = "security")]
        Setting::BasicAuthPassword => false,
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

fn is_too_long(settings: &Settings, items: usize, most: Setting) -> bool {
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
