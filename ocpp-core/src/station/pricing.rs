//! What a display shows of prices and costs: the white paper "OCPP & California Pricing Requirements" of the Open Charge
//! Alliance for 1.6, functional block I in 2.x.
//!
//! Amounts are exact, in the currency of the station, with the digits that the CSMS wrote. The CSMS makes the bill; what the
//! station shows between two of its messages is an estimate.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use chrono::{DateTime, Utc};
use ocpp_types::SmallString;
use ocpp_types::codec::Decode;
use ocpp_types::decimal::Decimal;
use ocpp_types::json::Reader;
use ocpp_types::violation::{Fault, Violation};
#[cfg(feature = "serde")]
use serde::de::Error as _;
#[cfg(feature = "serde")]
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::TransactionId;

/// An amount of money, or a price for one unit. Its serde form is a text of its digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount(pub Decimal);

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(feature = "serde")]
impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[cfg(feature = "serde")]
impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        SmallString::deserialize(deserializer)?.parse().map(Amount).map_err(D::Error::custom)
    }
}

/// The price while the vehicle charges: the sum of what is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct ChargingPrice {
    /// For each kWh.
    pub per_kwh: Option<Amount>,
    /// For each hour.
    pub per_hour: Option<Amount>,
    /// Once.
    pub flat_fee: Option<Amount>,
}

/// The price while the vehicle takes up the place without charging.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct IdlePrice {
    /// Minutes that are free, counted from the change to [`CostState::Idle`].
    pub grace_minutes: Option<u32>,
    /// For each hour after them.
    pub per_hour: Option<Amount>,
}

/// Prices that hold at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Prices {
    /// While the vehicle charges. None once it cannot any more, after the transaction.
    pub charging: Option<ChargingPrice>,
    /// While it does not. None where that is free.
    pub idle: Option<IdlePrice>,
}

/// Prices that will hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct NextPrices {
    /// From then on.
    pub at: DateTime<Utc>,
    /// The prices.
    pub prices: Prices,
}

/// Which of the prices counts now; the CSMS decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum CostState {
    /// That for charging.
    Charging,
    /// That for taking up the place.
    Idle,
}

/// The cost of a transaction so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct RunningCost {
    /// The time of the reading that it rests on.
    pub at: DateTime<Utc>,
    /// The register in that reading, in Wh.
    pub meter_wh: i64,
    /// The cost until then.
    pub cost: Amount,
    /// Which price counts from then on.
    pub state: CostState,
    /// The prices, to go on counting with.
    pub prices: Prices,
    /// The prices after them.
    pub next: Option<NextPrices>,
}

/// A text for the driver.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct PriceText {
    /// The text.
    pub content: String,
    /// Its language (RFC 5646); that of the station where none is given.
    pub language: Option<SmallString>,
    /// How it is written: `UTF8`, `ASCII`, `HTML`, `URI` (2.x `MessageFormatEnumType`).
    pub format: Option<SmallString>,
}

/// Something to show.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub enum PricingEvent {
    /// What a transaction costs so far.
    RunningCost {
        /// The transaction, which may have ended.
        transaction: TransactionId,
        /// The cost.
        cost: RunningCost,
    },
    /// The [`next`](RunningCost::next) prices of a transaction's running cost hold now.
    PricesChanged {
        /// The transaction.
        transaction: TransactionId,
        /// The prices.
        prices: Prices,
    },
    /// What a transaction cost.
    FinalCost {
        /// The transaction, which has ended.
        transaction: TransactionId,
        /// The whole cost.
        cost: Amount,
        /// The bill in words, and the same in other languages.
        texts: Vec<PriceText>,
        /// A URL to show as a QR code.
        qr_code: Option<String>,
    },
}

/// The value of the configuration keys `DefaultPrice` and `DefaultPriceText,<language>`: what is shown to drivers whose own
/// price is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultPrice {
    /// The text to show.
    pub text: String,
    /// The text to show while offline, if another.
    pub text_offline: Option<String>,
    /// The prices to count with in transactions that start offline.
    pub prices: Prices,
}

impl DefaultPrice {
    /// Reads the value of the key.
    ///
    /// # Errors
    /// When the text is not a JSON object as the white paper has it.
    pub fn from_json(text: &str) -> Result<Self, Violation> {
        <Self as Decode>::from_json(text)
    }
}

pub(crate) fn text(reader: &mut Reader<'_>) -> Result<String, Fault> {
    reader.string().map(|text| text.into_owned())
}

pub(crate) fn amount(reader: &mut Reader<'_>) -> Result<Amount, Fault> {
    Decode::read(reader).map(Amount)
}

impl Decode for DefaultPrice {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let mut members = reader.members(&["priceText", "priceTextOffline", "chargingPrice", "idlePrice"])?;
        let (mut online, mut offline, mut prices) = (None, None, Prices::default());
        while let Some(index) = members.next(reader)? {
            match index {
                0 => online = Some(text(reader)?),
                1 => offline = Some(text(reader)?),
                2 => prices.charging = Some(Decode::read(reader)?),
                _ => prices.idle = Some(Decode::read(reader)?),
            }
        }
        Ok(DefaultPrice { text: members.required(0, online)?, text_offline: offline, prices })
    }
}

impl Decode for ChargingPrice {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let mut members = reader.members(&["kWhPrice", "hourPrice", "flatFee"])?;
        let mut price = ChargingPrice::default();
        while let Some(index) = members.next(reader)? {
            let amount = Some(amount(reader)?);
            match index {
                0 => price.per_kwh = amount,
                1 => price.per_hour = amount,
                _ => price.flat_fee = amount,
            }
        }
        Ok(price)
    }
}

impl Decode for IdlePrice {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let mut members = reader.members(&["graceMinutes", "hourPrice"])?;
        let mut price = IdlePrice::default();
        while let Some(index) = members.next(reader)? {
            match index {
                0 => price.grace_minutes = u32::try_from(reader.integer_in(0, i64::from(u32::MAX))?).ok(),
                _ => price.per_hour = Some(amount(reader)?),
            }
        }
        Ok(price)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn amount_keeps_its_digits_in_a_recording() {
        for digits in ["123456789012.345600", "0.10", "-3.31", "0"] {
            let amount = Amount(digits.parse().unwrap());
            let form = serde_json::to_string(&amount).unwrap();
            assert_eq!(form, alloc::format!("\"{digits}\""));
            assert_eq!(serde_json::from_str::<Amount>(&form).unwrap().to_string(), digits);
        }
        for form in ["1.5", "\"\"", "\"1,5\"", "\"1e400\""] {
            assert!(serde_json::from_str::<Amount>(form).is_err(), "{form}");
        }
    }

    #[test]
    fn default_price_is_read_as_the_paper_has_it() {
        let price =
            DefaultPrice::from_json(r#"{"priceText":"a","idlePrice":{"graceMinutes":5,"hourPrice":1.0}}"#).unwrap();
        let idle = IdlePrice { grace_minutes: Some(5), per_hour: Some(Amount(Decimal::from(1))) };
        assert_eq!(price.prices, Prices { charging: None, idle: Some(idle) });
        for text in
            ["", "{}", "[]", r#"{"priceText":1}"#, r#"{"priceText":"a","priceText":"b"}"#, r#"{"priceText":"a"} x"#]
        {
            assert!(DefaultPrice::from_json(text).is_err(), "{text}");
        }
    }
}
