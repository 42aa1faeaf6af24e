//! Every payload of every version against an independent JSON Schema validator and the model.
//!
//! Needs the schemas; without them (see `ocpp_codegen::specification`) the tests say that they were skipped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod codec;
mod payload;

use std::{collections::BTreeMap, fs, path::Path};

use jsonschema::Validator;
use ocpp_codegen::{
    VERSIONS, Version,
    model::{Field, Model},
    specification,
};
use ocpp_types::Rule;
use payload::{Broken, Generator};
use serde_json::Value;

/// How many valid, and how many damaged, payloads are made for each message.
const ROUNDS: u64 = 40;
/// How many payloads of each message have their rules broken, one after the other, at every place.
const BROKEN_ROUNDS: u64 = 5;

/// One payload of one version with everything that judges it.
struct Subject {
    version: Version,
    action: String,
    response: bool,
    name: String,
    fields: Vec<Field>,
    validator: Validator,
}

fn for_each_subject(mut check: impl FnMut(&Model, &Subject)) {
    let Some(specification) = specification() else {
        eprintln!("SKIPPED: no specification folder (OCPP_SPEC); nothing was compared with the schemas");
        return;
    };
    for version in VERSIONS {
        let model: Model = fs::read_to_string(version.model_file()).unwrap().parse().unwrap();
        let folder = specification.join(version.schemas);
        for message in &model.messages {
            let request = (false, message.request_name(), Some(&message.request));
            let response = (true, format!("{}Response", message.action), message.response.as_ref());
            for (response, name, fields) in [request, response] {
                let Some(fields) = fields else { continue };
                let validator = validator(&folder, &name);
                let action = message.action.clone();
                let subject = Subject { version: *version, action, response, name, fields: fields.clone(), validator };
                check(&model, &subject);
            }
        }
    }
}

fn validator(folder: &Path, name: &str) -> Validator {
    // The files of 1.6 do not say "Request".
    let short = name.strip_suffix("Request").unwrap_or(name);
    let file = [name, short].map(|name| folder.join(format!("{name}.json")));
    let text = file.iter().find_map(|file| fs::read_to_string(file).ok()).unwrap();
    let mut schema: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap();
    // Their ids are no URLs that a validator could resolve.
    schema.as_object_mut().unwrap().retain(|key, _| key != "id" && key != "$id");
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

impl Subject {
    fn decode(&self, json: &str) -> Result<codec::Reencoded, ocpp_types::Violation> {
        codec::decode(self.version, &self.action, self.response, json)
    }
}

#[test]
fn valid_payloads_are_accepted_and_stay_equal_and_valid() {
    let mut checked = BTreeMap::new();
    for_each_subject(|model, subject| {
        for seed in 0..ROUNDS {
            let mut generator = Generator::new(model, seed);
            let value = generator.object(&subject.fields);
            let json = value.to_string();
            let named = || format!("{} {} seed {seed}: {json}", subject.version.name, subject.name);
            let valid = generator.pointed > 0 || subject.validator.is_valid(&value);
            assert!(valid, "the validator refuses {}", named());
            let again = subject.decode(&json).unwrap_or_else(|violation| panic!("{violation}: {}", named()));
            assert!(again.equal, "encoding changed {}", named());
            let written: Value = serde_json::from_str(&again.json).unwrap();
            assert!(
                subject.validator.is_valid(&written),
                "the validator refuses {} written from {}",
                again.json,
                named()
            );
            *checked.entry(subject.version.name).or_insert(0) += 1;
        }
    });
    println!("valid payloads checked: {checked:?}");
}

#[test]
fn each_broken_rule_is_refused_with_its_path_and_kind() {
    let mut checked = BTreeMap::new();
    for_each_subject(|model, subject| {
        let places = (0..BROKEN_ROUNDS)
            .flat_map(|seed| (0..Generator::count_sites(model, seed, &subject.fields)).map(move |site| (seed, site)));
        for (seed, site) in places {
            let (value, broken) = Generator::broken(model, seed, site, &subject.fields);
            let Some(Broken { path, kind, what }) = broken else { continue };
            let json = value.to_string();
            let named = || format!("{} {} {what} at {path}: {json}", subject.version.name, subject.name);
            let violation = match subject.decode(&json) {
                Ok(_) => panic!("accepted: {}", named()),
                Err(violation) => violation,
            };
            assert_eq!(
                (violation.path.as_str(), violation.rule.kind()),
                (path.as_str(), kind),
                "{violation}: {}",
                named()
            );
            assert!(!subject.validator.is_valid(&value), "the validator accepts {}", named());
            *checked.entry((subject.version.name, what)).or_insert(0) += 1;
        }
    });
    for ((version, what), count) in &checked {
        println!("{version}: {count} payloads refused for {what}");
    }
}

#[test]
fn verdicts_on_damaged_payloads_are_those_of_the_validator() {
    let (mut accepted, mut refused) = (0, 0);
    for_each_subject(|model, subject| {
        for seed in 0..ROUNDS {
            let mut generator = Generator::new(model, seed);
            let mut value = generator.object(&subject.fields);
            generator.damage(&mut value);
            let json = value.to_string();
            if generator.pointed > 0 && subject.version.name == "1.6" {
                continue;
            }
            let (ours, theirs) = (subject.decode(&json), subject.validator.is_valid(&value));
            assert_eq!(ours.is_ok(), theirs, "{} {}: {:?} {json}", subject.version.name, subject.name, ours.err());
            *if theirs { &mut accepted } else { &mut refused } += 1;
        }
    });
    println!("damaged payloads judged alike: {accepted} accepted, {refused} refused");
}

#[test]
fn from_2_0_1_to_2_1_and_back_is_the_identity() {
    let (mut checked, mut refused) = (0, 0);
    for_each_subject(|model, subject| {
        if subject.version.name != "2.0.1" {
            return;
        }
        for seed in 0..ROUNDS {
            let json = Generator::new(model, seed).object(&subject.fields).to_string();
            let (same, written) = codec::there_and_back(&subject.action, subject.response, &json);
            assert!(same, "{} changed: {json}", subject.name);
            // 2.1 has bounds of numbers that 2.0.1 does not have, and nothing else that could be in the way.
            match written {
                Ok(_) => {}
                Err(violation) => {
                    let bound = matches!(violation.rule, Rule::BelowMinimum(_) | Rule::AboveMaximum(_));
                    assert!(bound, "{violation}: {json}");
                    refused += 1;
                }
            }
            checked += 1;
        }
    });
    println!("payloads converted there and back: {checked}, of which {refused} have numbers outside the bounds of 2.1");
}
