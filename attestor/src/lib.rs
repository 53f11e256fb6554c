//! Signs: checks evidence and signs claims about it.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`evidence`] | learns something about a person, at a source a file describes |

pub mod evidence;
