//! Planning the repair of one package: per cause the right workflow in the right system, in an order that works, with
//! each system's own before → after.
//!
//! A sale is repaired on its receipt, never by an adjustment. What is not explained is never planned away.

mod allocate;

use crate::conclude::Concluded;
use crate::explain::alike_in_state;
use crate::settings::{Corrections, Reporter};
use crate::shelf::{Shelf, open_difference};
use crate::{Ahead, Amount, Cause, Finding, PackageBooks, ReceiptFacts, Settings};
use trueup_core::{Book, Sku, Text, Unit, When};

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the published schema names them; the names say it")]
pub enum Action {
    StopSale,
    Unfinish,
    UnfinalizeReceipt,
    ResendReceipt,
    SubmitReceipt,
    EditReceipt,
    VoidReceipt,
    Repackage,
    Receive,
    Adjust,
    Correct,
    Move,
    Finish,
    Recount,
    Ask,
    None,
}

impl Action {
    /// The name in the output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::StopSale => "stop_sale",
            Self::Unfinish => "unfinish",
            Self::UnfinalizeReceipt => "unfinalize_receipt",
            Self::ResendReceipt => "resend_receipt",
            Self::SubmitReceipt => "submit_receipt",
            Self::EditReceipt => "edit_receipt",
            Self::VoidReceipt => "void_receipt",
            Self::Repackage => "repackage",
            Self::Receive => "receive",
            Self::Adjust => "adjust",
            Self::Correct => "correct",
            Self::Move => "move",
            Self::Finish => "finish",
            Self::Recount => "recount",
            Self::Ask => "ask",
            Self::None => "none",
        }
    }
}

/// Whom or what a step waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the published schema names them; the names say it")]
pub enum Need {
    Approval,
    Recount,
    Regulator,
    Decision,
}

impl Need {
    /// The name in the output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approval => "approval",
            Self::Recount => "recount",
            Self::Regulator => "regulator",
            Self::Decision => "decision",
        }
    }
}

/// An amount in the unit to say it in: the package's, or that of the SKU that the step names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// In 10⁻¹² of the base unit of `unit`'s dimension.
    pub amount: Amount,
    /// The unit to say it in.
    pub unit: Unit,
}

/// One step of a repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Where.
    pub system: Book,
    /// What.
    pub action: Action,
    /// POS receipt number; for `void_receipt` the state's `Id`; a manifest, a package, a location.
    pub reference: Option<Text>,
    /// The SKU, where the step is about one; its amounts are in that SKU's unit then.
    pub sku: Option<Sku>,
    /// The signed change.
    pub quantity: Option<Measure>,
    /// What the system holds before …
    pub before: Option<Measure>,
    /// … and after.
    pub after: Option<Measure>,
    /// Whether it can be taken back.
    pub reversible: bool,
    /// Whom or what it waits for.
    pub needs: Option<Need>,
    /// When the sale was that the step reports.
    pub sold: Option<When>,
    /// The receipt of the state that is edited, where one alone is meant.
    pub edits: Option<Edited>,
    /// It is made ahead of a correction of the POS that will move the state, too: so many facts of the correction's amount the state
    /// has already.
    pub ahead_of: Option<u32>,
}

/// A receipt of the state that is edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The state's `Id`.
    pub receipt: Text,
    /// What is wrong about it.
    pub cause: Cause,
}

/// Plans the repair of one package.
pub(crate) fn plan(
    books: &PackageBooks,
    concluded: &Concluded,
    shelf: Option<&Shelf>,
    settings: &Settings,
) -> Vec<Step> {
    let mut planner =
        Planner { books, settings, shelf, pos: books.pos_quantity(), state: books.state_quantity(), steps: Vec::new() };
    planner.stop_sales(concluded);
    planner.receipts(concluded);
    if let Some(target) = planner.count_decides(concluded) {
        planner.bring_to_count(target, concluded.in_flight);
    } else if !mirror_each_other(concluded) {
        planner.stock(concluded);
    }
    planner.flags(concluded);
    planner.leftovers(concluded);
    planner.unfinish_first();
    planner.steps
}

