//! What a station is, and its bounds. Values that the CSMS may change are configuration keys, with defaults here.

#[cfg(feature = "serde")]
mod form;

use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use ocpp_rpc::{Dialect, Limits as FrameLimits};
use ocpp_types::SmallString;
use ocpp_types::lenient::Quirks;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{BootReason, CustomSetting, Direction, EvseConfig, Handling, HandlingRule, Measurand};
use crate::MisuseError;
use crate::time::{ClockPolicy, PlausibleTime};

/// A secret that does not print. Its serde form is the secret itself.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Secret(pub SmallString);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The description of one station, in groups.
///
/// Start with [`new`](Self::new) and change what differs: `.with(|config| config.hardware.has_fixed_cables = true)`. [`Station::new`](crate::Station::new)
/// checks all of it, and names what is wrong by group and member. The serde form has the groups, each with the members that differ from
/// their defaults at least; it is also read with the members of all groups but the limits side by side, without the groups.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
#[non_exhaustive]
pub struct StationConfig {
    /// Where and how it connects.
    pub network: NetworkConfig,
    /// What it tells of itself when it boots.
    pub device: DeviceConfig,
    /// What it is made of.
    pub hardware: HardwareConfig,
    /// What it does where its maker and its operator have a choice.
    pub policy: PolicyConfig,
    /// The bounds.
    pub limits: Limits,
}

/// Where and how a station connects.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
#[non_exhaustive]
pub struct NetworkConfig {
    /// The endpoint of the CSMS, `ws://` or `wss://`, without the identity.
    pub endpoint: SmallString,
    /// The endpoint where security profiles 2 and 3 connect, `wss://`; none if it is that of the others, with that scheme.
    pub tls_endpoint: Option<SmallString>,
    /// Which of the host's networks to connect over: a number of its own, handed back in each
    /// [`ConnectRequest`](super::ConnectRequest).
    pub slot: Option<u32>,
    /// The identity of the station, at most 48 characters.
    pub identity: SmallString,
    /// The password for HTTP Basic authentication (security profiles 1 and 2), as it is sent, until the CSMS sets another by
    /// `AuthorizationKey`.
    pub password: Option<Secret>,
    /// The certificates in the host's keeping.
    pub certificates: InstalledCertificates,
    /// The versions to offer, most wanted first.
    pub versions: Vec<Dialect>,
    /// The wait before the next BootNotification when the CSMS names none, or does not answer.
    #[cfg_attr(feature = "serde", serde(rename = "boot_retry_ms", with = "ocpp_rpc::time::millis"))]
    pub boot_retry: Duration,
}

/// What a station tells of itself when it boots.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
#[non_exhaustive]
pub struct DeviceConfig {
    /// The vendor's name, at most 20 characters in 1.6.
    pub vendor: SmallString,
    /// The model's name, at most 20 characters.
    pub model: SmallString,
    /// The serial number, at most 25 characters.
    pub serial_number: Option<SmallString>,
    /// The firmware's version, at most 50 characters.
    pub firmware_version: Option<SmallString>,
    /// The serial number of the box, at most 25 characters; deprecated in 1.6, and not told in 2.x.
    pub box_serial_number: Option<SmallString>,
    /// The modem's SIM card (ICCID), at most 20 characters.
    pub iccid: Option<SmallString>,
    /// The modem's subscriber (IMSI), at most 20 characters.
    pub imsi: Option<SmallString>,
    /// The type of the main meter, at most 25 characters; told in 1.6.
    pub meter_type: Option<SmallString>,
    /// The serial number of the main meter, at most 25 characters; told in 1.6.
    pub meter_serial_number: Option<SmallString>,
    /// Why the station boots, where the host knows it. A restart that the station ordered itself needs no mention.
    pub boot_reason: Option<BootReason>,
}

