//! Apps that none of us wrote, made reloadable by the steps of `docs/your-own-app.md`: played, edited and
//! reloaded, broken and mended.

mod games;
mod menus;
mod printed;
mod program;
mod states;
mod template;

use std::fs;

use hot_reloader_tests::recipes;

/// The most lines of an example that change, as the pages say.
const MOST: usize = 5;

#[test]
fn a_few_lines_make_a_program_reloadable() {
    for recipe in recipes::ALL {
        let example = program::source_of_bevy("bevy", recipe.example);
        let example = fs::read_to_string(example).expect("it is there");
        let applied = recipe.apply(&example);
        let (name, changed) = (recipe.name, applied.changed);
        assert!(changed <= MOST, "{name}: {changed} lines are changed");
    }
}
