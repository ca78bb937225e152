-- The whole schema, made from `src/schema/tables.rs`. The sum of the migrations is this.

-- This installation: one row.
CREATE TABLE IF NOT EXISTS installation (
  single BIGINT NOT NULL, -- Always 1: there is one row.
  installation_id TEXT NOT NULL, -- Names the installation in the origin of its checkpoints.
  epoch BIGINT NOT NULL, -- Raised whenever a backup was restored: what was under way in an earlier epoch is not known to be so still.
  created_at BIGINT NOT NULL, -- When it was set up.
  restored_at BIGINT, -- When the last backup was restored.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (single)
);

-- A person who works with the books. People belong to the installation; what they may do, to licences.
CREATE TABLE IF NOT EXISTS person (
  person_id TEXT NOT NULL, -- Ours, random.
  login TEXT NOT NULL, -- What the person signs in with.
  name TEXT NOT NULL, -- Printed on signed records.
  title TEXT, -- Printed on signed records.
  password_hash TEXT, -- Argon2id, in its own text form.
  disabled_at BIGINT, -- Set when the person may not sign in any more. People are never deleted: their records name them.
  created_at BIGINT NOT NULL, -- When the row was made.
  version BIGINT NOT NULL, -- Counts the edits of the row.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (person_id),
  UNIQUE (login)
);

-- What a person or a program comes with instead of a password: a session, or a token of the API.
CREATE TABLE IF NOT EXISTS access_token (
  token_hash BYTEA NOT NULL, -- SHA-256 of the token, which is 256 random bits: nobody can come with what is kept here.
  person_id TEXT NOT NULL, -- Whose.
  kind TEXT NOT NULL, -- `session` or `api`.
  name TEXT NOT NULL, -- What its owner calls it.
  created_at BIGINT NOT NULL, -- When it was made.
  expires_at BIGINT NOT NULL, -- Not after.
  ended_at BIGINT, -- When it was ended before its time.
  version BIGINT NOT NULL, -- Counts the edits of the row.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (token_hash),
  FOREIGN KEY (person_id) REFERENCES person (person_id)
);

CREATE INDEX IF NOT EXISTS access_token_by_ ON access_token (person_id);

-- A licence of a state: the unit of keys, limits, leases and books.
CREATE TABLE IF NOT EXISTS license (
  license_id TEXT NOT NULL, -- The state's number.
  name TEXT NOT NULL, -- What people call the store.
  jurisdiction TEXT NOT NULL, -- Two letters.
  system TEXT NOT NULL, -- `metrc` or `biotrack`.
  time_zone TEXT NOT NULL, -- IANA name; business days are days of it.
  chain_id TEXT, -- The chain it belongs to.
  retention_days BIGINT NOT NULL, -- For how many days its records are kept at least.
  legal_hold TEXT, -- Nothing is removed while it is set, whatever its age; says why.
  unverified_since BIGINT, -- Everything known of the state was known before this moment and has to be read again before anything is sent.
  created_at BIGINT NOT NULL, -- When the row was made.
  version BIGINT NOT NULL, -- Counts the edits of the row.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id)
);

-- Where a licence's books and log end. Compared and set by every transaction that appends.
CREATE TABLE IF NOT EXISTS license_head (
  license_id TEXT NOT NULL, -- The licence.
  seq BIGINT NOT NULL, -- Number of the last fact.
  recorded_at BIGINT NOT NULL, -- The latest moment at which anything was appended; never goes back.
  audit_size BIGINT NOT NULL, -- Entries of the audit log.
  audit_root BYTEA NOT NULL, -- RFC 6962 hash of the log.
  audit_frontier BYTEA NOT NULL, -- Hashes of the log's whole subtrees, largest first, 32 bytes each: what the next entry is added to.
  version BIGINT NOT NULL, -- Counts the edits of the row.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id),
  FOREIGN KEY (license_id) REFERENCES license (license_id)
);

-- Where facts came from: a file, a pull, a call, a person.
CREATE TABLE IF NOT EXISTS source (
  license_id TEXT NOT NULL, -- The licence.
  source_id TEXT NOT NULL, -- Ours, random.
  kind TEXT NOT NULL, -- `file`, `pull`, `api`, `person`.
  book TEXT NOT NULL, -- Which book it tells of.
  name TEXT NOT NULL, -- The file's name, the window of the pull.
  content_hash BYTEA, -- SHA-256 of the file, so that it is known when it comes again.
  begun_at BIGINT NOT NULL, -- When it was begun.
  completed_at BIGINT, -- When all of it had been taken in and proven complete. Without it nothing is concluded from what is missing.
  rows_new BIGINT NOT NULL, -- Rows that were new.
  rows_known BIGINT NOT NULL, -- Rows that were known already.
  actor TEXT NOT NULL, -- Who brought it.
  version BIGINT NOT NULL, -- Counts the edits of the row.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, source_id),
  FOREIGN KEY (license_id) REFERENCES license (license_id)
);

