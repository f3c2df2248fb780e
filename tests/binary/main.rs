//! The real program through its front door: started as people and Toolkit start it, against a real desk.
//!
//! `world.rs` holds the one way these tests touch the program; the other files are grouped by what is promised.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod at_login;
// Where the system is asked to take memory back.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod at_rest;
mod autostart;
mod canary;
mod capture;
mod certificates;
mod channel;
mod commands;
mod desk_data;
mod doctor;
mod evidence;
mod explain;
mod fault_matrix;
mod faulty_proxy;
mod folding;
mod gaps;
mod gate;
mod guides;
mod hand_over;
mod in_flight;
mod kill_loop;
mod late_lines;
mod limits;
#[cfg(target_os = "linux")]
mod misconfigured;
mod mute;
mod promises;
#[cfg(unix)]
mod real_proxy;
mod report;
mod scan;
mod sites;
mod status;
mod storm;
mod ten_tickets;
mod ticket;
mod trouble;
#[cfg(windows)]
mod windows;
mod world;
