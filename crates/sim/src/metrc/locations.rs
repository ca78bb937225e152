//! Rooms and places within them.

use super::context::{Answer, Context, not_found};
use super::exchange::{Fields, Reply};
use super::records::{Licence, Place, on};
use super::shape::{V, quote, shape};
use super::table::Table;

const MANAGE: &[&str] = &["Manage Locations"];
const TYPES: [&str; 2] = ["Default", "Packages"];

/// Rooms or places within them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Rooms,
    Places,
}

impl Of {
    fn table(self, licence: &mut Licence) -> &mut Table<Place> {
        match self {
            Self::Rooms => &mut licence.locations,
            Self::Places => &mut licence.sublocations,
        }
    }
}

/// Answers what the path asks for; `path` is behind `/locations/v2` or `/sublocations/v2`.
pub(super) fn route(c: &mut Context<'_>, licence: &mut Licence, of: Of, method: &str, path: &[&str]) -> Option<Answer> {
    if let Err(refused) = c.needs(MANAGE) {
        return Some(Err(refused));
    }
    Some(match (method, path) {
        ("GET", ["active"]) => list(c, licence, of, on::ACTIVE),
        ("GET", ["inactive"]) => list(c, licence, of, on::INACTIVE),
        ("GET", ["types"]) if of == Of::Rooms => {
            let rows: Vec<(i64, &str)> = (1..).zip(TYPES).collect();
            c.paged(&rows, |(id, name), out| TYPE.write(&[V::Int(*id), V::Text(name), V::Flag(true)], out))
        }
        ("GET", [id]) => match id.parse().ok().and_then(|id| of.table(licence).get(id)) {
            Some(place) => {
                let mut out = String::new();
                write_place(of, place, &mut out);
                Ok(Reply::json(200, out))
            }
            None => Err(not_found()),
        },
        ("POST", []) => c.write(licence, |c, licence, row| {
            let id = c.next_id();
            put(c, licence, of, row, id)
        }),
        ("PUT", []) => c.write(licence, |c, licence, row| {
            let id = row.int("Id").ok_or("Id is required.")?;
            of.table(licence).get(id).ok_or_else(|| format!("Location {id} was not found."))?;
            put(c, licence, of, row, id)
        }),
        ("DELETE", [id]) => remove(c, licence, of, id),
        _ => return None,
    })
}

fn list(c: &Context<'_>, licence: &mut Licence, of: Of, list: u8) -> Answer {
    c.windowed(list, of.table(licence), |place, out| write_place(of, place, out))
}

fn put(c: &mut Context<'_>, licence: &mut Licence, of: Of, row: &Fields<'_>, id: i64) -> Result<i64, String> {
    let name = row.need("Name")?;
    let kind = if of == Of::Rooms { row.need("LocationTypeName")? } else { String::new() };
    if of == Of::Rooms && !TYPES.iter().any(|known| known.eq_ignore_ascii_case(&kind)) {
        return Err(format!("Location type {kind} was not found."));
    }
    let table = of.table(licence);
    if table.iter().any(|place| place.id != id && !place.archived && place.name.eq_ignore_ascii_case(&name)) {
        return Err(format!("A location named {name} already exists."));
    }
    c.next_id();
    table.put(Place { id, name, kind, archived: false, modified: c.stamp() });
    Ok(id)
}

fn remove(c: &mut Context<'_>, licence: &mut Licence, of: Of, id: &str) -> Answer {
    let id = id.parse().ok().filter(|id| of.table(licence).get(*id).is_some()).ok_or_else(not_found)?;
    if of == Of::Rooms && licence.packages.iter().any(|package| package.location == id && package.is_active()) {
        return Err(Reply::rejected(&[(0, "The location is used by active packages.".to_owned())]));
    }
    c.next_id();
    let modified = c.stamp();
    of.table(licence).edit(id, |place| (place.archived, place.modified) = (true, modified));
    licence.commit();
    Ok(Reply::empty(200))
}

shape!(TYPE, "location_type", ["Id", "Name", "ForPackages"]);
shape!(LOCATION, "location", ["Id", "Name", "LocationTypeId", "LocationTypeName", "ForPackages"]);

fn write_place(of: Of, place: &Place, out: &mut String) {
    match of {
        Of::Rooms => {
            let kind = TYPES.iter().position(|known| known.eq_ignore_ascii_case(&place.kind)).unwrap_or(0) + 1;
            let kind = V::Int(i64::try_from(kind).unwrap_or(1));
            let values = [V::Int(place.id), V::Text(&place.name), kind, V::Text(&place.kind), V::Flag(true)];
            LOCATION.write(&values, out);
        }
        Of::Places => {
            out.push_str(&format!("{{\"Id\":{},\"Name\":", place.id));
            quote(&place.name, out);
            out.push('}');
        }
    }
}
