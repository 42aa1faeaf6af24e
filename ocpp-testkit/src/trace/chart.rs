//! Meters and limits over time, as a picture.
//!
//! Values come from MeterValues, transactions and what meters told a machine; limits from the profiles that a station accepted, each
//! as it stands in the message, and from what a machine ordered its hardware.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use chrono::{DateTime, SecondsFormat};
use serde_json::Value;

use super::conversation::{Conversation, Item, Message, Seen};
use super::reading::{Quantity, Sample, decimal, integer, list, samples, text, time};
use crate::link::End;

const WIDTH: i64 = 1000;
const LEFT: i64 = 90;
const RIGHT: i64 = 980;
const PANEL: i64 = 150;
const TOP: i64 = 26;
const BOTTOM: i64 = 136;
const COLOURS: usize = 6;
/// So many lines are named above a panel; the others say their name when pointed at.
const LEGENDS: i64 = 6;

/// The picture as SVG; none if there is nothing to show.
pub(super) fn svg(conversation: &Conversation) -> Option<String> {
    let times = || conversation.items.iter().filter_map(millis);
    let (first, last) = (times().min()?, times().max()?);
    let mut plotter = Plotter { conversation, first, last, lines: BTreeMap::new(), places: BTreeMap::new() };
    for (index, item) in conversation.items.iter().enumerate() {
        plotter.item(index, item);
    }
    plotter.lines.retain(|_, line| !line.is_empty());
    (!plotter.lines.is_empty()).then(|| plotter.draw())
}

/// The time of an item in milliseconds, by either clock.
fn millis(item: &Item) -> Option<i64> {
    let wall = item.wall.map(|wall| wall.timestamp_millis());
    wall.or_else(|| i64::try_from(item.at?.as_millis()).ok())
}

/// What a line shows, in the order of the panels.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    quantity: Quantity,
    place: Place,
    is_limit: bool,
}

/// A connector (1.6) or EVSE (2.x) of a station.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    station: Option<String>,
    number: i64,
}

/// Thousandths of the unit at each time; none where a limit ends.
type Line = BTreeMap<i64, Option<i64>>;

struct Plotter<'a> {
    conversation: &'a Conversation,
    first: i64,
    last: i64,
    lines: BTreeMap<Name, Line>,
    /// Where the transactions are.
    places: BTreeMap<(Option<String>, String), i64>,
}

