//! What OCPP standardises outside its schemas, as tables: configuration keys, variables, security events, reason codes, units.

#[cfg(feature = "v1_6")]
pub mod v1_6;
#[cfg(feature = "v2_0_1")]
pub mod v2_0_1;
#[cfg(feature = "v2_1")]
pub mod v2_1;

/// The type of a configuration key's or variable's value, which is always transported as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ValueType {
    /// `true` or `false`.
    Boolean,
    /// An integer.
    Integer,
    /// A decimal number.
    Decimal,
    /// A text.
    Text,
    /// A date and time (RFC 3339).
    DateTime,
    /// One of a list of values.
    OptionList,
    /// Any number of a list of values, separated by commas, in any order.
    MemberList,
    /// Any number of a list of values, separated by commas, in the order that counts.
    SequenceList,
    /// A password.
    Password,
    /// A text that ignores case, of a restricted set of characters.
    Identifier,
}

/// Whether a value can be read and written by the CSMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mutability {
    /// Read only.
    ReadOnly,
    /// Read and written.
    ReadWrite,
    /// Written only, as passwords are.
    WriteOnly,
    /// Read and, if the station so chooses, written.
    Either,
}

/// A standard configuration key of 1.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigurationKey {
    /// The name, which ignores case.
    pub name: &'static str,
    /// The feature profile, or `Security`, `ISO15118PnC`, `SignedMeterValues` for keys of the extensions.
    pub profile: &'static str,
    /// Whether a station with that profile must have it.
    pub required: bool,
    /// The type of the value.
    pub kind: ValueType,
    /// Who may read and write it.
    pub access: Mutability,
    /// The unit of the value.
    pub unit: Option<&'static str>,
}

/// A standard variable of the device model of 2.x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandardVariable {
    /// The component; none for variables that any component may have.
    pub component: Option<&'static str>,
    /// The name of the variable, which ignores case.
    pub name: &'static str,
    /// The instance of the variable; in angle brackets, such as `<language>`, it stands for what may be put there.
    pub instance: Option<&'static str>,
    /// Whether a station that has the component must have it.
    pub required: bool,
    /// The type of the value, where the catalogue tells.
    pub kind: Option<ValueType>,
    /// The unit; alternatives are separated by commas.
    pub unit: Option<&'static str>,
    /// Who may read and write it, where the specification tells.
    pub mutability: Option<Mutability>,
    /// The least value.
    pub min: Option<i64>,
    /// The greatest value or, of texts, length.
    pub max: Option<i64>,
    /// The values allowed, separated by commas.
    pub values: Option<&'static str>,
}

/// A standard security event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecurityEvent {
    /// The name, as it is sent.
    pub name: &'static str,
    /// Whether the station must report it to the CSMS, and not only keep it in its log.
    pub critical: bool,
}

/// The configuration key of 1.6 with this name, in whatever case.
#[cfg(feature = "v1_6")]
pub fn configuration_key(name: &str) -> Option<&'static ConfigurationKey> {
    v1_6::CONFIGURATION_KEYS.iter().find(|key| key.name.eq_ignore_ascii_case(name))
}

/// Finds a variable in the table of a version. One of the component itself outranks one that any component may have.
pub fn variable(table: &'static [StandardVariable], component: &str, name: &str) -> Option<&'static StandardVariable> {
    let named = |entry: &&StandardVariable| entry.name.eq_ignore_ascii_case(name);
    let own = |entry: &&StandardVariable| entry.component.is_some_and(|own| own.eq_ignore_ascii_case(component));
    let any = |entry: &&StandardVariable| entry.component.is_none();
    table.iter().filter(named).find(own).or_else(|| table.iter().filter(named).find(any))
}

/// Finds a security event in the table of a version.
pub fn security_event(table: &'static [SecurityEvent], name: &str) -> Option<&'static SecurityEvent> {
    table.iter().find(|event| event.name == name)
}

#[cfg(all(test, feature = "v1_6", feature = "v2_0_1", feature = "v2_1"))]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn configuration_keys_are_found_in_any_case() {
        let key = configuration_key("heartbeatINTERVAL").unwrap();
        assert_eq!((key.name, key.kind, key.unit), ("HeartbeatInterval", ValueType::Integer, Some("seconds")));
        assert_eq!(configuration_key("AuthorizationKey").unwrap().access, Mutability::WriteOnly);
        assert!(configuration_key("NoSuchKey").is_none());
        let names: BTreeSet<_> = v1_6::CONFIGURATION_KEYS.iter().map(|key| key.name).collect();
        assert_eq!(names.len(), v1_6::CONFIGURATION_KEYS.len());
    }

    #[test]
    fn the_password_is_a_secret_in_both_worlds() {
        let password = variable(v2_1::VARIABLES, "securityctrlr", "BasicAuthPassword").unwrap();
        assert_eq!((password.kind, password.mutability), (Some(ValueType::Password), Some(Mutability::WriteOnly)));
    }

    #[test]
    fn a_component_s_own_variable_outranks_the_general_one() {
        let own = variable(v2_0_1::VARIABLES, "AuthCtrlr", "Enabled").unwrap();
        assert_eq!((own.component, own.kind), (Some("AuthCtrlr"), Some(ValueType::Boolean)));
        let general = variable(v2_0_1::VARIABLES, "NoSuchComponent", "Enabled").unwrap();
        assert_eq!((general.component, general.required), (None, false));
    }

    #[test]
    fn critical_events_are_marked() {
        assert!(security_event(v1_6::SECURITY_EVENTS, "TamperDetectionActivated").unwrap().critical);
        assert!(!security_event(v2_1::SECURITY_EVENTS, "InvalidMessages").unwrap().critical);
    }

    #[test]
    fn the_opened_enumerations_of_2_1_contain_what_2_0_1_had() {
        let kinds = [crate::v2_0_1::IdTokenKind::Central.as_str(), crate::v2_0_1::IdTokenKind::EMAID.as_str()];
        assert!(kinds.iter().all(|kind| v2_1::ID_TOKEN_TYPES.contains(kind)));
    }
}
