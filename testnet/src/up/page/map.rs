//! Draws the network: its two halves as two arcs of dots, every connection as a thread between them.

use super::super::seat::Half;
use super::super::status::{Dot, State, Status};
use super::words;
use countersign_node::page::{Markup, html};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Draws it; those in `fresh` heard something a moment ago.
pub(super) fn draw(status: &Status, fresh: &[String]) -> Markup {
    let sketch = Sketch::of(status);
    let height = sketch.height;
    html! {
        svg.map viewBox=(format!("0 0 {WIDTH} {height}")) role="img" aria-label=(said(status)) {
            path.threads.dense[status.links.len() > MANY] d=(sketch.threads(status)) {}
            @if status.cut {
                line.cut x1=(MIDDLE) x2=(MIDDLE) y1="30" y2=(height - 8.0) {}
                text.cut-word x=(MIDDLE) y="20" { (words::CUT_WORD) }
            }
            @for (node, spot) in status.nodes.iter().zip(&sketch.spots) {
                (dot(node, *spot, fresh.contains(&node.name)))
            }
        }
    }
}

/// Says in words what is drawn.
fn said(status: &Status) -> String {
    let stopped: Vec<&str> = status
        .nodes
        .iter()
        .filter(|node| node.state != State::Running)
        .map(|node| node.name.as_str())
        .collect();
    let (all, links) = (status.nodes.len(), status.links.len());
    let mut said = words::drawn(status.running(), all, links, status.cut);
    if !stopped.is_empty() {
        said.push_str(&words::stopped(&stopped.join(", ")));
    }
    said
}

fn dot(node: &Dot, Spot { x, y }: Spot, fresh: bool) -> Markup {
    let off = node.state != State::Running;
    let glyph = words::ROLES.iter().find(|(role, ..)| *role == node.role);
    let glyph = glyph.map_or("", |(_, glyph, _)| glyph);
    let left = node.half == Half::Left;
    let beside = if left { x - LABEL } else { x + LABEL };
    html! {
        @if fresh && !off { circle.fresh cx=(round(x)) cy=(round(y)) r="15" {} }
        circle.(node.role).off[off] cx=(round(x)) cy=(round(y)) r="11" {}
        text.glyph.off[off] x=(round(x)) y=(round(y + 4.2)) { (if off { "×" } else { glyph }) }
        text.left[left].off[off] x=(round(beside)) y=(round(y + 4.5)) { (node.name) }
    }
}

/// Where everything is drawn.
struct Sketch {
    spots: Vec<Spot>,
    height: f64,
}

#[derive(Debug, Clone, Copy)]
struct Spot {
    x: f64,
    y: f64,
}

impl Sketch {
    fn of(status: &Status) -> Self {
        let count = |half| status.nodes.iter().filter(|node| node.half == half).count();
        let (left, right) = (count(Half::Left), count(Half::Right));
        let tall = number(left.max(right)) * GAP;
        let middle = TOP + tall / 2.0;
        let mut drawn = BTreeMap::from([(true, 0_usize), (false, 0)]);
        let spots = status.nodes.iter().map(|node| {
            let is_left = node.half == Half::Left;
            let at = drawn.entry(is_left).or_default();
            let of = if is_left { left } else { right };
            let above = (number(of) - 1.0) / 2.0;
            let y = middle + (number(*at) - above) * GAP;
            *at += 1;
            let bend = (y - middle) / (tall / 2.0 + GAP / 2.0);
            let aside = NEAR + FAR * (1.0 - bend * bend).max(0.0).sqrt();
            Spot { x: if is_left { MIDDLE - aside } else { MIDDLE + aside }, y }
        });
        Self { spots: spots.collect(), height: TOP + tall + BOTTOM }
    }

    /// Gives every connection as a curve that bends towards the middle.
    fn threads(&self, status: &Status) -> String {
        let names = status.nodes.iter().map(|node| node.name.as_str());
        let spots: BTreeMap<&str, Spot> = names.zip(self.spots.iter().copied()).collect();
        let (cx, cy) = (MIDDLE, self.height / 2.0);
        let mut path = String::new();
        for (one, two) in &status.links {
            let (Some(one), Some(two)) = (spots.get(one.as_str()), spots.get(two.as_str())) else {
                continue;
            };
            let (x, y) = ((one.x + two.x) / 2.0, (one.y + two.y) / 2.0);
            let (x, y) = (x + (cx - x) * PULL, y + (cy - y) * PULL);
            let _written =
                write!(path, "M{:.0} {:.0}Q{x:.0} {y:.0} {:.0} {:.0}", one.x, one.y, two.x, two.y)
                    .is_ok();
        }
        path
    }
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn round(value: f64) -> String {
    format!("{value:.1}")
}

/// As wide as a phone, so that names stay readable there.
const WIDTH: f64 = 360.0;
const MIDDLE: f64 = 180.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 14.0;
/// From one dot to the next below it.
const GAP: f64 = 34.0;
/// How far from the middle the ends of the arcs are, and how far they bend outwards.
const NEAR: f64 = 56.0;
const FAR: f64 = 44.0;
/// From a dot to its name.
const LABEL: f64 = 18.0;
/// How much a curve is drawn to the middle.
const PULL: f64 = 0.45;
/// More connections are drawn finer.
const MANY: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::up::status::tests::{dot, status};

    #[test]
    fn every_node_is_drawn_on_its_side_and_every_link_once() {
        let mut status = status();
        status.links.insert(("anna".to_owned(), "first".to_owned()));
        let drawn = draw(&status, &["anna".to_owned()]).into_string();
        assert_eq!(drawn.matches(">anna<").count(), 1);
        assert_eq!(drawn.matches('Q').count(), 1);
        assert!(drawn.contains("fresh"), "{drawn}");
        assert!(!drawn.contains(words::CUT_WORD), "{drawn}");
        status.cut = true;
        assert!(draw(&status, &[]).into_string().contains(">cut<"));
    }

    #[test]
    fn who_does_not_run_is_drawn_and_said() {
        let mut status = status();
        status.nodes.push(Dot { state: State::Stopped, ..dot("gone", Half::Right) });
        let drawn = draw(&status, &["gone".to_owned()]).into_string();
        assert!(drawn.contains("Not running: gone.") && drawn.contains('×'), "{drawn}");
        assert!(!drawn.contains("fresh"), "{drawn}");
    }

    #[test]
    fn thirty_nodes_that_all_know_each_other_weigh_little() {
        let mut status = Status::default();
        for number in 0..30_u32 {
            let half = if number % 2 == 0 { Half::Left } else { Half::Right };
            status.nodes.push(dot(&format!("node-{number:02}"), half));
            for other in 0..number {
                status.links.insert((format!("node-{other:02}"), format!("node-{number:02}")));
            }
        }
        let drawn = draw(&status, &[]).into_string();
        assert!(drawn.len() < 24 * 1024, "{} bytes", drawn.len());
    }
}
