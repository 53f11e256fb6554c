//! Signs: checks evidence and signs claims about it.
