//! Runs a desk until it is killed, printing the line that `tk-incident desk --json` prints: `desk desk --json --data DIR`.

use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| {
        arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1))
    };
    let data = value("--data").ok_or("usage: desk desk --json --data DIR")?;
    let uploads = match value("--uploads").map(String::as_str) {
        Some("storage") => desk::UploadForm::Storage,
        _ => desk::UploadForm::Classic,
    };
    let mut options = desk::DeskOptions { data: data.into(), uploads, ..desk::DeskOptions::default() };
    if let Some(listen) = value("--listen") {
        options.listen = listen.parse()?;
    }
    let desk = desk::Desk::start(options)?;
    let mut out = std::io::stdout();
    serde_json::to_writer(&mut out, desk.ready())?;
    writeln!(out)?;
    out.flush()?;
    loop {
        std::thread::park();
    }
}
