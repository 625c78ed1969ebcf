//! The tickets that the orchestrator proposes: how it is asked for them, and how its answer is read. What
//! must be true of them before they are accepted, the window with them knows too.

mod read;

pub(crate) use read::read;
pub(crate) use slop_common::proposal::{check, ProposalError};

use serde::Serialize;
use slop_state::Proposed;

/// What the orchestrator is told of how to answer.
pub(crate) const FORMAT: &str = r#"Answer with the tickets as JSON in one fenced block, and nothing else in it:

```json
[
  {"id": "a", "title": "In a few words", "description": "All there is to say, in CommonMark", "depends_on": []},
  {"id": "b", "title": "…", "description": "…", "depends_on": ["a"]}
]
```

`id` is any short name, and `depends_on` has the ids of those that must be done before. There may be words before and after the block."#;

/// A ticket as it is written to the orchestrator.
#[derive(Serialize)]
struct Written<'a> {
    id: &'a str,
    title: &'a str,
    description: &'a str,
    depends_on: &'a [String],
}

/// A proposal in the format in which it is read.
pub(crate) fn write(proposal: &[Proposed]) -> String {
    let tickets = proposal.iter().map(|ticket| Written {
        id: &ticket.key,
        title: &ticket.title,
        description: &ticket.text,
        depends_on: &ticket.depends_on,
    });
    let tickets: Vec<_> = tickets.collect();
    // Texts and lists of texts always become JSON.
    let json = serde_json::to_string_pretty(&tickets).unwrap_or_default();
    format!("```json\n{json}\n```")
}
