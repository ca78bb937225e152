//! The simulated Metrc: the same requests at the same moments are answered the same, and the manners are the documented ones.
#![expect(clippy::unwrap_used, reason = "a test")]

use jiff::{SignedDuration, Timestamp};
use trueup_sim::metrc::{ByHand, Faults, Metrc, Order, PutAdjust, Reply, Request, Settings, Sizes, basic_header};

const STORE: &str = "403R-X0001";

struct Server {
    metrc: Metrc,
    now: Timestamp,
    header: String,
}

impl Server {
    fn new(settings: Settings, seed: u64) -> Self {
        let now = "2026-11-20T21:00:00Z".parse().unwrap();
        let metrc = Metrc::store(settings, seed, now, Sizes::default()).unwrap();
        let header = basic_header(metrc.vendor_keys()[0], &metrc.employees()[0].key);
        Self { metrc, now, header }
    }

    fn call(&mut self, method: &str, target: &str, body: &str) -> Reply {
        self.now = self.now.checked_add(SignedDuration::from_millis(731)).unwrap();
        let request = Request {
            method: method.to_owned(),
            target: target.to_owned(),
            authorization: Some(self.header.clone()),
            body: body.as_bytes().to_vec(),
        };
        self.metrc.handle(self.now, &request)
    }

    fn get(&mut self, target: &str) -> Reply {
        self.call("GET", target, "")
    }
}

fn text(reply: &Reply) -> String {
    String::from_utf8(reply.body.clone()).unwrap()
}

const EVER: &str = "lastModifiedStart=2015-01-01T00:00:00Z&lastModifiedEnd=2040-01-01T00:00:00Z";

/// A morning of a store, its requests one after the other.
fn morning(server: &mut Server) -> Vec<Reply> {
    let sale = |number: u32, label: u32| {
        format!(
            "[{{\"SalesDateTime\":\"2026-11-20T13:00:00\",\"ExternalReceiptNumber\":\"R-{number}\",\
             \"SalesCustomerType\":\"Consumer\",\"Transactions\":[{{\"PackageLabel\":\"1A4060300002EE1{label:09}\",\
             \"Quantity\":1,\"UnitOfMeasure\":\"Each\",\"TotalAmount\":12.50}}]}}]"
        )
    };
    let mut replies = vec![server.get("/facilities/v2"), server.get("/nowhere/v2")];
    for number in 0..60 {
        let path = format!("/sales/v2/receipts?licenseNumber={STORE}");
        replies.push(server.call("POST", &path, &sale(number, number)));
        let page = number % 4 + 1;
        replies.push(
            server.get(&format!("/packages/v2/active?licenseNumber={STORE}&{EVER}&pageNumber={page}&pageSize=20")),
        );
        replies.push(server.get(&format!("/sales/v2/receipts/external/R-{number}?licenseNumber={STORE}")));
        replies.push(server.get(&format!("/sales/v1/receipts/active?licenseNumber={STORE}&{EVER}")));
    }
    replies
}

#[test]
fn the_same_seed_answers_the_same_bytes() {
    let replies = |seed| morning(&mut Server::new(Settings::default(), seed));
    let (one, two) = (replies(5), replies(5));
    assert!(one == two);
    assert!(one != replies(6));
    // Most sales went through, and some were refused for another unit.
    let statuses: Vec<u16> = one.iter().map(|reply| reply.status).collect();
    assert!(statuses.contains(&200) && statuses.contains(&400) && statuses.contains(&404));
}

#[test]
fn a_fault_that_nobody_knows_is_told() {
    let wrong = Faults::read("[[fault]]\nkind = \"earthquake\"\nper_mille = 1", "f.toml", 1).unwrap_err().to_string();
    assert!(wrong.contains("f.toml") && wrong.contains("earthquake") && wrong.contains("per_mille"), "{wrong}");
}

