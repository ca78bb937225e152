//! What both databases do, each test once for each of them.

use crate::sealed::{a_key_is_opened_for_its_host_only, a_patients_number_is_read_on_the_record_and_erased};
use crate::world::{
    LICENSE, OTHER, at, begin, draft, key, license, observation, package, sale, sell, sell_in, source, tag,
};
use jiff::SignedDuration;
use std::collections::BTreeSet;
use trueup_store::audit::{self, Finding};
use trueup_store::ledger::{
    Batch, append, balances, begin_source, complete_source, create_license, current, known_file, life, observations,
    seq_at,
};
use trueup_store::queue::{HeldLease, attempts, journal, next_in_lanes, renew_lease, return_lease, submit, take_lease};
use trueup_store::{License, Store, StoreError, Submission, Text, ValueRef};

/// Where a test keeps its books, and how to open them again.
pub type Case = fn(&dyn Fn() -> Store);

pub const ALL: &[(&str, Case)] = &[
    ("a_fact_is_there_once", a_fact_is_there_once),
    ("an_edit_is_a_further_version", an_edit_is_a_further_version),
    ("what_was_known_at_a_moment", what_was_known_at_a_moment),
    ("a_transaction_is_whole_or_not_at_all", a_transaction_is_whole_or_not_at_all),
    ("a_change_needs_its_entry", a_change_needs_its_entry),
    ("two_people_change_one_thing", two_people_change_one_thing),
    ("facts_cannot_be_edited", facts_cannot_be_edited),
    ("many_writers_lose_nothing", many_writers_lose_nothing),
    ("licences_are_kept_apart", licences_are_kept_apart),
    ("a_file_is_known_again", a_file_is_known_again),
    ("an_export_proves_itself", an_export_proves_itself),
    ("proofs_of_the_log", proofs_of_the_log),
    ("time_does_not_go_back", time_does_not_go_back),
    ("the_latest_observation_of_each", the_latest_observation_of_each),
    ("balances_are_sums", balances_are_sums),
    ("one_holder_at_a_time", one_holder_at_a_time),
    ("a_former_holder_is_fenced_off", a_former_holder_is_fenced_off),
    ("a_submission_is_queued_once", a_submission_is_queued_once),
    ("the_journal_comes_first_and_lanes_wait", the_journal_comes_first_and_lanes_wait),
    ("the_doctor_finds_nothing", the_doctor_finds_nothing),
    ("a_patients_number_is_read_on_the_record_and_erased", a_patients_number_is_read_on_the_record_and_erased),
    ("a_key_is_opened_for_its_host_only", a_key_is_opened_for_its_host_only),
];

macro_rules! on_sqlite {
    ($($name:ident)*) => {
        mod on_sqlite {
            $(#[test]
            fn $name() {
                let folder = tempfile::tempdir().unwrap();
                super::$name(&|| crate::world::sqlite(folder.path()));
            })*

            #[test]
            fn none_is_left_out() {
                let here = [$(stringify!($name)),*];
                let all: Vec<&str> = super::ALL.iter().map(|(name, _)| *name).collect();
                assert_eq!(here.as_slice(), all);
            }
        }
    };
}
on_sqlite! {
    a_fact_is_there_once an_edit_is_a_further_version what_was_known_at_a_moment a_transaction_is_whole_or_not_at_all
    a_change_needs_its_entry two_people_change_one_thing facts_cannot_be_edited many_writers_lose_nothing
    licences_are_kept_apart a_file_is_known_again an_export_proves_itself proofs_of_the_log time_does_not_go_back
    the_latest_observation_of_each balances_are_sums one_holder_at_a_time a_former_holder_is_fenced_off
    a_submission_is_queued_once the_journal_comes_first_and_lanes_wait the_doctor_finds_nothing
    a_patients_number_is_read_on_the_record_and_erased a_key_is_opened_for_its_host_only
}

fn life_of(store: &Store, package: u32) -> trueup_store::ledger::Life {
    store.read(|tx| life(tx, LICENSE, &tag(package), i64::MAX)).unwrap()
}

