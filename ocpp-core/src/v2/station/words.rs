//! Words of the site in those of 2.x, and back. What only 2.1 has is told in 2.0.1 by the nearest word.

use ocpp_types::tables::Edition;
use ocpp_types::tables::v2;

use crate::site::metering::SampleContext;
use crate::site::verdict::UnlockVerdict;
use crate::station::{
    AuthorizationStatus, BootReason, ChargingState, DataTransferStatus, EvseStatus, RegistrationStatus, StopReason,
    TriggerReason, Unit,
};

/// Why the station booted (B01.FR.09).
pub(super) fn boot_reason(reason: BootReason) -> v2::BootReason {
    v2::BootReason::from_text(reason.as_str()).unwrap_or(v2::BootReason::Unknown)
}

/// What the CSMS said to a BootNotification. A status of a later edition is no acceptance.
pub(super) fn registration(status: v2::RegistrationStatus) -> RegistrationStatus {
    match status {
        v2::RegistrationStatus::Accepted => RegistrationStatus::Accepted,
        v2::RegistrationStatus::Pending => RegistrationStatus::Pending,
        v2::RegistrationStatus::Rejected | v2::RegistrationStatus::Unrecognized => RegistrationStatus::Rejected,
    }
}

/// Whether a connector can be used (G01): whoever is at it, it is occupied.
pub(super) fn connector_status(status: EvseStatus) -> v2::ConnectorStatus {
    match status {
        EvseStatus::Available => v2::ConnectorStatus::Available,
        EvseStatus::Preparing
        | EvseStatus::Charging
        | EvseStatus::SuspendedEv
        | EvseStatus::SuspendedEvse
        | EvseStatus::Finishing => v2::ConnectorStatus::Occupied,
        EvseStatus::Reserved => v2::ConnectorStatus::Reserved,
        EvseStatus::Unavailable => v2::ConnectorStatus::Unavailable,
        EvseStatus::Faulted => v2::ConnectorStatus::Faulted,
    }
}

/// What a transaction does.
pub(super) fn charging_state(state: ChargingState) -> v2::ChargingState {
    match state {
        ChargingState::Charging => v2::ChargingState::Charging,
        ChargingState::EvConnected => v2::ChargingState::EVConnected,
        ChargingState::Idle => v2::ChargingState::Idle,
        ChargingState::SuspendedEv => v2::ChargingState::SuspendedEV,
        ChargingState::SuspendedEvse => v2::ChargingState::SuspendedEVSE,
    }
}

/// Why an event is told. 2.0.1 has no word for what 2.1 added: that something changed is what is left of it.
pub(super) fn trigger(edition: Edition, trigger: TriggerReason) -> v2::TriggerReason {
    use TriggerReason as T;
    let plain = match trigger {
        T::SocLimitReached | T::CostLimitReached => T::EnergyLimitReached,
        T::LimitSet | T::OperationModeChanged => T::ChargingRateChanged,
        T::RunningCost | T::TariffChanged | T::TariffNotAccepted | T::TxResumed => T::ChargingStateChanged,
        T::AbnormalCondition
        | T::Authorized
        | T::CablePluggedIn
        | T::ChargingRateChanged
        | T::ChargingStateChanged
        | T::Deauthorized
        | T::EnergyLimitReached
        | T::EvCommunicationLost
        | T::EvConnectTimeout
        | T::EvDeparted
        | T::EvDetected
        | T::MeterValueClock
        | T::MeterValuePeriodic
        | T::RemoteStart
        | T::RemoteStop
        | T::ResetCommand
        | T::SignedDataReceived
        | T::StopAuthorized
        | T::TimeLimitReached
        | T::Trigger
        | T::UnlockCommand => trigger,
    };
    let told = if edition.is_2_1() { trigger } else { plain };
    v2::TriggerReason::from_text(told.as_str()).unwrap_or(v2::TriggerReason::AbnormalCondition)
}

