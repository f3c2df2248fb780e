//! Files: the exact bytes of both upload forms, their refusals, and downloads.

mod fake;

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fake::{
    FakeSite, KEY, Step, TOKEN, client, failure, http, info, json, patient_client, plain, script, status,
};
use flow::{Api3, FlowErrorKind as Kind, Site, Upload};
use tempfile::TempDir;

const SIGNED: &str = "?X-Signature=SECRET-sig";

fn file(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("0f3a.log");
    fs::write(&path, bytes).expect("written");
    (folder, path)
}

fn upload<'a>(path: &'a Path, display_name: &'a str) -> Upload<'a> {
    Upload { entity_type: "Ticket", entity_id: 12, field: Some("attachments"), file: path, display_name }
}

fn signed_in_as_script(url: &str) -> Api3 {
    let mut site = client(url);
    site.set_credentials(script());
    site
}

#[test]
fn the_classic_form_byte_for_byte() {
    let (_folder, path) = file(b"line 1\r\n\xff\x00line 2");
    let running = fake::run(vec![info(false), plain("1:4711\nmore\n"), plain("1:4712")]);
    let mut site = signed_in_as_script(&running.url);
    assert_eq!(site.upload(&upload(&path, "C:\\logs\\한글 \"로그\".log")).expect("sent"), 4711);
    site.set_credentials(fake::session());
    let bare = Upload { field: None, ..upload(&path, "") };
    assert_eq!(site.upload(&bare).expect("sent"), 4712);

    let asked = running.asked();
    assert_eq!(asked[1].line(), "POST /upload/upload_file HTTP/1.1");
    let boundary = |index: usize| {
        let kind = asked[index].header("content-type").expect("a content type");
        kind.strip_prefix("multipart/form-data; boundary=").expect("multipart").to_owned()
    };
    let b = boundary(1);
    let mut expected = format!(
        "--{b}\r\nContent-Disposition: form-data; name=\"entity_type\"\r\n\r\nTicket\r\n\
         --{b}\r\nContent-Disposition: form-data; name=\"entity_id\"\r\n\r\n12\r\n\
         --{b}\r\nContent-Disposition: form-data; name=\"script_name\"\r\n\r\ntk incident\r\n\
         --{b}\r\nContent-Disposition: form-data; name=\"script_key\"\r\n\r\n{KEY}\r\n\
         --{b}\r\nContent-Disposition: form-data; name=\"field_name\"\r\n\r\nattachments\r\n\
         --{b}\r\nContent-Disposition: form-data; name=\"display_name\"\r\n\r\nC:\\logs\\한글 \"로그\".log\r\n\
         --{b}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"한글 _로그_.log\"\r\n\
         Content-Type: text/plain\r\nContent-Length: 16\r\n\r\n"
    )
    .into_bytes();
    expected.extend_from_slice(b"line 1\r\n\xff\x00line 2");
    expected.extend_from_slice(format!("\r\n--{b}--\r\n\r\n").as_bytes());
    assert!(asked[1].body == expected, "{}", String::from_utf8_lossy(&asked[1].body));

    let text = String::from_utf8_lossy(&asked[2].body);
    let token = format!("name=\"session_token\"\r\n\r\n{TOKEN}\r\n");
    assert!(text.contains(&token) && text.contains("name=\"reject_if_expired\"\r\n\r\nTrue\r\n"), "{text}");
    assert!(text.contains("filename=\"0f3a.log\"") && !text.contains("field_name"), "{text}");
    assert_ne!(b, boundary(2));
}

