//! The device model: every variable that the station has, with its value (2.0.1 part 1 §4, part 2 §2).
//!
//! A variable is a setting under its name of 2.x, or a fact about the station, an EVSE or a connector, which can be read alone
//! (`facts`). Each either acts or is read-only; components of blocks that are not spoken here do not appear.

mod characteristics;
mod facts;

use alloc::borrow::Cow;

use ocpp_types::tables::v2::{self, AttributeType, ComponentBuilder, Mutability, VariableBuilder};

use crate::site::Site;
use crate::site::settings::{AnySetting, Setting};
use crate::site::shared::Shared;
use crate::station::{ConnectorId, EvseId, SettingAccess};

use facts::Fact;

/// Where a component is: the tier of the device model (2.0.1 part 1 §4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Station,
    Evse(EvseId),
    Connector(EvseId, ConnectorId),
}

impl Place {
    /// The place that a component of a message names; none if it cannot be one of this station.
    fn of(evse: Option<v2::Evse<'_>>) -> Option<Self> {
        let Some(place) = evse else { return Some(Place::Station) };
        let evse = EvseId(u16::try_from(place.id()).ok()?);
        Some(match place.connector_id() {
            None => Place::Evse(evse),
            Some(connector) => Place::Connector(evse, ConnectorId(u16::try_from(connector).ok()?)),
        })
    }
}

/// Where a variable has its value from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Setting(AnySetting),
    Fact(Fact),
}

/// One variable of one component. No component has instances.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variable<'s> {
    pub component: &'s str,
    pub place: Place,
    pub name: &'s str,
    pub instance: Option<&'s str>,
    pub source: Source,
}

impl<'s> Variable<'s> {
    /// The variable of a path `Component.Variable[Instance]`, if it is one.
    fn of(path: &'s str, place: Place, source: Source) -> Option<Self> {
        let (component, rest) = path.split_once('.')?;
        let (name, instance) = match rest.strip_suffix(']').and_then(|rest| rest.split_once('[')) {
            Some((name, instance)) => (name, Some(instance)),
            None => (rest, None),
        };
        Some(Variable { component, place, name, instance, source })
    }

    /// Whether it belongs to the same component as another.
    pub fn is_beside(&self, other: &Variable<'_>) -> bool {
        self.place == other.place && self.component.eq_ignore_ascii_case(other.component)
    }

    /// Whether a message means it.
    fn is(&self, wanted: v2::Variable<'_>) -> bool {
        self.is_one_of(wanted) && self.instance.is_some() == instance_of(wanted).is_some()
    }

    /// Whether it has the name that a message names, and the instance if it names one.
    fn is_one_of(&self, wanted: v2::Variable<'_>) -> bool {
        let has = |instance| self.instance.is_some_and(|known| known.eq_ignore_ascii_case(instance));
        self.name.eq_ignore_ascii_case(wanted.name()) && instance_of(wanted).is_none_or(has)
    }

    /// Whether a custom report is to have it (B08.FR.20 to B08.FR.25): what is not said is not limited.
    pub fn is_asked_for(&self, wanted: v2::ComponentVariable<'_>) -> bool {
        let component = wanted.component();
        let is_place = match component.evse() {
            None => true,
            Some(place) => {
                let is_evse = |evse: EvseId| i64::from(evse.0) == place.id();
                match self.place {
                    Place::Station => false,
                    Place::Evse(evse) => is_evse(evse) && place.connector_id().is_none(),
                    Place::Connector(evse, ConnectorId(connector)) => {
                        is_evse(evse) && place.connector_id().is_none_or(|wanted| wanted == i64::from(connector))
                    }
                }
            }
        };
        is_place
            && component.instance().is_none_or(str::is_empty)
            && self.component.eq_ignore_ascii_case(component.name())
            && wanted.variable().is_none_or(|wanted| self.is_one_of(wanted))
    }

    /// Writes the names of its component and its own.
    pub fn write(&self, mut component: ComponentBuilder<'_>) {
        let (evse, connector) = match self.place {
            Place::Station => (None, None),
            Place::Evse(evse) => (Some(evse), None),
            Place::Connector(evse, connector) => (Some(evse), Some(connector)),
        };
        if let Some(evse) = evse {
            let mut place = component.evse();
            place.id(evse.0.into());
            if let Some(connector) = connector {
                place.connector_id(connector.0.into());
            }
        }
        component.name(self.component);
    }

