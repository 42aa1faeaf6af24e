//! The keys as a display shows them.

use super::table::Kind;
use super::{AnySetting, Settings};
use crate::station::{SettingKind, SettingView};

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

    fn kind(&self, key: AnySetting) -> SettingKind {
        match key {
            AnySetting::Standard(key) => match key.row().kind {
                Kind::Boolean => SettingKind::Boolean,
                Kind::Integer { min, max } => SettingKind::Integer { min: min.into(), max: max.into() },
                Kind::Measurands { .. } | Kind::PhaseRotation | Kind::Text => TEXT,
                #[cfg(feature = "transaction_events")]
                Kind::TxPoints => TEXT,
                #[cfg(feature = "smart_charging")]
                Kind::RateUnits => TEXT,
                #[cfg(feature = "security")]
                Kind::Secret => TEXT,
                #[cfg(feature = "california_pricing")]
                Kind::Offset | Kind::Moment | Kind::Price | Kind::Language => TEXT,
            },
            AnySetting::Custom(place) => self.custom.get(place).map_or(TEXT, |(custom, _)| custom.kind.clone()),
        }
    }
}
