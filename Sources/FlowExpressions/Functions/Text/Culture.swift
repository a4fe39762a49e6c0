/// How numbers are written in a culture.
struct NumberSymbols: Sendable {
    /// Between whole and fraction.
    var decimalSeparator = "."
    /// Between groups of digits.
    var groupSeparator = ","
    /// The sizes of groups from the right; the last one repeats.
    var groupSizes = [3]
    /// Before numbers below zero.
    var negativeSign = "-"
    /// After per cent.
    var percentSign = "%"
    /// What `NaN` is called.
    var notANumber = "NaN"
    /// What infinity is called.
    var infinity = "Infinity"
    /// Before an amount of money.
    var currencyPrefix = "¤"
    /// After an amount of money.
    var currencySuffix = ""
    /// Before a per cent number's sign, such as a blank.
    var percentGap = ""

    /// Those of no culture.
    static let invariant = NumberSymbols()
    /// Those of `en-US`.
    static let english = NumberSymbols(infinity: "∞", currencyPrefix: "$")
}

/// How dates are written in a culture; patterns are .NET's.
struct DateSymbols: Sendable {
    /// Month names as they stand alone.
    var months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    /// Month names as they stand beside a day.
    var genitiveMonths: [String] = []
    /// Short month names.
    var shortMonths = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    /// Day names from Sunday on.
    var days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    /// Short day names from Sunday on.
    var shortDays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    /// Before noon.
    var morning = "AM"
    /// After noon.
    var afternoon = "PM"
    /// What `/` stands for.
    var dateSeparator = "/"
    /// What `:` stands for.
    var timeSeparator = ":"
    /// The name of the era.
    var era = "A.D."
    /// `d`.
    var shortDate = "M/d/yyyy"
    /// `D`.
    var longDate = "dddd, MMMM d, yyyy"
    /// `t`.
    var shortTime = "h:mm tt"
    /// `T`.
    var longTime = "h:mm:ss tt"
    /// `M`.
    var monthDay = "MMMM d"
    /// `Y`.
    var yearMonth = "MMMM yyyy"

    /// Those of `en-US`.
    static let english = DateSymbols()
}

/// What a culture knows of numbers and dates.
struct Culture: Sendable {
    /// How numbers are written.
    let numbers: NumberSymbols
    /// How dates are written.
    let dates: DateSymbols

    /// The culture of functions that name none: English dates, numbers as in `en-US`.
    static let english = Culture(numbers: .english, dates: .english)
    /// No culture.
    static let invariant = Culture(numbers: .invariant, dates: .english)

    /// The culture of a name in any letter case, or nil where there is none.
    static func named(_ name: String) -> Culture? {
        if name.isEmpty { return invariant }
        if name.lowercased() == "en-us" { return english }
        return Cultures.culture(named: name)
    }
}