CREATE INDEX IF NOT EXISTS source_by_content_hash ON source (license_id, content_hash);

CREATE INDEX IF NOT EXISTS source_by_begun_at ON source (license_id, begun_at);

-- A package has been heard of. What a book says about it are observations.
CREATE TABLE IF NOT EXISTS package (
  license_id TEXT NOT NULL, -- The licence.
  seq BIGINT NOT NULL, -- Number of the fact.
  package_id TEXT NOT NULL, -- The tag.
  dimension TEXT NOT NULL, -- `each`, `g` or `ml`: what the package is measured in.
  recorded_at BIGINT NOT NULL, -- When we heard of it.
  source_id TEXT NOT NULL, -- Where from.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, seq),
  UNIQUE (license_id, package_id),
  FOREIGN KEY (license_id) REFERENCES license (license_id)
);

-- A signed change of a package in a book. An edit in the other system is a further version of the same natural key.
CREATE TABLE IF NOT EXISTS movement (
  license_id TEXT NOT NULL, -- The licence.
  seq BIGINT NOT NULL, -- Number of the fact.
  package_id TEXT NOT NULL, -- The tag.
  natural_key BYTEA NOT NULL, -- Names the change in its book (hash of receipt and line, event id …): the same thing imported twice is there once.
  version BIGINT NOT NULL, -- From 0. The latest version holds.
  replaces_quantity BIGINT, -- The version before says something else now: how much it had moved.
  book TEXT NOT NULL, -- `pos`, `state`, `shelf`.
  kind TEXT NOT NULL, -- `sale`, `return`, `void`, `receive`, `adjust` and so on; `withdrawn` if the book does not have it any more.
  happened_at BIGINT NOT NULL, -- When the book says it happened; the earliest moment, where it says no more than a day.
  happened_until BIGINT, -- Where the book leaves it open: less than half a day later the second pass of a local time that the clocks passed twice, otherwise the end of the day.
  quantity BIGINT NOT NULL, -- The signed change, in 10⁻¹² of the package's dimension.
  number TEXT NOT NULL, -- The number as it was written.
  unit TEXT NOT NULL, -- The unit as it was written.
  reference TEXT NOT NULL, -- The book's own name of it: a receipt, an event.
  line TEXT, -- The line within.
  sku_id TEXT, -- Where the POS names one.
  reason TEXT, -- In the book's own words.
  note TEXT, -- As it was left.
  employee TEXT, -- The employee as the book names them; never a customer.
  details TEXT, -- What else the book says, as JSON.
  recorded_at BIGINT NOT NULL, -- When we learned of it.
  source_id TEXT NOT NULL, -- Where from.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, seq),
  UNIQUE (license_id, package_id, natural_key, version),
  FOREIGN KEY (license_id, package_id) REFERENCES package (license_id, package_id)
);

-- A system said: this package has quantity Q at time T.
CREATE TABLE IF NOT EXISTS observation (
  license_id TEXT NOT NULL, -- The licence.
  seq BIGINT NOT NULL, -- Number of the fact.
  package_id TEXT NOT NULL, -- The tag.
  book TEXT NOT NULL, -- `pos`, `state`, `scale`.
  sku_id TEXT NOT NULL, -- Empty for the package as a whole.
  room TEXT NOT NULL, -- Empty for all rooms; of a scale, its name.
  observed_at BIGINT NOT NULL, -- The moment for which it was said.
  version BIGINT NOT NULL, -- From 0. The latest version holds.
  quantity BIGINT NOT NULL, -- In 10⁻¹² of the package's dimension.
  number TEXT NOT NULL, -- The number as it was written.
  unit TEXT NOT NULL, -- The unit as it was written.
  status TEXT NOT NULL, -- `active`, `held`, `finished`, `gone` (undone by the state), `absent` (not told of any more).
  details TEXT, -- Item, sources, manifest, location and what else was said, as JSON.
  recorded_at BIGINT NOT NULL, -- When we learned of it.
  source_id TEXT NOT NULL, -- Where from.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, seq),
  UNIQUE (license_id, package_id, book, sku_id, room, observed_at, version),
  FOREIGN KEY (license_id, package_id) REFERENCES package (license_id, package_id)
);

