//! The pieces of the page: those that change while one looks, and the buttons.

use super::super::deed::Done;
use super::super::heard::News;
use super::super::stall::Stand;
use super::super::status::{Dot, State, Status};
use super::{Map, map, words};
use countersign_node::Problem;
use countersign_node::page::parts::{self, Tone};
use countersign_node::page::session::Session;
use countersign_node::page::{Markup, html};

/// The pieces that change while one looks, for one browser.
pub(super) struct Live<'p> {
    page: &'p Map,
    session: &'p Session,
    status: &'p Status,
}

impl<'p> Live<'p> {
    pub(super) const fn new(page: &'p Map, session: &'p Session, status: &'p Status) -> Self {
        Self { page, session, status }
    }

    /// The map, with what is said below it and the button that cuts or heals.
    pub(super) fn map(&self) -> Markup {
        let status = self.status;
        let fresh = self.page.town.heard().of_late();
        let (label, text, deed) = match status.cut {
            false => (words::CUT, words::CUT_TEXT, "cut"),
            true => (words::HEAL, words::HEAL_TEXT, "heal"),
        };
        let shown = |role: &str| status.nodes.iter().any(|node| node.role == role);
        let guests: usize = status.nodes.iter().map(|node| node.guests).sum();
        html! {
            (map::draw(status, &fresh))
            ul.legend {
                @for (role, glyph, word) in words::ROLES.iter().filter(|(role, ..)| shown(role)) {
                    li { span.sign.(role) aria-hidden="true" { (glyph) } (word) }
                }
                li { span.sign.ring aria-hidden="true" {} (words::FRESH) }
            }
            p {
                (words::running(status.running(), status.nodes.len(), status.links.len()))
                @if guests > 0 { " " (words::guests(guests)) }
            }
            (self.press(deed, &[], match deed {
                "cut" => parts::danger(label),
                _ => parts::submit(label),
            }))
            p.hint { (text) " " (command(deed)) }
        }
    }

    /// What travelled, newest first.
    pub(super) fn news(&self) -> Markup {
        if self.status.news.is_empty() {
            return html! { p { (words::TRAVELS_NOTHING) } };
        }
        html! {
            ol.news { @for news in self.status.news.iter().take(NEWS) { li { (self.one(news)) } } }
        }
    }

    fn one(&self, news: &News) -> Markup {
        let kind = words::KINDS.iter().find(|(kind, _)| *kind == news.kind);
        let kind = kind.map_or(news.kind.as_str(), |(_, word)| word);
        let all = self.status.nodes.iter().filter(|node| node.state == State::Running);
        let all = all.filter(|node| node.role != "customer").count();
        let heard = &news.heard_by;
        let by = match heard.len() >= all {
            true => format!("{} {all}", words::ALL),
            false => format!("{} {} {all}", heard.len(), words::OF),
        };
        html! {
            time { (news.at) }
            div {
                strong { (kind) } " " (words::OF) " " (news.who)
                @if !news.what.is_empty() { ": " (news.what) }
                small {
                    (words::heard_by(&by, news.spread))
                    @if heard.len() < all { ": " (heard.join(", ")) }
                }
            }
        }
    }

    /// Everybody, one a row.
    pub(super) fn nodes(&self) -> Markup {
        let nodes = self.status.nodes.iter().map(|node| self.row(node));
        let rows: Vec<Vec<Markup>> =
            nodes.chain(self.status.shop.as_ref().map(|shop| self.stall(shop))).collect();
        parts::table(words::NODES, &words::HEADS, &rows)
    }

    fn row(&self, node: &Dot) -> Vec<Markup> {
        vec![
            html! { strong { (node.name) } " " small { (node.role) } },
            state(node.state),
            html! { (node.peers) },
            html! {
                (words::holds(node.heads, node.forks))
            },
            html! {
                (words::gossip(node.heard, node.passed_on, node.refused))
            },
            self.switch(&node.name, node.state),
        ]
    }

