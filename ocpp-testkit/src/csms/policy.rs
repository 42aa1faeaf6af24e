//! What a small operator decides: which stations may serve, which tokens may charge.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use ocpp_core::csms::{Answer, Authorization, DataTransferStatus, IdToken, Question, RegistrationStatus};
use ocpp_core::station::AuthorizationStatus;

/// The decisions of an operator.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Answers to the first boots, each with its interval; later boots are accepted.
    pub boots: VecDeque<(RegistrationStatus, Duration)>,
    /// The interval between heartbeats of an accepted station.
    pub heartbeat: Duration,
    tokens: BTreeMap<String, Authorization>,
    /// The verdict on tokens that are not known.
    pub unknown_token: AuthorizationStatus,
    /// Tokens that charge at another station: they may not charge at a second one.
    pub busy_elsewhere: BTreeSet<String>,
}

impl Default for Policy {
    /// Accepts every station, knows no token.
    fn default() -> Self {
        Policy {
            boots: VecDeque::new(),
            heartbeat: Duration::from_secs(300),
            tokens: BTreeMap::new(),
            unknown_token: AuthorizationStatus::Invalid,
            busy_elsewhere: BTreeSet::new(),
        }
    }
}

impl Policy {
    /// Makes a token known.
    #[must_use]
    pub fn with_token(mut self, token: &str, verdict: impl Into<Authorization>) -> Self {
        self.tokens.insert(token.to_ascii_lowercase(), verdict.into());
        self
    }

    /// Sets the answers to the first boots.
    #[must_use]
    pub fn with_boots(mut self, boots: impl IntoIterator<Item = (RegistrationStatus, Duration)>) -> Self {
        self.boots = boots.into_iter().collect();
        self
    }

    /// Accepts every token: to be spelled out, since it gives energy away.
    #[must_use]
    pub fn accepting_all_tokens(mut self) -> Self {
        self.unknown_token = AuthorizationStatus::Accepted;
        self
    }

    /// Decides; none for a kind of question that it does not know.
    pub fn decide(&mut self, question: &Question) -> Option<Answer> {
        Some(match question {
            Question::Boot(_) => {
                let accepted = (RegistrationStatus::Accepted, self.heartbeat);
                let (status, interval) = self.boots.pop_front().unwrap_or(accepted);
                Answer::Boot { status, interval }
            }
            Question::Authorize { token, .. } => Answer::Authorize(self.verdict(token)),
            Question::DataTransfer { .. } => {
                Answer::DataTransfer { status: DataTransferStatus::UnknownVendor, data: None }
            }
            Question::SignCertificate { .. } => Answer::SignCertificate { is_accepted: true },
            // The session takes its default.
            _ => return None,
        })
    }

    /// What is said of a token.
    pub fn verdict(&self, token: &IdToken) -> Authorization {
        let known = self.tokens.get(&token.as_str().to_ascii_lowercase());
        let verdict = known.cloned().unwrap_or_else(|| self.unknown_token.into());
        let is_busy = self.busy_elsewhere.contains(&token.as_str().to_ascii_lowercase());
        let is_concurrent = is_busy && verdict.status == AuthorizationStatus::Accepted;
        if is_concurrent { AuthorizationStatus::ConcurrentTx.into() } else { verdict }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_known_in_any_case_and_others_are_refused() {
        let policy = Policy::default().with_token("Ab12", AuthorizationStatus::Blocked);
        assert_eq!(policy.verdict(&IdToken::new("aB12")).status, AuthorizationStatus::Blocked);
        assert_eq!(policy.verdict(&IdToken::new("ab13")).status, AuthorizationStatus::Invalid);
        let open = policy.accepting_all_tokens();
        assert_eq!(open.verdict(&IdToken::new("ab13")).status, AuthorizationStatus::Accepted);
    }
}
