//! What people read on a page stands in one file a language, and nowhere else.

use super::{File, none, repository};

#[test]
fn a_page_holds_no_words_of_its_own() {
    let mut faults = Vec::new();
    for file in repository().iter().filter(|file| makes_pages(file)) {
        for (number, line) in file.code() {
            let said = words(line);
            faults.extend(said.iter().map(|text| format!("{}:{number}: {text}", file.path)));
        }
    }
    none(&faults, "the texts of pages stand in the file of their language");
}

/// The node's own sentences are English; a page shows them by way of its language, which may say them anew.
#[test]
fn what_the_node_says_goes_through_the_language_of_a_page() {
    let mut faults = Vec::new();
    for file in repository().iter().filter(|file| file.path.starts_with("node/src/home/")) {
        let ways = file.code().filter(|(_, line)| line.contains("parts::problem("));
        let ways = ways.filter(|_| !file.path.contains("/texts/"));
        faults
            .extend(ways.map(|(number, line)| format!("{}:{number}: {}", file.path, line.trim())));
    }
    none(&faults, "`texts::problem` shows a problem in the language of the page");
}

/// What an error says of itself is for logs and programs; a page says it in its language.
#[test]
fn an_operators_page_shows_no_error_in_its_own_words() {
    let mut faults = Vec::new();
    let pages = |file: &&File| file.path.starts_with("attestor/src/http/operator/");
    for file in repository().iter().filter(pages).filter(|file| !file.path.ends_with("tests.rs")) {
        let told = file.code().filter(|(_, line)| line.contains("error.to_string()"));
        faults
            .extend(told.map(|(number, line)| format!("{}:{number}: {}", file.path, line.trim())));
    }
    none(&faults, "`english::not_done` says it");
}

fn makes_pages(file: &File) -> bool {
    let path = file.path.as_str();
    let rooms = ["node/src/home/", "attestor/src/http/operator/", "testnet/src/up/page/"];
    let files = ["node/src/page/parts.rs", "node/src/page/frame.rs", "attestor/src/http/page.rs"];
    let is_page = files.contains(&path) || rooms.iter().any(|room| path.starts_with(room));
    is_page && file.is_rust() && !path.contains("texts")
}

/// Gives what a line of code puts onto a page in words: what stands in quotes where a page has content, and
/// is neither a command to type nor a word for machines.
fn words(line: &str) -> Vec<&str> {
    let pieces: Vec<&str> = line.split('"').collect();
    let quoted = pieces.windows(3).step_by(2);
    let is_text = |piece: &&[&str]| {
        let [before, text, after] = **piece else { return false };
        let (before, after) = (before.trim_end(), after.trim_start());
        let is_content = before.is_empty() || before.ends_with(['{', '}', ')']);
        let is_typed = before.ends_with("code {") || before.ends_with("pre {");
        let is_value = after.starts_with(['=', '|', ',', '.', ')', ';', '?']);
        let is_word = text.contains(' ') || text.starts_with(char::is_uppercase);
        is_content && !is_typed && !is_value && is_word && text.contains(char::is_alphabetic)
    };
    quoted.filter(is_text).filter_map(|piece| piece.get(1).copied()).collect()
}

#[test]
fn words_on_a_page_are_found_and_what_machines_read_is_not() {
    assert_eq!(words(r#"html! { "A sign-in at " (settings.name) }"#), ["A sign-in at "]);
    assert_eq!(words(r#"(heard) " heard, " (passed) " passed on""#), [" heard, ", " passed on"]);
    assert_eq!(words(r#"if cut { "cut in two" } else { "whole" }"#), ["cut in two"]);
    for line in [
        r#"p { code { "countersign home" } "." }"#,
        r#"div role="region and more" { (text) }"#,
        r#"match word { "Some word" => 1 }"#,
        r#"let role = if bad { "alert" } else { "status" };"#,
    ] {
        assert!(words(line).is_empty(), "{line}");
    }
}
