//! What a variable may be: type, unit, limits and values (2.0.1 part 2 §2.51, VariableCharacteristics).

use alloc::string::String;

use ocpp_types::SmallString;
use ocpp_types::decimal::Decimal;
use ocpp_types::tables::v2::{DataType, VariableCharacteristicsBuilder};

use super::{Model, Source, Variable};
use crate::site::settings::{AnySetting, Setting};
use crate::station::SettingKind;

use super::facts::Fact;

impl Model<'_> {
    /// Writes the characteristics of a variable.
    pub fn describe(self, variable: &Variable<'_>, mut told: VariableCharacteristicsBuilder<'_>) {
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
                    Fact::Power => Some(self.most_watts(variable.place)),
                    #[cfg(feature = "security")]
                    Fact::CertificateEntries => Some(self.site.settings.number(Setting::CertificateEntries).into()),
                    #[cfg(feature = "local_auth_list")]
                    Fact::LocalListEntries => Some(self.site.settings.number(Setting::LocalAuthListMaxLength).into()),
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
                match self.site.settings.kind(setting) {
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
                        told.data_type(DataType::OptionList);
                        write_list(told, &values);
                    }
                    SettingKind::Members(values) => {
                        told.data_type(if is_sequence(setting) { DataType::String } else { DataType::MemberList });
                        write_list(told, &values);
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
}

fn whole(number: u64) -> Decimal {
    Decimal::from_scaled(i64::try_from(number).unwrap_or(i64::MAX), 0)
}

/// The longest list of values that a message takes, in characters (2.0.1 schema of VariableCharacteristics).
const MAX_LIST: usize = 1000;

/// Writes the values that are allowed, unless they are too many: a part of them would forbid the others.
fn write_list(mut told: VariableCharacteristicsBuilder<'_>, values: &[SmallString]) {
    let mut text = String::new();
    for value in values {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(value);
    }
    if text.chars().count() <= MAX_LIST {
        told.values_list(&text);
    }
}

/// Whether it is a list whose order says something: for the specification a text, with values that it may name (part 2 §2.1.6).
fn is_sequence(setting: AnySetting) -> bool {
    #[cfg(feature = "security")]
    let is_sequence = setting == AnySetting::Standard(Setting::NetworkConfigurationPriority);
    #[cfg(not(feature = "security"))]
    let is_sequence = {
        let _ = setting;
        false
    };
    is_sequence
}

/// The unit of a setting's values, if they have one.
fn unit(setting: Setting) -> Option<&'static str> {
    match setting {
        Setting::AlignedDataInterval
        | Setting::AuthCacheLifeTime
        | Setting::AlignedTxEndedInterval
        | Setting::TxEndedInterval
        | Setting::EvConnectionTimeOut
        | Setting::HeartbeatInterval
        | Setting::MessageTimeout
        | Setting::OfflineThreshold
        | Setting::RetryBackOffRandomRange
        | Setting::RetryBackOffWaitMinimum
        | Setting::TransactionMessageRetryInterval
        | Setting::TxUpdatedInterval
        | Setting::WebSocketPingInterval => Some("s"),
        #[cfg(feature = "security")]
        Setting::CertSigningWaitMinimum => Some("s"),
        Setting::MaxEnergyOnInvalidId => Some("Wh"),
        _ => None,
    }
}
