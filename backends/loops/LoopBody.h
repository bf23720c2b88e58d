// SPDX-License-Identifier: Apache-2.0
/// \file
/// What writes the body of a kernel that is loops over scalars: tensors, variables and control flow. A body is ops of
/// the dialects scf, memref and arith, which any backend can lower.
///
/// The body of dlc.determinant, for example, is
/// \code
///   body.forResult(rank, [&](llvm::ArrayRef<Scalar> matrix) {
///     Variable product = body.variable(body.number(1, type));
///     body.forRange(body.integer(0), rows, [&](Scalar row) { ... product.set(product.get() * pivot); });
///     body.getResult().store(matrix, product.get());
///   });
/// \endcode
#ifndef DLC_BACKENDS_LOOPS_LOOPBODY_H
#define DLC_BACKENDS_LOOPS_LOOPBODY_H

#include "backends/loops/Scalar.h"
#include "ir/Layout.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace dlc::loops {

class LoopBody;

/// A tensor in memory, or one number in every element. f32, f64 and integers are read as what they are, i1 as truth
/// values; floating-point numbers of other types as their bits.
class LoopTensor {
public:
  LoopTensor() = default;
  /// Memory at `memory`, a memref of rank 1 whose element 0 is at index 0 of every dimension; `strides` in elements.
  LoopTensor(LoopBody &body, mlir::Value memory, mlir::Type elementType, llvm::SmallVector<Scalar> extents,
             llvm::SmallVector<Scalar> strides, mlir::Value address = {})
      : body(&body), memory(memory), address(address), elementType(elementType), extents(std::move(extents)),
        strides(std::move(strides)) {}
  /// `constant` in every element.
  LoopTensor(LoopBody &body, Scalar constant, llvm::SmallVector<Scalar> extents);

  int64_t getRank() const { return extents.size(); }
  llvm::ArrayRef<Scalar> getExtents() const { return extents; }
  Scalar getExtent(int64_t dim) const { return extents[dim]; }
  /// In elements.
  Scalar getStride(int64_t dim) const { return strides[dim]; }
  mlir::Type getElementType() const { return elementType; }
  /// A pointer to element 0, of operands and results in memory.
  mlir::Value getAddress() const { return address; }
  /// The number of elements between element 0 and the one at `index`.
  Scalar getOffset(llvm::ArrayRef<Scalar> index) const;

  Scalar load(llvm::ArrayRef<Scalar> index) const { return loadAt(getOffset(index)); }
  /// Stores a number or an integer converted to the element type, or the bits of an element as an integer of its width.
  void store(llvm::ArrayRef<Scalar> index, Scalar element) const { storeAt(getOffset(index), element); }
  /// The same at an offset, which is not checked.
  Scalar loadAt(Scalar offset) const;
  void storeAt(Scalar offset, Scalar element) const;

private:
  LoopBody *body = nullptr;
  mlir::Value memory, address;
  Scalar constant;
  mlir::Type elementType;
  llvm::SmallVector<Scalar> extents, strides;
};

/// A number that changes.
class Variable {
public:
  Variable(mlir::ImplicitLocOpBuilder &builder, mlir::Value memory, bool isUnsigned)
      : builder(&builder), memory(memory), unsignedInteger(isUnsigned) {}
  Scalar get() const;
  void set(Scalar value) const;

private:
  mlir::ImplicitLocOpBuilder *builder;
  mlir::Value memory; ///< a memref of rank 0
  bool unsignedInteger;
};

/// The body that is written, at its insertion point.
class LoopBody {
public:
  virtual ~LoopBody() = default;

  mlir::ImplicitLocOpBuilder &getBuilder() { return builder; }
  /// Operand `number` of the op. One that is a `dlc.shape` has extents and no elements.
  virtual LoopTensor getOperand(unsigned number) = 0;
  /// Result `number` of the kernel. All but a custom op's kernel have one.
  virtual LoopTensor getResult(unsigned number = 0) = 0;
  /// The dlc_scratch of the thread, a pointer.
  virtual mlir::Value getScratch() = 0;
  /// What the kernel returns: a dlc_status (i32). Once, outside all loops and conditions.
  virtual void setStatus(mlir::Value status) = 0;

  /// An i64, and a number in `type`.
  Scalar integer(int64_t value);
  Scalar number(double value, mlir::Type type) { return Scalar::constant(builder, value, type); }
  /// A number that changes, `initial` here.
  Variable variable(Scalar initial);
  /// Row-major memory of the kernel's own for `extents` (i64) elements, whose contents are not defined. Outside all
  /// loops and conditions only.
  virtual LoopTensor allocate(mlir::Type elementType, llvm::ArrayRef<Scalar> extents) = 0;

  /// Runs `step` for every index of dimension `dim` of the result that this call of the kernel computes. Whatever a
  /// body stores to the result is inside such loops over all dimensions that threads may share (LoopOpInterface), in
  /// any order.
  virtual void forDim(int64_t dim, llvm::function_ref<void(Scalar)> step) = 0;
  /// The same for the first `rank` dimensions, the first one outermost.
  void forResult(int64_t rank, llvm::function_ref<void(llvm::ArrayRef<Scalar> index)> step);
  /// Runs `step` for `begin`, ..., `end` - 1.
  void forRange(Scalar begin, Scalar end, llvm::function_ref<void(Scalar)> step);
  /// Runs `step` for every index of a box of `extents`, the last one innermost.
  void forBox(llvm::ArrayRef<Scalar> extents, llvm::function_ref<void(llvm::ArrayRef<Scalar> index)> step);
  void ifTrue(Scalar condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise = nullptr);

  /// With bounds checks: `index`, or 0 where that leaves `extent`, which makes the kernel fail.
  virtual Scalar checkIndex(Scalar index, Scalar extent) = 0;

protected:
  LoopBody(mlir::ImplicitLocOpBuilder &builder) : builder(builder) {}
  mlir::ImplicitLocOpBuilder &builder;
};

} // namespace dlc::loops

#endif // DLC_BACKENDS_LOOPS_LOOPBODY_H
