import FlowCore

/// Functions of dates and times.
///
/// A time keeps what its text says of the zone: `Z` stays, an offset is converted to UTC and printed as `+00:00`, and a
/// time without zone is printed without.
enum DateTimeFunctions {
    static let all = [
        addDays, addHours, addMinutes, addSeconds, addToTime, convertFromUtc, convertTimeZone, convertToUtc,
        dateDifference, dayOfMonth, dayOfWeek, dayOfYear, formatDateTime, getFutureTime, getPastTime, parseDateTime,
        startOfDay, startOfHour, startOfMonth, subtractFromTime, ticks, utcNow,
    ]

    private static let timestamp = FunctionDeclaration.Parameter.required("timestamp", .string, .timestamp)
    private static let format = FunctionDeclaration.Parameter.optional("format", .string, .dateFormat)

    // MARK: Adding

    static let addDays = adding(
        "addDays", .day, "days", ["addDays('2018-03-15T00:00:00Z', 10)": "2018-03-25T00:00:00.0000000Z"])
    static let addHours = adding(
        "addHours", .hour, "hours", ["addHours('2018-03-15T00:00:00Z', 10)": "2018-03-15T10:00:00.0000000Z"])
    static let addMinutes = adding(
        "addMinutes", .minute, "minutes", ["addMinutes('2018-03-15T00:10:00Z', 10)": "2018-03-15T00:20:00.0000000Z"])
    static let addSeconds = adding(
        "addSeconds", .second, "seconds", ["addSeconds('2018-03-15T00:00:00Z', 10)": "2018-03-15T00:00:10.0000000Z"])

    private static func adding(
        _ name: String, _ unit: TimeUnit, _ units: String, _ examples: KeyValuePairs<String, JSON>
    ) -> FunctionDeclaration {
        FunctionDeclaration(
            name, .dateTime, [timestamp, .required(units, .integer), format], returns: .string,
            usage: .expects(
                "a timestamp as the first parameter, the number of \(units) to add as the second parameter, and an "
                    + "optional format string as the third parameter"),
            summary: "Adds \(units) to a time.", examples: examples,
            body: .pure { arguments throws(FlowError) in
                let time = try time(arguments, 0)
                let sum = time.adding(try arguments.integer(1), unit)
                return try text(inRange(sum, arguments), arguments, 2)
            })
    }

    private static let interval =
        "an interval as the second parameter, a time unit as the third parameter, and an "
        + "optional format string as the fourth parameter"

    static let addToTime = FunctionDeclaration(
        "addToTime", .dateTime,
        [timestamp, .required("interval", .integer), .required("unit", .string, .timeUnit), format], returns: .string,
        usage: .expects("a timestamp as the first parameter, " + interval),
        summary: "Adds a number of time units to a time.",
        examples: ["addToTime('2018-01-01T00:00:00Z', 1, 'Day')": "2018-01-02T00:00:00.0000000Z"],
        body: .pure { arguments throws(FlowError) in
            let time = try time(arguments, 0)
            let sum = time.adding(try arguments.integer(1), try unit(arguments, 2))
            return try text(inRange(sum, arguments), arguments, 3)
        })

    static let subtractFromTime = FunctionDeclaration(
        "subtractFromTime", .dateTime,
        [timestamp, .required("interval", .integer), .required("unit", .string, .timeUnit), format], returns: .string,
        usage: .expects("a timestamp as the first parameter, " + interval),
        summary: "Subtracts a number of time units from a time.",
        examples: ["subtractFromTime('2018-01-02T00:00:00Z', 1, 'Day')": "2018-01-01T00:00:00.0000000Z"],
        body: .pure { arguments throws(FlowError) in
            let time = try time(arguments, 0)
            let sum = time.adding(try negated(arguments, 1), try unit(arguments, 2))
            return try text(inRange(sum, arguments), arguments, 3)
        })

    private static let fromNow =
        "an interval as the first parameter, a time unit as the second parameter, and an "
        + "optional format string as the third parameter"

    static let getFutureTime = FunctionDeclaration(
        "getFutureTime", .dateTime,
        [.required("interval", .integer), .required("unit", .string, .timeUnit), format], returns: .string,
        usage: .expects(fromNow), summary: "Gives the present time plus a number of time units.",
        body: .reading { arguments, scope throws(FlowError) in
            let sum = DateTimeValue(scope.now)?.adding(try arguments.integer(0), try unit(arguments, 1))
            return try text(inRange(sum, arguments), arguments, 2)
        })

