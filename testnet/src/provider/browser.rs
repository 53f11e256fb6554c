//! Plays a person's browser: keeps cookies, follows redirects one at a time, fills in forms.
//!
//! It reads no more HTML than the pages of this project have: forms with inputs and buttons.

use axum::http::StatusCode;
use axum::http::header::{COOKIE, LOCATION, SET_COOKIE};
use std::collections::BTreeMap;
use url::Url;

/// A browser with one profile.
#[derive(Debug)]
pub struct Browser {
    client: reqwest::Client,
    /// By host and port, then by name.
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

/// A page that was shown, or where a redirect points.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where it is.
    pub url: Url,
    /// How it was answered.
    pub status: StatusCode,
    /// Its text; empty for a redirect that was not followed.
    pub text: String,
    /// Where it redirects to.
    pub redirect: Option<Url>,
}

impl Page {
    /// Gives where the links of the page lead.
    pub fn links(&self) -> impl Iterator<Item = Url> {
        let parts = self.text.split("<a ").skip(1).filter_map(|rest| rest.split_once('>'));
        parts.filter_map(|(tag, _)| {
            let href = unescape(attribute(&format!(" {tag}"), "href")?);
            self.url.join(&href).ok()
        })
    }

    /// Gives the link that leads to a node on this computer, off the site of this page.
    #[must_use]
    pub fn way_back(&self) -> Option<Url> {
        let own = self.url.origin();
        self.links().find(|link| link.scheme() == "http" && link.origin() != own)
    }
}

impl Browser {
    /// Makes a browser with no cookies. It trusts the self-signed certificates of a testnet, which
    /// is why it goes nowhere but to loopback.
    ///
    /// # Errors
    ///
    /// Returns the error of the HTTP client if it cannot be set up.
    pub fn new() -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .danger_accept_invalid_certs(true)
            .no_proxy()
            .build()?;
        Ok(Self { client, cookies: BTreeMap::new() })
    }

    /// Gives the values of all cookies it was ever given.
    pub fn cookies(&self) -> impl Iterator<Item = &str> {
        self.cookies.values().flat_map(BTreeMap::values).map(String::as_str)
    }

    /// Opens an address and shows what is there, redirects not followed.
    ///
    /// # Errors
    ///
    /// Returns [`BrowserError`] if it is not on loopback or does not answer.
    pub async fn open(&mut self, url: &Url) -> Result<Page, BrowserError> {
        self.ask(self.client.get(url.clone()), url).await
    }

    /// Opens an address and follows redirects until there is a page, or none may be followed.
    ///
    /// # Errors
    ///
    /// Returns [`BrowserError`] as [`Self::open`] does, and when it goes round in circles.
    pub async fn visit(&mut self, url: &Url) -> Result<Page, BrowserError> {
        let page = self.open(url).await?;
        let page = self.follow(page).await?;
        // A page that only says what is about to happen: its reader goes on.
        let next = page.links().find(|link| link.path().starts_with("/begin/"));
        match next {
            Some(next) => {
                let page = self.open(&next).await?;
                self.follow(page).await
            }
            None => Ok(page),
        }
    }

    /// Sends the only form of `page`, with `filled` over what stands in it, and follows redirects.
    ///
    /// # Errors
    ///
    /// Returns [`BrowserError`] if there is no form, or as [`Self::visit`] does.
    pub async fn submit(
        &mut self,
        page: &Page,
        filled: &[(&str, &str)],
    ) -> Result<Page, BrowserError> {
        let page = self.submit_only(page, filled).await?;
        self.follow(page).await
    }

    /// Sends the only form of `page` and does not follow a redirect.
    ///
    /// # Errors
    ///
    /// Returns [`BrowserError`] if there is no form, or it cannot be sent.
    pub async fn submit_only(
        &mut self,
        page: &Page,
        filled: &[(&str, &str)],
    ) -> Result<Page, BrowserError> {
        let (action, mut fields) = form(&page.text).ok_or(BrowserError::NoForm)?;
        let url = page.url.join(&action).map_err(|_| BrowserError::NoForm)?;
        for (name, value) in filled {
            fields.insert((*name).to_owned(), (*value).to_owned());
        }
        let origin = page.url.origin().ascii_serialization();
        self.ask(self.client.post(url.clone()).header("origin", origin).form(&fields), &url).await
    }

    async fn follow(&mut self, mut page: Page) -> Result<Page, BrowserError> {
        for _ in 0..10 {
            let Some(next) = page.redirect.take() else { return Ok(page) };
            page = self.open(&next).await?;
        }
        Err(BrowserError::Circles)
    }

    async fn ask(
        &mut self,
        request: reqwest::RequestBuilder,
        url: &Url,
    ) -> Result<Page, BrowserError> {
        if !matches!(url.host_str(), Some("127.0.0.1" | "localhost")) {
            return Err(BrowserError::NotLoopback);
        }
        let site = url.authority().to_owned();
        let kept = self.cookies.entry(site).or_default();
        let cookies: Vec<String> =
            kept.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request
            .header(COOKIE, cookies.join("; "))
            .send()
            .await
            .map_err(|cause| BrowserError::NoAnswer { cause })?;
        for header in answer.headers().get_all(SET_COOKIE) {
            let text = header.to_str().unwrap_or_default();
            if let Some((name, value)) = text.split(';').next().and_then(|c| c.split_once('=')) {
                kept.insert(name.to_owned(), value.to_owned());
            }
        }
        let status = answer.status();
        let to = answer.headers().get(LOCATION).and_then(|header| header.to_str().ok());
        let redirect = to.and_then(|to| url.join(to).ok()).filter(|_| status.is_redirection());
        let text = answer.text().await.map_err(|cause| BrowserError::NoAnswer { cause })?;
        Ok(Page { url: url.clone(), status, text, redirect })
    }
}

/// Reads the address and the inputs of the first form.
fn form(text: &str) -> Option<(String, BTreeMap<String, String>)> {
    let form = text.split_once("<form")?.1.split_once("</form>")?.0;
    let action = unescape(attribute(form, "action")?);
    let inputs = form.split("<input").skip(1).filter_map(|input| {
        let input = input.split_once('>')?.0;
        let value = attribute(input, "value").map(unescape).unwrap_or_default();
        Some((unescape(attribute(input, "name")?), value))
    });
    Some((action, inputs.collect()))
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    Some(tag.split_once(&format!(" {name}=\""))?.1.split_once('"')?.0)
}

fn unescape(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// The browser could not go on.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum BrowserError {
    /// It trusts any certificate, so it stays on this machine. Fault of the caller.
    #[error("this browser goes nowhere but to loopback")]
    NotLoopback,
    /// Nobody answered. Fault of the other side.
    #[error("no answer: {cause}")]
    NoAnswer { cause: reqwest::Error },
    /// The page has no form to send. Fault of the caller.
    #[error("the page has no form")]
    NoForm,
    /// Ten redirects one after the other. Fault of the other side.
    #[error("one redirect after the other")]
    Circles,
}
