//! Which characters a font file has, without reading all of it: some are as large as 100 MB.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use ttf_parser::{cmap, os2, Style};

/// Faces of a file that are looked at.
const MOST: u32 = 64;

/// The largest table that is read, in bytes.
const LARGE: u32 = 16 << 20;

/// The weight of text that is neither light nor bold.
const REGULAR: u16 = 400;

/// One font of a file.
#[derive(Debug)]
pub(super) struct Face {
    /// Its place in the file.
    pub(super) index: u32,
    /// How far it is from upright text of a regular weight.
    pub(super) oddness: u16,
    /// The table that says which characters it has.
    cmap: Vec<u8>,
}

impl Face {
    /// Those of some characters that it has.
    pub(super) fn covered(&self, wanted: &BTreeSet<char>) -> BTreeSet<char> {
        let Some(table) = cmap::Table::parse(&self.cmap) else {
            return BTreeSet::new();
        };
        let has = |wanted: char| {
            let mut subtables = table.subtables.into_iter();
            subtables.any(|subtable| {
                let glyph = subtable.glyph_index(u32::from(wanted));
                // The first glyph stands for all that are missing.
                subtable.is_unicode() && glyph.is_some_and(|glyph| glyph.0 != 0)
            })
        };
        wanted
            .iter()
            .copied()
            .filter(|wanted| has(*wanted))
            .collect()
    }
}

/// The faces of a file that have outlines. What is no font has none.
///
/// # Errors
///
/// If the file cannot be read, or ends too early.
pub(super) fn faces(path: &Path) -> io::Result<Vec<Face>> {
    let mut file = File::open(path)?;
    let mut head = [0; 12];
    file.read_exact(&mut head)?;
    let mut offsets = vec![0_u8; 4];
    if head.starts_with(b"ttcf") {
        let count = number(&head[8..]).min(MOST);
        offsets.resize(4 * count as usize, 0);
        file.read_exact(&mut offsets)?;
    }
    let mut faces = Vec::new();
    for (index, offset) in (0..).zip(offsets.chunks_exact(4)) {
        faces.extend(face(&mut file, index, number(offset))?);
    }
    Ok(faces)
}

/// The face at this offset, if it has outlines.
fn face(file: &mut File, index: u32, offset: u32) -> io::Result<Option<Face>> {
    file.seek(SeekFrom::Start(offset.into()))?;
    let mut head = [0; 12];
    file.read_exact(&mut head)?;
    let kinds: [&[u8]; 3] = [b"\0\x01\0\0", b"OTTO", b"true"];
    if !kinds.into_iter().any(|kind| head.starts_with(kind)) {
        return Ok(None);
    }
    let count = usize::from(u16::from_be_bytes([head[4], head[5]]));
    let mut records = vec![0_u8; 16 * count];
    file.read_exact(&mut records)?;
    let place = |tag: &[u8]| {
        let mut records = records.chunks_exact(16);
        let record = records.find(|record| record.starts_with(tag))?;
        Some((number(&record[8..12]), number(&record[12..])))
    };
    let outlines: [&[u8]; 3] = [b"glyf", b"CFF ", b"CFF2"];
    let has_outlines = outlines.into_iter().any(|tag| place(tag).is_some());
    let Some(cmap) = place(b"cmap").filter(|_| has_outlines) else {
        return Ok(None);
    };
    let cmap = table(file, cmap)?;
    let os2 = place(b"OS/2").map(|place| table(file, place)).transpose()?;
    let oddness = os2.and_then(|table| oddness(&table)).unwrap_or(REGULAR);
    Ok(Some(Face {
        index,
        oddness,
        cmap,
    }))
}

/// The bytes of a table, by offset and length.
fn table(file: &mut File, (offset, length): (u32, u32)) -> io::Result<Vec<u8>> {
    if length > LARGE {
        return Err(io::ErrorKind::InvalidData.into());
    }
    file.seek(SeekFrom::Start(offset.into()))?;
    let mut table = vec![0_u8; length as usize];
    file.read_exact(&mut table)?;
    Ok(table)
}

/// By what the table `OS/2` says of weight and style.
fn oddness(table: &[u8]) -> Option<u16> {
    let table = os2::Table::parse(table)?;
    let slant = if table.style() == Style::Normal {
        0
    } else {
        1_000
    };
    Some(
        table
            .weight()
            .to_number()
            .abs_diff(REGULAR)
            .saturating_add(slant),
    )
}

/// The first four bytes.
fn number(bytes: &[u8]) -> u32 {
    let bytes = bytes.iter().take(4);
    bytes.fold(0, |number, byte| (number << 8) | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::fonts::testing::{ours, INTER_ONLY, MONO_ONLY, NOBODY};

    #[test]
    fn a_font_says_which_characters_it_has() {
        let wanted = BTreeSet::from([INTER_ONLY, MONO_ONLY, NOBODY, 'a']);
        for (name, expected) in [
            ("Inter-Regular.otf", [INTER_ONLY, 'a']),
            ("JetBrainsMono-Regular.ttf", [MONO_ONLY, 'a']),
        ] {
            let faces = faces(&ours().join(name)).unwrap();
            let [face] = &faces[..] else {
                panic!("{faces:?}");
            };
            assert_eq!((face.index, face.oddness), (0, 0), "{name}");
            let expected = BTreeSet::from(expected);
            assert_eq!(face.covered(&wanted), expected, "{name}");
        }
    }

    #[test]
    fn a_collection_has_several_faces() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("both.ttc");
        let mut inter = fs::read(ours().join("Inter-Regular.otf")).unwrap();
        // Twice the same one, whose tables are counted from the beginning of the file.
        let head: u32 = 20;
        let count = usize::from(u16::from_be_bytes([inter[4], inter[5]]));
        for record in inter[12..12 + 16 * count].chunks_exact_mut(16) {
            let offset = number(&record[8..12]) + head;
            record[8..12].copy_from_slice(&offset.to_be_bytes());
        }
        let mut collection = b"ttcf\0\x01\0\0\0\0\0\x02".to_vec();
        collection.extend(head.to_be_bytes());
        collection.extend(head.to_be_bytes());
        collection.append(&mut inter);
        fs::write(&file, collection).unwrap();
        let faces = faces(&file).unwrap();
        assert_eq!(faces.iter().map(|f| f.index).collect::<Vec<_>>(), [0, 1]);
        let wanted = BTreeSet::from([INTER_ONLY]);
        assert!(faces.iter().all(|face| face.covered(&wanted) == wanted));
    }

    #[test]
    fn what_is_no_font_or_only_a_part_of_one_has_no_faces() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.ttf");
        let whole = fs::read(ours().join("JetBrainsMono-Regular.ttf")).unwrap();
        fs::write(&file, "no font, but longer than a head").unwrap();
        assert!(faces(&file).unwrap().is_empty());
        for length in [0, 11, 40, 300] {
            fs::write(&file, &whole[..length]).unwrap();
            assert!(faces(&file).is_err(), "{length}");
        }
        fs::write(&file, b"ttcf\0\x01\0\0\xff\xff\xff\xff").unwrap();
        assert!(faces(&file).is_err());
    }
}
