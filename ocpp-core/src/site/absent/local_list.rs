//! Stands in for the local authorisation list where the feature is off: it knows no token.

use alloc::vec::Vec;

use ocpp_types::SmallString;

use super::settings::Settings;
use crate::site::token::TokenInfo;
use crate::station::IdToken;
use crate::store::{Image, StoreQueue};

/// Nothing.
#[derive(Debug, Default)]
pub(crate) struct LocalAuthList;

impl LocalAuthList {
    pub fn restore(_: &Image, _: &mut StoreQueue) -> (Self, Vec<SmallString>) {
        (LocalAuthList, Vec::new())
    }

    pub fn get(&self, _: &Settings, _: &IdToken) -> Option<&TokenInfo> {
        None
    }

    pub fn contradict(&mut self) {}

    pub fn is_contradicted(&self) -> bool {
        false
    }
}
