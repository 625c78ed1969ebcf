//! The fonts of the app, which come with it: Inter for text and JetBrains Mono for code, with
//! egui's own behind them for symbols.

use bevy_egui::egui::{FontData, FontDefinitions, FontFamily};

/// All fonts.
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
