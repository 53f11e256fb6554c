//! What needs more than one room to test, in one test binary.
//!
//! | module | what it asks |
//! | --- | --- |
//! | `conformance` | do we agree with the vectors others published? |
//! | `properties` | does a sentence hold about every input? |
//! | `docs` | is the documentation true? |
//! | `tidy` | does every word stand in its room? |
//! | [`samples`] | the documents that other people's code judges, see `tests/outside` |

pub mod samples;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod docs;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tidy;
