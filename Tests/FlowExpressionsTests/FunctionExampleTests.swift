import FlowCore
import FlowExpressions
import Testing

@Suite struct FunctionExampleTests {
    @Test(arguments: FunctionLibrary.all.map(\.name))
    func `the examples of a function are true`(name: String) throws {
        let function = try #require(FunctionLibrary.declaration(named: name))
        let scope = ContextScope([:], now: Timestamp(year: 2026, month: 1, day: 15))
        for example in function.examples {
            let value = try CompiledTemplate("@" + example.expression).evaluate(in: scope)
            #expect(value == example.value, "\(example.expression)")
        }
        #expect(function.summary.hasSuffix("."))
        #expect(!function.isPure || !function.examples.isEmpty, "a function without reading has an example")
    }

    @Test func `the library has the functions of the platform`() {
        #expect(FunctionLibrary.all.count == 127)
    }
}
