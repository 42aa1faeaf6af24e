//! All messages of 2.0.1 and of 2.1 by their tables, both ways.
#![no_std]
#![no_main]

use image::tables::turn;
use ocpp_types::tables::{Edition, v2};

image::image!(|action: &str, json: &str| {
    for edition in [Edition::V2_0_1, Edition::V2_1] {
        let Some(action) = v2::Action::find(action, edition) else { continue };
        turn(edition, action.request(), json);
        if let Some(response) = action.response() {
            turn(edition, response, json);
        }
    }
});
