//! The frame around the owner's pages: where she can go, what waits where, and how it all is.

use super::Home;
use super::texts::{self, T, fill};
use crate::node::Node;
use crate::page::guard::Refusal;
use crate::page::part::Part;
use crate::page::parts::{self, quiet};
use crate::page::session::Session;
use crate::page::{Entry, Group, Icon, Markup, Page, Site, html};
use crate::problem::{Kind, Problem};
use crate::verb::Verb;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

/// A page asked for by its owner, with the node behind it. Where there is none yet, she is led to
/// the page that makes or unlocks one.
pub(super) struct Asked {
    pub(super) home: Home,
    pub(super) node: Node,
    pub(super) session: Session,
}

impl FromRequestParts<Home> for Asked {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, home: &Home) -> Result<Self, Response> {
        let session = parts.extensions.get::<Session>().cloned();
        let session = session.ok_or_else(|| Refusal::NotEntered.into_response())?;
        // To look is to see what is known now: only a deed may wait for others.
        let waits = parts.method != Method::GET;
        match home.node().await.map(|node| if waits { node } else { node.at_once() }) {
            Some(node) => {
                let node = node.asked_from(session.device().cloned());
                Ok(Self { home: home.clone(), node, session })
            }
            None => Err(Redirect::to(&home.at("start")).into_response()),
        }
    }
}

impl Asked {
    /// Asks the node what the door and the command line ask; a device asks what devices may.
    pub(super) async fn ask<V: Verb>(&self, question: V) -> Result<V::Answer, Problem> {
        if self.is_phone() && !V::DEVICE {
            return Err(Problem::new(Kind::Forbidden, T.phone_not).because(T.phone_not_why));
        }
        question.perform(&self.node).await
    }

    /// Tells whether a device asks, and not a browser on this computer.
    pub(super) fn is_phone(&self) -> bool {
        self.home.is_phone()
    }

    pub(super) fn at(&self, page: &str) -> String {
        self.home.at(page)
    }

    pub(super) async fn frame(&self) -> Frame {
        self.home.frame(&self.session).await
    }

    /// Answers a form that worked: back to a page.
    pub(super) fn back(&self, page: &str) -> Response {
        Redirect::to(&self.at(page)).into_response()
    }

    /// Shows what went wrong, and the way back.
    pub(super) async fn failed(&self, problem: &Problem, page: &str) -> Response {
        let status = StatusCode::from_u16(problem.status());
        let frame = self.frame().await;
        frame
            .page(T.failed_title)
            .at(self.at(page))
            .with(texts::problem(problem))
            .with(parts::actions(&[parts::quiet_link(&self.at(page), T.go_back)]))
            .status(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
            .into_response()
    }

    /// A button that posts to a page of ours.
    pub(super) fn press(&self, page: &str, fields: &[(&str, &str)], button: Markup) -> Markup {
        parts::press(&self.session, &self.at(page), fields, button)
    }

    /// A form that posts a file to a page of ours.
    pub(super) fn upload(&self, page: &str, body: Markup) -> Markup {
        parts::upload(&self.session, &self.at(page), body)
    }

    /// A form that posts to a page of ours.
    pub(super) fn form(&self, page: &str, body: Markup) -> Markup {
        parts::form(&self.session, &self.at(page), body)
    }
}

/// The part of an address that names something, such as a claim.
pub(super) type Named = Path<String>;

/// What stands around a page.
pub(super) struct Frame {
    site: Site,
}

impl Frame {
    pub(super) fn page(&self, title: impl Into<String>) -> Page<'_> {
        Page::new(&self.site, title)
    }
}

impl Home {
    /// Makes the frame for a page of this session.
    pub(super) async fn frame(&self, session: &Session) -> Frame {
        let leave = || parts::press(session, &self.at("leave"), &[], quiet(T.leave));
        let leave = (!self.is_phone()).then(leave);
        let mut site = Site { home: self.at(""), leave, ..alone() };
        let Some(node) = self.node().await else { return Frame { site } };
        if let Ok(Some(scid)) = node.own_scid().await {
            site.owner = scid.fingerprint();
        }
        let waiting = self.0.asked.waiting();
        let entry = |label, page, icon| Entry::new(label, self.at(page), icon);
        if self.is_phone() {
            site.groups = vec![Group {
                title: String::new(),
                entries: vec![
                    entry(T.nav_requests, "requests", Icon::Request),
                    entry(T.nav_claims, "claims", Icon::Claim),
                    entry(T.nav_statement, "statement", Icon::Statement),
                ],
            }];
            return Frame { site };
        }
        site.groups = vec![
            Group {
                title: String::new(),
                entries: vec![entry(T.nav_overview, "", Icon::Overview)],
            },
            Group {
                title: T.choose.to_owned(),
                entries: vec![
                    entry(T.nav_requests, "requests", Icon::Request),
                    entry(T.nav_world, "world", Icon::World),
                ],
            },
            Group {
                title: T.look_after.to_owned(),
                entries: vec![
                    entry(T.nav_claims, "claims", Icon::Claim).waiting(waiting),
                    entry(T.nav_keys, "keys", Icon::Key),
                    entry(T.nav_network, "network", Icon::Network),
                ],
            },
            Group {
                title: T.beneficiary.to_owned(),
                entries: vec![entry(T.nav_statement, "statement", Icon::Statement)],
            },
        ];
        if has_policies(&node) {
            site.groups.push(Group {
                title: T.shop.to_owned(),
                entries: vec![entry(T.nav_shop, "shop", Icon::Policy)],
            });
        }
        Frame { site }
    }
}

/// A page beside all the others: the entrance, the first steps.
pub(super) fn alone() -> Site {
    Site {
        name: T.product.to_owned(),
        skip: T.skip.to_owned(),
        language: T.language.to_owned(),
        ..Site::default()
    }
}

/// Tells whether this node decides about others.
pub(super) fn has_policies(node: &Node) -> bool {
    std::fs::read_dir(node.data().join("policies")).is_ok_and(|mut files| files.next().is_some())
}

/// Says which part of the list called `what` stands here, with the ways to the rest if there is more of it.
pub(super) fn ways(part: &Part, what: &str, address: impl Fn(usize) -> String) -> Markup {
    let [from, to, total] = part.counted().map(|number| number.to_string());
    let said = fill(T.part, &[("from", &from), ("to", &to), ("total", &total)]);
    html! { @if !part.is_all() { (part.ways(what, said, [T.part_before, T.part_after], address)) } }
}

/// A way back, above a title.
pub(super) fn trail(href: &str, label: &str) -> Markup {
    html! { p.trail { a href=(href) { "← " (label) } } }
}
