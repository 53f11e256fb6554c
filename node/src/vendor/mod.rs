//! What a node does for a shop: challenges, policies, checks, attestors, and how all of it is.

mod accredited;
mod attestors;
mod challenge;
mod check;
mod desk;
mod doctor;
mod following;
mod policies;
mod recent;
mod standing;
mod stapled;

#[cfg(test)]
pub(crate) use challenge::MOST_OPEN;
pub(crate) use challenge::{Open, still_open};
pub(crate) use desk::Lying;
pub(crate) use policies::{Kept, POLICIES, can_name, file_with, files, pick, read};
pub(crate) use recent::Recent;
