//! Opening files beneath one directory, and nowhere else.
//!
//! BENEATH: every descriptor that is opened here is reached from the root's own by names that are
//! neither `..` nor symbolic links, one directory at a time. So it lies beneath the root, whatever
//! is renamed or replaced meanwhile.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use percent_encoding::percent_decode;
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;

use crate::reply::Status;

/// The directory that is served.
#[derive(Debug)]
pub(crate) struct Root {
    directory: OwnedFd,
    /// Its absolute path, free of links: what a link that is followed has to stay below.
    path: PathBuf,
}

/// What a path leads to.
#[derive(Debug)]
pub(crate) enum Found {
    Page(Page),
    /// A directory without an index page.
    Directory(OwnedFd),
    /// A directory whose path does not end in a slash, so that its relative links would go wrong.
    WithoutSlash,
}

/// A regular file, ready to be sent.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) file: File,
    pub(crate) length: u64,
    pub(crate) modified: Option<SystemTime>,
    /// What the content types of text and pictures are told by.
    pub(crate) kind: Option<&'static str>,
}

const INDEX: &str = "index.html";

impl Root {
    /// Opens the directory.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let because =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        let real = path.canonicalize().map_err(because)?;
        let directory = openat(CWD, &real, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .map_err(|error| because(error.into()))?;
        Ok(Self { directory, path: real })
    }

    /// A descriptor for nothing but to be given up.
    pub(crate) fn spare(&self) -> io::Result<OwnedFd> {
        self.directory.try_clone()
    }

    /// What the path of a request leads to.
    ///
    /// Escapes are decoded before anything is looked for, so that `%2e%2e%2f` is what it means.
    pub(crate) fn find(&self, path: &str) -> Result<Found, Status> {
        let decoded = decode(path)?;
        let relative = Path::new(OsStr::from_bytes(without_slashes(&decoded)));
        if relative.components().any(|part| matches!(part, Component::ParentDir)) {
            return Err(Status::FORBIDDEN);
        }
        let opened = File::from(self.beneath(relative).map_err(refusal)?);
        let metadata = opened.metadata().map_err(|_| Status::INTERNAL)?;
        let is_directory_path = decoded.ends_with(b"/");
        if metadata.is_dir() {
            return match is_directory_path {
                true => index(opened.into()),
                false => Ok(Found::WithoutSlash),
            };
        }
        if is_directory_path {
            return Err(Status::NOT_FOUND);
        }
        page(opened, &metadata, relative).map(Found::Page)
    }

    /// Opens what is at `path`. Links are followed if they stay below the root.
    fn beneath(&self, path: &Path) -> Result<OwnedFd, Errno> {
        match walk(&self.directory, path) {
            Err(error) if error != Errno::NOENT => {
                // Systems say in different ways that a name is a link. Ask where it leads, and
                // walk there, where no link is on the way unless somebody has just made one.
                let real = self.path.join(path).canonicalize();
                let real =
                    real.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
                match real.strip_prefix(&self.path) {
                    Ok(inside) => walk(&self.directory, inside),
                    Err(_) => Err(Errno::ACCESS),
                }
            }
            result => result,
        }
    }
}

/// Opens each part of `path` in the one before it, and follows no link. BENEATH.
fn walk(root: &OwnedFd, path: &Path) -> Result<OwnedFd, Errno> {
    // Without NONBLOCK, to open a named pipe would wait for somebody to write to it.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let mut parts = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name),
        _ => None,
    });
    let mut name = parts.next().unwrap_or(OsStr::new("."));
    let mut directory: Option<OwnedFd> = None;
    loop {
        let here = directory.as_ref().unwrap_or(root).as_fd();
        match parts.next() {
            Some(next) => {
                let step = openat(here, name, flags | OFlags::DIRECTORY, Mode::empty())?;
                directory = Some(step);
                name = next;
            }
            None => return openat(here, name, flags, Mode::empty()),
        }
    }
}

/// The index page of a directory, if it has one, else the directory.
fn index(directory: OwnedFd) -> Result<Found, Status> {
    let name = Path::new(INDEX);
    match walk(&directory, name) {
        Ok(file) => {
            let file = File::from(file);
            let metadata = file.metadata().map_err(|_| Status::INTERNAL)?;
            page(file, &metadata, name).map(Found::Page)
        }
        Err(Errno::NOENT) => Ok(Found::Directory(directory)),
        Err(error) => Err(refusal(error)),
    }
}

fn page(file: File, metadata: &Metadata, path: &Path) -> Result<Page, Status> {
    if !metadata.is_file() {
        // A device, a pipe or a socket.
        return Err(Status::FORBIDDEN);
    }
    Ok(Page {
        file,
        length: metadata.len(),
        modified: metadata.modified().ok(),
        kind: mime_guess::from_path(path).first_raw(),
    })
}

/// The bytes of a path without escapes. A file's name has no NUL.
fn decode(path: &str) -> Result<Cow<'_, [u8]>, Status> {
    let decoded: Cow<'_, [u8]> = percent_decode(path.as_bytes()).into();
    if decoded.contains(&0) { Err(Status::BAD_REQUEST) } else { Ok(decoded) }
}

/// `join` with an absolute path would leave the root.
fn without_slashes(mut path: &[u8]) -> &[u8] {
    while let Some(rest) = path.strip_prefix(b"/") {
        path = rest;
    }
    path
}

/// What a client is told when the system refuses a file.
fn refusal(error: Errno) -> Status {
    match error {
        Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG => Status::NOT_FOUND,
        // The last: a link that leads to itself, or one that was put there meanwhile.
        Errno::ACCESS | Errno::PERM | Errno::LOOP => Status::FORBIDDEN,
        // A socket cannot be opened.
        Errno::NXIO => Status::FORBIDDEN,
        Errno::MFILE | Errno::NFILE | Errno::NOMEM => Status::UNAVAILABLE,
        _ => Status::INTERNAL,
    }
}
