//! The cards of the world: good ones in groups of two, and some that nobody may charge with.

use ocpp_core::csms::{Authorization, IdToken};
use ocpp_core::station::AuthorizationStatus;

use super::dice::Dice;
use crate::csms::Policy;

/// How many good cards there are.
const CARDS: u64 = 12;

/// A card that may charge.
pub(super) fn known(dice: &mut Dice) -> String {
    card(dice.below(CARDS))
}

/// Any card, mostly a good one.
pub(super) fn any(dice: &mut Dice) -> String {
    if dice.chance(85) { known(dice) } else { dice.one_of(["BLOCKED", "EXPIRED", "STRANGER"]).to_owned() }
}

/// The other card of the same group; the card itself if it has no group.
pub(super) fn friend(token: &str) -> String {
    let number = token.strip_prefix("CARD-").and_then(|number| number.parse::<u64>().ok());
    number.map_or_else(|| token.to_owned(), |number| card(number ^ 1))
}

/// A card with which the last driver of the world tries a connector of a station.
pub(super) fn of_last_driver(station: usize, evse: u16) -> String {
    format!("LAST-{station}-{evse}")
}

/// What the operator knows of all cards.
pub(super) fn policy() -> Policy {
    let group = |number: u64| Some(IdToken::new(&format!("GROUP-{}", number / 2)));
    let accepted = |number| Authorization::from(AuthorizationStatus::Accepted).with_group(group(number));
    let policy =
        (0..CARDS).fold(Policy::default(), |policy, number| policy.with_token(&card(number), accepted(number)));
    policy.with_token("BLOCKED", AuthorizationStatus::Blocked).with_token("EXPIRED", AuthorizationStatus::Expired)
}

fn card(number: u64) -> String {
    format!("CARD-{number}")
}
