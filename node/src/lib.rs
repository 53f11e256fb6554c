//! Does: everything of a node that touches the world.

pub mod inspect;
pub mod network;
pub mod store;
pub mod vault;
