//! Meter values.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ocpp_types::SmallString;
use ocpp_types::lenient::Repair;
use ocpp_types::v2_1;

use crate::csms::edge::word;
use crate::csms::{MeterValue, SampledValue, SignedValue};

/// Takes them as they were sent: numbers keep their digits, signed data every byte.
pub(super) fn meter_values(values: &[v2_1::MeterValue], repairs: &[Repair]) -> Vec<MeterValue> {
    let samples =
        |value: &v2_1::MeterValue| value.sampled_value.iter().map(|sample| sampled(sample, repairs)).collect();
    values.iter().map(|value| MeterValue { at: value.timestamp, values: samples(value) }).collect()
}

fn sampled(sample: &v2_1::SampledValue, repairs: &[Repair]) -> SampledValue {
    let unit = sample.unit_of_measure.as_ref();
    SampledValue {
        value: sample.value.to_string(),
        context: sample.context.map(|context| word(context, repairs)),
        format: None,
        measurand: sample.measurand.map(|measurand| word(measurand, repairs)),
        phase: sample.phase.map(|phase| word(phase, repairs)),
        location: sample.location.map(|location| word(location, repairs)),
        unit: unit.and_then(|unit| unit.unit.as_deref()).map(SmallString::new),
        multiplier: unit.and_then(|unit| unit.multiplier).and_then(|multiplier| i32::try_from(multiplier).ok()),
        signed: sample.signed_meter_value.as_ref().map(signed),
    }
}

fn signed(value: &v2_1::SignedMeterValue) -> Box<SignedValue> {
    let said = |text: &str| Some(SmallString::new(text)).filter(|text| !text.is_empty());
    Box::new(SignedValue {
        data: String::from(value.signed_meter_data.as_str()),
        signing_method: value.signing_method.as_deref().and_then(said),
        encoding_method: said(&value.encoding_method),
        public_key: value.public_key.as_deref().map(String::from),
    })
}
