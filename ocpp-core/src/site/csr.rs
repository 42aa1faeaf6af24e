//! Requests for certificates of the station's own: the host makes the key and the request (1.6 security A02, A03; 2.x A02, A03).

use chrono::{DateTime, TimeDelta, Utc};
use ocpp_types::SmallString;

use super::shared::Shared;
use crate::station::{Action, CallFailure, CertificateUse, Job, JobId};

/// How long before its end a certificate is renewed (1.6 security A03.FR.02).
const RENEWAL: TimeDelta = TimeDelta::days(30);

/// No certificate is on its way for this reason.
pub(super) fn sign_failed(shared: &mut Shared, cause: CallFailure) {
    shared.call_failed("SignCertificate", cause, cause.text());
}

/// Has the host make a request for a certificate of the station's own, in the place of the one that it is making.
pub(super) fn order_csr(shared: &mut Shared, old: Option<JobId>, usage: CertificateUse, organization: &str) -> JobId {
    if let Some(old) = old {
        shared.act(Action::Job(old, Job::Cancel));
    }
    let id = shared.next_job();
    shared.act(Action::Job(id, Job::CreateCsr { usage, organization: SmallString::new(organization) }));
    id
}

/// When a certificate that ends then is renewed.
pub(super) fn renewal_of(end: DateTime<Utc>) -> Option<DateTime<Utc>> {
    end.checked_sub_signed(RENEWAL)
}