-- A receipt as one book had it at some time; an edit is a further version.
CREATE TABLE IF NOT EXISTS receipt (
  license_id TEXT NOT NULL, -- The licence.
  seq BIGINT NOT NULL, -- Number of the fact.
  book TEXT NOT NULL, -- `pos`, `state`.
  receipt_id TEXT NOT NULL, -- The book's own id.
  version BIGINT NOT NULL, -- From 0. The latest version holds.
  number TEXT NOT NULL, -- The POS's number; on the state's side the external one, which should name it.
  sold_at BIGINT NOT NULL, -- When it was sold.
  voided_at BIGINT, -- When it was voided.
  modified_at BIGINT, -- When the book last changed it.
  content_hash BYTEA NOT NULL, -- Hash of its lines as canonical text, so that an edit is seen without reading them.
  details TEXT, -- Class of the buyer, till, total and what else was said, as JSON. Never a person.
  recorded_at BIGINT NOT NULL, -- When we learned of it.
  source_id TEXT NOT NULL, -- Where from.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, seq),
  UNIQUE (license_id, book, receipt_id, version),
  FOREIGN KEY (license_id) REFERENCES license (license_id)
);

CREATE INDEX IF NOT EXISTS receipt_by_number ON receipt (license_id, number);

-- Somebody counted.
CREATE TABLE IF NOT EXISTS count_line (
  license_id TEXT NOT NULL, -- The licence.
  seq BIGINT NOT NULL, -- Number of the fact.
  count_id TEXT NOT NULL, -- The count it belongs to.
  client_id TEXT NOT NULL, -- Made by the device before it is sent, so that a line sent twice is there once.
  pass BIGINT NOT NULL, -- Which pass: the latest decides.
  package_id TEXT NOT NULL, -- The tag.
  sku_id TEXT NOT NULL, -- Empty counts all SKUs of the package in the room.
  room TEXT NOT NULL, -- Where.
  quantity BIGINT NOT NULL, -- What was there, in 10⁻¹² of the package's dimension.
  number TEXT NOT NULL, -- The number as it was entered.
  unit TEXT NOT NULL, -- The unit as it was entered.
  counted_at BIGINT NOT NULL, -- When it was counted, by the device.
  counted_until BIGINT, -- As with movements: lists on paper have dates.
  counted_by TEXT NOT NULL, -- Who.
  device TEXT, -- The scanner or tablet.
  recorded_at BIGINT NOT NULL, -- When it reached us.
  source_id TEXT NOT NULL, -- Where from.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, seq),
  UNIQUE (license_id, count_id, client_id),
  FOREIGN KEY (license_id, package_id) REFERENCES package (license_id, package_id)
);

CREATE INDEX IF NOT EXISTS count_line_by_package_id ON count_line (license_id, package_id);

-- A package on a manifest, as one book had it at some time.
CREATE TABLE IF NOT EXISTS manifest_line (
  license_id TEXT NOT NULL, -- The licence.
  seq BIGINT NOT NULL, -- Number of the fact.
  manifest_id TEXT NOT NULL, -- The manifest's number.
  package_id TEXT NOT NULL, -- The tag. It may not have been heard of otherwise yet.
  version BIGINT NOT NULL, -- From 0. The latest version holds.
  outgoing BIGINT NOT NULL, -- The licence shipped it.
  partner TEXT NOT NULL, -- The other licence.
  state TEXT NOT NULL, -- `shipped`, `accepted`, `rejected`, `returned`.
  shipped_quantity BIGINT, -- Sent, in 10⁻¹² of `dimension`.
  received_quantity BIGINT, -- Received, in 10⁻¹² of `dimension`.
  dimension TEXT NOT NULL, -- `each`, `g` or `ml`.
  happened_at BIGINT, -- When it was received, or left.
  happened_until BIGINT, -- As with movements.
  recorded_at BIGINT NOT NULL, -- When we learned of it.
  source_id TEXT NOT NULL, -- Where from.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, seq),
  UNIQUE (license_id, manifest_id, package_id, outgoing, version),
  FOREIGN KEY (license_id) REFERENCES license (license_id)
);

CREATE INDEX IF NOT EXISTS manifest_line_by_package_id ON manifest_line (license_id, package_id);

