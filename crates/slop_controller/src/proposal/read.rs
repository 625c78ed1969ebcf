//! Reads the tickets in an answer of the orchestrator.

use serde::Deserialize;
use serde_json::Value;
use slop_state::{Proposed, Tier};

/// Why an answer proposes nothing.
#[derive(thiserror::Error, Debug)]
pub(crate) enum ReadError {
    /// It is prose only.
    #[error("the answer has no list of tickets in it; ask again for one in a ```json block")]
    NoList,
    /// What looks like the list is not as it should be.
    #[error("the list of tickets in the answer cannot be read: {0}; ask again")]
    BadList(#[source] serde_json::Error),
    /// The list is empty.
    #[error("the answer proposes no tickets; say more of the goal and ask again")]
    Empty,
}

/// A ticket in an answer.
#[derive(Deserialize)]
struct Written {
    id: Option<Id>,
    title: String,
    #[serde(default, alias = "text")]
    description: Option<String>,
    // By another name they would be lost without a word.
    #[serde(default, alias = "dependsOn", alias = "dependencies")]
    depends_on: Option<Vec<Id>>,
}

/// Models like to count, whatever they are told.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(u64),
}

impl Id {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text.trim().to_owned(),
            Self::Number(number) => number.to_string(),
        }
    }
}

/// The tickets in an answer: of several lists the last, for a model corrects itself at the end.
///
/// # Errors
///
/// If there is no list, or none that can be read.
pub(crate) fn read(answer: &str) -> Result<Vec<Proposed>, ReadError> {
    let mut found = Err(ReadError::NoList);
    for text in blocks(answer).into_iter().chain(bare(answer)).rev() {
        match tickets(&text) {
            Ok(list) => {
                found = Ok(list);
                break;
            }
            // The first that is looked at tells best what is wrong.
            Err(error) if matches!(found, Err(ReadError::NoList)) => {
                found = Err(ReadError::BadList(error));
            }
            Err(_) => {}
        }
    }
    let list = found?;
    if list.is_empty() {
        return Err(ReadError::Empty);
    }
    let tickets = (1..).zip(list).map(|(place, ticket): (u32, _)| Proposed {
        key: match ticket.id.map(Id::into_text) {
            Some(key) if !key.is_empty() => key,
            _ => place.to_string(),
        },
        title: ticket.title.trim().to_owned(),
        text: ticket.description.unwrap_or_default().trim().to_owned(),
        depends_on: {
            let depends_on = ticket.depends_on.unwrap_or_default();
            depends_on.into_iter().map(Id::into_text).collect()
        },
        tier: Tier::default(),
    });
    Ok(tickets.collect())
}

/// A list, or an object with one under `tickets`.
fn tickets(json: &str) -> Result<Vec<Written>, serde_json::Error> {
    let value: Value = serde_json::from_str(json)?;
    let list = match value {
        Value::Object(mut object) if object.contains_key("tickets") => {
            object.remove("tickets").unwrap_or_default()
        }
        other => other,
    };
    serde_json::from_value(list)
}

/// What is in the fenced blocks that may be JSON. One that is not closed goes to the end.
fn blocks(answer: &str) -> Vec<String> {
    let mut found = Vec::new();
    // The fence that closes the block, if it may be JSON, and its lines so far.
    let mut block: Option<(&str, bool, Vec<&str>)> = None;
    for line in answer.lines() {
        let trimmed = line.trim();
        let ticks = trimmed.len() - trimmed.trim_start_matches('`').len();
        let (fence, info) = trimmed.split_at(ticks);
        match &mut block {
            None if ticks >= 3 => {
                let info = info.trim().to_lowercase();
                let may_be = info.is_empty() || info.starts_with("json");
                block = Some((fence, may_be, Vec::new()));
            }
            None => {}
            Some((open, may_be, lines)) if info.is_empty() && ticks >= open.len() => {
                if *may_be {
                    found.push(lines.join("\n"));
                }
                block = None;
            }
            Some((_, _, lines)) => lines.push(line),
        }
    }
    if let Some((_, true, lines)) = block {
        found.push(lines.join("\n"));
    }
    found
}

