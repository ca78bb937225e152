//! Answers that no state gives: errors that name the request, never a panic, never a wrong number.

use crate::world::{NOW, STORE};
use proptest::prelude::*;
use std::time::Duration;
use trueup_metrc::api::facilities::FACILITIES;
use trueup_metrc::api::packages::{self, Adjust};
use trueup_metrc::api::{Answer, Page};
use trueup_metrc::client::{
    Client, Gate, Keys, Limits, Lost, NoReply, Policy, Problem, Reply, Request, Target, TokioClock, Transport,
};

/// Answers the same to everything.
struct Always(Reply);

impl Transport for Always {
    async fn send(&self, _: &Request) -> Result<Reply, NoReply> {
        Ok(self.0.clone())
    }
}

fn client(reply: Reply) -> Client<Always, TokioClock> {
    let policy = Policy { pause: Duration::from_millis(1), ..Policy::default() };
    let gate = Gate::new(Limits::default());
    Client::new(Always(reply), TokioClock::set(NOW.parse().unwrap()), Keys::new("V-SECRET", "U-SECRET"), gate, policy)
}

fn reply(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Reply {
    Reply { status, content_type: Some(content_type.to_owned()), retry_after: None, date: None, body: body.into() }
}

const JSON: &str = "application/json; charset=utf-8";

/// A page that is all right.
fn page() -> String {
    let package = include_str!("../samples/package.json");
    format!(
        "{{\"Data\":[{package}],\"Total\":1,\"TotalRecords\":1,\"PageSize\":20,\"RecordsOnPage\":1,\"Page\":1,\
         \"CurrentPage\":1,\"TotalPages\":1}}"
    )
}

#[tokio::test(start_paused = true)]
async fn the_page_without_damage_is_read() {
    let list = client(reply(200, JSON, page())).list(&packages::ACTIVE, &Target::of(STORE)).await.unwrap();
    assert_eq!(list.rows[0].quantity.as_ref().unwrap().as_str(), "37.0");
    assert_eq!(list.unknown_fields, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn damaged_answers_are_errors_with_the_requests_number() {
    let with = |from: &str, to: &str| page().replacen(from, to, 1).into_bytes();
    let utf16: Vec<u8> = page().encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin = page().replacen("Sales Floor", "Caf\u{0}", 1).replace('\u{0}', "").into_bytes();
    let latin = latin.iter().flat_map(|byte| if *byte == b'C' { vec![b'C', 0xe9] } else { vec![*byte] }).collect();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("ten megabytes of arrays", "[".repeat(10 << 20).into_bytes()),
        ("ten megabytes of objects", "{\"a\":".repeat(2 << 20).into_bytes()),
        ("arrays in a row", with("37.0", &format!("{}{}", "[".repeat(200), "]".repeat(200)))),
        ("not a number", with("37.0", "NaN")),
        ("infinite", with("37.0", "-Infinity")),
        ("a number of a thousand digits", with("37.0", &"9".repeat(1_000))),
        ("a word for a number", with("37.0", "\"many\"")),
        ("a list for a number", with("37.0", "[37.0]")),
        ("a negative total", with("\"Total\":1", "\"Total\":-1")),
        ("totals that differ", with("\"TotalRecords\":1", "\"TotalRecords\":2")),
        ("more rows than are said", with("\"RecordsOnPage\":1", "\"RecordsOnPage\":0")),
        ("a page of another list", with("\"TotalPages\":1", "\"TotalPages\":7")),
        ("no rows", with("\"Data\"", "\"Rows\"")),
        ("rows that are no list", b"{\"Data\":{},\"Total\":0}".to_vec()),
        ("a field twice", with("\"Quantity\": 37.0", "\"Quantity\": 37.0, \"Quantity\": 38.0")),
        ("half of it", page().into_bytes()[..400].to_vec()),
        ("nothing", Vec::new()),
        ("null", b"null".to_vec()),
        ("a bare array", b"[]".to_vec()),
        ("a text", b"\"maintenance\"".to_vec()),
        ("UTF-16", utf16),
        ("Latin 1", latin),
        ("NUL bytes", vec![0; 1_000]),
        ("a web page", b"<!DOCTYPE html><html></html>".to_vec()),
    ];
    for (what, body) in cases {
        for content_type in [JSON, "text/plain", "application/octet-stream"] {
            let answer =
                client(reply(200, content_type, body.clone())).list(&packages::ACTIVE, &Target::of(STORE)).await;
            let failure = answer.expect_err(what);
            let told = failure.to_string();
            assert!(failure.request > 0 && told.contains("request 1 (GET /packages/v2/active)"), "{what}: {told}");
            assert!(told.len() < 600 && !told.contains("SECRET") && told.lines().count() == 1, "{what}: {told}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_status_is_a_kind_of_its_own() {
    let words = r#"[{"row": 1, "message": "Package X was not found."}]"#;
    let read = |status, body: &str| {
        let client = client(reply(status, JSON, body));
        async move { client.get(&FACILITIES, &Target::new()).await.unwrap_err().problem }
    };
    assert!(matches!(read(400, words).await, Problem::Rejected(rows) if rows[0].row == Some(1)));
    assert!(
        matches!(read(400, r#"{"Message": "no"}"#).await, Problem::Rejected(rows) if rows[0].message.reveal() == "no")
    );
    assert!(matches!(read(400, "oh").await, Problem::Rejected(rows) if rows[0].message.reveal() == "oh"));
    assert!(matches!(read(403, "").await, Problem::Unauthorised(_)));
    assert!(matches!(read(404, "").await, Problem::NotFound));
    assert!(matches!(read(413, "").await, Problem::TooLarge));
    assert!(matches!(read(429, "").await, Problem::Throttled { retry_after: None }));
    assert!(matches!(read(500, "").await, Problem::Unavailable(Lost::Status(500))));
    assert!(matches!(read(302, "").await, Problem::Unexpected(302)));
    let adjust = [Adjust::new("L".into(), number("1"), "Each".into(), "Waste".into(), jiff::civil::date(2026, 11, 20))];
    for (status, body) in [(500, ""), (502, "<html>"), (302, ""), (200, "<html>"), (200, "{}x"), (408, ""), (201, "")] {
        let client = client(reply(status, JSON, body));
        let problem = client.call(&packages::ADJUST_BY, &Target::of(STORE), &adjust[..]).await.unwrap_err().problem;
        assert!(problem.is_unknown(), "{status} {body}: {problem}");
    }
}

fn number(text: &str) -> trueup_metrc::api::NumberText {
    trueup_metrc::api::NumberText::new(text).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Any damage to a page is an error or leaves a page; no number is made up: each is in the text.
    #[test]
    fn damage_makes_no_panic(cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = page().into_bytes();
        for (place, byte) in cuts {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(page) = Page::<packages::Package>::read(&bytes, "GET") {
            let text = String::from_utf8(bytes).unwrap();
            for package in page.rows {
                if let Some(quantity) = package.quantity {
                    prop_assert!(text.contains(quantity.as_str()));
                }
            }
        }
    }
}
