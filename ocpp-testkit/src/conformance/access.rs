//! How a station has itself connected, by its security profile.

use std::ops::RangeInclusive;

use ocpp_core::station::ConnectRequest;
use ocpp_rpc::handshake::{BasicAuth, Identity, IdentityRules, SecurityProfile};

use super::{Step, Stop};

/// The connection is wanted as this profile has it: by TLS from 2 on; with a password of so many bytes under the identity below
/// 3, and none above (A00.FR.202 to 205, A00.FR.303, A00.FR.402).
pub(super) fn demands(
    request: &ConnectRequest,
    profile: u8,
    rules: &IdentityRules,
    length: &RangeInclusive<usize>,
) -> Step {
    let wrong = |what: &str| Err(Stop::Failed(format!("{what}, at security profile {profile}")));
    let number = request.security_profile.map_or(0, SecurityProfile::number);
    if number != profile {
        return wrong(&format!("the station connects by profile {number}"));
    }
    if request.url.starts_with("wss://") != (profile >= 2) {
        return wrong(&format!("the station connects to {}", request.url));
    }
    match (password(request, rules)?, profile) {
        (None, 3) => Ok(()),
        (Some(password), 0..3) if length.contains(&password.len()) => Ok(()),
        (Some(_), _) => wrong(&format!("the password is not one of {} to {} bytes", length.start(), length.end())),
        (None, _) => wrong("there is no password"),
    }
}

/// The password that is shown, if one is.
pub(super) fn password(request: &ConnectRequest, rules: &IdentityRules) -> Step<Option<Vec<u8>>> {
    let failed = |error: String| Stop::Failed(error);
    let identity = request.url.rsplit('/').next().unwrap_or_default();
    let identity = Identity::new(identity, rules).map_err(|error| failed(error.to_string()))?;
    let Some(header) = request.authorization.as_deref() else { return Ok(None) };
    let shown = BasicAuth::parse(header, &identity).map_err(|error| failed(error.to_string()))?;
    Ok(Some(shown.password().to_vec()))
}