fn a_fact_is_there_once(open: &dyn Fn() -> Store) {
    let store = open();
    begin(&store, LICENSE, 3);
    let sales: Vec<_> = (1..=50).map(|receipt| sale(LICENSE, receipt % 3 + 1, receipt, 1)).collect();
    let first = sell(&store, LICENSE, 10, sales.clone()).unwrap();
    assert_eq!((first.new, first.known, first.seq), (50, 0, 53));
    // The same file again, and one that overlaps.
    let again = sell(&store, LICENSE, 20, sales.clone()).unwrap();
    assert_eq!((again.new, again.known, again.seq), (0, 50, 53));
    let mut overlapping = sales[40..].to_vec();
    overlapping.extend((51..=60).map(|receipt| sale(LICENSE, 1, receipt, 1)));
    // Also twice within one file.
    overlapping.push(sale(LICENSE, 1, 60, 1));
    let more = sell(&store, LICENSE, 30, overlapping).unwrap();
    assert_eq!((more.new, more.known, more.seq), (10, 11, 63));
    drop(store);
    let store = open();
    let all: usize = (1..=3).map(|package| life_of(&store, package).movements.len()).sum();
    assert_eq!(all, 60);
    // What was known already leaves no entry: licence, packages, two imports.
    let mut entries = 0;
    store
        .read(|tx| {
            audit::entries(tx, LICENSE, (0, 100), &mut |_| {
                entries += 1;
                Ok(())
            })
        })
        .unwrap();
    assert_eq!(entries, 4);
}

fn an_edit_is_a_further_version(open: &dyn Fn() -> Store) {
    let store = open();
    begin(&store, LICENSE, 1);
    sell(&store, LICENSE, 10, vec![sale(LICENSE, 1, 7, 3)]).unwrap();
    let edited = sell(&store, LICENSE, 20, vec![sale(LICENSE, 1, 7, 2)]).unwrap();
    assert_eq!((edited.new, edited.known), (1, 0));
    // Back again is a third version, and the same once more is known.
    sell(&store, LICENSE, 30, vec![sale(LICENSE, 1, 7, 3)]).unwrap();
    assert_eq!(sell(&store, LICENSE, 40, vec![sale(LICENSE, 1, 7, 3)]).unwrap().known, 1);
    let mut withdrawn = sale(LICENSE, 1, 7, 0);
    withdrawn.kind = Text::new("withdrawn");
    let life = life_of(&store, 1);
    let versions: Vec<_> = life.movements.iter().map(|it| (it.version, it.quantity, it.replaces_quantity)).collect();
    let unit = 1_000_000_000_000;
    assert_eq!(versions, [(0, -3 * unit, None), (1, -2 * unit, Some(-3 * unit)), (2, -3 * unit, Some(-2 * unit))]);
    assert_eq!(current(&life.movements).len(), 1);
    let balance = |store: &Store| store.read(|tx| balances(tx, LICENSE)).unwrap()[0].quantity;
    assert_eq!(balance(&store), -3 * unit);
    sell(&store, LICENSE, 50, vec![withdrawn]).unwrap();
    assert_eq!(balance(&store), 0);
    assert!(current(&life_of(&store, 1).movements).is_empty());
}

fn what_was_known_at_a_moment(open: &dyn Fn() -> Store) {
    let store = open();
    begin(&store, LICENSE, 1);
    for receipt in 1..=20 {
        sell(&store, LICENSE, i64::from(receipt) * 100, vec![sale(LICENSE, 1, receipt, 1)]).unwrap();
    }
    sell(&store, LICENSE, 5_000, vec![sale(LICENSE, 1, 3, 9)]).unwrap();
    let known = |seconds| {
        store
            .read(|tx| {
                let seq = seq_at(tx, LICENSE, at(seconds))?;
                let life = life(tx, LICENSE, &tag(1), seq)?;
                Ok(current(&life.movements).iter().map(|it| it.quantity).sum::<i64>() / -1_000_000_000_000)
            })
            .unwrap()
    };
    assert_eq!(
        [known(-1), known(99), known(100), known(1_050), known(2_000), known(4_999), known(5_000)],
        [0, 0, 1, 10, 20, 20, 28]
    );
}