    static let getPastTime = FunctionDeclaration(
        "getPastTime", .dateTime,
        [.required("interval", .integer), .required("unit", .string, .timeUnit), format], returns: .string,
        usage: .expects(fromNow), summary: "Gives the present time minus a number of time units.",
        body: .reading { arguments, scope throws(FlowError) in
            let sum = DateTimeValue(scope.now)?.adding(try negated(arguments, 0), try unit(arguments, 1))
            return try text(inRange(sum, arguments), arguments, 2)
        })

    // MARK: Beginnings

    static let startOfDay = start(
        "startOfDay", "day", ["startOfDay('2018-03-15T13:30:30Z')": "2018-03-15T00:00:00.0000000Z"]
    ) { $0.startOfDay }
    static let startOfHour = start(
        "startOfHour", "hour", ["startOfHour('2018-03-15T13:30:30Z')": "2018-03-15T13:00:00.0000000Z"]
    ) { $0.startOfHour }
    static let startOfMonth = start(
        "startOfMonth", "month", ["startOfMonth('2018-03-15T13:30:30Z')": "2018-03-01T00:00:00.0000000Z"]
    ) { $0.startOfMonth }

    private static func start(
        _ name: String, _ unit: String, _ examples: KeyValuePairs<String, JSON>,
        _ begin: @escaping @Sendable (DateTimeValue) -> DateTimeValue?
    ) -> FunctionDeclaration {
        FunctionDeclaration(
            name, .dateTime, [timestamp, format], returns: .string,
            usage: .expects("a timestamp as the first parameter and an optional format string as the second parameter"),
            summary: "Gives the beginning of a time's \(unit).", examples: examples,
            body: .pure { arguments throws(FlowError) in
                try text(inRange(begin(try time(arguments, 0)), arguments), arguments, 1)
            })
    }

    // MARK: Parts

    static let dayOfMonth = part(
        "dayOfMonth", "Gives the day of the month.", ["dayOfMonth('2018-03-15T13:27:36Z')": 15]
    ) { Int64($0.date.day) }
    static let dayOfWeek = part("dayOfWeek", "Gives the day of the week; Sunday is 0.", ["dayOfWeek('2018-03-15')": 4])
    { Int64($0.weekday) }
    static let dayOfYear = part("dayOfYear", "Gives the day of the year, from 1.", ["dayOfYear('2018-03-15')": 74]) {
        Int64($0.dayOfYear)
    }
    static let ticks = part(
        "ticks", "Gives a time as units of 100 nanoseconds since the year 1.",
        ["ticks('2018-03-15T13:27:36Z')": 636_567_172_560_000_000]
    ) { $0.ticks }

    private static func part(
        _ name: String, _ summary: String, _ examples: KeyValuePairs<String, JSON>,
        _ read: @escaping @Sendable (DateTimeValue) -> Int64
    ) -> FunctionDeclaration {
        FunctionDeclaration(
            name, .dateTime, [timestamp], returns: .integer,
            usage: .expects("a single parameter that is a timestamp"), summary: summary, examples: examples,
            body: .pure { arguments throws(FlowError) in .integer(read(try time(arguments, 0))) })
    }

    static let dateDifference = FunctionDeclaration(
        "dateDifference", .dateTime,
        [.required("start", .string, .timestamp), .required("end", .string, .timestamp)], returns: .string,
        usage: .expects("a timestamp as the first parameter and timestamp as the second parameter"),
        summary: "Gives the time from one timestamp to another as days.hours:minutes:seconds.",
        examples: ["dateDifference('2015-02-08', '2018-07-30')": "1268.00:00:00"],
        body: .pure { arguments throws(FlowError) in
            .string(TimeSpanText.text(ticks: try time(arguments, 1).ticks - time(arguments, 0).ticks))
        })

    // MARK: Text

    static let utcNow = FunctionDeclaration(
        "utcNow", .dateTime, [format], returns: .string,
        usage: .expects("no parameters or an optional format parameter"),
        summary: "Gives the present time in UTC.",
        body: .reading { arguments, scope throws(FlowError) in
            try text(inRange(DateTimeValue(scope.now), arguments), arguments, 0)
        })

