//! What every page takes and weighs, with whatever it loads: the owner's, a shop's, an attestor's, its
//! operator's and the map.

use super::super::{BenchError, Measured};
use super::{millis, percentile};
use crate::Failure;
use crate::cluster::Cluster;
use crate::up::{self, Open};
use countersign_node::problem::Problem;
use reqwest::Client;
use reqwest::header::{COOKIE, HeaderMap, HeaderName, LOCATION, SET_COOKIE};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// Opens the map beside `cluster`, looks at every page often, and stops all of it. Gives the slowest
/// page's p99, and the weight of the heaviest.
pub(super) async fn all(cluster: Cluster, folder: &Path) -> Result<[Measured; 2], BenchError> {
    let open = up::open(cluster, folder).await?;
    let looked = look_around(&open).await;
    open.stop().await?;
    Ok(told(&looked?))
}

/// One page that was looked at.
struct Looked {
    name: String,
    p50: Duration,
    p99: Duration,
    /// Its own bytes and those of what it loads.
    bytes: usize,
}

async fn look_around(open: &Open) -> Result<Vec<Looked>, BenchError> {
    let mut looked = Vec::new();
    let map = Browser::enter("the map", &open.map()).await?;
    looked.push(map.look("").await?);
    for (whose, name, pages) in [
        ("home", super::shop::CUSTOMER, HOME),
        ("shop", super::shop::SHOP, SHOP),
        ("desk", "north", DESK),
    ] {
        let way = open.entrance_of(name).await.map_err(|problem| refused(name, problem))?;
        let browser = Browser::enter(whose, &way).await?;
        for page in pages {
            looked.push(browser.look(page).await?);
        }
    }
    let tls = open.public_of("north").ok_or(BenchError::Wrong { what: "a listener with TLS" })?;
    let public = Browser::outside("attestor", format!("https://{tls}"))?;
    looked.push(public.look("/").await?);
    Ok(looked)
}

fn told(looked: &[Looked]) -> [Measured; 2] {
    let slowest = looked.iter().map(|one| one.p99).max().unwrap_or_default();
    let heaviest = looked.iter().map(|one| one.bytes).max().unwrap_or_default();
    let (mut times, mut weights) = (format!("{ROUNDS} looks at each; p50 and p99"), String::new());
    for Looked { name, p50, p99, bytes } in looked {
        let _written = write!(times, "; {name} {:.1}/{:.1}", millis(*p50), millis(*p99)).is_ok();
        let begin = if weights.is_empty() { "" } else { "; " };
        let _written = write!(weights, "{begin}{name} {:.1}", kibibytes(*bytes)).is_ok();
    }
    [Measured::new(millis(slowest), times), Measured::new(kibibytes(heaviest), weights)]
}

fn kibibytes(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1024.0
}

fn refused(name: &str, problem: Problem) -> Failure {
    Failure::Problem { name: name.to_owned(), problem: Box::new(problem) }
}

/// Somebody who was let in.
struct Browser {
    whose: String,
    client: Client,
    origin: String,
    /// The path its pages lie below.
    base: String,
    cookie: String,
}

impl Browser {
    /// Goes in by the address a code is in.
    async fn enter(whose: &str, url: &str) -> Result<Self, BenchError> {
        let mut browser = Self::outside(whose, origin(url).to_owned())?;
        let answer = browser.client.get(url).send().await.map_err(|cause| browser.lost(cause))?;
        let text = |headers: &HeaderMap, name: HeaderName| {
            let value = headers.get(name).and_then(|value| value.to_str().ok());
            value.map(str::to_owned).ok_or(BenchError::Wrong { what: "the way into a page" })
        };
        browser.base = text(answer.headers(), LOCATION)?;
        let cookie = text(answer.headers(), SET_COOKIE)?;
        browser.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Ok(browser)
    }

    fn outside(whose: &str, origin: String) -> Result<Self, BenchError> {
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            // An attestor of a test network signs its certificate itself.
            .danger_accept_invalid_certs(true)
            .timeout(PATIENCE)
            .build();
        let lost = |cause| Failure::Unreachable { name: whose.to_owned(), cause };
        let client = client.map_err(lost)?;
        let (whose, base, cookie) = (whose.to_owned(), String::new(), String::new());
        Ok(Self { whose, client, origin, base, cookie })
    }

    fn lost(&self, cause: reqwest::Error) -> Failure {
        Failure::Unreachable { name: self.whose.clone(), cause }
    }

    /// Looks at a page again and again, and once at all it loads.
    async fn look(&self, page: &str) -> Result<Looked, BenchError> {
        let at = format!("{}{page}", self.base);
        let text = self.load(&at).await?;
        let mut bytes = text.len();
        for asset in assets(&text) {
            bytes += self.load(asset).await?.len();
        }
        let mut times = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            let began = Instant::now();
            let _seen = self.load(&at).await?;
            times.push(began.elapsed());
        }
        let name = format!("{}/{}", self.whose, page.trim_start_matches('/'));
        let (p50, p99) = (percentile(&mut times, 50), percentile(&mut times, 99));
        Ok(Looked { name, p50, p99, bytes })
    }

    async fn load(&self, path: &str) -> Result<String, BenchError> {
        let request =
            self.client.get(format!("{}{path}", self.origin)).header(COOKIE, &self.cookie);
        let answer = request.send().await.and_then(reqwest::Response::error_for_status);
        let answer = answer.map_err(|cause| self.lost(cause))?;
        if answer.status().is_redirection() {
            return Err(BenchError::Wrong { what: "a page" });
        }
        Ok(answer.text().await.map_err(|cause| self.lost(cause))?)
    }
}

/// Gives the beginning of an address: who is asked.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let path = url.get(host..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| host + at);
    url.get(..path).unwrap_or(url)
}

/// Lists what a page loads, each once.
fn assets(page: &str) -> BTreeSet<&str> {
    page.split('"').filter(|text| text.starts_with("/assets/")).collect()
}

/// The owner's pages.
const HOME: &[&str] =
    &["", "claims", "claims/get", "requests", "world", "statement", "keys", "network"];
/// Those a vendor has beside them.
const SHOP: &[&str] = &["", "shop", "network"];
/// The operator's.
const DESK: &[&str] = &["", "/claims", "/renewals", "/revoke", "/duplicates", "/log"];
/// Looks at each page.
const ROUNDS: usize = 100;
const PATIENCE: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_each_thing_it_loads_once() {
        let page = "<link href=\"/assets/a.css\"><img src=\"/assets/b.svg\"><a href=\"/x\"><link href=\"/assets/a.css\">";
        assert_eq!(
            assets(page).into_iter().collect::<Vec<_>>(),
            ["/assets/a.css", "/assets/b.svg"]
        );
    }

    #[test]
    fn an_origin_ends_where_the_path_begins() {
        assert_eq!(origin("http://127.0.0.1:7/enter?code=1/2"), "http://127.0.0.1:7");
        assert_eq!(origin("https://127.0.0.1:7"), "https://127.0.0.1:7");
    }

    #[test]
    fn the_slowest_and_the_heaviest_page_count() {
        let page = |name: &str, p99, bytes| Looked {
            name: name.to_owned(),
            p50: Duration::from_millis(1),
            p99: Duration::from_millis(p99),
            bytes,
        };
        let [time, weight] = told(&[page("home/", 7, 2048), page("desk/", 5, 4096)]);
        assert_eq!((time.value, weight.value), (7.0, 4.0));
        assert!(time.detail.contains("desk/ 1.0/5.0") && weight.detail == "home/ 2.0; desk/ 4.0");
    }
}
