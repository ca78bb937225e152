//! A POS that tells row by row, over HTTP.

use crate::{Api, read};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const MOVEMENTS: &str = "/api/v1/licenses/{license}/movements";

async fn tell(api: &Api, key: &str, body: &Value) -> (StatusCode, Value) {
    read(api.ask(Method::POST, MOVEMENTS, Some(body), &[("Idempotency-Key", key)]).await).await
}

/// Two packages that agree, with their SKUs, and what of them there is.
async fn packages(api: &Api) -> [(String, String, String); 2] {
    let inventory = std::fs::read_to_string(api.folder.path().join("store/pos/inventory.csv")).unwrap();
    let (_, page) = api.get("/api/v1/licenses/{license}/discrepancies?limit=500").await;
    let open: Vec<&str> =
        page["items"].as_array().unwrap().iter().map(|it| it["discrepancy"]["package"].as_str().unwrap()).collect();
    let rows = inventory.lines().skip(1).map(|row| row.split(',').collect::<Vec<_>>());
    let mut quiet = rows.filter(|row| row[5] == "ea" && !open.contains(&row[0]) && row[4].len() > 1);
    let mut next = || quiet.next().map(|row| (row[0].to_owned(), row[1].to_owned(), row[4].to_owned())).unwrap();
    [next(), next()]
}

fn sale(package: &(String, String, String), line: &str, quantity: &str, voided: &str) -> Value {
    json!({ "receipt_id": "900001", "line_no": line, "sold_at": "2026-03-09T10:20:00-07:00", "kind": "sale",
        "package_id": package.0, "sku": package.1, "quantity": quantity, "unit": "ea", "voided_at": voided })
}

#[tokio::test]
async fn what_is_told_is_in_the_list_when_it_is_answered() {
    let api = Api::start().await;
    let [it, second] = packages(&api).await;
    // Half an hour ago by the time of the second request; the state is not due to have it at the time of the first one.
    let now = json!({ "as_of": "2026-03-09T10:30:00-07:00", "sales": [sale(&it, "1", "2", "")] });
    let (status, answer) = tell(&api, "k-1", &now).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert!(answer["new_facts"].as_u64().unwrap() >= 2, "{answer}");
    let (_, page) = api.get(&format!("/api/v1/licenses/{{license}}/packages/{}", it.0)).await;
    assert!(page.to_string().contains("900001"), "{page}");
    // The same again does nothing and is answered the same; other rows with this key are refused.
    assert_eq!(tell(&api, "k-1", &now).await, (StatusCode::OK, answer.clone()));
    let other = json!({ "as_of": "2026-03-09T10:30:00-07:00", "sales": [sale(&it, "1", "3", "")] });
    let (status, problem) = tell(&api, "k-1", &other).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::CONFLICT, Some("key_reused")));
    // More of it is told, and an adjustment that nobody told the state: both are in the books, and read again with the folder.
    let more = json!({ "as_of": "2026-03-09T10:59:00-07:00", "sales": [sale(&it, "2", "1", "")], "movements": [{
        "event_id": "E-77", "at": "2026-03-09T10:40:00-07:00", "type": "adjust", "package_id": it.0, "sku": it.1,
        "quantity_delta": "-1", "unit": "ea", "reason": "Spoilage" }, {
        "event_id": "E-78", "at": "2026-03-09T10:41:00-07:00", "type": "convert", "package_id": it.0, "sku": "MIX",
        "quantity_delta": "-1", "unit": "ea", "to_package_id": second.0 }, {
        // One event has a row for each of its packages, of one SKU or not.
        "event_id": "E-78", "at": "2026-03-09T10:41:00-07:00", "type": "convert", "package_id": second.0, "sku": "MIX",
        "quantity_delta": "1", "unit": "ea" }] });
    let (status, answer) = tell(&api, "k-2", &more).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let told = api.get("/api/v1/licenses/{license}/discrepancies?limit=500").await.1;
    let lives = async || {
        let of = async |tag: &str| api.get(&format!("/api/v1/licenses/{{license}}/packages/{tag}")).await.1;
        [of(&it.0).await, of(&second.0).await]
    };
    let lives_told = lives().await;
    // Everything is read anew from the folder: the same.
    let looks = api.get("/api/v1/licenses/{license}").await.1["looks"].as_u64().unwrap();
    api.ask(Method::POST, "/api/v1/licenses/{license}/refresh", None, &[]).await;
    for _ in 0..400 {
        if api.get("/api/v1/licenses/{license}").await.1["looks"].as_u64().unwrap() > looks {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(api.get("/api/v1/licenses/{license}").await.1["looks"].as_u64().unwrap() > looks);
    let read_again = api.get("/api/v1/licenses/{license}/discrepancies?limit=500").await.1;
    let essence = |page: &Value| -> Vec<Value> {
        page["items"].as_array().unwrap().iter().map(|item| item["discrepancy"].clone()).collect()
    };
    assert_eq!(essence(&told), essence(&read_again));
    assert_eq!(lives().await, lives_told);
}

#[tokio::test]
async fn what_cannot_be_taken_in_is_refused_with_its_row() {
    let api = Api::start().await;
    let [it, _] = packages(&api).await;
    let ask = async |sales: Value, as_of: &str| tell(&api, "k-9", &json!({ "as_of": as_of, "sales": sales })).await;
    let good = "2026-03-09T10:30:00-07:00";
    let (status, problem) = ask(json!([sale(&it, "1", "1", ""), sale(&it, "2", "two", "")]), good).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some("bad_row")));
    assert!(problem["detail"].as_str().unwrap().starts_with("sales[1].quantity"), "{problem}");
    let (_, problem) = ask(json!([sale(&it, "", "1", "")]), good).await;
    assert!(problem["detail"].as_str().unwrap().starts_with("sales[0].line_no"), "{problem}");
    for (as_of, why) in [("2026-03-08T10:30:00-07:00", "exported"), ("2026-03-10T10:30:00-07:00", "clock")] {
        let (_, problem) = ask(json!([sale(&it, "1", "1", "")]), as_of).await;
        assert_eq!(problem["code"], "bad_as_of", "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(why), "{problem}");
    }
    // Nothing of it was kept, and the key is still free.
    assert!(!api.folder.path().join("store/pos/pushed").exists());
    let (status, problem) = ask(json!([sale(&it, "1", "1", "")]), good).await;
    assert_eq!(status, StatusCode::OK, "{problem}");
    let keyless = api.ask(Method::POST, MOVEMENTS, Some(&json!({ "as_of": good })), &[]).await;
    assert_eq!(read(keyless).await.1["code"], "bad_key");
}
