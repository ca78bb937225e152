//! What people do in the state's web page: some of it no call can do.

use super::context::Context;
use super::exchange::{Request, Target};
use super::packages::edit;
use super::records::{Licence, Received, ShipmentState};
use super::seed::PERMISSIONS;
use super::{Metrc, packages, sales};
use jiff::Timestamp;
use std::collections::BTreeSet;
use trueup_core::Quantity;

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

impl Metrc {
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

    /// A request that the web page would make itself; for tests of what is there.
    pub fn look(&mut self, now: Timestamp, target: &str) -> String {
        let (vendor, user) = (self.vendors.first().map(|key| key.key.clone()), self.employees.first());
        let keys = vendor.zip(user.map(|user| user.key.clone()));
        let authorization = keys.map(|(vendor, user)| super::basic_header(&vendor, &user));
        let request = Request { method: "GET".to_owned(), target: target.to_owned(), authorization, body: Vec::new() };
        String::from_utf8_lossy(&self.handle(now, &request).body).into_owned()
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
