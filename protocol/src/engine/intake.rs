//! How an object from outside becomes part of what this node knows.

/// What was offered is not taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// It belongs to another identity than the one asked for. Fault of whoever sent it.
    #[error("it belongs to another identity")]
    AnotherIdentity,
}
