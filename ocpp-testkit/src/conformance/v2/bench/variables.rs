//! Variables of the device model.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Bench, with};
use crate::conformance::pattern::{Pattern, answer, request};
use crate::conformance::{Need, Step, Stop};

/// A variable of the station: `Component.Variable[Instance]`.
#[derive(Clone, Copy, Debug)]
pub struct Name<'a>(pub &'a str);

impl Name<'_> {
    /// The component and the variable, as requests have them.
    pub fn members(self) -> (Value, Value) {
        let (component, variable) = self.0.split_once('.').unwrap_or((self.0, ""));
        let component = json!({ "name": component });
        match variable.split_once('[') {
            Some((name, instance)) => (component, json!({ "name": name, "instance": instance.trim_end_matches(']') })),
            None => (component, json!({ "name": variable })),
        }
    }

    /// An element of a GetVariables.
    pub fn wanted(self) -> Value {
        let (component, variable) = self.members();
        json!({ "component": component, "variable": variable })
    }

    /// An element of a SetVariables.
    pub fn valued(self, value: &str) -> Value {
        let mut element = self.wanted();
        element = with(element, "attributeValue", value);
        element
    }
}

/// An answer to a GetVariables, whose first result has this status, and is of this variable.
pub fn get_result(name: &str, status: &str) -> Pattern {
    result("getVariableResult", name, status)
}

/// An answer to a SetVariables, whose first result has this status, and is of this variable.
pub fn set_result(name: &str, status: &str) -> Pattern {
    result("setVariableResult", name, status)
}

fn result(member: &str, name: &str, status: &str) -> Pattern {
    let (component, variable) = Name(name).members();
    let path = |rest: &str| format!("{member}.0.{rest}");
    answer().is(&path("attributeStatus"), status).is(&path("component"), component).is(&path("variable"), variable)
}

