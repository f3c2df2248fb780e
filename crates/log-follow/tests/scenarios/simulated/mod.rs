//! A file system in memory that does to logs what real ones, people and other programs do, and that fails on demand.
//!
//! [`World`] is what exists; [`SimulatedDisk`] is how the follower sees it; [`Handler`] writes as Toolkit does;
//! [`SimulatedEvents`] tells, loses or makes up directory events; [`Bench`] puts a follower before it.

mod bench;
mod disk;
mod events;
mod faults;
mod handler;
mod world;

pub(crate) use bench::{Bench, assert_whole, lines};

pub(crate) use events::Hearing;
pub(crate) use faults::{Call, errno};
pub(crate) use handler::Handler;
pub(crate) use world::World;