/// What stands between the first and the last bracket, if no fence says where the list is.
fn bare(answer: &str) -> Option<String> {
    if answer.contains("```") {
        return None;
    }
    let begin = answer.find("[{").or_else(|| answer.find(['[', '{']))?;
    let end = answer.rfind([']', '}'])?;
    answer.get(begin..=end).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"[{"id": "a", "title": "one"},
        {"id": 2, "title": " two ", "description": "All of it.", "depends_on": ["a", 7]}]"#;

    #[track_caller]
    fn check(answer: &str) {
        let expected = [
            Proposed {
                key: "a".to_owned(),
                title: "one".to_owned(),
                ..Proposed::default()
            },
            Proposed {
                key: "2".to_owned(),
                title: "two".to_owned(),
                text: "All of it.".to_owned(),
                depends_on: vec!["a".to_owned(), "7".to_owned()],
                ..Proposed::default()
            },
        ];
        assert_eq!(read(answer).unwrap(), expected, "{answer}");
    }

    #[track_caller]
    fn refused(answer: &str, says: &str) {
        let error = read(answer).unwrap_err().to_string();
        assert!(error.contains(says), "{answer}: {error}");
    }

    #[test]
    fn a_list_is_found_among_words() {
        check(LIST);
        check(&format!("Sure:\n\n```json\n{LIST}\n```\nShall I go on?"));
        check(&format!("```\n{LIST}\n```"));
        check(&format!("Here you are: {LIST}. All right?"));
        check(&format!("```json\n{{\"tickets\": {LIST}}}\n```"));
        check(&format!("````JSON\n{LIST}\n````"));
        // It is not closed, yet whole.
        check(&format!("```json\n{LIST}"));
    }

    #[test]
    fn what_is_missing_may_be_null_and_what_it_needs_has_other_names() {
        check(
            &LIST
                .replace(
                    "\"one\"",
                    "\"one\", \"description\": null, \"depends_on\": null",
                )
                .replace("\"depends_on\": [", "\"dependencies\": ["),
        );
    }

    #[test]
    fn other_blocks_do_no_harm_and_the_last_list_counts() {
        let example = r#"[{"title": "an example"}]"#;
        check(&format!("```json\n{example}\n```\n```json\n{LIST}\n```"));
        check(&format!(
            "```json\n{LIST}\n```\nRun it:\n```sh\ncargo test\n```\n```\nok\n```"
        ));
    }

    #[test]
    fn without_an_id_it_is_called_by_its_place() {
        let tickets = read(r#"[{"title": "x"}, {"id": " ", "title": "y"}]"#).unwrap();
        let keys: Vec<_> = tickets.iter().map(|ticket| ticket.key.as_str()).collect();
        assert_eq!(keys, ["1", "2"]);
    }

    #[test]
    fn what_is_no_list_is_refused_with_a_reason() {
        refused("I would rather not.", "no list of tickets");
        refused("```rust\nfn main() {}\n```", "no list of tickets");
        refused("```json\n[]\n```", "proposes no tickets");
        refused("```json\n[{\"id\": \"a\"}]\n```", "missing field `title`");
        refused("```json\n[{\"title\": \"a\"", "EOF");
        refused("```json\n[1]\n```", "cannot be read");
        refused("} and {", "no list of tickets");
    }

    #[test]
    fn what_is_written_can_be_read() {
        let proposal = read(LIST).unwrap();
        assert_eq!(read(&super::super::write(&proposal)).unwrap(), proposal);
        // What the orchestrator is shown is in its own format.
        assert_eq!(read(super::super::FORMAT).unwrap().len(), 2);
    }
}
