//! What to do about what was found, in English and in the words of the pages: the node says it in those of a terminal.

use crate::verb::network::{Finding, Health};

/// Says what to do by the page on which it is read.
pub(super) fn finding(found: &Finding) -> Finding {
    let hint = match (found.what.as_str(), found.health) {
        ("network", Health::Bad) => "join one by an invitation, in the form on the page Network",
        ("network", Health::Warning) => "close this program and open it again: then the node runs",
        ("keys", Health::Warning) => {
            "close the node, and open it with `countersign home`: that asks for the passphrase"
        }
        ("peers", Health::Bad) => {
            "is this computer online? if it is, ask whoever invited you whether their node still runs; a \
             newer invitation is taken at a terminal, by `countersign join`"
        }
        ("peers", Health::Warning) => {
            "without a keeper nobody has you while this computer is off: invite somebody, at the end of \
             the page Network"
        }
        ("reach", Health::Warning) => {
            "let the router pass the port of `network.listen` on to this computer, and put the address \
             others see into `network.external`; both stand in the file `node.toml` of the data folder"
        }
        ("identity", Health::Bad) => {
            "make it anew: start `countersign home` with an empty data folder, unless the clock is wrong now"
        }
        ("alarm", Health::Bad) => {
            "if that was not you on another computer, take your identity back with the 24 words, on the \
             page Keys"
        }
        ("traffic", Health::Warning) => {
            "if this computer can spare more, raise the traffic of a day under Limits, on the page Network"
        }
        ("disk", Health::Warning | Health::Bad) => {
            "make room on the disk the data folder is on, or keep less for others, under Limits on the \
             page Network; what was saved before is safe"
        }
        _ => return found.clone(),
    };
    Finding { hint: Some(hint.to_owned()), ..found.clone() }
}
