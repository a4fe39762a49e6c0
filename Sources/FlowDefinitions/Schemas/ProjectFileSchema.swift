import FlowCore

/// The schema of `flowrun.yaml`.
enum ProjectFileSchema {
    static let schema = SchemaNode.object(
        "A project: its environments and solutions.",
        [
            "environments": SchemaNode.map(
                "The environments by name; 'default' is taken where none is named.", of: environment
            )
            .with("propertyNames", ["pattern": "^[A-Za-z0-9_-][A-Za-z0-9_.-]*$", "not": ["enum": ["sandbox"]]]),
            "solutions": .list(
                "The folders of the solutions, relative to this file; 'solution install' without a path installs them.",
                of: .text("A folder.")),
        ]
    ).titled("flowrun project")

    private static let environment = SchemaNode.either(
        "An environment.",
        .object(
            "Its settings.",
            [
                "store": SchemaNode.text(
                    "Where the state lives: sqlite, or postgresql://user@host/db without the password.",
                    pattern: "^(sqlite$|postgresql://|postgres://)"
                ).defaulting(to: "sqlite").with("examples", ["sqlite", "postgresql://user@host/db"]),
                "durability": .words(
                    "What a commit survives.", ["full": "Power loss.", "process": "The end of the process."]
                ).defaulting(to: "full"),
                "performanceProfile": .words(
                    "The licence whose retries, quotas and limits hold.",
                    [
                        "low": "Free and seeded plans.", "medium": "Premium.", "high": "Process.",
                        "unlimited": "Unlimited extended.",
                    ]
                ).defaulting(to: "medium"),
                "coSellPlan": .words(
                    "The plan of the co-sell connectors.",
                    ["trial": "For test and staging only.", "paid": "For production."]
                ).defaulting(to: "paid"),
                "endpoints": .either(
                    "Which services are called; left out, the real ones.", .words("The running sandbox.", ["sandbox"]),
                    services),
                "allowedHosts": .list(
                    "Hosts beyond public addresses that flows may call.", of: .text("HOST or HOST:PORT.")),
                "server": .object(
                    "Where flowrun serve listens.",
                    [
                        "listen": SchemaNode.text(
                            "The address, HOST:PORT; port 0 takes a free one.", pattern: ":[0-9]+$"
                        )
                        .defaulting(to: "127.0.0.1:7070"),
                        "publicUrl": .text("The address in the URLs of triggers.", pattern: "^https?://"),
                        "limits": limits,
                    ]),
                "alerts": alerts,
            ]), SchemaNode.any("The defaults.").with("type", "null"))

    private static let alerts: SchemaNode = .object(
        "Who is told what: either webhook or command.",
        [
            "webhook": .text(
                "The address that gets each alert as a POST of JSON; env:NAME where it stands in a variable.",
                pattern: "^(https?://|env:)"),
            "command": .either(
                "The command that gets each alert as JSON on stdin.", .text("The program."),
                .list("The program and its arguments.", of: .text("A word."))),
            "every": SchemaNode.text("How long the same is not told again.", pattern: "^([0-9.]+[smhd]|P.*)$")
                .defaulting(to: "1h"),
            "on": .list(
                "What is told; left out, everything.",
                of: .words(
                    "A kind of alert.",
                    [
                        "failedRuns": "Runs that ended Failed or TimedOut.",
                        "expiredConnections": "Connections that do not work until someone signs in.",
                        "silentTriggers": "Triggers that have seen nothing for longer than their rule.",
                    ])),
            "silentTriggers": SchemaNode.map(
                "How long triggers may see nothing, by flow; '*' is every other flow that is not started by hand.",
                of: .text("A duration, as in 2h.", pattern: "^([0-9.]+[smhd]|P.*)$")),
        ])

    private static let limits: SchemaNode = {
        func count(_ text: String) -> SchemaNode { SchemaNode.any(text).with("type", "integer").with("minimum", 1) }
        func size(_ text: String) -> SchemaNode {
            SchemaNode.any(text).with("type", ["integer", "string"]).with("pattern", "^[0-9]+ ?([KM]i?B)?$")
        }
        func time(_ text: String) -> SchemaNode { .text(text, pattern: "^([0-9.]+[smhd]|P.*)$") }
        return .object(
            "What the server takes from its clients before it refuses.",
            [
                "headerSize": size("All header fields of a request together; 64 KiB."),
                "headerFieldSize": size("One header field; 16 KiB."),
                "headerCount": count("How many header fields; 128."),
                "messageSize": size("A body for a trigger; 100 MiB, the platform's own limit."),
                "bodySize": size("A body for the management API; 8 MiB."),
                "idleTime": time("How long a connection may be silent; 60s."),
                "bodyTime": time("How long a body may take, beside a second for each 16 KiB; 30s."),
                "connections": count("Connections at once; 4096."),
                "connectionsPerClient": count("Connections at once from one other machine; 1024."),
                "requestBurst": count("Requests at once from one other machine; 1000."),
                "requestsPerSecond": count("Requests a second from one other machine after that; 100."),
                "failedSignIns": count("Refused tokens, passwords and signatures before a machine has to wait; 30."),
            ])
    }()

    private static let services: SchemaNode = {
        func address(_ service: String) -> SchemaNode {
            .text("The base address of \(service).", pattern: "^https?://")
        }
        return .object(
            "The base addresses of the services; one that is missing is the real one.",
            [
                "identity": address("login.microsoftonline.com"),
                "partnercenterref": address("api.partner.microsoft.com (referrals)"),
                "partnercenterevents": address("api.partnercenter.microsoft.com (webhook registration)"),
                "salesforce": address("the Salesforce instance, and of its sign-in where salesforceLogin is missing"),
                "salesforceLogin": address("the Salesforce sign-in"),
                "commondataserviceforapps": address("the Dataverse organization"),
            ])
    }()
}