/// What a station is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
#[non_exhaustive]
pub struct HardwareConfig {
    /// The EVSEs, at least one, each with its connectors. Their serde form is a list, or the number of EVSEs with one connector each.
    #[cfg_attr(feature = "serde", serde(serialize_with = "super::layout::form::serialize"))]
    pub evses: Vec<EvseConfig>,
    /// How they are wired.
    pub wiring: Wiring,
    /// Whether the cables are fixed to the station: there is no plug to unlock.
    pub has_fixed_cables: bool,
    /// What the meters can measure; a list with anything else is refused (1.6 §3.16.4).
    pub measurands: Vec<Measurand>,
    /// Whether the meters sign what they show ([`MeterReading::signed`](super::MeterReading::signed)). Only then there are the settings
    /// `SampledDataSignReadings` and `AlignedDataSignReadings`, which are on until the CSMS sets them.
    pub signs_readings: bool,
    /// Whether detectors tell if a vehicle stands in the bay ([`EvseInput::Bay`](super::EvseInput::Bay)): only then a transaction can
    /// begin or end with that (2.x `ParkingBayOccupancy`).
    pub detects_bay: bool,
    /// How long a meter may take to answer [`EvseAction::ReadMeter`](super::EvseAction::ReadMeter).
    #[cfg_attr(feature = "serde", serde(rename = "meter_timeout_ms", with = "ocpp_rpc::time::millis"))]
    pub meter_timeout: Duration,
    /// A reading younger than this is used without asking for another.
    #[cfg_attr(feature = "serde", serde(rename = "meter_freshness_ms", with = "ocpp_rpc::time::millis"))]
    pub meter_freshness: Duration,
    /// Whether the host can gather a file of diagnostics.
    pub has_diagnostics: bool,
    /// Whether an EVSE can be restarted by itself ([`EvseAction::Reset`](super::EvseAction::Reset), 2.x AllowReset).
    pub resets_evses: bool,
    /// Whether the host keeps a log of the security events, and can send it (1.6 security N01).
    pub has_security_log: bool,
}

/// What a station does where its maker and its operator have a choice.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize))]
#[non_exhaustive]
pub struct PolicyConfig {
    /// How the CSMS's time is used.
    pub clock: ClockPolicy,
    /// Which times are believed, of the CSMS and of the host.
    pub plausible_time: PlausibleTime,
    /// Whether tokens may be accepted offline before a CSMS ever accepted the station (1.6 §4.2.1).
    pub charge_before_accepted: bool,
    /// Whether the host lets the owner of a master pass choose which transactions end, by [`Command::Stop`](super::Command::Stop), when
    /// [`Event::MasterPass`](super::Event::MasterPass) tells of it. Otherwise all end (2.x C16).
    pub shows_master_pass: bool,
    /// What becomes of a start whose meter keeps silent.
    pub without_meter: WithoutMeter,
    /// What becomes of a transaction that ran when the power failed.
    pub after_power_loss: AfterPowerLoss,
    /// Whether transactions go on, and begin, while new firmware is installed.
    pub charges_while_installing: bool,
    /// Whether firmware that nobody signed is taken in 2.x (L02). Otherwise an UpdateFirmware without a signing certificate is refused
    /// there, as who takes signed firmware (L01) must. In 1.6 the security profile decides.
    pub takes_unsigned_firmware: bool,
    /// Whether the host is asked about each file that the CSMS wants ([`Question::Upload`](super::Question::Upload)): it may refuse
    /// it, or name it.
    pub asks_about_uploads: bool,
    /// Whether the host is asked what it knows of each customer that the CSMS asks about
    /// ([`Question::CustomerInformation`](super::Question::CustomerInformation)).
    pub asks_about_customers: bool,
    /// Values of configuration keys that differ from the defaults, by name.
    pub settings: Vec<(SmallString, SmallString)>,
    /// Optional standard keys that this station does not have, such as `LightIntensity` on one without lights.
    pub absent_settings: Vec<SmallString>,
    /// Keys of the station's own.
    pub custom_settings: Vec<CustomSetting>,
    /// Who handles the messages that the station does not handle alone; each action once in each direction.
    pub handlings: Vec<HandlingRule>,
    /// How calls and answers of the CSMS may break their schemas and be taken all the same. Of a call nothing is taken for absent
    /// ([`Unreadable`](ocpp_types::lenient::RepairKind::Unreadable)): it is carried out as it was meant, or refused. Without the
    /// feature `lenient` nothing is repaired.
    pub quirks: Quirks,
}

impl StationConfig {
    /// A station with one EVSE that speaks 1.6, or 2.0.1 where 1.6 is not built in.
    pub fn new(endpoint: &str, identity: &str, vendor: &str, model: &str) -> Self {
        StationConfig {
            network: NetworkConfig {
                endpoint: SmallString::new(endpoint),
                tls_endpoint: None,
                slot: None,
                identity: SmallString::new(identity),
                password: None,
                certificates: InstalledCertificates::default(),
                versions: Vec::from([if cfg!(feature = "v1_6") { Dialect::V1_6 } else { Dialect::V2_0_1 }]),
                boot_retry: Duration::from_secs(60),
            },
            device: DeviceConfig {
                vendor: SmallString::new(vendor),
                model: SmallString::new(model),
                serial_number: None,
                firmware_version: None,
                box_serial_number: None,
                iccid: None,
                imsi: None,
                meter_type: None,
                meter_serial_number: None,
                boot_reason: None,
            },
            hardware: HardwareConfig {
                evses: Vec::from([EvseConfig::default()]),
                wiring: Wiring::default(),
                has_fixed_cables: false,
                measurands: Measurand::ALL.to_vec(),
                signs_readings: false,
                detects_bay: false,
                meter_timeout: Duration::from_secs(2),
                meter_freshness: Duration::from_secs(1),
                has_diagnostics: true,
                resets_evses: false,
                has_security_log: true,
            },
            policy: PolicyConfig {
                clock: ClockPolicy::default(),
                plausible_time: PlausibleTime::default(),
                charge_before_accepted: false,
                shows_master_pass: false,
                without_meter: WithoutMeter::Refuse,
                after_power_loss: AfterPowerLoss::End,
                charges_while_installing: false,
                takes_unsigned_firmware: false,
                asks_about_uploads: false,
                asks_about_customers: false,
                settings: Vec::new(),
                absent_settings: Vec::new(),
                custom_settings: Vec::new(),
                handlings: Vec::new(),
                quirks: Quirks::FIELD,
            },
            limits: Limits::default(),
        }
    }

