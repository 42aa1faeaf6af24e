//! A station, and everything that can happen to it: drivers, vehicles, an honest or hostile CSMS, a slow or failing store,
//! power cuts.

mod peer;
mod world;

use ocpp_core::station::{
    Answer, Cable, Command, Contactor, DataTransferStatus, EvseInput, Fault, FaultCode, IdToken, Input, JobUpdate,
    LinkInput, Lock, StopReason, Vehicle,
};

use self::peer::Verdict;
use self::world::World;
use crate::fuzz::script::Script;

/// Drives a station by a script (see `step`) and checks after each step what must always hold; at the end, that every prefix
/// of what the store was given restores.
pub fn station(data: &[u8]) {
    let mut script = Script::new(data);
    let mut world = World::new();
    while let Some(op) = script.next() {
        step(&mut world, op, &mut script);
    }
    world.finish();
}

/// One thing happens. Characters without meaning, such as white space, are passed over.
fn step(world: &mut World, op: u8, script: &mut Script<'_>) {
    match op {
        // The link, and what the CSMS says to the call that waits.
        b'o' => world.open("ocpp1.6"),
        b'O' => world.open("ocpp2.0.1"),
        b'c' => world.close(),
        b'i' => world.may(Input::Link(LinkInput::Pong)),
        b'a' => world.answer(Verdict::Accepted),
        b'P' => world.answer(Verdict::Pending),
        b'r' => world.answer(Verdict::Rejected),
        b'e' => world.answer(Verdict::Error),
        b'b' => world.answer(Verdict::Nonsense),
        b'C' => world.csms_calls(script.next().unwrap_or_default()),
        b'f' => world.frame(script.line()),
        // The hardware and the driver at it.
        b'0'..=b'3' => world.evse = u16::from(op - b'0'),
        b'p' => world.fact(EvseInput::Cable(Cable::Connected)),
        b'q' => world.fact(EvseInput::Cable(Cable::Plugged)),
        b'u' => world.fact(EvseInput::Cable(Cable::Absent)),
        b'v' => world.fact(EvseInput::Vehicle(Vehicle::Ready)),
        b'V' => world.fact(EvseInput::Vehicle(Vehicle::Paused)),
        b'k' => world.fact(EvseInput::Contactor(Contactor::Closed)),
        b'K' => world.fact(EvseInput::Contactor(Contactor::Open)),
        b'n' => world.fact(EvseInput::Lock(Lock::Locked)),
        b'N' => world.fact(EvseInput::Lock(Lock::Unlocked)),
        b'h' => world.fact(EvseInput::Fault(fault(true))),
        b'w' => world.fact(EvseInput::Fault(fault(false))),
        b'H' => world.fact(EvseInput::FaultCleared),
        b'm' => world.push_meter(),
        b'M' => world.meter_answers = !world.meter_answers,
        b't' => world.token("TAG1"),
        b'T' => world.token("tag1"),
        b'y' => world.token("TAG2"),
        b'Y' => world.token("a token of more than twenty characters"),
        b'F' => world.must(Input::Fault(Some(fault(true)))),
        b'G' => world.must(Input::Fault(None)),
        // The store.
        b's' => world.confirm(1),
        b'S' => world.confirm(usize::MAX),
        b'x' => world.confirms_at_once = !world.confirms_at_once,
        b'z' => world.fail(script.digit()),
        // The application.
        b'd' => world.may(Input::Command(Command::stop(world.evse_id(), StopReason::Other))),
        b'D' => {
            world.may(Input::Command(Command::Configure { key: "MeterValueSampleInterval".into(), value: "5".into() }))
        }
        b'j' => world.must(Input::Command(Command::Reconnect)),
        b'J' => world.job(JobUpdate::Done),
        b'B' => world.job(JobUpdate::Failed),
        b'Q' => world.job(JobUpdate::NeedsRestart),
        b'A' => world.answer_question(Answer::DataTransfer { status: DataTransferStatus::Accepted, data: None }),
        b'E' => world.overrides = !world.overrides,
        b'?' => world.decide(script.next().unwrap_or_default()),
        b'!' => world.may(Input::Command(Command::Call {
            action: "DataTransfer".into(),
            payload: if script.digit() == 0 { r#"{"vendorId":"V"}"#.into() } else { "[]".into() },
        })),
        // Time and power.
        b'.' => world.tick_at_deadline(),
        b',' => world.pass(1_000),
        b';' => world.pass(60_000),
        b':' => world.pass(3_600_000),
        b'<' => world.tick_in_the_past(),
        b'W' => world.tell_wall(),
        b'L' => world.skew_clock(script.digit()),
        b'X' => world.power_cut(script.digit()),
        b'R' => world.carry_out_reboot(),
        _ => {}
    }
}

fn fault(is_blocking: bool) -> Fault {
    Fault {
        code: FaultCode::GroundFailure,
        is_blocking,
        info: None,
        vendor_error_code: Some("E1".into()),
        vendor_id: None,
    }
}

impl World {
    fn token(&mut self, text: &str) {
        let evse = Some(self.evse_id()).filter(|evse| evse.0 > 0);
        self.may(Input::Token { evse, token: IdToken::new(text) });
    }
}
