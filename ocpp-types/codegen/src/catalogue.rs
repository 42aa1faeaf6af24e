//! The catalogues that live outside the schemas: configuration keys, security events, variables, reason codes, units, ..
//!
//! A catalogue file has a line for each entry: `key`, `event`, `variable`, or the name of a list with one of its texts. Words are
//! separated by tabs, and an empty one is written `-`.

use std::{fmt::Write as _, fs, path::Path};

use crate::{Error, Version, names::HEAD, tree::Tree};

/// The lists of plain texts: the constant, what it is, the CSV file and the column.
const LISTS: &[(&str, &str, &str, usize)] = &[
    ("REASON_CODES", "Reason codes of `StatusInfo`.", "reason_codes.csv", 1),
    ("UNITS", "Units of measure.", "units_of_measure.csv", 0),
    ("SIGNING_METHODS", "Signing methods of signed meter values.", "signingmethod.csv", 0),
    ("ID_TOKEN_TYPES", "Types of identifiers.", "idtokenenumtype.csv", 0),
    ("CONNECTOR_TYPES", "Types of connectors.", "connectorenumtype.csv", 0),
    ("CHARGING_LIMIT_SOURCES", "Sources of charging limits.", "charginglimitsourceenumtype.csv", 0),
    ("PAYMENT_BRANDS", "Brands of payment cards.", "paymentbrand.csv", 0),
    ("PAYMENT_RECOGNITIONS", "Kinds of payment cards.", "paymentrecognition.csv", 0),
    ("ADDITIONAL_INFO_TYPES", "Types of additional information on identifiers.", "additional_info_types.csv", 0),
    (
        "ADDITIONAL_INFO_TYPES_AD_HOC",
        "Types of additional information on ad hoc payments.",
        "additional_info_types_adhoc.csv",
        0,
    ),
];

/// Security events of 1.6: chapter 8 of the security white paper, edition 3. The critical ones are marked.
const EVENTS_1_6: &[(&str, bool)] = &[
    ("FirmwareUpdated", true),
    ("FailedToAuthenticateAtCentralSystem", false),
    ("CentralSystemFailedToAuthenticate", false),
    ("SettingSystemTime", true),
    ("StartupOfTheDevice", true),
    ("ResetOrReboot", true),
    ("SecurityLogWasCleared", true),
    ("ReconfigurationOfSecurityParameters", false),
    ("MemoryExhaustion", true),
    ("InvalidMessages", false),
    ("AttemptedReplayAttacks", false),
    ("TamperDetectionActivated", true),
    ("InvalidFirmwareSignature", false),
    ("InvalidFirmwareSigningCertificate", false),
    ("InvalidCentralSystemCertificate", false),
    ("InvalidChargePointCertificate", false),
    ("InvalidTLSVersion", false),
    ("InvalidTLSCipherSuite", false),
];

/// Reads the catalogues of a version from the folder of the specification and gives the text of its catalogue file.
pub fn import(version: Version, specification: &Path) -> Result<String, Error> {
    let mut text =
        format!("# OCPP {}: facts imported from the catalogues of the specification; do not edit.\n", version.name);
    if version.name == "1.6" {
        let json = Tree::parse(&fs::read_to_string(specification.join("ocpp16-catalogue.json"))?)?;
        let mut names = Vec::new();
        for key in json.get("configuration_keys").map(Tree::items).unwrap_or_default() {
            let name = word(key, "name");
            // The application note repeats two keys of the white paper.
            if !names.contains(&name) {
                let [profile, required, kind, access, unit] =
                    ["profile", "required", "type", "accessibility", "unit"].map(|name| word(key, name));
                let profile = profile.split(' ').next().unwrap_or_default();
                writeln!(text, "key\t{name}\t{profile}\t{required}\t{kind}\t{access}\t{unit}")?;
            }
            names.push(name);
        }
        for (name, critical) in EVENTS_1_6 {
            writeln!(text, "event\t{name}\t{critical}")?;
        }
        return Ok(text);
    }
    let json = fs::read_to_string(specification.join(format!("components-variables-{}.json", version.name)))?;
    for entry in Tree::parse(&json)?.get("entries").map(Tree::items).unwrap_or_default() {
        let [component, variable, instance, required, kind, unit, mutability] =
            ["component", "variable", "instance", "required", "datatype", "unit", "mutability"]
                .map(|name| word(entry, name));
        let min = limit(&word(entry, "min_limit"));
        let max = limit(&word(entry, "max_limit"));
        let values = values(&word(entry, "values_list"));
        let mutability = match (mutability.contains("ReadOnly"), mutability.contains("ReadWrite")) {
            (true, true) => "Either".to_owned(),
            _ => mutability,
        };
        writeln!(
            text,
            "variable\t{component}\t{variable}\t{instance}\t{required}\t{kind}\t{unit}\t{mutability}\t{min}\t{max}\t{values}"
        )?;
    }
    let folder = specification.join(version.schemas).join("../csv");
    for row in rows(&folder.join("security_events.csv"))? {
        let name = row.first().cloned().unwrap_or_default();
        writeln!(text, "event\t{name}\t{}", row.last().is_some_and(|critical| critical == "Yes"))?;
    }
    for (list, _, file, column) in LISTS {
        let path = folder.join(file);
        if !path.exists() {
            continue;
        }
        for item in rows(&path)?.iter().filter_map(|row| row.get(*column)).filter(|item| !item.is_empty()) {
            writeln!(text, "{list}\t{item}")?;
        }
    }
    Ok(text)
}

