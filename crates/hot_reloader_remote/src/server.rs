//! The app's side: listens, and hands each request to the app.

use std::{
    fs,
    io::{self, Read},
    panic::{catch_unwind, AssertUnwindSafe},
    path::Path,
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crossbeam_channel::{bounded, select_biased, Receiver, Sender, TryRecvError};
use interprocess::local_socket::{prelude::*, Listener, Stream};

use crate::{
    folder,
    protocol::{read_line, write_line, MAX_LINE},
    socket, RemoteError, Reply, Request, RunningApp,
};

/// The most connections that are served at once.
pub const CONNECTIONS: usize = 16;

/// How long a client may take to send its request.
pub const REQUEST_LIMIT: Duration = Duration::from_secs(10);

/// How long a client may take to make room for more of its answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// How long to wait when the system cannot accept a connection, before the next try.
const PAUSE: Duration = Duration::from_millis(100);

const BUSY: &str = "too many requests are waiting already; try again later";
const PANICKED: &str = "the app panicked over the request; its output tells more";

type Handle = dyn Fn(Request, Responder) + Send + Sync;

/// Listens until it is dropped, which removes the socket and ends the connections of those who wait. So they know
/// that the app ended, as if it had gone without a word ([`RemoteError::Ended`]).
#[derive(Debug)]
pub struct Server {
    app: RunningApp,
    /// Never sent on; all threads see it close.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Answers one request. If it is dropped, the connection ends, which tells the client that the app ended.
#[derive(Debug)]
pub struct Responder {
    reply: Sender<Reply>,
}

impl Responder {
    /// Answers. Does not wait for the client, and does nothing if it is gone.
    pub fn respond(self, reply: Reply) {
        // Closed if the server was dropped.
        let _ = self.reply.send(reply);
    }
}

impl Server {
    /// Listens in `folder` on behalf of this process, which calls itself `app`.
    ///
    /// `handle` runs on a thread of the connection. It may answer later and from elsewhere: the
    /// client waits as long as there is a responder. A panic of it ends that connection only.
    ///
    /// # Errors
    ///
    /// If the folder cannot be made safe, or the socket cannot be made.
    pub fn start(
        folder: &Path,
        app: &str,
        handle: impl Fn(Request, Responder) + Send + Sync + 'static,
    ) -> Result<Self, RemoteError> {
        folder::prepare(folder)?;
        let app = folder::this_app(folder, app)?;
        let listener = socket::listen(&app).map_err(|source| RemoteError::Listen {
            path: app.path.clone(),
            source,
        })?;
        let (stop, stopped) = bounded(0);
        // Before the thread is there, so that its failure removes the socket.
        let mut server = Self {
            app,
            stop: Some(stop),
            thread: None,
        };
        let handle: Arc<Handle> = Arc::new(handle);
        let thread = thread::Builder::new()
            .name("hot reload remote".to_owned())
            .spawn(move || accept(&listener, &handle, &stopped))
            .map_err(|source| RemoteError::Thread { source })?;
        server.thread = Some(thread);
        Ok(server)
    }

    /// The socket.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.app.path
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop = None;
        // The connection wakes the thread. Without one, because somebody removed the socket, it
        // would be waited for in vain and is left to itself.
        let woken = socket::connect(&self.app);
        if let (Some(thread), Ok(_)) = (self.thread.take(), woken) {
            let _ = thread.join();
        }
        let _ = fs::remove_file(&self.app.path);
    }
}

fn is_stopped(stopped: &Receiver<()>) -> bool {
    stopped.try_recv() == Err(TryRecvError::Disconnected)
}

fn accept(listener: &Listener, handle: &Arc<Handle>, stopped: &Receiver<()>) {
    // Counted by its references, of which this is one.
    let slots = Arc::new(());
    loop {
        let stream = listener.accept();
        if is_stopped(stopped) {
            return;
        }
        let Ok(stream) = stream else {
            // Most likely too many files are open.
            let _ = stopped.recv_timeout(PAUSE);
            continue;
        };
        if Arc::strong_count(&slots) > CONNECTIONS {
            answer(&stream, &Reply::error(BUSY));
            continue;
        }
        let slot = Arc::clone(&slots);
        let (handle, stopped) = (Arc::clone(handle), stopped.clone());
        let thread = thread::Builder::new().name("hot reload connection".to_owned());
        // If there is no thread, the closure goes and the client sees the connection end.
        let _ = thread.spawn(move || {
            if let Some(reply) = serve(&stream, &*handle, &stopped) {
                answer(&stream, &reply);
            }
            // Free before the client sees the end.
            drop(slot);
            drop(stream);
        });
    }
}

/// Gets the answer to what the client asks; `None` if it asks nothing, or the app ends first.
fn serve(stream: &Stream, handle: &Handle, stopped: &Receiver<()>) -> Option<Reply> {
    let until = Instant::now() + REQUEST_LIMIT;
    let request = match read_line(Timed { stream, until }, MAX_LINE) {
        Ok(line) if line.is_empty() => return None,
        line => line.and_then(|line| Request::parse(&line)),
    };
    let request = match request {
        Ok(request) => request,
        Err(error) => return Some(Reply::error(error)),
    };
    if is_stopped(stopped) {
        return None;
    }
    let (reply, replies) = bounded(1);
    let handled = catch_unwind(AssertUnwindSafe(|| handle(request, Responder { reply })));
    let panicked = handled.is_err().then(|| Reply::error(PANICKED));
    select_biased! {
        recv(replies) -> reply => reply.ok().or(panicked),
        recv(stopped) -> _ => None,
    }
}

fn answer(stream: &Stream, reply: &Reply) {
    // Windows has no such limit.
    let _ = stream.set_send_timeout(Some(ANSWER_LIMIT));
    // A client that is gone is no concern of the app's.
    let _ = write_line(stream, reply);
}

/// Reads until a point in time, however little comes at once.
struct Timed<'a> {
    stream: &'a Stream,
    until: Instant,
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        match self.stream.set_recv_timeout(Some(left)) {
            // Windows has no such limit.
            Err(error) if error.kind() != io::ErrorKind::Unsupported => return Err(error),
            _ => {}
        }
        let mut stream = self.stream;
        stream.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
            _ => error,
        })
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::{
        io::Write,
        os::{fd::OwnedFd, unix::net::UnixStream},
    };

    use super::*;

    #[test]
    fn a_client_that_sends_too_slowly_runs_out_of_time() {
        let (mut client, server) = UnixStream::pair().unwrap();
        client.write_all(b"{").unwrap();
        let stream = Stream::UdSocket(OwnedFd::from(server).into());
        let timed = Timed {
            stream: &stream,
            until: Instant::now() + Duration::from_millis(20),
        };
        let error = read_line(timed, MAX_LINE).unwrap_err();
        assert!(matches!(error, RemoteError::TimedOut), "{error}");
    }
}
