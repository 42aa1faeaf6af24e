//! What the station is and how it is: variables that can be read alone (2.0.1 part 2 §2.13 and §2.1).

use alloc::borrow::Cow;
use alloc::string::String;

use ocpp_types::datetime::UnixMillis;
use ocpp_types::tables::v2::DataType;

use super::{Model, Place, Source, Variable};
use crate::station::{ConnectorId, EvseId, EvseStatus, Supply};
use crate::v2::station::{alerts, words};
use crate::words::numbered;

/// What can be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    Available,
    AvailabilityState,
    Problem,
    LockProblem,
    SupplyPhases,
    Model,
    VendorName,
    SerialNumber,
    FirmwareVersion,
    Power,
    ConnectorType,
    DateTime,
    TimeSource,
    BytesPerMessage,
    AllowReset,
    #[cfg(feature = "security")]
    CertificateEntries,
    #[cfg(feature = "local_auth_list")]
    LocalListEntries,
}

/// On which tier a component is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tier {
    Station,
    Evse,
    Connector,
}

/// Each fact with its tier, and its `Component.Variable[Instance]`.
const ROWS: &[(Tier, &str, Fact)] = &[
    (Tier::Station, "ChargingStation.AvailabilityState", Fact::AvailabilityState),
    (Tier::Station, "ChargingStation.Available", Fact::Available),
    (Tier::Station, "ChargingStation.Model", Fact::Model),
    (Tier::Station, "ChargingStation.Problem", Fact::Problem),
    (Tier::Station, "ChargingStation.SerialNumber", Fact::SerialNumber),
    (Tier::Station, "ChargingStation.SupplyPhases", Fact::SupplyPhases),
    (Tier::Station, "ChargingStation.VendorName", Fact::VendorName),
    (Tier::Station, "Controller.FirmwareVersion", Fact::FirmwareVersion),
    (Tier::Station, "ClockCtrlr.DateTime", Fact::DateTime),
    (Tier::Station, "ClockCtrlr.TimeSource", Fact::TimeSource),
    (Tier::Station, "DeviceDataCtrlr.BytesPerMessage[GetReport]", Fact::BytesPerMessage),
    (Tier::Station, "DeviceDataCtrlr.BytesPerMessage[GetVariables]", Fact::BytesPerMessage),
    (Tier::Station, "DeviceDataCtrlr.BytesPerMessage[SetVariables]", Fact::BytesPerMessage),
    #[cfg(feature = "local_auth_list")]
    (Tier::Station, "LocalAuthListCtrlr.BytesPerMessage", Fact::BytesPerMessage),
    #[cfg(feature = "local_auth_list")]
    (Tier::Station, "LocalAuthListCtrlr.Entries", Fact::LocalListEntries),
    #[cfg(feature = "security")]
    (Tier::Station, "SecurityCtrlr.CertificateEntries", Fact::CertificateEntries),
    (Tier::Evse, "EVSE.AllowReset", Fact::AllowReset),
    (Tier::Evse, "EVSE.AvailabilityState", Fact::AvailabilityState),
    (Tier::Evse, "EVSE.Available", Fact::Available),
    (Tier::Evse, "EVSE.Power", Fact::Power),
    (Tier::Evse, "EVSE.Problem", Fact::Problem),
    (Tier::Evse, "EVSE.SupplyPhases", Fact::SupplyPhases),
    (Tier::Connector, "Connector.AvailabilityState", Fact::AvailabilityState),
    (Tier::Connector, "Connector.Available", Fact::Available),
    (Tier::Connector, "Connector.ConnectorType", Fact::ConnectorType),
    (Tier::Connector, "Connector.Problem", Fact::Problem),
    (Tier::Connector, "Connector.SupplyPhases", Fact::SupplyPhases),
    (Tier::Connector, "ConnectorPlugRetentionLock.Problem", Fact::LockProblem),
];

impl Fact {
    /// The type of its values.
    pub fn data_type(self) -> DataType {
        match self {
            Fact::AllowReset | Fact::Available | Fact::Problem | Fact::LockProblem => DataType::Boolean,
            Fact::AvailabilityState => DataType::OptionList,
            Fact::SupplyPhases | Fact::BytesPerMessage => DataType::Integer,
            #[cfg(feature = "security")]
            Fact::CertificateEntries => DataType::Integer,
            #[cfg(feature = "local_auth_list")]
            Fact::LocalListEntries => DataType::Integer,
            Fact::Power => DataType::Decimal,
            Fact::DateTime => DataType::DateTime,
            Fact::TimeSource => DataType::SequenceList,
            Fact::Model | Fact::VendorName | Fact::SerialNumber | Fact::FirmwareVersion | Fact::ConnectorType => {
                DataType::String
            }
        }
    }

    /// The unit of its values, if they have one.
    pub fn unit(self) -> Option<&'static str> {
        match self {
            Fact::Power => Some("W"),
            _ => None,
        }
    }

    /// The values that it can have, if they are a list.
    pub fn values(self) -> Option<&'static str> {
        match self {
            Fact::AvailabilityState => Some("Available,Occupied,Reserved,Unavailable,Faulted"),
            Fact::TimeSource => Some("Heartbeat"),
            _ => None,
        }
    }
}

