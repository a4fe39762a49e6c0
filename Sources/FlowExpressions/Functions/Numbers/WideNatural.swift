/// A natural number of any size, for the exact digits of floats and for decimals while they are computed.
struct WideNatural: Comparable {
    /// Base 2^32, least first, without leading zeros.
    private var limbs: [UInt32]

    init(_ value: UInt128) {
        limbs = [0, 32, 64, 96].map { UInt32(truncatingIfNeeded: value >> UInt128($0)) }
        trim()
    }

    /// Whether it is zero.
    var isZero: Bool { limbs.isEmpty }

    /// Whether it is odd.
    var isOdd: Bool { limbs.first.map { $0 & 1 == 1 } ?? false }

    /// How many bits it has.
    var bitWidth: Int { limbs.isEmpty ? 0 : limbs.count * 32 - (limbs.last?.leadingZeroBitCount ?? 0) }

    /// The value if it fits.
    var asUInt128: UInt128? {
        guard limbs.count <= 4 else { return nil }
        return limbs.reversed().reduce(0) { $0 << 32 | UInt128($1) }
    }

    static func < (left: WideNatural, right: WideNatural) -> Bool {
        if left.limbs.count != right.limbs.count { return left.limbs.count < right.limbs.count }
        for place in left.limbs.indices.reversed() where left.limbs[place] != right.limbs[place] {
            return left.limbs[place] < right.limbs[place]
        }
        return false
    }

    /// Multiplies by a small number.
    mutating func multiply(by factor: UInt32) {
        var carry: UInt64 = 0
        for place in limbs.indices {
            let product = UInt64(limbs[place]) * UInt64(factor) + carry
            limbs[place] = UInt32(truncatingIfNeeded: product)
            carry = product >> 32
        }
        if carry > 0 { limbs.append(UInt32(carry)) }
        trim()
    }

    /// Multiplies by a power of ten.
    mutating func multiply(byPowerOfTen exponent: Int) {
        var rest = exponent
        while rest >= 9 {
            multiply(by: 1_000_000_000)
            rest -= 9
        }
        for _ in 0..<rest { multiply(by: 10) }
    }

    /// The product of two.
    func multiplied(by other: WideNatural) -> WideNatural {
        var product = WideNatural(0)
        product.limbs = [UInt32](repeating: 0, count: limbs.count + other.limbs.count)
        for (place, limb) in limbs.enumerated() {
            var carry: UInt64 = 0
            for (otherPlace, otherLimb) in other.limbs.enumerated() {
                let sum = UInt64(limb) * UInt64(otherLimb) + UInt64(product.limbs[place + otherPlace]) + carry
                product.limbs[place + otherPlace] = UInt32(truncatingIfNeeded: sum)
                carry = sum >> 32
            }
            product.limbs[place + other.limbs.count] = UInt32(carry)
        }
        product.trim()
        return product
    }

    /// Divides by a small number and gives the remainder.
    mutating func divide(by divisor: UInt32) -> UInt32 {
        var remainder: UInt64 = 0
        for place in limbs.indices.reversed() {
            let value = remainder << 32 | UInt64(limbs[place])
            limbs[place] = UInt32(value / UInt64(divisor))
            remainder = value % UInt64(divisor)
        }
        trim()
        return UInt32(remainder)
    }

    /// Quotient and remainder by any number but zero.
    func divided(by divisor: WideNatural) -> (quotient: WideNatural, remainder: WideNatural) {
        var quotient = WideNatural(0)
        quotient.limbs = [UInt32](repeating: 0, count: limbs.count)
        var remainder = WideNatural(0)
        for bit in (0..<bitWidth).reversed() {
            remainder.shiftLeft(adding: limbs[bit / 32] >> UInt32(bit % 32) & 1)
            if !(remainder < divisor) {
                remainder = remainder.subtracting(divisor)
                quotient.limbs[bit / 32] |= 1 << UInt32(bit % 32)
            }
        }
        quotient.trim()
        return (quotient, remainder)
    }

    /// The sum of two.
    func adding(_ other: WideNatural) -> WideNatural {
        var sum = self
        var carry: UInt64 = 0
        for place in 0..<max(limbs.count, other.limbs.count) {
            if place == sum.limbs.count { sum.limbs.append(0) }
            let value = UInt64(sum.limbs[place]) + (place < other.limbs.count ? UInt64(other.limbs[place]) : 0) + carry
            sum.limbs[place] = UInt32(truncatingIfNeeded: value)
            carry = value >> 32
        }
        if carry > 0 { sum.limbs.append(UInt32(carry)) }
        return sum
    }

    /// The difference from a number that is not larger.
    func subtracting(_ other: WideNatural) -> WideNatural {
        var difference = self
        var borrow: Int64 = 0
        for place in limbs.indices {
            var value = Int64(limbs[place]) - (place < other.limbs.count ? Int64(other.limbs[place]) : 0) - borrow
            borrow = value < 0 ? 1 : 0
            if value < 0 { value += 1 << 32 }
            difference.limbs[place] = UInt32(value)
        }
        difference.trim()
        return difference
    }

    /// The decimal digits, most significant first; empty for zero.
    var decimalDigits: [UInt8] {
        var rest = self
        var digits: [UInt8] = []
        while !rest.isZero {
            var group = rest.divide(by: 1_000_000_000)
            for _ in 0..<9 {
                digits.append(UInt8(group % 10))
                group /= 10
            }
        }
        while digits.last == 0 { digits.removeLast() }
        return digits.reversed()
    }

    private mutating func shiftLeft(adding bit: UInt32) {
        var carry = bit
        for place in limbs.indices {
            let next = limbs[place] >> 31
            limbs[place] = limbs[place] << 1 | carry
            carry = next
        }
        if carry > 0 { limbs.append(carry) }
    }

    private mutating func trim() {
        while limbs.last == 0 { limbs.removeLast() }
    }
}
