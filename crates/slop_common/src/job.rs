//! The jobs of requests of the assistant.

use slop_engine::hands::JobId;
use slop_state::ToolRequest;

/// The job that a request is at, or was at last.
pub fn job_of(request: &ToolRequest) -> JobId {
    JobId {
        request: request.id.request,
        place: request.id.place,
        attempt: request.attempt,
    }
}
