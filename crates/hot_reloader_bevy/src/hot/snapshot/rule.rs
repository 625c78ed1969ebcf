//! How values of a type are copied where somebody says so.
#![expect(
    unsafe_code,
    reason = "what a rule is for is known by its type id only"
)]

use std::any::TypeId;

use bevy::ptr::Ptr;

/// Copies a value to a place that has room for it.
pub(in crate::hot) type Clone = unsafe fn(Ptr<'_>, *mut u8);

/// How the values of a type are copied that the engine does not copy by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CopyRule {
    pub(crate) type_id: TypeId,
    pub(super) copier: RuleCopier,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum RuleCopier {
    Leave,
    Clone(Clone),
    IfMissing(Clone),
}

impl CopyRule {
    pub(crate) fn cloned<T: std::clone::Clone + 'static>() -> Self {
        Self::new::<T>(RuleCopier::Clone(clone::<T>))
    }

    /// For what comes back by its `Clone` where it is gone, and stays as it is elsewhere.
    pub(super) fn if_missing<T: std::clone::Clone + 'static>() -> Self {
        Self::new::<T>(RuleCopier::IfMissing(clone::<T>))
    }

    /// The same by its `Default`, for what the engine works out from the rest.
    pub(super) fn anew_if_missing<T: Default + 'static>() -> Self {
        Self::new::<T>(RuleCopier::IfMissing(|_, place| {
            // SAFETY: the rule is applied to values of `T`, and `place` has room for one.
            unsafe { place.cast::<T>().write(T::default()) }
        }))
    }

    /// For what is as it is outside of the world, whatever code does.
    pub(crate) fn leave<T: 'static>() -> Self {
        Self::new::<T>(RuleCopier::Leave)
    }

    fn new<T: 'static>(copier: RuleCopier) -> Self {
        Self {
            type_id: TypeId::of::<T>(),
            copier,
        }
    }
}

/// # Safety
///
/// The value is a `T`, and `place` has room for one.
unsafe fn clone<T: std::clone::Clone>(value: Ptr<'_>, place: *mut u8) {
    // SAFETY: the caller vouches for both.
    unsafe { place.cast::<T>().write(value.deref::<T>().clone()) }
}
