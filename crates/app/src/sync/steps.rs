//! Steps of a plan as they are kept, and who does which.

use super::receipts::{LineChange, SoldLine};
use serde::{Deserialize, Serialize};
use trueup_answer::record::{Discrepancy as Record, Step as Told};
use trueup_core::{Book, Decimal, Quantity, Text, Unit};
use trueup_reconcile::{Action, PackageBooks, Settings, Step};
use trueup_store::{PlanStep, StoreError};

/// Who does a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doer {
    /// We do, through the state's API.
    Trueup,
    /// A person does, in the state's page.
    InState,
    /// A person does, in the POS.
    InPos,
    /// People decide or count.
    People,
    /// Nobody: it says what will be seen.
    Nobody,
}

/// What is kept of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepBody {
    /// The step as the answer tells it.
    pub told: Told,
    /// Who does it.
    pub doer: Doer,
    /// The POS's events that an adjustment carries out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// It is made ahead of a correction of the POS that arrives in the state, too, where so many facts of its amount are already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ahead_of: Option<u32>,
    /// It takes off what the POS told the state once too often.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub too_many: bool,
    /// The state's number of the receipt that it is about, where the step names it by another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<i64>,
    /// What is to stand on a receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<LineChange>,
    /// What the state is told of a sale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sold: Option<SoldLine>,
    /// The submission that it takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    /// The step of another package that is the same: a receipt is taken back once, for all packages on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<i64>,
    /// Why a step that could be ours is done by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// Causes that an adjustment of the state repairs by carrying out what the POS did.
const OF_POS: [&str; 2] = ["adjustment_only_in_pos", "destroyed_only_in_pos"];
/// What an event's name may be made of, to stand in a note.
fn may_stand_in_note(name: &str) -> bool {
    !name.is_empty() && name.len() <= 24 && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:#".contains(c))
}

impl StepBody {
    /// What is kept of a step.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if another version of trueup wrote it.
    pub fn read(step: &PlanStep) -> Result<Self, StoreError> {
        serde_json::from_str(&step.details).map_err(StoreError::refused)
    }

    /// Of a planned step of a package; `told` is the same step in words.
    pub(super) fn of(step: &Step, told: &Told, record: &Record, (books, settings): (&PackageBooks, &Settings)) -> Self {
        let body = |doer| Self::new(told.clone(), doer);
        let by_hand = |because: &str| Self { because: Some(because.to_owned()), ..body(Doer::InState) };
        match (told.system.as_str(), step.action) {
            ("pos", Action::StopSale) | (_, Action::Recount | Action::Ask) => body(Doer::People),
            ("pos", _) => body(Doer::InPos),
            (_, Action::None) => body(Doer::Nobody),
            ("state", Action::Adjust) if step.reference.is_some() => {
                Self { undoes: told.reference.clone(), ..body(Doer::Trueup) }
            }
            ("state", Action::Adjust) => match events(told, record) {
                Some(events) => {
                    let too_many = events.is_empty() && step.ahead_of.is_none() && has_repeated(record);
                    Self { events, ahead_of: step.ahead_of, too_many, ..body(Doer::Trueup) }
                }
                None => by_hand("its note could not name what it carries out"),
            },
            ("state", Action::VoidReceipt) => match is_of_state(told, record) {
                true => body(Doer::Trueup),
                false => by_hand("the receipt's number is not known"),
            },
            ("state", Action::UnfinalizeReceipt) => match &step.edits {
                None if is_of_state(told, record) => body(Doer::Trueup),
                Some(edited) => match edited.receipt.parse() {
                    Ok(receipt) => Self { receipt: Some(receipt), ..body(Doer::Trueup) },
                    Err(_) => by_hand("the receipt's number is not known"),
                },
                None => by_hand("the sale stands on several receipts of the state"),
            },
            ("state", Action::EditReceipt) => match LineChange::of(step, books, settings) {
                Ok(line) => Self { receipt: Some(line.receipt), line: Some(line), ..body(Doer::Trueup) },
                Err(because) => by_hand(because),
            },
            ("state", Action::SubmitReceipt) => match SoldLine::of(step, books, settings) {
                Ok(sold) => Self { sold: Some(sold), ..body(Doer::Trueup) },
                Err(because) => by_hand(because),
            },
            ("state", Action::Finish | Action::Unfinish) => body(Doer::Trueup),
            ("state", _) => by_hand("trueup does not do this itself yet"),
            _ => body(Doer::People),
        }
    }

    /// A step with nothing more to it.
    pub(super) const fn new(told: Told, doer: Doer) -> Self {
        Self {
            told,
            doer,
            events: Vec::new(),
            ahead_of: None,
            too_many: false,
            receipt: None,
            line: None,
            sold: None,
            undoes: None,
            same_as: None,
            because: None,
        }
    }

    /// The state's number of the receipt that it is about.
    pub(super) fn receipt(&self) -> Option<i64> {
        // Receipts that are edited are named by the POS's number, others by the state's.
        let named = self.told.reference.as_deref().filter(|_| self.told.action != "edit_receipt");
        self.receipt.or_else(|| named?.parse().ok())
    }
}

