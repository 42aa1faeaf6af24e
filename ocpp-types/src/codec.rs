//! Reading and writing typed values, with every rule of their schema checked.

use alloc::{borrow::Cow, boxed::Box, string::String, vec::Vec};

use crate::{
    datetime::{self, DateTime, Moment, UnixMillis, Utc},
    decimal::Decimal,
    json::{Kind, Reader, Writer},
    lenient::RepairKind,
    violation::{Fault, Rule, Violation},
};

/// A value that can be read from JSON.
pub trait Decode: Sized {
    /// Reads the next value.
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault>;

    /// Reads a whole text, strictly.
    fn from_json(json: &str) -> Result<Self, Violation> {
        decode_with(json, Self::read)
    }
}

/// Reads a whole text, strictly, by `read`.
pub(crate) fn decode_with<T>(
    json: &str,
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, Fault>,
) -> Result<T, Violation> {
    let mut reader = Reader::new(json);
    let value = read(&mut reader).and_then(|value| reader.finish().map(|()| value));
    value.map_err(|fault| Violation::locate(&fault, json, 0))
}

/// A value that can be written as JSON.
pub trait Encode {
    /// Appends the value. What its schema forbids is [refused](Writer::refuse).
    fn write(&self, writer: &mut Writer);

    /// The JSON text, or what the schema forbids.
    fn to_json(&self) -> Result<String, Violation> {
        let mut writer = Writer::new();
        self.write(&mut writer);
        writer.finish()
    }
}

impl Decode for i64 {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        reader.integer_value()
    }
}

impl Encode for i64 {
    fn write(&self, writer: &mut Writer) {
        writer.integer(*self);
    }
}

impl Decode for bool {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        reader.boolean_value()
    }
}

impl Encode for bool {
    fn write(&self, writer: &mut Writer) {
        writer.boolean(*self);
    }
}

impl Decode for Decimal {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        reader.decimal_value()
    }
}

impl Encode for Decimal {
    fn write(&self, writer: &mut Writer) {
        writer.decimal(self);
    }
}

impl Decode for DateTime<Utc> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let start = reader.value_start();
        reader.moment()?.date_time().ok_or_else(|| Fault::new(Rule::DateTime, start))
    }
}

impl Encode for DateTime<Utc> {
    fn write(&self, writer: &mut Writer) {
        writer.date_time(self);
    }
}

impl Decode for UnixMillis {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        reader.moment().map(Self::from)
    }
}

impl Encode for UnixMillis {
    fn write(&self, writer: &mut Writer) {
        if !self.is_writable() {
            writer.refuse(Rule::DateTime);
        }
        writer.quoted(|text| self.push_to(text));
    }
}

impl<T: Decode> Decode for Box<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        T::read(reader).map(Self::new)
    }
}

impl<T: Encode> Encode for Box<T> {
    fn write(&self, writer: &mut Writer) {
        T::write(self, writer);
    }
}

impl<'a> Reader<'a> {
    /// Reads a list of at least `min` and at most `max` items.
    pub fn list<T: Decode>(&mut self, min: usize, max: usize) -> Result<Vec<T>, Fault> {
        self.list_with(min, max, T::read)
    }

    /// Reads a list of at least `min` and at most `max` items, each read by `item`.
    pub fn list_with<T>(
        &mut self,
        min: usize,
        max: usize,
        mut item: impl FnMut(&mut Self) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let start = self.value_start();
        let mut items = Vec::new();
        if self.is_lenient() && self.single_item()? {
            items.push(item(self)?);
            return Ok(items);
        }
        self.begin_array()?;
        while self.next_element()? {
            if self.is_lenient() && self.absent_by_null()? {
                continue;
            }
            if items.len() == max {
                self.repair(RepairKind::ItemCount, Rule::TooMany { max }, start, "")?;
            }
            items.push(item(self)?);
        }
        if items.len() < min {
            self.repair(RepairKind::ItemCount, Rule::TooFew { min, actual: items.len() }, start, "")?;
        }
        Ok(items)
    }

    /// Whether the next value stands alone where a list belongs, and may.
    #[cold]
    fn single_item(&mut self) -> Result<bool, Fault> {
        let found = self.peek()?;
        if found == Kind::Array || !self.may_repair(RepairKind::SingleItem) {
            return Ok(false);
        }
        let start = self.value_start();
        self.repair(RepairKind::SingleItem, Rule::Type { expected: Kind::Array, found }, start, "").map(|_| true)
    }

