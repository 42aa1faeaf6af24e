//! The enumerations of actions and of payloads by direction.

use std::collections::BTreeSet;

use super::{docs, size};
use crate::names::HEAD;
use crate::{
    Version,
    model::{Message, Model},
};

/// The variant of `Direction` for a message.
pub fn direction(message: &Message) -> &'static str {
    match message.sender.as_str() {
        "station" => "StationToCsms",
        "csms" => "CsmsToStation",
        _ => "Both",
    }
}

/// The source of `action.rs` and the names it exports.
pub fn actions(version: Version, model: &Model) -> (String, Vec<String>) {
    let (block, block_method, block_doc) = if version.name == "1.6" {
        ("FeatureProfile", "profile", "A feature profile, or the security extension.")
    } else {
        ("FunctionalBlock", "block", "A functional block of the specification.")
    };
    let blocks: BTreeSet<&str> = model.messages.iter().map(|message| message.block.as_str()).collect();
    let mut source =
        format!("{HEAD}use alloc::boxed::Box;\n\nuse crate::messages::{{actions, payloads}};\n\nuse super::*;\n\n");
    source.push_str(&format!("actions! {{\n    /// An action of OCPP {}.\n    Action,\n", version.name));
    source.push_str(&format!("    /// {block_doc}\n    {block} as {block_method} {{\n"));
    for block in &blocks {
        source.push_str(&format!("        /// `{block}`.\n        {block},\n"));
    }
    source.push_str("    }\n");
    for message in &model.messages {
        source.push_str(&format!(
            "    /// {}\n    {}: {}, {};\n",
            docs::message(version, message),
            message.action,
            direction(message),
            message.block
        ));
    }
    source.push_str("}\n\n");
    let mut exports = vec!["Action".to_owned(), block.to_owned()];
    for (name, sender, response, doc) in [
        ("StationRequest", "station", false, "The payload of a call that a station sends."),
        ("CsmsRequest", "csms", false, "The payload of a call that a CSMS sends."),
        ("StationResponse", "csms", true, "The payload with which a station answers a call."),
        ("CsmsResponse", "station", true, "The payload with which a CSMS answers a call."),
    ] {
        source.push_str(&format!("payloads! {{\n    /// {doc}\n    {name} {{\n"));
        for message in model.messages.iter().filter(|message| message.sender == sender || message.sender == "both") {
            let Some(answer) = &message.response else { continue };
            let (fields, payload) = if response {
                (answer, format!("{}Response", message.action))
            } else {
                (&message.request, message.request_name())
            };
            let payload =
                if size::fields(model, fields) > size::BOXED_PAYLOAD { format!("Box<{payload}>") } else { payload };
            source.push_str(&format!("        {}({payload}),\n", message.action));
        }
        source.push_str("    }\n}\n\n");
        exports.push(name.to_owned());
    }
    if !source.contains("Box<") {
        source = source.replace("use alloc::boxed::Box;\n\n", "");
    }
    (source, exports)
}
