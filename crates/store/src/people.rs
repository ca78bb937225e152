//! People of the installation, and what they come with.

use crate::audit::{self, Draft};
use crate::ledger::create_license;
use crate::schema::{AccessToken, ColumnKind::Bytes, ColumnKind::Text as T, Person};
use crate::sql::{Query, Tx, ValueRef};
use crate::{License, StoreError, Text};

static BY_LOGIN: Query<Person> = Query::new("WHERE login = $1 ORDER BY person_id", &[T]);
static TOKENS: Query<AccessToken> = Query::new("WHERE token_hash = $1", &[Bytes]);
static LICENSES: Query<License> = Query::new("ORDER BY license_id", &[]);

/// The licence whose log is that of the installation itself: of its people, and of what belongs to no store.
pub const INSTALLATION: &str = "installation";

pub(crate) const PREPARED: [&dyn crate::sql::Prepared; 3] = [&BY_LOGIN, &TOKENS, &LICENSES];

/// The person who signs in with a name.
///
/// # Errors
/// Those of the database.
pub fn person_of_login(tx: &mut Tx<'_>, login: &str) -> Result<Option<Person>, StoreError> {
    Ok(tx.rows(&BY_LOGIN, &[ValueRef::Text(login)])?.into_iter().next())
}

/// A token by its hash.
///
/// # Errors
/// Those of the database.
pub fn access_token(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<Option<AccessToken>, StoreError> {
    Ok(tx.rows(&TOKENS, &[ValueRef::Bytes(hash)])?.into_iter().next())
}

/// Adds a person; the installation's log says so.
///
/// # Errors
/// [`StoreError::Duplicate`] if there is one of that id; those of the database.
pub fn add_person(tx: &mut Tx<'_>, person: &Person, draft: &Draft) -> Result<(), StoreError> {
    let now = person.created_at;
    if tx.get::<License>(&[ValueRef::Text(INSTALLATION)])?.is_none() {
        let license = License {
            license_id: Text::const_new(INSTALLATION),
            name: Text::const_new("trueup"),
            jurisdiction: Text::default(),
            system: Text::const_new(INSTALLATION),
            time_zone: Text::const_new("UTC"),
            chain_id: None,
            retention_days: 7 * 366,
            legal_hold: None,
            unverified_since: None,
            created_at: now,
            version: 1,
        };
        create_license(tx, &license, &Draft::new(draft.actor.clone(), "license.create"))?;
    }
    tx.insert(std::slice::from_ref(person))?;
    let draft = draft.clone().to("person", &person.person_id, Some(person.version));
    audit::record(tx, INSTALLATION, now, &draft).map(drop)
}

/// All licences, that of the installation among them.
///
/// # Errors
/// Those of the database.
pub fn licenses(tx: &mut Tx<'_>) -> Result<Vec<License>, StoreError> {
    tx.rows(&LICENSES, &[])
}
