//! The API over real HTTP, on the example store: what it answers, whom it refuses, and that its document says so.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

use jiff::Timestamp;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use trueup_server::{
    Connection, Desk, Desks, Service, Surroundings, Timing, document, first_operator, serve, token_for,
};
use trueup_store::audit::{Checkpoint, SigningKey};
use trueup_store::{Location, OpenOptions, Store};

const LICENSE: &str = "C10-0000321-LIC";

/// A clock that stands, and randomness that can be told again.
struct Still(AtomicU8);

impl Surroundings for Still {
    fn now(&self) -> Timestamp {
        "2026-03-09T18:00:00Z".parse().unwrap()
    }

    fn random(&self) -> [u8; 32] {
        [self.0.fetch_add(1, Ordering::Relaxed); 32]
    }
}

fn signing_key() -> SigningKey {
    SigningKey::new("trueup/test", [9; 32]).unwrap()
}

struct Api {
    folder: tempfile::TempDir,
    license: String,
    url: String,
    password: String,
    token: String,
    client: reqwest::Client,
    _stop: tokio::sync::oneshot::Sender<()>,
}

mod movements;
mod sync;

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}

impl Api {
    /// A service over the example store that has looked once.
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/harbor-street");
        copy(&example, &folder.path().join("store"));
        Self::over(folder, LICENSE, None).await
    }

    /// A service over the store in a folder, which is pulled where there is a connection.
    async fn over(folder: tempfile::TempDir, license: &str, connection: Option<Connection>) -> Self {
        let surroundings: Arc<dyn Surroundings> = Arc::new(Still(AtomicU8::new(1)));
        let location = Location::Sqlite(folder.path().join("books.db"));
        let store = Arc::new(Store::open(&location, &OpenOptions::new(surroundings.now(), "i-api")).unwrap());
        let (login, password) = first_operator(&store, &*surroundings).unwrap().unwrap();
        assert!(first_operator(&store, &*surroundings).unwrap().is_none(), "a second operator");
        let token = token_for(&store, &*surroundings, (&login, "test")).unwrap();
        let timing = Timing { watch: Duration::from_millis(50), ..Timing::default() };
        let desks = Arc::new(Desks::new([Desk::new(license, folder.path().join("store"), connection, timing)]));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let service = Service::new(store, desks, surroundings);
        service.start();
        service.sign_hourly(signing_key(), Some(folder.path().to_owned()));
        tokio::spawn(serve(listener, service, async {
            drop(stopped.await);
        }));
        // The TLS library of the state's client has to be chosen once for a process.
        drop(trueup_metrc::client::Http::new("http://127.0.0.1:1"));
        let client = reqwest::Client::builder().build().unwrap();
        let api = Self { folder, license: license.to_owned(), url, password, token, client, _stop: stop };
        for _ in 0..1_200 {
            if api.open(Method::GET, "/readyz").await.status() == StatusCode::OK {
                return api;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("it never got ready");
    }

    async fn open(&self, method: Method, path: &str) -> Response {
        self.client.request(method, format!("{}{path}", self.url)).send().await.unwrap()
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&'static str, &str)],
    ) -> Response {
        let path = path.replace("{license}", &self.license);
        let mut request = self.client.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json").body(body.to_string());
        }
        request.send().await.unwrap()
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        read(self.ask(Method::GET, path, None, &[]).await).await
    }
}

async fn read(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// The document stands in the repository, so that a change of it is seen.
#[test]
fn the_document_is_the_one_in_the_repository() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schemas/openapi.v1.json");
    let text = document().unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert!(
        std::fs::read_to_string(path).unwrap() == text,
        "the API changed: look at it, then run with UPDATE_GOLDEN=1"
    );
}