-- What one piece of a converted SKU holds of its package.
CREATE TABLE IF NOT EXISTS sku_conversion (
  license_id TEXT NOT NULL, -- The licence.
  seq BIGINT NOT NULL, -- Number of the fact.
  package_id TEXT NOT NULL, -- The tag; empty for all packages.
  sku_id TEXT NOT NULL, -- The SKU.
  unit TEXT NOT NULL, -- The unit that the SKU is counted in.
  version BIGINT NOT NULL, -- From 0. The latest version holds.
  quantity BIGINT NOT NULL, -- What one `unit` holds, in 10⁻¹² of `dimension`.
  dimension TEXT NOT NULL, -- `each`, `g` or `ml`.
  recorded_at BIGINT NOT NULL, -- When we learned of it.
  source_id TEXT NOT NULL, -- Where from.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, seq),
  UNIQUE (license_id, package_id, sku_id, unit, version),
  FOREIGN KEY (license_id) REFERENCES license (license_id)
);

-- A difference known and accepted when trueup began to look after the licence.
CREATE TABLE IF NOT EXISTS baseline (
  license_id TEXT NOT NULL, -- The licence.
  seq BIGINT NOT NULL, -- Number of the fact.
  package_id TEXT NOT NULL, -- The tag.
  version BIGINT NOT NULL, -- From 0. The latest version holds.
  difference BIGINT NOT NULL, -- POS less state, in 10⁻¹² of the package's dimension.
  note TEXT NOT NULL, -- Why it was accepted.
  approved_by TEXT NOT NULL, -- Who accepted it.
  recorded_at BIGINT NOT NULL, -- When.
  source_id TEXT NOT NULL, -- Where from.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, seq),
  UNIQUE (license_id, package_id, version),
  FOREIGN KEY (license_id, package_id) REFERENCES package (license_id, package_id)
);

-- What the movements of a package in a book come to.
CREATE TABLE IF NOT EXISTS balance (
  license_id TEXT NOT NULL, -- The licence.
  package_id TEXT NOT NULL, -- The tag.
  book TEXT NOT NULL, -- `pos`, `state`, `shelf`.
  quantity BIGINT NOT NULL, -- The sum of the latest versions, in 10⁻¹² of the package's dimension.
  movements BIGINT NOT NULL, -- How many facts it is made of.
  last_seq BIGINT NOT NULL, -- The last of them.
  PRIMARY KEY (license_id, package_id, book)
);

-- A room of the premises.
CREATE TABLE IF NOT EXISTS location (
  license_id TEXT NOT NULL, -- The licence.
  location_id TEXT NOT NULL, -- The state's id, or ours.
  name TEXT NOT NULL, -- What it is called.
  kind TEXT NOT NULL, -- `vault`, `sales_floor`, `quarantine`, `other`.
  closed_at BIGINT, -- Set when it is not used any more.
  version BIGINT NOT NULL, -- Counts the edits of the row.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, location_id),
  FOREIGN KEY (license_id) REFERENCES license (license_id)
);

CREATE INDEX IF NOT EXISTS location_by_name ON location (license_id, name);

-- A stock keeping unit of the shop.
CREATE TABLE IF NOT EXISTS sku (
  license_id TEXT NOT NULL, -- The licence.
  sku_id TEXT NOT NULL, -- The shop's own.
  name TEXT NOT NULL, -- What the POS calls it.
  item TEXT, -- The item's name in the state's catalogue.
  price_cents BIGINT, -- Retail price of one, in cents.
  version BIGINT NOT NULL, -- Counts the edits of the row.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, sku_id),
  FOREIGN KEY (license_id) REFERENCES license (license_id)
);

CREATE INDEX IF NOT EXISTS sku_by_name ON sku (license_id, name);

-- A count of some packages by somebody.
CREATE TABLE IF NOT EXISTS count_session (
  license_id TEXT NOT NULL, -- The licence.
  count_id TEXT NOT NULL, -- Ours, random.
  kind TEXT NOT NULL, -- `cycle`, `full`, `recount`, `spot`.
  scope TEXT NOT NULL, -- What is to be counted, as JSON.
  blind BIGINT NOT NULL, -- The counter does not see what is expected.
  opened_at BIGINT NOT NULL, -- When it was begun.
  opened_by TEXT NOT NULL, -- By whom.
  closed_at BIGINT, -- When it was ended.
  version BIGINT NOT NULL, -- Counts the edits of the row.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, count_id),
  FOREIGN KEY (license_id) REFERENCES license (license_id)
);

CREATE INDEX IF NOT EXISTS count_session_by_opened_at ON count_session (license_id, opened_at);

