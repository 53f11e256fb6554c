//! Whether a Data Integrity proof holds.
