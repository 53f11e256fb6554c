//! How the node is, who is connected, what it keeps for others and they for its owner.

use super::Home;
use super::frame::{Asked, trail, ways};
use super::invitation::{self, Or};
use super::keys::{alarms, to_takeback};
use super::limits::{self, Typed};
use super::start::wrong;
use super::texts::{self, T, fill};
use super::words::{self, bytes, day};
use crate::page::part::{Begin, Part, ROWS};
use crate::page::parts::{
    self, Field, Line, Tone, card, empty, facts, light, meter, more, notice, state, submit, table,
};
use crate::page::{Markup, Uploaded, html, qr};
use crate::passphrase::Passphrase;
use crate::problem::Problem;
use crate::verb::network::{Doctor, Finding, Findings, Health, Invite};
use crate::verb::overview::{Bytes, Overview, Peer, Promise, Seen, Traffic};
use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use std::sync::PoisonError;

pub(super) fn routes() -> Router<Home> {
    Router::new()
        .route("/network", get(page))
        .route("/network/peers", get(every_peer))
        .route("/network/join", post(join).layer(invitation::room()))
}

/// `GET network`.
async fn page(asked: Asked, Query(link): Query<invitation::Link>) -> Response {
    let linked = link.invitation(&asked.home);
    let invite = Invited { filled: invitation::Filled::linked(&linked), problem: None };
    shown_with(&asked, html! {}, None, &invite).await
}

/// What stands in the form that joins a network.
#[derive(Default)]
struct Invited<'a> {
    filled: invitation::Filled<'a>,
    /// Why it was not taken.
    problem: Option<&'a Problem>,
}

/// Shows the page below something that is said first, and above it what was typed and not taken.
pub(super) async fn shown(asked: &Asked, said: Markup, typed: Option<Typed>) -> Response {
    shown_with(asked, said, typed, &Invited::default()).await
}