impl StepBody {
    /// The step that takes this one back, if one can. `created` is the state's number of what it made.
    pub(super) fn taken_back(&self, action: &str, submission: &str, created: Option<i64>) -> Option<Self> {
        let back = match action {
            "adjust" => "adjust",
            "unfinalize_receipt" => "finalize_receipt",
            "finalize_receipt" => "unfinalize_receipt",
            "finish" => "unfinish",
            "unfinish" => "finish",
            "edit_receipt" => "edit_receipt",
            "submit_receipt" => "void_receipt",
            _ => return None,
        };
        let reference = match action {
            "submit_receipt" => Some(created?.to_string()),
            _ => self.told.reference.clone(),
        };
        let line = match &self.line {
            Some(line) => Some(line.taken_back()?),
            None => None,
        };
        let opposite = |quantity: &String| match quantity.strip_prefix('-') {
            Some(positive) => positive.to_owned(),
            None => format!("-{quantity}"),
        };
        let told = Told {
            action: back.to_owned(),
            reference,
            quantity: self.told.quantity.as_ref().map(opposite),
            before: None,
            after: None,
            needs: Some("approval".to_owned()),
            // A void cannot be taken back.
            reversible: back != "void_receipt",
            ..self.told.clone()
        };
        let undoes = Some(submission.to_owned());
        Some(Self { undoes, receipt: self.receipt, line, ..Self::new(told, Doer::Trueup) })
    }

    /// The same with what the state holds before and after, in words.
    pub(super) fn between(
        mut self,
        package: &str,
        (before, after): (Option<i64>, Option<i64>),
    ) -> Result<Self, StoreError> {
        let unknown = || StoreError::refused(format!("the unit of {package} is not known any more"));
        let unit = self.told.unit.as_deref().and_then(|unit| Unit::parse(unit).ok());
        let text = |atoms: i64| -> Result<String, StoreError> {
            let unit = unit.ok_or_else(unknown)?;
            Ok(Quantity::from_atoms(atoms, unit.dimension()).sum().text(unit).to_string())
        };
        self.told.before = before.map(text).transpose()?;
        self.told.after = after.map(text).transpose()?;
        Ok(self)
    }
}

/// Whether a step names the state's own number of a receipt: that of a void is one, and that of what is unfinalized for a void.
fn is_of_state(told: &Told, record: &Record) -> bool {
    let is_void = |step: &&Told| step.action == "void_receipt" && step.reference == told.reference;
    let number = told.reference.as_deref().and_then(|id| id.parse::<i64>().ok());
    number.is_some() && record.plan.iter().any(|step| is_void(&step))
}

/// What steps of several packages share: a receipt that is changed, or reported, as a whole.
pub(super) fn shared(step: &Step, plan: &[Step]) -> Option<(Action, Text)> {
    if step.system != Book::State {
        return None;
    }
    let reference = step.reference.clone();
    let edited = step.edits.as_ref().map(|edited| edited.receipt.clone());
    let voided = |it: &Step| it.action == Action::VoidReceipt && it.reference == step.reference;
    match step.action {
        Action::VoidReceipt => Some((step.action, reference?)),
        // Numbers may begin anew every day, and at every till.
        Action::SubmitReceipt => Some((step.action, Text::from(format!("{} {:?}", reference?, step.sold)))),
        // What is unfinalized to be edited goes by another number than what is unfinalized to be voided.
        Action::UnfinalizeReceipt if plan.iter().any(voided) => Some((Action::UnfinalizeReceipt, reference?)),
        Action::UnfinalizeReceipt | Action::EditReceipt => Some((Action::EditReceipt, edited.or(reference)?)),
        _ => None,
    }
}

fn has_repeated(record: &Record) -> bool {
    record.causes.iter().any(|cause| cause.cause == "adjustment_reported_twice")
}

/// The POS's events that the adjustment is the sum of; none if it is of another kind. Nothing if they cannot be named.
fn events(told: &Told, record: &Record) -> Option<Vec<String>> {
    let of_pos: Vec<_> = record.causes.iter().filter(|cause| OF_POS.contains(&cause.cause.as_str())).collect();
    if of_pos.is_empty() {
        return Some(Vec::new());
    }
    let mut sum = Sum::default();
    let mut names = Vec::new();
    for evidence in of_pos.iter().flat_map(|cause| &cause.evidence) {
        sum.add(&evidence.quantity)?;
        let name = evidence.reference.clone().filter(|name| may_stand_in_note(name))?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let is_all = told.quantity.as_deref().is_some_and(|quantity| sum.is(quantity));
    (is_all && names.iter().map(String::len).sum::<usize>() <= 80).then_some(names)
}

/// A sum of texts, exactly.
#[derive(Default)]
struct Sum(i128);

/// Decimal places that are held; the answers have twelve at most.
const PLACES: u32 = 12;

fn scaled(text: &str) -> Option<i128> {
    let decimal = Decimal::parse(text).ok()?;
    let places = PLACES.checked_sub(u32::from(decimal.scale()))?;
    i128::from(decimal.mantissa()).checked_mul(10_i128.checked_pow(places)?)
}

impl Sum {
    fn add(&mut self, text: &str) -> Option<()> {
        self.0 = self.0.checked_add(scaled(text)?)?;
        Some(())
    }

    fn is(&self, text: &str) -> bool {
        scaled(text) == Some(self.0)
    }
}
