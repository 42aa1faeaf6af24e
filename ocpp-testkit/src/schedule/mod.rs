//! A set of charging profiles in a file, and the composite schedule that they add up to: as a table, as JSON, and as a
//! picture.
//!
//! The file is one JSON object. `ocpp` names the version; `profiles` lists `{evseId, profile}` in the order of
//! installation, each profile as the version's message has it; `transactions` those that run, as `{evseId, id, start}`;
//! `request` says what is asked for, and its start is also "now". All but `ocpp` and `profiles` may be left out.

mod picture;
mod table;

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use ocpp_smartcharging::composite::{CompositeError, CompositePeriod, CompositeRequest, CompositeSchedule};
use ocpp_smartcharging::convert::ConvertError;
use ocpp_smartcharging::installation::{Evse, Installation, LocalLimit, SetpointPriority, Situation, Transaction};
use ocpp_smartcharging::model::{
    ChargingProfile, EvseId, InstalledProfile, LimitSource, OperationMode, ProfileId, Purpose, RateUnit,
};
use ocpp_smartcharging::store::ProfileStore;
use ocpp_smartcharging::time::LocalTime;
use ocpp_smartcharging::units::{PhaseRule, Rate, Supply};
use ocpp_smartcharging::validate::{Capabilities, Delivery, Edition, Proposal, Violation};
use ocpp_types::json::Writer;
use ocpp_types::{Decimal, Decode, v1_6, v2_0_1, v2_1};
use serde::Deserialize;
use serde_json::{Number, Value};

pub use picture::picture;
pub use table::table;

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is no JSON, or a member is missing or of the wrong kind.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// A value is none that the member can have.
    #[error("{member} is {value}")]
    Value {
        /// The member.
        member: &'static str,
        /// Its value.
        value: String,
    },
    /// A profile does not follow its schema.
    #[error("profile {index}: {violation}")]
    Schema {
        /// Which of the list, from 1.
        index: usize,
        /// What is wrong, and where.
        violation: ocpp_types::Violation,
    },
    /// A number of a profile is out of range.
    #[error("profile {index}: {error}")]
    Range {
        /// Which of the list, from 1.
        index: usize,
        /// What is wrong.
        error: ConvertError,
    },
}

/// A station with its profiles, and the question.
#[derive(Clone, Debug)]
pub struct ProfileSet {
    /// What the file calls it.
    pub name: Option<String>,
    /// The version.
    pub edition: Edition,
    /// The station as built.
    pub installation: Installation,
    /// The profiles, in the order of installation.
    pub profiles: Vec<InstalledProfile>,
    /// The transactions that run.
    pub transactions: Vec<Transaction>,
    /// For how long the station has been without its CSMS.
    pub offline: Option<TimeDelta>,
    /// What is asked for.
    pub request: CompositeRequest,
}

