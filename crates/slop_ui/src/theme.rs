//! The colours of the app, from `assets/themes`.
//!
//! The files are compiled into the plugin libraries. So cargo notices an edit, a reload takes it over
//! together with the code, and a file that is wrong refuses the reload.

use bevy::prelude::*;
use serde::Deserialize;
use slop_engine::egui::{
    self,
    epaint::Shadow,
    style::{HandleShape, WidgetVisuals},
    Color32, FontFamily, FontId, Margin, Rounding, Stroke, TextStyle,
};
use thiserror::Error;

/// The themes that come with the app: where they stand, and what is in them.
const FILES: [(&str, &str); 2] = [
    (
        "assets/themes/default.ron",
        include_str!("../../../assets/themes/default.ron"),
    ),
    (
        "assets/themes/nerv.ron",
        include_str!("../../../assets/themes/nerv.ron"),
    ),
];

/// How the app looks.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Theme {
    /// By which it is chosen.
    pub name: String,
    /// What is active or selected.
    #[serde(deserialize_with = "color")]
    pub accent: Color32,
    /// Behind the windows.
    #[serde(deserialize_with = "color")]
    pub background: Color32,
    /// Of the windows.
    #[serde(deserialize_with = "color")]
    pub panel: Color32,
    /// Of what stands out in them.
    #[serde(deserialize_with = "color")]
    pub raised: Color32,
    /// Behind what is selected or pressed.
    #[serde(deserialize_with = "color")]
    pub selected: Color32,
    /// Around windows, fields and buttons.
    #[serde(deserialize_with = "color")]
    pub line: Color32,
    /// Of the heads of sections.
    #[serde(deserialize_with = "color")]
    pub header: Color32,
    /// Of what is written.
    #[serde(deserialize_with = "color")]
    pub text: Color32,
    /// Of what matters less.
    #[serde(deserialize_with = "color")]
    pub weak: Color32,
    /// Of what is well.
    #[serde(deserialize_with = "color")]
    pub good: Color32,
    /// Of what asks for attention.
    #[serde(deserialize_with = "color")]
    pub warning: Color32,
    /// Of what is wrong.
    #[serde(deserialize_with = "color")]
    pub error: Color32,
    /// Over everything while there is an error.
    pub tint: [u8; 3],
    /// From 0, invisible, to 1, opaque.
    #[serde(deserialize_with = "share")]
    pub tint_strength: f32,
    /// Whether headers are striped.
    pub hazard: bool,
    /// Of everything that has corners, in points.
    #[serde(deserialize_with = "length")]
    pub rounding: f32,
    /// Whether all text is in the font of code.
    pub monospace: bool,
    /// How dark the lines of the screen are, from 0, none, to 1, black.
    #[serde(deserialize_with = "share")]
    pub scanlines: f32,
    /// How much the marks of what has just failed pulse, from 0, not at all, to 1.
    #[serde(deserialize_with = "share")]
    pub pulse: f32,
}

fn color<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Color32, D::Error> {
    let (red, green, blue) = Deserialize::deserialize(from)?;
    Ok(Color32::from_rgb(red, green, blue))
}

fn share<'de, D: serde::Deserializer<'de>>(from: D) -> Result<f32, D::Error> {
    let value = f32::deserialize(from)?;
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err(serde::de::Error::custom(format!(
            "{value} is not from 0 to 1"
        )))
    }
}

fn length<'de, D: serde::Deserializer<'de>>(from: D) -> Result<f32, D::Error> {
    let value = f32::deserialize(from)?;
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err(serde::de::Error::custom(format!("{value} is no length")))
    }
}

/// A theme that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{file}:{line}:{column}: {reason}; mend the theme and reload")]
pub struct ThemeError {
    /// Its path in the repository.
    pub file: &'static str,
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// What is wrong there.
    pub reason: String,
}

/// All themes; never none.
#[derive(Resource, Clone, Debug)]
pub struct Themes(Vec<Theme>);

