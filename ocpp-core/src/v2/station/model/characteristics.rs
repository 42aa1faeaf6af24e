//! What a variable may be: type, unit, limits and values (2.0.1 part 2 §2.51, VariableCharacteristics).

use alloc::string::String;

use ocpp_types::decimal::Decimal;
use ocpp_types::tables::v2::{DataType, VariableCharacteristicsBuilder};

use super::{Model, Source, Variable};
use crate::site::settings::{AnySetting, Setting};
use crate::station::SettingKind;

use super::facts::Fact;

/// Writes the characteristics of a variable.
pub(in crate::v2::station) fn describe(
    model: Model<'_>,
    variable: &Variable<'_>,
    mut told: VariableCharacteristicsBuilder<'_>,
) {
    // No monitor can be set on it.
    told.supports_monitoring(false);
    match variable.source {
        Source::Fact(fact) => {
            told.data_type(fact.data_type());
            if let Some(unit) = fact.unit() {
                told.unit(unit);
            }
            if let Some(values) = fact.values() {
                told.values_list(values);
            }
            let most = match fact {
                Fact::Power => Some(model.most_watts(variable.place)),
                #[cfg(feature = "security")]
                Fact::CertificateEntries => Some(model.site.settings.number(Setting::CertificateEntries).into()),
                #[cfg(feature = "local_auth_list")]
                Fact::LocalListEntries => Some(model.site.settings.number(Setting::LocalAuthListMaxLength).into()),
                _ => None,
            };
            if let Some(most) = most {
                told.max_limit(whole(most));
            }
        }
        Source::Setting(setting) => {
            if let AnySetting::Standard(setting) = setting
                && let Some(unit) = unit(setting)
            {
                told.unit(unit);
            }
            match model.site.settings.kind(setting) {
                SettingKind::Boolean => {
                    told.data_type(DataType::Boolean);
                }
                SettingKind::Integer { min, max } => {
                    told.data_type(DataType::Integer).min_limit(Decimal::from_scaled(min, 0));
                    if max < i64::from(i32::MAX) {
                        told.max_limit(Decimal::from_scaled(max, 0));
                    }
                }
                SettingKind::Choice(values) => {
                    told.data_type(DataType::OptionList).values_list(&list(&values));
                }
                SettingKind::Members(values) => {
                    told.data_type(DataType::MemberList).values_list(&list(&values));
                }
                SettingKind::DateTime => {
                    told.data_type(DataType::DateTime);
                }
                SettingKind::Text { max } => {
                    told.data_type(DataType::String).max_limit(whole(u64::try_from(max).unwrap_or(u64::MAX)));
                }
            }
        }
    }
}

fn whole(number: u64) -> Decimal {
    Decimal::from_scaled(i64::try_from(number).unwrap_or(i64::MAX), 0)
}

fn list(values: &[impl AsRef<str>]) -> String {
    let mut text = String::new();
    for value in values {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(value.as_ref());
    }
    text
}

/// The unit of a setting's values, if they have one.
fn unit(setting: Setting) -> Option<&'static str> {
    match setting {
        Setting::AlignedDataInterval
        | Setting::EvConnectionTimeOut
        | Setting::HeartbeatInterval
        | Setting::MessageTimeout
        | Setting::OfflineThreshold
        | Setting::TransactionMessageRetryInterval
        | Setting::TxUpdatedInterval
        | Setting::WebSocketPingInterval => Some("s"),
        #[cfg(feature = "security")]
        Setting::CertSigningWaitMinimum => Some("s"),
        Setting::MaxEnergyOnInvalidId => Some("Wh"),
        _ => None,
    }
}
