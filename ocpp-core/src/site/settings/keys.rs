//! The table of the keys: names, types, bounds, access and defaults (1.6 §9, and the papers that each feature follows).

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
        most: Key,
    },
    /// A comma separated list of connectors with the rotation of their phases (1.6 §9.1.7).
    PhaseRotation,
    /// `Current`, `Power`, or both (errata 3.88).
    #[cfg(feature = "smart_charging")]
    RateUnits,
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

const fn measurands(most: Key) -> Kind {
    Kind::Measurands { most }
}

const SECONDS_OF_DAY: u32 = 24 * 60 * 60;

macro_rules! keys {
    ($($(#[$condition:meta])? $name:ident, $kind:expr, $access:ident, $default:expr;)*) => {
        /// A configuration key.
        #[allow(clippy::enum_variant_names, reason = "the names are the specification's")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Key {
            $($(#[$condition])? $name,)*
        }

        impl Key {
            /// All keys, in the order in which they are reported.
            pub const ALL: &'static [Key] = &[$($(#[$condition])? Key::$name),*];

            /// The name, as in 1.6 §9. Names are case-insensitive on the wire (1.6 §5.3: CiString50).
            pub fn as_str(self) -> &'static str {
                match self {
                    $($(#[$condition])? Key::$name => stringify!($name),)*
                }
            }

            /// What its values look like.
            pub(super) fn kind(self) -> Kind {
                match self {
                    $($(#[$condition])? Key::$name => $kind,)*
                }
            }

            /// Whether the CSMS may change it.
            pub fn access(self) -> SettingAccess {
                match self {
                    $($(#[$condition])? Key::$name => SettingAccess::$access,)*
                }
            }

            /// The value that it has without being set.
            pub fn default(self) -> &'static str {
                match self {
                    $($(#[$condition])? Key::$name => $default,)*
                }
            }
        }
    };
}

keys! {
    #[cfg(feature = "security")]
    AdditionalRootCertificateCheck, BOOLEAN, ReadOnly, "false";
    AllowOfflineTxForUnknownId, BOOLEAN, ReadWrite, "false";
    AuthorizationCacheEnabled, BOOLEAN, ReadWrite, "false";
    #[cfg(feature = "security")]
    AuthorizationKey, Kind::Secret, ReadWrite, "";
    AuthorizeRemoteTxRequests, BOOLEAN, ReadWrite, "true";
    BlinkRepeat, integer(0), ReadWrite, "3";
    #[cfg(feature = "plug_and_charge")]
    CentralContractValidationAllowed, BOOLEAN, ReadWrite, "false";
    #[cfg(feature = "security")]
    CertificateSignedMaxChainSize, count(1, 10_000), ReadOnly, "10000";
    #[cfg(feature = "security")]
    CertificateStoreMaxLength, integer(1), ReadOnly, "10";
    #[cfg(feature = "plug_and_charge")]
    CertSigningRepeatTimes, integer(0), ReadWrite, "3";
    #[cfg(feature = "plug_and_charge")]
    CertSigningWaitMinimum, integer(0), ReadWrite, "300";
    #[cfg(feature = "smart_charging")]
    ChargeProfileMaxStackLevel, integer(0), ReadOnly, "10";
    #[cfg(feature = "smart_charging")]
    ChargingScheduleAllowedChargingRateUnit, Kind::RateUnits, ReadOnly, "Current,Power";
    #[cfg(feature = "smart_charging")]
    ChargingScheduleMaxPeriods, integer(1), ReadOnly, "48";
    ClockAlignedDataInterval, count(0, SECONDS_OF_DAY), ReadWrite, "0";
    ConnectionTimeOut, integer(1), ReadWrite, "120";
    ConnectorPhaseRotation, Kind::PhaseRotation, ReadWrite, "";
    ConnectorPhaseRotationMaxLength, integer(1), ReadOnly, "1";
    #[cfg(feature = "smart_charging")]
    ConnectorSwitch3to1PhaseSupported, BOOLEAN, ReadOnly, "false";
    #[cfg(feature = "plug_and_charge")]
    ContractValidationOffline, BOOLEAN, ReadWrite, "false";
    #[cfg(feature = "security")]
    CpoName, TEXT, ReadWrite, "";
    #[cfg(feature = "california_pricing")]
    CustomDisplayCostAndPrice, BOOLEAN, ReadOnly, "false";
    #[cfg(feature = "california_pricing")]
    CustomIdleFeeAfterStop, BOOLEAN, ReadOnly, "false";
    #[cfg(feature = "california_pricing")]
    CustomMultiLanguageMessages, BOOLEAN, ReadOnly, "false";
    #[cfg(feature = "california_pricing")]
    DefaultPrice, Kind::Price, ReadWrite, "";
    GetConfigurationMaxKeys, integer(1), ReadOnly, "50";
    HeartbeatInterval, integer(0), ReadWrite, "3600";
    #[cfg(feature = "plug_and_charge")]
    ISO15118PnCEnabled, BOOLEAN, ReadWrite, "false";
    #[cfg(feature = "california_pricing")]
    Language, Kind::Language, ReadWrite, "";
    LightIntensity, count(0, 100), ReadWrite, "100";
    #[cfg(feature = "local_auth_list")]
    LocalAuthListEnabled, BOOLEAN, ReadWrite, "true";
    #[cfg(feature = "local_auth_list")]
    LocalAuthListMaxLength, count(0, 100_000), ReadOnly, "500";
    LocalAuthorizeOffline, BOOLEAN, ReadWrite, "true";
    LocalPreAuthorize, BOOLEAN, ReadWrite, "false";
    #[cfg(feature = "smart_charging")]
    MaxChargingProfilesInstalled, integer(0), ReadOnly, "10";
    MaxEnergyOnInvalidId, integer(0), ReadWrite, "0";
    MessageTimeout, integer(1), ReadWrite, "30";
    MeterValuesAlignedData, measurands(Key::MeterValuesAlignedDataMaxLength), ReadWrite, "Energy.Active.Import.Register";
    MeterValuesAlignedDataMaxLength, count(0, MEASURANDS), ReadOnly, "16";
    MeterValueSampleInterval, integer(0), ReadWrite, "60";
    MeterValuesSampledData, measurands(Key::MeterValuesSampledDataMaxLength), ReadWrite, "Energy.Active.Import.Register";
    MeterValuesSampledDataMaxLength, count(0, MEASURANDS), ReadOnly, "16";
    MinimumStatusDuration, integer(0), ReadWrite, "0";
    #[cfg(feature = "california_pricing")]
    NextTimeOffsetTransitionDateTime, Kind::Moment, ReadWrite, "";
    NumberOfConnectors, integer(1), ReadOnly, "1";
    #[cfg(feature = "california_pricing")]
    NumberOfDecimalsForCostValues, integer(0), ReadOnly, "3";
    #[cfg(feature = "reservation")]
    ReserveConnectorZeroSupported, BOOLEAN, ReadOnly, "true";
    ResetRetries, integer(0), ReadWrite, "0";
    #[cfg(feature = "security")]
    SecurityProfile, count(0, 3), ReadWrite, "0";
    #[cfg(feature = "local_auth_list")]
    SendLocalListMaxLength, count(0, 1_000), ReadOnly, "100";
    StopTransactionMaxMeterValues, count(2, 10_000), ReadOnly, "50";
    StopTransactionOnEVSideDisconnect, BOOLEAN, ReadWrite, "true";
    StopTransactionOnInvalidId, BOOLEAN, ReadWrite, "true";
    StopTxnAlignedData, measurands(Key::StopTxnAlignedDataMaxLength), ReadWrite, "";
    StopTxnAlignedDataMaxLength, count(0, MEASURANDS), ReadOnly, "16";
    StopTxnSampledData, measurands(Key::StopTxnSampledDataMaxLength), ReadWrite, "";
    StopTxnSampledDataMaxLength, count(0, MEASURANDS), ReadOnly, "16";
    SupportedFeatureProfiles, TEXT, ReadOnly, FEATURE_PROFILES;
    #[cfg(feature = "firmware_management")]
    SupportedFileTransferProtocols, TEXT, ReadOnly, "";
    #[cfg(feature = "california_pricing")]
    SupportedLanguages, TEXT, ReadOnly, "";
    #[cfg(feature = "california_pricing")]
    TimeOffset, Kind::Offset, ReadWrite, "";
    #[cfg(feature = "california_pricing")]
    TimeOffsetNextTransition, Kind::Offset, ReadWrite, "";
    TransactionMessageAttempts, integer(1), ReadWrite, "3";
    TransactionMessageRetryInterval, integer(0), ReadWrite, "60";
    UnlockConnectorOnEVSideDisconnect, BOOLEAN, ReadWrite, "true";
    #[cfg(feature = "california_pricing")]
    WaitForSetUserPriceTimeout, integer(0), ReadWrite, "0";
    WebSocketPingInterval, integer(0), ReadWrite, "60";
}

/// The most measurands in a list: all of them, with a few phases each.
const MEASURANDS: u32 = 64;

impl Key {
    /// The key of this name, in any letter case.
    pub fn from_name(name: &str) -> Option<Self> {
        Key::ALL.iter().copied().find(|key| key.as_str().eq_ignore_ascii_case(name))
    }
}
