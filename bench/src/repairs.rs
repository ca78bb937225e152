//! Which steps repair a cause: what the contract of the plan names, cause by cause.

use trueup_core::Book;
use trueup_reconcile::{Action, Step};

/// A kind of step.
pub(crate) type Kind = (Book, Action);

const RESEND: &[Kind] = &[(Book::Pos, Action::ResendReceipt), (Book::State, Action::SubmitReceipt)];
const RESEND_OR_EDIT: &[Kind] =
    &[(Book::Pos, Action::ResendReceipt), (Book::State, Action::SubmitReceipt), (Book::State, Action::EditReceipt)];
const EDIT: &[Kind] = &[(Book::State, Action::EditReceipt)];
const VOID: &[Kind] = &[(Book::State, Action::VoidReceipt), (Book::State, Action::EditReceipt)];
const ADJUST: &[Kind] = &[(Book::State, Action::Adjust)];
const CORRECT: &[Kind] = &[(Book::Pos, Action::Correct), (Book::Pos, Action::Ask)];
const RECEIVE: &[Kind] = &[(Book::Pos, Action::Receive)];
const PEOPLE: &[Kind] = &[(Book::Shelf, Action::Recount), (Book::Shelf, Action::Ask)];
const NOTHING: &[Kind] = &[];

/// One of these has to be in the plan for a cause of this share; none for a cause that needs no step of its own.
pub(crate) fn wanted(cause: &str, is_negative: bool) -> &'static [Kind] {
    match cause {
        "sale_not_reported" => RESEND_OR_EDIT,
        "void_only_in_state" => RESEND,
        "sale_only_in_state" | "sale_reported_twice" | "void_only_in_pos" | "return_only_in_pos" => VOID,
        "sale_quantity_differs"
        | "sale_on_other_package"
        | "sale_time_differs"
        | "customer_type_differs"
        | "price_differs" => EDIT,
        "adjustment_only_in_pos" | "destroyed_only_in_pos" | "adjustment_reported_twice" => ADJUST,
        "adjustment_only_in_state"
        | "destroyed_only_in_state"
        | "transfer_out_only_in_state"
        | "discontinued_in_state"
        | "conversion_unbalanced" => CORRECT,
        "repackaged_in_state" if is_negative => RECEIVE,
        "repackaged_in_state" => CORRECT,
        "repackaged_only_in_pos" => &[(Book::State, Action::Repackage)],
        "received_only_in_state" => RECEIVE,
        "received_only_in_pos" => &[(Book::Pos, Action::StopSale)],
        "room_differs" => &[(Book::State, Action::Move)],
        "hold_differs" => &[(Book::Pos, Action::StopSale), (Book::Shelf, Action::Ask)],
        "unit_mismatch" => &[(Book::State, Action::EditReceipt), (Book::Shelf, Action::Recount)],
        "tag_mistyped" if is_negative => RECEIVE,
        "tag_mistyped" => CORRECT,
        "transfer_out_only_in_pos" | "item_differs" => &[(Book::Shelf, Action::Ask)],
        "unexplained"
        | "received_quantity_differs"
        | "missing_in_pos"
        | "missing_in_state"
        | "finished_in_state"
        | "finished_only_in_pos" => PEOPLE,
        _ => NOTHING,
    }
}

/// Whether these steps adjust a book, which a count may decide instead.
pub(crate) fn is_adjusting(kinds: &[Kind]) -> bool {
    kinds.iter().any(|(_, action)| matches!(action, Action::Adjust | Action::Correct))
}

/// Steps that change a book: in a plan only where a cause wants them.
const CHANGING: [Action; 10] = [
    Action::ResendReceipt,
    Action::SubmitReceipt,
    Action::EditReceipt,
    Action::VoidReceipt,
    Action::Repackage,
    Action::Receive,
    Action::Adjust,
    Action::Correct,
    Action::Move,
    Action::StopSale,
];

/// Whether a step changes a book though none of the causes wants it. Where a count decides, both books are brought to
/// it; where the POS echoes its corrections, the state is adjusted first.
pub(crate) fn is_forbidden(step: &Step, causes: &[(String, bool)], is_counted: bool, is_echoed: bool) -> bool {
    let kind = (step.system, step.action);
    let wants =
        |wanted_kind: Kind| causes.iter().any(|(cause, negative)| wanted(cause, *negative).contains(&wanted_kind));
    let adjusts = wants((Book::State, Action::Adjust)) || wants((Book::Pos, Action::Correct));
    let by_count = is_counted && adjusts && matches!(step.action, Action::Adjust | Action::Correct);
    let by_echo = is_echoed && wants((Book::Pos, Action::Correct)) && kind == (Book::State, Action::Adjust);
    CHANGING.contains(&step.action) && !wants(kind) && !by_count && !by_echo
}
