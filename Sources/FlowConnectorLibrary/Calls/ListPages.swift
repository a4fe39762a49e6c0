import FlowCore
import FlowDefinitions
import FlowHTTP

/// Following pages of a list, as `paginationPolicy.minimumItemCount` asks for.
enum ListPages {
    /// The platform's limit of items.
    static let maximumItems = 100_000

    /// Fetches pages until there are enough items.
    /// - Parameters:
    ///   - first: the first page.
    ///   - minimum: how many items there must be at least.
    ///   - key: the member that holds the next page's link.
    ///   - fetch: fetches a page by its link.
    /// - Returns: the first page's answer with the items of all pages, whole pages kept; a page that fails is the answer.
    /// - Throws: what `fetch` throws.
    static func follow(
        _ first: HTTPResponse, minimum: Int, key: String,
        fetch: (String) async throws(FlowError) -> HTTPResponse
    ) async throws(FlowError) -> OperationAnswer {
        guard let value = first.value, var items = value["value"]?.arrayValue else { return first.answer }
        var link = value[key]?.stringValue
        while items.count < min(minimum, maximumItems), let next = link {
            let response = try await fetch(next)
            guard response.isSuccess, let page = response.value, let more = page["value"]?.arrayValue else {
                return response.answer
            }
            items += more
            link = page[key]?.stringValue
        }
        return first.answer(["value": .array(items)])
    }
}
