//! What must hold for arbitrary books: causes add up, order and splitting change nothing, batch and incremental agree.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeMap;
use trueup_core::{
    Baseline, Book, Count, Decimal, Dimension, LicenseNumber, Movement, MovementKind, Ordered, PackageTag, PosStock,
    Quantity, QuantitySum, ReceiptNumber, SaleLine, Sku, StatePackage, Text, TransferRow, TransferState, Unit,
    WasteClass, When, Zone,
};
use trueup_reconcile::{
    Amount, Books, Cause, Corrections, Discrepancy, Fact, Outcome, Reconciler, Reporter, Settings, reconcile,
};

/// Few packages, receipts and minutes, so that everything meets everything. The first two tags are misspellings of
/// each other.
const TAGS: [&str; 6] = [
    "1A4060300002EE1000000012",
    "1A4060300002EE1000000021",
    "1A4060300002EE1000000500",
    "1A4060300002EE1000000600",
    "1A4060300002EE1000000700",
    "1A4060300002EE1000000800",
];
/// The last package is kept in grams, the others in pieces.
const IN_GRAMS: usize = 5;

fn tag(index: usize) -> PackageTag {
    PackageTag::parse(TAGS[index]).unwrap()
}

fn dimension(index: usize) -> Dimension {
    if index == IN_GRAMS { Dimension::Weight } else { Dimension::Count }
}

fn unit(index: usize) -> Unit {
    Unit::base(dimension(index))
}

fn quantity(index: usize, units: i64) -> Quantity {
    Quantity::from_atoms(units * 1_000_000_000_000, dimension(index))
}

fn start() -> Timestamp {
    "2026-03-02T08:00:00Z".parse().unwrap()
}

fn at(minutes: i64) -> Timestamp {
    start() + SignedDuration::from_mins(minutes)
}

/// The window is 4,000 minutes long; events lie a little before and after it, too.
const WINDOW_MINUTES: i64 = 4_000;

fn settings(echoed: bool, state_behind: bool) -> Settings {
    let as_of = at(WINDOW_MINUTES);
    Settings {
        license: LicenseNumber::new("C10-0000321-LIC"),
        zone: Zone::parse("America/Los_Angeles").unwrap(),
        window_start: start(),
        as_of,
        pos_as_of: as_of,
        state_as_of: if state_behind { at(WINDOW_MINUTES - 90) } else { as_of },
        ages_from: None,
        due_after: SignedDuration::from_mins(60),
        reporter: Reporter::Pos,
        corrections: if echoed { Corrections::Echoed } else { Corrections::Silent },
        rooms: BTreeMap::new(),
    }
}

/// What a generated fact is made of; small numbers, so that they collide.
#[derive(Debug, Clone)]
struct Seed {
    kind: u8,
    package: usize,
    other: usize,
    units: i64,
    minute: i64,
    receipt: u8,
    flag: u8,
}

fn seed() -> impl Strategy<Value = Seed> {
    // Some minutes are close together, some far apart.
    let minute = prop_oneof![0_i64..6, (0_i64..20).prop_map(|m| m * 210 - 100), Just(WINDOW_MINUTES - 30)];
    (0_u8..20, 0_usize..6, 0_usize..6, 1_i64..5, minute, 0_u8..6, 0_u8..8).prop_map(
        |(kind, package, other, units, minute, receipt, flag)| Seed {
            kind,
            package,
            other,
            units,
            minute,
            receipt,
            flag,
        },
    )
}

fn movement(seed: &Seed, book: Book, kind: MovementKind, units: i64, reference: &str, line: usize) -> Movement {
    Movement {
        package: tag(seed.package),
        book,
        when: When::Instant(at(seed.minute)),
        kind,
        reference: Text::new(reference),
        line: Text::new(line.to_string()),
        sku: Sku::default(),
        quantity: Ordered(quantity(seed.package, units)),
        number: Ordered(Decimal::new(units.abs(), 0)),
        unit: unit(seed.package),
        reason: Text::default(),
        note: Text::default(),
        by: Text::default(),
    }
}

/// The date alone, as some write it.
fn day_of(minute: i64) -> When {
    let zone = Zone::parse("America/Los_Angeles").unwrap();
    zone.read(&zone.day(at(minute)).to_string()).unwrap()
}

fn sale_line(number: &str) -> Box<SaleLine> {
    Box::new(SaleLine { number: ReceiptNumber::new(number), packages: 1, ..SaleLine::default() })
}

