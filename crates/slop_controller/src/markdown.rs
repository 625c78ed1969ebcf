//! A discussion as a Markdown document, and back.
//!
//! What a person reads is plain Markdown. What the app needs besides is in comments, the *marks*,
//! each at the beginning of a line:
//!
//! ```markdown
//! # Name
//!
//! <!-- slop: Discussion(model: "") -->
//!
//! <!-- slop: Entry(role: "User", time: 1795540060) -->
//! ## User, 2026-11-24 17:07 UTC
//!
//! The text.
//! ```
//!
//! The mark of the discussion says too which server its model is of. An entry's mark says too how it is shown,
//! which model was asked for it and how many tokens it took, if that is known. Thoughts follow the entry under a
//! mark of their own. Takes that are set aside are left out, and so are what tools were called, the tier, the
//! provider and what the assistant may do; whoever exports is told.
//!
//! A text goes on to the next mark, so headings and fences in it mean nothing here. A line of a text
//! that looks like a mark gets a `\`.

use serde::Deserialize;
use slop_common::date;
use slop_state::{Discussion, Entry, ModelId, ServerId, TokenUsage};
use thiserror::Error;

/// What a mark begins with.
const MARK: &str = "<!-- slop:";

/// A document is no discussion.
#[derive(Debug, Error, PartialEq)]
pub(crate) enum MarkdownError {
    /// It has no mark that says so.
    #[error("it has no line `<!-- slop: Discussion() -->`; compare it with one that was exported")]
    NoDiscussion,
    /// A mark cannot be read.
    #[error("line {line}: {reason}; compare it with a discussion that was exported")]
    Mark {
        /// From 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

/// What a comment says of the text that follows it.
#[derive(Deserialize, Debug, PartialEq)]
enum Mark {
    Discussion {
        #[serde(default)]
        model: String,
        #[serde(default)]
        model_of: Option<ServerId>,
    },
    System,
    Entry {
        role: String,
        #[serde(default)]
        time: u64,
        #[serde(default)]
        collapsed: bool,
        #[serde(default)]
        raw: bool,
        #[serde(default)]
        by: Option<ModelId>,
        #[serde(default)]
        usage: Option<TokenUsage>,
    },
    /// What was thought before the last entry was said.
    Thoughts,
}

/// The document of a discussion: what is shown of it.
pub(crate) fn write(discussion: &Discussion) -> String {
    let name = in_a_line(&discussion.name);
    let mut document = format!("# {name}\n\n{}\n", discussion_mark(discussion));
    if !discussion.system.is_empty() {
        let mark = comment("System");
        section(&mut document, &mark, "System prompt", &discussion.system);
    }
    for entry in &discussion.entries {
        let heading = format!("{}, {} UTC", in_a_line(&entry.role), date(entry.time));
        section(&mut document, &entry_mark(entry), &heading, &entry.text);
        if !entry.thoughts.is_empty() {
            let mark = comment("Thoughts");
            section(&mut document, &mark, "Thoughts", &entry.thoughts);
        }
    }
    document
}

/// The mark of a discussion, with the server that its model is of, if it is known.
fn discussion_mark(discussion: &Discussion) -> String {
    let mut content = format!("Discussion(model: {:?}", discussion.model);
    if let Some(ServerId { provider, origin }) = &discussion.model_of {
        content += &format!(", model_of: Some((provider: {provider:?}, origin: {origin:?}))");
    }
    content.push(')');
    comment(&content)
}

/// The mark of an entry, without what it has by default.
fn entry_mark(entry: &Entry) -> String {
    let mut content = format!("Entry(role: {:?}, time: {}", entry.role, entry.time);
    if entry.collapsed {
        content += ", collapsed: true";
    }
    if entry.raw {
        content += ", raw: true";
    }
    if let Some(ModelId { server, model }) = &entry.by {
        content += &format!(", by: Some((server: {server:?}, model: {model:?}))");
    }
    if let Some(usage) = entry.usage {
        let TokenUsage {
            input,
            output,
            cached,
        } = usage;
        let counts = format!("input: {input:?}, output: {output:?}, cached: {cached:?}");
        content += &format!(", usage: Some(({counts}))");
    }
    content.push(')');
    comment(&content)
}

/// A mark of this content. RON writes texts as Rust's `{:?}` does.
fn comment(content: &str) -> String {
    // Nothing within it is to end the comment.
    let content = content.replace('>', "\\u{3e}");
    format!("{MARK} {content} -->")
}

fn section(document: &mut String, mark: &str, heading: &str, text: &str) {
    document.push_str(&format!("\n{mark}\n## {heading}\n\n"));
    for line in text.split('\n') {
        if looks_like_a_mark(line) {
            document.push('\\');
        }
        document.push_str(line);
        document.push('\n');
    }
}

/// Whether it is a mark, or was one before it got any number of `\`.
fn looks_like_a_mark(line: &str) -> bool {
    line.trim_start_matches('\\').starts_with(MARK)
}

fn in_a_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}

/// The discussion of a document. Its ids, and those of its entries, are still to be given.
pub(crate) fn read(document: &str) -> Result<Discussion, MarkdownError> {
    let document = document.strip_prefix('\u{feff}').unwrap_or(document);
    // An editor of Windows has converted all of it then.
    let first = document.split('\n').next();
    let is_converted = first.is_some_and(|first| first.ends_with('\r'));
    let converted;
    let document = if is_converted {
        converted = document.replace("\r\n", "\n");
        converted.as_str()
    } else {
        document
    };
    let mut discussion = Discussion::default();
    let mut is_one = false;
    let mut marked: Option<(Mark, Vec<&str>)> = None;
    for (index, line) in document.split('\n').enumerate() {
        if line.starts_with(MARK) {
            let mark = parse(line).map_err(|reason| MarkdownError::Mark {
                line: index + 1,
                reason,
            })?;
            is_one |= matches!(mark, Mark::Discussion { .. });
            finish(marked.replace((mark, Vec::new())), &mut discussion);
        } else if let Some((_, lines)) = &mut marked {
            lines.push(line);
        } else if let Some(name) = line.strip_prefix("# ") {
            name.trim().clone_into(&mut discussion.name);
        }
    }
    finish(marked, &mut discussion);
    is_one
        .then_some(discussion)
        .ok_or(MarkdownError::NoDiscussion)
}

fn parse(line: &str) -> Result<Mark, String> {
    let content = line.trim_end().strip_prefix(MARK);
    let content = content.and_then(|content| content.strip_suffix("-->"));
    let content = content.ok_or("the comment does not end in this line")?;
    ron::from_str(content.trim()).map_err(|error| error.code.to_string())
}

/// Adds what a mark and the lines after it say.
fn finish(marked: Option<(Mark, Vec<&str>)>, discussion: &mut Discussion) {
    let Some((mark, lines)) = marked else {
        return;
    };
    match mark {
        Mark::Discussion { model, model_of } => {
            discussion.model = model;
            discussion.model_of = model_of;
        }
        Mark::System => discussion.system = text(&lines),
        Mark::Entry {
            role,
            time,
            collapsed,
            raw,
            by,
            usage,
        } => discussion.entries.push(Entry {
            role,
            time,
            collapsed,
            raw,
            by,
            usage,
            text: text(&lines),
            ..Entry::default()
        }),
        Mark::Thoughts => {
            if let Some(entry) = discussion.entries.last_mut() {
                entry.thoughts = text(&lines);
            }
        }
    }
}

/// The text in the lines after a mark, without the heading and the blank lines around it.
fn text(lines: &[&str]) -> String {
    let lines = match lines {
        [heading, lines @ ..] if heading.starts_with("## ") => lines,
        lines => lines,
    };
    let lines = match lines {
        [blank, lines @ ..] if blank.trim().is_empty() => lines,
        lines => lines,
    };
    let lines = match lines {
        [lines @ .., ""] | lines => lines,
    };
    let lines = lines.iter().map(|line| match line.strip_prefix('\\') {
        Some(rest) if looks_like_a_mark(rest) => rest,
        _ => *line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use slop_state::ProviderKind;

    use super::*;

    fn discussion(system: &str, texts: &[&str]) -> Discussion {
        let entries = texts.iter().zip(1_795_540_060..);
        let entries = entries.map(|(text, time)| Entry {
            role: ["User", "AI", "a \"-->\" 'b'\n\\"][time as usize % 3].to_owned(),
            time,
            text: (*text).to_owned(),
            ..Entry::default()
        });
        Discussion {
            name: "A name: # 1".to_owned(),
            system: system.to_owned(),
            model: "m-->\"1\"".to_owned(),
            entries: entries.collect(),
            ..Discussion::default()
        }
    }

    #[track_caller]
    fn check(discussion: &Discussion) {
        let document = write(discussion);
        assert_eq!(read(&document).as_ref(), Ok(discussion), "{document}");
    }

    #[test]
    fn whatever_is_said_is_there_again() {
        let texts = [
            "",
            "one line",
            "# heading\n\n## User, 2026-11-24 17:07 UTC\n\ntext",
            "```rust\n# no heading\n<!-- slop: System -->\n```",
            "<!-- slop: Entry(role: \"AI\", time: 1) -->\n\\<!-- slop: System -->\n\\\\<!-- slop:",
            "\n\nblank lines around it\n\n",
            "\n",
            "\r\nfrom Windows\r\n",
            "  indented\t\n\\ \\\\",
        ];
        check(&discussion("", &[]));
        check(&discussion("", &texts));
        for text in texts {
            check(&discussion(text, &[text, text]));
            check(&discussion(text, &[]));
        }
    }

    #[test]
    fn the_server_of_its_model_is_there_again() {
        for provider in [
            ProviderKind::Echo,
            ProviderKind::OpenAi,
            ProviderKind::Anthropic,
            ProviderKind::Gemini,
        ] {
            for origin in ["", "http://localhost:11434", "a \"-->\" 'b'\n\\"] {
                let mut discussion = discussion("", &["a"]);
                discussion.model_of = Some(ServerId {
                    provider,
                    origin: origin.to_owned(),
                });
                check(&discussion);
            }
        }
    }

    #[test]
    fn whatever_is_known_of_an_entry_is_there_again() {
        let counts = [None, Some(0), Some(u64::MAX)];
        let usages = counts.into_iter().flat_map(|input| {
            let usage = |output| TokenUsage {
                input,
                output,
                cached: input,
            };
            counts.map(|output| Some(usage(output)))
        });
        let names = [
            "",
            "m",
            "a \"-->\" 'b'\n\\\t\u{301}\0",
            "<!-- slop: System -->",
        ];
        let texts = [
            "",
            "\n",
            "<!-- slop: Thoughts -->\n## Thoughts",
            "a\n\n> **Cut off:** b",
        ];
        let mut entries = Vec::new();
        for (index, usage) in usages.chain([None]).enumerate() {
            for (place, name) in names.into_iter().enumerate() {
                entries.push(Entry {
                    role: name.to_owned(),
                    time: index as u64,
                    text: texts[index % 4].to_owned(),
                    thoughts: texts[place].to_owned(),
                    collapsed: index % 2 == 1,
                    raw: place % 2 == 1,
                    by: (index % 3 == 1).then(|| ModelId {
                        server: names[index % 4].to_owned(),
                        model: name.to_owned(),
                    }),
                    usage,
                    ..Entry::default()
                });
            }
        }
        for entry in &entries {
            check(&Discussion {
                name: "n".to_owned(),
                entries: vec![entry.clone()],
                ..Discussion::default()
            });
        }
        check(&Discussion {
            name: "n".to_owned(),
            entries,
            ..Discussion::default()
        });
    }

    #[test]
    fn what_was_exported_before_can_be_imported() {
        let document =
            "# n\n\n<!-- slop: Discussion() -->\n\n<!-- slop: Thoughts -->\nof nobody\n\n\
                        <!-- slop: Entry(role: \"AI\", time: 7) -->\n## AI\n\nHi\n";
        let read = read(document).unwrap();
        let entry = Entry {
            role: "AI".to_owned(),
            time: 7,
            text: "Hi".to_owned(),
            ..Entry::default()
        };
        assert_eq!(read.entries, [entry]);
        assert_eq!(read.model_of, None);
    }

    #[test]
    fn it_is_markdown_for_people() {
        let mut discussion = discussion("Be brief.", &["Hello", "Yes?"]);
        discussion.model.clear();
        for (entry, role) in discussion.entries.iter_mut().zip(["User", "AI"]) {
            role.clone_into(&mut entry.role);
        }
        let expected = "\
# A name: # 1

<!-- slop: Discussion(model: \"\") -->

<!-- slop: System -->
## System prompt

Be brief.

<!-- slop: Entry(role: \"User\", time: 1795540060) -->
## User, 2026-11-24 17:07 UTC

Hello

<!-- slop: Entry(role: \"AI\", time: 1795540061) -->
## AI, 2026-11-24 17:07 UTC

Yes?
";
        assert_eq!(write(&discussion), expected);
    }

    #[test]
    fn an_editor_may_convert_lines_and_strip_the_end() {
        let discussion = discussion("Be\nbrief.", &["one\ntwo", "three"]);
        let document = write(&discussion);
        let converted = format!("\u{feff}{}", document.replace('\n', "\r\n"));
        assert_eq!(read(&converted).as_ref(), Ok(&discussion));
        assert_eq!(read(document.trim_end()).as_ref(), Ok(&discussion));
    }

    #[test]
    fn what_is_no_discussion_is_refused() {
        for document in ["", "# Notes\n\ntext", "<!-- slop: System -->\n\ntext"] {
            assert_eq!(read(document), Err(MarkdownError::NoDiscussion));
        }
        for (mark, reason) in [
            ("<!-- slop: Discussion(", "does not end"),
            ("<!-- slop: Nonsense -->", "Nonsense"),
            ("<!-- slop: Entry(time: 1) -->", "role"),
        ] {
            let error = read(&format!("# Notes\n{mark}\n")).unwrap_err();
            let error = error.to_string();
            assert!(error.starts_with("line 2: "), "{error}");
            assert!(error.contains(reason), "{error}");
        }
    }
}
