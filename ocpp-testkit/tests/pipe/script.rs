//! The example in Python, as its reader would run it.

use std::path::Path;
use std::process::Command;

#[test]
fn script_drives_a_station_through_a_charging_session() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/charging_session.py");
    let run = Command::new("python3").arg(script).arg(env!("CARGO_BIN_EXE_ocpp-testkit")).output();
    let Ok(output) = run else {
        println!("\n!!! SKIPPED: python3 is not there, the example script was not run\n");
        return;
    };
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
    assert_eq!(stdout, "21 calls, 1200 Wh\n");
}
