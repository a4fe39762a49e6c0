import GRDB

/// The tables of the sandbox's state.
///
/// Everything a service keeps is a `record`: a JSON body by kind and id, with the instants and the version that all
/// services need. `record_key` indexes those values by which records are looked up. What belongs to the sandbox itself
/// (usage, requests, deliveries) has tables of its own; `secret` survives a reset.
enum Migrations {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(
                sql: """
                    CREATE TABLE secret(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
                    CREATE TABLE setting(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
                    CREATE TABLE record(
                        kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, created INTEGER NOT NULL,
                        modified INTEGER NOT NULL, version INTEGER NOT NULL, deleted INTEGER NOT NULL,
                        PRIMARY KEY(kind, id)) WITHOUT ROWID;
                    CREATE INDEX record_modified ON record(kind, modified);
                    CREATE TABLE record_key(
                        kind TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL,
                        PRIMARY KEY(kind, field, value, id)) WITHOUT ROWID;
                    CREATE INDEX record_key_id ON record_key(kind, id);
                    CREATE TABLE usage(
                        name TEXT NOT NULL, day TEXT NOT NULL, count INTEGER NOT NULL,
                        PRIMARY KEY(name, day)) WITHOUT ROWID;
                    CREATE TABLE request(
                        id INTEGER PRIMARY KEY, time INTEGER NOT NULL, service TEXT NOT NULL, method TEXT NOT NULL,
                        path TEXT NOT NULL, query TEXT NOT NULL, status INTEGER NOT NULL, account TEXT,
                        fault TEXT, caller TEXT, body TEXT NOT NULL);
                    CREATE TABLE delivery(
                        id INTEGER PRIMARY KEY, event TEXT NOT NULL, subject TEXT NOT NULL, url TEXT NOT NULL,
                        headers TEXT NOT NULL, body TEXT NOT NULL, created INTEGER NOT NULL, due INTEGER NOT NULL,
                        attempts TEXT NOT NULL, status TEXT NOT NULL);
                    CREATE INDEX delivery_due ON delivery(due) WHERE status = 'pending';
                    """)
        }
        migrator.registerMigration("2") { database in
            // Lists are counted and paged without a look at the bodies.
            try database.execute(
                sql: """
                    DROP INDEX record_modified;
                    CREATE INDEX record_modified ON record(kind, modified, deleted);
                    CREATE INDEX record_created ON record(kind, deleted, created);
                    """)
        }
        return migrator
    }

    /// The tables that a reset empties.
    static let resettable = ["setting", "record", "record_key", "usage", "request", "delivery"]
}
