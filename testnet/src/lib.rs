//! A whole network on one machine.

pub mod bench;
pub mod provider;