/// A fact of the seed; `place` makes ids unique.
fn fact(seed: &Seed, place: usize) -> Fact {
    let number = format!("R{}", seed.receipt);
    let id = format!("{}", 1000 + place);
    let pos = |kind, units| Fact::Movement(Box::new(movement(seed, Book::Pos, kind, units, &number, place)));
    let state = |kind, units| Fact::Movement(Box::new(movement(seed, Book::State, kind, units, &id, 1)));
    match seed.kind {
        0..=3 => {
            let mut line = sale_line(&number);
            line.voided = (seed.flag == 0).then(|| When::Instant(at(seed.minute + 20)));
            pos(MovementKind::Sale(line), -seed.units)
        }
        4..=7 => {
            let external = match seed.flag {
                0 => String::new(),
                1 => format!("POS7-{number}"),
                2 => "H9".to_owned(),
                _ => number.clone(),
            };
            let mut line = sale_line(&external);
            line.voided = (seed.flag == 3).then(|| When::Instant(at(seed.minute + 20)));
            line.finalized = seed.flag == 4;
            let mut sale = state(MovementKind::Sale(line), -seed.units);
            if let (Fact::Movement(movement), 0..2, 1) = (&mut sale, seed.flag, seed.other) {
                movement.when = day_of(seed.minute);
            }
            sale
        }
        8 => {
            let mut line = sale_line(&format!("{number}B"));
            line.original = ReceiptNumber::new(if seed.flag == 0 { "" } else { &number });
            let kind = if seed.flag < 5 { MovementKind::Return(line) } else { MovementKind::Void(line) };
            pos(kind, seed.units)
        }
        9 => pos(MovementKind::Adjust(WasteClass::Other), seed.units - 3),
        10 => state(MovementKind::Adjust(WasteClass::Other), seed.units - 3),
        11 => pos(MovementKind::Destroy, -seed.units),
        12 => state(MovementKind::Adjust(WasteClass::Waste), -seed.units),
        13 => pos(MovementKind::Correction { corrects: Text::default() }, seed.units - 3),
        14 => pos(MovementKind::Receive, seed.units),
        15 => pos(
            MovementKind::Repackage { product: (seed.other != seed.package).then(|| tag(seed.other)) },
            seed.units - 3,
        ),
        16 => pos(if seed.flag < 4 { MovementKind::Convert } else { MovementKind::TransferOut }, -seed.units),
        17 => other_observation(seed),
        18 => Fact::PosStock(PosStock {
            package: tag(seed.package),
            sku: Sku::new(if seed.flag == 0 { "B" } else { "A" }),
            product_name: Text::new(if seed.flag == 1 { "Other" } else { "Gummies" }),
            room: Text::new("Vault"),
            quantity: quantity(seed.package, seed.units * 5),
            number: Decimal::new(seed.units * 5, 0),
            unit: unit(seed.package),
            per_unit: quantity(seed.package, 1),
            status: None,
        }),
        _ => Fact::StatePackage(Box::new(state_package(seed))),
    }
}

fn state_package(seed: &Seed) -> StatePackage {
    let when = When::Instant(at(seed.minute));
    let made = seed.other != seed.package && seed.flag >= 5;
    StatePackage {
        package: tag(seed.package),
        item: Text::new("Gummies"),
        unit: unit(seed.package),
        quantity: quantity(seed.package, seed.units * 5),
        number: Decimal::new(seed.units * 5, 0),
        original: Some(quantity(seed.package, seed.units * 5)),
        sources: if made { vec![tag(seed.other)] } else { Vec::new() },
        location: Text::default(),
        packaged: Some(when),
        received: (seed.flag < 2).then_some(when),
        manifest: Text::default(),
        held: None,
        finished: seed.flag == 2,
        archived: (seed.flag == 7).then_some(when),
        unit_content: None,
        modified: seed.flag.is_multiple_of(2).then(|| at(seed.minute + 5)),
    }
}

fn other_observation(seed: &Seed) -> Fact {
    match seed.flag {
        0..=2 => Fact::Count(Count {
            id: Text::new("C1"),
            when: When::Instant(at(seed.minute)),
            package: tag(seed.package),
            sku: Sku::default(),
            room: Text::new("Vault"),
            quantity: quantity(seed.package, seed.units * 5),
            pass: u32::from(seed.receipt),
            by: Text::default(),
        }),
        3..=4 => Fact::Transfer(TransferRow {
            package: tag(seed.package),
            manifest: Text::new("M1"),
            outgoing: seed.flag == 3,
            state: TransferState::Accepted,
            shipped: Some(quantity(seed.package, seed.units)),
            received: Some(quantity(seed.package, seed.units)),
            when: Some(When::Instant(at(seed.minute))),
        }),
        _ => Fact::Baseline(Baseline {
            package: tag(seed.package),
            difference: QuantitySum::from_atoms(
                i128::from(seed.units - 3) * 1_000_000_000_000,
                dimension(seed.package),
            ),
            note: Text::default(),
            approved_by: Text::default(),
        }),
    }
}