-- Discrepancies with one root.
CREATE TABLE IF NOT EXISTS incident (
  license_id TEXT NOT NULL, -- The licence.
  incident_id TEXT NOT NULL, -- Ours, random.
  title TEXT NOT NULL, -- What they have in common, in a person's words.
  cause TEXT NOT NULL, -- The cause's name.
  discovered_at BIGINT NOT NULL, -- Starts the legal clocks; nothing stops them.
  closed_at BIGINT, -- When the last of its discrepancies was closed.
  version BIGINT NOT NULL, -- Counts the edits of the row.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, incident_id),
  FOREIGN KEY (license_id) REFERENCES license (license_id)
);

CREATE INDEX IF NOT EXISTS incident_by_discovered_at ON incident (license_id, discovered_at);

-- An explained difference of a package.
CREATE TABLE IF NOT EXISTS discrepancy (
  license_id TEXT NOT NULL, -- The licence.
  discrepancy_id TEXT NOT NULL, -- Ours, random.
  package_id TEXT NOT NULL, -- The tag.
  incident_id TEXT, -- The incident it belongs to.
  state TEXT NOT NULL, -- `found`, `explained`, `planned`, `awaiting`, `executing`, `verified`, `closed`.
  difference BIGINT, -- POS less state, in 10⁻¹² of the package's dimension; nothing if the state's side is not known.
  unexplained BIGINT NOT NULL, -- Of it: what no cause explains.
  causes TEXT NOT NULL, -- The causes with their evidence, as JSON.
  assignee TEXT, -- Who works on it.
  discovered_at BIGINT NOT NULL, -- Starts the legal clocks; nothing stops them.
  closed_at BIGINT, -- When it was closed.
  closed_because TEXT, -- Why it was closed.
  version BIGINT NOT NULL, -- Counts the edits of the row.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, discrepancy_id),
  FOREIGN KEY (license_id, package_id) REFERENCES package (license_id, package_id)
);

CREATE INDEX IF NOT EXISTS discrepancy_by_package_id ON discrepancy (license_id, package_id);

CREATE INDEX IF NOT EXISTS discrepancy_by_state ON discrepancy (license_id, state);

-- What happened to a discrepancy: a change of state, a note, an attachment.
CREATE TABLE IF NOT EXISTS discrepancy_event (
  license_id TEXT NOT NULL, -- The licence.
  seq BIGINT NOT NULL, -- Number of the fact.
  discrepancy_id TEXT NOT NULL, -- The discrepancy.
  kind TEXT NOT NULL, -- `state`, `note`, `assignment`, `attachment`, `causes`.
  details TEXT NOT NULL, -- What it says, as JSON.
  actor TEXT NOT NULL, -- Who.
  recorded_at BIGINT NOT NULL, -- When.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, seq),
  FOREIGN KEY (license_id, discrepancy_id) REFERENCES discrepancy (license_id, discrepancy_id)
);

CREATE INDEX IF NOT EXISTS discrepancy_event_by_discrepancy_id ON discrepancy_event (license_id, discrepancy_id);

-- What is to be done about discrepancies, as it was previewed.
CREATE TABLE IF NOT EXISTS plan (
  license_id TEXT NOT NULL, -- The licence.
  plan_id TEXT NOT NULL, -- Ours, random.
  state TEXT NOT NULL, -- `draft`, `proposed`, `approved`, `executing`, `done`, `dropped`.
  purpose TEXT NOT NULL, -- Why it was asked for.
  content_hash BYTEA NOT NULL, -- SHA-256 of the steps as canonical text: what is approved is exactly this.
  proposed_by TEXT NOT NULL, -- Who proposed it.
  proposed_at BIGINT NOT NULL, -- When.
  undoes TEXT, -- The plan that this one takes back.
  version BIGINT NOT NULL, -- Counts the edits of the row.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, plan_id),
  FOREIGN KEY (license_id) REFERENCES license (license_id)
);

CREATE INDEX IF NOT EXISTS plan_by_state ON plan (license_id, state);

-- A step of a plan.
CREATE TABLE IF NOT EXISTS plan_step (
  license_id TEXT NOT NULL, -- The licence.
  plan_id TEXT NOT NULL, -- The plan.
  step BIGINT NOT NULL, -- From 1, in the order in which they are taken.
  discrepancy_id TEXT, -- The discrepancy it repairs.
  package_id TEXT NOT NULL, -- The tag.
  system TEXT NOT NULL, -- In which system.
  action TEXT NOT NULL, -- The action's name.
  details TEXT NOT NULL, -- What is to be done, as JSON.
  guard_quantity BIGINT, -- What the system must say just before, or the step is not taken; in 10⁻¹² of the package's dimension.
  expected_quantity BIGINT, -- What the system says afterwards.
  state TEXT NOT NULL, -- `open`, `asked` (of people, and not seen yet), `blocked`, `verified`, `refused`, `dropped`.
  asked_at BIGINT, -- When people were asked to do it.
  version BIGINT NOT NULL, -- Counts the edits of the row.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, plan_id, step),
  FOREIGN KEY (license_id, plan_id) REFERENCES plan (license_id, plan_id)
);