/// Why a transaction ended (E06.FR.08, E07.FR.06).
pub(super) fn stop_reason(edition: Edition, reason: StopReason) -> v2::Reason {
    use v2::Reason as R;
    match reason {
        StopReason::DeAuthorized => R::DeAuthorized,
        StopReason::EmergencyStop => R::EmergencyStop,
        StopReason::EvDisconnected => R::EVDisconnected,
        // Those of 1.6, which ordered the reset of a session that is delivered now.
        StopReason::HardReset | StopReason::SoftReset | StopReason::ImmediateReset => R::ImmediateReset,
        StopReason::Local => R::Local,
        StopReason::Other | StopReason::UnlockCommand => R::Other,
        StopReason::PowerLoss => R::PowerLoss,
        StopReason::Reboot => R::Reboot,
        StopReason::Remote => R::Remote,
        StopReason::EnergyLimitReached => R::EnergyLimitReached,
        StopReason::GroundFault => R::GroundFault,
        StopReason::LocalOutOfCredit => R::LocalOutOfCredit,
        StopReason::MasterPass => R::MasterPass,
        StopReason::OvercurrentFault => R::OvercurrentFault,
        StopReason::PowerQuality => R::PowerQuality,
        StopReason::ReqEnergyTransferRejected if edition.is_2_1() => R::ReqEnergyTransferRejected,
        StopReason::ReqEnergyTransferRejected => R::Other,
        StopReason::SocLimitReached => R::SOCLimitReached,
        StopReason::StoppedByEv => R::StoppedByEV,
        StopReason::TimeLimitReached => R::TimeLimitReached,
        StopReason::Timeout => R::Timeout,
    }
}

/// Why a reading was taken.
pub(super) fn context(context: SampleContext) -> v2::ReadingContext {
    match context {
        SampleContext::Clock => v2::ReadingContext::SampleClock,
        SampleContext::Periodic => v2::ReadingContext::SamplePeriodic,
        SampleContext::Trigger => v2::ReadingContext::Trigger,
        SampleContext::InterruptionEnd => v2::ReadingContext::InterruptionEnd,
        SampleContext::Other => v2::ReadingContext::Other,
    }
}

/// The unit as the appendix on standardized units spells it.
pub(super) fn unit(unit: Unit) -> Option<&'static str> {
    match unit {
        Unit::Wh => Some("Wh"),
        Unit::Varh => Some("varh"),
        Unit::W => Some("W"),
        Unit::Var => Some("var"),
        Unit::A => Some("A"),
        Unit::V => Some("V"),
        Unit::Celsius => Some("Celsius"),
        Unit::Percent => Some("Percent"),
        Unit::Hertz => Some("Hz"),
        Unit::None => None,
    }
}

/// What the CSMS said of a token. A status of a later edition is no acceptance.
pub(super) fn authorization_status(status: v2::AuthorizationStatus) -> AuthorizationStatus {
    use v2::AuthorizationStatus as S;
    match status {
        S::Accepted => AuthorizationStatus::Accepted,
        S::Blocked => AuthorizationStatus::Blocked,
        S::ConcurrentTx => AuthorizationStatus::ConcurrentTx,
        S::Expired => AuthorizationStatus::Expired,
        S::Invalid | S::Unrecognized => AuthorizationStatus::Invalid,
        S::NoCredit => AuthorizationStatus::NoCredit,
        S::NotAllowedTypeEVSE => AuthorizationStatus::NotAllowedTypeEvse,
        S::NotAtThisLocation => AuthorizationStatus::NotAtThisLocation,
        S::NotAtThisTime => AuthorizationStatus::NotAtThisTime,
        S::Unknown => AuthorizationStatus::Unknown,
    }
}

/// What the CSMS said to vendor data.
pub(super) fn data_status(status: v2::DataTransferStatus) -> DataTransferStatus {
    match status {
        v2::DataTransferStatus::Accepted => DataTransferStatus::Accepted,
        v2::DataTransferStatus::UnknownMessageId => DataTransferStatus::UnknownMessageId,
        v2::DataTransferStatus::UnknownVendorId => DataTransferStatus::UnknownVendor,
        v2::DataTransferStatus::Rejected | v2::DataTransferStatus::Unrecognized => DataTransferStatus::Rejected,
    }
}

/// What the host said to vendor data.
pub(super) fn told_data_status(status: DataTransferStatus) -> v2::DataTransferStatus {
    match status {
        DataTransferStatus::Accepted => v2::DataTransferStatus::Accepted,
        DataTransferStatus::Rejected => v2::DataTransferStatus::Rejected,
        DataTransferStatus::UnknownMessageId => v2::DataTransferStatus::UnknownMessageId,
        DataTransferStatus::UnknownVendor => v2::DataTransferStatus::UnknownVendorId,
    }
}

/// How an unlocking went (F05).
pub(super) fn unlock_status(verdict: UnlockVerdict) -> v2::UnlockStatus {
    match verdict {
        UnlockVerdict::Unlocked => v2::UnlockStatus::Unlocked,
        UnlockVerdict::Failed => v2::UnlockStatus::UnlockFailed,
        UnlockVerdict::Unknown => v2::UnlockStatus::UnknownConnector,
    }
}
