//! The pictures beside words: lines of one weight, hidden from those who hear the page.

use maud::{Markup, PreEscaped, Render, html};

/// A picture. A word always stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name is what is drawn for")]
pub enum Icon {
    Overview,
    Claim,
    Request,
    World,
    Statement,
    Key,
    Network,
    Attestor,
    Policy,
    Decision,
    Watch,
    Search,
    Revoke,
    Audit,
    Chart,
    Good,
    Warning,
    Bad,
    Info,
    Unknown,
    Start,
    Stop,
}

impl Icon {
    const fn lines(self) -> &'static str {
        match self {
            Self::Overview => "M4 11.5 12 5l8 6.5M6.5 10v9h11v-9M10 19v-5h4v5",
            Self::Claim => "M5 5h14v14H5zM8.5 12.2l2.4 2.4 4.6-5.2",
            Self::Request => "M4.5 6h15v10h-8l-4 3.5V16h-3zM9 11h6",
            Self::World => {
                "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M4 12h16M12 4c2.6 2.4 3.6 5 3.6 8s-1 5.6-3.6 8c-2.6-2.4-3.6-5-3.6-8s1-5.6 3.6-8"
            }
            Self::Statement => "M6 4h12v16l-3-2-3 2-3-2-3 2zM9 9h6M9 13h6",
            Self::Key => {
                "M8.5 11a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M11 12.5 19 4.500M16 7.500l2.5 2.5"
            }
            Self::Network => {
                "M12 4.500a2 2 0 1 0 0 4 2 2 0 0 0 0-4M6 15.500a2 2 0 1 0 0 4 2 2 0 0 0 0-4M18 15.500a2 2 0 1 0 0 4 2 2 0 0 0 0-4M11 8.3 7 15.600M13 8.300l4 7.300M8 17.500h8"
            }
            Self::Attestor => "M12 4l7 3v5c0 4-3 6.8-7 8-4-1.2-7-4-7-8V7zM9 12l2.2 2.200L15.2 10",
            Self::Policy => "M6 4h9l3 3v13H6zM9 10h6M9 13h6M9 16h4",
            Self::Decision => "M12 4v16M5 8h14M5 8l-2 6h4zM19 8l-2 6h4z",
            Self::Watch => {
                "M3 12c2.4-4 5.4-6 9-6s6.6 2 9 6c-2.4 4-5.4 6-9 6s-6.6-2-9-6M12 9.500a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5"
            }
            Self::Search => "M11 5a6 6 0 1 0 0 12 6 6 0 0 0 0-12M15.5 15.5 20 20",
            Self::Revoke => "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M6.5 6.500l11 11",
            Self::Audit => "M8 5h12M8 12h12M8 19h12M4 5h.01M4 12h.01M4 19h.01",
            Self::Chart => "M4 20h16M7 16v-4M12 16V7M17 16v-7",
            Self::Good => "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M8.5 12.200l2.4 2.4 4.6-5.2",
            Self::Warning => "M12 4.5 21 19.500H3zM12 10v4M12 16.800h.01",
            Self::Bad => "M8.5 4h7L20 8.500v7L15.5 20h-7L4 15.500v-7zM12 8v5M12 16h.01",
            Self::Unknown => {
                "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M9.8 10a2.2 2.2 0 1 1 3.2 2c-.7.4-1 .8-1 1.600M12 16.300h.01"
            }
            Self::Info => "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 11v5M12 8h.01",
            Self::Start => "M8 5.500v13l10-6.500z",
            Self::Stop => "M7 7h10v10H7z",
        }
    }
}

impl Render for Icon {
    fn render(&self) -> Markup {
        html! {
            svg.icon viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" focusable="false" {
                path d=(PreEscaped(self.lines())) {}
            }
        }
    }
}
