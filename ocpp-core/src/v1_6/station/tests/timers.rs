//! What a station waits for, by name.

use super::*;
use crate::station::Timer;

#[test]
fn next_deadline_has_an_owner() {
    let mut bench = Bench::new(Image::default(), &[("HeartbeatInterval", "600"), ("ConnectionTimeOut", "90")]);
    assert_eq!(bench.station.next_timer(), Some(Timer::Link), "an attempt to connect that nobody answers");
    bench.open();
    assert_eq!(bench.station.next_timer(), Some(Timer::Call), "a BootNotification is on its way");
    bench.boot("Pending");
    assert_eq!(bench.station.next_timer(), Some(Timer::Link), "a ping comes before the next BootNotification");

    let mut bench = Bench::accepted(&[("WebSocketPingInterval", "0"), ("ConnectionTimeOut", "90")]);
    assert_eq!(bench.station.next_timer(), Some(Timer::Heartbeat));
    bench.cable(Cable::Connected);
    bench.answer_all("StatusNotification", &json!({}));
    assert_eq!(bench.station.next_timer(), Some(Timer::Evse(EVSE)), "a driver who is to present a token");
    bench.input(Input::Link(LinkInput::Closed));
    assert_eq!(bench.station.next_timer(), Some(Timer::Link), "the next attempt to connect");
}

/// Early ticks are harmless, and each deadline that came is over: its owner has another one, or none.
#[test]
fn deadline_that_came_is_over() {
    let mut bench = Bench::accepted(&[("MeterValueSampleInterval", "10"), ("ClockAlignedDataInterval", "60")]);
    bench.start();
    bench.answer("StartTransaction", &json!({"transactionId": 7, "idTagInfo": {"status": "Accepted"}}));
    let mut owners = Vec::new();
    for _ in 0..200 {
        let (at, owner) = (bench.station.poll_timeout().unwrap(), bench.station.next_timer().unwrap());
        bench.now = at.as_millis();
        bench.input(Input::Tick);
        assert!(bench.station.poll_timeout().is_none_or(|next| next > at), "{owner:?} is due again at {at:?}");
        if !owners.contains(&owner) {
            owners.push(owner);
        }
    }
    assert!(owners.len() >= 3, "{owners:?}");
}
