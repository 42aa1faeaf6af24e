//! Tokens, both ways.

use ocpp_types::enumeration::UNRECOGNIZED;
use ocpp_types::lenient::{Repair, RepairKind};
use ocpp_types::text::{Text, TokenText};
use ocpp_types::{v2_0_1, v2_1};

use super::Edition;
use crate::csms::IdToken;

/// The type of a token that the CSMS knows by its text alone.
const KIND: &str = "Central";

/// Reads a token.
pub(super) fn read(token: &v2_1::IdToken, repairs: &[Repair]) -> IdToken {
    let kind = match token.r#type.as_str() {
        // A type that is none of 2.0.1: the text that stood there is in its repair.
        UNRECOGNIZED => {
            let odd = |repair: &&Repair| repair.kind == RepairKind::UnknownValue && repair.path.ends_with(".type");
            repairs.iter().find(odd).map_or("", |repair| &repair.text)
        }
        kind => kind,
    };
    token.additional_info.iter().fold(IdToken::new(&token.id_token).with_kind(kind), |token, info| {
        token.clone().with_additional_info(&info.r#type, &info.additional_id_token).unwrap_or(token)
    })
}

/// Writes a token; none if it is too long, or of a type that the edition does not know.
pub(super) fn write(edition: Edition, token: &IdToken) -> Option<v2_1::IdToken> {
    let kind = Text::new(token.kind().unwrap_or(KIND)).ok()?;
    let mut written = v2_1::IdToken::new(TokenText::new(token.as_str()).ok()?, kind);
    for (kind, text) in token.additional_info() {
        written.additional_info.push(v2_1::AdditionalInfo::new(TokenText::new(text).ok()?, Text::new(kind).ok()?));
    }
    match edition {
        Edition::V2_1 => Some(written),
        Edition::V2_0_1 => {
            let fits = v2_0_1::IdToken::try_from(written.clone()).is_ok_and(|old| old.id_token.chars().count() <= 36);
            fits.then_some(written)
        }
    }
}