/// Observations replace each other, so one of each package and kind is kept; movements are many.
fn facts(seeds: &[Seed]) -> Vec<Fact> {
    let mut seen = std::collections::BTreeSet::new();
    let mut facts = Vec::new();
    for (place, seed) in seeds.iter().enumerate() {
        let fact = fact(seed, place);
        let replaced = match &fact {
            Fact::PosStock(stock) => Some((0, stock.sku.to_string())),
            Fact::StatePackage(_) => Some((1, String::new())),
            Fact::Baseline(_) => Some((2, String::new())),
            _ => None,
        };
        if replaced.is_none_or(|kind| seen.insert((fact.package(), kind))) {
            facts.push(fact);
        }
    }
    facts
}

fn batch(facts: &[Fact], settings: &Settings) -> Outcome {
    let mut books = Books::new();
    for fact in facts {
        books.record(fact.clone()).unwrap();
    }
    reconcile(&books, settings, &mut |_, _| {})
}

/// Package, difference, unexplained, causes.
type Essence = (PackageTag, Amount, Amount, Vec<(Cause, Amount)>);

/// What an answer comes to, whatever records its evidence names.
fn essence(discrepancies: &[Discrepancy]) -> Vec<Essence> {
    let shares = |found: &Discrepancy| found.causes.iter().map(|share| (share.cause, share.amount)).collect();
    discrepancies.iter().map(|found| (found.package, found.difference, found.unexplained, shares(found))).collect()
}

/// One sale line of pieces becomes two of the same receipt.
fn split_a_line(facts: &[Fact], which: usize) -> Option<Vec<Fact>> {
    let splittable = |fact: &Fact| match fact {
        Fact::Movement(movement) => {
            matches!(movement.kind, MovementKind::Sale(_)) && movement.quantity.0.atoms().abs() >= 2_000_000_000_000
        }
        _ => false,
    };
    let places: Vec<usize> = (0..facts.len()).filter(|place| splittable(&facts[*place])).collect();
    let place = *places.get(which % places.len().max(1))?;
    let mut split = facts.to_vec();
    let Fact::Movement(whole) = split.remove(place) else { return None };
    let one = -1_000_000_000_000;
    for (line, atoms) in [("first", one), ("second", whole.quantity.0.atoms() - one)] {
        let mut part = whole.clone();
        part.quantity = Ordered(Quantity::from_atoms(atoms, whole.quantity.0.dimension()));
        part.number = Ordered(Decimal::new(-atoms / 1_000_000_000_000, 0));
        part.line = Text::new(format!("{} {line}", whole.line));
        split.push(Fact::Movement(part));
    }
    Some(split)
}

/// What happens in a store that is mostly in order.
#[derive(Debug, Clone)]
enum Happening {
    /// Sold minutes ago: the state is not yet due to have it.
    Sell { package: usize, receipt: u8, units: i64, minutes_ago: i64 },
    /// One of the open sales reaches the state, as it is or otherwise.
    Report { which: usize, how: u8, other: usize },
    /// Somebody looks.
    Settle,
    /// Anything.
    Other(Seed),
}

fn happening() -> impl Strategy<Value = Happening> {
    let sell = (0_usize..6, 0_u8..12, 1_i64..4, 1_i64..58)
        .prop_map(|(package, receipt, units, minutes_ago)| Happening::Sell { package, receipt, units, minutes_ago });
    let report =
        (any::<usize>(), 0_u8..24, 0_usize..6).prop_map(|(which, how, other)| Happening::Report { which, how, other });
    prop_oneof![8 => sell, 8 => report, 4 => Just(Happening::Settle), 1 => seed().prop_map(Happening::Other)]
}

/// A store of which every balance follows its movements.
struct Life {
    facts: Vec<Fact>,
    in_pos: [i64; 6],
    in_state: [i64; 6],
    open: Vec<(usize, u8, i64, i64)>,
}

impl Life {
    fn begin() -> Self {
        let mut life = Self { facts: Vec::new(), in_pos: [500; 6], in_state: [500; 6], open: Vec::new() };
        for package in 0..6 {
            life.balances(package);
        }
        life
    }

