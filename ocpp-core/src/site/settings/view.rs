//! The keys as a display shows them.

use super::keys::Kind;
use super::{AnyKey, Settings};
use crate::station::{SettingKind, SettingView};

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

    fn kind(&self, key: AnyKey) -> SettingKind {
        match key {
            AnyKey::Standard(key) => match key.kind() {
                Kind::Boolean => SettingKind::Boolean,
                Kind::Integer { min, max } => SettingKind::Integer { min: min.into(), max: max.into() },
                _ => SettingKind::Text { max: 500 },
            },
            AnyKey::Custom(place) => {
                self.custom.get(place).map_or(SettingKind::Text { max: 0 }, |(custom, _)| custom.kind.clone())
            }
        }
    }
}
