// SPDX-License-Identifier: Apache-2.0
#include "analysis/IntegerProducts.h"
#include "ir/DlcDialect.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace dlc {

static bool fitsSixteenBits(Value factor) {
  auto integer = llvm::dyn_cast<IntegerType>(getElementTypeOrSelf(factor));
  return integer && integer.getWidth() > 1 && integer.getWidth() + (integer.isUnsigned() ? 1 : 0) <= 16;
}

bool multipliesIntegers(Operation *op) {
  return op->hasTrait<Contraction>() && op->getNumOperands() >= 2 && fitsSixteenBits(op->getOperand(0)) &&
         fitsSixteenBits(op->getOperand(1));
}

bool hasIntegerProducts(Operation *op) {
  return op
      ->walk(
          [](Operation *inner) { return multipliesIntegers(inner) ? WalkResult::interrupt() : WalkResult::advance(); })
      .wasInterrupted();
}

llvm::SmallVector<const Machine *> selectMachines(Operation *kernel, llvm::ArrayRef<const Machine *> machines) {
  auto isSpecial = [](const Machine *machine) { return machine->selection == Selection::IntegerProducts; };
  llvm::SmallVector<const Machine *> selected(machines);
  if (!llvm::all_of(machines, isSpecial) && !hasIntegerProducts(kernel))
    llvm::erase_if(selected, isSpecial);
  return selected;
}

} // namespace dlc
