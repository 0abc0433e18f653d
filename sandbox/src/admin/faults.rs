//! The fault plan.

use std::sync::atomic::Ordering;

use super::platform::Platform;
use crate::error::SandboxError;
use crate::fault::kinds::{Fault, FiredFault};
use crate::platform::routes;

/// # Faults
impl Platform {
    /// Adds a fault to the plan.
    ///
    /// # Panics
    ///
    /// If there is no operation of that name: such a fault would never occur, and a test would prove nothing.
    pub fn fault(&self, fault: Fault) {
        if let Err(error) = self.try_fault(fault) {
            panic!("{error}");
        }
    }

    /// Adds a fault to the plan.
    ///
    /// # Errors
    ///
    /// [`SandboxError::UnknownOperation`] if there is no operation of that name.
    pub fn try_fault(&self, fault: Fault) -> Result<(), SandboxError> {
        match &fault.operation {
            Some(name) if routes::by_operation(name).is_none() => {
                Err(SandboxError::UnknownOperation { operation: name.clone() })
            }
            _ => {
                self.shared.lock().faults.add(fault);
                Ok(())
            }
        }
    }

    /// Removes all faults from the plan.
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// The faults that occurred, oldest first.
    pub fn faults_fired(&self) -> Vec<FiredFault> {
        self.shared.lock().faults.fired().to_vec()
    }

    /// The number of requests that followed the redirect of [`FaultKind::Redirect`](crate::FaultKind::Redirect).
    pub fn redirect_calls(&self) -> usize {
        self.shared.redirect_hits.load(Ordering::Relaxed)
    }
}
