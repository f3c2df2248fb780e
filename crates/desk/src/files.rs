//! Attachment bytes on disk, named by the hash of their content.
//!
//! A file is written beside, hashed on the way, synced and moved to its name: under its name there is never half a file. All disk
//! work runs on blocking threads. Which row a file belongs to is not known here.

pub(crate) mod attachment;
pub(crate) mod download;
pub(crate) mod storage;
pub(crate) mod thumbnail;
pub(crate) mod upload;

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use http_body::Frame;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::access::secret::random_text;

/// The folder of files in a data folder.
pub(crate) const FOLDER: &str = "files";

const CHUNK_BYTES: usize = 64 * 1024;

/// A file that is safely kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    /// BLAKE3 of the content, hexadecimal.
    pub(crate) hash: String,
    pub(crate) size_bytes: u64,
}

/// The folder of kept files.
#[derive(Clone)]
pub(crate) struct Files {
    folder: PathBuf,
}

impl Files {
    /// Opens or creates the folder and forgets what was half written when the last desk ended.
    pub(crate) fn open(folder: PathBuf) -> io::Result<Files> {
        let incoming = folder.join("incoming");
        fs::create_dir_all(&incoming)?;
        for entry in fs::read_dir(&incoming)? {
            fs::remove_file(entry?.path())?;
        }
        Ok(Files { folder })
    }

    /// Begins a file whose bytes come later.
    pub(crate) fn receive(&self) -> Incoming {
        let (pieces, mut queue) = mpsc::channel::<Option<Bytes>>(8);
        let files = self.clone();
        let task = spawn_blocking(move || {
            let mut writing = Writing::begin(&files)?;
            while let Some(piece) = queue.blocking_recv() {
                match piece {
                    Some(bytes) => writing.push(&bytes)?,
                    None => return writing.keep(),
                }
            }
            Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the sender went away"))
        });
        Incoming { pieces, task }
    }

    /// Makes one file of several, in order.
    pub(crate) async fn join(&self, parts: Vec<String>) -> io::Result<Stored> {
        let files = self.clone();
        blocking(move || {
            let mut writing = Writing::begin(&files)?;
            let mut buffer = vec![0; CHUNK_BYTES];
            for part in parts {
                let mut file = File::open(files.path(&part))?;
                loop {
                    match file.read(&mut buffer)? {
                        0 => break,
                        length => writing.push(&buffer[..length])?,
                    }
                }
            }
            writing.keep()
        })
        .await
    }

    /// The whole file as a response body, read while it is sent.
    pub(crate) async fn body(&self, hash: &str) -> io::Result<Body> {
        let path = self.path(hash);
        let mut file = blocking(move || File::open(path)).await?;
        let (pieces, queue) = mpsc::channel(4);
        spawn_blocking(move || {
            let mut buffer = vec![0; CHUNK_BYTES];
            loop {
                let piece = match file.read(&mut buffer) {
                    Ok(0) => return,
                    Ok(length) => Ok(Bytes::copy_from_slice(&buffer[..length])),
                    Err(error) => Err(error),
                };
                let last = piece.is_err();
                if pieces.blocking_send(piece).is_err() || last {
                    return;
                }
            }
        });
        Ok(Body::new(Outgoing { queue }))
    }

    /// At most the first `limit_bytes` of a file.
    pub(crate) async fn head(&self, hash: &str, limit_bytes: u64) -> io::Result<Vec<u8>> {
        self.inspect(hash, move |file| {
            let mut head = Vec::new();
            file.take(limit_bytes).read_to_end(&mut head)?;
            Ok(head)
        })
        .await
    }

    /// Whatever `work` finds out about a file, on a blocking thread.
    pub(crate) async fn inspect<T: Send + 'static>(
        &self,
        hash: &str,
        work: impl FnOnce(File) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let path = self.path(hash);
        blocking(move || work(File::open(path)?)).await
    }

    fn path(&self, hash: &str) -> PathBuf {
        Files::place(&self.folder, hash)
    }

    /// Where a file lies in a folder of files.
    pub(crate) fn place(folder: &Path, hash: &str) -> PathBuf {
        folder.join(&hash[..hash.len().min(2)]).join(hash)
    }
}

/// A file on its way in. Dropped before [`Incoming::keep`], it leaves nothing behind.
pub(crate) struct Incoming {
    pieces: mpsc::Sender<Option<Bytes>>,
    task: JoinHandle<io::Result<Stored>>,
}

impl Incoming {
    /// Adds bytes; waits while the disk is slower than the network. A full disk shows in [`Incoming::keep`].
    pub(crate) async fn push(&self, bytes: Bytes) {
        let _ = self.pieces.send(Some(bytes)).await;
    }

    /// Ends the file; it is on the disk when this returns.
    pub(crate) async fn keep(self) -> io::Result<Stored> {
        let _ = self.pieces.send(None).await;
        self.task.await.map_err(io::Error::other)?
    }
}

struct Writing {
    files: Files,
    path: PathBuf,
    file: File,
    hasher: blake3::Hasher,
    size_bytes: u64,
    kept: bool,
}

impl Writing {
    fn begin(files: &Files) -> io::Result<Writing> {
        let path = files.folder.join("incoming").join(random_text());
        let file = File::options().write(true).create_new(true).open(&path)?;
        Ok(Writing {
            files: files.clone(),
            path,
            file,
            hasher: blake3::Hasher::new(),
            size_bytes: 0,
            kept: false,
        })
    }

    fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.size_bytes += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    fn keep(mut self) -> io::Result<Stored> {
        self.file.sync_all()?;
        let hash = self.hasher.finalize().to_hex().to_string();
        let target = self.files.path(&hash);
        let folder = target.parent().unwrap_or(&self.files.folder).to_owned();
        fs::create_dir_all(&folder)?;
        fs::rename(&self.path, &target)?;
        self.kept = true;
        sync_folder(&folder)?;
        sync_folder(&self.files.folder)?;
        Ok(Stored { hash, size_bytes: self.size_bytes })
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if !self.kept {
            // What stays is removed at the next start.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A rename is only safe once its folder is; Windows has no such call and needs none.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}

struct Outgoing {
    queue: mpsc::Receiver<io::Result<Bytes>>,
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.queue.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
