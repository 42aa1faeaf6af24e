//! Who may have which connector, by a naive model: every decision of the station, in every small world, against a search
//! through all ways to give everybody a place (1.6 §5.13).

use super::*;
use crate::station::{Fault, FaultCode};

/// What a connector is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Idle,
    Occupied,
    /// A vehicle stands there, and nobody presented a token.
    Plugged,
    Faulted,
    Inoperative,
    Kept(Whom),
}

/// Whom something is reserved for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whom {
    A,
    B,
    /// A token that never comes, and its group, which `MEMBER` is of.
    Group,
}

use Place::{Faulted, Idle, Inoperative, Kept, Occupied, Plugged};

const EACH: [Place; 8] =
    [Idle, Occupied, Plugged, Faulted, Inoperative, Kept(Whom::A), Kept(Whom::B), Kept(Whom::Group)];
const TOKENS: [&str; 3] = ["A", "MEMBER", "STRANGER"];

impl Whom {
    fn token(self) -> &'static str {
        match self {
            Whom::A => "A",
            Whom::B => "B",
            Whom::Group => "HEAD",
        }
    }

    fn admits(self, token: &str) -> bool {
        token == self.token() || (self == Whom::Group && token == "MEMBER")
    }
}

/// Who needs a place that is free.
#[derive(Clone, Copy, Debug)]
enum Need {
    Station,
    Token(&'static str),
}

#[derive(Clone, Debug)]
struct World {
    places: Vec<Place>,
    station: Option<Whom>,
    /// An accepted token that was presented to the station.
    waiting: Option<&'static str>,
}

impl World {
    /// Those that need a place, one token aside. A token that waits, and that the station is reserved for, needs no other:
    /// wherever it goes, the reservation of the station leaves it one.
    fn needs(&self, except: Option<&str>) -> Vec<Need> {
        let is_users = |token: &&str| self.station.is_some_and(|whom| whom.admits(token));
        let waiting = self.waiting.filter(|token| Some(*token) != except && !is_users(token));
        let station = self.station.map(|_| Need::Station);
        station.into_iter().chain(waiting.map(Need::Token)).collect()
    }

    fn without(&self, place: usize) -> Vec<Place> {
        let mut places = self.places.clone();
        places[place] = Occupied;
        places
    }

    fn may_take(&self, place: usize, token: &'static str) -> bool {
        let (is_admitted, uses_station) = match self.places[place] {
            Idle | Plugged => (true, self.station.is_some_and(|whom| whom.admits(token))),
            Kept(whom) => (whom.admits(token), false),
            Occupied | Faulted | Inoperative => (false, false),
        };
        let after = World {
            places: self.without(place),
            station: self.station.filter(|_| !uses_station),
            waiting: self.waiting.filter(|waiting| *waiting != token),
        };
        is_admitted && after.is_sound()
    }

    fn may_come(&self, token: &'static str) -> bool {
        if let [_] = self.places.as_slice() {
            return self.may_take(0, token);
        }
        let is_at = |place: &usize| self.places[*place] == Plugged && self.may_take(*place, token);
        let is_stations = self.station.is_some_and(|whom| whom.admits(token));
        let mut needs = self.needs(Some(token));
        needs.extend((!is_stations).then_some(Need::Token(token)));
        (0..self.places.len()).any(|place| is_at(&place)) || fit(&self.places, &needs)
    }

    fn reserve(&self, connector: usize, whom: Whom) -> &'static str {
        let mut after = self.clone();
        if connector == 0 {
            if self.station.is_some() {
                return "Occupied";
            }
            after.station = Some(whom);
            return match fit(&after.places, &after.needs(None)) {
                true => "Accepted",
                false if self.places.iter().all(|place| *place == Faulted) => "Faulted",
                false if self.places.iter().all(|place| matches!(place, Faulted | Inoperative)) => "Unavailable",
                false => "Occupied",
            };
        }
        match self.places[connector - 1] {
            Faulted => return "Faulted",
            Inoperative => return "Unavailable",
            Occupied | Plugged | Kept(_) => return "Occupied",
            Idle => after.places[connector - 1] = Kept(whom),
        }
        if fit(&after.places, &after.needs(None)) { "Accepted" } else { "Occupied" }
    }