    /// Reads an integer from `min` to `max`.
    #[inline]
    pub fn integer_in(&mut self, min: i64, max: i64) -> Result<i64, Fault> {
        let start = self.value_start();
        let value = self.integer_value()?;
        if let Some(rule) = out_of_range(value < min, value > max, min, max) {
            self.repair(RepairKind::OutOfRange, rule, start, "")?;
        }
        Ok(value)
    }

    /// Reads a number from `min` to `max`.
    pub fn decimal_in(&mut self, min: i64, max: i64) -> Result<Decimal, Fault> {
        let start = self.value_start();
        let value = self.decimal_value()?;
        if let Some(rule) = out_of_range(value.is_below(min), value.is_above(max), min, max) {
            self.repair(RepairKind::OutOfRange, rule, start, "")?;
        }
        Ok(value)
    }

    /// Reads a number that is a multiple of one tenth.
    pub fn tenths(&mut self) -> Result<Decimal, Fault> {
        let start = self.value_start();
        let value = self.decimal_value()?;
        if value.to_scaled(1).is_none() {
            self.repair(RepairKind::OutOfRange, Rule::NotTenths, start, "")?;
        }
        Ok(value)
    }

    /// Reads a string; a lenient reader takes other values as their text.
    pub(crate) fn text_value(&mut self) -> Result<Cow<'a, str>, Fault> {
        if self.is_lenient() && self.peek()? != Kind::String { self.text_from_other() } else { self.string() }
    }

    #[cold]
    fn text_from_other(&mut self) -> Result<Cow<'a, str>, Fault> {
        let start = self.value_start();
        let found = self.peek()?;
        let kind = match found {
            Kind::Array | Kind::Object => RepairKind::TextFromJson,
            Kind::Null | Kind::Boolean | Kind::Integer | Kind::Number | Kind::String => RepairKind::TextFromNumber,
        };
        let rule = Rule::Type { expected: Kind::String, found };
        if found == Kind::Null {
            return Err(Fault::new(rule, start));
        }
        self.repair(kind, rule, start, "")?;
        self.raw_value().map(Cow::Borrowed)
    }

    #[inline]
    fn integer_value(&mut self) -> Result<i64, Fault> {
        if self.is_lenient() { self.lenient_integer() } else { self.integer() }
    }

    /// Reads a truth value; a lenient reader takes its text too.
    pub(crate) fn boolean_value(&mut self) -> Result<bool, Fault> {
        if self.may_repair(RepairKind::NumberFromText) && self.peek()? == Kind::String {
            return self.boolean_from_text();
        }
        self.boolean()
    }

    fn decimal_value(&mut self) -> Result<Decimal, Fault> {
        let start = self.value_start();
        if let Some(value) = self.short_decimal() {
            return Ok(value);
        }
        let digits = if self.is_lenient() { self.lenient_digits(Kind::Number)? } else { Cow::Borrowed(self.number()?) };
        digits.parse().map_err(|_| Fault::new(Rule::NumberTooBig, start))
    }

    #[cold]
    fn lenient_integer(&mut self) -> Result<i64, Fault> {
        let start = self.value_start();
        let digits = self.lenient_digits(Kind::Integer)?;
        if let Ok(value) = digits.parse() {
            return Ok(value);
        }
        let value: Decimal = digits.parse().map_err(|_| Fault::new(Rule::NumberTooBig, start))?;
        if let Some(value) = value.to_integer() {
            return Ok(value);
        }
        let rule = Rule::Type { expected: Kind::Integer, found: Kind::Number };
        self.repair(RepairKind::FractionRounded, rule, start, &digits)?;
        value.round_scaled(0).ok_or_else(|| Fault::new(Rule::NumberTooBig, start))
    }

    /// The digits of a number, which may stand in a string.
    fn lenient_digits(&mut self, expected: Kind) -> Result<Cow<'a, str>, Fault> {
        let start = self.value_start();
        match self.peek()? {
            Kind::Number => self.number().map(Cow::Borrowed),
            Kind::String => {
                let text = self.string()?;
                let digits = text.trim_ascii();
                let rule = Rule::Type { expected, found: Kind::String };
                if digits.parse::<Decimal>().is_err() {
                    return Err(Fault::new(rule, start));
                }
                self.repair(RepairKind::NumberFromText, rule, start, &text)?;
                Ok(Cow::Owned(String::from(digits)))
            }
            _ => Err(self.mismatch(expected)),
        }
    }

    #[cold]
    fn boolean_from_text(&mut self) -> Result<bool, Fault> {
        let start = self.value_start();
        let text = self.string()?;
        let rule = Rule::Type { expected: Kind::Boolean, found: Kind::String };
        let value = match text.trim_ascii() {
            word if word.eq_ignore_ascii_case("true") => true,
            word if word.eq_ignore_ascii_case("false") => false,
            _ => return Err(Fault::new(rule, start)),
        };
        self.repair(RepairKind::NumberFromText, rule, start, &text)?;
        Ok(value)
    }

    /// Reads a date and time.
    pub(crate) fn moment(&mut self) -> Result<Moment, Fault> {
        let start = self.value_start();
        match self.plain_string().and_then(datetime::parse_moment) {
            Some(time) => Ok(time),
            None => self.odd_time(start),
        }
    }

    #[cold]
    fn odd_time(&mut self, start: usize) -> Result<Moment, Fault> {
        self.seek(start);
        let text = &*self.string()?;
        if let Some(time) = datetime::parse_moment(text) {
            return Ok(time);
        }
        if !self.is_lenient() {
            return Err(Fault::new(Rule::DateTime, start));
        }
        let time = datetime::parse_lenient(text).ok_or_else(|| Fault::new(Rule::DateTime, start))?;
        self.repair(RepairKind::OddTime, Rule::DateTime, start, text)?;
        Ok(time)
    }
}

