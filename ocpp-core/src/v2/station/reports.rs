//! Reports of the device model in parts: GetBaseReport (B07), GetReport (B08), NotifyReport.
//!
//! Takes a request, gives the parts one after another; each is sent until the CSMS has answered it. Which variables a report has is
//! fixed when it is asked for, their values when a part leaves. Stores nothing: after a power cut the CSMS asks again.

use alloc::vec::Vec;

use ocpp_rpc::ErrorCode;
use ocpp_rpc::engine::ReplyToken;
use ocpp_types::datetime::UnixMillis;
use ocpp_types::tables::v2::{
    self, AttributeType, ComponentCriterion, GenericDeviceModelStatus, Mutability, ReportBase,
};
use ocpp_types::tables::{Edition, View as _};

use super::model::{Model, Source, Variable};
use super::variables::is_too_long;
use crate::face::answers::answer;
use crate::face::failure::{Message, message};
use crate::site::Site;
use crate::site::settings::Setting;
use crate::site::shared::Shared;

/// Variables in one part: a few kilobytes.
const PART: usize = 16;

/// Reports that are on their way or wait; more are refused.
const MOST: usize = 4;

#[derive(Debug)]
struct Report {
    request: i64,
    /// The places in the device model of what is left to tell.
    left: Vec<u16>,
    seq_no: i64,
}

/// The reports that were asked for.
#[derive(Debug, Default)]
pub(super) struct Reports {
    waiting: Vec<Report>,
}

impl Reports {
    /// Takes a report on of the variables that `has` chooses.
    fn take_on(
        &mut self,
        model: Model<'_>,
        request: i64,
        mut has: impl FnMut(&Variable<'_>) -> bool,
    ) -> GenericDeviceModelStatus {
        // B07.FR.13, B08.FR.16.
        if self.waiting.len() >= MOST {
            return GenericDeviceModelStatus::Rejected;
        }
        let chosen = (0..).zip(model.all()).filter(|(_, variable)| has(variable));
        let left: Vec<u16> = chosen.map(|(place, _)| place).collect();
        if left.is_empty() {
            return GenericDeviceModelStatus::EmptyResultSet;
        }
        self.waiting.push(Report { request, left, seq_no: 0 });
        GenericDeviceModelStatus::Accepted
    }

    /// The next part, if there is one (B07.FR.03, B07.FR.04, B07.FR.10).
    pub fn next(&self, edition: Edition, model: Model<'_>, now: UnixMillis) -> Option<Message> {
        let report = self.waiting.first()?;
        let part = report.left.get(..PART).unwrap_or(&report.left);
        Some(message(v2::NotifyReportRequest::to_json(edition, |mut request| {
            request.request_id(report.request).generated_at(now).seq_no(report.seq_no);
            request.tbc(report.left.len() > part.len());
            let chosen = (0_u16..).zip(model.all()).filter(|(place, _)| part.contains(place));
            for (_, variable) in chosen {
                let mut data = request.add_report_data();
                variable.write(data.component());
                variable.write_name(data.variable());
                let mutability = model.mutability(&variable);
                let mut attribute = data.add_variable_attribute();
                attribute.r#type(AttributeType::Actual).mutability(mutability);
                attribute.persistent(matches!(variable.source, Source::Setting(_))).constant(false);
                // Errata 2.10.
                if mutability != Mutability::WriteOnly {
                    attribute.cut().value(model.value(&variable).as_deref().unwrap_or_default());
                }
                // B08.FR.12.
                model.describe(&variable, data.variable_characteristics());
            }
        })))
    }

    /// The part was answered.
    pub fn answered(&mut self) {
        let Some(report) = self.waiting.first_mut() else { return };
        report.left.drain(..PART.min(report.left.len()));
        report.seq_no += 1;
        if report.left.is_empty() {
            self.waiting.remove(0);
        }
    }

    /// The CSMS refuses a part, or it cannot be said: nothing more of this report.
    pub fn refused(&mut self) {
        if !self.waiting.is_empty() {
            self.waiting.remove(0);
        }
    }
}

/// B07.
pub(super) fn on_base(
    reports: &mut Reports,
    site: &Site,
    shared: &Shared,
    request: v2::GetBaseReportRequest<'_>,
) -> GenericDeviceModelStatus {
    let model = Model::new(site, shared);
    let id = request.request_id();
    match request.report_base() {
        ReportBase::FullInventory => reports.take_on(model, id, |_| true),
        ReportBase::ConfigurationInventory => {
            reports.take_on(model, id, |variable| model.mutability(variable) != Mutability::ReadOnly)
        }
        // B07.FR.09: how each place is, and what is wrong.
        ReportBase::SummaryInventory => reports.take_on(model, id, |variable| match variable.name {
            "AvailabilityState" => true,
            "Problem" => model.value(variable).as_deref() == Some("true"),
            _ => false,
        }),
        ReportBase::Unrecognized => GenericDeviceModelStatus::NotSupported,
    }
}

/// Answers a GetReport (B08).
pub(super) fn on_custom(
    edition: Edition,
    reports: &mut Reports,
    site: &Site,
    shared: &mut Shared,
    token: ReplyToken,
    request: v2::GetReportRequest<'_>,
) {
    // B08.FR.17.
    if is_too_long(&site.settings, request.component_variable().len(), Setting::GetReportItems) {
        return shared.reply_error(token, ErrorCode::OccurrenceConstraintViolation, "more than ItemsPerMessage");
    }
    let criteria = || request.component_criteria();
    let status = if criteria().any(|criterion| criterion == ComponentCriterion::Unrecognized) {
        GenericDeviceModelStatus::NotSupported
    } else {
        let model = Model::new(site, shared);
        reports.take_on(model, request.request_id(), |variable| {
            let mut pairs = request.component_variable();
            (pairs.is_empty() || pairs.any(|wanted| variable.is_asked_for(wanted)))
                && (criteria().is_empty() || criteria().any(|criterion| meets(model, variable, criterion)))
        })
    };
    answer(shared, token, status!(edition, GetReportResponse, status));
}

/// Whether the component of a variable meets a criterion (B08.FR.07 to B08.FR.10).
fn meets(model: Model<'_>, variable: &Variable<'_>, criterion: ComponentCriterion) -> bool {
    match criterion {
        ComponentCriterion::Active => model.flag(variable, "Active") != Some(false),
        ComponentCriterion::Available => model.flag(variable, "Available") != Some(false),
        ComponentCriterion::Enabled => model.flag(variable, "Enabled") != Some(false),
        ComponentCriterion::Problem => model.flag(variable, "Problem") == Some(true),
        ComponentCriterion::Unrecognized => false,
    }
}
