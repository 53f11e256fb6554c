//! What travels between nodes, and how large it may be.

pub mod bounds;
