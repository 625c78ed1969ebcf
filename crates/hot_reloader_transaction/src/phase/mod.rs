//! The phases, in the order in which a reload goes through them.
//!
//! [`ahead`], if nothing was asked for yet; [`build`] (which stages and inspects too), [`identify`], [`rehearse`]
//! (and the gate, at which types are compared), [`swap`] (with the capture before it, the plugins that set themselves
//! up and the values that migrate), [`probation`]; and [`roll_back`], which undoes what came after the capture.
//! Whatever fails at whichever point, the code and the state from before the request go on: what comes before the
//! swap has not touched them.

pub(crate) mod ahead;
pub(crate) mod build;
pub(crate) mod identify;
pub(crate) mod probation;
pub(crate) mod rehearse;
pub(crate) mod roll_back;
pub(crate) mod swap;
