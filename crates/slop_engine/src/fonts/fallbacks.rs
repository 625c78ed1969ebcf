//! Draws what the app's own fonts lack with fonts of the system.
//!
//! What a frame has drawn is looked through. Characters without a glyph are looked for on a thread,
//! each once, and the next frame after that has them. So neither the start nor a frame waits for the
//! disk, and an app whose texts need no other font reads none.

use std::{
    collections::{BTreeSet, HashSet},
    path::PathBuf,
    sync::{mpsc, Mutex, PoisonError},
    thread,
};

use bevy::prelude::{App, IntoSystemConfigs, PostUpdate, Query, ResMut, Resource};
use bevy_egui::{
    egui::{self, epaint::ClippedShape, FontDefinitions, FontFamily, FontId, Shape},
    systems::end_pass_system,
    EguiContexts, EguiFullOutput, EguiSet,
};

use super::{
    definitions,
    search::{find, Found},
};
use crate::pacing::Frames;

/// All below this are in the app's own fonts.
const LATIN: char = '\u{250}';

/// The fonts of the system that are in use, and the characters that need one.
#[derive(Resource, Debug, Default)]
pub struct Fallbacks {
    frames: Frames,
    folders: Vec<PathBuf>,
    /// Those that were looked at, whether there is a glyph or not.
    known: HashSet<char>,
    /// Those that are still to be looked for.
    wanted: BTreeSet<char>,
    /// In a mutex because a receiver belongs to one thread.
    under_way: Option<Mutex<mpsc::Receiver<Vec<Found>>>>,
    found: Vec<Found>,
}

impl Fallbacks {
    /// Which looks in these folders, and asks for a frame when it has found something.
    #[must_use]
    pub fn new(frames: Frames, folders: Vec<PathBuf>) -> Self {
        Self {
            frames,
            folders,
            ..Self::default()
        }
    }