/// Adjustments of both books that are the same one by one, too far apart in time to be one each: giving each book the
/// other's would take the goods off twice. A count has to say.
fn mirror_each_other(concluded: &Concluded) -> bool {
    let moving = || concluded.findings.iter().filter(|finding| !finding.amount.is_zero());
    let amounts = |causes: [Cause; 2]| -> Vec<(bool, Amount)> {
        let of_book = moving().filter(|finding| causes.contains(&finding.cause));
        let mut amounts: Vec<_> = of_book.map(|finding| (finding.cause == causes[1], finding.amount.abs())).collect();
        amounts.sort_unstable();
        amounts
    };
    let in_pos = amounts([Cause::AdjustmentOnlyInPos, Cause::DestroyedOnlyInPos]);
    let in_state = amounts([Cause::AdjustmentOnlyInState, Cause::DestroyedOnlyInState]);
    concluded.difference.is_zero()
        && concluded.unexplained.is_zero()
        && !in_pos.is_empty()
        && in_pos == in_state
        && moving().count() == in_pos.len() + in_state.len()
}

struct Planner<'a> {
    books: &'a PackageBooks,
    settings: &'a Settings,
    shelf: Option<&'a Shelf>,
    /// What each system holds after the steps so far.
    pos: Amount,
    state: Amount,
    steps: Vec<Step>,
}

/// What repairs a cause.
enum Workflow {
    /// On the receipt: the state takes the finding's amount.
    Receipt,
    /// The state is adjusted by the finding's amount.
    StateAdjust,
    /// The state makes the package as the POS did.
    StateRepackage,
    /// The POS is corrected by the opposite of the finding's amount.
    PosCorrect,
    /// The POS takes the package in.
    PosReceive,
    /// Nobody can say yet: count, then ask.
    CountAndAsk,
    /// Only people can say.
    Ask,
    /// Nothing to do for the quantity.
    Nothing,
}

fn workflow(finding: &Finding) -> Workflow {
    match finding.cause {
        Cause::SaleNotReported
        | Cause::SaleOnlyInState
        | Cause::SaleReportedTwice
        | Cause::SaleQuantityDiffers
        | Cause::SaleOnOtherPackage
        | Cause::VoidOnlyInPos
        | Cause::VoidOnlyInState
        | Cause::ReturnOnlyInPos
        | Cause::SaleTimeDiffers
        | Cause::CustomerTypeDiffers
        | Cause::PriceDiffers => Workflow::Receipt,
        Cause::UnitMismatch if finding.receipt.is_some() => Workflow::Receipt,
        Cause::AdjustmentOnlyInPos | Cause::DestroyedOnlyInPos | Cause::AdjustmentReportedTwice => {
            Workflow::StateAdjust
        }
        Cause::RepackagedOnlyInPos => Workflow::StateRepackage,
        Cause::ReceivedOnlyInState => Workflow::PosReceive,
        Cause::RepackagedInState | Cause::TagMistyped if finding.amount.is_negative() => Workflow::PosReceive,
        // Our own adjustment that settled nothing: whoever corrected the POS by it would repair for ever.
        Cause::AdjustmentOnlyInState
            if finding.ahead.is_none() && finding.evidence.iter().any(|record| !record.reference.is_empty()) =>
        {
            Workflow::CountAndAsk
        }
        Cause::AdjustmentOnlyInState
        | Cause::DestroyedOnlyInState
        | Cause::RepackagedInState
        | Cause::DiscontinuedInState
        | Cause::TransferOutOnlyInState
        | Cause::ConversionUnbalanced
        | Cause::TagMistyped => Workflow::PosCorrect,
        Cause::ReceivedQuantityDiffers
        | Cause::UnitMismatch
        | Cause::MissingInPos
        | Cause::MissingInState
        | Cause::FinishedInState
        | Cause::FinishedOnlyInPos => Workflow::CountAndAsk,
        Cause::TransferOutOnlyInPos | Cause::ItemDiffers => Workflow::Ask,
        Cause::CarriedForward
        | Cause::Rounding
        | Cause::ReceivedOnlyInPos
        | Cause::RoomDiffers
        | Cause::HoldDiffers
        | Cause::SoldFromOtherPackage
        | Cause::MoistureLoss
        | Cause::ScaleError
        | Cause::NotYetMoved => Workflow::Nothing,
    }
}

