/// A number by its decimal digits: 0.d₁d₂d₃… times a power of ten.
struct NumberDigits {
    /// How a half is rounded.
    enum Rounding {
        /// To the even neighbour.
        case halfToEven
        /// To the larger neighbour.
        case halfAwayFromZero
    }

    /// Whether it is below zero.
    private(set) var isNegative: Bool
    /// The digits, 0 to 9, without leading or trailing zeros; empty for zero.
    private(set) var digits: [UInt8]
    /// The power of ten: how many digits stand before the point.
    private(set) var exponent: Int

    /// Makes a number of digits that may have zeros at both ends.
    init(isNegative: Bool, digits: [UInt8], exponent: Int) {
        self.isNegative = isNegative
        self.digits = digits
        self.exponent = exponent
        normalize()
    }

    /// The digits of an integer.
    init(_ value: Int64) {
        var digits: [UInt8] = []
        var rest = value.magnitude
        while rest > 0 {
            digits.append(UInt8(rest % 10))
            rest /= 10
        }
        self.init(isNegative: value < 0, digits: digits.reversed(), exponent: digits.count)
    }

    /// The digits of a decimal's text, or nil.
    init?(decimal text: String) {
        var digits: [UInt8] = []
        var point: Int?
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "-"), UInt8(ascii: "+"): continue
            case UInt8(ascii: "."): point = digits.count
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digits.append(byte - UInt8(ascii: "0"))
            default: return nil
            }
        }
        self.init(isNegative: text.hasPrefix("-"), digits: digits, exponent: point ?? digits.count)
    }

    /// The fewest digits that give a finite float back.
    init(shortest value: Double) {
        var digits: [UInt8] = []
        var point: Int?
        var power = 0
        let text = "\(value.magnitude)"
        for (place, byte) in text.utf8.enumerated() {
            if byte == UInt8(ascii: ".") {
                point = digits.count
            } else if byte == UInt8(ascii: "e") {
                power = Int(text.dropFirst(place + 1)) ?? 0
                break
            } else {
                digits.append(byte - UInt8(ascii: "0"))
            }
        }
        self.init(isNegative: value < 0, digits: digits, exponent: (point ?? digits.count) + power)
    }

    /// The exact digits of a finite float, rounded to so many significant ones.
    init(exact value: Double, significant count: Int) {
        let significand = UInt128(value.significandBitPattern) | (value.isNormal ? 1 << 52 : 0)
        var natural = WideNatural(significand)
        let power = (value.isNormal ? Int(value.exponentBitPattern) : 1) - 1_075
        if power >= 0 {
            for _ in 0..<power { natural.multiply(by: 2) }
        } else {
            // m / 2^n is m * 5^n / 10^n.
            for _ in 0..<(-power) { natural.multiply(by: 5) }
        }
        let digits = natural.decimalDigits
        self.init(isNegative: value < 0, digits: digits, exponent: digits.count + min(0, power))
        round(toSignificant: count, .halfToEven)
    }

    /// Whether it is zero.
    var isZero: Bool { digits.isEmpty }

    /// The digits as text.
    var text: String { digits.isEmpty ? "0" : String(decoding: digits.map { $0 + UInt8(ascii: "0") }, as: UTF8.self) }

    /// The number without sign and exponent.
    var plainText: String {
        let fraction = max(0, digits.count - exponent)
        let (whole, rest) = parts(fraction: fraction)
        return (whole.isEmpty ? "0" : whole) + (rest.isEmpty ? "" : "." + rest)
    }

    /// The digits before the point, without leading zeros, and so many after it.
    func parts(fraction count: Int) -> (whole: String, fraction: String) {
        func digit(_ place: Int) -> UInt8 {
            (digits.indices.contains(place) ? digits[place] : 0) + UInt8(ascii: "0")
        }
        let whole = exponent > 0 && !isZero ? (0..<exponent).map(digit) : []
        let fraction = (0..<count).map { digit(exponent + $0) }
        return (String(decoding: whole, as: UTF8.self), String(decoding: fraction, as: UTF8.self))
    }

    /// Moves the point to the right.
    mutating func scale(byPowerOfTen power: Int) {
        if !isZero { exponent += power }
    }

    /// Keeps so many digits after the point.
    mutating func round(toFraction count: Int, _ rounding: Rounding) {
        round(toSignificant: exponent + count, rounding)
    }

    /// Keeps so many digits in all.
    mutating func round(toSignificant count: Int, _ rounding: Rounding) {
        guard count < digits.count else { return }
        guard count >= 0 else {
            digits = []
            normalize()
            return
        }
        let dropped = digits[count...]
        digits = Array(digits[..<count])
        let isAboveHalf = dropped.first.map { $0 > 5 || $0 == 5 && dropped.count > 1 } ?? false
        let isHalf = dropped.first == 5 && dropped.count == 1
        let isUp: Bool =
            switch rounding {
            case .halfAwayFromZero: isAboveHalf || isHalf
            case .halfToEven: isAboveHalf || isHalf && (digits.last ?? 0) % 2 == 1
            }
        if isUp { increment() }
        normalize()
    }

    private mutating func increment() {
        var place = digits.count - 1
        while place >= 0, digits[place] == 9 {
            digits[place] = 0
            place -= 1
        }
        if place >= 0 {
            digits[place] += 1
        } else {
            digits.insert(1, at: 0)
            exponent += 1
        }
    }

    private mutating func normalize() {
        while digits.last == 0 { digits.removeLast() }
        if let first = digits.firstIndex(where: { $0 != 0 }), first > 0 {
            digits.removeFirst(first)
            exponent -= first
        }
        if digits.isEmpty {
            isNegative = false
            exponent = 1
        }
    }
}
