package import FlowCore

/// A field of an object, with what `describe` tells and validation needs.
package struct SalesforceField: Sendable {
    /// What kind of values a field holds.
    package enum Kind: String, Sendable {
        /// An id of the record itself.
        case id
        /// A line of text.
        case string
        /// Text of several lines; longer than 255 characters it cannot be filtered.
        case textarea
        /// One value of a list.
        case picklist
        /// The id of another record.
        case reference
        /// True or false; never null.
        case boolean
        /// An amount with two decimals.
        case currency
        /// A number.
        case double
        /// A percentage.
        case percent
        /// A whole number.
        case int
        /// A date without time.
        case date
        /// An instant.
        case datetime
        /// An e-mail address, kept in lower case.
        case email
        /// A telephone number.
        case phone
        /// A link.
        case url
    }

    /// The API name.
    package let name: String
    /// The label for people.
    package let label: String
    /// What it holds.
    package let kind: Kind
    /// The longest text; 0 for other kinds.
    package var length = 0
    /// Whether a create must give a value.
    package var isRequired = false
    /// Whether a create may give it.
    package var isCreateable = true
    /// Whether an update may give it.
    package var isUpdateable = true
    /// Whether records can be found by it in a path.
    package var isExternalID = false
    /// Whether two records cannot hold the same value.
    package var isUnique = false
    /// The values of a picklist.
    package var choices: [String] = []
    /// Whether a picklist takes no other values.
    package var isRestricted = false
    /// The object that a reference points to.
    package var referenceTo = ""
    /// The name by which queries reach it.
    package var relationship = ""
    /// The value of a record that does not give one.
    package var standard = JSON.null

    /// Whether it was made by an administrator.
    package var isCustom: Bool { name.hasSuffix("__c") }
    /// Whether records can be looked up by it quickly.
    var isIndexed: Bool { kind == .reference || isExternalID || isUnique }
    /// Whether a query may compare it.
    var isFilterable: Bool { kind != .textarea || length <= 255 }

    init(_ name: String, _ label: String, _ kind: Kind, _ length: Int = 0) {
        self.name = name
        self.label = label
        self.kind = kind
        self.length = length
        if kind == .boolean { standard = false }
        if length == 0 {
            switch kind {
            case .email: self.length = 80
            case .phone: self.length = 40
            case .url, .picklist: self.length = 255
            case .id, .reference: self.length = 18
            default: break
            }
        }
    }

    /// The field as one that must be given.
    func required() -> SalesforceField { changed { $0.isRequired = true } }
    /// The field as one that only the service writes.
    func readOnly() -> SalesforceField {
        changed {
            $0.isCreateable = false
            $0.isUpdateable = false
        }
    }
    /// The field as one that can be given at creation only.
    func createOnly() -> SalesforceField { changed { $0.isUpdateable = false } }
    /// The field as one whose values are unique.
    func unique() -> SalesforceField { changed { $0.isUnique = true } }
    /// The field with a default.
    func with(default value: JSON) -> SalesforceField { changed { $0.standard = value } }

    private func changed(_ change: (inout SalesforceField) -> Void) -> SalesforceField {
        var field = self
        change(&field)
        return field
    }

    /// A picklist.
    static func list(
        _ name: String, _ label: String, _ choices: [String], restricted: Bool = false
    ) -> SalesforceField {
        SalesforceField(name, label, .picklist).changed {
            $0.choices = choices
            $0.isRestricted = restricted
        }
    }

    /// A look-up of another record.
    static func lookup(_ name: String, _ label: String, to object: String, as relationship: String) -> SalesforceField {
        SalesforceField(name, label, .reference).changed {
            $0.referenceTo = object
            $0.relationship = relationship
        }
    }

    /// An external id whose values are unique.
    static func externalID(_ name: String, _ label: String, _ length: Int) -> SalesforceField {
        SalesforceField(name, label, .string, length).changed {
            $0.isExternalID = true
            $0.isUnique = true
        }
    }
}

/// An object of the organization: its fields and the records that belong to one of it.
package struct SalesforceObject: Sendable {
    /// The API name.
    package let name: String
    /// The label for people.
    package let label: String
    /// The label of several.
    package let pluralLabel: String
    /// The first three characters of its ids.
    package let keyPrefix: String
    /// Its fields in order.
    package let fields: [SalesforceField]
    /// Relationships in which it is the parent.
    package let children: [Child]
    private let places: [String: Int]

    /// A relationship from a parent to its records.
    package struct Child: Sendable {
        /// The name in queries.
        package let relationship: String
        /// The object of the records.
        package let object: String
        /// Their field that names the parent.
        package let field: String
        /// Whether the records go with the parent.
        package let isOwned: Bool
    }

    init(
        _ name: String, _ label: String, _ pluralLabel: String, prefix: String, _ fields: [SalesforceField],
        children: [Child] = []
    ) {
        self.name = name
        self.label = label
        self.pluralLabel = pluralLabel
        keyPrefix = prefix
        self.children = children
        let audit = [
            SalesforceField("CreatedDate", "Created Date", .datetime).readOnly(),
            SalesforceField.lookup("CreatedById", "Created By ID", to: "User", as: "CreatedBy").readOnly(),
            SalesforceField("LastModifiedDate", "Last Modified Date", .datetime).readOnly(),
            SalesforceField.lookup("LastModifiedById", "Last Modified By ID", to: "User", as: "LastModifiedBy")
                .readOnly(),
            SalesforceField("SystemModstamp", "System Modstamp", .datetime).readOnly(),
        ]
        self.fields =
            [
                SalesforceField("Id", "Record ID", .id).readOnly(),
                SalesforceField("IsDeleted", "Deleted", .boolean).readOnly(),
            ] + fields + audit
        places = Dictionary(
            self.fields.enumerated().map { ($1.name.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Whether it was made by an administrator.
    package var isCustom: Bool { name.hasSuffix("__c") }
    /// The kind of its records.
    package var kind: String { "salesforce/" + name }

    /// A field by name; letter case does not count.
    package func field(_ name: String) -> SalesforceField? { places[name.lowercased()].map { fields[$0] } }

    /// A field by the name of its relationship; letter case does not count.
    func field(relationship name: String) -> SalesforceField? {
        let folded = name.lowercased()
        return fields.first { $0.relationship.lowercased() == folded && !folded.isEmpty }
    }
}
