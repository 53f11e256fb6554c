//! A customer's browser: it keeps cookies, follows redirects one by one and fills in forms.
//!
//! It is no browser engine; the pages of attestors and of the simulated provider work without
//! JavaScript, so an HTTP client that minds cookies is all a customer needs.

use crate::Failure;
use reqwest::{Client, Response, StatusCode, Url, redirect};
use std::collections::BTreeMap;
use std::time::Duration;

/// One browser, with its own cookies.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

/// A page that was shown.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where it was found, after all redirects.
    pub url: Url,
    /// The status it came with.
    pub status: StatusCode,
    /// Its text.
    pub text: String,
}

impl Browser {
    /// Opens a browser that accepts the self-signed certificates of a testnet.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Unreachable`] if TLS cannot be set up.
    pub fn new() -> Result<Self, Failure> {
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .danger_accept_invalid_certs(true)
            .timeout(Duration::from_secs(20))
            .build()
            .map_err(|cause| Failure::Unreachable { name: "browser".to_owned(), cause })?;
        Ok(Self { client, cookies: BTreeMap::new() })
    }

    /// Opens `url` and follows where it leads.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Unreachable`] or, after too many redirects, [`Failure::Page`].
    pub async fn open(&mut self, url: &str) -> Result<Page, Failure> {
        let url = parse(url)?;
        let response = self.send(self.client.get(url.clone()), &url).await?;
        self.follow(url, response).await
    }

    /// Sends the first form of `page`, its hidden fields kept and `fields` filled in, and follows
    /// where that leads.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Page`] if the page has no form.
    pub async fn submit(&mut self, page: &Page, fields: &[(&str, &str)]) -> Result<Page, Failure> {
        let missing = || Failure::Page { url: page.url.to_string(), found: page.text.clone() };
        let form = form(&page.text).ok_or_else(missing)?;
        let target = page.url.join(&form.action).map_err(|_| missing())?;
        let mut values: BTreeMap<&str, &str> =
            form.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        values.extend(fields.iter().copied());
        let response = self.send(self.client.post(target.clone()).form(&values), &target).await?;
        self.follow(target, response).await
    }

    async fn follow(&mut self, mut url: Url, mut response: Response) -> Result<Page, Failure> {
        for _ in 0..MAX_REDIRECTS {
            if !response.status().is_redirection() {
                let status = response.status();
                let text = response.text().await.map_err(unreachable)?;
                return Ok(Page { url, status, text });
            }
            let location = response
                .headers()
                .get("location")
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default();
            url = url.join(location).map_err(|_| bad_url(location))?;
            response = self.send(self.client.get(url.clone()), &url).await?;
        }
        Err(Failure::Page { url: url.to_string(), found: "it redirects for ever".to_owned() })
    }

    async fn send(
        &mut self,
        request: reqwest::RequestBuilder,
        url: &Url,
    ) -> Result<Response, Failure> {
        let origin = url.origin().ascii_serialization();
        let jar = self.cookies.entry(origin).or_default();
        let cookies: Vec<String> =
            jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request =
            if cookies.is_empty() { request } else { request.header("cookie", cookies.join("; ")) };
        let response = request.send().await.map_err(unreachable)?;
        for cookie in response.headers().get_all("set-cookie") {
            let pair = cookie.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                jar.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
        Ok(response)
    }
}

struct Form {
    action: String,
    hidden: Vec<(String, String)>,
}

/// Finds the first form of a page of ours: attributes in double quotes, nothing exotic.
fn form(text: &str) -> Option<Form> {
    let start = text.find("<form")?;
    let end = text.get(start..)?.find("</form>")?.saturating_add(start);
    let form = text.get(start..end)?;
    let action = attribute(form.get(..form.find('>')?)?, "action").unwrap_or_default();
    let hidden = form
        .split("<input")
        .skip(1)
        .filter_map(|rest| rest.get(..rest.find('>')?))
        .filter(|input| attribute(input, "type").as_deref() == Some("hidden"))
        .filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value")?)))
        .collect();
    Some(Form { action, hidden })
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    let plain = value
        .replace("&quot;", "\"")
        .replace("&#34;", "\"")
        .replace("&#x27;", "'")
        .replace("&#39;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    Some(plain)
}

fn parse(url: &str) -> Result<Url, Failure> {
    Url::parse(url).map_err(|_| bad_url(url))
}

fn bad_url(url: &str) -> Failure {
    Failure::Page { url: url.to_owned(), found: "it is no address".to_owned() }
}

fn unreachable(cause: reqwest::Error) -> Failure {
    Failure::Unreachable { name: "a page".to_owned(), cause }
}

/// More than a sign-in takes.
const MAX_REDIRECTS: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_keeps_its_hidden_fields() {
        let page = r#"<p>x</p><form method="post" action="/go?a=1&amp;b=2">
            <input type="hidden" name="csrf" value="t&quot;k"><input type="text" name="who">
            <button name="answer" value="yes">Yes</button></form>"#;
        let form = form(page).unwrap();
        assert_eq!(form.action, "/go?a=1&b=2");
        assert_eq!(form.hidden, [("csrf".to_owned(), "t\"k".to_owned())]);
    }
}
