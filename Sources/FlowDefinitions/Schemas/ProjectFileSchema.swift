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
                    ]),
            ]), SchemaNode.any("The defaults.").with("type", "null"))

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