CREATE INDEX IF NOT EXISTS plan_step_by_package_id ON plan_step (license_id, package_id);

CREATE INDEX IF NOT EXISTS plan_step_by_state ON plan_step (license_id, state);

-- A person approved exactly this version of something, with a meaning.
CREATE TABLE IF NOT EXISTS approval (
  license_id TEXT NOT NULL, -- The licence.
  seq BIGINT NOT NULL, -- Number of the fact.
  object TEXT NOT NULL, -- `plan`, `count_session`, `baseline` and the like.
  object_id TEXT NOT NULL, -- Which.
  content_hash BYTEA NOT NULL, -- Hash of what was approved.
  meaning TEXT NOT NULL, -- `counted`, `reviewed`, `approved`, `witnessed destruction`, `taken back`.
  person_id TEXT NOT NULL, -- Who.
  name TEXT NOT NULL, -- The name as it was then.
  title TEXT, -- The title as it was then.
  recorded_at BIGINT NOT NULL, -- When.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, seq),
  FOREIGN KEY (license_id) REFERENCES license (license_id)
);

CREATE INDEX IF NOT EXISTS approval_by_object_id ON approval (license_id, object_id);

-- Something that is to have one effect in the state's system. What was done about it are attempts.
CREATE TABLE IF NOT EXISTS submission (
  license_id TEXT NOT NULL, -- The licence.
  submission_id TEXT NOT NULL, -- Ours, random.
  natural_key TEXT NOT NULL, -- What the state's system can be searched for: an external receipt number, the reference in a note.
  lane TEXT NOT NULL, -- Submissions of one lane go one after the other: a package.
  position BIGINT NOT NULL, -- The order within the lane.
  operation TEXT NOT NULL, -- The state's operation.
  body TEXT NOT NULL, -- What is to be sent, as JSON.
  body_hash BYTEA NOT NULL, -- SHA-256 of `body`.
  state TEXT NOT NULL, -- `queued`, `journalled`, `accepted`, `rejected`, `unknown`, `verified`, `parked`, `dropped`.
  epoch BIGINT NOT NULL, -- In what epoch of the installation it came to this state.
  due_at BIGINT, -- By law it has to be there by then.
  not_before BIGINT NOT NULL, -- Not to be tried before.
  plan_id TEXT, -- The plan's step that it carries out.
  step BIGINT, -- The plan's step that it carries out.
  created_at BIGINT NOT NULL, -- When it was queued.
  version BIGINT NOT NULL, -- Counts the edits of the row.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, submission_id),
  UNIQUE (license_id, natural_key),
  FOREIGN KEY (license_id) REFERENCES license (license_id)
);

CREATE INDEX IF NOT EXISTS submission_by_lane_position ON submission (license_id, lane, position);

CREATE INDEX IF NOT EXISTS submission_by_state ON submission (license_id, state);

-- The journal of a submission: written before the first byte is sent, and whenever something is known of what became of it.
CREATE TABLE IF NOT EXISTS attempt (
  license_id TEXT NOT NULL, -- The licence.
  seq BIGINT NOT NULL, -- Number of the fact.
  submission_id TEXT NOT NULL, -- The submission.
  attempt BIGINT NOT NULL, -- From 1. Intent, answer and look of one attempt have the same.
  kind TEXT NOT NULL, -- `intent`, `answer`, `look`.
  state TEXT NOT NULL, -- What the submission's state became.
  fence BIGINT NOT NULL, -- The fence of the lease under which it was done.
  epoch BIGINT NOT NULL, -- The epoch of the installation.
  details TEXT, -- The state's words, ids, what was seen, as JSON; keys and persons taken out.
  recorded_at BIGINT NOT NULL, -- When.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, seq),
  FOREIGN KEY (license_id, submission_id) REFERENCES submission (license_id, submission_id)
);

CREATE INDEX IF NOT EXISTS attempt_by_submission_id ON attempt (license_id, submission_id);

