//! Whether a claim was taken back.
