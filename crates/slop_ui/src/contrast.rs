//! How well the tests say that text can be read.

use slop_engine::egui::{Color32, Rgba};

use crate::Theme;

/// The contrast of two colours by WCAG 2.1, from 1 to 21.
pub(crate) fn contrast(a: Color32, b: Color32) -> f32 {
    let luminance = |color: Color32| {
        let [r, g, b, _] = Rgba::from(color).to_array();
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Colours as they are seen: between the lines of the screen, and in them.
pub(crate) struct Lit {
    /// How dark the lines are.
    scanlines: f32,
}

impl Lit {
    pub(crate) fn by(theme: &Theme) -> Self {
        Self {
            scanlines: theme.scanlines,
        }
    }

    /// The least contrast, whichever of the two a line crosses.
    pub(crate) fn contrast(&self, text: Color32, fill: Color32) -> f32 {
        let dark = |color: Color32| color.lerp_to_gamma(Color32::BLACK, self.scanlines);
        let mut least = f32::INFINITY;
        for text in [text, dark(text)] {
            for fill in [fill, dark(fill)] {
                least = least.min(contrast(text, fill));
            }
        }
        least
    }
}