    /// The example shop, which is no node: it has no peers and holds nothing.
    fn stall(&self, shop: &Stand) -> Vec<Markup> {
        vec![
            html! { strong { (shop.name) } },
            state(shop.state),
            html! {},
            html! { (words::SELLS_FOR) " " (shop.vendor) },
            html! {},
            self.switch(&shop.name, shop.state),
        ]
    }

    /// The button that ends or starts somebody.
    fn switch(&self, name: &str, state: State) -> Markup {
        let (deed, word) = match state {
            State::Running | State::Silent => ("kill", words::KILL),
            State::Stopped => ("start", words::START),
        };
        self.press(deed, &[("name", name)], parts::quiet(html! { (word) " " (name) }))
    }

    fn press(&self, deed: &str, fields: &[(&str, &str)], button: Markup) -> Markup {
        let mut all = vec![("deed", deed)];
        all.extend_from_slice(fields);
        parts::press(self.session, &self.page.entrance.at("do"), &all, button)
    }
}

fn state(state: State) -> Markup {
    match state {
        State::Running => parts::state(Tone::Good, state.word()),
        State::Silent => parts::state(Tone::Warning, state.word()),
        State::Stopped => parts::state(Tone::Bad, words::OFF),
    }
}

/// What came of what was done last.
pub(super) fn outcome(last: &Result<Done, Problem>) -> Markup {
    match last {
        Ok(done) => parts::notice(Tone::Good, words::DONE, &done.says),
        Err(problem) => parts::problem(problem),
    }
}

/// What can be done besides killing and cutting.
pub(super) fn deeds(page: &Map, session: &Session, status: &Status) -> Markup {
    let named = |wanted: &dyn Fn(&Dot) -> bool| -> Vec<&str> {
        status.nodes.iter().filter(|node| wanted(node)).map(|node| node.name.as_str()).collect()
    };
    let role = |role: &'static str| named(&move |node: &Dot| node.role == role);
    let mut identities = role("customer");
    identities.extend(named(&|node| node.identity.is_some() && node.role != "customer"));
    let attest = [
        choice("attest", "name", words::CUSTOMER, &role("customer")),
        choice("attest", "from", words::ATTESTOR, &role("attestor")),
    ];
    let revoke = [choice("revoke", "name", words::ATTESTOR, &role("attestor"))];
    let fork = [choice("fork", "name", words::WHOSE, &identities)];
    let flood = [choice("flood", "name", words::WHICH, &named(&|_| true))];
    let form = |deed: &str, title: &str, text: &str, choices: &[Markup], as_typed: &str| {
        let body = html! {
            input type="hidden" name="deed" value=(deed);
            h3 { (title) }
            p.hint { (text) " " (command(as_typed)) }
            div.inline { @for choice in choices { (choice) } (parts::submit(title)) }
        };
        parts::form(session, &page.entrance.at("do"), body)
    };
    html! {
        section.card.deeds #do {
            h2 { (words::DO) }
            (form("attest", words::ATTEST, words::ATTEST_TEXT, &attest, "attest anna --from north"))
            (form("revoke", words::REVOKE, words::REVOKE_TEXT, &revoke, "revoke north"))
            (form("fork", words::FORK, words::FORK_TEXT, &fork, "fork anna"))
            (form("flood", words::FLOOD, words::FLOOD_TEXT, &flood, "flood first"))
        }
    }
}

fn choice(form: &str, field: &str, label: &str, options: &[&str]) -> Markup {
    let id = format!("{form}-{field}");
    html! {
        div.field {
            label for=(id) { (label) }
            select id=(id) name=(field) {
                @for option in options { option value=(option) { (option) } }
            }
        }
    }
}

fn command(verb: &str) -> Markup {
    html! { (words::AS_COMMAND) " " code { "countersign-testnet ctl " (verb) } }
}

/// News on the page.
const NEWS: usize = 12;
