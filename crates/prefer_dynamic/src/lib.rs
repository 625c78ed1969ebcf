//! Stands in for the published `prefer-dynamic` 0.1.2.
//!
//! That crate is nothing but a build script that copies `libstd-*.so` out of the toolchain's `lib`
//! folder, and it panics where the toolchain keeps the file only under `lib/rustlib/<target>/lib`.
//! `cargo run` puts that folder on the loader's search path by itself, so no copy is needed.
