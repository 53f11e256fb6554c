//! What a node tells the mesh about a message a peer sent it.

/// Says what to do with something a peer relayed.
///
/// *Reject* punishes the sender, so it is only for what the sender could have seen for itself:
/// malformed bytes, too many of them, a signature that does not hold. Missing context, a skewed
/// clock or our own full disk is nobody's fault and is *ignored*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It holds; pass it on.
    Accept,
    /// Nobody's fault; do not pass it on.
    Ignore,
    /// The sender is answerable for it; do not pass it on and remember who sent it.
    Reject,
}