    /// Whether everybody who was promised something can have it.
    fn is_sound(&self) -> bool {
        fit(&self.places, &self.needs(None))
    }

    fn bench(&self) -> Bench {
        let settings =
            [("AuthorizeRemoteTxRequests", "false"), ("LocalPreAuthorize", "true"), ("MeterValueSampleInterval", "0")];
        let evses = u16::try_from(self.places.len()).unwrap();
        let mut bench = Bench::with_config(Image::default(), config(&settings).with_evses(evses)).online();
        let known = |token, group| json!({"idTag": token, "idTagInfo": {"status": "Accepted", "parentIdTag": group}});
        let list = [known("A", "PA"), known("MEMBER", "P"), known("STRANGER", "PS"), known("GUEST", "PG")];
        let list = json!({"listVersion": 1, "updateType": "Full", "localAuthorizationList": list});
        assert_eq!(bench.request("SendLocalList", &list)["status"], "Accepted");
        for (place, connector) in self.places.iter().zip(1..) {
            match place {
                Faulted => bench.fail(connector),
                Inoperative => {
                    bench.request("ChangeAvailability", &json!({"connectorId": connector, "type": "Inoperative"}));
                }
                Occupied => {
                    assert_eq!(bench.remote_start(Some(connector), "X"), "Accepted");
                    bench.plug_in(connector);
                    bench.settle();
                }
                Plugged => bench.plug_in(connector),
                Idle | Kept(_) => {}
            }
        }
        for (place, connector) in self.places.iter().zip(1..) {
            if let Kept(whom) = place {
                assert_eq!(bench.reserve_for(connector, i64::from(connector), *whom), "Accepted", "{self:?}");
            }
        }
        if let Some(whom) = self.station {
            assert_eq!(bench.reserve_for(0, 100, whom), "Accepted", "{self:?}");
        }
        if let Some(token) = self.waiting {
            assert_eq!(bench.remote_start(None, token), "Accepted", "{self:?}");
        }
        bench.settle();
        bench
    }
}

/// Whether each need can have a place of its own.
fn fit(places: &[Place], needs: &[Need]) -> bool {
    let Some((need, others)) = needs.split_first() else { return true };
    (0..places.len()).any(|place| {
        let is_good = match (places[place], need) {
            (Idle, _) => true,
            (Kept(whom), Need::Token(token)) => whom.admits(token),
            (Kept(_), Need::Station) | (Occupied | Plugged | Faulted | Inoperative, _) => false,
        };
        let mut left = places.to_vec();
        left.remove(place);
        is_good && fit(&left, others)
    })
}

impl Bench {
    pub(super) fn fail(&mut self, connector: u16) {
        let fault = Fault {
            code: FaultCode::OtherError,
            is_blocking: true,
            info: None,
            vendor_error_code: None,
            vendor_id: None,
        };
        self.input(Input::Evse(EvseId(connector), EvseInput::Fault(fault)));
    }

    fn reserve_for(&mut self, connector: u16, id: i64, whom: Whom) -> String {
        let parent = (whom == Whom::Group).then_some("P");
        self.reserve_with(connector, id, whom.token(), parent)
    }

    /// Whether a token that was presented may charge.
    fn admits(&mut self, evse: Option<u16>, token: &str) -> bool {
        self.events.clear();
        self.input(Input::Token { evse: evse.map(EvseId), token: IdToken::new(token) });
        self.events.iter().any(|event| event.contains("TokenAccepted"))
    }
}

