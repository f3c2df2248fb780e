//! Client of the Flow Production Tracking API (api3, the JSON protocol Toolkit itself speaks).
//!
//! Owns: the wire of api3 and of both upload forms, proxies, certificates, timeouts, size limits, and one typed
//! error that tells the caller what went wrong and whether a write may have happened all the same.
//!
//! Deliberately absent: policy, queues and retries (a failed request is reported, never repeated: a create that is
//! sent twice is two tickets), redirects (except for downloads, where storage is one redirect away), cookies, SOCKS
//! and PAC proxies, HTTP authentication in front of a site, and any knowledge of incidents. Nothing is read from the
//! environment but `NO_PROXY`.
//!
//! Start at [`connect`], which gives an [`Api3`]; callers that want to be testable take a [`Site`].
#![forbid(unsafe_code)]

mod answer;
mod api3;
mod body;
mod conceal;
mod credentials;
mod download;
mod envelope;
mod error;
mod filter;
mod find;
mod form;
mod info;
mod options;
mod proxy;
mod row;
mod schema;
mod site;
mod transport;
mod trouble;
mod trust;
mod upload;
mod url;

pub use api3::{Api3, connect};
pub use credentials::Credentials;
pub use error::{FlowError, FlowErrorKind};
pub use filter::Filter;
pub use find::{Direction, Find};
pub use info::{SiteInfo, UploadForm};
pub use options::SiteOptions;
pub use row::{Fields, Link, Row};
pub use schema::EntityFields;
pub use site::Site;
pub use upload::Upload;
