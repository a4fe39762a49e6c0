extension FlowError.Code {
    /// Another process owns the environment and does not answer.
    public static let storeInUse = FlowError.Code("StoreInUse")
    /// The store cannot be used: it cannot be opened, read or written.
    public static let storeUnusable = FlowError.Code("StoreUnusable")
    /// The disk is full.
    public static let storeFull = FlowError.Code("StoreFull")
    /// The database is damaged.
    public static let storeCorrupt = FlowError.Code("StoreCorrupt")
    /// Another process holds the database for too long.
    public static let storeLocked = FlowError.Code("StoreLocked")
    /// The database may not be written.
    public static let storeReadOnly = FlowError.Code("StoreReadOnly")
    /// The database was written by a newer version of flowrun.
    public static let storeFormatNewer = FlowError.Code("StoreFormatNewer")
    /// The environment's key is not the one that the store was made with.
    public static let storeKeyWrong = FlowError.Code("StoreKeyWrong")
    /// The environment's key has not the right form.
    public static let invalidKey = FlowError.Code("InvalidKey")
    /// There already is a run of that name.
    public static let runExists = FlowError.Code("RunExists")
    /// Events do not follow the last event of the run's journal.
    public static let journalConflict = FlowError.Code("JournalConflict")
    /// Another process has taken over the run.
    public static let leaseLost = FlowError.Code("LeaseLost")
    /// A change contradicts what the store holds.
    public static let commitRefused = FlowError.Code("CommitRefused")
    /// A trigger has seen the item or request before.
    public static let triggerKeySeen = FlowError.Code("TriggerKeySeen")
}

extension ErrorPage {
    package static let storePages: [ErrorPage] = [
        ErrorPage(
            .storeInUse, happened: "Another process owns the environment and did not answer within two seconds.",
            why: "One process at a time owns an environment in SQLite; that one hangs or is being stopped.",
            remedy: "Look at the process named in the message; end it if it hangs, then call the command again."),
        ErrorPage(
            .storeUnusable, happened: "The store of the environment cannot be opened, read or written.",
            why: "The disk or the file system refused, or the rights of `.flowrun/` do not allow it.",
            remedy: "Read the cause, check disk and rights, then call the command again; nothing half-done was kept."),
        ErrorPage(
            .storeFull, happened: "The disk with the environment's store is full.",
            why: "The journal of runs grows until it is pruned.",
            remedy: "Free space on that disk; runs go on by themselves."),
        ErrorPage(
            .storeCorrupt, happened: "The database of the environment is damaged.",
            why: "The disk lost or changed pages, or the file is no database of flowrun.",
            remedy: "End `flowrun serve`, then put a backup back with `flowrun restore FILE`; it keeps what was there."),
        ErrorPage(
            .storeLocked, happened: "Another process holds the database of the environment.",
            why: "A foreign program, such as a database browser or a backup, keeps it locked.",
            remedy: "Close that program, then call the command again."),
        ErrorPage(
            .storeReadOnly, happened: "The store was opened for reading only, or may not be written.",
            why: "The files in `.flowrun/` belong to someone else, or the file system is mounted read-only.",
            remedy: "Check owner and rights of `.flowrun/`; commands that change something go through the owner."),
        ErrorPage(
            .storeFormatNewer, happened: "A newer version of flowrun has written the database.",
            why: "Formats are only ever carried forward.",
            remedy: "Use that version of flowrun, or restore a backup from before the upgrade."),
        ErrorPage(
            .storeKeyWrong, happened: "The environment's key does not open the store.",
            why: "`.flowrun/<environment>/key` was replaced, or FLOWRUN_KEY holds another key.",
            remedy: "Put the key back that the store was made with; a backup holds both."),
        ErrorPage(
            .invalidKey, happened: "The environment's key has not the right form.",
            why: "A key is 32 bytes, in Base64 or hexadecimal digits.",
            remedy: "Restore the key file from a backup, or set FLOWRUN_KEY to the whole key."),
        ErrorPage(
            .runExists, happened: "A run of that name is in the store already.",
            why: "A start was repeated; the first one stands.",
            remedy: "Look at the run with `flowrun runs show ID`."),
        ErrorPage(
            .journalConflict, happened: "Events were to be appended that do not follow the run's last event.",
            why: "Two holders went on with one run at the same time.",
            remedy: "Restart the process that owns the environment; `flowrun runs show ID` shows the run."),
        ErrorPage(
            .leaseLost, happened: "Another process has taken over the run.",
            why: "The lease ran out before it was renewed.",
            remedy: "Nothing: the other process goes on with the run."),
        ErrorPage(
            .commitRefused, happened: "A change was not written because it contradicts what the store holds.",
            why: "What it refers to was deleted in the meantime, or is there twice.",
            remedy: "Look at the present state, then call the command again."),
        ErrorPage(
            .triggerKeySeen, happened: "The trigger has seen this item or request before.",
            why: "The sender repeated it; its run exists.",
            remedy: "Nothing: find the first run with `flowrun runs list`."),
    ]
}
