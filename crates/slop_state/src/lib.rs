//! slop_state
