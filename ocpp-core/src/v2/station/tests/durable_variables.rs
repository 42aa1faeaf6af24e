//! Whatever is set, and wherever the power fails: the values that were accepted are there, and no others.

use alloc::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Variables of every kind that can be written, with values that fit and one that does not.
const VARIABLES: [(&str, &str, [&str; 3]); 7] = [
    ("TxCtrlr", "EVConnectionTimeOut", ["60", "120", "never"]),
    ("TxCtrlr", "StopTxOnInvalidId", ["true", "false", "perhaps"]),
    ("TxCtrlr", "TxStartPoint", ["EVConnected", "Authorized,PowerPathClosed", "Sunrise"]),
    ("SampledDataCtrlr", "TxEndedMeasurands", ["Voltage", "", "Weather"]),
    ("OCPPCommCtrlr", "OfflineThreshold", ["0", "86400", "-1"]),
    ("SecurityCtrlr", "OrganizationName", ["Org", "", "Another"]),
    ("AuthCacheCtrlr", "Enabled", ["true", "false", ""]),
];

#[derive(Clone, Debug)]
enum Step {
    /// A request that sets these variables to these values.
    Set(Vec<(usize, usize)>),
    /// So many operations of the store become durable.
    Confirm(usize),
    Cut,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let pair = (0..VARIABLES.len(), 0..3_usize);
    let step = prop_oneof![
        4 => proptest::collection::vec(pair, 1..4).prop_map(Step::Set),
        3 => (0..4_usize).prop_map(Step::Confirm),
        2 => Just(Step::Cut),
    ];
    proptest::collection::vec(step, 1..25)
}

fn read(bench: &mut Bench, at: usize) -> String {
    let (component, name, _) = VARIABLES[at];
    let wanted = json!({"component": {"name": component}, "variable": {"name": name}});
    let answer = bench.request("GetVariables", &json!({"getVariableData": [wanted]}));
    answer["getVariableResult"][0]["attributeValue"].as_str().unwrap().to_owned()
}

/// A CSMS that notes what was accepted.
struct Noted {
    bench: Bench,
    accepted: BTreeMap<usize, String>,
    /// Requests that were not answered yet, with what they set.
    asked: BTreeMap<String, Vec<(usize, String)>>,
}

impl Noted {
    fn look(&mut self) {
        for frame in core::mem::take(&mut self.bench.sent) {
            let Some(set) = self.asked.remove(frame[1].as_str().unwrap()) else { continue };
            // A station that owes as many answers as it may refuses the next call.
            if frame[0] == 4 {
                continue;
            }
            let results = frame[2]["setVariableResult"].as_array().unwrap();
            for (result, (at, value)) in results.iter().zip(set) {
                if result["attributeStatus"] == "Accepted" {
                    self.accepted.insert(at, value);
                }
            }
        }
    }

    fn set(&mut self, number: usize, pairs: &[(usize, usize)]) {
        let mut pairs = pairs.to_vec();
        // B05.FR.13: each variable once.
        pairs.sort_unstable();
        pairs.dedup_by_key(|(at, _)| *at);
        let set: Vec<(usize, String)> =
            pairs.iter().map(|(at, value)| (*at, VARIABLES[*at].2[*value].into())).collect();
        let data: Vec<Value> = set
            .iter()
            .map(|(at, value)| {
                let (component, name, _) = VARIABLES[*at];
                let (component, name) = (json!({"name": component}), json!({"name": name}));
                json!({"component": component, "variable": name, "attributeValue": value})
            })
            .collect();
        let id = format!("s{number}");
        self.asked.insert(id.clone(), set);
        self.bench.frame(&json!([2, id, "SetVariables", {"setVariableData": data}]));
        self.look();
    }

    fn confirm(&mut self, most: usize) {
        let count = most.min(self.bench.unconfirmed.len());
        let mut last = None;
        for (ticket, op) in self.bench.unconfirmed.drain(..count) {
            self.bench.image.apply(&op);
            last = Some(ticket);
        }
        if let Some(ticket) = last {
            self.bench.input(Input::Stored(ticket));
        }
        self.look();
    }

    /// The power fails: each variable has the value that was accepted last, or one of a request that was not answered.
    fn cut(self) -> Self {
        let Noted { bench, accepted, asked } = self;
        let mut bench = bench.cut();
        bench.confirms = true;
        bench.connect();
        let mut found = BTreeMap::new();
        for (at, variable) in VARIABLES.iter().enumerate() {
            let value = read(&mut bench, at);
            let is_open = asked.values().flatten().any(|(open, wanted)| *open == at && *wanted == value);
            assert!(is_open || accepted.get(&at).is_none_or(|kept| *kept == value), "{variable:?} is {value}");
            found.insert(at, value);
        }
        bench.confirms = false;
        Noted { bench, accepted: found, asked: BTreeMap::new() }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// B05.FR.10: what is accepted is there after any cut.
    #[test]
    fn accepted_values_outlast_any_power_cut(steps in steps()) {
        let mut bench = Bench::accepted(Dialect::V2_0_1, &[]);
        let accepted = (0..VARIABLES.len()).map(|at| (at, read(&mut bench, at))).collect();
        bench.confirms = false;
        let mut noted = Noted { bench, accepted, asked: BTreeMap::new() };
        for (number, step) in steps.iter().enumerate() {
            match step {
                Step::Set(pairs) => noted.set(number, pairs),
                Step::Confirm(most) => noted.confirm(*most),
                Step::Cut => noted = noted.cut(),
            }
        }
        noted.confirm(usize::MAX);
        prop_assert!(noted.asked.is_empty(), "not answered: {:?}", noted.asked);
        noted.cut();
    }
}
