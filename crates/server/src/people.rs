//! Who may ask: one operator with a password, sessions, tokens for programs.
//!
//! Passwords are hashed with Argon2id (64 MiB, three passes); two are checked at a time, so that nobody can take all memory by
//! logging in. A token is 256 random bits, of which the books keep the hash.

use crate::problem::Problem;
use crate::{Service, Surroundings};
use argon2::password_hash::{CustomizedPasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::Semaphore;
use trueup_store::audit::{Actor, Draft};
use trueup_store::people::{access_token, add_person, person_of_login};
use trueup_store::{AccessToken, Person, Store, StoreError, Text, ValueRef};

/// How long a session lasts.
const SESSION: SignedDuration = SignedDuration::from_hours(12);
/// How long a token of the API lasts.
const API: SignedDuration = SignedDuration::from_hours(24 * 90);
/// Wrong log-ins in [`WITHIN`] after which nobody is asked any more for a while.
const MOST_WRONG: usize = 20;
const WITHIN: SignedDuration = SignedDuration::from_mins(5);

/// Why there is no operator.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// The books.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The password cannot be hashed.
    #[error("the password cannot be hashed: {0}")]
    Hash(String),
}

/// What is held of log-ins.
pub(crate) struct People {
    checking: Arc<Semaphore>,
    wrong: Mutex<VecDeque<Timestamp>>,
}

impl Default for People {
    fn default() -> Self {
        Self { checking: Arc::new(Semaphore::new(2)), wrong: Mutex::default() }
    }
}

fn argon2() -> Argon2<'static> {
    // The default is never needed: the numbers are within what the algorithm allows.
    let params = Params::new(65_536, 3, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hashed(password: &str, salt: &[u8]) -> Result<String, PeopleError> {
    let argon2 = argon2();
    let hash = argon2.hash_password_with_params(password.as_bytes(), salt, argon2.params().clone());
    hash.map(|hash| hash.to_string()).map_err(|error| PeopleError::Hash(error.to_string()))
}

/// The operator, if there is none yet, with a password that is told once; nothing if there is one.
///
/// # Errors
/// [`PeopleError`].
pub fn first_operator(store: &Store, surroundings: &dyn Surroundings) -> Result<Option<(String, String)>, PeopleError> {
    const LOGIN: &str = "operator";
    if store.read(|tx| person_of_login(tx, LOGIN))?.is_some() {
        return Ok(None);
    }
    let (password, salt, id) = (surroundings.random(), surroundings.random(), surroundings.random());
    let password = URL_SAFE_NO_PAD.encode(&password[..15]);
    let person = Person {
        person_id: Text::from(format!("p-{}", URL_SAFE_NO_PAD.encode(&id[..9]))),
        login: Text::const_new(LOGIN),
        name: Text::const_new("Operator"),
        title: None,
        password_hash: Some(hashed(&password, &salt[..16])?),
        disabled_at: None,
        created_at: surroundings.now(),
        version: 1,
    };
    let draft = Draft::new(Actor::program("serve"), "person.create");
    store.write(move |tx| add_person(tx, &person, &draft))?;
    Ok(Some((LOGIN.to_owned(), password)))
}

/// A token for a program that acts for the person of a log-in.
///
/// # Errors
/// [`StoreError::Missing`] if there is no such person; those of the books.
pub fn token_for(
    store: &Store,
    surroundings: &dyn Surroundings,
    (login, name): (&str, &str),
) -> Result<String, StoreError> {
    let person = store.read(|tx| person_of_login(tx, login))?;
    let person = person.ok_or_else(|| StoreError::Missing { what: format!("the person {login}") })?;
    let (token, row) = made(surroundings, &person, ("api", name, API));
    store.write(move |tx| tx.insert(std::slice::from_ref(&row)))?;
    Ok(token)
}

/// What a token is kept as.
fn hash_of(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub person: Person,
    pub token_hash: [u8; 32],
}

impl Caller {
    pub fn actor(&self) -> Actor {
        Actor { role: Some(Text::const_new("operator")), ..Actor::program(&self.person.person_id) }
    }
}

fn unauthorised() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "log_in", "log in (POST /api/v1/session), or send a token that is valid")
}

impl FromRequestParts<Service> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let value = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = value.and_then(|value| value.strip_prefix("Bearer ")).ok_or_else(unauthorised)?;
        let (hash, now) = (hash_of(token), service.surroundings.now());
        let found = in_books(service, move |store| {
            store.read(|tx| {
                let Some(token) = access_token(tx, &hash)? else { return Ok(None) };
                let is_valid = token.ended_at.is_none() && token.expires_at > now;
                if is_valid { tx.get::<Person>(&[ValueRef::Text(&token.person_id)]) } else { Ok(None) }
            })
        });
        let person = found.await?.filter(|person| person.disabled_at.is_none()).ok_or_else(unauthorised)?;
        Ok(Self { person, token_hash: hash })
    }
}

