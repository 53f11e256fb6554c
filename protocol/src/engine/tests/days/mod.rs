//! The bad days of the main job: one sentence each, in virtual time.

mod away;
mod clocks;
pub(super) mod forks;
mod keys;
mod killed;
mod liars;
mod shop;
mod versions;
mod witnesses;
