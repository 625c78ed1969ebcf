//! A real window.
