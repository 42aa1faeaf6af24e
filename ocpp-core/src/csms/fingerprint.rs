//! What tells a repeated report from a new one.

use chrono::{DateTime, Utc};
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::report::no_time;
use super::{Finding, IdToken, MeterValue, SampledValue, StopReport, TransactionId};

/// 64 bits that stand for a report's content (FNV-1a). Reports of one station are compared with a few earlier ones of
/// its own, so honest ones do not collide; who provokes it, cheats himself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub(crate) struct Fingerprint(u64);

impl Fingerprint {
    /// A fingerprint of nothing yet. The kind keeps reports of different meaning apart.
    pub fn new(kind: u8) -> Self {
        Fingerprint(0xCBF2_9CE4_8422_2325).byte(kind)
    }

    pub fn number(self, number: i64) -> Self {
        number.to_le_bytes().into_iter().fold(self, Self::byte)
    }

    /// The length goes in too, so that neighbouring texts cannot be cut elsewhere.
    pub fn text(self, text: &str) -> Self {
        text.bytes().fold(self.number(text.len() as i64), Self::byte)
    }

    pub fn option<T>(self, value: Option<T>, add: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            None => self.byte(0),
            Some(value) => add(self.byte(1), value),
        }
    }

    pub fn time(self, time: DateTime<Utc>) -> Self {
        self.number(time.timestamp()).number(i64::from(time.timestamp_subsec_nanos()))
    }

    /// One that is a number counts as such: states of earlier versions hold it so.
    pub fn transaction(self, named: Option<&TransactionId>) -> Self {
        match named.map(|named| (named, named.number())) {
            None => self.byte(0),
            Some((_, Some(number))) => self.byte(1).number(number.into()),
            Some((named, None)) => self.byte(2).text(named.as_str()),
        }
    }

    /// As tokens compare: without regard to case.
    pub fn token(self, token: &IdToken) -> Self {
        let start = self.number(token.as_str().len() as i64);
        token.as_str().bytes().map(|byte| byte.to_ascii_lowercase()).fold(start, Self::byte)
    }

    /// Times that were not read are no content.
    pub fn values(self, values: &[MeterValue], is_timed: bool) -> Self {
        values.iter().fold(self.number(values.len() as i64), |print, moment| {
            let print = if is_timed { print.time(moment.at) } else { print };
            let print = print.number(moment.values.len() as i64);
            moment.values.iter().fold(print, |print, value| {
                [&value.context, &value.format, &value.measurand, &value.phase, &value.location, &value.unit]
                    .into_iter()
                    .fold(print.text(&value.value), |print, name| print.option(name.as_deref(), Self::text))
                    .beyond_1_6(value)
            })
        })
    }

    /// What only 2.x has, where it is there: prints of 1.6 stay as states of earlier versions hold them.
    fn beyond_1_6(self, value: &SampledValue) -> Self {
        let print = value.multiplier.map_or(self, |multiplier| self.byte(b'm').number(multiplier.into()));
        value.signed.as_ref().map_or(print, |signed| print.byte(b's').text(&signed.data))
    }

    pub fn stop(self, report: &StopReport) -> Self {
        let is_timed = report.at != no_time()
            && report.samples.iter().all(|value| value.at != no_time())
            && !report.findings.contains(&Finding::TimeUnread);
        self.number(report.meter_stop_wh.unwrap_or_default())
            .time(if is_timed { report.at } else { no_time() })
            .option(report.reason.as_deref(), Self::text)
            .option(report.token.as_ref(), Self::token)
            .values(&report.samples, is_timed)
    }

    fn byte(self, byte: u8) -> Self {
        Fingerprint((self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
    }
}
