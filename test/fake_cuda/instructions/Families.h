// SPDX-License-Identifier: Apache-2.0
// The families of instructions; each adds its opcodes to the table.
#pragma once
#include "test/fake_cuda/ptx/Decoder.h"

namespace fake_cuda {

void addIntegerArithmetic(OpcodeTable &table);
void addBits(OpcodeTable &table);
void addArithmetic(OpcodeTable &table);
void addMath(OpcodeTable &table);
void addComparisons(OpcodeTable &table);
void addMoves(OpcodeTable &table);
void addConversions(OpcodeTable &table);
void addLoadsAndStores(OpcodeTable &table);
void addAtomics(OpcodeTable &table);
void addBarriers(OpcodeTable &table);
void addShuffles(OpcodeTable &table);
void addControlFlow(OpcodeTable &table);
void addAsyncCopies(OpcodeTable &table);
void addMatrixLoads(OpcodeTable &table);
void addMatrixProducts(OpcodeTable &table);
void addMbarriers(OpcodeTable &table);
void addWgmma(OpcodeTable &table);
void addFences(OpcodeTable &table);

/// Instructions that several families share: `add.f16`, `add.f32`, `add.s32` begin alike.
bool decodeHalf(Decoder &decoder, const Statement &statement, Instruction &instruction);
bool decodeFloat(Decoder &decoder, const Statement &statement, Instruction &instruction);
void decodeInteger(Decoder &decoder, const Statement &statement, Instruction &instruction);

/// cp.async.bulk and cp.async.mbarrier.arrive, which begin as cp.async does.
void decodeBulkCopy(Decoder &decoder, const Statement &statement, Instruction &instruction);
void decodeArriveAfterCopies(Decoder &decoder, const Statement &statement, Instruction &instruction);

} // namespace fake_cuda