fn a_transaction_is_whole_or_not_at_all(open: &dyn Fn() -> Store) {
    let store = open();
    begin(&store, LICENSE, 1);
    let refused: Result<(), _> = store.write(|tx| {
        sell_in(tx, LICENSE, 10, &[sale(LICENSE, 1, 1, 1)])?;
        Err(StoreError::refused("I changed my mind"))
    });
    assert_eq!(refused.unwrap_err().to_string(), "I changed my mind");
    let missing = sell(&store, LICENSE, 10, vec![sale(LICENSE, 1, 1, 1), sale(LICENSE, 77, 2, 1)]).unwrap_err();
    assert!(matches!(missing, StoreError::Missing { .. }), "{missing}");
    let panicked: Result<(), _> = store.write(|tx| {
        sell_in(tx, LICENSE, 10, &[sale(LICENSE, 1, 1, 1)])?;
        if at(0) < at(1) { Err(StoreError::Busy) } else { Ok(()) }
    });
    assert!(matches!(panicked.unwrap_err(), StoreError::Busy));
    assert!(life_of(&store, 1).movements.is_empty());
    assert_eq!(sell(&store, LICENSE, 20, vec![sale(LICENSE, 1, 1, 1)]).unwrap().seq, 2);
    let step: i64 = store
        .read(|tx| tx.get::<trueup_store::LicenseHead>(&[ValueRef::Text(LICENSE)]).map(|head| head.unwrap().audit_size))
        .unwrap();
    assert_eq!(step, 3);
}

fn a_change_needs_its_entry(open: &dyn Fn() -> Store) {
    let store = open();
    begin(&store, LICENSE, 1);
    let silent = store.write(|tx| {
        let license: License = tx.get(&[ValueRef::Text(LICENSE)])?.unwrap();
        tx.replace(&License { name: Text::new("Other"), version: 2, ..license })
    });
    assert!(matches!(silent.unwrap_err(), StoreError::Unaudited { table: "license" }));
    let name = |store: &Store| store.read(|tx| tx.get::<License>(&[ValueRef::Text(LICENSE)])).unwrap().unwrap().name;
    assert_eq!(name(&store), "Harbor Street");
    store
        .write(|tx| {
            let license: License = tx.get(&[ValueRef::Text(LICENSE)])?.unwrap();
            tx.replace(&License { name: Text::new("Other"), version: 2, ..license })?;
            audit::record(tx, LICENSE, at(9), &draft("license.rename")).map(drop)
        })
        .unwrap();
    assert_eq!(name(&store), "Other");
}

fn two_people_change_one_thing(open: &dyn Fn() -> Store) {
    let store = open();
    begin(&store, LICENSE, 1);
    let seen: License = store.read(|tx| tx.get(&[ValueRef::Text(LICENSE)])).unwrap().unwrap();
    let rename = |name: &'static str| {
        let seen = seen.clone();
        store.write(move |tx| {
            tx.replace(&License { name: Text::new(name), version: seen.version + 1, ..seen.clone() })?;
            audit::record(tx, LICENSE, at(9), &draft("license.rename")).map(drop)
        })
    };
    rename("hers").unwrap();
    let late = rename("his").unwrap_err();
    assert!(matches!(&late, StoreError::Conflict { what } if what.contains(LICENSE)), "{late}");
    let now: License = store.read(|tx| tx.get(&[ValueRef::Text(LICENSE)])).unwrap().unwrap();
    assert_eq!((now.name.as_str(), now.version), ("hers", 2));
}

fn facts_cannot_be_edited(open: &dyn Fn() -> Store) {
    let store = open();
    begin(&store, LICENSE, 1);
    sell(&store, LICENSE, 10, vec![sale(LICENSE, 1, 1, 1)]).unwrap();
    let moved = life_of(&store, 1).movements.remove(0);
    let replaced = store.write(move |tx| tx.replace(&moved));
    assert!(matches!(replaced.unwrap_err(), StoreError::AppendOnly { .. }));
}

/// Threads sell at the same time, some to the same licence; all is there once, in one order, and the log fits.
fn many_writers_lose_nothing(open: &dyn Fn() -> Store) {
    let store = open();
    begin(&store, LICENSE, 4);
    begin(&store, OTHER, 4);
    std::thread::scope(|scope| {
        for writer in 0..4_u32 {
            let store = &store;
            scope.spawn(move || {
                let license = if writer % 2 == 0 { LICENSE } else { OTHER };
                for number in 0..25_u32 {
                    let receipt = 1_000 * writer + number;
                    sell(store, license, 10, vec![sale(license, receipt % 4 + 1, receipt, 1)]).unwrap();
                }
            });
        }
    });
    for license in [LICENSE, OTHER] {
        let mut numbers = Vec::new();
        store
            .read(|tx| {
                trueup_store::ledger::facts_after(tx, license, (0, i64::MAX), &mut |movement| {
                    numbers.push(movement.seq);
                    Ok(())
                })
            })
            .unwrap();
        assert_eq!(numbers, (5..=54).collect::<Vec<i64>>());
        let mut file = Vec::new();
        audit::export(&store, license, key(), at(99), &mut file).unwrap();
        assert_eq!(audit::verify(&mut file.as_slice(), None, &[]).unwrap().entries, 52);
    }
}