impl Themes {
    /// Those that come with the app.
    ///
    /// # Errors
    ///
    /// For the first one that cannot be read.
    pub fn built_in() -> Result<Self, ThemeError> {
        let themes = FILES.iter().map(|(file, text)| read(file, text));
        themes.collect::<Result<_, _>>().map(Self)
    }

    /// The theme of this name, or the first if there is none.
    pub fn get(&self, name: &str) -> &Theme {
        let named = self.0.iter().find(|theme| theme.name == name);
        named.unwrap_or(&self.0[0])
    }

    /// In the order in which they are offered.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|theme| theme.name.clone()).collect()
    }
}

fn read(file: &'static str, text: &str) -> Result<Theme, ThemeError> {
    ron::from_str(text).map_err(|error| ThemeError {
        file,
        line: error.position.line,
        column: error.position.col,
        reason: error.code.to_string(),
    })
}

impl Theme {
    /// Has egui draw with it. Does nothing if it does so already.
    pub fn apply(&self, context: &egui::Context) {
        let id = egui::Id::new("theme");
        let applied = context.data(|data| data.get_temp::<String>(id));
        // New code may make another style of the same theme.
        let now = format!("{self:?} {:p}", Self::style as *const ());
        if applied.as_ref() == Some(&now) {
            return;
        }
        context.set_theme(egui::Theme::Dark);
        context.set_style(self.style());
        context.data_mut(|data| data.insert_temp(id, now));
    }

    fn style(&self) -> egui::Style {
        let mut style = egui::Style {
            visuals: self.visuals(),
            ..egui::Style::default()
        };
        style.spacing.item_spacing = egui::vec2(8.0, 6.0);
        style.spacing.button_padding = egui::vec2(8.0, 4.0);
        style.spacing.menu_margin = Margin::same(8.0);
        style.spacing.window_margin = Margin::same(12.0);
        style.spacing.interact_size.y = 24.0;
        style.spacing.icon_width = 16.0;
        // The font of code is wider.
        let (family, [small, body, heading]) = if self.monospace {
            (FontFamily::Monospace, [11.0, 13.0, 17.0])
        } else {
            (FontFamily::Proportional, [11.5, 14.0, 18.0])
        };
        let font = |size| FontId::new(size, family.clone());
        style.text_styles = [
            (TextStyle::Small, font(small)),
            (TextStyle::Body, font(body)),
            (TextStyle::Button, font(body)),
            (TextStyle::Heading, font(heading)),
            (TextStyle::Monospace, FontId::monospace(13.0)),
        ]
        .into();
        style
    }

