//! The project's files that may go out with a question.

use slop_engine::context::{Mode, Wanted};
use slop_state::{ContextRule, Project, TrackMode};

/// The patterns as the engine knows them. No rule lets more of a file out than its mode does.
pub fn wanted(project: &Project, rule: ContextRule) -> Vec<Wanted> {
    if rule == ContextRule::None {
        return Vec::new();
    }
    let tracked = project.tracked.iter().map(|tracked| Wanted {
        pattern: tracked.pattern.clone(),
        mode: match tracked.mode {
            TrackMode::None => Mode::None,
            TrackMode::Whole if rule != ContextRule::Outline => Mode::Whole,
            TrackMode::Whole | TrackMode::Outline => Mode::Outline,
        },
    });
    tracked.collect()
}
