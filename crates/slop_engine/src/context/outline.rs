//! What a file declares, found by rules for lines. No parser: an outline is for an overview, and
//! has to come about for code that does not compile too.

/// Of other files, so many lines from the beginning.
const FIRST: usize = 40;

/// The outline of a text, by the end of its file's name.
pub(super) fn outline(path: &str, text: &str) -> String {
    let end = path.rsplit_once('.').map(|(_, end)| end.to_lowercase());
    match end.as_deref() {
        Some("rs") => rust(text),
        Some("md" | "markdown") => markdown(text),
        _ => first(text),
    }
}

/// The lines with which items begin, each with its indentation and without its body.
fn rust(text: &str) -> String {
    let lines = text.lines().filter(|line| is_item(line.trim_start()));
    let lines = lines.map(|line| line.trim_end().trim_end_matches('{').trim_end());
    lines.collect::<Vec<_>>().join("\n")
}

fn is_item(line: &str) -> bool {
    const ITEMS: [&str; 11] = [
        "fn ",
        "struct ",
        "enum ",
        "union ",
        "trait ",
        "impl ",
        "impl<",
        "mod ",
        "type ",
        "static ",
        "macro_rules! ",
    ];
    let mut rest = line;
    let mut is_constant = false;
    loop {
        let before = rest;
        if let Some(after) = rest.strip_prefix("pub(") {
            rest = after.split_once(')').map_or("", |(_, after)| after);
        }
        for word in ["pub ", "async ", "unsafe ", "default ", "const ", "extern "] {
            if let Some(after) = rest.strip_prefix(word) {
                is_constant |= word == "const ";
                rest = after;
            }
        }
        // The ABI after `extern`.
        if let Some(after) = rest.strip_prefix('"').filter(|_| rest.len() < line.len()) {
            rest = after.split_once('"').map_or("", |(_, after)| after);
        }
        rest = rest.trim_start();
        if rest == before {
            break;
        }
    }
    // `const` is an item by itself, or belongs to a function. A block is none.
    let names_one = rest.starts_with(|c: char| c.is_alphabetic() || c == '_');
    ITEMS.iter().any(|item| rest.starts_with(item)) || (is_constant && names_one)
}

/// The headings, without what looks like one in a block of code.
fn markdown(text: &str) -> String {
    let mut fence: Option<&str> = None;
    let mut headings = Vec::new();
    for line in text.lines() {
        let start = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|m| start.starts_with(m));
        match (fence, mark) {
            (None, Some(_)) => fence = mark,
            (Some(open), Some(mark)) if open == mark => fence = None,
            (None, None) => {
                let level = start.len() - start.trim_start_matches('#').len();
                if (1..=6).contains(&level) && start[level..].starts_with(' ') {
                    headings.push(start.trim_end());
                }
            }
            (Some(_), _) => {}
        }
    }
    headings.join("\n")
}

/// The first lines, and how many are left.
fn first(text: &str) -> String {
    let mut shown = text.lines().take(FIRST).collect::<Vec<_>>().join("\n");
    let left = text.lines().count().saturating_sub(FIRST);
    if left > 0 {
        shown += &format!("\n… ({left} more lines)");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_rust_are_found() {
        let text = r#"//! fn not_this()
use std::fmt;

pub(crate) const LIMIT: usize = 3;
static NAME: &str = "fn ";
#[derive(Debug)]
pub struct Point<T> {
    x: T,
}

impl<T> Point<T> {
    /// fn nor this
    pub const unsafe fn new(
        x: T,
    ) -> Self {
        let function = const { 1 };
        Self { x }
    }
}
pub(in crate::a) async fn run() {}
extern "C" fn called() {
extern "C" {
mod tests;
pub type A = u8;
macro_rules! m {
    fnord();
"#;
        let expected = r#"pub(crate) const LIMIT: usize = 3;
static NAME: &str = "fn ";
pub struct Point<T>
impl<T> Point<T>
    pub const unsafe fn new(
pub(in crate::a) async fn run() {}
extern "C" fn called()
mod tests;
pub type A = u8;
macro_rules! m"#;
        assert_eq!(outline("src/a.rs", text), expected);
    }

    #[test]
    fn headings_of_markdown_are_found() {
        let text = "# A\ntext\n```sh\n# no\n~~~\n```\n## B  \n#no\n####### no\n";
        assert_eq!(outline("a.MD", text), "# A\n## B");
    }

    #[test]
    fn of_other_files_there_are_the_first_lines() {
        let lines = |count: usize| vec!["x"; count].join("\n");
        assert_eq!(outline("Makefile", &lines(40)), lines(40));
        let expected = lines(40) + "\n… (2 more lines)";
        assert_eq!(outline("a.py", &lines(42)), expected);
    }
}
