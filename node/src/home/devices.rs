//! The owner's other devices, at the desk: the door they come in by, who they are, and one more.

use super::Home;
use super::frame::Asked;
use super::texts::{self, T, fill};
use super::words::moment;
use crate::page::parts::{
    self, Field, Line, Tone, card, facts, more, notice, quiet, submit, table,
};
use crate::page::{Markup, Posted, html, qr};
use crate::problem::Problem;
use crate::verb::devices::{Add, Added, Device, Devices, List, Open, Remove, Shut};
use axum::Router;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;

pub(super) fn routes() -> Router<Home> {
    Router::new()
        .route("/devices/open", post(open))
        .route("/devices/shut", post(shut))
        .route("/devices/add", post(add))
        .route("/devices/remove", post(remove))
}

/// Says which devices there are, and offers what can be done about them.
pub(super) async fn section(asked: &Asked) -> Markup {
    let body = match asked.ask(List {}).await {
        Ok(devices) => body(asked, &devices),
        Err(problem) => texts::problem(&problem),
    };
    html! { div #devices { (card(T.devices_title, body)) } }
}

fn body(asked: &Asked, devices: &Devices) -> Markup {
    html! {
        p { (T.devices_text) }
        @match (devices.addresses.first(), devices.at, &devices.fingerprint) {
            (Some(address), _, Some(fingerprint)) => {
                (facts(&[
                    (T.devices_door, html! { (T.devices_open_at) " " code { (address) } }),
                    (T.devices_fingerprint, pairs(fingerprint)),
                ]))
                (table_of(asked, &devices.devices))
                (asked.form("devices/add", html! {
                    (Field::new("name", T.devices_name, Line::Text).hint(T.devices_name_hint))
                    (submit(T.devices_add))
                }))
            }
            (None, _, Some(_)) => { (notice(Tone::Warning, T.devices_alone, T.devices_alone_text)) }
            (_, Some(at), None) => {
                (notice(Tone::Warning, T.devices_not_open, fill(T.devices_not_open_text, &[("at", &at.to_string())])))
                (asked.press("devices/open", &[], submit(T.devices_open)))
            }
            (_, None, None) => {
                p { (T.devices_shut_text) }
                (asked.press("devices/open", &[], submit(T.devices_open)))
            }
        }
        @if devices.addresses.is_empty() { (table_of(asked, &devices.devices)) }
        @if devices.at.is_some() {
            (more(T.devices_shut, html! {
                p { (T.devices_shut_what) }
                (asked.press("devices/shut", &[], quiet(T.devices_shut)))
            }))
        }
    }
}

fn table_of(asked: &Asked, devices: &[Device]) -> Markup {
    if devices.is_empty() {
        return html! { p.hint { (T.devices_none) } };
    }
    let heads = [T.device_name, T.device_since, T.device_seen, T.device_do];
    table(T.devices_table, &heads, &rows(asked, devices))
}

/// Writes a fingerprint so that a line ends between two pairs, as browsers do.
fn pairs(fingerprint: &str) -> Markup {
    let pairs: Vec<&str> = fingerprint.split_inclusive(':').collect();
    html! { code { @for line in pairs.chunks(8) { (line.concat()) wbr; } } }
}

fn rows(asked: &Asked, devices: &[Device]) -> Vec<Vec<Markup>> {
    let row = |device: &Device| {
        let label = fill(T.device_remove_label, &[("name", &device.name)]);
        vec![
            html! { strong { (device.name) } },
            moment(&device.since),
            moment(&device.seen),
            asked.press(
                "devices/remove",
                &[("name", &device.name)],
                html! { button.quiet type="submit" aria-label=(label) { (T.device_remove) } },
            ),
        ]
    };
    devices.iter().map(row).collect()
}

/// `POST devices/open`.
async fn open(asked: Asked, _: Posted) -> Response {
    let done = asked.ask(Open { at: None }).await;
    told(&asked, done.map(|_| ())).await
}

/// `POST devices/shut`.
async fn shut(asked: Asked, _: Posted) -> Response {
    let done = asked.ask(Shut {}).await;
    told(&asked, done.map(|_| ())).await
}

/// `POST devices/remove`.
async fn remove(asked: Asked, posted: Posted) -> Response {
    let done = asked.ask(Remove { name: posted.fields.text("name").to_owned() }).await;
    told(&asked, done.map(|_| ())).await
}

async fn told(asked: &Asked, done: Result<(), Problem>) -> Response {
    match done {
        Ok(()) => asked.back("keys#devices"),
        Err(problem) => asked.failed(&problem, "keys").await,
    }
}

/// `POST devices/add`: what the phone needs to come in, and what she should look at.
async fn add(asked: Asked, posted: Posted) -> Response {
    let added = match asked.ask(Add { name: posted.fields.text("name").to_owned() }).await {
        Ok(added) => added,
        Err(problem) => return asked.failed(&problem, "keys").await,
    };
    let frame = asked.frame().await;
    frame
        .page(fill(T.add_title, &[("name", &added.name)]))
        .lead(T.add_lead)
        .at(asked.at("keys"))
        .with(card(T.add_scan, scan(&added)))
        .with(card(T.add_warning, warning(&added)))
        .with(parts::actions(&[parts::quiet_link(&asked.at("keys#devices"), T.add_done)]))
        .into_response()
}

fn scan(added: &Added) -> Markup {
    let front = added.url.split_once("/enter").map_or("", |(front, _)| front);
    html! {
        ol {
            li { (T.add_same_network) }
            li { (T.add_camera) }
        }
        @if let Some(code) = qr::svg(&added.url, T.add_qr) { (code) }
        div.field {
            label for="link" { (T.add_link) }
            textarea #link rows="4" readonly spellcheck="false" { (added.url) }
        }
        (more(T.add_type, html! {
            p { (T.add_type_text) }
            (facts(&[
                (T.add_address, html! { code { (front) "/enter" } }),
                (T.enter_code, html! { strong { code { (added.code) } } }),
            ]))
            @if !added.others.is_empty() {
                p { (T.add_others) }
                ul { @for other in &added.others { li { (parts::code(other)) } } }
            }
        }))
    }
}

fn warning(added: &Added) -> Markup {
    html! {
        p { (T.add_warning_text) }
        ol {
            li { (T.add_warning_look) }
            li { (T.add_warning_compare) }
            li { (T.add_warning_go) }
        }
        (facts(&[(T.devices_fingerprint, html! { strong { (pairs(&added.fingerprint)) } })]))
        p { (T.add_warning_other) }
    }
}
