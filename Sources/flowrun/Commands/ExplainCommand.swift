import ArgumentParser
import FlowCore

/// `flowrun explain CODE`: the page of an error code.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Says what an error code means and what to do.",
        discussion: "Without CODE all codes are listed.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The code as it was printed.")
    var code: String?

    func run() throws {
        guard let code else { return list() }
        let folded = code.lowercased()
        guard let page = ErrorPage.all.values.first(where: { $0.code.rawValue.lowercased() == folded }) else {
            let near = Suggestion.nearest(to: code, among: ErrorPage.all.keys.map(\.rawValue))
            throw FlowError(
                .unknownCode, "flowrun has no page for the code '\(code)'.",
                hint: near.map { "did you mean '\($0)'? flowrun explain \($0)" } ?? "flowrun explain lists all codes")
        }
        options.present(Self.json(of: page)) {
            """
            \(Style.bold(page.code.rawValue))

            What happened
              \(page.happened)
            Why
              \(page.why)
            What to do
              \(page.remedy)
            """
        }
    }

    private func list() {
        let pages = ErrorPage.all.values.sorted { $0.code.rawValue < $1.code.rawValue }
        options.present(.array(pages.map(Self.json(of:)))) {
            var table = Table("CODE", "WHAT HAPPENED")
            for page in pages { table.add(page.code.rawValue, page.happened) }
            return table.text
        }
    }

    private static func json(of page: ErrorPage) -> JSON {
        [
            "code": .string(page.code.rawValue), "happened": .string(page.happened), "why": .string(page.why),
            "remedy": .string(page.remedy),
        ]
    }
}
