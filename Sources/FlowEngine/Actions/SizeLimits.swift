import FlowCore
import FlowDefinitions

/// How large values may get: the platform's limits, beyond which an action fails.
enum SizeLimits {
    /// How many characters, as the platform counts them, a variable may have.
    static let variableCharacters = 104_857_600
    /// How many elements an array in a variable may have.
    static let variableElements = 100_000
    /// How many bytes the inputs and outputs of an action may have together.
    static let actionResult = 209_715_200

    /// Whether a variable may hold a text together with another.
    static func holds(_ text: String, _ piece: String = "") -> Bool {
        // UTF-8 is never shorter than what the platform counts.
        text.utf8.count + piece.utf8.count <= variableCharacters
            || text.utf16.count + piece.utf16.count <= variableCharacters
    }

    /// Whether a variable may hold a value.
    static func holds(_ value: JSON) -> Bool {
        switch value {
        case .string(let text): holds(text)
        case .array(let elements): elements.count <= variableElements
        default: true
        }
    }

    /// Takes the size of a value from what is left.
    /// - Returns: whether it was enough; what is beyond is not looked at.
    static func take(_ value: JSON, from left: inout Int) -> Bool {
        switch value {
        case .string(let text): left -= text.utf8.count + 2
        case .array(let elements):
            left -= elements.count + 1
            for element in elements where left < 0 || !take(element, from: &left) { return false }
        case .object(let object):
            left -= 2
            for (name, member) in object {
                left -= name.utf8.count + 4
                guard left >= 0, take(member, from: &left) else { return false }
            }
        default: left -= 4
        }
        return left >= 0
    }
}

extension RunState {
    /// Ends an action that would make a variable too large; the variable stays as it is.
    func failVariableSize(_ action: PlannedAction, _ repetition: Int, _ name: String, _ inputs: JSON) {
        fail(
            action, repetition, code: "BadRequest", error: FlowError.Code.variableSizeLimitExceeded.rawValue,
            "The variable '\(name)' would exceed its limit of \(SizeLimits.variableCharacters) characters or "
                + "\(SizeLimits.variableElements) array items.", inputs: inputs)
    }

    /// Whether what was sent and what came back of a call are small enough for an action.
    func fits(_ answer: OperationAnswer, to request: EffectIntent.Kind?) -> Bool {
        var left = SizeLimits.actionResult
        if case .operation(let request)? = request, !SizeLimits.take(.object(request.parameters), from: &left) {
            return false
        }
        return SizeLimits.take(.object(answer.headers), from: &left)
            && answer.body.map { SizeLimits.take($0, from: &left) } ?? true
    }
}
