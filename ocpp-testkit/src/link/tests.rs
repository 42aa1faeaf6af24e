use super::*;
use End::{Csms, Station};

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn request() -> ConnectRequest {
    let subprotocols = vec!["ocpp1.6".into()];
    ConnectRequest::new("ws://csms/CP1", subprotocols)
}

fn network() -> Link {
    Link::new(Duration::from_millis(30), Duration::from_millis(20))
}

/// Connected at 50 ms.
fn connected() -> Link {
    let mut link = network();
    link.connect(at(0), request());
    assert_eq!(link.poll_arrival(at(30)), Some((Csms, Arrival::Handshake(request()))));
    link.accept(at(30), "ocpp1.6");
    assert_eq!(link.poll_timeout(), Some(at(50)));
    assert_eq!(link.poll_arrival(at(50)), Some((Station, Arrival::Opened("ocpp1.6".into()))));
    assert!(link.is_idle());
    link
}

fn frame(text: &str) -> Arrival {
    Arrival::Frame(text.into())
}

fn arrivals(link: &mut Link, now: Instant) -> Vec<(End, Arrival)> {
    std::iter::from_fn(|| link.poll_arrival(now)).collect()
}

#[test]
fn frames_arrive_in_order_after_their_latency() {
    let mut link = connected();
    assert!(link.send(at(100), Station, b"a".to_vec()));
    assert!(link.send(at(101), Csms, b"b".to_vec()));
    assert!(link.send(at(102), Station, b"c".to_vec()));
    assert_eq!(arrivals(&mut link, at(121)), [(Station, frame("b"))]);
    assert_eq!(arrivals(&mut link, at(131)), [(Csms, frame("a"))]);
    assert_eq!(arrivals(&mut link, at(132)), [(Csms, frame("c"))]);
}

#[test]
fn cut_loses_a_suffix_each_way_and_both_ends_notice() {
    for keep_up in 0..=2 {
        let mut link = connected();
        link.send(at(100), Station, b"a".to_vec());
        link.send(at(100), Station, b"b".to_vec());
        link.send(at(100), Csms, b"c".to_vec());
        assert_eq!(link.cut(at(100), keep_up, 0), (2 - keep_up, 1));
        let mut seen = arrivals(&mut link, at(1000));
        assert_eq!(seen.remove(0), (Station, Arrival::Closed));
        assert_eq!(seen.pop(), Some((Csms, Arrival::Closed)));
        assert_eq!(seen, [(Csms, frame("a")), (Csms, frame("b"))][..keep_up]);
        assert!(!link.send(at(1000), Station, b"d".to_vec()) && !link.is_open(Csms));
    }
}

#[test]
fn silent_death_swallows_everything_until_the_station_connects_again() {
    let mut link = connected();
    link.send(at(100), Csms, b"a".to_vec());
    link.die_silently(at(100));
    assert!(link.is_open(Station) && link.is_open(Csms));
    assert!(!link.send(at(110), Station, b"b".to_vec()));
    link.ping(at(110), Station);
    link.close(at(200), Station);
    assert_eq!(arrivals(&mut link, at(9000)), []);
    link.connect(at(9000), request());
    assert_eq!(arrivals(&mut link, at(9030)), [(Csms, Arrival::Handshake(request()))]);
    link.accept(at(9030), "ocpp1.6");
    assert_eq!(arrivals(&mut link, at(9050)).len(), 1);
    assert!(link.send(at(9050), Station, b"c".to_vec()));
    assert_eq!(arrivals(&mut link, at(9080)), [(Csms, frame("c"))]);
}

#[test]
fn ping_is_answered_after_both_latencies() {
    let mut link = connected();
    link.ping(at(100), Station);
    link.ping(at(100), Csms);
    assert_eq!(link.poll_timeout(), Some(at(150)));
    assert_eq!(arrivals(&mut link, at(150)).len(), 2);
}