impl Writer {
    /// Writes a member with its name.
    pub fn member<T: Encode>(&mut self, name: &'static str, value: &T) {
        self.name(name);
        value.write(self);
    }

    /// Writes a member, if it is present.
    pub fn optional<T: Encode>(&mut self, name: &'static str, value: &Option<T>) {
        if let Some(value) = value {
            self.member(name, value);
        }
    }

    /// Writes a list and refuses it if it has fewer than `min` or more than `max` items.
    pub fn list<T: Encode>(&mut self, name: &'static str, items: &[T], min: usize, max: usize) {
        self.list_with(name, items, min, max, |item, writer| item.write(writer));
    }

    /// Writes a list, if it is not empty, and refuses it if it has fewer than `min` or more than `max` items.
    pub fn optional_list<T: Encode>(&mut self, name: &'static str, items: &[T], min: usize, max: usize) {
        if !items.is_empty() {
            self.list(name, items, min, max);
        }
    }

    /// Like [`list`](Self::list), with each item written by `write`.
    pub fn list_with<T>(
        &mut self,
        name: &'static str,
        items: &[T],
        min: usize,
        max: usize,
        write: impl Fn(&T, &mut Self),
    ) {
        self.name(name);
        if items.len() < min {
            self.refuse(Rule::TooFew { min, actual: items.len() });
        }
        if items.len() > max {
            self.refuse(Rule::TooMany { max });
        }
        self.begin_array();
        for item in items {
            write(item, self);
        }
        self.end_array();
    }

    /// Writes an integer and refuses it outside `min` to `max`.
    pub fn integer_in(&mut self, value: i64, min: i64, max: i64) {
        if let Some(rule) = out_of_range(value < min, value > max, min, max) {
            self.refuse(rule);
        }
        self.integer(value);
    }

    /// Writes a number.
    pub fn decimal(&mut self, value: &Decimal) {
        self.bare(|text| value.push_to(text));
    }

    /// Writes a number and refuses it outside `min` to `max`.
    pub fn decimal_in(&mut self, value: &Decimal, min: i64, max: i64) {
        if let Some(rule) = out_of_range(value.is_below(min), value.is_above(max), min, max) {
            self.refuse(rule);
        }
        self.decimal(value);
    }

    /// Writes a number and refuses it if it is no multiple of one tenth.
    pub fn tenths(&mut self, value: &Decimal) {
        if value.to_scaled(1).is_none() {
            self.refuse(Rule::NotTenths);
        }
        self.decimal(value);
    }

    /// Writes a date and time, and refuses years that need more than four digits.
    pub fn date_time(&mut self, value: &DateTime<Utc>) {
        if !datetime::is_writable(value) {
            self.refuse(Rule::DateTime);
        }
        self.quoted(|text| datetime::push(value, text));
    }
}

pub(crate) fn out_of_range(below: bool, above: bool, min: i64, max: i64) -> Option<Rule> {
    if below {
        Some(Rule::BelowMinimum(min))
    } else if above {
        Some(Rule::AboveMaximum(max))
    } else {
        None
    }
}
