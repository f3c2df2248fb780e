//! Threads with a connection each, which take their work from one queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use rusqlite::Connection;

/// A piece of work. One that panics has rolled back (its transaction is dropped) and answers nobody.
pub(super) type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// They end, with all the work that waits, when this is dropped.
pub(super) struct Workers {
    jobs: Option<mpsc::Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    pub(super) fn start(name: &str, connections: Vec<Connection>) -> std::io::Result<Workers> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        let mut workers = Workers { jobs: Some(jobs), threads: Vec::new() };
        for mut connection in connections {
            let queue = Arc::clone(&queue);
            let next = move || queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
                while let Ok(job) = next() {
                    let _ = catch_unwind(AssertUnwindSafe(|| job(&mut connection)));
                }
            })?;
            workers.threads.push(thread);
        }
        Ok(workers)
    }

    /// Adds work to the queue.
    pub(super) fn add(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // Only ever an error when all threads are gone; whoever waits hears it, because the job is dropped.
            let _ = jobs.send(job);
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        drop(self.jobs.take());
        for thread in self.threads.drain(..) {
            // Only ever an error when the thread panicked outside a job, which leaves nothing to do here.
            let _ = thread.join();
        }
    }
}
