//! Repairs over HTTP, with a simulated state system behind the service.

use crate::{Api, read};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use trueup_server::{Connection, Gate, Limits};
use trueup_sim::metrc::{Faults as Weather, Served};
use trueup_sim::{Faults, StoreOptions, live_with_server};

/// What the simulated state takes at once.
const AT_ONCE: Limits =
    Limits { facility_rate: 5_000, vendor_rate: 5_000, facility_at_once: 10, vendor_at_once: 10, share: 100 };

/// A store after its weeks, its state behind a port, and the service over both.
async fn lived() -> (Api, Arc<Served>) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("store");
    let options =
        StoreOptions { faults: Faults::Share { parts: 4, of: 100 }, packages: 120, ..StoreOptions::new(993_001) };
    let (_, mut server) = live_with_server(&options, &root, &mut |_, _| {}).unwrap();
    server.lift_limits();
    let settings = trueup_intake::read_settings(&root, None).unwrap();
    std::fs::write(root.join("pos/as_of.txt"), settings.pos_as_of.to_string()).unwrap();
    let license = server.licences()[0].clone();
    let keys = (server.vendor_keys()[0].to_owned(), server.employees()[0].key.clone());
    let end = settings.as_of;
    let served = Arc::new(Served::new(server, Weather::none(), end));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(trueup_sim::metrc::serve(listener, Arc::clone(&served)));
    let connection = Connection::new(&url, (&keys.0, &keys.1), (end, 1), Gate::new(AT_ONCE)).unwrap();
    (Api::over(folder, &license, Some(connection)).await, served)
}

#[tokio::test]
async fn a_repair_is_proposed_applied_and_gone() {
    let (api, served) = lived().await;
    let (_, page) = api.get("/api/v1/licenses/{license}/discrepancies?limit=500").await;
    let all: Vec<&str> =
        page["items"].as_array().unwrap().iter().map(|it| it["discrepancy"]["package"].as_str().unwrap()).collect();
    let ask = async |path: &str, body: Value| read(api.ask(Method::POST, path, Some(&body), &[]).await).await;
    let plans = "/api/v1/licenses/{license}/plans";
    let (status, everything) = ask(plans, json!({ "packages": all, "why": "all of it" })).await;
    assert_eq!(status, StatusCode::CREATED, "{everything}");
    // Packages that are repaired by us alone.
    let steps = everything["steps"].as_array().unwrap();
    let is_ours = |tag: &&str| steps.iter().filter(|it| it["package"] == *tag).all(|it| it["doer"] == "trueup");
    let ours: Vec<&str> = all.iter().copied().filter(is_ours).collect();
    assert!(ours.len() >= 2, "{ours:?}");
    let (_, plan) = ask(plans, json!({ "packages": ours, "why": "found this morning" })).await;
    let apply = format!("{plans}/{}/apply", plan["id"].as_str().unwrap());
    let hash = plan["hash"].as_str().unwrap();
    let writes = served.counted().writes;
    let wrong = ask(&apply, json!({ "hash": "0".repeat(64), "reason": "Incorrect Quantity" })).await;
    assert_eq!((wrong.0, wrong.1["code"].as_str()), (StatusCode::PRECONDITION_FAILED, Some("changed_meanwhile")));
    let unreasoned = ask(&apply, json!({ "hash": hash, "reason": "Because" })).await;
    assert_eq!(unreasoned.0, StatusCode::UNPROCESSABLE_ENTITY, "{}", unreasoned.1);
    assert!(unreasoned.1["detail"].as_str().unwrap().contains("Incorrect Quantity"), "{}", unreasoned.1);
    assert_eq!(served.counted().writes, writes, "something was sent before it was approved");
    let begun =
        api.ask(Method::POST, &apply, Some(&json!({ "hash": hash, "reason": "Incorrect Quantity" })), &[]).await;
    assert_eq!(begun.status(), StatusCode::ACCEPTED);
    let path = format!("{plans}/{}", plan["id"].as_str().unwrap());
    let mut done = Value::Null;
    for _ in 0..400 {
        done = api.get(&path).await.1;
        if done["state"] == "done" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // What was brought along, because it stands on a receipt that is changed, may need a person for something else.
    let mut of_ours =
        done["steps"].as_array().unwrap().iter().filter(|it| ours.contains(&it["package"].as_str().unwrap()));
    assert!(of_ours.all(|it| it["state"] == "verified"), "{done}");
    // The next pull shows it; nobody has to ask.
    let mut left = Vec::new();
    for _ in 0..400 {
        let (_, page) = api.get("/api/v1/licenses/{license}/discrepancies?limit=500").await;
        left = page["items"].as_array().unwrap().clone();
        if left.len() + ours.len() == all.len() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(left.len() + ours.len(), all.len());
    let again = ask(&apply, json!({ "hash": hash, "reason": "Incorrect Quantity" })).await;
    assert_eq!(again.0, StatusCode::UNPROCESSABLE_ENTITY, "{}", again.1);
    assert_eq!(api.get(plans).await.1.as_array().unwrap().len(), 2);
    let (_, license) = api.get("/api/v1/licenses/{license}").await;
    assert!(license["sync_trouble"].is_null(), "{license}");
    let undo = format!("{plans}/{}/undo", plan["id"].as_str().unwrap());
    let (status, back) = ask(&undo, json!({ "why": "it was wrong" })).await;
    assert_eq!(status, StatusCode::CREATED, "{back}");
    // Voids cannot be taken back, and are left out; receipts that were reported are voided.
    let actions = |plan: &Value, action: &str| -> Vec<String> {
        let steps = plan["steps"].as_array().unwrap().iter().filter(|it| it["step"]["action"] == action);
        steps.map(|it| it["package"].to_string()).collect()
    };
    let (mut reported, mut voided) = (actions(&done, "submit_receipt"), actions(&back, "void_receipt"));
    reported.sort();
    voided.sort();
    assert_eq!(reported, voided, "{back}");
    assert!(
        back["steps"]
            .as_array()
            .unwrap()
            .iter()
            .all(|it| { it["step"]["action"] != "void_receipt" || it["step"]["reversible"] == false })
    );
    for (body, code) in [
        (json!({ "packages": [], "why": "x" }), "bad_packages"),
        (json!({ "packages": ["1A4060300002EE1999999999"], "why": "x" }), "refused"),
        (json!({ "packages": ["x"], "why": " " }), "bad_why"),
    ] {
        let (status, problem) = ask(plans, body).await;
        assert_eq!((status, problem["code"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some(code)));
    }
}

/// Without a connection nothing can be sent, and it is said what to do.
#[tokio::test]
async fn nothing_is_applied_without_a_connection() {
    let api = Api::start().await;
    let (_, page) = api.get("/api/v1/licenses/{license}/discrepancies?limit=1").await;
    let package = page["items"][0]["discrepancy"]["package"].as_str().unwrap();
    let plans = "/api/v1/licenses/{license}/plans";
    let body = json!({ "packages": [package], "why": "x" });
    let (_, plan) = read(api.ask(Method::POST, plans, Some(&body), &[]).await).await;
    let apply = format!("{plans}/{}/apply", plan["id"].as_str().unwrap());
    let body = json!({ "hash": plan["hash"] });
    let (status, problem) = read(api.ask(Method::POST, &apply, Some(&body), &[]).await).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::CONFLICT, Some("not_ready_to_sync")));
    assert!(problem["detail"].as_str().unwrap().contains("by hand"), "{problem}");
}
