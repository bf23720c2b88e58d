// SPDX-License-Identifier: Apache-2.0
/// \file
/// Numbers in the body of a kernel that is written as loops, with the operators of C++.
#ifndef DLC_BACKENDS_LOOPS_SCALAR_H
#define DLC_BACKENDS_LOOPS_SCALAR_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"

namespace dlc::loops {

/// A truth value (i1), an integer, signed or not, or a number in f32 or f64. Positions and extents are i64. Both
/// operands of an operator have one type; a C++ number takes the type of the other operand. Operators write an op at
/// the insertion point.
class Scalar {
public:
  Scalar() = default;
  Scalar(mlir::ImplicitLocOpBuilder &builder, mlir::Value value, bool isUnsigned = false)
      : builder(&builder), value(value), unsignedInteger(isUnsigned) {}
  /// `number` in `type`.
  static Scalar constant(mlir::ImplicitLocOpBuilder &builder, double number, mlir::Type type, bool isUnsigned = false);

  mlir::ImplicitLocOpBuilder &getBuilder() const { return *builder; }
  mlir::Value getValue() const { return value; }
  mlir::Type getType() const { return value.getType(); }
  bool isReal() const { return mlir::isa<mlir::FloatType>(getType()); }
  bool isUnsigned() const { return unsignedInteger; }
  /// `number` in this one's type.
  Scalar like(double number) const { return constant(*builder, number, getType(), unsignedInteger); }
  /// This number as `type`: integers wrap around, numbers are rounded toward zero where they become integers, which
  /// they must fit (see `toPosition`).
  Scalar as(mlir::Type type) const;
  /// The bits as an integer of `width` bits, which a number or an integer has; truth values become 0 and 1.
  Scalar asBits(unsigned width) const;
  /// A number as i64, rounded toward zero; what i64 cannot hold becomes its nearest value, and NaN 0.
  Scalar toPosition() const;

private:
  mlir::ImplicitLocOpBuilder *builder = nullptr;
  mlir::Value value;
  bool unsignedInteger = false;
};

Scalar operator+(Scalar a, Scalar b);
Scalar operator-(Scalar a, Scalar b);
Scalar operator*(Scalar a, Scalar b);
/// Of integers the quotient rounded toward zero.
Scalar operator/(Scalar a, Scalar b);
/// The rest of a division of integers, which has the sign of `a`.
Scalar operator%(Scalar a, Scalar b);
Scalar operator-(Scalar a);

// Comparisons with NaN are false, but for `!=`.
Scalar operator<(Scalar a, Scalar b);
Scalar operator<=(Scalar a, Scalar b);
Scalar operator==(Scalar a, Scalar b);
Scalar operator!=(Scalar a, Scalar b);
inline Scalar operator>(Scalar a, Scalar b) { return b < a; }
inline Scalar operator>=(Scalar a, Scalar b) { return b <= a; }

/// Of truth values and of the bits of integers; both sides are computed.
Scalar operator&(Scalar a, Scalar b);
Scalar operator|(Scalar a, Scalar b);
Scalar operator!(Scalar a);

inline Scalar operator+(Scalar a, double b) { return a + a.like(b); }
inline Scalar operator-(Scalar a, double b) { return a - a.like(b); }
inline Scalar operator*(Scalar a, double b) { return a * a.like(b); }
inline Scalar operator/(Scalar a, double b) { return a / a.like(b); }
inline Scalar operator%(Scalar a, double b) { return a % a.like(b); }
inline Scalar operator<(Scalar a, double b) { return a < a.like(b); }
inline Scalar operator<=(Scalar a, double b) { return a <= a.like(b); }
inline Scalar operator==(Scalar a, double b) { return a == a.like(b); }
inline Scalar operator!=(Scalar a, double b) { return a != a.like(b); }
inline Scalar operator>(Scalar a, double b) { return a > a.like(b); }
inline Scalar operator>=(Scalar a, double b) { return a >= a.like(b); }
inline Scalar operator+(double a, Scalar b) { return b.like(a) + b; }
inline Scalar operator-(double a, Scalar b) { return b.like(a) - b; }
inline Scalar operator*(double a, Scalar b) { return b.like(a) * b; }
inline Scalar operator/(double a, Scalar b) { return b.like(a) / b; }

/// `a` where `condition` holds, else `b`.
Scalar select(Scalar condition, Scalar a, Scalar b);
/// `a < b ? a : b` and `a < b ? b : a`: where one is NaN, `b` and `a`.
Scalar smaller(Scalar a, Scalar b);
Scalar larger(Scalar a, Scalar b);
Scalar magnitude(Scalar a);
Scalar isNaN(Scalar a);
// Of numbers, rounded to whole ones; `roundHalfAway` rounds halves away from zero, as C's `round`.
Scalar floor(Scalar a);
Scalar ceil(Scalar a);
Scalar roundHalfAway(Scalar a);

} // namespace dlc::loops

#endif // DLC_BACKENDS_LOOPS_SCALAR_H
