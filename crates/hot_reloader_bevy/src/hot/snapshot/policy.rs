//! What has to be known of the engine's own types.

use super::CopyRule;

pub(super) fn rules() -> Vec<CopyRule> {
    Vec::new()
}
