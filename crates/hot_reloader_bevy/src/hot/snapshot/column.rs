//! Values of one type, side by side.
#![expect(
    unsafe_code,
    reason = "it holds values of types that it knows by their layout only"
)]

use std::{
    alloc::{self, Layout},
    ptr::NonNull,
};

use bevy::ptr::{OwningPtr, Ptr};

/// What drops a value of a type, if anything does.
pub(in crate::hot) type Drop = Option<unsafe fn(OwningPtr<'_>)>;

/// Values of one type, side by side, as copies.
pub(in crate::hot) struct Column {
    item: Layout,
    drop: Drop,
    data: NonNull<u8>,
    capacity: usize,
    len: usize,
}

// SAFETY: what is put in is copied from components and resources, which are `Send` and `Sync`, or
// from non-send data without drop glue, which is read and dropped as bytes.
unsafe impl Send for Column {}
// SAFETY: as above.
unsafe impl Sync for Column {}

impl Column {
    /// For up to `capacity` values.
    pub(in crate::hot) fn new(item: Layout, drop: Drop, capacity: usize) -> Self {
        let layout = array(item, capacity);
        let data = if layout.size() == 0 {
            dangling(item)
        } else {
            // SAFETY: its size is not zero.
            let data = unsafe { alloc::alloc(layout) };
            NonNull::new(data).unwrap_or_else(|| alloc::handle_alloc_error(layout))
        };
        Self {
            item,
            drop,
            data,
            capacity,
            len: 0,
        }
    }

    /// The layout of one value.
    pub(in crate::hot) fn item(&self) -> Layout {
        self.item
    }

    pub(in crate::hot) fn len(&self) -> usize {
        self.len
    }

    /// Adds a value that `write` writes to the place it is given, or nothing if it says that it
    /// could not.
    ///
    /// # Safety
    ///
    /// If `write` returns `true`, a value of the column's type is at its place.
    pub(in crate::hot) unsafe fn push_with(&mut self, write: impl FnOnce(*mut u8) -> bool) -> bool {
        assert!(self.len < self.capacity, "there is room for each value");
        let written = write(self.place(self.len));
        self.len += usize::from(written);
        written
    }

    /// Adds `count` values that are no more than their bytes.
    ///
    /// # Safety
    ///
    /// `from` points to that many values of the column's type, which has no drop glue.
    pub(in crate::hot) unsafe fn extend_from_bytes(&mut self, from: *const u8, count: usize) {
        assert!(self.len + count <= self.capacity, "there is room for all");
        let place = self.place(self.len);
        // SAFETY: both sides have room for as many values, and do not overlap: one is ours.
        unsafe { std::ptr::copy_nonoverlapping(from, place, count * self.item.size()) };
        self.len += count;
    }

    /// The value at `index`.
    pub(in crate::hot) fn get(&self, index: usize) -> Ptr<'_> {
        assert!(index < self.len, "there is a value at {index}");
        let place = NonNull::new(self.place(index)).expect("a place is not null");
        // SAFETY: there is a value, it is aligned, and `self` is borrowed for as long.
        unsafe { Ptr::new(place) }
    }

    /// Gives the last value away.
    pub(in crate::hot) fn give(&mut self, take: impl FnOnce(OwningPtr<'_>)) {
        self.len -= 1;
        let place = NonNull::new(self.place(self.len)).expect("a place is not null");
        // SAFETY: there is a value, and it counts as gone.
        take(unsafe { OwningPtr::new(place) });
    }

    /// The bytes of the value at `index`, of a type without drop glue.
    pub(in crate::hot) fn bytes(&self, index: usize, count: usize) -> &[u8] {
        assert!(index + count <= self.len, "there are as many values");
        // SAFETY: there are as many values, in memory that was written as bytes. Those between
        // fields mean nothing; read here, they can make equal values seem different, no more.
        unsafe { std::slice::from_raw_parts(self.place(index), count * self.item.size()) }
    }

    fn place(&self, index: usize) -> *mut u8 {
        // SAFETY: within, or just behind, what was allocated.
        unsafe { self.data.as_ptr().add(index * self.item.size()) }
    }
}

impl std::ops::Drop for Column {
    fn drop(&mut self) {
        struct Memory(NonNull<u8>, Layout);
        impl std::ops::Drop for Memory {
            fn drop(&mut self) {
                if self.1.size() > 0 {
                    // SAFETY: it was allocated with this layout.
                    unsafe { alloc::dealloc(self.0.as_ptr(), self.1) };
                }
            }
        }
        // Freed even if a destructor panics.
        let _memory = Memory(self.data, array(self.item, self.capacity));
        let Some(drop) = self.drop else { return };
        while self.len > 0 {
            self.len -= 1;
            let place = NonNull::new(self.place(self.len)).expect("a place is not null");
            // SAFETY: there is a value, which is not looked at again.
            unsafe { drop(OwningPtr::new(place)) };
        }
    }
}

fn array(item: Layout, count: usize) -> Layout {
    let size = item.size().checked_mul(count);
    size.and_then(|size| Layout::from_size_align(size, item.align()).ok())
        .expect("what is in memory once fits twice")
}

fn dangling(item: Layout) -> NonNull<u8> {
    let address = std::num::NonZeroUsize::new(item.align()).expect("an alignment is not zero");
    NonNull::new(std::ptr::without_provenance_mut(address.get())).expect("it is not zero")
}