#[test]
fn failed_attempts_tell_the_station_alone() {
    let mut link = network();
    link.network = Network::Refusing;
    link.connect(at(0), request());
    assert_eq!(arrivals(&mut link, at(50)), [(Station, Arrival::Closed)]);
    link.network = Network::Dead;
    link.connect(at(100), request());
    assert_eq!(link.poll_timeout(), Some(at(10_120)));
    assert_eq!(arrivals(&mut link, at(10_120)), [(Station, Arrival::Closed)]);
    link.network = Network::Up;
    link.connect(at(20_000), request());
    assert_eq!(arrivals(&mut link, at(20_030)).len(), 1);
    link.refuse(at(20_030));
    assert_eq!(arrivals(&mut link, at(20_050)), [(Station, Arrival::Closed)]);
}

#[test]
fn endpoint_fares_as_it_is_told_whatever_the_network_does() {
    let mut link = network();
    let elsewhere = || ConnectRequest::new("ws://elsewhere/CP1", vec!["ocpp1.6".into()]);
    link.endpoints.insert("ws://elsewhere/", Network::Refusing);
    link.connect(at(0), elsewhere());
    assert_eq!(arrivals(&mut link, at(50)), [(Station, Arrival::Closed)]);
    link.connect(at(100), request());
    assert_eq!(arrivals(&mut link, at(130)), [(Csms, Arrival::Handshake(request()))]);
    (link.network, link.endpoints) = (Network::Refusing, BTreeMap::from([("ws://elsewhere/", Network::Up)]));
    link.connect(at(200), elsewhere());
    assert_eq!(arrivals(&mut link, at(230)), [(Csms, Arrival::Handshake(elsewhere()))]);
}

#[test]
fn attempt_that_a_cut_catches_fails() {
    for accepted in [false, true] {
        let mut link = network();
        link.connect(at(0), request());
        if accepted {
            assert_eq!(arrivals(&mut link, at(30)).len(), 1);
            link.accept(at(30), "ocpp1.6");
        }
        link.cut(at(40), 0, 0);
        let seen = arrivals(&mut link, at(60_000));
        assert_eq!(seen.iter().filter(|(end, _)| *end == Station).count(), 1, "{seen:?}");
        assert!(link.is_idle() && !link.is_open(Csms) && !link.is_open(Station));
    }
}

#[test]
fn station_without_power_leaves_the_csms_believing() {
    for arrives in [false, true] {
        let mut link = connected();
        link.send(at(100), Station, b"a".to_vec());
        link.send(at(100), Csms, b"b".to_vec());
        link.power_cut(at(110), Station, arrives);
        let expected = if arrives { vec![(Csms, frame("a"))] } else { vec![] };
        assert_eq!(arrivals(&mut link, at(9000)), expected);
        assert!(link.is_open(Csms));
        link.connect(at(9000), request());
        assert_eq!(arrivals(&mut link, at(9030)), [(Csms, Arrival::Handshake(request()))]);
    }
}

#[test]
fn station_notices_a_csms_without_power() {
    for arrives in [false, true] {
        let mut link = connected();
        link.send(at(100), Csms, b"a".to_vec());
        link.send(at(100), Station, b"b".to_vec());
        link.power_cut(at(110), Csms, arrives);
        let mut seen = arrivals(&mut link, at(9000));
        assert_eq!(seen.pop(), Some((Station, Arrival::Closed)));
        assert_eq!(seen.len(), usize::from(arrives));
    }
}

#[test]
fn transport_gives_a_silent_connection_up_when_something_was_sent_into_it() {
    let mut link = connected();
    let died = at(60_000);
    link.die_silently(died);
    assert_eq!(link.poll_timeout(), None, "who sends nothing notices nothing");
    assert!(!link.send(died, Station, b"a".to_vec()));
    assert!(!link.send(died + Duration::from_secs(100), Station, b"b".to_vec()));
    let noticed = died + TRANSPORT_GIVES_UP;
    assert_eq!(link.poll_timeout(), Some(noticed), "counted from what was sent first");
    assert_eq!(link.poll_arrival(noticed), Some((Station, Arrival::Closed)));
    assert!(!link.is_open(Station) && link.is_open(Csms));
    assert_eq!(link.poll_timeout(), None);
}
