//! Does: everything of a node that touches the world.
//!
//! | room | what it does |
//! | --- | --- |
//! | [`driver`] | the one loop: event, engine, effects |
//! | [`network`] | the only libp2p |
//! | [`store`], [`vault`] | what is remembered, and what is remembered sealed |
//! | [`http`], [`cli`] | the doors and the command line |
//! | [`home`] | the owner's pages |
//! | [`page`] | what every page is made of |
//! | [`serve`], [`signal`], [`terminal`], [`mod@line`] | what every program of ours needs: a listener with limits, the end, a person who types, a command line |
//! | [`verb`] | what an owner can ask, once for both |
//! | [`inspect`] | looks at one signed object, with no network |
//! | [`tls`] | the certificate a listener shows |
//! | [`door`] | the tokens to the owner's door, where it is, and who asks there |
//! | [`private`] | files that nobody else reads |
//! | [`mod@unit`] | has a program run by itself |
//! | `own`, `vendor` | what a node does for its owner, and for a shop |
//!
//! Programs that live with a node, such as an attestor, hold a [`Node`].

pub mod books;
pub mod claims;
pub mod cli;
pub mod config;
mod desktop;
mod devices;
pub mod door;
pub mod driver;
pub mod files;
pub mod home;
pub mod http;
pub mod inspect;
pub mod joined;
mod known;
pub mod line;
mod link;
pub mod metrics;
pub mod network;
mod node;
pub mod output;
mod own;
pub mod page;
pub mod passphrase;
pub mod private;
pub mod problem;
pub mod ready;
mod records;
pub mod serve;
pub mod settings;
pub mod signal;
pub mod start;
pub mod store;
pub mod telemetry;
pub mod terminal;
pub mod tls;
pub mod unit;
pub mod vault;
mod vendor;
pub mod verb;

pub use config::Config;
pub use known::Known;
pub use node::{Ask, Node};
pub use output::Output;
pub use problem::Problem;
