//! A set of profiles as a picture: the stack of profiles, and below it the line that results.

use std::fmt::Write;

use chrono::TimeDelta;
use ocpp_smartcharging::composite::{CompositePeriod, CompositeRequest, CompositeSchedule};
use ocpp_smartcharging::installation::{LocalLimit, Situation};
use ocpp_smartcharging::model::{InstalledProfile, Kind, Purpose, RateUnit, Recurrency};

use super::{ProfileSet, number, symbol};

const WIDTH: i64 = 1_000;
/// Where the time axis begins and ends.
const LEFT: i64 = 210;
const RIGHT: i64 = WIDTH - 24;
const TOP: i64 = 58;
const ROW: i64 = 52;
/// Of a row, what is left for its steps.
const ROW_PLOT: i64 = 36;
const RESULT: i64 = 220;

/// A limit that no profile sets: where a profile alone leaves it, the profile is not in force.
const UNLIMITED: i64 = 1_000_000_000_000;

const STYLE: &str = "text{font:12px sans-serif;fill:#333}.title{font-size:16px;font-weight:600}.small{font-size:11px;fill:#777}\
.value{font-size:11px;fill:#222}.grid{stroke:#e4e4e4}.axis{stroke:#999}.under{fill-opacity:.16}.leads{fill-opacity:.55}\
.result{fill:none;stroke:#222;stroke-width:2}.area{fill:#222;fill-opacity:.08}.setpoint{fill:none;stroke:#c0392b;\
stroke-width:1.5;stroke-dasharray:5 3}";

/// A step: from one second to another, at a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    from: i64,
    to: i64,
    milli: i64,
}

/// A profile by itself.
struct Row<'a> {
    installed: &'a InstalledProfile,
    steps: Vec<Step>,
}

impl Row<'_> {
    fn at(&self, second: i64) -> Option<i64> {
        self.steps.iter().find(|step| (step.from..step.to).contains(&second)).map(|step| step.milli)
    }
}

/// Draws a set of profiles and the composite schedule that it adds up to, as SVG.
pub fn picture(set: &ProfileSet, schedule: &CompositeSchedule) -> String {
    let seconds = i64::from(schedule.duration_seconds).max(1);
    let rows = rows(set, schedule);
    let line = steps(&schedule.periods, seconds, |period| Some(period.limit.for_all_phases(schedule.unit)));
    let setpoints = steps(&schedule.periods, seconds, |period| Some(period.setpoint?.for_all_phases(schedule.unit)));
    let all = rows.iter().flat_map(|row| &row.steps).chain(&line).chain(&setpoints).map(|step| step.milli);
    let scale = Scale::of(all);
    let stack = TOP + ROW * i64::try_from(rows.len()).unwrap_or(0);
    let height = stack + RESULT + 64;

    let mut svg = Svg { text: String::new(), seconds };
    svg.open(height);
    svg.title(set, schedule);
    svg.time_axis(schedule, TOP, stack + RESULT + 20);
    for (index, row) in (0..).zip(&rows) {
        let above: Vec<_> =
            rows.iter().take(index).filter(|other| group(other.installed) == group(row.installed)).collect();
        svg.row(row, &above, TOP + ROW * i64::try_from(index).unwrap_or(0), &scale);
    }
    svg.result(&line, &setpoints, stack + 20, &scale, schedule.unit);
    svg.text += "</svg>\n";
    svg.text
}

/// The profiles, those first that overrule others, each with what it would allow alone.
fn rows<'a>(set: &'a ProfileSet, schedule: &CompositeSchedule) -> Vec<Row<'a>> {
    let mut installed: Vec<_> = set.profiles.iter().collect();
    installed.sort_by_key(|installed| {
        let profile = &installed.profile;
        let level = (rank(profile.purpose), profile.stack_level, !installed.evse.is_station(), profile.id);
        (group(installed), std::cmp::Reverse(level))
    });
    installed.into_iter().map(|installed| Row { installed, steps: alone(set, schedule, installed) }).collect()
}

