//! The frame of a page: what stands above, beside and below what it says.

use super::icon::Icon;
use super::{Markup, asset, html};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, PreEscaped, Render};

/// What all pages of one program have in common.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// The name that stands above, such as `Countersign`.
    pub name: String,
    /// Whose it is, in a word below the name: a fingerprint, an attestor's name.
    pub owner: String,
    /// Where the name leads.
    pub home: String,
    /// The ways from here to there.
    pub groups: Vec<Group>,
    /// What leads out, at the end: a form or a link.
    pub leave: Option<Markup>,
    /// Words for those who hear the page or go through it by keyboard: what leads past the ways.
    pub skip: String,
    /// The language of the texts, such as `en`.
    pub language: String,
}

/// Some ways under one heading.
#[derive(Debug, Clone)]
pub struct Group {
    /// The heading; empty for none.
    pub title: String,
    /// The ways.
    pub entries: Vec<Entry>,
}

/// A way to another page.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The word a person reads.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// The picture beside the word.
    pub icon: Icon,
    /// How many things wait there; nothing is shown for none.
    pub waiting: usize,
}

/// One page.
#[derive(Debug, Clone)]
pub struct Page<'a> {
    site: &'a Site,
    title: String,
    lead: Option<Markup>,
    at: String,
    body: Markup,
    status: StatusCode,
}

impl<'a> Page<'a> {
    /// Begins a page of `site` with its title, which is also its first heading.
    pub fn new(site: &'a Site, title: impl Into<String>) -> Self {
        Self {
            site,
            title: title.into(),
            lead: None,
            at: String::new(),
            body: html! {},
            status: StatusCode::OK,
        }
    }

    /// Says in a sentence below the title what the page is for.
    #[must_use]
    pub fn lead(mut self, lead: impl Render) -> Self {
        self.lead = Some(html! { (lead) });
        self
    }

    /// Marks the way, of those in the site's groups, that leads here.
    #[must_use]
    pub fn at(mut self, href: impl Into<String>) -> Self {
        self.at = href.into();
        self
    }

    /// Adds to what it says.
    #[must_use]
    pub fn with(mut self, more: impl Render) -> Self {
        self.body = html! { (self.body) (more) };
        self
    }

    /// Answers with another status than 200.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Gives the page as text.
    #[must_use]
    pub fn render(&self) -> String {
        let site = self.site;
        let language = if site.language.is_empty() { "en" } else { &site.language };
        let alone = site.groups.is_empty();
        let page = html! {
            (DOCTYPE)
            html lang=(language) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="robots" content="noindex";
                    title { (self.title) " · " (site.name) }
                    link rel="stylesheet" href=(asset::style());
                    link rel="icon" type="image/svg+xml" href=(asset::icon());
                }
                body.alone[alone] {
                    @if !site.skip.is_empty() { a.skip href="#content" { (site.skip) } }
                    (self.top())
                    @if !alone { (self.ways()) }
                    main #content tabindex="-1" {
                        h1 { (self.title) }
                        @if let Some(lead) = &self.lead { p.lead { (lead) } }
                        (self.body)
                    }
                }
            }
        };
        page.into_string()
    }

    fn top(&self) -> Markup {
        let site = self.site;
        html! {
            header.top {
                a.brand href=(or(&site.home, "/")) {
                    (PreEscaped(asset::MARK))
                    span { (site.name) }
                }
                @if !site.owner.is_empty() { span.owner { (site.owner) } }
                @if let Some(leave) = &site.leave { div.leave { (leave) } }
            }
        }
    }

    fn ways(&self) -> Markup {
        html! {
            nav.ways aria-label=(self.site.name) {
                @for group in &self.site.groups {
                    div.group {
                        @if !group.title.is_empty() { p.heading { (group.title) } }
                        ul { @for entry in &group.entries { li { (self.way(entry)) } } }
                    }
                }
            }
        }
    }

    fn way(&self, entry: &Entry) -> Markup {
        let here = (entry.href == self.at).then_some("page");
        html! {
            a href=(entry.href) aria-current=[here] {
                (entry.icon)
                span { (entry.label) }
                @if entry.waiting > 0 { span.count { (entry.waiting) } }
            }
        }
    }
}

impl IntoResponse for Page<'_> {
    fn into_response(self) -> Response {
        (self.status, Html(self.render())).into_response()
    }
}

impl Entry {
    /// Makes a way.
    pub fn new(label: impl Into<String>, href: impl Into<String>, icon: Icon) -> Self {
        Self { label: label.into(), href: href.into(), icon, waiting: 0 }
    }

    /// Says how many things wait there.
    #[must_use]
    pub fn waiting(mut self, waiting: usize) -> Self {
        self.waiting = waiting;
        self
    }
}

fn or<'t>(text: &'t str, otherwise: &'t str) -> &'t str {
    if text.is_empty() { otherwise } else { text }
}

#[cfg(test)]
mod tests {
    use super::super::parts;
    use super::*;

    fn site() -> Site {
        Site {
            name: "Countersign".to_owned(),
            groups: vec![Group {
                title: "I choose".to_owned(),
                entries: vec![
                    Entry::new("Claims", "claims", Icon::Claim),
                    Entry::new("Requests", "requests", Icon::Request).waiting(2),
                ],
            }],
            ..Site::default()
        }
    }

    #[test]
    fn what_is_not_ours_never_becomes_markup() {
        let page = Page::new(&site(), "<script>alert(1)</script>")
            .with(html! { p title="\"><script>" { "<b>" } })
            .render();
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
    }

    #[test]
    fn the_way_that_leads_here_is_marked_and_no_other() {
        let page = Page::new(&site(), "Claims").at("claims").render();
        assert!(page.contains("<a href=\"claims\" aria-current=\"page\">"), "{page}");
        assert_eq!(page.matches("aria-current").count(), 1);
    }

    #[test]
    fn a_page_loads_nothing_from_elsewhere_and_holds_no_script_or_style() {
        let notice = parts::notice(parts::Tone::Warning, "Title", html! { "text" });
        let page = Page::new(&site(), "Claims").with(notice).render();
        for word in ["http://", "https://", "<script", "<style", " style=", "javascript:"] {
            let found = page.replace("http://www.w3.org/2000/svg", "");
            assert!(!found.contains(word), "{word} in {page}");
        }
    }
}
