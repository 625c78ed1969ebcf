//! Text that is read from right to left.
//!
//! egui lays all text out from left to right, a glyph for each letter. Here the glyphs of a row change
//! places, by the Unicode Bidirectional Algorithm. That is all: letters are not joined, as Arabic ones are,
//! brackets not mirrored, and a paragraph begins where all others do.

use bevy_egui::egui::epaint::text::{Galley, Row};
use unicode_bidi::{BidiInfo, Level};

/// Whether a text has letters that are read from right to left.
#[must_use]
pub fn is_right_to_left(text: &str) -> bool {
    // Where Unicode keeps such scripts.
    let is_one = |char| {
        matches!(
            char,
            '\u{590}'..='\u{8ff}'
                | '\u{fb1d}'..='\u{fdff}'
                | '\u{fe70}'..='\u{feff}'
                | '\u{10800}'..='\u{10fff}'
                | '\u{1e800}'..='\u{1efff}'
        )
    };
    !text.is_ascii() && text.chars().any(is_one)
}

/// Puts the glyphs of a text where they are read. Where a letter is in the text is not where it is seen then,
/// so this is not for a text that somebody edits.
pub fn put_in_order(galley: &mut Galley) {
    let pixels_per_point = galley.pixels_per_point;
    let mut direction = None;
    for row in &mut galley.rows {
        direction = arrange(row, direction, pixels_per_point);
        if row.ends_with_newline {
            direction = None;
        }
    }
}

/// The same for a row. The direction of its paragraph, if that has begun in a row before; the one that it has.
fn arrange(row: &mut Row, direction: Option<Level>, pixels_per_point: f32) -> Option<Level> {
    let text: String = row.glyphs.iter().map(|glyph| glyph.chr).collect();
    let info = BidiInfo::new(&text, direction);
    let Some(paragraph) = info.paragraphs.first() else {
        return direction;
    };
    if !info.has_rtl() {
        return Some(paragraph.level);
    }
    let levels = info.reordered_levels_per_char(paragraph, paragraph.range.clone());
    let ends = row.glyphs.iter().skip(1).map(|glyph| glyph.pos.x);
    let ends = ends.chain([row.rect.right()]);
    let widths = row.glyphs.iter().zip(ends);
    let widths: Vec<f32> = widths.map(|(glyph, end)| end - glyph.pos.x).collect();
    let mut x = row.glyphs.first().map_or(0.0, |glyph| glyph.pos.x);
    let mut shifts = vec![0.0; widths.len()];
    for place in BidiInfo::reorder_visual(&levels) {
        let shift = x - row.glyphs[place].pos.x;
        // Glyphs stand on whole pixels.
        shifts[place] = (shift * pixels_per_point).round() / pixels_per_point;
        x += widths[place];
    }
    let mut vertex = row.visuals.glyph_vertex_range.start;
    for (glyph, shift) in row.glyphs.iter_mut().zip(shifts) {
        glyph.pos.x += shift;
        // A space is not drawn.
        if glyph.uv_rect.is_nothing() {
            continue;
        }
        for corner in &mut row.visuals.mesh.vertices[vertex..vertex + 4] {
            corner.pos.x += shift;
        }
        vertex += 4;
    }
    row.visuals.mesh_bounds = row.visuals.mesh.calc_bounds();
    Some(paragraph.level)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bevy_egui::egui::{self, Color32, FontId};

    use super::*;

    fn lay_out(text: &str) -> Galley {
        let context = egui::Context::default();
        let mut galley = None;
        let _ = context.run(egui::RawInput::default(), |context| {
            let font = FontId::proportional(14.0);
            let text = text.to_owned();
            let laid_out = context.fonts(|f| f.layout(text, font, Color32::WHITE, f32::INFINITY));
            galley = Some(laid_out);
        });
        Arc::unwrap_or_clone(galley.expect("the closure was run"))
    }

    /// What is read in a row, from left to right.
    fn read(row: &Row) -> String {
        let mut glyphs: Vec<_> = row.glyphs.iter().collect();
        glyphs.sort_by(|a, b| a.pos.x.total_cmp(&b.pos.x));
        glyphs.iter().map(|glyph| glyph.chr).collect()
    }

    #[track_caller]
    fn check(text: &str, rows: &[&str]) {
        let mut galley = lay_out(text);
        put_in_order(&mut galley);
        let found: Vec<String> = galley.rows.iter().map(read).collect();
        assert_eq!(found, rows);
    }

    #[test]
    fn letters_stand_in_the_order_in_which_they_are_read() {
        check("abc", &["abc"]);
        check("אבג", &["גבא"]);
        check("abc אבג 12", &["abc 12 גבא"]);
        check("אבג abc", &["abc גבא"]);
        // Each paragraph has a direction of its own.
        check("אב!\nab!", &["!בא", "ab!"]);
    }

    #[test]
    fn a_paragraph_goes_on_in_its_direction() {
        let mut row = lay_out("abc!").rows.remove(0);
        let rtl = Some(Level::rtl());
        assert_eq!(arrange(&mut row, rtl, 1.0), rtl);
        assert_eq!(read(&row), "!abc");
    }

    #[test]
    fn what_is_drawn_moves_with_its_letter() {
        let mut galley = lay_out("א ב");
        put_in_order(&mut galley);
        let visuals = &galley.rows[0].visuals;
        let glyphs = &visuals.mesh.vertices[visuals.glyph_vertex_range.clone()];
        // The space has none.
        assert_eq!(glyphs.len(), 8);
        assert!(glyphs[0].pos.x > glyphs[4].pos.x);
    }

    #[test]
    fn letters_that_are_read_from_right_to_left_are_known() {
        for text in ["שלום", "سلام", "a ﷺ"] {
            assert!(is_right_to_left(text), "{text}");
        }
        for text in ["", "abc", "Жж", "漢字", "नमस्ते", "😀"] {
            assert!(!is_right_to_left(text), "{text}");
        }
    }
}