impl<'s> Model<'s> {
    /// All facts: those of the station, of each EVSE, and of each connector.
    pub(super) fn facts(self) -> impl Iterator<Item = Variable<'s>> {
        self.places().flat_map(move |place| {
            let tier = match place {
                Place::Station => Tier::Station,
                Place::Evse(_) => Tier::Evse,
                Place::Connector(..) => Tier::Connector,
            };
            let rows = ROWS.iter().filter(move |(of, _, fact)| *of == tier && self.has(*fact));
            rows.filter_map(move |(_, path, fact)| Variable::of(path, place, Source::Fact(*fact)))
        })
    }

    fn places(self) -> impl Iterator<Item = Place> {
        let config = &self.shared.config;
        let evses = (1..=config.evse_count()).map(EvseId);
        let below = evses.flat_map(move |evse| {
            let connectors = (1..=config.connectors_of(evse)).map(move |n| Place::Connector(evse, ConnectorId(n)));
            core::iter::once(Place::Evse(evse)).chain(connectors)
        });
        core::iter::once(Place::Station).chain(below)
    }

    /// Whether the station has it at all: nothing is told of what its maker did not name.
    fn has(self, fact: Fact) -> bool {
        match fact {
            Fact::SerialNumber => self.shared.config.device.serial_number.is_some(),
            Fact::FirmwareVersion => self.shared.config.device.firmware_version.is_some(),
            // A cable that is fixed has no plug to hold.
            Fact::LockProblem => !self.site.settings.has_fixed_cables(),
            _ => true,
        }
    }

    pub(super) fn value_of(self, fact: Fact, place: Place) -> Option<Cow<'s, str>> {
        let device = &self.shared.config.device;
        Some(match fact {
            // What is not wired is not configured.
            Fact::Available => "true".into(),
            Fact::AvailabilityState => words::connector_status(self.status(place)).as_str().into(),
            Fact::Problem => (if self.status(place) == EvseStatus::Faulted { "true" } else { "false" }).into(),
            Fact::LockProblem => (if self.is_lock_faulted(place) { "true" } else { "false" }).into(),
            Fact::SupplyPhases => number(self.phases(place).into()),
            Fact::Model => device.model.as_str().into(),
            Fact::VendorName => device.vendor.as_str().into(),
            Fact::SerialNumber => device.serial_number.as_deref()?.into(),
            Fact::FirmwareVersion => device.firmware_version.as_deref()?.into(),
            // What it gives now is told by its readings; the most it can give is a characteristic.
            Fact::Power => return None,
            Fact::ConnectorType => self.connector_kind(place).unwrap_or("Unknown").into(),
            Fact::DateTime => {
                let mut text = String::new();
                UnixMillis(self.shared.clock.wall(self.shared.now)?.timestamp_millis()).push_to(&mut text);
                text.into()
            }
            Fact::TimeSource => "Heartbeat".into(),
            Fact::AllowReset => (if self.shared.config.hardware.resets_evses { "true" } else { "false" }).into(),
            Fact::BytesPerMessage => {
                number(u64::try_from(self.shared.config.limits.frame.frame_bytes).unwrap_or(u64::MAX))
            }
            #[cfg(feature = "local_auth_list")]
            Fact::LocalListEntries => number(u64::try_from(self.site.authorize.list.len()).unwrap_or(u64::MAX)),
            // The host has them.
            #[cfg(feature = "security")]
            Fact::CertificateEntries => return None,
        })
    }

    /// How a place is. An EVSE is as the connector that is in use, or will be next.
    fn status(self, place: Place) -> EvseStatus {
        let line = match place {
            Place::Station => 0,
            Place::Evse(evse) => {
                let spot = self.shared.plugs.active(evse);
                self.shared.config.number_of(evse, spot.connector)
            }
            Place::Connector(evse, connector) => self.shared.config.number_of(evse, connector),
        };
        self.site.status.status(line.into())
    }

    /// Whether the lock of a connector failed (G05): that of the one in use.
    fn is_lock_faulted(self, place: Place) -> bool {
        let Place::Connector(id, connector) = place else { return false };
        let evse = self.site.evses.iter().find(|evse| evse.id == id);
        self.shared.plugs.active(id).connector == connector
            && evse.is_some_and(|evse| {
                evse.condition().faults.iter().any(|fault| alerts::component(fault.code) == Some(alerts::LOCK))
            })
    }

    /// Of alternating current; none is direct current.
    fn phases(self, place: Place) -> u8 {
        let hardware = &self.shared.config.hardware;
        match place {
            Place::Station => hardware.wiring.grid_phases,
            Place::Evse(evse) | Place::Connector(evse, _) => match self.shared.config.supply_of(evse) {
                Supply::Ac { phases, .. } => phases,
                Supply::Dc { .. } => 0,
            },
        }
    }

    /// The most that an EVSE can give, in watts.
    pub(super) fn most_watts(self, place: Place) -> u64 {
        let (Place::Evse(evse) | Place::Connector(evse, _)) = place else { return 0 };
        match self.shared.config.supply_of(evse) {
            Supply::Ac { phases, max_milliamps, .. } => {
                let microwatts =
                    u64::from(self.shared.config.hardware.wiring.line_millivolts) * u64::from(max_milliamps);
                microwatts * u64::from(phases) / 1_000_000
            }
            Supply::Dc { max_milliwatts, .. } => max_milliwatts / 1000,
        }
    }

    fn connector_kind(self, place: Place) -> Option<&'s str> {
        let Place::Connector(evse, ConnectorId(connector)) = place else { return None };
        let evse = self.shared.config.hardware.evses.get(usize::from(evse.0).wrapping_sub(1))?;
        evse.connectors.get(usize::from(connector).wrapping_sub(1))?.kind.as_deref()
    }
}

fn number<'s>(number: u64) -> Cow<'s, str> {
    String::from(numbered("", number)).into()
}
