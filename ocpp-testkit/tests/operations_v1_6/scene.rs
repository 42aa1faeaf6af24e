//! A scene: a station is brought into a state, and then something happens, which is shown.

use ocpp_core::csms::Command;
use ocpp_testkit::hardware::Hardware;
use ocpp_testkit::pair::{PairConfig, Step};
use serde_json::Value;

use crate::common::{self, EVSE, conversation_from};

/// When that happens which is shown, in seconds.
pub const NOW: u64 = 100;

/// What is shown of an operation.
pub struct Scene {
    title: &'static str,
    config: PairConfig,
    steps: Vec<(u64, Step)>,
    lasts: u64,
}

/// A station at rest, whose samples do not disturb.
pub fn scene(title: &'static str) -> Scene {
    let config = PairConfig::new(7).with_setting("MeterValueSampleInterval", "0");
    Scene { title, config, steps: Vec::new(), lasts: 30 }
}

impl Scene {
    /// Names it otherwise.
    pub fn titled(mut self, title: &'static str) -> Self {
        self.title = title;
        self
    }

    /// Sets a configuration key.
    pub fn set(mut self, key: &str, value: &str) -> Self {
        self.config = self.config.with_setting(key, value);
        self
    }

    /// Changes what the station and the CSMS are.
    pub fn with(mut self, change: impl FnOnce(&mut PairConfig)) -> Self {
        change(&mut self.config);
        self
    }

    /// The plug is locked.
    pub fn locked(self) -> Self {
        self.with(|config| config.hardware = Hardware::new(1_000_000, 7_200).with_lock())
    }

    /// How long it is shown.
    pub fn lasting(mut self, seconds: u64) -> Self {
        self.lasts = seconds;
        self
    }

    /// Something happens, before the show or in it.
    pub fn at(mut self, seconds: u64, step: Step) -> Self {
        self.steps.push((seconds, step));
        self
    }

    /// The CSMS calls.
    pub fn call_at(self, seconds: u64, action: &str, payload: &Value) -> Self {
        self.at(seconds, Step::Csms(Command::Call { action: action.into(), payload: payload.to_string() }))
    }

    /// The CSMS calls now.
    pub fn call(self, action: &str, payload: &Value) -> Self {
        self.call_at(NOW, action, payload)
    }

    /// A vehicle has come.
    pub fn plugged(self) -> Self {
        self.at(10, Step::Plug(EVSE))
    }

    /// A transaction runs.
    pub fn charging(self) -> Self {
        self.plugged().at(12, Step::token(1, "TAG"))
    }

    fn show(self) -> String {
        let Scene { title, config, steps, lasts } = self;
        let mut pair = common::pair(config, steps);
        common::run(&mut pair, NOW + lasts);
        let shown = conversation_from(&pair, NOW);
        check_answers_first(&shown);
        format!("## {title}\n{shown}\n")
    }
}

/// The station's answer leaves before the calls that the request brings about; here nothing else goes on.
fn check_answers_first(shown: &str) {
    let mut is_owed = false;
    for line in shown.lines() {
        let text = line.split_whitespace().skip(1).collect::<Vec<_>>();
        match text.as_slice() {
            ["<", what, ..] => is_owed |= !what.starts_with('{'),
            // An error is its code alone.
            [">", _] => is_owed = false,
            [">", what, ..] if what.starts_with('{') => is_owed = false,
            [">", ..] => assert!(!is_owed, "a call overtakes an answer: {shown}"),
            _ => {}
        }
    }
}

/// Compares the scenes of an operation with what was reviewed. A title begins with the status of the answer, if there is one.
pub fn show<const N: usize>(operation: &str, scenes: [Scene; N]) {
    let shown: Vec<String> = scenes.into_iter().map(Scene::show).collect();
    for scene in &shown {
        assert!(scene.contains(operation), "{operation} is not shown: {scene}");
    }
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(operation, shown.concat());
    });
}
