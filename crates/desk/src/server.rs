//! The routes, and the thread that serves them.

pub(crate) mod connection;
pub(crate) mod tls;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{get, post, put};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::access::{gate, sign_in};
use crate::files::{download, storage, thumbnail, upload};
use crate::injection::plan::FaultPlan;
use crate::injection::{door as fault_door, layer as fault_layer};
use crate::page::live::Live;
use crate::rows::picture;
use crate::site::Site;
use crate::{api3, page, rest};

/// How long running requests may take to finish when the desk stops.
const FAREWELL: Duration = Duration::from_secs(3);

/// The thread `desk` with its current-thread runtime.
pub(crate) struct Server {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    routes: Router,
}

impl Server {
    /// Serves `site` on a bound listener.
    pub(crate) fn start(
        site: Site,
        faults: &Arc<FaultPlan>,
        script_name: &str,
        listener: std::net::TcpListener,
        tls: Option<TlsAcceptor>,
    ) -> std::io::Result<Server> {
        listener.set_nonblocking(true)?;
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(32).build()?;
        let listener = {
            let _entered = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let live = Arc::clone(&site.live);
        let routes = routes(Arc::new(site), faults, script_name);
        let served = routes.clone();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("desk".to_owned()).spawn(move || {
            runtime.block_on(async {
                let (told, stopped) = ending(stopped, live);
                tokio::spawn(told);
                connection::serve(served, listener, tls, stopped, FAREWELL).await;
            });
            // Blocking work that outlives its connection ends by itself; half files are not kept.
            runtime.shutdown_timeout(FAREWELL);
        })?;
        Ok(Server { stop: Some(stop), thread: Some(thread), routes })
    }

    /// What is served, to be asked without a connection.
    pub(crate) fn routes(&self) -> Router {
        self.routes.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // An error means the thread has ended already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Streams of news would keep their connections open: they end when the desk is told to.
fn ending(
    stopped: oneshot::Receiver<()>,
    live: Arc<Live>,
) -> (impl Future<Output = ()> + Send + 'static, oneshot::Receiver<()>) {
    let (tell, told) = oneshot::channel();
    let end = async move {
        // An error means the desk is gone, which is an end too.
        let _ = stopped.await;
        live.end();
        let _ = tell.send(());
    };
    (end, told)
}

/// What people look at, behind the gate.
fn pages(site: &Arc<Site>) -> Router<Arc<Site>> {
    page::routes().merge(sign_in::routes()).route_layer(from_fn_with_state(Arc::clone(site), gate::gate))
}

fn routes(site: Arc<Site>, faults: &Arc<FaultPlan>, script_name: &str) -> Router {
    let routes = Router::new()
        .route("/api3/json", post(api3::call))
        .route("/api3/track_metrics/", post(api3::track_metrics))
        .route("/upload/upload_file", post(upload::upload_file))
        .route("/upload/publish_thumbnail", post(thumbnail::publish))
        .route("/upload/share_thumbnail", post(thumbnail::share))
        .route("/upload/api_get_upload_link_info", post(upload::link_info))
        .route("/upload/api_get_upload_link_for_part", post(upload::link_for_part))
        .route("/upload/api_complete_multipart_upload", post(upload::complete))
        .route("/upload/api_link_file", post(upload::link_file))
        .route("/storage/{upload}/{part}", put(storage::put))
        .route("/file_serve/attachment/{id}", get(download::attachment))
        .route(&format!("{}/{{id}}", picture::PICTURES), get(thumbnail::picture))
        .route(picture::PENDING, get(thumbnail::pending))
        .merge(pages(&site))
        .merge(rest::routes())
        // Every handler that takes a body counts it by itself, with a limit of its own.
        .layer(DefaultBodyLimit::disable())
        .with_state(Arc::clone(&site))
        .merge(fault_door::routes(faults, &site, script_name));
    let secure = site.scheme == "https";
    let layer = fault_layer::Layer { plan: Arc::clone(faults), site };
    let routes = routes.layer(from_fn_with_state(layer, fault_layer::trouble));
    if secure { routes.layer(map_response(by_tls_only)) } else { routes }
}

/// Browsers that have seen the desk by TLS do not ask for it in clear.
async fn by_tls_only(mut response: Response) -> Response {
    let value = HeaderValue::from_static("max-age=2592000");
    response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, value);
    response
}
