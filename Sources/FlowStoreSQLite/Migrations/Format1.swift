extension SchemaStep {
    /// The first format.
    ///
    /// Instants are ticks of 100 ns since 1970. Runs have small numbers in the order of their making; the place of a
    /// journal row is the run's number and the number of its first event in one integer, so that an append touches one
    /// tree only. The indexes of `runs` are what recovery and lists need; each costs a page in the commit of a start,
    /// so there is none on times: lists walk backwards and stop early, a million rows take about 0.1 s.
    static let format1 = SchemaStep(
        format: 1,
        sql: """
            CREATE TABLE metadata (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

            CREATE TABLE runs (
                id INTEGER PRIMARY KEY,
                name TEXT NOT NULL UNIQUE,
                flow TEXT NOT NULL,
                flow_name TEXT NOT NULL,
                definition TEXT NOT NULL,
                status TEXT NOT NULL,
                code TEXT,
                error_code TEXT,
                error_message TEXT,
                start_time INTEGER NOT NULL,
                end_time INTEGER,
                trigger_name TEXT NOT NULL,
                initiator TEXT,
                tracking TEXT,
                parent TEXT,
                source TEXT,
                wait_kind TEXT,
                wait_subject TEXT,
                wait_until INTEGER,
                keys TEXT,
                text TEXT NOT NULL,
                properties TEXT,
                lease_holder TEXT,
                lease_epoch INTEGER NOT NULL DEFAULT 0,
                lease_expires INTEGER
            );
            CREATE INDEX runs_flow ON runs (flow);
            CREATE INDEX runs_unfinished ON runs (flow, wait_kind) WHERE end_time IS NULL;
            CREATE INDEX runs_parent ON runs (parent) WHERE parent IS NOT NULL;
            CREATE INDEX runs_source ON runs (source) WHERE source IS NOT NULL;

            CREATE TABLE run_keys (
                value TEXT NOT NULL, name TEXT NOT NULL, run INTEGER NOT NULL,
                PRIMARY KEY (value, name, run)
            ) WITHOUT ROWID;

            CREATE TABLE journal (
                id INTEGER PRIMARY KEY,
                last INTEGER NOT NULL,
                format INTEGER NOT NULL,
                events BLOB NOT NULL
            );
            CREATE TABLE large_values (hash TEXT PRIMARY KEY, format INTEGER NOT NULL, content BLOB NOT NULL);
            CREATE TABLE run_values (
                run INTEGER NOT NULL, hash TEXT NOT NULL,
                PRIMARY KEY (run, hash)
            ) WITHOUT ROWID;
            CREATE INDEX run_values_hash ON run_values (hash);

            CREATE TABLE inbox (
                id INTEGER PRIMARY KEY,
                run TEXT NOT NULL,
                message TEXT NOT NULL,
                kind TEXT NOT NULL,
                format INTEGER NOT NULL,
                body BLOB NOT NULL,
                sent_at INTEGER NOT NULL,
                UNIQUE (run, message)
            );
            CREATE TABLE timers (
                run TEXT NOT NULL, id TEXT NOT NULL, due INTEGER NOT NULL,
                PRIMARY KEY (run, id)
            ) WITHOUT ROWID;
            CREATE INDEX timers_due ON timers (due);

            CREATE TABLE effects (
                run INTEGER NOT NULL,
                effect TEXT NOT NULL,
                path TEXT NOT NULL,
                operation TEXT NOT NULL,
                connection TEXT,
                state TEXT NOT NULL,
                intended_at INTEGER NOT NULL,
                finished_at INTEGER,
                result TEXT,
                subject TEXT,
                PRIMARY KEY (run, effect)
            ) WITHOUT ROWID;

            CREATE TABLE echoes (
                kind TEXT NOT NULL, entity TEXT NOT NULL, fields_hash TEXT NOT NULL, run TEXT NOT NULL,
                written_at INTEGER NOT NULL,
                PRIMARY KEY (kind, entity)
            ) WITHOUT ROWID;
            CREATE TABLE quotas (
                name TEXT NOT NULL, window INTEGER NOT NULL, used INTEGER NOT NULL,
                PRIMARY KEY (name, window)
            ) WITHOUT ROWID;

            CREATE TABLE triggers (
                flow TEXT NOT NULL, name TEXT NOT NULL, watermark TEXT, next_due INTEGER, subscription TEXT,
                failures INTEGER NOT NULL,
                PRIMARY KEY (flow, name)
            ) WITHOUT ROWID;
            CREATE TABLE trigger_keys (
                flow TEXT NOT NULL, key TEXT NOT NULL, run TEXT, seen_at INTEGER NOT NULL,
                PRIMARY KEY (flow, key)
            ) WITHOUT ROWID;
            CREATE TABLE trigger_history (
                id INTEGER PRIMARY KEY,
                name TEXT NOT NULL UNIQUE,
                flow TEXT NOT NULL,
                trigger_name TEXT NOT NULL,
                status TEXT NOT NULL,
                code TEXT,
                message TEXT,
                fired INTEGER NOT NULL,
                run TEXT,
                start_time INTEGER NOT NULL,
                end_time INTEGER,
                split_count INTEGER NOT NULL,
                split_done INTEGER NOT NULL,
                format INTEGER,
                payload BLOB
            );
            CREATE INDEX trigger_history_flow ON trigger_history (flow);
            CREATE INDEX trigger_history_splits ON trigger_history (id) WHERE split_done < split_count;

            CREATE TABLE solutions (
                name TEXT PRIMARY KEY, display_name TEXT NOT NULL, version TEXT NOT NULL, source TEXT NOT NULL,
                text TEXT NOT NULL, installed_at INTEGER NOT NULL
            ) WITHOUT ROWID;
            CREATE TABLE definitions (
                hash TEXT PRIMARY KEY, file TEXT NOT NULL, format INTEGER NOT NULL, text BLOB NOT NULL
            );
            CREATE TABLE flows (
                id TEXT PRIMARY KEY,
                name TEXT NOT NULL,
                aliases TEXT NOT NULL,
                solution TEXT,
                place INTEGER NOT NULL,
                definition TEXT NOT NULL,
                state TEXT NOT NULL,
                state_reason TEXT,
                state_changed_at INTEGER NOT NULL,
                first_activated_at INTEGER,
                activated_by TEXT,
                trigger_key BLOB NOT NULL,
                installed_at INTEGER NOT NULL
            ) WITHOUT ROWID;
            CREATE TABLE flow_versions (
                id INTEGER PRIMARY KEY,
                flow TEXT NOT NULL, definition TEXT NOT NULL, installed_at INTEGER NOT NULL
            );
            CREATE INDEX flow_versions_flow ON flow_versions (flow);

            CREATE TABLE variables (
                name TEXT PRIMARY KEY, is_secret INTEGER NOT NULL, value BLOB NOT NULL
            ) WITHOUT ROWID;
            CREATE TABLE users (
                upn TEXT PRIMARY KEY, display_name TEXT, roles TEXT NOT NULL, added_at INTEGER NOT NULL
            ) WITHOUT ROWID;
            CREATE TABLE shares (
                flow TEXT NOT NULL, upn TEXT NOT NULL, role TEXT NOT NULL,
                PRIMARY KEY (flow, upn, role)
            ) WITHOUT ROWID;
            CREATE TABLE tokens (
                name TEXT PRIMARY KEY, digest BLOB NOT NULL, upn TEXT, scopes TEXT NOT NULL,
                created_at INTEGER NOT NULL, expires INTEGER
            ) WITHOUT ROWID;
            CREATE TABLE connections (
                name TEXT PRIMARY KEY,
                connector TEXT NOT NULL,
                account TEXT NOT NULL,
                grant_type TEXT NOT NULL,
                parameters TEXT NOT NULL,
                secrets BLOB NOT NULL,
                session BLOB,
                status TEXT NOT NULL,
                status_code TEXT,
                status_message TEXT,
                shared_with TEXT NOT NULL,
                created_at INTEGER NOT NULL,
                expires INTEGER
            ) WITHOUT ROWID;
            CREATE TABLE bindings (
                logical_name TEXT PRIMARY KEY, connection TEXT NOT NULL, bound_at INTEGER NOT NULL, bound_by TEXT
            ) WITHOUT ROWID;
            CREATE TABLE run_only_settings (
                flow TEXT NOT NULL, reference TEXT NOT NULL, runtime_source TEXT NOT NULL,
                PRIMARY KEY (flow, reference)
            ) WITHOUT ROWID;
            """)
}
