//! When the window goes: once what it shows is on disk, or a person knows that it is not.

use std::mem;

use bevy::{
    prelude::{App, Commands, Entity, EventReader, Local, Query, Res, ResMut, Update, With},
    window::{ClosingWindow, WindowCloseRequested},
};

use crate::{pacing::Frames, session::Session};

/// In place of the engine's own system, which takes a window away whatever is lost.
pub(crate) fn plugin(app: &mut App) {
    app.add_systems(Update, close);
}

fn close(
    mut commands: Commands,
    mut session: ResMut<Session>,
    mut requests: EventReader<WindowCloseRequested>,
    frames: Res<Frames>,
    closing: Query<Entity, With<ClosingWindow>>,
    mut asked: Local<Vec<Entity>>,
) {
    for window in &closing {
        commands.entity(window).despawn();
    }
    // At the end of the frame in which it was asked for, the newest state was handed over.
    let due = mem::take(&mut *asked);
    asked.extend(requests.read().map(|request| request.window));
    if !(due.is_empty() && asked.is_empty()) {
        // Nothing else may bring the frame in which it goes on.
        frames.now();
    }
    if !due.is_empty() && session.may_close() {
        for window in due {
            // It may have gone by an earlier request. The engine prepares for what has the mark.
            if let Some(mut window) = commands.get_entity(window) {
                window.try_insert(ClosingWindow);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        path::Path,
        time::{Duration, Instant},
    };

    use slop_store::Format;

    use super::*;

    const FORMAT: Format = Format {
        version: 1,
        migrations: &[],
    };

    /// An app that has something to save, with its window.
    fn app(folder: &Path) -> (App, Entity) {
        let mut session = Session::new(folder.to_owned());
        assert_eq!(session.load::<String>(FORMAT), None);
        // As permissions do not hold for root, a folder stands in the way.
        fs::create_dir(folder.join("state.ron")).unwrap();
        session.save("new".to_owned());
        let mut app = App::new();
        app.add_event::<WindowCloseRequested>()
            .init_resource::<Frames>()
            .insert_resource(session)
            .add_plugins(plugin);
        let window = app.world_mut().spawn_empty().id();
        (app, window)
    }

    /// Whether the window goes if it is asked to.
    fn closes(app: &mut App, window: Entity) -> bool {
        app.world_mut().send_event(WindowCloseRequested { window });
        for _ in 0..3 {
            app.update();
        }
        app.world().get_entity(window).is_none()
    }

    #[test]
    fn a_window_whose_state_cannot_be_written_goes_at_the_second_try() {
        let folder = tempfile::tempdir().unwrap();
        let (mut app, window) = app(folder.path());
        assert!(!closes(&mut app, window));
        let told = app.world().resource::<Session>().failure.clone().unwrap();
        assert!(told.contains("close it once more"), "{told}");
        // It is to be read first.
        let start = Instant::now();
        while !closes(&mut app, window) {
            assert!(start.elapsed() < Duration::from_secs(30), "it never goes");
        }
    }

    #[test]
    fn a_window_goes_once_its_state_can_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let (mut app, window) = app(folder.path());
        let state = folder.path().join("state.ron");
        assert!(!closes(&mut app, window));
        fs::remove_dir(&state).unwrap();
        assert!(closes(&mut app, window));
        assert!(fs::read_to_string(&state).unwrap().contains("new"));
        assert_eq!(app.world().resource::<Session>().failure, None);
    }
}
