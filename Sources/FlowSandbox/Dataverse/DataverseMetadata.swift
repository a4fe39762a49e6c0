import FlowCore

/// The service's own description, `GET /$metadata`: a CSDL document (OData 4.0, XML) of the tables, actions and functions.
enum DataverseMetadata {
    private static let namespace = "Microsoft.Dynamics.CRM"
    private static let alias = "mscrm"

    /// The document.
    static let document: String = {
        var text = """
            <?xml version="1.0" encoding="utf-8"?>
            <edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">
            <edmx:DataServices>
            <Schema Namespace="\(namespace)" Alias="\(alias)" xmlns="http://docs.oasis-open.org/odata/ns/edm">
            <EntityType Name="crmbaseentity" Abstract="true"/>
            """
        for table in DataverseSchema.tables { text += "\n" + entityType(table) }
        text += "\n" + operations + "\n" + container
        return text + "\n</Schema>\n</edmx:DataServices>\n</edmx:Edmx>\n"
    }()

    // MARK: Tables

    private static func entityType(_ table: DataverseTable) -> String {
        var lines = [
            "<EntityType Name=\"\(table.name)\" BaseType=\"\(alias).crmbaseentity\">",
            "<Key><PropertyRef Name=\"\(table.key)\"/></Key>",
        ]
        lines += table.columns.map(property)
        for column in table.columns where column.kind == .lookup {
            for target in column.targets {
                guard let other = DataverseSchema.table(target.table) else { continue }
                let partner = DataverseSchema.relationships.first {
                    $0.parent == other.name && $0.child == table.name && $0.column == column.name
                }
                let named = partner.map { " Partner=\"\($0.name)\"" } ?? ""
                lines.append(
                    "<NavigationProperty Name=\"\(target.navigation)\" Type=\"\(alias).\(other.name)\"\(named)>"
                        + "<ReferentialConstraint Property=\"\(column.readName)\" ReferencedProperty=\"\(other.key)\"/>"
                        + "</NavigationProperty>")
            }
        }
        for (relationship, child, navigation) in collections(table) {
            lines.append(
                "<NavigationProperty Name=\"\(relationship)\" Type=\"Collection(\(alias).\(child.name))\" Partner=\"\(navigation)\"/>"
            )
        }
        return (lines + ["</EntityType>"]).joined(separator: "\n")
    }

    /// The relationships of a table to rows below it, with the look-up that leads back.
    private static func collections(
        _ table: DataverseTable
    ) -> [(name: String, child: DataverseTable, navigation: String)] {
        DataverseSchema.relationships.compactMap { relationship in
            guard let (child, column) = table.collection(relationship.name),
                let back = column.targets.first(where: { $0.table == table.name })
            else { return nil }
            return (relationship.name, child, back.navigation)
        }
    }

    private static func property(_ column: DataverseColumn) -> String {
        let type: String
        switch column.kind {
        case .text(let limit): type = "Edm.String\" MaxLength=\"\(limit)"
        case .integer: type = column.name == "versionnumber" ? "Edm.Int64" : "Edm.Int32"
        case .choice: type = "Edm.Int32"
        case .decimal, .money: type = "Edm.Decimal\" Scale=\"Variable"
        case .boolean: type = "Edm.Boolean"
        case .dateTime: type = "Edm.DateTimeOffset"
        case .date: type = "Edm.Date"
        case .key: return "<Property Name=\"\(column.name)\" Type=\"Edm.Guid\" Nullable=\"false\"/>"
        case .lookup: type = "Edm.Guid"
        }
        return "<Property Name=\"\(column.readName)\" Type=\"\(type)\"/>"
    }

    // MARK: Actions and functions

