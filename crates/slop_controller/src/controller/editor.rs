//! Opens files in the user's editor.

use bevy::prelude::*;
use slop_engine::{editor, session::Session};
use slop_state::{Action, Settings};

use crate::actions::Actions;

/// What cannot be opened is told in the window.
pub(super) fn open_in_editor(
    mut actions: Actions,
    settings: Res<Settings>,
    mut session: ResMut<Session>,
) {
    for action in actions.read() {
        let Action::OpenInEditor(file, line, column) = action else {
            continue;
        };
        if let Err(error) = editor::open(&settings.editor, file, *line, *column) {
            session.notices.push(error.to_string());
        }
    }
}
