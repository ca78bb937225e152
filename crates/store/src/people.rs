//! People of the installation, and what they come with.

use crate::schema::{AccessToken, ColumnKind::Bytes, ColumnKind::Text as T, Person};
use crate::sql::{Query, Tx, ValueRef};
use crate::{License, StoreError};

static BY_LOGIN: Query<Person> = Query::new("WHERE login = $1 ORDER BY person_id", &[T]);
static TOKENS: Query<AccessToken> = Query::new("WHERE token_hash = $1", &[Bytes]);
static LICENSES: Query<License> = Query::new("ORDER BY license_id", &[]);

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

/// All licences.
///
/// # Errors
/// Those of the database.
pub fn licenses(tx: &mut Tx<'_>) -> Result<Vec<License>, StoreError> {
    tx.rows(&LICENSES, &[])
}