/// Which profiles overrule each other: one of each group counts at a time.
fn group(installed: &InstalledProfile) -> (u8, u32) {
    match installed.profile.purpose {
        Purpose::StationMax => (0, 0),
        Purpose::ExternalConstraints => (1, installed.evse.0),
        Purpose::Priority | Purpose::Tx | Purpose::TxDefault => (2, 0),
        Purpose::LocalGeneration => (3, installed.evse.0),
    }
}

fn rank(purpose: Purpose) -> u8 {
    match purpose {
        Purpose::Priority => 2,
        Purpose::Tx => 1,
        Purpose::TxDefault | Purpose::StationMax | Purpose::ExternalConstraints | Purpose::LocalGeneration => 0,
    }
}

fn alone(set: &ProfileSet, schedule: &CompositeSchedule, installed: &InstalledProfile) -> Vec<Step> {
    let mut installation = set.installation.clone();
    for evse in &mut installation.evses {
        evse.local_limit = LocalLimit { milliamperes: UNLIMITED, milliwatts: UNLIMITED };
    }
    let mut only = installed.clone();
    if only.profile.purpose == Purpose::LocalGeneration {
        // It adds to a limit; by itself it is shown as one.
        only.profile.purpose = Purpose::ExternalConstraints;
    }
    // What holds for every EVSE is shown at the one asked for.
    let first = installation.numbered().next().map(|(id, _)| id);
    let own = if only.evse.is_station() { Some(set.request.evse) } else { Some(only.evse) };
    let Some(evse) = own.filter(|evse| !evse.is_station()).or(first) else { return Vec::new() };
    let profiles = [only];
    let situation = Situation {
        installation: &installation,
        profiles: &profiles,
        transactions: &set.transactions,
        offline_since: set.offline.and_then(|span| set.request.start.checked_sub_signed(span)),
    };
    let Ok(line) = situation.composite(&CompositeRequest { evse, ..set.request }) else { return Vec::new() };
    let seconds = i64::from(schedule.duration_seconds).max(1);
    steps(&line.periods, seconds, |period| {
        Some(period.limit.for_all_phases(line.unit)).filter(|milli| *milli < UNLIMITED)
    })
}

fn steps(periods: &[CompositePeriod], seconds: i64, value: impl Fn(&CompositePeriod) -> Option<i64>) -> Vec<Step> {
    let starts = periods.iter().map(|period| i64::from(period.start_seconds));
    let ends = starts.clone().skip(1).chain([seconds]);
    let spans = starts.zip(ends).zip(periods);
    let steps =
        spans.filter_map(|((from, to), period)| Some(Step { from, to: to.min(seconds), milli: value(period)? }));
    steps.filter(|step| step.from < step.to).collect()
}

/// From rates to heights.
struct Scale {
    low: i64,
    high: i64,
    tick: i64,
}

impl Scale {
    /// Round numbers around all `values` and zero.
    fn of(values: impl Iterator<Item = i64> + Clone) -> Self {
        let (low, high) = (values.clone().min().unwrap_or(0).min(0), values.max().unwrap_or(0).max(1_000));
        let span = high.saturating_sub(low);
        let magnitudes = (0..15).map(|exponent| 10_i64.pow(exponent));
        let ticks = magnitudes.flat_map(|unit| [1, 2, 5].map(|factor| factor * unit));
        let tick = ticks.into_iter().find(|tick| span / tick <= 5).unwrap_or(span);
        Scale { low: low.div_euclid(tick) * tick, high: (high + tick - 1).div_euclid(tick) * tick, tick }
    }

    /// How far `milli` is above the bottom of a plot of this height.
    fn height(&self, milli: i64, of: i64) -> i64 {
        let share = i128::from(milli - self.low) * i128::from(of) / i128::from((self.high - self.low).max(1));
        i64::try_from(share).unwrap_or(of)
    }
}

struct Svg {
    text: String,
    /// What the time axis spans.
    seconds: i64,
}

