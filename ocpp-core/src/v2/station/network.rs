//! SetNetworkProfile (B09): a request in, an answer out. What it leads to is in `site/networks`.

use ocpp_rpc::Dialect;
use ocpp_rpc::engine::ReplyToken;
use ocpp_rpc::handshake::Password;
use ocpp_types::tables::v2::{
    self, NetworkConnectionProfile, OCPPInterface, OCPPTransport, OCPPVersion, SetNetworkProfileRequest,
    SetNetworkProfileStatus,
};
use ocpp_types::tables::{Edition, View as _};

use crate::face::answers::{answer, answer_after};
use crate::site::networks::{Network, SLOTS};
use crate::site::shared::Shared;

/// Why a profile is refused, in the words of the standardized reason codes (2.0.1 errata 2.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    /// B09.FR.05.
    InvalidConfSlot,
    /// B09.FR.04.
    NoSecurityDowngrade,
    /// B09.FR.02.
    InvalidNetworkConf,
}

impl Refused {
    fn code(self) -> &'static str {
        match self {
            Refused::InvalidConfSlot => "InvalidConfSlot",
            Refused::NoSecurityDowngrade => "NoSecurityDowngrade",
            Refused::InvalidNetworkConf => "InvalidNetworkConf",
        }
    }
}

/// The longest request that is kept, in bytes: more than its texts take.
const MAX_REQUEST: usize = 8192;

/// Answers a SetNetworkProfile, whose text is this, once what it sets is durable.
pub(super) fn on_set(
    edition: Edition,
    shared: &mut Shared,
    token: ReplyToken,
    request: SetNetworkProfileRequest<'_>,
    text: &str,
) {
    match judge(edition, shared, request, text) {
        Ok((slot, network)) => {
            let ticket = shared.networks.set(&mut shared.store, slot, network);
            let response = status!(edition, SetNetworkProfileResponse, SetNetworkProfileStatus::Accepted);
            answer_after(shared, Some(ticket), token, response);
        }
        Err(refused) => {
            let response = v2::SetNetworkProfileResponse::to_json(edition, |mut response| {
                response.status(SetNetworkProfileStatus::Rejected);
                response.status_info().reason_code(refused.code());
            });
            answer(shared, token, response);
        }
    }
}

fn judge(
    edition: Edition,
    shared: &Shared,
    request: SetNetworkProfileRequest<'_>,
    text: &str,
) -> Result<(u8, Network), Refused> {
    let slot = u8::try_from(request.configuration_slot()).ok().filter(|slot| (1..=SLOTS).contains(slot));
    let slot = slot.ok_or(Refused::InvalidConfSlot)?;
    let profile = request.connection_data();
    let security_profile = u8::try_from(profile.security_profile()).ok().filter(|profile| *profile <= 3);
    let security_profile = security_profile.ok_or(Refused::InvalidNetworkConf)?;
    if security_profile < shared.access.profile() {
        return Err(Refused::NoSecurityDowngrade);
    }
    let dialect = if edition.is_2_1() { Dialect::V2_1 } else { Dialect::V2_0_1 };
    let is_short = text.len() <= MAX_REQUEST;
    let timeout = u32::try_from(profile.message_timeout()).ok().filter(|seconds| *seconds > 0);
    let (Some(message_timeout_seconds), true) =
        (timeout, is_short && is_possible(shared, profile, security_profile, dialect))
    else {
        return Err(Refused::InvalidNetworkConf);
    };
    let network = Network {
        url: profile.ocpp_csms_url().into(),
        security_profile,
        interface: profile.ocpp_interface().as_str().into(),
        message_timeout_seconds,
        identity: profile.identity().map(Into::into),
        password: profile.basic_auth_password().map(Into::into),
        request: text.into(),
    };
    Ok((slot, network))
}

/// Whether the station can connect so.
fn is_possible(shared: &Shared, profile: NetworkConnectionProfile<'_>, security_profile: u8, dialect: Dialect) -> bool {
    let offers = |wanted: &[Dialect]| shared.config.network.versions.iter().any(|version| wanted.contains(version));
    // The version is agreed in the handshake; what cannot be agreed there is refused.
    let is_offered = match profile.ocpp_version() {
        None => true,
        Some(OCPPVersion::OCPP16) => offers(&[Dialect::V1_6]),
        Some(OCPPVersion::OCPP20) => offers(&[Dialect::V2_0_1, Dialect::V2_1]),
        Some(OCPPVersion::OCPP201) => offers(&[Dialect::V2_0_1]),
        Some(OCPPVersion::OCPP21) => offers(&[Dialect::V2_1]),
        Some(OCPPVersion::OCPP12 | OCPPVersion::OCPP15 | OCPPVersion::Unrecognized) => false,
    };
    let is_password = |text: &str| text.chars().count() >= 16 && Password::from_text(text, dialect).is_ok();
    is_offered
        && profile.ocpp_transport() == OCPPTransport::JSON
        && profile.ocpp_interface() != OCPPInterface::Unrecognized
        && profile.basic_auth_password().is_none_or(is_password)
        && shared.address.is_reachable(profile.ocpp_csms_url(), profile.identity(), security_profile)
}