    static let formatDateTime = FunctionDeclaration(
        "formatDateTime", .dateTime, [timestamp, format, .optional("culture", .string)], returns: .string,
        usage: .expects(
            "a timestamp as the first parameter, an optional format string as the second parameter and an optional "
                + "locale as the third parameter"),
        summary: "Writes a time by a .NET format, in en-US if no culture is named.",
        examples: [
            "formatDateTime('2018-03-15T12:00:00Z', 'yyyy-MM-dd HH:mm')": "2018-03-15 12:00",
            "formatDateTime('01/31/2016', 'dddd MMMM d', 'fr-FR')": "dimanche janvier 31",
        ],
        body: .pure { arguments throws(FlowError) in
            let culture = try StringFunctions.culture(arguments, 2) ?? .english
            return try text(try time(arguments, 0), arguments, 1, culture.dates)
        })

    static let parseDateTime = FunctionDeclaration(
        "parseDateTime", .dateTime,
        [.required("text", .string), .optional("culture", .string), .optional("format", .string)], returns: .string,
        usage: .expects(
            "a timestamp as the first parameter, an optional locale string as the second parameter, and an optional "
                + "format string as the third parameter"),
        summary: "Reads a time that is written in a culture, or by a format.",
        examples: [
            "parseDateTime('20/10/2014', 'fr-FR')": "2014-10-20T00:00:00.0000000",
            "parseDateTime('21052019', 'fr-FR', 'ddMMyyyy')": "2019-05-21T00:00:00.0000000",
        ],
        body: .pure { arguments throws(FlowError) in
            let input = try arguments.string(0)
            let culture = try StringFunctions.culture(arguments, 1) ?? .english
            let format = try arguments.optionalString(2)
            let value =
                format.map { ExactDateTimeParser.parse(input, $0, culture.dates) }
                ?? DateTimeParser.parse(input, culture.dates)
            guard let value else { throw notATime(input, arguments) }
            return .string(DateTimeFormat.format(value, DateTimeFormat.roundTrip) ?? "")
        })

    // MARK: Zones

    static let convertFromUtc = FunctionDeclaration(
        "convertFromUtc", .dateTime, [timestamp, .required("zone", .string, .timeZone), format], returns: .string,
        usage: .expects(
            "a timestamp as the first parameter, a target time zone as the second parameter, and an optional format "
                + "string as the third parameter"),
        summary: "Gives a time in UTC as the clocks of a time zone show it.",
        examples: [
            "convertFromUtc('2018-01-01T08:00:00Z', 'Pacific Standard Time')": "2018-01-01T00:00:00.0000000"
        ],
        body: .pure { arguments throws(FlowError) in
            let value = try local(of: instant(try time(arguments, 0)), arguments, 1)
            return try text(value, arguments, 2)
        })

    static let convertToUtc = FunctionDeclaration(
        "convertToUtc", .dateTime, [timestamp, .required("zone", .string, .timeZone), format], returns: .string,
        usage: .expects(
            "a timestamp as the first parameter, a source time zone as the second parameter, and an optional format "
                + "string as the third parameter"),
        summary: "Gives the time in UTC at which the clocks of a time zone show a time.",
        examples: [
            "convertToUtc('2018-01-01T00:00:00', 'Pacific Standard Time')": "2018-01-01T08:00:00.0000000Z"
        ],
        body: .pure { arguments throws(FlowError) in
            let instant = try instant(try time(arguments, 0), from: 1, arguments)
            return try text(inRange(DateTimeValue(instant), arguments), arguments, 2)
        })

    static let convertTimeZone = FunctionDeclaration(
        "convertTimeZone", .dateTime,
        [timestamp, .required("from", .string, .timeZone), .required("to", .string, .timeZone), format],
        returns: .string,
        usage: .expects(
            "a timestamp as the first parameter, a source time zone as the second parameter, a target time zone as the "
                + "third parameter, and an optional format string as the fourth parameter"),
        summary: "Converts a time from one time zone to another.",
        examples: [
            "convertTimeZone('2018-01-01T08:00:00Z', 'UTC', 'Pacific Standard Time')": "2018-01-01T00:00:00.0000000"
        ],
        body: .pure { arguments throws(FlowError) in
            let instant = try instant(try time(arguments, 0), from: 1, arguments)
            return try text(try local(of: instant, arguments, 2), arguments, 3)
        })

    private static func instant(_ value: DateTimeValue) -> Timestamp {
        Timestamp(ticks: value.ticks - DateTimeValue.ticksOf1970)
    }

