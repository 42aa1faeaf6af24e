//! Which connector is whose: reservations, remote starts and tokens that compete for places.

mod model;
mod remote_start;

mod reservation;
mod swipes;

use super::*;

const OFFLINE: [(&str, &str); 2] = [("AuthorizeRemoteTxRequests", "false"), ("MeterValueSampleInterval", "0")];

/// A station with two connectors.
fn two() -> Bench {
    Bench::with_config(Image::default(), config(&OFFLINE).with_evses(2)).online()
}

impl Bench {
    fn reserve(&mut self, connector: u16, id: i64, token: &str, seconds: u64) -> String {
        let until = wall(self.now + seconds * 1000).to_rfc3339();
        let request = json!({"connectorId": connector, "expiryDate": until, "idTag": token, "reservationId": id});
        self.request("ReserveNow", &request)["status"].as_str().unwrap().to_owned()
    }

    /// For a group too, for ten minutes.
    fn reserve_with(&mut self, connector: u16, id: i64, token: &str, parent: Option<&str>) -> String {
        let until = wall(self.now + 600_000).to_rfc3339();
        let mut request = json!({"connectorId": connector, "expiryDate": until, "idTag": token, "reservationId": id});
        if let Some(parent) = parent {
            request["parentIdTag"] = json!(parent);
        }
        self.request("ReserveNow", &request)["status"].as_str().unwrap().to_owned()
    }

    fn remote_start(&mut self, connector: Option<u16>, token: &str) -> String {
        let mut request = json!({"idTag": token});
        if let Some(connector) = connector {
            request["connectorId"] = json!(connector);
        }
        self.request("RemoteStartTransaction", &request)["status"].as_str().unwrap().to_owned()
    }

    fn plug_in(&mut self, connector: u16) {
        self.input(Input::Evse(EvseId(connector), EvseInput::Cable(Cable::Connected)));
        self.answer_all("StatusNotification", &json!({}));
    }

    /// Answers whatever the station sent, but no Authorize, until it is silent. Gives the starts.
    fn settle(&mut self) -> Vec<Value> {
        let mut starts = Vec::new();
        while let Some(place) = self.sent.iter().position(|call| call[2] != "Authorize") {
            let call = self.sent.remove(place);
            let answer = if call[2] == "StartTransaction" {
                starts.push(call[3].clone());
                json!({"transactionId": 1000 + self.requests, "idTagInfo": {"status": "Accepted"}})
            } else {
                json!({})
            };
            self.frame(&json!([3, call[1], answer]));
        }
        starts
    }

    /// The Authorize that is on its way is answered. Gives the token.
    fn authorize(&mut self, status: &str, parent: Option<&str>) -> String {
        let mut info = json!({"status": status});
        if let Some(parent) = parent {
            info["parentIdTag"] = json!(parent);
        }
        let place = self.sent.iter().position(|call| call[2] == "Authorize").expect("nobody is asked about");
        let call = self.sent.remove(place);
        self.frame(&json!([3, call[1], {"idTagInfo": info}]));
        call[3]["idTag"].as_str().unwrap().to_owned()
    }

    fn asks(&self) -> bool {
        self.sent.iter().any(|call| call[2] == "Authorize")
    }
}
