//! What differs between states, and what sources disagree on.

use jiff::SignedDuration;

/// What `PUT /packages/v2/adjust` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutAdjust {
    /// The quantity afterwards, as the documentation says; below zero is refused.
    To,
    /// A change, as the documentation's example shows.
    By,
}

/// How the rows of a list are ordered; no documentation says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The last modified first: a list that changes while it is paged repeats rows and skips others.
    LatestFirst,
    /// By number.
    ById,
}

/// Limits on reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Reads a second for one facility.
    pub facility_rate: usize,
    /// Reads a second for one vendor key.
    pub vendor_rate: usize,
    /// Reads at once for one facility.
    pub facility_at_once: usize,
    /// Reads at once for one vendor key.
    pub vendor_at_once: usize,
}

/// How one simulated Metrc behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The state's two letters.
    pub state: String,
    /// The facilities' zone.
    pub zone: String,
    /// The longest window of a list; `None` accepts any.
    pub longest_window: Option<SignedDuration>,
    /// One bad row refuses the whole request.
    pub atomic_batches: bool,
    /// What a PUT of an adjustment means.
    pub put_adjust: PutAdjust,
    /// A list without a page size answers all rows; otherwise twenty.
    pub unpaged_lists: bool,
    /// How lists are ordered.
    pub order: Order,
    /// Receipts of the last day are in a list without a window; otherwise none.
    pub receipts_without_window: bool,
    /// A package's quantity may fall below zero.
    pub below_zero: bool,
    /// Reasons of adjustments, and whether each needs a note.
    pub reasons: Vec<(String, bool)>,
    /// There are retail ids.
    pub retail_ids: bool,
    /// The first version of the API answers, too.
    pub version_one: bool,
    /// Limits on reads; `None` for none.
    pub limits: Option<RateLimits>,
}

/// Names as seen in several states; no full list of any is public.
const REASONS: [(&str, bool); 9] = [
    ("API Related Error", true),
    ("Drying", false),
    ("Entry Error", true),
    ("Mandatory State Destruction", true),
    ("Spoilage", true),
    ("Theft", true),
    ("Typing/Entry Error", true),
    ("Waste", false),
    ("Incorrect Quantity", true),
];

impl Default for Settings {
    fn default() -> Self {
        Self {
            state: "CO".to_owned(),
            zone: "America/Denver".to_owned(),
            longest_window: None,
            atomic_batches: true,
            put_adjust: PutAdjust::To,
            unpaged_lists: true,
            order: Order::LatestFirst,
            receipts_without_window: true,
            below_zero: false,
            reasons: REASONS.map(|(name, note)| (name.to_owned(), note)).to_vec(),
            retail_ids: false,
            version_one: true,
            limits: Some(RateLimits { facility_rate: 50, vendor_rate: 150, facility_at_once: 10, vendor_at_once: 30 }),
        }
    }
}

/// States without retail ids, and those that never had the first version. Source: Metrc's Postman collections, 2026-02.
const WITHOUT_RETAIL_IDS: [&str; 5] = ["AK", "CO", "ME", "MO", "GU"];
const WITHOUT_VERSION_ONE: [&str; 2] = ["GU", "KY"];
/// One zone a state: that of its largest city.
const ZONES: [(&str, &str); 28] = [
    ("AK", "America/Anchorage"),
    ("AL", "America/Chicago"),
    ("CA", "America/Los_Angeles"),
    ("CO", "America/Denver"),
    ("DC", "America/New_York"),
    ("GU", "Pacific/Guam"),
    ("IL", "America/Chicago"),
    ("KY", "America/New_York"),
    ("LA", "America/Chicago"),
    ("MA", "America/New_York"),
    ("MD", "America/New_York"),
    ("ME", "America/New_York"),
    ("MI", "America/Detroit"),
    ("MN", "America/Chicago"),
    ("MO", "America/Chicago"),
    ("MS", "America/Chicago"),
    ("MT", "America/Denver"),
    ("NJ", "America/New_York"),
    ("NV", "America/Los_Angeles"),
    ("NY", "America/New_York"),
    ("OH", "America/New_York"),
    ("OK", "America/Chicago"),
    ("OR", "America/Los_Angeles"),
    ("RI", "America/New_York"),
    ("SD", "America/Chicago"),
    ("VA", "America/New_York"),
    ("VI", "America/Puerto_Rico"),
    ("WV", "America/New_York"),
];

impl Settings {
    /// As a state has it, by its two letters; `None` if it does not use Metrc.
    #[must_use]
    pub fn of_state(code: &str) -> Option<Self> {
        let code = code.to_ascii_uppercase();
        let (state, zone) = ZONES.iter().find(|(known, _)| *known == code)?;
        Some(Self {
            state: (*state).to_owned(),
            zone: (*zone).to_owned(),
            retail_ids: !WITHOUT_RETAIL_IDS.contains(state),
            version_one: !WITHOUT_VERSION_ONE.contains(state),
            ..Self::default()
        })
    }
}