-- Work to be done by the service.
CREATE TABLE IF NOT EXISTS job (
  license_id TEXT NOT NULL, -- The licence.
  job_id TEXT NOT NULL, -- Ours: a schedule's name and time, so that it is queued once.
  kind TEXT NOT NULL, -- What to do.
  details TEXT, -- With what, as JSON.
  due_at BIGINT NOT NULL, -- Not before.
  state TEXT NOT NULL, -- `queued`, `running`, `done`, `failed`.
  attempts BIGINT NOT NULL, -- How often it was begun.
  trouble TEXT, -- What went wrong the last time.
  ended_at BIGINT, -- When it ended.
  version BIGINT NOT NULL, -- Counts the edits of the row.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, job_id),
  FOREIGN KEY (license_id) REFERENCES license (license_id)
);

CREATE INDEX IF NOT EXISTS job_by_kind_due_at ON job (license_id, kind, due_at);

-- When work is to be done again and again.
CREATE TABLE IF NOT EXISTS schedule (
  license_id TEXT NOT NULL, -- The licence.
  schedule_id TEXT NOT NULL, -- Ours.
  kind TEXT NOT NULL, -- What to do.
  cron TEXT NOT NULL, -- A cron expression, in the licence's time zone.
  details TEXT, -- With what, as JSON.
  enabled BIGINT NOT NULL, -- Not while this is false.
  next_at BIGINT NOT NULL, -- The next time.
  version BIGINT NOT NULL, -- Counts the edits of the row.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, schedule_id),
  FOREIGN KEY (license_id) REFERENCES license (license_id)
);

CREATE INDEX IF NOT EXISTS schedule_by_next_at ON schedule (license_id, next_at);

-- Who does the work of a role for a licence. Taken by comparing and setting.
CREATE TABLE IF NOT EXISTS lease (
  license_id TEXT NOT NULL, -- The licence.
  role TEXT NOT NULL, -- `sender`, `puller`, `reconciler`, `scheduler`.
  owner TEXT NOT NULL, -- The process that holds it; empty if none does.
  fence BIGINT NOT NULL, -- Rises with every holder: what a former holder writes is refused by it.
  expires_at BIGINT NOT NULL, -- Held until then.
  version BIGINT NOT NULL, -- Counts the edits of the row.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, role),
  FOREIGN KEY (license_id) REFERENCES license (license_id)
);

CREATE INDEX IF NOT EXISTS lease_by_expires_at ON lease (license_id, expires_at);

-- What a person may do for a licence.
CREATE TABLE IF NOT EXISTS role_grant (
  license_id TEXT NOT NULL, -- The licence.
  person_id TEXT NOT NULL, -- The person.
  role TEXT NOT NULL, -- `associate`, `inventory_manager`, `compliance_manager` and so on.
  granted_by TEXT NOT NULL, -- Who granted it.
  granted_at BIGINT NOT NULL, -- When.
  ends_at BIGINT, -- Until when; also how it is taken back.
  version BIGINT NOT NULL, -- Counts the edits of the row.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, person_id, role),
  FOREIGN KEY (license_id) REFERENCES license (license_id)
);

CREATE INDEX IF NOT EXISTS role_grant_by_role ON role_grant (license_id, role);

-- An answer given to a request that named itself, so that the request can be made again.
CREATE TABLE IF NOT EXISTS request_key (
  license_id TEXT NOT NULL, -- The licence.
  request_key TEXT NOT NULL, -- Made by who asks.
  request_hash BYTEA NOT NULL, -- SHA-256 of the request: the same key with another request is an error.
  answer TEXT NOT NULL, -- What was answered, as JSON.
  recorded_at BIGINT NOT NULL, -- When.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, request_key),
  FOREIGN KEY (license_id) REFERENCES license (license_id)
);

CREATE INDEX IF NOT EXISTS request_key_by_recorded_at ON request_key (license_id, recorded_at);

-- A key of the state's system or of a POS, sealed.
CREATE TABLE IF NOT EXISTS secret (
  license_id TEXT NOT NULL, -- The licence.
  secret_id TEXT NOT NULL, -- `metrc.user_key`, `pos.api_key` and the like.
  sealed BYTEA NOT NULL, -- Nonce and ciphertext; licence and host are bound to it.
  sealing_key_id TEXT NOT NULL, -- Which sealing key.
  host TEXT NOT NULL, -- The host that it may be sent to.
  ending TEXT NOT NULL, -- Its last four characters, for people.
  expires_at BIGINT, -- When it ends to be valid, where known.
  created_at BIGINT NOT NULL, -- When it was entered.
  version BIGINT NOT NULL, -- Counts the edits of the row.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, secret_id),
  FOREIGN KEY (license_id) REFERENCES license (license_id)
);

CREATE INDEX IF NOT EXISTS secret_by_host ON secret (license_id, host);

