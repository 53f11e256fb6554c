//! Ways from the map into the pages of those who are on it.

use super::super::deed::rests;
use super::super::seat::Seat;
use super::super::town::Town;
use super::{Map, words};
use crate::cluster::Part;
use crate::provider::people::{PASSWORD, UNVERIFIED, VERIFIED, VERIFIED_TOO};
use countersign_attestor::http::owner::{self, Invited};
use countersign_node::Problem;
use countersign_node::door::client::{Client, DoorError};
use countersign_node::page::parts;
use countersign_node::page::{Markup, html};
use countersign_node::problem::Kind;
use countersign_node::verb::home::Enter;
use std::time::Duration;

/// Cards with the ways.
pub(super) fn cards(page: &Map) -> Markup {
    let seats = page.town.seats().borrow().clone();
    let of = |part: Part| seats.iter().filter(move |seat| seat.part == part);
    let inside = |seat: &Seat, word: &str| {
        way(&page.entrance.at(&format!("open/{}", seat.name)), word, &seat.name)
    };
    let list = |ways: Vec<Markup>| html! { ul { @for way in ways { li { (way) } } } };
    let homes = of(Part::Customer).map(|seat| inside(seat, words::HOME_OF)).collect();
    let shops = of(Part::Vendor).map(|seat| inside(seat, words::SHOP_OF)).collect();
    let stall = page.town.stall().map(|stall| {
        way(&page.entrance.at(&format!("open/{}", stall.name)), words::STALL_OF, &stall.vendor)
    });
    let stall = html! {
        @match &stall {
            Some(way) => { p { (words::STALL_TEXT) } ul { li { (way) } } }
            None => p { (words::STALL_NONE) },
        }
    };
    let desks = of(Part::Attestor).flat_map(|seat| {
        let public = seat.tls.map(|tls| format!("https://{tls}/"));
        let public = public.map(|url| way(&url, words::PUBLIC_OF, &seat.name));
        [Some(inside(seat, words::DESK_OF)), public].into_iter().flatten()
    });
    parts::cards(&[
        parts::card(words::HOMES, html! { p { (words::HOMES_TEXT) } (list(homes)) }),
        parts::card(words::SHOPS, html! { p { (words::SHOPS_TEXT) } (list(shops)) (stall) }),
        parts::card(words::DESKS, html! { p { (words::DESKS_TEXT) } (list(desks.collect())) }),
        parts::card(words::PROVIDER, provider(page)),
        parts::card(
            words::INVITE,
            html! { p { (words::INVITE_TEXT) } p { (parts::code(&page.town.invite)) } },
        ),
    ])
}

fn provider(page: &Map) -> Markup {
    html! {
        p { (words::PROVIDER_TEXT) }
        ul {
            li { code { (VERIFIED) } ", " (words::VERIFIED) }
            li { code { (VERIFIED_TOO) } ", " (words::VERIFIED) }
            li { code { (UNVERIFIED) } ", " (words::UNVERIFIED) }
        }
        p { (words::PROVIDER_PASSWORD) " " code { (PASSWORD) } }
        @if let Some(provider) = &page.town.provider {
            p { a href=(provider) target="_blank" rel="noopener" { (words::PROVIDER_OPEN) } }
        }
    }
}

fn way(href: &str, word: &str, name: &str) -> Markup {
    html! { a href=(href) target="_blank" rel="noopener" { (word) " " (name) } }
}

/// Has a member let this browser into its own pages, and gives the address.
///
/// # Errors
///
/// Returns a problem if nobody has that name, or it does not run.
pub(in crate::up) async fn entrance_of(town: &Town, name: &str) -> Result<String, Problem> {
    if let Some(stall) = town.stall().filter(|stall| stall.name == name) {
        let url = Some(stall.url).filter(|_| stall.running);
        return url.ok_or_else(|| rests(Kind::Unavailable, name));
    }
    let seat = town.seat(name)?;
    if !seat.running {
        return Err(rests(Kind::Unavailable, name));
    }
    if seat.part == Part::Attestor {
        return desk(&seat).await;
    }
    Ok(seat.owner.ask(&Enter::default()).await?.url)
}

/// Has an attestor let this browser to its operator's desk.
async fn desk(seat: &Seat) -> Result<String, Problem> {
    let silent = || Problem::new(Kind::Unavailable, format!("{} does not answer", seat.name));
    let door = owner::note(&seat.data).ok_or_else(silent)?;
    let address = door.address();
    let asked = async { Client::of(door, TIME)?.post("/owner/code", &()).await };
    let Invited { code } = asked.await.map_err(|error: DoorError| silent().because(error))?;
    Ok(format!("http://{address}/enter?code={code}"))
}

/// A program on this computer answers at once.
const TIME: Duration = Duration::from_secs(10);