    /// Notes which characters of what was drawn have no glyph.
    fn note(&mut self, shapes: &[ClippedShape], has_glyph: impl Fn(char) -> bool) {
        let mut shapes: Vec<&Shape> = shapes.iter().map(|clipped| &clipped.shape).collect();
        while let Some(shape) = shapes.pop() {
            match shape {
                Shape::Vec(more) => shapes.extend(more),
                Shape::Text(text) if !text.galley.text().is_ascii() => {
                    for char in text.galley.text().chars().filter(|char| *char >= LATIN) {
                        if self.known.insert(char) && !has_glyph(char) {
                            self.wanted.insert(char);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Looks for what is wanted, if it is not looking already.
    fn search(&mut self, has_glyph: impl Fn(char) -> bool) {
        if self.wanted.is_empty() || self.under_way.is_some() {
            return;
        }
        let mut wanted = std::mem::take(&mut self.wanted);
        // The fonts that were found last may have more than was looked for.
        wanted.retain(|char| !has_glyph(*char));
        if wanted.is_empty() {
            return;
        }
        let (sender, receiver) = mpsc::channel();
        let frames = self.frames.clone();
        let folders = self.folders.clone();
        let search = move || {
            // Nobody may want it any more.
            let _ = sender.send(find(&folders, &wanted));
            frames.now();
        };
        let thread = thread::Builder::new().name("fonts".to_owned());
        match thread.spawn(search) {
            Ok(_) => self.under_way = Some(Mutex::new(receiver)),
            Err(error) => bevy::log::warn!("no other fonts were looked for: {error}"),
        }
    }

    /// Takes in what was found. Whether there is another font.
    fn receive(&mut self) -> bool {
        let Some(receiver) = self.under_way.take() else {
            return false;
        };
        let received = receiver
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .try_recv();
        match received {
            Ok(found) => {
                let has_found = !found.is_empty();
                self.found.extend(found);
                has_found
            }
            Err(mpsc::TryRecvError::Empty) => {
                self.under_way = Some(receiver);
                false
            }
            // It panicked, and what it looked for is not looked for again.
            Err(mpsc::TryRecvError::Disconnected) => false,
        }
    }

    /// Puts what was found behind all other fonts.
    fn add_to(&self, fonts: &mut FontDefinitions) {
        for Found { name, data } in &self.found {
            fonts.font_data.insert(name.clone(), data.clone());
            for family in [FontFamily::Proportional, FontFamily::Monospace] {
                let family = fonts.families.entry(family).or_default();
                family.push(name.clone());
            }
        }
    }
}

/// For an app that has [`Fallbacks`]. To be added after [`EguiPlugin`](crate::EguiPlugin).
pub(crate) fn plugin(app: &mut App) {
    let look = look.after(end_pass_system);
    app.add_systems(PostUpdate, look.before(EguiSet::ProcessOutput));
}

fn look(
    mut fallbacks: ResMut<Fallbacks>,
    outputs: Query<&EguiFullOutput>,
    mut contexts: EguiContexts,
) {
    let Some(context) = contexts.try_ctx_mut() else {
        return;
    };
    let context = &*context;
    if fallbacks.receive() {
        let mut fonts = definitions();
        fallbacks.add_to(&mut fonts);
        // From the next frame on, which is to come.
        context.set_fonts(fonts);
        context.request_repaint();
        return;
    }
    let has_glyph = |char| has_glyph(context, char);
    for output in outputs.iter().filter_map(|output| output.0.as_ref()) {
        fallbacks.note(&output.shapes, has_glyph);
    }
    fallbacks.search(has_glyph);
}

fn has_glyph(context: &egui::Context, char: char) -> bool {
    let font = FontId::proportional(14.0);
    context.fonts(|fonts| fonts.has_glyph(&font, char))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::fonts::testing::{ours, INTER_ONLY, MONO_ONLY, NOBODY};

    /// Draws a text. What was drawn.
    fn draw(context: &egui::Context, text: &str) -> Vec<ClippedShape> {
        let output = context.run(egui::RawInput::default(), |context| {
            egui::CentralPanel::default().show(context, |ui| ui.label(text));
        });
        output.shapes
    }

    #[track_caller]
    fn receive(fallbacks: &mut Fallbacks) -> bool {
        let start = Instant::now();
        loop {
            let has_found = fallbacks.receive();
            if fallbacks.under_way.is_none() {
                return has_found;
            }
            let waited = start.elapsed();
            assert!(waited < Duration::from_secs(20), "it is never found");
            thread::yield_now();
        }
    }

    #[test]
    fn what_has_no_glyph_is_drawn_with_a_font_that_is_there() {
        // With egui's own fonts only.
        let context = egui::Context::default();
        let text = format!("aЖ {INTER_ONLY}{MONO_ONLY}{NOBODY}");
        let shapes = draw(&context, &text);
        let mut fallbacks = Fallbacks::new(Frames::default(), vec![ours()]);
        let has = |char| has_glyph(&context, char);
        fallbacks.note(&shapes, has);
        let wanted = BTreeSet::from([INTER_ONLY, MONO_ONLY, NOBODY]);
        assert_eq!(fallbacks.wanted, wanted);
        fallbacks.search(has);
        assert!(receive(&mut fallbacks));

        let mut fonts = FontDefinitions::default();
        fallbacks.add_to(&mut fonts);
        context.set_fonts(fonts);
        let shapes = draw(&context, &text);
        assert!(has(INTER_ONLY) && has(MONO_ONLY) && !has(NOBODY));
        // Nothing is looked for twice.
        fallbacks.note(&shapes, has);
        fallbacks.search(has);
        assert!(fallbacks.wanted.is_empty() && fallbacks.under_way.is_none());
    }

    #[test]
    fn what_was_found_meanwhile_is_not_looked_for() {
        let mut fallbacks = Fallbacks::new(Frames::default(), vec![ours()]);
        fallbacks.wanted.insert(INTER_ONLY);
        fallbacks.search(|_| true);
        assert!(fallbacks.wanted.is_empty() && fallbacks.under_way.is_none());
    }

    #[test]
    fn without_a_font_nothing_changes() {
        let mut fallbacks = Fallbacks::new(Frames::default(), Vec::new());
        fallbacks.wanted.insert(NOBODY);
        fallbacks.search(|_| false);
        assert!(!receive(&mut fallbacks));
        assert!(fallbacks.found.is_empty());
    }
}
