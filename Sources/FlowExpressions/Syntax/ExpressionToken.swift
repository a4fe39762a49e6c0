import FlowCore

/// A token of an expression, under the name the platform's messages give it.
struct ExpressionToken {
    /// What kinds of tokens there are.
    enum Kind: Equatable {
        case identifier(String)
        case string(String)
        case integer(Int64)
        case float(Double)
        case leftParenthesis
        case rightParenthesis
        case leftBracket
        case rightBracket
        case dot
        case comma
        case questionMark
        case end
    }

    /// What it is.
    let kind: Kind
    /// Where it stands.
    let range: Range<Int>

    /// The name in messages.
    var name: String { kind.name }
}

extension ExpressionToken.Kind {
    /// The name in messages.
    var name: String {
        switch self {
        case .identifier: "Identifier"
        case .string: "StringLiteral"
        case .integer: "IntegerLiteral"
        case .float: "FloatLiteral"
        case .leftParenthesis: "LeftParenthesis"
        case .rightParenthesis: "RightParenthesis"
        case .leftBracket: "LeftSquareBracket"
        case .rightBracket: "RightSquareBracket"
        case .dot: "Dot"
        case .comma: "Comma"
        case .questionMark: "QuestionMark"
        case .end: "EndOfData"
        }
    }
}
