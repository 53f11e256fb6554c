//! A whole network on one machine.

pub mod provider;
