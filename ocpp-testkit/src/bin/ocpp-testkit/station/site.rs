//! The simulated hardware of all EVSEs, with a memory of what is physical: a meter does not forget when the program dies.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ocpp_core::station::{Cable, Contactor, EvseAction, EvseId, EvseInput, Fault, Vehicle};
use ocpp_core::time::Instant;
use ocpp_testkit::hardware::Hardware;
use serde::{Deserialize, Serialize};

use crate::print;

/// How often the registers are saved while energy flows.
const SAVE_INTERVAL: Duration = Duration::from_secs(1);

/// What outlives the program, of one EVSE.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Physical {
    register_mwh: i64,
    is_plugged: bool,
    vehicle: Vehicle,
    fault: Option<Fault>,
}

/// The hardware of a station.
#[derive(Debug)]
pub struct Site {
    evses: BTreeMap<EvseId, (Hardware, Physical)>,
    memory: Option<PathBuf>,
    saved: Instant,
}

impl Site {
    /// Hardware as it was left, or new with `evses` EVSEs like `model`. Nothing conducts, and all that there is to find is
    /// reported.
    ///
    /// # Errors
    /// When the file is there but cannot be read.
    pub fn open(memory: Option<PathBuf>, evses: u16, model: &Hardware, now: Instant) -> io::Result<Self> {
        let mut left: BTreeMap<EvseId, Physical> = match memory.as_ref().filter(|file| file.exists()) {
            Some(file) => serde_json::from_slice(&fs::read(file).map_err(|error| named(file, &error))?)
                .map_err(|error| named(file, &error.into()))?,
            None => BTreeMap::new(),
        };
        let wake = |evse| {
            let physical = left.remove(&EvseId(evse)).unwrap_or_default();
            let mut hardware = model.clone().with_register(physical.register_mwh);
            if physical.is_plugged {
                hardware.plug(now);
                hardware.set_vehicle(now, physical.vehicle);
            }
            if physical.fault.is_some() {
                hardware.set_fault(now, physical.fault.clone());
            }
            restart(&mut hardware, now);
            (EvseId(evse), (hardware, physical))
        };
        let evses = (1..=evses).map(wake).collect();
        Ok(Site { evses, memory, saved: now })
    }

    /// Whether the station has this EVSE.
    pub fn has(&self, evse: EvseId) -> bool {
        self.evses.contains_key(&evse)
    }

    /// Carries out an order of the station.
    pub fn order(&mut self, now: Instant, evse: EvseId, order: &EvseAction) {
        self.with(evse, |hardware, _| hardware.order(now, order));
    }

    /// A vehicle that asks for energy is connected.
    pub fn plug(&mut self, now: Instant, evse: EvseId) -> io::Result<()> {
        self.change(now, evse, |hardware, physical| {
            hardware.plug(now);
            physical.vehicle = Vehicle::Ready;
        })
    }

    /// The vehicle leaves.
    pub fn unplug(&mut self, now: Instant, evse: EvseId) -> io::Result<()> {
        self.change(now, evse, |hardware, _| hardware.unplug(now))
    }

    /// The cable is pulled out of the vehicle, and stays in the socket.
    pub fn unplug_vehicle(&mut self, now: Instant, evse: EvseId) -> io::Result<()> {
        self.change(now, evse, |hardware, _| hardware.unplug_vehicle(now))
    }

    /// The plug's lock does not move any more, or moves again.
    pub fn set_lock_stuck(&mut self, now: Instant, evse: EvseId, is_stuck: bool) {
        self.with(evse, |hardware, _| hardware.set_lock_stuck(now, is_stuck));
    }

    /// The vehicle asks for energy, or pauses.
    pub fn set_vehicle(&mut self, now: Instant, evse: EvseId, vehicle: Vehicle) -> io::Result<()> {
        self.change(now, evse, |hardware, physical| {
            hardware.set_vehicle(now, vehicle);
            physical.vehicle = vehicle;
        })
    }

    /// A fault appears, or goes.
    pub fn set_fault(&mut self, now: Instant, evse: EvseId, fault: Option<Fault>) -> io::Result<()> {
        self.change(now, evse, |hardware, physical| {
            hardware.set_fault(now, fault.clone());
            physical.fault = fault;
        })
    }

    /// The vehicle takes another power.
    pub fn set_draw(&mut self, now: Instant, evse: EvseId, watts: u32) {
        self.with(evse, |hardware, _| hardware.set_draw(now, watts));
    }

    /// The station goes down: its outputs fall. People may come and go meanwhile.
    pub fn go_down(&mut self, now: Instant) {
        self.evses.values_mut().for_each(|(hardware, _)| hardware.power_cut(now));
    }

    /// It is back, and finds out what hangs at it.
    pub fn come_up(&mut self, now: Instant) {
        self.evses.values_mut().for_each(|(hardware, _)| hardware.power_on(now));
    }

