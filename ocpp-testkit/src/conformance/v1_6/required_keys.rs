//! The configuration keys that a station must have (1.6 §9, errata 3.80 and 3.84), by feature profile.

/// Whether the CSMS may set a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// It may not.
    Read,
    /// It may.
    ReadWrite,
    /// As the station likes.
    Either,
}

use Access::{Either, Read, ReadWrite};

/// Profile, key, access.
pub(super) const REQUIRED: [(&str, &str, Access); 27] = [
    ("Core", "AuthorizeRemoteTxRequests", Either),
    ("Core", "ClockAlignedDataInterval", ReadWrite),
    ("Core", "ConnectionTimeOut", ReadWrite),
    ("Core", "ConnectorPhaseRotation", ReadWrite),
    ("Core", "GetConfigurationMaxKeys", Read),
    ("Core", "HeartbeatInterval", ReadWrite),
    ("Core", "LocalAuthorizeOffline", ReadWrite),
    ("Core", "LocalPreAuthorize", ReadWrite),
    ("Core", "MeterValuesAlignedData", ReadWrite),
    ("Core", "MeterValuesSampledData", ReadWrite),
    ("Core", "MeterValueSampleInterval", ReadWrite),
    ("Core", "NumberOfConnectors", Read),
    ("Core", "ResetRetries", ReadWrite),
    ("Core", "StopTransactionOnInvalidId", ReadWrite),
    ("Core", "StopTxnAlignedData", ReadWrite),
    ("Core", "StopTxnSampledData", ReadWrite),
    ("Core", "SupportedFeatureProfiles", Read),
    ("Core", "TransactionMessageAttempts", ReadWrite),
    ("Core", "TransactionMessageRetryInterval", ReadWrite),
    ("Core", "UnlockConnectorOnEVSideDisconnect", Either),
    ("LocalAuthListManagement", "LocalAuthListEnabled", ReadWrite),
    ("LocalAuthListManagement", "LocalAuthListMaxLength", Read),
    ("LocalAuthListManagement", "SendLocalListMaxLength", Read),
    ("SmartCharging", "ChargeProfileMaxStackLevel", Read),
    ("SmartCharging", "ChargingScheduleAllowedChargingRateUnit", Read),
    ("SmartCharging", "ChargingScheduleMaxPeriods", Read),
    ("SmartCharging", "MaxChargingProfilesInstalled", Read),
];
