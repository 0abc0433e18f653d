//! The platform's resources, one file each, as in the core.

mod cards;

pub use cards::Cards;
