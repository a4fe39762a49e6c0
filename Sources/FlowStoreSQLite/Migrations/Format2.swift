extension SchemaStep {
    /// The second format: indexes by which rare runs are found among a million.
    ///
    /// `runs_start` grows at its end, so it costs a commit one page that is at hand. `runs_bad` holds only what ended
    /// otherwise than well. What is searched by its words is not in here: see `SearchFile`.
    static let format2 = SchemaStep(
        format: 2,
        sql: """
            CREATE INDEX runs_start ON runs (start_time);
            CREATE INDEX runs_bad ON runs (status, flow) WHERE status NOT IN ('Succeeded', 'Running', 'Waiting');
            """)
}
