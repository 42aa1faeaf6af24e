//! JSON lines: commands on stdin, one object each, and what happens on stdout.

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use chrono::{SecondsFormat, Utc};
use ocpp_core::MisuseError;
use ocpp_rpc::Dialect;
use ocpp_testkit::lines::Lines;
pub use ocpp_testkit::lines::{Line, LineError};
use ocpp_testkit::spelling::nearest;
use ocpp_types::catalogue::v1_6::CONFIGURATION_KEYS;
use serde::Serialize;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// The lines of stdin that are not blank, read by a thread of their own. At the end of stdin the program goes on.
pub fn stdin() -> io::Result<UnboundedReceiver<Line>> {
    let (sender, lines) = unbounded_channel();
    std::thread::Builder::new().name("stdin".to_owned()).spawn(move || {
        for line in Lines::of(io::stdin().lock()).map_while(Result::ok) {
            if !line.is_blank() && sender.send(line).is_err() {
                break;
            }
        }
    })?;
    Ok(lines)
}

/// One line without its end: the time and what is told.
pub fn text(told: &impl Serialize) -> io::Result<String> {
    #[derive(Serialize)]
    struct Timed<'a, T> {
        at: String,
        #[serde(flatten)]
        told: &'a T,
    }
    let at = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
    Ok(serde_json::to_string(&Timed { at, told })?)
}

/// Writes one line.
pub fn tell(told: &impl Serialize) -> io::Result<()> {
    let mut line = text(told)?;
    line.push('\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(line.as_bytes())?;
    stdout.flush()
}

/// A version as the command line names it: `1.6`, `2.0.1` or `2.1`.
#[derive(Clone, Copy, Debug)]
pub struct Version(pub Dialect);

impl Default for Version {
    fn default() -> Self {
        Version(Dialect::V1_6)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.subprotocol().trim_start_matches("ocpp"))
    }
}

impl Version {
    /// The versions of `--ocpp`.
    ///
    /// # Errors
    /// When one is not built in.
    pub fn built_in(list: &[Version], speaks: fn(Dialect) -> bool) -> Result<Vec<Dialect>, String> {
        let number = |dialect| Version(dialect).to_string();
        match list.iter().find(|version| !speaks(version.0)) {
            Some(version) => {
                let spoken: Vec<_> = Dialect::ALL.into_iter().filter(|dialect| speaks(*dialect)).map(number).collect();
                Err(format!("--ocpp {} is not built in; choose {}", number(version.0), spoken.join(", ")))
            }
            None => Ok(list.iter().map(|version| version.0).collect()),
        }
    }
}

/// What is wrong with a configuration, and the name that may be meant.
pub fn explain(error: &MisuseError) -> String {
    let MisuseError::Unfit { member: "policy.settings" | "policy.absent_settings", name, .. } = error else {
        return error.to_string();
    };
    let keys = CONFIGURATION_KEYS.iter().map(|key| key.name);
    match nearest(name, keys).filter(|near| !near.eq_ignore_ascii_case(name)) {
        Some(near) => format!("{error}; {near} is meant?"),
        None => error.to_string(),
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Dialect::from_subprotocol(&format!("ocpp{text}")).map(Version).ok_or_else(|| "1.6, 2.0.1 or 2.1".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_named_by_its_number() {
        assert_eq!("2.0.1".parse::<Version>().unwrap().0, Dialect::V2_0_1);
        assert!("ocpp1.6".parse::<Version>().is_err());
        assert!("2.0".parse::<Version>().is_err());
    }
}
