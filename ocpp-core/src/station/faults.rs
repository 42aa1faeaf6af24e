//! What is wrong at one place: several things at once, each of which comes and goes by itself.

use alloc::vec::Vec;

use super::{Fault, FaultCode};

/// The most that is kept of one place. Warnings go first, the oldest before the others.
const MOST: usize = 8;

/// The faults of one place, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    list: Vec<Fault>,
}

impl Faults {
    /// A fault appeared, or changed.
    pub fn report(&mut self, fault: Fault) {
        if let Some(old) = self.list.iter_mut().find(|old| old.is_same(&fault)) {
            *old = fault;
            return;
        }
        if self.list.len() >= MOST {
            let warning = self.list.iter().position(|fault| !fault.is_blocking);
            if warning.is_none() && !fault.is_blocking {
                return;
            }
            self.list.remove(warning.unwrap_or(0));
        }
        self.list.push(fault);
    }

    /// What has this code is gone.
    pub fn end(&mut self, code: FaultCode) {
        self.list.retain(|fault| fault.code != code);
    }

    /// All of it is gone.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    /// A fault that makes charging impossible, if there is one.
    pub fn blocking(&self) -> Option<&Fault> {
        self.list.iter().find(|fault| fault.is_blocking)
    }

    /// All of them, the oldest first.
    pub fn as_slice(&self) -> &[Fault] {
        &self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(code: FaultCode, is_blocking: bool, vendor: &str) -> Fault {
        Fault { code, is_blocking, info: None, vendor_error_code: Some(vendor.into()), vendor_id: None }
    }

    #[test]
    fn faults_come_and_go_one_by_one() {
        let mut faults = Faults::default();
        faults.report(fault(FaultCode::OtherError, false, "E1"));
        faults.report(fault(FaultCode::OtherError, false, "E2"));
        faults.report(fault(FaultCode::OtherError, true, "E1"));
        assert_eq!(faults.as_slice().len(), 2, "the same one changed");
        assert!(faults.blocking().is_some());
        faults.report(fault(FaultCode::WeakSignal, false, ""));
        faults.end(FaultCode::OtherError);
        assert_eq!(faults.as_slice(), [fault(FaultCode::WeakSignal, false, "")]);
        faults.clear();
        assert!(faults.as_slice().is_empty());
    }

    #[test]
    fn list_is_bounded_and_warnings_go_first() {
        let mut faults = Faults::default();
        faults.report(fault(FaultCode::GroundFailure, true, "first"));
        for number in 0..100_u32 {
            faults.report(fault(FaultCode::OtherError, false, &alloc::format!("{number}")));
            assert!(faults.as_slice().len() <= MOST && faults.blocking().is_some());
        }
        for number in 0..100_u32 {
            faults.report(fault(FaultCode::OverVoltage, true, &alloc::format!("{number}")));
        }
        faults.report(fault(FaultCode::OtherError, false, ""));
        assert_eq!(faults.as_slice().len(), MOST);
        assert!(faults.as_slice().iter().all(|fault| fault.is_blocking));
    }
}
