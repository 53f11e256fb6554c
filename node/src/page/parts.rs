//! The pieces pages are made of: cards, facts, notices, forms, lights.

use super::icon::Icon;
use super::session::Session;
use super::{Markup, fields, html};
use maud::Render;

/// How something is. A word always says it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// Nothing is asked of anybody.
    Plain,
    /// Well.
    Good,
    /// It works, and something should be done.
    Warning,
    /// It does not work, or is not as it should be.
    Bad,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }

    /// Gives the picture that belongs to it: three shapes, so that colour says nothing alone.
    #[must_use]
    pub const fn icon(self) -> Icon {
        match self {
            Self::Plain => Icon::Info,
            Self::Good => Icon::Good,
            Self::Warning => Icon::Warning,
            Self::Bad => Icon::Bad,
        }
    }
}

/// A word on how something is, with its picture.
pub fn state(tone: Tone, word: impl Render) -> Markup {
    html! {
        span.state.(tone.class()) {
            @if tone != Tone::Plain { (tone.icon()) }
            (word)
        }
    }
}

/// A light that says how all of something is.
pub fn light(tone: Tone, title: impl Render, text: impl Render) -> Markup {
    html! {
        section.light.(tone.class()) {
            span.lamp { (tone.icon()) }
            div { h2 { (title) } p { (text) } }
        }
    }
}

/// Something a person should know before she goes on.
pub fn notice(tone: Tone, title: impl Render, text: impl Render) -> Markup {
    let role = if tone == Tone::Bad { "alert" } else { "status" };
    html! {
        div.notice.(tone.class()) role=(role) {
            (tone.icon())
            div { p.title { (title) } div { (text) } }
        }
    }
}

/// What went wrong: what, why, what to do.
pub fn problem(problem: &crate::Problem) -> Markup {
    let (title, detail, hint) = problem.clone().into_parts();
    notice(
        Tone::Bad,
        spoken(&title),
        html! {
            @if let Some(detail) = detail { p { (spoken(&detail)) } }
            @if let Some(hint) = hint { p.hint { (advice(&hint)) } }
        },
    )
}

/// What to do, in words: a command stays as it is typed.
pub fn advice(hint: &str) -> Markup {
    if hint.starts_with("countersign") {
        return html! { code { (hint) } };
    }
    spoken(hint)
}

/// A sentence in which what is typed or named stands out.
pub fn spoken(text: &str) -> Markup {
    html! {
        @for (number, part) in sentence(text).split('`').enumerate() {
            @if number.is_multiple_of(2) { (part) } @else { code { (part) } }
        }
    }
}

/// A piece of its own, under a heading.
pub fn card(title: impl Render, body: impl Render) -> Markup {
    html! { section.card { h2 { (title) } (body) } }
}

/// Cards beside each other where there is room.
pub fn cards(cards: &[Markup]) -> Markup {
    html! { div.cards { @for card in cards { (card) } } }
}

/// What there is when there is nothing: a sentence, and a way on.
pub fn empty(text: impl Render, way: impl Render) -> Markup {
    html! { div.empty { p { (text) } (way) } }
}

/// Names and what they are, one a line.
pub fn facts(facts: &[(&str, Markup)]) -> Markup {
    html! {
        dl.facts { @for (name, fact) in facts { div { dt { (name) } dd { (fact) } } } }
    }
}