/// A member of an entry as one word of a line.
fn word(entry: &Tree, name: &str) -> String {
    match entry.get(name).and_then(Tree::text).unwrap_or_default() {
        "" => "-".to_owned(),
        text => text.to_owned(),
    }
}

/// A limit, if it begins with a number; otherwise it is left to implementations.
fn limit(text: &str) -> String {
    let text = match text.strip_prefix(">0") {
        Some(_) => "1",
        None => text.trim_start_matches(">="),
    };
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    if digits.is_empty() { "-".to_owned() } else { digits }
}

/// A list of values, if it is one and not a reference to one.
fn values(text: &str) -> String {
    let text = text.rsplit_once("Possible values: ").map_or(text, |(_, values)| values);
    let text = text.trim_start_matches("List of ").replace('"', "");
    let values: Vec<&str> = text.split(',').map(str::trim).collect();
    if values.iter().any(|value| value.contains(' ')) { "-".to_owned() } else { values.join(",") }
}

/// The rows of a CSV file below its title. The files mix UTF-8 and Windows-1252, but what is used here is ASCII.
fn rows(path: &Path) -> Result<Vec<Vec<String>>, Error> {
    let text = String::from_utf8_lossy(&fs::read(path)?).into_owned();
    let row = |line: &str| line.split(';').map(|cell| cell.trim().to_owned()).collect();
    Ok(text.lines().skip(1).filter(|line| !line.trim().is_empty()).map(row).collect())
}

/// The Rust tables of a catalogue file.
pub fn tables(version: Version, catalogue: &str) -> Result<String, Error> {
    let (mut keys, mut events, mut variables) = (String::new(), String::new(), String::new());
    let mut lists: Vec<(&str, String)> = Vec::new();
    for line in catalogue.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let words: Vec<&str> = line.split('\t').collect();
        match words.as_slice() {
            ["key", name, profile, required, kind, access, unit] => writeln!(
                keys,
                "ConfigurationKey {{ name: {name:?}, profile: {profile:?}, required: {}, kind: ValueType::{}, access: Mutability::{}, unit: {} }},",
                *required == "required",
                value_type(kind)?,
                match *access {
                    "R" => "ReadOnly",
                    "RW" => "ReadWrite",
                    "W" => "WriteOnly",
                    _ => "Either",
                },
                option(unit),
            )?,
            ["event", name, critical] => writeln!(events, "SecurityEvent {{ name: {name:?}, critical: {critical} }},")?,
            ["variable", component, variable, instance, required, kind, unit, mutability, min, max, values] => {
                writeln!(
                    variables,
                    "StandardVariable {{ component: {}, name: {variable:?}, instance: {}, required: {}, kind: {}, unit: {}, \
                 mutability: {}, min: {}, max: {}, values: {} }},",
                    if *component == "<generic>" { "None".to_owned() } else { option(component) },
                    option(instance),
                    *required == "true",
                    if *kind == "-" { "None".to_owned() } else { format!("Some(ValueType::{})", value_type(kind)?) },
                    option(unit),
                    if *mutability == "-" { "None".to_owned() } else { format!("Some(Mutability::{mutability})") },
                    number(min),
                    number(max),
                    option(values),
                )?
            }
            [list, item] => {
                if lists.last().is_none_or(|(last, _)| last != list) {
                    lists.push((list, String::new()));
                }
                if let Some((_, items)) = lists.last_mut() {
                    writeln!(items, "{item:?},")?;
                }
            }
            _ => return Err(format!("not understood: {line}").into()),
        }
    }
    let name = version.name;
    let mut source = format!("{HEAD}//! Catalogues of OCPP {name}.\n\n");
    let mut types = vec!["SecurityEvent"];
    let mut constants = String::new();
    if !keys.is_empty() {
        types.extend(["ConfigurationKey", "Mutability", "ValueType"]);
        constants.push_str(&format!(
            "/// The standard configuration keys.\npub const CONFIGURATION_KEYS: &[ConfigurationKey] = &[\n{keys}];\n\n"
        ));
    }
    if !variables.is_empty() {
        types.extend(["StandardVariable", "Mutability", "ValueType"]);
        constants.push_str(&format!("/// The standard variables of the device model.\npub const VARIABLES: &[StandardVariable] = &[\n{variables}];\n\n"));
    }
    constants.push_str(&format!(
        "/// The security events.\npub const SECURITY_EVENTS: &[SecurityEvent] = &[\n{events}];\n\n"
    ));
    for (list, items) in lists {
        let doc = LISTS.iter().find(|(name, ..)| *name == list).map_or("", |(_, doc, ..)| doc);
        constants.push_str(&format!("/// {doc}\npub const {list}: &[&str] = &[\n{items}];\n\n"));
    }
    types.sort_unstable();
    source.push_str(&format!("use super::{{{}}};\n\n{constants}", types.join(", ")));
    Ok(source)
}

fn option(word: &str) -> String {
    if word == "-" { "None".to_owned() } else { format!("Some({word:?})") }
}

fn number(word: &str) -> String {
    if word == "-" { "None".to_owned() } else { format!("Some({word})") }
}

fn value_type(word: &str) -> Result<&'static str, Error> {
    Ok(match word {
        "boolean" | "Boolean" => "Boolean",
        "integer" => "Integer",
        "decimal" => "Decimal",
        "string" | "String" => "Text",
        "dateTime" | "DateTime" => "DateTime",
        "OptionList" => "OptionList",
        "MemberList" | "CSL" => "MemberList",
        "SequenceList" => "SequenceList",
        "passwordString" => "Password",
        "identifierString" => "Identifier",
        other => return Err(format!("unknown type {other}").into()),
    })
}
