//! How examples that come with Bevy become reloadable: what of their source changes.

/// An example of Bevy, and how it becomes a hot app of one package.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// The name of the package, of its crate and of its only module.
    pub name: &'static str,
    /// The source of the example, below the folder of the crate `bevy`.
    pub example: &'static str,
    /// What to replace in it to get `lib.rs`: texts that occur exactly once, and what takes their
    /// places.
    pub edits: &'static [(&'static str, &'static str)],
    /// The text of `main.rs`, which is new. It lets the test watch the app.
    pub main: &'static str,
}

impl Recipe {
    /// The text of `lib.rs`, from the source of the example.
    ///
    /// # Panics
    ///
    /// If a text to replace does not occur exactly once: the recipe is then for another example.
    #[must_use]
    pub fn apply(&self, example: &str) -> String {
        let mut source = example.to_owned();
        for &(from, to) in self.edits {
            let times = source.matches(from).count();
            assert_eq!(times, 1, "`{from}` occurs {times} times");
            source = source.replace(from, to);
        }
        source
    }
}

/// The game. Its sound is switched off, since the tests build Bevy without audio, and so is the
/// stepping, which is a plugin in a file of its own.
pub const BREAKOUT: Recipe = Recipe {
    name: "breakout",
    example: "examples/games/breakout.rs",
    edits: &[
        ("mod stepping;", "use hot_reloader::prelude::*;"),
        (
            "\
fn main() {
    App::new()
        .add_plugins(DefaultPlugins)
        .add_plugins(
            stepping::SteppingPlugin::default()
                .add_schedule(Update)
                .add_schedule(FixedUpdate)
                .at(Val::Percent(35.0), Val::Percent(50.0)),
        )
        .insert_resource(Score(0))
",
            "\
hot_library!(breakout);

// There is no audio in this build, so the handle of the sound is one of something else.
type AudioSource = Image;

#[hot_module(state_keys = [Score])]
fn breakout(app: &mut App) {
    app.init_resource::<Score>()
",
        ),
        (
            "(Update, update_scoreboard)\n        .run();",
            "(Update, update_scoreboard);",
        ),
        (
            "#[derive(Resource, Deref, DerefMut)]",
            "#[derive(Resource, Deref, DerefMut, Reflect, Clone, Default)]",
        ),
        (
            "        commands.spawn(AudioBundle {",
            "        #[cfg(any())]\n        commands.spawn(AudioBundle {",
        ),
    ],
    main: "\
fn main() -> bevy::app::AppExit {
    bevy::app::App::new()
        .add_plugins((bevy::DefaultPlugins, hot_reloader::hot_plugin!(breakout), probe_api::Watch))
        .run()
}
",
};

/// A menu and a game as states. The log of transitions goes, since the tests build Bevy without its
/// development tools.
pub const STATES: Recipe = Recipe {
    name: "states",
    example: "examples/state/states.rs",
    edits: &[
        (
            "use bevy::{dev_tools::states::*, prelude::*};",
            "use bevy::prelude::*;\nuse hot_reloader::prelude::*;",
        ),
        (
            "\
fn main() {
    App::new()
        .add_plugins(DefaultPlugins)
        .init_state",
            "\
hot_library!(states);

#[hot_module(state_keys = [MenuData])]
fn states(app: &mut App) {
    app.init_state",
        ),
        (
            "        )\n        .add_systems(Update, log_transitions::<AppState>)\n        .run();",
            "        );",
        ),
        ("#[derive(Resource)]", "#[derive(Resource, Reflect, Clone)]"),
    ],
    main: "\
fn main() -> bevy::app::AppExit {
    bevy::app::App::new()
        .add_plugins((bevy::DefaultPlugins, hot_reloader::hot_plugin!(states), probe_api::Watch))
        .run()
}
",
};

/// How many lines are added, removed or altered between two texts: their edit distance in lines.
///
/// A line in place of another counts once, so a hunk of a diff counts as the larger of its sides.
#[must_use]
pub fn changed_lines(before: &str, after: &str) -> usize {
    let after: Vec<&str> = after.lines().collect();
    // From the lines of `before` that were looked at, to each beginning of `after`.
    let mut distances: Vec<usize> = (0..=after.len()).collect();
    for (row, line) in before.lines().enumerate() {
        let mut diagonal = row;
        distances[0] = row + 1;
        for (column, other) in after.iter().enumerate() {
            let altered = diagonal + usize::from(line != *other);
            diagonal = distances[column + 1];
            let added_or_removed = 1 + diagonal.min(distances[column]);
            distances[column + 1] = altered.min(added_or_removed);
        }
    }
    distances[after.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: &str, after: &str, lines: usize) {
        assert_eq!(changed_lines(before, after), lines);
        assert_eq!(changed_lines(after, before), lines);
    }

    #[test]
    fn an_altered_line_counts_once() {
        check("a\nb\nc\n", "a\nb\nc\n", 0);
        check("a\nb\nc\n", "a\nx\nc\n", 1);
        check("a\nb\nc\n", "a\nc\n", 1);
        check("a\nb\nc\nd\n", "a\nx\nd\n", 2);
        check("", "a\nb\n", 2);
        check("a\nb\n", "b\nc\n", 2);
    }
}