-- The number of a patient that a state call needs, sealed under a key of its own. Facts name only `patient_ref`; when the key is erased, nothing of the person is left and no hash changes.
CREATE TABLE IF NOT EXISTS patient_number (
  license_id TEXT NOT NULL, -- The licence.
  patient_ref TEXT NOT NULL, -- Ours, random; says nothing of the person.
  sealed BYTEA, -- The number, sealed under this person's key; nothing once erased.
  sealed_key BYTEA, -- This person's key, sealed under the installation's; nothing once erased.
  ending TEXT, -- The last four characters; nothing once erased.
  erase_after BIGINT NOT NULL, -- When it may be erased.
  erased_at BIGINT, -- When it was erased.
  version BIGINT NOT NULL, -- Counts the edits of the row.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, patient_ref),
  FOREIGN KEY (license_id) REFERENCES license (license_id)
);

CREATE INDEX IF NOT EXISTS patient_number_by_erase_after ON patient_number (license_id, erase_after);

-- An entry of a licence's audit log: a leaf of its tree.
CREATE TABLE IF NOT EXISTS audit_entry (
  license_id TEXT NOT NULL, -- The licence.
  position BIGINT NOT NULL, -- From 0.
  recorded_at BIGINT NOT NULL, -- When.
  ledger_seq BIGINT NOT NULL, -- Number of the last fact when it was written: what was known at `recorded_at` are the facts up to it.
  leaf_hash BYTEA NOT NULL, -- SHA-256 of a zero byte and `entry`: the leaf's hash of RFC 6962.
  entry TEXT NOT NULL, -- The canonical text (version 1: `docs/audit-log.md`).
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, position),
  FOREIGN KEY (license_id) REFERENCES license (license_id)
);

CREATE INDEX IF NOT EXISTS audit_entry_by_recorded_at ON audit_entry (license_id, recorded_at);

-- The hash of a whole subtree of a licence's log, of 256, 65,536 … entries: what proofs are made of without reading all.
CREATE TABLE IF NOT EXISTS audit_node (
  license_id TEXT NOT NULL, -- The licence.
  level BIGINT NOT NULL, -- 8, 16, 24 …: it has 2^level leaves.
  position BIGINT NOT NULL, -- From 0, among the nodes of its level.
  hash BYTEA NOT NULL, -- RFC 6962.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, level, position),
  FOREIGN KEY (license_id) REFERENCES license (license_id)
);

-- A signed statement of how long the log was and what its root was.
CREATE TABLE IF NOT EXISTS audit_checkpoint (
  license_id TEXT NOT NULL, -- The licence.
  size BIGINT NOT NULL, -- Entries.
  recorded_at BIGINT NOT NULL, -- When.
  reason TEXT NOT NULL, -- `hour`, `day`, `demand`, `export`, `restore`.
  note TEXT NOT NULL, -- A C2SP checkpoint in a signed note.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, size, recorded_at),
  FOREIGN KEY (license_id) REFERENCES license (license_id)
);

CREATE INDEX IF NOT EXISTS audit_checkpoint_by_recorded_at ON audit_checkpoint (license_id, recorded_at);

-- A fact was removed after its time: its hash stays, for the digests of the log's entries.
CREATE TABLE IF NOT EXISTS removed_fact (
  license_id TEXT NOT NULL, -- The licence.
  seq BIGINT NOT NULL, -- Number of the fact.
  hash BYTEA NOT NULL, -- The row's hash.
  removed_at BIGINT NOT NULL, -- When.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, seq),
  FOREIGN KEY (license_id) REFERENCES license (license_id)
);

-- A closed month's facts are in a folder of Parquet files, too.
CREATE TABLE IF NOT EXISTS archive_file (
  license_id TEXT NOT NULL, -- The licence.
  seq BIGINT NOT NULL, -- Number of the fact.
  month TEXT NOT NULL, -- `2026-03`, of the licence's time zone.
  name TEXT NOT NULL, -- The folder's name.
  content_hash BYTEA NOT NULL, -- SHA-256 of its `month.txt`, which has the hashes of all files.
  rows BIGINT NOT NULL, -- Facts in it.
  first_seq BIGINT NOT NULL, -- First fact in it.
  last_seq BIGINT NOT NULL, -- Last fact in it.
  recorded_at BIGINT NOT NULL, -- When.
  checksum BIGINT NOT NULL, -- First 64 bits of the row's SHA-256.
  PRIMARY KEY (license_id, seq),
  UNIQUE (license_id, month),
  FOREIGN KEY (license_id) REFERENCES license (license_id)
);

