//! The host. Its code is never reloaded, so the keys work whatever the modules do.

use bevy::prelude::*;
#[cfg(feature = "hot")]
use hot_reloader::ReloadRequest;

fn main() -> AppExit {
    let mut app = App::new();
    app.add_plugins((DefaultPlugins, hot_reloader::hot_plugin!(selective)));
    #[cfg(feature = "hot")]
    app.add_systems(Update, ask);
    app.run()
}

/// Key 1 asks for `left`, key 2 for `right`. Without `hot` there is nothing to ask for.
#[cfg(feature = "hot")]
fn ask(keys: Res<ButtonInput<KeyCode>>, mut requests: EventWriter<ReloadRequest>) {
    for (key, module) in [(KeyCode::Digit1, "left"), (KeyCode::Digit2, "right")] {
        if keys.just_pressed(key) {
            requests.send(ReloadRequest::modules([module]));
        }
    }
}
