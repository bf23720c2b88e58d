// SPDX-License-Identifier: Apache-2.0
/// \file
/// A model with variables, as the compiler would describe it.
#ifndef DLC_TEST_UNIT_RUNTIME_TRAINABLEMODEL_H
#define DLC_TEST_UNIT_RUNTIME_TRAINABLEMODEL_H

#include "dlc/runtime.hpp"

/// Variables dense.weight: f32[2, 3] (weight), dense.mean: f16[3] (buffer), dense.weight.velocity: f32[2, 3] (slot),
/// steps: i64[] (counter), flag: bool[1] (weight). No entry point.
extern const dlc_model trainableModel;
/// The same, but that dense.weight is f32[3, 2].
extern const dlc_model transposedModel;
/// The same without the slot.
extern const dlc_model slotlessModel;

#endif // DLC_TEST_UNIT_RUNTIME_TRAINABLEMODEL_H
