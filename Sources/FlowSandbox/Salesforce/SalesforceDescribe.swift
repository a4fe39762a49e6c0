import FlowCore

/// What `describe` tells of an object.
enum SalesforceDescribe {
    /// The short form, as in the list of objects.
    static func summary(_ object: SalesforceObject, _ version: String) -> JSON {
        let url = "/services/data/\(version)/sobjects/\(object.name)"
        return [
            "name": .string(object.name), "label": .string(object.label), "labelPlural": .string(object.pluralLabel),
            "keyPrefix": .string(object.keyPrefix), "custom": .bool(object.isCustom), "createable": true,
            "updateable": true, "deletable": .bool(object.name != "User"), "queryable": true, "retrieveable": true,
            "searchable": true, "triggerable": true, "undeletable": true, "replicateable": true, "layoutable": true,
            "customSetting": false, "deprecatedAndHidden": false, "feedEnabled": false, "mergeable": false,
            "urls": [
                "sobject": .string(url), "describe": .string(url + "/describe"),
                "rowTemplate": .string(url + "/{ID}"),
            ],
        ]
    }

    /// The full form.
    static func full(_ object: SalesforceObject, _ version: String) -> JSON {
        var body = summary(object, version).objectValue ?? [:]
        body["fields"] = .array(object.fields.map(field))
        body["childRelationships"] = .array(
            object.children.map { child in
                [
                    "relationshipName": .string(child.relationship), "childSObject": .string(child.object),
                    "field": .string(child.field), "cascadeDelete": .bool(child.isOwned),
                ]
            })
        body["recordTypeInfos"] = []
        return .object(body)
    }

    private static func field(_ field: SalesforceField) -> JSON {
        let choices: [JSON] = field.choices.map { choice in
            [
                "value": .string(choice), "label": .string(choice), "active": true,
                "defaultValue": .bool(field.standard == .string(choice)), "validFor": .null,
            ]
        }
        let isNumber = [.currency, .double, .percent].contains(field.kind)
        return [
            "name": .string(field.name), "label": .string(field.label), "type": .string(field.kind.rawValue),
            "length": .integer(Int64(field.length)), "nillable": .bool(!field.isRequired && field.kind != .boolean),
            "createable": .bool(field.isCreateable), "updateable": .bool(field.isUpdateable),
            "custom": .bool(field.isCustom), "externalId": .bool(field.isExternalID), "unique": .bool(field.isUnique),
            "idLookup": .bool(field.isExternalID || field.kind == .id),
            "defaultedOnCreate": .bool(!field.standard.isNull || field.name == "OwnerId"),
            "defaultValue": field.standard, "restrictedPicklist": .bool(field.isRestricted),
            "picklistValues": .array(choices),
            "referenceTo": field.referenceTo.isEmpty ? [] : [.string(field.referenceTo)],
            "relationshipName": field.relationship.isEmpty ? .null : .string(field.relationship),
            "filterable": .bool(field.isFilterable), "sortable": .bool(field.isFilterable),
            "groupable": .bool(field.isFilterable && !isNumber), "calculated": .bool(field.name == "ExpectedRevenue"),
            "precision": isNumber ? 18 : 0, "scale": isNumber ? 2 : 0,
            "nameField": .bool(field.name == "Name"), "caseSensitive": false, "autoNumber": false,
        ]
    }
}
