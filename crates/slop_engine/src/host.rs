//! What the host sets up: the window and when to end.

use std::{fs, path::PathBuf, sync::Mutex};

use bevy::{
    app::AppExit,
    core::FrameCount,
    log::{tracing_subscriber, BoxedLayer, LogPlugin},
    prelude::{
        App, DefaultPlugins, EventWriter, First, Last, Plugin, PluginGroup, PostStartup, Res,
        Resource,
    },
    utils::default,
    window::{PresentMode, Window, WindowPlugin, WindowResolution},
};
use bevy_egui::{egui::Context, EguiContexts, EguiPlugin};
use hot_reloader::ExemptFromRollback;

use crate::{
    assistants::Assistants,
    chords, closing,
    context::ContextReader,
    fonts::{self, Fallbacks},
    hands::{self, Jobs},
    log::LogLines,
    pacing::{self, Frames},
    session::Session,
    timings::{self, Timings},
};

/// The window, egui, the log, and when to end.
#[derive(Clone, Debug)]
pub struct HostPlugin {
    /// Gets `slop.log`, with what the app logs, besides the terminal.
    pub data_dir: PathBuf,
    /// Ends the app after this many frames.
    pub exit_after_frames: Option<u32>,
}

impl Plugin for HostPlugin {
    fn build(&self, app: &mut App) {
        let window = Window {
            title: "Manual Slop".to_owned(),
            name: Some("manual-slop".to_owned()),
            resolution: WindowResolution::new(1280.0, 800.0),
            present_mode: PresentMode::AutoVsync,
            ..default()
        };
        let window = WindowPlugin {
            primary_window: Some(window),
            close_when_requested: false,
            ..default()
        };
        let log = LogPlugin {
            custom_layer: log_file,
            ..default()
        };
        let frames = Frames::default();
        app.insert_resource(LogFile(self.data_dir.join("slop.log")))
            .init_resource::<LogLines>()
            .init_resource::<Timings>()
            .insert_resource(Assistants::new(frames.clone()))
            .insert_resource(ContextReader::new(frames.clone(), &self.data_dir))
            .insert_resource(Fallbacks::new(frames.clone(), fonts::folders()))
            .insert_resource(Jobs::new(frames.clone(), &self.data_dir))
            .insert_resource(frames)
            .insert_resource(Session::new(self.data_dir.clone()));
        // What has arrived from outside, or is on disk, is so whatever comes of a reload.
        app.exempt_from_rollback::<LogFile>()
            .exempt_from_rollback::<LogLines>()
            .exempt_from_rollback::<Timings>()
            .exempt_from_rollback::<Assistants>()
            .exempt_from_rollback::<ContextReader>()
            .exempt_from_rollback::<Fallbacks>()
            .exempt_from_rollback::<Jobs>()
            .exempt_from_rollback::<Frames>()
            .exempt_from_rollback::<Session>();
        app.add_plugins((DefaultPlugins.set(window).set(log), EguiPlugin));
        app.add_plugins((
            chords::plugin,
            closing::plugin,
            fonts::plugin,
            timings::plugin,
        ));
        app.add_systems(Last, hands::end_at_exit);
        // A session that is restored, before or after this, leaves it as it is.
        app.add_systems(PostStartup, prepare_egui);
        if let Some(frames) = self.exit_after_frames {
            app.insert_resource(ExitAfterFrames(frames));
            // So that whoever acts at the end sees it in the same frame.
            app.add_systems(First, exit_after_frames);
        } else {
            app.add_plugins(pacing::plugin);
        }
    }
}

fn prepare_egui(mut contexts: EguiContexts) {
    if let Some(context) = contexts.try_ctx_mut() {
        context.set_fonts(fonts::definitions());
        let_clicks_take_long(context);
    }
}

/// Lets what is held down be a click when it is let go of, however long that took: while a build takes the cores, a frame may
/// take longer than egui gives to a click, and the click would be lost.
fn let_clicks_take_long(context: &Context) {
    context.options_mut(|options| options.input_options.max_click_duration = f64::INFINITY);
}

/// The log plugin takes a function without a context, so the path stands in the world.
#[derive(Resource)]
struct LogFile(PathBuf);

/// Goes on with the log of the start before, and keeps the last lines in memory. Without the file the app
/// runs as well, so an error is only told.
fn log_file(app: &mut App) -> Option<BoxedLayer> {
    let LogFile(path) = app.world().get_resource::<LogFile>()?;
    let lines: BoxedLayer = Box::new(app.world().resource::<LogLines>().clone());
    let folder = path.parent().unwrap_or(path);
    // Another app with the same data may be writing it, and goes on behind what is there.
    let mut options = fs::OpenOptions::new();
    options.create(true).append(true);
    match fs::create_dir_all(folder).and_then(|()| options.open(path)) {
        Ok(file) => {
            let layer = tracing_subscriber::fmt::layer().with_ansi(false);
            let file: BoxedLayer = Box::new(layer.with_writer(Mutex::new(file)));
            Some(Box::new(vec![file, lines]))
        }
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the log is what is missing")]
            {
                eprintln!("cannot write the log {}: {error}", path.display());
            }
            Some(lines)
        }
    }
}

#[derive(Resource)]
struct ExitAfterFrames(u32);

fn exit_after_frames(
    limit: Res<ExitAfterFrames>,
    count: Res<FrameCount>,
    mut exit: EventWriter<AppExit>,
) {
    if count.0 + 1 >= limit.0 {
        exit.send(AppExit::Success);
    }
}

#[cfg(test)]
mod tests {
    use bevy_egui::egui::{pos2, Button, CentralPanel, Event, Modifiers, PointerButton, RawInput};

    use super::*;

    #[test]
    fn a_click_in_frames_that_take_long_is_one() {
        let context = Context::default();
        let_clicks_take_long(&context);
        let (mut clicks, mut drags) = (0, 0);
        let mut frame = |time: f64, events: Vec<Event>| {
            let input = RawInput {
                time: Some(time),
                events,
                ..RawInput::default()
            };
            let _ = context.run(input, |context| {
                CentralPanel::default().show(context, |ui| {
                    let button = ui.add_sized(ui.available_size(), Button::new("Reload"));
                    clicks += u32::from(button.clicked());
                    drags += u32::from(button.dragged());
                });
            });
        };
        let at = pos2(100.0, 100.0);
        let button = |pressed| Event::PointerButton {
            pos: at,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        };
        frame(0.0, Vec::new());
        frame(1.0, vec![Event::PointerMoved(at)]);
        frame(2.0, vec![button(true)]);
        frame(5.0, Vec::new());
        frame(8.0, vec![button(false)]);
        assert_eq!((clicks, drags), (1, 0));
    }
}