    fn balances(&mut self, package: usize) {
        let seed = |kind| Seed { kind, package, other: package, units: 1, minute: 0, receipt: 0, flag: 3 };
        for (kind, amount) in [(18, self.in_pos[package]), (19, self.in_state[package])] {
            let mut fact = fact(&seed(kind), 0);
            match &mut fact {
                Fact::PosStock(stock) => stock.quantity = quantity(package, amount),
                Fact::StatePackage(state) => state.quantity = quantity(package, amount),
                _ => {}
            }
            self.facts.push(fact);
        }
    }

    fn sell(&mut self, package: usize, receipt: u8, units: i64, minutes_ago: i64) {
        let minute = WINDOW_MINUTES - minutes_ago;
        let seed = Seed { kind: 0, package, other: package, units, minute, receipt, flag: 7 };
        self.facts.push(fact(&seed, self.facts.len()));
        self.in_pos[package] -= units;
        self.open.push((package, receipt, units, minute));
        self.balances(package);
    }

    fn report(&mut self, which: usize, how: u8, other: usize) {
        if self.open.is_empty() {
            return;
        }
        let (mut package, receipt, mut units, mut minute) = self.open.remove(which % self.open.len());
        let mut flag = 7;
        match how {
            0 => package = other,
            1 => units += 1,
            2 => flag = 0,
            3 => flag = 2,
            4 => flag = 3,
            5 => minute -= 1_440,
            6 => flag = 1,
            7 => units -= 1,
            _ => {}
        }
        let seed = Seed { kind: 4, package, other, units, minute, receipt, flag };
        self.facts.push(fact(&seed, self.facts.len()));
        self.in_state[package] -= if flag == 3 { 0 } else { units };
        self.balances(package);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// The same for a store that is mostly in order, whose sales are in flight for a while: what is followed on a lane and
    /// what is explained in full pass into each other.
    #[test]
    fn batch_and_incremental_agree_on_a_life(
        happenings in prop::collection::vec(happening(), 0..60),
        behind in any::<bool>(),
    ) {
        let settings = settings(false, behind);
        let mut reconciler = Reconciler::new(settings.clone());
        let mut life = Life::begin();
        let mut told = 0;
        for happening in happenings {
            match happening {
                Happening::Sell { package, receipt, units, minutes_ago } => {
                    life.sell(package, receipt, units, minutes_ago);
                }
                Happening::Report { which, how, other } => life.report(which, how, other),
                Happening::Other(seed) => life.facts.push(fact(&seed, life.facts.len())),
                Happening::Settle => {
                    reconciler.settle();
                    let found: Vec<Discrepancy> = reconciler.discrepancies().values().cloned().collect();
                    prop_assert_eq!(found, batch(&life.facts[..told], &settings).discrepancies);
                }
            }
            for fact in &life.facts[told..] {
                reconciler.record(fact.clone()).unwrap();
            }
            told = life.facts.len();
        }
        reconciler.settle();
        let found: Vec<Discrepancy> = reconciler.discrepancies().values().cloned().collect();
        prop_assert_eq!(found, batch(&life.facts, &settings).discrepancies);
    }

    /// Promise 3: every difference is explained to the last unit.
    #[test]
    fn causes_and_rest_add_up(seeds in prop::collection::vec(seed(), 0..40), echoed in any::<bool>(), behind in any::<bool>()) {
        let facts = facts(&seeds);
        let outcome = batch(&facts, &settings(echoed, behind));
        for found in &outcome.discrepancies {
            prop_assert_eq!(found.pos - found.state - found.in_flight, found.difference);
            let shares: Amount = found.causes.iter().map(|share| share.amount).sum();
            prop_assert_eq!(shares + found.unexplained, found.difference, "{:?}", found);
            if let Some(shelf) = &found.shelf {
                let shares: Amount = shelf.causes.iter().map(|share| share.amount).sum();
                prop_assert_eq!(shares + shelf.unexplained, shelf.difference);
                prop_assert_eq!(found.pos - shelf.quantity, shelf.difference);
            }
            prop_assert!(found.causes.iter().all(|share| !share.evidence.is_empty()), "a cause without evidence: {:?}", found);
            prop_assert!(!found.plan.is_empty());
        }
    }

    /// The order in which facts come changes nothing, evidence and plans included.
    #[test]
    fn order_changes_nothing(
        (sorted, shuffled) in prop::collection::vec(seed(), 0..40)
            .prop_map(|seeds| facts(&seeds))
            .prop_flat_map(|facts| (Just(facts.clone()), Just(facts).prop_shuffle()))
    ) {
        let settings = settings(false, false);
        prop_assert_eq!(batch(&sorted, &settings), batch(&shuffled, &settings));
    }

    /// Promise 4: facts one by one, in any order and settled at any time, give what a full run gives.
    #[test]
    fn batch_and_incremental_agree(
        facts in prop::collection::vec(seed(), 0..40).prop_map(|seeds| facts(&seeds)).prop_shuffle(),
        every in 1_usize..8,
        behind in any::<bool>(),
    ) {
        let settings = settings(true, behind);
        let mut reconciler = Reconciler::new(settings.clone());
        for (place, fact) in facts.iter().enumerate() {
            reconciler.record(fact.clone()).unwrap();
            if place % every == 0 {
                reconciler.settle();
            }
        }
        reconciler.settle();
        let incremental: Vec<Discrepancy> = reconciler.discrepancies().values().cloned().collect();
        prop_assert_eq!(incremental, batch(&facts, &settings).discrepancies);
    }

    /// The same while time passes, snapshots are taken at different times, and packages are told anew as a whole.
    #[test]
    fn batch_and_incremental_agree_while_time_passes(
        seeds in prop::collection::vec((seed(), any::<u8>()), 0..40),
        passing in prop::collection::vec((0_i64..4_300, 0_i64..4_300, any::<bool>()), 1..6),
        echoed in any::<bool>(),
    ) {
        let all = facts(&seeds.iter().map(|(seed, _)| seed.clone()).collect::<Vec<_>>());
        let mut reconciler = Reconciler::new(settings(echoed, false));
        let mut told: Vec<Fact> = Vec::new();
        for (turn, (pos, state, whole)) in passing.iter().enumerate() {
            let (pos, state) = (at(*pos), at(*state));
            let now = Settings {
                pos_as_of: pos,
                state_as_of: state,
                as_of: pos.max(state),
                ages_from: whole.then(|| pos.max(state) + SignedDuration::from_mins(20)),
                ..settings(echoed, false)
            };
            reconciler.advance(now.clone());
            for (place, fact) in all.iter().enumerate() {
                // Each is told in some turn, alone or with all that is known of its package.
                if usize::from(seeds[place.min(seeds.len() - 1)].1) % passing.len() != turn {
                    continue;
                }
                told.push(fact.clone());
                if *whole {
                    let package = fact.package();
                    let of_package = told.iter().filter(|it| it.package() == package).cloned().collect();
                    reconciler.replace(package, of_package).unwrap();
                } else {
                    reconciler.record(fact.clone()).unwrap();
                }
            }
            reconciler.settle();
            let batch = batch(&told, &now);
            prop_assert_eq!(reconciler.outcome(), batch);
        }
        // What is told no more is as if it had never been.
        for index in 0..TAGS.len() {
            reconciler.replace(tag(index), Vec::new()).unwrap();
        }
        reconciler.settle();
        prop_assert_eq!(reconciler.outcome(), batch(&[], reconciler.settings()));
    }

    /// A line written as two lines of the same receipt is the same sale.
    #[test]
    fn splitting_a_line_changes_nothing(seeds in prop::collection::vec(seed(), 1..40), which in any::<usize>()) {
        let facts = facts(&seeds);
        let settings = settings(false, false);
        if let Some(split) = split_a_line(&facts, which) {
            let (whole, split) = (batch(&facts, &settings), batch(&split, &settings));
            prop_assert_eq!(essence(&whole.discrepancies), essence(&split.discrepancies));
        }
    }

    /// A package that nothing touches is not explained again.
    #[test]
    fn a_change_touches_only_what_it_shares(package in 0_usize..6, units in 1_i64..5) {
        let mut reconciler = Reconciler::new(settings(false, false));
        for (place, index) in (0..6).enumerate() {
            // Known to both books, so that none may be another's misspelling.
            for kind in [9, 18, 19] {
                let seed = Seed { kind, package: index, other: index, units: 1, minute: 100, receipt: 0, flag: 2 };
                reconciler.record(fact(&seed, place)).unwrap();
            }
        }
        reconciler.settle();
        let seed = Seed { kind: 10, package, other: package, units, minute: 300, receipt: 0, flag: 0 };
        reconciler.record(fact(&seed, 99)).unwrap();
        prop_assert_eq!(reconciler.settle(), vec![tag(package)]);
    }
}
