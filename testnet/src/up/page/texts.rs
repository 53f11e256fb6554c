//! Every text on the page of a test network, in English. Another language is another file of these names.

/// The language, as `lang` names it.
pub(super) const LANGUAGE: &str = "en";
pub(super) const NAME: &str = "Countersign testnet";
pub(super) const SKIP: &str = "Skip to the content";
pub(super) const LEAVE: &str = "Close";

pub(super) const TITLE: &str = "The network on this computer";
pub(super) const LEAD: &str = "Real programs, real connections, one machine. Do something to it, and see what the others make of it.";
pub(super) const TEST: &str = "This is a test network";
pub(super) const TEST_TEXT: &str = "Nothing it says is true of anybody. The payment provider is SIMULATED: its customers are made up.";

pub(super) const MAP: &str = "Who is connected with whom";
pub(super) const MAP_WAY: &str = "Map";
pub(super) const CUT_WORD: &str = "cut";
pub(super) const ROLES: [(&str, &str, &str); 6] = [
    ("bootstrap", "B", "first to ask"),
    ("witness", "W", "witness"),
    ("attestor", "A", "attestor"),
    ("vendor", "V", "vendor"),
    ("customer", "C", "customer"),
    ("node", "N", "other node"),
];
pub(super) const FRESH: &str = "heard something just now";
pub(super) const OFF: &str = "killed";

pub(super) const DO: &str = "Do something";
pub(super) const CUT: &str = "Cut the network in two";
pub(super) const CUT_TEXT: &str =
    "Every node loses its connections to the other half, and takes no new ones.";
pub(super) const HEAL: &str = "Heal the network";
pub(super) const HEAL_TEXT: &str =
    "The halves meet again; what one of them missed is found by reconciliation.";
pub(super) const ATTEST: &str = "Have a claim signed";
pub(super) const ATTEST_TEXT: &str = "Signs in for the customer at the SIMULATED provider.";
pub(super) const CUSTOMER: &str = "Customer";
pub(super) const ATTESTOR: &str = "Attestor";
pub(super) const REVOKE: &str = "Revoke";
pub(super) const REVOKE_TEXT: &str =
    "The attestor takes back its newest claim, and tells the network.";
pub(super) const FORK: &str = "Fork a log";
pub(super) const FORK_TEXT: &str = "A thief with a copy of the disk signs what its owner signs a moment later. Every node gets the proof.";
pub(super) const WHOSE: &str = "Whose";
pub(super) const FLOOD: &str = "Flood a node";
pub(super) const FLOOD_TEXT: &str =
    "A peer without rules tells it of hundreds of fresh identities.";
pub(super) const WHICH: &str = "Which";
pub(super) const AS_COMMAND: &str = "As a command:";
pub(super) const DONE: &str = "Done";

pub(super) const TRAVELS: &str = "What travels";
pub(super) const TRAVELS_WAY: &str = "Travels";
pub(super) const TRAVELS_TEXT: &str = "As the nodes that hold everything heard it: heads of identities, statements of attestors, proofs of forks.";
pub(super) const TRAVELS_NOTHING: &str =
    "Nothing travelled yet. Have a claim signed, or rotate a key on a customer's page.";
pub(super) const ALL: &str = "all";
pub(super) const OF: &str = "of";
pub(super) const KINDS: [(&str, &str); 5] = [
    ("head", "Head"),
    ("statement", "Statement"),
    ("profile", "Profile"),
    ("proof", "Proof of a fork"),
    ("end", "Deactivation"),
];

pub(super) const NODES: &str = "Nodes";
pub(super) const HEADS: [&str; 6] = ["Node", "State", "Peers", "Holds", "Gossip", "Do"];
pub(super) const KILL: &str = "Kill";
pub(super) const START: &str = "Start";

pub(super) const PLACES: &str = "Go and look";
pub(super) const PLACES_WAY: &str = "Places";
pub(super) const HOMES: &str = "Be a customer";
pub(super) const HOMES_TEXT: &str = "Each has a home with claims, requests, keys and a statement.";
pub(super) const HOME_OF: &str = "The home of";
pub(super) const SHOPS: &str = "Be a shop";
pub(super) const SHOPS_TEXT: &str =
    "Policies, decisions and a dry run stand in a vendor's own pages.";
