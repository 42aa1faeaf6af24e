//! Compares, in one run and on the same frames, decoding and encoding with `ocpp-types`, with hand-written serde structs and with
//! published crates. Times are the best of many rounds; what counts is the ratio to the hand-written structs.

mod by_hand;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    hint::black_box,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use ocpp_types::{Decode, Encode, Fault, json::{Reader, Writer}, v1_6, v2_0_1};
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

fn two_pass<T: DeserializeOwned>(frame: &str) -> T {
    let (_, _, _, payload): (u8, String, String, &RawValue) = serde_json::from_str(frame).unwrap();
    serde_json::from_str(payload.get()).unwrap()
}

fn scan(frame: &str) {
    Reader::new(frame).skip_value().unwrap();
}

const ID: &str = "a6ea3dfa-1275-4b32-9c22-844c219ec9ca";

fn frame(action: &str, payload: &str) -> String {
    format!("[2,\"{ID}\",\"{action}\",{payload}]")
}

/// Geometric means over all cases, by name: sum of logarithms and count.
#[derive(Default)]
struct Means(std::collections::BTreeMap<&'static str, (f64, u32)>);

impl Means {
    fn add(&mut self, name: &'static str, ratio: f64) {
        let entry = self.0.entry(name).or_default();
        entry.0 += ratio.ln();
        entry.1 += 1;
    }
}

macro_rules! case {
    ($means:expr, $action:literal, $payload:expr, $ours:ty, $hand:ty $(, $peer:literal: $type:ty)*) => {{
        let frame = frame($action, $payload);
        let means: &mut Means = $means;
        let hand = measure(|| two_pass::<$hand>(&frame));
        let ours = measure(|| decode::<$ours>(&frame).unwrap());
        let bare = measure(|| scan(&frame));
        println!("{} ({} bytes)", $action, frame.len());
        println!("  decode  by hand {:>9.0} ns {:>5} allocations", hand.0, hand.1);
        println!("          ours    {:>9.0} ns {:>5} allocations, ratio {:.2}", ours.0, ours.1, ours.0 / hand.0);
        println!("          scan    {:>9.0} ns {:>5} allocations, ratio {:.2}", bare.0, bare.1, bare.0 / hand.0);
        means.add("decode, ours", ours.0 / hand.0);
        means.add("decode, scan", bare.0 / hand.0);
        $(
            let peer = measure(|| two_pass::<$type>(&frame));
            println!("          {:<9}{:>8.0} ns {:>5} allocations, ratio {:.2}", $peer, peer.0, peer.1, peer.0 / hand.0);
            means.add(concat!("decode, ", $peer), peer.0 / hand.0);
        )*
        let value: $hand = two_pass(&frame);
        let written = measure(|| serialize($action, &value));
        let own = decode::<$ours>(&frame).unwrap();
        let ours = measure(|| encode($action, &own));
        println!("  encode  by hand {:>9.0} ns {:>5} allocations", written.0, written.1);
        println!("          ours    {:>9.0} ns {:>5} allocations, ratio {:.2}", ours.0, ours.1, ours.0 / written.0);
        means.add("encode, ours", ours.0 / written.0);
        $(
            let value: $type = two_pass(&frame);
            let peer = measure(|| serialize($action, &value));
            println!("          {:<9}{:>8.0} ns {:>5} allocations, ratio {:.2}", $peer, peer.0, peer.1, peer.0 / written.0);
            means.add(concat!("encode, ", $peer), peer.0 / written.0);
        )*
    }};
}

/// In two passes: the payload becomes a text, that text part of the frame.
fn serialize<T: Serialize>(action: &str, payload: &T) -> String {
    let payload = RawValue::from_string(serde_json::to_string(payload).unwrap()).unwrap();
    serde_json::to_string(&(2, ID, action, payload)).unwrap()
}

fn main() {
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
    let status = r#"{"connectorId":1,"errorCode":"NoError","status":"Charging","timestamp":"2024-05-06T07:08:09.123Z"}"#;
    let meter = format!(r#"{{"connectorId":1,"transactionId":1234567,"meterValue":[{}]}}"#, list(2, &meter_value));
    let stop = format!(
        r#"{{"idTag":"04A2B3C4D5","meterStop":123456,"timestamp":"2024-05-06T08:00:00Z","transactionId":1234567,"reason":"Local","transactionData":[{}]}}"#,
        list(50, &meter_value)
    );
    let profile = format!(
        r#"{{"connectorId":1,"csChargingProfiles":{{"chargingProfileId":1,"stackLevel":0,"chargingProfilePurpose":"TxDefaultProfile","chargingProfileKind":"Absolute","chargingSchedule":{{"startSchedule":"2024-05-06T00:00:00Z","chargingRateUnit":"A","chargingSchedulePeriod":[{}]}}}}}}"#,
        list(1000, &|index| format!(r#"{{"startPeriod":{},"limit":{}.5,"numberPhases":3}}"#, index * 60, 6 + index % 26))
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
    let mut means = Means::default();
    use ocpp_kit::{v1_6 as kit16, v2_0_1 as kit201};
    use ocpp_rs::v16::call as rs16;
    use rust_ocpp::{v1_6::messages as rust16, v2_0_1::messages as rust201};
    case!(&mut means, "Heartbeat", "{}", v1_6::HeartbeatRequest, by_hand::Heartbeat,
        "rust-ocpp": rust16::heart_beat::HeartbeatRequest, "ocpp_rs": rs16::Heartbeat, "ocpp-kit": kit16::HeartbeatRequest);
    case!(&mut means, "BootNotification", boot, v1_6::BootNotificationRequest, by_hand::BootNotification,
        "rust-ocpp": rust16::boot_notification::BootNotificationRequest, "ocpp_rs": rs16::BootNotification, "ocpp-kit": kit16::BootNotificationRequest);
    case!(&mut means, "StatusNotification", status, v1_6::StatusNotificationRequest, by_hand::StatusNotification,
        "rust-ocpp": rust16::status_notification::StatusNotificationRequest, "ocpp_rs": rs16::StatusNotification, "ocpp-kit": kit16::StatusNotificationRequest);
    case!(&mut means, "MeterValues", &meter, v1_6::MeterValuesRequest, by_hand::MeterValues,
        "rust-ocpp": rust16::meter_values::MeterValuesRequest, "ocpp_rs": rs16::MeterValues, "ocpp-kit": kit16::MeterValuesRequest);
    case!(&mut means, "StopTransaction", &stop, v1_6::StopTransactionRequest, by_hand::StopTransaction,
        "rust-ocpp": rust16::stop_transaction::StopTransactionRequest, "ocpp_rs": rs16::StopTransaction, "ocpp-kit": kit16::StopTransactionRequest);
    case!(&mut means, "SetChargingProfile", &profile, v1_6::SetChargingProfileRequest, by_hand::SetChargingProfile,
        "rust-ocpp": rust16::set_charging_profile::SetChargingProfileRequest, "ocpp_rs": rs16::SetChargingProfile, "ocpp-kit": kit16::SetChargingProfileRequest);
    case!(&mut means, "SendLocalList", &local, v1_6::SendLocalListRequest, by_hand::SendLocalList,
        "rust-ocpp": rust16::send_local_list::SendLocalListRequest, "ocpp_rs": rs16::SendLocalList, "ocpp-kit": kit16::SendLocalListRequest);
    case!(&mut means, "NotifyReport", &report, v2_0_1::NotifyReportRequest, by_hand::NotifyReport,
        "rust-ocpp": rust201::notify_report::NotifyReportRequest, "ocpp-kit": kit201::NotifyReportRequest);
    println!("geometric means of the ratios to the hand-written structs:");
    for (name, (sum, count)) in means.0 {
        println!("  {name:<20} {:.2}", (sum / f64::from(count)).exp());
    }
}
