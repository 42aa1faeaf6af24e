//! Security events (1.6 security white paper §8, 2.x A04 and appendix 1).

use ocpp_types::SmallString;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// What happened to the security of a station.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub enum SecurityEventKind {
    /// New firmware is in place.
    FirmwareUpdated,
    /// The CSMS refused the station's password or certificate.
    FailedToAuthenticateAtCsms,
    /// The station refused what the CSMS proves itself with.
    CsmsFailedToAuthenticate,
    /// The clock was set to another time than it showed.
    SettingSystemTime,
    /// The station has started.
    StartupOfTheDevice,
    /// A restart was ordered.
    ResetOrReboot,
    /// The security log was cleared.
    SecurityLogWasCleared,
    /// A key, a certificate or the security profile was changed.
    ReconfigurationOfSecurityParameters,
    /// Memory is getting full.
    MemoryExhaustion,
    /// A message came that is not valid OCPP.
    InvalidMessages,
    /// A message was replayed.
    AttemptedReplayAttacks,
    /// A sensor noticed that the housing was opened.
    TamperDetectionActivated,
    /// Firmware does not bear the signature that it should.
    InvalidFirmwareSignature,
    /// The certificate that firmware was signed with is not valid.
    InvalidFirmwareSigningCertificate,
    /// The certificate of the CSMS is not valid, or cannot be verified.
    InvalidCsmsCertificate,
    /// The certificate that the CSMS sent for the station is not valid.
    InvalidStationCertificate,
    /// The CSMS speaks only versions of TLS that are too old.
    InvalidTlsVersion,
    /// The CSMS allows only cipher suites that are not secure.
    InvalidTlsCipherSuite,
    /// A vendor's own kind, by its name of 1 to 50 characters. It is reported as a critical one.
    Other(SmallString),
}

#[cfg(feature = "security")]
impl SecurityEventKind {
    /// Its name in 2.x (2.0.1 part 2 appendix 1).
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::FirmwareUpdated => "FirmwareUpdated",
            Self::FailedToAuthenticateAtCsms => "FailedToAuthenticateAtCsms",
            Self::CsmsFailedToAuthenticate => "CsmsFailedToAuthenticate",
            Self::SettingSystemTime => "SettingSystemTime",
            Self::StartupOfTheDevice => "StartupOfTheDevice",
            Self::ResetOrReboot => "ResetOrReboot",
            Self::SecurityLogWasCleared => "SecurityLogWasCleared",
            Self::ReconfigurationOfSecurityParameters => "ReconfigurationOfSecurityParameters",
            Self::MemoryExhaustion => "MemoryExhaustion",
            Self::InvalidMessages => "InvalidMessages",
            Self::AttemptedReplayAttacks => "AttemptedReplayAttacks",
            Self::TamperDetectionActivated => "TamperDetectionActivated",
            Self::InvalidFirmwareSignature => "InvalidFirmwareSignature",
            Self::InvalidFirmwareSigningCertificate => "InvalidFirmwareSigningCertificate",
            Self::InvalidCsmsCertificate => "InvalidCsmsCertificate",
            Self::InvalidStationCertificate => "InvalidChargingStationCertificate",
            Self::InvalidTlsVersion => "InvalidTLSVersion",
            Self::InvalidTlsCipherSuite => "InvalidTLSCipherSuite",
            Self::Other(name) => name,
        }
    }
}

/// How the CSMS learns of an event. The host is told of each.
#[cfg(feature = "security")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reporting {
    /// It is critical: it is kept until the CSMS has taken it (A04.FR.01, A04.FR.02).
    Guaranteed,
    /// It is not, but a requirement of its own has it sent: as long as the station runs.
    Told,
    /// Not at all: it is for the log.
    Logged,
}

#[cfg(feature = "security")]
impl SecurityEventKind {
    /// As 1.6 ranks the kinds (white paper §8), and sends them (A00.FR.309, .315, .322, A02.FR.07, L01.FR.02, L01.FR.03).
    pub(crate) fn reporting(&self) -> Reporting {
        use SecurityEventKind as Kind;
        match self {
            Kind::FirmwareUpdated
            | Kind::SettingSystemTime
            | Kind::StartupOfTheDevice
            | Kind::ResetOrReboot
            | Kind::SecurityLogWasCleared
            | Kind::MemoryExhaustion
            | Kind::TamperDetectionActivated
            | Kind::Other(_) => Reporting::Guaranteed,
            Kind::InvalidFirmwareSignature
            | Kind::InvalidFirmwareSigningCertificate
            | Kind::InvalidCsmsCertificate
            | Kind::InvalidStationCertificate
            | Kind::InvalidTlsVersion
            | Kind::InvalidTlsCipherSuite => Reporting::Told,
            Kind::FailedToAuthenticateAtCsms
            | Kind::CsmsFailedToAuthenticate
            | Kind::ReconfigurationOfSecurityParameters
            | Kind::InvalidMessages
            | Kind::AttemptedReplayAttacks => Reporting::Logged,
        }
    }
}
