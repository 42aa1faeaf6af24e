/// How station and server prove themselves to each other (security white paper §2.2, Part 2 §A00).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SecurityProfile {
    /// 1: no TLS; the station has a password.
    BasicAuth = 1,
    /// 2: the server has a certificate, the station a password.
    TlsWithBasicAuth = 2,
    /// 3: both have certificates.
    TlsWithClientCertificate = 3,
}

impl SecurityProfile {
    /// The profile with this number. 1.6 writes 0 where none is in use.
    pub const fn from_number(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::BasicAuth),
            2 => Some(Self::TlsWithBasicAuth),
            3 => Some(Self::TlsWithClientCertificate),
            _ => None,
        }
    }

    /// The profile's number.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Whether the connection must be inside TLS.
    pub const fn needs_tls(self) -> bool {
        match self {
            Self::BasicAuth => false,
            Self::TlsWithBasicAuth | Self::TlsWithClientCertificate => true,
        }
    }
}

/// What a station has that a profile may need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Prerequisites {
    /// A valid password is set.
    pub has_password: bool,
    /// A valid root certificate for the server is installed.
    pub has_server_root: bool,
    /// A valid certificate of the station itself is installed.
    pub has_own_certificate: bool,
}

/// Which changes of the profile a station allows, beside its prerequisites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileRules {
    /// 1.6, configuration key `SecurityProfile`: only upwards (white paper A05.FR.01).
    V1_6,
    /// 2.x, a profile slot put into `NetworkConfigurationPriority`: the same or upwards (A05.FR.04).
    V2 {
        /// The variable `AllowSecurityProfileDowngrade`: 3 to 2 is allowed too, nothing to 1 (A05.FR.08 to A05.FR.10).
        allow_downgrade: bool,
    },
}

/// Why a station refuses a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.as_str())]
pub enum ProfileRefused {
    /// It is in use already; 1.6 refuses that.
    Same,
    /// It is lower than the one in use.
    Lower,
    /// No valid password is set.
    NoPassword,
    /// No valid root certificate for the server is installed.
    NoServerRoot,
    /// No valid certificate of the station is installed.
    NoOwnCertificate,
}

impl ProfileRefused {
    /// Why, in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "security profile is already in use",
            Self::Lower => "security profile is lower than the one in use",
            Self::NoPassword => "no valid password is set",
            Self::NoServerRoot => "no valid root certificate for the server is installed",
            Self::NoOwnCertificate => "no valid certificate of the station is installed",
        }
    }
}

impl ProfileRules {
    /// Whether a station that uses `current` (`None`: no profile) may be told to use `wanted`.
    pub fn may_change(
        self,
        current: Option<SecurityProfile>,
        wanted: SecurityProfile,
        has: Prerequisites,
    ) -> Result<(), ProfileRefused> {
        match self {
            Self::V1_6 if current == Some(wanted) => return Err(ProfileRefused::Same),
            // The text of 2.1 has A05.FR.10 accept what FR.09 rejects; 2.0.1's errata, where both are new, reject both.
            Self::V2 { allow_downgrade: true } if wanted == SecurityProfile::TlsWithBasicAuth => {}
            Self::V1_6 | Self::V2 { .. } if current > Some(wanted) => return Err(ProfileRefused::Lower),
            Self::V1_6 | Self::V2 { .. } => {}
        }
        if wanted.needs_tls() && !has.has_server_root {
            return Err(ProfileRefused::NoServerRoot);
        }
        match wanted {
            SecurityProfile::TlsWithClientCertificate if !has.has_own_certificate => {
                Err(ProfileRefused::NoOwnCertificate)
            }
            SecurityProfile::BasicAuth | SecurityProfile::TlsWithBasicAuth if !has.has_password => {
                Err(ProfileRefused::NoPassword)
            }
            SecurityProfile::BasicAuth
            | SecurityProfile::TlsWithBasicAuth
            | SecurityProfile::TlsWithClientCertificate => Ok(()),
        }
    }
}
