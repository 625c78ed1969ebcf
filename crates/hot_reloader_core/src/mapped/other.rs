//! Windows and macOS: written, not run.
//!
//! Windows locks the file of a loaded library, so it cannot change; macOS names every image.
//! Neither gives access to segments without more unsafe code than it is worth, so a library whose
//! file was replaced counts as changed.
#![expect(
    unsafe_code,
    reason = "the loader's list is only to be had from the system"
)]

use std::{io, path::Path};

use super::Image;

/// The shared libraries in memory, in the order in which they were loaded.
#[cfg(target_os = "macos")]
#[must_use]
pub fn images() -> Vec<Image> {
    use std::{
        ffi::{c_char, CStr, OsStr},
        os::unix::ffi::OsStrExt,
    };
    extern "C" {
        fn _dyld_image_count() -> u32;
        fn _dyld_get_image_name(index: u32) -> *const c_char;
        fn _dyld_get_image_header(index: u32) -> *const std::ffi::c_void;
    }
    // SAFETY: reads a number.
    let count = unsafe { _dyld_image_count() };
    (0..count)
        .filter_map(|index| {
            // SAFETY: the loader returns null for an index out of range, and otherwise a name and
            // a header that live as long as the image; images are never unloaded here.
            let (name, header) =
                unsafe { (_dyld_get_image_name(index), _dyld_get_image_header(index)) };
            if name.is_null() {
                return None;
            }
            // SAFETY: a non-null name ends in a zero.
            let name = unsafe { CStr::from_ptr(name) };
            let base = header as usize;
            Some(Image {
                path: OsStr::from_bytes(name.to_bytes()).into(),
                addresses: base..base + 1,
                read_only: Vec::new(),
            })
        })
        .collect()
}

/// The shared libraries in memory; none, since a loaded file cannot be replaced on Windows.
#[cfg(not(target_os = "macos"))]
#[must_use]
pub fn images() -> Vec<Image> {
    Vec::new()
}

/// The shared library whose first byte is the last one at or before `address`.
#[must_use]
pub fn image_at(address: usize) -> Option<Image> {
    images()
        .into_iter()
        .filter(|image| image.addresses.start <= address)
        .max_by_key(|image| image.addresses.start)
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the other platforms read the file"
)]
pub(super) fn same_as_file(_image: &Image, _path: &Path) -> io::Result<bool> {
    Ok(false)
}
