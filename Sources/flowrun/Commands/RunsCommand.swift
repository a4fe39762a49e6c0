import ArgumentParser
import FlowCore
import FlowRuntime

/// `flowrun runs`: the history of runs.
struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "Lists, shows, cancels, resubmits, repairs, settles and prunes runs.",
        subcommands: [
            List.self, Show.self, Watch.self, Cancel.self, Resubmit.self, Repair.self, Settle.self, Prune.self,
        ])

    /// `runs list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists runs, newest first.")

        @OptionGroup var options: GlobalOptions

        @Option(help: "Only runs of this flow.")
        var flow: String?

        @Option(help: "Only runs with this status; InDoubt finds those that wait for 'runs settle'.")
        var status: String?

        @Option(help: "Only runs that started at or after this time, or this long ago (30s, 5m, 2h, 14d).")
        var since: String?

        @Option(help: "Only runs that started before this time.")
        var until: String?

        @Option(help: "Only runs with this business key.")
        var key: String?

        @Option(help: "Only runs that mention this text.")
        var text: String?

        @Option(help: "Only runs that ended with this error code.")
        var error: String?

        @Option(help: "At most so many.")
        var limit: Int = 50

        func run() async throws {
            var arguments: JSONObject = ["limit": .integer(Int64(limit))]
            for (name, value) in [
                ("flow", flow), ("status", status), ("since", since), ("until", until), ("key", key), ("text", text),
                ("error", error),
            ] {
                if let value { arguments[name] = .string(value) }
            }
            let result = try await options.perform(.listRuns, arguments)
            options.present(result) { RunText.table(of: result.arrayValue ?? []) }
        }
    }

    /// `runs show`.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Shows a run: every action with status, duration, attempts, inputs and outputs.",
            discussion: """
                Repetitions of loops are counted; of those that failed the first is shown, and how to get to the next one. \
                Long values are cut unless --full is given; --json has everything that is asked for.
                """)

        @OptionGroup var options: GlobalOptions

        @Argument(help: "The run's name.")
        var name: String

        @Flag(help: "Only what failed or timed out, every repetition of it.")
        var failed = false

        @Option(help: "Only this action and what is inside it: its name or path.")
        var action: String?

        @Option(help: "Only this repetition, as in 'actions/Each[3]'; N counts from 0.")
        var repetition: String?

        @Flag(help: "Shows values whole.")
        var full = false

        func run() async throws {
            let page = try await options.perform(.showRun, ["run": .string(name)])
            let selection = RunSelection(failed: failed, action: action, repetition: repetition)
            guard options.format == .table else { return options.present(try selection.apply(to: page)) { "" } }
            let text = try RunPageText(page, selection, isFull: full).text()
            options.present(page) { text }
        }
    }

    /// `runs watch`.
    struct Watch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "watch",
            abstract: "Shows a run's progress until its end.",
            discussion: """
                On a terminal lines are redrawn; otherwise each event is a line of JSON: 'event' (runStarted, \
                actionStarted, actionWaits, actionRetries, actionEnded, runWaits, runEnded), 'time', 'run', and for \
                actions 'path', 'name', 'type', 'status', 'code', 'error', 'startTime', 'endTime'. --json prints the run \
                at its end instead. Ctrl-C ends the watch, not the run.
                """)

        @OptionGroup var options: GlobalOptions

        @Argument(help: "The run's name.")
        var name: String

        func run() async throws {
            RunWatching.endOnInterrupt()
            let result = try await options.access().watch(run: name, RunWatching(options))
            try EndWith.unlessSucceeded(result)
        }
    }

    /// `runs cancel`.
    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "cancel", abstract: "Cancels a run.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "The run's name.")
        var name: String

        func run() async throws {
            let result = try await options.perform(.cancelRun, ["run": .string(name)])
            options.present(result) { "\(result.text("name")): \(result.text("status"))" }
        }
    }

    /// `runs resubmit`.
    struct Resubmit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "resubmit", abstract: "Starts a new run with the same trigger.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "The run's name.")
        var name: String

        func run() async throws {
            let result = try await options.perform(.resubmitRun, ["run": .string(name)])
            options.present(result) { RunText.summary(of: result) }
            if !["Succeeded", "Running", "Waiting"].contains(result.text("status")) { throw EndWith(.failed) }
        }
    }

    /// `runs prune`.
    struct Prune: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "prune",
            abstract: "Deletes runs that ended long ago, with all that belongs to them.",
            discussion: "'serve' does the same each day for what ended more than 30 days ago.")

        @OptionGroup var options: GlobalOptions

        @Option(help: "Those that ended before this time, or this long ago (12h, 14d); without it, 30 days ago.")
        var before: String?

        func run() async throws {
            var arguments = JSONObject()
            arguments["before"] = before.map { .string($0) }
            let result = try await options.perform(.pruneRuns, arguments)
            options.present(result) {
                "deleted \(result["deleted"]?.text ?? "0") runs that ended before \(result.text("before"))"
            }
        }
    }

    /// `runs settle`.
    struct Settle: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "settle",
            abstract: "Says whether a call in doubt happened, so that the run goes on.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "The run's name.")
        var name: String

        @Argument(help: "The action's path.")
        var action: String

        @Option(help: "It happened, with these outputs: JSON, @FILE or -.")
        var happened: String?

        @Flag(help: "It did not happen; it is done again.")
        var didNotHappen = false

        func validate() throws {
            if (happened == nil) != didNotHappen {
                throw ValidationError("Give either --happened JSON or --did-not-happen.")
            }
        }

        func run() async throws {
            var arguments: JSONObject = ["run": .string(name), "action": .string(action)]
            if let happened { arguments["happened"] = try Input.json(happened) }
            let result = try await options.perform(.settleRun, arguments)
            options.present(result) { "\(result.text("name")): \(result.text("status"))" }
        }
    }
}