impl Plotter<'_> {
    fn item(&mut self, index: usize, item: &Item) {
        let Some(now) = millis(item) else { return };
        let place = |number| Place { station: item.station.clone(), number };
        match &item.seen {
            Seen::Message(message) => self.message(index, now, item, message),
            Seen::Told(End::Station, input) => {
                let Some((number, Some(meter))) = evse(input, "Meter") else { return };
                if let Some(energy) = integer(&meter, "energy_mwh") {
                    self.value(now, place(number), Quantity::Energy, energy);
                }
            }
            Seen::Ordered(End::Station, action) => {
                let Some((number, Some(limit))) = evse(action, "Limit") else { return };
                let of = |kind: &str, member| limit.get(kind).and_then(|limit| integer(limit, member));
                if let Some(current) = of("Ac", "milliamps") {
                    self.limit(place(number), Quantity::Current, [(now, Some(current))].into());
                }
                if let Some(power) = of("Dc", "milliwatts") {
                    self.limit(place(number), Quantity::Power, [(now, Some(power))].into());
                }
            }
            Seen::Told(End::Csms, _) | Seen::Ordered(End::Csms, _) => {}
            Seen::Connected { .. } | Seen::Closed | Seen::Restored(_) => {}
        }
    }

    fn message(&mut self, index: usize, now: i64, item: &Item, message: &Message) {
        let (Some(action), Some(payload)) = (message.action.as_deref(), message.payload()) else { return };
        let station = &item.station;
        let place = |number| Place { station: station.clone(), number };
        let watt_hours = |name| integer(&payload, name).and_then(|value| value.checked_mul(1000));
        let is_answer = message.call.is_some();
        match (action, is_answer) {
            ("MeterValues", false) => {
                let number = integer(&payload, "connectorId").or_else(|| integer(&payload, "evseId"));
                self.samples(now, place(number.unwrap_or_default()), samples(&payload, "meterValue"));
            }
            ("StartTransaction", false) => {
                if let (Some(number), Some(start)) = (integer(&payload, "connectorId"), watt_hours("meterStart")) {
                    let at = self.within(now, &payload);
                    self.value(at, place(number), Quantity::Energy, start);
                }
            }
            ("StartTransaction", true) => {
                let asked = message.call.and_then(|call| self.conversation.message(call)?.payload());
                let number = asked.and_then(|asked| integer(&asked, "connectorId"));
                if let (Some(number), Some(transaction)) = (number, payload.get("transactionId")) {
                    self.places.insert((station.clone(), transaction.to_string()), number);
                }
            }
            ("StopTransaction", false) => {
                let transaction = payload.get("transactionId").map(Value::to_string).unwrap_or_default();
                let number = self.places.get(&(station.clone(), transaction)).copied();
                if let (Some(number), Some(stop)) = (number, watt_hours("meterStop")) {
                    self.samples(now, place(number), samples(&payload, "transactionData"));
                    let at = self.within(now, &payload);
                    self.value(at, place(number), Quantity::Energy, stop);
                }
            }
            ("TransactionEvent", false) => {
                let transaction = payload.get("transactionInfo").and_then(|info| text(info, "transactionId"));
                let key = (station.clone(), transaction.unwrap_or_default().to_owned());
                let told = payload.get("evse").and_then(|evse| integer(evse, "id"));
                let number = told.or_else(|| self.places.get(&key).copied()).unwrap_or_default();
                self.places.insert(key, number);
                self.samples(now, place(number), samples(&payload, "meterValue"));
            }
            ("SetChargingProfile", true) if text(&payload, "status") == Some("Accepted") => {
                self.profile(now, station.clone(), message.call.unwrap_or(index));
            }
            _ => {}
        }
    }

    /// The time that a message tells, if it lies in the trace.
    fn within(&self, now: i64, value: &Value) -> i64 {
        let told = time(value, "timestamp").map(|at| at.timestamp_millis());
        told.filter(|told| (self.first..=self.last).contains(told)).unwrap_or(now)
    }

    fn samples(&mut self, now: i64, place: Place, samples: Vec<Sample>) {
        for Sample { at, quantity, milli, .. } in samples {
            let at = at.map(|at| at.timestamp_millis());
            let at = at.filter(|at| (self.first..=self.last).contains(at)).unwrap_or(now);
            self.value(at, place.clone(), quantity, milli);
        }
    }

    fn value(&mut self, at: i64, place: Place, quantity: Quantity, milli: i64) {
        let name = Name { quantity, place, is_limit: false };
        self.lines.entry(name).or_default().insert(at, Some(milli));
    }

    /// From its begin on, a limit replaces the one before.
    fn limit(&mut self, place: Place, quantity: Quantity, mut limit: Line) {
        let Some(begin) = limit.keys().next().copied() else { return };
        let line = self.lines.entry(Name { quantity, place, is_limit: true }).or_default();
        line.retain(|at, _| *at < begin);
        line.append(&mut limit);
    }

    /// The first schedule of the profile that the item `call` sets.
    fn profile(&mut self, now: i64, station: Option<String>, call: usize) {
        let Some(payload) = self.conversation.message(call).and_then(Message::payload) else { return };
        let number = integer(&payload, "connectorId").or_else(|| integer(&payload, "evseId"));
        let profile = payload.get("csChargingProfiles").or_else(|| payload.get("chargingProfile"));
        let schedule = profile.and_then(|profile| profile.get("chargingSchedule"));
        let schedule = schedule.and_then(|schedule| schedule.get(0).or(Some(schedule)));
        let (Some(number), Some(schedule)) = (number, schedule) else { return };
        let quantity = match text(schedule, "chargingRateUnit") {
            Some("A") => Quantity::Current,
            Some("W") => Quantity::Power,
            Some(_) | None => return,
        };
        let begin = time(schedule, "startSchedule").map_or(now, |start| start.timestamp_millis());
        let after = |seconds: i64| seconds.checked_mul(1000).and_then(|millis| begin.checked_add(millis));
        let mut limit = Line::new();
        for period in list(schedule, "chargingSchedulePeriod") {
            let value = period.get("limit").and_then(decimal).and_then(|limit| limit.round_scaled(3));
            if let (Some(at), Some(value)) = (integer(period, "startPeriod").and_then(after), value) {
                // What lies before the trace, or before the profile was set, does not matter any more.
                limit.insert(at.max(now), Some(value));
            }
        }
        if let Some(end) = integer(schedule, "duration").and_then(after) {
            limit.retain(|at, _| *at < end);
            limit.insert(end, None);
        }
        self.limit(Place { station, number }, quantity, limit);
    }

    fn draw(&self) -> String {
        let quantities = [(Quantity::Energy, "Wh"), (Quantity::Power, "W"), (Quantity::Current, "A")];
        let panels: Vec<_> = quantities
            .into_iter()
            .filter(|(quantity, _)| self.lines.keys().any(|name| name.quantity == *quantity))
            .collect();
        let bottom = PANEL * i64::try_from(panels.len()).unwrap_or(1);
        let height = bottom + 10;
        let places: BTreeSet<_> = self.lines.keys().map(|name| &name.place).collect();
        let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"meters and limits\">\n");
        for ((quantity, unit), number) in panels.into_iter().zip(0..) {
            self.panel(&mut svg, quantity, unit, number * PANEL, &places);
        }
        self.times(&mut svg, bottom + 2);
        svg.push_str("</svg>");
        svg
    }

    fn panel(&self, svg: &mut String, quantity: Quantity, unit: &str, y: i64, places: &BTreeSet<&Place>) {
        let lines: Vec<_> = self.lines.iter().filter(|(name, _)| name.quantity == quantity).collect();
        let values = || lines.iter().flat_map(|(_, line)| line.values().flatten().copied());
        let high = values().max().unwrap_or_default();
        // Registers are seen by what they gain, all else from zero.
        let low = match quantity {
            Quantity::Energy => values().min().unwrap_or_default(),
            Quantity::Power | Quantity::Current => values().min().unwrap_or_default().min(0),
        };
        let scale = Scale { first: self.first, last: self.last, low, high, top: y + TOP, bottom: y + BOTTOM };
        let (top, bottom) = (scale.top, scale.bottom);
        // Writing to a string does not fail.
        let _ = writeln!(
            svg,
            "<path class=\"axis\" d=\"M{LEFT} {top}V{bottom}H{RIGHT}\"/>\n\
             <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{} {unit}</text>\n\
             <text x=\"{}\" y=\"{bottom}\" text-anchor=\"end\">{} {unit}</text>",
            LEFT - 6,
            top + 10,
            Milli(high),
            LEFT - 6,
            Milli(low),
        );
        for ((name, line), number) in lines.into_iter().zip(0_i64..) {
            let kind = if name.is_limit { "limit" } else { "meter" };
            let colour = places.iter().position(|place| *place == &name.place).unwrap_or_default() % COLOURS;
            let path = if name.is_limit { scale.steps(line) } else { scale.points(line, quantity) };
            let station = name.place.station.as_deref().map(|station| format!("{station} ")).unwrap_or_default();
            let title = escape(&format!("{station}#{} {kind}", name.place.number));
            let _ = writeln!(svg, "<path class=\"{kind} c{colour}\" d=\"{path}\"><title>{title}</title></path>");
            if number < LEGENDS {
                let (x, y) = (LEFT + 10 + 145 * number, top - 8);
                let _ = writeln!(svg, "<text class=\"c{colour}\" x=\"{x}\" y=\"{y}\">{title}</text>");
            }
        }
    }

    /// The times at which the picture begins and ends.
    fn times(&self, svg: &mut String, y: i64) {
        let time = |at: i64| {
            let is_wall = self.conversation.items.iter().any(|item| item.wall.is_some());
            let wall = DateTime::from_timestamp_millis(at).filter(|_| is_wall);
            wall.map_or_else(|| format!("{} s", Milli(at)), |wall| wall.to_rfc3339_opts(SecondsFormat::Secs, true))
        };
        for (x, anchor, at) in [(LEFT, "start", self.first), (RIGHT, "end", self.last)] {
            let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{}</text>", time(at));
        }
    }
}