impl Bench<'_> {
    /// Asks for variables, though no verdict rests on the answer.
    ///
    /// # Errors
    /// When there is none.
    pub fn look(&mut self, request: Value) -> Step<Vec<Value>> {
        let wanted = answer().present("getVariableResult");
        let told = self.aside(|bench| bench.ask("GetVariables", request, wanted))?;
        Ok(told.get("getVariableResult").and_then(Value::as_array).cloned().unwrap_or_default())
    }

    /// The value of a variable, none if the station has no such one.
    ///
    /// # Errors
    /// When it is not told.
    pub fn variable(&mut self, name: &str) -> Step<Option<String>> {
        let found = self.look(json!({ "getVariableData": [Name(name).wanted()] }))?;
        let accepted = found.first().filter(|result| result.get("attributeStatus").is_some_and(|it| it == "Accepted"));
        let value = accepted.and_then(|result| result.get("attributeValue")).and_then(Value::as_str);
        Ok(value.map(str::to_owned))
    }

    /// The same, of a variable that every station has.
    ///
    /// # Errors
    /// When it is not told.
    pub fn required(&mut self, name: &str) -> Step<String> {
        self.variable(name)?.ok_or_else(|| Stop::Failed(format!("there is no {name}")))
    }

    /// Asks for one variable, and sees that it has this value.
    ///
    /// # Errors
    /// When it has not.
    pub fn expect_value(&mut self, name: &str, value: &str) -> Step {
        let wanted = get_result(name, "Accepted").is("getVariableResult.0.attributeValue", value);
        self.ask("GetVariables", json!({ "getVariableData": [Name(name).wanted()] }), wanted).map(|_| ())
    }

    /// Sets one variable, whatever it was.
    ///
    /// # Errors
    /// When the station does not take the value.
    pub fn set_variable(&mut self, name: &str, value: &str) -> Step<Value> {
        let (component, variable) = Name(name).members();
        let taken = answer()
            .one_of("setVariableResult.0.attributeStatus", ["Accepted", "RebootRequired"])
            .is("setVariableResult.0.component", component)
            .is("setVariableResult.0.variable", variable);
        self.ask("SetVariables", json!({ "setVariableData": [Name(name).valued(value)] }), taken)
    }

    /// Sets a variable that the station has.
    ///
    /// # Errors
    /// When it does not take the value; it does not apply when there is no such variable, or it is another for good.
    pub fn configure(&mut self, name: &str, value: &str) -> Step {
        let Some(old) = self.variable(name)? else { return Err(Stop::NotApplicable(format!("no variable {name}"))) };
        if old.eq_ignore_ascii_case(value) {
            return Ok(());
        }
        // What not every station can be set to.
        let set = json!({ "setVariableData": [Name(name).valued(value)] });
        let (component, variable) = Name(name).members();
        let told = answer()
            .one_of("setVariableResult.0.attributeStatus", ["Accepted", "RebootRequired", "Rejected"])
            .is("setVariableResult.0.component", component)
            .is("setVariableResult.0.variable", variable);
        let told = self.precondition("configured", |bench| bench.ask("SetVariables", set, told))?;
        if told.pointer("/setVariableResult/0/attributeStatus").is_some_and(|status| status == "Rejected") {
            return match self.variable(name)?.is_some_and(|now| now.eq_ignore_ascii_case(value)) {
                true => Err(Stop::Failed(format!("{name} was not to be {value}, and is"))),
                false => Err(Stop::NotApplicable(format!("{name} cannot be {value}"))),
            };
        }
        self.edge.traces.variables.entry(name.to_owned()).or_insert(old);
        if name.starts_with("TxCtrlr.TxSt") {
            self.read_points()?;
        }
        Ok(())
    }

    /// The same, of a variable that not every station has.
    ///
    /// # Errors
    /// When the station does not take the value.
    pub fn configure_if_there(&mut self, name: &str, value: &str) -> Step {
        match self.configure(name, value) {
            Err(Stop::NotApplicable(_)) => Ok(()),
            other => other,
        }
    }

    /// Sets a variable to a number of seconds.
    ///
    /// # Errors
    /// When the station lacks it or does not take the value.
    pub fn configure_seconds(&mut self, name: &str, seconds: Duration) -> Step {
        self.configure(name, &seconds.as_secs().to_string())
    }

    /// Where transactions begin and end.
    pub(super) fn read_points(&mut self) -> Step {
        let split = |list: String| list.split(',').map(|point| point.trim().to_owned()).collect::<Vec<_>>();
        self.edge.starts = split(self.required("TxCtrlr.TxStartPoint")?);
        self.edge.stops = split(self.required("TxCtrlr.TxStopPoint")?);
        Ok(())
    }

    /// Whether a boolean variable is true.
    ///
    /// # Errors
    /// When it is not told.
    pub fn is_set(&mut self, name: &str) -> Step<bool> {
        Ok(self.variable(name)?.is_some_and(|value| value.eq_ignore_ascii_case("true")))
    }

    /// Finds out what of these variables there is.
    pub(super) fn learn_needs(&mut self, needs: &[Need]) -> Step {
        for need in needs {
            let name = match need {
                Need::Key(name) | Need::NoKey(name) | Need::True(name) => *name,
                Need::SecurityProfile(_) => "SecurityCtrlr.SecurityProfile",
                _ => continue,
            };
            if let Some(value) = self.variable(name)? {
                self.capabilities.set(name, &value);
            }
        }
        let evses = self.evses().len();
        self.capabilities.connectors = u16::try_from(evses).ok();
        Ok(())
    }

    /// All parts of a report, each as it should be: numbered through, `tbc` but for the last (B07.FR.08, B07.FR.09).
    ///
    /// # Errors
    /// When one is not.
    pub fn report(&mut self, request_id: i64) -> Step<Vec<Value>> {
        let mut all = Vec::new();
        for number in 0.. {
            let part = request("NotifyReport").is("requestId", request_id).is("seqNo", number).present("generatedAt");
            let part = self.expect_within(self.values.boot_patience, part)?;
            let data = part.payload.get("reportData").and_then(Value::as_array).cloned().unwrap_or_default();
            all.extend(data);
            if part.payload.get("tbc").is_none_or(|tbc| tbc == false) {
                break;
            }
        }
        Ok(all)
    }
}
