//! The platform's resources, one file each, as in the core.

mod accounts;
mod cardholders;
mod cards;
mod consumptions;
mod pci;
mod simulation;

pub use accounts::Accounts;
pub use cardholders::Cardholders;
pub use cards::Cards;
pub use consumptions::Consumptions;
pub use pci::Pci;
pub use simulation::Simulation;
