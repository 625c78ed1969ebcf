//! Text in CommonMark, with code in the colours of the theme.

use std::sync::Arc;

use slop_engine::{
    egui::{self, layers::ShapeIdx, Color32},
    egui_commonmark::{CommonMarkCache, CommonMarkViewer},
    reading_order::{is_right_to_left, put_in_order},
};

use crate::Theme;

/// Draws it. Of what it names by an address nothing is loaded, since egui has no loader in this app; and
/// a path without a scheme is not taken for a file.
pub fn markdown(ui: &mut egui::Ui, theme: &Theme, cache: &mut CommonMarkCache, text: &str) {
    let layer = ui.layer_id();
    let before = ui.ctx().graphics(|graphics| {
        let list = graphics.get(layer);
        list.map_or(0, |list| list.next_idx().0)
    });
    CommonMarkViewer::new()
        .explicit_image_uri_scheme(true)
        .show(ui, cache, text);
    ui.ctx().graphics_mut(|graphics| {
        let list = graphics.entry(layer);
        for index in before..list.next_idx().0 {
            list.mutate_shape(ShapeIdx(index), |clipped| {
                finish(&mut clipped.shape, theme);
            });
        }
    });
}

/// What `egui_extras` writes code in, in the dark, and what stands for it. It takes no other colours,
/// and knows nothing of what is behind them.
fn code_colors(theme: &Theme) -> [(Color32, Color32); 5] {
    [
        // Comments.
        (Color32::from_gray(120), theme.weak),
        // Keywords.
        (Color32::from_rgb(255, 100, 100), theme.accent),
        // Names and numbers.
        (Color32::from_rgb(87, 165, 171), theme.text),
        // Strings.
        (Color32::from_rgb(109, 147, 226), theme.good),
        // Signs between them, and languages that it does not know.
        (Color32::LIGHT_GRAY, theme.text),
    ]
}

/// Gives code its colours, and letters that are read from right to left their order. Only a text that has
/// such is copied.
fn finish(shape: &mut egui::Shape, theme: &Theme) {
    match shape {
        egui::Shape::Vec(shapes) => {
            for shape in shapes {
                finish(shape, theme);
            }
        }
        egui::Shape::Text(text) => {
            let colors = code_colors(theme);
            let new = |old: Color32| colors.iter().find(|(from, _)| *from == old);
            let sections = &text.galley.job.sections;
            if !sections.iter().any(|s| new(s.format.color).is_some()) {
                // Code stays as it is written.
                if is_right_to_left(text.galley.text()) {
                    put_in_order(Arc::make_mut(&mut text.galley));
                }
                return;
            }
            for row in &mut Arc::make_mut(&mut text.galley).rows {
                let glyphs = row.visuals.glyph_vertex_range.clone();
                for vertex in &mut row.visuals.mesh.vertices[glyphs] {
                    if let Some((_, to)) = new(vertex.color) {
                        vertex.color = *to;
                    }
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{contrast::Lit, Themes};

    const TEXT: &str = "\
A sentence with `code`, **bold** and a [link](https://example.org).

> a quote

```rust
// A comment
fn main() { let number = 7; print(\"a string\"); }
```

```nolanguage
plain 7 \"text\"
```
";

    /// The colours of all glyphs of text that is drawn with `theme`.
    fn colors(theme: &Theme) -> BTreeSet<[u8; 4]> {
        fn visit(shape: &egui::Shape, found: &mut BTreeSet<[u8; 4]>) {
            match shape {
                egui::Shape::Vec(shapes) => {
                    for shape in shapes {
                        visit(shape, found);
                    }
                }
                egui::Shape::Text(text) => {
                    for row in &text.galley.rows {
                        let glyphs = row.visuals.glyph_vertex_range.clone();
                        for vertex in &row.visuals.mesh.vertices[glyphs] {
                            let color = match text.override_text_color {
                                Some(color) => color,
                                None if vertex.color == Color32::PLACEHOLDER => text.fallback_color,
                                None => vertex.color,
                            };
                            found.insert(color.to_array());
                        }
                    }
                }
                _ => {}
            }
        }
        let context = egui::Context::default();
        theme.apply(&context);
        let output = context.run(egui::RawInput::default(), |context| {
            egui::CentralPanel::default().show(context, |ui| {
                markdown(ui, theme, &mut CommonMarkCache::default(), TEXT);
            });
        });
        let mut found = BTreeSet::new();
        for clipped in &output.shapes {
            visit(&clipped.shape, &mut found);
        }
        found
    }

    #[test]
    fn code_has_the_colours_of_the_theme_and_can_be_read() {
        let themes = Themes::built_in().unwrap();
        for name in themes.names() {
            let theme = themes.get(&name);
            let visuals = theme.visuals();
            let found = colors(theme);
            for (_, wanted) in code_colors(theme) {
                assert!(found.contains(&wanted.to_array()), "{name}: {wanted:?}");
            }
            let fills = [
                visuals.extreme_bg_color,
                visuals.faint_bg_color,
                theme.selected,
            ];
            let weak = visuals.weak_text_color();
            for [r, g, b, a] in found {
                let color = Color32::from_rgba_premultiplied(r, g, b, a);
                // egui's own weak text, such as quotes, stands on no selection.
                let fills = if color == weak {
                    &fills[..2]
                } else {
                    &fills[..]
                };
                for fill in fills {
                    let contrast = Lit::by(theme).contrast(color, *fill);
                    assert!(contrast >= 4.5, "{name}: {color:?} on {fill:?}: {contrast}");
                }
            }
        }
    }

    /// What is read in each row, from left to right.
    fn read(shape: &egui::Shape, found: &mut Vec<String>) {
        match shape {
            egui::Shape::Vec(shapes) => {
                for shape in shapes {
                    read(shape, found);
                }
            }
            egui::Shape::Text(text) => {
                for row in &text.galley.rows {
                    let mut glyphs: Vec<_> = row.glyphs.iter().collect();
                    glyphs.sort_by(|a, b| a.pos.x.total_cmp(&b.pos.x));
                    found.push(glyphs.iter().map(|glyph| glyph.chr).collect());
                }
            }
            _ => {}
        }
    }

    #[test]
    fn letters_are_read_from_right_to_left_but_in_code() {
        let themes = Themes::built_in().unwrap();
        let theme = themes.get("default");
        let context = egui::Context::default();
        theme.apply(&context);
        let output = context.run(egui::RawInput::default(), |context| {
            egui::CentralPanel::default().show(context, |ui| {
                let text = "אבג\n\n```nolanguage\nדהו\n```\n";
                markdown(ui, theme, &mut CommonMarkCache::default(), text);
            });
        });
        let mut found = Vec::new();
        for clipped in &output.shapes {
            read(&clipped.shape, &mut found);
        }
        for wanted in ["גבא", "דהו"] {
            assert!(found.iter().any(|row| row == wanted), "{wanted}: {found:?}");
        }
    }
}
