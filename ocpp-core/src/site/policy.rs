//! What the protocol families judge differently, as values that a face gives.

#[cfg(feature = "security")]
use ocpp_rpc::handshake::ProfileRules;
#[cfg(feature = "smart_charging")]
use ocpp_smartcharging::validate::Edition;

/// The rules that the site follows.
#[derive(Debug)]
pub(crate) struct Policy {
    /// Which changes of the security profile are allowed.
    #[cfg(feature = "security")]
    pub profile_rules: ProfileRules,
    /// By whose rules charging profiles are judged, replaced and cleared.
    #[cfg(feature = "smart_charging")]
    pub edition: Edition,
}
