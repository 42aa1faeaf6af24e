//! The schema of every frame, by the version of the conversation.

use ocpp_rpc::Dialect;
use ocpp_types::{Violation, v1_6, v2_0_1, v2_1};
use serde_json::Value;

use crate::conformance::{Role, Step, Stop};

/// Which half of a message a payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::conformance) enum Half {
    /// The call.
    Request,
    /// The answer.
    Response,
}

macro_rules! read {
    ($version:ident, $sender:expr, $half:expr, $action:expr, $json:expr) => {{
        let Ok(action) = $action.parse::<$version::Action>() else { return None };
        Some(match ($sender, $half) {
            (Role::Station, Half::Request) => $version::StationRequest::from_json(action, $json).map(|it| it.is_some()),
            (Role::Station, Half::Response) => {
                $version::StationResponse::from_json(action, $json).map(|it| it.is_some())
            }
            (Role::Csms, Half::Request) => $version::CsmsRequest::from_json(action, $json).map(|it| it.is_some()),
            (Role::Csms, Half::Response) => $version::CsmsResponse::from_json(action, $json).map(|it| it.is_some()),
        })
    }};
}

/// Whether the payload is one that this role sends, strictly by the schema; none if the version has no such action.
fn read(dialect: Dialect, sender: Role, half: Half, action: &str, payload: &Value) -> Option<Result<bool, Violation>> {
    let json = payload.to_string();
    match dialect {
        Dialect::V1_6 => read!(v1_6, sender, half, action, &json),
        Dialect::V2_0_1 => read!(v2_0_1, sender, half, action, &json),
        Dialect::V2_1 => read!(v2_1, sender, half, action, &json),
    }
}

/// Whether the version has this action.
pub(super) fn is_known(dialect: Dialect, action: &str) -> bool {
    match dialect {
        Dialect::V1_6 => action.parse::<v1_6::Action>().is_ok(),
        Dialect::V2_0_1 => action.parse::<v2_0_1::Action>().is_ok(),
        Dialect::V2_1 => action.parse::<v2_1::Action>().is_ok(),
    }
}

/// Whether this is a payload that the role may send.
pub(in crate::conformance) fn fits(dialect: Dialect, sender: Role, half: Half, action: &str, payload: &Value) -> bool {
    read(dialect, sender, half, action, payload).is_some_and(|read| read.is_ok())
}

/// A call of the target.
pub(super) fn judge_request(dialect: Dialect, sender: Role, action: &str, payload: &Value) -> Step {
    judge(dialect, sender, Half::Request, action, payload)
}

/// An answer of the target.
pub(super) fn judge_answer(dialect: Dialect, sender: Role, action: &str, payload: &Value) -> Step {
    judge(dialect, sender, Half::Response, action, payload)
}

fn judge(dialect: Dialect, sender: Role, half: Half, action: &str, payload: &Value) -> Step {
    match read(dialect, sender, half, action, payload) {
        None => {
            let version = super::version(dialect);
            Err(Stop::Failed(format!("called {action}, which {version} does not have")))
        }
        Some(Ok(true)) => Ok(()),
        Some(Ok(false)) => Err(Stop::Failed(format!("{action} is not for it to send"))),
        Some(Err(violation)) => Err(Stop::Failed(format!("{action} {payload} breaks its schema: {violation}"))),
    }
}