    /// The instant that a time means in the zone of an argument; a time in UTC fits no other zone.
    private static func instant(
        _ value: DateTimeValue, from place: Int, _ arguments: Arguments
    ) throws(FlowError) -> Timestamp {
        let name = try arguments.string(place)
        let zone = try zone(name, arguments)
        let local = instant(value)
        if isUTC(name) || zone.offset(at: local) == 0 && value.kind == .offset { return local }
        guard value.kind != .utc else {
            throw FlowError(
                .invalidTemplate,
                "In function '\(arguments.call.name)', the time is given in UTC and does not fit the source time zone "
                    + "'\(name)'.",
                hint: "use convertFromUtc, or convertTimeZone with 'UTC' as source")
        }
        guard value.kind == .unspecified else { return local }
        guard let instant = zone.instant(ofLocal: local) else {
            throw FlowError(
                .invalidTemplate,
                "In function '\(arguments.call.name)', the clocks of the time zone '\(name)' skip the given time.")
        }
        return instant
    }

    private static func local(
        of instant: Timestamp, _ arguments: Arguments, _ place: Int
    ) throws(FlowError) -> DateTimeValue {
        let name = try arguments.string(place)
        let local = try zone(name, arguments).local(of: instant)
        return try inRange(
            DateTimeValue(ticks: local.ticks + DateTimeValue.ticksOf1970, kind: isUTC(name) ? .utc : .unspecified),
            arguments)
    }

    private static func isUTC(_ name: String) -> Bool {
        ["utc", "etc/utc", "coordinated universal time"].contains(name.lowercased())
    }

    private static func zone(_ name: String, _ arguments: Arguments) throws(FlowError) -> ZoneRules {
        guard let zone = ZoneRules(named: name) else {
            throw FlowError(
                .invalidTemplate, zoneMessage(arguments.call.name, name), hint: WindowsTimeZones.suggestion(for: name))
        }
        return zone
    }

    /// What the platform says of an unknown time zone.
    static func zoneMessage(_ function: String, _ name: String) -> String {
        "In function '\(function)', the value provided for the time zone id '\(name)' was not valid."
    }

    // MARK: Arguments

    private static func time(_ arguments: Arguments, _ place: Int) throws(FlowError) -> DateTimeValue {
        let input = try arguments.string(place)
        guard let value = DateTimeParser.parse(input) else { throw notATime(input, arguments) }
        return value
    }

    private static func notATime(_ input: String, _ arguments: Arguments) -> FlowError {
        FlowError(.invalidTemplate, timestampMessage(arguments.call.name, input))
    }

    /// What the platform says of a text that is no time.
    static func timestampMessage(_ function: String, _ input: String) -> String {
        "In function '\(function)', the value provided for date time string '\(input)' was not valid. The datetime "
            + "string must match ISO 8601 format."
    }

    private static func unit(_ arguments: Arguments, _ place: Int) throws(FlowError) -> TimeUnit {
        let name = try arguments.string(place)
        guard let unit = TimeUnit(named: name) else {
            throw FlowError(.invalidTemplate, unitMessage(arguments.call.name, name))
        }
        return unit
    }

    /// What is said of an unknown unit of time.
    static func unitMessage(_ function: String, _ name: String) -> String {
        "In function '\(function)', the value provided for the time unit '\(name)' was not valid. The units are Second, "
            + "Minute, Hour, Day, Week, Month and Year."
    }

    private static func negated(_ arguments: Arguments, _ place: Int) throws(FlowError) -> Int64 {
        let value = try arguments.integer(place)
        return value == .min ? .max : -value
    }

    private static func inRange(_ value: DateTimeValue?, _ arguments: Arguments) throws(FlowError) -> DateTimeValue {
        guard let value else {
            throw FlowError(
                .invalidTemplate,
                "In function '\(arguments.call.name)', the resulting time is outside the years 1 to 9999.")
        }
        return value
    }

    private static func text(
        _ value: DateTimeValue, _ arguments: Arguments, _ place: Int, _ culture: DateSymbols = .english
    ) throws(FlowError) -> JSON {
        let format = try arguments.optionalString(place) ?? DateTimeFormat.roundTrip
        guard let text = DateTimeFormat.format(value, format, culture) else {
            throw FlowError(.invalidTemplate, formatMessage(arguments.call.name, format))
        }
        return .string(text)
    }

    /// What is said of a format that is none.
    static func formatMessage(_ function: String, _ format: String) -> String {
        "In function '\(function)', the value provided for the format string '\(format)' was not valid."
    }
}
