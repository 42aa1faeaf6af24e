//! Stands in for changes of password and security profile where the feature is off: there are none.

use crate::site::shared::Shared;
use crate::station::{ConnectRefusal, ConnectRequest};

impl Shared {
    pub fn connect_request(&mut self) -> ConnectRequest {
        self.address.request(&self.config, None, None)
    }

    pub fn on_connected(&mut self) {}

    pub fn on_connect_failed(&mut self, _: Option<ConnectRefusal>) {}
}
