//! Looks for fonts of the system that have some characters.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

use bevy::log::info;
use bevy_egui::egui::FontData;
use directories::{BaseDirs, UserDirs};

use super::face::faces;

/// Folders in folders that are looked into.
const DEPTH: usize = 6;

/// Fonts that are taken in one search.
const MOST: usize = 8;

/// The largest file that is taken, in bytes.
const LARGE: u64 = 128 << 20;

/// A font of the system.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Its file, and its place in it.
    pub(super) name: String,
    pub(super) data: FontData,
}

/// A face that has some of the characters.
struct Candidate {
    path: PathBuf,
    index: u32,
    oddness: u16,
    covered: BTreeSet<char>,
}

/// Where the system has fonts.
pub(crate) fn folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let Some(user) = UserDirs::new() {
        folders.extend(user.font_dir().map(Path::to_owned));
        folders.push(user.home_dir().join(".fonts"));
    }
    if cfg!(windows) {
        let base = BaseDirs::new();
        folders.extend(base.map(|base| base.data_local_dir().join("Microsoft/Windows/Fonts")));
        folders.extend(env::var_os("WINDIR").map(|windows| Path::new(&windows).join("Fonts")));
    } else if cfg!(target_os = "macos") {
        folders.extend(["/Library/Fonts", "/System/Library/Fonts"].map(PathBuf::from));
    } else {
        let shared = env::var_os("XDG_DATA_DIRS").filter(|dirs| !dirs.is_empty());
        let shared = shared.unwrap_or_else(|| "/usr/local/share:/usr/share".into());
        folders.extend(env::split_paths(&shared).map(|folder| folder.join("fonts")));
    }
    folders
}

/// As few fonts as have as many of the characters as there are in these folders. What is upright and of a
/// regular weight is preferred.
pub(super) fn find(folders: &[PathBuf], wanted: &BTreeSet<char>) -> Vec<Found> {
    let mut candidates = candidates(folders, wanted);
    let mut missing = wanted.clone();
    let mut found = Vec::new();
    while found.len() < MOST {
        // Of those with equally many, the first.
        let places = (0..candidates.len()).rev();
        let best = places.max_by_key(|place| candidates[*place].covered.len());
        let Some(best) = best.map(|best| candidates.remove(best)) else {
            break;
        };
        if best.covered.is_empty() {
            break;
        }
        let Some(font) = load(&best) else {
            continue;
        };
        info!(
            "{} characters are drawn with {}",
            best.covered.len(),
            font.name
        );
        found.push(font);
        missing.retain(|wanted| !best.covered.contains(wanted));
        for other in &mut candidates {
            other.covered.retain(|wanted| missing.contains(wanted));
        }
    }
    if !missing.is_empty() {
        let missing: String = missing.into_iter().collect();
        info!("no font of the system has these characters: {missing}");
    }
    found
}

/// All faces that have some of the characters, those that are preferred first.
fn candidates(folders: &[PathBuf], wanted: &BTreeSet<char>) -> Vec<Candidate> {
    let mut files = BTreeSet::new();
    for folder in folders {
        files_below(folder, DEPTH, &mut files);
    }
    let mut candidates = Vec::new();
    for path in files {
        // What cannot be read is as good as not there.
        for face in faces(&path).unwrap_or_default() {
            let covered = face.covered(wanted);
            if !covered.is_empty() {
                candidates.push(Candidate {
                    path: path.clone(),
                    index: face.index,
                    oddness: face.oddness,
                    covered,
                });
            }
        }
    }
    // Stable, so that of the same kind they stay in the order of their paths.
    candidates.sort_by_key(|candidate| candidate.oddness);
    candidates
}

fn files_below(folder: &Path, depth: usize, files: &mut BTreeSet<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            if depth > 0 {
                files_below(&path, depth - 1, files);
            }
        } else if is_font(&path) {
            files.insert(path);
        }
    }
}

/// By its name.
fn is_font(path: &Path) -> bool {
    let ends = ["ttf", "otf", "ttc", "otc"];
    path.extension()
        .is_some_and(|end| ends.iter().any(|known| end.eq_ignore_ascii_case(known)))
}

/// The font of a face, unless egui could not read it.
fn load(candidate: &Candidate) -> Option<Found> {
    let Candidate { path, index, .. } = candidate;
    if fs::metadata(path).ok()?.len() > LARGE {
        return None;
    }
    let bytes = fs::read(path).ok()?;
    // egui panics if it cannot; it reads fonts with the same crate.
    ttf_parser::Face::parse(&bytes, *index).ok()?;
    // It is for the life of the app. Else egui would copy it whenever it makes its glyphs anew.
    let bytes: &'static [u8] = Box::leak(bytes.into_boxed_slice());
    Some(Found {
        name: format!("{}#{index}", path.display()),
        data: FontData {
            index: *index,
            ..FontData::from_static(bytes)
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fonts::testing::{ours, INTER_ONLY, MONO_ONLY, NOBODY};

    /// The names of the files that are found.
    fn names(folders: &[PathBuf], wanted: &[char]) -> Vec<String> {
        let wanted = wanted.iter().copied().collect();
        let found = find(folders, &wanted).into_iter();
        let names = found.map(|font| {
            let name = font.name.rsplit(['/', '\\']).next();
            name.unwrap_or_default().to_owned()
        });
        names.collect()
    }

    #[test]
    fn as_few_fonts_are_taken_as_have_the_characters() {
        let folders = [ours()];
        let inter = "Inter-Regular.otf#0";
        let mono = "JetBrainsMono-Regular.ttf#0";
        assert_eq!(names(&folders, &[INTER_ONLY]), [inter]);
        assert_eq!(names(&folders, &[INTER_ONLY, 'a']), [inter]);
        assert_eq!(names(&folders, &[MONO_ONLY, 'a']), [mono]);
        let both = [INTER_ONLY, 'ɑ', MONO_ONLY, NOBODY];
        assert_eq!(names(&folders, &both), [inter, mono]);
        assert!(names(&folders, &[NOBODY]).is_empty());
        assert!(names(&folders, &[]).is_empty());
    }

    #[test]
    fn fonts_are_found_in_folders_and_what_is_broken_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("truetype/inter");
        fs::create_dir_all(&below).unwrap();
        let inter = fs::read(ours().join("Inter-Regular.otf")).unwrap();
        fs::write(below.join("Inter.OTF"), &inter).unwrap();
        fs::write(below.join("Inter.txt"), &inter).unwrap();
        fs::write(below.join("A.ttf"), "no font").unwrap();
        fs::write(below.join("B.otf"), &inter[..1_000]).unwrap();
        let folders = [folder.path().join("gone"), folder.path().to_owned()];
        assert_eq!(names(&folders, &[INTER_ONLY]), ["Inter.OTF#0"]);
    }
}
