//! Why a step was not taken, or what is in doubt about it, for people.

use super::steps::StepBody;
use serde_json::Value;
use trueup_store::queue::attempts;
use trueup_store::{PlanStep, StoreError, Tx};

/// What the journal says last of a step that did not end well; nothing of any other.
///
/// # Errors
/// Those of the store.
pub fn why_not(tx: &mut Tx<'_>, step: &PlanStep) -> Result<Option<String>, StoreError> {
    if !matches!(step.state.as_str(), "refused" | "blocked") {
        return Ok(None);
    }
    let first = StepBody::read(step)?.same_as.unwrap_or(step.step);
    let journal = attempts(tx, &step.license_id, &format!("{}-{first}", step.plan_id))?;
    let details = journal.iter().rev().find_map(|attempt| attempt.details.as_deref());
    let told = details.and_then(|details| serde_json::from_str::<Value>(details).ok());
    Ok(Some(told.as_ref().map_or_else(|| "something before it on the package was not done".to_owned(), in_words)))
}

fn in_words(told: &Value) -> String {
    let text = |key: &str| told.get(key).and_then(Value::as_str);
    if let Some(package) = text("guard_of") {
        let found = text("found").unwrap_or("nothing");
        return format!("the state holds {found} of {package} by now: propose again, and look");
    }
    let words: Vec<&str> =
        told.get("words").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let said = ["refused", "before", "look", "write", "because", "why"].into_iter().find_map(text);
    match (said, words.as_slice()) {
        (Some(said), []) => said.to_owned(),
        (Some(said), words) => format!("{said}: {}", words.join("; ")),
        (None, _) => told.to_string(),
    }
}