fn licences_are_kept_apart(open: &dyn Fn() -> Store) {
    let store = open();
    begin(&store, LICENSE, 1);
    begin(&store, OTHER, 1);
    sell(&store, LICENSE, 10, vec![sale(LICENSE, 1, 1, 1)]).unwrap();
    sell(&store, OTHER, 10, vec![sale(OTHER, 1, 1, 5)]).unwrap();
    let of = |license: &str| store.read(|tx| life(tx, license, &tag(1), i64::MAX)).unwrap().movements;
    assert_eq!((of(LICENSE).len(), of(OTHER).len()), (1, 1));
    assert_eq!((of(LICENSE)[0].seq, of(OTHER)[0].seq), (2, 2));
    let twice = store.write(|tx| create_license(tx, &license(LICENSE), &draft("license.create")));
    assert!(matches!(twice.unwrap_err(), StoreError::Duplicate { .. }));
}

fn a_file_is_known_again(open: &dyn Fn() -> Store) {
    let store = open();
    begin(&store, LICENSE, 1);
    let known =
        |store: &Store| store.read(|tx| known_file(tx, LICENSE, &[9; 32])).unwrap().map(|source| source.source_id);
    store.write(|tx| begin_source(tx, &source(LICENSE, "s1"), &draft("import.begin"))).unwrap();
    // Begun is not known: it may have died half-way.
    assert_eq!(known(&store), None);
    let rows = sell(&store, LICENSE, 10, vec![sale(LICENSE, 1, 1, 1)]).unwrap();
    let done = store.write(move |tx| complete_source(tx, (LICENSE, "s1"), at(11), rows, &draft("import.end"))).unwrap();
    assert_eq!((done.rows_new, done.rows_known, done.completed_at), (1, 0, Some(at(11))));
    assert_eq!(known(&store).as_deref(), Some("s1"));
}

fn an_export_proves_itself(open: &dyn Fn() -> Store) {
    let store = open();
    begin(&store, LICENSE, 2);
    let mut notes = Vec::new();
    for receipt in 1..=40 {
        sell(&store, LICENSE, i64::from(receipt), vec![sale(LICENSE, receipt % 2 + 1, receipt, 1)]).unwrap();
        if receipt % 10 == 0 {
            let seconds = i64::from(receipt);
            let made = store.write(move |tx| audit::checkpoint(tx, LICENSE, &key(), at(seconds), ("hour", false)));
            notes.push(made.unwrap().unwrap().note);
        }
    }
    // Nothing new, no further checkpoint.
    assert_eq!(store.write(|tx| audit::checkpoint(tx, LICENSE, &key(), at(41), ("hour", false))).unwrap(), None);
    let mut file = Vec::new();
    let exported = audit::export(&store, LICENSE, key(), at(50), &mut file).unwrap();
    assert_eq!((exported.entries, exported.checkpoints), (42, 5));
    let report = audit::verify(&mut file.as_slice(), Some(&key().verifying_key()), &notes).unwrap();
    assert_eq!((report.entries, report.checkpoints), (42, 5));
    // An older checkpoint of another history is noticed.
    let strange = audit::Checkpoint { origin: report.origin, size: 20, root: [1; 32], at: at(1) }.sign(&key());
    let finding = audit::verify(&mut file.as_slice(), None, &[strange]).unwrap_err();
    assert!(matches!(finding, Finding::Witness { .. } | Finding::Rebuilt { .. }), "{finding}");
}

