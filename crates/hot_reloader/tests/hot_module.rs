//! What `#[hot_module]` makes of a function, and what it leaves of it.
#![deny(missing_docs, deprecated)]

use bevy::prelude::{App, Update};
use hot_reloader::{prelude::*, HotModuleDef};

/// A module in a module.
pub mod parts {
    use bevy::prelude::*;
    use hot_reloader::prelude::*;

    /// State with a parameter.
    #[derive(Resource, Reflect, Clone, Default)]
    pub struct Pool<T: Default + Clone + Send + Sync + 'static>(Vec<T>);

    /// The documentation stays on the function, and the type beside it needs none.
    #[hot_module(
        state_keys = [Pool<u32>, super::parts::Size, Name],
        targets = [grow::<u32>, super::shrink, super::r#move, <super::Red as super::Player>::play],
        after = [one, another],
    )]
    #[inline(never)]
    pub fn parts(app: &mut App) {
        app.init_resource::<Pool<u32>>().add_systems(
            Update,
            (
                grow::<u32>,
                super::shrink,
                super::r#move,
                <super::Red as super::Player>::play,
            ),
        );
    }

    /// A component.
    #[derive(Component, Clone)]
    pub struct Size;

    fn grow<T: Default + Clone + Send + Sync + 'static>(mut pool: ResMut<Pool<T>>) {
        pool.0.push(T::default());
    }
}

fn shrink() {}

fn r#move() {}

trait Player {
    fn play();
}

struct Red;

impl Player for Red {
    fn play() {}
}

#[hot_module]
#[deprecated = "it stays an attribute of the function"]
#[allow(dead_code, reason = "only its entry is looked at")]
fn private(app: &mut App) {
    app.add_systems(Update, shrink);
}

#[test]
fn the_entry_says_what_was_written() {
    let entry = <parts::parts as HotModuleDef>::ENTRY;
    assert_eq!(entry.name, "parts");
    assert_eq!(entry.file, file!());
    // The last is another crate's.
    assert_eq!(
        entry.state_keys,
        ["Pool<u32>", "super::parts::Size", "Name"]
    );
    assert_eq!(entry.targets, ["grow", "shrink", "move", "play"]);
    assert!(std::any::type_name_of_val(&r#move).ends_with("::move"));
    assert_eq!(entry.after, ["one", "another"]);
    let entry = <private as HotModuleDef>::ENTRY;
    assert_eq!(entry.state_keys, [""; 0]);
}
