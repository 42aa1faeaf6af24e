//! Statuses of a job on their way to the CSMS: in order, each until it was answered, and the present one when it is asked for.

use ocpp_rpc::queue::Queue;

#[cfg(all(test, feature = "serde"))]
use serde::{Deserialize, Serialize};

/// More than a job goes through.
const MAX_WAITING: usize = 12;

/// Which of the two families of messages 1.6 has for a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Of 1.6 itself.
    Plain,
    /// Of the security white paper, as in 2.x: with the number of the request that began the job.
    #[cfg(feature = "security")]
    Numbered,
}

/// A status, and the number of the request that it belongs to, if that has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
pub(crate) struct Report<S> {
    pub progress: S,
    pub request: Option<i64>,
}

impl<S> Report<S> {
    /// The form in which it is told unasked.
    pub fn form(&self) -> Form {
        match self.request {
            #[cfg(feature = "security")]
            Some(_) => Form::Numbered,
            _ => Form::Plain,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    First(Form),
    Present(Form),
}

/// What is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due<S> {
    /// This, in its own form.
    First(Report<S>),
    /// The present status: the CSMS asked for it.
    Present,
}

/// Statuses to report.
#[derive(Debug)]
pub(crate) struct Reports<S> {
    waiting: Queue<Report<S>>,
    /// The forms in which the CSMS asked for the present status.
    wanted: Queue<Form>,
    asked: Option<Asked>,
}

impl<S> Default for Reports<S> {
    fn default() -> Self {
        Reports { waiting: Queue::new(), wanted: Queue::new(), asked: None }
    }
}

impl<S: Copy> Reports<S> {
    /// Takes a status in. Of too many, the oldest goes that is not on its way.
    pub fn push(&mut self, report: Report<S>) {
        if self.waiting.len() >= MAX_WAITING {
            let is_asked = |form| self.asked == Some(Asked::First(form));
            let first = self.waiting.front().map(Report::form);
            self.waiting.remove(usize::from(first.is_some_and(is_asked)));
        }
        self.waiting.push_back(report);
    }

    /// What waits, the oldest first.
    pub fn waiting(&self) -> impl Iterator<Item = &Report<S>> {
        self.waiting.iter()
    }

    /// Whether statuses wait that nobody asked for.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The CSMS asks for the present status.
    #[cfg(feature = "remote_trigger")]
    pub fn trigger(&mut self, form: Form) {
        if !self.wanted.contains(&form) {
            self.wanted.push_back(form);
        }
    }

    /// The status to report now in this form. `may_report` is false while only what the CSMS asks for may leave.
    pub fn due(&mut self, form: Form, may_report: bool) -> Option<Due<S>> {
        if let Some(first) = self.first(form).filter(|_| may_report) {
            self.asked = Some(Asked::First(form));
            return self.waiting.get(first).copied().map(Due::First);
        }
        if !self.wanted.contains(&form) {
            return None;
        }
        self.asked = Some(Asked::Present(form));
        Some(Due::Present)
    }

    /// The CSMS took the report, or refused it, which repeating would not mend. Gives what it was of the order.
    pub fn answered(&mut self) -> Option<Report<S>> {
        let (first, form) = match self.asked.take()? {
            Asked::First(form) => (self.first(form).and_then(|first| self.waiting.remove(first)), form),
            Asked::Present(form) => (None, form),
        };
        // A status sent on its own meets the request too (1.6 §5.17).
        self.wanted.retain(|wanted| *wanted != form);
        first
    }

    /// The report may not have arrived: it is told anew, unless (not `is_end`) a later one says more.
    pub fn lost(&mut self, is_end: impl Fn(S) -> bool) {
        let Some(Asked::First(form)) = self.asked.take() else { return };
        let mut places = (0..).zip(&self.waiting).filter(|(_, report)| report.form() == form);
        if let (Some((place, first)), Some(_)) = (places.next(), places.next())
            && !is_end(first.progress)
        {
            self.waiting.remove(place);
        }
    }

    fn first(&self, form: Form) -> Option<usize> {
        self.waiting.iter().position(|report| report.form() == form)
    }
}
