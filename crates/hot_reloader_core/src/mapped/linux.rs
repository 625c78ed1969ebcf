//! Linux: `dl_iterate_phdr` lists the images and their segments.
#![expect(
    unsafe_code,
    reason = "the loader's list is only to be had from libc, and memory is compared"
)]

use std::{
    ffi::{c_int, c_void, CStr, OsStr},
    fs, io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use super::{Image, Segment};

/// The shared libraries in memory, in the order in which they were loaded.
#[must_use]
pub fn images() -> Vec<Image> {
    let mut images: Vec<Image> = Vec::new();
    // SAFETY: `collect` gets back the pointer passed here, and the vector outlives the call.
    unsafe { libc::dl_iterate_phdr(Some(collect), (&raw mut images).cast()) };
    images
}

/// The shared library whose memory contains `address`.
#[must_use]
pub fn image_at(address: usize) -> Option<Image> {
    images()
        .into_iter()
        .find(|image| image.addresses.contains(&address))
}

unsafe extern "C" fn collect(
    info: *mut libc::dl_phdr_info,
    _size: usize,
    images: *mut c_void,
) -> c_int {
    // SAFETY: dl_iterate_phdr passes a valid description, and the pointer that `images` gave it.
    let (info, images) = unsafe { (&*info, &mut *images.cast::<Vec<Image>>()) };
    // SAFETY: the loader's names end in a zero and live as long as the image.
    let name = unsafe { CStr::from_ptr(info.dlpi_name) };
    let path = PathBuf::from(OsStr::from_bytes(name.to_bytes()));
    // The executable has no name, and the kernel's own image no file.
    if !path.is_absolute() {
        return 0;
    }
    // SAFETY: the loader gives the address and number of the program headers.
    let headers =
        unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    let base = info.dlpi_addr as usize;
    let (mut start, mut end) = (usize::MAX, 0);
    let mut read_only = Vec::new();
    for header in headers.iter().filter(|h| h.p_type == libc::PT_LOAD) {
        let address = base + header.p_vaddr as usize;
        start = start.min(address);
        end = end.max(address + header.p_memsz as usize);
        if header.p_flags & libc::PF_W == 0 {
            let offset = header.p_offset as usize;
            read_only.push(Segment {
                address,
                file: offset..offset + header.p_filesz as usize,
            });
        }
    }
    images.push(Image {
        path,
        addresses: start..end,
        read_only,
    });
    0
}

/// Whether the file holds the very code and constants that `image` has in memory.
///
/// # Errors
///
/// If the file cannot be read.
pub(super) fn same_as_file(image: &Image, path: &Path) -> io::Result<bool> {
    let file = fs::read(path)?;
    Ok(image.read_only.iter().all(|segment| {
        // SAFETY: the loader mapped these bytes for reading and libraries of this process are
        // never unloaded, so they stay mapped and unchanged.
        let memory =
            unsafe { std::slice::from_raw_parts(segment.address as *const u8, segment.file.len()) };
        file.get(segment.file.clone()) == Some(memory)
    }))
}