/// What can be asked of the station.
#[derive(Clone, Copy, Debug)]
enum Demand {
    Reserve(u16, Whom),
    Remote(u16, &'static str),
    Token(u16, &'static str),
    /// A vehicle comes: does it get energy?
    Cable(u16),
}

impl Demand {
    fn all(evses: u16) -> impl Iterator<Item = Demand> {
        (0..=evses).flat_map(|n| {
            let tokens = TOKENS.into_iter().flat_map(move |token| [Demand::Remote(n, token), Demand::Token(n, token)]);
            let reserve = [Whom::A, Whom::B, Whom::Group].map(|whom| Demand::Reserve(n, whom));
            reserve.into_iter().chain(tokens).chain((n > 0).then_some(Demand::Cable(n)))
        })
    }

    fn expected(self, world: &World) -> Option<&'static str> {
        let word = |is_good| if is_good { "Accepted" } else { "Rejected" };
        match self {
            Demand::Reserve(n, whom) => Some(world.reserve(n.into(), whom)),
            // Presented again, which takes it back.
            Demand::Remote(0, token) | Demand::Token(0, token) if world.waiting == Some(token) => None,
            Demand::Remote(0, token) | Demand::Token(0, token) => Some(word(world.may_come(token))),
            Demand::Remote(n, token) | Demand::Token(n, token) => Some(word(world.may_take(usize::from(n) - 1, token))),
            Demand::Cable(n) => {
                let place = usize::from(n) - 1;
                let is_empty = matches!(world.places[place], Idle | Kept(_));
                is_empty.then(|| word(world.waiting.is_some_and(|token| world.may_take(place, token))))
            }
        }
    }

    /// Carries it out.
    fn seen(self, bench: &mut Bench) -> String {
        let word = |is_good| if is_good { "Accepted" } else { "Rejected" };
        match self {
            Demand::Reserve(n, whom) => bench.reserve_for(n, 200, whom),
            Demand::Remote(n, token) => bench.remote_start((n > 0).then_some(n), token),
            Demand::Token(n, token) => word(bench.admits((n > 0).then_some(n), token)).into(),
            Demand::Cable(n) => {
                bench.orders.clear();
                bench.plug_in(n);
                bench.settle();
                word(bench.orders.contains(&EvseAction::Power(Power::On))).into()
            }
        }
    }
}

/// Multisets: which connector is which makes no difference.
fn worlds(evses: usize, kinds: &[Place]) -> Vec<World> {
    let mut places: Vec<Vec<Place>> = [Vec::new()].into();
    for _ in 0..evses {
        let longer = |start: &Vec<Place>| {
            let least = start.last().copied().unwrap_or(Idle);
            let more = kinds.iter().filter(move |kind| **kind >= least);
            more.map(|kind| [start.as_slice(), &[*kind]].concat()).collect::<Vec<_>>()
        };
        places = places.iter().flat_map(longer).collect();
    }
    let station = [None, Some(Whom::A), Some(Whom::Group)];
    let with_station = places.iter().flat_map(|places| station.map(|station| (places.clone(), station)));
    let all = with_station.flat_map(|(places, station)| {
        let is_waited_for = places.contains(&Plugged) || places.len() == 1;
        let waiting: &[_] = if is_waited_for { &[None] } else { &[None, Some("A"), Some("GUEST")] };
        waiting
            .iter()
            .map(move |waiting| World { places: places.clone(), station, waiting: *waiting })
            .collect::<Vec<_>>()
    });
    all.filter(World::is_sound).collect()
}

#[test]
fn every_decision_keeps_every_promise() {
    let few = [Idle, Occupied, Plugged, Kept(Whom::A), Kept(Whom::Group)];
    let worlds = [worlds(1, &EACH), worlds(2, &EACH), worlds(3, &few)].concat();
    let (mut wrong, mut decisions) = (Vec::new(), 0);
    for world in &worlds {
        let mut fresh = None;
        for demand in Demand::all(u16::try_from(world.places.len()).unwrap()) {
            let Some(expected) = demand.expected(world) else { continue };
            let mut bench = fresh.take().unwrap_or_else(|| world.bench());
            let seen = demand.seen(&mut bench);
            decisions += 1;
            if seen != expected {
                wrong.push(format!("{world:?} {demand:?}: {seen}, not {expected}"));
            }
            // A refusal changes nothing.
            fresh = (seen != "Accepted" && !matches!(demand, Demand::Cable(_))).then_some(bench);
        }
    }
    assert!(decisions > 6_000, "{decisions}");
    let shown: Vec<_> = wrong.iter().take(40).collect();
    assert!(wrong.is_empty(), "{} of {decisions} in {} worlds: {shown:#?}", wrong.len(), worlds.len());
}
