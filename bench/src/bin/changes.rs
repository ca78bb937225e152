//! `bench/incremental`: what a change costs, whatever the size of the inventory.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use clap::Parser;
use jiff::{SignedDuration, Timestamp};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use std::collections::{BTreeMap, VecDeque};
use std::process::ExitCode;
use std::time::Instant;
use trueup_core::{
    Book, Decimal, Dimension, LicenseNumber, Movement, MovementKind, Ordered, PackageTag, PosStock, Quantity,
    ReceiptNumber, SaleLine, Sku, StatePackage, Text, Unit, When, Zone,
};
use trueup_reconcile::{Corrections, Fact, Reconciler, Reporter, Settings};

/// Feeds changes into a reconciler that holds so many packages with so many open movements each, settling as it goes.
///
/// A change is a sale with the balance that its book shows after it: by turns one more in the POS, and one that the state
/// did not have yet. Open are sales of the last hour that the state is not yet due to have.
#[derive(Parser)]
struct Options {
    /// Packages held.
    #[arg(long, value_delimiter = ',', default_value = "1000,100000,1000000")]
    packages: Vec<usize>,
    /// Open movements of each.
    #[arg(long, value_delimiter = ',', default_value = "1,10,100")]
    open: Vec<usize>,
    /// Changes to feed.
    #[arg(long, default_value_t = 200_000)]
    changes: usize,
    /// Changes between two looks at the list.
    #[arg(long, default_value_t = 1_000)]
    every: usize,
    /// Runs of each; the median is told.
    #[arg(long, default_value_t = 5)]
    runs: usize,
}

fn main() -> ExitCode {
    let asked = Options::parse();
    println!("{:>9} {:>5} {:>12} {:>10} {:>6}", "packages", "open", "changes/s", "ns/change", "times");
    for open in &asked.open {
        let mut first = None;
        for packages in &asked.packages {
            let Some(nanos) = median(&asked, *packages, *open) else { return ExitCode::FAILURE };
            let base = *first.get_or_insert(nanos);
            let tenths = nanos * 10 / base.max(1);
            println!(
                "{packages:>9} {open:>5} {:>12} {nanos:>10} {:>4}.{}",
                1_000_000_000 / nanos.max(1),
                tenths / 10,
                tenths % 10
            );
        }
    }
    ExitCode::SUCCESS
}

/// The median cost of a change in nanoseconds.
fn median(asked: &Options, packages: usize, open: usize) -> Option<u128> {
    let mut world = World::new(packages, open)?;
    let mut runs = Vec::new();
    for _ in 0..asked.runs {
        let mut nanos = 0;
        for _ in 0..asked.changes.div_ceil(asked.every) {
            // Made just before they are fed, as changes come; only the feeding is measured.
            let changes: Vec<Fact> = (0..asked.every).filter_map(|_| world.change()).flatten().collect();
            let start = Instant::now();
            for fact in changes {
                world.reconciler.record(fact).ok()?;
            }
            world.reconciler.settle();
            nanos += start.elapsed().as_nanos();
        }
        let count = asked.changes.div_ceil(asked.every) * asked.every;
        runs.push(nanos / u128::try_from(count).ok()?.max(1));
    }
    runs.sort_unstable();
    runs.get(runs.len() / 2).copied()
}

/// The store while it changes.
struct World {
    reconciler: Reconciler,
    dice: Pcg64Mcg,
    packages: Vec<Package>,
    next_receipt: u64,
    turn: bool,
}

struct Package {
    tag: PackageTag,
    in_pos: i64,
    in_state: i64,
    /// Sales that the state does not have yet: number and second.
    open: VecDeque<(u64, i64)>,
}

/// 9 March 2026, 17:00 UTC.
const NOW: i64 = 1_773_075_600;
const ONE: i64 = 1_000_000_000_000;

fn at(second: i64) -> Option<Timestamp> {
    Timestamp::from_second(second).ok()
}

impl World {
    fn new(packages: usize, open: usize) -> Option<Self> {
        let mut world = Self {
            reconciler: Reconciler::new(settings()?),
            dice: Pcg64Mcg::seed_from_u64(7),
            packages: Vec::with_capacity(packages),
            next_receipt: 0,
            turn: false,
        };
        for number in 0..packages {
            let tag = PackageTag::parse(&format!("1A4060300002EE1{number:09}")).ok()?;
            let full = 1_000_000;
            world.packages.push(Package { tag, in_pos: full, in_state: full, open: VecDeque::new() });
            world.reconciler.record(world.state_package(number)?).ok()?;
            for _ in 0..open {
                for fact in world.sell(number)? {
                    world.reconciler.record(fact).ok()?;
                }
            }
            if number % 10_000 == 9_999 {
                world.reconciler.settle();
            }
        }
        world.reconciler.settle();
        Some(world)
    }