/// Where things are in a panel.
struct Scale {
    first: i64,
    last: i64,
    low: i64,
    high: i64,
    top: i64,
    bottom: i64,
}

impl Scale {
    fn x(&self, at: i64) -> i64 {
        let at = at.clamp(self.first, self.last);
        LEFT + part(at - self.first, self.last - self.first, RIGHT - LEFT)
    }

    fn y(&self, value: i64) -> i64 {
        self.bottom - part(value.saturating_sub(self.low), self.high.saturating_sub(self.low), self.bottom - self.top)
    }

    /// From value to value. A register that falls is another one, or one that was set back.
    fn points(&self, line: &Line, quantity: Quantity) -> String {
        let mut path = String::new();
        let mut before = None;
        for (at, value) in line.iter().filter_map(|(at, value)| Some((*at, (*value)?))) {
            let goes_on = before.is_some_and(|before| quantity != Quantity::Energy || before <= value);
            let (x, y) = (self.x(at), self.y(value));
            // A value that stands alone is a dot.
            let _ = if goes_on { write!(path, "L{x} {y}") } else { write!(path, "M{x} {y}h1") };
            before = Some(value);
        }
        path
    }

    /// Each value holds until the next.
    fn steps(&self, line: &Line) -> String {
        let mut path = String::new();
        let mut holds = false;
        for (&at, value) in line.iter().filter(|(at, _)| **at <= self.last) {
            if holds {
                let _ = write!(path, "H{}", self.x(at));
            }
            if let Some(value) = value {
                let y = self.y(*value);
                let _ = if holds { write!(path, "V{y}") } else { write!(path, "M{} {y}", self.x(at)) };
            }
            holds = value.is_some();
        }
        if holds { format!("{path}H{RIGHT}") } else { path }
    }
}