    private static var operations: String {
        var lines = [
            """
            <ComplexType Name="WhoAmIResponse">
            <Property Name="BusinessUnitId" Type="Edm.Guid" Nullable="false"/>
            <Property Name="UserId" Type="Edm.Guid" Nullable="false"/>
            <Property Name="OrganizationId" Type="Edm.Guid" Nullable="false"/>
            </ComplexType>
            <ComplexType Name="CreateMultipleResponse">
            <Property Name="Ids" Type="Collection(Edm.Guid)" Nullable="false"/>
            </ComplexType>
            <EntityType Name="opportunityclose" BaseType="\(alias).crmbaseentity">
            <Key><PropertyRef Name="activityid"/></Key>
            <Property Name="activityid" Type="Edm.Guid" Nullable="false"/>
            <Property Name="subject" Type="Edm.String"/>
            <Property Name="actualrevenue" Type="Edm.Decimal" Scale="Variable"/>
            <Property Name="actualend" Type="Edm.DateTimeOffset"/>
            <Property Name="_opportunityid_value" Type="Edm.Guid"/>
            <NavigationProperty Name="opportunityid" Type="\(alias).opportunity"><ReferentialConstraint Property="_opportunityid_value" ReferencedProperty="opportunityid"/></NavigationProperty>
            </EntityType>
            <Function Name="WhoAmI"><ReturnType Type="\(alias).WhoAmIResponse" Nullable="false"/></Function>
            <Action Name="QualifyLead" IsBound="true">
            <Parameter Name="entity" Type="\(alias).lead" Nullable="false"/>
            <Parameter Name="CreateAccount" Type="Edm.Boolean" Nullable="false"/>
            <Parameter Name="CreateContact" Type="Edm.Boolean" Nullable="false"/>
            <Parameter Name="CreateOpportunity" Type="Edm.Boolean" Nullable="false"/>
            <Parameter Name="OpportunityCurrencyId" Type="\(alias).transactioncurrency"/>
            <Parameter Name="Status" Type="Edm.Int32" Nullable="false"/>
            <ReturnType Type="Collection(\(alias).crmbaseentity)" Nullable="false"/>
            </Action>
            """
        ]
        for name in ["WinOpportunity", "LoseOpportunity"] {
            lines.append(
                """
                <Action Name="\(name)">
                <Parameter Name="OpportunityClose" Type="\(alias).opportunityclose" Nullable="false"/>
                <Parameter Name="Status" Type="Edm.Int32" Nullable="false"/>
                </Action>
                """)
        }
        for table in DataverseSchema.tables {
            for name in ["CreateMultiple", "UpdateMultiple", "UpsertMultiple"] {
                let rows = "Type=\"Collection(\(alias).\(table.name))\" Nullable=\"false\"/>"
                let result =
                    name == "CreateMultiple"
                    ? "<ReturnType Type=\"\(alias).CreateMultipleResponse\" Nullable=\"false\"/>" : ""
                lines.append(
                    "<Action Name=\"\(name)\" IsBound=\"true\"><Parameter Name=\"entityset\" \(rows)"
                        + "<Parameter Name=\"Targets\" \(rows)\(result)</Action>")
            }
        }
        return lines.joined(separator: "\n")
    }

    private static var container: String {
        var lines = ["<EntityContainer Name=\"System\">"]
        for table in DataverseSchema.tables {
            lines.append("<EntitySet Name=\"\(table.set)\" EntityType=\"\(namespace).\(table.name)\">")
            for column in table.columns where column.kind == .lookup {
                for target in column.targets {
                    guard let other = DataverseSchema.table(target.table) else { continue }
                    lines.append("<NavigationPropertyBinding Path=\"\(target.navigation)\" Target=\"\(other.set)\"/>")
                }
            }
            for (relationship, child, _) in collections(table) {
                lines.append("<NavigationPropertyBinding Path=\"\(relationship)\" Target=\"\(child.set)\"/>")
            }
            lines.append("</EntitySet>")
        }
        for name in ["WinOpportunity", "LoseOpportunity"] {
            lines.append("<ActionImport Name=\"\(name)\" Action=\"\(namespace).\(name)\"/>")
        }
        lines.append("<FunctionImport Name=\"WhoAmI\" Function=\"\(namespace).WhoAmI\"/>")
        return (lines + ["</EntityContainer>"]).joined(separator: "\n")
    }
}