async fn shown_with(
    asked: &Asked,
    said: Markup,
    typed: Option<Typed>,
    invited: &Invited<'_>,
) -> Response {
    let status = match invited.problem {
        Some(problem) => wrong(problem),
        None if typed.is_some() => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let all =
        async { tokio::try_join!(asked.ask(Doctor {}), asked.ask(Overview {}), Typed::now(asked)) };
    let (findings, seen, now) = match all.await {
        Ok(all) => all,
        Err(problem) => return asked.failed(&problem, "").await,
    };
    let invite = match seen.network {
        Some(_) => invite(asked).await,
        None => html! {},
    };
    let frame = asked.frame().await;
    frame
        .page(T.network_title)
        .lead(T.network_lead)
        .at(asked.at("network"))
        .with(said)
        .with(html! {
            @if seen.network.is_some() && invited.filled.is_linked() {
                (notice(Tone::Plain, T.join_in_one, T.join_in_one_text))
            }
        })
        .with(alarms(&seen.alarms, &to_takeback(asked)))
        .with(overall(&findings, &seen))
        .with(
            html! { @if seen.network.is_none() { (card(T.join_title, join_form(asked, invited))) } },
        )
        .with(card(
            T.doctor_title,
            html! {
                ul.plain { @for one in &findings.findings { li { (finding(one)) } } }
            },
        ))
        .with(card(T.keepers_title, keepers(&seen)))
        .with(card(T.holds_title, holds(&seen)))
        .with(card(T.traffic_title, traffic(&seen.traffic)))
        .with(card(T.limits_title, limits::form(asked, &typed.unwrap_or(now))))
        .with(peers(asked, &seen))
        .with(invite)
        .status(status)
        .into_response()
}

/// The light above all: the worst of what was found, in a sentence.
pub(super) fn overall(findings: &Findings, seen: &Seen) -> Markup {
    if !seen.alarms.is_empty() {
        return light(Tone::Bad, T.light_alarm, T.light_alarm_text);
    }
    match findings.worst() {
        Health::Good if seen.keepers.is_empty() => {
            light(Tone::Good, T.light_good, T.light_good_text_alone)
        }
        Health::Good => light(Tone::Good, T.light_good, T.light_good_text),
        Health::Warning => light(Tone::Warning, T.light_warning, first(findings, Health::Warning)),
        Health::Bad => light(Tone::Bad, T.light_bad, first(findings, Health::Bad)),
    }
}

fn first(findings: &Findings, health: Health) -> String {
    let one = findings.findings.iter().find(|finding| finding.health == health);
    one.map_or_else(String::new, |one| parts::sentence(&texts::finding(one).says))
}

fn finding(finding: &Finding) -> Markup {
    let finding = texts::finding(finding);
    let (tone, word) = match finding.health {
        Health::Good => (Tone::Good, T.health_good),
        Health::Warning => (Tone::Warning, T.health_warning),
        Health::Bad => (Tone::Bad, T.health_bad),
    };
    html! {
        p { (state(tone, word)) " " strong { (capital(&finding.what)) } }
        p { (parts::advice(&finding.says)) }
        @if let Some(hint) = &finding.hint {
            p.hint { (T.health_do) " " (parts::advice(hint)) }
        }
    }
}

fn capital(text: &str) -> String {
    parts::sentence(text).trim_end_matches('.').to_owned()
}

fn keepers(seen: &Seen) -> Markup {
    html! {
        p { (T.keepers_text) }
        @if seen.keepers.is_empty() && !seen.alarms.is_empty() {
            (notice(Tone::Bad, T.keepers_other, T.keepers_other_text))
        } @else if seen.keepers.is_empty() {
            (notice(Tone::Warning, T.keepers_none, T.keepers_none_text))
        } @else {
            (promises(&seen.keepers))
        }
    }
}

/// Says who keeps the identity, and until when each promised to.
pub(super) fn promises(keepers: &[Promise]) -> Markup {
    html! {
        ul {
            @for promise in keepers {
                li { code { (words::short(&promise.keeper)) } " " (T.keepers_until) " " (day(&promise.until)) }
            }
        }
    }
}

fn holds(seen: &Seen) -> Markup {
    let holds = &seen.holds;
    let of = fill(
        T.meter_of,
        &[("used", &bytes(holds.head_bytes)), ("limit", &bytes(holds.most_head_bytes))],
    );
    let records = fill(
        T.meter_of_most,
        &[("used", &bytes(holds.record_bytes)), ("limit", &bytes(holds.most_record_bytes))],
    );
    let most = u64::from(seen.most_peers);
    let connected = u64::try_from(seen.peers.len()).unwrap_or(most);
    let limit =
        fill(T.meter_peers, &[("used", &connected.to_string()), ("limit", &most.to_string())]);
    html! {
        p { (T.holds_text) }
        (meter(T.meter_heads, holds.head_bytes, holds.most_head_bytes, of))
        (meter(T.meter_records, holds.record_bytes, holds.most_record_bytes, records))
        (meter(T.meter_connections, connected, most, limit))
        (facts(&[
            (T.holds_heads, html! { (holds.heads) }),
            (T.holds_promised, html! { (holds.promised) }),
            (T.holds_lists, html! { (holds.lists) }),
            (T.holds_forks, html! { (holds.forks) }),
            (T.holds_disk, html! { (bytes(holds.disk_bytes)) }),
            (T.traffic_heard, html! { (seen.traffic.heard) ", " (fill(T.traffic_passed, &[("count", &seen.traffic.passed_on.to_string())])) }),
            (T.traffic_questions, html! { (seen.traffic.questions_heard) " / " (seen.traffic.questions_asked) }),
        ]))
    }
}

/// What it costs, and when it is enough.
fn traffic(spent: &Traffic) -> Markup {
    let both = |counted: &Bytes| {
        fill(
            T.traffic_both,
            &[("received", &bytes(counted.received)), ("sent", &bytes(counted.sent))],
        )
    };
    let today = spent.today.both();
    let of = fill(T.meter_of, &[("used", &bytes(today)), ("limit", &bytes(spent.most_today))]);
    html! {
        p { (T.traffic_text) }
        @if spent.spent { (notice(Tone::Warning, T.traffic_spent, T.traffic_spent_text)) }
        @if spent.most_today > 0 { (meter(T.meter_traffic, today, spent.most_today, of)) }
        (facts(&[
            (T.traffic_today, html! { (both(&spent.today)) }),
            (T.traffic_month, html! { (both(&spent.month)) }),
        ]))
    }
}

fn peers(asked: &Asked, seen: &Seen) -> Markup {
    if seen.peers.is_empty() {
        return empty(T.peers_none, html! {});
    }
    let title = fill(T.peers_more, &[("count", &seen.peers.len().to_string())]);
    more(title, connected(&seen.peers, 0, &asked.at("network/peers")))
}

/// `GET network/peers`: who is connected, part by part.
async fn every_peer(asked: Asked, Query(begin): Query<Begin>) -> Response {
    let seen = match asked.ask(Overview {}).await {
        Ok(seen) => seen,
        Err(problem) => return asked.failed(&problem, "network").await,
    };
    let frame = asked.frame().await;
    frame
        .page(T.peers_title)
        .at(asked.at("network"))
        .with(trail(&asked.at("network"), T.nav_network))
        .with(connected(&seen.peers, begin.from, &asked.at("network/peers")))
        .into_response()
}

pub(super) fn connected(peers: &[Peer], from: usize, page: &str) -> Markup {
    let part = Part::of(peers.len(), from, ROWS);
    let yes = |is: bool| html! { @if is { (T.yes) } @else { "–" } };
    let rows: Vec<Vec<Markup>> = part
        .rows(peers)
        .iter()
        .map(|peer| {
            vec![
                html! { code { (words::short(&peer.peer)) } },
                yes(peer.keeper),
                yes(peer.witness),
                html! { @if peer.chosen { (T.peer_chosen) } @else { (T.peer_came) } },
                html! { (peer.cost) },
            ]
        })
        .collect();
    let heads = [T.peer_name, T.peer_keeper, T.peer_witness, T.peer_how, T.peer_faults];
    html! {
        (table(T.peers_title, &heads, &rows))
        (ways(&part, T.peers_title, |from| format!("{page}?from={from}")))
    }
}

/// An invitation, as text and as a code for a camera.
async fn invite(asked: &Asked) -> Markup {
    match asked.ask(Invite::default()).await {
        Ok(invitation) => more(
            T.invite_title,
            html! {
                p { (T.invite_text) }
                @if let Some(code) = asked.home.drawn(&invitation.invite) { (code) }
                div.field {
                    label for="invitation" { (T.invite) }
                    textarea #invitation rows="5" readonly spellcheck="false" { (invitation.invite) }
                }
            },
        ),
        Err(problem) => more(T.invite_title, texts::problem(&problem)),
    }
}

impl Home {
    /// Draws an invitation, unless it was drawn just before.
    fn drawn(&self, invite: &str) -> Option<Markup> {
        let mut drawn = self.0.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        match &*drawn {
            Some((text, picture)) if text == invite => picture.clone(),
            _ => {
                let picture = qr::svg(invite, T.invite_code);
                *drawn = Some((invite.to_owned(), picture.clone()));
                picture
            }
        }
    }
}

fn join_form(asked: &Asked, invited: &Invited<'_>) -> Markup {
    let body = html! {
        @if let Some(problem) = invited.problem { (texts::problem(problem)) }
        p { (T.join_text) }
        (invitation::asked_for(Or::Nothing, &invited.filled))
        (Field::new("passphrase", T.passphrase, Line::Secret).hint(T.join_passphrase))
        (submit(T.join_go))
    };
    asked.upload("network/join", body)
}

/// `POST network/join`: for a node that was made without a network.
async fn join(asked: Asked, sent: Uploaded) -> Response {
    let passphrase = Passphrase::new(sent.fields.text("passphrase"));
    let read = invitation::read(&sent.fields, sent.file).await;
    let home = asked.home.clone();
    let (session, page) = (asked.session.clone(), asked.at("network"));
    // The node is stopped and started: nothing here may hold it.
    drop(asked);
    let joined: Result<(), Problem> = match invitation::chosen(&sent.fields, &read) {
        Ok(Some(invite)) => home.join(&invite, Some(&passphrase)).await,
        Ok(None) => Ok(()),
        Err(problem) => Err(problem),
    };
    let Err(problem) = joined else {
        return axum::response::Redirect::to(&page).into_response();
    };
    let Some(node) = home.node().await.filter(|node| node.joined().is_err()) else {
        // It is in a network already, or the node did not come up again.
        let frame = home.frame(&session).await;
        let back = parts::quiet_link(&page, T.go_back);
        let failed = frame.page(T.failed_title).with(texts::problem(&problem));
        return failed.with(parts::actions(&[back])).status(wrong(&problem)).into_response();
    };
    let filled = invitation::Filled::again(&sent.fields, &read);
    let asked = Asked { home, node: node.at_once(), session };
    let invited = Invited { filled, problem: Some(&problem) };
    shown_with(&asked, html! {}, None, &invited).await
}