    /// The next fact to tell the station. What it says of meter and plug is saved before, so that nothing told is undone.
    pub fn poll_fact(&mut self, now: Instant) -> io::Result<Option<(EvseId, EvseInput)>> {
        let mut facts = self.evses.iter_mut();
        let fact = facts.find_map(|(evse, (hardware, _))| hardware.poll_fact(now).map(|fact| (*evse, fact)));
        let is_save_due = self.poll_save().is_some_and(|due| due <= now);
        if is_save_due || matches!(fact, Some((_, EvseInput::Meter(_) | EvseInput::Cable(_)))) {
            self.save(now)?;
        }
        Ok(fact)
    }

    /// When the next fact is due, or something is to be saved.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let facts = self.evses.values().filter_map(|(hardware, _)| hardware.poll_timeout());
        facts.chain(self.poll_save()).min()
    }

    fn poll_save(&self) -> Option<Instant> {
        let conducts = self.evses.values().any(|(hardware, _)| hardware.contactor() == Contactor::Closed);
        (conducts && self.memory.is_some()).then(|| self.saved + SAVE_INTERVAL)
    }

    fn with(&mut self, evse: EvseId, act: impl FnOnce(&mut Hardware, &mut Physical)) {
        if let Some((hardware, physical)) = self.evses.get_mut(&evse) {
            act(hardware, physical);
        }
    }

    fn change(&mut self, now: Instant, evse: EvseId, act: impl FnOnce(&mut Hardware, &mut Physical)) -> io::Result<()> {
        self.with(evse, act);
        self.save(now)
    }

    /// Written beside and then moved into place, so that a crash leaves the old state or the new one.
    fn save(&mut self, now: Instant) -> io::Result<()> {
        self.saved = now;
        let Some(memory) = &self.memory else { return Ok(()) };
        for (hardware, physical) in self.evses.values_mut() {
            physical.register_mwh = hardware.meter().register_mwh(now);
            physical.is_plugged = hardware.cable() == Cable::Connected;
        }
        let state: BTreeMap<_, _> = self.evses.iter().map(|(evse, (_, physical))| (evse, physical)).collect();
        let beside = memory.with_extension("json.new");
        let text = serde_json::to_vec(&state)?;
        let written = File::create(&beside).and_then(|mut file| {
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&beside, memory)
        });
        written.map_err(|error| named(memory, &error))
    }
}

/// With the file, and what to do.
fn named(file: &Path, error: &io::Error) -> io::Error {
    // The sentence stands for the whole: a pipe that broke is another thing.
    io::Error::other(print::unusable("--store", file.display(), error))
}

/// Outputs fall, and all facts are reported anew.
fn restart(hardware: &mut Hardware, now: Instant) {
    hardware.power_cut(now);
    hardware.power_on(now);
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocpp_core::station::Power;

    const EVSE: EvseId = EvseId(1);

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1_000)
    }

    fn facts(site: &mut Site, now: Instant) -> Vec<EvseInput> {
        std::iter::from_fn(|| site.poll_fact(now).unwrap()).map(|(_, fact)| fact).collect()
    }

    fn register_mwh(site: &mut Site, now: Instant) -> i64 {
        site.order(now, EVSE, &EvseAction::ReadMeter);
        let answered = now + Duration::from_secs(1);
        match facts(site, answered).last() {
            Some(EvseInput::Meter(reading)) => reading.energy_mwh,
            other => panic!("no reading but {other:?}"),
        }
    }

    #[test]
    fn meter_and_plug_outlive_the_program_and_no_reading_is_ever_lower() {
        let directory = tempfile::tempdir().unwrap();
        let memory = Some(directory.path().join("hardware.json"));
        let mut site = Site::open(memory.clone(), 1, &Hardware::new(0, 36_000), at(0)).unwrap();
        site.plug(at(0), EVSE).unwrap();
        site.order(at(0), EVSE, &EvseAction::Power(Power::On));
        assert_eq!(facts(&mut site, at(1)).last(), Some(&EvseInput::Contactor(Contactor::Closed)));
        let before = register_mwh(&mut site, at(10));
        assert!((90_000..=100_000).contains(&before), "36 kW are 10 Wh a second: {before}");
        drop(site);

        let mut site = Site::open(memory, 1, &Hardware::new(0, 36_000), at(0)).unwrap();
        let found = [
            EvseInput::Cable(Cable::Connected),
            EvseInput::Vehicle(Vehicle::Ready),
            EvseInput::Contactor(Contactor::Open),
        ];
        assert_eq!(facts(&mut site, at(1)), found);
        let after = register_mwh(&mut site, at(20));
        assert!((before..=before + 11_000).contains(&after), "{before} then {after}");
        assert_eq!(register_mwh(&mut site, at(30)), after, "nothing conducts");
    }

    #[test]
    fn registers_are_saved_each_second_while_energy_flows() {
        let directory = tempfile::tempdir().unwrap();
        let memory = Some(directory.path().join("hardware.json"));
        let mut site = Site::open(memory, 1, &Hardware::new(0, 3_600), at(0)).unwrap();
        assert_eq!(site.poll_timeout(), None);
        site.plug(at(0), EVSE).unwrap();
        site.order(at(0), EVSE, &EvseAction::Power(Power::On));
        let _ = facts(&mut site, at(1));
        assert_eq!(site.poll_timeout(), Some(at(2)));
        let _ = facts(&mut site, at(2));
        assert_eq!(site.poll_timeout(), Some(at(3)));
    }
}
