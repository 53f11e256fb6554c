//! Claims, presentations and showcases.