#[test]
fn lists_have_the_documented_envelope_and_manners() {
    let mut server = Server::new(Settings::default(), 5);
    let list = format!("/packages/v2/active?licenseNumber={STORE}");
    let page = text(&server.get(&format!("{list}&{EVER}&pageSize=20&pageNumber=3")));
    let envelope = "\"Total\":60,\"TotalRecords\":60,\"PageSize\":20,\"RecordsOnPage\":20,\"Page\":3,\"CurrentPage\":3,\"TotalPages\":3}";
    assert!(page.starts_with("{\"Data\":[{\"Id\":") && page.ends_with(envelope), "{page}");
    // Without a page size there are no pages; with one above 20 there is no answer.
    assert!(text(&server.get(&format!("{list}&{EVER}"))).contains("\"RecordsOnPage\":60"));
    assert_eq!(server.get(&format!("{list}&{EVER}&pageSize=21")).status, 400);
    // Without a window: what changed in the last day. A plus is a space in a query.
    assert!(!text(&server.get(&list)).contains("\"Total\":60"));
    assert_eq!(server.get(&format!("{list}&lastModifiedStart=2026-11-20T00:00:00+00:00")).status, 400);
    assert_eq!(server.get(&format!("{list}&lastModifiedStart=2026-11-20T00:00:00%2B00:00")).status, 200);
    let receipts = format!("/sales/v2/receipts/active?licenseNumber={STORE}");
    assert!(text(&server.get(&format!("{receipts}&{EVER}"))).contains("\"Transactions\":[]"));
    assert_eq!(server.get(&format!("{receipts}&{EVER}&salesDateStart=2026-11-01")).status, 400);
    assert_eq!(server.get(&format!("{receipts}&salesDateStart=2026-11-01&salesDateEnd=2026-11-30")).status, 200);
    // A slash at the end and the case of the path change nothing.
    assert_eq!(server.get("/facilities/v2/"), server.get("/Facilities/V2"));
    let settings =
        Settings { receipts_without_window: false, unpaged_lists: false, order: Order::ById, ..Settings::default() };
    let mut other = Server::new(settings, 5);
    assert!(text(&other.get(&receipts)).contains("\"Total\":0"));
    assert!(text(&other.get(&format!("{list}&{EVER}"))).contains("\"RecordsOnPage\":20"));
}

#[test]
fn who_may_not_is_told_in_the_documented_ways() {
    let mut server = Server::new(Settings::default(), 5);
    let list = format!("/packages/v2/active?licenseNumber={STORE}");
    let good = server.header.clone();
    let user = server.metrc.employees()[0].key.clone();
    let first_only = server.metrc.vendor_keys()[1].to_owned();
    for header in ["", "Basic nonsense", &basic_header("x", &user), &basic_header(&first_only, "x")] {
        server.header = header.to_owned();
        assert_eq!(server.get(&list).status, 401);
    }
    server.header = basic_header(&first_only, &user);
    let refused = server.get(&list);
    assert_eq!((refused.status, refused.content_type), (401, "text/plain"));
    assert_eq!(text(&refused), "The provided API key is only valid for V1 API endpoints.");
    assert_eq!(server.get(&list.replace("v2", "v1")).status, 200);
    server.header = good;
    assert_eq!(server.get("/packages/v2/active?licenseNumber=403P-X0001").status, 200);
    assert_eq!(server.get("/packages/v2/active?licenseNumber=403R-X0002").status, 401);
    // The record of a licence that is not the one named: 401, not 404.
    let label = "1A4060300002EE1000000001";
    assert_eq!(server.get(&format!("/packages/v2/{label}?licenseNumber={STORE}")).status, 200);
    assert_eq!(server.get(&format!("/packages/v2/{label}?licenseNumber=403P-X0001")).status, 401);
    assert_eq!(server.get(&format!("/packages/v2/{label}")).status, 200);
    let employee = server.metrc.employee_mut(&user).unwrap();
    employee.permissions.remove("View Packages");
    assert_eq!(server.get(&list).status, 401);
    server.metrc.employee_mut(&user).unwrap().key_ends = Some(server.now);
    assert_eq!(server.get("/facilities/v2").status, 401);
}

#[test]
fn what_sources_disagree_on_is_a_setting() {
    let adjust = |label: &str, quantity: &str| {
        format!(
            "[{{\"Label\":\"{label}\",\"Quantity\":{quantity},\"UnitOfMeasure\":\"Each\",\"AdjustmentReason\":\"Waste\",\
             \"AdjustmentDate\":\"2026-11-20\"}}]"
        )
    };
    let label = "1A4060300002EE1000000000";
    let path = format!("/packages/v2/adjust?licenseNumber={STORE}");
    let held = |server: &mut Server| {
        let package = text(&server.get(&format!("/packages/v2/{label}?licenseNumber={STORE}")));
        let from = package.find("\"Quantity\":").unwrap() + 11;
        package[from..].split(',').next().unwrap().to_owned()
    };
    let mut server = Server::new(Settings::default(), 8);
    assert_eq!(server.call("PUT", &path, &adjust(label, "7")), server.call("PUT", &path, &adjust(label, "7")));
    assert_eq!(held(&mut server), "7.0");
    assert_eq!(server.call("PUT", &path, &adjust(label, "-2")).status, 400);
    assert_eq!(server.call("POST", &path, &adjust(label, "-9")).status, 400);
    let mut by = Server::new(Settings { put_adjust: PutAdjust::By, below_zero: true, ..Settings::default() }, 8);
    let before: i64 = held(&mut by).trim_end_matches(".0").parse().unwrap();
    assert_eq!(by.call("PUT", &path, &adjust(label, "-2")).status, 200);
    assert_eq!(held(&mut by), format!("{}.0", before - 2));
    assert_eq!(by.call("POST", &path, &adjust(label, &format!("-{before}"))).status, 200);
    assert_eq!(held(&mut by), "-2.0");
    let kentucky = Settings::of_state("ky").unwrap();
    assert!(kentucky.retail_ids && !kentucky.version_one && Settings::of_state("WA").is_none());
    assert_eq!(Server::new(kentucky, 8).get("/facilities/v1").status, 404);
}

