//! Does: everything of a node that touches the world.