pub(super) const STALL_TEXT: &str =
    "And its customers see this: the example in examples/shop, a few pages over a vendor's node.";
pub(super) const STALL_NONE: &str = "The web shop in examples/shop did not open on this computer: it needs python3, or node 22.18 or later.";
pub(super) const STALL_OF: &str = "The web shop of";
pub(super) const SELLS_FOR: &str = "sells over the node of";
pub(super) const SHOP_OF: &str = "The pages of";
pub(super) const DESKS: &str = "Be an attestor";
pub(super) const DESKS_TEXT: &str = "What each signs, for everybody to read; and the operator's desk. The public pages have certificates of their own making, so a browser warns.";
pub(super) const DESK_OF: &str = "The desk of";
pub(super) const PUBLIC_OF: &str = "What is public of";
pub(super) const PROVIDER: &str = "The SIMULATED provider";
pub(super) const PROVIDER_TEXT: &str = "It has made-up customers and no money. An account backs one identity at each attestor. Anybody signs in as";
pub(super) const PROVIDER_PASSWORD: &str = "The password of all of them:";
pub(super) const VERIFIED: &str = "verified";
pub(super) const UNVERIFIED: &str = "not verified";
pub(super) const PROVIDER_OPEN: &str = "Open the provider";
pub(super) const INVITE: &str = "Join with a node of your own";
pub(super) const INVITE_TEXT: &str = "Give this to a node's join command or its home page:";

pub(super) const NOT_OPEN: &str = "This place is shut";
pub(super) const BACK: &str = "Back to the map";
pub(super) const ENTER: &str = "The page is locked";
pub(super) const ENTER_LEAD: &str = "It opens with a code that counts once, so that no other page of your browser can play with the network.";
pub(super) const ENTER_NO: &str = "Not let in";
pub(super) const ENTER_WRONG: &str = "This code does not count, or no longer.";
pub(super) const ENTER_TOO_OFTEN: &str = "Too many wrong codes came; wait a minute.";
pub(super) const ENTER_CODE: &str = "Code";
pub(super) const ENTER_GO: &str = "Open";
pub(super) const ENTER_HOW: &str = "A new one is printed by";
pub(super) const OTHER_PAGE: &str = "Another page asked for this one";
pub(super) const OTHER_PAGE_TEXT: &str =
    "Nothing was done. Open the address that `cargo up` printed.";
pub(super) const OLD_FORM: &str = "The form is too old";
pub(super) const OLD_FORM_TEXT: &str = "Nothing was done. Go back and load the page again.";

/// Says how many nodes run and how they are connected.
pub(super) fn running(running: usize, all: usize, links: usize) -> String {
    format!("{running} of {all} nodes run, {links} connections.")
}

/// Says how many connections lead out of this computer's network.
pub(super) fn guests(count: usize) -> String {
    format!("Connections to nodes from elsewhere: {count}.")
}

/// Says the map in words, for those who hear it.
pub(super) fn drawn(running: usize, all: usize, links: usize, cut: bool) -> String {
    let how = if cut { "cut in two" } else { "whole" };
    format!("{running} of {all} nodes run, with {links} connections. The network is {how}.")
}

/// Says which nodes do not run.
pub(super) fn stopped(names: &str) -> String {
    format!(" Not running: {names}.")
}

/// Says who heard something, and how soon.
pub(super) fn heard_by(whom: &str, milliseconds: u64) -> String {
    format!("heard by {whom} within {milliseconds} ms")
}

/// Says what a node holds.
pub(super) fn holds(heads: u64, forks: u64) -> String {
    let heads = counted(heads, "head");
    if forks == 0 { heads } else { format!("{heads}, {}", counted(forks, "proof")) }
}

/// Says what a node heard, and what came of it.
pub(super) fn gossip(heard: u64, passed_on: u64, refused: u64) -> String {
    let said = format!("{heard} heard, {passed_on} passed on");
    if refused == 0 { said } else { format!("{said}, {refused} refused") }
}

fn counted(count: u64, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}
