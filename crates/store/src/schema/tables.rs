//! The tables.
//!
//! Rules, each held by a test: `license_id` leads every key, unique and foreign key of what belongs to a licence; no triggers,
//! views, sequences, floats, arrays or types of one database only; times are microseconds since 1970 (UTC), quantities 10⁻¹² of
//! a gram, millilitre or piece; JSON is text that no statement looks into; every table whose rows nothing else counts has a second key or index, so that a lost
//! page is found by the database's own check.

use super::table::{Cell, Column, Record, Reference, Table, TableKind, tables};
use crate::sql::{Cells, ValueRef};
use crate::{StoreError, Text};
use jiff::Timestamp;

tables! {
    /// This installation: one row.
    Installation "installation": Reference,
    key(single)
    {
        /// Always 1: there is one row.
        single: i64,
        /// Names the installation in the origin of its checkpoints.
        installation_id: Text,
        /// Raised whenever a backup was restored: what was under way in an earlier epoch is not known to be so still.
        epoch: i64,
        /// When it was set up.
        created_at: Timestamp,
        /// When the last backup was restored.
        restored_at: Option<Timestamp>,
    }

    /// A person who works with the books. People belong to the installation; what they may do, to licences.
    Person "person": Reference audited,
    key(person_id), unique(login)
    {
        /// Ours, random.
        person_id: Text,
        /// What the person signs in with.
        login: Text,
        /// Printed on signed records.
        name: Text,
        /// Printed on signed records.
        title: Option<Text>,
        /// Argon2id, in its own text form.
        password_hash: Option<String>,
        /// Set when the person may not sign in any more. People are never deleted: their records name them.
        disabled_at: Option<Timestamp>,
        /// When the row was made.
        created_at: Timestamp,
        /// Counts the edits of the row.
        version: i64,
    }

    /// What a person or a program comes with instead of a password: a session, or a token of the API.
    AccessToken "access_token": Reference,
    key(token_hash), refers(person: person_id),
    index(person_id)
    {
        /// SHA-256 of the token, which is 256 random bits: nobody can come with what is kept here.
        token_hash: [u8; 32],
        /// Whose.
        person_id: Text,
        /// `session` or `api`.
        kind: Text,
        /// What its owner calls it.
        name: String,
        /// When it was made.
        created_at: Timestamp,
        /// Not after.
        expires_at: Timestamp,
        /// When it was ended before its time.
        ended_at: Option<Timestamp>,
        /// Counts the edits of the row.
        version: i64,
    }

    /// A licence of a state: the unit of keys, limits, leases and books.
    License "license": State audited,
    key(license_id)
    {
        /// The state's number.
        license_id: Text,
        /// What people call the store.
        name: Text,
        /// Two letters.
        jurisdiction: Text,
        /// `metrc` or `biotrack`.
        system: Text,
        /// IANA name; business days are days of it.
        time_zone: Text,
        /// The chain it belongs to.
        chain_id: Option<Text>,
        /// For how many days its records are kept at least.
        retention_days: i64,
        /// Nothing is removed while it is set, whatever its age; says why.
        legal_hold: Option<Text>,
        /// Everything known of the state was known before this moment and has to be read again before anything is sent.
        unverified_since: Option<Timestamp>,
        /// When the row was made.
        created_at: Timestamp,
        /// Counts the edits of the row.
        version: i64,
    }

    /// Where a licence's books and log end. Compared and set by every transaction that appends.
    LicenseHead "license_head": State,
    key(license_id), refers(license: license_id)
    {
        /// The licence.
        license_id: Text,
        /// Number of the last fact.
        seq: i64,
        /// The latest moment at which anything was appended; never goes back.
        recorded_at: Timestamp,
        /// Entries of the audit log.
        audit_size: i64,
        /// RFC 6962 hash of the log.
        audit_root: [u8; 32],
        /// Hashes of the log's whole subtrees, largest first, 32 bytes each: what the next entry is added to.
        audit_frontier: Vec<u8>,
        /// Counts the edits of the row.
        version: i64,
    }

    /// Where facts came from: a file, a pull, a call, a person.
    Source "source": State audited,
    key(license_id, source_id), refers(license: license_id), index(license_id, content_hash), index(license_id, begun_at)
    {
        /// The licence.
        license_id: Text,
        /// Ours, random.
        source_id: Text,
        /// `file`, `pull`, `api`, `person`.
        kind: Text,
        /// Which book it tells of.
        book: Text,
        /// The file's name, the window of the pull.
        name: String,
        /// SHA-256 of the file, so that it is known when it comes again.
        content_hash: Option<[u8; 32]>,
        /// When it was begun.
        begun_at: Timestamp,
        /// When all of it had been taken in and proven complete. Without it nothing is concluded from what is missing.
        completed_at: Option<Timestamp>,
        /// Rows that were new.
        rows_new: i64,
        /// Rows that were known already.
        rows_known: i64,
        /// Who brought it.
        actor: Text,
        /// Counts the edits of the row.
        version: i64,
    }

    /// A package has been heard of. What a book says about it are observations.
    Package "package": Facts audited,
    key(license_id, seq), unique(license_id, package_id), refers(license: license_id)
    {
        /// The licence.
        license_id: Text,
        /// Number of the fact.
        seq: i64,
        /// The tag.
        package_id: Text,
        /// `each`, `g` or `ml`: what the package is measured in.
        dimension: Text,
        /// When we heard of it.
        recorded_at: Timestamp,
        /// Where from.
        source_id: Text,
    }

    /// A signed change of a package in a book. An edit in the other system is a further version of the same natural key.
    Movement "movement": Facts audited,
    key(license_id, seq), unique(license_id, package_id, natural_key, version), refers(package: license_id, package_id)
    {
        /// The licence.
        license_id: Text,
        /// Number of the fact.
        seq: i64,
        /// The tag.
        package_id: Text,
        /// Names the change in its book (hash of receipt and line, event id …): the same thing imported twice is there once.
        natural_key: [u8; 16],
        /// From 0. The latest version holds.
        version: i64,
        /// The version before says something else now: how much it had moved.
        replaces_quantity: Option<i64>,
        /// `pos`, `state`, `shelf`.
        book: Text,
        /// `sale`, `return`, `void`, `receive`, `adjust` and so on; `withdrawn` if the book does not have it any more.
        kind: Text,
        /// When the book says it happened; the earliest moment, where it says no more than a day.
        happened_at: Timestamp,
        /// Where the book leaves it open: less than half a day later the second pass of a local time that the clocks passed twice,
        /// otherwise the end of the day.
        happened_until: Option<Timestamp>,
        /// The signed change, in 10⁻¹² of the package's dimension.
        quantity: i64,
        /// The number as it was written.
        number: Text,
        /// The unit as it was written.
        unit: Text,
        /// The book's own name of it: a receipt, an event.
        reference: Text,
        /// The line within.
        line: Option<Text>,
        /// Where the POS names one.
        sku_id: Option<Text>,
        /// In the book's own words.
        reason: Option<String>,
        /// As it was left.
        note: Option<String>,
        /// The employee as the book names them; never a customer.
        employee: Option<Text>,
        /// What else the book says, as JSON.
        details: Option<String>,
        /// When we learned of it.
        recorded_at: Timestamp,
        /// Where from.
        source_id: Text,
    }

    /// A system said: this package has quantity Q at time T.
    Observation "observation": Facts audited,
    key(license_id, seq), unique(license_id, package_id, book, sku_id, room, observed_at, version), refers(package: license_id, package_id)
    {
        /// The licence.
        license_id: Text,
        /// Number of the fact.
        seq: i64,
        /// The tag.
        package_id: Text,
        /// `pos`, `state`, `scale`.
        book: Text,
        /// Empty for the package as a whole.
        sku_id: Text,
        /// Empty for all rooms; of a scale, its name.
        room: Text,
        /// The moment for which it was said.
        observed_at: Timestamp,
        /// From 0. The latest version holds.
        version: i64,
        /// In 10⁻¹² of the package's dimension.
        quantity: i64,
        /// The number as it was written.
        number: Text,
        /// The unit as it was written.
        unit: Text,
        /// `active`, `held`, `finished`, `gone` (undone by the state), `absent` (not told of any more).
        status: Text,
        /// Item, sources, manifest, location and what else was said, as JSON.
        details: Option<String>,
        /// When we learned of it.
        recorded_at: Timestamp,
        /// Where from.
        source_id: Text,
    }

    /// A receipt as one book had it at some time; an edit is a further version.
    Receipt "receipt": Facts audited,
    key(license_id, seq), unique(license_id, book, receipt_id, version), refers(license: license_id), index(license_id, number)
    {
        /// The licence.
        license_id: Text,
        /// Number of the fact.
        seq: i64,
        /// `pos`, `state`.
        book: Text,
        /// The book's own id.
        receipt_id: Text,
        /// From 0. The latest version holds.
        version: i64,
        /// The POS's number; on the state's side the external one, which should name it.
        number: Text,
        /// When it was sold.
        sold_at: Timestamp,
        /// When it was voided.
        voided_at: Option<Timestamp>,
        /// When the book last changed it.
        modified_at: Option<Timestamp>,
        /// Hash of its lines as canonical text, so that an edit is seen without reading them.
        content_hash: [u8; 32],
        /// Class of the buyer, till, total and what else was said, as JSON. Never a person.
        details: Option<String>,
        /// When we learned of it.
        recorded_at: Timestamp,
        /// Where from.
        source_id: Text,
    }

    /// Somebody counted.
    CountLine "count_line": Facts audited,
    key(license_id, seq), unique(license_id, count_id, client_id), refers(package: license_id, package_id), index(license_id, package_id)
    {
        /// The licence.
        license_id: Text,
        /// Number of the fact.
        seq: i64,
        /// The count it belongs to.
        count_id: Text,
        /// Made by the device before it is sent, so that a line sent twice is there once.
        client_id: Text,
        /// Which pass: the latest decides.
        pass: i64,
        /// The tag.
        package_id: Text,
        /// Empty counts all SKUs of the package in the room.
        sku_id: Text,
        /// Where.
        room: Text,
        /// What was there, in 10⁻¹² of the package's dimension.
        quantity: i64,
        /// The number as it was entered.
        number: Text,
        /// The unit as it was entered.
        unit: Text,
        /// When it was counted, by the device.
        counted_at: Timestamp,
        /// As with movements: lists on paper have dates.
        counted_until: Option<Timestamp>,
        /// Who.
        counted_by: Text,
        /// The scanner or tablet.
        device: Option<Text>,
        /// When it reached us.
        recorded_at: Timestamp,
        /// Where from.
        source_id: Text,
    }

    /// A package on a manifest, as one book had it at some time.
    ManifestLine "manifest_line": Facts audited,
    key(license_id, seq), unique(license_id, manifest_id, package_id, outgoing, version), refers(license: license_id),
    index(license_id, package_id)
    {
        /// The licence.
        license_id: Text,
        /// Number of the fact.
        seq: i64,
        /// The manifest's number.
        manifest_id: Text,
        /// The tag. It may not have been heard of otherwise yet.
        package_id: Text,
        /// From 0. The latest version holds.
        version: i64,
        /// The licence shipped it.
        outgoing: bool,
        /// The other licence.
        partner: Text,
        /// `shipped`, `accepted`, `rejected`, `returned`.
        state: Text,
        /// Sent, in 10⁻¹² of `dimension`.
        shipped_quantity: Option<i64>,
        /// Received, in 10⁻¹² of `dimension`.
        received_quantity: Option<i64>,
        /// `each`, `g` or `ml`.
        dimension: Text,
        /// When it was received, or left.
        happened_at: Option<Timestamp>,
        /// As with movements.
        happened_until: Option<Timestamp>,
        /// When we learned of it.
        recorded_at: Timestamp,
        /// Where from.
        source_id: Text,
    }

    /// What one piece of a converted SKU holds of its package.
    SkuConversion "sku_conversion": Facts audited,
    key(license_id, seq), unique(license_id, package_id, sku_id, unit, version), refers(license: license_id)
    {
        /// The licence.
        license_id: Text,
        /// Number of the fact.
        seq: i64,
        /// The tag; empty for all packages.
        package_id: Text,
        /// The SKU.
        sku_id: Text,
        /// The unit that the SKU is counted in.
        unit: Text,
        /// From 0. The latest version holds.
        version: i64,
        /// What one `unit` holds, in 10⁻¹² of `dimension`.
        quantity: i64,
        /// `each`, `g` or `ml`.
        dimension: Text,
        /// When we learned of it.
        recorded_at: Timestamp,
        /// Where from.
        source_id: Text,
    }

    /// A difference known and accepted when trueup began to look after the licence.
    Baseline "baseline": Facts audited,
    key(license_id, seq), unique(license_id, package_id, version), refers(package: license_id, package_id)
    {
        /// The licence.
        license_id: Text,
        /// Number of the fact.
        seq: i64,
        /// The tag.
        package_id: Text,
        /// From 0. The latest version holds.
        version: i64,
        /// POS less state, in 10⁻¹² of the package's dimension.
        difference: i64,
        /// Why it was accepted.
        note: String,
        /// Who accepted it.
        approved_by: Text,
        /// When.
        recorded_at: Timestamp,
        /// Where from.
        source_id: Text,
    }

    /// What the movements of a package in a book come to.
    Balance "balance": Derived,
    key(license_id, package_id, book)
    {
        /// The licence.
        license_id: Text,
        /// The tag.
        package_id: Text,
        /// `pos`, `state`, `shelf`.
        book: Text,
        /// The sum of the latest versions, in 10⁻¹² of the package's dimension.
        quantity: i64,
        /// How many facts it is made of.
        movements: i64,
        /// The last of them.
        last_seq: i64,
    }

    /// A room of the premises.
    Location "location": State audited,
    key(license_id, location_id), refers(license: license_id),
    index(license_id, name)
    {
        /// The licence.
        license_id: Text,
        /// The state's id, or ours.
        location_id: Text,
        /// What it is called.
        name: Text,
        /// `vault`, `sales_floor`, `quarantine`, `other`.
        kind: Text,
        /// Set when it is not used any more.
        closed_at: Option<Timestamp>,
        /// Counts the edits of the row.
        version: i64,
    }

    /// A stock keeping unit of the shop.
    Sku "sku": State audited,
    key(license_id, sku_id), refers(license: license_id),
    index(license_id, name)
    {
        /// The licence.
        license_id: Text,
        /// The shop's own.
        sku_id: Text,
        /// What the POS calls it.
        name: String,
        /// The item's name in the state's catalogue.
        item: Option<String>,
        /// Retail price of one, in cents.
        price_cents: Option<i64>,
        /// Counts the edits of the row.
        version: i64,
    }

    /// A count of some packages by somebody.
    CountSession "count_session": State audited,
    key(license_id, count_id), refers(license: license_id),
    index(license_id, opened_at)
    {
        /// The licence.
        license_id: Text,
        /// Ours, random.
        count_id: Text,
        /// `cycle`, `full`, `recount`, `spot`.
        kind: Text,
        /// What is to be counted, as JSON.
        scope: String,
        /// The counter does not see what is expected.
        blind: bool,
        /// When it was begun.
        opened_at: Timestamp,
        /// By whom.
        opened_by: Text,
        /// When it was ended.
        closed_at: Option<Timestamp>,
        /// Counts the edits of the row.
        version: i64,
    }

    /// Discrepancies with one root.
    Incident "incident": State audited,
    key(license_id, incident_id), refers(license: license_id),
    index(license_id, discovered_at)
    {
        /// The licence.
        license_id: Text,
        /// Ours, random.
        incident_id: Text,
        /// What they have in common, in a person's words.
        title: String,
        /// The cause's name.
        cause: Text,
        /// Starts the legal clocks; nothing stops them.
        discovered_at: Timestamp,
        /// When the last of its discrepancies was closed.
        closed_at: Option<Timestamp>,
        /// Counts the edits of the row.
        version: i64,
    }

    /// An explained difference of a package.
    Discrepancy "discrepancy": State audited,
    key(license_id, discrepancy_id), refers(package: license_id, package_id), index(license_id, package_id), index(license_id, state)
    {
        /// The licence.
        license_id: Text,
        /// Ours, random.
        discrepancy_id: Text,
        /// The tag.
        package_id: Text,
        /// The incident it belongs to.
        incident_id: Option<Text>,
        /// `found`, `explained`, `planned`, `awaiting`, `executing`, `verified`, `closed`.
        state: Text,
        /// POS less state, in 10⁻¹² of the package's dimension; nothing if the state's side is not known.
        difference: Option<i64>,
        /// Of it: what no cause explains.
        unexplained: i64,
        /// The causes with their evidence, as JSON.
        causes: String,
        /// Who works on it.
        assignee: Option<Text>,
        /// Starts the legal clocks; nothing stops them.
        discovered_at: Timestamp,
        /// When it was closed.
        closed_at: Option<Timestamp>,
        /// Why it was closed.
        closed_because: Option<Text>,
        /// Counts the edits of the row.
        version: i64,
    }

    /// What happened to a discrepancy: a change of state, a note, an attachment.
    DiscrepancyEvent "discrepancy_event": Facts audited,
    key(license_id, seq), refers(discrepancy: license_id, discrepancy_id), index(license_id, discrepancy_id)
    {
        /// The licence.
        license_id: Text,
        /// Number of the fact.
        seq: i64,
        /// The discrepancy.
        discrepancy_id: Text,
        /// `state`, `note`, `assignment`, `attachment`, `causes`.
        kind: Text,
        /// What it says, as JSON.
        details: String,
        /// Who.
        actor: Text,
        /// When.
        recorded_at: Timestamp,
    }

    /// What is to be done about discrepancies, as it was previewed.
    Plan "plan": State audited,
    key(license_id, plan_id), refers(license: license_id), index(license_id, state)
    {
        /// The licence.
        license_id: Text,
        /// Ours, random.
        plan_id: Text,
        /// `draft`, `proposed`, `approved`, `executing`, `done`, `dropped`.
        state: Text,
        /// Why it was asked for.
        purpose: String,
        /// SHA-256 of the steps as canonical text: what is approved is exactly this.
        content_hash: [u8; 32],
        /// Who proposed it.
        proposed_by: Text,
        /// When.
        proposed_at: Timestamp,
        /// The plan that this one takes back.
        undoes: Option<Text>,
        /// Counts the edits of the row.
        version: i64,
    }

    /// A step of a plan.
    PlanStep "plan_step": State audited,
    key(license_id, plan_id, step), refers(plan: license_id, plan_id), index(license_id, package_id), index(license_id, state)
    {
        /// The licence.
        license_id: Text,
        /// The plan.
        plan_id: Text,
        /// From 1, in the order in which they are taken.
        step: i64,
        /// The discrepancy it repairs.
        discrepancy_id: Option<Text>,
        /// The tag.
        package_id: Text,
        /// In which system.
        system: Text,
        /// The action's name.
        action: Text,
        /// What is to be done, as JSON.
        details: String,
        /// What the system must say just before, or the step is not taken; in 10⁻¹² of the package's dimension.
        guard_quantity: Option<i64>,
        /// What the system says afterwards.
        expected_quantity: Option<i64>,
        /// `open`, `asked` (of people, and not seen yet), `blocked`, `verified`, `refused`, `dropped`.
        state: Text,
        /// When people were asked to do it.
        asked_at: Option<Timestamp>,
        /// Counts the edits of the row.
        version: i64,
    }

    /// A person approved exactly this version of something, with a meaning.
    Approval "approval": Facts audited,
    key(license_id, seq), refers(license: license_id), index(license_id, object_id)
    {
        /// The licence.
        license_id: Text,
        /// Number of the fact.
        seq: i64,
        /// `plan`, `count_session`, `baseline` and the like.
        object: Text,
        /// Which.
        object_id: Text,
        /// Hash of what was approved.
        content_hash: [u8; 32],
        /// `counted`, `reviewed`, `approved`, `witnessed destruction`, `taken back`.
        meaning: Text,
        /// Who.
        person_id: Text,
        /// The name as it was then.
        name: Text,
        /// The title as it was then.
        title: Option<Text>,
        /// When.
        recorded_at: Timestamp,
    }

    /// Something that is to have one effect in the state's system. What was done about it are attempts.
    Submission "submission": State audited,
    key(license_id, submission_id), unique(license_id, natural_key), refers(license: license_id),
    index(license_id, lane, position), index(license_id, state)
    {
        /// The licence.
        license_id: Text,
        /// Ours, random.
        submission_id: Text,
        /// What the state's system can be searched for: an external receipt number, the reference in a note.
        natural_key: Text,
        /// Submissions of one lane go one after the other: a package.
        lane: Text,
        /// The order within the lane.
        position: i64,
        /// The state's operation.
        operation: Text,
        /// What is to be sent, as JSON.
        body: String,
        /// SHA-256 of `body`.
        body_hash: [u8; 32],
        /// `queued`, `journalled`, `accepted`, `rejected`, `unknown`, `verified`, `parked`, `dropped`.
        state: Text,
        /// In what epoch of the installation it came to this state.
        epoch: i64,
        /// By law it has to be there by then.
        due_at: Option<Timestamp>,
        /// Not to be tried before.
        not_before: Timestamp,
        /// The plan's step that it carries out.
        plan_id: Option<Text>,
        /// The plan's step that it carries out.
        step: Option<i64>,
        /// When it was queued.
        created_at: Timestamp,
        /// Counts the edits of the row.
        version: i64,
    }

    /// The journal of a submission: written before the first byte is sent, and whenever something is known of what became of it.
    Attempt "attempt": Facts audited,
    key(license_id, seq), refers(submission: license_id, submission_id), index(license_id, submission_id)
    {
        /// The licence.
        license_id: Text,
        /// Number of the fact.
        seq: i64,
        /// The submission.
        submission_id: Text,
        /// From 1. Intent, answer and look of one attempt have the same.
        attempt: i64,
        /// `intent`, `answer`, `look`.
        kind: Text,
        /// What the submission's state became.
        state: Text,
        /// The fence of the lease under which it was done.
        fence: i64,
        /// The epoch of the installation.
        epoch: i64,
        /// The state's words, ids, what was seen, as JSON; keys and persons taken out.
        details: Option<String>,
        /// When.
        recorded_at: Timestamp,
    }

    /// Work to be done by the service.
    Job "job": State,
    key(license_id, job_id), refers(license: license_id), index(license_id, kind, due_at)
    {
        /// The licence.
        license_id: Text,
        /// Ours: a schedule's name and time, so that it is queued once.
        job_id: Text,
        /// What to do.
        kind: Text,
        /// With what, as JSON.
        details: Option<String>,
        /// Not before.
        due_at: Timestamp,
        /// `queued`, `running`, `done`, `failed`.
        state: Text,
        /// How often it was begun.
        attempts: i64,
        /// What went wrong the last time.
        trouble: Option<String>,
        /// When it ended.
        ended_at: Option<Timestamp>,
        /// Counts the edits of the row.
        version: i64,
    }

    /// When work is to be done again and again.
    Schedule "schedule": State audited,
    key(license_id, schedule_id), refers(license: license_id),
    index(license_id, next_at)
    {
        /// The licence.
        license_id: Text,
        /// Ours.
        schedule_id: Text,
        /// What to do.
        kind: Text,
        /// A cron expression, in the licence's time zone.
        cron: Text,
        /// With what, as JSON.
        details: Option<String>,
        /// Not while this is false.
        enabled: bool,
        /// The next time.
        next_at: Timestamp,
        /// Counts the edits of the row.
        version: i64,
    }

    /// Who does the work of a role for a licence. Taken by comparing and setting.
    Lease "lease": State,
    key(license_id, role), refers(license: license_id),
    index(license_id, expires_at)
    {
        /// The licence.
        license_id: Text,
        /// `sender`, `puller`, `reconciler`, `scheduler`.
        role: Text,
        /// The process that holds it; empty if none does.
        owner: Text,
        /// Rises with every holder: what a former holder writes is refused by it.
        fence: i64,
        /// Held until then.
        expires_at: Timestamp,
        /// Counts the edits of the row.
        version: i64,
    }

    /// What a person may do for a licence.
    RoleGrant "role_grant": State audited,
    key(license_id, person_id, role), refers(license: license_id),
    index(license_id, role)
    {
        /// The licence.
        license_id: Text,
        /// The person.
        person_id: Text,
        /// `associate`, `inventory_manager`, `compliance_manager` and so on.
        role: Text,
        /// Who granted it.
        granted_by: Text,
        /// When.
        granted_at: Timestamp,
        /// Until when; also how it is taken back.
        ends_at: Option<Timestamp>,
        /// Counts the edits of the row.
        version: i64,
    }

    /// An answer given to a request that named itself, so that the request can be made again.
    RequestKey "request_key": Log,
    key(license_id, request_key), refers(license: license_id),
    index(license_id, recorded_at)
    {
        /// The licence.
        license_id: Text,
        /// Made by who asks.
        request_key: Text,
        /// SHA-256 of the request: the same key with another request is an error.
        request_hash: [u8; 32],
        /// What was answered, as JSON.
        answer: String,
        /// When.
        recorded_at: Timestamp,
    }

    /// A key of the state's system or of a POS, sealed.
    Secret "secret": State audited,
    key(license_id, secret_id), refers(license: license_id),
    index(license_id, host)
    {
        /// The licence.
        license_id: Text,
        /// `metrc.user_key`, `pos.api_key` and the like.
        secret_id: Text,
        /// Nonce and ciphertext; licence and host are bound to it.
        sealed: Vec<u8>,
        /// Which sealing key.
        sealing_key_id: Text,
        /// The host that it may be sent to.
        host: Text,
        /// Its last four characters, for people.
        ending: Text,
        /// When it ends to be valid, where known.
        expires_at: Option<Timestamp>,
        /// When it was entered.
        created_at: Timestamp,
        /// Counts the edits of the row.
        version: i64,
    }

    /// The number of a patient that a state call needs, sealed under a key of its own. Facts name only `patient_ref`; when the key is
    /// erased, nothing of the person is left and no hash changes.
    PatientNumber "patient_number": State audited,
    key(license_id, patient_ref), refers(license: license_id), index(license_id, erase_after)
    {
        /// The licence.
        license_id: Text,
        /// Ours, random; says nothing of the person.
        patient_ref: Text,
        /// The number, sealed under this person's key; nothing once erased.
        sealed: Option<Vec<u8>>,
        /// This person's key, sealed under the installation's; nothing once erased.
        sealed_key: Option<Vec<u8>>,
        /// The last four characters; nothing once erased.
        ending: Option<Text>,
        /// When it may be erased.
        erase_after: Timestamp,
        /// When it was erased.
        erased_at: Option<Timestamp>,
        /// Counts the edits of the row.
        version: i64,
    }

    /// An entry of a licence's audit log: a leaf of its tree.
    AuditEntry "audit_entry": Log,
    key(license_id, position), refers(license: license_id), index(license_id, recorded_at)
    {
        /// The licence.
        license_id: Text,
        /// From 0.
        position: i64,
        /// When.
        recorded_at: Timestamp,
        /// Number of the last fact when it was written: what was known at `recorded_at` are the facts up to it.
        ledger_seq: i64,
        /// SHA-256 of a zero byte and `entry`: the leaf's hash of RFC 6962.
        leaf_hash: [u8; 32],
        /// The canonical text (version 1: `docs/audit-log.md`).
        entry: String,
    }

    /// The hash of a whole subtree of a licence's log, of 256, 65,536 … entries: what proofs are made of without reading all.
    AuditNode "audit_node": Log,
    key(license_id, level, position), refers(license: license_id)
    {
        /// The licence.
        license_id: Text,
        /// 8, 16, 24 …: it has 2^level leaves.
        level: i64,
        /// From 0, among the nodes of its level.
        position: i64,
        /// RFC 6962.
        hash: [u8; 32],
    }

    /// A signed statement of how long the log was and what its root was.
    AuditCheckpoint "audit_checkpoint": Log,
    key(license_id, size, recorded_at), refers(license: license_id),
    index(license_id, recorded_at)
    {
        /// The licence.
        license_id: Text,
        /// Entries.
        size: i64,
        /// When.
        recorded_at: Timestamp,
        /// `hour`, `day`, `demand`, `export`, `restore`.
        reason: Text,
        /// A C2SP checkpoint in a signed note.
        note: String,
    }

    /// A fact was removed after its time: its hash stays, for the digests of the log's entries.
    RemovedFact "removed_fact": Log,
    key(license_id, seq), refers(license: license_id)
    {
        /// The licence.
        license_id: Text,
        /// Number of the fact.
        seq: i64,
        /// The row's hash.
        hash: [u8; 32],
        /// When.
        removed_at: Timestamp,
    }

    /// A closed month's facts are in a folder of Parquet files, too.
    ArchiveFile "archive_file": Facts audited,
    key(license_id, seq), unique(license_id, month), refers(license: license_id)
    {
        /// The licence.
        license_id: Text,
        /// Number of the fact.
        seq: i64,
        /// `2026-03`, of the licence's time zone.
        month: Text,
        /// The folder's name.
        name: String,
        /// SHA-256 of its `month.txt`, which has the hashes of all files.
        content_hash: [u8; 32],
        /// Facts in it.
        rows: i64,
        /// First fact in it.
        first_seq: i64,
        /// Last fact in it.
        last_seq: i64,
        /// When.
        recorded_at: Timestamp,
    }
}
