//! What is sealed, on both databases (the cases are in the contract) and what is left in a file.

use crate::world::{LICENSE, OTHER, at, begin, draft, license, options, sqlite};
use jiff::Timestamp;
use trueup_store::audit::{self, Actor, Draft};
use trueup_store::sealed::{
    NewPatient, NewSecret, SealingKey, erase_patient, keep_patient, masked_patient, open_patient, open_secret,
    patients_to_erase, put_secret,
};
use trueup_store::{License, Location, Store, StoreError, ValueRef};

const NUMBER: &str = "PATIENT-NUMBER-000998877";

fn sealing() -> SealingKey {
    SealingKey::new([7; 32])
}

fn keep(store: &Store, patient: &'static str, erase_after: Timestamp) {
    store
        .write(move |tx| {
            let new = NewPatient { license: LICENSE, patient_ref: patient, number: NUMBER, erase_after, key: [3; 32] };
            keep_patient(tx, (&sealing(), [[1; 24], [2; 24]]), &new, at(20), &draft("patient.keep"))
        })
        .unwrap();
}

fn open(store: &Store, key: [u8; 32], patient: &'static str) -> Result<String, StoreError> {
    let who = Draft::new(Actor::program("dana"), "patient.read").because("return", Some("the state asks for it"));
    store.write(move |tx| {
        open_patient(tx, &SealingKey::new(key), (LICENSE, patient), at(30), &who).map(|it| it.to_string())
    })
}

fn log(store: &Store) -> Vec<String> {
    let mut entries = Vec::new();
    let each = &mut |entry: trueup_store::AuditEntry| {
        entries.push(entry.entry);
        Ok(())
    };
    store.read(|tx| audit::entries(tx, LICENSE, (0, 1_000), each)).unwrap();
    entries
}

pub fn a_patients_number_is_read_on_the_record_and_erased(open_store: &dyn Fn() -> Store) {
    let store = open_store();
    begin(&store, LICENSE, 1);
    keep(&store, "p-1", at(100));
    keep(&store, "p-2", at(200));
    assert_eq!(store.read(|tx| masked_patient(tx, LICENSE, "p-1")).unwrap(), "•••• 8877");
    let before = log(&store).len();
    assert_eq!(open(&store, [7; 32], "p-1").unwrap(), NUMBER);
    let entries = log(&store);
    assert_eq!(entries.len(), before + 1, "reading leaves an entry");
    let last = entries.last().unwrap();
    assert!(last.contains("dana") && last.contains("patient.read") && last.contains("the state asks for it"), "{last}");
    assert!(entries.iter().all(|entry| !entry.contains("8877")), "the log tells of the number");
    // Another key opens nothing, and nothing is left of the attempt.
    assert!(matches!(open(&store, [8; 32], "p-1"), Err(StoreError::Refused(_))));
    assert_eq!(log(&store).len(), entries.len());

    let due = |store: &Store, now| store.read(|tx| patients_to_erase(tx, LICENSE, now)).unwrap();
    assert_eq!(due(&store, at(99)), Vec::<&str>::new());
    assert_eq!(due(&store, at(150)), ["p-1"]);
    set_hold(&store, Some("case 12"), 2);
    assert_eq!(due(&store, at(150)), Vec::<&str>::new(), "a legal hold keeps everything");
    set_hold(&store, None, 3);
    store.write(|tx| erase_patient(tx, (LICENSE, "p-1"), at(150), &draft("patient.erase"))).unwrap();
    assert_eq!(due(&store, at(500)), ["p-2"]);
    assert!(matches!(open(&store, [7; 32], "p-1"), Err(StoreError::Missing { .. })));
    assert_eq!(store.read(|tx| masked_patient(tx, LICENSE, "p-1")).unwrap(), "erased");
    store.read(trueup_store::care::integrity).unwrap();
}