/// Every route of the document is there, and all but those that say otherwise need a token.
#[tokio::test]
async fn who_does_not_say_who_he_is_is_refused() {
    let api = Api::start().await;
    let document: Value = serde_json::from_str(&document().unwrap()).unwrap();
    let mut walked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let is_open = operation["security"].as_array().is_some_and(|it| it.iter().all(|it| it == &json!({})));
            let filled = path
                .replace("{license}", LICENSE)
                .replace("{package}", "1A4060300002EE1000000012")
                .replace("{id}", "d-1")
                .replace("{plan}", "plan-1")
                .replace("{submission}", "plan-1-1")
                .replace("{form}", "csv");
            let method: Method = method.to_uppercase().parse().unwrap();
            let status = api.open(method.clone(), &filled).await.status();
            assert_eq!(status == StatusCode::UNAUTHORIZED, !is_open, "{method} {path}: {status}");
            assert_ne!(status, StatusCode::NOT_FOUND, "{method} {path}");
            // What is answered is in the document.
            assert!(operation["responses"].get(status.as_str()).is_some(), "{method} {path} answered {status}");
            walked += 1;
        }
    }
    assert!(walked >= 18, "{walked}");
    let wrong = api.client.get(format!("{}/api/v1/me", api.url)).bearer_auth("tu_wrong").send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(api.open(Method::GET, "/nowhere").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(api.open(Method::PUT, "/healthz").await.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn logging_in_and_out() {
    let api = Api::start().await;
    let log_in = |password: &str| {
        let body = json!({ "name": "operator", "password": password });
        let request = api.client.post(format!("{}/api/v1/session", api.url)).header("Content-Type", "application/json");
        request.body(body.to_string()).send()
    };
    let (status, problem) = read(log_in("wrong").await.unwrap()).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::UNAUTHORIZED, Some("wrong_log_in")));
    let (status, session) = read(log_in(&api.password).await.unwrap()).await;
    assert_eq!(status, StatusCode::CREATED);
    let token = session["token"].as_str().unwrap();
    let me = || api.client.get(format!("{}/api/v1/me", api.url)).bearer_auth(token).send();
    let (_, who) = read(me().await.unwrap()).await;
    assert_eq!(who["login"], "operator");
    let out = api.client.delete(format!("{}/api/v1/session", api.url)).bearer_auth(token).send().await.unwrap();
    assert_eq!(out.status(), StatusCode::NO_CONTENT);
    assert_eq!(me().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    // What the books keep of a token is no token.
    let bytes = std::fs::read(api.folder.path().join("books.db-wal")).unwrap();
    assert!(!bytes.windows(token.len()).any(|window| window == token.as_bytes()));
}

#[tokio::test]
async fn the_list_comes_in_pages_and_as_files() {
    let api = Api::start().await;
    let (_, license) = api.get("/api/v1/licenses/{license}").await;
    let differ = license["differ"].as_u64().unwrap();
    assert!(differ > 5 && license["look_trouble"].is_null(), "{license}");
    let mut packages = Vec::new();
    let mut cursor = String::new();
    loop {
        let (status, page) = api.get(&format!("/api/v1/licenses/{{license}}/discrepancies?limit=2{cursor}")).await;
        assert_eq!((status, page["total"].as_u64().unwrap()), (StatusCode::OK, differ));
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        packages.extend(items.iter().map(|item| item["discrepancy"]["package"].as_str().unwrap().to_owned()));
        assert!(items.iter().all(|item| item["id"].is_string() && item["discovered_at"].is_string()), "{page}");
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(u64::try_from(packages.len()).unwrap(), differ);
    assert!(packages.is_sorted());
    let (_, some) = api.get("/api/v1/licenses/{license}/discrepancies?cause=sale_not_reported").await;
    let total = some["total"].as_u64().unwrap();
    assert!((1..differ).contains(&total), "{total}");
    for bad in ["limit=0", "limit=501", "limit=x", "colour=red"] {
        let (status, problem) = api.get(&format!("/api/v1/licenses/{{license}}/discrepancies?{bad}")).await;
        assert_eq!((status, problem["code"].as_str()), (StatusCode::BAD_REQUEST, Some("bad_request")), "{bad}");
    }
    assert_eq!(api.get("/api/v1/licenses/OTHER/discrepancies").await.0, StatusCode::NOT_FOUND);
    let csv = api.ask(Method::GET, "/api/v1/licenses/{license}/exports/discrepancies/csv", None, &[]).await;
    assert_eq!(csv.headers()["content-disposition"], "attachment; filename=\"discrepancies.csv\"");
    let text = csv.text().await.unwrap();
    assert!(packages.iter().all(|package| text.contains(package)));
    let worksheet = api.ask(Method::GET, "/api/v1/licenses/{license}/exports/worksheet", None, &[]).await;
    let text = worksheet.text().await.unwrap();
    // The example's sales of an hour without the internet are sent again from the POS.
    assert!(text.lines().any(|line| line.contains("send receipt 88113 again,resend_receipt,88113")), "{text}");
    assert!(!text.contains("void_receipt"), "a step of the state: {text}");
    let xlsx = api.ask(Method::GET, "/api/v1/licenses/{license}/exports/discrepancies/xlsx", None, &[]).await;
    assert!(xlsx.bytes().await.unwrap().starts_with(b"PK"));
    assert_eq!(api.get("/api/v1/licenses/{license}/exports/discrepancies/pdf").await.0, StatusCode::NOT_FOUND);
    let (_, incidents) = api.get("/api/v1/licenses/{license}/incidents").await;
    assert!(!incidents.as_array().unwrap().is_empty());
}

#[tokio::test]
async fn people_write_notes_and_take_work() {
    let api = Api::start().await;
    let (_, page) = api.get("/api/v1/licenses/{license}/discrepancies?limit=1").await;
    let item = &page["items"][0];
    let (id, package) = (item["id"].as_str().unwrap(), item["discrepancy"]["package"].as_str().unwrap());
    let whole = format!("/api/v1/licenses/{{license}}/packages/{package}/discrepancy");
    let seen = api.ask(Method::GET, &whole, None, &[]).await;
    let tag = seen.headers()["etag"].to_str().unwrap().to_owned();
    let notes = format!("/api/v1/licenses/{{license}}/discrepancies/{id}/notes");
    let written = api.ask(Method::POST, &notes, Some(&json!({ "text": "asked Sam" })), &[]).await;
    assert_eq!(written.status(), StatusCode::NO_CONTENT);
    let assignee = format!("/api/v1/licenses/{{license}}/discrepancies/{id}/assignee");
    let body = json!({ "assignee": "Dana" });
    let unseen = read(api.ask(Method::PUT, &assignee, Some(&body), &[]).await).await;
    assert_eq!(unseen.0, StatusCode::PRECONDITION_REQUIRED);
    let given = api.ask(Method::PUT, &assignee, Some(&body), &[("If-Match", &tag)]).await;
    assert_eq!(given.status(), StatusCode::NO_CONTENT);
    let late = read(api.ask(Method::PUT, &assignee, Some(&body), &[("If-Match", &tag)]).await).await;
    assert_eq!((late.0, late.1["code"].as_str()), (StatusCode::PRECONDITION_FAILED, Some("changed_meanwhile")));
    let (_, whole) = api.get(&whole).await;
    assert_eq!(whole["assignee"], "Dana");
    let kinds: Vec<&str> = whole["history"].as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["state", "note", "assignment"]);
    for (body, status) in [
        (json!({ "text": "" }), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({ "text": "x".repeat(4_001) }), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({ "words": "x" }), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({ "text": "x".repeat(300_000) }), StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        assert_eq!(read(api.ask(Method::POST, &notes, Some(&body), &[]).await).await.0, status);
    }
    let nowhere = "/api/v1/licenses/{license}/discrepancies/d-none/notes";
    let missing = read(api.ask(Method::POST, nowhere, Some(&json!({ "text": "x" })), &[]).await).await;
    assert_eq!(missing.0, StatusCode::NOT_FOUND);
    let (status, life) = api.get(&format!("/api/v1/licenses/{{license}}/packages/{package}")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(life["discrepancies"][0]["id"], id);
    assert!(!life["movements"].as_array().unwrap().is_empty());
    assert_eq!(api.get("/api/v1/licenses/{license}/packages/none").await.0, StatusCode::BAD_REQUEST);
    let unknown = "/api/v1/licenses/{license}/packages/1A4060300002EE1999999999";
    assert_eq!(api.get(unknown).await.0, StatusCode::NOT_FOUND);
}

/// A new export lies in the folder: whoever listens is told, and the list is another one. A bad one changes nothing.
#[tokio::test]
async fn a_new_export_is_seen_and_a_bad_one_changes_nothing() {
    let api = Api::start().await;
    let (_, before) = api.get("/api/v1/licenses/{license}").await;
    let mut events = api.ask(Method::GET, "/api/v1/events", None, &[]).await;
    let sales = api.folder.path().join("store/pos/sales.csv");
    let text = std::fs::read_to_string(&sales).unwrap();
    std::fs::write(&sales, text.replacen(",", ";", 3)).unwrap();
    let told = String::from_utf8(events.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(told.contains("event: trouble"), "{told}");
    let (_, troubled) = api.get("/api/v1/licenses/{license}").await;
    assert!(troubled["look_trouble"].as_str().unwrap().contains("pos/sales.csv"), "{troubled}");
    assert_eq!(troubled["differ"], before["differ"]);
    // A sale of a package that agreed is no more.
    let (_, page) = api.get("/api/v1/licenses/{license}/discrepancies").await;
    let items = page["items"].as_array().unwrap();
    let differs = |line: &str| items.iter().any(|item| line.contains(item["discrepancy"]["package"].as_str().unwrap()));
    let gone = text.lines().skip(1).find(|line| !differs(line)).unwrap();
    let without: Vec<&str> = text.lines().filter(|line| *line != gone).collect();
    std::fs::write(&sales, without.join("\n") + "\n").unwrap();
    let told = String::from_utf8(events.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(told.contains("event: list_changed"), "{told}");
    let (_, after) = api.get("/api/v1/licenses/{license}").await;
    assert!(after["look_trouble"].is_null());
    assert_eq!(after["differ"].as_u64().unwrap(), before["differ"].as_u64().unwrap() + 1);
}

/// The logs are signed at once, and then every hour; the notes lie where they were asked for.
#[tokio::test]
async fn how_long_the_logs_are_is_signed() {
    let api = Api::start().await;
    let notes = || -> Vec<PathBuf> {
        let files = std::fs::read_dir(api.folder.path()).unwrap().map(|file| file.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|it| it == "note")).collect()
    };
    for _ in 0..200 {
        if !notes().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let note = std::fs::read_to_string(&notes()[0]).unwrap();
    let checkpoint = Checkpoint::read(&note, &signing_key().verifying_key()).unwrap();
    assert!(checkpoint.size > 0, "{checkpoint:?}");
}
