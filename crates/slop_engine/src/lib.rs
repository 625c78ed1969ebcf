//! slop_engine