impl Planner<'_> {
    fn measure(&self, amount: Amount) -> Measure {
        Measure { amount, unit: self.books.unit() }
    }

    fn step(&self, system: Book, action: Action) -> Step {
        Step {
            system,
            action,
            reference: None,
            sku: None,
            quantity: None,
            before: None,
            after: None,
            reversible: action != Action::VoidReceipt && action != Action::ResendReceipt,
            needs: None,
            sold: None,
            edits: None,
            ahead_of: None,
        }
    }

    /// A step that changes what the state holds.
    fn state_step(&mut self, action: Action, reference: Option<Text>, change: Amount, needs: Option<Need>) {
        let before = self.state;
        self.state += change;
        let step = Step {
            reference,
            quantity: Some(self.measure(change)),
            before: Some(self.measure(before)),
            after: Some(self.measure(self.state)),
            needs,
            ..self.step(Book::State, action)
        };
        self.steps.push(step);
    }

    fn stop_sales(&mut self, concluded: &Concluded) {
        let held = self.books.state().is_some_and(|package| package.held == Some(true));
        let stop = concluded
            .findings
            .iter()
            .any(|finding| finding.cause == Cause::ReceivedOnlyInPos || (finding.cause == Cause::HoldDiffers && held));
        if stop {
            let step = Step { needs: Some(Need::Decision), ..self.step(Book::Pos, Action::StopSale) };
            self.steps.push(step);
        }
    }

    // --- Receipts -------------------------------------------------------------------------------------------------

    fn receipts(&mut self, concluded: &Concluded) {
        let mut resent = Amount::ZERO;
        let of_receipts = concluded.findings.iter().filter(|finding| matches!(workflow(finding), Workflow::Receipt));
        let of_receipts = of_receipts.filter_map(|finding| Some((finding, finding.receipt.as_deref()?)));
        let takes_out = |(finding, receipt): &(&Finding, &ReceiptFacts)| match finding.cause {
            Cause::SaleOnlyInState | Cause::SaleReportedTwice | Cause::VoidOnlyInPos => true,
            Cause::ReturnOnlyInPos => receipt.target.is_zero(),
            _ => false,
        };
        let (out, others): (Vec<_>, Vec<_>) = of_receipts.partition(takes_out);
        // First what gives the package something back: the state takes no sale of more than it holds.
        for (finding, receipt) in out {
            let is_unknown = finding.cause == Cause::SaleOnlyInState;
            let needs = if is_unknown { Need::Decision } else { Need::Approval };
            self.take_out(receipt, finding, needs);
        }
        for (finding, receipt) in others {
            match finding.cause {
                Cause::SaleNotReported | Cause::VoidOnlyInState => {
                    let needs = (finding.cause == Cause::VoidOnlyInState).then_some(Need::Decision);
                    self.report(receipt, finding, needs, &mut resent);
                }
                _ => self.edit(receipt, finding),
            }
        }
        if !resent.is_zero() {
            // The POS sends them; this is what the state will show then.
            let before = self.state;
            self.state += resent;
            let step = Step {
                before: Some(self.measure(before)),
                after: Some(self.measure(self.state)),
                ..self.step(Book::State, Action::None)
            };
            self.steps.push(step);
        }
    }

    /// Brings a sale to the state: by the POS where it reports, by us where we do.
    fn report(&mut self, receipt: &ReceiptFacts, finding: &Finding, needs: Option<Need>, resent: &mut Amount) {
        let reference = Some(receipt.number.clone());
        match self.settings.reporter {
            Reporter::Pos => {
                let step = Step { reference, needs, ..self.step(Book::Pos, Action::ResendReceipt) };
                self.steps.push(step);
                *resent += finding.amount;
            }
            Reporter::Trueup => {
                self.state_step(Action::SubmitReceipt, reference, finding.amount, needs);
                if let Some(step) = self.steps.last_mut() {
                    step.sold = finding.when;
                }
            }
        }
    }

    fn name_of(receipt: &ReceiptFacts) -> Option<Text> {
        let id = || receipt.state_receipts.first().map(|state| state.id.clone());
        [&receipt.number, &receipt.external].into_iter().find(|name| !name.is_empty()).cloned().or_else(id)
    }

    /// A finalized receipt refuses edits until it is unfinalized.
    fn unfinalize(&mut self, receipt: &ReceiptFacts, reference: Option<&Text>, edits: Option<&Edited>) {
        if receipt.state_receipts.iter().any(|state| state.finalized) {
            let step = Step {
                reference: reference.cloned(),
                needs: Some(Need::Approval),
                edits: edits.cloned(),
                ..self.step(Book::State, Action::UnfinalizeReceipt)
            };
            self.steps.push(step);
        }
    }

    fn edit(&mut self, receipt: &ReceiptFacts, finding: &Finding) {
        let reference = Self::name_of(receipt);
        if reference.is_none() {
            // Nothing says which receipt it is.
            let step = Step { needs: Some(Need::Decision), ..self.step(Book::State, Action::Ask) };
            self.steps.push(step);
            return;
        }
        let edits = match receipt.state_receipts.as_slice() {
            [one] => Some(Edited { receipt: one.id.clone(), cause: finding.cause }),
            _ => None,
        };
        self.unfinalize(receipt, reference.as_ref(), edits.as_ref());
        if finding.amount.is_zero() {
            let step = Step { reference, needs: Some(Need::Approval), ..self.step(Book::State, Action::EditReceipt) };
            self.steps.push(step);
        } else {
            self.state_step(Action::EditReceipt, reference, finding.amount, Some(Need::Approval));
        }
        if let Some(step) = self.steps.last_mut() {
            step.edits = edits;
        }
    }

    /// Takes receipts of the state back: as a whole where nothing else stands on them, else by editing them.
    fn take_out(&mut self, receipt: &ReceiptFacts, finding: &Finding, needs: Need) {
        let whole = !receipt.state_receipts.is_empty() && receipt.state_receipts.iter().all(|state| state.whole);
        if !whole || !receipt.target_allows_void() {
            self.edit(receipt, finding);
            return;
        }
        let mut open = finding.amount;
        let last = receipt.state_receipts.len().saturating_sub(1);
        for (place, state) in receipt.state_receipts.iter().enumerate() {
            if state.finalized {
                self.unfinalize(receipt, Some(&state.id), None);
            }
            let part = if place == last { open } else { state.quantity };
            open -= part;
            self.state_step(Action::VoidReceipt, Some(state.id.clone()), part, Some(needs));
        }
    }

    // --- Stock ----------------------------------------------------------------------------------------------------

    /// Where the books differ by adjustments alone and every stocked room is counted, the count decides.
    fn count_decides(&self, concluded: &Concluded) -> Option<Amount> {
        let shelf = self.shelf?;
        let moving = || concluded.findings.iter().filter(|finding| !finding.amount.is_zero());
        let adjustments_alone = moving().any(|finding| finding.cause.is_adjustment())
            && moving().all(|finding| finding.cause.is_adjustment() || finding.cause == Cause::Rounding);
        (adjustments_alone && concluded.unexplained.is_zero()).then_some(shelf.quantity)
    }

    /// Each book is brought from its own figure to the count; the state less what is still on its way to it.
    fn bring_to_count(&mut self, target: Amount, in_flight: Amount) {
        let pos_change = target - self.pos;
        if self.settings.corrections == Corrections::Echoed {
            let up_to_pos = self.pos - in_flight - self.state;
            self.adjust_state(up_to_pos);
            self.correct_pos(pos_change);
        } else {
            self.correct_pos(pos_change);
            self.adjust_state(target - in_flight - self.state);
        }
    }

    fn adjust_state(&mut self, change: Amount) {
        if !change.is_zero() {
            self.state_step(Action::Adjust, None, change, Some(Need::Approval));
        }
    }

    /// The book that lacks a fact gets it.
    fn stock(&mut self, concluded: &Concluded) {
        for finding in &concluded.findings {
            match workflow(finding) {
                Workflow::StateRepackage => {
                    let reference = finding.evidence.first().map(|record| record.reference.clone());
                    self.state_step(Action::Repackage, reference, finding.amount, Some(Need::Approval));
                }
                Workflow::PosReceive => self.receive(finding),
                _ => {}
            }
        }
        let others = || concluded.findings.iter().filter(|finding| finding.ahead.is_none());
        let sum = |wanted: fn(&Workflow) -> bool| -> Amount {
            others().filter(|finding| wanted(&workflow(finding))).map(|finding| finding.amount).sum()
        };
        self.adjust_state(sum(|workflow| matches!(workflow, Workflow::StateAdjust)));
        let correction = -sum(|workflow| matches!(workflow, Workflow::PosCorrect));
        let prepared = self.take_back(concluded, correction);
        if correction.is_zero() {
            return;
        }
        if self.settings.corrections == Corrections::Echoed {
            if !allocate::is_decided(self.books, self.shelf, correction) {
                self.correct_pos(correction);
                return;
            }
            // The POS's correction will move the state as well: the state first takes the opposite.
            let alike = alike_in_state(self.books, correction);
            let steps = self.steps.len();
            self.adjust_state(-correction - prepared);
            for step in self.steps.iter_mut().skip(steps) {
                step.ahead_of = u32::try_from(alike).ok();
            }
        }
        self.correct_pos(correction);
    }

    /// Takes back what was adjusted ahead of corrections that did not arrive in the state, or that nothing calls for any more. Gives what
    /// is adjusted already ahead of the correction that is still to be made.
    fn take_back(&mut self, concluded: &Concluded, correction: Amount) -> Amount {
        let is_called_for = !correction.is_zero() && self.settings.corrections == Corrections::Echoed;
        let mut prepared = Amount::ZERO;
        for finding in &concluded.findings {
            match finding.ahead {
                None => {}
                Some(Ahead::Awaited) if is_called_for => prepared -= finding.amount,
                Some(_) => {
                    let reference = finding.evidence.first().map(|record| record.reference.clone());
                    self.state_step(Action::Adjust, reference, finding.amount, Some(Need::Approval));
                }
            }
        }
        prepared
    }

    fn receive(&mut self, finding: &Finding) {
        let quantity = -finding.amount;
        let before = self.pos;
        self.pos += quantity;
        let reference = finding.evidence.iter().find(|record| record.book == Book::State);
        let step = Step {
            reference: reference.map(|record| record.reference.clone()),
            quantity: Some(self.measure(quantity)),
            before: Some(self.measure(before)),
            after: Some(self.measure(self.pos)),
            needs: Some(Need::Approval),
            ..self.step(Book::Pos, Action::Receive)
        };
        self.steps.push(step);
    }

    /// One correction of the POS, split among the package's SKUs by evidence, or asked about.
    fn correct_pos(&mut self, change: Amount) {
        if change.is_zero() {
            return;
        }
        let Some(parts) = allocate::allocate(self.books, self.shelf, change) else {
            let step = Step {
                quantity: Some(self.measure(change)),
                needs: Some(Need::Decision),
                ..self.step(Book::Pos, Action::Ask)
            };
            self.steps.push(step);
            return;
        };
        for part in parts {
            let (before, after) = match part.sku {
                Some(_) => (part.before, part.after),
                None => (self.measure(self.pos), self.measure(self.pos + change)),
            };
            let step = Step {
                sku: part.sku,
                quantity: Some(part.change),
                before: Some(before),
                after: Some(after),
                needs: Some(Need::Approval),
                ..self.step(Book::Pos, Action::Correct)
            };
            self.steps.push(step);
        }
        self.pos += change;
        if self.settings.corrections == Corrections::Echoed {
            self.state += change;
        }
    }

    // --- The rest -------------------------------------------------------------------------------------------------

    fn flags(&mut self, concluded: &Concluded) {
        for finding in &concluded.findings {
            if finding.cause == Cause::RoomDiffers {
                let mut stocked = self.books.stock().iter().filter(|row| !row.quantity.is_zero());
                let location = stocked.find_map(|row| self.settings.rooms.get(&row.room)).cloned();
                let step =
                    Step { reference: location, needs: Some(Need::Approval), ..self.step(Book::State, Action::Move) };
                self.steps.push(step);
            }
        }
    }

    /// What nothing explains is counted first, then asked about.
    fn leftovers(&mut self, concluded: &Concluded) {
        let any = |wanted: fn(&Workflow) -> bool| concluded.findings.iter().any(|finding| wanted(&workflow(finding)));
        let counted = self.shelf.is_some_and(|shelf| !open_difference(shelf).is_zero())
            && self.count_decides(concluded).is_none();
        let shelf_found = self.shelf.is_some_and(|shelf| !shelf.findings.is_empty());
        let recount = !concluded.unexplained.is_zero()
            || (mirror_each_other(concluded) && self.count_decides(concluded).is_none())
            || counted
            || shelf_found
            || any(|workflow| matches!(workflow, Workflow::CountAndAsk));
        let held_in_pos_only = concluded.findings.iter().any(|finding| finding.cause == Cause::HoldDiffers)
            && self.books.state().is_some_and(|package| package.held == Some(false));
        if recount {
            let step = Step { needs: Some(Need::Recount), ..self.step(Book::Shelf, Action::Recount) };
            self.steps.push(step);
        }
        if recount || held_in_pos_only || any(|workflow| matches!(workflow, Workflow::Ask)) {
            let step = Step { needs: Some(Need::Decision), ..self.step(Book::Shelf, Action::Ask) };
            self.steps.push(step);
        }
        if self.steps.is_empty() {
            let step = self.step(Book::State, Action::None);
            self.steps.push(step);
        }
    }

    /// The state refuses sales and adjustments of a finished package until it is unfinished.
    fn unfinish_first(&mut self) {
        let finished = self.books.state().is_some_and(|package| package.finished);
        let moves_state = |step: &Step| {
            (step.system == Book::State && step.before != step.after) || step.action == Action::ResendReceipt
        };
        let Some(place) = self.steps.iter().position(moves_state).filter(|_| finished) else { return };
        let step = Step {
            reference: Some(Text::new(self.books.package().to_string())),
            needs: Some(Need::Approval),
            ..self.step(Book::State, Action::Unfinish)
        };
        self.steps.insert(place, step);
        if self.state.is_zero() {
            let step = Step {
                reference: Some(Text::new(self.books.package().to_string())),
                ..self.step(Book::State, Action::Finish)
            };
            self.steps.push(step);
        }
    }
}
