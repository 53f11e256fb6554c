//! A QR code as a picture in the page itself.

use super::{Markup, html};
use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write as _;

/// Draws `text`, with `label` for those who hear the page; nothing if it is too long for a code.
///
/// It is a document of its own too, for whoever puts it into a page. The picture is dark on white in either colour scheme: cameras want it so.
#[must_use]
pub fn svg(text: &str, label: &str) -> Option<Markup> {
    // Low error correction: screens do not get dirty.
    let code = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::L).ok()?;
    let width = code.width();
    let mut path = String::new();
    for (row, colors) in code.to_colors().chunks(width).enumerate() {
        let mut column = 0;
        while column < width {
            let run = colors.iter().skip(column).take_while(|color| **color == Color::Dark).count();
            if run > 0 {
                let (x, y) = (column.saturating_add(QUIET), row.saturating_add(QUIET));
                let _written = write!(path, "M{x} {y}h{run}v1h-{run}z").is_ok();
            }
            column = column.saturating_add(run.max(1));
        }
    }
    let side = width.saturating_add(QUIET.saturating_mul(2));
    Some(html! {
        svg.qr.fine[width > COARSE] xmlns="http://www.w3.org/2000/svg" role="img" aria-label=(label) viewBox=(format!("0 0 {side} {side}"))
            shape-rendering="crispEdges" {
            rect width=(side) height=(side) fill="#fff" {}
            path d=(path) fill="#000" {}
        }
    })
}

/// Up to so many squares a side a camera tells them apart on a small picture; a code of more is drawn larger.
const COARSE: usize = 73;
/// Light around the code, in its smallest squares: ISO/IEC 18004 asks for four.
const QUIET: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dark_square_is_drawn_once() {
        let code = QrCode::with_error_correction_level(b"countersign", EcLevel::L).unwrap();
        let dark = code.to_colors().iter().filter(|color| **color == Color::Dark).count();
        let drawn = svg("countersign", "code").unwrap().into_string();
        let runs = drawn.split('h').filter_map(|part| part.split_once("v1"));
        let squares: usize = runs.map(|(run, _)| run.parse::<usize>().unwrap()).sum();
        assert_eq!(squares, dark);
        assert!(svg(&"x".repeat(5000), "too long").is_none());
    }
}