    pub(crate) fn visuals(&self) -> egui::Visuals {
        let widget = |fill: Color32, line: Color32, text: Color32| WidgetVisuals {
            bg_fill: fill,
            weak_bg_fill: fill,
            bg_stroke: Stroke::new(1.0, line),
            rounding: Rounding::same(self.rounding),
            fg_stroke: Stroke::new(1.0, text),
            expansion: 0.0,
        };
        let mix = |from: Color32, to: Color32, share: f32| {
            let part = |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * share) as u8;
            Color32::from_rgb(
                part(from.r(), to.r()),
                part(from.g(), to.g()),
                part(from.b(), to.b()),
            )
        };
        let line = self.line;
        let mut visuals = egui::Visuals::dark();
        visuals.override_text_color = None;
        visuals.widgets.noninteractive = widget(self.panel, line, self.text);
        visuals.widgets.inactive = widget(self.raised, line, self.text);
        // egui draws weak text half way between the text and this. Towards the panel itself it could
        // not be read.
        visuals.widgets.noninteractive.weak_bg_fill = mix(self.panel, self.text, 0.22);
        visuals.widgets.hovered = widget(mix(self.raised, self.text, 0.06), self.accent, self.text);
        // Its text is also that of what is bold, for which there is no font.
        visuals.widgets.active = widget(self.selected, self.accent, self.accent);
        visuals.widgets.open = widget(self.raised, line, self.text);
        visuals.selection.bg_fill = self.selected;
        visuals.selection.stroke = Stroke::new(1.0, mix(self.text, self.accent, 0.4));
        visuals.hyperlink_color = self.accent;
        visuals.faint_bg_color = mix(self.panel, self.raised, 0.45);
        visuals.extreme_bg_color = mix(self.background, Color32::BLACK, 0.25);
        visuals.code_bg_color = self.raised;
        visuals.warn_fg_color = self.warning;
        visuals.error_fg_color = self.error;
        visuals.window_fill = self.panel;
        visuals.window_stroke = Stroke::new(1.0, line);
        // What is larger is rounder, but a sharp corner stays sharp.
        visuals.window_rounding = Rounding::same(self.rounding * 1.4);
        visuals.menu_rounding = Rounding::same(self.rounding);
        if self.rounding == 0.0 {
            visuals.handle_shape = HandleShape::Rect { aspect_ratio: 0.5 };
        }
        visuals.panel_fill = self.panel;
        visuals.popup_shadow = Shadow {
            offset: egui::vec2(0.0, 4.0),
            blur: 12.0,
            spread: 0.0,
            color: Color32::from_black_alpha(120),
        };
        visuals.striped = false;
        visuals.text_cursor.blink = false;
        visuals.text_cursor.stroke = Stroke::new(2.0, self.accent);
        visuals
    }

    /// The head of a section.
    pub fn header(&self, ui: &mut egui::Ui, text: &str) {
        if !self.hazard {
            ui.label(egui::RichText::new(text).heading().color(self.header));
            return;
        }
        ui.horizontal(|ui| {
            let size = egui::vec2(34.0, ui.text_style_height(&TextStyle::Heading) - 4.0);
            let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
            self.stripes(&ui.painter_at(rect), rect);
            let text = egui::RichText::new(text.to_uppercase());
            ui.label(text.heading().strong().color(self.header));
        });
    }

    /// Diagonal stripes all over `rect`.
    fn stripes(&self, painter: &egui::Painter, rect: egui::Rect) {
        let slant = rect.height();
        let width = 8.0;
        let mut left = rect.left() - slant;
        while left < rect.right() {
            let points = [
                egui::pos2(left, rect.bottom()),
                egui::pos2(left + width, rect.bottom()),
                egui::pos2(left + width + slant, rect.top()),
                egui::pos2(left + slant, rect.top()),
            ];
            let shape = egui::Shape::convex_polygon(points.to_vec(), self.header, Stroke::NONE);
            painter.add(shape);
            left += 2.0 * width;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contrast::{contrast, Lit};

    #[test]
    fn what_comes_with_the_app_can_be_read_and_chosen() {
        let themes = Themes::built_in().unwrap();
        assert_eq!(themes.names(), ["default", "nerv"]);
        assert_eq!(themes.get("nerv").name, "nerv");
        assert_eq!(themes.get("no such theme").name, "default");
    }

    #[test]
    fn nerv_is_as_its_author_describes_it() {
        let themes = Themes::built_in().unwrap();
        let nerv = themes.get("nerv");
        let black = Color32::from_rgb(0x00, 0x00, 0x00);
        let orange = Color32::from_rgb(0xFF, 0x98, 0x30);
        let green = Color32::from_rgb(0x50, 0xFF, 0x50);
        let cyan = Color32::from_rgb(0x20, 0xF0, 0xFF);
        let red = Color32::from_rgb(0xFF, 0x48, 0x40);
        let steel = Color32::from_rgb(0xE0, 0xE0, 0xD8);
        assert_eq!([nerv.background, nerv.panel], [black; 2]);
        assert_eq!([nerv.header, nerv.warning], [orange; 2]);
        assert_eq!(nerv.good, green);
        assert_eq!(nerv.accent, cyan);
        assert_eq!(nerv.error, red);
        assert_eq!(nerv.tint, [0xFF, 0x48, 0x40]);
        assert_eq!(nerv.text, steel);
        assert!(nerv.monospace && nerv.hazard);
        assert!(nerv.scanlines > 0.0 && nerv.pulse > 0.0);

        let style = nerv.style();
        for (name, font) in &style.text_styles {
            assert_eq!(font.family, FontFamily::Monospace, "{name:?}");
        }
        let visuals = style.visuals;
        let widgets = &visuals.widgets;
        for corners in [
            widgets.noninteractive.rounding,
            widgets.inactive.rounding,
            widgets.hovered.rounding,
            widgets.active.rounding,
            widgets.open.rounding,
            visuals.window_rounding,
            visuals.menu_rounding,
        ] {
            assert_eq!(corners, Rounding::ZERO);
        }
    }

    #[track_caller]
    fn refused(from: &str, to: &str, line: usize, column: usize, says: &str) {
        let (file, text) = FILES[0];
        assert!(text.contains(from));
        let error = read(file, &text.replace(from, to)).unwrap_err();
        assert_eq!((error.line, error.column), (line, column), "{error}");
        let text = error.to_string();
        assert!(text.contains(says), "{text}");
        let place = format!("assets/themes/default.ron:{line}:{column}: ");
        assert!(text.starts_with(&place), "{text}");
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_with_its_place() {
        refused("weak:", "waek:", 19, 9, "waek");
        refused("(214, 219, 231)", "(214, 219, 2310)", 16, 28, "");
        refused("0.12", "1.2", 25, 23, "1.2 is not from 0 to 1");
        refused("rounding: 5", "rounding: -5", 29, 19, "-5 is no length");
        refused("name: \"default\",", "name: \"default\"", 5, 5, "comma");
    }

    /// Where a window writes, by name.
    fn backgrounds(theme: &Theme) -> Vec<(&'static str, Color32)> {
        let visuals = theme.visuals();
        vec![
            ("background", theme.background),
            ("panel", theme.panel),
            ("raised", theme.raised),
            ("entry or stripe", visuals.faint_bg_color),
            ("text field", visuals.extreme_bg_color),
            ("button under the pointer", visuals.widgets.hovered.bg_fill),
            ("selected or pressed", theme.selected),
            // `hot_reloader_bevy` draws it, with the weak text of the app.
            ("panel with the error", Color32::from_rgb(28, 14, 14)),
        ]
    }

    #[test]
    fn text_can_be_read() {
        for theme in &Themes::built_in().unwrap().0 {
            let visuals = theme.visuals();
            let texts = [
                ("text", theme.text, 7.0),
                ("weak", theme.weak, 4.5),
                ("accent", theme.accent, 4.5),
                ("header", theme.header, 4.5),
                ("good", theme.good, 4.5),
                ("warning", theme.warning, 4.5),
                ("error", theme.error, 4.5),
                ("error that pulses a little", theme.flaring(0.3).error, 4.5),
                ("error that pulses", theme.flaring(1.0).error, 4.5),
                ("bold", visuals.strong_text_color(), 4.5),
                ("selected", visuals.selection.stroke.color, 4.5),
            ];
            for (behind, fill) in backgrounds(theme) {
                for (text, color, least) in texts {
                    let found = Lit::by(theme).contrast(color, fill);
                    let name = &theme.name;
                    assert!(found >= least, "{name}: {text} on {behind}: {found}");
                }
            }
        }
    }

    /// egui's own weak text: hints, notes, what is folded. On buttons and what is selected, windows
    /// write with `weak` instead.
    #[test]
    fn weak_text_of_egui_can_be_read() {
        for theme in &Themes::built_in().unwrap().0 {
            let weak = theme.visuals().weak_text_color();
            let is_plain = |(behind, _): &(&str, Color32)| {
                !["button under the pointer", "selected or pressed"].contains(behind)
            };
            for (behind, fill) in backgrounds(theme).into_iter().filter(is_plain) {
                let found = Lit::by(theme).contrast(weak, fill);
                assert!(found >= 4.5, "{}: on {behind}: {found}", theme.name);
            }
        }
    }

    /// WCAG asks nothing of what cannot be used, but it is not to vanish.
    #[test]
    fn disabled_buttons_can_be_made_out() {
        for theme in &Themes::built_in().unwrap().0 {
            let visuals = theme.visuals();
            let faded = |color| visuals.gray_out(color);
            let found = contrast(faded(theme.text), faded(theme.raised));
            assert!(found >= 3.0, "{}: {found}", theme.name);
        }
    }
}
