//! What one frame and one call cost, in nanoseconds and allocations, beside `serde_json` on the same bytes.
//!
//! `cargo bench -p ocpp-rpc`. Each figure is the best of several rounds.

use std::hint::black_box;
use std::time::{Duration, Instant as Clock};

use ocpp_rpc::engine::{Config, Engine, Lane, Received};
use ocpp_rpc::frame::write;
use ocpp_rpc::{Dialect, Frame, Instant, Limits, MessageId};
use ocpp_types::Encode;
use ocpp_types::v1_6::{MeterValuesRequest, StatusNotificationRequest};
use serde::de::IgnoredAny;

const STATUS: &str = r#"[2,"5f0c8a52-6f0b-4b8e-9f57-0d6d8f1f5a11","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Available","timestamp":"2025-06-01T12:00:00.000Z","vendorId":"com.example"}]"#;

const METER: &str = r#"[2,"5f0c8a52-6f0b-4b8e-9f57-0d6d8f1f5a12","MeterValues",{"connectorId":1,"transactionId":4711,"meterValue":[{"timestamp":"2025-06-01T12:00:00Z","sampledValue":[{"value":"1234567","context":"Sample.Periodic","measurand":"Energy.Active.Import.Register","unit":"Wh"},{"value":"230.1","measurand":"Voltage","phase":"L1-N","unit":"V"},{"value":"15.9","measurand":"Current.Import","phase":"L1","unit":"A"},{"value":"3658","measurand":"Power.Active.Import","unit":"W"}]}]}]"#;

const HEARTBEAT_ANSWER: &str = r#"{"currentTime":"2025-06-01T12:00:00.000Z"}"#;

fn main() {
    // `cargo test --benches` passes no arguments; a few iterations then show that everything still runs.
    let rounds = if std::env::args().any(|arg| arg == "--bench") { 200_000 } else { 10 };
    println!("{:<58} {:>9} {:>7} {:>9}", "", "ns", "allocs", "bytes");
    for (name, text) in [("StatusNotification", STATUS), ("MeterValues", METER)] {
        println!("{name}, {} bytes", text.len());
        frames(text, rounds);
    }
    typed(rounds);
    engine(rounds);
    memory();
}

fn frames(text: &str, rounds: u32) {
    let bytes = text.as_bytes();
    let limits = Limits::STANDARD;
    let open = || Frame::open(black_box(bytes), Dialect::V1_6, &limits);
    measure("  open: type, id, action", rounds, || open().is_ok());
    measure("  open, then check the payload raw", rounds, || match open() {
        Ok(Frame::Call { payload, .. }) => payload.raw().is_ok(),
        _ => false,
    });
    measure("  serde_json: check the frame (IgnoredAny)", rounds, || {
        serde_json::from_slice::<IgnoredAny>(black_box(bytes)).is_ok()
    });
    measure("  serde_json: (u8, String, String, Value)", rounds, || {
        serde_json::from_slice::<(u8, String, String, serde_json::Value)>(black_box(bytes)).is_ok()
    });
}

fn typed(rounds: u32) {
    println!("typed");
    let limits = Limits::STANDARD;
    let decode_status = || match Frame::open(black_box(STATUS.as_bytes()), Dialect::V1_6, &limits) {
        Ok(Frame::Call { payload, .. }) => payload.decode::<StatusNotificationRequest>().ok(),
        _ => None,
    };
    let decode_meter = || match Frame::open(black_box(METER.as_bytes()), Dialect::V1_6, &limits) {
        Ok(Frame::Call { payload, .. }) => payload.decode::<MeterValuesRequest>().ok(),
        _ => None,
    };
    measure("  open and decode StatusNotification", rounds, || decode_status().is_some());
    measure("  open and decode MeterValues", rounds, || decode_meter().is_some());
    let (Some(status), Some(meter), Ok(id)) = (decode_status(), decode_meter(), MessageId::new("1")) else {
        unreachable!("the frames are correct");
    };
    let write = |action, request: &dyn Encode| {
        write::call(String::with_capacity(1024), &id, action, |writer| request.write(writer)).is_ok()
    };
    measure("  write a frame of StatusNotification", rounds, || write("StatusNotification", black_box(&status)));
    measure("  write a frame of MeterValues", rounds, || write("MeterValues", black_box(&meter)));
}

