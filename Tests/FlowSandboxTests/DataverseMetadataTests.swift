import FlowCore
import FlowHTTP
import FlowSandbox
import Foundation
import FoundationXML
import Testing

/// A CSDL document as a client reads it.
private final class Schema: NSObject, XMLParserDelegate {
    struct Navigation {
        var type: String
        var partner: String?
        var constraint: String?
    }
    struct Entity {
        var key: String?
        var properties: [String: String] = [:]
        var navigations: [String: Navigation] = [:]
    }

    var entities: [String: Entity] = [:]
    var sets: [String: (type: String, bindings: [String: String])] = [:]
    var operations: [String: Int] = [:]
    var imports: Set<String> = []
    private var entity: String?
    private var navigation: String?
    private var set: String?
    private var complex = false

    func parser(
        _ parser: XMLParser, didStartElement element: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String] = [:]
    ) {
        let name = attributes["Name"] ?? ""
        switch element {
        case "EntityType":
            entity = name
            entities[name] = Entity()
        case "ComplexType": complex = true
        case "PropertyRef": if let entity { entities[entity]?.key = name }
        case "Property": if let entity, !complex { entities[entity]?.properties[name] = attributes["Type"] }
        case "NavigationProperty":
            navigation = name
            if let entity {
                entities[entity]?.navigations[name] = Navigation(
                    type: attributes["Type"] ?? "", partner: attributes["Partner"])
            }
        case "ReferentialConstraint":
            if let entity, let navigation {
                entities[entity]?.navigations[navigation]?.constraint = attributes["Property"]
            }
        case "EntitySet":
            set = name
            sets[name] = (attributes["EntityType"] ?? "", [:])
        case "NavigationPropertyBinding":
            if let set { sets[set]?.bindings[attributes["Path"] ?? ""] = attributes["Target"] }
        case "Action", "Function": operations[name, default: 0] += 1
        case "ActionImport", "FunctionImport": imports.insert(name)
        default: break
        }
    }

    func parser(
        _ parser: XMLParser, didEndElement element: String, namespaceURI: String?, qualifiedName: String?
    ) {
        switch element {
        case "EntityType": entity = nil
        case "ComplexType": complex = false
        case "EntitySet": set = nil
        default: break
        }
    }
}

@Suite struct DataverseMetadataTests {
    @Test func `the metadata document describes each table, and every name in it leads somewhere`() async throws {
        try await SandboxFixture.run { fixture in
            let url = fixture.sandbox.url(of: .commondataserviceforapps)
            let token = try await fixture.token("seller", url)
            let response = try await fixture.transport.send(
                HTTPRequest(
                    "GET", url + DataverseTests.data + "/$metadata", headers: ["Authorization": "Bearer " + token]))
            #expect(response.status == 200 && response.headers["Content-Type"] == "application/xml")
            let schema = Schema()
            let parser = XMLParser(data: Data(response.body))
            parser.delegate = schema
            #expect(parser.parse(), "\(String(describing: parser.parserError))")

            #expect(Set(schema.sets.keys) == Set(DataverseSchema.tables.map(\.set)))
            for table in DataverseSchema.tables {
                let entity = try #require(schema.entities[table.name])
                #expect(entity.key == table.key && entity.properties[table.key] == "Edm.Guid")
                #expect(Set(entity.properties.keys) == Set(table.columns.map(\.readName)))
                #expect(schema.sets[table.set]?.type == "Microsoft.Dynamics.CRM." + table.name)
                #expect(Set(schema.sets[table.set]?.bindings.keys.map { $0 } ?? []) == Set(entity.navigations.keys))
                for (name, navigation) in entity.navigations {
                    let isMany = navigation.type.hasPrefix("Collection(mscrm.")
                    let type = String(navigation.type.dropFirst(isMany ? 17 : 6)).replacingOccurrences(
                        of: ")", with: "")
                    let target = try #require(schema.entities[type], "\(table.name).\(name)")
                    #expect(schema.sets[table.set]?.bindings[name] == DataverseSchema.table(type)?.set)
                    if let partner = navigation.partner { #expect(target.navigations[partner]?.partner == name) }
                    if let constraint = navigation.constraint { #expect(entity.properties[constraint] == "Edm.Guid") }
                    #expect(isMany != (navigation.constraint != nil))
                }
            }
            let opportunity = try #require(schema.entities["opportunity"])
            #expect(opportunity.properties["estimatedvalue"] == "Edm.Decimal")
            #expect(opportunity.properties["estimatedclosedate"] == "Edm.Date")
            #expect(opportunity.properties["statuscode"] == "Edm.Int32")
            #expect(opportunity.properties["_parentaccountid_value"] == "Edm.Guid")
            #expect(opportunity.navigations["customerid_account"]?.constraint == "_customerid_value")
            #expect(schema.operations["QualifyLead"] == 1)
            #expect(schema.operations["CreateMultiple"] == DataverseSchema.tables.count)
            #expect(schema.imports == ["WhoAmI", "WinOpportunity", "LoseOpportunity"])
        }
    }
}
