// SPDX-License-Identifier: Apache-2.0
#include "test/fake_cuda/instructions/Families.h"

namespace fake_cuda {

const OpcodeTable &opcodeTable() {
  static const OpcodeTable table = [] {
    OpcodeTable result;
    addIntegerArithmetic(result);
    addBits(result);
    addArithmetic(result);
    addMath(result);
    addComparisons(result);
    addMoves(result);
    addConversions(result);
    addLoadsAndStores(result);
    addAtomics(result);
    addBarriers(result);
    addShuffles(result);
    addControlFlow(result);
    addAsyncCopies(result);
    addMatrixLoads(result);
    addMatrixProducts(result);
    addMbarriers(result);
    addFences(result);
    addWgmma(result);
    return result;
  }();
  return table;
}

} // namespace fake_cuda
