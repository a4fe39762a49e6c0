import FlowCore

/// A .NET decimal: a sign, a mantissa of 96 bits, and 0 to 28 digits after the point.
///
/// Trailing zeros stay.
struct DecimalNumber {
    private static let limit: UInt128 = 1 << 96
    private static let greatestScale = 28

    private let isNegative: Bool
    private let mantissa: UInt128
    private let scale: Int

    private init(isNegative: Bool, mantissa: UInt128, scale: Int) {
        self.isNegative = isNegative
        self.mantissa = mantissa
        self.scale = scale
    }

    /// Fits a number of any size into 96 bits and 28 digits after the point, halves to even; nil on overflow.
    private init?(isNegative: Bool, _ natural: WideNatural, scale: Int) {
        var natural = natural
        var scale = scale
        var lastDropped: UInt32 = 0
        var sticky = false
        while scale > 0, scale > Self.greatestScale || natural.bitWidth > 96 {
            sticky = sticky || lastDropped != 0
            lastDropped = natural.divide(by: 10)
            scale -= 1
        }
        if lastDropped > 5 || lastDropped == 5 && (sticky || natural.isOdd) {
            natural = natural.adding(WideNatural(1))
        }
        guard natural.bitWidth <= 96 else {
            guard scale > 0 else { return nil }
            self.init(isNegative: isNegative, natural, scale: scale)
            return
        }
        guard let mantissa = natural.asUInt128 else { return nil }
        self.init(isNegative: isNegative, mantissa: mantissa, scale: scale)
    }

    /// Makes a decimal of a number, a float by its 15 leading digits; nil for other values and out of range.
    init?(_ value: JSON) {
        switch value {
        case .integer(let value):
            self.init(isNegative: value < 0, mantissa: UInt128(value.magnitude), scale: 0)
        case .decimal(let text): self.init(text)
        case .double(let value):
            guard value.isFinite, value.magnitude < 7.93e28 else { return nil }
            let digits = NumberDigits(exact: value, significant: 15)
            let fraction = max(0, digits.digits.count - digits.exponent)
            let (whole, rest) = digits.parts(fraction: min(fraction, 40))
            self.init((value < 0 ? "-" : "") + (whole.isEmpty ? "0" : whole) + (rest.isEmpty ? "" : "." + rest))
        default: return nil
        }
    }

    /// Makes a decimal of plain digits such as `-12.50`; nil out of range.
    init?(_ text: String) {
        // Longer texts are out of range, or have more digits than could count.
        guard text.utf8.count <= 400 else { return nil }
        var natural = WideNatural(0)
        var scale: Int?
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "-"), UInt8(ascii: "+"): continue
            case UInt8(ascii: "."): scale = 0
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                natural.multiply(by: 10)
                natural = natural.adding(WideNatural(UInt128(byte - UInt8(ascii: "0"))))
                if let count = scale { scale = count + 1 }
            default: return nil
            }
        }
        self.init(isNegative: text.hasPrefix("-"), natural, scale: scale ?? 0)
    }

    /// The digits, trailing zeros kept.
    var text: String {
        var digits = WideNatural(mantissa).decimalDigits.map { $0 + UInt8(ascii: "0") }
        while digits.count <= scale { digits.insert(UInt8(ascii: "0"), at: 0) }
        if scale > 0 { digits.insert(UInt8(ascii: "."), at: digits.count - scale) }
        return (isNegative && mantissa != 0 ? "-" : "") + String(decoding: digits, as: UTF8.self)
    }

    /// The value as JSON.
    var json: JSON { .decimal(text) }

    /// Whether it is zero.
    var isZero: Bool { mantissa == 0 }

    /// The value as an integer, where it has no fraction and fits.
    var integer: Int64? {
        var natural = WideNatural(mantissa)
        for _ in 0..<scale where natural.divide(by: 10) != 0 { return nil }
        guard let magnitude = natural.asUInt128 else { return nil }
        return isNegative ? Int64(exactly: -Int128(magnitude)) : Int64(exactly: magnitude)
    }

    /// Negative, zero or positive as this is less than, equal to or greater than another.
    func order(to other: DecimalNumber) -> Int {
        let left = isZero ? 0 : isNegative ? -1 : 1
        let right = other.isZero ? 0 : other.isNegative ? -1 : 1
        guard left == right, left != 0 else { return left - right }
        let (one, two, _) = Self.aligned(self, other)
        return (one < two ? -1 : one == two ? 0 : 1) * left
    }

    /// The sum; nil on overflow.
    func adding(_ other: DecimalNumber) -> DecimalNumber? {
        let (left, right, scale) = Self.aligned(self, other)
        if isNegative == other.isNegative {
            return DecimalNumber(isNegative: isNegative, left.adding(right), scale: scale)
        }
        return left < right
            ? DecimalNumber(isNegative: other.isNegative, right.subtracting(left), scale: scale)
            : DecimalNumber(isNegative: isNegative, left.subtracting(right), scale: scale)
    }

    /// The difference; nil on overflow.
    func subtracting(_ other: DecimalNumber) -> DecimalNumber? {
        adding(DecimalNumber(isNegative: !other.isNegative, mantissa: other.mantissa, scale: other.scale))
    }

    /// The product; nil on overflow.
    func multiplied(by other: DecimalNumber) -> DecimalNumber? {
        let product = WideNatural(mantissa).multiplied(by: WideNatural(other.mantissa))
        return DecimalNumber(isNegative: isNegative != other.isNegative, product, scale: scale + other.scale)
    }

    /// The quotient to 28 digits by a divisor that is not zero, without needless zeros; nil on overflow.
    func divided(by other: DecimalNumber) -> DecimalNumber? {
        let extra = 40
        var numerator = WideNatural(mantissa)
        numerator.multiply(byPowerOfTen: extra)
        var (quotient, remainder) = numerator.divided(by: WideNatural(other.mantissa))
        var scale = scale - other.scale + extra
        if !remainder.isZero {
            // One more digit stands for the rest, so that rounding sees that it is there.
            quotient.multiply(by: 10)
            quotient = quotient.adding(WideNatural(1))
            scale += 1
        }
        let preferred = max(0, self.scale - other.scale)
        while scale > preferred {
            var shorter = quotient
            guard shorter.divide(by: 10) == 0 else { break }
            quotient = shorter
            scale -= 1
        }
        guard let result = DecimalNumber(isNegative: isNegative != other.isNegative, quotient, scale: scale) else {
            return nil
        }
        return result.trimmed(to: preferred)
    }

    /// The remainder by a divisor that is not zero, with the dividend's sign.
    func remainder(by other: DecimalNumber) -> DecimalNumber? {
        let (left, right, scale) = Self.aligned(self, other)
        return DecimalNumber(isNegative: isNegative, left.divided(by: right).remainder, scale: scale)
    }

    private func trimmed(to preferred: Int) -> DecimalNumber {
        var (mantissa, scale) = (mantissa, scale)
        while scale > preferred, mantissa % 10 == 0 {
            mantissa /= 10
            scale -= 1
        }
        return DecimalNumber(isNegative: isNegative, mantissa: mantissa, scale: scale)
    }

    private static func aligned(_ left: DecimalNumber, _ right: DecimalNumber) -> (WideNatural, WideNatural, Int) {
        let scale = max(left.scale, right.scale)
        var one = WideNatural(left.mantissa)
        var two = WideNatural(right.mantissa)
        one.multiply(byPowerOfTen: scale - left.scale)
        two.multiply(byPowerOfTen: scale - right.scale)
        return (one, two, scale)
    }
}