fn proofs_of_the_log(open: &dyn Fn() -> Store) {
    let store = open();
    begin(&store, LICENSE, 1);
    store
        .write(|tx| {
            for number in 0..600 {
                audit::record(tx, LICENSE, at(number), &draft("note"))?;
            }
            Ok(())
        })
        .unwrap();
    store
        .read(|tx| {
            let head: trueup_store::LicenseHead = tx.get(&[ValueRef::Text(LICENSE)])?.unwrap();
            let size = u64::try_from(head.audit_size).unwrap();
            let mut texts = Vec::new();
            audit::entries(tx, LICENSE, (0, size), &mut |entry| {
                texts.push(entry.entry);
                Ok(())
            })?;
            assert_eq!(texts.len(), 602);
            for position in [0, 1, 255, 256, 511, 600, 601] {
                let proof = audit::prove_inclusion(tx, LICENSE, position, size)?;
                let text = texts[usize::try_from(position).unwrap()].as_bytes();
                assert!(audit::verify_inclusion(text, position, (size, &head.audit_root), &proof), "{position}");
                assert!(!audit::verify_inclusion(b"{}", position, (size, &head.audit_root), &proof), "{position}");
            }
            let mut old = audit::Frontier::default();
            for (number, text) in (1_u64..).zip(&texts) {
                old.push(audit::leaf_hash(text.as_bytes()), &mut |_| {});
                if number % 97 == 0 {
                    let proof = audit::prove_consistency(tx, LICENSE, number, size)?;
                    assert!(audit::verify_consistency((number, &old.root()), (size, &head.audit_root), &proof));
                    assert!(!audit::verify_consistency((number, &[0; 32]), (size, &head.audit_root), &proof));
                }
            }
            Ok(())
        })
        .unwrap();
}

/// The clock is set back by a day: entries and facts stay in order.
fn time_does_not_go_back(open: &dyn Fn() -> Store) {
    let store = open();
    begin(&store, LICENSE, 1);
    sell(&store, LICENSE, 100_000, vec![sale(LICENSE, 1, 1, 1)]).unwrap();
    sell(&store, LICENSE, 13_600, vec![sale(LICENSE, 1, 2, 1)]).unwrap();
    let mut moments = Vec::new();
    store
        .read(|tx| {
            audit::entries(tx, LICENSE, (0, 10), &mut |entry| {
                moments.push(entry.recorded_at);
                Ok(())
            })
        })
        .unwrap();
    assert!(moments.is_sorted() && moments.last() == Some(&at(100_000)), "{moments:?}");
    assert!(life_of(&store, 1).movements.iter().all(|it| it.recorded_at == at(100_000)));
}

fn the_latest_observation_of_each(open: &dyn Fn() -> Store) {
    let store = open();
    begin(&store, LICENSE, 3);
    let observe = |seconds: i64, all: Vec<trueup_store::Observation>| {
        let batch = Batch { observations: all, ..Batch::default() };
        store.write(move |tx| append(tx, LICENSE, at(seconds), &batch, &draft("pull"))).unwrap()
    };
    observe(10, vec![observation(LICENSE, 1, 5, 10), observation(LICENSE, 2, 8, 10)]);
    observe(20, vec![observation(LICENSE, 1, 4, 20)]);
    // Another word about the same moment is a further version.
    let seq = observe(30, vec![observation(LICENSE, 1, 3, 20)]).seq;
    let latest = |up_to| {
        let rows = store.read(|tx| observations(tx, LICENSE, up_to)).unwrap();
        rows.iter().map(|it| it.quantity / 1_000_000_000_000).collect::<Vec<_>>()
    };
    assert_eq!((latest(i64::MAX), latest(seq - 1), latest(5)), (vec![3, 8], vec![4, 8], vec![5, 8]));
    let again = Batch { packages: vec![package(LICENSE, 1)], ..Batch::default() };
    assert_eq!(store.write(move |tx| append(tx, LICENSE, at(40), &again, &draft("pull"))).unwrap().known, 1);
}

