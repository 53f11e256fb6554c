//! A phone is added: its code, its cookie and its door's key belong nowhere else.

use super::disk;
use super::doors::{self, Pages};
use super::people::Found;
use super::search::Canary;
use crate::world::{holds, unlike};
use countersign_node::verb::devices::{Add, Open};
use countersign_testnet::Failure;
use countersign_testnet::cluster::Member;
use std::net::{Ipv4Addr, SocketAddr};

/// Opens the door, goes in by the code as a phone does, and asks for the same as nobody and as `other`.
pub(super) async fn added(
    member: &Member,
    other: &Pages,
    found: &mut Found,
) -> Result<(), Failure> {
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    member.owner.ask(&Open { at: Some(here) }).await?;
    let added = member.owner.ask(&Add { name: "my phone".to_owned() }).await?;
    let mut pages = doors::pages(&added.url).await?;
    holds("a page on the phone", pages.text.contains("Scan a request"), &pages.urls)?;
    let bad = |cause: &dyn std::fmt::Display| unlike("an address", &cause.to_string());
    let first = pages.urls.first().cloned().ok_or_else(|| bad(&"none"))?;
    for page in ["/claims", "/statement", "/keys"] {
        pages.urls.push(first.join(page).map_err(|error| bad(&error))?);
    }
    found.haystacks.extend(doors::shut(&pages, other, member).await?);
    found.canaries.push(Canary::new("a code that lets a phone in", pages.code.as_str()));
    let cookies = pages.cookies.iter();
    found.canaries.extend(cookies.map(|one| Canary::new("a phone's cookie", one.as_str())));
    let key = disk::read(&member.data.join("phone.key"))?;
    let key = String::from_utf8_lossy(&key).into_owned();
    let line = key.lines().nth(1).ok_or_else(|| unlike("phone.key", "no key"))?;
    let whose = member.data.file_name().unwrap_or_default().to_string_lossy();
    let home = format!("{whose}/phone.key");
    found.canaries.push(Canary::new("the key of the phone's door", line).belongs(&home));
    Ok(())
}
