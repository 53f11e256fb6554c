//! The page kit: what every page of a node, an attestor or a test network is made of.
//!
//! Pages are made on the server, work without a script, and load nothing from anywhere else: one
//! stylesheet from the program itself, under an address that changes with its content. [`Page`] is the
//! frame, [`parts`] are the pieces inside it, [`headers`] keep it from being framed, scripted or
//! cached, [`session`] lets a person in by a code that counts once, [`bearer`] a program by its token, and
//! [`guard`] keeps other pages of the same browser out.
//!
//! ```text
//! Router::new()
//!     .route("/claims", get(claims).post(publish))      handlers take a `Visit`, posts a `Posted`
//!     .layer(from_fn_with_state(door, guard::visit))     the session, or the way to the entrance
//!     .merge(asset::routes())                            the stylesheet and the icon
//!     .layer(from_fn(headers::strict))                   headers of every answer
//! ```

pub mod asset;
pub mod bearer;
pub mod fields;
mod frame;
pub mod guard;
pub mod headers;
mod icon;
pub mod part;
pub mod parts;
pub mod proof;
pub mod qr;
pub mod session;

pub use fields::{Fields, File, Posted, Uploaded, Visit};
pub use frame::{Entry, Group, Page, Site};
pub use icon::Icon;
pub use maud::{Markup, PreEscaped, html};
