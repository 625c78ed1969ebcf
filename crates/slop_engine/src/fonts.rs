//! The fonts of the app, which come with it: Inter for text and JetBrains Mono for code, with
//! egui's own behind them for symbols. What none of them has is drawn with fonts of the system.

mod face;
mod fallbacks;
mod search;

use bevy_egui::egui::{FontData, FontDefinitions, FontFamily};

pub(crate) use fallbacks::plugin;
pub use fallbacks::Fallbacks;
pub(crate) use search::folders;

/// All fonts that come with the app.
#[must_use]
pub fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let ours: [(&str, &'static [u8], FontFamily); 2] = [
        (
            "Inter",
            include_bytes!("../../../assets/fonts/Inter-Regular.otf"),
            FontFamily::Proportional,
        ),
        (
            "JetBrains Mono",
            include_bytes!("../../../assets/fonts/JetBrainsMono-Regular.ttf"),
            FontFamily::Monospace,
        ),
    ];
    for (name, bytes, family) in ours {
        let data = FontData::from_static(bytes);
        fonts.font_data.insert(name.to_owned(), data);
        fonts
            .families
            .entry(family)
            .or_default()
            .insert(0, name.to_owned());
    }
    fonts
}

/// What the tests share: fonts that are there on every machine, and characters that only one of them has.
#[cfg(test)]
mod testing {
    use std::path::{Path, PathBuf};

    /// In Inter, but in none of egui's own fonts.
    pub(super) const INTER_ONLY: char = 'ɐ';
    /// In JetBrains Mono, but neither in Inter nor in egui's own.
    pub(super) const MONO_ONLY: char = '⍨';
    /// In no font that comes with the app.
    pub(super) const NOBODY: char = '漢';

    /// The folder with the app's fonts.
    pub(super) fn ours() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/fonts")
    }
}