#[test]
fn people_do_in_the_web_page_what_no_call_can() {
    let mut server = Server::new(Settings::default(), 5);
    let incoming = format!("/transfers/v2/incoming?licenseNumber={STORE}&{EVER}");
    let page = text(&server.get(&incoming));
    let manifest = page.split("\"ManifestNumber\":\"").nth(1).unwrap()[..10].to_owned();
    for method in ["POST", "PUT"] {
        for guess in ["incoming", "incoming/accept", "deliveries/packages/accept", "external/incoming"] {
            let reply = server.call(method, &format!("/transfers/v2/{guess}?licenseNumber={STORE}"), "[{}]");
            assert!(matches!(reply.status, 401 | 404), "{guess}: {}", reply.status);
        }
    }
    let accept = ByHand::Accept { manifest, counted: Vec::new(), rejected: Vec::new() };
    server.metrc.by_hand(server.now, STORE, "Sam Cole", &accept).unwrap();
    assert!(text(&server.get(&incoming)).contains("\"ReceivedPackageCount\":4"));
    let label = "1A4060300002EE1000000001".to_owned();
    let package = format!("/packages/v2/{label}?licenseNumber={STORE}");
    server.metrc.by_hand(server.now, STORE, "Inspector", &ByHand::Recall { label: label.clone(), to: true }).unwrap();
    assert!(text(&server.get(&package)).contains("\"IsOnRecall\":true"));
    let adjust = ByHand::Write {
        method: "PUT",
        path: "/packages/v2/adjust".to_owned(),
        body: format!(
            "[{{\"Label\":\"{label}\",\"Quantity\":0,\"UnitOfMeasure\":\"Each\",\"AdjustmentReason\":\"Theft\",\
             \"AdjustmentDate\":\"2026-11-20\"}}]"
        ),
    };
    let refused = server.metrc.by_hand(server.now, STORE, "Sam Cole", &adjust).unwrap_err();
    assert!(refused.to_string().contains("requires a note"), "{refused}");
}

/// A program may play a person: the back door is no part of any state's API.
#[test]
fn the_back_door_lets_a_program_be_a_person() {
    let mut server = Server::new(Settings::default(), 5);
    let incoming = format!("/transfers/v2/incoming?licenseNumber={STORE}&{EVER}");
    let page = text(&server.get(&incoming));
    let manifest = page.split("\"ManifestNumber\":\"").nth(1).unwrap()[..10].to_owned();
    let door = format!("/web-page/{STORE}");
    let accept = format!("{{\"Person\":\"Sam Cole\",\"Accept\":{{\"Manifest\":\"{manifest}\"}}}}");
    assert_eq!(server.call("POST", &door, &accept).status, 200);
    assert_eq!(server.call("POST", &door, &accept).status, 400);
    assert!(text(&server.get(&incoming)).contains("\"ReceivedPackageCount\":4"));
    let label = "1A4060300002EE1000000001";
    let hold = format!("{{\"Person\":\"Inspector\",\"Hold\":{{\"Label\":\"{label}\",\"To\":true}}}}");
    assert_eq!(server.call("POST", &door, &hold).status, 200);
    assert!(text(&server.get(&format!("/packages/v2/{label}?licenseNumber={STORE}"))).contains("\"IsOnHold\":true"));
    for nonsense in ["", "{}", "{\"Person\":\"X\"}", "{\"Person\":\"X\",\"Fly\":true}"] {
        assert_eq!(server.call("POST", &door, nonsense).status, 400);
    }
}

/// A malformed request is answered as Metrc would, never with a panic.
#[test]
fn malformed_requests_are_answered() {
    let mut server = Server::new(Settings::default(), 5);
    let path = format!("/sales/v2/receipts?licenseNumber={STORE}");
    let deep = "[".repeat(100_000);
    for body in ["", "null", "{}", "[1]", "[[]]", "[{}]", "[{\"SalesDateTime\":5}]", "\u{0}", "[{\"a\":1,}]", &deep] {
        let reply = server.call("POST", &path, body);
        assert_eq!(reply.status, 400, "{}", &body[..body.len().min(20)]);
    }
    let eleven = format!("[{}]", ["{}"; 11].join(","));
    assert_eq!(server.call("POST", &path, &eleven).status, 413);
    for target in
        ["", "/", "//", "/packages", "/packages/v3/active", "/%ff/v2", "/packages/v2/%00", "/packages/v2/a/b/c/d"]
    {
        let reply = server.get(target);
        assert!(matches!(reply.status, 400 | 404), "{target}: {}", reply.status);
    }
    assert_eq!(server.call("PATCH", "/packages/v2/active", "").status, 405);
}
