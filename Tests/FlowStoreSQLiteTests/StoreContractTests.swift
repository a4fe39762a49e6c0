import FlowCore
import FlowStorage
import FlowStoreSQLite
import FlowTesting
import Testing

@Suite struct StoreContractTests {
    @Test(arguments: StoreContract.checks)
    func `the store in memory keeps the contract`(_ check: StoreContract.Check) async {
        #expect(await check.run(on: InMemoryFlowStore()) == [])
    }

    @Test(arguments: StoreContract.checks)
    func `the store over SQLite keeps the contract`(_ check: StoreContract.Check) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let store = try SQLiteFlowStore(path: folder.database, key: folder.key, durability: .process)
        #expect(await check.run(on: store) == [])
        await store.close()
    }

    @Test(arguments: StoreContract.checks)
    func `a faulty store without faults keeps the contract`(_ check: StoreContract.Check) async {
        #expect(await check.run(on: FaultyStore(InMemoryFlowStore())) == [])
    }
}
