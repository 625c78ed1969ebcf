//! Requests from outside of the window: an editor's key, a script.

use bevy::{
    app::{Last, PreStartup},
    ecs::schedule::IntoSystemConfigs,
    prelude::{
        on_event, resource_exists, App, EventReader, EventWriter, Res, ResMut, Resource, World,
    },
    winit::WakeUp,
};
use crossbeam_channel::{unbounded, Receiver};
use hot_reloader_remote::{socket_folder, Reply, Request, Responder, Server};
use hot_reloader_transaction::RequestId;

use super::{
    awake,
    driver::HotReloadSystems,
    reloader::HotReloader,
    trigger::{ReloadFinished, ReloadRequest, WorkAhead},
};

/// What comes in, and who waits for an answer.
#[derive(Resource)]
pub(super) struct Remote {
    incoming: Receiver<(Request, Responder)>,
    waiting: Vec<(RequestId, Responder)>,
    /// Ends with the app; those who wait are told.
    _server: Server,
}

pub(super) fn plugin(app: &mut App) {
    let has_incoming =
        |remote: Option<Res<Remote>>| remote.is_some_and(|remote| !remote.incoming.is_empty());
    app.add_systems(PreStartup, listen).add_systems(
        Last,
        (
            receive.run_if(has_incoming).before(HotReloadSystems::Step),
            answer
                .run_if(on_event::<ReloadFinished>())
                .run_if(resource_exists::<Remote>)
                .after(HotReloadSystems::Step),
        ),
    );
}

/// An app that cannot listen runs all the same, and says so.
fn listen(world: &mut World) {
    let waker = awake::waker(world);
    let (sender, incoming) = unbounded();
    let executable = std::env::current_exe().unwrap_or_default();
    let name = executable.file_stem().unwrap_or_default().to_string_lossy();
    let server = socket_folder().and_then(|folder| {
        Server::start(&folder, &name, move |request, responder| {
            // Closed at the end of the app, which is then what the client is told.
            let _ = sender.send((request, responder));
            if let Some(waker) = &waker {
                let _ = waker.send_event(WakeUp);
            }
        })
    });
    match server {
        Ok(server) => world.insert_resource(Remote {
            incoming,
            waiting: Vec::new(),
            _server: server,
        }),
        Err(error) => bevy::log::error!("no requests from outside of the window: {error}"),
    }
}

fn receive(
    mut remote: ResMut<Remote>,
    mut requests: EventWriter<ReloadRequest>,
    mut ahead: EventWriter<WorkAhead>,
) {
    while let Ok((request, responder)) = remote.incoming.try_recv() {
        if request.announce {
            ahead.send_default();
            responder.respond(Reply::Heard);
            continue;
        }
        let asked = request
            .modules
            .map_or_else(ReloadRequest::all, ReloadRequest::modules);
        let request = if request.rebuild {
            asked.rebuilding()
        } else {
            asked
        };
        remote.waiting.push((request.id(), responder));
        requests.send(request);
    }
}

fn answer(
    mut remote: ResMut<Remote>,
    mut finished: EventReader<ReloadFinished>,
    reloader: Res<HotReloader>,
) {
    for finished in finished.read() {
        let reply = reply(&reloader, finished.number);
        let (answered, waiting): (Vec<_>, _) = std::mem::take(&mut remote.waiting)
            .into_iter()
            .partition(|(id, _)| finished.requests.contains(id));
        remote.waiting = waiting;
        for (_, responder) in answered {
            responder.respond(reply.clone());
        }
    }
}

fn reply(reloader: &HotReloader, number: u32) -> Reply {
    let report = reloader.history().find(|report| report.number == number);
    let Some(report) = report else {
        return Reply::error(format!("report {number} is gone"));
    };
    match serde_json::to_value(report) {
        Ok(json) => Reply::Report {
            success: report.is_success(),
            summary: report.summary(),
            report: json,
        },
        Err(error) => Reply::error(error),
    }
}
