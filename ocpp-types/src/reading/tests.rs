use alloc::{format, string::ToString, vec::Vec};

use proptest::prelude::*;

use super::*;
use crate::{codec::Decode, enumeration::Enumeration, lenient, v1_6, v2_0_1, v2_1};

fn reading(json: &str) -> Reading {
    let sampled: lenient::Decoded<v1_6::SampledValue> = lenient::decode(json, lenient::Quirks::ALL).unwrap();
    Reading::from(&sampled.value)
}

fn reading_2(json: &str) -> Reading {
    let new = Reading::from(&v2_1::SampledValue::from_json(json).unwrap());
    assert_eq!(Reading::from(&v2_0_1::SampledValue::from_json(json).unwrap()), new);
    new
}

fn value(reading: &Reading) -> Option<(alloc::string::String, Option<Unit>)> {
    reading.value.map(|value| (value.to_string(), reading.unit))
}

#[test]
fn a_bare_value_is_imported_energy_in_wh_by_the_defaults_of_every_version() {
    for reading in [reading(r#"{"value":"2935.600"}"#), reading_2(r#"{"value":2935.600}"#)] {
        assert_eq!(reading.measurand, "Energy.Active.Import.Register");
        assert_eq!((reading.location, reading.context, reading.phase), ("Outlet", "Sample.Periodic", None));
        assert_eq!(value(&reading), Some(("2935.600".to_string(), Some(Unit::WattHour))));
        assert_eq!(reading.thousandths(), Some(2_935_600));
        assert_eq!(reading.doubts, []);
    }
}

#[test]
fn kilowatt_hours_and_multipliers_become_watt_hours() {
    let kilo = reading(r#"{"value":"2935.6001","unit":"kWh"}"#);
    assert_eq!(value(&kilo), Some(("2935600.1".to_string(), Some(Unit::WattHour))));
    for (json, expected) in [
        (r#"{"value":1.5,"unitOfMeasure":{"unit":"kWh","multiplier":-3}}"#, "1.5"),
        (r#"{"value":1.5,"unitOfMeasure":{"multiplier":6}}"#, "1500000"),
        (r#"{"value":1500,"unitOfMeasure":{"multiplier":-3}}"#, "1.500"),
        (r#"{"value":49987,"measurand":"Frequency","unitOfMeasure":{"unit":"mHz"}}"#, "49.987"),
    ] {
        assert_eq!(reading_2(json).value.unwrap().to_string(), expected, "{json}");
    }
}

#[test]
fn each_doubt_is_named_and_nothing_is_corrected() {
    for (json, doubt, number) in [
        (r#"{"value":"81","measurand":"SoC","unit":"V"}"#, Doubt::UnitOfOtherQuantity, Some("81")),
        (r#"{"value":"16","measurand":"Current.Import","unit":"Wh"}"#, Doubt::UnitOfOtherQuantity, Some("16")),
        (r#"{"value":"81","measurand":"SoC"}"#, Doubt::UnitAssumed, Some("81")),
        (r#"{"value":"7.2","measurand":"Power.Active.Import"}"#, Doubt::UnitAssumed, Some("7.2")),
        (r#"{"value":"12","measurand":"SoC","unit":"Prozent"}"#, Doubt::UnknownUnit, Some("12")),
        (r#"{"value":"101","measurand":"SoC","unit":"Percent"}"#, Doubt::OutOfRange, Some("101")),
        (r#"{"value":"-1"}"#, Doubt::OutOfRange, Some("-1")),
        (r#"{"value":"1.01","measurand":"Power.Factor"}"#, Doubt::OutOfRange, Some("1.01")),
        (r#"{"value":""}"#, Doubt::NoNumber, None),
        (r#"{"value":"n/a"}"#, Doubt::NoNumber, None),
        (r#"{"value":"MTIz","format":"SignedData"}"#, Doubt::NoNumber, None),
        (r#"{"value":"9223372036854775807","unit":"kWh"}"#, Doubt::NoNumber, None),
    ] {
        let reading = reading(json);
        assert_eq!(
            (reading.doubts.as_slice(), reading.value.map(|value| value.to_string()).as_deref()),
            (&[doubt][..], number),
            "{json}"
        );
    }
    assert_eq!(reading_2(r#"{"value":1,"unitOfMeasure":{"multiplier":40}}"#).doubts, [Doubt::NoNumber]);
}

#[test]
fn what_1_6_has_no_unit_for_is_no_doubt() {
    for measurand in ["Frequency", "Power.Factor", "RPM"] {
        let reading = reading(&format!(r#"{{"value":"0.9","measurand":"{measurand}"}}"#));
        assert_eq!(reading.doubts, [], "{measurand}");
    }
    assert_eq!(reading(r#"{"value":"20","measurand":"Temperature","unit":"Celcius"}"#).unit, Some(Unit::Celsius));
}

#[test]
fn one_conductor_under_two_names_and_two_values_of_one_thing_are_conflicts() {
    let current = |phase: &str, amperes: u32| {
        reading(&format!(r#"{{"value":"{amperes}","measurand":"Current.Import","unit":"A","phase":"{phase}"}}"#))
    };
    let voltage =
        |phase: &str| reading(&format!(r#"{{"value":"230","measurand":"Voltage","unit":"V","phase":"{phase}"}}"#));
    assert_eq!(conflicts(&[current("L1", 6), current("L2", 7), current("L3", 8), voltage("L1"), voltage("L1-L2")]), []);
    assert_eq!(conflicts(&[current("L1", 6), current("L2-N", 7), current("L1-N", 6)]), [(2, Conflict::MixedPhases)]);
    assert_eq!(conflicts(&[current("L1", 6), current("L1", 6)]), []);
    assert_eq!(conflicts(&[current("L1", 6), voltage("L1"), current("L1", 7)]), [(2, Conflict::TwoValues)]);
}

#[test]
fn wh_and_kwh_that_change_places_are_told_from_growth() {
    assert_eq!(step(12_345_000, 12_345_678), Step::Forward { mwh: 678 });
    assert_eq!(step(0, 5_000_000), Step::Forward { mwh: 5_000_000 });
    assert_eq!(step(7, 7), Step::Forward { mwh: 0 });
    assert_eq!(step(8, 7), Step::Backward);
    assert_eq!(step(12_345_678, 12_346), Step::Thousandfold);
    assert_eq!(step(12_346, 12_345_678), Step::Thousandfold);
    assert_eq!(step(i64::MIN, i64::MAX), Step::Backward);
}

/// All units that a version knows and that measure what a measurand measures.
#[test]
fn every_measurand_of_every_version_has_a_quantity_and_every_unit_of_1_6_is_known() {
    let names = v1_6::Measurand::VALUES.iter().map(|value| value.as_str());
    let names = names.chain(v2_0_1::Measurand::VALUES.iter().map(|value| value.as_str()));
    let names: Vec<&str> = names.chain(v2_1::Measurand::VALUES.iter().map(|value| value.as_str())).collect();
    let others: Vec<&str> = names.iter().copied().filter(|name| Quantity::of(name) == Quantity::Other).collect();
    assert_eq!(others, ["Display.ChargingComplete", "Display.InletHot"]);
    for unit in v1_6::UnitOfMeasure::VALUES {
        let (known, _) = Unit::parse(unit.as_str()).unwrap();
        assert!(names.iter().any(|name| Quantity::of(name) == known.quantity()) || known == Unit::VoltAmpere, "{unit}");
    }
}

proptest! {
    #[test]
    fn a_prefix_or_multiplier_never_changes_the_value(mantissa in -1_000_000..1_000_000_i64, scale in 0..6_u8, multiplier in -6..6_i64) {
        let plain = Decimal::from_scaled(mantissa, scale);
        if let Some(scaled) = times_power_of_ten(plain, multiplier) {
            prop_assert_eq!(times_power_of_ten(scaled, -multiplier), Some(plain));
            prop_assert_eq!(scaled.to_scaled(12), plain.to_scaled(u8::try_from(12 + multiplier).unwrap()));
        } else {
            prop_assert!(false, "{} and 10^{}", plain, multiplier);
        }
    }

    #[test]
    fn a_step_forward_adds_up(before in 0..i64::MAX / 2, growth in 0..1_000_000_i64) {
        match step(before, before + growth) {
            Step::Forward { mwh } => prop_assert_eq!(mwh, growth),
            Step::Thousandfold => prop_assert!(growth >= before * 899),
            Step::Backward => prop_assert!(false),
        }
    }
}
