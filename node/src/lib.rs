//! Does: everything of a node that touches the world.

pub mod store;
pub mod network;
