//! Nothing but features: see the manifest. A hot build depends on it, so that the app, the examples and
//! the tests share one build of the engine.