fn engine(rounds: u32) {
    println!("engine");
    let mut engine = opened();
    let now = Instant::from_millis(1);
    let timeout = Duration::from_secs(30);
    let mut answer = String::new();
    let mut call = || {
        let taken = engine.call(now, Lane::Normal, "Heartbeat", "{}", timeout);
        let Some(frame) = engine.poll_transmit() else { return false };
        answer.clear();
        answer.push_str("[3,\"");
        answer.push_str(frame.text.split('"').nth(1).unwrap_or_default());
        answer.push_str("\",");
        answer.push_str(HEARTBEAT_ANSWER);
        answer.push(']');
        let received = engine.receive(now, black_box(answer.as_bytes()));
        taken.is_ok() && matches!(received, Received::Result { .. })
    };
    measure("  call, frame, answer (frame of the peer included)", rounds, &mut call);
    let floor = format!("[3,\"0000000000000-00000\",{HEARTBEAT_ANSWER}]");
    measure("  serde_json: check that answer (IgnoredAny)", rounds, || {
        serde_json::from_str::<IgnoredAny>(black_box(&floor)).is_ok()
    });

    let mut engine = opened();
    let mut number = 0u32;
    let mut frame = String::new();
    let mut serve = || {
        number += 1;
        frame.clear();
        use std::fmt::Write;
        let _ = write!(frame, "[2,\"{number}\",\"Heartbeat\",{{}}]");
        let Received::Call { token, .. } = engine.receive(now, black_box(frame.as_bytes())) else { return false };
        engine.reply(now, token, HEARTBEAT_ANSWER).is_ok() && engine.poll_transmit().is_some()
    };
    measure("  call of the peer, reply, frame", rounds, &mut serve);

    let mut engine = opened();
    let mut time = 0;
    let mut tick = || {
        time += 1;
        engine.handle_timeout(Instant::from_millis(time));
        engine.poll_timeout().is_none() && engine.poll_event().is_none() && engine.poll_transmit().is_none()
    };
    measure("  idle tick, all polls", rounds, &mut tick);
}

fn memory() {
    println!("memory of an engine in bytes, heap included");
    let idle = allocation_counter::measure(|| drop(black_box(opened())));
    println!("  new, connected{:>52}", size_of::<Engine>() as u64 + idle.bytes_max);
    for (name, config) in [("standard", Config::STANDARD), ("small", Config::SMALL)] {
        let mut kept = None;
        let after = allocation_counter::measure(|| {
            let mut engine = Engine::new(config, 1);
            engine.opened(Instant::ZERO, Dialect::V1_6);
            for number in 0..1000 {
                let _ = engine.call(Instant::ZERO, Lane::Normal, "Heartbeat", "{}", Duration::from_secs(30));
                let id = engine.poll_transmit().map(|frame| frame.text.split('"').nth(1).map(String::from));
                let answer = format!("[3,\"{}\",{HEARTBEAT_ANSWER}]", id.flatten().unwrap_or_default());
                let _ = engine.receive(Instant::ZERO, answer.as_bytes());
                let call = format!("[2,\"5f0c8a52-6f0b-4b8e-9f57-{number:012}\",\"Heartbeat\",{{}}]");
                if let Received::Call { token, .. } = engine.receive(Instant::ZERO, call.as_bytes()) {
                    let _ = engine.reply(Instant::ZERO, token, HEARTBEAT_ANSWER);
                }
                let _ = engine.poll_transmit();
            }
            kept = Some(engine);
        });
        let bytes = size_of::<Engine>() as i64 + after.bytes_current;
        println!("  idle after 1,000 calls each way, {name:<10}{bytes:>23}");
        drop(kept);
    }
}

fn opened() -> Engine {
    let mut engine = Engine::new(Config::STANDARD, 1);
    engine.opened(Instant::ZERO, Dialect::V1_6);
    engine
}

/// Prints the time of one run of `body`, which must succeed each time, and what it allocates.
fn measure(name: &str, rounds: u32, mut body: impl FnMut() -> bool) {
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let start = Clock::now();
        for _ in 0..rounds {
            assert!(body(), "{name} fails");
        }
        best = best.min(start.elapsed());
    }
    let allocated = allocation_counter::measure(|| assert!(body(), "{name} fails"));
    let nanos = best.as_nanos() / u128::from(rounds);
    println!("{name:<58} {nanos:>9} {:>7} {:>9}", allocated.count_total, allocated.bytes_total);
}
