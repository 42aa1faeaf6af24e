//! The CSMS, as far as a station can tell.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use ocpp_rpc::{Dialect, Frame, Limits};
use ocpp_types::v1_6::{Action, StationRequest, StationResponse};

/// What the CSMS says to a call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Verdict {
    Accepted,
    Pending,
    Rejected,
    Error,
    Nonsense,
}

/// The CSMS on one connection.
#[derive(Debug, Default)]
pub(super) struct Peer {
    /// The call of the station that waits for an answer.
    waiting: Option<(String, Action)>,
    /// What the CSMS asked, by id: a hostile one asks several things under one id.
    asked: BTreeMap<String, Vec<Action>>,
    requests: u32,
}

/// The calls of a CSMS, by letter from `a` on; `$` is the number of the last transaction.
const CALLS: [(Action, &str); 26] = [
    (Action::RemoteStartTransaction, r#"{"connectorId":1,"idTag":"TAG1"}"#),
    (Action::RemoteStartTransaction, r#"{"idTag":"TAG2"}"#),
    (Action::RemoteStopTransaction, r#"{"transactionId":$}"#),
    (Action::Reset, r#"{"type":"Soft"}"#),
    (Action::Reset, r#"{"type":"Hard"}"#),
    (Action::UnlockConnector, r#"{"connectorId":1}"#),
    (Action::ChangeAvailability, r#"{"connectorId":0,"type":"Inoperative"}"#),
    (Action::ChangeAvailability, r#"{"connectorId":1,"type":"Inoperative"}"#),
    (Action::ChangeAvailability, r#"{"connectorId":0,"type":"Operative"}"#),
    (Action::GetConfiguration, r#"{}"#),
    (Action::ChangeConfiguration, r#"{"key":"MeterValueSampleInterval","value":"1"}"#),
    (Action::ChangeConfiguration, r#"{"key":"MinimumStatusDuration","value":"10"}"#),
    (Action::ChangeConfiguration, r#"{"key":"LocalPreAuthorize","value":"true"}"#),
    (Action::ChangeConfiguration, r#"{"key":"TransactionMessageAttempts","value":"1"}"#),
    (Action::ReserveNow, r#"{"connectorId":1,"expiryDate":"2023-11-14T22:20:00Z","idTag":"TAG1","reservationId":1}"#),
    (Action::ReserveNow, r#"{"connectorId":2,"expiryDate":"2099-01-01T00:00:00Z","idTag":"TAG2","reservationId":2}"#),
    (Action::CancelReservation, r#"{"reservationId":1}"#),
    (Action::DataTransfer, r#"{"vendorId":"V","messageId":"M","data":"D"}"#),
    (Action::TriggerMessage, r#"{"requestedMessage":"StatusNotification"}"#),
    (Action::ChangeConfiguration, r#"{"key":"AllowOfflineTxForUnknownId","value":"true"}"#),
    (
        Action::SendLocalList,
        r#"{"listVersion":1,"updateType":"Full","localAuthorizationList":[{"idTag":"TAG2","idTagInfo":{"status":"Accepted","parentIdTag":"GROUP"}}]}"#,
    ),
    (
        Action::SendLocalList,
        r#"{"listVersion":2,"updateType":"Differential","localAuthorizationList":[{"idTag":"TAG1","idTagInfo":{"status":"Blocked"}},{"idTag":"TAG2"}]}"#,
    ),
    (Action::ClearCache, "{}"),
    (Action::UpdateFirmware, r#"{"location":"http://h/f","retrieveDate":"2023-11-14T22:20:00Z","retries":1}"#),
    (Action::GetDiagnostics, r#"{"location":"http://h/d","retries":1}"#),
    (Action::ReserveNow, r#"{"connectorId":0,"expiryDate":"2099-01-01T00:00:00Z","idTag":"TAG1","reservationId":3}"#),
];

impl Peer {
    /// A frame of the CSMS's own making: one of its calls.
    pub fn call(&mut self, letter: u8, transaction: i64) -> Option<String> {
        let (action, payload) = CALLS.get(usize::from(letter.checked_sub(b'a')?))?;
        self.requests += 1;
        Some(format!(r#"[2,"r{}","{action}",{}]"#, self.requests, payload.replace('$', &transaction.to_string())))
    }

    /// The frame that answers the call that waits.
    pub fn answer(&mut self, verdict: Verdict, wall: DateTime<Utc>, transaction: i64) -> Option<String> {
        let (id, action) = self.waiting.take()?;
        let wall = wall.to_rfc3339_opts(SecondsFormat::Millis, true);
        let (boot, token) = match verdict {
            Verdict::Error => return Some(format!(r#"[4,"{id}","InternalError","",{{}}]"#)),
            Verdict::Nonsense => return Some(format!(r#"[3,"{id}",{{"a":1}}]"#)),
            Verdict::Accepted => ("Accepted", r#"{"status":"Accepted","parentIdTag":"GROUP"}"#),
            Verdict::Pending => ("Pending", r#"{"status":"Accepted"}"#),
            Verdict::Rejected => ("Rejected", r#"{"status":"Invalid"}"#),
        };
        let payload = match action {
            Action::BootNotification => format!(r#"{{"status":"{boot}","currentTime":"{wall}","interval":300}}"#),
            Action::Heartbeat => format!(r#"{{"currentTime":"{wall}"}}"#),
            Action::Authorize => format!(r#"{{"idTagInfo":{token}}}"#),
            Action::StartTransaction => format!(r#"{{"transactionId":{transaction},"idTagInfo":{token}}}"#),
            _ => "{}".to_owned(),
        };
        Some(format!(r#"[3,"{id}",{payload}]"#))
    }

    /// The CSMS sends any bytes.
    pub fn says(&mut self, bytes: &[u8]) {
        match Frame::open(bytes, Dialect::V1_6, &Limits::STANDARD) {
            Ok(Frame::Call { id, action, .. }) => {
                self.asked.entry(id.to_string()).or_default().extend(action.parse::<Action>());
            }
            Ok(_) => {}
            Err(fault) => {
                self.asked.entry(fault.id.map_or_else(|| "-1".to_owned(), |id| id.to_string())).or_default();
            }
        }
    }

    /// The station sends a frame: one of 1.6, valid to the last member, and one that it may send. Gives the action of a
    /// call.
    pub fn hears(&mut self, bytes: &[u8]) -> Option<Action> {
        let text = String::from_utf8_lossy(bytes);
        let frame = Frame::open(bytes, Dialect::V1_6, &Limits::STANDARD);
        match frame {
            Ok(Frame::Call { id, action, payload }) => {
                let Ok(action) = action.parse::<Action>() else { panic!("unknown action: {text}") };
                let request = payload.decode_with(|reader| StationRequest::read(action, reader));
                assert!(matches!(request, Ok(Some(_))), "{text}: {request:?}");
                self.waiting = Some((id.to_string(), action));
                Some(action)
            }
            Ok(Frame::CallResult { id, payload }) => {
                let asked = self.asked.get(id.as_str()).map_or(&[][..], Vec::as_slice);
                let fits = |action: &Action| {
                    matches!(payload.decode_with(|reader| StationResponse::read(*action, reader)), Ok(Some(_)))
                };
                assert!(asked.iter().any(fits), "{text} answers {asked:?}");
                None
            }
            Ok(Frame::CallError { id, .. }) => {
                assert!(self.asked.contains_key(id.as_str()), "{text} answers nothing");
                None
            }
            other => panic!("{text} is no frame of a station: {other:?}"),
        }
    }
}
