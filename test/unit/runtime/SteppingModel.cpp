// SPDX-License-Identifier: Apache-2.0
#include "SteppingModel.h"

#include <gtest/gtest.h>

extern "C" {
extern const dlc_runtime_api dlc_rt_api;
dlc_int32 dlcRecordLaunch(const void *arguments, dlc_int64 begin, dlc_int64 end, dlc_scratch *scratch, dlc_task launch,
                          dlc_uint64 site);
void dlcCommitRun(const dlc_call *call);
}

std::function<void(dlc_int64)> beforeLaunch;
std::atomic<void (*)()> inTask{nullptr};
std::atomic<dlc_int32> taskStatus{DLC_OK};

namespace {

struct Arguments {
  const float *x;
  float *y, *total, *twice;
};

dlc_int32 addRange(const void *data, dlc_int64 begin, dlc_int64 end, dlc_scratch *scratch) {
  constexpr dlc_uint64 site = dlc_uint64(4) << DLC_SITE_SYMBOLS;
  if (__atomic_load_n(reinterpret_cast<void **>(scratch), __ATOMIC_RELAXED))
    return dlcRecordLaunch(data, begin, end, scratch, addRange, site);
  if (void (*hook)() = inTask)
    hook();
  if (dlc_int32 status = taskStatus)
    return status;
  auto *arguments = static_cast<const Arguments *>(data);
  for (dlc_int64 i = begin; i < end; ++i) {
    arguments->y[i] += arguments->x[i];
    arguments->total[i] += arguments->x[i];
    arguments->twice[i] = 2 * arguments->y[i];
  }
  return DLC_OK;
}

dlc_int32 executeStep(const dlc_call *call) {
  auto *count = static_cast<const dlc_int64 *>(call->tensors[0]);
  Arguments arguments = {static_cast<const float *>(call->tensors[1]), static_cast<float *>(call->tensors[2]),
                         reinterpret_cast<float *>(call->next_states[0]), static_cast<float *>(call->tensors[3])};
  for (int i = 0; i < 8; ++i) {
    arguments.y[i] = 0;
    arguments.total[i] = reinterpret_cast<const float *>(call->states[0])[i];
  }
  call->symbols[0] = 8;
  for (dlc_int64 launch = 0; launch < count[0]; ++launch) {
    if (beforeLaunch)
      beforeLaunch(launch);
    if (launch == count[1])
      dlcCommitRun(call);
    if (dlc_int32 status = call->services->parallel_for(call, addRange, &arguments, 8, 1))
      return status;
    if (launch >= count[1])
      *reinterpret_cast<float *>(call->variables) += 1;
  }
  return DLC_OK;
}

const dlc_int64 pair[] = {2}, eight[] = {8}, computed[] = {DLC_DIM_COMPUTED};
const dlc_symbol_info symbols[] = {{"N", 0, 8, DLC_SYMBOL_COMPUTED}};
const dlc_tensor_info inputs[] = {{"count", DLC_I64, 1, pair}, {"x", DLC_F32, 1, eight}};
const dlc_tensor_info outputs[] = {{"y", DLC_F32, 1, eight}, {"double", DLC_F32, 1, computed, DLC_TENSOR_BOUNDED}};
const dlc_tensor_info states[] = {{"total", DLC_F32, 1, eight}};
const dlc_variable_info variables[] = {{"w", DLC_F32}};

dlc_entry_point describeEntry() {
  dlc_entry_point entry = {"step", 2, 2, 1, DLC_ENTRY_WRITES_VARIABLES, inputs, outputs, symbols, states};
  entry.state_count = 1;
  return entry;
}
const dlc_entry_point entry = describeEntry();
const dlc_entry_code code = {[](const dlc_int64 *) -> dlc_uint64 { return 64; },
                             [](const dlc_int64 *values, dlc_int64 *dims) {
                               dims[0] = 8;
                               dims[1] = values[0] < 0 ? 8 : values[0];
                             },
                             executeStep};

dlc_program describeProgram() {
  dlc_program program = {};
  program.struct_bytes = sizeof program;
  program.device_type = DLC_DEVICE_CPU;
  program.target = "any";
  program.entries = &code;
  program.scratch_bytes = 64;
  return program;
}
const dlc_program program = describeProgram();
const dlc_program *const programs[] = {&program};

dlc_model describeModel() {
  dlc_model model = {};
  model.abi_version = DLC_ABI_VERSION;
  model.struct_bytes = sizeof model;
  model.name = "stepping";
  model.compiler = "by hand";
  model.target = "any";
  model.entry_count = 1;
  model.entries = &entry;
  model.variable_count = 1;
  model.variables = variables;
  model.variable_bytes = 64;
  model.state_count = 1;
  model.program_count = 1;
  model.programs = programs;
  model.runtime = &dlc_rt_api;
  return model;
}

} // namespace

const dlc_model steppingModel = describeModel();

Stepper::Stepper(dlc_uint32 threads, dlc_uint32 flags) {
  dlc_context_options options = {};
  options.struct_bytes = sizeof options;
  options.threads = threads;
  options.flags = flags;
  dlc_error error = {};
  EXPECT_EQ(dlc_context_create(&steppingModel, &options, &error, &context), DLC_OK) << error.message;
  EXPECT_EQ(dlc_variables_bind(context, block, sizeof block), DLC_OK) << dlc_context_message(context);
}

dlc_int32 Stepper::run(dlc_int64 launches, dlc_int64 overwriting, bool wantsY, bool wantsDouble) {
  count[0] = launches;
  count[1] = overwriting;
  dlc_int64 two[] = {2}, eightExtents[] = {8};
  dlc_tensor given[] = {dlc_tensor_of(count, DLC_I64, 1, two), dlc_tensor_of(x, DLC_F32, 1, eightExtents)};
  dlc_tensor results[] = {wantsY ? dlc_tensor_of(y, DLC_F32, 1, eightExtents) : dlc_no_tensor(),
                          wantsDouble ? dlc_tensor_of(twice, DLC_F32, 1, eightExtents) : dlc_no_tensor()};
  return dlc_run(context, context->model->entries, given, 2, results, 2);
}

float Stepper::total() {
  float values[8] = {};
  dlc_int64 extents[] = {8};
  dlc_tensor tensor = dlc_tensor_of(values, DLC_F32, 1, extents);
  EXPECT_EQ(dlc_state_read(context, "total", &tensor), DLC_OK) << dlc_context_message(context);
  return values[0];
}
