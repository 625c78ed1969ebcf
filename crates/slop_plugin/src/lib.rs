//! slop_plugin