/// Does something with the books on a thread that may wait.
pub(crate) async fn in_books<T: Send + 'static>(
    service: &Service,
    work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Problem> {
    let store = std::sync::Arc::clone(&service.store);
    let done = tokio::task::spawn_blocking(move || work(&store)).await;
    let broken = |_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", "a fault of trueup: please report it");
    Ok(done.map_err(broken)??)
}

/// Checks a name and a password; gives a new session's token and its end.
pub(crate) async fn log_in(service: &Service, login: String, password: String) -> Result<(String, Timestamp), Problem> {
    let now = service.surroundings.now();
    let too_many = || {
        let detail = "too many wrong log-ins; wait five minutes. Sessions and tokens go on working";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_log_ins", detail)
    };
    if wrong_of_late(&service.people, now) >= MOST_WRONG {
        return Err(too_many());
    }
    let checking = Arc::clone(&service.people.checking).acquire_owned().await.map_err(|_| too_many())?;
    // Many may have waited; the wrong ones before count.
    if wrong_of_late(&service.people, now) >= MOST_WRONG {
        return Err(too_many());
    }
    let people = Arc::clone(&service.people);
    let person = in_books(service, move |store| {
        // Held until it is checked, also if nobody waits for the answer any more.
        let _checking = checking;
        let person = store.read(|tx| person_of_login(tx, &login))?.filter(|person| person.disabled_at.is_none());
        // Nobody's password takes as long as somebody's.
        let hash = person.as_ref().and_then(|person| person.password_hash.as_deref()).unwrap_or(nobodys());
        let fits = argon2().verify_password(password.as_bytes(), hash).is_ok();
        let person = person.filter(|_| fits);
        if person.is_none() {
            people.wrong.lock().unwrap_or_else(PoisonError::into_inner).push_back(now);
        }
        Ok(person)
    });
    let wrong = || Problem::new(StatusCode::UNAUTHORIZED, "wrong_log_in", "this name and this password do not fit");
    let person = person.await?.ok_or_else(wrong)?;
    new_token(service, &person, ("session", "log-in", SESSION)).await
}

/// A hash that no password fits, made once.
fn nobodys() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| hashed("", &[0; 16]).unwrap_or_default())
}

fn wrong_of_late(people: &People, now: Timestamp) -> usize {
    let mut wrong = people.wrong.lock().unwrap_or_else(PoisonError::into_inner);
    while wrong.front().is_some_and(|at| now.duration_since(*at) > WITHIN) {
        wrong.pop_front();
    }
    wrong.len()
}

/// A token for a program.
pub(crate) async fn api_token(service: &Service, person: &Person, name: &str) -> Result<(String, Timestamp), Problem> {
    new_token(service, person, ("api", name, API)).await
}

async fn new_token(
    service: &Service,
    person: &Person,
    what: (&'static str, &str, SignedDuration),
) -> Result<(String, Timestamp), Problem> {
    let (token, row) = made(&*service.surroundings, person, what);
    let expires_at = row.expires_at;
    in_books(service, move |store| store.write(move |tx| tx.insert(std::slice::from_ref(&row)))).await?;
    Ok((token, expires_at))
}

/// A token, and what the books keep of it.
fn made(
    surroundings: &dyn Surroundings,
    person: &Person,
    (kind, name, length): (&'static str, &str, SignedDuration),
) -> (String, AccessToken) {
    let (secret, now) = (surroundings.random(), surroundings.now());
    let token = format!("tu_{}", URL_SAFE_NO_PAD.encode(secret));
    let row = AccessToken {
        token_hash: hash_of(&token),
        person_id: person.person_id.clone(),
        kind: Text::const_new(kind),
        name: name.to_owned(),
        created_at: now,
        expires_at: now.checked_add(length).unwrap_or(Timestamp::MAX),
        ended_at: None,
        version: 1,
    };
    (token, row)
}

/// Ends the token that the caller came with.
pub(crate) async fn log_out(service: &Service, caller: &Caller) -> Result<(), Problem> {
    let (hash, now) = (caller.token_hash, service.surroundings.now());
    let end = move |store: &Store| {
        store.write(move |tx| {
            let Some(row) = access_token(tx, &hash)? else { return Ok(()) };
            tx.replace(&AccessToken { ended_at: Some(now), version: row.version.saturating_add(1), ..row })
        })
    };
    in_books(service, end).await
}