fn set_hold(store: &Store, hold: Option<&'static str>, version: i64) {
    store
        .write(move |tx| {
            let row: License = tx.get(&[ValueRef::Text(LICENSE)])?.unwrap();
            tx.replace(&License { legal_hold: hold.map(trueup_store::Text::new), version, ..row })?;
            audit::record(tx, LICENSE, at(140), &draft("license.hold")).map(drop)
        })
        .unwrap();
}

pub fn a_key_is_opened_for_its_host_only(open_store: &dyn Fn() -> Store) {
    let store = open_store();
    begin(&store, LICENSE, 1);
    store.write(|tx| trueup_store::ledger::create_license(tx, &license(OTHER), &draft("license.create"))).unwrap();
    let put = |value: &'static str, nonce: u8| {
        store
            .write(move |tx| {
                let new = NewSecret {
                    license: LICENSE,
                    id: "metrc.user_key",
                    value,
                    host: "api-ca.metrc.com",
                    expires_at: None,
                };
                put_secret(tx, (&sealing(), [nonce; 24]), &new, at(20), &draft("secret.put"))
            })
            .unwrap();
    };
    put("first-user-key-1234", 1);
    put("other-user-key-5678", 2);
    let open = |license: &'static str, host: &'static str| {
        store.write(move |tx| {
            let of = (license, "metrc.user_key", host);
            open_secret(tx, &sealing(), of, at(30), &draft("secret.open")).map(|it| it.to_string())
        })
    };
    assert_eq!(open(LICENSE, "api-ca.metrc.com").unwrap(), "other-user-key-5678");
    assert!(open(LICENSE, "evil.example").unwrap_err().to_string().contains("is for api-ca.metrc.com"));
    assert!(matches!(open(OTHER, "api-ca.metrc.com"), Err(StoreError::Missing { .. })));
    let entries = log(&store).join("\n");
    assert!(entries.contains("5678") && !entries.contains("user-key"), "{entries}");
    // A sealed text that was put in another licence's place does not open.
    store
        .write(|tx| {
            let row: trueup_store::Secret =
                tx.get(&[ValueRef::Text(LICENSE), ValueRef::Text("metrc.user_key")])?.unwrap();
            tx.insert(&[trueup_store::Secret { license_id: trueup_store::Text::new(OTHER), version: 1, ..row }])?;
            audit::record(tx, OTHER, at(40), &draft("secret.put")).map(drop)
        })
        .unwrap();
    assert!(matches!(open(OTHER, "api-ca.metrc.com"), Err(StoreError::Refused(_))));
}

#[test]
fn a_sealing_key_reads_back_and_does_not_show() {
    let key = sealing();
    assert_eq!(SealingKey::read(&key.secret_text()).unwrap().id(), key.id());
    assert!(SealingKey::read("TRUEUP-SEALING-KEY-1:AAAA").is_err());
    assert_eq!(format!("{key:?}"), format!("SealingKey({})", key.id()));
}

/// Neither the number, nor what it was sealed to, is in any byte of the files after erasing.
#[test]
fn what_was_erased_is_in_no_byte_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(folder.path());
    begin(&store, LICENSE, 1);
    keep(&store, "p-1", at(100));
    let row: trueup_store::PatientNumber =
        store.read(|tx| tx.get(&[ValueRef::Text(LICENSE), ValueRef::Text("p-1")])).unwrap().unwrap();
    let holds = |part: &[u8]| {
        std::fs::read_dir(folder.path()).unwrap().any(|file| {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            bytes.windows(part.len()).any(|window| window == part)
        })
    };
    let (sealed, key) = (row.sealed.unwrap(), row.sealed_key.unwrap());
    assert!(!holds(NUMBER.as_bytes()));
    assert!(holds(&sealed) && holds(&key), "the test looks in the wrong place");
    store.write(|tx| erase_patient(tx, (LICENSE, "p-1"), at(150), &draft("patient.erase"))).unwrap();
    store.settle().unwrap();
    assert!(!holds(&sealed[24..]) && !holds(&key[24..]));
    drop(store);
    assert!(!holds(&sealed[24..]) && !holds(&key[24..]));
    drop(Store::open(&Location::Sqlite(folder.path().join("books.db")), &options()).unwrap());
}
