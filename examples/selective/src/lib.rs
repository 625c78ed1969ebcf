//! Two modules that are reloaded one at a time.
//!
//! Run it with `cargo xtask example selective`. Change `VERSION` in `src/left.rs` and in
//! `src/right.rs`, save both, and press 1: only `left` takes the new version over. Press 2 for
//! `right`. Ctrl+Alt+R reloads both.
//!
//! It teaches three things:
//!
//! - A module that was not asked for keeps its code and its `Local`s; the frames it shows go on.
//!   The other's start again, since a `Local` belongs to one generation of a system.
//! - State is common to all modules: `right` reads the `Total` of `left`, which goes on whichever
//!   of them is reloaded.
//! - `after = [left]` lets `right` build after `left`, and run after it in each frame. So the total
//!   that it reads is always that of the present frame. (Without `hot` it orders only the building, as in any
//!   app; there, order the systems.)
//!
//! A module needs `#[hot_module]` for no more than this order, and for the names of what it owns and does.
//! Both modules are in one library, so an error in either file refuses the reload of the other.

use bevy::prelude::*;

pub mod left;
pub mod right;

/// An empty text, so far from the middle of the window.
fn text_at(x: f32) -> Text2dBundle {
    let style = TextStyle {
        font_size: 32.0,
        ..default()
    };
    Text2dBundle {
        text: Text::from_section("", style),
        transform: Transform::from_xyz(x, 0.0, 0.0),
        ..default()
    }
}

hot_reloader::hot_library!(left::left, right::right);
