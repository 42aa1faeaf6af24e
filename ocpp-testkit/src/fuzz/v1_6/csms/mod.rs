//! A CSMS's session with a station that is honest or hostile, a database that is slow or fails, an application that thinks
//! or sleeps, and a server that dies.

mod world;

use ocpp_core::csms::{Command, Input, LinkInput, TransactionId};

use self::world::{Rebuilt, World};
use crate::fuzz::script::Script;

/// Drives a session by a script (see `step`) and checks after each step what must always hold; at the end, that every prefix
/// of the facts makes a session.
pub fn csms(data: &[u8]) {
    let mut script = Script::new(data);
    let mut world = World::new();
    while let Some(op) = script.next() {
        step(&mut world, op, &mut script);
    }
    world.finish();
}

/// The calls of a station, by letter from `A` on; `$` is the number of the last transaction.
const CALLS: [(&str, &str); 14] = [
    ("BootNotification", r#"{"chargePointVendor":"V","chargePointModel":"M"}"#),
    ("Heartbeat", r#"{}"#),
    ("StatusNotification", r#"{"connectorId":1,"errorCode":"NoError","status":"Available"}"#),
    ("StatusNotification", r#"{"connectorId":1,"errorCode":"NoError","status":"Charging"}"#),
    ("Authorize", r#"{"idTag":"TAG1"}"#),
    ("StartTransaction", r#"{"connectorId":1,"idTag":"TAG1","meterStart":100,"timestamp":"2023-11-14T22:00:00Z"}"#),
    ("StartTransaction", r#"{"connectorId":1,"idTag":"TAG2","meterStart":200,"timestamp":"2023-11-14T23:00:00Z"}"#),
    (
        "MeterValues",
        r#"{"connectorId":1,"transactionId":$,"meterValue":[{"timestamp":"2023-11-14T22:05:00Z","sampledValue":[{"value":"120"}]}]}"#,
    ),
    (
        "MeterValues",
        r#"{"connectorId":1,"meterValue":[{"timestamp":"2023-11-14T22:06:00Z","sampledValue":[{"value":"125"}]}]}"#,
    ),
    ("StopTransaction", r#"{"transactionId":$,"meterStop":150,"timestamp":"2023-11-14T22:10:00Z","reason":"Local"}"#),
    ("StopTransaction", r#"{"transactionId":$,"meterStop":160,"timestamp":"2023-11-14T22:11:00Z"}"#),
    ("StopTransaction", r#"{"transactionId":-1,"meterStop":170,"timestamp":"2023-11-14T22:30:00Z"}"#),
    ("StopTransaction", r#"{"transactionId":5,"meterStop":9,"timestamp":"2023-11-14T22:40:00Z"}"#),
    ("DataTransfer", r#"{"vendorId":"V","data":"D"}"#),
];

/// One thing happens. Characters without meaning, such as white space, are passed over.
fn step(world: &mut World, op: u8, script: &mut Script<'_>) {
    match op {
        // The link, and what the station says.
        b'o' => world.open(),
        b'c' => world.close(),
        b'i' => world.may(Input::Link(LinkInput::Pong)),
        b'A'..=b'N' => {
            let (action, payload) = CALLS.get(usize::from(op - b'A')).copied().unwrap_or_default();
            world.station_calls(action, payload);
        }
        b'R' => world.repeat(),
        b'f' => world.frame(script.line()),
        b'a' => world.answer(r#"{"status":"Accepted"}"#),
        b'b' => world.answer("{}"),
        b'e' => world.refuse(),
        // The application.
        b'y' => world.decide(true, script.digit()),
        b'n' => world.decide(false, script.digit()),
        b'x' => world.decide_wrongly(),
        b'1' => world.command(Command::remote_start(Some(1), world.token("TAG1"))),
        b'2' => world.command(Command::RemoteStop { transaction: TransactionId::new(&world.transaction.to_string()) }),
        b'3' => world.command(Command::GetConfiguration { keys: Vec::new() }),
        b'4' => world.command(Command::ChangeConfiguration { key: "K".into(), value: "V".into() }),
        b'5' => world.command(Command::Call { action: "Reset".into(), payload: r#"{"type":"Soft"}"#.into() }),
        b'6' => world.command(Command::Call { action: "Vendor".into(), payload: "[]".into() }),
        // The database.
        b's' => world.confirm(1),
        b'S' => world.confirm(usize::MAX),
        b'z' => world.fail(script.digit()),
        b'Z' => world.confirms_at_once = !world.confirms_at_once,
        // Time, and the end of the process.
        b'.' => world.tick_at_deadline(),
        b',' => world.pass(1_000),
        b';' => world.pass(60_000),
        b'W' => world.tell_wall(),
        b'X' => world.die(script.digit(), Rebuilt::FromFacts),
        b'Y' => world.die(script.digit(), Rebuilt::FromState),
        _ => {}
    }
}