    fn change(&mut self) -> Option<[Fact; 2]> {
        let number = self.dice.random_range(0..self.packages.len());
        self.turn = !self.turn;
        if self.turn || self.packages.get(number)?.open.is_empty() { self.sell(number) } else { self.report(number) }
    }

    /// One more is sold in the POS; long enough ago for the state to have recorded it before its snapshot.
    fn sell(&mut self, number: usize) -> Option<[Fact; 2]> {
        self.next_receipt += 1;
        let (receipt, second) = (self.next_receipt, NOW - self.dice.random_range(60..3_500));
        let package = self.packages.get_mut(number)?;
        package.in_pos -= 1;
        package.open.push_back((receipt, second));
        Some([sale(package.tag, Book::Pos, receipt, second)?, self.pos_stock(number)?])
    }

    /// The oldest open sale reaches the state.
    fn report(&mut self, number: usize) -> Option<[Fact; 2]> {
        let package = self.packages.get_mut(number)?;
        let (receipt, second) = package.open.pop_front()?;
        package.in_state -= 1;
        Some([sale(package.tag, Book::State, receipt, second)?, self.state_package(number)?])
    }

    fn pos_stock(&self, number: usize) -> Option<Fact> {
        let package = self.packages.get(number)?;
        Some(Fact::PosStock(PosStock {
            package: package.tag,
            sku: Sku::new("GUM"),
            product_name: Text::new("Gummies 10 mg"),
            room: Text::new("Front"),
            quantity: Quantity::from_atoms(package.in_pos * ONE, Dimension::Count),
            number: Decimal::new(package.in_pos, 0),
            unit: Unit::Each,
            per_unit: Quantity::from_atoms(ONE, Dimension::Count),
            status: None,
        }))
    }

    fn state_package(&self, number: usize) -> Option<Fact> {
        let package = self.packages.get(number)?;
        Some(Fact::StatePackage(Box::new(StatePackage {
            package: package.tag,
            item: Text::new("Gummies 10 mg"),
            unit: Unit::Each,
            quantity: Quantity::from_atoms(package.in_state * ONE, Dimension::Count),
            number: Decimal::new(package.in_state, 0),
            original: None,
            sources: Vec::new(),
            location: Text::new("Sales Floor"),
            packaged: None,
            received: None,
            manifest: Text::default(),
            held: Some(false),
            finished: false,
            archived: None,
            unit_content: None,
            modified: None,
        })))
    }
}

fn sale(package: PackageTag, book: Book, receipt: u64, second: i64) -> Option<Fact> {
    let number = receipt.to_string();
    let reference = if book == Book::Pos { number.clone() } else { format!("{}", 9_000_000 + receipt) };
    let recorded = (book == Book::State).then(|| at(second + 30)).flatten();
    let line = SaleLine { number: ReceiptNumber::new(&number), recorded, packages: 1, ..SaleLine::default() };
    Some(Fact::Movement(Box::new(Movement {
        package,
        book,
        when: When::Instant(at(second)?),
        kind: MovementKind::Sale(Box::new(line)),
        reference: Text::new(reference),
        line: Text::new("1"),
        sku: if book == Book::Pos { Sku::new("GUM") } else { Sku::default() },
        quantity: Ordered(Quantity::from_atoms(-ONE, Dimension::Count)),
        number: Ordered(Decimal::new(1, 0)),
        unit: Unit::Each,
        reason: Text::default(),
        note: Text::default(),
        by: Text::new("Ari"),
    })))
}

fn settings() -> Option<Settings> {
    let now = at(NOW)?;
    Some(Settings {
        license: LicenseNumber::new("C10-0000123-LIC"),
        zone: Zone::parse("America/Los_Angeles").ok()?,
        window_start: at(NOW - 7 * 86_400)?,
        as_of: now,
        pos_as_of: now,
        state_as_of: now,
        ages_from: None,
        due_after: SignedDuration::from_mins(60),
        reporter: Reporter::Pos,
        corrections: Corrections::Silent,
        rooms: BTreeMap::new(),
    })
}
