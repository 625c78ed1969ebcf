//! How examples that come with Bevy become reloadable: what of their source changes.

/// A text that occurs exactly once, and what takes its place.
pub type Edit = (&'static str, &'static str);

/// An example of Bevy, and how it becomes a hot app.
///
/// All of them take turns as the library of one package, [`PACKAGE`], so that its host is built once.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// The name of the example.
    pub name: &'static str,
    /// Its source, below the folder of the crate `bevy`.
    pub example: &'static str,
    /// Sources beside it, which stay as they are.
    pub beside: &'static [&'static str],
    /// What makes it reloadable.
    pub edits: &'static [Edit],
    /// Lines that stand in `main.rs` now, as they are.
    pub moved: &'static [&'static str],
    /// What is due to the tests' build of Bevy, which lacks some of its parts: they come from elsewhere.
    pub of_our_build: &'static [Edit],
    /// The text of `main.rs`, which is new. It lets the test watch the app.
    pub main: &'static str,
    /// What the window is called.
    pub title: &'static str,
}

/// An example that has become reloadable.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The text of `lib.rs`.
    pub library: String,
    /// How many lines changed, but for the others that are counted here.
    pub changed: usize,
    /// How many moved to `main.rs`.
    pub moved: usize,
    /// How many changed only because of the tests' build of Bevy.
    pub of_our_build: usize,
}

impl Recipe {
    /// The text of `lib.rs`, from the source of the example, and what it took.
    ///
    /// # Panics
    ///
    /// If a text to replace does not occur exactly once: the recipe is then for another example. If lines
    /// that move are not found in `main.rs`.
    #[must_use]
    pub fn apply(&self, example: &str) -> Applied {
        let mut stays = example.to_owned();
        for lines in self.moved {
            assert!(self.main.contains(lines), "`{lines}` is not in `main.rs`");
            stays = replace_one(&stays, lines, "");
        }
        let edited = |source: &str, edits: &[Edit]| {
            let source = source.to_owned();
            let edits = edits.iter();
            edits.fold(source, |source, (from, to)| replace_one(&source, from, to))
        };
        let hot = edited(&stays, self.edits);
        let library = edited(&hot, self.of_our_build);
        Applied {
            changed: changed_lines(&stays, &hot),
            moved: changed_lines(example, &stays),
            of_our_build: changed_lines(&hot, &library),
            library,
        }
    }
}

fn replace_one(source: &str, from: &str, to: &str) -> String {
    let times = source.matches(from).count();
    assert_eq!(times, 1, "`{from}` occurs {times} times");
    source.replace(from, to)
}

/// The package that they all take turns in.
pub const PACKAGE: &str = "foreign";

/// The host of most. As they draw all the time, it leaves the cores to the compiler meanwhile.
pub const HOST: &str = "\
fn main() -> bevy::app::AppExit {
    let mut reloader = hot_reloader::hot_plugin!(foreign);
    reloader.config.frame_rate_while_building = Some(10.0);
    bevy::app::App::new()
        .add_plugins((bevy::DefaultPlugins, reloader, probe_api::Watch))
        .run()
}
";

/// The program becomes a function that adds to an app.
const FUNCTION: Edit = (
    "fn main() {\n",
    "hot_reloader::hot_library!(game);\nfn game(app: &mut App) {\n",
);
/// The app is the host's,
const APP: Edit = ("    App::new()\n", "    app\n");
/// who has the plugins of the engine already,
const PLUGINS: Edit = ("        .add_plugins(DefaultPlugins)\n", "");
/// and runs it.
const RUN: Edit = ("        .run();\n}", "        ;\n}");

/// All that an example takes which does nothing out of the ordinary.
const ORDINARY: &[Edit] = &[FUNCTION, APP, PLUGINS, RUN];

/// The development tools, of which the states log their transitions.
const DEV_TOOLS: &[Edit] = &[(
    "use bevy::{dev_tools::states::*, prelude::*};",
    "use {bevy::prelude::*, probe_api::dev_tools::states::*};",
)];

/// An example that takes nothing out of the ordinary.
const fn ordinary(name: &'static str, example: &'static str) -> Recipe {
    Recipe {
        name,
        example,
        beside: &[],
        edits: ORDINARY,
        moved: &[],
        of_our_build: &[],
        main: HOST,
        title: "App",
    }
}

