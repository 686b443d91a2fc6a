/** One step of the schema. The list is append-only: a released step never changes. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
}

export const MIGRATIONS: readonly Migration[] = [
  {
    name: '001_runs',
    sql: `
      CREATE TABLE runs (
        run_id      INTEGER PRIMARY KEY,
        command     TEXT NOT NULL,
        arguments   TEXT NOT NULL,              -- JSON array, as typed
        seed        INTEGER NOT NULL,
        version     TEXT NOT NULL,
        started_at  TEXT NOT NULL,
        finished_at TEXT,                       -- NULL: running, or killed
        counts      TEXT,                       -- JSON object
        exit_code   INTEGER
      ) STRICT;`,
  },
  {
    name: '002_notes_and_elements',
    sql: `
      CREATE TABLE notes (
        note_id    TEXT PRIMARY KEY,
        title      TEXT NOT NULL,
        body       TEXT NOT NULL,
        lang       TEXT NOT NULL,
        brand      TEXT NOT NULL,
        category   TEXT NOT NULL,
        created_at TEXT NOT NULL,               -- as given; empty when absent
        run_id     INTEGER NOT NULL REFERENCES runs
      ) STRICT;
      CREATE TABLE note_media (
        note_id TEXT NOT NULL REFERENCES notes ON DELETE CASCADE,
        ordinal INTEGER NOT NULL CHECK (ordinal >= 0),
        path    TEXT NOT NULL,                  -- absolute; read by extract, never changed
        root    TEXT NOT NULL,                  -- the folder the path must stay inside
        kind    TEXT NOT NULL CHECK (kind IN ('image', 'video')),
        PRIMARY KEY (note_id, ordinal)
      ) STRICT;
      CREATE TABLE elements (
        element_id TEXT PRIMARY KEY,            -- kind and a hash of the content
        kind       TEXT NOT NULL CHECK (kind GLOB '[a-z]*'),
        text       TEXT,
        file       TEXT,                        -- name under <store>.files/, which begins with its SHA-256
        width      INTEGER CHECK (width > 0),
        height     INTEGER CHECK (height > 0),
        run_id     INTEGER NOT NULL REFERENCES runs,
        CHECK ((text IS NULL) <> (file IS NULL))
      ) STRICT;
      CREATE TABLE note_elements (
        note_id    TEXT NOT NULL REFERENCES notes ON DELETE CASCADE,
        element_id TEXT NOT NULL REFERENCES elements,
        source     TEXT NOT NULL,               -- media path it was taken from, or the generator
        score      REAL NOT NULL CHECK (score BETWEEN 0 AND 1),
        details    TEXT NOT NULL,               -- JSON: score parts, time, controls
        run_id     INTEGER NOT NULL REFERENCES runs,
        PRIMARY KEY (note_id, element_id)
      ) STRICT;
      CREATE INDEX note_elements_by_element ON note_elements (element_id);
      CREATE TABLE note_work (                  -- what is finished and need not be done again
        note_id  TEXT NOT NULL REFERENCES notes ON DELETE CASCADE,
        task     TEXT NOT NULL,                 -- 'extract', 'titles', …
        key      TEXT NOT NULL,                 -- hash of inputs and parameters
        run_id   INTEGER NOT NULL REFERENCES runs,
        PRIMARY KEY (note_id, task, key)
      ) STRICT;`,
  },
  {
    name: '003_creatives',
    sql: `
      CREATE TABLE ads (
        ad_id   TEXT PRIMARY KEY,
        note_id TEXT                            -- no foreign key: creatives may be imported before their notes
      ) STRICT;
      CREATE INDEX ads_by_note ON ads (note_id);
      CREATE TABLE creatives (
        ad_id       TEXT NOT NULL REFERENCES ads,
        creative_id TEXT NOT NULL,
        origin      TEXT NOT NULL CHECK (origin IN ('imported', 'composed')),
        score       REAL,
        scorer      TEXT,
        run_id      INTEGER NOT NULL REFERENCES runs,
        PRIMARY KEY (ad_id, creative_id)
      ) STRICT;
      CREATE TABLE creative_elements (
        ad_id       TEXT NOT NULL,
        creative_id TEXT NOT NULL,
        kind        TEXT NOT NULL,
        element_id  TEXT NOT NULL REFERENCES elements,
        PRIMARY KEY (ad_id, creative_id, kind),
        FOREIGN KEY (ad_id, creative_id) REFERENCES creatives ON DELETE CASCADE
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX creative_elements_by_element ON creative_elements (element_id);`,
  },
  {
    name: '004_logs',
    sql: `
      CREATE TABLE logs (
        log_id INTEGER PRIMARY KEY,
        name   TEXT NOT NULL UNIQUE
      ) STRICT;
      CREATE TABLE arms (                       -- one code for an (ad, creative) pair, shared by all logs
        arm         INTEGER PRIMARY KEY,
        ad_id       TEXT NOT NULL,
        creative_id TEXT NOT NULL,
        UNIQUE (ad_id, creative_id)
      ) STRICT;
      CREATE TABLE positions (                  -- one code for a (scene, rank) pair; '' and 0 are "not given"
        position_id INTEGER PRIMARY KEY,
        scene       TEXT NOT NULL,
        position    INTEGER NOT NULL CHECK (position >= 0),
        UNIQUE (scene, position)
      ) STRICT;
      CREATE TABLE log_features (               -- columns beyond the contract's, as found in the files
        log_id INTEGER NOT NULL REFERENCES logs,
        name   TEXT NOT NULL,
        type   TEXT NOT NULL CHECK (type IN ('number', 'text')),
        PRIMARY KEY (log_id, name)
      ) STRICT;
      CREATE TABLE log_feature_values (         -- dictionary of a feature's strings
        log_id INTEGER NOT NULL,
        name   TEXT NOT NULL,
        code   INTEGER NOT NULL CHECK (code >= 0),
        value  TEXT NOT NULL,
        PRIMARY KEY (log_id, name, code),
        UNIQUE (log_id, name, value),
        FOREIGN KEY (log_id, name) REFERENCES log_features
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE log_chunks (
        chunk_id INTEGER PRIMARY KEY,
        log_id   INTEGER NOT NULL REFERENCES logs,
        unit     TEXT NOT NULL CHECK (unit IN ('impression', 'aggregate')),
        rows     INTEGER NOT NULL CHECK (rows > 0),
        ts_min   REAL NOT NULL,                 -- milliseconds since 1970 UTC; -1 when undated
        ts_max   REAL NOT NULL,
        run_id   INTEGER NOT NULL REFERENCES runs
      ) STRICT;
      CREATE INDEX log_chunks_by_time ON log_chunks (log_id, ts_min);
      CREATE TABLE log_chunk_columns (
        chunk_id INTEGER NOT NULL REFERENCES log_chunks,
        name     TEXT NOT NULL,
        codec    TEXT NOT NULL CHECK (codec IN ('constant', 'u8', 'u16', 'u32', 'f32', 'f64', 'u64')),
        base     REAL,                          -- added to every value of an integer codec; NULL is NaN
        data     BLOB NOT NULL,
        UNIQUE (chunk_id, name)
      ) STRICT;
      CREATE TABLE roll_up (
        log_id          INTEGER NOT NULL REFERENCES logs,
        day             INTEGER NOT NULL,       -- days since 1970-01-01 UTC; -1 when undated
        arm             INTEGER NOT NULL REFERENCES arms,
        position_id     INTEGER NOT NULL REFERENCES positions,
        impressions     REAL NOT NULL CHECK (impressions >= 0),
        clicks          REAL NOT NULL CHECK (clicks >= 0),
        views           REAL NOT NULL,          -- clicks with a view time
        view_time_s     REAL NOT NULL,          -- their sum, seconds
        log_view_time   REAL NOT NULL,          -- sum of ln(1 + seconds)
        revenue         REAL NOT NULL,
        conversions     REAL NOT NULL,
        PRIMARY KEY (log_id, day, arm, position_id),
        CHECK (clicks <= impressions)
      ) STRICT, WITHOUT ROWID;`,
  },
  {
    name: '005_terms',
    sql: `
      CREATE TABLE queries (
        query     TEXT PRIMARY KEY,
        frequency REAL NOT NULL CHECK (frequency >= 0),
        run_id    INTEGER NOT NULL REFERENCES runs
      ) STRICT;
      CREATE TABLE brands (
        name   TEXT PRIMARY KEY,
        run_id INTEGER NOT NULL REFERENCES runs
      ) STRICT;
      CREATE TABLE lexicon (
        term   TEXT NOT NULL,
        type   TEXT NOT NULL,                   -- 'banned', or the class of an entity: brand, place, food, …
        run_id INTEGER NOT NULL REFERENCES runs,
        PRIMARY KEY (term, type)
      ) STRICT;`,
  },
  {
    name: '006_plans_and_models',
    sql: `
      CREATE TABLE plans (
        day    TEXT NOT NULL,                   -- the day the plan is for, YYYY-MM-DD
        ad_id  TEXT NOT NULL,
        state  TEXT NOT NULL CHECK (state IN ('explore', 'exploit', 'reopened')),
        lambda REAL NOT NULL CHECK (lambda >= 0),
        run_id INTEGER NOT NULL REFERENCES runs,
        PRIMARY KEY (day, ad_id)
      ) STRICT;
      CREATE TABLE plan_creatives (
        day         TEXT NOT NULL,
        ad_id       TEXT NOT NULL,
        creative_id TEXT NOT NULL,
        state       TEXT NOT NULL CHECK (state IN ('new', 'live', 'leader', 'retired')),
        share       REAL NOT NULL CHECK (share BETWEEN 0 AND 1),
        propensity  REAL NOT NULL CHECK (propensity BETWEEN 0 AND 1),
        bound       REAL,                       -- upper bound of the reward; NULL is infinite (never shown)
        reward      REAL,
        ecoi_shrunk REAL,
        reason      TEXT NOT NULL,
        PRIMARY KEY (day, ad_id, creative_id),
        FOREIGN KEY (day, ad_id) REFERENCES plans ON DELETE CASCADE
      ) STRICT;
      CREATE TABLE models (
        model_id   TEXT PRIMARY KEY,
        kind       TEXT NOT NULL,
        path       TEXT NOT NULL,               -- under <store>.files/
        metrics    TEXT NOT NULL,               -- JSON
        created_at TEXT NOT NULL,
        run_id     INTEGER NOT NULL REFERENCES runs
      ) STRICT;`,
  },
  {
    name: '007_plan_history',
    sql: `
      CREATE TABLE plan_windows (               -- what a plan was made from, window by window
        day         TEXT NOT NULL,
        ad_id       TEXT NOT NULL,
        window      INTEGER NOT NULL CHECK (window >= 1),
        first_day   TEXT NOT NULL,              -- YYYY-MM-DD; empty when undated
        last_day    TEXT NOT NULL,
        impressions REAL NOT NULL CHECK (impressions >= 0),
        clicks      REAL NOT NULL CHECK (clicks >= 0),
        views       REAL NOT NULL CHECK (views >= 0), -- clicks with a view time
        view_time_s REAL CHECK (view_time_s >= 0),    -- mean seconds after a click; NULL when not measured
        lambda      REAL NOT NULL CHECK (lambda >= 0),
        phase       TEXT NOT NULL CHECK (phase IN ('explore', 'exploit', 'reopened')),
        leader      TEXT,                       -- creative_id
        PRIMARY KEY (day, ad_id, window),
        FOREIGN KEY (day, ad_id) REFERENCES plans ON DELETE CASCADE
      ) STRICT;
      CREATE TABLE plan_transitions (           -- changes of state on the way to a plan
        day         TEXT NOT NULL,
        ad_id       TEXT NOT NULL,
        seq         INTEGER NOT NULL CHECK (seq >= 1),
        window      INTEGER NOT NULL CHECK (window >= 0), -- 0: before the first
        event       TEXT NOT NULL CHECK (event IN ('exit', 'reopen', 'retire', 'return')),
        creative_id TEXT,
        reason      TEXT NOT NULL,
        numbers     TEXT NOT NULL CHECK (json_valid(numbers)), -- JSON object
        PRIMARY KEY (day, ad_id, seq),
        FOREIGN KEY (day, ad_id) REFERENCES plans ON DELETE CASCADE
      ) STRICT;`,
  },
  {
    name: '008_candidates',
    sql: `
      CREATE TABLE candidate_sets (             -- one code for the creatives that were live together, shared by all logs
        set_id       INTEGER PRIMARY KEY,       -- 0 in a log's column stands for candidates not given
        creative_ids TEXT NOT NULL UNIQUE       -- JSON array, sorted
      ) STRICT;`,
  },
  {
    name: '009_slates',
    sql: `
      CREATE TABLE slates (                     -- what compose chose for each ad when it last ran
        ad_id       TEXT NOT NULL,
        place       INTEGER NOT NULL CHECK (place >= 1), -- the order in which they were chosen
        creative_id TEXT NOT NULL,
        reward      REAL NOT NULL,              -- as predicted; ci_low and ci_high NULL where nothing but element scores predicted it
        ci_low      REAL,
        ci_high     REAL CHECK (ci_high >= ci_low),
        is_random   INTEGER NOT NULL CHECK (is_random IN (0, 1)),
        propensity  REAL NOT NULL CHECK (propensity > 0 AND propensity <= 1), -- that this combination takes this place
        run_id      INTEGER NOT NULL REFERENCES runs,
        PRIMARY KEY (ad_id, place),
        FOREIGN KEY (ad_id, creative_id) REFERENCES creatives ON DELETE CASCADE
      ) STRICT;
      CREATE INDEX slates_by_creative ON slates (ad_id, creative_id);`,
  },
  {
    name: '010_media_analyses',
    sql: `
      CREATE TABLE media_analyses (             -- what was found in a picture or video, whichever notes hold it
        analysis_id INTEGER PRIMARY KEY,
        sha256      TEXT NOT NULL,              -- of the medium's bytes
        parameters  TEXT NOT NULL CHECK (json_valid(parameters)), -- JSON: what was looked for, and by which version
        video       TEXT CHECK (json_valid(video)), -- JSON: size, boundaries, shots; NULL for a picture
        run_id      INTEGER NOT NULL REFERENCES runs,
        UNIQUE (sha256, parameters)
      ) STRICT;
      CREATE TABLE media_candidates (           -- pictures a medium offers; some become elements of a note
        analysis_id INTEGER NOT NULL REFERENCES media_analyses ON DELETE CASCADE,
        ordinal     INTEGER NOT NULL CHECK (ordinal >= 0),
        details     TEXT NOT NULL CHECK (json_valid(details)), -- JSON: time, score, parts, words read, reason against it
        file        TEXT,                       -- name under <store>.files/; NULL where it was passed over
        thumbnail   BLOB,                       -- JPEG, for contact sheets, where there is no file
        PRIMARY KEY (analysis_id, ordinal)
      ) STRICT;
      CREATE TABLE image_hashes (               -- perceptual hashes of image elements, to find near-duplicates over all notes
        element_id TEXT PRIMARY KEY REFERENCES elements,
        hash       TEXT NOT NULL CHECK (length(hash) = 16) -- 64 bits in hexadecimal
      ) STRICT;`,
  },
  {
    name: '011_note_understanding_and_model_replies',
    sql: `
      CREATE TABLE note_understandings (        -- what a note's text is about, for titles and for features
        note_id     TEXT PRIMARY KEY REFERENCES notes ON DELETE CASCADE,
        key         TEXT NOT NULL,              -- hash of the note's texts and of the terms known then
        language    TEXT NOT NULL CHECK (language IN ('zh', 'en', 'other')),
        keywords    TEXT NOT NULL CHECK (json_valid(keywords)), -- JSON array of [word, weight], best first
        entities    TEXT NOT NULL CHECK (json_valid(entities)), -- JSON array of terms of the lexicon and brands, as they stand in the text
        title_style TEXT NOT NULL,              -- question, list, how-to, exclamation or plain; empty without a title
        run_id      INTEGER NOT NULL REFERENCES runs
      ) STRICT;
      CREATE TABLE model_replies (              -- what models answered, so that no night asks the same twice
        key    TEXT PRIMARY KEY,                -- SHA-256 of address, model, prompt, parameters, seed
        model  TEXT NOT NULL,
        reply  TEXT NOT NULL CHECK (json_valid(reply)),
        run_id INTEGER NOT NULL REFERENCES runs
      ) STRICT;`,
  },
];
