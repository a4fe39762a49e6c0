import FlowCore

/// Names of functions that people know from elsewhere, and what they are called here.
enum FunctionNames {
    /// What to write instead of a function that does not exist.
    static func hint(for name: String) -> String? {
        if let hint = elsewhere[name.lowercased()] { return hint }
        guard let nearest = Suggestion.nearest(to: name, among: FunctionLibrary.all.map(\.name)) else {
            return "see https://aka.ms/logicexpressions for the functions there are"
        }
        return "did you mean '\(nearest)'?"
    }

    private static let elsewhere: [String: String] = [
        "len": "use length(…)", "count": "use length(…)", "size": "use length(…)", "strlen": "use length(…)",
        "concatenate": "use concat(…)", "append": "use concat(…), union(…) or an AppendToArrayVariable action",
        "now": "use utcNow()", "today": "use startOfDay(utcNow())", "getdate": "use utcNow()",
        "datetime": "use utcNow() or parseDateTime(…)", "date": "use formatDateTime(…, 'yyyy-MM-dd')",
        "adddate": "use addDays(…)", "dateadd": "use addToTime(…, 1, 'Day')", "datediff": "use dateDifference(…)",
        "addmonths": "use addToTime(…, 1, 'Month')", "addyears": "use addToTime(…, 1, 'Year')",
        "addweeks": "use addToTime(…, 1, 'Week')", "year": "use formatDateTime(…, 'yyyy')",
        "month": "use formatDateTime(…, '%M')", "day": "use dayOfMonth(…)", "hour": "use formatDateTime(…, '%H')",
        "weekday": "use dayOfWeek(…)", "endofday": "use addSeconds(addDays(startOfDay(…), 1), -1)",
        "endofmonth": "use addDays(startOfMonth(addToTime(…, 1, 'Month')), -1)", "timezone": "use convertFromUtc(…)",
        "notequals": "use not(equals(…, …))", "notequal": "use not(equals(…, …))", "ne": "use not(equals(…, …))",
        "equal": "use equals(…, …)", "eq": "use equals(…, …)", "gt": "use greater(…, …)",
        "ge": "use greaterOrEquals(…, …)",
        "lt": "use less(…, …)", "le": "use lessOrEquals(…, …)", "greaterorequal": "use greaterOrEquals(…, …)",
        "lessorequal": "use lessOrEquals(…, …)", "greaterthan": "use greater(…, …)", "lessthan": "use less(…, …)",
        "iif": "use if(condition, …, …)", "ifelse": "use if(condition, …, …)", "iferror": "use coalesce(…?['…'], …)",
        "switch": "use if(…) several times, or a Switch action", "isnull": "use equals(…, null) or coalesce(…, …)",
        "isblank": "use empty(…)", "isempty": "use empty(…)", "isnullorempty": "use empty(…)",
        "nvl": "use coalesce(…, …)",
        "ifnull": "use coalesce(…, …)", "default": "use coalesce(…, …)", "any": "use not(empty(…))",
        "tostring": "use string(…)", "str": "use string(…)", "text": "use formatNumber(…) or formatDateTime(…)",
        "toint": "use int(…)", "integer": "use int(…)", "parseint": "use int(…)", "tonumber": "use int(…) or float(…)",
        "number": "use int(…) or float(…)", "parsefloat": "use float(…)", "double": "use float(…)",
        "value": "use int(…) or float(…)", "boolean": "use bool(…)", "parsejson": "use json(…)",
        "jsonparse": "use json(…)", "stringify": "use string(…)", "object": "use json(…)", "list": "use createArray(…)",
        "lower": "use toLower(…)", "upper": "use toUpper(…)", "lcase": "use toLower(…)", "ucase": "use toUpper(…)",
        "tolowercase": "use toLower(…)", "touppercase": "use toUpper(…)", "substr": "use substring(…)",
        "mid": "use substring(…)", "left": "use take(…, n) or substring(…, 0, n)", "right": "use slice(…, -n)",
        "find": "use indexOf(…)", "search": "use indexOf(…)", "includes": "use contains(…)", "in": "use contains(…)",
        "like": "use contains(…), startsWith(…) or endsWith(…)", "substitute": "use replace(…)",
        "replaceall": "use replace(…)", "ltrim": "use trim(…)", "rtrim": "use trim(…)",
        "proper": "use toUpper(…) on first(…)",
        "format": "use formatDateTime(…), formatNumber(…) or concat(…)", "padleft": "use formatNumber(…, '0000')",
        "round": "use formatNumber(…, '0.00')", "roundup": "use formatNumber(…, '0')",
        "floor": "use int(first(split(string(…), '.')))",
        "ceil": "use formatNumber(…, '0')", "ceiling": "use formatNumber(…, '0')",
        "trunc": "use int(first(split(string(…), '.')))",
        "abs": "use if(less(…, 0), mul(…, -1), …)",
        "sum": "use add(…, …); to add up an array, use xpath with sum or a loop",
        "average": "use div(…, length(…)) after adding up", "avg": "use div(…, length(…)) after adding up",
        "subtract": "use sub(…, …)", "minus": "use sub(…, …)", "plus": "use add(…, …)", "multiply": "use mul(…, …)",
        "divide": "use div(…, …)", "modulo": "use mod(…, …)", "power": "there is no power; multiply with mul(…, …)",
        "random": "use rand(minimum, bound)", "randbetween": "use rand(minimum, bound)", "uuid": "use guid()",
        "newguid": "use guid()", "filter": "use a Filter array action (Query)",
        "where": "use a Filter array action (Query)",
        "map": "use a Select action", "select": "use a Select action", "distinct": "use union(array, array)",
        "unique": "use union(array, array)", "flatten": "use union(…) or join(…)",
        "slicearray": "use take(skip(…, n), m)",
        "keys": "there is no function for the names of properties; use xpath or a script",
        "encodeuri": "use encodeUriComponent(…)", "urlencode": "use encodeUriComponent(…)",
        "urldecode": "use decodeUriComponent(…)", "btoa": "use base64(…)", "atob": "use base64ToString(…)",
        "output": "use outputs('Action')", "parameter": "use parameters('name')", "variable": "use variables('name')",
        "triggeroutput": "use triggerOutputs()", "var": "use variables('name')", "env": "use parameters('name')",
        "environment": "use parameters('name')", "runid": "use workflow()?['run']?['name']",
        "lookup": "use a Filter array action (Query)",
    ]
}
