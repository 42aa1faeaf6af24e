//! What becomes of what was ordered.

use ocpp_core::csms::{CommandAnswer, ConfigurationStatus, RemoteStatus, VariableResult};

use super::CommandResult;

/// What something may be at the end, that was `first` and then had to be each of these: the last that was accepted, and whatever came
/// after it without an answer.
pub fn possible<'a, T>(first: T, orders: impl Iterator<Item = (T, Option<&'a CommandResult>)>) -> Vec<T> {
    let mut possible = vec![first];
    for (value, result) in orders {
        match result {
            Some(result) if is_accepted(result) => possible = vec![value],
            Some(Ok(_)) => {}
            Some(Err(_)) | None => possible.push(value),
        }
    }
    possible
}

/// Whether the station does, or will do, what was asked, in the words of any version.
pub fn is_accepted(result: &CommandResult) -> bool {
    let is_taken = |status: &str| matches!(status, "Accepted" | "Scheduled" | "RebootRequired");
    match result {
        Ok(CommandAnswer::RemoteStart(answer) | CommandAnswer::RemoteStop(answer)) => {
            answer.status == RemoteStatus::Accepted
        }
        Ok(CommandAnswer::ConfigurationChange(status)) => {
            matches!(status, ConfigurationStatus::Accepted | ConfigurationStatus::RebootRequired)
        }
        Ok(CommandAnswer::VariableChanges(changes)) => {
            let is_set = |change: &VariableResult| is_taken(&change.status.status);
            changes.iter().all(is_set)
        }
        Ok(CommandAnswer::Status(answer)) => is_taken(&answer.status),
        Ok(CommandAnswer::Call(answer)) => answer.contains(r#":"Accepted""#),
        Ok(_) | Err(_) => false,
    }
}
