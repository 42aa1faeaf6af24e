//! Compares, in one run and on the same frames, decoding and encoding with `ocpp-types`, with hand-written serde structs and with
//! published crates. Times are the best of many rounds; what counts is the ratio to the hand-written structs.
//!
//! "by hand" reads in two passes into `String`s, "inline" in one pass into strings that keep up to 24 bytes in place. The exit status
//! says whether ours allocates more than the latter anywhere.

/// With strings on the heap.
mod by_hand {
    type Str = String;
    include!("by_hand.rs");
}

/// With short strings in place.
mod inline {
    type Str = compact_str::CompactString;
    include!("by_hand.rs");
}

use std::{
    alloc::{GlobalAlloc, Layout, System},
    collections::BTreeMap,
    hint::black_box,
    process::ExitCode,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use ocpp_types::{
    Decode, Encode, Fault,
    json::{Reader, Writer},
    lenient::Quirks,
    tables::{self, Edition, Message, View},
    v1_6, v2_0_1,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// Counts and leaves the work to the system allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Nanoseconds and allocations of one call.
struct Cost(f64, usize);

fn measure<T>(mut work: impl FnMut() -> T) -> Cost {
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    drop(black_box(work()));
    let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
    let started = Instant::now();
    let mut count = 0_u32;
    while started.elapsed() < Duration::from_millis(5) {
        drop(black_box(work()));
        count += 1;
    }
    let batch = count.max(1);
    let mut best = f64::MAX;
    for _ in 0..30 {
        let started = Instant::now();
        for _ in 0..batch / 4 + 1 {
            drop(black_box(work()));
        }
        best = best.min(started.elapsed().as_nanos() as f64 / f64::from(batch / 4 + 1));
    }
    Cost(best, allocations)
}

fn decode<T: Decode>(frame: &str) -> Result<T, Fault> {
    let mut reader = Reader::new(frame);
    reader.begin_array()?;
    reader.next_element()?;
    reader.integer()?;
    reader.next_element()?;
    black_box(reader.string()?);
    reader.next_element()?;
    black_box(reader.string()?);
    reader.next_element()?;
    let payload = T::read(&mut reader)?;
    reader.next_element()?;
    reader.finish()?;
    Ok(payload)
}

fn encode<T: Encode>(action: &str, payload: &T) -> String {
    let mut writer = Writer::new();
    writer.begin_array();
    writer.integer(2);
    writer.string(ID);
    writer.string(action);
    payload.write(&mut writer);
    writer.end_array();
    writer.finish().unwrap()
}

/// By the tables.
fn view<V: View>(frame: &str, edition: Edition) -> Result<Message<'_, V>, Fault> {
    let mut reader = Reader::new(frame);
    reader.begin_array()?;
    reader.next_element()?;
    reader.integer()?;
    reader.next_element()?;
    black_box(reader.string()?);
    reader.next_element()?;
    black_box(reader.string()?);
    reader.next_element()?;
    let message = Message::read(&mut reader, edition, Quirks::NONE)?;
    reader.next_element()?;
    reader.finish()?;
    Ok(message)
}

/// By the tables, in the order of the schema.
fn build<V: View>(action: &str, message: &Message<'_, V>) -> String {
    let mut writer = Writer::new();
    writer.begin_array();
    writer.integer(2);
    writer.string(ID);
    writer.string(action);
    message.untyped().write(&mut writer);
    writer.end_array();
    writer.finish().unwrap()
}

fn two_pass<T: DeserializeOwned>(frame: &str) -> T {
    let (_, _, _, payload): (u8, String, String, &RawValue) = serde_json::from_str(frame).unwrap();
    serde_json::from_str(payload.get()).unwrap()
}

/// In one pass, with all that can be borrowed borrowed.
fn one_pass<T: DeserializeOwned>(frame: &str) -> T {
    let (_, _, _, payload): (u8, &str, &str, T) = serde_json::from_str(frame).unwrap();
    payload
}

fn scan(frame: &str) {
    Reader::new(frame).skip_value().unwrap();
}

const ID: &str = "a6ea3dfa-1275-4b32-9c22-844c219ec9ca";

fn frame(action: &str, payload: &str) -> String {
    format!("[2,\"{ID}\",\"{action}\",{payload}]")
}

/// What is said at the end.
#[derive(Default)]
struct Summary {
    /// Ratios over the cases of a family of versions, by name: sum of logarithms and count.
    ratios: BTreeMap<(&'static str, &'static str), (f64, u32)>,
    /// Cases in which more is allocated than by one-pass serde with strings in place.
    excesses: Vec<String>,
}

impl Summary {
    fn add(&mut self, edition: Edition, name: &'static str, ratio: f64) {
        let family = if edition == Edition::V1_6 { "1.6" } else { "2.x" };
        for group in ["all", family] {
            let entry = self.ratios.entry((group, name)).or_default();
            entry.0 += ratio.ln();
            entry.1 += 1;
        }
    }

    fn compare_allocations(&mut self, what: &str, ours: usize, inline: usize) {
        if ours > inline {
            self.excesses.push(format!("{what}: {ours} allocations, {inline} by serde"));
        }
    }
}

macro_rules! case {
    ($summary:expr, $action:literal, $payload:expr, $ours:ty, $table:ty, $edition:ident, $hand:ident $(, $peer:literal: $type:ty)*) => {{
        let frame = frame($action, $payload);
        let summary: &mut Summary = $summary;
        let hand = measure(|| two_pass::<by_hand::$hand>(&frame));
        let inline = measure(|| one_pass::<inline::$hand>(&frame));
        let ours = measure(|| decode::<$ours>(&frame).unwrap());
        let tables = measure(|| view::<$table>(&frame, Edition::$edition).unwrap());
        let bare = measure(|| scan(&frame));
        println!("{} ({} bytes)", $action, frame.len());
        println!("  decode  by hand {:>9.0} ns {:>5} allocations", hand.0, hand.1);
        println!("          ours    {:>9.0} ns {:>5} allocations, ratio {:.2}", ours.0, ours.1, ours.0 / hand.0);
        println!("          tables  {:>9.0} ns {:>5} allocations, ratio {:.2}", tables.0, tables.1, tables.0 / hand.0);
        println!("          inline  {:>9.0} ns {:>5} allocations, ratio {:.2}", inline.0, inline.1, inline.0 / hand.0);
        println!("          scan    {:>9.0} ns {:>5} allocations, ratio {:.2}", bare.0, bare.1, bare.0 / hand.0);
        summary.compare_allocations(concat!("decoding ", $action), ours.1, inline.1);
        summary.add(Edition::$edition, "decode, ours", ours.0 / hand.0);
        summary.add(Edition::$edition, "decode, tables", tables.0 / hand.0);
        summary.add(Edition::$edition, "decode, tables to structs", tables.0 / ours.0);
        summary.add(Edition::$edition, "decode, inline", inline.0 / hand.0);
        summary.add(Edition::$edition, "decode, scan", bare.0 / hand.0);
        $(
            let peer = measure(|| two_pass::<$type>(&frame));
            println!("          {:<9}{:>8.0} ns {:>5} allocations, ratio {:.2}", $peer, peer.0, peer.1, peer.0 / hand.0);
            summary.add(Edition::$edition, concat!("decode, ", $peer), peer.0 / hand.0);
        )*
        let value: by_hand::$hand = two_pass(&frame);
        let written = measure(|| serialize($action, &value));
        let value: inline::$hand = one_pass(&frame);
        let inline = measure(|| serde_json::to_string(&(2, ID, $action, &value)).unwrap());
        let own = decode::<$ours>(&frame).unwrap();
        let ours = measure(|| encode($action, &own));
        let read = view::<$table>(&frame, Edition::$edition).unwrap();
        assert_eq!(build($action, &read), encode($action, &own));
        let tables = measure(|| build($action, &read));
        println!("  encode  by hand {:>9.0} ns {:>5} allocations", written.0, written.1);
        println!("          ours    {:>9.0} ns {:>5} allocations, ratio {:.2}", ours.0, ours.1, ours.0 / written.0);
        println!("          tables  {:>9.0} ns {:>5} allocations, ratio {:.2}", tables.0, tables.1, tables.0 / written.0);
        println!("          inline  {:>9.0} ns {:>5} allocations, ratio {:.2}", inline.0, inline.1, inline.0 / written.0);
        summary.compare_allocations(concat!("encoding ", $action), ours.1, inline.1);
        summary.add(Edition::$edition, "encode, ours", ours.0 / written.0);
        summary.add(Edition::$edition, "encode, tables", tables.0 / written.0);
        summary.add(Edition::$edition, "encode, tables to structs", tables.0 / ours.0);
        summary.add(Edition::$edition, "encode, inline", inline.0 / written.0);
        $(
            let value: $type = two_pass(&frame);
            let peer = measure(|| serialize($action, &value));
            println!("          {:<9}{:>8.0} ns {:>5} allocations, ratio {:.2}", $peer, peer.0, peer.1, peer.0 / written.0);
            summary.add(Edition::$edition, concat!("encode, ", $peer), peer.0 / written.0);
        )*
    }};
}

/// In two passes: the payload becomes a text, that text part of the frame.
fn serialize<T: Serialize>(action: &str, payload: &T) -> String {
    let payload = RawValue::from_string(serde_json::to_string(payload).unwrap()).unwrap();
    serde_json::to_string(&(2, ID, action, payload)).unwrap()
}

fn main() -> ExitCode {
    let meter_value = |second: usize| {
        format!(
            r#"{{"timestamp":"2024-05-06T07:{:02}:{:02}Z","sampledValue":[{{"value":"{}.5","context":"Sample.Periodic","measurand":"Energy.Active.Import.Register","unit":"Wh"}},{{"value":"16.02","context":"Sample.Periodic","measurand":"Current.Import","phase":"L1","unit":"A"}}]}}"#,
            second / 60,
            second % 60,
            1000 + second
        )
    };
    let list = |count: usize, item: &dyn Fn(usize) -> String| (0..count).map(item).collect::<Vec<_>>().join(",");
    let boot = r#"{"chargePointVendor":"Example","chargePointModel":"One","chargePointSerialNumber":"CP-000123","firmwareVersion":"1.2.3","meterType":"M3"}"#;
    let status =
        r#"{"connectorId":1,"errorCode":"NoError","status":"Charging","timestamp":"2024-05-06T07:08:09.123Z"}"#;
    let meter = format!(r#"{{"connectorId":1,"transactionId":1234567,"meterValue":[{}]}}"#, list(2, &meter_value));
    let stop = format!(
        r#"{{"idTag":"04A2B3C4D5","meterStop":123456,"timestamp":"2024-05-06T08:00:00Z","transactionId":1234567,"reason":"Local","transactionData":[{}]}}"#,
        list(50, &meter_value)
    );
    let profile = format!(
        r#"{{"connectorId":1,"csChargingProfiles":{{"chargingProfileId":1,"stackLevel":0,"chargingProfilePurpose":"TxDefaultProfile","chargingProfileKind":"Absolute","chargingSchedule":{{"startSchedule":"2024-05-06T00:00:00Z","chargingRateUnit":"A","chargingSchedulePeriod":[{}]}}}}}}"#,
        list(1000, &|index| format!(
            r#"{{"startPeriod":{},"limit":{}.5,"numberPhases":3}}"#,
            index * 60,
            6 + index % 26
        ))
    );
    let local = format!(
        r#"{{"listVersion":7,"localAuthorizationList":[{}],"updateType":"Full"}}"#,
        list(500, &|index| format!(
            r#"{{"idTag":"TAG{index:08}","idTagInfo":{{"expiryDate":"2030-01-01T00:00:00Z","parentIdTag":"GROUP{}","status":"Accepted"}}}}"#,
            index % 10
        ))
    );
    let report = format!(
        r#"{{"requestId":5,"generatedAt":"2024-05-06T07:08:09Z","seqNo":0,"tbc":true,"reportData":[{}]}}"#,
        list(100, &|index| format!(
            r#"{{"component":{{"name":"EVSE","evse":{{"id":{}}}}},"variable":{{"name":"Variable{index}"}},"variableAttribute":[{{"type":"Actual","value":"{index}","mutability":"ReadOnly","persistent":true,"constant":false}}],"variableCharacteristics":{{"dataType":"integer","supportsMonitoring":false}}}}"#,
            1 + index % 2
        ))
    );
    let event_value = |second: usize| {
        format!(
            r#"{{"timestamp":"2024-05-06T07:{:02}:{:02}Z","sampledValue":[{{"value":{}.5,"context":"Sample.Periodic","measurand":"Energy.Active.Import.Register","unitOfMeasure":{{"unit":"Wh"}}}},{{"value":16.02,"context":"Sample.Periodic","measurand":"Current.Import","phase":"L1","unitOfMeasure":{{"unit":"A"}}}}]}}"#,
            second / 60,
            second % 60,
            1000 + second
        )
    };
    let event = format!(
        r#"{{"eventType":"Updated","timestamp":"2024-05-06T07:08:09Z","triggerReason":"MeterValuePeriodic","seqNo":17,"transactionInfo":{{"transactionId":"5f8a1c0e-88a7-4d2e-9d8c-ab35c9b46f2b","chargingState":"Charging"}},"offline":true,"evse":{{"id":1,"connectorId":1}},"idToken":{{"idToken":"04A2B3C4D5","type":"ISO14443"}},"meterValue":[{}]}}"#,
        list(2, &event_value)
    );
    let mut summary = Summary::default();
    use ocpp_kit::{v1_6 as kit16, v2_0_1 as kit201};
    use ocpp_rs::v16::call as rs16;
    use rust_ocpp::{v1_6::messages as rust16, v2_0_1::messages as rust201};
    case!(&mut summary, "Heartbeat", "{}", v1_6::HeartbeatRequest, tables::v1_6::HeartbeatRequest, V1_6, Heartbeat,
        "rust-ocpp": rust16::heart_beat::HeartbeatRequest, "ocpp_rs": rs16::Heartbeat, "ocpp-kit": kit16::HeartbeatRequest);
    case!(&mut summary, "BootNotification", boot, v1_6::BootNotificationRequest, tables::v1_6::BootNotificationRequest, V1_6, BootNotification,
        "rust-ocpp": rust16::boot_notification::BootNotificationRequest, "ocpp_rs": rs16::BootNotification, "ocpp-kit": kit16::BootNotificationRequest);
    case!(&mut summary, "StatusNotification", status, v1_6::StatusNotificationRequest, tables::v1_6::StatusNotificationRequest, V1_6, StatusNotification,
        "rust-ocpp": rust16::status_notification::StatusNotificationRequest, "ocpp_rs": rs16::StatusNotification, "ocpp-kit": kit16::StatusNotificationRequest);
    case!(&mut summary, "MeterValues", &meter, v1_6::MeterValuesRequest, tables::v1_6::MeterValuesRequest, V1_6, MeterValues,
        "rust-ocpp": rust16::meter_values::MeterValuesRequest, "ocpp_rs": rs16::MeterValues, "ocpp-kit": kit16::MeterValuesRequest);
    case!(&mut summary, "StopTransaction", &stop, v1_6::StopTransactionRequest, tables::v1_6::StopTransactionRequest, V1_6, StopTransaction,
        "rust-ocpp": rust16::stop_transaction::StopTransactionRequest, "ocpp_rs": rs16::StopTransaction, "ocpp-kit": kit16::StopTransactionRequest);
    case!(&mut summary, "SetChargingProfile", &profile, v1_6::SetChargingProfileRequest, tables::v1_6::SetChargingProfileRequest, V1_6, SetChargingProfile,
        "rust-ocpp": rust16::set_charging_profile::SetChargingProfileRequest, "ocpp_rs": rs16::SetChargingProfile, "ocpp-kit": kit16::SetChargingProfileRequest);
    case!(&mut summary, "SendLocalList", &local, v1_6::SendLocalListRequest, tables::v1_6::SendLocalListRequest, V1_6, SendLocalList,
        "rust-ocpp": rust16::send_local_list::SendLocalListRequest, "ocpp_rs": rs16::SendLocalList, "ocpp-kit": kit16::SendLocalListRequest);
    case!(&mut summary, "NotifyReport", &report, v2_0_1::NotifyReportRequest, tables::v2::NotifyReportRequest, V2_0_1, NotifyReport,
        "rust-ocpp": rust201::notify_report::NotifyReportRequest, "ocpp-kit": kit201::NotifyReportRequest);
    case!(&mut summary, "TransactionEvent", &event, v2_0_1::TransactionEventRequest, tables::v2::TransactionEventRequest, V2_0_1, TransactionEvent,
        "rust-ocpp": rust201::transaction_event::TransactionEventRequest, "ocpp-kit": kit201::TransactionEventRequest);
    println!("geometric means of the ratios to the hand-written structs:");
    for ((group, name), (sum, count)) in summary.ratios {
        println!("  {group} {name:<25} {:.2}", (sum / f64::from(count)).exp());
    }
    if summary.excesses.is_empty() {
        println!("in no case more allocations than one-pass serde with strings in place");
        return ExitCode::SUCCESS;
    }
    println!("more allocations than one-pass serde with strings in place: {:#?}", summary.excesses);
    ExitCode::FAILURE
}