impl Svg {
    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "{element}");
    }

    fn x(&self, second: i64) -> i64 {
        LEFT + second * (RIGHT - LEFT) / self.seconds
    }

    fn open(&mut self, height: i64) {
        self.add(format_args!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">"#
        ));
        self.add(format_args!("<style>{STYLE}</style>"));
        self.add(format_args!(r##"<rect width="{WIDTH}" height="{height}" fill="#fff"/>"##));
    }

    fn title(&mut self, set: &ProfileSet, schedule: &CompositeSchedule) {
        let name = escape(set.name.as_deref().unwrap_or("Composite schedule"));
        let of =
            if schedule.evse.is_station() { "the station".to_owned() } else { format!("EVSE {}", schedule.evse.0) };
        let start = schedule.start.format("%Y-%m-%d %H:%M:%S UTC");
        let span = span(schedule.duration_seconds.into());
        self.add(format_args!(r#"<text class="title" x="16" y="26">{name}</text>"#));
        self.add(format_args!(r#"<text class="small" x="16" y="44">{of}, {span} from {start}</text>"#));
        let has_setpoint = schedule.periods.iter().any(|period| period.setpoint.is_some());
        let dashed = if has_setpoint { "; dashed: setpoint" } else { "" };
        let key = format!("full colour: in force; pale: overruled by one above{dashed}");
        self.add(format_args!(r#"<text class="small" x="{RIGHT}" y="44" text-anchor="end">{key}</text>"#));
    }

    /// Vertical lines at round times, with the time below.
    fn time_axis(&mut self, schedule: &CompositeSchedule, top: i64, bottom: i64) {
        const STEPS: [i64; 17] = [
            1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
            2_419_200,
        ];
        let step = STEPS.into_iter().find(|step| self.seconds / step <= 12).unwrap_or(self.seconds);
        let start = schedule.start.timestamp();
        let mut at = (start + step - 1).div_euclid(step) * step;
        while at <= start + self.seconds {
            let x = self.x(at - start);
            let wall = schedule.start + TimeDelta::seconds(at - start);
            let label = wall.format(if step % 86_400 == 0 {
                "%b %-d"
            } else if step < 60 {
                "%H:%M:%S"
            } else {
                "%H:%M"
            });
            self.add(format_args!(r#"<line class="grid" x1="{x}" y1="{top}" x2="{x}" y2="{bottom}"/>"#));
            self.add(format_args!(
                r#"<text class="small" x="{x}" y="{}" text-anchor="middle">{label}</text>"#,
                bottom + 16
            ));
            if step < 86_400 && at.rem_euclid(86_400) == 0 {
                let day = wall.format("%b %-d");
                self.add(format_args!(
                    r#"<text class="small" x="{x}" y="{}" text-anchor="middle">{day}</text>"#,
                    bottom + 30
                ));
            }
            at += step;
        }
    }

    fn row(&mut self, row: &Row<'_>, above: &[&Row<'_>], top: i64, scale: &Scale) {
        let profile = &row.installed.profile;
        let (name, colour) = purpose(profile.purpose);
        let place = if row.installed.evse.is_station() {
            "station".to_owned()
        } else {
            format!("EVSE {}", row.installed.evse.0)
        };
        let kind = match (profile.kind, profile.recurrency) {
            (Kind::Recurring, Some(Recurrency::Daily)) => "daily",
            (Kind::Recurring, Some(Recurrency::Weekly)) => "weekly",
            (Kind::Recurring, None) | (Kind::Absolute, _) => "absolute",
            (Kind::Relative, _) => "relative",
            (Kind::Dynamic, _) => "dynamic",
        };
        let base = top + ROW - 8;
        let (id, level) = (profile.id.0, profile.stack_level);
        self.add(format_args!(r#"<text x="16" y="{}">{name} {id}</text>"#, base - 18));
        self.add(format_args!(r#"<text class="small" x="16" y="{}">level {level}, {place}, {kind}</text>"#, base - 3));
        self.add(format_args!(r#"<line class="axis" x1="{LEFT}" y1="{base}" x2="{RIGHT}" y2="{base}"/>"#));
        for step in &row.steps {
            // A limit of zero is in force too, and is to be seen.
            let height = (scale.height(step.milli, ROW_PLOT) - scale.height(0, ROW_PLOT)).max(2);
            for part in split(*step, above) {
                let overruled = above.iter().any(|other| other.at(part.from).is_some());
                let class = if overruled { "under" } else { "leads" };
                let (x, width) = (self.x(part.from), self.x(part.to) - self.x(part.from));
                self.add(format_args!(
                    r#"<rect class="{class}" x="{x}" y="{}" width="{width}" height="{height}" fill="{colour}"/>"#,
                    base - height
                ));
            }
            self.value(step, base - height - 3);
        }
    }

    fn result(&mut self, line: &[Step], setpoints: &[Step], top: i64, scale: &Scale, unit: RateUnit) {
        let bottom = top + RESULT;
        let plot = RESULT - 20;
        let y = |milli| bottom - scale.height(milli, plot);
        let mut tick = scale.low;
        while tick <= scale.high {
            let at = y(tick);
            let class = if tick == 0 { "axis" } else { "grid" };
            self.add(format_args!(r#"<line class="{class}" x1="{LEFT}" y1="{at}" x2="{RIGHT}" y2="{at}"/>"#));
            let (number, unit) = (number(tick), symbol(unit));
            self.add(format_args!(
                r#"<text class="small" x="{}" y="{}" text-anchor="end">{number} {unit}</text>"#,
                LEFT - 8,
                at + 4
            ));
            tick += scale.tick;
        }
        self.add(format_args!(r#"<text x="16" y="{}">result</text>"#, top + 20));
        let zero = y(0);
        let mut path = String::new();
        for step in line {
            let (from, to, at) = (self.x(step.from), self.x(step.to), y(step.milli));
            self.add(format_args!(
                r#"<rect class="area" x="{from}" y="{}" width="{}" height="{}"/>"#,
                at.min(zero),
                to - from,
                (zero - at).abs()
            ));
            let verb = if path.is_empty() { 'M' } else { 'L' };
            let _ = write!(path, "{verb}{from} {at}L{to} {at}");
        }
        self.add(format_args!(r#"<path class="result" d="{path}"/>"#));
        for step in setpoints {
            let (from, to, at) = (self.x(step.from), self.x(step.to), y(step.milli));
            self.add(format_args!(r#"<path class="setpoint" d="M{from} {at}L{to} {at}"/>"#));
            self.value(step, at - 5);
        }
        for step in line {
            self.value(step, y(step.milli) - 5);
        }
    }

    /// The rate of a step, where it has room.
    fn value(&mut self, step: &Step, y: i64) {
        let text = number(step.milli);
        let (from, to) = (self.x(step.from), self.x(step.to));
        if to - from > 7 * i64::try_from(text.len()).unwrap_or(0) + 4 {
            let middle = (from + to) / 2;
            self.add(format_args!(r#"<text class="value" x="{middle}" y="{y}" text-anchor="middle">{text}</text>"#));
        }
    }
}

/// A step where the rows above begin and end.
fn split(step: Step, above: &[&Row<'_>]) -> Vec<Step> {
    let edges = above.iter().flat_map(|row| &row.steps).flat_map(|other| [other.from, other.to]);
    let mut edges: Vec<_> = edges.filter(|edge| step.from < *edge && *edge < step.to).collect();
    edges.extend([step.from, step.to]);
    edges.sort_unstable();
    edges.dedup();
    edges.iter().zip(edges.iter().skip(1)).map(|(from, to)| Step { from: *from, to: *to, ..step }).collect()
}

fn purpose(purpose: Purpose) -> (&'static str, &'static str) {
    match purpose {
        Purpose::StationMax => ("Station maximum", "#7f8c8d"),
        Purpose::ExternalConstraints => ("External limit", "#8e44ad"),
        Purpose::Priority => ("Priority charging", "#d35400"),
        Purpose::Tx => ("Transaction", "#2e86c1"),
        Purpose::TxDefault => ("Default", "#27ae60"),
        Purpose::LocalGeneration => ("Local generation", "#f1c40f"),
    }
}

/// Seconds for people.
fn span(seconds: i64) -> String {
    let parts = [(seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let said: Vec<_> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count} {unit}")).collect();
    if said.is_empty() { "0 s".to_owned() } else { said.join(" ") }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