/// `length · share / whole`, within the length.
fn part(share: i64, whole: i64, length: i64) -> i64 {
    let scaled = i128::from(share) * i128::from(length) / i128::from(whole.max(1));
    i64::try_from(scaled).unwrap_or(length).clamp(0, length)
}

/// The number of the EVSE, and what a fact or an order says under this name.
fn evse(json: &str, name: &str) -> Option<(i64, Option<Value>)> {
    let about = serde_json::from_str::<Value>(json).ok()?;
    let about = about.get("Evse")?;
    Some((about.get(0)?.as_i64()?, about.get(1)?.get(name).cloned()))
}

/// Thousandths, shown as a number without needless digits.
struct Milli(i64);

impl std::fmt::Display for Milli {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (sign, value) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        let fraction = format!(".{:03}", value % 1000);
        write!(f, "{sign}{}{}", value / 1000, fraction.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// Text that HTML and SVG take as text.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(lines: &str) -> Option<String> {
        svg(&Conversation::of(&lines.parse().unwrap(), None))
    }

    #[test]
    fn register_and_limit_are_drawn_over_the_time_of_the_trace() {
        let picture = picture(
            r#"{"t":"2026-01-01T00:00:00Z","from":"station","frame":[2,"1","StartTransaction",{"connectorId":1,"idTag":"A","meterStart":1000,"timestamp":"2026-01-01T00:00:00Z"}]}
            {"t":"2026-01-01T00:00:00Z","from":"csms","frame":[3,"1",{"transactionId":7,"idTagInfo":{"status":"Accepted"}}]}
            {"t":"2026-01-01T00:00:50Z","from":"csms","frame":[2,"a","SetChargingProfile",{"connectorId":1,"csChargingProfiles":{"chargingSchedule":{"chargingRateUnit":"A","duration":40,"chargingSchedulePeriod":[{"startPeriod":0,"limit":16},{"startPeriod":20,"limit":8.5}]}}}]}
            {"t":"2026-01-01T00:00:50Z","from":"station","frame":[3,"a",{"status":"Accepted"}]}
            {"t":"2026-01-01T00:01:40Z","from":"station","frame":[2,"2","StopTransaction",{"transactionId":7,"meterStop":2000,"timestamp":"2026-01-01T00:01:40Z"}]}"#,
        )
        .unwrap();
        let (left, right, bottom) = (LEFT, RIGHT, BOTTOM);
        assert!(picture.contains(&format!("d=\"M{left} {bottom}h1L{right} {TOP}\"")), "{picture}");
        // Half of the time is over; 16 A is the top of the second panel, and 8.5 A about half of it.
        assert!(picture.contains("d=\"M535 176H713V228H891\""), "{picture}");
        assert!(picture.contains("2000 Wh") && picture.contains("16 A") && picture.contains("#1 limit"));
    }

    #[test]
    fn refused_profiles_and_traces_without_meters_show_nothing() {
        assert_eq!(picture(""), None);
        let refused = r#"{"at":1,"from":"csms","frame":[2,"a","SetChargingProfile",{"connectorId":1,"csChargingProfiles":{"chargingSchedule":{"chargingRateUnit":"A","chargingSchedulePeriod":[{"startPeriod":0,"limit":16}]}}}]}
            {"at":2,"from":"station","frame":[3,"a",{"status":"Rejected"}]}"#;
        assert_eq!(picture(refused), None);
    }

    #[test]
    fn orders_and_meters_of_a_machine_are_drawn() {
        let picture = picture(
            r#"{"ocpp_trace":1,"role":"station"}
            {"at":0,"in":{"Evse":[2,{"Meter":{"energy_mwh":1500000}}]}}
            {"at":0,"out":{"Evse":[2,{"Limit":{"Ac":{"milliamps":6000,"phases":3}}}]}}
            {"at":1000,"out":{"Evse":[2,{"Limit":{"Dc":{"milliwatts":22000000}}}]}}"#,
        )
        .unwrap();
        for part in [">0 s<", ">1 s<", "1500 Wh", "6 A", "22000 W", "#2 meter", "#2 limit"] {
            assert!(picture.contains(part), "{part} is missing in {picture}");
        }
    }
}
