//! What goes through the programs themselves: real processes that are killed, copied, put back and moved.
//!
//! | module | its bad day |
//! | --- | --- |
//! | [`kills`] | any process is killed at any moment |
//! | [`copies`] | an attestor's folder is put back to what it was |
//! | [`older`] | a folder was written by an older program, or by a newer one |
//! | [`service`] | a node that runs as a service is upgraded, and gone back from |
//! | [`moves`] | identities move to a domain, are restored, recovered, ended |
//! | [`accredited`] | one attestor stands behind another, and no longer |
//! | [`accounts`] | one account signs in for a second identity |
//! | [`typed`] | every question is typed at what runs, for a program to read |
//! | [`canary`] | secrets are looked for where they do not belong |
//! | [`reissued`] | an attestor takes back the key that signed |
//! | [`cut`] | the network falls in two, by command, and is healed |
//! | [`left`] | whoever began all of it is killed, or its terminal is closed |
//! | [`several`] | what one binary has started again is another of its programs |
//! | [`observer`] | somebody listens and guesses whose computer is whose |

mod accounts;
mod accredited;
mod canary;
mod copies;
// All of it is a test, its helpers too.
#[cfg(test)]
mod cut;
mod folder;
#[cfg(test)]
mod kept;
mod kills;
#[cfg(test)]
mod left;
mod moves;
mod observer;
mod older;
mod reissued;
#[expect(clippy::print_stderr, reason = "what was not tried is said")]
mod service;
#[cfg(test)]
mod several;
mod typed;
#[expect(clippy::print_stderr, reason = "what was not tried is said")]
mod unit;
mod world;