/// Rows under headings; on a narrow page each row becomes a block that repeats them.
pub fn table(caption: &str, heads: &[&str], rows: &[Vec<Markup>]) -> Markup {
    html! {
        div.table tabindex="0" role="region" aria-label=(caption) {
            table {
                caption { (caption) }
                thead { tr { @for head in heads { th scope="col" { (head) } } } }
                tbody {
                    @for row in rows {
                        tr {
                            @for (cell, head) in row.iter().zip(heads) {
                                td data-head=(head) { (cell) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A long name that is copied, not read: it breaks anywhere.
pub fn code(text: impl Render) -> Markup {
    html! { code.long { (text) } }
}

/// Something that is looked at only if wanted.
pub fn more(summary: impl Render, body: impl Render) -> Markup {
    html! { details { summary { (summary) } div.inside { (body) } } }
}

/// The same, shown at once where it is what a person came for.
pub fn unfolded(open: bool, summary: impl Render, body: impl Render) -> Markup {
    html! { details open[open] { summary { (summary) } div.inside { (body) } } }
}

/// A way to another page that looks like something to press.
pub fn button_link(href: &str, label: impl Render) -> Markup {
    html! { a.button href=(href) { (label) } }
}

/// A quieter one.
pub fn quiet_link(href: &str, label: impl Render) -> Markup {
    html! { a.button.quiet href=(href) { (label) } }
}

/// Buttons beside each other.
pub fn actions(buttons: &[Markup]) -> Markup {
    html! { div.actions { @for button in buttons { (button) } } }
}

/// A form of this session that posts to `action`.
pub fn form(session: &Session, action: &str, body: impl Render) -> Markup {
    html! {
        form method="post" action=(action) autocomplete="off" {
            input type="hidden" name=(fields::FORM) value=(session.form());
            (body)
        }
    }
}

/// A form of this session that posts a file to `action`, and what stands beside it.
pub fn upload(session: &Session, action: &str, body: impl Render) -> Markup {
    html! {
        form method="post" action=(action) enctype="multipart/form-data" autocomplete="off" {
            // Read before the file: whose form it is decides whether the file is.
            input type="hidden" name=(fields::FORM) value=(session.form());
            (body)
        }
    }
}

/// A file to choose, where there is another way too.
pub fn file_or_not(name: &str, label: &str, hint: &str) -> Markup {
    let below = format!("{name}-hint");
    html! {
        div.field {
            label for=(name) { (label) }
            p.hint id=(below) { (hint) }
            input id=(name) name=(name) type="file" aria-describedby=(below);
        }
    }
}

/// A photo to take or, unless only the `camera` will do, to choose.
pub fn photo(name: &str, label: &str, hint: &str, camera: bool) -> Markup {
    picture(name, label, hint, camera, true)
}

/// A photo to choose, where there is another way too.
pub fn photo_or_not(name: &str, label: &str, hint: &str) -> Markup {
    picture(name, label, hint, false, false)
}

fn picture(name: &str, label: &str, hint: &str, camera: bool, required: bool) -> Markup {
    let below = format!("{name}-hint");
    html! {
        div.field {
            label for=(name) { (label) }
            p.hint id=(below) { (hint) }
            input id=(name) name=(name) type="file" accept="image/jpeg,image/png,image/*"
                capture=[camera.then_some("environment")] required[required] aria-describedby=(below);
        }
    }
}

/// A form that is one button, and repeats `fields`.
pub fn press(
    session: &Session,
    action: &str,
    fields: &[(&str, &str)],
    button: impl Render,
) -> Markup {
    let hidden = html! {
        @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
        (button)
    };
    form(session, action, hidden)
}

/// The button that does what a form is for.
pub fn submit(label: impl Render) -> Markup {
    html! { button.main type="submit" { (label) } }
}

/// A button for what is done beside it.
pub fn quiet(label: impl Render) -> Markup {
    html! { button.quiet type="submit" { (label) } }
}

/// A button for what cannot be taken back.
pub fn danger(label: impl Render) -> Markup {
    html! { button.danger type="submit" { (label) } }
}

/// A line to write in.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    /// Its name in the form.
    pub name: &'a str,
    /// What a person reads above it.
    pub label: &'a str,
    /// What she reads below it.
    pub hint: &'a str,
    /// What stands in it.
    pub value: &'a str,
    /// What kind of line it is.
    pub kind: Line,
    /// Whether it may be left empty.
    pub optional: bool,
}

/// Kinds of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// A word or a few.
    Text,
    /// Nobody looks over the shoulder: the passphrase that was chosen before.
    Secret,
    /// A passphrase that is being chosen.
    NewSecret,
    /// Several lines of pasted text.
    Long,
    /// A day.
    Date,
    /// A number.
    Number,
}

impl<'a> Field<'a> {
    /// Makes a line that must be filled in.
    #[must_use]
    pub const fn new(name: &'a str, label: &'a str, kind: Line) -> Self {
        Self { name, label, hint: "", value: "", kind, optional: false }
    }

    /// Says more below it.
    #[must_use]
    pub const fn hint(self, hint: &'a str) -> Self {
        Self { hint, ..self }
    }

    /// Fills it in.
    #[must_use]
    pub const fn value(self, value: &'a str) -> Self {
        Self { value, ..self }
    }

    /// Lets it be left empty.
    #[must_use]
    pub const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }
}

impl Render for Field<'_> {
    fn render(&self) -> Markup {
        let below = (!self.hint.is_empty()).then(|| format!("{}-hint", self.name));
        let required = !self.optional;
        let (kind, complete) = match self.kind {
            Line::Text | Line::Long => ("text", "off"),
            Line::Secret => ("password", "current-password"),
            Line::NewSecret => ("password", "new-password"),
            Line::Date => ("date", "off"),
            Line::Number => ("number", "off"),
        };
        html! {
            div.field {
                label for=(self.name) { (self.label) }
                @if let Some(below) = &below { p.hint id=(below) { (self.hint) } }
                @if self.kind == Line::Long {
                    textarea id=(self.name) name=(self.name) rows="4" spellcheck="false"
                        autocapitalize="off" required[required] aria-describedby=[&below] {
                        (self.value)
                    }
                } @else {
                    input id=(self.name) name=(self.name) type=(kind) value=(self.value)
                        autocomplete=(complete) autocapitalize="off" spellcheck="false"
                        required[required] aria-describedby=[&below];
                }
            }
        }
    }
}

/// A box to tick, in a frame as large as a thumb wants it.
pub fn tick(name: &str, value: &str, ticked: bool, body: impl Render) -> Markup {
    html! {
        label.tick {
            input type="checkbox" name=(name) value=(value) checked[ticked];
            span { (body) }
        }
    }
}

/// One of several, of which one is chosen.
pub fn choice(name: &str, value: &str, chosen: bool, body: impl Render) -> Markup {
    html! {
        label.tick {
            input type="radio" name=(name) value=(value) checked[chosen];
            span { (body) }
        }
    }
}

/// Where a person is on a way of several steps, `at` counted from 1.
pub fn steps(words: &[&str], at: usize) -> Markup {
    html! {
        ol.steps {
            @for (number, word) in (1..).zip(words) {
                @let here = (number == at).then_some("step");
                li.done[number < at] aria-current=[here] { span { (word) } }
            }
        }
    }
}

/// Part of a whole that has a limit, in words and as a bar.
pub fn meter(label: &str, used: u64, limit: u64, says: impl Render) -> Markup {
    html! {
        div.meter {
            p { span { (label) } span { (says) } }
            progress max=(limit.max(1)) value=(used.min(limit)) aria-label=(label) {}
        }
    }
}

/// Makes a sentence of words that begin small and end without a stop.
#[must_use]
pub fn sentence(text: &str) -> String {
    let mut letters = text.trim().chars();
    let Some(first) = letters.next() else { return String::new() };
    let whole: String = first.to_uppercase().chain(letters).collect();
    if whole.ends_with(['.', '!', '?', ':']) { whole } else { format!("{whole}.") }
}

#[cfg(test)]
mod tests {
    use super::super::session::{Sessions, Settings};
    use super::*;

    #[test]
    fn every_form_repeats_the_secret_of_its_session() {
        let sessions = Sessions::new(Settings::loopback("home", "/"));
        let (_, session) = sessions.enter(&sessions.invite()).unwrap();
        let shown = press(&session, "claims", &[("claim", "\"><script>")], submit("Go"));
        let shown = shown.into_string();
        assert!(shown.contains(session.form()));
        assert!(!shown.contains("<script"), "{shown}");
    }

    #[test]
    fn every_line_has_its_label_and_its_hint() {
        let line = Field::new("place", "Place", Line::Text).hint("Where").render().into_string();
        assert!(line.contains("<label for=\"place\">") && line.contains("id=\"place\""));
        assert!(line.contains("aria-describedby=\"place-hint\"") && line.contains(" required"));
    }

    #[test]
    fn a_command_in_a_hint_stays_as_it_is_typed() {
        let said = advice("start one with `countersign run`").into_string();
        assert_eq!(said, "Start one with <code>countersign run</code>.");
        assert_eq!(advice("countersign join X").into_string(), "<code>countersign join X</code>");
    }

    #[test]
    fn words_become_a_sentence() {
        assert_eq!(sentence("the disk is full"), "The disk is full.");
        assert_eq!(sentence("Done."), "Done.");
        assert_eq!(sentence(""), "");
    }
}