/// The file as it stands.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    name: Option<String>,
    ocpp: String,
    #[serde(default)]
    settings: Settings,
    offline_seconds: Option<i64>,
    #[serde(default)]
    transactions: Vec<FileTransaction>,
    profiles: Vec<FileProfile>,
    #[serde(default)]
    request: Request,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Settings {
    supply_voltage: Number,
    #[serde(rename = "defaultLimitA")]
    default_limit_a: Number,
    #[serde(rename = "defaultLimitW")]
    default_limit_w: Number,
    default_number_phases: u8,
    number_of_evses: u16,
    evse_type: String,
    time_offset: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            supply_voltage: 230.into(),
            default_limit_a: 32.into(),
            default_limit_w: 22_080.into(),
            default_number_phases: 3,
            number_of_evses: 1,
            evse_type: "AC".to_owned(),
            time_offset: None,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FileTransaction {
    evse_id: u32,
    id: Option<Value>,
    start: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FileProfile {
    evse_id: u32,
    profile: Value,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    evse_id: Option<u32>,
    start: Option<DateTime<Utc>>,
    duration: Option<u32>,
    charging_rate_unit: Option<String>,
}

const DAY_SECONDS: u32 = 86_400;

impl ProfileSet {
    /// Reads a file. What its request leaves out is EVSE 1, `now`, a day, and amperes.
    ///
    /// # Errors
    /// When the file is no such set.
    pub fn read(text: &str, now: DateTime<Utc>) -> Result<Self, FileError> {
        let file: File = serde_json::from_str(text)?;
        let edition = match file.ocpp.as_str() {
            "1.6" => Edition::V1_6,
            "2.0.1" => Edition::V2_0_1,
            "2.1" => Edition::V2_1,
            _ => return Err(FileError::Value { member: "ocpp", value: file.ocpp }),
        };
        let profiles = (1..).zip(&file.profiles).map(|(index, entry)| {
            let profile = profile(edition, index, &entry.profile)?;
            Ok(InstalledProfile { evse: EvseId(entry.evse_id), source: LimitSource::Cso, profile })
        });
        let transactions = file.transactions.into_iter().map(|entry| {
            let id = entry.id.map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
            Transaction::new(EvseId(entry.evse_id), id, entry.start)
        });
        let unit = file.request.charging_rate_unit.as_deref().map(unit).transpose()?;
        Ok(ProfileSet {
            name: file.name,
            edition,
            installation: installation(&file.settings, edition)?,
            profiles: profiles.collect::<Result<_, FileError>>()?,
            transactions: transactions.collect(),
            offline: file.offline_seconds.and_then(TimeDelta::try_seconds),
            request: CompositeRequest {
                evse: EvseId(file.request.evse_id.unwrap_or(1)),
                start: file.request.start.unwrap_or(now),
                duration_seconds: file.request.duration.unwrap_or(DAY_SECONDS),
                unit: unit.unwrap_or(RateUnit::Amperes),
                max_periods: usize::MAX,
            },
        })
    }

    /// What results of all profiles.
    ///
    /// # Errors
    /// When the EVSE asked for does not exist.
    pub fn composite(&self) -> Result<CompositeSchedule, CompositeError> {
        self.with_situation(|situation| situation.composite(&self.request))
    }

    /// The profiles that a station would have refused, each with the first rule that it breaks.
    pub fn refused(&self) -> Vec<(ProfileId, Violation)> {
        let mut store = ProfileStore::default();
        let mut refused = Vec::new();
        let capabilities = capabilities();
        for proposed in &self.profiles {
            let delivery = match proposed.profile.purpose {
                Purpose::ExternalConstraints | Purpose::LocalGeneration => Delivery::ExternalSystem,
                Purpose::StationMax | Purpose::TxDefault | Purpose::Tx | Purpose::Priority => {
                    Delivery::SetChargingProfile
                }
            };
            let situation = self.situation(&store);
            let proposal =
                Proposal { edition: self.edition, delivery, capabilities: &capabilities, situation, proposed };
            let broken = proposal.violations().into_iter().next();
            refused.extend(broken.map(|violation| (proposed.profile.id, violation)));
            store.install(proposed.clone(), self.edition, self.request.start);
        }
        refused
    }

    fn with_situation<T>(&self, calculate: impl FnOnce(&Situation<'_>) -> T) -> T {
        let mut store = ProfileStore::default();
        for installed in &self.profiles {
            store.install(installed.clone(), self.edition, self.request.start);
        }
        calculate(&self.situation(&store))
    }

    fn situation<'a>(&'a self, store: &'a ProfileStore) -> Situation<'a> {
        Situation {
            installation: &self.installation,
            profiles: store.profiles(),
            transactions: &self.transactions,
            offline_since: self.offline.and_then(|span| self.request.start.checked_sub_signed(span)),
        }
    }
}

/// Reads `A` or `W`.
///
/// # Errors
/// When it is neither.
pub fn unit(text: &str) -> Result<RateUnit, FileError> {
    match text {
        "A" => Ok(RateUnit::Amperes),
        "W" => Ok(RateUnit::Watts),
        _ => Err(FileError::Value { member: "chargingRateUnit", value: text.to_owned() }),
    }
}

fn profile(edition: Edition, index: usize, value: &Value) -> Result<ChargingProfile, FileError> {
    let json = value.to_string();
    let schema = |violation| FileError::Schema { index, violation };
    let profile = match edition {
        Edition::V1_6 => (&v1_6::ChargingProfile::from_json(&json).map_err(schema)?).try_into(),
        Edition::V2_0_1 => (&v2_0_1::ChargingProfile::from_json(&json).map_err(schema)?).try_into(),
        Edition::V2_1 => (&v2_1::ChargingProfile::from_json(&json).map_err(schema)?).try_into(),
    };
    profile.map_err(|error| FileError::Range { index, error })
}

fn installation(settings: &Settings, edition: Edition) -> Result<Installation, FileError> {
    if settings.evse_type != "AC" {
        return Err(FileError::Value { member: "settings.evseType", value: settings.evse_type.clone() });
    }
    let offset = |text: &String| {
        let offset = text.parse::<FixedOffset>();
        offset.map_err(|_| FileError::Value { member: "settings.timeOffset", value: text.clone() })
    };
    let offset = settings.time_offset.as_ref().map(offset).transpose()?;
    let millivolts = milli("settings.supplyVoltage", &settings.supply_voltage)?;
    let phases = settings.default_number_phases.clamp(1, 3);
    let evse = Evse {
        supply: Supply::Ac { phases },
        local_limit: LocalLimit {
            milliamperes: milli("settings.defaultLimitA", &settings.default_limit_a)?,
            milliwatts: milli("settings.defaultLimitW", &settings.default_limit_w)?,
        },
    };
    Ok(Installation {
        line_millivolts: u32::try_from(millivolts).map_err(|_| FileError::Value {
            member: "settings.supplyVoltage",
            value: settings.supply_voltage.to_string(),
        })?,
        grid_phases: phases,
        evses: vec![evse; settings.number_of_evses.into()],
        // The limit of the station counts where no profile applies, and does not hide what profiles say.
        cap_at_local_limit: false,
        phase_rule: match edition {
            Edition::V1_6 => PhaseRule::TotalPower,
            Edition::V2_0_1 | Edition::V2_1 => PhaseRule::PerPhase,
        },
        setpoint_priority: SetpointPriority::default(),
        local_time: offset.map_or_else(LocalTime::default, |offset| LocalTime::fixed(offset.local_minus_utc())),
    })
}

fn milli(member: &'static str, number: &Number) -> Result<i64, FileError> {
    let text = number.to_string();
    let milli = text.parse::<Decimal>().ok().and_then(|value| value.to_scaled(3));
    milli.ok_or(FileError::Value { member, value: text })
}

/// A station that supports everything.
fn capabilities() -> Capabilities {
    Capabilities {
        max_stack_level: u32::MAX,
        max_periods: usize::MAX,
        max_profiles: usize::MAX,
        units: [RateUnit::Amperes, RateUnit::Watts].into(),
        limits_phases: true,
        switches_phase: true,
        controls_dc_input_phases: true,
        priority_charging: true,
        local_generation: true,
        external_constraints_disallowed: false,
        dynamic_profiles: true,
        local_time: true,
        randomized_delay: true,
        limit_at_soc: true,
        evse_sleep: true,
        modes: Vec::from([
            OperationMode::CentralSetpoint,
            OperationMode::ExternalSetpoint,
            OperationMode::ExternalLimits,
            OperationMode::CentralFrequency,
            OperationMode::LocalFrequency,
            OperationMode::LocalLoadBalancing,
        ]),
        load_balancing_thresholds: true,
        max_external_constraints_id: None,
    }
}

/// The result as one JSON object, its periods in the words of ChargingSchedulePeriod.
pub fn json(schedule: &CompositeSchedule) -> String {
    let mut writer = Writer::new();
    writer.begin_object();
    writer.key("evseId");
    writer.integer(schedule.evse.0.into());
    writer.key("scheduleStart");
    writer.string(&schedule.start.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
    writer.key("duration");
    writer.integer(schedule.duration_seconds.into());
    writer.key("chargingRateUnit");
    writer.string(symbol(schedule.unit));
    writer.key("periods");
    writer.begin_array();
    for period in &schedule.periods {
        write_period(&mut writer, period);
    }
    writer.end_array();
    writer.end_object();
    writer.text().to_owned()
}

fn write_period(writer: &mut Writer, period: &CompositePeriod) {
    writer.begin_object();
    writer.key("startPeriod");
    writer.integer(period.start_seconds.into());
    write_rate(writer, "limit", Some(period.limit));
    for (name, value) in [("numberPhases", period.number_phases), ("phaseToUse", period.phase_to_use)] {
        if let Some(value) = value {
            writer.key(name);
            writer.integer(value.into());
        }
    }
    write_rate(writer, "dischargeLimit", period.discharge_limit);
    write_rate(writer, "setpoint", period.setpoint);
    write_rate(writer, "setpointReactive", period.setpoint_reactive);
    if period.mode != OperationMode::ChargingOnly {
        writer.key("operationMode");
        writer.string(&format!("{:?}", period.mode));
    }
    for (name, is_on) in [("preconditioningRequest", period.preconditioning), ("evseSleep", period.evse_sleep)] {
        if is_on {
            writer.key(name);
            writer.boolean(true);
        }
    }
    writer.end_object();
}

fn write_rate(writer: &mut Writer, name: &str, rate: Option<Rate>) {
    let Some(Rate { milli, l2_l3_milli }) = rate else { return };
    writer.key(name);
    writer.raw(&number(milli));
    if let Some([l2, l3]) = l2_l3_milli {
        writer.key(&format!("{name}_L2"));
        writer.raw(&number(l2));
        writer.key(&format!("{name}_L3"));
        writer.raw(&number(l3));
    }
}

/// Thousandths as a decimal number, without digits that say nothing.
fn number(milli: i64) -> String {
    let sign = if milli < 0 { "-" } else { "" };
    let (whole, fraction) = (milli.unsigned_abs() / 1_000, milli.unsigned_abs() % 1_000);
    match fraction {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{fraction:03}").trim_end_matches('0').to_owned(),
    }
}

fn symbol(unit: RateUnit) -> &'static str {
    match unit {
        RateUnit::Amperes => "A",
        RateUnit::Watts => "W",
    }
}
