//! The table of the settings: a row for each, with its name in every family, its kind, bounds, access and default (1.6 §9, 2.x
//! referenced components and variables, and the papers that each feature follows).

use crate::station::SettingAccess;

/// What a value must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Boolean,
    /// An integer of at least `min`, at most `max`.
    Integer {
        min: u32,
        max: u32,
    },
    /// A comma separated list of measurands that the meters offer, at most as many as the key says.
    Measurands {
        most: Setting,
    },
    /// A comma separated list of connectors with the rotation of their phases (1.6 §9.1.7).
    PhaseRotation,
    /// `Current`, `Power`, or both (errata 3.88).
    #[cfg(feature = "smart_charging")]
    RateUnits,
    /// A comma separated list of points where a transaction may begin or end, which the hardware can tell of.
    #[cfg(feature = "transaction_events")]
    TxPoints,
    /// A comma separated list of the maker's own.
    #[cfg(feature = "firmware_management")]
    List,
    /// A comma separated list of slots of network connection profiles, the first first.
    #[cfg(all(feature = "security", feature = "transaction_events"))]
    NetworkSlots,
    /// The group of tokens (2.0.1 IdTokenType: at most 36 characters), or nothing.
    #[cfg(feature = "transaction_events")]
    Group,
    /// Free text.
    Text,
    /// A password of 1.6 in hexadecimal digits, which is never told.
    #[cfg(feature = "security")]
    Secret,
    /// Hours and minutes from UTC, as `-05:00`, or nothing.
    #[cfg(feature = "california_pricing")]
    Offset,
    /// A date and time (RFC 3339), or nothing.
    #[cfg(feature = "california_pricing")]
    Moment,
    /// A default price as JSON, or nothing.
    #[cfg(feature = "california_pricing")]
    Price,
    /// One of SupportedLanguages, or nothing.
    #[cfg(feature = "california_pricing")]
    Language,
}

const BOOLEAN: Kind = Kind::Boolean;
const TEXT: Kind = Kind::Text;

/// The feature profiles that are built in (1.6 §9.1.29), with a comma before each but the first.
const PROFILES: [(bool, &str); 6] = [
    (true, "Core"),
    (cfg!(feature = "firmware_management"), ",FirmwareManagement"),
    (cfg!(feature = "local_auth_list"), ",LocalAuthListManagement"),
    (cfg!(feature = "remote_trigger"), ",RemoteTrigger"),
    (cfg!(feature = "reservation"), ",Reservation"),
    (cfg!(feature = "smart_charging"), ",SmartCharging"),
];
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
const FEATURE_PROFILES: &str = {
    const TEXT: ([u8; 128], usize) = {
        let (mut text, mut length, mut next) = ([0; 128], 0, 0);
        while next < PROFILES.len() {
            let (is_built_in, name) = PROFILES[next];
            let mut place = 0;
            while is_built_in && place < name.len() {
                text[length] = name.as_bytes()[place];
                (length, place) = (length + 1, place + 1);
            }
            next += 1;
        }
        (text, length)
    };
    match core::str::from_utf8(TEXT.0.split_at(TEXT.1).0) {
        Ok(text) => text,
        Err(_) => "",
    }
};

/// An integer of at least `min`.
const fn integer(min: u32) -> Kind {
    Kind::Integer { min, max: i32::MAX as u32 }
}

/// A count that memory is reserved by.
const fn count(min: u32, max: u32) -> Kind {
    Kind::Integer { min, max }
}

const fn measurands(most: Setting) -> Kind {
    Kind::Measurands { most }
}

/// An hour: a station that waits longer before it connects again is lost to its operator.
#[cfg(feature = "transaction_events")]
const MAX_BACKOFF: u32 = 60 * 60;

const SECONDS_OF_DAY: u32 = 24 * 60 * 60;

/// One setting.
pub(super) struct Row {
    /// Its name in the store, and to the host.
    pub id: &'static str,
    /// The configuration key of 1.6; nothing where there is none. Names are case-insensitive on the wire (1.6 §5.3: CiString50).
    pub key: &'static str,
    /// `Component.Variable[Instance]` of 2.x; nothing where there is none.
    pub variable: &'static str,
    /// What its values look like.
    pub kind: Kind,
    /// Whether the CSMS may change it.
    pub access: SettingAccess,
    /// The value that it has without being set.
    pub default: &'static str,
}

