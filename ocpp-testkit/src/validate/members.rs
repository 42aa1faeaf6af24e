//! The names of the members that an object of a message may have, out of the model that the message types were made from.

use ocpp_rpc::Dialect;

use super::payload::Part;

const V1_6: &str = include_str!("../../../ocpp-types/codegen/model/v1_6.txt");
const V2_0_1: &str = include_str!("../../../ocpp-types/codegen/model/v2_0_1.txt");
const V2_1: &str = include_str!("../../../ocpp-types/codegen/model/v2_1.txt");

/// The members of the object at this path of a payload; none if there is no such object.
pub(super) fn of(dialect: Dialect, action: &str, part: Part, path: &str) -> Vec<&'static str> {
    let model = match dialect {
        Dialect::V1_6 => V1_6,
        Dialect::V2_0_1 => V2_0_1,
        Dialect::V2_1 => V2_1,
    };
    let part = match part {
        Part::Request | Part::Unconfirmed => "request",
        Part::Response => "response",
    };
    let message = section(model, "message", action);
    let lines = message.into_iter().flat_map(str::lines).skip_while(|line| line.trim() != part).skip(1);
    let mut fields: Vec<Field> = lines.map_while(field).collect();
    for step in path.split('.').skip(1) {
        let name = step.split('[').next().unwrap_or_default();
        let Some((_, kind)) = fields.iter().find(|(known, _)| *known == name) else { return Vec::new() };
        let lines = section(model, "struct", kind).into_iter().flat_map(str::lines).skip(1);
        fields = lines.map_while(field).collect();
    }
    fields.into_iter().map(|(name, _)| name).collect()
}

/// A member's name and the name of its type.
type Field = (&'static str, &'static str);

/// A line of the model: `name! Type[1..4] | what it is`.
fn field(line: &'static str) -> Option<Field> {
    let (name, kind) = line.strip_prefix("    ")?.split_once(' ')?;
    Some((name.trim_end_matches('!'), kind.split(['[', '(', ' ']).next()?))
}

/// The lines about a message or a type.
fn section(model: &'static str, kind: &str, name: &str) -> Option<&'static str> {
    let mut sections = model.split("\n\n");
    sections.find(|section| {
        let mut words = section.split_whitespace();
        words.next() == Some(kind) && words.next() == Some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_those_of_the_model() {
        let request = |dialect, action, path| of(dialect, action, Part::Request, path);
        assert_eq!(request(Dialect::V1_6, "Reset", "$"), ["type"]);
        assert_eq!(
            of(Dialect::V1_6, "Authorize", Part::Response, "$.idTagInfo"),
            ["expiryDate", "parentIdTag", "status"]
        );
        let period = "$.csChargingProfiles.chargingSchedule.chargingSchedulePeriod[3]";
        assert_eq!(request(Dialect::V1_6, "SetChargingProfile", period), ["startPeriod", "limit", "numberPhases"]);
        assert!(request(Dialect::V2_1, "TransactionEvent", "$.meterValue[0].sampledValue[0]").contains(&"measurand"));
        assert_eq!(request(Dialect::V2_0_1, "Reset", "$.nothing"), [] as [&str; 0]);
        assert_eq!(request(Dialect::V2_0_1, "Tea", "$"), [] as [&str; 0]);
    }
}
