//! The keys as a display shows them.

#[cfg(feature = "smart_charging")]
use alloc::vec::Vec;

use super::table::Kind;
use super::{AnySetting, Settings};
#[cfg(feature = "transaction_events")]
use crate::site::points::TxPoint;
use crate::station::{SettingKind, SettingView};

/// The most characters of a group of tokens.
#[cfg(feature = "transaction_events")]
pub(super) const GROUP: usize = 36;

const TEXT: SettingKind = SettingKind::Text { max: 500 };

impl Settings {
    /// All keys that the station has.
    pub fn views(&self) -> impl Iterator<Item = SettingView<'_>> {
        self.all().map(|key| SettingView {
            name: self.name(key),
            value: (!self.is_secret(key)).then(|| self.value(key)),
            kind: self.kind(key),
            access: self.access(key),
        })
    }

    /// What the values of a setting look like.
    pub fn kind(&self, key: AnySetting) -> SettingKind {
        match key {
            AnySetting::Standard(key) => match key.row().kind {
                Kind::Boolean => SettingKind::Boolean,
                Kind::Integer { min, max } => SettingKind::Integer { min: min.into(), max: max.into() },
                Kind::Measurands { .. } => {
                    SettingKind::Members(self.measurands.iter().map(|measurand| measurand.as_str().into()).collect())
                }
                #[cfg(feature = "firmware_management")]
                Kind::List => {
                    let members = self.text(key).split(',').map(str::trim).filter(|member| !member.is_empty());
                    SettingKind::Members(members.map(Into::into).collect())
                }
                Kind::PhaseRotation | Kind::Text => TEXT,
                #[cfg(feature = "transaction_events")]
                Kind::Group => SettingKind::Text { max: GROUP },
                #[cfg(feature = "transaction_events")]
                Kind::TxPoints => {
                    let points = TxPoint::ALL.into_iter().filter(|point| self.tells_of(*point));
                    SettingKind::Members(points.map(|point| point.as_str().into()).collect())
                }
                #[cfg(all(feature = "security", feature = "transaction_events"))]
                Kind::NetworkSlots => SettingKind::Members(
                    (1..=crate::site::networks::SLOTS).map(|slot| crate::words::numbered("", slot)).collect(),
                ),
                #[cfg(feature = "smart_charging")]
                Kind::RateUnits => SettingKind::Members(Vec::from(["Current".into(), "Power".into()])),
                #[cfg(feature = "security")]
                Kind::Secret => SettingKind::Text { max: 40 },
                #[cfg(feature = "california_pricing")]
                Kind::Moment => SettingKind::DateTime,
                #[cfg(feature = "california_pricing")]
                Kind::Offset | Kind::Price | Kind::Language => TEXT,
            },
            AnySetting::Custom(place) => self.custom.get(place).map_or(TEXT, |(custom, _)| custom.kind.clone()),
        }
    }
}
