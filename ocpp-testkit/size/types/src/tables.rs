//! Images of the messages as tables.

use alloc::string::String;
use core::hint::black_box;

use ocpp_types::{
    Violation,
    json::Writer,
    tables::{Edition, ObjectId, Parsed},
};

/// Reads a payload by its table and writes it again, or tells the path and the class of what is wrong with it.
pub fn turn(edition: Edition, object: ObjectId, json: &str) {
    crate::answer(again(edition, object, json));
}

fn again(edition: Edition, object: ObjectId, json: &str) -> Result<String, Violation> {
    let parsed = Parsed::parse(black_box(json), edition, object)?;
    let mut writer = Writer::new();
    parsed.write(&mut writer);
    writer.finish()
}

/// An image with all messages of an edition, both ways.
#[macro_export]
macro_rules! whole_edition {
    ($family:ident, $edition:ident) => {
        use ocpp_types::tables::{Edition, $family as family};

        fn handle(action: &str, json: &str) {
            let edition = Edition::$edition;
            let Some(action) = family::Action::find(action, edition) else { return };
            $crate::tables::turn(edition, action.request(), json);
            if let Some(response) = action.response() {
                $crate::tables::turn(edition, response, json);
            }
        }

        $crate::image!(handle);
    };
}