    /// Changes what differs.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// So many EVSEs, each with one connector and the supply of the [`wiring`](HardwareConfig::wiring).
    #[must_use]
    pub fn with_evses(mut self, evses: u16) -> Self {
        self.hardware.evses = (0..evses).map(|_| EvseConfig::default()).collect();
        self
    }

    /// Sets the password.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        self.network.password = Some(Secret(SmallString::new(password)));
        self
    }

    /// Says who handles the calls of an action.
    #[must_use]
    pub fn with_handling(mut self, direction: Direction, action: &str, handling: Handling) -> Self {
        self.policy.handlings.push(HandlingRule { direction, action: SmallString::new(action), handling });
        self
    }

    /// Sets the value of a setting, by its configuration key of 1.6 or its `Component.Variable[Instance]` of 2.x.
    #[must_use]
    pub fn with_setting(mut self, key: &str, value: &str) -> Self {
        self.policy.settings.push((SmallString::new(key), SmallString::new(value)));
        self
    }

    /// Finds what is impossible in whatever version.
    pub(crate) fn check(&self) -> Result<(), MisuseError> {
        let fits = |fits: bool, member, reason| {
            if fits { Ok(()) } else { Err(MisuseError::Configuration { member, reason }) }
        };
        let hardware = &self.hardware;
        let phases = 1..=3;
        let is_possible = |supply: &Supply| match supply {
            Supply::Ac { phases: wired, max_milliamps, min_milliamps } => {
                phases.contains(wired) && min_milliamps <= max_milliamps
            }
            Supply::Dc { millivolts, .. } => *millivolts > 0,
        };
        let supplies = || hardware.evses.iter().filter_map(|evse| evse.supply.as_ref());
        fits(self.has_layout(), "hardware.evses", "there is at least one, and each has a connector; not over 1000")?;
        fits(supplies().all(is_possible), "hardware.evses", "a supply is impossible")?;
        fits(hardware.wiring.line_millivolts > 0, "hardware.wiring", "there is no voltage")?;
        fits(phases.contains(&hardware.wiring.grid_phases), "hardware.wiring", "the grid has 1 to 3 phases")?;
        fits(is_possible(&hardware.wiring.supply), "hardware.wiring", "the supply is impossible")?;
        let time = &self.policy.plausible_time;
        fits(time.is_valid(), "policy.plausible_time", "it is no span of time, or not before the year 9000")
    }
}

/// Which certificates a station has, all of them valid: what a higher security profile needs (white paper A05.FR.03, .04).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(deny_unknown_fields, default))]
#[non_exhaustive]
pub struct InstalledCertificates {
    /// A root certificate for the CSMS.
    pub csms_root: bool,
    /// The station's own.
    pub station: bool,
}

impl InstalledCertificates {
    /// A root for the CSMS, and the station's own, or not.
    pub fn new(csms_root: bool, station: bool) -> Self {
        InstalledCertificates { csms_root, station }
    }
}

/// How a station is wired: what charging profiles are converted by, and what holds where there are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(deny_unknown_fields, default))]
#[non_exhaustive]
pub struct Wiring {
    /// The nominal voltage between phase and neutral, in millivolts: that of the region, never a measured one (1.6 §7.12).
    pub line_millivolts: u32,
    /// The phases of the connection to the grid, 1 to 3.
    pub grid_phases: u8,
    /// What each EVSE gives at most, unless [`EvseConfig::supply`] says otherwise.
    pub supply: Supply,
}

impl Default for Wiring {
    /// Three phases of 230 V and 32 A at each EVSE.
    fn default() -> Self {
        let supply = Supply::Ac { phases: 3, max_milliamps: 32_000, min_milliamps: 6_000 };
        Wiring { line_millivolts: 230_000, grid_phases: 3, supply }
    }
}