fn balances_are_sums(open: &dyn Fn() -> Store) {
    let store = open();
    begin(&store, LICENSE, 5);
    for batch in 0..10_u32 {
        let sales = (0..30).map(|it| sale(LICENSE, it % 5 + 1, batch * 20 + it, i64::from(it % 4))).collect();
        sell(&store, LICENSE, i64::from(batch), sales).unwrap();
    }
    let kept = store.read(|tx| balances(tx, LICENSE)).unwrap();
    assert_eq!(kept.len(), 5);
    let mut packages = BTreeSet::new();
    for balance in kept {
        let life = store.read(|tx| life(tx, LICENSE, &balance.package_id, i64::MAX)).unwrap();
        assert_eq!(current(&life.movements).iter().map(|it| it.quantity).sum::<i64>(), balance.quantity);
        assert_eq!(life.movements.len(), usize::try_from(balance.movements).unwrap());
        assert_eq!(life.movements.iter().map(|it| it.seq).max(), Some(balance.last_seq));
        packages.insert(balance.package_id);
    }
    assert_eq!(packages.len(), 5);
    let huge = |receipt| trueup_store::Movement { quantity: i64::MIN + 1, ..sale(LICENSE, 1, receipt, 1) };
    assert!(sell(&store, LICENSE, 99, vec![huge(90_001), huge(90_002)]).is_err());
    assert!(sell(&store, LICENSE, 99, vec![huge(90_003)]).is_err());
}

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

fn take(store: &Store, owner: &'static str, seconds: i64) -> Option<HeldLease> {
    store.write(move |tx| take_lease(tx, (LICENSE, "sender"), owner, at(seconds), MINUTE)).unwrap()
}

fn one_holder_at_a_time(open: &dyn Fn() -> Store) {
    let store = open();
    begin(&store, LICENSE, 1);
    let first = take(&store, "a", 0).unwrap();
    assert_eq!((first.fence, take(&store, "b", 59)), (1, None));
    let renewed = store.write(move |tx| renew_lease(tx, &first, at(50), MINUTE)).unwrap().unwrap();
    assert_eq!(take(&store, "b", 61), None);
    let second = take(&store, "b", 111).unwrap();
    assert_eq!(second.fence, 2);
    let late = renewed.clone();
    assert_eq!(store.write(move |tx| renew_lease(tx, &late, at(112), MINUTE)).unwrap(), None);
    // Giving back what is not held changes nothing; giving back what is lets the next one in at once.
    store.write(move |tx| return_lease(tx, &renewed)).unwrap();
    assert_eq!(take(&store, "c", 113), None);
    store.write(move |tx| return_lease(tx, &second)).unwrap();
    assert_eq!(take(&store, "c", 113).unwrap().fence, 3);
    // Many at once: one gets it.
    let held: usize = std::thread::scope(|scope| {
        let all: Vec<_> = ["d", "e", "f", "g"]
            .map(|owner| {
                scope.spawn({
                    let store = &store;
                    move || usize::from(take(store, owner, 500).is_some())
                })
            })
            .into_iter()
            .collect();
        all.into_iter().map(|it| it.join().unwrap()).sum()
    });
    assert_eq!(held, 1);
}

fn submission(number: u32, lane: u32, position: i64) -> Submission {
    Submission {
        license_id: Text::new(LICENSE),
        submission_id: Text::from(format!("sub-{number}")),
        natural_key: Text::from(format!("C10-{number}-1")),
        lane: tag(lane),
        position,
        operation: Text::new("POST /sales/v2/receipts"),
        body: "{}".to_owned(),
        body_hash: [7; 32],
        state: Text::new("queued"),
        epoch: 1,
        due_at: Some(at(1_000 - i64::from(number))),
        not_before: at(0),
        plan_id: None,
        step: None,
        created_at: at(5),
        version: 1,
    }
}

fn queue(store: &Store, submission: Submission) -> Result<Submission, StoreError> {
    store.write(move |tx| submit(tx, &submission, &draft("submit")))
}

fn note(
    store: &Store,
    lease: &HeldLease,
    submission: &Submission,
    kind: &'static str,
    state: &'static str,
) -> Result<Submission, StoreError> {
    let (lease, submission) = (lease.clone(), submission.clone());
    store.write(move |tx| journal(tx, &lease, &submission, (kind, state, None), at(20), &draft("submit.journal")))
}

fn a_former_holder_is_fenced_off(open: &dyn Fn() -> Store) {
    let store = open();
    begin(&store, LICENSE, 1);
    let queued = queue(&store, submission(1, 1, 1)).unwrap();
    let asleep = take(&store, "a", 0).unwrap();
    let awake = take(&store, "b", 100).unwrap();
    let late = note(&store, &asleep, &queued, "intent", "journalled").unwrap_err();
    assert!(matches!(late, StoreError::Conflict { .. }), "{late}");
    note(&store, &awake, &queued, "intent", "journalled").unwrap();
    let fences: Vec<i64> =
        store.read(|tx| attempts(tx, LICENSE, "sub-1")).unwrap().iter().map(|attempt| attempt.fence).collect();
    assert_eq!(fences, [2]);
}

