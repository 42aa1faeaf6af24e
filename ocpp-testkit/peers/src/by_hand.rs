// What an expert writes with serde: `Str` for texts, chrono and closed enumerations, no further checks.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

macro_rules! objects {
    ($($name:ident { $($field:ident: $type:ty,)* })*) => {$(
        #[derive(Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name {
            $(#[serde(skip_serializing_if = "Skip::skip", default)] pub $field: $type,)*
        }
    )*};
}

macro_rules! enumerations {
    ($($name:ident { $first:ident = $first_text:literal, $($value:ident = $text:literal,)* })*) => {$(
        #[derive(Serialize, Deserialize, Default)]
        pub enum $name {
            #[default]
            #[serde(rename = $first_text)]
            $first,
            $(#[serde(rename = $text)] $value,)*
        }
        impl Skip for $name {}
    )*};
}

/// Whether a member is left out.
pub trait Skip {
    fn skip(&self) -> bool {
        false
    }
}

impl Skip for Str {}
impl Skip for bool {}
impl Skip for i64 {}
impl Skip for f64 {}
impl Skip for DateTime<Utc> {}
impl<T> Skip for Vec<T> {}
impl<T> Skip for Option<T> {
    fn skip(&self) -> bool {
        self.is_none()
    }
}

objects! {
    Heartbeat {}
    BootNotification {
        charge_point_vendor: Str,
        charge_point_model: Str,
        charge_point_serial_number: Option<Str>,
        charge_box_serial_number: Option<Str>,
        firmware_version: Option<Str>,
        iccid: Option<Str>,
        imsi: Option<Str>,
        meter_type: Option<Str>,
        meter_serial_number: Option<Str>,
    }
    StatusNotification {
        connector_id: i64,
        error_code: ErrorCode,
        info: Option<Str>,
        status: Status,
        timestamp: Option<DateTime<Utc>>,
        vendor_id: Option<Str>,
        vendor_error_code: Option<Str>,
    }
    MeterValues {
        connector_id: i64,
        transaction_id: Option<i64>,
        meter_value: Vec<MeterValue>,
    }
    MeterValue {
        timestamp: DateTime<Utc>,
        sampled_value: Vec<SampledValue>,
    }
    SampledValue {
        value: Str,
        context: Option<Context>,
        format: Option<Format>,
        measurand: Option<Measurand>,
        phase: Option<Phase>,
        location: Option<Location>,
        unit: Option<Unit>,
    }
    StopTransaction {
        id_tag: Option<Str>,
        meter_stop: i64,
        timestamp: DateTime<Utc>,
        transaction_id: i64,
        reason: Option<Reason>,
        transaction_data: Vec<MeterValue>,
    }
    SetChargingProfile {
        connector_id: i64,
        cs_charging_profiles: Option<ChargingProfile>,
    }
    ChargingProfile {
        charging_profile_id: i64,
        transaction_id: Option<i64>,
        stack_level: i64,
        charging_profile_purpose: Purpose,
        charging_profile_kind: ProfileKind,
        recurrency_kind: Option<Recurrency>,
        valid_from: Option<DateTime<Utc>>,
        valid_to: Option<DateTime<Utc>>,
        charging_schedule: Option<ChargingSchedule>,
    }
    ChargingSchedule {
        duration: Option<i64>,
        start_schedule: Option<DateTime<Utc>>,
        charging_rate_unit: RateUnit,
        charging_schedule_period: Vec<Period>,
        min_charging_rate: Option<f64>,
    }
    Period {
        start_period: i64,
        limit: f64,
        number_phases: Option<i64>,
    }
    SendLocalList {
        list_version: i64,
        local_authorization_list: Vec<AuthorizationData>,
        update_type: UpdateType,
    }
    AuthorizationData {
        id_tag: Str,
        id_tag_info: Option<IdTagInfo>,
    }
    IdTagInfo {
        expiry_date: Option<DateTime<Utc>>,
        parent_id_tag: Option<Str>,
        status: AuthorizationStatus,
    }
    TransactionEvent {
        event_type: EventType,
        timestamp: DateTime<Utc>,
        trigger_reason: Trigger,
        seq_no: i64,
        transaction_info: Option<TransactionInfo>,
        offline: Option<bool>,
        number_of_phases_used: Option<i64>,
        cable_max_current: Option<i64>,
        reservation_id: Option<i64>,
        evse: Option<Evse>,
        id_token: Option<IdToken>,
        meter_value: Vec<EventValue>,
    }
    TransactionInfo {
        transaction_id: Str,
        charging_state: Option<ChargingState>,
        time_spent_charging: Option<i64>,
        stopped_reason: Option<Reason>,
        remote_start_id: Option<i64>,
    }
    IdToken {
        id_token: Str,
        r#type: TokenType,
    }
    EventValue {
        timestamp: DateTime<Utc>,
        sampled_value: Vec<EventSample>,
    }
    EventSample {
        value: f64,
        context: Option<Context>,
        measurand: Option<Measurand>,
        phase: Option<Phase>,
        location: Option<Location>,
        unit_of_measure: Option<UnitOfMeasure>,
    }
    UnitOfMeasure {
        unit: Option<Str>,
        multiplier: Option<i64>,
    }
    NotifyReport {
        request_id: i64,
        generated_at: DateTime<Utc>,
        report_data: Vec<ReportData>,
        tbc: Option<bool>,
        seq_no: i64,
    }
    ReportData {
        component: Option<Component>,
        variable: Option<Variable>,
        variable_attribute: Vec<Attribute>,
        variable_characteristics: Option<Characteristics>,
    }
    Component {
        name: Str,
        instance: Option<Str>,
        evse: Option<Evse>,
    }
    Evse {
        id: i64,
        connector_id: Option<i64>,
    }
    Variable {
        name: Str,
        instance: Option<Str>,
    }
    Attribute {
        r#type: Option<AttributeType>,
        value: Option<Str>,
        mutability: Option<Mutability>,
        persistent: Option<bool>,
        constant: Option<bool>,
    }
    Characteristics {
        unit: Option<Str>,
        data_type: DataType,
        min_limit: Option<f64>,
        max_limit: Option<f64>,
        values_list: Option<Str>,
        supports_monitoring: bool,
    }
}

enumerations! {
    ErrorCode { NoError = "NoError", GroundFailure = "GroundFailure", HighTemperature = "HighTemperature", OtherError = "OtherError", }
    Status { Available = "Available", Preparing = "Preparing", Charging = "Charging", Finishing = "Finishing", Faulted = "Faulted", }
    Context { Periodic = "Sample.Periodic", Clock = "Sample.Clock", Begin = "Transaction.Begin", End = "Transaction.End", }
    Format { Raw = "Raw", SignedData = "SignedData", }
    Measurand { Import = "Energy.Active.Import.Register", Power = "Power.Active.Import", Current = "Current.Import", Voltage = "Voltage", SoC = "SoC", }
    Phase { L1 = "L1", L2 = "L2", L3 = "L3", L1N = "L1-N", }
    Location { Outlet = "Outlet", Inlet = "Inlet", EV = "EV", }
    Unit { Wh = "Wh", KWh = "kWh", W = "W", A = "A", V = "V", Percent = "Percent", }
    Reason { Local = "Local", Remote = "Remote", EVDisconnected = "EVDisconnected", }
    Purpose { TxDefaultProfile = "TxDefaultProfile", TxProfile = "TxProfile", ChargePointMaxProfile = "ChargePointMaxProfile", }
    ProfileKind { Absolute = "Absolute", Recurring = "Recurring", Relative = "Relative", }
    Recurrency { Daily = "Daily", Weekly = "Weekly", }
    RateUnit { A = "A", W = "W", }
    UpdateType { Full = "Full", Differential = "Differential", }
    AuthorizationStatus { Accepted = "Accepted", Blocked = "Blocked", Expired = "Expired", Invalid = "Invalid", }
    EventType { Started = "Started", Updated = "Updated", Ended = "Ended", }
    Trigger { Authorized = "Authorized", MeterValuePeriodic = "MeterValuePeriodic", StopAuthorized = "StopAuthorized", }
    ChargingState { Charging = "Charging", EVConnected = "EVConnected", Idle = "Idle", }
    TokenType { ISO14443 = "ISO14443", Central = "Central", }
    AttributeType { Actual = "Actual", Target = "Target", MinSet = "MinSet", MaxSet = "MaxSet", }
    Mutability { ReadWrite = "ReadWrite", ReadOnly = "ReadOnly", WriteOnly = "WriteOnly", }
    DataType { Text = "string", Decimal = "decimal", Integer = "integer", Boolean = "boolean", }
}
