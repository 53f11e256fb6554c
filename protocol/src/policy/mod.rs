//! Whether a vendor should believe a claim.
