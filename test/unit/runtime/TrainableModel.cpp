// SPDX-License-Identifier: Apache-2.0
#include "TrainableModel.h"

extern "C" const dlc_runtime_api dlc_rt_api;

namespace {

const dlc_int64 weightDims[] = {2, 3}, transposedDims[] = {3, 2}, meanDims[] = {3}, oneDims[] = {1};

const dlc_variable_info slotless[] = {
    {"dense.weight", DLC_F32, 2, weightDims, 0, DLC_VARIABLE_WEIGHT, 0},
    {"dense.mean", DLC_F16, 1, meanDims, 64, DLC_VARIABLE_BUFFER, 0},
    {"steps", DLC_I64, 0, nullptr, 192, DLC_VARIABLE_COUNTER, 0},
    {"flag", DLC_BOOL, 1, oneDims, 256, DLC_VARIABLE_WEIGHT, 0},
};
const dlc_variable_info variables[] = {
    slotless[0], slotless[1], {"dense.weight.velocity", DLC_F32, 2, weightDims, 128, DLC_VARIABLE_SLOT, 0},
    slotless[2], slotless[3],
};
const dlc_variable_info transposed[] = {
    {"dense.weight", DLC_F32, 2, transposedDims, 0, DLC_VARIABLE_WEIGHT, 0},
    variables[1],
    variables[2],
    variables[3],
    variables[4],
};

const dlc_program program = {sizeof(dlc_program), DLC_DEVICE_CPU, "any"};
const dlc_program *const programs[] = {&program};

dlc_model describe(const dlc_variable_info *list, dlc_uint32 count) {
  dlc_model model = {};
  model.abi_version = DLC_ABI_VERSION;
  model.struct_bytes = sizeof(dlc_model);
  model.name = "trainable";
  model.compiler = "by hand";
  model.target = "any";
  model.program_count = 1;
  model.programs = programs;
  model.runtime = &dlc_rt_api;
  model.variable_count = count;
  model.variables = list;
  model.variable_bytes = 257;
  return model;
}

} // namespace

const dlc_model trainableModel = describe(variables, 5), transposedModel = describe(transposed, 5),
                slotlessModel = describe(slotless, 4);