    /// Writes its name.
    pub fn write_name(&self, mut variable: VariableBuilder<'_>) {
        variable.name(self.name);
        if let Some(instance) = self.instance {
            variable.instance(instance);
        }
    }
}

/// The instance that a message names: one that is empty is none (B06.FR.15).
fn instance_of(wanted: v2::Variable<'_>) -> Option<&str> {
    wanted.instance().filter(|instance| !instance.is_empty())
}

/// What a pair of component and variable, with an attribute, leads to.
pub(super) enum Found<'s> {
    UnknownComponent,
    UnknownVariable,
    /// All variables have the actual value alone.
    NotSupportedAttributeType,
    Variable(Variable<'s>),
}

/// All that the station knows of itself in words of 2.x.
#[derive(Clone, Copy)]
pub(super) struct Model<'s> {
    site: &'s Site,
    shared: &'s Shared,
}

impl<'s> Model<'s> {
    pub fn new(site: &'s Site, shared: &'s Shared) -> Self {
        Model { site, shared }
    }

    /// All variables, in an order that is the same as long as the configuration is.
    pub fn all(self) -> impl Iterator<Item = Variable<'s>> {
        let settings = self.site.settings.all().filter_map(move |setting| {
            Variable::of(self.site.settings.variable(setting)?, Place::Station, Source::Setting(setting))
        });
        settings.filter(|variable| is_spoken(variable.component)).chain(self.facts())
    }

    /// Finds a variable. Names are compared without regard to case.
    pub fn find(
        self,
        component: v2::Component<'_>,
        variable: v2::Variable<'_>,
        attribute: Option<AttributeType>,
    ) -> Found<'s> {
        let is_whole = component.instance().is_none_or(str::is_empty);
        let Some(place) = Place::of(component.evse()).filter(|_| is_whole) else { return Found::UnknownComponent };
        let is_here =
            |known: &Variable<'_>| known.place == place && known.component.eq_ignore_ascii_case(component.name());
        let mut here = self.all().filter(is_here).peekable();
        if here.peek().is_none() {
            return Found::UnknownComponent;
        }
        match (here.find(|known| known.is(variable)), attribute) {
            (None, _) => Found::UnknownVariable,
            (Some(known), None | Some(AttributeType::Actual)) => Found::Variable(known),
            (Some(_), Some(_)) => Found::NotSupportedAttributeType,
        }
    }

    /// The value; none if it is not known, and not to be told where it can be written alone.
    pub fn value(self, variable: &Variable<'_>) -> Option<Cow<'s, str>> {
        match variable.source {
            Source::Setting(setting) if self.site.settings.is_secret(setting) => None,
            Source::Setting(setting) => Some(self.site.settings.value(setting).into()),
            Source::Fact(fact) => self.value_of(fact, variable.place),
        }
    }

    /// Whether it is a boolean that is true, or false; none if the component has no such variable.
    pub fn flag(self, of: &Variable<'_>, name: &str) -> Option<bool> {
        let flag = self.all().find(|other| other.is_beside(of) && other.instance.is_none() && other.name == name)?;
        self.value(&flag).map(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Who may read and write it.
    pub fn mutability(self, variable: &Variable<'_>) -> Mutability {
        match variable.source {
            Source::Fact(_) => Mutability::ReadOnly,
            Source::Setting(setting) if self.site.settings.is_secret(setting) => Mutability::WriteOnly,
            Source::Setting(AnySetting::Standard(setting)) if is_fixed(setting) => Mutability::ReadOnly,
            Source::Setting(setting) => match self.site.settings.access(setting) {
                SettingAccess::ReadOnly => Mutability::ReadOnly,
                SettingAccess::ReadWrite | SettingAccess::AfterReboot => Mutability::ReadWrite,
            },
        }
    }
}

/// Whether the blocks of a component are spoken in 2.x.
fn is_spoken(component: &str) -> bool {
    !["ISO15118Ctrlr", "ReservationCtrlr", "SmartChargingCtrlr"].contains(&component)
}

/// Whether 2.x has a setting as read-only that 1.6 may change.
fn is_fixed(setting: Setting) -> bool {
    match setting {
        // Part 2 §2.1.4.
        Setting::MessageTimeout => true,
        // The profile comes with a network connection profile (A05, B09).
        #[cfg(feature = "security")]
        Setting::SecurityProfile => true,
        _ => false,
    }
}