/// The game. Another plugin of it is in a file of its own.
pub const BREAKOUT: Recipe = Recipe {
    beside: &["examples/games/stepping.rs"],
    of_our_build: &[("mod stepping;", "mod stepping;\nuse probe_api::audio::*;")],
    ..ordinary("breakout", "examples/games/breakout.rs")
};

/// A menu and a game as states.
pub const STATES: Recipe = Recipe {
    of_our_build: DEV_TOOLS,
    ..ordinary("states", "examples/state/states.rs")
};

/// Menus of menus, and settings. It has a module `game` already.
pub const GAME_MENU: Recipe = Recipe {
    edits: &[
        (
            "fn main() {\n",
            "hot_reloader::hot_library!(game_menu);\nfn game_menu(app: &mut App) {\n",
        ),
        APP,
        PLUGINS,
        RUN,
    ],
    ..ordinary("game_menu", "examples/games/game_menu.rs")
};

/// A state that exists within another one only.
pub const SUB_STATES: Recipe = Recipe {
    of_our_build: DEV_TOOLS,
    ..ordinary("sub_states", "examples/state/sub_states.rs")
};

/// States that follow from others.
pub const COMPUTED_STATES: Recipe = Recipe {
    of_our_build: DEV_TOOLS,
    ..ordinary("computed_states", "examples/state/computed_states.rs")
};

/// Mines that trigger one another.
pub const OBSERVERS: Recipe = Recipe {
    of_our_build: &[(
        "use rand::{Rng, SeedableRng};",
        "use probe_api::gizmos::Gizmos;\nuse rand::{Rng, SeedableRng};",
    )],
    ..ordinary("observers", "examples/ecs/observers.rs")
};

/// A toy that is dragged over the desktop, in a window that the host sets up.
pub const DESK_TOY: Recipe = Recipe {
    edits: &[FUNCTION, APP, RUN],
    moved: &[
        "\
#[cfg(target_os = \"macos\")]
use bevy::window::CompositeAlphaMode;

",
        "\x20       .add_plugins(DefaultPlugins.set(WindowPlugin {
            primary_window: Some(Window {
                title: \"Bevy Desk Toy\".into(),
                transparent: true,
                #[cfg(target_os = \"macos\")]
                composite_alpha_mode: CompositeAlphaMode::PostMultiplied,
                ..default()
            }),
            ..default()
        }))
",
    ],
    main: "\
use bevy::prelude::*;
#[cfg(target_os = \"macos\")]
use bevy::window::CompositeAlphaMode;

fn main() -> AppExit {
    App::new()
        .add_plugins(DefaultPlugins.set(WindowPlugin {
            primary_window: Some(Window {
                title: \"Bevy Desk Toy\".into(),
                transparent: true,
                #[cfg(target_os = \"macos\")]
                composite_alpha_mode: CompositeAlphaMode::PostMultiplied,
                ..default()
            }),
            ..default()
        }))
        .add_plugins((hot_reloader::hot_plugin!(foreign), probe_api::Watch))
        .run()
}
",
    title: "Bevy Desk Toy",
    ..ordinary("desk_toy", "examples/games/desk_toy.rs")
};

/// Rows of buttons that set the size of a bar.
pub const SIZE_CONSTRAINTS: Recipe =
    ordinary("size_constraints", "examples/ui/size_constraints.rs");

/// Tells the time of frames and of fixed steps.
pub const FIXED_TIMESTEP: Recipe = ordinary("fixed_timestep", "examples/ecs/fixed_timestep.rs");

/// A group of plugins, added beside those of the engine.
pub const PLUGIN_GROUP: Recipe = Recipe {
    edits: &[FUNCTION, APP, ("            DefaultPlugins,\n", ""), RUN],
    ..ordinary("plugin_group", "examples/app/plugin_group.rs")
};

/// All of them.
pub const ALL: [Recipe; 10] = [
    BREAKOUT,
    STATES,
    GAME_MENU,
    SUB_STATES,
    COMPUTED_STATES,
    OBSERVERS,
    DESK_TOY,
    SIZE_CONSTRAINTS,
    FIXED_TIMESTEP,
    PLUGIN_GROUP,
];

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