#[test]
fn the_storage_form_in_one_piece() {
    let (_folder, path) = file(b"evidence");
    let place = FakeSite::bind();
    let link =
        format!("1\n{}/bucket/key{SIGNED}\n2026-02-01T10:00:00Z\nAttachment\n\nextra & more\n", place.url);
    let put = Step::Say(http("204 No Content", "ETag: \"e1\"\r\n", b""));
    let running = place.run(vec![info(true), plain(&link), put, plain("1:88")]);
    let site = signed_in_as_script(&running.url);
    assert_eq!(site.upload(&upload(&path, "evidence 1.zip")).expect("sent"), 88);

    let asked = running.asked();
    assert_eq!(asked[1].line(), "POST /upload/api_get_upload_link_info HTTP/1.1");
    assert_eq!(asked[1].header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(
        asked[1].text(),
        format!(
            "upload_type=Attachment&filename=evidence+1.zip&multipart_upload=False&script_name=tk+incident&script_key={KEY}"
        )
    );
    assert_eq!(asked[2].line(), format!("PUT /bucket/key{SIGNED} HTTP/1.1"));
    assert_eq!(
        (asked[2].header("content-length"), asked[2].header("content-type")),
        (Some("8"), Some("application/zip"))
    );
    assert_eq!((asked[2].header("transfer-encoding"), asked[2].body.as_slice()), (None, &b"evidence"[..]));
    assert!(!asked[2].head.contains(KEY) && asked[2].header("cookie").is_none());
    assert_eq!(asked[3].line(), "POST /upload/api_link_file HTTP/1.1");
    let whole = link.replace('\n', "%0A").replace(':', "%3A").replace('/', "%2F").replace('?', "%3F");
    let whole = whole.replace('=', "%3D").replace('&', "%26").replace(' ', "+");
    assert_eq!(
        asked[3].text(),
        format!(
            "entity_type=Ticket&entity_id=12&upload_link_info={whole}&display_name=evidence+1.zip\
             &field_name=attachments&script_name=tk+incident&script_key={KEY}"
        )
    );
}

#[test]
fn the_storage_form_in_parts() {
    const SIZE: u64 = 45_000_000;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("big.zip");
    let mut sparse = File::create(&path).expect("created");
    sparse.set_len(SIZE).expect("sparse");
    for (at, byte) in
        [(0, b"a"), (19_999_999, b"b"), (20_000_000, b"c"), (40_000_000, b"d"), (SIZE - 1, b"e")]
    {
        sparse.seek(SeekFrom::Start(at)).and_then(|_| sparse.write_all(byte)).expect("marked");
    }

    let place = FakeSite::bind();
    let link = |part: u32| format!("1\n{}/bucket/part{part}{SIGNED}\n", place.url);
    let mut steps =
        vec![info(true), plain(&format!("{}2026-02-01T10:00:00Z\nAttachment\nup&load/7\n", link(1)))];
    for part in 1..=3 {
        steps.push(plain(&link(part)));
        steps.push(Step::Say(http("200 OK", &format!("ETag: \"e{part}\"\r\n"), b"")));
    }
    steps.extend([plain("1\n"), plain("1:99\n")]);
    let running = place.run(steps);
    assert_eq!(client(&running.url).upload(&upload(&path, "big.zip")).expect("sent"), 99);

    let asked = running.asked();
    let mut sent = Vec::new();
    for part in 1..=3_usize {
        let ask = &asked[2 * part];
        assert_eq!(ask.line(), "POST /upload/api_get_upload_link_for_part HTTP/1.1");
        let start = "upload_type=Attachment&filename=big.zip&timestamp=2026-02-01T10%3A00%3A00Z&upload_id=up%26load%2F7";
        let rest =
            format!("{start}&part_number={part}&session_token=tok-SECRET-7f3a%26%3D&reject_if_expired=True");
        assert_eq!(ask.text(), rest);
        let put = &asked[2 * part + 1];
        assert_eq!(put.line(), format!("PUT /bucket/part{part}{SIGNED} HTTP/1.1"));
        let length = put.body.len().to_string();
        assert_eq!(put.header("content-length"), Some(length.as_str()));
        sent.extend_from_slice(&put.body);
    }
    assert!(sent == fs::read(&path).expect("read"), "the parts are the file");
    assert_eq!(asked[8].line(), "POST /upload/api_complete_multipart_upload HTTP/1.1");
    assert!(asked[8].text().contains("&etags=%22e1%22%2C%22e2%22%2C%22e3%22&"), "{}", asked[8].text());
    assert_eq!(asked[9].line(), "POST /upload/api_link_file HTTP/1.1");
}

#[test]
fn refused_uploads() {
    let (_folder, path) = file(b"x");
    let cases = [
        (
            plain("0\nno such Ticket for tok-SECRET-7f3a&="),
            Kind::UploadRefused,
            false,
            "no such Ticket for ***",
        ),
        (plain("0"), Kind::UploadRefused, false, "no reason given"),
        (plain("1\n"), Kind::BadAnswer, true, "named no attachment"),
        (plain("<html>Guest Wi-Fi</html>"), Kind::BadAnswer, true, "neither yes nor no: Guest Wi-Fi"),
        (plain(""), Kind::BadAnswer, true, "neither"),
        (status("500 Oops", "", ""), Kind::ServerTrouble, true, "500"),
        (status("413 Too Large", "", "too large"), Kind::BadAnswer, false, "too large"),
        (Step::HangUp, Kind::Interrupted, true, "broke during upload to Ticket 12"),
    ];
    for (step, kind, may_have_happened, word) in cases {
        let running = fake::run(vec![info(false), step]);
        let error = failure(client(&running.url).upload(&upload(&path, "x.log")));
        assert_eq!((*error.kind(), error.may_have_happened()), (kind, may_have_happened), "{error}");
        assert!(error.to_string().contains(word), "{word:?} is missing in: {error}");
        assert_eq!(error.call(), "upload to Ticket 12");
    }
}

#[test]
fn trouble_with_storage() {
    let (_folder, path) = file(b"x");
    let expired = "<?xml version=\"1.0\"?><Error><Message>Request has expired</Message></Error>";
    let cases = [
        (status("403 Forbidden", "", expired), Kind::UploadRefused, "Request has expired"),
        (status("503 Slow Down", "Retry-After: 2\r\n", ""), Kind::Throttled, "busy"),
        (status("500 Oops", "", ""), Kind::ServerTrouble, "storage http://"),
        (Step::HangUp, Kind::Interrupted, "connection to storage"),
    ];
    for (step, kind, word) in cases {
        let place = FakeSite::bind();
        let link = format!("1\n{}/k{SIGNED}\nt\nAttachment\n\n", place.url);
        let running = place.run(vec![info(true), plain(&link), step]);
        let error = failure(client(&running.url).upload(&upload(&path, "x.log")));
        assert_eq!(
            (*error.kind(), error.may_have_happened()),
            (kind, false),
            "nothing is linked yet: {error}"
        );
        assert!(error.to_string().contains(word), "{word:?} is missing in: {error}");
        running.asked();
    }
    for link in ["1\n", "1\nnonsense SECRET\n", "1\nftp://x/SECRET\n", "1\n/relative?SECRET\n"] {
        let running = fake::run(vec![info(true), plain(link)]);
        let error = failure(client(&running.url).upload(&upload(&path, "x.log")));
        assert_eq!((*error.kind(), error.may_have_happened()), (Kind::BadAnswer, false), "{error}");
    }
}

#[test]
fn a_link_step_that_gets_no_answer_may_have_happened() {
    let (_folder, path) = file(b"x");
    let place = FakeSite::bind();
    let link = format!("1\n{}/k{SIGNED}\nt\nAttachment\n\n", place.url);
    let running = place.run(vec![info(true), plain(&link), status("200 OK", "", ""), Step::HangUp]);
    let error = failure(client(&running.url).upload(&upload(&path, "x.log")));
    assert_eq!((*error.kind(), error.may_have_happened()), (Kind::Interrupted, true));
}

#[test]
fn files_that_cannot_be_sent_cause_no_traffic() {
    let (folder, path) = file(b"");
    let missing = folder.path().join("gone.log");
    let running = fake::run(vec![info(false)]);
    let site = client(&running.url);
    for (path, word) in
        [(path.as_path(), "is empty"), (&missing, "cannot be opened"), (folder.path(), "file ")]
    {
        let error = failure(site.upload(&upload(path, "x.log")));
        assert_eq!((*error.kind(), error.may_have_happened()), (Kind::File, false), "{error}");
        assert!(error.to_string().contains(word), "{error}");
    }
    assert_eq!(running.count(), 0);
}

#[test]
fn a_file_that_changes_while_it_is_sent() {
    let (_folder, path) = file(b"");
    let truncated = path.clone();
    File::create(&path).and_then(|file| file.set_len(64 << 20)).expect("large");
    let cut = Step::Do(Box::new(move |reader| {
        OpenOptions::new().write(true).open(&truncated).and_then(|file| file.set_len(1)).expect("cut");
        let _ = std::io::copy(reader, &mut std::io::sink());
    }));
    let running = fake::run(vec![info(false), cut]);
    let error = failure(client(&running.url).upload(&upload(&path, "x.log")));
    assert_eq!((*error.kind(), error.may_have_happened()), (Kind::File, false), "{error}");
    assert!(error.to_string().contains("became shorter"), "{error}");

    // One that grows is sent as long as it was.
    fs::write(&path, b"12345").expect("written");
    let grown = path.clone();
    let grow = Step::Do(Box::new(move |reader| {
        OpenOptions::new()
            .append(true)
            .open(&grown)
            .and_then(|mut file| file.write_all(b"67"))
            .expect("grown");
        let mut last = String::new();
        while !last.ends_with("--\r\n") {
            last.clear();
            reader.read_line(&mut last).expect("a line");
        }
        reader.get_mut().write_all(&http("200 OK", "", b"1:5")).expect("answered");
    }));
    let running = fake::run(vec![info(false), grow]);
    assert_eq!(client(&running.url).upload(&upload(&path, "x.log")).expect("sent"), 5);
}

#[test]
fn a_slow_line_gets_time_by_the_size_of_the_file() {
    let (_folder, path) = file(b"");
    File::create(&path).and_then(|file| file.set_len(24 << 20)).expect("large");
    let slowly = Step::Do(Box::new(|reader| {
        let mut block = vec![0; 128 * 1024];
        let mut end = Vec::new();
        while !end.ends_with(b"--\r\n\r\n") {
            // All of it takes several times as long as the site may be silent.
            std::thread::sleep(std::time::Duration::from_millis(25));
            let count = std::io::Read::read(reader, &mut block).expect("more");
            assert_ne!(count, 0, "the client has given up");
            end = block[count.saturating_sub(6)..count].to_vec();
        }
        reader.get_mut().write_all(&http("200 OK", "", b"1:7")).expect("answered");
    }));
    let running = fake::run(vec![info(false), slowly]);
    assert_eq!(patient_client(&running.url, 1_500).upload(&upload(&path, "x.log")).expect("sent"), 7);
    running.asked();
}

#[test]
fn downloads_follow_the_site_to_its_storage() {
    let bytes: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
    let storage = FakeSite::bind();
    let to_storage = format!("Location: {}/bucket/k{SIGNED}\r\n", storage.url);
    let storage = storage.run(vec![Step::Say(http("200 OK", "Content-Type: text/plain\r\n", &bytes))]);
    let running = fake::run(vec![
        json(r#"{"results":{"session_id":"minted-SECRET"}}"#),
        status("302 Found", "Location: /file_serve/other\r\n", ""),
        status("302 Found", &to_storage, ""),
    ]);
    let mut got = Vec::new();
    assert_eq!(signed_in_as_script(&running.url).download(4711, &mut got).expect("bytes"), 200_000);
    assert!(got == bytes);
    let asked = running.asked();
    assert_eq!(asked[1].line(), "GET /file_serve/attachment/4711 HTTP/1.1");
    assert_eq!(asked[1].header("cookie"), Some("_session_id=minted-SECRET"));
    assert_eq!(asked[2].line(), "GET /file_serve/other HTTP/1.1");
    let asked = storage.asked();
    assert_eq!(asked[0].line(), format!("GET /bucket/k{SIGNED} HTTP/1.1"));
    assert_eq!(asked[0].header("cookie"), None, "our session goes to the site only");
}

#[test]
fn downloads_that_fail() {
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf".to_vec();
    let cases = [
        (status("400 Bad Request", "", ""), Kind::Fault, "does not exist"),
        (status("409 Conflict", "", ""), Kind::Fault, "malware scan"),
        (status("410 Gone", "", ""), Kind::Fault, "quarantine"),
        (status("403 Forbidden", "", "no tok-SECRET-7f3a&="), Kind::Forbidden, "no ***"),
        (status("500 Oops", "", ""), Kind::ServerTrouble, "500"),
        (
            status("302 Found", "Location: https://s/saml/saml_login_request\r\n", ""),
            Kind::SsoRedirect,
            "SSO",
        ),
        (status("302 Found", "Location: ftp://x/SECRET\r\n", ""), Kind::BadAnswer, "ftp://x"),
        (status("302 Found", "", ""), Kind::BadAnswer, "another page"),
        (Step::Say(half.clone()), Kind::Interrupted, "broke during download"),
        (Step::SayAndStall(half), Kind::Timeout, "went silent"),
        (Step::HangUp, Kind::Interrupted, "broke"),
        (Step::Stall, Kind::Timeout, "went silent"),
    ];
    for (step, kind, word) in cases {
        let running = fake::run(vec![step]);
        let error = failure(patient_client(&running.url, 400).download(1, &mut Vec::new()));
        assert_eq!((*error.kind(), error.may_have_happened()), (kind, false), "{error}");
        assert!(error.to_string().contains(word), "{word:?} is missing in: {error}");
        running.asked();
    }
    let round = || status("302 Found", "Location: /file_serve/round\r\n", "");
    let running = fake::run((0..5).map(|_| round()).collect());
    let error = failure(client(&running.url).download(1, &mut Vec::new()));
    assert!(error.to_string().contains("in circles"), "{error}");

    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let running = fake::run(vec![plain("bytes")]);
    assert_eq!(*failure(client(&running.url).download(1, &mut Full)).kind(), Kind::File);
}