macro_rules! settings {
    ($($(#[$condition:meta])? $id:ident, $key:literal, $variable:literal, $kind:expr, $access:ident, $default:expr;)*) => {
        /// A setting, by its meaning: under which name a family knows it is in its row.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Setting {
            $($(#[$condition])? $id,)*
        }

        /// All settings, in the order in which they are reported.
        const ALL: &[Setting] = &[$($(#[$condition])? Setting::$id),*];

        const ROWS: &[Row] = &[$($(#[$condition])? Row {
            id: stringify!($id),
            key: $key,
            variable: $variable,
            kind: $kind,
            access: SettingAccess::$access,
            default: $default,
        }),*];
    };
}

settings! {
    #[cfg(feature = "security")]
    AdditionalRootCertificateCheck, "AdditionalRootCertificateCheck", "SecurityCtrlr.AdditionalRootCertificateCheck", BOOLEAN, ReadOnly, "false";
    AlignedSignReadings, "AlignedDataSignReadings", "AlignedDataCtrlr.SignReadings", BOOLEAN, ReadWrite, "true";
    OfflineTxForUnknownIdEnabled, "AllowOfflineTxForUnknownId", "AuthCtrlr.OfflineTxForUnknownIdEnabled", BOOLEAN, ReadWrite, "false";
    AuthCacheEnabled, "AuthorizationCacheEnabled", "AuthCacheCtrlr.Enabled", BOOLEAN, ReadWrite, "false";
    #[cfg(feature = "transaction_events")]
    AuthCacheLifeTime, "", "AuthCacheCtrlr.LifeTime", integer(0), ReadWrite, "0";
    #[cfg(feature = "security")]
    BasicAuthPassword, "AuthorizationKey", "SecurityCtrlr.BasicAuthPassword", Kind::Secret, ReadWrite, "";
    AuthorizeRemoteStart, "AuthorizeRemoteTxRequests", "AuthCtrlr.AuthorizeRemoteStart", BOOLEAN, ReadWrite, "true";
    BlinkRepeat, "BlinkRepeat", "", integer(0), ReadWrite, "3";
    #[cfg(feature = "plug_and_charge")]
    CentralContractValidationAllowed, "CentralContractValidationAllowed", "ISO15118Ctrlr.CentralContractValidationAllowed", BOOLEAN, ReadWrite, "false";
    #[cfg(feature = "security")]
    MaxCertificateChainSize, "CertificateSignedMaxChainSize", "SecurityCtrlr.MaxCertificateChainSize", count(1, 10_000), ReadOnly, "10000";
    #[cfg(feature = "security")]
    CertificateEntries, "CertificateStoreMaxLength", "", integer(1), ReadOnly, "10";
    #[cfg(feature = "plug_and_charge")]
    CertSigningRepeatTimes, "CertSigningRepeatTimes", "SecurityCtrlr.CertSigningRepeatTimes", integer(0), ReadWrite, "3";
    #[cfg(all(feature = "security", feature = "transaction_events", not(feature = "plug_and_charge")))]
    CertSigningRepeatTimes, "", "SecurityCtrlr.CertSigningRepeatTimes", integer(0), ReadWrite, "3";
    #[cfg(feature = "plug_and_charge")]
    CertSigningWaitMinimum, "CertSigningWaitMinimum", "SecurityCtrlr.CertSigningWaitMinimum", integer(0), ReadWrite, "300";
    #[cfg(all(feature = "security", feature = "transaction_events", not(feature = "plug_and_charge")))]
    CertSigningWaitMinimum, "", "SecurityCtrlr.CertSigningWaitMinimum", integer(0), ReadWrite, "300";
    #[cfg(feature = "smart_charging")]
    ProfileStackLevel, "ChargeProfileMaxStackLevel", "SmartChargingCtrlr.ProfileStackLevel", integer(0), ReadOnly, "10";
    #[cfg(feature = "smart_charging")]
    ChargingRateUnits, "ChargingScheduleAllowedChargingRateUnit", "SmartChargingCtrlr.RateUnit", Kind::RateUnits, ReadOnly, "Current,Power";
    #[cfg(feature = "smart_charging")]
    PeriodsPerSchedule, "ChargingScheduleMaxPeriods", "SmartChargingCtrlr.PeriodsPerSchedule", integer(1), ReadOnly, "48";
    AlignedDataInterval, "ClockAlignedDataInterval", "AlignedDataCtrlr.Interval", count(0, SECONDS_OF_DAY), ReadWrite, "0";
    EvConnectionTimeOut, "ConnectionTimeOut", "TxCtrlr.EVConnectionTimeOut", integer(1), ReadWrite, "120";
    ConnectorPhaseRotation, "ConnectorPhaseRotation", "", Kind::PhaseRotation, ReadWrite, "";
    ConnectorPhaseRotationMaxLength, "ConnectorPhaseRotationMaxLength", "", integer(1), ReadOnly, "1";
    #[cfg(feature = "smart_charging")]
    Phases3to1, "ConnectorSwitch3to1PhaseSupported", "SmartChargingCtrlr.Phases3to1", BOOLEAN, ReadOnly, "false";
    #[cfg(feature = "plug_and_charge")]
    ContractValidationOffline, "ContractValidationOffline", "ISO15118Ctrlr.ContractValidationOffline", BOOLEAN, ReadWrite, "false";
    #[cfg(feature = "security")]
    OrganizationName, "CpoName", "SecurityCtrlr.OrganizationName", TEXT, ReadWrite, "";
    #[cfg(feature = "california_pricing")]
    CustomDisplayCostAndPrice, "CustomDisplayCostAndPrice", "", BOOLEAN, ReadOnly, "false";
    #[cfg(feature = "california_pricing")]
    CustomIdleFeeAfterStop, "CustomIdleFeeAfterStop", "", BOOLEAN, ReadOnly, "false";
    #[cfg(feature = "california_pricing")]
    CustomMultiLanguageMessages, "CustomMultiLanguageMessages", "", BOOLEAN, ReadOnly, "false";
    #[cfg(feature = "california_pricing")]
    DefaultPrice, "DefaultPrice", "", Kind::Price, ReadWrite, "";
    GetConfigurationMaxKeys, "GetConfigurationMaxKeys", "", integer(1), ReadOnly, "50";
    HeartbeatInterval, "HeartbeatInterval", "OCPPCommCtrlr.HeartbeatInterval", integer(0), ReadWrite, "3600";
    #[cfg(feature = "plug_and_charge")]
    PncEnabled, "ISO15118PnCEnabled", "ISO15118Ctrlr.PnCEnabled", BOOLEAN, ReadWrite, "false";
    #[cfg(feature = "california_pricing")]
    Language, "Language", "", Kind::Language, ReadWrite, "";
    LightIntensity, "LightIntensity", "", count(0, 100), ReadWrite, "100";
    #[cfg(feature = "local_auth_list")]
    LocalAuthListEnabled, "LocalAuthListEnabled", "LocalAuthListCtrlr.Enabled", BOOLEAN, ReadWrite, "true";
    #[cfg(feature = "local_auth_list")]
    LocalAuthListMaxLength, "LocalAuthListMaxLength", "", count(0, 100_000), ReadOnly, "500";
    LocalAuthorizeOffline, "LocalAuthorizeOffline", "AuthCtrlr.LocalAuthorizeOffline", BOOLEAN, ReadWrite, "true";
    LocalPreAuthorize, "LocalPreAuthorize", "AuthCtrlr.LocalPreAuthorize", BOOLEAN, ReadWrite, "false";
    #[cfg(feature = "transaction_events")]
    MasterPassGroupId, "", "AuthCtrlr.MasterPassGroupId", Kind::Group, ReadWrite, "";
    #[cfg(feature = "smart_charging")]
    ChargingProfileEntries, "MaxChargingProfilesInstalled", "SmartChargingCtrlr.Entries[ChargingProfiles]", integer(0), ReadOnly, "10";
    MaxEnergyOnInvalidId, "MaxEnergyOnInvalidId", "TxCtrlr.MaxEnergyOnInvalidId", integer(0), ReadWrite, "0";
    MessageTimeout, "MessageTimeout", "OCPPCommCtrlr.MessageTimeout[Default]", integer(1), ReadWrite, "30";
    AlignedMeasurands, "MeterValuesAlignedData", "AlignedDataCtrlr.Measurands", measurands(Setting::MeterValuesAlignedDataMaxLength), ReadWrite, "Energy.Active.Import.Register";
    MeterValuesAlignedDataMaxLength, "MeterValuesAlignedDataMaxLength", "", count(0, MEASURANDS), ReadOnly, "16";
    TxUpdatedInterval, "MeterValueSampleInterval", "SampledDataCtrlr.TxUpdatedInterval", integer(0), ReadWrite, "60";
    TxUpdatedMeasurands, "MeterValuesSampledData", "SampledDataCtrlr.TxUpdatedMeasurands", measurands(Setting::MeterValuesSampledDataMaxLength), ReadWrite, "Energy.Active.Import.Register";
    MeterValuesSampledDataMaxLength, "MeterValuesSampledDataMaxLength", "", count(0, MEASURANDS), ReadOnly, "16";
    MinimumStatusDuration, "MinimumStatusDuration", "", integer(0), ReadWrite, "0";
    #[cfg(feature = "california_pricing")]
    NextTimeOffsetTransitionDateTime, "NextTimeOffsetTransitionDateTime", "ClockCtrlr.NextTimeOffsetTransitionDateTime", Kind::Moment, ReadWrite, "";
    #[cfg(feature = "transaction_events")]
    GetReportItems, "", "DeviceDataCtrlr.ItemsPerMessage[GetReport]", integer(1), ReadOnly, "50";
    #[cfg(feature = "transaction_events")]
    GetVariablesItems, "", "DeviceDataCtrlr.ItemsPerMessage[GetVariables]", integer(1), ReadOnly, "50";
    #[cfg(feature = "transaction_events")]
    SetVariablesItems, "", "DeviceDataCtrlr.ItemsPerMessage[SetVariables]", integer(1), ReadOnly, "50";
    #[cfg(all(feature = "security", feature = "transaction_events"))]
    NetworkConfigurationPriority, "", "OCPPCommCtrlr.NetworkConfigurationPriority", Kind::NetworkSlots, AfterReboot, "1";
    #[cfg(all(feature = "security", feature = "transaction_events"))]
    NetworkProfileConnectionAttempts, "", "OCPPCommCtrlr.NetworkProfileConnectionAttempts", integer(1), ReadWrite, "3";
    NumberOfConnectors, "NumberOfConnectors", "", integer(1), ReadOnly, "1";
    #[cfg(feature = "california_pricing")]
    NumberOfDecimalsForCostValues, "NumberOfDecimalsForCostValues", "", integer(0), ReadOnly, "3";
    #[cfg(feature = "plug_and_charge")]
    OcspRequestInterval, "OCSPRequestInterval", "", integer(3600), ReadWrite, "604800";
    #[cfg(feature = "transaction_events")]
    OfflineThreshold, "", "OCPPCommCtrlr.OfflineThreshold", integer(0), ReadWrite, "300";
    #[cfg(feature = "reservation")]
    NonEvseSpecificReservation, "ReserveConnectorZeroSupported", "ReservationCtrlr.NonEvseSpecific", BOOLEAN, ReadOnly, "true";
    #[cfg(feature = "transaction_events")]
    RetryBackOffRandomRange, "", "OCPPCommCtrlr.RetryBackOffRandomRange", count(0, MAX_BACKOFF), ReadWrite, "10";
    #[cfg(feature = "transaction_events")]
    RetryBackOffRepeatTimes, "", "OCPPCommCtrlr.RetryBackOffRepeatTimes", integer(0), ReadWrite, "5";
    #[cfg(feature = "transaction_events")]
    RetryBackOffWaitMinimum, "", "OCPPCommCtrlr.RetryBackOffWaitMinimum", count(1, MAX_BACKOFF), ReadWrite, "10";
    ResetRetries, "ResetRetries", "OCPPCommCtrlr.ResetRetries", integer(0), ReadWrite, "0";
    SignReadings, "SampledDataSignReadings", "SampledDataCtrlr.SignReadings", BOOLEAN, ReadWrite, "true";
    #[cfg(feature = "security")]
    SecurityProfile, "SecurityProfile", "SecurityCtrlr.SecurityProfile", count(0, 3), ReadWrite, "0";
    #[cfg(feature = "local_auth_list")]
    SendLocalListMaxLength, "SendLocalListMaxLength", "LocalAuthListCtrlr.ItemsPerMessage", count(0, 1_000), ReadOnly, "100";
    StopTransactionMaxMeterValues, "StopTransactionMaxMeterValues", "", count(2, 10_000), ReadOnly, "50";
    StopTxOnEvSideDisconnect, "StopTransactionOnEVSideDisconnect", "TxCtrlr.StopTxOnEVSideDisconnect", BOOLEAN, ReadWrite, "true";
    StopTxOnInvalidId, "StopTransactionOnInvalidId", "TxCtrlr.StopTxOnInvalidId", BOOLEAN, ReadWrite, "true";
    #[cfg(feature = "transaction_events")]
    AlignedTxEndedInterval, "", "AlignedDataCtrlr.TxEndedInterval", count(0, SECONDS_OF_DAY), ReadWrite, "0";
    AlignedTxEndedMeasurands, "StopTxnAlignedData", "AlignedDataCtrlr.TxEndedMeasurands", measurands(Setting::StopTxnAlignedDataMaxLength), ReadWrite, "";
    StopTxnAlignedDataMaxLength, "StopTxnAlignedDataMaxLength", "", count(0, MEASURANDS), ReadOnly, "16";
    #[cfg(feature = "transaction_events")]
    TxEndedInterval, "", "SampledDataCtrlr.TxEndedInterval", integer(0), ReadWrite, "0";
    TxEndedMeasurands, "StopTxnSampledData", "SampledDataCtrlr.TxEndedMeasurands", measurands(Setting::StopTxnSampledDataMaxLength), ReadWrite, "";
    StopTxnSampledDataMaxLength, "StopTxnSampledDataMaxLength", "", count(0, MEASURANDS), ReadOnly, "16";
    SupportedFeatureProfiles, "SupportedFeatureProfiles", "", TEXT, ReadOnly, FEATURE_PROFILES;
    #[cfg(feature = "firmware_management")]
    FileTransferProtocols, "SupportedFileTransferProtocols", "OCPPCommCtrlr.FileTransferProtocols", Kind::List, ReadOnly, "";
    #[cfg(feature = "california_pricing")]
    SupportedLanguages, "SupportedLanguages", "", TEXT, ReadOnly, "";
    #[cfg(feature = "california_pricing")]
    TimeOffset, "TimeOffset", "ClockCtrlr.TimeOffset", Kind::Offset, ReadWrite, "";
    #[cfg(feature = "california_pricing")]
    TimeOffsetNextTransition, "TimeOffsetNextTransition", "ClockCtrlr.TimeOffset[NextTransition]", Kind::Offset, ReadWrite, "";
    TransactionMessageAttempts, "TransactionMessageAttempts", "OCPPCommCtrlr.MessageAttempts[TransactionEvent]", integer(1), ReadWrite, "3";
    TransactionMessageRetryInterval, "TransactionMessageRetryInterval", "OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]", integer(0), ReadWrite, "60";
    #[cfg(feature = "transaction_events")]
    TxStartPoint, "", "TxCtrlr.TxStartPoint", Kind::TxPoints, ReadWrite, "PowerPathClosed";
    #[cfg(feature = "transaction_events")]
    TxStartedMeasurands, "", "SampledDataCtrlr.TxStartedMeasurands", measurands(Setting::MeterValuesSampledDataMaxLength), ReadWrite, "Energy.Active.Import.Register";
    // As in 1.6 (2.0.1 part 2 table 95).
    #[cfg(feature = "transaction_events")]
    TxStopPoint, "", "TxCtrlr.TxStopPoint", Kind::TxPoints, ReadWrite, "EVConnected,Authorized";
    UnlockOnEvSideDisconnect, "UnlockConnectorOnEVSideDisconnect", "OCPPCommCtrlr.UnlockOnEVSideDisconnect", BOOLEAN, ReadWrite, "true";
    #[cfg(feature = "california_pricing")]
    WaitForSetUserPriceTimeout, "WaitForSetUserPriceTimeout", "", integer(0), ReadWrite, "0";
    WebSocketPingInterval, "WebSocketPingInterval", "OCPPCommCtrlr.WebSocketPingInterval", integer(0), ReadWrite, "60";
}

/// The most measurands in a list: all of them, with a few phases each.
const MEASURANDS: u32 = 64;

impl Setting {
    pub const ALL: &'static [Setting] = ALL;

    #[expect(clippy::indexing_slicing, reason = "the table has a row for each")]
    pub(super) fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// The configuration key of 1.6, or its name in 2.x where it has none.
    pub fn name(self) -> &'static str {
        let row = self.row();
        if row.key.is_empty() { row.variable } else { row.key }
    }

    /// Its `Component.Variable[Instance]` in 2.x, if it has one.
    #[cfg(feature = "transaction_events")]
    pub fn variable(self) -> Option<&'static str> {
        Some(self.row().variable).filter(|variable| !variable.is_empty())
    }

    /// Whether 1.6 knows it.
    pub fn is_key(self) -> bool {
        !self.row().key.is_empty()
    }

    /// The setting that 1.6 knows under this key, in any letter case.
    pub fn from_key(key: &str) -> Option<Self> {
        let at = ROWS.iter().position(|row| row.key.eq_ignore_ascii_case(key)).filter(|_| !key.is_empty())?;
        ALL.get(at).copied()
    }

    /// The setting of this name, in any letter case: the key of 1.6, the variable of 2.x, or its own.
    pub fn from_name(name: &str) -> Option<Self> {
        let is_it = |row: &Row| [row.key, row.variable, row.id].iter().any(|known| known.eq_ignore_ascii_case(name));
        let at = ROWS.iter().position(is_it).filter(|_| !name.is_empty())?;
        ALL.get(at).copied()
    }
}
