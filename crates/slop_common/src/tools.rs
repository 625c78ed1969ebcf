//! What the assistant may call.

use slop_engine::{assistants::Tool, hands};
use slop_state::Leave;

/// What the assistant is told that it may call.
pub fn offered(leave: Leave) -> Vec<Tool> {
    let all = hands::Tool::ALL.into_iter();
    all.filter(|tool| has_leave(leave, *tool))
        .map(|tool| Tool {
            name: tool.name().to_owned(),
            description: tool.description().to_owned(),
            schema: tool.schema(),
        })
        .collect()
}

/// Whether the assistant may call a tool.
pub fn has_leave(leave: Leave, tool: hands::Tool) -> bool {
    let least = if tool.only_looks() {
        Leave::Look
    } else {
        Leave::Act
    };
    leave >= least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_there_is_leave_for_is_offered() {
        let names = |leave| {
            let offered = offered(leave).into_iter();
            offered.map(|tool| tool.name).collect::<Vec<_>>()
        };
        assert_eq!(names(Leave::None), [""; 0]);
        assert_eq!(
            names(Leave::Look),
            ["read_file", "list_files", "search_files"]
        );
        assert_eq!(names(Leave::Act).len(), 5);
    }
}