/// What an EVSE gives to a vehicle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(deny_unknown_fields))]
pub enum Supply {
    /// Alternating current.
    Ac {
        /// The phases that are wired, 1 to 3.
        phases: u8,
        /// The most on each phase, in milliamperes.
        max_milliamps: u32,
        /// Below it charging is suspended: 6 A by IEC 61851.
        min_milliamps: u32,
    },
    /// Direct current.
    Dc {
        /// The nominal output voltage, by which limits in amperes become watts, in millivolts.
        millivolts: u32,
        /// The most, in milliwatts.
        max_milliwatts: u64,
    },
}

/// What becomes of a transaction that ran when the power failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum AfterPowerLoss {
    /// It ends at the next start, with the register as it is then.
    #[default]
    End,
    /// It goes on, if the hardware reports the vehicle within this time after the start; else it ends. Whole milliseconds in
    /// its serde form.
    Resume(#[cfg_attr(feature = "serde", serde(with = "ocpp_rpc::time::millis"))] Duration),
}

/// What becomes of a start whose meter keeps silent, although it was asked three times
/// ([`meter_timeout`](HardwareConfig::meter_timeout) each).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum WithoutMeter {
    /// It is refused, and the driver told why: no bill is ever wrong.
    #[default]
    Refuse,
    /// Energy flows, and the transaction begins with the first reading that comes: what flowed until then is given away, all of
    /// it if none comes or the power fails.
    Charge,
}

/// The bounds of a station's memory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(deny_unknown_fields, default))]
#[non_exhaustive]
pub struct Limits {
    /// What one incoming frame may cost.
    pub frame: FrameLimits,
    /// Records of transactions that wait for the CSMS. Without room for its start and stop, no transaction begins.
    pub journal: usize,
    /// How many of them may be meter samples; of more, those that are spread over the time stay (2.x E04.FR.08).
    pub journal_samples: usize,
    /// Readings of all transactions that are kept for their stops, beside the first and the last of each; further ones are
    /// thinned out (1.6 errata 3.91). Their log holds at most three times as many, and two.
    pub stop_readings: usize,
    /// Tokens in the authorisation cache, where it is enabled.
    pub token_cache: u16,
    /// Store operations that wait for a confirmation. Above it no transaction begins.
    pub unconfirmed: usize,
    /// Security events that wait for the CSMS. Of what is full, the oldest of the same kind goes first, else the oldest.
    pub security_events: usize,
    /// Questions that may be open at once; beyond it the default is taken at once.
    pub questions: usize,
    /// Calls of the application that may wait to be sent.
    pub calls: usize,
    /// Periods of a composite schedule; one that would have more ends early, and says so (1.6 §5.7).
    pub composite_periods: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            frame: FrameLimits::STANDARD,
            journal: 400,
            journal_samples: 300,
            stop_readings: 300,
            token_cache: 100,
            unconfirmed: 64,
            security_events: 20,
            questions: 4,
            calls: 4,
            composite_periods: 200,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::Station;
    use crate::store::Image;

    type Change = fn(&mut StationConfig);

    #[test]
    fn impossible_value_is_named_by_its_group_and_member() {
        let told = |change: Change| {
            let config = StationConfig::new("ws://csms", "CP1", "Vendor", "Model").with(change);
            Station::new(config, 1, &Image::default()).map(|_| ()).map_err(|error| error.to_string())
        };
        assert_eq!(told(|_| ()), Ok(()));
        let cases: [(Change, &str); 12] = [
            (|config| config.hardware.evses.clear(), "hardware.evses: there is at least one"),
            (
                |config| config.hardware.evses[0].supply = Some(Supply::Dc { millivolts: 0, max_milliwatts: 1 }),
                "hardware.evses: a supply",
            ),
            (|config| config.hardware.wiring.line_millivolts = 0, "hardware.wiring: "),
            (|config| config.hardware.wiring.grid_phases = 4, "hardware.wiring: "),
            (
                |config| config.hardware.wiring.supply = Supply::Ac { phases: 3, max_milliamps: 1, min_milliamps: 2 },
                "hardware.wiring: ",
            ),
            (
                |config| config.policy.plausible_time.not_after = chrono::DateTime::<chrono::Utc>::MAX_UTC,
                "policy.plausible_time: ",
            ),
            (|config| config.network.endpoint = "http://csms".into(), "network.endpoint: http://csms is no ws"),
            (
                |config| config.network.tls_endpoint = Some("ws://csms".into()),
                "network.tls_endpoint: ws://csms is no wss",
            ),
            (|config| config.network.password = Some(Secret("".into())), "network.password: "),
            (|config| config.network.versions.clear(), "network.versions: "),
            (|config| config.device.model = "more than twenty letters".into(), "device.model: more than"),
            (|config| config.policy.settings.push(("Hartbeat".into(), "1".into())), "policy.settings: Hartbeat is no"),
        ];
        for (change, reason) in cases {
            let error = told(change).unwrap_err();
            assert!(error.starts_with("configuration: ") && error.contains(reason), "{error}");
        }
    }
}