fn a_submission_is_queued_once(open: &dyn Fn() -> Store) {
    let store = open();
    begin(&store, LICENSE, 1);
    queue(&store, submission(1, 1, 1)).unwrap();
    let again = queue(&store, Submission { submission_id: Text::new("sub-9"), ..submission(1, 1, 2) }).unwrap();
    assert_eq!(again.submission_id, "sub-1");
    let other = queue(&store, Submission { body_hash: [8; 32], ..submission(1, 1, 1) }).unwrap_err();
    assert!(matches!(other, StoreError::KeyReused { .. }), "{other}");
}

fn the_journal_comes_first_and_lanes_wait(open: &dyn Fn() -> Store) {
    let store = open();
    begin(&store, LICENSE, 2);
    for (number, lane, position) in [(1, 1, 1), (2, 1, 2), (3, 2, 1)] {
        queue(&store, submission(number, lane, position)).unwrap();
    }
    let next = |store: &Store| {
        let all = store.read(|tx| next_in_lanes(tx, LICENSE, at(10))).unwrap();
        all.into_iter().map(|it| it.submission_id.to_string()).collect::<Vec<_>>()
    };
    // What is due first comes first; the second of a lane waits.
    assert_eq!(next(&store), ["sub-3", "sub-1"]);
    let lease = take(&store, "a", 0).unwrap();
    let first =
        store.read(|tx| tx.get::<Submission>(&[ValueRef::Text(LICENSE), ValueRef::Text("sub-1")])).unwrap().unwrap();
    let sent = note(&store, &lease, &first, "intent", "journalled").unwrap();
    // Somebody else's look at what it was is refused.
    assert!(matches!(note(&store, &lease, &first, "intent", "journalled"), Err(StoreError::Conflict { .. })));
    let unknown = note(&store, &lease, &sent, "answer", "unknown").unwrap();
    assert_eq!(next(&store), ["sub-3", "sub-1"]);
    let verified = note(&store, &lease, &unknown, "look", "verified").unwrap();
    assert_eq!(next(&store), ["sub-3", "sub-2"]);
    assert!(note(&store, &lease, &verified, "intent", "journalled").is_err());
    let kept = store.read(|tx| attempts(tx, LICENSE, "sub-1")).unwrap();
    let kept: Vec<_> = kept.iter().map(|it| (it.attempt, it.kind.as_str(), it.state.as_str())).collect();
    assert_eq!(kept, [(1, "intent", "journalled"), (1, "answer", "unknown"), (1, "look", "verified")]);
}

fn the_doctor_finds_nothing(open: &dyn Fn() -> Store) {
    let store = open();
    begin(&store, LICENSE, 5);
    begin(&store, OTHER, 5);
    for batch in 0..30_u32 {
        let sales = (0..20).map(|it| sale(LICENSE, it % 5 + 1, batch * 15 + it, i64::from(it % 4))).collect();
        sell(&store, LICENSE, i64::from(batch), sales).unwrap();
    }
    queue(&store, submission(1, 1, 1)).unwrap();
    store.write(|tx| audit::checkpoint(tx, LICENSE, &key(), at(41), ("hour", false))).unwrap();
    let ask = trueup_store::care::Doctor { now: at(100), key: Some(key().verifying_key()), free_space: Some(1 << 40) };
    let checks = trueup_store::care::doctor(&store, &ask).unwrap();
    assert!(checks.len() == 6 && checks.iter().all(|check| check.found.is_ok()), "{checks:#?}");
    // A clock that stands still, a key that is another's, a disk that is full.
    let other = audit::SigningKey::new("trueup/i-test", [1; 32]).unwrap().verifying_key();
    let ask = trueup_store::care::Doctor { now: at(-100), key: Some(other), free_space: Some(1 << 20) };
    let checks = trueup_store::care::doctor(&store, &ask).unwrap();
    let wrong: Vec<&str> = checks.iter().filter(|check| check.found.is_err()).map(|check| check.name).collect();
    assert_eq!(wrong, ["checkpoints", "clock", "free space"]);
}
