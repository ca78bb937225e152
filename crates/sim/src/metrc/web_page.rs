//! What people do in the state's web page: some of it no call can do.

use super::context::Context;
use super::exchange::{Reply, Request, Target};
use super::packages::edit;
use super::records::{Licence, Received, ShipmentState};
use super::seed::PERMISSIONS;
use super::{Metrc, packages, sales};
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::BTreeSet;
use trueup_core::{Decimal, Quantity, Unit};

/// What a person does by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ByHand {
    /// What a call could do as well: adjust, repackage, finish, sell, edit or void a receipt.
    Write {
        /// `POST`, `PUT` or `DELETE`.
        method: &'static str,
        /// The path of the call.
        path: String,
        /// Its body.
        body: String,
    },
    /// Accepts a manifest.
    Accept {
        /// Its number.
        manifest: String,
        /// Packages of which another quantity arrived.
        counted: Vec<(String, Quantity)>,
        /// Packages that go back.
        rejected: Vec<String>,
    },
    /// Puts a package on hold, or releases it.
    Hold {
        /// The package.
        label: String,
        /// On hold from now on.
        to: bool,
    },
    /// Recalls a package, or takes that back.
    Recall {
        /// The package.
        label: String,
        /// Recalled from now on.
        to: bool,
    },
}

/// The web page does not let a person do that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the web page refuses: {0}")]
pub struct Refused(pub String);

