//! Variables of stations (2.x B05, B06).

use ocpp_types::SmallString;
use serde::{Deserialize, Serialize};

use super::{Place, StatusAnswer};

/// Names a variable of a component, and which attribute of it is meant. Names are compared without regard to case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariableName {
    /// The component's name.
    pub component: SmallString,
    /// Which of several of this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component_instance: Option<SmallString>,
    /// Where the component is.
    #[serde(default, skip_serializing_if = "Place::is_station")]
    pub place: Place,
    /// The variable's name.
    pub variable: SmallString,
    /// Which of several of this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variable_instance: Option<SmallString>,
    /// `Actual`, `Target`, `MinSet` or `MaxSet`; none means `Actual`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribute: Option<SmallString>,
}

impl VariableName {
    /// A variable of the station itself, such as `OCPPCommCtrlr`, `HeartbeatInterval`.
    pub fn new(component: &str, variable: &str) -> Self {
        let (component, variable) = (SmallString::new(component), SmallString::new(variable));
        VariableName { component, variable, ..VariableName::default() }
    }

    /// The same, of this instance.
    #[must_use]
    pub fn with_instance(mut self, instance: &str) -> Self {
        self.variable_instance = Some(SmallString::new(instance));
        self
    }

    /// The same, of this place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }
}

/// What a station says of one variable that was read or set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct VariableResult {
    /// Which.
    pub name: VariableName,
    /// Whether it could be read, or is set.
    pub status: StatusAnswer,
    /// Its value, where it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<SmallString>,
}