/// What is sent to the back door: who, and one thing that he does.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Door {
    person: String,
    write: Option<DoorWrite>,
    accept: Option<DoorAccept>,
    hold: Option<DoorFlag>,
    recall: Option<DoorFlag>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DoorWrite {
    method: String,
    path: String,
    #[serde(default)]
    body: Option<Box<serde_json::value::RawValue>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DoorAccept {
    manifest: String,
    #[serde(default)]
    counted: Vec<DoorCounted>,
    #[serde(default)]
    rejected: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DoorCounted {
    label: String,
    quantity: Box<serde_json::value::RawValue>,
    unit_of_measure: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DoorFlag {
    label: String,
    to: bool,
}

impl Door {
    fn what(self) -> Option<ByHand> {
        if let Some(DoorWrite { method, path, body }) = self.write {
            let method = ["POST", "PUT", "DELETE"].into_iter().find(|known| *known == method)?;
            let body = body.map(|body| body.get().to_owned()).unwrap_or_default();
            return Some(ByHand::Write { method, path, body });
        }
        if let Some(DoorAccept { manifest, counted, rejected }) = self.accept {
            let quantity = |it: &DoorCounted| {
                let number = Decimal::parse(it.quantity.get()).ok()?;
                Quantity::new(number, Unit::parse(&it.unit_of_measure).ok()?).ok()
            };
            let counted: Option<Vec<_>> = counted.iter().map(|it| Some((it.label.clone(), quantity(it)?))).collect();
            return Some(ByHand::Accept { manifest, counted: counted?, rejected });
        }
        let flag = |flag: DoorFlag| (flag.label, flag.to);
        if let Some((label, to)) = self.hold.map(flag) {
            return Some(ByHand::Hold { label, to });
        }
        self.recall.map(flag).map(|(label, to)| ByHand::Recall { label, to })
    }
}

/// The path of the back door, which no real state has: `POST /web-page/{licence}` lets a program play a person.
const DOOR: &str = "/web-page/";

impl Metrc {
    /// Answers a request to the back door; `None` if it is none.
    pub(super) fn door(&mut self, now: Timestamp, request: &Request) -> Option<Reply> {
        let licence = request.target.strip_prefix(DOOR)?.to_owned();
        let door: Result<Door, _> = serde_json::from_slice(&request.body);
        let Ok(door) = door else {
            let expected = "Person, and one of Write, Accept, Hold and Recall";
            return Some(Reply::message(400, expected));
        };
        let person = door.person.clone();
        let Some(what) = door.what() else { return Some(Reply::message(400, "nothing that a person could do")) };
        Some(match self.by_hand(now, &licence, &person, &what) {
            Ok(()) => Reply::empty(200),
            Err(refused) => Reply::message(400, &refused.to_string()),
        })
    }

    /// A person does something in the web page.
    ///
    /// # Errors
    /// What the page does not let him do.
    pub fn by_hand(&mut self, now: Timestamp, licence: &str, person: &str, what: &ByHand) -> Result<(), Refused> {
        let permissions: BTreeSet<String> = PERMISSIONS.map(str::to_owned).into();
        let (path, is_post, body) = match what {
            ByHand::Write { method, path, body } => (path.as_str(), *method == "POST", body.as_str()),
            _ => ("", false, ""),
        };
        let target = Target::of(path);
        let known = self.licences.get_mut(licence).ok_or_else(|| Refused(format!("no licence {licence}")))?;
        let mut c = Context {
            settings: &self.settings,
            zone: &self.zone,
            now,
            by: person,
            permissions: &permissions,
            target: &target,
            is_post,
            is_first: false,
            body: body.as_bytes(),
            last_id: &mut self.last_id,
        };
        let done = match what {
            ByHand::Write { method, .. } => write(&mut c, known, method, &target),
            ByHand::Accept { manifest, counted, rejected } => accept(&mut c, known, manifest, (counted, rejected)),
            ByHand::Hold { label, to } => flag(&mut c, known, label, |package| package.on_hold = *to),
            ByHand::Recall { label, to } => flag(&mut c, known, label, |package| package.on_recall = *to),
        };
        known.commit();
        done.map_err(Refused)
    }
}

fn write(c: &mut Context<'_>, licence: &mut Licence, method: &str, target: &Target) -> Result<(), String> {
    let path: Vec<&str> = target.path.iter().map(String::as_str).collect();
    let answer = match path.as_slice() {
        ["packages", "v2", rest @ ..] => packages::route(c, licence, method, rest),
        ["sales", "v2", rest @ ..] => sales::route(c, licence, method, rest),
        _ => None,
    };
    match answer {
        None => Err(format!("there is no {}", path.join("/"))),
        Some(Ok(_)) => Ok(()),
        Some(Err(reply)) => Err(String::from_utf8_lossy(&reply.body).into_owned()),
    }
}

fn flag(
    c: &mut Context<'_>,
    licence: &mut Licence,
    label: &str,
    change: impl FnOnce(&mut super::records::Package),
) -> Result<(), String> {
    let id = licence.package(label).ok_or_else(|| packages::unknown(label))?.id;
    edit(c, licence, id, change);
    Ok(())
}

fn accept(
    c: &mut Context<'_>,
    licence: &mut Licence,
    manifest: &str,
    (counted, rejected): (&[(String, Quantity)], &[String]),
) -> Result<(), String> {
    let waiting =
        licence.transfers.iter().find(|transfer| transfer.manifest == manifest && transfer.received.is_none());
    let mut transfer = waiting.ok_or_else(|| format!("no manifest {manifest} waits"))?.clone();
    for shipped in &mut transfer.packages {
        let package = licence.packages.get(shipped.package).ok_or("a package that is not there")?;
        let label = package.label.clone();
        if rejected.contains(&label) {
            shipped.state = ShipmentState::Rejected;
            edit(c, licence, shipped.package, |package| (package.in_transit, package.transferred) = (false, true));
            continue;
        }
        let found = counted.iter().find(|(known, _)| *known == label).map(|(_, quantity)| *quantity);
        let quantity = found.unwrap_or(shipped.quantity);
        (shipped.received, shipped.state) = (Some(quantity), ShipmentState::Accepted);
        let received = Received {
            at: c.now,
            manifest: transfer.manifest.clone(),
            from: transfer.other.0.clone(),
            from_name: transfer.other.1.clone(),
        };
        edit(c, licence, shipped.package, |package| {
            (package.quantity, package.in_transit, package.received) = (quantity, false, Some(received));
        });
    }
    c.next_id();
    (transfer.received, transfer.modified) = (Some(c.now), c.stamp());
    licence.transfers.put(transfer);
    Ok(())
}
